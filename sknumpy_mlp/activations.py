r"""Activation functions: what a layer does to its pre-activations.

An activation is the pair of a function and its derivative, written side by side so
that the two cannot drift apart.  To add one, write a subclass of `Activation` and
list it in `ACTIVATIONS`; the estimators accept its name, and the tests check its
gradient.

Throughout, ``z`` of shape (n_rows, n_units) holds pre-activations, ``a`` the
activations :math:`f(z)`, and ``delta`` the gradient of the objective, with respect to
``a`` before `Activation.backward` and with respect to ``z`` after it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit

from sknumpy_mlp._typing import Array

__all__ = ["ACTIVATIONS", "Activation", "Identity", "Logistic", "ReLU", "Tanh"]


class Activation(ABC):
    r"""Base class of activation functions.

    Attributes
    ----------
    from_output : bool
        Whether the derivative can be had from the output ``a`` alone.  The layer
        then keeps ``z`` and ``a`` in one array, and ``backward`` gets the same array
        twice.
    glorot_factor : float
        The numerator of the bound :math:`\sqrt{factor / (fan_{in} + fan_{out})}` of
        Glorot's uniform initialisation for layers with this activation.

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
    glorot_factor: ClassVar[float] = 6.0

    @abstractmethod
    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``, which may be ``z`` itself."""

    @abstractmethod
    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` in place by ``f'(z)``; ``z`` and ``a`` may be destroyed.

        The forward pass is over when this runs and nothing reads ``z`` or ``a`` after
        it, so they serve as scratch memory.
        """


@dataclass(frozen=True)
class Identity(Activation):
    """The identity, f(z) = z: a linear layer."""

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        if out is not z:
            np.copyto(out, z)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Leave ``delta`` as it is: f'(z) = 1."""


@dataclass(frozen=True)
class Logistic(Activation):
    """The logistic sigmoid, f(z) = 1 / (1 + exp(-z)), with f' = f (1 - f)."""

    # Glorot and Bengio derive the bound for units that are linear around zero; the
    # sigmoid's slope there is 1/4.  scikit-learn uses 2 instead of 6, and so do we.
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
    """The hyperbolic tangent, f(z) = tanh(z), with f' = 1 - f**2."""

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
    """The rectified linear unit, f(z) = max(0, z), with f'(z) = 1 where z > 0, else 0.

    References
    ----------
    V. Nair and G. E. Hinton, "Rectified Linear Units Improve Restricted Boltzmann
    Machines", ICML 2010.
    """

    def forward(self, z: Array, out: Array) -> None:
        """Write ``f(z)`` into ``out``."""
        np.maximum(z, 0.0, out=out)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """Multiply ``delta`` by the mask a > 0."""
        # A product with the mask: assigning zeros through it (``delta[a <= 0] = 0``,
        # ``np.putmask``) takes ten times as long.
        np.multiply(delta, a > 0.0, out=delta)


#: The activations that the estimators know by name.
ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "relu": ReLU(),
}
