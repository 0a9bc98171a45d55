"""Regression targets: one or several outputs, or several quantiles of one."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._estimators.scores import regression_score
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._estimators.target_scale import TargetScale
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import copy_with_python_numbers
from sknumpy_mlp.losses import REGRESSION_LOSSES


@dataclass(frozen=True, eq=False)
class RegressionTarget(Target):
    """A single-output or multi-output target, or one whose quantiles are predicted.

    Attributes
    ----------
    loss, n_targets
        As in `Target`.
    scale : TargetScale or None, default=None
        The scaling of encoded targets; None for no scaling.
    """

    is_numeric: ClassVar[bool] = True

    scale: TargetScale | None = None

    @classmethod
    def fit(cls, y: Any, loss: Any) -> Self:
        """Determine the number of outputs.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            The validated target.
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
        """Return a copy with a scaling fitted to ``y``, an encoded unscaled target."""
        return replace(self, scale=TargetScale.fit(y, sample_weight, self.loss))

    def encode(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        """Return the target, scaled, of shape (n_samples, n_targets)."""
        if self.scale is None:
            return _as_numbers(y, dtype, name)
        # Scaled in float64: float32 may lose the differences between large numbers.
        scaled = self.scale.transform(_as_numbers(y, np.float64, name))
        return _as_numbers(scaled, dtype, name)

    def predict(self, raw: Array) -> Array:
        """Return predictions on the original scale; ``raw`` may be overwritten."""
        predicted = super().predict(raw)
        return predicted if self.scale is None else self.scale.inverse(predicted)

    def predict_jacobian(self, raw: Array, jacobian: Array) -> Array:
        """Return the Jacobian of `predict`, given that of the raw outputs."""
        jacobian = super().predict_jacobian(raw, jacobian)
        if self.scale is None:
            return jacobian
        return self.scale.inverse_jacobian(super().predict(raw.copy()), jacobian)

    def decode(self, predicted: Array) -> Array:
        """Return predictions, a vector if there is one output."""
        return predicted.ravel() if predicted.shape[1] == 1 else predicted

    def public_jacobian(self, jacobian: Array) -> Array:
        """Return the Jacobian of `decode`, without the axis of a single output."""
        return jacobian[:, 0] if jacobian.shape[1] == 1 else jacobian

    def score(
        self, predicted: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Return R2 or, for several quantiles, the mean of their D2 pinball scores."""
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
