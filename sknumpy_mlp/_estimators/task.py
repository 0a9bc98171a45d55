"""Fit tasks, the input of the solvers: data, target, network and configuration."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._training.run import Run, TrainingState
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import SklearnBridge


@dataclass(frozen=True)
class FitContext:
    """The context of a fit: additional callbacks, and limits of time and threads.

    Attributes
    ----------
    callbacks : sequence of Callback, default=()
        Callbacks in addition to those of the estimator's parameter.
    bridge : SklearnBridge or None, default=None
        The bridge to scikit-learn's callbacks.
    deadline : float, default=inf
        Time, as of `time.time`, at which the fit is to end.
    n_threads : int or None, default=None
        Maximum number of threads of a matrix product; None if only its size counts.
    rows : ndarray of shape (n_rows,) or None, default=None
        The rows of the data to train on, so that members need no copies of a shared
        table; None for all.  Not with L-BFGS or with a hold-out set.
    member : int or None, default=None
        In a tabular estimator, the index of the network; otherwise None.
    validation_name : str, default='y_val'
        Name of the validation data in messages, unless it is held out by the solver.
    expects_convergence : bool, default=True
        Whether to warn if training ends before it has converged.
    see_validation : callable or None, default=None
        Called after each epoch with the raw outputs and the losses of the validation
        rows, which it must not change.
    """

    callbacks: Sequence[Callback] = ()
    bridge: SklearnBridge | None = None
    deadline: float = math.inf
    n_threads: int | None = None
    rows: IntArray | None = None
    member: int | None = None
    validation_name: str = "y_val"
    expects_convergence: bool = True
    see_validation: Callable[[Array, Array], None] | None = None


@dataclass(frozen=True)
class FitTask:
    """All that a solver needs to fit a network.

    Attributes
    ----------
    config : TrainingConfig
        The estimator's parameters.
    target : Target
        The target, with its loss.
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        The initial parameters, trained in place, and not shared with the estimator.
    data : Data
        The training data, with further rows if ``context.rows`` is set.
    validation : Data or None
        User-supplied validation data; None if rows are held out, or if there is none.
    rng : RandomState
        The random number generator for the hold-out set and for shuffling.
    state : TrainingState or None
        A copy of the state of an earlier run.
    is_warm : bool
        Whether the initial parameters are those of an earlier run.
    is_incremental : bool
        Whether this is `partial_fit`: one epoch, without warnings about convergence.
    as_fitted : callable
        Returns an estimator that predicts with given parameters, for scorers.
    compute_fingerprint : callable
        Returns the run's fingerprint, see `Run`.
    callbacks : sequence of Callback, default=()
        All callbacks of the run.
    context : FitContext, default=FitContext()
        The context of the fit.
    n_epochs_before : int, default=0
        Number of epochs of earlier calls, for printing.
    """

    config: TrainingConfig
    target: Target
    network: Network
    params: Array
    data: Data
    validation: Data | None
    rng: np.random.RandomState
    state: TrainingState | None
    is_warm: bool
    is_incremental: bool
    as_fitted: Callable[[Array], Any]
    compute_fingerprint: Callable[[], dict[str, Any]]
    callbacks: Sequence[Callback] = ()
    context: FitContext = field(default_factory=FitContext)
    n_epochs_before: int = 0

    @property
    def max_epochs(self) -> int:
        """Maximum number of epochs."""
        return 1 if self.is_incremental else self.config.max_iter

    @property
    def has_holdout(self) -> bool:
        """Whether early stopping holds out rows of the training data."""
        return (
            self.config.early_stopping
            and self.validation is None
            and self.config.optimizer is not None
        )

    @property
    def expects_convergence(self) -> bool:
        """Whether to warn if training ends before it has converged."""
        return self.context.expects_convergence and not self.target.is_constant

    def training_rows(self, run: Run) -> IntArray:
        """Return the indices of the rows that are not held out."""
        if self.has_holdout:
            assert run.state.holdout is not None
            return run.state.holdout[0]
        rows = self.context.rows
        return np.arange(len(self.data.y)) if rows is None else rows

    def validation_data(self, run: Run) -> Data:
        """Return the validation data of the run."""
        if self.validation is not None:
            return self.validation
        assert run.state.holdout is not None
        return self.data.take(run.state.holdout[1])
