"""How many threads BLAS may use while a network trains.

The wheels of NumPy and of SciPy each bring an OpenBLAS with a pool of threads of its
own, one thread for each core.  Two things go wrong with that.  A product of small
matrices is handed to more threads than it has work for; and the threads of a pool that
has just worked keep spinning for a while, so that two pools that work in turn fight
over the cores: L-BFGS spends its time in SciPy's pool and its objective in NumPy's.

`limited_threads` sets limits for the time of a fit.  They hold for the whole process,
because these pools have only such; fits that overlap in several threads therefore share
them, and who leaves last puts back what the first one found.  Limits that others set
with threadpoolctl in other threads at the same time are beyond our sight: as with any
two of its users, the one that ends last may put back what the other had limited.

BLAS libraries other than OpenBLAS with threads of its own are left alone.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import ThreadpoolController

# OpenBLAS itself wakes a thread for each 2**18 multiplications (interface/gemm.c).
# Up to that a product has one thread anyway, and there is nothing to limit.
_OPENBLAS_THREADS_FROM = 2**18

# What a thread must have to do before it is worth waking: multiplications in the
# largest product.  Measured, see benchmarks/README.md.
_PRODUCTS_PER_THREAD = 2_000_000

# Reentrant, because a signal handler may fit in the middle of any statement.
_lock = threading.RLock()


class _Pool:
    """A process-wide pool of threads, and the limits that are asked for.

    Parameters
    ----------
    library : threadpoolctl.LibController
        Reads and sets its number of threads.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        folder = Path(scipy.__file__).resolve().parent
        homes = (folder, folder.parent / "scipy.libs")
        path = Path(library.filepath).resolve()
        self.is_scipys = any(path.is_relative_to(home) for home in homes)
        self._limits: dict[object, int] = {}
        # None as long as nothing was changed, and nothing is to be put back.
        self._n_threads_before: int | None = None

    @property
    def n_threads(self) -> int:
        """Number of threads that a product may use now."""
        n_threads: int = self._library.num_threads
        return n_threads

    def add(self, holder: object, limit: int) -> None:
        """Ask for at most ``limit`` threads, until `remove`."""
        self._limits[holder] = limit
        largest = max(self._limits.values())
        if self._n_threads_before is not None:
            self._change(min(largest, self._n_threads_before))
        elif largest < self.n_threads:
            # Noted first: what is noted will be put back whatever happens next.
            self._n_threads_before = self.n_threads
            self._library.set_num_threads(largest)
            if self.n_threads != largest:
                # Since 3.8, threadpoolctl listens to one thread at a time, and another
                # one has set limits of its own.  They are to stand.
                self._n_threads_before = None

    def remove(self, holder: object) -> None:
        """Withdraw a limit; to do so twice does no harm."""
        self._limits.pop(holder, None)
        if self._n_threads_before is None:
            return
        if self._limits:
            self._change(min(max(self._limits.values()), self._n_threads_before))
        else:
            self._change(self._n_threads_before)
            self._n_threads_before = None

    def forget_limits(self) -> None:
        """Withdraw all limits, but leave it to the next fit to put threads back."""
        self._limits.clear()

    def _change(self, n_threads: int) -> None:
        """Set the number of threads of a pool that is limited by us."""
        library = self._library
        library.set_num_threads(n_threads)
        listens_to_one = hasattr(library, "clear_controlling_thread")
        if self.n_threads != n_threads and listens_to_one:
            # The thread that threadpoolctl listens to is that of another fit.
            library.clear_controlling_thread(force=True)
            library.set_num_threads(n_threads)


# The pools of this process; None until the first fit looks for them.
_found: tuple[_Pool, ...] | None = None


def _pools() -> tuple[_Pool, ...]:
    """Return the pools of this process; to find them takes milliseconds.

    All threads get the same ones.  With `functools.cache`, which may call a function
    once in each thread that comes before the first is done, first fits that began
    together noted their limits in one set of pools and withdrew them from another.
    """
    global _found
    with _lock:
        if _found is None:
            _found = tuple(
                _Pool(library)
                for library in _controller().lib_controllers
                if library.internal_api == "openblas"
                and library.threading_layer == "pthreads"
            )
        return _found


# Two of them, from threads that come together, are as good as one: it keeps no state.
@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def limited_threads(
    largest_product: int, *, limit_scipy: bool = False, most: int | None = None
) -> Iterator[None]:
    """Limit BLAS to the threads that are worth it, for the time of a block.

    Parameters
    ----------
    largest_product : int
        Number of multiplications in the largest matrix product of a training step.
    limit_scipy : bool, default=False
        Whether to hold SciPy's own pool, if it has one, at one thread.
    most : int or None, default=None
        Upper bound on the threads, for fits that run side by side.
    """
    limits = _limits(largest_product, limit_scipy, most)
    if not limits:
        yield
        return
    holder, stack = object(), ExitStack()

    def end() -> None:
        _remove(holder)
        stack.close()

    # Twice, and one inside the other: whichever statement Ctrl-C comes at, one of the
    # two is done in full, and to do both does no harm.
    try:
        try:
            # Limits nothing, but tells threadpoolctl for how long this thread sets
            # limits.
            stack.enter_context(_controller().select(user_api="none").limit())
            with _lock:
                for pool, limit in limits.items():
                    pool.add(holder, limit)
            yield
        finally:
            end()
    finally:
        end()


def n_blas_threads() -> int:
    """Return how many threads NumPy's matrix products may use now."""
    threads = [pool.n_threads for pool in _pools() if not pool.is_scipys]
    if not threads:  # a BLAS that is left alone
        threads = [
            library.num_threads
            for library in _controller().lib_controllers
            if library.user_api == "blas"
        ]
    return max(threads, default=1)


def _limits(
    largest_product: int, limit_scipy: bool, most: int | None
) -> dict[_Pool, int]:
    """Return how many threads each pool may have that is to be limited."""
    n_threads = max(1, largest_product // _PRODUCTS_PER_THREAD)
    if most is not None:
        n_threads = min(n_threads, most)
    has_several = largest_product > _OPENBLAS_THREADS_FROM
    return {
        pool: 1 if pool.is_scipys else n_threads
        for pool in _pools()
        if (limit_scipy if pool.is_scipys else has_several)
    }


def _remove(holder: object) -> None:
    with _lock:
        for pool in _pools():
            pool.remove(holder)


def _after_fork() -> None:
    """Forget the limits of threads that the child process does not have.

    Nothing may be asked of OpenBLAS here: the fork may have caught it at work, with
    locks that no thread of the child will release.
    """
    global _lock
    _lock = threading.RLock()
    for pool in _found or ():
        pool.forget_limits()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
