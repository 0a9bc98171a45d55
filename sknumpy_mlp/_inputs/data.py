"""Validated data, the input of the solvers."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import Array, IntArray


@dataclass(frozen=True)
class Data:
    """Validated training or validation data.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        The features.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The target, encoded for the loss.
    sample_weight : ndarray of shape (n_samples,) or None
        The sample weights, times the class weights.
    target : array-like of shape (n_samples,) or (n_samples, n_targets)
        The target before encoding, for scorers.
    """

    X: Any
    y: NDArray[Any]
    sample_weight: Array | None
    target: Any

    def take(self, rows: IntArray) -> "Data":
        """Return the data of some rows."""
        weight = self.sample_weight
        return Data(
            self.X[rows],
            self.y[rows],
            None if weight is None else weight[rows],
            self.target[rows],
        )
