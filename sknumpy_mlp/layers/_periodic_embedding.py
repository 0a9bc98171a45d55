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
        """Allocate angles, cosines, the output and, for training, h's gradient.

        As in all buffers, the first axis has the rows.  `_by_column` makes it the last
        one: operations that broadcast the parameters of a column are faster over many
        contiguous rows than over few frequencies.  The last row of x and h for each
        column has ones, so that matrix products add the intercepts c and d.
        """
        n, m, q = self.fan_in, self.n_frequencies, self.width
        widths = {"x": 2 * n, "angle": n * m, "h": n * (m + 1)}
        widths |= {"e": n * q, "out": n * q}
        if training:
            widths |= {"delta_h": n * m, "delta_e": n * q}
        return {name: np.empty((n_rows, k), dtype) for name, k in widths.items()}

    def _by_column(self, buffers: Buffers, name: str) -> Array:
        """Return a buffer's memory in the shape (fan_in, k, n_rows)."""
        buffer = buffers[name]
        return buffer.reshape(self.fan_in, -1, len(buffer))

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Array:
        """Return the concatenated embeddings."""
        w, c, V, d = params
        columns, angle, h, e = (
            self._by_column(buffers, name) for name in ("x", "angle", "h", "e")
        )
        columns[:, 0] = x.T
        columns[:, 1] = 1.0
        h[:, -1] = 1.0
        frequencies = np.empty((*w.shape, 2), w.dtype)  # beside their phases
        np.multiply(w, 2.0 * math.pi, out=frequencies[:, :, 0])
        frequencies[:, :, 1] = c
        np.matmul(frequencies, columns, out=angle)
        np.cos(angle, out=h[:, :-1])
        mixing = np.concatenate([V, d[:, np.newaxis]], axis=1)
        np.matmul(mixing.transpose(0, 2, 1), h, out=e[:, :-1])
        e[:, -1] = columns[:, 0]
        out = buffers["out"]
        out[...] = e.reshape(out.shape[::-1]).T
        return out

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
        columns, angle, h, delta_h, delta_e = (
            self._by_column(buffers, name)
            for name in ("x", "angle", "h", "delta_h", "delta_e")
        )
        delta_e.reshape(delta.shape[::-1])[...] = delta.T
        delta_mixed = delta_e[:, :-1]
        grad_mixing = np.matmul(h, delta_mixed.transpose(0, 2, 1))
        grad_V[...], grad_d[...] = grad_mixing[:, :-1], grad_mixing[:, -1]
        np.matmul(V, delta_mixed, out=delta_h)
        np.sin(angle, out=angle)
        delta_h *= angle
        grad_frequencies = np.matmul(delta_h, columns.transpose(0, 2, 1))
        np.multiply(grad_frequencies[:, :, 0], -2.0 * math.pi, out=grad_w)
        np.negative(grad_frequencies[:, :, 1], out=grad_c)
        if not need_input_gradient:
            return None
        delta_h *= (-2.0 * math.pi * w)[:, :, np.newaxis]
        delta_x: Array = delta_h.sum(axis=1)
        delta_x += delta_e[:, -1]
        return np.ascontiguousarray(delta_x.T)
