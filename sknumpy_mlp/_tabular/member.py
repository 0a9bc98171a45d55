"""The single networks that a tabular estimator is made of.

A member is a `NumpyMLPClassifier` or `NumpyMLPRegressor` whose network begins with
embeddings and whose target all members have in common.  All else, from validation to
early stopping, callbacks and checkpoints, is inherited.
"""

import inspect
from abc import ABC
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.architecture import MemberConfig, tabular_network
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.links import page_of
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.schedules import FlatCosine


class _Member(_BaseMLP, ABC):
    """The network and the training of a member."""

    # Members learn in float32 and predict in float64.  The last digits of a product in
    # float32 depend on the other rows that it is computed with, at about 1e-6 in a
    # probability; and a target far from zero has digits that float32 would lose.
    # Parameters are kept in the type that predicts, so that a mapped file is used as
    # it is.
    _fitted_dtype: ClassVar[Any] = np.float64

    member_config: MemberConfig

    def train(self, data: Data, validation: Data | None, context: FitContext) -> None:
        """Fit to some rows of the preprocessed table.

        Parameters
        ----------
        data, validation : Data
            The rows to train on, and those that choose the epoch, or None.
        context : FitContext
            Observers and limits.
        """
        validation_arrays: tuple[Any, Any, Any] = (None, None, None)
        if validation is not None:
            validation_arrays = (
                validation.X,
                validation.target,
                validation.sample_weight,
            )
        self._fit(
            data.X,
            data.target,
            data.sample_weight,
            validation_arrays,
            incremental=False,
            context=context,
        )

    def raw(self, X: Array) -> Array:
        """Return the network's raw outputs for a preprocessed table."""
        return self._network.predict_raw(self._params, X)

    def _fit_target(
        self, y: Any, previous: Any, *, incremental: bool, classes: Any
    ) -> Any:
        return self.member_config.target

    def _make_config(self) -> TrainingConfig:
        return TrainingConfig.of(self, decay_schedule=FlatCosine())

    def _make_network(
        self, architecture: Architecture, n_features: int, n_outputs: int
    ) -> Network:
        return tabular_network(architecture, self.member_config, n_features, n_outputs)


def _constructor(estimator: type[Any]) -> Callable[..., None]:
    """Return a constructor with the parameters of an estimator, and the configuration.

    scikit-learn asks its signature for the names of the parameters.
    """

    def constructor(self: Any, member_config: MemberConfig, **params: Any) -> None:
        estimator.__init__(self, **params)
        self.member_config = member_config

    itself, own = map(inspect.signature, (constructor, estimator.__init__))
    first = list(itself.parameters.values())[:2]
    others = [
        parameter.replace(kind=parameter.KEYWORD_ONLY)
        for parameter in list(own.parameters.values())[1:]
    ]
    signature = itself.replace(parameters=[*first, *others])
    vars(constructor)["__signature__"] = signature
    return constructor


class MemberClassifier(_Member, NumpyMLPClassifier):
    """A single network of a `TabularMLPClassifier`."""

    _doc_link_template = page_of("NumpyMLPClassifier")

    __init__ = _constructor(NumpyMLPClassifier)


class MemberRegressor(_Member, NumpyMLPRegressor):
    """A single network of a `TabularMLPRegressor`."""

    _doc_link_template = page_of("NumpyMLPRegressor")

    __init__ = _constructor(NumpyMLPRegressor)
