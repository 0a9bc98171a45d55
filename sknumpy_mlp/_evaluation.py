"""Validation: the loss and the score of parameters on data they are not trained on."""

import inspect
import math
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer

from sknumpy_mlp._network import Network
from sknumpy_mlp._typing import Array, IntArray
from sknumpy_mlp.losses import Loss


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


class Evaluator:
    """Mean loss and score of a network on validation data.

    Parameters
    ----------
    estimator : estimator
        Its ``scoring`` says what the score is.
    network : Network
        The network.
    loss : Loss
        The loss.
    data : Data
        The validation data.
    split : str
        What messages call it.

    Attributes
    ----------
    is_finite : bool
        Whether all predictions of the last call were finite.

    Raises
    ------
    ValueError
        If there are weights and the scorer does not take any, or several labels and a
        metric for classes that exclude each other.
    """

    def __init__(
        self, estimator: Any, network: Network, loss: Loss, data: Data, split: str
    ) -> None:
        self._estimator = estimator
        self._network = network
        self._loss = loss
        # scikit-learn's metrics take no sparse labels.
        is_sparse = hasattr(data.target, "toarray")
        self._data = replace(data, target=data.target.toarray()) if is_sparse else data
        self._split = split
        # What the scorer is handed beside the data.
        self._arguments: dict[str, Any] = {}
        scoring = estimator.scoring
        self.is_finite = True
        self._scorer: Callable[..., Any] | None = None
        if scoring is not None and scoring != "loss":
            self._scorer = get_scorer(scoring)
            self._refuse_log_loss_of_labels(self._scorer)
        if self._scorer is not None and data.sample_weight is not None:
            if not _takes(self._scorer, "sample_weight"):
                raise self._no_weights()
            self._arguments["sample_weight"] = data.sample_weight

    def __call__(self, params: Array) -> tuple[float, float]:
        """Return the mean loss, without penalty, and the score of ``params``.

        The score is NaN where the network's predictions are infinite or NaN, unless it
        is minus the loss, which may well have a value there.
        """
        data = self._data
        with np.errstate(all="ignore"):
            raw = self._network.predict_raw(params, data.X)
            finite = bool(
                np.isfinite(raw).all()
                and np.isfinite(self._loss.predict(raw.copy())).all()
            )
            losses = self._loss.loss_gradient(data.y, raw.copy())
            mean_loss = float(np.average(losses, weights=data.sample_weight))
            self.is_finite = finite
            if self._estimator.scoring == "loss":
                return mean_loss, -mean_loss
            if not finite:
                return mean_loss, math.nan
            if self._scorer is not None:
                return mean_loss, self._call_scorer(self._scorer, params)
            score = self._estimator._score_raw(
                self._loss, raw, data.y, data.sample_weight
            )
        return mean_loss, float(score)

    def check(self, score: float) -> None:
        """Raise ValueError if a score that is to judge an epoch has no value."""
        if not self.is_finite:
            return  # then it is the predictions that are to blame
        if math.isnan(score) or (score == -math.inf and self._absent()):
            raise self._undefined(f"it is {score}, although the predictions are finite")

    def _no_weights(self) -> ValueError:
        return ValueError(
            f"scoring={self._estimator.scoring!r} takes no sample_weight, but the "
            "validation data has weights (sample_weight, sample_weight_val or "
            "class_weight). Use a metric that takes them, or leave the weights out."
        )

    def _refuse_log_loss_of_labels(self, scorer: Callable[..., Any]) -> None:
        """Raise ValueError for a metric that takes labels for exclusive classes.

        It looks at the probabilities of those labels alone that a sample has, so that
        the best network is one that is sure of every label.
        """
        has_labels = not self._estimator._numeric_target and self._data.target.ndim == 2
        if has_labels and re.match(r"make_scorer\((d2_)?log_loss", repr(scorer)):
            raise ValueError(
                f"scoring={self._estimator.scoring!r} is made for classes that exclude "
                "each other, and y has several labels at once: it would not count a "
                "label that is predicted without being there. Use scoring='loss', "
                "minus the mean log loss of all labels."
            )

    def _absent(self) -> list[Any]:
        absent: list[Any] = self._estimator._absent_labels(self._data.y)
        return absent

    def _undefined(self, reason: object) -> ValueError:
        """Say that the score has no value on this data, and why that may be so."""
        absent = self._absent()
        lacks, remedy = "", "more samples"
        if absent and self._data.target.ndim == 1:
            lacks = f", which has no sample of the classes {absent}"
            remedy = "samples of all classes"
        elif absent:
            lacks = f", where the labels {absent} are all 0 or all 1"
            remedy = "samples with and without each label"
        because = str(reason).partition("\n")[0].removesuffix(".")
        return ValueError(
            f"scoring={self._estimator.scoring!r} is not defined on {self._split}"
            f"{lacks}: {because}. Use scoring='loss', which is always defined, or pass "
            f"X_val and y_val with {remedy}."
        )

    def _call_scorer(self, scorer: Callable[..., Any], params: Array) -> float:
        fitted = self._estimator._as_fitted(self._network, self._loss, params)
        try:
            score = self._call_metric(scorer, fitted)
        except (ValueError, IndexError, UndefinedMetricWarning) as error:
            absent = self._absent()
            if not absent:
                raise
            if "labels" in self._arguments or not _takes(scorer, "labels"):
                raise self._undefined(error) from error
            score = self._call_with_classes(scorer, fitted, error)
        except AttributeError as error:
            # So scikit-learn says that the scorer wants another kind of estimator.
            if "none of the following attributes" not in str(error):
                raise
            raise ValueError(
                f"scoring={self._estimator.scoring!r} does not go with "
                f"{type(self._estimator).__name__}: {error} Use a scorer for its kind "
                "of target."
            ) from error
        try:
            return float(score)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"scoring={self._estimator.scoring!r} must return a number, got "
                f"{score!r}."
            ) from error

    def _call_with_classes(
        self, scorer: Callable[..., Any], fitted: Any, reason: Exception
    ) -> Any:
        """Tell the metric, from now on, of the classes that it did not find in y."""
        self._arguments["labels"] = self._estimator.classes_
        try:
            score = self._call_metric(scorer, fitted)
            is_defined = math.isfinite(score)
        except (TypeError, ValueError, IndexError, Warning):
            is_defined = False
        if not is_defined:
            raise self._undefined(reason) from reason
        return score

    def _call_metric(self, scorer: Callable[..., Any], fitted: Any) -> Any:
        data, arguments = self._data, self._arguments
        # Without it scikit-learn's scorers hand nothing but weights on to the metric.
        routing = config_context(enable_metadata_routing=True)
        try:
            with routing if "labels" in arguments else nullcontext():
                return scorer(fitted, data.X, data.target, **arguments)
        except TypeError as error:
            # A scorer of scikit-learn's hands weights on to a metric of its own.
            if "sample_weight" in arguments and "sample_weight" in str(error):
                raise self._no_weights() from error
            raise


def _takes(scorer: Callable[..., Any], argument: str) -> bool:
    try:
        parameters = inspect.signature(scorer).parameters.values()
    except ValueError:  # some builtin functions have none
        return False
    return any(p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters)
