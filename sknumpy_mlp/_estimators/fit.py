"""From an estimator's parameters and validated data to a trained parameter vector.

The solvers read the estimator and never write to it: what they find out is handed
back as an `Outcome`.
"""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknumpy_mlp._estimators.convergence import (
    divergence_advice,
    scaling_advice,
    target_advice,
    warn_of_divergence,
    warn_of_target,
)
from sknumpy_mlp._estimators.epochs import Conductor, Job, told
from sknumpy_mlp._estimators.threads import limited_threads
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.loop import (
    Regularization,
    Run,
    TrainingState,
    minimize_lbfgs,
    train,
)
from sknumpy_mlp._training.network import ROWS_AT_ONCE, Workspace
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import alike, copy_of
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.layers import Dropout
from sknumpy_mlp.optimizers import OPTIMIZERS, SGD, Optimizer
from sknumpy_mlp.schedules import SCHEDULES, SGD_SCHEDULES, Constant, Schedule


@dataclass(frozen=True)
class Outcome:
    """What a solver hands back; the estimator stores all of it or nothing.

    ``params`` are those to keep; ``best_score`` is their score if they are the best
    of several epochs.
    """

    run: Run
    params: Array
    n_iter: int
    n_samples_seen: int
    loss: float
    best_score: float | None = None
    state: TrainingState | None = None


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
    run = outcome.run
    # Where the best epoch was put back, the loss is that of the last, not kept one.
    loss_counts = run.status != "interrupted" and run.result is run.params
    diverged = loss_counts and not math.isfinite(outcome.loss)
    # No epoch had a score: what would be put back is what the training began with.
    never_scored = (
        bool(run.losses)
        and outcome.best_score == -math.inf
        and run.status != "interrupted"
    )
    if diverged or never_scored or not np.isfinite(outcome.params).all():
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may contain "
            "large values and need to be preprocessed. "
            f"{divergence_advice(estimator, job)}"
        )
    return outcome


# ------------------------------------------------------------------------------ L-BFGS


def _solve_lbfgs(estimator: Any, job: Job) -> Outcome:
    # The line search compares values of the objective to the last digits, so this
    # runs in float64 whatever the data's type.
    data, n_samples = job.data, job.data.X.shape[0]
    params = job.params.astype(np.float64, copy=False)
    run = _make_run(estimator, job, params)
    converged, message = False, ""

    def count_samples() -> None:
        run.state.n_samples_seen += n_samples

    with told(run):
        run.load_callback_states()
        conductor = Conductor(estimator, job, run)
        n_before = run.n_epochs
        if not n_before:  # a checkpoint of no iteration: what ended it will end this
            run.status, run.state.n_samples_seen = "running", 0
        try:
            # A checkpoint may have brought a run that is over.
            if run.status == "running" and n_before < run.max_epochs:
                n_rows = min(n_samples, ROWS_AT_ONCE)
                largest_product = job.network.largest_product(n_rows)
                with limited_threads(largest_product, limit_scipy=True):
                    result = minimize_lbfgs(
                        Workspace(job.network, params, n_rows),
                        job.loss,
                        Batches(
                            data.X, data.y, data.sample_weight, n_rows, shuffle=False
                        ),
                        alpha=float(estimator.alpha),
                        tol=float(estimator.tol),
                        max_iter=run.max_epochs,
                        max_fun=int(estimator.max_fun),
                        on_iteration=conductor.epoch_end,
                        on_evaluation=count_samples,
                        n_iter_done=n_before,
                    )
                converged, message = result.converged, result.message
                if run.status == "running":
                    run.status = "finished" if converged else "exhausted"
                loss, n_iter = result.loss, result.n_iter
            else:
                loss, n_iter = run.losses[-1], n_before
                if run.status == "running":
                    run.status, message = "exhausted", "max_iter is reached"
        except KeyboardInterrupt:
            _interrupt(run)
            n_iter = run.n_epochs
            loss = run.losses[-1] if run.losses else math.nan
        run.params = params
    unfinished = run.status == "exhausted" and math.isfinite(loss)
    if unfinished and estimator._convergence_matters:
        warn(
            f"lbfgs failed to converge after {n_iter} iteration(s): {message}. "
            f"Increase max_iter={estimator.max_iter} or max_fun={estimator.max_fun}; "
            f"another scale may help as well. {scaling_advice(estimator, job)}",
            ConvergenceWarning,
        )
    else:
        warn_of_target(estimator, job, run, conductor.best_score)
    return Outcome(
        run=run,
        params=run.result.astype(job.params.dtype, copy=False),
        n_iter=n_iter,
        n_samples_seen=run.state.n_samples_seen,
        loss=loss,
        best_score=conductor.best_score,
    )


# ---------------------------------------------------------------- stochastic gradients


def _solve_stochastic(estimator: Any, job: Job) -> Outcome:
    schedule = make_schedule(estimator)
    state = _make_state(estimator, job, schedule)
    n_samples_before = state.n_samples_seen
    holds_out = job.validation is None and estimator.early_stopping
    if holds_out:
        _hold_out(estimator, job, state)
    run = _make_run(estimator, job, job.params, state)
    with told(run):
        run.load_callback_states()
        conductor = Conductor(estimator, job, run, schedule)
        rows = state.holdout[0] if holds_out and state.holdout else None
        batches = _make_batches(estimator, job, state, rows)
        epochs = train(
            Workspace(
                job.network,
                job.params,
                batches.batch_size,
                rng=state.noise,
                sparse_input=not isinstance(job.data.X, np.ndarray),
            ),
            job.loss,
            schedule,
            batches,
            state,
            run.rng,
            regularization=_make_regularization(estimator),
            learning_rate_init=float(estimator.learning_rate_init),
            max_epochs=run.max_epochs,
            n_epochs_done=run.n_epochs,
            max_seconds=job.max_seconds,
        )
        try:
            # A checkpoint may have brought a run that is over.
            if run.status == "running":
                n_rows = batches.batch_size
                if run.has_validation:
                    n_rows = max(n_rows, ROWS_AT_ONCE)
                largest_product = job.network.largest_product(n_rows)
                with limited_threads(largest_product, most=job.n_threads):
                    for event in epochs:
                        if conductor.epoch_end(event):
                            break
            if run.status == "running":
                run.status = "exhausted"
        except KeyboardInterrupt:
            _interrupt(run)
    unfinished = run.status == "exhausted" and not (
        job.incremental or schedule.needs_horizon or run.n_epochs < run.max_epochs
    )
    if unfinished and estimator._convergence_matters:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached "
            "and the optimization hasn't converged yet. "
            f"{target_advice(estimator, job)}".rstrip(),
            ConvergenceWarning,
        )
    else:
        warn_of_target(estimator, job, run, conductor.best_score)
    if run.result is not run.params:
        if not np.array_equal(run.result, run.params):
            # Moments and patience belong to the last epoch, not to the one put back.
            state.optimizer = None
            state.forget_plateau()
        if conductor.best_score != -math.inf:  # or it raises
            warn_of_divergence(estimator, job, run)
    return Outcome(
        run=run,
        params=run.result,
        n_iter=run.n_epochs,
        n_samples_seen=state.n_samples_seen - n_samples_before,
        loss=run.losses[-1] if run.losses else math.nan,
        best_score=conductor.best_score,
        state=state,
    )


def make_from_parameters(cls: Any, estimator: Any) -> Any:
    """Make an optimiser or a schedule from the estimator's parameters."""
    values = {name: getattr(estimator, of) for name, of in cls.parameters.items()}
    return copy_of(cls(**values))


def make_schedule(estimator: Any) -> Schedule:
    """Return the learning rate's schedule, a copy of the user's or by its name."""
    given = estimator.learning_rate
    if isinstance(given, Schedule):
        schedule: Schedule = copy_of(given)
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
    schedule = make_from_parameters(SCHEDULES[given], estimator)
    return schedule


def _make_optimizer(estimator: Any) -> Optimizer:
    given = estimator.solver
    optimizer: Optimizer = (
        copy_of(given)
        if isinstance(given, Optimizer)
        else make_from_parameters(OPTIMIZERS[given], estimator)
    )
    return optimizer


def _make_regularization(estimator: Any) -> Regularization:
    bound = estimator.max_grad_norm
    return Regularization(
        alpha=float(estimator.alpha),
        weight_decay=float(estimator.weight_decay),
        decay_schedule=estimator._decay_schedule(),
        max_grad_norm=None if bound is None else float(bound),
    )


def _make_state(estimator: Any, job: Job, schedule: Schedule) -> TrainingState:
    """Go on from the earlier state as far as it applies, or begin one."""
    state = TrainingState() if job.state is None else job.state
    settings = (
        schedule,
        estimator.learning_rate_init,
        _make_regularization(estimator),
        estimator.early_stopping,
        # An object could not be told from its copy, and may be large: its name will do.
        getattr(estimator.scoring, "__qualname__", str(estimator.scoring)),
        job.loss,
        job.network,
    )
    if not alike(state.settings, settings):
        state.settings = settings
        state.forget_plateau()
    # Moments are of use only to the same optimiser with the same constants.
    optimizer = _make_optimizer(estimator)
    as_given = state.optimizer_as_given
    if (
        state.optimizer is None
        or as_given is None
        or not as_given.same_settings(optimizer)
    ):
        state.optimizer_as_given = copy_of(optimizer)
        optimizer.init(job.params)
        state.optimizer = optimizer
        state.forget_plateau()
    with np.errstate(over="ignore"):
        moments = tuple(
            moment.astype(job.params.dtype, copy=False)
            for moment in state.optimizer.moments
        )
    if all(np.isfinite(moment).all() for moment in moments):
        state.optimizer.moments = moments
    else:  # of a training in float64, and too large for float32
        state.optimizer.init(job.params)
    if isinstance(estimator.random_state, Integral):
        state.seed, state.stream = int(estimator.random_state), job.rng
    else:
        state.seed = state.stream = None
    if not any(isinstance(layer, Dropout) for layer in job.network.layers):
        state.noise = None
    elif state.noise is None:
        seed = job.rng.randint(2**32, size=4, dtype=np.uint32)
        # The fastest of NumPy's bit generators.
        state.noise = np.random.Generator(np.random.SFC64(seed))
    return state


def _hold_out(estimator: Any, job: Job, state: TrainingState) -> None:
    """Set rows aside for validation, the earlier ones if they fit."""
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
                "sample_weight (times class_weight) of zero. Remove samples of weight "
                "zero, or set early_stopping=False."
            )


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
            f"{n_samples} samples aside: {error} Change validation_fraction, pass "
            "X_val and y_val, or set early_stopping=False."
        ) from error
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the "
            f"size of your dataset: validation_fraction={fraction} of {n_samples} "
            f"samples leaves {len(held_out)}, and at least 2 are needed."
        )
    return rows, held_out


def _make_batches(
    estimator: Any, job: Job, state: TrainingState, rows: IntArray | None
) -> Batches:
    data = job.data
    n_rows = data.X.shape[0] if rows is None else len(rows)
    batch_size = 200 if estimator.batch_size == "auto" else int(estimator.batch_size)
    if estimator.batch_size != "auto" and batch_size > n_rows and not job.incremental:
        warn(
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


# ----------------------------------------------------------------------------- the run


def _make_run(
    estimator: Any, job: Job, params: Array, state: TrainingState | None = None
) -> Run:
    holds_out = state is not None and estimator.early_stopping
    return Run(
        params=params,
        state=TrainingState() if state is None else state,
        rng=job.rng,
        max_epochs=1 if job.incremental else int(estimator.max_iter),
        has_validation=job.validation is not None or holds_out,
        compute_fingerprint=job.identify,
        callbacks=job.callbacks,
        member=job.member,
    )


# ------------------------------------------------------------------------ interruption


def _interrupt(run: Run) -> None:
    run.status = "interrupted"
    run.drop_torn_epoch()
    warn("Training interrupted by user. The estimator keeps what it has learnt so far.")
