"""Embeddings."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray, RandomSource, Shape
from sknumpy_mlp.layers import Buffers, Layer, Noise


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


@dataclass(frozen=True)
class CategoryEmbedding(Layer):
    """A learnt vector for each category of each column.

    The input holds whole numbers: code k of a column picks row k of its table.  Code
    0 stands for what was never seen; its row begins at zero, like everything that is
    not known, the others are standard normal.

    Parameters
    ----------
    cardinalities : tuple of int
        For each column the number of its codes, 0 included.
    width : int, default=8
        Length of the vectors.
    rate_factor : float, default=1.0
        Factor on the learning rate.

    References
    ----------
    C. Guo and F. Berkhahn, "Entity Embeddings of Categorical Variables", 2016,
    arXiv:1604.06737.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import CategoryEmbedding
    >>> layer, x = CategoryEmbedding((3, 2), width=1), np.array([[2.0, 1.0]])
    >>> tables = np.array([[0.0], [10.0], [20.0], [0.0], [0.5]])  # 3 rows, and 2
    >>> grads, delta = [np.empty_like(tables)], np.ones((1, 2))
    >>> needs = {"need_input_gradient": False, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> layer.forward([tables], x, buffers, None)
    array([[20. ,  0.5]])
    >>> layer.backward([tables], grads, x, delta, buffers, need_input_gradient=False)
    >>> grads[0].ravel()  # for the two rows that were picked
    array([0., 0., 1., 0., 1.])
    """

    cardinalities: tuple[int, ...]
    width: int = 8
    rate_factor: float = 1.0

    @property
    def fan_in(self) -> int:  # type: ignore[override]
        """A column for each table."""
        return len(self.cardinalities)

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """As many columns as all vectors have."""
        return self.fan_in * self.width

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """All tables, one below the other."""
        return ((sum(self.cardinalities), self.width),)

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """The factor for the tables."""
        return (self.rate_factor,)

    @cached_property
    def _starts(self) -> IntArray:
        """The row that each column's table begins with."""
        return np.cumsum([0, *self.cardinalities[:-1]])

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Draw the tables."""
        params[0][...] = rng.normal(size=params[0].shape)
        params[0][self._starts] = 0.0

    def see(self, params: Sequence[Array], X: Any) -> None:
        """Set rows to zero whose codes do not occur.

        What is not in the training data will never be learnt, and is to look like
        what was never seen, not like noise.
        """
        seen = np.zeros(len(params[0]), dtype=bool)
        seen[(X.astype(np.intp) + self._starts).reshape(-1)] = True
        params[0][~seen] = 0.0

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate the numbers of the rows, and the vectors."""
        return {
            "rows": np.empty((n_rows, self.fan_in), np.intp),
            "e": np.empty((n_rows, self.fan_in, self.width), dtype),
        }

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Array:
        """Return the vectors, side by side."""
        rows: Any = buffers["rows"]
        e = buffers["e"]
        np.copyto(rows, x, casting="unsafe")
        rows += self._starts
        params[0].take(rows, axis=0, out=e, mode="clip")
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
        """Add each vector's gradient to its row; codes have none."""
        grad = grads[0]
        grad[...] = 0.0
        # One index for each number: add.at is fast for those only.
        rows: Any = buffers["rows"]
        numbers = rows[:, :, np.newaxis] * self.width + np.arange(self.width)
        np.add.at(grad.reshape(-1), numbers.reshape(-1), delta.reshape(-1))
        return np.zeros_like(x) if need_input_gradient else None


@dataclass(frozen=True)
class Passed(Layer):
    """Columns that go on as they are.

    Parameters
    ----------
    fan_in : int
        Number of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import Passed
    >>> Passed(2).forward([], np.array([[1.0, 10.0]]), {}, None)
    array([[ 1., 10.]])
    """

    fan_in: int

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """As many columns as came in."""
        return self.fan_in

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Need nothing."""
        return {}

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Any:
        """Return the input."""
        return x

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
        """Return the output's gradient."""
        return delta if need_input_gradient else None


@dataclass(frozen=True)
class SideBySide(Layer):
    """Several layers, each for its own columns of the input and of the output.

    Parameters
    ----------
    parts : tuple of Layer
        The layers; the first takes the first ``fan_in`` columns, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import CategoryEmbedding, Passed, SideBySide
    >>> layer = SideBySide((Passed(1), CategoryEmbedding((3,), width=2)))
    >>> layer.fan_in, layer.fan_out, layer.coef_shapes
    (2, 3, ((3, 2),))
    >>> table = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    >>> needs = {"need_input_gradient": False, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=False, **needs)
    >>> layer.forward([table], np.array([[7.0, 2.0]]), buffers, None)
    array([[7., 3., 4.]])
    """

    parts: tuple[Layer, ...]

    @property
    def fan_in(self) -> int:  # type: ignore[override]
        """The columns of all parts."""
        return sum(part.fan_in for part in self.parts)

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """The columns of all parts."""
        return sum(part.fan_out for part in self.parts)

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """The parts' shapes, one part after the other."""
        return tuple(shape for part in self.parts for shape in part.coef_shapes)

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """The parts' shapes, one part after the other."""
        return tuple(shape for part in self.parts for shape in part.intercept_shapes)

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """The parts' factors, coefficients first."""
        coefs: list[float] = []
        intercepts: list[float] = []
        for part in self.parts:
            n_coefs = len(part.coef_shapes)
            coefs += part.rate_factors[:n_coefs]
            intercepts += part.rate_factors[n_coefs:]
        return (*coefs, *intercepts)

    def params_of_parts(self, arrays: Sequence[Array]) -> Iterator[list[Array]]:
        """Yield each part's share of parameters, or of their gradient.

        Parameters
        ----------
        arrays : sequence of ndarray
            This layer's arrays: the parts' coefficients, then their intercepts.

        Yields
        ------
        own : list of ndarray
            Those of a part, its coefficients first.
        """
        coef, intercept = 0, len(self.coef_shapes)
        for part in self.parts:
            n_coefs, n_intercepts = len(part.coef_shapes), len(part.intercept_shapes)
            own = [*arrays[coef : coef + n_coefs]]
            own += arrays[intercept : intercept + n_intercepts]
            coef, intercept = coef + n_coefs, intercept + n_intercepts
            yield own

    def _columns(self, *, out: bool) -> list[slice]:
        """Return each part's columns of the input or the output."""
        widths = [part.fan_out if out else part.fan_in for part in self.parts]
        ends = [0, *itertools.accumulate(widths)]
        return [slice(start, end) for start, end in itertools.pairwise(ends)]

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Let the parts draw, in their order."""
        for part, own in zip(self.parts, self.params_of_parts(params), strict=True):
            part.init(own, rng)

    def see(self, params: Sequence[Array], X: Any) -> None:
        """Show each part its columns."""
        for part, own, columns in zip(
            self.parts,
            self.params_of_parts(params),
            self._columns(out=False),
            strict=True,
        ):
            part.see(own, X[:, columns])

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate the output and what the parts need, under names with numbers."""
        buffers = {"a": np.empty((n_rows, self.fan_out), dtype)}
        if training and need_input_gradient:
            buffers["delta_x"] = np.empty((n_rows, self.fan_in), dtype)
        for i, part in enumerate(self.parts):
            own = part.make_buffers(
                n_rows,
                dtype,
                training=training,
                need_input_gradient=need_input_gradient,
                sparse_input=sparse_input,
            )
            buffers |= {f"{i} {name}": array for name, array in own.items()}
        return buffers

    def _buffers(self, buffers: Buffers, i: int) -> Buffers:
        prefix = f"{i} "
        return {
            name.removeprefix(prefix): array
            for name, array in buffers.items()
            if name.startswith(prefix)
        }

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Array:
        """Return the parts' outputs, side by side."""
        a = buffers["a"]
        for i, (part, own, taken, given) in enumerate(
            zip(
                self.parts,
                self.params_of_parts(params),
                self._columns(out=False),
                self._columns(out=True),
                strict=True,
            )
        ):
            a[:, given] = part.forward(
                own, x[:, taken], self._buffers(buffers, i), noise
            )
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
        """Have each part write its gradient; return the gradient of x."""
        delta_x = buffers.get("delta_x")
        for i, (part, own, own_grads, taken, given) in enumerate(
            zip(
                self.parts,
                self.params_of_parts(params),
                self.params_of_parts(grads),
                self._columns(out=False),
                self._columns(out=True),
                strict=True,
            )
        ):
            own_delta = part.backward(
                own,
                own_grads,
                x[:, taken],
                np.ascontiguousarray(delta[:, given]),
                self._buffers(buffers, i),
                need_input_gradient=need_input_gradient,
            )
            if delta_x is not None:
                delta_x[:, taken] = own_delta
        return delta_x
