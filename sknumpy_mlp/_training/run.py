"""Records of training: epochs, runs, and the state for warm starts."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.optimizers import Optimizer

#: The status of a run, see `Run`.
Status: TypeAlias = Literal[
    "running", "finished", "exhausted", "stopped", "interrupted", "failed"
]


@dataclass(frozen=True)
class EpochEnd:
    """The result of an epoch (for L-BFGS, of an iteration).

    Attributes
    ----------
    epoch : int
        Number of the epoch in this run, from 1.
    loss : float
        Mean of the objective, including the penalty, over the epoch's batches.
    learning_rate : float or None
        The learning rate of the first step; None for L-BFGS.
    seconds : float
        Time since the run began, in seconds.
    params : ndarray of shape (n_params,)
        The parameters.  Later steps change them in place; copy them to keep them.
    validation_loss : float or None, default=None
        Mean loss on the validation data, without penalty; None if there is none.
    validation_score : float or None, default=None
        Score on the validation data (higher is better); None if there is none.
    member : int or None, default=None
        In a tabular estimator, the index of the network, from 0; otherwise None.
    progress : float or None, default=None
        The training progress, from 0 to 1, on which schedules depend: the fraction of
        the epochs, or of the time limit if it is larger; None for L-BFGS.

    Examples
    --------
    Callbacks receive it after each epoch:

    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Callback
    >>> class Show(Callback):
    ...     def on_epoch_end(self, event):
    ...         print(event.epoch, event.learning_rate, event.validation_loss)
    ...         return event.epoch == 2
    >>> clf = NumpyMLPClassifier(callbacks=[Show()]).fit([[0.0], [1.0]], [0, 1])
    1 0.001 None
    2 0.001 None
    """

    epoch: int
    loss: float
    learning_rate: float | None
    seconds: float
    params: Array
    validation_loss: float | None = None
    validation_score: float | None = None
    member: int | None = None
    progress: float | None = None


class EarlyStoppingLike(Protocol):
    """The part of :class:`sknumpy_mlp.callbacks.EarlyStopping` that a run uses."""

    best_score: float
    best_params: Array | None
    n_epochs_no_change: int

    @property
    def monitor(self) -> str:
        """The monitored value."""

    @property
    def restore_best(self) -> bool:
        """Whether the best parameters are kept."""

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True if out of patience."""


@dataclass
class TrainingState:
    """The state that a later run needs to continue training.

    Attributes
    ----------
    settings : tuple
        Settings that a plateau depends on; if they change, it is reset.
    optimizer : Optimizer or None
        The optimizer with its moments; None to initialize a new one.
    initial_optimizer : Optimizer or None
        The optimizer before its first step.
    base_rate : float or None
        The base learning rate, reduced at plateaus; None for the initial one.
    early_stopping : EarlyStopping or None
        The early stopping, with the best score and the epochs without improvement.
    n_samples_seen : int
        Number of rows trained on, in all epochs.
    order : ndarray of shape (n_rows,) or None
        The current permutation of the training rows.
    holdout : tuple of two ndarrays, or None
        Rows to train on, and rows held out for validation.
    validation_fraction : float or None
        The ``validation_fraction`` of the hold-out set.
    seed : int or None
        The integer that ``stream`` was seeded with.
    stream : RandomState or None
        The random number generator, if ``random_state`` is an integer.  A
        ``random_state`` that is a generator has its own state.
    layer_rng : Generator or None
        Random number generator of layers that are random in training (dropout).
    """

    settings: tuple[Any, ...] = ()
    optimizer: Optimizer | None = None
    initial_optimizer: Optimizer | None = None
    base_rate: float | None = None
    early_stopping: EarlyStoppingLike | None = None
    n_samples_seen: int = 0
    order: IntArray | None = None
    holdout: tuple[IntArray, IntArray] | None = None
    validation_fraction: float | None = None
    seed: int | None = None
    stream: np.random.RandomState | None = None
    layer_rng: np.random.Generator | None = None

    def reset_plateau(self) -> None:
        """Reset the learning rate, the best score and the patience."""
        self.base_rate = None
        self.early_stopping = None


@dataclass
class Run:
    """A training run: passed to callbacks and stored in checkpoints.

    Attributes
    ----------
    params : ndarray of shape (n_params,)
        The parameters.  Later steps change them in place; copy them to keep them.
    state : TrainingState
        Optimizer, counters and random number generators, which change during the run.
    rng : RandomState
        The random number generator that shuffles the rows.
    max_epochs : int
        Maximum number of epochs (for L-BFGS, of iterations).
    has_validation : bool
        Whether there is validation data.
    compute_fingerprint : callable
        Returns the `fingerprint`.
    callbacks : sequence of Callback
        The callbacks of the run.
    callback_states : dict of str to list of dict
        States from a checkpoint, by the `callback_key` of the class, see
        `load_callback_states`.
    losses, learning_rates : list of float
        Objective and learning rate of each epoch (no rates for L-BFGS).
    validation_losses, validation_scores : list of float
        Loss and score on the validation data after each epoch; empty if there is none.
    final_loss : float or None
        The final objective of L-BFGS; None for the loss of the last epoch.
    n_samples_before : int
        Number of rows trained on in earlier runs, included in ``state.n_samples_seen``.
    kept_params : ndarray of shape (n_params,) or None
        Parameters that a callback has selected as the result, instead of the best or
        the last ones.
    status : str
        "running"; at the end, "finished" (the estimator's stopping criteria are met),
        "exhausted" (``max_epochs`` completed), "stopped" (by a callback), "interrupted"
        (Ctrl-C) or "failed" (an exception).
    member : int or None
        In a tabular estimator, the index of the network, from 0; otherwise None.

    Examples
    --------
    Callbacks receive it at the beginning and at the end:

    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Callback
    >>> class Report(Callback):
    ...     def on_epoch_end(self, event):
    ...         return event.epoch == 3
    ...     def on_train_end(self, run):
    ...         print(f"{run.status} after {run.n_epochs} of {run.max_epochs} epochs")
    >>> clf = NumpyMLPClassifier(callbacks=[Report()]).fit([[0.0], [1.0]], [0, 1])
    stopped after 3 of 200 epochs
    """

    params: Array
    state: TrainingState
    rng: np.random.RandomState
    max_epochs: int
    has_validation: bool = False
    compute_fingerprint: Callable[[], dict[str, Any]] = dict
    callbacks: Sequence[Any] = ()
    callback_states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    final_loss: float | None = None
    n_samples_before: int = 0
    kept_params: Array | None = None
    status: Status = "running"
    member: int | None = None

    @property
    def n_epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.losses)

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """Parameters, network and digests of the data; to resume, they must match."""
        return self.compute_fingerprint()

    @property
    def n_samples_seen(self) -> int:
        """Number of rows trained on in all epochs of this run."""
        return self.state.n_samples_seen - self.n_samples_before

    @property
    def loss(self) -> float:
        """The final objective; NaN before the first epoch."""
        if self.final_loss is not None:
            return self.final_loss
        return self.losses[-1] if self.losses else math.nan

    @property
    def early_stopping(self) -> EarlyStoppingLike | None:
        """The estimator's early stopping, which is part of the state."""
        return self.state.early_stopping

    @property
    def best_params(self) -> Array | None:
        """The best parameters so far, if the estimator's early stopping stores them."""
        stopping = self.early_stopping
        return None if stopping is None else stopping.best_params

    @property
    def best_score(self) -> float | None:
        """Score of the result, if early stopping has selected it."""
        stopping = self.early_stopping
        if stopping is None or stopping.best_params is None:
            return None
        return None if self.kept_params is not None else float(stopping.best_score)

    @property
    def result(self) -> Array:
        """The parameters that the estimator keeps: selected, best or last ones."""
        if self.kept_params is not None:
            return self.kept_params
        return self.params if self.best_params is None else self.best_params

    def state_to_keep(self) -> TrainingState:
        """Return the state that a later run continues from.

        Returns
        -------
        state : TrainingState
            The state, without a copy of the best parameters.  If the parameters of an
            earlier epoch are restored, also without moments and patience, which belong
            to the last epoch.
        """
        result = self.result
        if result is not self.params and not np.array_equal(result, self.params):
            kept = replace(self.state, optimizer=None)
            kept.reset_plateau()
            return kept
        if self.best_params is None:
            return self.state
        stopping = copy.copy(self.early_stopping)
        assert stopping is not None
        stopping.best_params = None
        return replace(self.state, early_stopping=stopping)

    def load_callback_states(self) -> None:
        """Load the states from a checkpoint into the callbacks.

        Several callbacks of a class receive their states in the order of the list.  A
        callback without a state, or with an empty one, is left unchanged.
        """
        states = {key: iter(each) for key, each in self.callback_states.items()}
        for callback in self.callbacks:
            state = next(states.get(self.callback_key(callback), iter(())), {})
            if state:
                callback.load_state_dict(state)

    @staticmethod
    def callback_key(callback: Any) -> str:
        """Return the key of a callback's class in checkpoints.

        Parameters
        ----------
        callback : Callback
            The callback.

        Returns
        -------
        key : str
            Module and name of the class.
        """
        return f"{type(callback).__module__}.{type(callback).__qualname__}"

    def record(self, event: EpochEnd) -> None:
        """Append the result of an epoch to the curves.

        Parameters
        ----------
        event : EpochEnd
            The result of the epoch.
        """
        for values, value in (
            (self.learning_rates, event.learning_rate),
            (self.validation_losses, event.validation_loss),
            (self.validation_scores, event.validation_score),
        ):
            if value is not None:
                values.append(value)
        # Last, since `n_epochs` counts the losses, and Ctrl-C may interrupt this.
        self.losses.append(event.loss)

    def drop_partial_epoch(self) -> None:
        """Remove the values of an epoch that `record` has only partially appended."""
        for values in (
            self.learning_rates,
            self.validation_losses,
            self.validation_scores,
        ):
            del values[self.n_epochs :]
