"""The scale of a regression target, and the loss of the best constant prediction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import Loss, Quantile


def has_scale(loss: Loss) -> bool:
    """Return True if targets of a loss may be scaled."""
    return loss.out_activation in ("identity", "exp")


def is_standardized(loss: Loss) -> bool:
    """Return True if targets are standardized, not only divided by their mean."""
    return loss.out_activation == "identity" and not loss.positive_only


@dataclass(frozen=True)
class TargetScale:
    r"""The linear scaling of a target, :math:`t = (y - m) / s`, for each output.

    Attributes
    ----------
    location, factor : ndarray of shape (n_targets,) or (1,)
        The location m and the scale s.
    low, high : ndarray of shape (n_targets,) or (1,)
        The range of the target, to which predictions are clipped.
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
    ) -> "TargetScale":
        """Fit the scaling to a target of shape (n_samples, n_targets).

        Targets of losses with the identity link are standardized.  With a log link, and
        for losses of positive targets, they are divided by their mean, so that zero is
        preserved.  With other links, such as the logistic one, they are not scaled.
        """
        if sample_weight is not None:
            counts = sample_weight > 0.0
            y, sample_weight = y[counts], sample_weight[counts]
        location, factor = np.zeros(y.shape[1]), np.ones(y.shape[1])
        if has_scale(loss):
            # Divided first, since squares of large numbers would overflow.
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
            # The spread of a constant target consists of rounding errors.
            factor[factor <= 1e-12 * largest] = 1.0
        return cls(location, factor, y.min(axis=0), y.max(axis=0))

    def transform(self, y: Array) -> Array:
        """Return the scaled target."""
        scaled: Array = (y - self.location) / self.factor
        return scaled

    def inverse(self, predicted: Array) -> Array:
        """Return predictions on the original scale, clipped to the range of the target.

        The computation is in float64, the result in the data type of ``predicted``.
        """
        y = predicted * self.factor + self.location
        y = np.clip(y, self.low, self.high)
        unscaled: Array = y.astype(predicted.dtype)
        return unscaled

    def inverse_jacobian(self, predicted: Array, jacobian: Array) -> Array:
        """Return the Jacobian of `inverse`: times s, and 0 where it clips.

        Parameters
        ----------
        predicted : ndarray of shape (n_rows, n_outputs)
            The argument of `inverse`.
        jacobian : ndarray of shape (n_rows, n_outputs, n_inputs)
            Its derivatives.
        """
        y = predicted * self.factor + self.location
        slope = np.where((self.low < y) & (y < self.high), self.factor, 0.0)
        scaled: Array = jacobian * slope[:, :, np.newaxis]
        return scaled


# Scales within this factor of the usual ones (mean 0 and standard deviation 1, or mean
# 1 for targets that are only divided) are not reported.
_NEAR = 10.0

# Approximate number of rows from which the scale is estimated.
_ROWS_TO_INSPECT = 10_000


def unusual_scale(y: Array, sample_weight: Array | None, loss: Loss) -> str:
    """Describe the scale of a target, if it impedes training.

    Initial outputs are around 0 with a spread of about 1, and change in proportion to
    the learning rate: large targets need many steps, and for tiny ones the initial
    errors dominate.  With a log link, initial predictions are around 1.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_targets)
        The target.
    sample_weight : ndarray of shape (n_samples,) or None
        Sample weights.
    loss : Loss
        The loss, whose link determines the usual scale.

    Returns
    -------
    scale : str
        A description of the first output of an unusual scale: its mean and standard
        deviation, or only its mean if it should be divided by it.  An empty string if
        there is none.
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

    The candidates are the mean and the quantiles of the loss (by default, the median).
    One of them is optimal for each loss of this package.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_targets)
        The target.
    sample_weight : ndarray of shape (n_samples,) or None
        Sample weights.
    loss : Loss
        The loss, with an identity link or a log link.
    n_outputs : int
        Number of raw outputs.

    Returns
    -------
    mean_loss : float
        The loss, or NaN if the number of outputs differs from that of the targets.
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
    """Return the rows with positive weight, and their weights, in float64."""
    if sample_weight is None:
        return y.astype(np.float64), np.ones(len(y))
    counts = sample_weight > 0.0
    return y[counts].astype(np.float64), sample_weight[counts].astype(np.float64)


def _quantiles(y: Array, weight: Array, levels: Sequence[float]) -> Array:
    """Return weighted quantiles of shape (n_levels, n_targets)."""
    quantiles = np.empty((len(levels), y.shape[1]))
    for k, column in enumerate(y.T):
        order = column.argsort()
        reached = weight[order].cumsum()
        at = np.searchsorted(reached, np.array(levels) * reached[-1])
        quantiles[:, k] = column[order[at]]
    return quantiles
