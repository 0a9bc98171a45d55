"""Validated data, as the solvers take it."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import Array, IntArray


@dataclass(frozen=True)
class Data:
    """Validated data: ``y`` as the loss wants it, weights or None.

    ``target`` is ``y`` as the user gave it, which is what scorers compare with.
    """

    X: Any
    y: NDArray[Any]
    sample_weight: Array | None
    target: Any

    def take(self, rows: IntArray) -> "Data":
        """Return some of the rows."""
        weight = self.sample_weight
        return Data(
            self.X[rows],
            self.y[rows],
            None if weight is None else weight[rows],
            self.target[rows],
        )
