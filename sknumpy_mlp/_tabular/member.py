"""The single networks that a tabular estimator is made of.

A member is a `NumpyMLPClassifier` or `NumpyMLPRegressor` that differs in its network,
which begins with embeddings and learns with a rate of its own for each kind of
parameter, and in its target, which a regressor scales.  All else, from validation to
early stopping, callbacks and checkpoints, is inherited.
"""

import math
import time
from abc import ABC
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.epochs import Job
from sknumpy_mlp._estimators.fit import Outcome
from sknumpy_mlp._estimators.target_scale import TargetScale
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.links import page_of
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.activations import Identity
from sknumpy_mlp.callbacks._sklearn import SklearnBridge
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.layers import Dense, Dropout, Layer, Parametric, Scaling
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.schedules import Constant, FlatCosine, Schedule


@dataclass(frozen=True)
class Recipe:
    """What a tabular network has that the estimators have no parameter for.

    Each piece can be left out; ``benchmarks/tabular_ablation.py`` shows what it is
    worth.

    Attributes
    ----------
    clips_inputs : bool
        Whether scaled numbers are clipped smoothly.
    embeds_numbers : bool
        Whether numbers get a :class:`sknumpy_mlp.embeddings.PeriodicEmbedding`.
    scales_inputs : bool
        Whether a :class:`sknumpy_mlp.layers.Scaling` comes before the first weights.
    parametric : bool
        Whether activations are :class:`sknumpy_mlp.layers.Parametric`.
    scales_rates : bool
        Whether weights learn at the rate divided by the root of ``fan_in``, and biases
        at a tenth of it, so that one ``learning_rate_init`` fits all widths.
    schedules : bool
        Whether dropout and weight decay fade out.
    chooses_epoch : bool
        Whether a member gets its best epoch back, not the last.
    scales_target, clips : bool
        Whether a regressor standardises its target, and keeps its predictions in the
        range of the targets it has seen.
    calibrates : bool
        Whether a classifier's probabilities are tempered on held-out rows.
    """

    clips_inputs: bool = True
    embeds_numbers: bool = True
    scales_inputs: bool = True
    parametric: bool = True
    scales_rates: bool = True
    schedules: bool = True
    chooses_epoch: bool = True
    scales_target: bool = True
    clips: bool = True
    calibrates: bool = True


# Learning-rate multipliers, from the paper that `Recipe` follows.
_EMBEDDING_RATE = 0.1

# Standard deviations of the embeddings' initial frequencies.  High frequencies can fit
# functions that vary quickly, but also noise: the highest grow with the number of rows,
# from 300 rows on; with 6,500 rows their scale is 1, and from 16,000 rows on it is 2.
_LOWEST_FREQUENCIES, _HIGHEST_FREQUENCIES = 0.1, 2.0
_ROWS_FOR_LOW_FREQUENCIES = 300

_SCALING_RATE = 6.0
_BIAS_RATE = 0.1
_PARAMETRIC_RATE = 0.1


# Rows that say how long a prediction takes.
_ROWS_TO_TIME = 1024


@dataclass(frozen=True)
class Blueprint:
    """What a member must know of the estimator and the data it belongs to.

    Attributes
    ----------
    recipe : Recipe
        The pieces of the network.
    n_rows : int
        How many rows there are in all.
    n_numbers : int
        How many of the first columns are numbers.
    cardinalities : tuple of int
        The numbers of codes of the last columns, which are categories.
    classes : ndarray or None
        For a classifier, the classes of all data: a fold may lack some.
    scale : TargetScale or None
        For a regressor, the target's scale.
    deadline : float
        Time, as of `time.time`, at which the training is to end.
    n_threads : int or None
        How many threads a matrix product may use.
    member : int or None
        The number of the network, from 0.
    split : str
        What messages call the data that chooses the member's best epoch.
    """

    recipe: Recipe
    n_rows: int
    n_numbers: int
    cardinalities: tuple[int, ...] = ()
    classes: NDArray[Any] | None = None
    scale: TargetScale | None = None
    deadline: float = math.inf
    n_threads: int | None = None
    member: int | None = None
    split: str = "y_val"


class _Member(_BaseMLP, ABC):
    """The network and the training of a member."""

    _blueprint: Blueprint
    _bridge: SklearnBridge | None
    _was_cut_short: bool  # by a time limit, in or after its first epoch

    @classmethod
    def build(cls, blueprint: Blueprint, params: dict[str, Any]) -> Any:
        """Make an unfitted member.

        It has the constructor of the estimator that it is, for all that prints it; the
        blueprint comes on top.
        """
        member = cls(**params)
        member._blueprint = blueprint
        return member

    def __sklearn_clone__(self) -> Any:
        twin = super().__sklearn_clone__()
        twin._blueprint = self._blueprint
        return twin

    def _check_custom_parts(
        self, loss: Loss, y: NDArray[Any], n_outputs: int, dtype: Any
    ) -> None:
        """Leave it to the tabular estimator, which does it once for all members."""

    def _decay_schedule(self) -> Schedule:
        return FlatCosine() if self._blueprint.recipe.schedules else Constant()

    def _prepare(self, *args: Any) -> Job:
        job = super()._prepare(*args)
        deadline = self._blueprint.deadline
        if deadline < math.inf:
            seconds = deadline - self._seconds_to_judge(job) - time.time()
            job = replace(job, max_seconds=max(seconds, 1e-3))
        return replace(
            job, n_threads=self._blueprint.n_threads, member=self._blueprint.member
        )

    def _begin_fit(self, X: Any, y: Any, sample_weight: Any) -> SklearnBridge | None:
        # From the tabular estimator, for this fit only: it is not to be pickled.
        bridge: SklearnBridge | None = self.__dict__.pop("_bridge", None)
        return bridge

    @staticmethod
    def _seconds_to_judge(job: Job) -> float:
        """Estimate how long the validation data takes, after the last step and later.

        First at the end of the last epoch, then for the out-of-fold predictions, in
        float64, which takes more than twice as long.
        """
        if job.validation is None:
            return 0.0
        X = job.validation.X
        some = X[:_ROWS_TO_TIME]
        began = time.perf_counter()
        job.network.predict_raw(job.params, some)
        return 3.5 * (time.perf_counter() - began) * len(X) / len(some)

    @property
    def _validation_split(self) -> str:
        return self._blueprint.split

    @property
    def _convergence_matters(self) -> bool:
        return False  # a member trains to its end, and gets its best epoch back

    def _make_network(self, n_features: int, n_outputs: int) -> Network:
        recipe = self._blueprint.recipe
        layers: list[Layer] = [self._make_first_layer(n_features)]
        if recipe.scales_inputs:
            layers.append(Scaling(layers[0].fan_out, _SCALING_RATE))
        plain = super()._make_network(layers[0].fan_out, n_outputs)
        for layer in plain.layers:
            if isinstance(layer, Dropout) and recipe.schedules:
                layers.append(replace(layer, schedule=FlatCosine()))
            elif isinstance(layer, Dense):
                factors = (1.0, 1.0)
                if recipe.scales_rates:
                    factors = (1.0 / math.sqrt(layer.fan_in), _BIAS_RATE)
                bends = not isinstance(layer.activation, Identity)
                if recipe.parametric and bends:
                    layers.append(
                        replace(layer, activation=Identity(), lr_multipliers=factors)
                    )
                    layers.append(
                        Parametric(layer.fan_out, layer.activation, _PARAMETRIC_RATE)
                    )
                else:
                    layers.append(replace(layer, lr_multipliers=factors))
            else:
                layers.append(layer)
        return Network(tuple(layers))

    def _highest_frequencies(self) -> float:
        """Return the scale of the highest frequencies for this number of rows."""
        growth: float = (self._blueprint.n_rows / _ROWS_FOR_LOW_FREQUENCIES) ** 0.75
        return min(max(1.0, growth) * _LOWEST_FREQUENCIES, _HIGHEST_FREQUENCIES)

    def _make_first_layer(self, n_features: int) -> Layer:
        blueprint = self._blueprint
        n_numbers, cardinalities = blueprint.n_numbers, blueprint.cardinalities
        n_passed = n_features - n_numbers - len(cardinalities)
        parts: list[Layer] = []
        if n_numbers and blueprint.recipe.embeds_numbers:
            parts.append(
                PeriodicEmbedding(
                    n_numbers,
                    scales=(_LOWEST_FREQUENCIES, self._highest_frequencies()),
                    lr_multiplier=_EMBEDDING_RATE,
                )
            )
        else:
            n_passed += n_numbers
        if n_passed:
            parts.append(Passthrough(n_passed))
        if cardinalities:
            parts.append(CategoryEmbedding(cardinalities))
        return parts[0] if len(parts) == 1 else Concatenate(tuple(parts))

    def _store(self, job: Job, outcome: Outcome) -> None:
        """Set the fitted attributes.

        Members learn in float32 and predict in float64.  The last digits of a product
        in float32 depend on the other rows that it is computed with, at about 1e-6 in
        a probability; and a target far from zero has digits that float32 would lose.
        Parameters are kept in the type that predicts, so that a mapped file is used as
        it is.
        """
        super()._store(job, outcome)
        self._params = self._params.astype(np.float64)
        run = outcome.run
        ran_out_of_time = run.status == "exhausted" and run.n_epochs < run.max_epochs
        self._was_cut_short = ran_out_of_time and run.n_epochs == 1

    def raw(self, X: Array) -> Array:
        """Return the network's raw outputs for a preprocessed table."""
        outputs: Array = self._network.predict_raw(self._params, X)
        return outputs


class MemberClassifier(_Member, NumpyMLPClassifier):
    """A single network of a `TabularMLPClassifier`."""

    _doc_link_template = page_of("NumpyMLPClassifier")

    def _learn_target(
        self, y: Any, *, warm: bool, incremental: bool, classes: Any
    ) -> tuple[Loss, int]:
        # Those of all data: a fold may lack some of them, and looks like another kind
        # of target where it has few rows.
        assert self._blueprint.classes is not None
        self.classes_, self._multilabel = self._blueprint.classes, y.ndim == 2
        return self._loss_of_classes()

    def _check_known_classes(self, y: Any, name: str) -> None:
        """Do nothing: the tabular estimator has looked at all of the target."""


class MemberRegressor(_Member, NumpyMLPRegressor):
    """A single network of a `TabularMLPRegressor`."""

    _doc_link_template = page_of("NumpyMLPRegressor")

    def _encode_target(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        assert self._blueprint.scale is not None
        # In float64 first: a target of large numbers has its digits in the differences.
        target = super()._encode_target(y, np.float64, name)
        return super()._encode_target(
            self._blueprint.scale.transform(target), dtype, name
        )

    def _from_raw(self, raw: Array) -> Array:
        """Return predictions on the target's own scale; ``raw`` is destroyed."""
        assert self._blueprint.scale is not None
        return self._blueprint.scale.inverse(super()._from_raw(raw))
