"""What rows that a network has not seen tell of its probabilities and its errors."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import LogLoss

# Standard deviation of the logarithm of a temperature before any row is seen: a few
# rows, all of them right by chance, are no reason for certainty.
_PRIOR = 0.5

# What the logarithm of a temperature may be, from 1/20 to 20.
_BOUND = 3.0


def best_temperature(raw: Array, data: Data) -> float:
    r"""Return the temperature that suits logits best.

    .. math:: \hat u = \arg\min_u \sum_i s_i\, \ell(y_i, raw_i\, e^{-u})
              + \frac{u^2}{2 \sigma^2}, \qquad T = e^{\hat u}

    with the log loss :math:`\ell`, weights of mean one, and a prior of width
    :math:`\sigma = 1/2` around no change.

    Parameters
    ----------
    raw : ndarray of shape (n_rows, n_outputs)
        Logits.
    data : Data
        The rows' targets and weights.

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
    """Residuals on rows that no network was trained on, sorted.

    Attributes
    ----------
    values : ndarray of shape (n_outputs, n_rows)
        Target minus prediction, in ascending order.  (Not in the order of the rows:
        beside the predictions they would give the targets away.)
    weights : ndarray of shape (n_outputs, n_rows) or None
        Their weights.
    """

    values: Array
    weights: Array | None

    @classmethod
    def of(cls, errors: Array, sample_weight: Array | None) -> "ConformalResiduals":
        """Sort errors of shape (n_rows, n_outputs)."""
        order = np.argsort(errors.T, axis=1, kind="stable")
        values = np.take_along_axis(errors.T, order, axis=1)
        return cls(values, None if sample_weight is None else sample_weight[order])

    def quantiles(self, coverage: float) -> Array:
        """Return ends, shape (n_outputs, 2), that hold a new error with a probability.

        The quantiles are those of the errors and a new one, of average weight, that
        may lie anywhere: the finite-sample correction of conformal prediction.
        """
        n_outputs, n_rows = self.values.shape
        tail = 0.5 * (1.0 - coverage)
        ends = np.empty((n_outputs, 2))
        for k, errors in enumerate(self.values):
            weight = np.ones(n_rows) if self.weights is None else self.weights[k]
            weight = weight / weight.mean(dtype=np.float64) / (n_rows + 1)
            for end, step in enumerate((-1, 1)):
                share = np.cumsum(weight[::step])
                # Rounding must not cost a row where the share is met exactly.
                at = int(np.searchsorted(share, 1.0 - tail - 1e-9))
                ends[k, end] = errors[::step][at] if at < n_rows else step * math.inf
        return ends
