"""Columns that go on as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.layers._base import Buffers, Layer, Noise


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
