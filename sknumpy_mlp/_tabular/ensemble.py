"""Training of the members of an ensemble, sequentially or in parallel.

Members train in processes, since a step consists of about a hundred short calls of
NumPy, so that threads contend for the interpreter lock.  In threads, fits took 1.3 to
1.9 times as long.  There are two exceptions: with large batches, whose calls are long,
and without an interpreter lock, members train in threads, which share their memory.
"""

import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import current_process, parent_process
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from typing import Any, TypeAlias

import numpy as np
from joblib import Parallel, cpu_count, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import BACKENDS, get_active_backend

from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._estimators.threads import n_blas_threads
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.cross_fitting import CrossFittedOutputs
from sknumpy_mlp._tabular.progress import EnsembleProgress
from sknumpy_mlp._tabular.splits import MemberSplit
from sknumpy_mlp._tabular.stopping import StopAtCycleEnd
from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.console import flushable_streams
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.warnings import collected_warnings, warn, warn_of_interrupt
from sknumpy_mlp.callbacks import Callback

# Minimum batch size for training in threads.  From it on, they take little more time
# than processes, and less memory (measured, see benchmarks/README.md).
_MIN_BATCH_FOR_THREADS = 1024

# Minimum cost, in multiplications (about five seconds on one core), for training in
# parallel, since processes take seconds to start.
_MIN_COST_FOR_WORKERS = 5e10

# Time limit below which processes do not pay off, since they take seconds to start.
_MIN_SECONDS_FOR_PROCESSES = 20.0


def _has_inherited_executor() -> bool:
    """Return True if loky's executor was inherited from a parent process by a fork.

    A fork copies the executor, but not the thread that runs it.
    """
    module = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(module, "_executor", None)
    thread = getattr(executor, "_executor_manager_thread", None)
    return thread is not None and not thread.is_alive()


# Whether this process was forked from one that may have an executor.
_is_forked = _has_inherited_executor()


def _after_fork() -> None:
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@cache
def _stop_processes_at_exit() -> None:
    """Stop joblib's processes at exit, if this process is a child of multiprocessing.

    Such a child waits at exit for its own children, and joblib's processes idle for
    five minutes.
    """
    if parent_process() is not None:
        Finalize(None, _stop_processes, exitpriority=1)


def _stop_processes() -> None:
    # Killed, since idle processes no longer respond to a request to shut down.
    get_reusable_executor(reuse=True).shutdown(kill_workers=True)


@contextmanager
def parallel_workers(
    n_jobs: int | None, cost: float, batch_size: int, max_seconds: float
) -> Iterator[int]:
    """Yield the number of members to train in parallel, in processes or threads.

    Threads are preferred for large batches and without an interpreter lock.  A backend
    that `joblib.parallel_config` sets has precedence.

    Parameters
    ----------
    n_jobs : int or None
        The requested number; None is that of the active `joblib.parallel_config`, or
        the number of cores if it pays off.
    cost : float
        The cost of training all members, in multiplications.
    batch_size : int
        The batch size of the members, before it is rounded.
    max_seconds : float
        The time limit.
    """
    if n_jobs is None:
        _, n_jobs = get_active_backend()
    has_interpreter_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    with ExitStack() as stack:
        if batch_size >= _MIN_BATCH_FOR_THREADS or not has_interpreter_lock:
            stack.enter_context(parallel_config(prefer="threads"))
        n_parallel = _n_parallel(n_jobs, cost, max_seconds)
        if n_parallel == 1:
            stack.close()
        yield n_parallel


def _n_parallel(wanted: int | None, cost: float, max_seconds: float) -> int:
    backend, _ = get_active_backend()
    is_short = max_seconds < _MIN_SECONDS_FOR_PROCESSES
    if _is_one_of(backend, ("loky",)) and (is_short or _is_forked):
        # A forked child has inherited loky's executor without the thread that runs it,
        # and would wait forever.
        return 1
    if wanted is None:
        in_thread = current_thread() is not main_thread()
        is_nested = backend.nesting_level and in_thread
        is_barred = current_process().daemon or is_nested
        if is_barred and _is_one_of(backend, _PROCESSES):
            return 1  # as in joblib, but without its warning about n_jobs
        pays_off = cost > _MIN_COST_FOR_WORKERS
        wanted = min(n_blas_threads(), cpu_count()) if pays_off else 1
    return int(effective_n_jobs(wanted))


# Backends of joblib that start processes on this machine.
_PROCESSES = ("loky", "multiprocessing")


def _is_one_of(backend: Any, names: Sequence[str]) -> bool:
    """Return True if a backend is an instance of one of joblib's named backends."""
    return isinstance(backend, tuple(BACKENDS[n] for n in names if n in BACKENDS))


# Smaller arrays are sent to each process.
_MIN_BYTES_TO_SHARE = 2**20


def shared_table(X: Array, folder: Path | None) -> Array:
    """Return a memory map of a table for processes to share, or the table itself.

    joblib would make one as well, but the table would stay in memory beside it.  On
    Windows, which does not delete files in use, it is left to joblib nevertheless.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The preprocessed table.
    folder : Path or None
        The folder that processes share; None if members train sequentially.
    """
    has_processes = _is_one_of(get_active_backend()[0], _PROCESSES)
    is_small = X.nbytes < _MIN_BYTES_TO_SHARE
    if folder is None or not has_processes or is_small or os.name == "nt":
        return X
    path = folder / "table"
    try:
        X.tofile(path)
        return np.memmap(path, X.dtype, "r", shape=X.shape)
    except OSError:  # the disk is full: joblib may find another one
        with suppress(OSError):
            path.unlink()
        return X


@dataclass(frozen=True)
class MemberTask:
    """The training of a member.

    Attributes
    ----------
    member : estimator
        The unfitted member.
    split : MemberSplit
        The training and validation rows of the member.
    context : FitContext
        The context of the fit.
    number : int
        The index of the member in the progress of the ensemble.
    cycle_ends : tuple of float, default=()
        The ends of the cycles at which training may stop; none if it does not.
    """

    member: Any
    split: MemberSplit
    context: FitContext
    number: int
    cycle_ends: tuple[float, ...] = ()


@dataclass(frozen=True)
class TrainedMember:
    """A trained member, with its raw outputs for the validation rows.

    Attributes
    ----------
    member : estimator
        The fitted member.
    split : MemberSplit
        The training and validation rows of the member.
    raw : ndarray of shape (n_rows, n_outputs) or None
        The raw outputs for the validation rows.
    was_cut_short : bool
        Whether a time limit ended training within or after the first epoch.
    """

    member: Any
    split: MemberSplit
    raw: Array | None
    was_cut_short: bool


class MemberMonitor(Callback):
    """Callback that reports the progress of a member, and stops it with all others.

    Parameters
    ----------
    progress : EnsembleProgress
        The progress of all members.
    member : int
        The index of the member.
    deadline : float
        Time at which the training of the member is to end.

    Attributes
    ----------
    was_cut_short : bool
        Whether a time limit ended training within or after the first epoch.
    """

    # Seconds between reports.
    _PAUSE = 0.25

    def __init__(
        self, progress: EnsembleProgress, member: int, deadline: float
    ) -> None:
        self._progress = progress
        self._member = member
        self._max_seconds = max(deadline - time.time(), 1e-3)
        self._max_epochs = 1
        self._reported_at = 0.0
        self.was_cut_short = False

    def on_train_begin(self, run: Run) -> None:
        """Store the maximum number of epochs."""
        self._max_epochs = run.max_epochs

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Report the epoch; return True if all members are to stop."""
        if event.seconds < self._reported_at + self._PAUSE:
            return False
        self._reported_at = event.seconds
        share = max(event.epoch / self._max_epochs, event.seconds / self._max_seconds)
        text = f"epoch {event.epoch} of {self._max_epochs}"
        if event.validation_loss is not None:
            text += f", validation loss {event.validation_loss:.4f}"
        self._progress.report(self._member, min(share, 0.999), text)
        return self._progress.stop_requested

    def on_train_end(self, run: Run) -> None:
        """Report the end of training; after Ctrl-C, stop all members."""
        ran_out_of_time = run.status == "exhausted" and run.n_epochs < run.max_epochs
        self.was_cut_short = ran_out_of_time and run.n_epochs == 1
        if run.status == "interrupted":
            self._progress.stop()
        self._progress.report(self._member, 1.0, "done")


def train_members(
    tasks: Sequence[MemberTask],
    data: Data,
    validation: Data | None,
    progress: EnsembleProgress,
) -> list[TrainedMember]:
    """Train members on their rows.

    After Ctrl-C, members stop at the end of their epoch, and no others are started.

    Parameters
    ----------
    tasks : sequence of MemberTask
        The members.
    data, validation : Data
        All rows, and user-supplied validation data or None.
    progress : EnsembleProgress
        The progress of the members, with the number of parallel ones.

    Returns
    -------
    trained : list of TrainedMember
        The members that have completed an epoch.
    """
    jobs = [(task, data, validation, progress) for task in tasks]
    n_jobs = min(progress.n_parallel, len(jobs))
    if n_jobs == 1:
        trained = _train_sequentially(jobs, progress)
    else:
        trained = _train_in_parallel(jobs, progress, n_jobs)
    return [
        TrainedMember(member, task.split, raw, was_cut_short)
        # Not strict: after Ctrl-C between two members, there are fewer than tasks.
        for task, (member, raw, was_cut_short) in zip(tasks, trained, strict=False)
        if member is not None and member.n_iter_ > 0
    ]


# A fitted member, its raw outputs, and whether it was cut short.  The split is left
# out, since a process would send a copy of it back.
_Fitted: TypeAlias = tuple[Any, Array | None, bool]


def _train_sequentially(
    jobs: Sequence[Any], progress: EnsembleProgress
) -> list[_Fitted]:
    trained: list[_Fitted] = []
    try:
        for job in jobs:
            trained.append(_fit_member(*job))
    except KeyboardInterrupt:  # between two members; a member handles its own
        progress.stop()
        warn_of_interrupt()
    return trained


def _train_in_parallel(
    jobs: Sequence[Any], progress: EnsembleProgress, n_jobs: int
) -> list[_Fitted]:
    outcomes: list[Any] = []
    errors: list[BaseException] = []
    is_over = Event()
    # Created here, since joblib's settings are those of the calling thread.
    parallel = Parallel(n_jobs=n_jobs)
    if _is_one_of(get_active_backend()[0], ("loky",)):
        _stop_processes_at_exit()

    def run() -> None:
        try:
            with flushable_streams():
                outcomes.extend(
                    parallel(delayed(_fit_and_record)(*job) for job in jobs)
                )
        except BaseException as error:
            errors.append(error)
        finally:
            is_over.set()

    # joblib discards all results when it is interrupted.  It therefore runs in another
    # thread: Ctrl-C interrupts the main thread only, which then stops the members.  The
    # main thread waits for an event, since an interrupted Thread.join considers the
    # other thread finished.
    if current_thread() is main_thread():
        Thread(target=run, daemon=True).start()
    else:
        # Other threads are not interrupted.  And the thread of a Dask worker must wait
        # for joblib itself, so that Dask runs other tasks meanwhile.
        run()
    is_interrupted = False
    while not is_over.is_set():
        try:
            is_over.wait(1.0)
        except KeyboardInterrupt:
            if is_interrupted:
                raise  # Ctrl-C again: stop immediately
            is_interrupted = True
            progress.stop()
    if errors:
        backend, _ = get_active_backend()
        has_processes = _is_one_of(backend, _PROCESSES)
        failed_to_start = has_processes and isinstance(errors[0], OSError)
        if failed_to_start and not is_interrupted:
            # If a member has raised the error, sequential training raises it again.
            warn(
                f"The networks could not train in processes ({errors[0]}): they train "
                "one after the other. Set n_jobs=1 to have them do so from the start."
            )
            return _train_sequentially(jobs, progress)
        progress.stop()
        raise errors[0]
    for _, messages in outcomes:
        for message, category in messages:
            warn(message, category)
    if is_interrupted:
        warn_of_interrupt()
    return [trained for trained, _ in outcomes]


def _fit_and_record(
    *job: Any,
) -> tuple[_Fitted, list[tuple[str, type[Warning]]]]:
    """Fit a member in another process or thread; return it, and its warnings."""
    with ExitStack() as stack:
        messages = stack.enter_context(collected_warnings())
        others: list[warnings.WarningMessage] = []
        if current_thread() is main_thread():
            # Records the warnings of other packages as well.  This is safe in the main
            # thread of a joblib process, which has no other threads that might warn.
            others = stack.enter_context(warnings.catch_warnings(record=True))
            warnings.simplefilter("always")
        trained = _fit_member(*job)
    return trained, messages + [(str(each.message), each.category) for each in others]


def _fit_member(
    task: MemberTask,
    data: Data,
    validation: Data | None,
    progress: EnsembleProgress,
) -> _Fitted:
    if progress.stop_requested:
        return None, None, False
    member, split = task.member, task.split
    deadline = progress.deadline_of(task.number)
    monitor = MemberMonitor(progress, task.number, deadline)
    callbacks: list[Callback] = [monitor]
    if task.cycle_ends:
        callbacks.append(StopAtCycleEnd(task.cycle_ends))
    # A network without held-out rows is trained on all rows, in order.
    rows = None if split.held_out is None else split.rows
    context = replace(task.context, callbacks=callbacks, deadline=deadline, rows=rows)
    if split.held_out is not None:
        validation = data.take(split.held_out)
    cross_fitted = None
    if split.first_half is not None and member.scoring == "loss":
        assert validation is not None
        cross_fitted = CrossFittedOutputs(split.first_half, validation.sample_weight)
        callbacks.append(cross_fitted)
        context = replace(context, see_validation=cross_fitted.see)
    member.train(data, validation, context)
    raw = None if validation is None else member.raw(validation.X)
    if cross_fitted is not None and raw is not None:
        raw = cross_fitted.replace_in(raw)
    return member, raw, monitor.was_cut_short
