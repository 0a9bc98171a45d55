"""What rows that a network has not seen tell of its probabilities and its errors."""

import math

import numpy as np
from scipy.optimize import minimize_scalar

from sknumpy_mlp._evaluation import Data
from sknumpy_mlp._typing import Array
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


def error_quantiles(
    errors: Array, sample_weight: Array | None, coverage: float
) -> Array:
    """Return the ends between which a new error lies with the given probability.

    The quantiles are those of the errors and a new one, of average weight, that may
    lie anywhere: the finite-sample correction of conformal prediction.

    Parameters
    ----------
    errors : ndarray of shape (n_rows, n_outputs)
        Errors, target minus prediction.
    sample_weight : ndarray of shape (n_rows,) or None
        Their weights.
    coverage : float
        The probability.

    Returns
    -------
    ends : ndarray of shape (n_outputs, 2)
        Lower and upper end for each output.
    """
    n_rows, n_outputs = errors.shape
    weight = np.ones(n_rows) if sample_weight is None else sample_weight
    weight = weight / weight.mean(dtype=np.float64) / (n_rows + 1)
    tail = 0.5 * (1.0 - coverage)
    ends = np.empty((n_outputs, 2))
    for k in range(n_outputs):
        for end, sign in enumerate((-1.0, 1.0)):
            outward = sign * errors[:, k]
            order = np.argsort(outward)
            share = np.cumsum(weight[order])
            # Rounding must not cost a row where the share is met exactly.
            at = int(np.searchsorted(share, 1.0 - tail - 1e-9))
            ends[k, end] = sign * (outward[order[at]] if at < n_rows else math.inf)
    return ends
