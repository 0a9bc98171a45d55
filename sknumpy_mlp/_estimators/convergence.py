"""Messages about a training that has not succeeded: what is wrong, and the way out."""

import math
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknumpy_mlp._estimators.epochs import Job
from sknumpy_mlp._estimators.target_scale import (
    is_standardised,
    loss_of_constant,
    unusual_scale,
)
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.run import Run
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.losses import SquaredError

# Standardized features are hardly ever as large.
_LARGE_FEATURES = 20.0

# By this share the loss must exceed that of a constant; less may be chance.
_CLEARLY_WORSE = 0.2

# The loss is compared on about so many rows.
_ROWS_TO_COMPARE = 1000


# ------------------------------------------------------------------- what is to be done


def divergence_advice(estimator: Any, job: Job) -> str:
    """Return what to do about a training that diverges."""
    steps = []
    if estimator.solver != "lbfgs":
        steps.append(f"Lower learning_rate_init={estimator.learning_rate_init}")
        steps.append("or set max_grad_norm")
    advice = [scaling_advice(estimator, job)]
    if steps:
        advice.append(f"{', '.join(steps)}.")
    return " ".join(advice)


def scaling_advice(estimator: Any, job: Job) -> str:
    """Return what to scale: the target, if its scale is unusual, or the features."""
    advice = [target_advice(estimator, job)]
    if not advice[0] or abs(job.data.X).max() > _LARGE_FEATURES:
        advice.append(
            "Scale the features, for example with "
            "sklearn.preprocessing.StandardScaler in a Pipeline."
        )
    return " ".join(advice).lstrip()


def target_advice(estimator: Any, job: Job) -> str:
    """Return what to do about a target of an unusual scale, or nothing."""
    if not estimator._numeric_target:
        return ""
    scale = unusual_scale(job.data.y, job.data.sample_weight, job.loss)
    if not scale:
        return ""
    remedy = (
        "scale it to about 0 and 1, with sklearn.compose."
        "TransformedTargetRegressor(regressor, transformer=StandardScaler())"
        if is_standardised(job.loss)
        else "divide it by its mean, and multiply predictions by it"
    )
    return f"{scale}: {remedy}, or use TabularMLPRegressor, which does so itself."


# ----------------------------------------------------------------------------- warnings


def warn_of_target(
    estimator: Any, job: Job, run: Run, best_score: float | None
) -> None:
    """Warn of a network that has not learned the target.

    Where early stopping has chosen the network by R2, an R2 that is negative and not
    by chance says so.  Elsewhere the training loss does, if it is larger than that of
    a constant and the scale of the target is the likely reason.
    """
    is_over = run.status in ("finished", "exhausted", "stopped")
    has_verdict = estimator._numeric_target and estimator._convergence_matters
    if job.incremental or not (is_over and has_verdict) or _n_diverged(run):
        return
    advice = target_advice(estimator, job)
    if advice and not _is_worse_than_a_constant(job, run):
        advice = ""
    score = _deciding_r2(estimator, job, run, best_score)
    if score is None:
        if advice:
            warn(
                "The network has not learned the target: a constant has a smaller loss "
                f"on the training data. {advice}",
                ConvergenceWarning,
            )
        return
    n_rows = _n_effective(_validation_data(job, run))
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


def warn_of_divergence(estimator: Any, job: Job, run: Run) -> None:
    """Warn of epochs that were not finite, and not kept."""
    n_bad = _n_diverged(run)
    if n_bad:
        warn(
            f"The training diverged: in {n_bad} of {run.n_epochs} epochs the network's "
            "predictions were not finite. The best weights from before were put back. "
            f"{divergence_advice(estimator, job)}",
            ConvergenceWarning,
        )


def _n_diverged(run: Run) -> int:
    """Return how many epochs were not finite."""
    curves = [run.losses, run.validation_losses, run.validation_scores]
    return max(sum(not math.isfinite(x) for x in curve) for curve in curves)


def _deciding_r2(
    estimator: Any, job: Job, run: Run, best_score: float | None
) -> float | None:
    """Return the R2 by which early stopping chose the network, if it did so.

    Other losses than the squared error are not minimized by the mean, so that good
    networks, such as those of low quantiles, may have a negative R2.
    """
    is_r2 = estimator.scoring is None or estimator.scoring == "r2"
    if not (is_r2 and isinstance(job.loss, SquaredError)):
        return None
    if best_score is not None:
        return best_score
    scores = [
        callback.best_score
        for callback in run.callbacks
        if isinstance(callback, EarlyStopping)
        and callback.monitor == "validation_score"
    ]
    return max(scores, default=None)


def _is_worse_than_a_constant(job: Job, run: Run) -> bool:
    """Compare the training loss with that of the best constant, on some rows."""
    rows = _training_rows(job, run)
    data = job.data.take(rows[:: max(1, len(rows) // _ROWS_TO_COMPARE)])
    y, weight = data.y.astype(np.float64), data.sample_weight
    with np.errstate(all="ignore"):
        params = run.result.astype(job.params.dtype, copy=False)
        raw = job.network.predict_raw(params, data.X).astype(np.float64)
        constant = loss_of_constant(y, weight, job.loss, raw.shape[1])
        loss = np.average(job.loss.loss_gradient(y, raw), weights=weight)
        return bool(loss - constant > _CLEARLY_WORSE * abs(constant))


def _training_rows(job: Job, run: Run) -> IntArray:
    """Return the rows that are not held out and have a weight."""
    rows = np.arange(len(job.data.y))
    if job.validation is None and run.has_validation:
        assert run.state.holdout is not None
        rows = run.state.holdout[0]
    if job.data.sample_weight is not None:
        rows = rows[job.data.sample_weight[rows] > 0.0]
    return rows


def _validation_data(job: Job, run: Run) -> Data:
    if job.validation is not None:
        return job.validation
    assert run.state.holdout is not None
    return job.data.take(run.state.holdout[1])


def _n_effective(data: Data) -> float:
    """Return the number of samples, or of equal ones that weigh as much (Kish)."""
    weight: Array | None = data.sample_weight
    if weight is None:
        return len(data.y)
    weight = weight / weight.max()
    return float(weight.sum() ** 2 / (weight**2).sum())
