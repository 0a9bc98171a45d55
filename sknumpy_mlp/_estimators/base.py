"""Base class of the plain estimators: fitting, fitted attributes and prediction."""

import copy
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.custom_parts import check_custom_parts
from sknumpy_mlp._estimators.fingerprint import fingerprint
from sknumpy_mlp._estimators.fitted_network import FittedNetwork
from sknumpy_mlp._estimators.overflow import refuse_overflow
from sknumpy_mlp._estimators.parameters import (
    Check,
    SuggestingMixin,
    check_combinations,
    check_parameters,
)
from sknumpy_mlp._estimators.partial_fit import PartialFitUnavailableError
from sknumpy_mlp._estimators.rollback import rollback_on_error
from sknumpy_mlp._estimators.solvers import solve
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._estimators.task import FitContext, FitTask
from sknumpy_mlp._estimators.training_data import encode_training_data
from sknumpy_mlp._estimators.validation import Validation, read_validation
from sknumpy_mlp._inputs.column_labels import non_string_labels
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.features import check_feature_order, reading_features
from sknumpy_mlp._inputs.sample_weights import check_sample_weight
from sknumpy_mlp._inputs.targets import read_target, squeeze_single_column
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._training.run import Run, TrainingState
from sknumpy_mlp._utils.links import DocLinkMixin
from sknumpy_mlp._utils.saved import VersionedStateMixin
from sknumpy_mlp._utils.typing import Array, RandomSource
from sknumpy_mlp._utils.values import deep_equal
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import CallbackSupportMixin, begin_fit
from sknumpy_mlp.losses import Loss

# Valid arrays of up to this size skip validate_data, which would take longer than the
# prediction.
_SMALL_ARRAY_SIZE = 10_000


class _BaseMLP(
    VersionedStateMixin,
    CallbackSupportMixin,  # type: ignore[misc]
    DocLinkMixin,
    SuggestingMixin,
    FittedNetwork,
    BaseEstimator,  # type: ignore[misc]
    ABC,
):
    """Base class of the plain estimators; subclasses define their constructors."""

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]]
    _target_type: ClassVar[type[Target]]
    #: Data type of the fitted parameters; None for that of ``X`` in `fit`.
    _fitted_dtype: ClassVar[Any] = None

    _target: Target
    n_layers_: int
    n_outputs_: int
    out_activation_: str
    t_: int
    loss_curve_: list[float]
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    learning_rate_curve_: list[float]

    # --------------------------------------------------------------- for subclasses

    @abstractmethod
    def _fit_target(
        self, y: Any, previous: Any, *, incremental: bool, classes: Any
    ) -> Target:
        """Return the fitted target; a warm start passes the ``previous`` one."""

    def _make_config(self) -> TrainingConfig:
        """Return the training configuration."""
        return TrainingConfig.of(self)

    def _make_network(
        self, architecture: Architecture, n_features: int, n_outputs: int
    ) -> Network:
        """Return the network."""
        return architecture.network(n_features, n_outputs)

    # ------------------------------------------------------------------------- fit

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
        classes: Any = None,
        context: FitContext | None = None,
    ) -> None:
        check_parameters(self, self._parameter_checks)
        check_combinations(self)
        if incremental and self.early_stopping and validation[0] is None:
            raise PartialFitUnavailableError(
                "partial_fit does not support early_stopping=True without X_val: it "
                "sees only a part of the data at a time, of which it sets nothing "
                "aside. Pass X_val and y_val, or set early_stopping=False."
            )
        if context is None:
            bridge = None if incremental else begin_fit(self, X, y, sample_weight)
            context = FitContext(bridge=bridge)
        with rollback_on_error(self):
            # Validation raises errors instead of NumPy's floating-point warnings.
            with np.errstate(all="ignore"):
                task = self._make_task(
                    X, y, sample_weight, validation, incremental, classes, context
                )
            run = solve(task)
            self._store(task, run)
            if context.bridge is not None:
                context.bridge.end_fit()

    def _make_task(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        incremental: bool,
        classes: Any,
        context: FitContext,
    ) -> FitTask:
        """Validate all inputs, and initialize the network."""
        warm = self.__sklearn_is_fitted__() and (self.warm_start or incremental)
        X, y = self._read_training_data(X, y, warm=warm)
        weight = check_sample_weight(sample_weight, X)
        target = self._fit_target(
            y,
            self._target if warm else None,
            incremental=incremental,
            classes=classes,
        )
        data, class_weights = encode_training_data(
            target, X, y, weight, getattr(self, "class_weight", None)
        )
        # A copy, so that a fit that fails leaves the estimator's state unchanged.
        state = copy.deepcopy(getattr(self, "_training_state", None)) if warm else None
        rng = self._random_stream(state)
        architecture = Architecture.of(self)
        network = self._make_network(architecture, X.shape[1], target.n_outputs)
        continues = incremental and warm
        parts = (network, target.loss)
        is_checked = continues and deep_equal(parts, (self._network, self._loss))
        if not is_checked and context.member is None:
            check_custom_parts(architecture, target, data.y, data.X.dtype)
        if warm:
            self._check_same_shape(network)
            params = np.array(self._params, X.dtype)  # a copy, not memory-mapped
        else:
            stream = self._init_stream(rng)
            params = network.init(stream, X.dtype)
            network.adapt(params, X, stream, context.rows)
        validation_data = read_validation(
            validation,
            lambda X_val: self._read_validation_input(X_val, X.dtype),
            target,
            data.y,
            class_weights,
        )
        start = params.copy() if warm and self.callbacks else None
        config = self._make_config()
        return FitTask(
            config=config,
            target=target,
            network=network,
            params=params,
            data=data,
            validation=validation_data,
            rng=rng,
            state=state,
            is_warm=warm,
            is_incremental=incremental,
            as_fitted=lambda params: self._as_fitted(network, target, params),
            compute_fingerprint=lambda: fingerprint(
                self.get_params(deep=False),
                config,
                target,
                network,
                data,
                context.rows,
                validation_data,
                start,
            ),
            callbacks=self._callbacks_of(network, target, incremental, context),
            context=context,
            # Each call of partial_fit is an epoch; printed numbers count all calls.
            n_epochs_before=len(self.loss_curve_) if continues else 0,
        )

    def _callbacks_of(
        self,
        network: Network,
        target: Target,
        incremental: bool,
        context: FitContext,
    ) -> list[Callback]:
        callbacks = [*context.callbacks]
        if not incremental:
            callbacks = [*(self.callbacks or []), *callbacks]
        if context.bridge is not None:
            context.bridge.reconstruct_by(
                self, lambda params: self._attributes(network, target, params)
            )
            callbacks.append(context.bridge)
        return callbacks

    def _read_training_data(self, X: Any, y: Any, *, warm: bool) -> tuple[Any, Any]:
        """Validate ``X`` and ``y``; a warm start requires the features of `fit`."""
        is_numeric = self._target_type.is_numeric
        dtypes: Any = (np.float64, np.float32) if self.dtype is None else self.dtype
        if warm and self.dtype is None:
            dtypes = self._params.dtype
        y = read_target(y, "y", numeric=is_numeric)
        if warm:
            check_feature_order(X, getattr(self, "_columns", None))
        labels = non_string_labels(X)
        with self._reading(X, dtypes) as X:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                multi_output=True,
                y_numeric=is_numeric,
                dtype=dtypes,
                reset=not warm,
            )
        if not warm:
            self.__dict__.pop("_columns", None)
            if labels is not None:
                self._columns = labels
        return X, squeeze_single_column(y, dense=is_numeric, warn=True)

    def _check_same_shape(self, network: Network) -> None:
        old, new = (net.widths[1:] for net in (self._network, network))
        if old != new:
            raise ValueError(
                f"The fitted network has layers of {old} units, but hidden_layer_sizes="
                f"{self.hidden_layer_sizes!r} and y ask for {new}. To continue "
                "training, keep hidden_layer_sizes and the number of outputs; to start "
                "again, call fit with warm_start=False."
            )

    def _random_stream(self, state: TrainingState | None) -> np.random.RandomState:
        """Return the generator for the initial weights, hold-out set and shuffling."""
        if (
            state is not None
            and state.stream is not None
            and state.seed == self.random_state
        ):
            return state.stream
        stream: np.random.RandomState = check_random_state(self.random_state)
        return stream

    def _init_stream(self, rng: np.random.RandomState) -> RandomSource:
        """Return the random number generator for the initial weights.

        'glorot' has to draw the same numbers as scikit-learn.  Other initializers draw
        from a generator that is seeded by ``rng``.
        """
        if self.init == "glorot":
            return rng
        return np.random.default_rng(rng.randint(2**32, size=4, dtype=np.uint32))

    # ------------------------------------------------------------ fitted attributes

    def _store(self, task: FitTask, run: Run) -> None:
        """Set the fitted attributes."""
        warm = task.is_warm
        dtype = self._fitted_dtype or task.params.dtype
        params = run.result.astype(dtype, copy=False)
        self.__dict__.update(self._attributes(task.network, task.target, params))
        self.n_iter_ = run.n_epochs
        self.t_ = run.n_samples_seen + (self.t_ if warm else 0)
        self.loss_ = run.loss
        self.loss_curve_ = (self.loss_curve_ if warm else []) + run.losses
        self.learning_rate_curve_ = (
            self.learning_rate_curve_ if warm else []
        ) + run.learning_rates
        losses = self.validation_loss_curve_ if warm else None
        scores = self.validation_scores_ if warm else None
        if run.has_validation:
            losses = (losses or []) + run.validation_losses
            scores = (scores or []) + run.validation_scores
        self.validation_loss_curve_ = losses
        self.validation_scores_ = scores
        self.best_validation_score_ = run.best_score
        best_loss = min(self.loss_curve_, default=run.loss)
        self.best_loss_ = best_loss if run.best_score is None else None
        self.__dict__.pop("_training_state", None)
        if task.is_incremental or self.warm_start:
            is_stochastic = task.config.optimizer is not None
            self._training_state = run.state_to_keep() if is_stochastic else None

    def _attributes(
        self, network: Network, target: Target, params: Array
    ) -> dict[str, Any]:
        """Return the fitted attributes that predictions need."""
        return {
            "_network": network,
            "_target": target,
            "_params": params,
            "n_layers_": len(network.widths),
            "n_outputs_": network.n_outputs,
            "out_activation_": target.loss.out_activation,
            **target.attributes,
        }

    def _as_fitted(self, network: Network, target: Target, params: Array) -> Self:
        """Return a fitted estimator with the given parameters, for scorers."""
        fitted = copy.copy(self)
        attributes = self._attributes(network, target.for_scorers(), params)
        fitted.__dict__.update(attributes)
        # Scorers pass it validated arrays, without feature names.
        fitted.__dict__.pop("feature_names_in_", None)
        return fitted

    @property
    def _loss(self) -> Loss:
        return self._target.loss

    # ------------------------------------------------------------------- prediction

    def _read_input(self, X: Any, dtype: Any) -> Any:
        """Validate ``X`` for a prediction."""
        # validate_data would return this array unchanged, but takes ten times as long
        # as a prediction for one row.
        if (
            type(X) is np.ndarray
            and X.dtype == dtype
            and X.ndim == 2
            and X.shape[1] == self.n_features_in_
            and 0 < X.size <= _SMALL_ARRAY_SIZE
            and not hasattr(self, "feature_names_in_")
            and np.isfinite(X).all()
        ):
            return X
        check_feature_order(X, getattr(self, "_columns", None))
        with self._reading(X, dtype) as X:
            return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def _read_validation_input(self, X: Any, dtype: Any) -> Any:
        with error_prefix("X_val"):
            return self._read_input(X, dtype)

    def _reading(self, X: Any, dtype: Any) -> AbstractContextManager[Any]:
        kind = "Regressor" if self._target_type.is_numeric else "Classifier"
        return reading_features(X, dtype, alternative=f"TabularMLP{kind}")

    def _predict_target(self, X: Any) -> Array:
        """Validate ``X`` and return finite predictions."""
        # An intermediate overflow may be harmless, as in tanh(inf); refuse_overflow
        # checks the predictions.
        with np.errstate(all="ignore"):
            raw = self._forward(X)  # raises if the estimator is not fitted
            return refuse_overflow(self._target.predict(raw))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags
