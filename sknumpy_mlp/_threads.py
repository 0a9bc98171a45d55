"""How many threads BLAS may use while a network trains.

The wheels of NumPy and of SciPy each bring an OpenBLAS with a pool of threads of its
own, one thread for each core.  Two things go wrong with that.  A product of small
matrices is handed to more threads than it has work for; and the threads of a pool that
has just worked keep spinning for a while, so that two pools that work in turn fight
over the cores: L-BFGS spends its time in SciPy's pool and its objective in NumPy's.

`limited_threads` sets limits for the time of a fit.  They hold for the whole process,
because OpenBLAS has only such; fits that overlap in several threads therefore share
them, and who leaves last puts back what the first one found.

Libraries other than OpenBLAS with its own threads are left alone: they have one pool
for NumPy and SciPy, and limits that hold for the calling thread only.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import scipy
from threadpoolctl import ThreadpoolController

# What a thread must have to do before it is worth waking: multiplications in the
# largest product.  Measured; see benchmarks/README.md.
_PRODUCTS_PER_THREAD = 2_000_000

_lock = threading.Lock()


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
        self._n_threads_before: int | None = None

    def add(self, holder: object, limit: int) -> None:
        """Ask for at most ``limit`` threads, until `remove`."""
        self._limits[holder] = limit
        self._apply()

    def remove(self, holder: object) -> None:
        """Withdraw a limit, if there is any."""
        if self._limits.pop(holder, None) is not None:
            self._apply()

    def reset(self) -> None:
        """Withdraw all limits."""
        self._limits.clear()
        self._apply()

    def _apply(self) -> None:
        """Set the largest of the limits, but no more threads than there were."""
        if self._limits:
            if self._n_threads_before is None:
                self._n_threads_before = self._library.num_threads
            before = self._n_threads_before
            self._set(min(before, max(self._limits.values())))
        elif self._n_threads_before is not None:
            self._set(self._n_threads_before)
            self._n_threads_before = None

    def _set(self, n_threads: int) -> None:
        library = self._library
        if library.num_threads == n_threads:
            return
        library.set_num_threads(n_threads)
        # Since 3.8, threadpoolctl listens only to the thread that was the first to
        # set a number.  That may be a fit that is over, in a thread that lives on.
        clear = getattr(library, "clear_controlling_thread", None)
        if clear is not None:
            if library.num_threads != n_threads:
                clear(force=True)
                library.set_num_threads(n_threads)
            clear()


@cache
def _pools() -> tuple[_Pool, ...]:
    """Return the pools of this process; to find them takes milliseconds."""
    return tuple(
        _Pool(library)
        for library in ThreadpoolController().lib_controllers
        if library.internal_api == "openblas" and library.threading_layer == "pthreads"
    )


@contextmanager
def limited_threads(
    largest_product: int, *, limit_scipy: bool = False
) -> Iterator[None]:
    """Limit BLAS to the threads that are worth it, for the time of a block.

    Parameters
    ----------
    largest_product : int
        Number of multiplications in the largest matrix product of a training step.
    limit_scipy : bool, default=False
        Whether to hold SciPy's own pool, if it has one, at one thread.
    """
    holder = object()
    n_threads = max(1, largest_product // _PRODUCTS_PER_THREAD)
    try:
        with _lock:
            for pool in _pools():
                if not pool.is_scipys:
                    pool.add(holder, n_threads)
                elif limit_scipy:
                    pool.add(holder, 1)
        yield
    finally:
        with _lock:
            for pool in _pools():
                pool.remove(holder)


def _after_fork() -> None:
    """Withdraw all limits: the child process has not the threads that set them."""
    global _lock
    _lock = threading.Lock()
    if _pools.cache_info().currsize:
        for pool in _pools():
            pool.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
