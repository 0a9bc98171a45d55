"""Embeddings of categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, Layer, Noise


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
