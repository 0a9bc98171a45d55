r"""Losses, their gradients and their inverse links.

A loss is a function of the *raw* output of the last layer (the logits, the logarithm
of the expected count, ...).  It defines its value, its gradient, and the inverse link
from raw outputs to predictions.  The value is computed from raw outputs, not from
predictions, so that it remains exact where probabilities would round to 0 or 1.

Estimators accept names of losses and objects, such as ``loss=Huber(delta=2.0)``.

For regression:

- ``'squared_error'``, `SquaredError`: half the squared error;
- ``'absolute_error'``, `AbsoluteError`: minimized by the median;
- ``'huber'``, `Huber`: quadratic up to an error of 1, linear beyond;
- ``'quantile'``, `Quantile`: the pinball loss, of the median or of given quantiles;
- ``'poisson'``, `Poisson`: half the Poisson deviance, with a log link, for non-negative
  targets;
- ``'gamma'``, `Gamma`: half the gamma deviance, with a log link, for positive targets.

For classification:

- ``'log_loss'``, `LogLoss`: cross-entropy.

For a custom regression loss, write a subclass of `Loss` and check it with `check_loss`;
to add it to the package, list it in `REGRESSION_LOSSES`.  Losses for classification
have two forms, binary (also for multilabel targets) and multinomial.  The objects in
`CLASSIFICATION_LOSSES`, such as `LogLoss`, choose between them.

Throughout, ``raw`` has shape (n_rows, n_outputs); for ``y``, see `Loss.loss_gradient`.
"""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from sknumpy_mlp._utils.gradient_check import (
    GradientCheck,
    check_is_instance,
    find_wrong_derivative,
)
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import (
    Value,
    check_number,
    copy_with_python_numbers,
    short_repr,
)

__all__ = [
    "CLASSIFICATION_LOSSES",
    "REGRESSION_LOSSES",
    "AbsoluteError",
    "BinaryLogLoss",
    "ClassificationLoss",
    "ClassificationLossName",
    "Gamma",
    "Huber",
    "LogLoss",
    "Loss",
    "MultinomialLogLoss",
    "Poisson",
    "Quantile",
    "RegressionLossName",
    "SquaredError",
    "check_loss",
]


class Loss(Value, ABC):
    """Base class of losses.

    Attributes
    ----------
    out_activation : {'identity', 'exp', 'logistic', 'softmax'} or str
        Name of the inverse link, which `predict` applies; the names are those of
        scikit-learn's output activations.  A subclass that defines `predict` can use
        any other name.  Losses for classifiers must predict probabilities: "logistic"
        for binary and multilabel targets, "softmax" for multiclass targets.
    positive_only : bool
        Whether negative targets are outside the domain of the loss.
    exact_gradient : bool
        Whether `loss_gradient` writes the derivative of the losses it returns.  If so,
        ``fit`` checks it for custom losses on a few rows.  Set it to False for a
        gradient that is modified on purpose (clipped, reversed, of a surrogate), or for
        losses that are random or change from call to call.  ``solver="lbfgs"`` needs an
        exact gradient.

    See Also
    --------
    check_loss : Checks a custom loss.

    Examples
    --------
    A custom loss, a smooth approximation of the absolute error:

    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Loss
    >>> class LogCosh(Loss):
    ...     def loss_gradient(self, y, raw):
    ...         raw -= y
    ...         losses = (np.logaddexp(raw, -raw) - np.log(2)).sum(axis=1)
    ...         np.tanh(raw, out=raw)
    ...         return losses
    >>> raw = np.array([[3.0]])
    >>> LogCosh().loss_gradient(np.array([[1.0]]), raw).round(3), raw.round(3)
    (array([1.325]), array([[0.964]]))
    """

    out_activation: ClassVar[str] = "identity"
    positive_only: ClassVar[bool] = False
    exact_gradient: ClassVar[bool] = True

    @abstractmethod
    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_targets), or (n_rows,) of class codes
            The targets; for multinomial losses, class codes from 0 to
            ``n_outputs - 1``.  They must not be changed.
        raw : ndarray of shape (n_rows, n_outputs)
            The raw outputs.  They are overwritten with the derivatives of each row's
            loss with respect to them.

        Returns
        -------
        losses : ndarray of shape (n_rows,)
            The loss of each row, summed over the outputs.
        """

    def predict(self, raw: Array) -> Array:
        """Return predictions: the inverse link of ``raw``; may overwrite ``raw``.

        The link is that of ``out_activation``.  Probabilities of "logistic" are clipped
        to the floating-point numbers strictly between 0 and 1.

        Parameters
        ----------
        raw : ndarray of shape (n_rows, n_outputs)
            The raw outputs.

        Returns
        -------
        predictions : ndarray of shape (n_rows, n_outputs)
            The predictions, on the scale of the targets.  They must be finite:
            estimators report other values as an overflow.

        Raises
        ------
        ValueError
            If ``out_activation`` is not one of the known names.
        """
        inverse_link = INVERSE_LINKS.get(self.out_activation)
        if inverse_link is None:
            known = ", ".join(repr(name) for name in INVERSE_LINKS)
            raise ValueError(
                f"loss={self!r} has out_activation={self.out_activation!r}, from which "
                f"no predictions follow. Use one of {known}, or define the method "
                "predict."
            )
        return inverse_link(raw)

    def n_outputs(self, n_targets: int) -> int:
        """Return the number of raw outputs for a number of targets.

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
            If the loss does not support this number of targets.
        """
        return n_targets

    def check_target(self, y: Array) -> None:
        """Raise ValueError if ``y`` is outside the domain of the loss.

        By default, negative targets are outside if ``positive_only`` is set.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_targets), or (n_rows,) of class codes
            The targets, as in `loss_gradient`.

        Raises
        ------
        ValueError
            If it is outside; the message names the values and a remedy.
        """
        if self.positive_only and y.min(initial=0.0) < 0:
            raise ValueError(
                f"Some value(s) of y are out of the valid range of loss={self!r}: got "
                f"{y.min()}, but targets must be at least 0. Shift y, or use "
                "loss='squared_error'."
            )


def _identity(raw: Array) -> Array:
    return raw


def _exp(raw: Array) -> Array:
    return np.exp(raw, out=raw)


def _logistic(raw: Array) -> Array:
    """Return probabilities strictly between 0 and 1."""
    # Rounding may result in 0 or 1.
    probability: Array = expit(raw, out=raw)
    limits = np.finfo(raw.dtype)
    return probability.clip(limits.tiny, 1.0 - limits.epsneg, out=probability)


def _softmax(raw: Array) -> Array:
    # In blocks, since `_subtract_row_max` copies its argument.
    for start in range(0, raw.shape[0], _ROWS_AT_ONCE):
        part = raw[start : start + _ROWS_AT_ONCE]
        _subtract_row_max(part)
        _exp_and_normalize(part)
    return raw


# The inverse links by ``out_activation``; they overwrite raw outputs with predictions.
INVERSE_LINKS: dict[str, Callable[[Array], Array]] = {
    "identity": _identity,
    "exp": _exp,
    "logistic": _logistic,
    "softmax": _softmax,
}


def _exp_jacobian(raw: Array, jacobian: Array) -> Array:
    r"""Return the Jacobian of `_exp`, :math:`e^{raw_k} \, \partial raw_k`."""
    jacobian *= np.exp(raw)[:, :, np.newaxis]
    return jacobian


def _logistic_jacobian(raw: Array, jacobian: Array) -> Array:
    r"""Return the Jacobian of `_logistic` without its clipping.

    .. math:: \partial p_k = p_k (1 - p_k) \, \partial raw_k
    """
    # 1 - p would be a rounding error if p is almost 1.
    jacobian *= (expit(raw) * expit(-raw))[:, :, np.newaxis]
    return jacobian


def _softmax_jacobian(raw: Array, jacobian: Array) -> Array:
    r"""Return the Jacobian of `_softmax`.

    .. math:: \partial p_k = p_k \Bigl( \partial raw_k
              - \sum_j p_j \, \partial raw_j \Bigr)
    """
    p = _softmax(raw.copy())
    jacobian -= np.einsum("nk,nkf->nf", p, jacobian)[:, np.newaxis]
    jacobian *= p[:, :, np.newaxis]
    return jacobian


# The Jacobians of the inverse links.  Given raw outputs and their Jacobian, of shape
# (n_rows, n_outputs, n_inputs), which may be overwritten, they return that of the
# predictions.
LINK_JACOBIANS: dict[str, Callable[[Array, Array], Array]] = {
    "identity": lambda raw, jacobian: jacobian,
    "exp": _exp_jacobian,
    "logistic": _logistic_jacobian,
    "softmax": _softmax_jacobian,
}


@dataclass(frozen=True)
class SquaredError(Loss):
    r"""Half the squared error, summed over the outputs.

    .. math:: \ell = \tfrac{1}{2} \sum_k (raw_k - y_k)^2

    Link: identity.  Domain: real numbers.

    The gradient is ``raw - y``.  For several outputs, scikit-learn reports the *mean*
    over the outputs, but uses the gradient of the sum; here, both are for the sum.

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
    r"""The absolute error, summed over the outputs, for predicting medians.

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
    r"""The Huber loss: squared for small errors, linear for large ones.

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
        The absolute error above which the loss is linear, in units of the target; it
        must be positive.

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
    r"""The pinball loss, for predicting quantiles.

    .. math::

        \ell = \sum_k \max(q_k u_k, (q_k - 1) u_k),
        \qquad u_k = y_k - p_k

    for predictions p.  Link: identity.  Domain: real numbers.

    A single quantile supports several targets.  Several quantiles require a single
    target, and have one output each.  Their predictions are the *sorted* raw outputs,
    both in the loss and in `predict`, so that quantiles never cross [1]_.

    The score of an estimator with several quantiles is the mean of their D2 pinball
    scores.  With one quantile, it is R2, as for scikit-learn's ``QuantileRegressor``;
    set ``scoring="loss"`` for early stopping.

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
        # A sequence or a one-dimensional array, but neither a string nor a set.
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
                f"Quantile(quantile={short_repr(given)}): several quantiles must be in "
                "ascending order, each of them once, and there must be at least one."
            )
        object.__setattr__(self, "quantile", tuple(levels) if several else levels[0])

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels as a tuple, even if there is only one."""
        given: Any = self.quantile
        return given if isinstance(given, tuple) else (given,)

    def n_outputs(self, n_targets: int) -> int:
        """Return the number of targets or, with several quantiles, of quantiles."""
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
        # 1 - q above the target, -q below it, and their mean on it.
        gradient = np.heaviside(below, 0.5) - level
        if order is None:
            np.copyto(raw, gradient)
        else:
            np.put_along_axis(raw, order, gradient, axis=1)
        return losses

    def predict(self, raw: Array) -> Array:
        """Return the quantiles, in ascending order if there are several."""
        if len(self.levels) > 1:
            raw.sort(axis=1)
        return raw

    def _jacobian(self, raw: Array, jacobian: Array) -> Array:
        """Return the Jacobian of `predict`: that of ``raw``, in the same order."""
        if len(self.levels) == 1:
            return jacobian
        order = raw.argsort(axis=1, kind="stable")
        return np.take_along_axis(jacobian, order[:, :, np.newaxis], axis=1)


@dataclass(frozen=True)
class Poisson(Loss):
    r"""Half the Poisson deviance, for counts and other non-negative targets.

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
    r"""Binary cross-entropy, for two classes and for multilabel targets.

    .. math:: \ell = \sum_k \left( \log(1 + e^{raw_k}) - y_k\, raw_k \right)

    Link: logit.  Domain: :math:`0 \le y \le 1`, with one column for two classes, and a
    column for each label otherwise.

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

    The loss remains exact for extreme logits:

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
        _flush_small(raw)
        if raw.shape[1] == 1:
            return losses.ravel()
        total: Array = losses.sum(axis=1)
        return total

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
    r"""Multinomial cross-entropy, for multiclass targets.

    .. math:: \ell = \log \sum_k e^{raw_k} - raw_y

    Inverse link: softmax.  Domain: ``y`` of shape (n_rows,) contains class codes from 0
    to ``n_outputs - 1``.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        With :math:`\epsilon` in [0, 1), a fraction :math:`\epsilon` of the target is
        distributed uniformly over all K classes, see `LogLoss`:

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
        total = _exp_and_normalize(raw)
        losses: Array = np.log(total, out=total)
        losses -= target_raw
        flat[target] -= 1.0 - self.label_smoothing
        if share:
            raw -= share
        _flush_small(raw)
        return losses

    def check_target(self, y: Array) -> None:
        """Raise ValueError unless the targets are class codes."""
        if y.ndim != 1:
            raise ValueError(
                f"{self!r} needs class codes, one for each row, but y has the shape "
                f"{y.shape}. Use it in a classifier; for shares between 0 and 1 there "
                "is BinaryLogLoss()."
            )


def _flush_small(difference: Array) -> None:
    """Round differences between probabilities and targets to multiples of eps**2.

    For rows that are predicted with confidence, the probabilities of the other classes
    underflow.  All products of the backward pass would then involve denormal numbers,
    on which some processors take a hundred times as long: a fit that had converged took
    twice as long.  In the same row, the rounding error of the probability of the target
    is about eps, so that nothing is lost below eps**2.
    """
    eps = np.finfo(difference.dtype).eps
    difference += eps
    difference -= eps


# From about this number of classes on, a transposed copy is not faster.
_MANY_CLASSES = 100

# Number of rows whose probabilities are computed at once.
_ROWS_AT_ONCE = 8192


def _subtract_row_max(raw: Array) -> None:
    """Shift each row so that its largest value is 0, and exp cannot overflow."""
    # Reductions over a short last axis are six times slower than over the first.
    if raw.shape[1] < _MANY_CLASSES:
        largest = np.maximum.reduce(raw.T.copy(), axis=0)
    else:
        largest = np.maximum.reduce(raw, axis=1)
    raw -= largest[:, np.newaxis]


@lru_cache(maxsize=16)
def _ones(n: int, dtype: Any) -> Array:
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones


def _exp_and_normalize(raw: Array) -> Array:
    """Exponentiate and normalize the rows; return their sums."""
    np.exp(raw, out=raw)
    total: Array = raw @ _ones(raw.shape[1], raw.dtype)
    raw /= total[:, np.newaxis]
    return total


class ClassificationLoss(Value, ABC):
    """Base class of losses that support all kinds of classification targets.

    A subclass chooses the `Loss` for a target: one for multiclass targets, and one for
    binary and multilabel targets.

    Examples
    --------
    Label smoothing for multiclass targets only:

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
        """Return the loss for multiclass targets, or for binary and multilabel targets.

        Parameters
        ----------
        multinomial : bool
            True for three or more classes, with class codes as targets; False for two
            classes and for multilabel targets, with zeros and ones as targets.

        Returns
        -------
        loss : Loss
            The loss for such targets.
        """


@dataclass(frozen=True)
class LogLoss(ClassificationLoss):
    r"""Cross-entropy for classification, binary or multinomial according to the target.

    For links and formulas, see `BinaryLogLoss` (two classes, and multilabel targets)
    and `MultinomialLogLoss` (more than two classes).

    Parameters
    ----------
    label_smoothing : float, default=0.0
        The fraction :math:`\epsilon`, in [0, 1), of each target that is distributed
        uniformly over the classes: ones become :math:`1 - \epsilon + \epsilon / K` and
        zeros :math:`\epsilon / K`, for K classes (two, for each label of a multilabel
        target).  It prevents the logits from growing without bound [1]_.

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
        """Return the loss for multiclass targets, or for binary and multilabel ones."""
        kind = MultinomialLogLoss if multinomial else BinaryLogLoss
        return kind(self.label_smoothing)


#: The names of `CLASSIFICATION_LOSSES`, to annotate variables with.
ClassificationLossName: TypeAlias = Literal["log_loss"]

#: The losses that classifiers accept by name.
CLASSIFICATION_LOSSES: dict[str, ClassificationLoss] = {"log_loss": LogLoss()}

#: The names of `REGRESSION_LOSSES`, to annotate variables with.
RegressionLossName: TypeAlias = Literal[
    "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"
]

#: The losses that regressors accept by name.
REGRESSION_LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "quantile": Quantile(),
    "poisson": Poisson(),
    "gamma": Gamma(),
}


# ----------------------------------------------------------------- checks of a loss

# Numbers of rows and of derivatives in `check_loss` and in ``fit``.
_N_ROWS, _N_ROWS_IN_FIT = 24, 5
_N_DERIVATIVES, _N_DERIVATIVES_IN_FIT = 400, 40

# The squares of larger numbers may overflow in float32.
_LARGE = 1e18


def check_loss(loss: Loss | ClassificationLoss, y: Any) -> None:
    """Check that a custom loss meets the requirements of training and prediction.

    On some rows of ``y``, and for raw outputs near zero, where training begins, and
    near the targets, it checks that

    - ``y`` is in the domain, and `Loss.loss_gradient` does not change it;
    - losses and predictions have the right shapes and are finite, in float32 and in
      float64, and predictions of "logistic" and "softmax" are probabilities;
    - the gradient agrees with central differences of the losses.  At a kink, such as
      that of the absolute error, any subgradient is accepted.  Losses with
      ``exact_gradient = False`` are not compared.

    For a `ClassificationLoss`, both losses are checked: the one for targets like ``y``,
    and the one for the other kind of target, unless `ClassificationLoss.for_target`
    raises NotImplementedError for it.

    Parameters
    ----------
    loss : Loss or ClassificationLoss
        The loss: an instance, not a class.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets from the domain of the loss.  For classification, class labels, or the
        indicator matrix of a multilabel target.

    Raises
    ------
    TypeError
        If ``loss`` is not a loss.
    ValueError
        If ``y`` is outside the domain, or the loss fails a check.  The message names
        the check and, for a gradient, the row, the output, the derivative and the
        central difference.

    See Also
    --------
    sknumpy_mlp.activations.check_activation : Checks a custom activation.
    sknumpy_mlp.layers.check_layer : Checks a custom layer.

    Examples
    --------
    >>> from sknumpy_mlp.losses import Loss, check_loss
    >>> class Quartic(Loss):
    ...     def loss_gradient(self, y, raw):
    ...         raw -= y
    ...         losses = (raw**4).sum(axis=1)
    ...         raw[...] = 4 * raw**3
    ...         return losses
    >>> check_loss(Quartic(), y=[0.5, 1.0, 2.5])  # no error
    >>> class WrongSign(Quartic):
    ...     def loss_gradient(self, y, raw):
    ...         losses = super().loss_gradient(y, raw)
    ...         raw *= -1
    ...         return losses
    >>> check_loss(WrongSign(), y=[0.5, 1.0, 2.5])
    Traceback (most recent call last):
        ...
    ValueError: loss=WrongSign(): loss_gradient writes a wrong gradient. ...
    """
    check_is_instance("loss", loss, Loss, ClassificationLoss)
    n_masked = int(np.ma.getmaskarray(y).sum()) if np.ma.isMaskedArray(y) else 0
    if n_masked:
        raise ValueError(
            f"Input y contains masked values: {n_masked} of them. Fill them in, with "
            "numpy.ma.filled, or leave those rows out."
        )
    given = np.asarray(y)
    if given.ndim not in (1, 2) or not given.size:
        raise ValueError(
            "y must have the shape (n_samples,) or (n_samples, n_targets) and hold "
            f"targets; got the shape {given.shape}."
        )
    for each, targets, n_targets in _losses_and_targets(loss, given):
        each.check_target(targets)
        # Evenly spaced in the order of the targets, with the smallest and the largest.
        order = targets.reshape(len(targets), -1)[:, 0].argsort(kind="stable")
        rows = np.resize(order[_spread(len(order), _N_ROWS)], _N_ROWS)
        check = _LossCheck(each, targets, rows, each.n_outputs(n_targets))
        check.finite_values(check.points[0][0])
        check.check_gradients(_N_DERIVATIVES)
        check.check_precision()


def try_loss(loss: Loss, y: NDArray[Any], n_outputs: int, dtype: Any) -> None:
    """Check a custom loss on a few rows, for ``fit``.

    Non-finite values are not checked: training reports them.

    Parameters
    ----------
    loss : Loss
        The loss.
    y : ndarray of shape (n_rows, n_targets), or (n_rows,) of class codes
        The targets, as in `Loss.loss_gradient`.
    n_outputs : int
        Number of raw outputs.
    dtype : dtype
        The type of the network's parameters.

    Raises
    ------
    ValueError
        If the loss fails a check.
    """
    check = _LossCheck(loss, y, _spread(len(y), _N_ROWS_IN_FIT), n_outputs)
    raw = check.points[0][0].astype(dtype)
    check.evaluate(raw)
    check.predict(raw)
    check.check_gradients(_N_DERIVATIVES_IN_FIT)


def loss_for_target(loss: ClassificationLoss, *, multinomial: bool) -> Loss:
    """Return the result of ``loss.for_target``, after checking that it is a loss."""
    made = loss.for_target(multinomial=multinomial)
    if not isinstance(made, Loss):
        raise ValueError(
            f"loss={loss!r} must return a Loss object from for_target(multinomial="
            f"{multinomial}), got {short_repr(made)}."
        )
    return made


def predict_jacobian(loss: Loss, raw: Array, jacobian: Array) -> Array:
    """Return the Jacobian of ``loss.predict``, given that of the raw outputs.

    Parameters
    ----------
    loss : Loss
        The loss.
    raw : ndarray of shape (n_rows, n_outputs)
        The raw outputs.
    jacobian : ndarray of shape (n_rows, n_outputs, n_inputs)
        Their derivatives with respect to any inputs; it may be overwritten.

    Returns
    -------
    jacobian : ndarray of shape (n_rows, n_outputs, n_inputs)
        The derivatives of the predictions.

    Raises
    ------
    ValueError
        If a custom loss defines `Loss.predict`, whose derivative is unknown.
    """
    predict = getattr(loss.predict, "__func__", None)
    if isinstance(loss, Quantile) and predict is Quantile.predict:
        return loss._jacobian(raw, jacobian)
    if predict is Loss.predict:
        return LINK_JACOBIANS[loss.out_activation](raw, jacobian)
    raise ValueError(
        f"loss={loss!r} defines predict, so that the derivatives of its predictions "
        "are unknown. Leave it out, if out_activation can be one of "
        f"{', '.join(map(repr, INVERSE_LINKS))}, or take differences of predictions."
    )


def _spread(n: int, most: int) -> NDArray[np.intp]:
    """Return at most ``most`` evenly spaced integers from 0 to n - 1."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.intp))


def _losses_and_targets(
    loss: Loss | ClassificationLoss, y: NDArray[Any]
) -> Iterator[tuple[Loss, NDArray[Any], int]]:
    """Yield each loss, its targets as estimators pass them, and their number."""
    if isinstance(loss, Loss):
        targets = _as_passed(loss, y)
        n_targets = targets.shape[1] if targets.ndim == 2 else int(targets.max()) + 1
        yield loss, targets, n_targets
        return
    codes: NDArray[Any] = np.unique(y, return_inverse=True)[1].reshape(y.shape)
    n_classes = int(codes.max()) + 1
    multinomial = y.ndim == 1 and n_classes > 2
    # The kind of target of y comes first.
    if multinomial:
        both = {True: codes, False: np.eye(n_classes)[codes]}
    else:
        columns, n_classes = codes.reshape(len(y), -1).astype(np.float64), 3
        both = {False: columns, True: np.arange(len(y)) % n_classes}
    for kind, targets in both.items():
        try:
            made = loss_for_target(loss, multinomial=kind)
        except NotImplementedError:
            if kind is multinomial:
                raise
        else:
            yield made, targets, n_classes if kind else targets.shape[1]


def _as_passed(loss: Loss, y: NDArray[Any]) -> NDArray[Any]:
    """Return targets as an estimator passes them to a loss of this kind."""
    is_label = y.ndim == 1 and loss.out_activation in ("logistic", "softmax")
    if is_label and (loss.out_activation == "softmax" or y.dtype.kind != "f"):
        codes: NDArray[Any] = np.unique(y, return_inverse=True)[1].reshape(-1)
        if loss.out_activation == "softmax":
            return codes
        if codes.max() <= 1:
            return codes.astype(np.float64)[:, np.newaxis]
    try:
        targets = y.astype(np.float64).reshape(len(y), -1)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y must hold numbers for loss={loss!r}, got the type {y.dtype}: {error}"
        ) from error
    if not np.isfinite(targets).all():
        raise ValueError("y contains infinity or NaN. Leave those rows out.")
    return targets


class _LossCheck(GradientCheck):
    """The checks of a loss on some targets.

    Parameters
    ----------
    loss : Loss
        The loss.  A copy is called, so that its state does not change.
    y : ndarray of shape (n_samples, n_targets) or (n_samples,)
        The targets, as in `Loss.loss_gradient`.
    rows : ndarray of int
        The rows of ``y`` to use.
    n_outputs : int
        Number of raw outputs.
    """

    def __init__(
        self, loss: Loss, y: NDArray[Any], rows: NDArray[np.intp], n_outputs: int
    ) -> None:
        self._loss = copy_with_python_numbers(loss)
        super().__init__("loss", self._loss)
        self._rows = rows
        self._y = y[rows]
        if self._y.dtype.kind == "f":
            self._y = self._y.astype(np.float64)
        # The magnitude of each row's targets, irrelevant for class codes.
        self._sizes = np.zeros((len(rows), 1))
        if self._y.ndim == 2:
            self._sizes = np.abs(self._y).max(axis=1, keepdims=True)
        # Raw outputs, each with the scale of their variation.
        self.points = list(self._make_points((len(rows), n_outputs)))

    def _make_points(self, shape: tuple[int, int]) -> Iterator[tuple[Array, float]]:
        """Yield raw outputs near zero and, if the link is known, near the targets.

        Raw outputs far from the targets may all be on one side of a kink.
        """
        rng = np.random.default_rng(0)
        y, link = self._y, self._loss.out_activation
        yield rng.normal(size=shape), 1.0
        if y.ndim == 1 or y.shape[1] not in (1, shape[1]):
            return
        if link == "identity":
            largest, scale = float(np.abs(y).max()), float(y.std())
            if largest < 1e10:  # else differences of 1 are rounding errors
                yield y + rng.normal(size=shape), 1.0
            if not 0.1 < scale < 10.0 and scale > 1e-6 * largest:
                yield y + scale * rng.normal(size=shape), scale
        elif link == "exp" and y.mean() > 0:
            yield np.log(np.maximum(y, 0.1 * y.mean())) + rng.normal(size=shape), 1.0

    def evaluate(self, raw: Array, rows: Any = slice(None)) -> tuple[Array, Array]:
        """Return the losses and the gradient, after checking their shapes.

        ``raw`` has the raw outputs of these rows, and is not changed.  The computation
        is in its data type.
        """
        loss, y = self._loss, self._y[rows].copy()
        if y.dtype.kind == "f":
            y = y.astype(raw.dtype)
        before, gradient = y.copy(), raw.copy()
        with self.calling("loss_gradient"):
            losses = loss.loss_gradient(y, gradient)
        if not isinstance(losses, np.ndarray) or losses.shape != (len(raw),):
            found = getattr(losses, "shape", type(losses).__name__)
            raise ValueError(
                f"{self.label} must return an array with a loss for each row from "
                f"loss_gradient: shape {(len(raw),)} for {len(raw)} rows, got {found}."
            )
        if losses.dtype.kind not in "fiub":
            raise ValueError(
                f"{self.label} must return real numbers from loss_gradient, got the "
                f"type {losses.dtype}."
            )
        if not np.array_equal(y, before):
            self.fail(
                "loss_gradient changes y, the training data. Work on raw, or on a copy "
                "of y."
            )
        if losses.dtype.kind != "f":
            losses = losses.astype(np.float64)
        return losses, gradient

    def predict(self, raw: Array) -> Array:
        """Return predictions, after checking their shape and range."""
        predicted: Any = None
        with self.calling("predict"):
            predicted = self._loss.predict(raw.copy())
        if not isinstance(predicted, np.ndarray) or predicted.shape != raw.shape:
            raise ValueError(
                f"{self.label} must return an array of the shape of raw, "
                f"{raw.shape}, from predict, got {np.shape(predicted)}."
            )
        link = self._loss.out_activation
        if link in ("logistic", "softmax"):
            outside = predicted[(predicted < 0.0) | (predicted > 1.0)]
            if outside.size:
                self._refuse_probabilities(f"such as {outside[0]:.6g}")
        if link == "softmax":
            sums = predicted.sum(axis=1)
            wrong = sums[np.abs(sums - 1.0) > 1e-3]
            if wrong.size:
                self._refuse_probabilities(f"that sum to {wrong[0]:.6g}")
        return predicted

    def _refuse_probabilities(self, found: str) -> NoReturn:
        raise ValueError(
            f"{self.label} has out_activation={self._loss.out_activation!r}, whose "
            f"predictions are probabilities, but predict returns numbers {found}. "
            "Leave predict out: it then follows from out_activation."
        )

    def finite_values(self, raw: Array) -> dict[str, Array]:
        """Return losses, derivatives and predictions, after checking for finiteness."""
        with np.errstate(all="ignore"):
            losses, gradient = self.evaluate(raw)
            predicted = self.predict(raw)
        values = {"losses": losses, "derivatives": gradient, "predictions": predicted}
        for name, each in values.items():
            bad = ~np.isfinite(each).reshape(len(raw), -1).all(axis=1)
            if bad.any():
                row = int(bad.argmax())
                self.fail(
                    f"the {name} for "
                    f"{self._where(row, raw[row])} are {each[row]} in {raw.dtype}. Raw "
                    "outputs can be any real numbers, and are near 0 when training "
                    "begins. If it is the target that is out of range, raise "
                    "ValueError in check_target."
                )
        return values

    def check_gradients(self, most: int) -> None:
        """Raise ValueError if derivatives differ from central differences.

        At most ``most`` derivatives are compared for each of ``points``.
        """
        if not self._loss.exact_gradient:
            return
        for raw, scale in self.points:
            self._check_gradient(raw, scale, most)

    def _check_gradient(self, raw: Array, scale: float, most: int) -> None:
        with np.errstate(all="ignore"):
            losses, gradient = self.evaluate(raw)
            again, _ = self.evaluate(raw)
            self.check_repeatable("the losses for the same y and raw", losses, again)
            numbers = np.flatnonzero(np.isfinite(losses) & np.isfinite(gradient).all(1))
            raw = raw[numbers]
            losses, gradient = self.evaluate(raw, numbers)
        if not (np.isfinite(losses).all() and np.isfinite(gradient).all()):
            return
        wrong = find_wrong_derivative(
            lambda moved: self.evaluate(moved, numbers)[0],
            raw,
            gradient,
            unit=scale,
            magnitude=self._sizes[numbers],
            most=most,
        )
        if wrong is None:
            return
        hint = (
            "If it is modified on purpose, for example clipped, set exact_gradient = "
            "False in the class."
        )
        if np.array_equal(gradient, raw):
            hint = (
                "It has left raw as it was: overwrite raw in place, as in raw[...] = "
                "gradient."
            )
        row, output = wrong.index
        where = self._where(numbers[row], raw[row])
        self.fail_gradient(
            wrong,
            f"loss_gradient writes a wrong gradient. For {where} the derivative with "
            f"respect to output {output} is {wrong.analytic:.6g}",
            function="the losses",
            hint=hint,
        )

    def check_precision(self) -> None:
        """Raise ValueError if results in float32 differ from those in float64."""
        raw, _ = self.points[0]
        wide = self.finite_values(raw)
        numbers = (self._y, *wide.values())
        is_large = max(float(np.abs(each).max()) for each in numbers) > _LARGE
        if is_large or not self._loss.exact_gradient:
            return
        for name, values in self.finite_values(raw.astype(np.float32)).items():
            expected = wide[name]
            difference = np.abs(values - expected).reshape(len(raw), -1).max(axis=1)
            row = int(difference.argmax())
            # The differences of outputs and large targets have rounding errors.
            tolerance = 1e-2 + 1e-6 * float(self._sizes.max())
            if difference[row] > tolerance * np.abs(expected).max() + 1e-5:
                self.fail(
                    f"the {name} for {self._where(row, raw[row])} are {values[row]} in "
                    f"float32, but {expected[row]} in float64."
                )

    def _where(self, row: int, raw: Array) -> str:
        """Describe a row, its target and its raw outputs, for messages."""
        y = np.array2string(self._y[row], precision=6, threshold=6)
        outputs = np.array2string(raw, precision=6, threshold=6)
        return f"row {self._rows[row]} (y={y}, raw={outputs})"
