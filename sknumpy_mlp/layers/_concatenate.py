"""Concatenation of layers."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, Layer, TrainingContext


@dataclass(frozen=True)
class Concatenate(Layer):
    """Concatenation of layers that are applied to consecutive columns.

    Parameters
    ----------
    parts : tuple of Layer
        The layers.  The input of the first one is the first ``fan_in`` columns, the
        input of the second one is the columns after them, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import CategoryEmbedding, Passthrough, Concatenate
    >>> layer = Concatenate((Passthrough(1), CategoryEmbedding((3,), width=2)))
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
        """Number of columns of the input: the sum over the parts."""
        return sum(part.fan_in for part in self.parts)

    @property
    def is_random(self) -> bool:
        """Whether one of the parts draws random numbers in training."""
        return any(part.is_random for part in self.parts)

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """Number of columns of the output: the sum over the parts."""
        return sum(part.fan_out for part in self.parts)

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the coefficients of all parts."""
        return tuple(shape for part in self.parts for shape in part.coef_shapes)

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the intercepts of all parts."""
        return tuple(shape for part in self.parts for shape in part.intercept_shapes)

    @property
    def lr_multipliers(self) -> tuple[float, ...]:
        """Learning-rate multipliers of all parts: coefficients, then intercepts."""
        coefs: list[float] = []
        intercepts: list[float] = []
        for part in self.parts:
            n_coefs = len(part.coef_shapes)
            coefs += part.lr_multipliers[:n_coefs]
            intercepts += part.lr_multipliers[n_coefs:]
        return (*coefs, *intercepts)

    def params_of_parts(self, arrays: Sequence[Array]) -> Iterator[list[Array]]:
        """Yield the arrays that belong to each part.

        Parameters
        ----------
        arrays : sequence of ndarray
            This layer's parameters or their gradients: all coefficients, then all
            intercepts.

        Yields
        ------
        own : list of ndarray
            The arrays of a part: its coefficients, then its intercepts.
        """
        coef, intercept = 0, len(self.coef_shapes)
        for part in self.parts:
            n_coefs, n_intercepts = len(part.coef_shapes), len(part.intercept_shapes)
            own = [*arrays[coef : coef + n_coefs]]
            own += arrays[intercept : intercept + n_intercepts]
            coef, intercept = coef + n_coefs, intercept + n_intercepts
            yield own

    def _each_part(self, *arrays: Sequence[Array]) -> Iterator[tuple[Any, ...]]:
        """Yield each part, its columns of input and output, and its own ``arrays``."""
        return zip(
            self.parts,
            _consecutive_slices(part.fan_in for part in self.parts),
            _consecutive_slices(part.fan_out for part in self.parts),
            *map(self.params_of_parts, arrays),
            strict=True,
        )

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Initialize the parts in order."""
        for part, _, _, own in self._each_part(params):
            part.init(own, rng)

    def init_from_data(
        self, params: Sequence[Array], X: Any, rows: IntArray | None = None
    ) -> None:
        """Adjust each part to its columns of the data."""
        for part, taken, _, own in self._each_part(params):
            part.init_from_data(own, X[:, taken], rows)

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate the output, and the buffers of all parts under numbered names."""
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
        context: TrainingContext | None,
    ) -> Array:
        """Return the concatenated outputs of the parts."""
        a = buffers["a"]
        for i, (part, taken, given, own) in enumerate(self._each_part(params)):
            a[:, given] = part.forward(
                own, x[:, taken], self._buffers(buffers, i), context
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
        """Write the gradients of all parts; return the gradient of x."""
        delta_x = buffers.get("delta_x")
        for i, (part, taken, given, own, own_grads) in enumerate(
            self._each_part(params, grads)
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


def _consecutive_slices(widths: Iterable[int]) -> list[slice]:
    """Return slices of the given widths, each beginning where the last one ends."""
    ends = itertools.accumulate(widths, initial=0)
    return [slice(start, end) for start, end in itertools.pairwise(ends)]
