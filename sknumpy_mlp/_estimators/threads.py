"""Limits on the number of BLAS threads during training.

The wheels of NumPy and SciPy each include an OpenBLAS with its own thread pool, one
thread for each core.  This has two disadvantages.  First, products of small matrices
are distributed over too many threads.  Second, the threads of a pool keep spinning for
a while after each product, so that two pools used in alternation compete for the cores.
This happens in L-BFGS and in the steps of optimizers, which run in SciPy's pool, while
matrix products run in NumPy's.

`limited_threads` sets limits for the duration of a fit.  They apply to the whole
process.  Concurrent fits in several threads share them, and the last fit to end
restores the original number of threads.  They are not coordinated with limits that
other code sets with threadpoolctl in other threads at the same time: whichever ends
last may restore a number of threads that the other had limited.

Only OpenBLAS with its own thread pool (not OpenMP) is limited.
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

# OpenBLAS uses a single thread for products of up to 2**18 multiplications
# (interface/gemm.c).
_OPENBLAS_THREADS_FROM = 2**18

# OpenBLAS uses a single thread to add multiples of up to 10,000 elements
# (interface/axpy.c).
AXPY_THREADS_FROM = 10_000

# Minimum number of multiplications per thread in the largest product: with fewer,
# another thread does not pay off.  Measured, see benchmarks/README.md.
_PRODUCTS_PER_THREAD = 2_000_000

# Reentrant, since a signal handler may call `fit` at any statement.
_lock = threading.RLock()


class _Pool:
    """A process-wide thread pool, and the limits that fits have requested.

    Parameters
    ----------
    library : threadpoolctl.LibController
        The controller of its number of threads.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        folder = Path(scipy.__file__).resolve().parent
        homes = (folder, folder.parent / "scipy.libs")
        path = Path(library.filepath).resolve()
        self.is_scipy = any(path.is_relative_to(home) for home in homes)
        self._limits: dict[object, int] = {}
        # The number to restore; None while it is unchanged.
        self._n_threads_before: int | None = None

    @property
    def n_threads(self) -> int:
        """The current number of threads of a product."""
        n_threads: int = self._library.num_threads
        return n_threads

    def add(self, holder: object, limit: int) -> None:
        """Limit the number of threads until `remove` is called."""
        self._limits[holder] = limit
        largest = max(self._limits.values())
        if self._n_threads_before is not None:
            self._change(min(largest, self._n_threads_before))
        elif largest < self.n_threads:
            # Stored first, so that it is restored even after an interruption.
            self._n_threads_before = self.n_threads
            self._library.set_num_threads(largest)
            if self.n_threads != largest:
                # Since release 3.8, threadpoolctl accepts limits from one thread at a
                # time.  The limits of another thread remain in effect.
                self._n_threads_before = None

    def remove(self, holder: object) -> None:
        """Remove a limit; removing it again has no effect."""
        self._limits.pop(holder, None)
        if self._n_threads_before is None:
            return
        if self._limits:
            self._change(min(max(self._limits.values()), self._n_threads_before))
        else:
            self._change(self._n_threads_before)
            self._n_threads_before = None

    def clear_limits(self) -> None:
        """Remove all limits; the next fit restores the number of threads."""
        self._limits.clear()

    def _change(self, n_threads: int) -> None:
        """Set the number of threads of a pool that is already limited."""
        library = self._library
        library.set_num_threads(n_threads)
        has_controlling_thread = hasattr(library, "clear_controlling_thread")
        if self.n_threads != n_threads and has_controlling_thread:
            # The limits of another fit, in another thread, are in effect.
            library.clear_controlling_thread(force=True)
            library.set_num_threads(n_threads)


# The pools of this process; None before the first fit.
_found: tuple[_Pool, ...] | None = None


def _pools() -> tuple[_Pool, ...]:
    """Return the thread pools of this process, found once, since it takes milliseconds.

    All threads must share the same objects, or limits could not be removed.
    `functools.cache` does not guarantee that: it may call a function once in each of
    several concurrent threads.
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


# Stateless, so that `cache` may call it more than once.
@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def limited_threads(
    largest_product: int,
    *,
    largest_other: int = 0,
    limit_scipy: bool = False,
    max_threads: int | None = None,
) -> Iterator[None]:
    """Limit the number of BLAS threads in a ``with`` block.

    Parameters
    ----------
    largest_product : int
        Number of multiplications in the largest matrix product of a training step,
        which decides on the number of threads.
    largest_other : int, default=0
        The same for products outside of training steps, which use the same threads.
    limit_scipy : bool, default=False
        Whether to limit SciPy's own pool, if it has one, to one thread.
    max_threads : int or None, default=None
        Maximum number of threads, for fits that run in parallel.
    """
    has_several = max(largest_product, largest_other) > _OPENBLAS_THREADS_FROM
    limits = _limits(largest_product, has_several, limit_scipy, max_threads)
    if not limits:
        yield
        return
    holder, stack = object(), ExitStack()

    def end() -> None:
        _remove(holder)
        stack.close()

    # Nested, since Ctrl-C may interrupt one of the two calls.
    try:
        try:
            # Sets no limit, but registers this thread with threadpoolctl.
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
    """Return the current number of threads of NumPy's matrix products."""
    threads = [pool.n_threads for pool in _pools() if not pool.is_scipy]
    if not threads:  # a BLAS that is not limited
        threads = [
            library.num_threads
            for library in _controller().lib_controllers
            if library.user_api == "blas"
        ]
    return max(threads, default=1)


def _limits(
    largest_product: int, has_several: bool, limit_scipy: bool, max_threads: int | None
) -> dict[_Pool, int]:
    """Return the pools to limit, with their numbers of threads."""
    n_threads = max(1, largest_product // _PRODUCTS_PER_THREAD)
    if max_threads is not None:
        n_threads = min(n_threads, max_threads)
    return {
        pool: 1 if pool.is_scipy else n_threads
        for pool in _pools()
        if (limit_scipy if pool.is_scipy else has_several)
    }


def _remove(holder: object) -> None:
    with _lock:
        for pool in _pools():
            pool.remove(holder)


def _after_fork() -> None:
    """Remove the limits of threads that the child process does not have.

    OpenBLAS is not called, since threads of the parent process may have held its locks.
    """
    global _lock
    _lock = threading.RLock()
    for pool in _found or ():
        pool.clear_limits()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
