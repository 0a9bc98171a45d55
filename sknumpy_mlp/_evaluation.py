"""Validation: the loss and the score of parameters on data they are not trained on."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
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

    Attributes
    ----------
    is_finite : bool
        Whether all predictions of the last call were finite.

    Raises
    ------
    ValueError
        If there are weights and the scorer does not take any.
    """

    def __init__(
        self, estimator: Any, network: Network, loss: Loss, data: Data
    ) -> None:
        self._estimator = estimator
        self._network = network
        self._loss = loss
        self._data = data
        scoring = estimator.scoring
        self.is_finite = True
        self._scorer: Callable[..., Any] | None = None
        if scoring is not None and scoring != "loss":
            self._scorer = get_scorer(scoring)
            if data.sample_weight is not None and not _takes_weights(self._scorer):
                raise self._no_weights()

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

    def _no_weights(self) -> ValueError:
        return ValueError(
            f"scoring={self._estimator.scoring!r} takes no sample_weight, but the "
            "validation data has weights (sample_weight, sample_weight_val or "
            "class_weight). Use a metric that takes them, or leave the weights out."
        )

    def _call_scorer(self, scorer: Callable[..., Any], params: Array) -> float:
        fitted = self._estimator._as_fitted(self._network, self._loss, params)
        data = self._data
        weights = (
            {} if data.sample_weight is None else {"sample_weight": data.sample_weight}
        )
        try:
            score = scorer(fitted, data.X, data.target, **weights)
        except TypeError as error:
            # A scorer of scikit-learn's hands weights on to a metric of its own.
            if weights and "sample_weight" in str(error):
                raise self._no_weights() from error
            raise
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


def _takes_weights(scorer: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(scorer).parameters.values()
    except ValueError:  # some builtin functions have none
        return False
    return any(p.name == "sample_weight" or p.kind is p.VAR_KEYWORD for p in parameters)
