"""Loss and score of a network on validation data."""

import inspect
import math
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names

from sknumpy_mlp._estimators.task import FitTask
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._utils.typing import Array, IntArray


class Evaluator:
    """Mean loss and score of a network on validation data.

    Parameters
    ----------
    task : FitTask
        The fit, with the parameter ``scoring``.
    data : Data
        The validation data.
    name : str
        The name of the validation data in messages.

    Attributes
    ----------
    is_finite : bool
        Whether all predictions of the last call were finite.

    Raises
    ------
    ValueError
        If there are weights and the scorer does not support them, or if the metric is
        scikit-learn's log loss and the target is multilabel.
    """

    def __init__(self, task: FitTask, data: Data, name: str) -> None:
        self._task = task
        self._target = task.target
        self._scoring = task.config.scoring
        # scikit-learn's metrics do not support sparse labels.
        is_sparse = hasattr(data.target, "toarray")
        self._data = replace(data, target=data.target.toarray()) if is_sparse else data
        self._name = name
        # All classes, which are passed to the metric if some are absent from the data.
        self._labels: NDArray[Any] | None = None
        self.is_finite = True
        self._scorer: Callable[..., Any] | None = None
        if self._scoring is not None and self._scoring != "loss":
            self._scorer = get_scorer(self._scoring)
            self._refuse_log_loss_of_labels(self._scorer)
            if data.sample_weight is not None and not _accepts(
                self._scorer, "sample_weight"
            ):
                raise self._no_weights()

    def __call__(self, params: Array) -> tuple[float, float]:
        """Return the mean loss, without penalty, and the score of ``params``.

        The score is NaN if predictions are infinite or NaN, unless it is the negative
        loss, which may be defined nevertheless.
        """
        data = self._data
        with np.errstate(all="ignore"):
            loss = self._target.loss
            raw = self._task.network.predict_raw(params, data.X)
            finite = bool(
                np.isfinite(raw).all() and np.isfinite(loss.predict(raw.copy())).all()
            )
            losses = loss.loss_gradient(data.y, raw.copy())
            if self._task.context.see_validation is not None:
                self._task.context.see_validation(raw, losses)
            mean_loss = float(np.average(losses, weights=data.sample_weight))
            self.is_finite = finite
            if self._scoring == "loss":
                return mean_loss, -mean_loss
            if not finite:
                return mean_loss, math.nan
            if self._scorer is not None:
                return mean_loss, self._call_scorer(self._scorer, params)
            predicted = loss.predict(raw)
            score = self._target.score(predicted, data.y, data.sample_weight)
        return mean_loss, score

    def check(self, score: float, params: Array) -> None:
        """Raise ValueError if the score is undefined though predictions are finite."""
        if not self.is_finite:
            return
        if not (math.isnan(score) or score == -math.inf):
            return
        fitted = self._task.as_fitted(params)
        lacks_classes = self._scorer is not None and self._needs_all_classes(
            self._scorer, fitted
        )
        if math.isnan(score) or lacks_classes:
            reason = f"it is {score}, although the predictions are finite"
            raise self._undefined(reason, lacks_classes=lacks_classes)

    def _no_weights(self) -> ValueError:
        return ValueError(
            f"scoring={self._scoring!r} takes no sample_weight, but the "
            "validation data has weights (sample_weight, sample_weight_val or "
            "class_weight). Use a metric that takes them, or leave the weights out."
        )

    def _refuse_log_loss_of_labels(self, scorer: Callable[..., Any]) -> None:
        """Raise ValueError for scikit-learn's log loss with multilabel targets.

        It treats labels as mutually exclusive classes, and uses the probabilities of
        true labels only: a network that always predicts all labels would be the best.
        """
        has_labels = not self._target.is_numeric and self._data.target.ndim == 2
        if has_labels and re.match(r"make_scorer\((d2_)?log_loss", repr(scorer)):
            raise ValueError(
                f"scoring={self._scoring!r} is for mutually exclusive classes, but y "
                "is multilabel: false positives would not count. Use scoring='loss', "
                "minus the mean log loss of all labels."
            )

    def _rows_with_weight(self) -> IntArray:
        """Return the rows with positive weight, which determine the metrics."""
        weight = self._data.sample_weight
        rows = np.arange(len(self._data.target))
        return rows if weight is None else rows[weight > 0.0]

    def _absent_labels(self) -> list[Any]:
        y = self._data.y[self._rows_with_weight()]
        return self._target.absent_labels(y)

    def _undefined(self, reason: object, *, lacks_classes: bool) -> ValueError:
        """Return the error for an undefined score, with the likely reason."""
        lacks, remedy = "", "more samples"
        if lacks_classes and self._data.target.ndim == 1:
            lacks = f", which has no sample of the classes {self._absent_labels()}"
            remedy = "samples of all classes"
        elif lacks_classes:
            lacks = f", where the labels {self._absent_labels()} are all 0 or all 1"
            remedy = "samples with and without each label"
        if lacks_classes and len(self._rows_with_weight()) < len(self._data.target):
            lacks += " (samples of weight zero do not count)"
        return ValueError(
            f"scoring={self._scoring!r} is not defined on {self._name}"
            f"{lacks}: {_first_line(reason)}. Use scoring='loss', which is always "
            f"defined, or pass X_val and y_val with {remedy}."
        )

    def _call_scorer(self, scorer: Callable[..., Any], params: Array) -> float:
        fitted = self._task.as_fitted(params)
        try:
            score = self._call_metric(scorer, fitted, self._data, self._labels)
        except (ValueError, IndexError, UndefinedMetricWarning) as error:
            score = self._call_with_classes(scorer, fitted)
            if score is None:
                explained = self._explain(error, scorer, fitted)
                if explained is None:
                    raise
                raise explained from error
        except AttributeError as error:
            # scikit-learn's error for a scorer of another kind of estimator.
            if "none of the following attributes" not in str(error):
                raise
            raise ValueError(
                f"scoring={self._scoring!r} does not go with "
                f"{self._task.config.estimator}: {error} Use a scorer for its kind "
                "of target."
            ) from error
        try:
            return float(score)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"scoring={self._scoring!r} must return a number, got {score!r}."
            ) from error

    def _call_with_classes(self, scorer: Callable[..., Any], fitted: Any) -> Any:
        """Return the score with all classes passed to the metric, or None if undefined.

        If it is defined, later calls pass the classes as well.
        """
        if self._labels is not None or not self._absent_labels():
            return None
        if not _accepts(scorer, "labels"):
            return None
        classes = self._target.attributes["classes_"]
        try:
            score = self._call_metric(scorer, fitted, self._data, classes)
            is_defined = math.isfinite(score)
        except (TypeError, ValueError, IndexError, Warning):
            is_defined = False
        if not is_defined:
            return None
        self._labels = classes
        return score

    def _explain(
        self, error: Exception, scorer: Callable[..., Any], fitted: Any
    ) -> ValueError | None:
        """Return a more helpful error than the scorer's, or None."""
        if self._needs_all_classes(scorer, fitted):
            return self._undefined(error, lacks_classes=True)
        scoring = self._scoring
        if self._target.is_numeric or not isinstance(scoring, str):
            return None
        for suffix in ("_ovr", "_macro"):
            if f"{scoring}{suffix}" in get_scorer_names():
                return ValueError(
                    f"scoring={scoring!r} does not go with this target: "
                    f"{_first_line(error)}. Use scoring='{scoring}{suffix}'."
                )
        return None

    def _needs_all_classes(self, scorer: Callable[..., Any], fitted: Any) -> bool:
        """Return True if a scorer that fails succeeds when all classes are present."""
        if not self._absent_labels():
            return False
        try:
            score = self._call_metric(scorer, fitted, self._with_all_classes(), None)
            return math.isfinite(score)
        except Exception:  # a custom scorer may raise any exception
            return False

    def _with_all_classes(self) -> Data:
        """Return the data with samples added, so that no class is absent."""
        data, rows = self._data, self._rows_with_weight()
        if data.target.ndim == 1:
            labels = np.array(
                self._absent_labels(), self._target.attributes["classes_"].dtype
            )
        else:
            labels = np.repeat([[0], [1]], data.target.shape[1], axis=1)
        labels = np.repeat(labels, 2, axis=0)  # some metrics need two of each
        data = data.take(np.concatenate([rows, np.resize(rows, len(labels))]))
        target = np.concatenate([data.target[: len(rows)], labels])
        return replace(data, target=target)

    def _call_metric(
        self,
        scorer: Callable[..., Any],
        fitted: Any,
        data: Data,
        labels: NDArray[Any] | None,
    ) -> Any:
        arguments: dict[str, Any] = {}
        if data.sample_weight is not None:
            arguments["sample_weight"] = data.sample_weight
        # Without metadata routing, scikit-learn's scorers pass only weights on.
        routing: Any = nullcontext()
        if labels is not None:
            arguments["labels"] = labels
            routing = config_context(enable_metadata_routing=True)
        try:
            with routing:
                return scorer(fitted, data.X, data.target, **arguments)
        except TypeError as error:
            # The scorer may pass weights on to a metric that does not support them.
            if "sample_weight" in arguments and "sample_weight" in str(error):
                raise self._no_weights() from error
            raise


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0].removesuffix(".")


def _accepts(scorer: Callable[..., Any], argument: str) -> bool:
    try:
        parameters = inspect.signature(scorer).parameters.values()
    except ValueError:  # some built-in functions have no signature
        return False
    return any(p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters)
