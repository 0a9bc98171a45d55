"""The scale of a regression target, and the constant that predicts it best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import Loss, Quantile


def has_scale(loss: Loss) -> bool:
    """Return whether targets of a loss may be scaled."""
    return loss.out_activation in ("identity", "exp")


def is_standardized(loss: Loss) -> bool:
    """Return whether they may be shifted too; others are divided by their mean."""
    return loss.out_activation == "identity" and not loss.positive_only


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

        Targets of losses with the identity as their link are standardized.  Under a
        logarithmic link, and for losses of positive targets, they are divided by their
        mean, since zero has to stay where it is.  Under other links, such as that of
        shares, they stay as they are.
        """
        if sample_weight is not None:
            counts = sample_weight > 0.0
            y, sample_weight = y[counts], sample_weight[counts]
        location, factor = np.zeros(y.shape[1]), np.ones(y.shape[1])
        if scales and has_scale(loss):
            # Divided first, so that the squares of large numbers do not overflow.
            largest = np.abs(y).max(axis=0)
            largest[largest == 0.0] = 1.0
            mean = np.average(y / largest, axis=0, weights=sample_weight)
            if is_standardized(loss):
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


# A target is near to mean 0 and standard deviation 1, or to mean 1 if it is only to be
# divided, if it is within this factor.
_NEAR = 10.0

# So many rows say enough of a scale.
_ROWS_TO_INSPECT = 10_000


def unusual_scale(y: Array, sample_weight: Array | None, loss: Loss) -> str:
    """Say what scale a target has, if it is one that networks learn badly.

    Outputs begin around 0 with a spread of about 1, and move by steps of the learning
    rate: a target of large numbers takes as many steps as it is large, and against a
    tiny one the first outputs are errors that hide it.  Under a logarithmic link, the
    first predictions are around 1.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_targets)
        The target.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    loss : Loss
        The loss, whose link says which scale is usual.

    Returns
    -------
    scale : str
        Mean and standard deviation of the first column that has such a scale, or the
        mean alone if it is what matters, and nothing if none has.
    """
    if not has_scale(loss):
        return ""
    y, weight = _rows_with_weight(y, sample_weight)
    step = max(1, len(y) // _ROWS_TO_INSPECT)
    y, weight = y[::step], weight[::step]
    for k, column in enumerate(y.T):
        # Divided first, so that the squares of large numbers do not overflow.
        largest = np.abs(column).max(initial=0.0) or 1.0
        shares = column / largest
        share = np.average(shares, weights=weight)
        spread = np.sqrt(np.average((shares - share) ** 2, weights=weight)) * largest
        mean = share * largest
        if spread <= 1e-12 * largest:  # a constant
            continue
        name = "y" if y.shape[1] == 1 else f"Column {k} of y"
        if not is_standardized(loss):
            if not 1.0 / _NEAR <= mean <= _NEAR:
                return f"{name} has a mean of {mean:.2g}"
        elif not 1.0 / _NEAR <= spread <= _NEAR or abs(mean) > _NEAR * spread:
            return (
                f"{name} has a mean of {mean:.2g} and a standard deviation of "
                f"{spread:.2g}"
            )
    return ""


def loss_of_constant(
    y: Array, sample_weight: Array | None, loss: Loss, n_outputs: int
) -> float:
    """Return the mean loss of the best constant prediction.

    Of the mean and the quantiles (the median, if the loss has no levels), which are
    the best constants for the losses of this package; of a custom loss, about.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_targets)
        The target.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    loss : Loss
        The loss, with the identity or the logarithm as its link.
    n_outputs : int
        Number of raw outputs.

    Returns
    -------
    mean_loss : float
        The loss, or NaN if the outputs are not predictions of the targets.
    """
    y, weight = _rows_with_weight(y, sample_weight)
    constants = [np.average(y, axis=0, weights=weight)]
    levels = loss.levels if isinstance(loss, Quantile) else (0.5,)
    constants.append(_quantiles(y, weight, levels).ravel())
    losses = []
    for constant in constants:
        if constant.size != n_outputs:
            continue
        with np.errstate(all="ignore"):
            raw = np.log(constant) if loss.out_activation == "exp" else constant
            rows = loss.loss_gradient(y, np.tile(raw, (len(y), 1)))
        losses.append(float(np.average(rows, weights=weight)))
    return float(np.nanmin(losses)) if losses else np.nan


def _rows_with_weight(y: Array, sample_weight: Array | None) -> tuple[Array, Array]:
    """Return the rows whose weight is not zero, and their weights, in float64."""
    if sample_weight is None:
        return y.astype(np.float64), np.ones(len(y))
    counts = sample_weight > 0.0
    return y[counts].astype(np.float64), sample_weight[counts].astype(np.float64)


def _quantiles(y: Array, weight: Array, levels: Sequence[float]) -> Array:
    """Return weighted quantiles, shape (n_levels, n_targets)."""
    quantiles = np.empty((len(levels), y.shape[1]))
    for k, column in enumerate(y.T):
        order = column.argsort()
        reached = weight[order].cumsum()
        at = np.searchsorted(reached, np.array(levels) * reached[-1])
        quantiles[:, k] = column[order[at]]
    return quantiles
