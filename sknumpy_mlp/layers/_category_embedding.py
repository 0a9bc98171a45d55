"""Embeddings of categorical features."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, Layer, TrainingContext


@dataclass(frozen=True)
class CategoryEmbedding(Layer):
    """A learnable embedding vector for each category of each column.

    The input consists of integer codes: code k of a column selects row k of its
    embedding table.  Code 0 stands for unknown categories.  Its row is initialized to
    zero; the other rows are drawn from the standard normal distribution.

    Parameters
    ----------
    cardinalities : tuple of int
        The number of codes of each column, 0 included.
    width : int, default=8
        Length of the embedding vectors.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier.

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
    >>> grads[0].ravel()  # ones for the two rows that were selected
    array([0., 0., 1., 0., 1.])
    """

    cardinalities: tuple[int, ...]
    width: int = 8
    lr_multiplier: float = 1.0

    @property
    def fan_in(self) -> int:  # type: ignore[override]
        """Number of columns, one for each table."""
        return len(self.cardinalities)

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """Number of columns of the concatenated vectors."""
        return self.fan_in * self.width

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shape of the embedding tables, stacked vertically."""
        return ((sum(self.cardinalities), self.width),)

    @property
    def lr_multipliers(self) -> tuple[float, ...]:
        """The learning-rate multiplier of the tables."""
        return (self.lr_multiplier,)

    @cached_property
    def _starts(self) -> IntArray:
        """The first row of each column's table."""
        return np.cumsum([0, *self.cardinalities[:-1]])

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Draw the tables; unknown categories are zero."""
        params[0][...] = rng.normal(size=params[0].shape)
        params[0][self._starts] = 0.0

    def init_from_data(
        self, params: Sequence[Array], X: Any, rows: IntArray | None = None
    ) -> None:
        """Set the vectors of categories that do not occur in the data to zero.

        These vectors are never trained.  Like those of unknown categories, they must be
        zero and not random.
        """
        X = X if rows is None else X[rows]
        seen = np.zeros(len(params[0]), dtype=bool)
        seen[(X.astype(np.intp) + self._starts).ravel()] = True
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
        """Allocate the row indices and the vectors."""
        return {
            "rows": np.empty((n_rows, self.fan_in), np.intp),
            "e": np.empty((n_rows, self.fan_in, self.width), dtype),
        }

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Array:
        """Return the concatenated embedding vectors."""
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
        """Write the gradient of the tables; the codes have no gradient."""
        grad = grads[0]
        grad[...] = 0.0
        # np.add.at is fast only for one-dimensional indices.
        rows: Any = buffers["rows"]
        numbers = rows[:, :, np.newaxis] * self.width + np.arange(self.width)
        np.add.at(grad.ravel(), numbers.ravel(), delta.ravel())
        return np.zeros_like(x) if need_input_gradient else None
