"""Targets: how ``y`` becomes what a loss compares, and predictions become ``y``.

A fit learns a target once, and everything else asks it: validation data is encoded
like the training data, scores and early stopping compare with it, predictions are
decoded by it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import Loss


@dataclass(frozen=True, eq=False)
class Target(ABC):
    """A fitted target.

    Attributes
    ----------
    loss : Loss
        The loss for this kind of target.
    n_targets : int
        Number of columns of an encoded target.
    """

    #: Whether targets are numbers, not labels.
    is_numeric: ClassVar[bool]

    loss: Loss
    n_targets: int

    @property
    def n_outputs(self) -> int:
        """Number of raw outputs of a network for this target."""
        return self.loss.n_outputs(self.n_targets)

    def with_scale(self, y: Array, sample_weight: Array | None) -> "Target":
        """Return this target on the scale that networks learn encoded values on."""
        return self

    @abstractmethod
    def encode(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        """Return ``y`` as the loss takes it; ``name`` is its name in messages."""

    def predict(self, raw: Array) -> Array:
        """Return predictions, one column per output; ``raw`` may be overwritten."""
        return self.loss.predict(raw)

    @abstractmethod
    def decode(self, predicted: Array) -> Any:
        """Return predictions in the form of ``y``."""

    @abstractmethod
    def score(
        self, predicted: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Score what the loss predicts against an encoded target."""

    def class_weights(
        self, class_weight: Any, y: NDArray[Any], sample_weight: Array | None
    ) -> Callable[[NDArray[Any]], Array] | None:
        """Return a function from encoded targets to weights, or None.

        Parameters
        ----------
        class_weight : object
            The estimator's parameter.
        y : ndarray
            The encoded training target.
        sample_weight : ndarray of shape (n_samples,) or None
            Its weights.
        """
        return None

    def stratify_holdout(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the strata of a hold-out, or None for a plain random split."""
        return None

    def stratify_folds(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the strata of folds, or None for plain random folds."""
        return None

    def absent_labels(self, y: NDArray[Any]) -> list[Any]:
        """Return classes that an encoded target lacks, or labels that are constant."""
        return []

    @property
    def is_constant(self) -> bool:
        """Whether there is a single class, which needs no training."""
        return False

    @property
    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of an estimator with this target."""
        return {}

    def for_scorers(self) -> "Target":
        """Return the target of an estimator that is handed to a scorer."""
        return self
