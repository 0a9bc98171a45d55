"""The training loop of mini-batch gradient descent.

It is a generator that yields an `EpochEnd` after each epoch.  Validation, early
stopping, callbacks and warnings are left to the caller.
"""

import math
import time
from collections.abc import Iterator

import numpy as np

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.network import Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp._training.run import EpochEnd, TrainingState
from sknumpy_mlp._training.step import Regularization, update
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.schedules import Schedule


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
        Network, parameters (changed in place) and buffers.
    loss : Loss
        The loss.
    schedule : Schedule
        The learning-rate schedule.
    batches : Batches
        The training data.
    state : TrainingState
        Optimizer and counters; changed in place.
    rng : RandomState
        The random number generator that shuffles the rows.
    regularization : Regularization
        L2 penalty, weight decay and gradient clipping.
    learning_rate_init : float
        The base learning rate, unless ``state`` has one.
    max_epochs : int
        Maximum number of epochs.  Training also ends after an epoch with non-finite
        parameters, from which it cannot recover.
    n_epochs_done : int, default=0
        Number of epochs already done, if an interrupted run is resumed.
    max_seconds : float, default=inf
        Time limit.  Training ends when it is exceeded, even within an epoch, but after
        at least one step.  The training progress, on which learning rate, weight decay
        and dropout depend, is then the larger one of the fractions of epochs and time,
        so that schedules end with the time limit.

    Yields
    ------
    event : EpochEnd
        The result of an epoch.
    """
    began = time.perf_counter()

    def progress_at(epochs_done: float) -> float:
        seconds = time.perf_counter() - began if max_seconds < math.inf else 0.0
        return min(1.0, max(epochs_done / max_epochs, seconds / max_seconds))

    params, optimizer = workspace.params, state.optimizer
    assert optimizer is not None, "the caller sets the optimizer"
    for epoch in range(n_epochs_done + 1, max_epochs + 1):
        base_rate = learning_rate_init if state.base_rate is None else state.base_rate
        base_rate *= float(schedule.epoch_factor(state.n_samples_seen))
        summed_loss, n_rows_used, n_rows_drawn = 0.0, 0, 0
        first_rate = base_rate * float(schedule(progress_at(epoch - 1)))
        # Non-finite losses and parameters are checked below.
        with np.errstate(all="ignore"):
            for X, y, sample_weight in batches.epoch(rng):
                n_rows = X.shape[0]
                progress = progress_at(epoch - 1 + n_rows_drawn / batches.n_rows)
                if progress >= 1.0 and n_rows_used:
                    break  # the time limit is exceeded
                n_rows_drawn += n_rows
                if sample_weight is not None and not sample_weight.any():
                    continue  # the objective is undefined
                workspace.set_progress(progress)
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
            epoch,
            mean_loss,
            first_rate,
            time.perf_counter() - began,
            params,
            progress=progress_at(epoch),
        )
        if not np.isfinite(mean_loss) and not np.isfinite(params).all():
            return
        if time.perf_counter() - began >= max_seconds:
            return
