"""What a solver is given: data, target, network and configuration."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.targets import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._training.run import Run, TrainingState
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import SklearnBridge


@dataclass(frozen=True)
class FitContext:
    """What surrounds a fit: observers, and limits that come from outside.

    Attributes
    ----------
    callbacks : sequence of Callback, default=()
        Callbacks beside those of the estimator's parameter.
    bridge : SklearnBridge or None, default=None
        The bridge to scikit-learn's own callbacks.
    deadline : float, default=inf
        Time, as of `time.time`, at which the fit is to end.
    n_threads : int or None, default=None
        The most threads of a matrix product; None leaves it to its size.
    member : int or None, default=None
        Number of the network, if it is one of several of an estimator.
    validation_name : str, default='y_val'
        Name of the validation data in messages, if it is not held out here.
    expects_convergence : bool, default=True
        Whether a training that ends before it has converged deserves a warning.
    """

    callbacks: Sequence[Callback] = ()
    bridge: SklearnBridge | None = None
    deadline: float = math.inf
    n_threads: int | None = None
    member: int | None = None
    validation_name: str = "y_val"
    expects_convergence: bool = True


@dataclass(frozen=True)
class FitTask:
    """A fit, ready to be run by a solver.

    Attributes
    ----------
    config : TrainingConfig
        The estimator's parameters.
    target : Target
        The target, with its loss.
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        Its parameters, trained in place: no array of the estimator.
    data : Data
        The training data.
    validation : Data or None
        Validation data that was given, not held out.
    rng : RandomState
        The stream for the hold-out and the order of the samples.
    state : TrainingState or None
        The state that an earlier run left, a copy for this task.
    is_warm : bool
        Whether the parameters come from an earlier run.
    is_incremental : bool
        Whether this is `partial_fit`: one epoch, and no verdict on convergence.
    as_fitted : callable
        Returns an estimator that predicts with given parameters, for scorers.
    compute_fingerprint : callable
        Returns the run's fingerprint, see `Run`.
    callbacks : sequence of Callback, default=()
        All callbacks of the run.
    context : FitContext, default=FitContext()
        Limits from outside.
    n_epochs_before : int, default=0
        Epochs of earlier calls, which printed numbers continue.
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
        """The most epochs of the run."""
        return 1 if self.is_incremental else self.config.max_iter

    @property
    def has_holdout(self) -> bool:
        """Whether early stopping holds rows out of the training data."""
        return (
            self.config.early_stopping
            and self.validation is None
            and self.config.optimizer is not None
        )

    @property
    def expects_convergence(self) -> bool:
        """Whether a training that has not converged deserves a warning."""
        return self.context.expects_convergence and not self.target.is_constant

    def training_rows(self, run: Run) -> IntArray:
        """Return the numbers of the rows that are not held out."""
        if not self.has_holdout:
            return np.arange(len(self.data.y))
        assert run.state.holdout is not None
        return run.state.holdout[0]

    def validation_data(self, run: Run) -> Data:
        """Return the data that the run is validated on."""
        if self.validation is not None:
            return self.validation
        assert run.state.holdout is not None
        return self.data.take(run.state.holdout[1])
