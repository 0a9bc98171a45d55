"""The target of a regression: one or several columns of numbers."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._estimators.scores import regression_score
from sknumpy_mlp._estimators.target_scale import TargetScale
from sknumpy_mlp._estimators.targets import Target
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import copy_with_python_numbers
from sknumpy_mlp.losses import REGRESSION_LOSSES


@dataclass(frozen=True, eq=False)
class RegressionTarget(Target):
    """Numbers: one or several columns, or one column of which quantiles are predicted.

    Attributes
    ----------
    loss, n_targets
        As for `Target`.
    scale : TargetScale or None, default=None
        The scale that a network learns the target on; None for the target's own.
    """

    is_numeric: ClassVar[bool] = True

    scale: TargetScale | None = None

    @classmethod
    def fit(cls, y: Any, loss: Any) -> Self:
        """Learn the number of columns.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            The numbers, validated.
        loss : str or Loss
            The estimator's parameter.
        """
        made = (
            REGRESSION_LOSSES[loss]
            if isinstance(loss, str)
            else copy_with_python_numbers(loss)
        )
        return cls(made, 1 if y.ndim == 1 else y.shape[1])

    def with_scale(self, y: Array, sample_weight: Array | None) -> Self:
        """Return this target on the scale of encoded values."""
        return replace(self, scale=TargetScale.fit(y, sample_weight, self.loss))

    def encode(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        """Return numbers of shape (n_samples, n_targets)."""
        if self.scale is None:
            return _as_numbers(y, dtype, name)
        # In float64 first: a target of large numbers has its digits in the differences.
        scaled = self.scale.transform(_as_numbers(y, np.float64, name))
        return _as_numbers(scaled, dtype, name)

    def predict(self, raw: Array) -> Array:
        """Return predictions on the target's own scale; ``raw`` may be overwritten."""
        predicted = super().predict(raw)
        return predicted if self.scale is None else self.scale.inverse(predicted)

    def decode(self, predicted: Array) -> Array:
        """Return a vector if there is one output."""
        return predicted.ravel() if predicted.shape[1] == 1 else predicted

    def score(
        self, predicted: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Return R2, or for several quantiles the mean of their D2 pinball scores."""
        return regression_score(self.loss, y, predicted, sample_weight)


def _as_numbers(y: Any, dtype: Any, name: str) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        numbers: NDArray[Any] = y.astype(dtype).reshape(len(y), -1)
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"{name} contains values too large for {numbers.dtype}, the type of X. "
            f"Scale {name}, or pass X in float64."
        )
    return numbers
