"""The solvers, which train the network of a fit task and return the run."""

import math
import time

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknumpy_mlp._estimators.convergence import (
    divergence_advice,
    scaling_advice,
    target_advice,
    warn_of_divergence,
    warn_of_target,
)
from sknumpy_mlp._estimators.epochs import (
    EpochController,
    callback_lifecycle,
    make_early_stopping,
)
from sknumpy_mlp._estimators.holdout import hold_out
from sknumpy_mlp._estimators.task import FitTask
from sknumpy_mlp._estimators.threads import AXPY_THREADS_FROM, limited_threads
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.lbfgs import minimize_lbfgs
from sknumpy_mlp._training.loop import train
from sknumpy_mlp._training.network import ROWS_AT_ONCE, Workspace
from sknumpy_mlp._training.run import Run, TrainingState
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import copy_with_python_numbers, deep_equal
from sknumpy_mlp._utils.warnings import warn, warn_of_interrupt
from sknumpy_mlp.optimizers import Optimizer


def solve(task: FitTask) -> Run:
    """Train with L-BFGS or a stochastic optimizer.

    Returns
    -------
    run : Run
        The completed run; `Run.result` is the trained parameter vector.

    Raises
    ------
    ValueError
        If the parameters or the loss become infinite or NaN.
    """
    optimizer = task.config.optimizer
    chooses_rows = optimizer is not None and not task.has_holdout
    assert task.context.rows is None or chooses_rows
    run = (
        _solve_lbfgs(task) if optimizer is None else _solve_stochastic(task, optimizer)
    )
    # This is the loss of the last epoch, irrelevant if earlier parameters are restored.
    loss_counts = run.status != "interrupted" and run.result is run.params
    diverged = loss_counts and not math.isfinite(run.loss)
    # No epoch had a score, so that the initial parameters would be restored.
    never_scored = (
        bool(run.losses) and run.best_score == -math.inf and run.status != "interrupted"
    )
    params = run.result.astype(task.params.dtype, copy=False)
    if diverged or never_scored or not np.isfinite(params).all():
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may contain "
            "large values and need to be preprocessed. "
            f"{divergence_advice(task)}"
        )
    return run


# ------------------------------------------------------------------------------ L-BFGS


def _solve_lbfgs(task: FitTask) -> Run:
    # Always in float64: the line search depends on small differences of the objective.
    config, data, n_samples = task.config, task.data, task.data.X.shape[0]
    params = task.params.astype(np.float64, copy=False)
    run = _begin_run(task, params, TrainingState())
    message = ""

    def count_samples() -> None:
        run.state.n_samples_seen += n_samples

    with callback_lifecycle(run):
        controller = EpochController(task, run)
        n_before = run.n_epochs
        if not n_before:  # a completed run without iterations is run again
            run.status, run.state.n_samples_seen = "running", 0
        try:
            # A checkpoint may contain a completed run.
            if run.status == "running" and n_before < run.max_epochs:
                n_rows = min(n_samples, ROWS_AT_ONCE)
                largest_product = task.network.largest_product(n_rows)
                with limited_threads(largest_product, limit_scipy=True):
                    result = minimize_lbfgs(
                        Workspace(task.network, params, n_rows),
                        task.target.loss,
                        Batches(
                            data.X, data.y, data.sample_weight, n_rows, shuffle=False
                        ),
                        alpha=config.regularization.alpha,
                        tol=config.tol,
                        max_iter=run.max_epochs,
                        max_fun=config.max_fun,
                        on_iteration=controller.epoch_end,
                        on_evaluation=count_samples,
                        n_iter_done=n_before,
                    )
                run.final_loss, message = result.loss, result.message
                if run.status == "running":
                    run.status = "finished" if result.converged else "exhausted"
            elif run.status == "running":
                run.status, message = "exhausted", "max_iter is reached"
        except KeyboardInterrupt:
            _interrupt(run)
        run.params = params
    unfinished = run.status == "exhausted" and math.isfinite(run.loss)
    if unfinished and task.expects_convergence:
        warn(
            f"lbfgs failed to converge after {run.n_epochs} iteration(s): {message}. "
            f"Increase max_iter={config.max_iter} or max_fun={config.max_fun}; "
            f"another scale may help as well. {scaling_advice(task)}",
            ConvergenceWarning,
        )
    else:
        warn_of_target(task, run)
    return run


# ---------------------------------------------------------------- stochastic gradients


def _solve_stochastic(task: FitTask, optimizer: Optimizer) -> Run:
    config = task.config
    state = _make_state(task, optimizer)
    if task.has_holdout:
        hold_out(task, state)
    run = _begin_run(task, task.params, state)
    with callback_lifecycle(run):
        controller = EpochController(task, run)
        batches = _make_batches(task, run)
        epochs = train(
            Workspace(
                task.network,
                task.params,
                batches.batch_size,
                rng=state.layer_rng,
                sparse_input=not isinstance(task.data.X, np.ndarray),
            ),
            task.target.loss,
            config.schedule,
            batches,
            state,
            run.rng,
            regularization=config.regularization,
            learning_rate_init=config.learning_rate_init,
            max_epochs=run.max_epochs,
            n_epochs_done=run.n_epochs,
            max_seconds=_seconds_left(task),
        )
        try:
            # A checkpoint may contain a completed run.
            if run.status == "running":
                network = task.network
                with limited_threads(
                    network.largest_product(batches.batch_size),
                    largest_other=network.largest_product(ROWS_AT_ONCE)
                    if run.has_validation
                    else 0,
                    limit_scipy=network.n_params > AXPY_THREADS_FROM,
                    max_threads=task.context.n_threads,
                ):
                    for event in epochs:
                        if controller.epoch_end(event):
                            break
            if run.status == "running":
                run.status = "exhausted"
        except KeyboardInterrupt:
            _interrupt(run)
    unfinished = run.status == "exhausted" and not (
        task.is_incremental
        or config.schedule.needs_horizon
        or run.n_epochs < run.max_epochs
    )
    if unfinished and task.expects_convergence:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({config.max_iter}) reached "
            "and the optimization hasn't converged yet. "
            f"{target_advice(task)}".rstrip(),
            ConvergenceWarning,
        )
    else:
        warn_of_target(task, run)
    if run.result is not run.params and run.best_score != -math.inf:
        warn_of_divergence(task, run)  # otherwise `solve` raises
    return run


def _make_state(task: FitTask, optimizer: Optimizer) -> TrainingState:
    """Return the state of the previous run, where it is still valid, or a new one."""
    state = TrainingState() if task.state is None else task.state
    settings = (*task.config.plateau_settings, task.target.loss, task.network)
    if not deep_equal(state.settings, settings):
        state.settings = settings
        state.reset_plateau()
    # Moments are only valid for the same optimizer with the same hyperparameters.
    initial = state.initial_optimizer
    if (
        state.optimizer is None
        or initial is None
        or not initial.same_settings(optimizer)
    ):
        state.initial_optimizer = optimizer
        state.optimizer = copy_with_python_numbers(optimizer)
        state.optimizer.init(task.params)
        state.reset_plateau()
    with np.errstate(over="ignore"):
        moments = tuple(
            moment.astype(task.params.dtype, copy=False)
            for moment in state.optimizer.moments
        )
    if all(np.isfinite(moment).all() for moment in moments):
        state.optimizer.moments = moments
    else:  # moments in float64 that overflow in float32
        state.optimizer.init(task.params)
    seed = task.config.seed
    state.seed, state.stream = seed, None if seed is None else task.rng
    if not any(layer.is_random for layer in task.network.layers):
        state.layer_rng = None
    elif state.layer_rng is None:
        noise_seed = task.rng.randint(2**32, size=4, dtype=np.uint32)
        # SFC64 is the fastest of NumPy's bit generators.
        state.layer_rng = np.random.Generator(np.random.SFC64(noise_seed))
    return state


def _make_batches(task: FitTask, run: Run) -> Batches:
    data, config = task.data, task.config
    assert run.state.holdout is not None or not task.has_holdout
    is_all = not task.has_holdout and task.context.rows is None
    rows = None if is_all else task.training_rows(run)
    n_rows = data.X.shape[0] if rows is None else len(rows)
    batch_size = 200 if config.batch_size is None else config.batch_size
    if (
        config.batch_size is not None
        and batch_size > n_rows
        and not task.is_incremental
    ):
        warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to "
            f"be clipped from {batch_size} to {n_rows}."
        )
    order = run.state.order
    return Batches(
        data.X,
        data.y,
        data.sample_weight,
        min(batch_size, n_rows),
        rows=rows,
        order=order if order is not None and len(order) == n_rows else None,
        shuffle=config.shuffle,
    )


# Number of rows whose prediction is timed to estimate the time of the validation.
_ROWS_TO_TIME = 1024


def _seconds_left(task: FitTask) -> float:
    """Return the time until the deadline, minus the time of the final validation.

    The validation data is predicted after the last epoch, and may be predicted again in
    float64, which takes more than twice as long.
    """
    if task.context.deadline == math.inf:
        return math.inf
    seconds = 0.0
    if task.validation is not None:
        X = task.validation.X
        some = X[:_ROWS_TO_TIME]
        began = time.perf_counter()
        task.network.predict_raw(task.params, some)
        seconds = 3.5 * (time.perf_counter() - began) * len(X) / len(some)
    return max(task.context.deadline - seconds - time.time(), 1e-3)


# ----------------------------------------------------------------------------- the run


def _begin_run(task: FitTask, params: Array, state: TrainingState) -> Run:
    """Return the run of a task, with early stopping as part of its state."""
    state.early_stopping = make_early_stopping(task, state.early_stopping)
    return Run(
        params=params,
        state=state,
        rng=task.rng,
        max_epochs=task.max_epochs,
        has_validation=task.validation is not None or task.has_holdout,
        compute_fingerprint=task.compute_fingerprint,
        callbacks=task.callbacks,
        n_samples_before=state.n_samples_seen,
        member=task.context.member,
    )


def _interrupt(run: Run) -> None:
    run.status = "interrupted"
    run.drop_partial_epoch()
    warn_of_interrupt()
