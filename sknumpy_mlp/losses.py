r"""Losses: how far the network's output is from the target, and in which direction.

A loss is a function of the *raw* output of the last layer (the logits, the logarithm
of the expected count, ...) and owns three things that must agree: the value, its
gradient, and the inverse link that turns raw outputs into predictions.  Because the
value is computed from the raw output, it stays exact where probabilities would round
to 0 or 1, and it is always the very function whose gradient is followed.

To add a loss for regression, write a subclass of `Loss` and list it in
``REGRESSION_LOSSES``.  Losses for classification come in two forms, for one class out
of several and for yes-no outputs: ``CLASSIFICATION_LOSSES`` lists objects like
`LogLoss` that know both.  The estimators also take objects, also of your own classes:
``loss=Huber(delta=2.0)``.

Throughout, ``raw`` has shape (n_rows, n_outputs) and ``y`` is what `Loss` says.
"""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from sknumpy_mlp._typing import Array
from sknumpy_mlp._values import Value, check_number, shown

__all__ = [
    "CLASSIFICATION_LOSSES",
    "REGRESSION_LOSSES",
    "AbsoluteError",
    "BinaryLogLoss",
    "ClassificationLoss",
    "Gamma",
    "Huber",
    "LogLoss",
    "Loss",
    "MultinomialLogLoss",
    "Poisson",
    "Quantile",
    "SquaredError",
]


class Loss(Value, ABC):
    """Base class of losses.

    Attributes
    ----------
    out_activation : str
        Name of the inverse link, as scikit-learn names output activations.  A
        classifier takes only losses whose predictions are probabilities: "logistic"
        for two classes or several labels, "softmax" for one class out of several.
    positive_only : bool
        Whether negative targets are outside the domain.

    Examples
    --------
    A loss of one's own, smooth where the absolute error has its bend:

    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Loss
    >>> class LogCosh(Loss):
    ...     def loss_gradient(self, y, raw):
    ...         raw -= y
    ...         losses = np.log(np.cosh(raw)).sum(axis=1)
    ...         np.tanh(raw, out=raw)
    ...         return losses
    >>> raw = np.array([[3.0]])
    >>> LogCosh().loss_gradient(np.array([[1.0]]), raw).round(3), raw.round(3)
    (array([1.325]), array([[0.964]]))
    """

    out_activation: ClassVar[str] = "identity"
    positive_only: ClassVar[bool] = False

    @abstractmethod
    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_targets), or (n_rows,) of class codes
            The targets; codes from 0 to ``n_outputs - 1`` for one class out of
            several.  Not to be changed.
        raw : ndarray of shape (n_rows, n_outputs)
            The raw outputs; afterwards, the derivative of each row's loss with
            respect to them.

        Returns
        -------
        losses : ndarray of shape (n_rows,)
            The loss of each row, summed over the outputs.
        """

    def predict(self, raw: Array) -> Array:
        """Return the inverse link of ``raw``, which may be overwritten.

        Parameters
        ----------
        raw : ndarray of shape (n_rows, n_outputs)
            The raw outputs.

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_outputs)
            What the estimator predicts, on the scale of the targets.  Finite: others
            are taken for an overflow, and refused.
        """
        return raw

    def n_outputs(self, n_targets: int) -> int:
        """Return how many raw outputs the loss needs for so many targets.

        Parameters
        ----------
        n_targets : int
            Number of columns of ``y``.

        Returns
        -------
        n_outputs : int
            Number of columns of ``raw``.

        Raises
        ------
        ValueError
            If the loss cannot do with so many targets.
        """
        return n_targets

    def check_target(self, y: Array) -> None:
        """Raise ValueError if ``y`` is outside the domain of the loss.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_targets), or (n_rows,) of class codes
            The targets, as in `loss_gradient`.

        Raises
        ------
        ValueError
            With the values that are not allowed, and a way out.
        """


@dataclass(frozen=True)
class SquaredError(Loss):
    r"""Half the squared error, summed over the outputs.

    .. math:: \ell = \tfrac{1}{2} \sum_k (raw_k - y_k)^2

    Link: identity.  Domain: real numbers.

    The half makes the gradient ``raw - y``.  For several outputs scikit-learn reports
    the *mean* over the outputs while it follows the gradient of the sum; here both
    are the sum.

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import SquaredError
    >>> raw = np.array([[3.0]])
    >>> SquaredError().loss_gradient(np.array([[1.0]]), raw), raw
    (array([2.]), array([[2.]]))
    """

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        raw -= y
        losses: Array = np.einsum("ij,ij->i", raw, raw)
        losses *= 0.5
        return losses


@dataclass(frozen=True)
class AbsoluteError(Loss):
    r"""The absolute error, summed over the outputs; its minimum is the median.

    .. math:: \ell = \sum_k |raw_k - y_k|

    Link: identity.  Domain: real numbers.

    References
    ----------
    R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46, 1978,
    doi:10.2307/1913643.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import AbsoluteError
    >>> raw = np.array([[3.0]])
    >>> AbsoluteError().loss_gradient(np.array([[1.0]]), raw), raw
    (array([2.]), array([[1.]]))
    """

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        raw -= y
        losses: Array = np.abs(raw).sum(axis=1)
        np.sign(raw, out=raw)
        return losses


@dataclass(frozen=True)
class Huber(Loss):
    r"""Squared near zero, absolute further out: large errors pull no harder.

    .. math::

        \ell = \sum_k \begin{cases}
        \tfrac{1}{2} r_k^2 & |r_k| \le \delta \\
        \delta (|r_k| - \tfrac{1}{2} \delta) & \text{otherwise}
        \end{cases}
        \qquad r = raw - y

    Link: identity.  Domain: real numbers.

    Parameters
    ----------
    delta : float, default=1.0
        The error at which the loss goes on in a straight line, in the unit of the
        target; more than 0.

    References
    ----------
    P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical
    Statistics 35, 1964, doi:10.1214/aoms/1177703732.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Huber
    >>> raw = np.array([[3.0]])
    >>> Huber(delta=1.0).loss_gradient(np.array([[1.0]]), raw), raw
    (array([1.5]), array([[1.]]))
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "delta", 0.0, closed="neither")

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        raw -= y
        error = raw.copy()
        np.clip(raw, -self.delta, self.delta, out=raw)
        # With the clipped error c, both branches are c (r - c / 2).
        error -= 0.5 * raw
        losses: Array = np.einsum("ij,ij->i", error, raw)
        return losses


@dataclass(frozen=True)
class Quantile(Loss):
    r"""The pinball loss, whose minimum is a quantile; for several, it is their sum.

    .. math::

        \ell = \sum_k \max(q_k u_k, (q_k - 1) u_k),
        \qquad u_k = y_k - p_k

    for predictions p.  Link: identity for one quantile, which takes one target or
    several.  Several quantiles need one target and have an output each; the
    predictions are the raw outputs *in ascending order*, in the loss as well as in
    `predict`, so that the quantiles never cross [1]_.  Domain: real numbers.

    The score of an estimator with several quantiles is the mean of their D2 pinball
    scores; with one it is R2, as for scikit-learn's ``QuantileRegressor``, so set
    ``scoring="loss"`` for early stopping.

    Parameters
    ----------
    quantile : float or sequence of float, default=0.5
        The level q, or the levels in ascending order, each in the range (0, 1).

    References
    ----------
    R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46, 1978,
    doi:10.2307/1913643.

    .. [1] V. Chernozhukov, I. Fernández-Val and A. Galichon, "Quantile and Probability
       Curves Without Crossing", Econometrica 78, 2010, arXiv:0704.3649: the sorted
       quantiles are never further from the truth.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Quantile
    >>> loss, raw = Quantile([0.1, 0.9]), np.array([[3.0, 1.0]])
    >>> loss.predict(raw.copy())
    array([[1., 3.]])
    >>> loss.loss_gradient(np.array([[2.0]]), raw), raw
    (array([0.2]), array([[ 0.1, -0.1]]))
    """

    quantile: float | Sequence[float] = 0.5

    def __post_init__(self) -> None:
        given: Any = self.quantile
        # Neither a text, nor what has no order, nor an array that is a single number.
        several = isinstance(given, Sequence) or np.ndim(given) == 1
        several = several and not isinstance(given, str | bytes)
        if isinstance(given, np.ndarray) and given.ndim == 0:
            given = given.item()
        levels = []
        for level in given if several else [given]:
            object.__setattr__(self, "quantile", level)
            check_number(self, "quantile", 0.0, 1.0, closed="neither")
            levels.append(float(level))
        if not levels or any(a >= b for a, b in itertools.pairwise(levels)):
            raise ValueError(
                f"Quantile(quantile={shown(given)}): several quantiles must be in "
                "ascending order, each of them once, and there must be at least one."
            )
        object.__setattr__(self, "quantile", tuple(levels) if several else levels[0])

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels as a tuple, also if there is only one."""
        given: Any = self.quantile
        return given if isinstance(given, tuple) else (given,)

    def n_outputs(self, n_targets: int) -> int:
        """One output for each target, or for each quantile of the only target."""
        if len(self.levels) == 1:
            return n_targets
        if n_targets != 1:
            raise ValueError(
                f"Several quantiles need one target, but with quantile={self.quantile} "
                f"y has {n_targets} columns. Use one quantile, or an estimator for "
                "each target (sklearn.multioutput.MultiOutputRegressor)."
            )
        return len(self.levels)

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        ordered, order = raw, None
        if len(self.levels) > 1:
            order = raw.argsort(axis=1, kind="stable")
            ordered = np.take_along_axis(raw, order, axis=1)
        level = np.array(self.levels, raw.dtype)
        below = ordered - y  # -u
        losses: Array = np.maximum(-level * below, (1 - level) * below).sum(axis=1)
        # 1 - q above the target, -q below it, and between the two on it.
        gradient = np.heaviside(below, 0.5) - level
        if order is None:
            np.copyto(raw, gradient)
        else:
            np.put_along_axis(raw, order, gradient, axis=1)
        return losses

    def predict(self, raw: Array) -> Array:
        """Return the quantiles, those of one target in ascending order."""
        if len(self.levels) > 1:
            raw.sort(axis=1)
        return raw


@dataclass(frozen=True)
class Poisson(Loss):
    r"""Half the Poisson deviance, for counts and other targets of at least zero.

    .. math:: \ell = \sum_k \left( y_k \log y_k - y_k - y_k\, raw_k
              + e^{raw_k} \right)

    Link: logarithm, so that predictions :math:`e^{raw}` are positive.  Domain:
    :math:`y \ge 0`.

    References
    ----------
    P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd edition, 1989,
    chapter 6.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Poisson
    >>> raw = np.log([[2.0]])
    >>> losses = Poisson().loss_gradient(np.array([[1.0]]), raw)
    >>> raw.round(3), losses.round(3)  # 2 - 1, and 0 - 1 - log(2) + 2
    (array([[1.]]), array([0.307]))
    """

    out_activation: ClassVar[str] = "exp"
    positive_only: ClassVar[bool] = True

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        losses = xlogy(y, y)
        losses -= y
        losses -= y * raw
        np.exp(raw, out=raw)
        losses += raw
        raw -= y
        total: Array = losses.sum(axis=1)
        return total

    def predict(self, raw: Array) -> Array:
        """Return the expected counts."""
        return np.exp(raw, out=raw)

    def check_target(self, y: Array) -> None:
        """Raise ValueError if any target is negative."""
        if y.min(initial=0.0) < 0:
            raise ValueError(
                f"Some value(s) of y are out of the valid range of loss='poisson': "
                f"got {y.min()}, but targets must be at least 0. Shift y, or use "
                "loss='squared_error'."
            )


@dataclass(frozen=True)
class Gamma(Loss):
    r"""Half the gamma deviance, for positive targets whose spread grows with the mean.

    .. math:: \ell = \sum_k \left( raw_k - \log y_k + y_k\, e^{-raw_k} - 1 \right)

    Link: logarithm, so that predictions :math:`e^{raw}` are positive.  Domain:
    :math:`y > 0`.

    References
    ----------
    P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd edition, 1989,
    chapter 8.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Gamma
    >>> raw = np.log([[2.0]])
    >>> losses = Gamma().loss_gradient(np.array([[4.0]]), raw)
    >>> raw, losses.round(3)  # 1 - 4 / 2, and 2 - 1 - log(2)
    (array([[-1.]]), array([0.307]))
    """

    out_activation: ClassVar[str] = "exp"
    positive_only: ClassVar[bool] = True

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        losses = raw - np.log(y)
        np.negative(raw, out=raw)
        np.exp(raw, out=raw)
        raw *= y
        losses += raw
        losses -= 1.0
        np.subtract(1.0, raw, out=raw)
        total: Array = losses.sum(axis=1)
        return total

    def predict(self, raw: Array) -> Array:
        """Return the expected values."""
        return np.exp(raw, out=raw)

    def check_target(self, y: Array) -> None:
        """Raise ValueError if any target is not positive."""
        if y.min(initial=math.inf) <= 0:
            raise ValueError(
                f"Some value(s) of y are out of the valid range of loss='gamma': "
                f"got {y.min()}, but targets must be more than 0. Shift y, or use "
                "loss='poisson', which takes zeros, or loss='squared_error'."
            )


@dataclass(frozen=True)
class BinaryLogLoss(Loss):
    r"""Cross-entropy of independent yes-no outputs: two classes, or several labels.

    .. math:: \ell = \sum_k \left( \log(1 + e^{raw_k}) - y_k\, raw_k \right)

    Link: logit.  Domain: :math:`0 \le y \le 1`, one column for two classes, a column
    for each label otherwise.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        With :math:`\epsilon` in [0, 1), y is replaced by
        :math:`(1 - \epsilon) y + \epsilon / 2`, see `LogLoss`.

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import BinaryLogLoss
    >>> raw = np.log([[3.0]])  # the odds of a probability of 3/4
    >>> losses = BinaryLogLoss().loss_gradient(np.array([[0.0]]), raw)
    >>> raw.round(3), losses.round(3)  # 3/4 - 0, and -log(1 - 3/4)
    (array([[0.75]]), array([1.386]))

    A confident mistake costs what it should, however confident:

    >>> BinaryLogLoss().loss_gradient(np.array([[0.0]]), np.array([[1000.0]]))
    array([1000.])
    """

    out_activation: ClassVar[str] = "logistic"

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "label_smoothing", 0.0, 1.0)

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        if self.label_smoothing:
            y = (1.0 - self.label_smoothing) * y + 0.5 * self.label_smoothing
        losses = np.logaddexp(0.0, raw, dtype=raw.dtype)
        losses -= y * raw
        expit(raw, out=raw)
        raw -= y
        if raw.shape[1] == 1:
            return losses.ravel()
        total: Array = losses.sum(axis=1)
        return total

    def predict(self, raw: Array) -> Array:
        """Return the probability that each output is 1, strictly between 0 and 1.

        The logistic function reaches neither for any finite number; where rounding
        would, the nearest number inside is returned.
        """
        probability: Array = expit(raw, out=raw)
        limits = np.finfo(raw.dtype)
        return probability.clip(limits.tiny, 1.0 - limits.epsneg, out=probability)

    def check_target(self, y: Array) -> None:
        """Raise ValueError if any target is not between 0 and 1."""
        if y.min(initial=0.0) < 0 or y.max(initial=0.0) > 1:
            raise ValueError(
                f"Some value(s) of y are out of the valid range of {self!r}: got "
                f"values from {y.min()} to {y.max()}, but targets must be between 0 "
                "and 1. Divide y by its largest value, or use loss='squared_error'."
            )


@dataclass(frozen=True)
class MultinomialLogLoss(Loss):
    r"""Cross-entropy of one class out of several.

    .. math:: \ell = \log \sum_k e^{raw_k} - raw_y

    Link: the inverse is softmax.  Domain: ``y`` holds class codes from 0 to
    ``n_outputs - 1``, shape (n_rows,).

    Parameters
    ----------
    label_smoothing : float, default=0.0
        With :math:`\epsilon` in [0, 1), the share :math:`\epsilon` of the target is
        spread evenly over all K classes, see `LogLoss`:

        .. math:: \ell = \log \sum_k e^{raw_k} - (1 - \epsilon)\, raw_y
                  - \tfrac{\epsilon}{K} \sum_k raw_k

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import MultinomialLogLoss
    >>> raw = np.zeros((1, 4))
    >>> losses = MultinomialLogLoss().loss_gradient(np.array([2]), raw)
    >>> raw, losses.round(3)  # the probabilities minus the target, and log(4)
    (array([[ 0.25,  0.25, -0.75,  0.25]]), array([1.386]))
    """

    out_activation: ClassVar[str] = "softmax"

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "label_smoothing", 0.0, 1.0)

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        target = np.arange(0, raw.size, raw.shape[1])  # in the flattened array
        target += y
        flat = raw.reshape(-1)
        _subtract_row_max(raw)
        target_raw = flat[target]
        share = self.label_smoothing / raw.shape[1]
        if share:
            target_raw *= 1.0 - self.label_smoothing
            target_raw += share * raw.sum(axis=1)
        total = _exp_and_normalise(raw)
        losses: Array = np.log(total, out=total)
        losses -= target_raw
        flat[target] -= 1.0 - self.label_smoothing
        if share:
            raw -= share
        return losses

    def predict(self, raw: Array) -> Array:
        """Return the class probabilities."""
        # A part at a time: the copy that looks for the largest is as large as the part.
        for start in range(0, raw.shape[0], _ROWS_AT_ONCE):
            part = raw[start : start + _ROWS_AT_ONCE]
            _subtract_row_max(part)
            _exp_and_normalise(part)
        return raw

    def check_target(self, y: Array) -> None:
        """Raise ValueError if the targets are no class codes."""
        if y.ndim != 1:
            raise ValueError(
                f"{self!r} needs class codes, one for each row, but y has the shape "
                f"{y.shape}. Use it in a classifier; for shares between 0 and 1 there "
                "is BinaryLogLoss()."
            )


# From about here on, the transposed copy costs more than it saves.
_MANY_CLASSES = 100

# Rows whose probabilities are computed at once: no slower than all of them.
_ROWS_AT_ONCE = 8192


def _subtract_row_max(raw: Array) -> None:
    """Shift each row so that its largest value is 0, and exp cannot overflow."""
    # Over a short last axis a reduction runs six times slower than over the first.
    if raw.shape[1] < _MANY_CLASSES:
        largest = np.maximum.reduce(raw.T.copy(), axis=0)
    else:
        largest = np.maximum.reduce(raw, axis=1)
    raw -= largest[:, np.newaxis]


def _exp_and_normalise(raw: Array) -> Array:
    """Turn each row into its exponentials' shares; return the rows' sums."""
    np.exp(raw, out=raw)
    total: Array = raw @ np.ones(raw.shape[1], dtype=raw.dtype)
    raw /= total[:, np.newaxis]
    return total


class ClassificationLoss(Value, ABC):
    """Base class of losses for every kind of classification.

    A `Loss` knows one kind of target: classes, of which a sample has exactly one, or
    yes-no outputs.  An object of this class picks the right one.

    Examples
    --------
    Smoothed labels for several classes, hard ones for two:

    >>> from sknumpy_mlp.losses import (
    ...     BinaryLogLoss, ClassificationLoss, MultinomialLogLoss
    ... )
    >>> class SmoothForSeveral(ClassificationLoss):
    ...     def for_target(self, *, multinomial):
    ...         return MultinomialLogLoss(0.1) if multinomial else BinaryLogLoss()
    >>> SmoothForSeveral().for_target(multinomial=False)
    BinaryLogLoss(label_smoothing=0.0)
    """

    @abstractmethod
    def for_target(self, *, multinomial: bool) -> Loss:
        """Return the loss for exactly one class a row, or for yes-no outputs.

        Parameters
        ----------
        multinomial : bool
            True for one class out of three or more, whose targets are class codes;
            False for two classes and for several labels, whose targets are zeros and
            ones.

        Returns
        -------
        loss : Loss
            The loss of such targets.
        """


@dataclass(frozen=True)
class LogLoss(ClassificationLoss):
    r"""Cross-entropy for classification: binary or multinomial, as the target asks.

    Links and formulas: `BinaryLogLoss` for two classes and for several labels,
    `MultinomialLogLoss` for several classes.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        The share :math:`\epsilon`, in [0, 1), of each target that is spread evenly
        over its classes: a one becomes :math:`1 - \epsilon + \epsilon / K` and a zero
        :math:`\epsilon / K`, for K classes (two, for a label).  Keeps the logits from
        growing without bound [1]_.

    References
    ----------
    .. [1] C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the
       Inception Architecture for Computer Vision", CVPR 2016, arXiv:1512.00567.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import LogLoss
    >>> loss = LogLoss(label_smoothing=0.2).for_target(multinomial=True)
    >>> loss
    MultinomialLogLoss(label_smoothing=0.2)
    >>> raw = np.zeros((1, 2))  # of class 0, the target is 0.9 and 0.1
    >>> losses = loss.loss_gradient(np.array([0]), raw)
    >>> raw.round(3)
    array([[-0.4,  0.4]])
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "label_smoothing", 0.0, 1.0)

    def for_target(self, *, multinomial: bool) -> Loss:
        """Return the loss for exactly one class a row, or for yes-no outputs."""
        kind = MultinomialLogLoss if multinomial else BinaryLogLoss
        return kind(self.label_smoothing)


#: The losses that classifiers know by name.
CLASSIFICATION_LOSSES: dict[str, ClassificationLoss] = {"log_loss": LogLoss()}

#: The losses that regressors know by name.
REGRESSION_LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "quantile": Quantile(),
    "poisson": Poisson(),
    "gamma": Gamma(),
}
