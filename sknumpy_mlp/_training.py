"""Training: the objective, the loop over epochs, and L-BFGS.

The loop knows nothing of validation, patience, printing or warnings.  It is a
generator of epochs; whoever drives it looks at each `EpochEnd` and decides whether to
go on.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from sknumpy_mlp._batches import Batch, Batches
from sknumpy_mlp._network import Workspace
from sknumpy_mlp._typing import Array, IntArray
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.optimizers import Optimizer
from sknumpy_mlp.schedules import Schedule


@dataclass(frozen=True)
class EpochEnd:
    """What is known at the end of an epoch (for L-BFGS, of an iteration).

    Attributes
    ----------
    epoch : int
        Number of the epoch in this run, from 1.
    loss : float
        Mean of the objective, penalty included, over the epoch's batches.
    learning_rate : float or None
        The epoch's learning rate; None for L-BFGS.
    seconds : float
        Time since the run began.
    params : ndarray of shape (n_params,)
        The parameters, live: copy what is to be kept.
    """

    epoch: int
    loss: float
    learning_rate: float | None
    seconds: float
    params: Array


@dataclass
class TrainingState:
    """What a run must remember so that a later one can go on where it stopped.

    Attributes
    ----------
    settings : tuple
        What the training aimed at: a plateau of other settings tells nothing.
    optimizer : Optimizer or None
        The optimiser with its moments; None starts afresh.
    base_rate : float or None
        The learning rate that plateaus have left; None is the initial one.
    best_score : float
        The score that an epoch must beat to count as an improvement.
    n_epochs_no_change : int
        Epochs without an improvement, the patience used up.
    n_samples_seen : int
        Rows trained on, in all epochs.
    order : ndarray of shape (n_rows,) or None
        The current permutation of the training rows.
    holdout : tuple of two ndarrays, or None
        Rows to train on and rows held out for validation.
    validation_fraction : float or None
        The share that the hold-out was to be.
    seed : int or None
        The integer that ``stream`` was seeded with.
    stream : RandomState or None
        The random stream, kept when the estimator has an integer ``random_state``;
        other kinds of ``random_state`` go on by themselves.
    """

    settings: tuple[Any, ...] = ()
    optimizer: Optimizer | None = None
    base_rate: float | None = None
    best_score: float = -math.inf
    n_epochs_no_change: int = 0
    n_samples_seen: int = 0
    order: IntArray | None = None
    holdout: tuple[IntArray, IntArray] | None = None
    validation_fraction: float | None = None
    seed: int | None = None
    stream: np.random.RandomState | None = None

    def forget_plateau(self) -> None:
        """Start afresh with the full rate, no best score and all patience."""
        self.base_rate = None
        self.best_score = -math.inf
        self.n_epochs_no_change = 0


def objective(
    workspace: Workspace,
    loss: Loss,
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    alpha: float,
) -> tuple[float, float]:
    r"""Evaluate the objective on a batch; its gradient goes to ``workspace.grad``.

    .. math::

        J = \frac{1}{S} \sum_i s_i \ell(y_i, raw_i)
            + \frac{\alpha}{2 S} \lVert W \rVert^2,
        \qquad S = \sum_i s_i

    This is the only place that scales losses, weights and the penalty.  ``alpha`` is
    divided by the weight of the *batch*, as in scikit-learn.  The penalty's part of
    the gradient, ``l2 * workspace.coefs``, is left to the caller: an optimiser adds it
    block by block, while the block is in the cache.

    Parameters
    ----------
    workspace : Workspace
        The network's parameters and memory.
    loss : Loss
        The loss.
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        Input of the batch.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets of the batch.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights :math:`s_i`, not all zero; None for ones.
    alpha : float
        Strength of the penalty on the coefficients.

    Returns
    -------
    value : float
        The objective, penalty included.
    l2 : float
        Strength of the penalty on this batch.
    """
    delta = workspace.forward(X)
    losses = loss.loss_gradient(y, delta)
    if sample_weight is None:
        total_weight = float(losses.shape[0])
        value = float(losses.sum()) / total_weight
        delta *= 1.0 / total_weight
    else:
        total_weight = float(sample_weight.sum())
        value = float(sample_weight @ losses) / total_weight
        delta *= (sample_weight / total_weight)[:, np.newaxis]
    workspace.backward(delta)
    l2 = alpha / total_weight
    if l2:
        value += 0.5 * l2 * float(workspace.coefs @ workspace.coefs)
    return value, l2


def train(
    workspace: Workspace,
    loss: Loss,
    schedule: Schedule,
    batches: Batches,
    state: TrainingState,
    rng: np.random.RandomState,
    *,
    alpha: float,
    learning_rate_init: float,
    max_epochs: int,
) -> Iterator[EpochEnd]:
    """Train with mini-batches; yield at the end of each epoch.

    Parameters
    ----------
    workspace : Workspace
        Network, parameters (changed in place) and memory.
    loss : Loss
        The loss.
    schedule : Schedule
        Moves the learning rate from epoch to epoch.
    batches : Batches
        The training data.
    state : TrainingState
        Optimiser and counters; changed in place.
    rng : RandomState
        Draws the order of the rows.
    alpha : float
        Strength of the penalty on the coefficients.
    learning_rate_init : float
        The base rate, as long as ``state`` has none.
    max_epochs : int
        Epochs after which the generator ends.  It also ends after an epoch that left
        parameters that are not finite: no step leads back from there.

    Yields
    ------
    event : EpochEnd
    """
    began = time.perf_counter()
    params, grad, optimizer = workspace.params, workspace.grad, state.optimizer
    assert optimizer is not None, "the caller chooses the optimiser"
    n_coefs = workspace.network.n_coefs
    for epoch in range(1, max_epochs + 1):
        base_rate = learning_rate_init if state.base_rate is None else state.base_rate
        learning_rate = base_rate * schedule.epoch_factor(state.n_samples_seen)
        summed_loss, n_rows_used = 0.0, 0
        # Overflow shows in the parameters, which are checked; NumPy need not warn.
        with np.errstate(all="ignore"):
            for X, y, sample_weight in batches.epoch(rng):
                if sample_weight is not None and not sample_weight.any():
                    continue  # no row counts: there is no objective, hence no step
                value, l2 = objective(workspace, loss, X, y, sample_weight, alpha)
                optimizer.step(params, grad, learning_rate, l2=l2, n_penalised=n_coefs)
                summed_loss += value * X.shape[0]
                n_rows_used += X.shape[0]
            mean_loss = summed_loss / n_rows_used
        state.n_samples_seen += batches.n_rows
        state.order = batches.order
        yield EpochEnd(
            epoch, mean_loss, learning_rate, time.perf_counter() - began, params
        )
        if not np.isfinite(mean_loss) and not np.isfinite(params).all():
            return


@dataclass(frozen=True)
class LBFGSResult:
    """How a run of L-BFGS ended.

    Attributes
    ----------
    n_iter : int
        Iterations done.
    n_evaluations : int
        Times the objective was evaluated.
    loss : float
        Final value of the objective.
    converged : bool
        Whether a stopping criterion was met before a limit.
    message : str
        SciPy's account of it.
    """

    n_iter: int
    n_evaluations: int
    loss: float
    converged: bool
    message: str


def minimize_lbfgs(
    workspace: Workspace,
    loss: Loss,
    batch: Batch,
    *,
    alpha: float,
    tol: float,
    max_iter: int,
    max_fun: int,
    on_iteration: Callable[[EpochEnd], None],
) -> LBFGSResult:
    """Minimise the objective on one batch with SciPy's L-BFGS-B.

    Parameters
    ----------
    workspace : Workspace
        Network, parameters (changed in place, float64) and memory.
    loss : Loss
        The loss.
    batch : tuple
        X, y and the weights.
    alpha : float
        Strength of the penalty on the coefficients.
    tol : float
        Stop when no component of the gradient exceeds it.
    max_iter, max_fun : int
        Limits on iterations and on evaluations of the objective.
    on_iteration : callable
        Told about the end of each iteration.

    Returns
    -------
    result : LBFGSResult
        After KeyboardInterrupt, which is passed on, ``workspace.params`` holds the
        parameters of the last finished iteration.
    """
    began = time.perf_counter()
    params = workspace.params
    accepted = params.copy()
    n_iter = 0

    def value_and_gradient(candidate: Array) -> tuple[float, Array]:
        np.copyto(params, candidate)
        with np.errstate(all="ignore"):
            value, l2 = objective(workspace, loss, *batch, alpha)
            gradient = workspace.grad.copy()
            gradient[: workspace.network.n_coefs] += l2 * workspace.coefs
        return value, gradient

    def report(intermediate_result: scipy.optimize.OptimizeResult) -> None:
        nonlocal n_iter
        n_iter += 1
        np.copyto(accepted, intermediate_result.x)
        seconds = time.perf_counter() - began
        on_iteration(
            EpochEnd(n_iter, float(intermediate_result.fun), None, seconds, accepted)
        )

    try:
        # Overflow shows in the result, which our caller checks.
        with np.errstate(all="ignore"):
            result = scipy.optimize.minimize(
                value_and_gradient,
                accepted.copy(),
                method="L-BFGS-B",
                jac=True,
                callback=report,
                options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol},
            )
    except KeyboardInterrupt:
        np.copyto(params, accepted)
        raise
    np.copyto(params, result.x)
    return LBFGSResult(
        n_iter=min(int(result.nit), max_iter),
        n_evaluations=int(result.nfev),
        loss=float(result.fun),
        converged=result.status == 0,
        message=str(result.message),
    )
