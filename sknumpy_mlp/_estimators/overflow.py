"""Detection of predictions that overflow."""

import math

import numpy as np

from sknumpy_mlp._utils.typing import Array


def refuse_overflow(predicted: Array, what: str = "outputs") -> Array:
    """Return predictions; raise ValueError if one of them is infinite or NaN.

    Outputs may overflow for ordinary rows if training has nearly diverged, and for
    extreme rows with any weights.  Messages call the predictions ``what``.
    """
    # A sum needs no temporary array, and is finite only if all terms are.
    if math.isfinite(np.add.reduce(predicted, axis=None)):
        return predicted
    is_finite = np.isfinite(predicted)
    if is_finite.all():
        return predicted
    rows = np.flatnonzero(~is_finite.reshape(len(predicted), -1).all(axis=1))
    raise ValueError(
        f"The {what} of the network for {len(rows)} of {len(predicted)} samples, the "
        f"first of them X[{rows[0]}], are infinite or NaN: values of X, or the weights "
        f"in coefs_, are so large that {predicted.dtype} does not hold the results. If "
        "these samples are unlike those of the training, correct them or leave them "
        "out. If not, the training has nearly diverged: scale the features, for "
        "example with StandardScaler in a Pipeline, and the target of a regressor, "
        "with TransformedTargetRegressor, lower learning_rate_init, or set "
        "max_grad_norm, and fit again."
    )
