"""Targets: encoding of ``y`` for the loss, decoding of predictions, and scores.

A target is fitted once.  It encodes training and validation data alike, computes the
validation score and decodes predictions.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import Loss, predict_jacobian


@dataclass(frozen=True, eq=False)
class Target(ABC):
    """A fitted target.

    Attributes
    ----------
    loss : Loss
        The loss.
    n_targets : int
        Number of columns of an encoded target.
    """

    #: Whether the target consists of numbers, not of labels.
    is_numeric: ClassVar[bool]

    loss: Loss
    n_targets: int

    @property
    def n_outputs(self) -> int:
        """Number of raw outputs of a network for this target."""
        return self.loss.n_outputs(self.n_targets)

    def with_scale(self, y: Array, sample_weight: Array | None) -> "Target":
        """Return a copy with a scaling fitted to ``y``, if the target is scaled."""
        return self

    @abstractmethod
    def encode(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        """Return ``y`` encoded for the loss; ``name`` is its name in messages."""

    def predict(self, raw: Array) -> Array:
        """Return predictions, a column for each output; ``raw`` may be overwritten."""
        return self.loss.predict(raw)

    def predict_jacobian(self, raw: Array, jacobian: Array) -> Array:
        """Return the Jacobian of `predict`, given that of the raw outputs.

        Parameters
        ----------
        raw : ndarray of shape (n_rows, n_outputs)
            The raw outputs.
        jacobian : ndarray of shape (n_rows, n_outputs, n_inputs)
            Their derivatives with respect to any inputs; it may be overwritten.
        """
        return predict_jacobian(self.loss, raw, jacobian)

    @abstractmethod
    def public_jacobian(self, jacobian: Array) -> Array:
        """Return the Jacobian of an estimator's predictions.

        These are numbers, or the probabilities of a classifier.

        Parameters
        ----------
        jacobian : ndarray of shape (n_rows, n_outputs, n_inputs)
            The derivatives of the result of `predict`.
        """

    @abstractmethod
    def decode(self, predicted: Array) -> Any:
        """Return predictions in the format of ``y``."""

    @abstractmethod
    def score(
        self, predicted: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Return the score of predictions of the loss for an encoded target."""

    def class_weights(
        self, class_weight: Any, y: NDArray[Any], sample_weight: Array | None
    ) -> Callable[[NDArray[Any]], Array] | None:
        """Return a function from an encoded target to sample weights, or None.

        Parameters
        ----------
        class_weight : object
            The estimator's parameter.
        y : ndarray
            The encoded training target.
        sample_weight : ndarray of shape (n_samples,) or None
            The sample weights.
        """
        return None

    def stratify_holdout(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the strata of a hold-out set, or None for an unstratified split."""
        return None

    def stratify_folds(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the strata of folds, or None for unstratified folds."""
        return None

    def absent_labels(self, y: NDArray[Any]) -> list[Any]:
        """Return the classes absent from an encoded target, or constant labels."""
        return []

    @property
    def is_constant(self) -> bool:
        """Whether there is a single class, so that predictions are constant."""
        return False

    @property
    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of an estimator with this target."""
        return {}

    def for_scorers(self) -> "Target":
        """Return the target of an estimator that is passed to a scorer."""
        return self
