"""Training: the objective, the loop over epochs, and L-BFGS.

The loop knows nothing of validation, patience, printing or warnings.  It is a
generator of epochs; whoever drives it looks at each `EpochEnd` and decides whether to
go on.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.network import Workspace
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.optimizers import Optimizer
from sknumpy_mlp.schedules import Constant, Schedule


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
        The learning rate of the epoch's first step; None for L-BFGS.
    seconds : float
        Time since the run began, in seconds.
    params : ndarray of shape (n_params,)
        The parameters, live: copy what is to be kept.
    validation_loss : float or None, default=None
        Mean loss on the validation data, without penalty; None if there is none.
    validation_score : float or None, default=None
        Score on the validation data, higher is better; None if there is none.
    member : int or None, default=None
        The network's number, from 0, if it is one of several that a tabular estimator
        trains; else None.

    Examples
    --------
    Callbacks are given one after each epoch:

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


_CONSTANT = Constant()


@dataclass(frozen=True)
class Regularization:
    r"""What holds parameters and steps back, beside the layers' own means.

    Attributes
    ----------
    alpha : float, default=0.0
        Strength of the L2 penalty on the coefficients, part of the objective.
    weight_decay : float, default=0.0
        Decoupled decay of the coefficients, see
        :meth:`sknumpy_mlp.optimizers.Optimizer.step`.
    decay_schedule : Schedule, default=Constant()
        Factor on ``weight_decay`` over the run.
    max_grad_norm : float or None, default=None
        Upper bound on the Euclidean norm of the whole gradient, penalty included; a
        longer one is scaled back to it [1]_.

    References
    ----------
    .. [1] R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training
       Recurrent Neural Networks", ICML 2013, arXiv:1211.5063.
    """

    alpha: float = 0.0
    weight_decay: float = 0.0
    decay_schedule: Schedule = _CONSTANT
    max_grad_norm: float | None = None


@dataclass
class TrainingState:
    """What a run must remember so that a later one can go on where it stopped.

    Attributes
    ----------
    settings : tuple
        What the training aimed at: a plateau of other settings tells nothing.
    optimizer : Optimizer or None
        The optimiser with its moments; None starts afresh.
    optimizer_as_given : Optimizer or None
        The optimiser as it was before it did a step.
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
    noise : Generator or None
        What random layers draw from.
    """

    settings: tuple[Any, ...] = ()
    optimizer: Optimizer | None = None
    optimizer_as_given: Optimizer | None = None
    base_rate: float | None = None
    best_score: float = -math.inf
    n_epochs_no_change: int = 0
    n_samples_seen: int = 0
    order: IntArray | None = None
    holdout: tuple[IntArray, IntArray] | None = None
    validation_fraction: float | None = None
    seed: int | None = None
    stream: np.random.RandomState | None = None
    noise: np.random.Generator | None = None

    def forget_plateau(self) -> None:
        """Start afresh with the full rate, no best score and all patience."""
        self.base_rate = None
        self.best_score = -math.inf
        self.n_epochs_no_change = 0


@dataclass
class Run:
    """A training under way: what callbacks see, and all that it takes to go on.

    Attributes
    ----------
    params : ndarray of shape (n_params,)
        The parameters, live: copy what is to be kept.
    state : TrainingState
        Optimiser, counters and random streams, live.
    rng : RandomState
        The stream that draws the order of the rows.
    max_epochs : int
        The most epochs (for L-BFGS, iterations) of the run.
    has_validation : bool
        Whether there is validation data.
    compute_fingerprint : callable
        Returns the `fingerprint`.
    callbacks : sequence of Callback
        The callbacks of the run.
    callback_states : dict of str to list of dict
        From a checkpoint: for each class of callbacks, by its `callback_key`, the
        states of its objects, see `load_callback_states`.
    losses, learning_rates : list of float
        Objective and learning rate of each epoch (no rates for L-BFGS).
    validation_losses, validation_scores : list of float
        Loss and score on the validation data after each epoch; empty without any.
    best_params : ndarray of shape (n_params,) or None
        The best parameters so far, if the estimator stops early by itself.
    kept_params : ndarray of shape (n_params,) or None
        Parameters that a callback wants to be kept at the end, instead of the best or
        the last ones.
    status : str
        "running"; at the end "finished" (by the estimator's own rules), "exhausted"
        (``max_epochs`` done), "stopped" (by a callback), "interrupted" (Ctrl-C) or
        "failed" (an exception).
    member : int or None
        The network's number, from 0, if it is one of several that a tabular estimator
        trains; else None.

    Examples
    --------
    Callbacks are given it at the beginning and at the end:

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
    best_params: Array | None = None
    kept_params: Array | None = None
    status: str = "running"
    member: int | None = None

    @property
    def n_epochs(self) -> int:
        """Number of epochs done."""
        return len(self.losses)

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """Parameters, network and data digests; they must match to resume a run."""
        return self.compute_fingerprint()

    @property
    def result(self) -> Array:
        """The parameters to keep if the run ended now."""
        if self.kept_params is not None:
            return self.kept_params
        return self.params if self.best_params is None else self.best_params

    def load_callback_states(self) -> None:
        """Hand the states in a checkpoint to the callbacks, if the run is resumed.

        Of several callbacks of one class, the first gets the first state, the second
        the second, and so on.  A callback without a state, or with an empty one, is
        left as it is.
        """
        states = {key: iter(each) for key, each in self.callback_states.items()}
        for callback in self.callbacks:
            state = next(states.get(self.callback_key(callback), iter(())), {})
            if state:
                callback.load_state_dict(state)

    @staticmethod
    def callback_key(callback: Any) -> str:
        """Return the key under which a checkpoint stores the states of a class.

        Parameters
        ----------
        callback : Callback
            An object of the class.

        Returns
        -------
        key : str
            Module and name of the class.
        """
        return f"{type(callback).__module__}.{type(callback).__qualname__}"

    def record(self, event: EpochEnd) -> None:
        """Append what an epoch brought.

        Parameters
        ----------
        event : EpochEnd
            What is known at its end.
        """
        for values, value in (
            (self.learning_rates, event.learning_rate),
            (self.validation_losses, event.validation_loss),
            (self.validation_scores, event.validation_score),
        ):
            if value is not None:
                values.append(value)
        # Last, because it is the losses that are counted: the epoch is there now.
        self.losses.append(event.loss)

    def drop_torn_epoch(self) -> None:
        """Forget what is there of an epoch in whose `record` Ctrl-C came."""
        for values in (
            self.learning_rates,
            self.validation_losses,
            self.validation_scores,
        ):
            del values[self.n_epochs :]


def objective(
    workspace: Workspace,
    loss: Loss,
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    alpha: float,
    total_weight: float | None = None,
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
    total_weight : float or None, default=None
        The divisor S; None for the sum of the weights.  With that of all rows, values
        and gradients of several batches add up to those of their union.

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
        total_weight = total_weight or float(losses.shape[0])
        value = float(losses.sum()) / total_weight
        delta *= 1.0 / total_weight
    else:
        total_weight = total_weight or float(sample_weight.sum())
        value = float(sample_weight @ losses) / total_weight
        delta *= (sample_weight / total_weight)[:, np.newaxis]
    workspace.backward(delta)
    l2 = alpha / total_weight
    if l2:
        value += 0.5 * l2 * float(workspace.coefs @ workspace.coefs)
    return value, l2


def whole_objective(
    workspace: Workspace, loss: Loss, batches: Batches, alpha: float
) -> tuple[float, Array]:
    """Evaluate the objective on all rows, batch by batch.

    Parameters
    ----------
    workspace, loss, alpha
        As for `objective`.
    batches : Batches
        All rows.

    Returns
    -------
    value : float
        The objective, penalty included.
    gradient : ndarray of shape (n_params,)
        Its gradient, penalty included.
    """
    total_weight = batches.total_weight
    value, gradient = 0.0, np.zeros_like(workspace.grad)
    for X, y, sample_weight in batches.in_order():
        # Only now in the parameters' type: a copy of all of X may not fit.
        X = X.astype(workspace.params.dtype, copy=False)
        # The penalty is that of all rows, so it goes to the first batch alone.
        batch_value, l2 = objective(
            workspace, loss, X, y, sample_weight, alpha, total_weight
        )
        value += batch_value
        gradient += workspace.grad
        if l2:
            coefs_gradient = gradient[: workspace.network.n_coefs]
            coefs_gradient += l2 * workspace.coefs
        alpha = 0.0
    return value, gradient


def update(
    workspace: Workspace,
    optimizer: Optimizer,
    learning_rate: float,
    l2: float,
    regularization: Regularization,
    progress: float = 0.0,
) -> None:
    """Do one step along the gradient that `objective` has left; destroys it.

    Parameters
    ----------
    workspace : Workspace
        Parameters (changed in place), gradient and memory.
    optimizer : Optimizer
        Makes the step.
    learning_rate : float
        The rate of this step.
    l2 : float
        Strength of the penalty on this batch.
    regularization : Regularization
        Weight decay and the bound on the gradient.
    progress : float, default=0.0
        Share of the run that is done before this step.
    """
    grad, n_coefs = workspace.grad, workspace.network.n_coefs
    if regularization.max_grad_norm is not None:
        grad[:n_coefs] += l2 * workspace.coefs
        l2 = 0.0
        clip_norm(grad, regularization.max_grad_norm)
    optimizer.step(
        workspace.params,
        grad,
        learning_rate,
        l2=l2,
        weight_decay=regularization.weight_decay
        * regularization.decay_schedule(progress),
        n_penalised=n_coefs,
        rate_factors=workspace.rate_factors,
    )
    workspace.constrain()


def clip_norm(vector: Array, max_norm: float) -> None:
    """Scale a vector in place so that its Euclidean norm is at most ``max_norm``."""
    norm = math.sqrt(float(vector @ vector))
    if norm == math.inf:
        # The squares overflow long before the numbers do.
        largest = float(np.abs(vector).max())
        if not math.isfinite(largest):
            return  # nothing can be said of its direction
        vector /= largest
        norm = math.sqrt(float(vector @ vector))
        vector *= min(max_norm / norm, largest)
    elif norm > max_norm:
        vector *= max_norm / norm


def train(
    workspace: Workspace,
    loss: Loss,
    schedule: Schedule,
    batches: Batches,
    state: TrainingState,
    rng: np.random.RandomState,
    *,
    regularization: Regularization,
    learning_rate_init: float,
    max_epochs: int,
    n_epochs_done: int = 0,
    max_seconds: float = math.inf,
) -> Iterator[EpochEnd]:
    """Train with mini-batches; yield at the end of each epoch.

    Parameters
    ----------
    workspace : Workspace
        Network, parameters (changed in place) and memory.
    loss : Loss
        The loss.
    schedule : Schedule
        Moves the learning rate.
    batches : Batches
        The training data.
    state : TrainingState
        Optimiser and counters; changed in place.
    rng : RandomState
        Draws the order of the rows.
    regularization : Regularization
        Penalty, weight decay and the bound on the gradient.
    learning_rate_init : float
        The base rate, as long as ``state`` has none.
    max_epochs : int
        Epochs after which the generator ends.  It also ends after an epoch that left
        parameters that are not finite: no step leads back from there.
    n_epochs_done : int, default=0
        Epochs of this run that were done before, if it was cut off.
    max_seconds : float, default=inf
        Time after which the generator ends, in the middle of an epoch if need be but
        after one step at least.  What goes by the share of the run that is done
        (learning rate, weight decay, dropout) counts time or epochs, whichever is
        nearer to its end, so that a short run is a whole one and not one cut off.

    Yields
    ------
    event : EpochEnd
    """
    began = time.perf_counter()

    def progress_at(epochs_done: float) -> float:
        seconds = time.perf_counter() - began if max_seconds < math.inf else 0.0
        return min(1.0, max(epochs_done / max_epochs, seconds / max_seconds))

    params, optimizer = workspace.params, state.optimizer
    assert optimizer is not None, "the caller chooses the optimiser"
    for epoch in range(n_epochs_done + 1, max_epochs + 1):
        base_rate = learning_rate_init if state.base_rate is None else state.base_rate
        base_rate *= float(schedule.epoch_factor(state.n_samples_seen))
        summed_loss, n_rows_used, n_rows_drawn = 0.0, 0, 0
        first_rate = base_rate * float(schedule(progress_at(epoch - 1)))
        # Overflow shows in the parameters, which are checked; NumPy need not warn.
        with np.errstate(all="ignore"):
            for X, y, sample_weight in batches.epoch(rng):
                n_rows = X.shape[0]
                progress = progress_at(epoch - 1 + n_rows_drawn / batches.n_rows)
                if progress >= 1.0 and n_rows_used:
                    break  # the time is over
                n_rows_drawn += n_rows
                if sample_weight is not None and not sample_weight.any():
                    continue  # no row counts: there is no objective, hence no step
                workspace.tell_progress(progress)
                value, l2 = objective(
                    workspace, loss, X, y, sample_weight, regularization.alpha
                )
                rate = base_rate * float(schedule(progress))
                update(workspace, optimizer, rate, l2, regularization, progress)
                summed_loss += value * n_rows
                n_rows_used += n_rows
            mean_loss = summed_loss / n_rows_used
        state.n_samples_seen += n_rows_drawn
        state.order = batches.order
        yield EpochEnd(
            epoch, mean_loss, first_rate, time.perf_counter() - began, params
        )
        if not np.isfinite(mean_loss) and not np.isfinite(params).all():
            return
        if time.perf_counter() - began >= max_seconds:
            return


@dataclass(frozen=True)
class LBFGSResult:
    """How a run of L-BFGS ended.

    Attributes
    ----------
    n_iter : int
        Iterations done.
    loss : float
        Final value of the objective.
    converged : bool
        Whether a stopping criterion was met before a limit.
    message : str
        SciPy's account of it.
    """

    n_iter: int
    loss: float
    converged: bool
    message: str


def minimize_lbfgs(
    workspace: Workspace,
    loss: Loss,
    batches: Batches,
    *,
    alpha: float,
    tol: float,
    max_iter: int,
    max_fun: int,
    on_iteration: Callable[[EpochEnd], bool],
    on_evaluation: Callable[[], None] = lambda: None,
    n_iter_done: int = 0,
) -> LBFGSResult:
    """Minimise the objective on all data with SciPy's L-BFGS-B.

    Parameters
    ----------
    workspace : Workspace
        Network, parameters (changed in place, float64) and memory.
    loss : Loss
        The loss.
    batches : Batches
        The data, in order.  An evaluation of the objective goes through it batch by
        batch, so that memory is bounded; only rounding depends on their size.
    alpha : float
        Strength of the penalty on the coefficients.
    tol : float
        Stop when no component of the gradient exceeds it.
    max_iter, max_fun : int
        Limits on iterations and on evaluations of the objective.
    on_iteration : callable
        Told about the end of each iteration; returns True to end the run.
    on_evaluation : callable, default=lambda: None
        Told about each evaluation of the objective.
    n_iter_done : int, default=0
        Iterations of this run that were done before, if it was cut off.

    Returns
    -------
    result : LBFGSResult
        After KeyboardInterrupt, which is passed on, ``workspace.params`` holds the
        parameters of the last finished iteration.
    """
    began = time.perf_counter()
    params = workspace.params
    accepted = params.copy()
    n_iter = n_iter_done
    handling = np.geterr()

    def value_and_gradient(candidate: Array) -> tuple[float, Array]:
        on_evaluation()
        np.copyto(params, candidate)
        return whole_objective(workspace, loss, batches, alpha)

    def report(intermediate_result: scipy.optimize.OptimizeResult) -> None:
        nonlocal n_iter
        n_iter += 1
        np.copyto(accepted, intermediate_result.x)
        seconds = time.perf_counter() - began
        loss = float(intermediate_result.fun)
        event = EpochEnd(n_iter, loss, None, seconds, accepted)
        # Silence is for our arithmetic, not for that of whoever is told.
        with np.errstate(**handling):
            is_over = on_iteration(event)
        if is_over:
            raise StopIteration

    try:
        # Overflow shows in the result, which our caller checks.
        with np.errstate(all="ignore"):
            result = scipy.optimize.minimize(
                value_and_gradient,
                accepted.copy(),
                method="L-BFGS-B",
                jac=True,
                callback=report,
                options={
                    "maxiter": max_iter - n_iter_done,
                    "maxfun": max_fun,
                    "gtol": tol,
                },
            )
    except KeyboardInterrupt:
        np.copyto(params, accepted)
        raise
    np.copyto(params, result.x)
    return LBFGSResult(
        n_iter=min(int(result.nit) + n_iter_done, max_iter),
        loss=float(result.fun),
        converged=result.status == 0,
        message=str(result.message),
    )
