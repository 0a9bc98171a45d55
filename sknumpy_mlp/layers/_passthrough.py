"""The identity layer, for columns that are passed through unchanged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.layers._base import Buffers, ElementwiseLayer, TrainingContext


@dataclass(frozen=True)
class Passthrough(ElementwiseLayer):
    """A layer that returns its input unchanged.

    Parameters
    ----------
    fan_in : int
        Number of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.embeddings import Passthrough
    >>> Passthrough(2).forward([], np.array([[1.0, 10.0]]), {}, None)
    array([[ 1., 10.]])
    """

    fan_in: int

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Return no buffers."""
        return {}

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
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
        """Return the gradient of the output."""
        return delta if need_input_gradient else None
