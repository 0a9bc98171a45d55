"""From an estimator's parameters and validated data to a trained parameter vector.

The solvers read the estimator and never write to it: what they find out is handed
back as an `Outcome`.
"""

import inspect
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknumpy_mlp._batches import Batches
from sknumpy_mlp._network import Network, Workspace
from sknumpy_mlp._training import EpochEnd, TrainingState, minimize_lbfgs, train
from sknumpy_mlp._typing import Array, IntArray
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.optimizers import OPTIMIZERS, Optimizer
from sknumpy_mlp.schedules import SCHEDULES, Schedule


@dataclass(frozen=True)
class Data:
    """Validated training data: ``y`` as the loss wants it, weights or None."""

    X: Any
    y: NDArray[Any]
    sample_weight: Array | None

    def take(self, rows: IntArray) -> "Data":
        """Return some of the rows."""
        weight = self.sample_weight
        return Data(
            self.X[rows], self.y[rows], None if weight is None else weight[rows]
        )


@dataclass(frozen=True)
class Job:
    """What a solver is to do.

    Attributes
    ----------
    data : Data
        The training data.
    loss : Loss
        The loss.
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        Its parameters, trained in place: no array of the estimator.
    rng : RandomState
        The stream for the hold-out and the order of the samples.
    state : TrainingState or None
        What an earlier run left to go on from, the job's own copy.
    warm : bool
        Whether the parameters come from an earlier run.
    incremental : bool
        Whether this is `partial_fit`: one epoch, and no verdict on convergence.
    """

    data: Data
    loss: Loss
    network: Network
    params: Array
    rng: np.random.RandomState
    state: TrainingState | None
    warm: bool
    incremental: bool


@dataclass(frozen=True)
class Outcome:
    """What a solver hands back; the estimator stores all of it or nothing."""

    params: Array
    n_iter: int
    n_samples_seen: int
    loss: float
    losses: list[float]
    scores: list[float] | None = None
    best_score: float | None = None
    state: TrainingState | None = None
    interrupted: bool = False


def solve(estimator: Any, job: Job) -> Outcome:
    """Train with the solver that the estimator asks for.

    Raises
    ------
    ValueError
        If the parameters or the loss become infinite or NaN.
    """
    outcome = (
        _solve_lbfgs(estimator, job)
        if estimator.solver == "lbfgs"
        else _solve_stochastic(estimator, job)
    )
    # With early stopping the loss is that of the last epoch, which was not kept.
    loss_counts = not outcome.interrupted and outcome.scores is None
    if not np.isfinite(outcome.params).all() or (
        loss_counts and not math.isfinite(outcome.loss)
    ):
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may contain "
            f"large values and need to be preprocessed. {_divergence_advice(estimator)}"
        )
    return outcome


# ------------------------------------------------------------------------------ L-BFGS


def _solve_lbfgs(estimator: Any, job: Job) -> Outcome:
    losses: list[float] = []
    interrupted = False

    def on_iteration(event: EpochEnd) -> None:
        losses.append(event.loss)
        _print_epoch(estimator, event)

    # The line search compares values of the objective to the last digits, so this
    # runs in float64 whatever the data's type.
    X = job.data.X.astype(np.float64, copy=False)
    params = job.params.astype(np.float64, copy=False)
    try:
        result = minimize_lbfgs(
            Workspace(job.network, params, X.shape[0]),
            job.loss,
            (X, job.data.y, job.data.sample_weight),
            alpha=float(estimator.alpha),
            tol=float(estimator.tol),
            max_iter=int(estimator.max_iter),
            max_fun=int(estimator.max_fun),
            on_iteration=on_iteration,
        )
    except KeyboardInterrupt:
        interrupted = True
        _warn_of_interruption()
        n_iter = n_evaluations = len(losses)
        loss = losses[-1] if losses else math.nan
    else:
        n_iter, n_evaluations, loss = (
            result.n_iter,
            result.n_evaluations,
            result.loss,
        )
        if (
            not result.converged
            and math.isfinite(loss)
            and estimator._convergence_matters
        ):
            _warn(
                f"lbfgs failed to converge after {n_iter} iteration(s): "
                f"{result.message}. Increase max_iter={estimator.max_iter} or "
                f"max_fun={estimator.max_fun}, or scale the features, for example with "
                "sklearn.preprocessing.StandardScaler.",
                ConvergenceWarning,
            )
    return Outcome(
        params=params.astype(job.params.dtype, copy=False),
        n_iter=n_iter,
        n_samples_seen=n_evaluations * X.shape[0],
        loss=loss,
        losses=losses,
        interrupted=interrupted,
    )


# ---------------------------------------------------------------- stochastic gradients


def _solve_stochastic(estimator: Any, job: Job) -> Outcome:
    schedule = make_from_parameters(SCHEDULES[_schedule_name(estimator)], estimator)
    state = _make_state(estimator, job, schedule)
    n_samples_before = state.n_samples_seen
    rows = _hold_out(estimator, job, state) if estimator.early_stopping else None
    stopping = _make_stopping(estimator, job, state)
    batches = _make_batches(estimator, job, state, rows)
    max_epochs = 1 if job.incremental else int(estimator.max_iter)
    epochs = train(
        Workspace(job.network, job.params, batches.batch_size),
        job.loss,
        schedule,
        batches,
        state,
        job.rng,
        alpha=float(estimator.alpha),
        learning_rate_init=float(estimator.learning_rate_init),
        max_epochs=max_epochs,
    )
    losses: list[float] = []
    ended = interrupted = False
    try:
        for event in epochs:
            losses.append(event.loss)
            at_plateau = stopping.on_epoch_end(event)
            _print_epoch(estimator, event, stopping)
            if at_plateau and _is_over(estimator, event, schedule, stopping, state):
                ended = True
                break
    except KeyboardInterrupt:
        ended = interrupted = True
        _warn_of_interruption()
    unfinished = len(losses) == max_epochs and not (ended or job.incremental)
    if unfinished and estimator._convergence_matters:
        _warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached "
            "and the optimization hasn't converged yet.",
            ConvergenceWarning,
        )
    state.best_score = stopping.best_score
    state.n_epochs_no_change = stopping.n_epochs_no_change
    params, scores, best_score = job.params, None, None
    if stopping.best_params is not None:
        scores, best_score = stopping.scores, stopping.best_score
        params = stopping.best_params
        # Moments and patience belong to the last epoch, not to the one put back.
        state.optimizer = None
        state.forget_plateau()
        _warn_of_divergence(estimator, scores)
    return Outcome(
        params=params,
        n_iter=len(losses),
        n_samples_seen=state.n_samples_seen - n_samples_before,
        loss=losses[-1] if losses else math.nan,
        losses=losses,
        scores=scores,
        best_score=best_score,
        state=state,
        interrupted=interrupted,
    )


def make_from_parameters(cls: Any, estimator: Any) -> Any:
    """Make an optimiser or a schedule from the estimator's parameters."""
    values = {name: getattr(estimator, of) for name, of in cls.parameters.items()}
    # NumPy scalars would pull float32 arithmetic up to float64.
    return cls(
        **{
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in values.items()
        }
    )


def _schedule_name(estimator: Any) -> str:
    # As in scikit-learn, the three classic schedules act for sgd only.
    name: str = estimator.learning_rate if estimator.solver == "sgd" else "constant"
    return name


def _make_state(estimator: Any, job: Job, schedule: Schedule) -> TrainingState:
    """Go on from the earlier state as far as it applies, or begin one."""
    state = TrainingState() if job.state is None else job.state
    optimizer: Optimizer = make_from_parameters(OPTIMIZERS[estimator.solver], estimator)
    settings = (
        schedule,
        estimator.learning_rate_init,
        estimator.alpha,
        estimator.early_stopping,
        job.loss,
    )
    if state.settings != settings:
        state.settings = settings
        state.forget_plateau()
    # Moments are of use only to the same optimiser with the same constants.
    if state.optimizer != optimizer:
        optimizer.init(job.params)
        state.optimizer = optimizer
        state.forget_plateau()
    if isinstance(estimator.random_state, Integral):
        state.seed, state.stream = int(estimator.random_state), job.rng
    else:
        state.seed = state.stream = None
    return state


def _hold_out(estimator: Any, job: Job, state: TrainingState) -> IntArray:
    """Set rows aside for validation, the earlier ones if they fit; return the rest."""
    n_samples = job.data.X.shape[0]
    fraction = float(estimator.validation_fraction)
    same_length = state.holdout is not None and n_samples == sum(
        map(len, state.holdout)
    )
    if not (same_length and state.validation_fraction == fraction):
        state.holdout = _split(estimator, job, n_samples, fraction)
        state.validation_fraction = fraction
    assert state.holdout is not None
    weight = job.data.sample_weight
    for part, rows in zip(("training", "validation"), state.holdout, strict=True):
        if weight is not None and not weight[rows].any():
            raise ValueError(
                f"All samples of the {part} part of the early_stopping split have a "
                "sample_weight of zero. Remove samples of weight zero, or set "
                "early_stopping=False."
            )
    return state.holdout[0]


def _split(
    estimator: Any, job: Job, n_samples: int, fraction: float
) -> tuple[IntArray, IntArray]:
    try:
        rows, held_out = train_test_split(
            np.arange(n_samples),
            random_state=job.rng,
            test_size=fraction,
            stratify=estimator._stratify_by(job.data.y),
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True cannot set validation_fraction={fraction} of "
            f"{n_samples} samples aside: {error}"
        ) from error
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the "
            f"size of your dataset: validation_fraction={fraction} of {n_samples} "
            f"samples leaves {len(held_out)}, and at least 2 are needed."
        )
    return rows, held_out


def _make_stopping(estimator: Any, job: Job, state: TrainingState) -> EarlyStopping:
    score: Callable[[Array], float] | None = None
    best_score = state.best_score
    best_params = None
    if estimator.early_stopping:
        assert state.holdout is not None
        held_out = job.data.take(state.holdout[1])
        score = _make_scorer(estimator, job, held_out)
        # Until an epoch does better, the best parameters are those to start from.  A
        # warm start must do better than they do, on the data of this call.
        best_params = job.params.copy()
        best_score = score(job.params) if job.warm else -math.inf
        best_score = -math.inf if math.isnan(best_score) else best_score
    return EarlyStopping(
        tol=float(estimator.tol),
        n_iter_no_change=estimator.n_iter_no_change,
        score=score,
        best_score=best_score,
        best_params=best_params,
        n_epochs_no_change=state.n_epochs_no_change,
    )


def _make_scorer(estimator: Any, job: Job, held_out: Data) -> Callable[[Array], float]:
    def score(params: Array) -> float:
        with np.errstate(all="ignore"):
            raw = job.network.predict_raw(params, held_out.X)
            if not np.isfinite(raw).all():
                return math.nan
            value: float = estimator._score_raw(
                job.loss, raw, held_out.y, held_out.sample_weight
            )
            return value

    return score


def _make_batches(
    estimator: Any, job: Job, state: TrainingState, rows: IntArray | None
) -> Batches:
    data = job.data
    n_rows = data.X.shape[0] if rows is None else len(rows)
    batch_size = 200 if estimator.batch_size == "auto" else int(estimator.batch_size)
    if estimator.batch_size != "auto" and batch_size > n_rows and not job.incremental:
        _warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to "
            f"be clipped from {batch_size} to {n_rows}."
        )
    same_length = state.order is not None and len(state.order) == n_rows
    return Batches(
        data.X,
        data.y,
        data.sample_weight,
        min(batch_size, n_rows),
        rows=rows,
        order=state.order if same_length else None,
        shuffle=bool(estimator.shuffle),
    )


def _is_over(
    estimator: Any,
    event: EpochEnd,
    schedule: Schedule,
    stopping: EarlyStopping,
    state: TrainingState,
) -> bool:
    """At a plateau, let the schedule lower the rate; return True if it ends there."""
    assert event.learning_rate is not None
    base_rate = schedule.after_plateau(event.learning_rate)
    if base_rate is not None:
        state.base_rate = base_rate
        stopping.n_epochs_no_change = 0
    if estimator.verbose:
        what = "Training loss" if stopping.score is None else "Validation score"
        then = (
            "Stopping."
            if base_rate is None
            else f"Setting learning rate to {base_rate:g}."
        )
        print(
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs. {then}"
        )
    return base_rate is None


# ---------------------------------------------------------------------------- messages


def _print_epoch(
    estimator: Any, event: EpochEnd, stopping: EarlyStopping | None = None
) -> None:
    if not estimator.verbose:
        return
    line = f"Iteration {event.epoch}, loss = {event.loss:.8f}"
    if stopping is not None and stopping.score is not None:
        line += f", validation score = {stopping.scores[-1]:.6f}"
    print(line, flush=True)


def _divergence_advice(estimator: Any) -> str:
    scale = "Scale the features, for example with StandardScaler in a Pipeline"
    if estimator.solver == "lbfgs":
        return f"{scale}."
    return f"{scale}, or lower learning_rate_init={estimator.learning_rate_init}."


def _warn_of_divergence(estimator: Any, scores: list[float]) -> None:
    n_bad = sum(math.isnan(score) for score in scores)
    if n_bad:
        _warn(
            f"The training diverged: in {n_bad} of {len(scores)} epochs the network's "
            "predictions were not finite. The best weights from before were put back. "
            f"{_divergence_advice(estimator)}",
            ConvergenceWarning,
        )


def _warn_of_interruption() -> None:
    _warn(
        "Training interrupted by user. The estimator keeps what it has learnt so far."
    )


def _warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called the estimator."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
