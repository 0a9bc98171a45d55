"""Scores of predictions: accuracy, R2, and D2 for several quantiles."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, d2_pinball_score, r2_score

from sknumpy_mlp._inputs.sample_weights import check_sample_weight
from sknumpy_mlp._inputs.targets import read_target
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import (
    Loss,
    Quantile,
)


def classification_score(y: Any, y_pred: Any, sample_weight: Any) -> float:
    """Return the accuracy."""
    y = read_target(y, "y", numeric=False)
    weight = _check_score_weight(sample_weight, y_pred)
    # scikit-learn casts labels to test whether they are integers.
    with np.errstate(invalid="ignore"):
        return float(accuracy_score(y, y_pred, sample_weight=weight))


def regression_score(loss: Loss, y: Any, y_pred: Array, sample_weight: Any) -> float:
    """Return R2 or, for several quantiles, the mean of their D2 pinball scores."""
    # In float32, squares of numbers above 1e19 overflow.  In float64, only those of
    # extremely wrong predictions may, for which -inf is the correct score.
    y = read_target(y, "y", numeric=True)
    y_pred = y_pred.astype(np.float64)
    weight = _check_score_weight(sample_weight, y_pred)
    if weight is not None:
        # Zero times infinity would be NaN.
        y_pred[weight == 0.0] = 0.0
    # Both scores are invariant to the scale of the target.
    y = np.asarray(y)
    if y.dtype.kind in "fiu":
        size = np.abs(y.astype(np.float64)).max(initial=0.0)
        if 1e100 < size < np.inf:
            y, y_pred = y / size, y_pred / size
    with np.errstate(over="ignore"):
        if isinstance(loss, Quantile) and len(loss.levels) > 1:
            scores = [
                d2_pinball_score(y, y_pred[:, k], sample_weight=weight, alpha=level)
                for k, level in enumerate(loss.levels)
            ]
            return float(np.mean(scores))
        return float(r2_score(y, y_pred, sample_weight=weight))


def _check_score_weight(sample_weight: Any, y_pred: Any) -> Array | None:
    # In float64, independent of the data type of the labels.
    return check_sample_weight(sample_weight, np.empty((y_pred.shape[0], 0)))
