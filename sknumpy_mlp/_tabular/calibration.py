"""Calibration: temperature scaling and conformal residuals."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import LogLoss

# Standard deviation of the prior of the log temperature, against overconfidence after a
# few rows that are predicted correctly by chance.
_PRIOR = 0.5

# Bound on the log temperature: temperatures are between 1/20 and 20.
_BOUND = 3.0


def best_temperature(raw: Array, data: Data) -> float:
    r"""Return the temperature that minimizes the log loss of logits.

    .. math:: \hat u = \arg\min_u \sum_i s_i\, \ell(y_i, raw_i\, e^{-u})
              + \frac{u^2}{2 \sigma^2}, \qquad T = e^{\hat u}

    with the log loss :math:`\ell`, weights of mean one, and a normal prior of the log
    temperature with standard deviation :math:`\sigma = 1/2`.

    Parameters
    ----------
    raw : ndarray of shape (n_rows, n_outputs)
        The logits.
    data : Data
        The targets and weights.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural
    Networks", ICML 2017, arXiv:1706.04599.
    """
    loss = LogLoss().for_target(multinomial=data.y.ndim == 1)
    raw = raw.astype(np.float64)
    weight = np.ones(len(raw)) if data.sample_weight is None else data.sample_weight
    weight = weight / weight.mean(dtype=np.float64)

    def value(u: float) -> float:
        losses = loss.loss_gradient(data.y, raw * math.exp(-u))
        return float(weight @ losses) + u**2 / (2.0 * _PRIOR**2)

    with np.errstate(over="ignore"):
        found = minimize_scalar(value, bounds=(-_BOUND, _BOUND), method="bounded")
    return math.exp(float(found.x))


@dataclass(frozen=True)
class ConformalResiduals:
    """Sorted residuals on rows that a network was not trained on.

    Attributes
    ----------
    values : ndarray of shape (n_outputs, n_rows)
        Target minus prediction, in ascending order.  Sorted, they do not reveal the
        training targets, as residuals and predictions in the order of the rows would.
    weights : ndarray of shape (n_outputs, n_rows) or None
        The sample weights.
    """

    values: Array
    weights: Array | None

    @classmethod
    def of(cls, residuals: Array, sample_weight: Array | None) -> "ConformalResiduals":
        """Sort residuals of shape (n_rows, n_outputs)."""
        order = np.argsort(residuals.T, axis=1, kind="stable")
        values = np.take_along_axis(residuals.T, order, axis=1)
        return cls(values, None if sample_weight is None else sample_weight[order])

    def quantiles(self, coverage: float) -> Array:
        """Return the lower and upper quantiles for a coverage, shape (n_outputs, 2).

        They include the finite-sample correction of conformal prediction: an additional
        residual with the average weight and an unknown value.
        """
        n_outputs, n_rows = self.values.shape
        tail = 0.5 * (1.0 - coverage)
        ends = np.empty((n_outputs, 2))
        for k, residuals in enumerate(self.values):
            weight = np.ones(n_rows) if self.weights is None else self.weights[k]
            weight = weight / weight.mean(dtype=np.float64) / (n_rows + 1)
            for end, step in enumerate((-1, 1)):
                share = np.cumsum(weight[::step])
                # The tolerance is for rounding errors if a share equals the level.
                at = int(np.searchsorted(share, 1.0 - tail - 1e-9))
                ends[k, end] = residuals[::step][at] if at < n_rows else step * math.inf
        return ends
