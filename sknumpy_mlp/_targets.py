"""The scale of a regression target."""

from dataclasses import dataclass

import numpy as np

from sknumpy_mlp._typing import Array
from sknumpy_mlp.losses import Loss


@dataclass(frozen=True)
class TargetScale:
    r"""A target's location and scale, :math:`t = (y - m) / s`, column by column.

    Attributes
    ----------
    location, factor : ndarray of shape (n_targets,) or (1,)
        The numbers m and s.
    low, high : ndarray of shape (n_targets,) or (1,)
        The range of the targets, to which predictions are clipped.
    """

    location: Array
    factor: Array
    low: Array
    high: Array

    @classmethod
    def fit(
        cls,
        y: Array,
        sample_weight: Array | None,
        loss: Loss,
        *,
        scales: bool = True,
        clips: bool = True,
    ) -> "TargetScale":
        """Measure a target of shape (n_samples, n_targets).

        Targets of losses with the identity as their link are standardised.  Under a
        logarithmic link, and for losses of positive targets, they are divided by their
        mean, since zero has to stay where it is.  Under other links, such as that of
        shares, they stay as they are.
        """
        if sample_weight is not None:
            counts = sample_weight > 0.0
            y, sample_weight = y[counts], sample_weight[counts]
        location, factor = np.zeros(y.shape[1]), np.ones(y.shape[1])
        if scales and loss.out_activation in ("identity", "exp"):
            # Divided first, so that the squares of large numbers do not overflow.
            largest = np.abs(y).max(axis=0)
            largest[largest == 0.0] = 1.0
            mean = np.average(y / largest, axis=0, weights=sample_weight)
            if loss.out_activation == "identity" and not loss.positive_only:
                spread = (y / largest - mean) ** 2
                factor = np.sqrt(np.average(spread, axis=0, weights=sample_weight))
                location = mean * largest
            else:
                factor = mean
            factor = factor * largest
            # A constant target leaves rounding errors behind, which are no scale.
            factor[factor <= 1e-12 * largest] = 1.0
        bound = np.inf
        low, high = np.full(y.shape[1], -bound), np.full(y.shape[1], bound)
        if clips:
            low, high = y.min(axis=0), y.max(axis=0)
        return cls(location, factor, low, high)

    def transform(self, y: Array) -> Array:
        """Return the scaled target."""
        scaled: Array = (y - self.location) / self.factor
        return scaled

    def inverse(self, predicted: Array) -> Array:
        """Return predictions on the target's own scale and within its range.

        In the type of ``predicted``, though the arithmetic is in float64.
        """
        y = predicted * self.factor + self.location
        y = np.clip(y, self.low, self.high)
        unscaled: Array = y.astype(predicted.dtype)
        return unscaled


# A target is near to mean 0 and standard deviation 1 if it is within this factor.
_NEAR = 10.0

# So many rows say enough of a scale.
_ROWS_TO_LOOK_AT = 10_000


def unusual_scale(y: Array) -> str:
    """Say what scale a target has, if it is one that networks learn badly.

    Outputs begin around 0 with a spread of about 1, and move by steps of the learning
    rate: a target of large numbers takes as many steps as it is large, and against a
    tiny one the first outputs are errors that hide it.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_targets)
        The target.

    Returns
    -------
    scale : str
        Mean and standard deviation of the first column that has such a scale, and
        nothing if none has.
    """
    some = y[:: max(1, len(y) // _ROWS_TO_LOOK_AT)].astype(np.float64)
    for k, column in enumerate(some.T):
        # Divided first, so that the squares of large numbers do not overflow.
        largest = np.abs(column).max() or 1.0
        mean = (column / largest).mean() * largest
        spread = (column / largest).std() * largest
        is_near = (
            1.0 / _NEAR <= spread <= _NEAR and abs(mean) <= _NEAR * spread
        ) or spread <= 1e-12 * largest
        if not is_near:
            name = "y" if some.shape[1] == 1 else f"Column {k} of y"
            return (
                f"{name} has a mean of {mean:.2g} and a standard deviation of "
                f"{spread:.2g}"
            )
    return ""
