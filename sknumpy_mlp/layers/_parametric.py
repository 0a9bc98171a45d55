"""Parametric activations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp.activations import Activation
from sknumpy_mlp.layers._base import Buffers, ElementwiseLayer, TrainingContext


@dataclass(frozen=True)
class Parametric(ElementwiseLayer):
    r"""An activation with a learnable mixing weight for each unit.

    .. math:: a_{ij} = z_{ij} + p_j\,(f(z_{ij}) - z_{ij})

    The mixing weights p are initialized to one, so that the layer is initially the
    activation itself, and are not penalized.

    Parameters
    ----------
    fan_in : int
        Number of units.
    activation : Activation
        The function :math:`f`.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    A linear unit, a rectified one, and a mixture of the two:

    >>> import numpy as np
    >>> from sknumpy_mlp.activations import ReLU
    >>> from sknumpy_mlp.layers import Parametric
    >>> layer, p = Parametric(3, ReLU()), np.array([0.0, 1.0, 0.75])
    >>> z, delta, grads = np.full((1, 3), -4.0), np.ones((1, 3)), [np.empty(3)]
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> layer.forward([p], z, buffers, None)
    array([[-4.,  0., -1.]])
    >>> layer.backward([p], grads, z, delta, buffers, need_input_gradient=True)
    array([[1.  , 0.  , 0.25]])
    >>> grads  # f(z) - z
    [array([4., 4., 4.])]
    """

    fan_in: int
    activation: Activation
    lr_multiplier: float = 1.0

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shape of p."""
        return ((self.fan_in,),)

    @property
    def lr_multipliers(self) -> tuple[float, ...]:
        """The learning-rate multiplier of p."""
        return (self.lr_multiplier,)

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Set the mixing weights to one."""
        params[0][...] = 1.0

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate f(z), a and, for training, three more arrays and ones."""
        names: tuple[str, ...] = ("f", "a")
        if training:
            names += ("difference", "derivative", "delta_f")
        buffers = {name: np.empty((n_rows, self.fan_in), dtype) for name in names}
        if training:
            buffers["ones"] = np.ones(n_rows, dtype)
        return buffers

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Array:
        """Return z + p (f(z) - z)."""
        f, a = buffers["f"], buffers["a"]
        if self.activation.from_output:
            np.copyto(f, x)
            self.activation.forward(f, f)
        elif "derivative" in buffers and self.activation.keeps_derivative:
            np.copyto(buffers["derivative"], x)
            self.activation.forward_with_derivative(buffers["derivative"], f)
        else:
            self.activation.forward(x, f)
        difference = buffers.get("difference", a)
        np.subtract(f, x, out=difference)
        np.multiply(difference, params[0], out=a)
        a += x
        return a

    def backward(
        self,
        params: Sequence[Array],
        grads: Sequence[Array],
        x: Any,
        delta: Array,
        buffers: Buffers,
        *,
        need_input_gradient: bool,
    ) -> Array | None:
        """Write the gradient of p; return the gradient of z."""
        p, difference = params[0], buffers["difference"]
        difference *= delta
        np.dot(buffers["ones"], difference, out=grads[0])
        if not need_input_gradient:
            return None
        delta_f, f = buffers["delta_f"], buffers["f"]
        np.multiply(delta, p, out=delta_f)
        delta -= delta_f
        if self.activation.from_output:
            self.activation.backward(f, f, delta_f)
        elif self.activation.keeps_derivative:
            delta_f *= buffers["derivative"]
        else:
            np.copyto(difference, x)  # the input must not be overwritten
            self.activation.backward(difference, f, delta_f)
        delta += delta_f
        return delta
