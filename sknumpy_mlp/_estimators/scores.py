"""Scores of predictions, and the labels of a target."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, d2_pinball_score, r2_score
from sklearn.utils.multiclass import (
    unique_labels,
)

from sknumpy_mlp._inputs.checks import (
    check_sample_weight,
    read_target,
)
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import (
    Loss,
    Quantile,
)


def _classes_of(y: Any) -> NDArray[Any]:
    """Return the sorted labels of a target of a known kind."""
    if getattr(y, "ndim", None) == 1:
        # Of each label twice: of more labels than that scikit-learn warns, and it has
        # warned of them when it found out the kind.
        y = np.repeat(np.unique(y), 2)
    classes: NDArray[Any] = unique_labels(y)
    return classes


def _labels_of(y: NDArray[Any]) -> set[Any]:
    """Return labels as Python's objects, which are compared without being rounded."""
    return set(y.reshape(-1).tolist())


def classification_score(y: Any, y_pred: Any, sample_weight: Any) -> float:
    """Return the accuracy."""
    y = read_target(y, "y", numeric=False)
    weight = _check_score_weight(sample_weight, y_pred)
    # To find out whether labels are integers, scikit-learn tries to cast them.
    with np.errstate(invalid="ignore"):
        return float(accuracy_score(y, y_pred, sample_weight=weight))


def regression_score(loss: Loss, y: Any, y_pred: Array, sample_weight: Any) -> float:
    """Return R2, or for several quantiles the mean of their D2 pinball scores."""
    # float32 does not hold the squares of numbers from 1e19 on.  In float64 those of
    # hopeless predictions may be infinite: then the score is -inf, as it should be.
    y = read_target(y, "y", numeric=True)
    y_pred = y_pred.astype(np.float64)
    weight = _check_score_weight(sample_weight, y_pred)
    if weight is not None:
        # They do not count, but zero times infinity would be NaN.
        y_pred[weight == 0.0] = 0.0
    # Neither score depends on the unit of the target.
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
    # In float64, whatever the labels are.
    return check_sample_weight(sample_weight, np.empty((y_pred.shape[0], 0)))
