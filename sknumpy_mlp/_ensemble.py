"""Training the members of an ensemble: who sees which rows, side by side, in time."""

import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event, Lock
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from sknumpy_mlp._evaluation import Data
from sknumpy_mlp._training import EpochEnd, Run
from sknumpy_mlp._typing import IntArray
from sknumpy_mlp._warnings import warn
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


class Board:
    """What all members know: how far they are, and whether they are to stop.

    Parameters
    ----------
    n_members : int
        Number of members.
    n_side_by_side : int
        How many of them train at a time.
    deadline : float
        Time, as of `time.perf_counter`, at which all are to be ready.
    verbose : bool
        Whether to print.
    """

    # Seconds from one line to the next.
    _PAUSE = 2.0

    def __init__(
        self, n_members: int, n_side_by_side: int, deadline: float, *, verbose: bool
    ) -> None:
        self.stops = Event()
        self.deadline = deadline
        self._n_members = n_members
        self._n_side_by_side = n_side_by_side
        self._verbose = verbose
        self._lock = Lock()
        self._shares = [0.0] * n_members
        self._began = time.perf_counter()
        self._printed = self._began

    def deadline_of(self, member: int) -> float:
        """Return when a member that begins now is to be ready.

        Those that come after it want as much time as it has.  Side by side, one whose
        neighbours still have members to come is given less than one whose neighbours
        have not, so that all the time is used.
        """
        now = time.perf_counter()
        n_rounds = math.ceil((self._n_members - member) / self._n_side_by_side)
        return now + (self.deadline - now) / n_rounds

    def report(self, member: int, share: float, text: str) -> None:
        """Note how far a member is, and print it if it is time."""
        with self._lock:
            self._shares[member] = share
            now = time.perf_counter()
            is_over = share >= 1.0
            if not self._verbose or (not is_over and now - self._printed < self._PAUSE):
                return
            self._printed = now
            done = sum(self._shares) / self._n_members
            left = (now - self._began) * (1.0 - done) / done
            print(
                f"network {member + 1} of {self._n_members}, {text}, "
                f"about {clock(left)} left",
                flush=True,
            )


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

    def __init__(self, board: Board, member: int, deadline: float) -> None:
        self._board = board
        self._member = member
        self._max_seconds = deadline - time.perf_counter()
        self._max_epochs = 1
        self._text = ""

    def on_train_begin(self, run: Run) -> None:
        """Learn how long the run will be."""
        self._max_epochs = run.max_epochs

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Report; return True if all are to stop."""
        share = max(event.epoch / self._max_epochs, event.seconds / self._max_seconds)
        self._text = f"epoch {event.epoch} of {self._max_epochs}"
        if event.validation_loss is not None:
            self._text += f", validation loss {event.validation_loss:.4f}"
        self._board.report(self._member, min(share, 0.999), self._text)
        return self._board.stops.is_set()

    def on_train_end(self, run: Run) -> None:
        """Report the end; after Ctrl-C in this member all are to stop."""
        if run.status == "interrupted":
            self._board.stops.set()
        self._board.report(self._member, 1.0, f"done after {self._text}")


class StopAfter(Callback):
    """Ends a member after a given epoch.

    Parameters
    ----------
    epoch : int
        The last epoch.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True if the epoch has come."""
        return event.epoch >= self.epoch


def train_members(
    members: Sequence[Any],
    assignments: Sequence[Assignment],
    data: Data,
    validation: Data | None,
    board: Board,
    n_side_by_side: int,
    first: int = 0,
) -> list[bool]:
    """Fit members to their rows; return which of them have learnt something.

    After Ctrl-C those that are training stop at the end of their epoch and the others
    do not begin; so it is if one of them fails, and the error is passed on.

    Parameters
    ----------
    members : sequence of estimators
        The members, unfitted.
    assignments : sequence of Assignment
        Their rows.
    data, validation : Data
        All rows, and other validation data or None.
    board : Board
        The board.
    n_side_by_side : int
        How many train at a time.
    first : int, default=0
        The number of the first of them on the board.
    """
    trained = [False] * len(members)
    begun = [False] * len(members)
    ended = [Event() for _ in members]

    def fit(i: int) -> None:
        begun[i] = True
        try:
            if not board.stops.is_set():
                args = (members[i], assignments[i], data, validation)
                _fit_member(*args, board, first + i)
                trained[i] = members[i].n_iter_ > 0
        finally:
            ended[i].set()

    try:
        # The board, the data and the members are shared: threads, not processes.
        Parallel(n_jobs=n_side_by_side, require="sharedmem")(
            delayed(fit)(i) for i in range(len(members))
        )
    except BaseException as error:
        board.stops.set()
        for has_begun, event in zip(begun, ended, strict=True):
            if has_begun:
                event.wait()
        if not isinstance(error, KeyboardInterrupt):
            raise
        warn(
            "Training interrupted by user. The estimator keeps what it has learnt so "
            "far."
        )
    return trained


def _fit_member(
    member: Any,
    assignment: Assignment,
    data: Data,
    validation: Data | None,
    board: Board,
    number: int,
) -> None:
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
