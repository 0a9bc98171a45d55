"""Learnable scaling of the inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, ElementwiseLayer, TrainingContext


@dataclass(frozen=True)
class Scaling(ElementwiseLayer):
    r"""A learnable scaling of each input: :math:`a_{ij} = s_j x_{ij}`.

    The factors are initialized to one.  With a large learning rate, they act as a soft
    feature selection, which adapts much faster than the weights.

    Parameters
    ----------
    fan_in : int
        Number of columns of the input and of the output.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Scaling
    >>> layer, s = Scaling(2), np.array([3.0, 0.5])
    >>> x, delta = np.array([[1.0, 10.0], [2.0, 20.0]]), np.ones((2, 2))
    >>> needs = {"need_input_gradient": False, "sparse_input": False}
    >>> buffers, grads = layer.make_buffers(2, float, training=True, **needs), [0.0 * s]
    >>> layer.forward([s], x, buffers, None)
    array([[ 3.,  5.], [ 6., 10.]])
    >>> layer.backward([s], grads, x, delta, buffers, need_input_gradient=False)
    >>> grads  # sums over the rows
    [array([ 3., 30.])]
    """

    fan_in: int
    lr_multiplier: float = 1.0

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shape of s."""
        return ((self.fan_in,),)

    @property
    def lr_multipliers(self) -> tuple[float, ...]:
        """The learning-rate multiplier of s."""
        return (self.lr_multiplier,)

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Set all factors to one."""
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
        """Allocate the output and, for training, ones."""
        buffers = {"a": np.empty((n_rows, self.fan_in), dtype)}
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
        """Return s x."""
        a = buffers["a"]
        np.multiply(x, params[0], out=a)
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
        """Write the gradient of s; return the gradient of x."""
        products = np.multiply(x, delta, out=buffers["a"])
        # A product with ones is faster than a sum over the rows.
        np.dot(buffers["ones"], products, out=grads[0])
        if not need_input_gradient:
            return None
        delta *= params[0]
        return delta
