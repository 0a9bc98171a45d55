"""Periodic embeddings of numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, Layer, Noise


@dataclass(frozen=True)
class PeriodicEmbedding(Layer):
    r"""Waves of each number, mixed, beside the number itself ("PBLD").

    For column i and its own parameters,

    .. math::

        h = \cos(2 \pi\, w_i x_i + c_i) \in \mathbb{R}^m, \qquad
        e_i = \left[\, h V_i + d_i,\; x_i \,\right] \in \mathbb{R}^q

    and the output is :math:`e_1, e_2, \ldots` one after the other.  A network on raw
    numbers has to build each bend of a function out of its first layer's units; waves
    of several lengths give it bends to choose from.  The parameters are small and not
    penalised.

    Parameters
    ----------
    fan_in : int
        Number of columns.
    n_waves : int, default=16
        The number m of waves for each column.
    width : int, default=4
        The number q of outputs for each column, the number itself included; at least
        two.
    scales : tuple of two floats, default=(0.1, 1.0)
        Standard deviations of the first frequencies w, of the first wave and of the
        last; those between are spaced geometrically.
    rate_factor : float, default=1.0
        Factor on the learning rate.

    References
    ----------
    Y. Gorishniy, I. Rubachev and A. Babenko, "On Embeddings for Numerical Features in
    Tabular Deep Learning", NeurIPS 2022, arXiv:2203.05556; with bias and the number
    itself: D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
    Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    Two waves of a number, of length 1 and 2, mixed as 10 of one and 1 of the other:

    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import PeriodicEmbedding
    >>> layer, x = PeriodicEmbedding(1, n_waves=2, width=2), np.array([[0.0], [0.5]])
    >>> w, c = np.array([[1.0, 0.5]]), np.zeros((1, 2))
    >>> V, d = np.array([[[10.0], [1.0]]]), np.zeros((1, 1))
    >>> needs = {"need_input_gradient": False, "sparse_input": False}
    >>> buffers = layer.make_buffers(2, float, training=False, **needs)
    >>> layer.forward([w, c, V, d], x, buffers, None).round(6)  # 10 + 1, and -10 + 0
    array([[ 11. ,   0. ], [-10. ,   0.5]])
    """

    fan_in: int
    n_waves: int = 16
    width: int = 4
    scales: tuple[float, float] = (0.1, 1.0)
    rate_factor: float = 1.0

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """As many columns as all embeddings have."""
        return self.fan_in * self.width

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shapes of w, c, V and d."""
        n, m, mixed = self.fan_in, self.n_waves, self.width - 1
        return (n, m), (n, m), (n, m, mixed), (n, mixed)

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """The same factor for all."""
        return (self.rate_factor,) * 4

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Draw long waves with any phase, and small mixtures."""
        w, c, V, d = params
        scale = np.geomspace(*self.scales, self.n_waves)
        w[...] = scale * rng.normal(size=w.shape)
        c[...] = rng.uniform(-math.pi, math.pi, c.shape)
        bound = 1.0 / math.sqrt(self.n_waves)
        V[...] = rng.uniform(-bound, bound, V.shape)
        d[...] = rng.uniform(-bound, bound, d.shape)

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate angles, waves and the output; for training, waves' gradients."""
        waves = (n_rows, self.fan_in, self.n_waves)
        buffers = {
            "angle": np.empty(waves, dtype),
            "h": np.empty(waves, dtype),
            "e": np.empty((n_rows, self.fan_in, self.width), dtype),
        }
        if training:
            buffers["delta_h"] = np.empty(waves, dtype)
            buffers["ones"] = np.ones(n_rows, dtype)
        return buffers

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Array:
        """Return the embeddings, side by side."""
        w, c, V, d = params
        angle, h, e = buffers["angle"], buffers["h"], buffers["e"]
        np.multiply(x[:, :, np.newaxis], 2.0 * math.pi * w, out=angle)
        angle += c
        np.cos(angle, out=h)
        mixed = e[:, :, :-1]
        # A product for each column, on views that BLAS can read as they are.
        np.matmul(h.transpose(1, 0, 2), V, out=mixed.transpose(1, 0, 2))
        mixed += d
        e[:, :, -1] = x
        return e.reshape(len(e), -1)

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
        """Write the gradients of w, c, V and d; return that of x."""
        w, _, V, _ = params
        grad_w, grad_c, grad_V, grad_d = grads
        angle, h, delta_h = buffers["angle"], buffers["h"], buffers["delta_h"]
        delta_e = delta.reshape(len(x), self.fan_in, self.width)
        delta_mixed = delta_e[:, :, :-1].transpose(1, 0, 2)
        np.matmul(h.transpose(1, 2, 0), delta_mixed, out=grad_V)
        delta_e[:, :, :-1].sum(axis=0, out=grad_d)
        np.matmul(delta_mixed, V.transpose(0, 2, 1), out=delta_h.transpose(1, 0, 2))
        np.sin(angle, out=angle)
        delta_h *= angle
        flat = delta_h.reshape(len(x), -1)
        np.dot(buffers["ones"], flat, out=grad_c.reshape(-1))
        np.negative(grad_c, out=grad_c)
        delta_x = None
        if need_input_gradient:
            np.multiply(delta_h, w, out=h)
            delta_x = h.sum(axis=2)
            delta_x *= -2.0 * math.pi
            delta_x += delta_e[:, :, -1]
        delta_h *= x[:, :, np.newaxis]
        np.dot(buffers["ones"], flat, out=grad_w.reshape(-1))
        grad_w *= -2.0 * math.pi
        return delta_x
