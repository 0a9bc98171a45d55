"""Classification targets: class labels, or multilabel indicator matrices."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from sknumpy_mlp._estimators.class_weights import make_class_weights
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.missing import refuse_missing
from sknumpy_mlp._inputs.targets import encode_labels, read_target
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import copy_with_python_numbers
from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    ClassificationLoss,
    Loss,
    loss_for_target,
)


@dataclass(frozen=True, eq=False)
class ClassificationTarget(Target):
    """Class labels, or a multilabel indicator matrix of 0 and 1.

    Attributes
    ----------
    loss, n_targets
        As in `Target`.
    classes : ndarray of shape (n_classes,)
        The sorted labels; for multilabel targets, ``arange(n_labels)``.
    is_multilabel : bool
        Whether a sample may have several labels.
    is_sparse : bool
        Whether predicted indicator matrices are sparse, like ``y`` in `fit`.
    """

    is_numeric: ClassVar[bool] = False

    classes: Any
    is_multilabel: bool = False
    is_sparse: bool = False

    @classmethod
    def fit(
        cls,
        y: Any,
        loss: Any,
        *,
        previous: Self | None = None,
        incremental: bool = False,
        classes: Any = None,
    ) -> Self:
        """Determine the kind of the target and its classes.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The labels, validated.
        loss : str, ClassificationLoss or Loss
            The estimator's parameter.
        previous : ClassificationTarget or None, default=None
            The target of the fit that a warm start continues.
        incremental : bool, default=False
            Whether this is `partial_fit`, where ``y`` may lack some of the classes.
        classes : array-like of shape (n_classes,) or None, default=None
            The classes that are passed to `partial_fit`.
        """
        refuse_missing(y, "y")
        kind = type_of_target(y)
        if kind not in ("binary", "multiclass", "multilabel-indicator"):
            check_classification_targets(y)  # raises
        if kind == "multiclass-multioutput":
            raise ValueError(
                f"y of shape {y.shape} has several columns with more than two values. "
                "Use a matrix of 0 and 1 with a column for each label, or wrap the "
                "estimator in sklearn.multioutput.MultiOutputClassifier."
            )
        is_multilabel = kind == "multilabel-indicator"
        if previous is not None and is_multilabel != previous.is_multilabel:
            forms = ("a label matrix", "class labels")
            now, before = forms if is_multilabel else forms[::-1]
            raise ValueError(
                f"y is {now}, but in the previous call it was {before}. Pass y in the "
                "same form, or start again with fit and warm_start=False."
            )
        if incremental:
            known = _declared_classes(y, classes, previous)
        elif previous is not None:
            known = _same_classes(y, previous)
        else:
            known = _classes_of(y)
        return cls.of_classes(
            known, loss, is_multilabel=is_multilabel, is_sparse=hasattr(y, "toarray")
        )

    @classmethod
    def of_classes(
        cls, classes: Any, loss: Any, *, is_multilabel: bool, is_sparse: bool
    ) -> Self:
        """Return the target of known classes, with the loss for their number."""
        n_classes = len(classes)
        is_multinomial = n_classes > 2 and not is_multilabel
        n_targets = n_classes if is_multilabel or is_multinomial else 1
        made = _classification_loss(loss, multinomial=is_multinomial)
        if made.n_outputs(n_targets) != n_targets:
            raise ValueError(
                f"loss={loss!r} has {made.n_outputs(n_targets)} outputs, but a "
                f"classifier needs {n_targets} here, whose predictions are "
                "probabilities. Leave n_outputs out of the loss."
            )
        return cls(made, n_targets, classes, is_multilabel, is_sparse)

    def encode(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        """Return class codes; for binary and multilabel targets, columns of 0 and 1."""
        n_classes = len(self.classes)
        if self.is_multilabel:
            return self._encode_labels(y, dtype, name)
        if y.ndim != 1:
            raise ValueError(
                f"{name} must be a vector of class labels, as y is; got the shape "
                f"{y.shape}."
            )
        if name != "y":  # the labels of y have been checked in `fit`
            self._check_known_classes(y, name)
        codes = encode_labels(y, self.classes, name)
        if n_classes > 2:
            return codes
        return codes.astype(dtype)[:, np.newaxis]

    def _encode_labels(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        n_labels = len(self.classes)
        if y.ndim != 2 or y.shape[1] != n_labels:
            n_columns = y.shape[1] if y.ndim == 2 else 1
            raise ValueError(
                f"{name} has {n_columns} columns, but there are {n_labels} labels "
                f"in classes={self.classes}. Pass a column for each of them."
            )
        y = y.toarray() if hasattr(y, "toarray") else y
        if not np.isin(y, (0, 1)).all():
            raise ValueError(
                f"{name} is a matrix of labels, so its values must be 0 or 1; got "
                f"{np.unique(y)[:10]}."
            )
        indicator: NDArray[Any] = y.astype(dtype)
        return indicator

    def _check_known_classes(self, y: Any, name: str) -> None:
        refuse_missing(y, name)
        unknown = _labels_of(y) - _labels_of(self.classes)
        if unknown:
            with error_prefix(name):
                check_classification_targets(y)
            raise ValueError(
                f"{name} has classes that y has not: {sorted(unknown)}. Leave those "
                "samples out, or add samples of these classes to y."
            )

    def probabilities(self, predicted: Array) -> Array:
        """Return a column for each class, given the predictions of the loss."""
        if self.is_multilabel or len(self.classes) > 2:
            return predicted
        if len(self.classes) == 1:
            return np.ones_like(predicted)
        return np.hstack([1.0 - predicted, predicted])

    def public_jacobian(self, jacobian: Array) -> Array:
        """Return the Jacobian of `probabilities`."""
        if self.is_multilabel or len(self.classes) > 2:
            return jacobian
        if len(self.classes) == 1:
            return np.zeros_like(jacobian)
        return np.hstack([-jacobian, jacobian])

    def decode(self, predicted: Array) -> Any:
        """Return class labels, or an indicator matrix, which may be sparse."""
        codes = self._decide(predicted)
        if self.is_multilabel:
            return csr_matrix(codes) if self.is_sparse else codes
        return self.classes[codes]

    def _decide(self, predicted: Array) -> NDArray[Any]:
        """Return class codes, or an indicator matrix."""
        if self.is_multilabel:
            return (predicted > 0.5).astype(np.int64)
        if len(self.classes) > 2:
            codes: NDArray[Any] = predicted.argmax(axis=1)
            return codes
        if len(self.classes) == 1:
            return np.zeros(predicted.shape[0], dtype=np.intp)
        return (predicted[:, 0] > 0.5).astype(np.intp)

    def score(
        self, predicted: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Return the accuracy; for multilabel targets, the subset accuracy."""
        codes = self._decide(predicted)
        correct = codes == y.reshape(codes.shape)
        if self.is_multilabel:
            correct = correct.all(axis=1)
        return float(np.average(correct, weights=sample_weight))

    def class_weights(
        self, class_weight: Any, y: NDArray[Any], sample_weight: Array | None
    ) -> Callable[[NDArray[Any]], Array] | None:
        """Return a function from an encoded target to sample weights, or None."""
        return make_class_weights(
            class_weight,
            self.classes,
            y,
            sample_weight,
            multilabel=self.is_multilabel,
        )

    def stratify_holdout(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the classes of a binary target, else None, as in scikit-learn."""
        is_single_output = y.ndim == 2 and y.shape[1] == 1
        return y.astype(bool) if is_single_output else None

    def stratify_folds(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the classes, or None for multilabel targets."""
        return None if self.is_multilabel else y.reshape(-1)

    def absent_labels(self, y: NDArray[Any]) -> list[Any]:
        """Return the classes absent from an encoded target, or constant labels."""
        if self.is_multilabel:
            return np.flatnonzero((y == y[:1]).all(axis=0)).tolist()
        absent: list[Any] = np.delete(
            self.classes, np.unique(y).astype(np.intp)
        ).tolist()
        return absent

    @property
    def is_constant(self) -> bool:
        """Whether there is a single class, so that predictions are constant."""
        return len(self.classes) == 1

    @property
    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of an estimator with this target."""
        return {"classes_": self.classes}

    def for_scorers(self) -> "ClassificationTarget":
        """Return the target of an estimator that is passed to a scorer."""
        classes = self.classes
        if self.is_multilabel and len(classes) == 2:
            # scikit-learn's scorers would mistake two labels for a binary target.
            classes = [np.arange(2), np.arange(2)]
        return replace(self, classes=classes, is_sparse=False)


def _classification_loss(given: Any, *, multinomial: bool) -> Loss:
    """Return the loss for a classifier; its predictions must be probabilities."""
    made = (
        CLASSIFICATION_LOSSES[given]
        if isinstance(given, str)
        else copy_with_python_numbers(given)
    )
    loss: Loss = (
        loss_for_target(made, multinomial=multinomial)
        if isinstance(made, ClassificationLoss)
        else made
    )
    needed = "softmax" if multinomial else "logistic"
    if loss.out_activation != needed:
        target = "several classes" if multinomial else "two classes or labels"
        raise ValueError(
            f"loss={given!r} has out_activation={loss.out_activation!r}, but "
            f"for {target} a classifier needs a loss whose predictions are "
            f"probabilities, with out_activation={needed!r}. Use a loss for "
            "classification, or NumpyMLPRegressor."
        )
    return loss


def _declared_classes(
    y: Any, classes: Any, previous: ClassificationTarget | None
) -> NDArray[Any]:
    """Return the classes of `partial_fit`, which the first call declares."""
    declared = read_target(classes, "classes", numeric=False)
    if declared is not None:
        with error_prefix("classes"):
            declared = _classes_of(declared)
    if previous is None:
        if declared is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit. Pass all "
                "classes that any call will see."
            )
        known = declared
    else:
        known = previous.classes
        if declared is not None and _labels_of(declared) != _labels_of(known):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to "
                f"partial_fit, was: {known!r}. Leave classes out, or begin "
                "with a clone of the estimator."
            )
    labels = _classes_of(y)
    if not _labels_of(labels) <= _labels_of(known):
        raise ValueError(
            "`y` has classes not in `self.classes_`. `self.classes_` has "
            f"{known}. 'y' has {labels}. Pass all of them as `classes` in "
            "the first call to partial_fit."
        )
    known_classes: NDArray[Any] = known
    return known_classes


def _same_classes(y: Any, previous: ClassificationTarget) -> NDArray[Any]:
    """Return the classes of a warm start, which must be those of the previous fit."""
    labels = _classes_of(y)
    if _labels_of(labels) != _labels_of(previous.classes):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the "
            f"previous call to fit. Previously got {previous.classes}, `y` has "
            f"{labels}"
        )
    known: NDArray[Any] = previous.classes
    return known


def _classes_of(y: Any) -> NDArray[Any]:
    """Return the sorted labels of a target whose kind has been checked."""
    if getattr(y, "ndim", None) == 1:
        # Each twice, since scikit-learn would warn again about many distinct labels.
        y = np.repeat(np.unique(y), 2)
    classes: NDArray[Any] = unique_labels(y)
    return classes


def _labels_of(y: NDArray[Any]) -> set[Any]:
    """Return labels as Python objects, whose comparison is exact."""
    return set(y.reshape(-1).tolist())
