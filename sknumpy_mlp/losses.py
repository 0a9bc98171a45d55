r"""Losses: how far the network's output is from the target, and in which direction.

A loss is a function of the *raw* output of the last layer (the logits, the logarithm
of the expected count, ...) and owns three things that must agree: the value, its
gradient, and the inverse link that turns raw outputs into predictions.  Because the
value is computed from the raw output, it stays exact where probabilities would round
to 0 or 1, and it is always the very function whose gradient is followed.

To add a loss for regression, write a subclass of `Loss` and list it in
``REGRESSION_LOSSES``.  Losses for classification come in two forms, for one class out
of several and for yes-no outputs: ``CLASSIFICATION_LOSSES`` lists objects like
`LogLoss` that know both.

Throughout, ``raw`` has shape (n_rows, n_outputs) and ``y`` is what `Loss` says.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from sknumpy_mlp._typing import Array

__all__ = [
    "CLASSIFICATION_LOSSES",
    "REGRESSION_LOSSES",
    "BinaryLogLoss",
    "LogLoss",
    "Loss",
    "MultinomialLogLoss",
    "Poisson",
    "SquaredError",
]


class Loss(ABC):
    """Base class of losses.

    Attributes
    ----------
    out_activation : str
        Name of the inverse link, as scikit-learn names output activations.
    """

    out_activation: ClassVar[str] = "identity"

    @abstractmethod
    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_outputs), or (n_rows,) of class codes
            The targets; codes for `MultinomialLogLoss` only.
        raw : ndarray of shape (n_rows, n_outputs)
            The raw outputs; afterwards, the derivative of each row's loss with
            respect to them.

        Returns
        -------
        losses : ndarray of shape (n_rows,)
            The loss of each row, summed over the outputs.
        """

    def predict(self, raw: Array) -> Array:
        """Return the inverse link of ``raw``, which may be overwritten."""
        return raw

    def check_target(self, y: Array) -> None:  # noqa: B027 - most take any number
        """Raise ValueError if ``y`` is outside the domain of the loss."""


@dataclass(frozen=True)
class SquaredError(Loss):
    r"""Half the squared error, summed over the outputs.

    .. math:: \ell = \tfrac{1}{2} \sum_k (raw_k - y_k)^2

    Link: identity.  Domain: real numbers.

    The half makes the gradient ``raw - y``.  For several outputs scikit-learn reports
    the *mean* over the outputs while it follows the gradient of the sum; here both
    are the sum.

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
class Poisson(Loss):
    r"""Half the Poisson deviance, for counts and other targets of at least zero.

    .. math:: \ell = \sum_k \left( y_k \log y_k - y_k - y_k\, raw_k
              + e^{raw_k} \right)

    Link: logarithm, so that predictions :math:`e^{raw}` are positive.  Domain:
    :math:`y \ge 0`.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import Poisson
    >>> raw = np.log([[2.0]])
    >>> losses = Poisson().loss_gradient(np.array([[2.0]]), raw)
    >>> bool(abs(losses[0]) < 1e-12), bool(abs(raw[0, 0]) < 1e-12)
    (True, True)
    """

    out_activation: ClassVar[str] = "exp"

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
class BinaryLogLoss(Loss):
    r"""Cross-entropy of independent yes-no outputs: two classes, or several labels.

    .. math:: \ell = \sum_k \left( \log(1 + e^{raw_k}) - y_k\, raw_k \right)

    Link: logit.  Domain: :math:`0 \le y \le 1`, one column for two classes, a column
    for each label otherwise.

    Examples
    --------
    A confident mistake costs what it should, however confident:

    >>> import numpy as np
    >>> from sknumpy_mlp.losses import BinaryLogLoss
    >>> BinaryLogLoss().loss_gradient(np.array([[0.0]]), np.array([[1000.0]]))
    array([1000.])
    """

    out_activation: ClassVar[str] = "logistic"

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
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


@dataclass(frozen=True)
class MultinomialLogLoss(Loss):
    r"""Cross-entropy of one class out of several.

    .. math:: \ell = \log \sum_k e^{raw_k} - raw_y

    Link: the inverse is softmax.  Domain: ``y`` holds class codes from 0 to
    ``n_outputs - 1``, shape (n_rows,).

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.losses import MultinomialLogLoss
    >>> raw = np.zeros((1, 4))
    >>> losses = MultinomialLogLoss().loss_gradient(np.array([2]), raw)
    >>> bool(np.isclose(losses[0], np.log(4))), raw
    (True, array([[ 0.25,  0.25, -0.75,  0.25]]))
    """

    out_activation: ClassVar[str] = "softmax"

    def loss_gradient(self, y: NDArray[Any], raw: Array) -> Array:
        """Return the losses and overwrite ``raw`` with their gradient."""
        target = np.arange(0, raw.size, raw.shape[1])  # in the flattened array
        target += y
        flat = raw.reshape(-1)
        _subtract_row_max(raw)
        target_raw = flat[target]
        total = _exp_and_normalise(raw)
        losses: Array = np.log(total, out=total)
        losses -= target_raw
        flat[target] -= 1.0
        return losses

    def predict(self, raw: Array) -> Array:
        """Return the class probabilities."""
        _subtract_row_max(raw)
        _exp_and_normalise(raw)
        return raw


def _subtract_row_max(raw: Array) -> None:
    """Shift each row so that its largest value is 0, and exp cannot overflow."""
    # Over the short last axis a reduction runs six times slower than over the first.
    raw -= np.maximum.reduce(raw.T.copy(), axis=0)[:, np.newaxis]


def _exp_and_normalise(raw: Array) -> Array:
    """Turn each row into its exponentials' shares; return the rows' sums."""
    np.exp(raw, out=raw)
    total: Array = raw @ np.ones(raw.shape[1], dtype=raw.dtype)
    raw /= total[:, np.newaxis]
    return total


@dataclass(frozen=True)
class LogLoss:
    """Cross-entropy for classification: binary or multinomial, as the target asks.

    Examples
    --------
    >>> from sknumpy_mlp.losses import LogLoss
    >>> LogLoss().for_target(multinomial=True)
    MultinomialLogLoss()
    """

    def for_target(self, *, multinomial: bool) -> Loss:
        """Return the loss for exactly one class a row, or for yes-no outputs."""
        return MultinomialLogLoss() if multinomial else BinaryLogLoss()


#: The losses that the estimators know by name.
CLASSIFICATION_LOSSES: dict[str, LogLoss] = {"log_loss": LogLoss()}
REGRESSION_LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "poisson": Poisson(),
}
