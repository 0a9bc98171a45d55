"""Periodic embeddings of numerical features."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, Layer, TrainingContext


@dataclass(frozen=True)
class PeriodicEmbedding(Layer):
    r"""Learnable periodic (Fourier) features of each column ("PBLD").

    For each column i, with separate parameters,

    .. math::

        h = \cos(2 \pi\, w_i x_i + c_i) \in \mathbb{R}^m, \qquad
        e_i = \left[\, h V_i + d_i,\; x_i \,\right] \in \mathbb{R}^q

    and the output is the concatenation of :math:`e_1, e_2, \ldots`.  Networks are
    biased toward smooth functions of their inputs; periodic features of several
    frequencies let them learn functions that vary quickly.  The parameters are not
    penalized.

    Parameters
    ----------
    fan_in : int
        Number of columns.
    n_frequencies : int, default=16
        The number m of frequencies for each column.
    width : int, default=4
        The number q of outputs for each column, at least two; the last one is the
        input itself.
    scales : tuple of two floats, default=(0.1, 1.0)
        Standard deviations of the first and of the last initial frequency w of each
        column; those of the others are spaced geometrically.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier.

    References
    ----------
    Y. Gorishniy, I. Rubachev and A. Babenko, "On Embeddings for Numerical Features in
    Tabular Deep Learning", NeurIPS 2022, arXiv:2203.05556; with bias and the input
    itself: D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
    Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    A linear combination of two cosines with the periods 1 and 2:

    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import PeriodicEmbedding
    >>> layer = PeriodicEmbedding(1, n_frequencies=2, width=2)
    >>> x = np.array([[0.0], [0.5]])
    >>> w, c = np.array([[1.0, 0.5]]), np.zeros((1, 2))
    >>> V, d = np.array([[[10.0], [1.0]]]), np.zeros((1, 1))
    >>> needs = {"need_input_gradient": False, "sparse_input": False}
    >>> buffers = layer.make_buffers(2, float, training=False, **needs)
    >>> layer.forward([w, c, V, d], x, buffers, None).round(6)  # 10 + 1, and -10 + 0
    array([[ 11. ,   0. ], [-10. ,   0.5]])
    """

    fan_in: int
    n_frequencies: int = 16
    width: int = 4
    scales: tuple[float, float] = (0.1, 1.0)
    lr_multiplier: float = 1.0

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """Number of columns of the concatenated embeddings."""
        return self.fan_in * self.width

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shapes of w, c, V and d."""
        n, m, mixed = self.fan_in, self.n_frequencies, self.width - 1
        return (n, m), (n, m), (n, m, mixed), (n, mixed)

    @property
    def lr_multipliers(self) -> tuple[float, ...]:
        """The learning-rate multiplier, the same for all parameters."""
        return (self.lr_multiplier,) * 4

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Draw normal frequencies, uniform phases and a small linear map."""
        w, c, V, d = params
        scale = np.geomspace(*self.scales, self.n_frequencies)
        w[...] = scale * rng.normal(size=w.shape)
        c[...] = rng.uniform(-math.pi, math.pi, c.shape)
        bound = 1.0 / math.sqrt(self.n_frequencies)
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
        """Allocate angles, cosines, the output and, for training, h's gradient."""
        shape = (n_rows, self.fan_in, self.n_frequencies)
        buffers = {
            "angle": np.empty(shape, dtype),
            "h": np.empty(shape, dtype),
            "e": np.empty((n_rows, self.fan_in, self.width), dtype),
        }
        if training:
            buffers["delta_h"] = np.empty(shape, dtype)
            buffers["ones"] = np.ones(n_rows, dtype)
        return buffers

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Array:
        """Return the concatenated embeddings."""
        w, c, V, d = params
        angle, h, e = buffers["angle"], buffers["h"], buffers["e"]
        np.multiply(x[:, :, np.newaxis], 2.0 * math.pi * w, out=angle)
        angle += c
        np.cos(angle, out=h)
        mixed = e[:, :, :-1]
        # A product for each column, on views that BLAS reads without copying.
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
        np.dot(buffers["ones"], flat, out=grad_c.ravel())
        np.negative(grad_c, out=grad_c)
        delta_x = None
        if need_input_gradient:
            np.multiply(delta_h, w, out=h)
            delta_x = h.sum(axis=2)
            delta_x *= -2.0 * math.pi
            delta_x += delta_e[:, :, -1]
        delta_h *= x[:, :, np.newaxis]
        np.dot(buffers["ones"], flat, out=grad_w.ravel())
        grad_w *= -2.0 * math.pi
        return delta_x
