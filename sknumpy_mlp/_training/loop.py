"""The training loop: mini-batches, epoch by epoch.

It knows nothing of validation, patience, printing or warnings.  It is a generator of
epochs; the caller looks at each `EpochEnd` and decides whether to continue.
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
        Network, parameters (changed in place) and memory.
    loss : Loss
        The loss.
    schedule : Schedule
        Moves the learning rate.
    batches : Batches
        The training data.
    state : TrainingState
        Optimizer and counters; changed in place.
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
    assert optimizer is not None, "the caller chooses the optimizer"
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
            epoch, mean_loss, first_rate, time.perf_counter() - began, params
        )
        if not np.isfinite(mean_loss) and not np.isfinite(params).all():
            return
        if time.perf_counter() - began >= max_seconds:
            return
