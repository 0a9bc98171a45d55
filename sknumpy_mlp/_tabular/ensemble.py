"""Training the members of an ensemble, one after the other or side by side.

Members train in processes of their own.  In threads the same fits took 1.3 to 1.9
times as long: a step is a few hundred short calls of NumPy, and threads that take turns
at the interpreter spend their time waiting for it.
"""

import os
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import current_process, parent_process
from multiprocessing.util import Finalize
from threading import Event, Thread, current_thread, main_thread
from typing import Any

from joblib import Parallel, cpu_count, delayed, effective_n_jobs
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import BACKENDS, get_active_backend

from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.progress import EnsembleProgress
from sknumpy_mlp._tabular.splits import MemberSplit
from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.console import flushable_streams
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.warnings import collected_warnings, warn, warn_of_interrupt
from sknumpy_mlp.callbacks import Callback

# Processes take seconds to start, in which none of them trains: they are not worth it
# where the whole training may take no longer than this.
_MIN_SECONDS_FOR_PROCESSES = 20.0


def _has_inherited_executor() -> bool:
    """Whether loky's executor was started in a process that this one was forked from.

    joblib does not say so: a fork leaves the executor, but not the thread that runs it.
    """
    module = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(module, "_executor", None)
    thread = getattr(executor, "_executor_manager_thread", None)
    return thread is not None and not thread.is_alive()


# Whether this process was forked from one that may have such an executor.
_is_forked = _has_inherited_executor()


def _after_fork() -> None:
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@cache
def _stop_processes_at_exit() -> None:
    """Have joblib's processes end with this one, if it is a child of multiprocessing.

    Such a child waits for its own children when it exits, and those of joblib wait five
    minutes for work.
    """
    if parent_process() is not None:
        Finalize(None, _stop_processes, exitpriority=1)


def _stop_processes() -> None:
    # They have nothing to do: asked to end, they would not hear of it any more.
    get_reusable_executor(reuse=True).shutdown(kill_workers=True)


def n_parallel(n_jobs: int | None, default: int, max_seconds: float) -> int:
    """Return how many members joblib will really train at a time.

    Parameters
    ----------
    n_jobs : int or None
        How many there are to be; None is what the active `joblib.parallel_config`
        says, or ``default``.
    default : int
        How many are worth it, if nobody says.
    max_seconds : float
        How long the training may take.
    """
    backend, configured = get_active_backend()
    wanted = configured if n_jobs is None else n_jobs
    is_short = max_seconds < _MIN_SECONDS_FOR_PROCESSES
    if _is_one_of(backend, ("loky",)) and (is_short or _is_forked):
        # A forked child has inherited loky's executor without the thread that runs it,
        # and would wait for it for ever.
        return 1
    if wanted is None:
        in_thread = current_thread() is not main_thread()
        is_nested = backend.nesting_level and in_thread
        is_barred = current_process().daemon or is_nested
        if is_barred and _is_one_of(backend, _PROCESSES):
            return 1  # as joblib would say, with a warning of an n_jobs never given
        wanted = min(default, cpu_count())
    return int(effective_n_jobs(wanted))


# Backends of joblib's that start processes on this machine.
_PROCESSES = ("loky", "multiprocessing")


def _is_one_of(backend: Any, names: Sequence[str]) -> bool:
    """Whether a backend is one of these, which joblib lacks where it has no locks."""
    return isinstance(backend, tuple(BACKENDS[n] for n in names if n in BACKENDS))


@dataclass(frozen=True)
class MemberTask:
    """A member, and what it is to be trained on.

    Attributes
    ----------
    member : estimator
        The member, unfitted.
    split : MemberSplit
        Its rows.
    context : FitContext
        Observers and limits.
    number : int
        Its number in the ensemble's progress.
    """

    member: Any
    split: MemberSplit
    context: FitContext
    number: int


@dataclass(frozen=True)
class TrainedMember:
    """A member that has been trained.

    Attributes
    ----------
    member : estimator
        The member, fitted.
    split : MemberSplit
        Its rows.
    raw : ndarray of shape (n_rows, n_outputs) or None
        Its raw outputs for the rows that chose its epoch.
    was_cut_short : bool
        Whether a time limit ended it in or after its first epoch.
    """

    member: Any
    split: MemberSplit
    raw: Array | None
    was_cut_short: bool


class MemberMonitor(Callback):
    """Reports a member's epochs, and ends it when all are to stop.

    Parameters
    ----------
    progress : EnsembleProgress
        The progress of all members.
    member : int
        The member's number.
    deadline : float
        Time at which the member is to be ready.

    Attributes
    ----------
    was_cut_short : bool
        Whether a time limit ended the member in or after its first epoch.
    """

    # Seconds from one report to the next.
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
        """Note how long the run will be."""
        self._max_epochs = run.max_epochs

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Report; return True if all are to stop."""
        if event.seconds < self._reported_at + self._PAUSE:
            return False
        self._reported_at = event.seconds
        share = max(event.epoch / self._max_epochs, event.seconds / self._max_seconds)
        text = f"epoch {event.epoch} of {self._max_epochs}"
        if event.validation_loss is not None:
            text += f", validation loss {event.validation_loss:.4f}"
        self._progress.report(self._member, min(share, 0.999), text)
        return self._progress.stops

    def on_train_end(self, run: Run) -> None:
        """Report the end; after Ctrl-C in this member all are to stop."""
        ran_out_of_time = run.status == "exhausted" and run.n_epochs < run.max_epochs
        self.was_cut_short = ran_out_of_time and run.n_epochs == 1
        if run.status == "interrupted":
            self._progress.stop()
        self._progress.report(self._member, 1.0, "done")


class StopAtEpoch(Callback):
    """Ends a member after a given epoch.

    Parameters
    ----------
    epoch : int
        The last epoch.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_begin(self, run: Run) -> None:
        """End a run before it goes on, if a checkpoint has brought the last epoch."""
        if run.status == "running" and run.n_epochs >= self.epoch:
            run.status = "stopped"

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True if the epoch has come."""
        return event.epoch >= self.epoch


def train_members(
    tasks: Sequence[MemberTask],
    data: Data,
    validation: Data | None,
    progress: EnsembleProgress,
) -> list[TrainedMember]:
    """Fit members to their rows.

    After Ctrl-C those that are training stop at the end of their epoch and the others
    do not begin.

    Parameters
    ----------
    tasks : sequence of MemberTask
        The members and their rows.
    data, validation : Data
        All rows, and other validation data or None.
    progress : EnsembleProgress
        Their progress; it also says how many train at a time.

    Returns
    -------
    trained : list of TrainedMember
        Those that have done an epoch.
    """
    jobs = [(task, data, validation, progress) for task in tasks]
    n_jobs = min(progress.n_parallel, len(jobs))
    if n_jobs == 1:
        trained = _train_sequentially(jobs, progress)
    else:
        trained = _train_in_parallel(jobs, progress, n_jobs)
    return [each for each in trained if each is not None and each.member.n_iter_ > 0]


def _train_sequentially(
    jobs: Sequence[Any], progress: EnsembleProgress
) -> list[TrainedMember | None]:
    trained: list[TrainedMember | None] = []
    try:
        for job in jobs:
            trained.append(_fit_member(*job))
    except KeyboardInterrupt:  # between two members: within one, it is the member's
        progress.stop()
        warn_of_interrupt()
    return trained


def _train_in_parallel(
    jobs: Sequence[Any], progress: EnsembleProgress, n_jobs: int
) -> list[TrainedMember | None]:
    outcomes: list[Any] = []
    errors: list[BaseException] = []
    is_over = Event()
    # Made here, where it sees the joblib settings of the caller's thread.
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

    # joblib throws everything away when it is interrupted.  In a thread of its own it
    # is not: Python interrupts the main thread, which then has the members stop.
    # (An event, because an interrupted Thread.join takes the thread for dead.)
    if current_thread() is main_thread():
        Thread(target=run, daemon=True).start()
    else:
        # Nobody is interrupted here.  And a Dask worker's thread must wait itself: only
        # then does Dask know that it waits, and lets others train in its place.
        run()
    is_interrupted = False
    while not is_over.is_set():
        try:
            is_over.wait(1.0)
        except KeyboardInterrupt:
            if is_interrupted:
                raise  # somebody is in a hurry
            is_interrupted = True
            progress.stop()
    if errors:
        backend, _ = get_active_backend()
        has_processes = _is_one_of(backend, _PROCESSES)
        failed_to_start = has_processes and isinstance(errors[0], OSError)
        if failed_to_start and not is_interrupted:
            # An error of a member's own will come again.
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
) -> tuple[TrainedMember | None, list[tuple[str, type[Warning]]]]:
    """Fit a member elsewhere; return the result, and the warnings to be given here."""
    with ExitStack() as stack:
        messages = stack.enter_context(collected_warnings())
        others: list[warnings.WarningMessage] = []
        if current_thread() is main_thread():
            # Those of other packages as well: a process in whose main thread a member
            # trains is one of joblib's, and has no other threads that might warn.
            others = stack.enter_context(warnings.catch_warnings(record=True))
            warnings.simplefilter("always")
        trained = _fit_member(*job)
    return trained, messages + [(str(each.message), each.category) for each in others]


def _fit_member(
    task: MemberTask,
    data: Data,
    validation: Data | None,
    progress: EnsembleProgress,
) -> TrainedMember | None:
    if progress.stops:
        return None
    member, split = task.member, task.split
    deadline = progress.deadline_of(task.number)
    monitor = MemberMonitor(progress, task.number, deadline)
    context = replace(
        task.context, callbacks=[*task.context.callbacks, monitor], deadline=deadline
    )
    if split.held_out is not None:
        validation = data.take(split.held_out)
    own = data.take(split.rows) if len(split.rows) < len(data.X) else data
    member.train(own, validation, context)
    raw = None if validation is None else member.raw(validation.X)
    return TrainedMember(member, split, raw, monitor.was_cut_short)
