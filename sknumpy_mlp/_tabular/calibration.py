"""Calibration of probabilities."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import LINK_JACOBIANS, LogLoss

# The attributes that are fitted, the second one only with label smoothing.  Their
# logarithms have normal priors, against overconfidence after a few rows that are
# predicted correctly by chance: the mean floor is 0.001, or more for few rows.
_FITTED = ("temperature", "floor")
_FLOOR = 1e-3
_PRIOR_SCALES = np.array([0.5, 1.5])
_BOUNDS = np.log([[0.05, 20.0], [1e-9, 0.5]])

# The initial simplex of the minimization, relative to the means of the priors.
_STEPS = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 2.0]])

# If there are more logits than this, only evenly spaced rows are used.
_MAX_LOGITS = 200_000


@dataclass(frozen=True)
class Calibration:
    r"""A map from the logits of an ensemble to logits of calibrated probabilities.

    Label smoothing :math:`\epsilon` makes networks predict the probabilities
    :math:`q_k = (1 - \epsilon) p_k + \epsilon / K` instead of those of the K classes,
    :math:`p_k`.  The correction solves for :math:`p_k`, which the errors of a network
    make negative at times, and replaces it by a smooth maximum of :math:`p_k` and 0,
    which is :math:`\delta` at :math:`p_k = 0`.  Then follows temperature scaling:

    .. math::

        p_k = \frac{q_k - \epsilon / K}{1 - \epsilon}, \qquad
        raw'_k = \frac{1}{T} \log \frac{p_k + \sqrt{p_k^2 + 4 \delta^2}}{2}

    Temperature and floor minimize the log loss, given priors.  Without label smoothing,
    only the temperature is fitted: :math:`raw' = raw / T`.

    Attributes
    ----------
    temperature : float, default=1.0
        The temperature T.
    floor : float, default=0.0
        The floor :math:`\delta`; with 0, there is no correction.
    label_smoothing : float, default=0.0
        The label smoothing :math:`\epsilon` of the loss.
    is_multinomial : bool, default=True
        Whether the logits are those of mutually exclusive classes (with the softmax
        function), and not of labels (with the logistic function, so that K is 2).

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural
    Networks", ICML 2017, arXiv:1706.04599.
    """

    temperature: float = 1.0
    floor: float = 0.0
    label_smoothing: float = 0.0
    is_multinomial: bool = True

    def fitted(self, raw: Array, data: Data) -> "Calibration":
        """Return a copy with fitted temperature and floor.

        Parameters
        ----------
        raw : ndarray of shape (n_rows, n_outputs)
            The logits.
        data : Data
            The targets and weights.
        """
        loss = LogLoss().for_target(multinomial=data.y.ndim == 1)
        some = slice(None, None, math.ceil(raw.size / _MAX_LOGITS))
        raw, y = raw[some].astype(np.float64), data.y[some]
        weight = np.ones(len(raw))
        if data.sample_weight is not None and data.sample_weight[some].any():
            weight = data.sample_weight[some].astype(np.float64)
        weight = weight / weight.mean()
        smoothed = self._probabilities(raw) if self.label_smoothing else (raw,)
        n = 2 if self.label_smoothing else 1
        means = np.log([1.0, max(_FLOOR, 1.0 / (len(raw) + 2))])[:n]

        def at(logarithms: Array) -> Calibration:
            values = np.exp(logarithms).tolist()
            return replace(self, **dict(zip(_FITTED, values, strict=False)))

        def value(logarithms: Array) -> float:
            losses = loss.loss_gradient(y, at(logarithms)._calibrated(*smoothed))
            deviations = (logarithms - means) / _PRIOR_SCALES[:n]
            penalty = 0.5 * float(deviations @ deviations)
            return (float(weight @ losses) + penalty) / len(raw)

        # Not by derivatives, which are tiny if the initial floor is far too low.
        with np.errstate(over="ignore"):
            found = minimize(
                value,
                means,
                method="Nelder-Mead",
                bounds=_BOUNDS[:n],
                options={"initial_simplex": means + _STEPS[: n + 1, :n]},
            )
        return at(found.x)

    def __call__(self, raw: Array) -> Array:
        """Return calibrated logits, a new array of the shape of ``raw``."""
        return self._calibrated(*(self._probabilities(raw) if self.floor else (raw,)))

    def jacobian(self, raw: Array, jacobian: Array) -> Array:
        r"""Return the Jacobian of the calibrated logits.

        The derivative of the logarithm of the smooth maximum is

        .. math:: \frac{d}{dp} \log \frac{p + \sqrt{p^2 + 4 \delta^2}}{2}
                  = \frac{1}{\sqrt{p^2 + 4 \delta^2}}.

        Parameters
        ----------
        raw : ndarray of shape (n_rows, n_outputs)
            The logits.
        jacobian : ndarray of shape (n_rows, n_outputs, n_inputs)
            Their derivatives with respect to any inputs; it may be overwritten.
        """
        if self.floor:
            link = "softmax" if self.is_multinomial else "logistic"
            jacobian = LINK_JACOBIANS[link](raw, jacobian)  # of the probabilities
            n_classes = raw.shape[1] if self.is_multinomial else 2
            # A label's logit is a difference, of which the complement has the slope -1.
            slopes = np.zeros(raw.shape)
            for q in self._probabilities(raw):
                slopes += 1.0 / self._corrected(q, n_classes)[1]
            jacobian *= slopes[:, :, np.newaxis] / (1.0 - self.label_smoothing)
        jacobian *= 1.0 / self.temperature
        return jacobian

    def _probabilities(self, raw: Array) -> tuple[Array, ...]:
        """Return the smoothed probabilities; for labels, also their complements."""
        if self.is_multinomial:
            return (softmax(raw, axis=1),)
        return expit(raw), expit(-raw)

    def _calibrated(self, *smoothed: Array) -> Array:
        """Return calibrated logits, given smoothed probabilities or plain logits."""
        if not self.floor:
            (logits,) = smoothed
        elif self.is_multinomial:
            logits = self._log_corrected(smoothed[0], smoothed[0].shape[1])
        else:
            logits = self._log_corrected(smoothed[0], 2)
            logits -= self._log_corrected(smoothed[1], 2)
        return logits * (1.0 / self.temperature)

    def _corrected(self, q: Array, n_classes: int) -> tuple[Array, Array]:
        """Return the probabilities p, and the root in the smooth maximum."""
        p = (q - self.label_smoothing / n_classes) * (
            1.0 / (1.0 - self.label_smoothing)
        )
        return p, np.sqrt(p * p + 4.0 * self.floor**2)

    def _log_corrected(self, q: Array, n_classes: int) -> Array:
        p, root = self._corrected(q, n_classes)
        # The second form does not subtract nearly equal numbers.
        with np.errstate(divide="ignore", invalid="ignore"):
            larger = np.where(
                p > 0.0, 0.5 * (root + p), 2.0 * self.floor**2 / (root - p)
            )
        logarithms: Array = np.log(larger, out=larger)
        return logarithms
