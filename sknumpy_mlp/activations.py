r"""Activation functions and their derivatives.

Estimators accept the names in `ACTIVATIONS` and `Activation` objects, such as
``activation=LeakyReLU(negative_slope=0.1)``:

- ``'identity'``, `Identity`: :math:`f(z) = z`;
- ``'logistic'``, `Logistic`: :math:`f(z) = 1 / (1 + e^{-z})`;
- ``'tanh'``, `Tanh`: :math:`f(z) = \tanh z`;
- ``'relu'``, `ReLU`: :math:`f(z) = \max(0, z)`;
- ``'leaky_relu'``, `LeakyReLU`: :math:`f(z) = \max(0.01\, z, z)`;
- ``'elu'``, `ELU`: :math:`f(z) = z` for positive z, else :math:`e^z - 1`;
- ``'selu'``, `SELU`: a scaled `ELU`, for self-normalizing networks;
- ``'gelu'``, `GELU`: :math:`f(z) = z\, \Phi(z)`, with the normal distribution
  function :math:`\Phi`;
- ``'silu'``, `SiLU`: :math:`f(z) = z / (1 + e^{-z})`, also known as swish;
- ``'mish'``, `Mish`: :math:`f(z) = z \tanh(\log(1 + e^z))`;
- ``'softplus'``, `Softplus`: :math:`f(z) = \log(1 + e^z)`.

For a custom activation, write a subclass of `Activation` and check it with
`check_activation`.  To add one to the package, also list it in `ACTIVATIONS`.

Throughout, ``z`` of shape (n_rows, n_units) holds the pre-activations, ``a`` the
activations :math:`f(z)`, and ``delta`` the gradient of the objective: with respect to
``a`` before `Activation.backward`, and with respect to ``z`` after it.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from scipy.special import expit, ndtr

from sknumpy_mlp._utils.gradient_check import (
    GradientCheck,
    check_is_instance,
    find_wrong_derivative,
)
from sknumpy_mlp._utils.intervals import is_integer
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import (
    Value,
    check_number,
    copy_with_python_numbers,
    short_repr,
)

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "ActivationName",
    "Identity",
    "LeakyReLU",
    "Logistic",
    "Mish",
    "ReLU",
    "SiLU",
    "Softplus",
    "Tanh",
    "check_activation",
]


class Activation(Value, ABC):
    r"""Base class of activation functions.

    Attributes
    ----------
    from_output : bool
        Whether the derivative can be computed from the output ``a`` alone.  If so,
        ``z`` and ``a`` are the same array: `forward` works in place, and `backward`
        receives the array twice.  If not, ``z`` is kept in a separate array.
    keeps_derivative : bool
        Whether `forward_with_derivative` is implemented.  If so, layers call it in
        training instead of `forward` and `backward`, which saves computing
        intermediate results twice.
    glorot_factor : float
        The numerator of the bound :math:`\sqrt{factor / (fan_{in} + fan_{out})}` of
        Glorot's uniform initialization for layers with this activation.
    exact_gradient : bool
        Whether `backward` multiplies by the derivative of `forward`.  If so, ``fit``
        checks the derivative of a custom activation at a few points.  Set it to False
        if the gradient differs on purpose, as in a straight-through estimator, or if
        the activation is random.

    See Also
    --------
    check_activation : Checks a custom activation.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import ReLU
    >>> a = np.array([[-1.0, 2.0]])
    >>> ReLU().forward(a, out=a)
    >>> a
    array([[0., 2.]])
    """

    from_output: ClassVar[bool] = True
    keeps_derivative: ClassVar[bool] = False
    glorot_factor: ClassVar[float] = 6.0
    exact_gradient: ClassVar[bool] = True

    @abstractmethod
    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_units)
            The pre-activations.
        out : ndarray of shape (n_rows, n_units)
            The array for the activations.  If ``from_output`` is True, it is ``z``
            itself; otherwise, ``z`` must not be changed.
        """

    @abstractmethod
    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` in place by ``f'(z)``; may overwrite ``z`` and ``a``.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_units)
            The pre-activations; if ``from_output`` is True, the same array as ``a``.
        a : ndarray of shape (n_rows, n_units)
            The activations, as written by `forward`.
        delta : ndarray of shape (n_rows, n_units)
            The gradient of the objective with respect to ``a``; afterwards, with
            respect to ``z``.
        """

    def forward_with_derivative(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``, and overwrite ``z`` with ``f'(z)``.

        Optional, see ``keeps_derivative``.

        Parameters
        ----------
        z : ndarray of shape (n_rows, n_units)
            The pre-activations; afterwards, the derivatives.
        out : ndarray of shape (n_rows, n_units)
            The array for the activations, not ``z`` itself.
        """
        raise NotImplementedError(f"{self!r} does not keep its derivative.")


class _KeepsDerivative(Activation):
    """Base class of activations that compute value and derivative together."""

    from_output: ClassVar[bool] = False
    keeps_derivative: ClassVar[bool] = True

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by the derivative."""
        self.forward_with_derivative(z, a)
        delta *= z


@dataclass(frozen=True)
class Identity(Activation):
    """The identity, f(z) = z, for linear layers.

    Its derivative is 1.  Several layers with this activation are equivalent to a single
    linear layer.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import Identity
    >>> a = np.array([[-1.0, 2.0]])
    >>> Identity().forward(a, out=a)
    >>> a
    array([[-1.,  2.]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        if out is not z:
            np.copyto(out, z)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Leave ``delta`` unchanged, since f'(z) = 1."""


@dataclass(frozen=True)
class Logistic(Activation):
    r"""The logistic sigmoid, :math:`f(z) = 1 / (1 + e^{-z})`.

    It maps the real numbers to (0, 1).  The derivative, :math:`f' = f (1 - f)`, is at
    most 1/4, so that gradients vanish in networks of many such layers; rectifiers avoid
    this.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning Representations by
    Back-Propagating Errors", Nature 323, 1986, doi:10.1038/323533a0.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import Logistic
    >>> a = np.log([[1 / 3, 1.0, 3.0]])
    >>> Logistic().forward(a, out=a)
    >>> a
    array([[0.25, 0.5 , 0.75]])
    >>> delta = np.ones_like(a)
    >>> Logistic().backward(a, a, delta)
    >>> delta
    array([[0.1875, 0.25  , 0.1875]])
    """

    # Glorot and Bengio assume a slope of 1 at zero, where the sigmoid's is 1/4.  As in
    # scikit-learn, the factor is 2 instead of 6.
    glorot_factor: ClassVar[float] = 2.0

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        expit(z, out=out)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by a (1 - a)."""
        delta *= a
        np.subtract(1.0, a, out=a)
        delta *= a


@dataclass(frozen=True)
class Tanh(Activation):
    r"""The hyperbolic tangent, :math:`f(z) = \tanh z`, with :math:`f' = 1 - f^2`.

    A sigmoid with values in (-1, 1) that is zero at zero, where its slope is 1.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in Neural
    Networks: Tricks of the Trade, 1998, doi:10.1007/3-540-49430-8_2, section 4.4.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import Tanh
    >>> a = np.array([[-1.0, 0.0, 1.0]])
    >>> Tanh().forward(a, out=a)
    >>> a.round(3)
    array([[-0.762,  0.   ,  0.762]])
    >>> delta = np.ones_like(a)
    >>> Tanh().backward(a, a, delta)
    >>> delta.round(3)  # 1 - 0.762**2 is 0.42
    array([[0.42, 1.  , 0.42]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        np.tanh(z, out=out)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by 1 - a**2."""
        np.multiply(a, a, out=a)
        np.subtract(1.0, a, out=a)
        delta *= a


@dataclass(frozen=True)
class ReLU(Activation):
    r"""The rectified linear unit, :math:`f(z) = \max(0, z)`.

    The derivative is 1 where z is positive, else 0.

    References
    ----------
    V. Nair and G. E. Hinton, "Rectified Linear Units Improve Restricted Boltzmann
    Machines", ICML 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import ReLU
    >>> a = np.array([[-1.0, 0.0, 2.0]])
    >>> ReLU().forward(a, out=a)
    >>> a
    array([[0., 0., 2.]])
    >>> delta = np.array([[5.0, 6.0, 7.0]])
    >>> ReLU().backward(a, a, delta)
    >>> delta
    array([[0., 0., 7.]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        _beside(np.maximum, z, 0.0, out)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by the mask a > 0."""
        # Assignment through a mask (``delta[a <= 0] = 0``, ``np.putmask``) takes ten
        # times as long as a product with it.
        np.multiply(delta, a > 0.0, out=delta)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    r"""The leaky rectified linear unit, :math:`f(z) = \max(z, s z)`.

    The derivative is 1 where z > 0, else s: units whose inputs are all negative still
    have a gradient.

    Parameters
    ----------
    negative_slope : float, default=0.01
        The slope s for negative z, in [0, 1).

    References
    ----------
    A. L. Maas, A. Y. Hannun and A. Y. Ng, "Rectifier Nonlinearities Improve Neural
    Network Acoustic Models", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import LeakyReLU
    >>> a, leaky = np.array([[-1.0, 2.0]]), LeakyReLU(negative_slope=0.1)
    >>> leaky.forward(a, out=a)
    >>> a
    array([[-0.1,  2. ]])
    >>> delta = np.array([[5.0, 6.0]])
    >>> leaky.backward(a, a, delta)
    >>> delta
    array([[0.5, 6. ]])
    """

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, "negative_slope", 0.0, 1.0)

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        np.maximum(z, self.negative_slope * z, out=out)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by 1 or the slope."""
        np.greater(a, 0.0, out=a)
        a *= 1.0 - self.negative_slope
        a += self.negative_slope
        delta *= a


@dataclass(frozen=True)
class ELU(Activation):
    r"""The exponential linear unit, with an optional scale.

    .. math::

        f(z) = s \cdot \begin{cases} z & z > 0 \\
                                     \alpha (e^z - 1) & z \le 0 \end{cases}

    with :math:`f' = s` for positive z and :math:`f' = f + s \alpha` for negative z.

    Parameters
    ----------
    alpha : float, default=1.0
        The negative of the limit for :math:`z \to -\infty` (before scaling); it must be
        positive.  The derivative is continuous only if it is 1.
    scale : float, default=1.0
        The factor s, which must be positive.

    References
    ----------
    D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and Accurate Deep Network
    Learning by Exponential Linear Units (ELUs)", ICLR 2016, arXiv:1511.07289.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import ELU
    >>> a = np.array([[-np.log(2.0), 3.0]])
    >>> ELU().forward(a, out=a)
    >>> a.round(6)  # exp(-log 2) - 1 is -1/2
    array([[-0.5,  3. ]])
    >>> delta = np.ones_like(a)
    >>> ELU().backward(a, a, delta)
    >>> delta.round(6)
    array([[0.5, 1. ]])
    """

    alpha: float = 1.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "alpha", 0.0, closed="neither")
        check_number(self, "scale", 0.0, closed="neither")

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        left = np.empty_like(z)
        _beside(np.minimum, z, 0.0, left)
        np.expm1(left, out=left)
        left *= self.alpha
        _beside(np.maximum, z, 0.0, out)
        out += left
        out *= self.scale

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by s, or by a + s alpha."""
        right = (a > 0.0).astype(a.dtype)
        right *= self.scale * (1.0 - self.alpha)
        _beside(np.minimum, a, 0.0, a)
        a += self.scale * self.alpha
        a += right
        delta *= a


@dataclass(frozen=True)
class SELU(ELU):
    r"""The scaled exponential linear unit: `ELU` with the constants for normalization.

    With weights of variance :math:`1 / fan_{in}` (``init="lecun"``) and biases of zero,
    the mean and the variance of activations converge to 0 and 1 over the layers.

    Parameters
    ----------
    alpha : float, default=1.6732632423543772
        The :math:`\alpha` of `ELU`.
    scale : float, default=1.0507009873554805
        The factor s of `ELU`.  With other values of the two parameters, mean and
        variance converge to other values, or do not converge.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, "Self-Normalizing Neural
    Networks", NeurIPS 2017, arXiv:1706.02515; the constants are in its equation 14.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import SELU
    >>> a = np.random.default_rng(0).standard_normal((100_000, 1))
    >>> SELU().forward(a, out=a)
    >>> print(f"mean {abs(a.mean()):.2f}, variance {a.var():.2f}")
    mean 0.00, variance 1.00
    """

    alpha: float = 1.6732632423543772
    scale: float = 1.0507009873554805


@dataclass(frozen=True)
class GELU(_KeepsDerivative):
    r"""The Gaussian error linear unit, :math:`f(z) = z\, \Phi(z)`.

    :math:`\Phi` is the standard normal distribution function, computed exactly, without
    the tanh approximation.  The derivative is :math:`f' = \Phi(z) + z\, \varphi(z)`,
    with the density :math:`\varphi(z) = e^{-z^2 / 2} / \sqrt{2 \pi}`.

    References
    ----------
    D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", 2016,
    arXiv:1606.08415.

    Examples
    --------
    A standard normal number is below 1 with a probability of 0.841:

    >>> import numpy as np
    >>> from sknumpy_mlp.activations import GELU
    >>> z = np.array([[-1.0, 0.0, 1.0]])
    >>> a = np.empty_like(z)
    >>> GELU().forward(z, out=a)
    >>> a.round(3)
    array([[-0.159,  0.   ,  0.841]])
    >>> delta = np.ones_like(z)
    >>> GELU().backward(z, a, delta)
    >>> delta.round(3)  # 0.841 + 1 * 0.242 on the right
    array([[-0.083,  0.5  ,  1.083]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        ndtr(z, out=out)
        out *= z

    def forward_with_derivative(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``, and Phi(z) + z phi(z) into ``z``."""
        density = z * z
        density *= -0.5
        np.exp(density, out=density)
        density *= 1.0 / math.sqrt(2.0 * math.pi)
        density *= z
        ndtr(z, out=out)
        density += out
        out *= z
        z[...] = density


@dataclass(frozen=True)
class SiLU(_KeepsDerivative):
    r"""The sigmoid linear unit, or swish, :math:`f(z) = z\, \sigma(z)`.

    :math:`\sigma` is the logistic function;
    :math:`f' = 1 - (1 - f)(1 - \sigma(z))`.

    References
    ----------
    S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-Weighted Linear Units for Neural
    Network Function Approximation in Reinforcement Learning", Neural Networks 107,
    2018, arXiv:1702.03118.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import SiLU
    >>> z = np.array([[-np.log(3.0), 0.0, np.log(3.0)]])  # sigma is 1/4, 1/2, 3/4
    >>> a = np.empty_like(z)
    >>> SiLU().forward(z, out=a)
    >>> a.round(3)
    array([[-0.275,  0.   ,  0.824]])
    >>> delta = np.ones_like(z)
    >>> SiLU().backward(z, a, delta)
    >>> delta.round(3)  # 1 - (1 - 0.824) / 4 on the right
    array([[0.044, 0.5  , 0.956]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        expit(z, out=out)
        out *= z

    def forward_with_derivative(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``, and 1 - (1 - f) (1 - sigma(z)) into ``z``."""
        expit(z, out=out)
        out *= z
        np.negative(z, out=z)
        expit(z, out=z)  # 1 - sigma
        z -= z * out
        np.subtract(1.0, z, out=z)


_MISH_IS_LINEAR = 20.0


@dataclass(frozen=True)
class Mish(_KeepsDerivative):
    r"""Mish, :math:`f(z) = z \tanh(\log(1 + e^z))`.

    With :math:`u = 1 + e^z`,

    .. math::

        f(z) = z\, \frac{u^2 - 1}{u^2 + 1}, \qquad
        f'(z) = \frac{u^2 - 1}{u^2 + 1} + z\, \frac{4 u (u - 1)}{(u^2 + 1)^2}

    References
    ----------
    D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", BMVC 2020,
    arXiv:1908.08681.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import Mish
    >>> z = np.array([[0.0, np.log(2.0)]])  # u is 2 and 3
    >>> a = np.empty_like(z)
    >>> Mish().forward(z, out=a)
    >>> a.round(4)  # 0 and 0.8 log(2)
    array([[0.    , 0.5545]])
    >>> delta = np.ones_like(z)
    >>> Mish().backward(z, a, delta)
    >>> delta.round(4)  # 3 / 5, and 0.8 + log(2) * 24 / 100
    array([[0.6   , 0.9664]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        w, scratch = np.empty_like(z), np.empty_like(z)
        self._bound(z, out, scratch)
        np.exp(scratch, out=w)
        np.add(w, 2.0, out=scratch)
        scratch *= w  # u**2 - 1
        np.add(scratch, 2.0, out=w)  # u**2 + 1
        scratch /= w
        out *= scratch

    def forward_with_derivative(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``, and ``f'(z)`` into ``z``."""
        # With w = exp(z), n = w (w + 2) = u**2 - 1 and d = n + 2 = u**2 + 1, the
        # derivative is (n + 4 z (n - w) / d) / d.
        n, w = np.empty_like(z), np.empty_like(z)
        self._bound(z, out, n)
        np.exp(n, out=w)
        np.multiply(n, 4.0, out=z)
        np.add(w, 2.0, out=n)
        n *= w
        np.subtract(n, w, out=w)
        z *= w
        np.add(n, 2.0, out=w)
        z /= w
        z += n
        z /= w
        n /= w
        out *= n

    @staticmethod
    def _bound(z: Array, out: Array, bounded: Array) -> None:
        """Bound z from below in ``out``, and on both sides in ``bounded``.

        Where z is large, the ratio and the derivative round to 1, and exp may overflow;
        where it is very negative, exp(z) must not become denormal.
        """
        smallest = math.log(np.finfo(z.dtype).tiny)
        _beside(np.maximum, z, smallest, out)
        _beside(np.minimum, out, _MISH_IS_LINEAR, bounded)


@dataclass(frozen=True)
class Softplus(Activation):
    r"""A smooth rectifier, :math:`f(z) = \log(1 + e^z)`, with :math:`f' = 1 - e^{-f}`.

    References
    ----------
    C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau and R. Garcia, "Incorporating
    Second-Order Functional Knowledge for Better Option Pricing", NIPS 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import Softplus
    >>> a = np.array([[0.0, np.log(3.0), 100.0]])
    >>> Softplus().forward(a, out=a)
    >>> a.round(3)  # log(2), log(4), and almost z itself
    array([[  0.693,   1.386, 100.   ]])
    >>> delta = np.ones_like(a)
    >>> Softplus().backward(a, a, delta)
    >>> delta.round(3)
    array([[0.5 , 0.75, 1.  ]])
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        np.logaddexp(z, 0.0, out=out)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by 1 - exp(-a)."""
        np.negative(a, out=a)
        np.expm1(a, out=a)
        delta *= a
        np.negative(delta, out=delta)


# Size of the cached arrays of a constant: 256 KiB of float32.
_N_CONSTANTS = 2**16


@lru_cache(maxsize=16)
def _constants(value: float, n_columns: int, dtype: Any) -> Array:
    shape = (max(1, _N_CONSTANTS // max(1, n_columns)), n_columns)
    constants = np.full(shape, value, dtype)
    constants.flags.writeable = False
    return constants


def _beside(extremum: np.ufunc, z: Array, value: float, out: Array) -> None:
    """Compute ``extremum(z, value)``, for np.maximum or np.minimum, in less time.

    NumPy (up to 2.4 at least) uses vector instructions for the extrema of two arrays,
    but not for the extrema of an array and a number.
    """
    if z.ndim != 2:  # outside of networks, for example in a plot of the function
        extremum(z, value, out=out)
        return
    constants = _constants(value, z.shape[1], z.dtype)
    for start in range(0, z.shape[0], len(constants)):
        rows = slice(start, start + len(constants))
        extremum(z[rows], constants[: len(z) - start], out=out[rows])


#: The names of `ACTIVATIONS`, to annotate variables with.
ActivationName: TypeAlias = Literal[
    "identity",
    "logistic",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "softplus",
]

#: The activations that estimators accept by name.
ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "relu": ReLU(),
    "leaky_relu": LeakyReLU(),
    "elu": ELU(),
    "selu": SELU(),
    "gelu": GELU(),
    "silu": SiLU(),
    "mish": Mish(),
    "softplus": Softplus(),
}


# ------------------------------------------------------------ checks of an activation

# Numbers of rows in `check_activation` and in ``fit``, and of derivatives in ``fit``.
_N_ROWS, _N_ROWS_IN_FIT = 24, 5
_N_DERIVATIVES_IN_FIT = 40


def check_activation(activation: Activation, *, n_units: int = 8) -> None:
    """Check that a custom activation meets the requirements of a network.

    For random positive and negative pre-activations, in float32 and in float64, it
    checks that

    - `Activation.forward` writes finite numbers into ``out`` and does not change ``z``,
      unless ``from_output`` makes them the same array;
    - `Activation.backward` multiplies ``delta`` by the derivative, which agrees with
      central differences.  At a kink, such as that of a rectifier, any subgradient is
      accepted.  Activations with ``exact_gradient = False`` are not compared.

    Parameters
    ----------
    activation : Activation
        The activation: an instance, not a class.
    n_units : int, default=8
        The number of units, for an activation that needs a certain number: it may have
        a parameter for each unit, or combine units in pairs.

    Raises
    ------
    TypeError
        If ``activation`` is not an activation.
    ValueError
        If it fails a check, or one of its methods raises ValueError or TypeError (other
        exceptions get a note), or if ``n_units`` is not an int of at least 1.  The
        message names the check and, for a gradient, the pre-activation, the result in
        ``delta`` and the central difference.

    See Also
    --------
    sknumpy_mlp.losses.check_loss : Checks a custom loss.
    sknumpy_mlp.layers.check_layer : Checks a custom layer.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.activations import Activation, check_activation
    >>> class Sine(Activation):
    ...     from_output = False
    ...     def forward(self, z, out):
    ...         np.sin(z, out=out)
    ...     def backward(self, z, a, delta):
    ...         delta *= np.cos(z)
    >>> check_activation(Sine())  # no error
    >>> class FromOutput(Sine):
    ...     from_output = True  # but z holds sin(z) now
    >>> check_activation(FromOutput())
    Traceback (most recent call last):
        ...
    ValueError: activation=FromOutput(): backward applies a wrong derivative. ...
    """
    check_is_instance("activation", activation, Activation)
    if not is_integer(n_units) or n_units < 1:
        raise ValueError(f"n_units={short_repr(n_units)} must be an int of at least 1.")
    z = 2.0 * np.random.default_rng(0).normal(size=(_N_ROWS, n_units))
    check = _ActivationCheck(activation)
    check.check_gradient(z, z.size)
    check.check_values(z)


def try_activation(activation: Activation, n_units: int) -> None:
    """Check the gradient of a custom activation at a few points, for ``fit``.

    Non-finite values are not checked: training reports them.

    Parameters
    ----------
    activation : Activation
        The activation.
    n_units : int
        The number of units of the layer.

    Raises
    ------
    ValueError
        If its derivative is wrong, or a method raises ValueError or TypeError.
    """
    z = 2.0 * np.random.default_rng(0).normal(size=(_N_ROWS_IN_FIT, n_units))
    _ActivationCheck(activation).check_gradient(z, _N_DERIVATIVES_IN_FIT)


class _ActivationCheck(GradientCheck):
    """The checks of an activation, on a copy, whose state may change."""

    def __init__(self, activation: Activation) -> None:
        super().__init__("activation", activation)
        self._activation = copy_with_python_numbers(activation)

    def forward(self, z: Array) -> tuple[Array, Array]:
        """Return the arrays z and a that a layer passes to ``backward``."""
        before, z = z, z.copy()
        a = z if self._activation.from_output else np.full_like(z, np.nan)
        with self.calling(f"forward for z of the shape {z.shape}"):
            self._activation.forward(z, a)
        if a is not z and not np.array_equal(z, before):
            self.fail(
                "forward changes z. Write into out alone, or set from_output = True if "
                "backward needs only a."
            )
        if a is not z and np.isnan(a).all():
            self.fail(
                "forward writes no numbers into out. Write the result into out in "
                "place, as in out[...] = result."
            )
        return z, a

    def backward(self, z: Array, delta: Array) -> Array:
        """Return the gradient with respect to z from that with respect to a."""
        if self._activation.keeps_derivative:
            return delta * self._value_and_derivative(z)[1]
        z, a = self.forward(z)
        gradient = delta.copy()
        with self.calling(f"backward for z of the shape {z.shape}"):
            self._activation.backward(z, a, gradient)
        return gradient

    def _value_and_derivative(self, z: Array) -> tuple[Array, Array]:
        """Return the results of ``forward_with_derivative``, as a layer calls it."""
        derivative, a = z.copy(), np.full_like(z, np.nan)
        with self.calling(f"forward_with_derivative for z of the shape {z.shape}"):
            self._activation.forward_with_derivative(derivative, a)
        return a, derivative

    def _check_both_forwards(self, z: Array, a: Array) -> None:
        """Raise ValueError if the two methods return different activations."""
        if not self._activation.keeps_derivative:
            return
        other = self._value_and_derivative(z)[0]
        wrong = ~np.isclose(a, other, rtol=1e-6, atol=1e-9, equal_nan=True)
        if wrong.any():
            self.fail(
                f"forward_with_derivative writes {other[wrong][0]:.6g} into out for "
                f"z={z[wrong][0]:.6g}, but forward {a[wrong][0]:.6g}. Both must write "
                "f(z)."
            )

    def check_values(self, z: Array) -> None:
        """Raise ValueError unless float32 and float64 give the same finite values."""
        delta = np.ones_like(z)
        results = []
        for dtype in (np.float64, np.float32):
            with np.errstate(all="ignore"):
                a = self.forward(z.astype(dtype))[1]
                gradient = self.backward(z.astype(dtype), delta.astype(dtype))
            for name, values in (("a", a), ("f'(z)", gradient)):
                bad = ~np.isfinite(values)
                if bad.any():
                    self.fail(
                        f"{name} for z={z[bad][0]:.6g} is {values[bad][0]} in "
                        f"{values.dtype}. It must be finite: pre-activations can be "
                        "any real numbers."
                    )
            results.append((a, gradient))
        if not self._activation.exact_gradient:
            return
        for name, wide, narrow in zip(("a", "f'(z)"), *results, strict=True):
            worst = np.unravel_index(np.abs(narrow - wide).argmax(), z.shape)
            if abs(narrow[worst] - wide[worst]) > 1e-3 * np.abs(wide).max() + 1e-5:
                self.fail(
                    f"{name} for z={z[worst]:.6g} is {narrow[worst]:.6g} in float32, "
                    f"but {wide[worst]:.6g} in float64."
                )

    def check_gradient(self, z: Array, most: int) -> None:
        """Raise ValueError if `backward` disagrees with central differences."""
        activation = self._activation
        delta = np.random.default_rng(1).normal(size=z.shape)
        if not activation.exact_gradient:
            with np.errstate(all="ignore"):
                self.backward(z, delta)  # check that it runs
            return
        with np.errstate(all="ignore"):
            _, a = self.forward(z)
            again = self.forward(z)[1]
            self.check_repeatable("the results of forward for the same z", a, again)
            self._check_both_forwards(z, a)
            gradient = self.backward(z, delta)
        is_unchanged = np.array_equal(gradient, delta)
        finite = np.isfinite(a) & np.isfinite(gradient)
        gradient[~finite] = 0.0
        wrong = find_wrong_derivative(
            lambda moved: np.where(finite, delta * self.forward(moved)[1], 0.0),
            z,
            gradient,
            most=most,
        )
        if wrong is None:
            return
        hint = "If it differs on purpose, set exact_gradient = False in the class."
        if is_unchanged:
            hint = "It has left delta as it was: multiply delta in place."
        elif activation.from_output:
            hint += (
                " If backward needs z, set from_output = False: else both z and a hold "
                "the activations."
            )
        self.fail_gradient(
            wrong,
            f"backward applies a wrong derivative. For z={z[wrong.index]:.6g} and "
            f"delta={delta[wrong.index]:.6g} it leaves {wrong.analytic:.6g} in delta",
            function="forward",
            hint=hint,
        )
