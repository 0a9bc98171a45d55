"""The training configuration: the parameters of an estimator that solvers need."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from sknumpy_mlp._training.step import Regularization
from sknumpy_mlp._utils.values import copy_with_python_numbers
from sknumpy_mlp.optimizers import OPTIMIZERS, SGD, Optimizer
from sknumpy_mlp.schedules import SCHEDULES, SGD_SCHEDULES, Constant, Schedule


@dataclass(frozen=True)
class TrainingConfig:
    """The parameters of an estimator that the solvers need.

    Attributes
    ----------
    estimator : str
        Name of the estimator's class, for messages.
    optimizer : Optimizer or None
        The uninitialized optimizer; None for L-BFGS.
    schedule : Schedule
        The learning-rate schedule.
    regularization : Regularization
        L2 penalty, weight decay and gradient clipping.
    learning_rate_init : float
        The base learning rate.
    batch_size : int or None
        The batch size; None for 'auto'.
    shuffle : bool
        Whether the rows are shuffled in each epoch.
    max_iter, max_fun : int
        Maximum number of epochs (L-BFGS: iterations), and of evaluations of the
        objective.
    tol : float
        The smallest improvement; for L-BFGS, the tolerance of the gradient.
    n_iter_no_change : float
        The patience, in epochs.
    early_stopping : bool
        Whether to stop by the validation score and to restore the best parameters.
    validation_fraction : float
        Fraction of the rows in the hold-out set of early stopping.
    scoring : str, callable or None
        The validation score.
    seed : int or None
        ``random_state`` if it is an integer; otherwise None.
    verbose : bool
        Whether each epoch is printed.
    """

    estimator: str
    optimizer: Optimizer | None
    schedule: Schedule
    regularization: Regularization
    learning_rate_init: float
    batch_size: int | None
    shuffle: bool
    max_iter: int
    max_fun: int
    tol: float
    n_iter_no_change: float
    early_stopping: bool
    validation_fraction: float
    scoring: Any
    seed: int | None
    verbose: bool

    @classmethod
    def of(
        cls, estimator: Any, *, decay_schedule: Schedule | None = None
    ) -> "TrainingConfig":
        """Convert the parameters of an estimator, which must be valid.

        Parameters
        ----------
        estimator : estimator
            The estimator.
        decay_schedule : Schedule or None, default=None
            Schedule of the weight decay; None for a constant one.
        """
        seed, max_norm = estimator.random_state, estimator.max_grad_norm
        return cls(
            estimator=type(estimator).__name__,
            optimizer=_make_optimizer(estimator),
            schedule=make_schedule(estimator),
            regularization=Regularization(
                alpha=float(estimator.alpha),
                weight_decay=float(estimator.weight_decay),
                decay_schedule=decay_schedule or Constant(),
                max_grad_norm=None if max_norm is None else float(max_norm),
            ),
            learning_rate_init=float(estimator.learning_rate_init),
            batch_size=None
            if estimator.batch_size == "auto"
            else int(estimator.batch_size),
            shuffle=bool(estimator.shuffle),
            max_iter=int(estimator.max_iter),
            max_fun=int(estimator.max_fun),
            tol=float(estimator.tol),
            n_iter_no_change=estimator.n_iter_no_change,
            early_stopping=bool(estimator.early_stopping),
            validation_fraction=float(estimator.validation_fraction),
            scoring=estimator.scoring,
            seed=int(seed) if isinstance(seed, Integral) else None,
            verbose=bool(estimator.verbose),
        )

    @property
    def plateau_settings(self) -> tuple[Any, ...]:
        """Settings that a plateau depends on; the patience is reset if they change."""
        return (
            self.schedule,
            self.learning_rate_init,
            self.regularization,
            self.early_stopping,
            # Compared by name, since the object may be large or a copy.
            getattr(self.scoring, "__qualname__", str(self.scoring)),
        )


def make_schedule(estimator: Any) -> Schedule:
    """Return the learning-rate schedule: a copy of an object, or a new one by name."""
    given = estimator.learning_rate
    if isinstance(given, Schedule):
        schedule: Schedule = copy_with_python_numbers(given)
        factors = (schedule(0.0), schedule(1.0), schedule.epoch_factor(0))
        for factor in factors:
            if not (isinstance(factor, Real) and 0 <= factor < math.inf):
                raise ValueError(
                    f"learning_rate={given!r} must return finite factors of at least "
                    f"0, got {factor!r}."
                )
        return schedule
    is_sgd = estimator.solver == "sgd" or isinstance(estimator.solver, SGD)
    if given in SGD_SCHEDULES and not is_sgd:
        return Constant()
    schedule = _from_parameters(SCHEDULES[given], estimator)
    return schedule


def _make_optimizer(estimator: Any) -> Optimizer | None:
    given = estimator.solver
    if isinstance(given, str) and given == "lbfgs":
        return None
    optimizer: Optimizer = (
        copy_with_python_numbers(given)
        if isinstance(given, Optimizer)
        else _from_parameters(OPTIMIZERS[given], estimator)
    )
    return optimizer


def _from_parameters(cls: Any, estimator: Any) -> Any:
    """Return an optimizer or a schedule with hyperparameters of the estimator."""
    values = {name: getattr(estimator, of) for name, of in cls.parameters.items()}
    return copy_with_python_numbers(cls(**values))
