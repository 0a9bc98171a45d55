"""Warnings about training that has failed or diverged, with advice."""

import math

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknumpy_mlp._estimators.target_scale import (
    is_standardized,
    loss_of_constant,
    unusual_scale,
)
from sknumpy_mlp._estimators.task import FitTask
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.run import Run
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.losses import SquaredError

# Larger features are probably not standardized.
_LARGE_FEATURES = 20.0

# Minimum relative difference from the loss of a constant; a smaller one may be chance.
_CLEARLY_WORSE = 0.2

# Approximate number of rows on which these losses are compared.
_ROWS_TO_COMPARE = 1000


# ------------------------------------------------------------------------------- advice


def divergence_advice(task: FitTask) -> str:
    """Return advice on how to prevent divergence."""
    steps = []
    if task.config.optimizer is not None:
        steps.append(f"Lower learning_rate_init={task.config.learning_rate_init}")
        steps.append("or set max_grad_norm")
    advice = [scaling_advice(task)]
    if steps:
        advice.append(f"{', '.join(steps)}.")
    return " ".join(advice)


def scaling_advice(task: FitTask) -> str:
    """Return advice on scaling the target, if its scale is unusual, or the features."""
    advice = [target_advice(task)]
    if not advice[0] or abs(task.data.X).max() > _LARGE_FEATURES:
        advice.append(
            "Scale the features, for example with "
            "sklearn.preprocessing.StandardScaler in a Pipeline."
        )
    return " ".join(advice).lstrip()


def target_advice(task: FitTask) -> str:
    """Return advice on scaling the target; empty if its scale is not unusual."""
    if not task.target.is_numeric:
        return ""
    scale = unusual_scale(task.data.y, task.data.sample_weight, task.target.loss)
    if not scale:
        return ""
    remedy = (
        "scale it to about 0 and 1, with sklearn.compose."
        "TransformedTargetRegressor(regressor, transformer=StandardScaler())"
        if is_standardized(task.target.loss)
        else "divide it by its mean, and multiply predictions by it"
    )
    return f"{scale}: {remedy}, or use TabularMLPRegressor, which does so itself."


# ----------------------------------------------------------------------------- warnings


def warn_of_target(task: FitTask, run: Run) -> None:
    """Warn if the network has not learned the target.

    With early stopping by R2, the criterion is a significantly negative R2.  Otherwise,
    it is a training loss above that of a constant prediction, if an unusual scale of
    the target is the likely reason.
    """
    is_over = run.status in ("finished", "exhausted", "stopped")
    is_applicable = task.target.is_numeric and task.expects_convergence
    if task.is_incremental or not (is_over and is_applicable) or _n_diverged(run):
        return
    advice = target_advice(task)
    if advice and not _is_worse_than_a_constant(task, run):
        advice = ""
    score = _deciding_r2(task, run)
    if score is None:
        if advice:
            warn(
                "The network has not learned the target: a constant has a smaller loss "
                f"on the training data. {advice}",
                ConvergenceWarning,
            )
        return
    n_rows = _n_effective(task.validation_data(run))
    if score < -2.0 / math.sqrt(n_rows):
        advice = advice or (
            "The features may say little about y, there may be too few training or "
            "validation samples, or the training may have been too short "
            f"({run.n_epochs} epochs)."
        )
        warn(
            "The network has not learned the target: early stopping ended with an R2 "
            f"of {score:.2g} on the validation data, whose mean would be a better "
            f"prediction. {advice}",
            ConvergenceWarning,
        )


def warn_of_divergence(task: FitTask, run: Run) -> None:
    """Warn of non-finite epochs, if earlier parameters have been restored."""
    n_bad = _n_diverged(run)
    if n_bad:
        warn(
            f"The training diverged: in {n_bad} of {run.n_epochs} epochs the network's "
            "predictions were not finite. The best weights from before were restored. "
            f"{divergence_advice(task)}",
            ConvergenceWarning,
        )


def _n_diverged(run: Run) -> int:
    """Return the number of non-finite epochs."""
    curves = [run.losses, run.validation_losses, run.validation_scores]
    return max(sum(not math.isfinite(x) for x in curve) for curve in curves)


def _deciding_r2(task: FitTask, run: Run) -> float | None:
    """Return the R2 by which early stopping has selected the network, or None.

    Losses other than the squared error are not minimized by the mean, so that good
    networks, such as those for low quantiles, may have a negative R2.
    """
    is_r2 = task.config.scoring is None or task.config.scoring == "r2"
    if not (is_r2 and isinstance(task.target.loss, SquaredError)):
        return None
    if run.best_score is not None:
        return run.best_score
    scores = [
        callback.best_score
        for callback in run.callbacks
        if isinstance(callback, EarlyStopping)
        and callback.monitor == "validation_score"
    ]
    return max(scores, default=None)


def _is_worse_than_a_constant(task: FitTask, run: Run) -> bool:
    """Return True if the training loss is worse than the best constant's."""
    rows = _training_rows(task, run)
    data = task.data.take(rows[:: max(1, len(rows) // _ROWS_TO_COMPARE)])
    y, weight = data.y.astype(np.float64), data.sample_weight
    with np.errstate(all="ignore"):
        params = run.result.astype(task.params.dtype, copy=False)
        raw = task.network.predict_raw(params, data.X).astype(np.float64)
        constant = loss_of_constant(y, weight, task.target.loss, raw.shape[1])
        loss = np.average(task.target.loss.loss_gradient(y, raw), weights=weight)
        return bool(loss - constant > _CLEARLY_WORSE * abs(constant))


def _training_rows(task: FitTask, run: Run) -> IntArray:
    """Return the training rows with positive weight."""
    rows = task.training_rows(run)
    if task.data.sample_weight is not None:
        rows = rows[task.data.sample_weight[rows] > 0.0]
    return rows


def _n_effective(data: Data) -> float:
    """Return Kish's effective sample size."""
    weight: Array | None = data.sample_weight
    if weight is None:
        return len(data.y)
    weight = weight / weight.max()
    return float(weight.sum() ** 2 / (weight**2).sum())
