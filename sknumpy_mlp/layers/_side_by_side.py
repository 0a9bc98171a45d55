"""Layers side by side."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp.layers._base import Buffers, Layer, Noise


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
