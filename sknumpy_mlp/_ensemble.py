"""Training the members of an ensemble: who sees which rows, side by side, in time.

Members train in processes of their own.  In threads the same fits took 1.3 to 1.9
times as long: a step is a few hundred short calls of NumPy, and threads that take turns
at the interpreter spend their time waiting for it.
"""

import math
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread, current_thread, main_thread
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from sknumpy_mlp._evaluation import Data
from sknumpy_mlp._training import EpochEnd, Run
from sknumpy_mlp._typing import IntArray
from sknumpy_mlp._warnings import collected_warnings, warn
from sknumpy_mlp.callbacks import Callback, clock


@dataclass(frozen=True)
class Assignment:
    """What one member is to do.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        The rows to train on.
    held_out : ndarray of shape (n_held_out,) or None
        The rows that choose its best epoch; None if there is other validation data.
    seed : int
        For its weights and the order of its rows.
    """

    rows: IntArray
    held_out: IntArray | None
    seed: int


def assign(
    ensemble: str | None,
    n_members: int,
    n_rows: int,
    *,
    classes: NDArray[Any] | None,
    validation_fraction: float,
    has_validation: bool,
    rng: np.random.RandomState,
) -> list[Assignment]:
    """Say who sees which rows.

    Parameters
    ----------
    ensemble : {'kfold', 'seeds', 'refit', None}
        The kind of ensemble.
    n_members : int
        Number of members of 'kfold' and 'seeds'.
    n_rows : int
        Number of rows, at least two.
    classes : ndarray of shape (n_rows,) or None
        What to stratify by.
    validation_fraction : float
        Share of the rows that is held out where there are no folds.
    has_validation : bool
        Whether there is validation data, so that no row has to be held out.
    rng : RandomState
        Draws folds and seeds.
    """
    several = ensemble in ("kfold", "seeds")
    everyone = np.arange(n_rows)
    parts: list[tuple[IntArray, IntArray | None]]
    if has_validation:
        parts = [(everyone, None)] * (n_members if several else 1)
    elif ensemble == "kfold":
        parts = list(_folds(min(n_members, n_rows), n_rows, classes, rng))
    else:
        parts = [_hold_out(n_rows, classes, validation_fraction, rng)]
        parts *= n_members if several else 1
    seeds = rng.randint(np.iinfo(np.int32).max, size=len(parts))
    return [
        Assignment(rows, held_out, int(seed))
        for (rows, held_out), seed in zip(parts, seeds, strict=True)
    ]


def _folds(
    n_folds: int, n_rows: int, classes: NDArray[Any] | None, rng: np.random.RandomState
) -> Any:
    if classes is None or np.unique(classes, return_counts=True)[1].max() < n_folds:
        return KFold(n_folds, shuffle=True, random_state=rng).split(np.zeros(n_rows))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=rng)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is absent from some: nothing is wrong.
        warnings.filterwarnings("ignore", "The least populated class")
        return list(folds.split(np.zeros(n_rows), classes))


def _hold_out(
    n_rows: int,
    classes: NDArray[Any] | None,
    fraction: float,
    rng: np.random.RandomState,
) -> tuple[IntArray, IntArray]:
    n_held_out = min(max(1, round(fraction * n_rows)), n_rows - 1)
    if classes is not None:
        counts = np.unique(classes, return_counts=True)[1]
        if counts.min() < 2 or len(counts) > min(n_held_out, n_rows - n_held_out):
            classes = None  # too few rows for a share of each class on both sides
    rows, held_out = train_test_split(
        np.arange(n_rows), test_size=n_held_out, stratify=classes, random_state=rng
    )
    return rows, held_out


@dataclass(frozen=True)
class Board:
    """What members know of each other, in whatever process they train.

    It is a folder: a file for each member with what it has to report, and one that
    says that all are to stop.

    Attributes
    ----------
    folder : Path
        The folder.
    n_members : int
        Number of members.
    n_side_by_side : int
        How many of them train at a time.
    deadline : float
        Time, as of `time.time`, at which all are to be ready.
    """

    folder: Path
    n_members: int
    n_side_by_side: int
    deadline: float

    @property
    def stops(self) -> bool:
        """Whether all are to stop."""
        return (self.folder / "stop").exists()

    def stop(self) -> None:
        """Have all stop at the end of their epoch, and others not begin."""
        (self.folder / "stop").touch()

    def deadline_of(self, member: int) -> float:
        """Return when a member that begins now is to be ready.

        Those that come after it want as much time as it has.  Side by side, one whose
        neighbours still have members to come is given less than one whose neighbours
        have not, so that all the time is used.
        """
        n_rounds = math.ceil((self.n_members - member) / self.n_side_by_side)
        now = time.time()
        return now + (self.deadline - now) / n_rounds

    def report(self, member: int, share: float, text: str) -> None:
        """Note how far a member is: from 0 to 1, and in words.

        A member on another machine, where there is no such folder, trains unreported.
        """
        with suppress(OSError):
            (self.folder / str(member)).write_text(f"{share}\n{text}", encoding="utf-8")

    def read(self) -> list[tuple[float, str]]:
        """Return what the members have reported."""
        reports = []
        for member in range(self.n_members):
            try:
                text = (self.folder / str(member)).read_text(encoding="utf-8")
                share, _, words = text.partition("\n")
                reports.append((float(share), words))
            except (OSError, ValueError):  # not begun, or just being written
                reports.append((0.0, ""))
        return reports


@contextmanager
def make_board(
    n_members: int, n_side_by_side: int, deadline: float, *, verbose: bool
) -> Iterator[Board]:
    """Set up a board, and if ``verbose`` print every few seconds what is on it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        board = Board(Path(folder), n_members, n_side_by_side, deadline)
        if not verbose:
            yield board
            return
        is_over = Event()
        printer = Thread(target=_keep_printing, args=(board, is_over), daemon=True)
        printer.start()
        try:
            yield board
        finally:
            is_over.set()
            printer.join()


# Seconds from one line to the next.
_PAUSE = 2.0


def _keep_printing(board: Board, is_over: Event) -> None:
    began, printed = time.perf_counter(), ""
    while True:
        ends = is_over.wait(_PAUSE)
        reports = board.read()
        n_done = sum(share >= 1.0 for share, _ in reports)
        share = sum(share for share, _ in reports) / board.n_members
        busy = [
            f"network {i}: {text}"
            for i, (each, text) in enumerate(reports, start=1)
            if 0.0 < each < 1.0
        ]
        line = f"{n_done} of {board.n_members} networks done"
        if busy:
            line += f" ({'; '.join(busy)})"
        seconds = time.perf_counter() - began
        if ends:
            line += f", after {clock(seconds)}"
        elif share > 0.0:
            line += f", about {clock(seconds * (1.0 - share) / share)} left"
        if line != printed:
            print(line, flush=True)
            printed = line
        if ends:
            return


class Watch(Callback):
    """Reports a member's epochs to the board, and ends it when all are to stop.

    Parameters
    ----------
    board : Board
        The board.
    member : int
        The member.
    deadline : float
        When the member is to be ready.
    """

    # Seconds from one look at the board to the next.
    _PAUSE = 0.25

    def __init__(self, board: Board, member: int, deadline: float) -> None:
        self._board = board
        self._member = member
        self._max_seconds = max(deadline - time.time(), 1e-3)
        self._max_epochs = 1
        self._looked_at = 0.0

    def on_train_begin(self, run: Run) -> None:
        """Learn how long the run will be."""
        self._max_epochs = run.max_epochs

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Report; return True if all are to stop."""
        if event.seconds < self._looked_at + self._PAUSE:
            return False
        self._looked_at = event.seconds
        share = max(event.epoch / self._max_epochs, event.seconds / self._max_seconds)
        text = f"epoch {event.epoch} of {self._max_epochs}"
        if event.validation_loss is not None:
            text += f", validation loss {event.validation_loss:.4f}"
        self._board.report(self._member, min(share, 0.999), text)
        return self._board.stops

    def on_train_end(self, run: Run) -> None:
        """Report the end; after Ctrl-C in this member all are to stop."""
        if run.status == "interrupted":
            self._board.stop()
        self._board.report(self._member, 1.0, "done")


class StopAfter(Callback):
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
    members: Sequence[Any],
    assignments: Sequence[Assignment],
    data: Data,
    validation: Data | None,
    board: Board,
    first: int = 0,
) -> list[Any]:
    """Fit members to their rows.

    After Ctrl-C those that are training stop at the end of their epoch and the others
    do not begin.

    Parameters
    ----------
    members : sequence of estimators
        The members, unfitted.
    assignments : sequence of Assignment
        Their rows.
    data, validation : Data
        All rows, and other validation data or None.
    board : Board
        The board; it says how many train at a time.
    first : int, default=0
        The number of the first of them on the board.

    Returns
    -------
    trained : list of (member, raw) or None
        The members, with their raw outputs for the rows that chose their epoch; None
        for those that have learnt nothing.
    """
    jobs = [
        (member, assignment, data, validation, board, number)
        for number, (member, assignment) in enumerate(
            zip(members, assignments, strict=True), start=first
        )
    ]
    n_jobs = min(board.n_side_by_side, len(jobs))
    if n_jobs == 1:
        trained = _one_after_the_other(jobs, board)
    else:
        trained = _side_by_side(jobs, board, n_jobs)
    trained += [None] * (len(jobs) - len(trained))
    return [
        each if each is not None and each[0].n_iter_ > 0 else None for each in trained
    ]


def _one_after_the_other(jobs: Sequence[Any], board: Board) -> list[Any]:
    trained: list[Any] = []
    try:
        for job in jobs:
            trained.append(_fit_member(*job))
    except KeyboardInterrupt:  # between two members: within one, it is the member's
        board.stop()
        _warn_of_interrupt()
    return trained


def _side_by_side(jobs: Sequence[Any], board: Board, n_jobs: int) -> list[Any]:
    outcomes: list[Any] = []
    errors: list[BaseException] = []
    is_over = Event()
    # Made here, where it sees the joblib settings of the caller's thread.
    parallel = Parallel(n_jobs=n_jobs)

    def run() -> None:
        try:
            outcomes.extend(parallel(delayed(_fit_and_record)(*job) for job in jobs))
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
            board.stop()
    if errors:
        board.stop()
        raise errors[0]
    for _, messages in outcomes:
        for message, category in messages:
            warn(message, category)
    if is_interrupted:
        _warn_of_interrupt()
    return [trained for trained, _ in outcomes]


def _warn_of_interrupt() -> None:
    warn("Training interrupted by user. The estimator keeps what it has learnt so far.")


def _fit_and_record(*job: Any) -> tuple[Any, list[tuple[str, type[Warning]]]]:
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
    member: Any,
    assignment: Assignment,
    data: Data,
    validation: Data | None,
    board: Board,
    number: int,
) -> Any:
    if board.stops:
        return None
    deadline = board.deadline_of(number)
    member._blueprint = replace(member._blueprint, deadline=deadline)
    callbacks = member.callbacks
    member.callbacks = [*callbacks, Watch(board, number, deadline)]
    if assignment.held_out is not None:
        validation = data.take(assignment.held_out)
    own = data
    if len(assignment.rows) < len(data.X):
        own = data.take(assignment.rows)
    judged_by: dict[str, Any] = {}
    if validation is not None:
        judged_by = {
            "X_val": validation.X,
            "y_val": validation.target,
            "sample_weight_val": validation.sample_weight,
        }
    try:
        member.fit(own.X, own.target, own.sample_weight, **judged_by)
    finally:
        member.callbacks = callbacks
    return member, None if validation is None else member.raw(validation.X)
