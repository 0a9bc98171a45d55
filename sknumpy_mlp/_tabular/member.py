"""The members of the ensemble of a tabular estimator.

A member is a `NumpyMLPClassifier` or `NumpyMLPRegressor` whose network starts with
embeddings, and whose target is that of the ensemble.  Validation, early stopping,
callbacks and checkpoints are inherited.
"""

import inspect
from abc import ABC
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.architecture import MemberConfig, tabular_network
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.links import page_of
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.schedules import FlatCosine


class _Member(_BaseMLP, ABC):
    """Base class of members."""

    # Members train in float32 and predict in float64.  In float32 the rounding of a
    # product depends on the other rows, about 1e-6 in a probability, and targets far
    # from zero would lose digits.  Parameters are stored in float64, so that
    # memory-mapped ones are used without a copy.
    _fitted_dtype: ClassVar[Any] = np.float64

    member_config: MemberConfig

    #: The weight of the member in the mean of the ensemble.
    weight: float = 1.0

    def train(self, data: Data, validation: Data | None, context: FitContext) -> None:
        """Fit to the preprocessed table.

        Parameters
        ----------
        data, validation : Data
            The training data, and the validation data or None.
        context : FitContext
            The context of the fit, with the rows of the training data to use.
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

    def _make_config(self) -> TrainingConfig:
        return TrainingConfig.of(self, decay_schedule=FlatCosine())

    def _make_network(
        self, architecture: Architecture, n_features: int, n_outputs: int
    ) -> Network:
        return tabular_network(architecture, self.member_config, n_features, n_outputs)


def _constructor(owner: str, estimator: type[Any]) -> Callable[..., None]:
    """Return a constructor with ``member_config`` and the parameters of an estimator.

    Its signature lists all of them, since scikit-learn reads the parameters from it.
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
    constructor.__name__ = "__init__"
    constructor.__qualname__ = f"{owner}.__init__"
    return constructor


class MemberClassifier(_Member, NumpyMLPClassifier):
    """A network of a `TabularMLPClassifier`."""

    _doc_link_template = page_of("NumpyMLPClassifier")

    __init__ = _constructor("MemberClassifier", NumpyMLPClassifier)

    def _fit_target(
        self, y: Any, previous: Any, *, incremental: bool, classes: Any
    ) -> ClassificationTarget:
        whole = self.member_config.target
        assert isinstance(whole, ClassificationTarget)
        # The classes of all rows, since a fold may lack some of them.
        return ClassificationTarget.of_classes(
            whole.classes,
            self.loss,
            is_multilabel=y.ndim == 2,
            is_sparse=False,
        )


class MemberRegressor(_Member, NumpyMLPRegressor):
    """A network of a `TabularMLPRegressor`."""

    _doc_link_template = page_of("NumpyMLPRegressor")

    __init__ = _constructor("MemberRegressor", NumpyMLPRegressor)

    def _fit_target(
        self, y: Any, previous: Any, *, incremental: bool, classes: Any
    ) -> RegressionTarget:
        whole = self.member_config.target
        assert isinstance(whole, RegressionTarget)
        return replace(RegressionTarget.fit(y, self.loss), scale=whole.scale)
