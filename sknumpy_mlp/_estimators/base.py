"""What both estimators share: validation, fitted attributes, prediction."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral, Real
from types import MethodType
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import (
    check_array,
    check_consistent_length,
    check_random_state,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.epochs import Job
from sknumpy_mlp._estimators.fit import Outcome, make_schedule, solve
from sknumpy_mlp._estimators.parameters import (
    Check,
    SuggestingMixin,
    check_combinations,
    check_parameters,
    layer_sizes,
    needs_horizon,
)
from sknumpy_mlp._inputs.checks import (
    all_or_nothing,
    check_custom_parts,
    check_sample_weight,
    describe,
    digest,
    explaining_bad_values,
    naming,
    one_or_several_columns,
    read_target,
    refuse_overflow,
    weigh,
)
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.table import (
    as_array,
    columns_error,
    other_labels,
    refuse_dates,
    refuse_masked,
)
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._training.run import TrainingState
from sknumpy_mlp._utils.links import DocLinkMixin
from sknumpy_mlp._utils.saved import Saved
from sknumpy_mlp._utils.typing import Array, RandomSource
from sknumpy_mlp._utils.values import alike, copy_of
from sknumpy_mlp.activations import ACTIVATIONS, Activation, Identity
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import (
    CallbackSupportMixin,
    SklearnBridge,
    begin_fit,
)
from sknumpy_mlp.initializers import INITIALIZERS, Glorot, Initializer
from sknumpy_mlp.layers import Dense, Dropout, Layer
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.schedules import Constant, Schedule

#: Keyword arguments of `fit` that describe validation data.
Validation: TypeAlias = tuple[Any, Any, Any]


# Arrays of up to so many numbers are looked at before they go to validate_data, which
# costs more than the look.
_SMALL = 10_000


class _BaseMLP(
    Saved,
    CallbackSupportMixin,  # type: ignore[misc]
    DocLinkMixin,
    SuggestingMixin,
    BaseEstimator,  # type: ignore[misc]
    ABC,
):
    """Base of the estimators; the constructors are the subclasses' own."""

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]]
    _numeric_target: ClassVar[bool]

    _params: Array
    _network: Network
    _loss: Loss
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
    def _learn_target(
        self, y: Any, *, warm: bool, incremental: bool, classes: Any
    ) -> tuple[Loss, int]:
        """Learn what there is to know of y; return the loss and the number of targets.

        With ``warm`` the target must be what it was before.
        """

    @abstractmethod
    def _encode_target(self, y: Any, dtype: Any, name: str) -> NDArray[Any]:
        """Return ``y`` as the loss wants it; ``name`` is what messages call it."""

    def _class_weights(
        self, y: NDArray[Any], sample_weight: Array | None
    ) -> Callable[[NDArray[Any]], Array] | None:
        """Return what makes weights of the rows of encoded targets, or None."""
        return None

    @abstractmethod
    def _score_raw(
        self, loss: Loss, raw: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Score finite raw outputs against an encoded target, as `score` would."""

    def _stratify_by(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return what the hold-out is stratified by, or None."""
        return None

    def _decay_schedule(self) -> Schedule:
        """Return how weight decay changes over the training."""
        return Constant()

    def _absent_labels(self, y: NDArray[Any]) -> list[Any]:
        """Return classes that an encoded target lacks, or labels that are constant."""
        return []

    @property
    def _validation_split(self) -> str:
        """What messages call validation data that is not held out here."""
        return "y_val"

    @property
    def _convergence_matters(self) -> bool:
        """Whether a training that has not converged deserves a warning."""
        return True

    # ------------------------------------------------------------------- before a fit

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        *,
        incremental: bool,
        classes: Any = None,
    ) -> None:
        check_parameters(self, self._parameter_checks)
        check_combinations(self)
        if incremental and self.early_stopping and validation[0] is None:
            raise PartialFitUnavailableError(
                "partial_fit does not support early_stopping=True without X_val: it "
                "sees only a part of the data at a time, of which it sets nothing "
                "aside. Pass X_val and y_val, or set early_stopping=False."
            )
        bridge = None if incremental else self._begin_fit(X, y, sample_weight)
        with all_or_nothing(self):
            # What is out of range raises; NumPy need not warn of it as well.
            with np.errstate(all="ignore"):
                job = self._prepare(
                    X, y, sample_weight, validation, incremental, classes
                )
            callbacks: list[Callback] = []
            if not incremental:
                callbacks += self.callbacks or []
            if bridge is not None:
                bridge.reconstruct_by(
                    lambda params: self._attributes(job.network, job.loss, params)
                )
                callbacks.append(bridge)
            self._store(job, solve(self, replace(job, callbacks=callbacks)))
            if bridge is not None:
                bridge.end_fit()

    def _begin_fit(self, X: Any, y: Any, sample_weight: Any) -> SklearnBridge | None:
        """Return who tells scikit-learn's callbacks of a fit, or None."""
        return begin_fit(self, X, y, sample_weight)

    def _prepare(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        incremental: bool,
        classes: Any,
    ) -> Job:
        """Validate everything and make the network and its first parameters."""
        warm = self.__sklearn_is_fitted__() and (self.warm_start or incremental)
        dtypes: Any = (np.float64, np.float32) if self.dtype is None else self.dtype
        if warm and self.dtype is None:
            dtypes = self._params.dtype
        y = read_target(y, "y", numeric=self._numeric_target)
        if warm:
            self._check_columns(X)
        labels = other_labels(X)
        with self._reading(X, dtypes) as X:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                multi_output=True,
                y_numeric=self._numeric_target,
                dtype=dtypes,
                reset=not warm,
            )
        if not warm:
            self.__dict__.pop("_columns", None)
            if labels is not None:
                self._columns = labels
        y = one_or_several_columns(y, dense=self._numeric_target, warn=True)
        weight = check_sample_weight(sample_weight, X)
        loss, n_targets = self._learn_target(
            y, warm=warm, incremental=incremental, classes=classes
        )
        encoded = self._encode_target(y, X.dtype, "y")
        loss.check_target(encoded)
        class_weights = self._class_weights(encoded, weight)
        data = weigh(Data(X, encoded, weight, y), class_weights)
        # A copy, so that a fit that fails leaves the estimator's own state alone.
        state = copy.deepcopy(getattr(self, "_training_state", None)) if warm else None
        rng = self._random_stream(state)
        network = self._make_network(X.shape[1], loss.n_outputs(n_targets))
        goes_on = incremental and warm
        if not (goes_on and alike((network, loss), (self._network, self._loss))):
            self._check_custom_parts(loss, encoded, network.n_outputs, X.dtype)
        if warm:
            self._check_same_shape(network)
            params = np.array(self._params, X.dtype)  # a copy, and no mapped file
        else:
            stream = self._init_stream(rng)
            params = network.init(stream, X.dtype)
            network.adapt(params, X, stream)
        validation_data = self._validate_validation(
            validation, encoded, X.dtype, loss, class_weights
        )
        start = params.copy() if warm and self.callbacks else None
        return Job(
            data=data,
            validation=validation_data,
            loss=loss,
            network=network,
            params=params,
            rng=rng,
            state=state,
            warm=warm,
            incremental=incremental,
            identify=lambda: self._identity(data, validation_data, network, start),
        )

    def _validate_validation(
        self,
        validation: Validation,
        encoded_y: NDArray[Any],
        dtype: Any,
        loss: Loss,
        class_weights: Callable[[NDArray[Any]], Array] | None,
        y_dtype: Any = None,
    ) -> Data | None:
        """Validate the data that is to judge; ``y_dtype`` is ``dtype`` by default."""
        X, y, sample_weight = validation
        for name, value in (("y_val", y), ("sample_weight_val", sample_weight)):
            if X is None and value is not None:
                raise ValueError(
                    f"{name} is provided, but X_val was not provided. Pass both, or "
                    "neither."
                )
        if X is None:
            return None
        if y is None:
            raise ValueError(
                "X_val is provided, but y_val was not provided. Pass both, or neither."
            )
        with naming("X_val"):
            X = self._validate_input(X, dtype)
        y = read_target(y, "y_val", numeric=self._numeric_target)
        with naming("y_val"):
            y = check_array(
                y,
                accept_sparse="csr",
                ensure_2d=False,
                dtype="numeric" if self._numeric_target else None,
                input_name="y_val",
            )
        y = one_or_several_columns(y, dense=self._numeric_target, warn=False)
        with naming("X_val and y_val"):
            check_consistent_length(X, y)
        weight = check_sample_weight(sample_weight, X, "sample_weight_val")
        encoded = self._encode_target(y, y_dtype or dtype, "y_val")
        if encoded.ndim != encoded_y.ndim or encoded.shape[1:] != encoded_y.shape[1:]:
            columns = [1 if a.ndim == 1 else a.shape[1] for a in (encoded, encoded_y)]
            raise ValueError(
                f"y_val has {columns[0]} columns, but y has {columns[1]}. Pass the "
                "same targets for both."
            )
        with naming("y_val"):
            loss.check_target(encoded)
        return weigh(Data(X, encoded, weight, y), class_weights)

    def _identity(
        self,
        data: Data,
        validation: Data | None,
        network: Network,
        start: Array | None,
    ) -> dict[str, Any]:
        """Return what a checkpoint of this run must agree with.

        ``start`` holds the parameters that a warm start goes on from.
        """
        identity = {
            name: describe(value)
            for name, value in self.get_params(deep=False).items()
            if name not in ("callbacks", "verbose", "max_iter")
        }
        if self.solver != "lbfgs" and make_schedule(self).needs_horizon:
            identity["max_iter"] = int(self.max_iter)
        return identity | {
            "estimator": type(self).__name__,
            "layer widths": network.widths,
            "shape of X": list(data.X.shape),
            "classes": describe(getattr(self, "classes_", None)),
            "digest of the data": digest(data.X, data.y, data.sample_weight),
            "digest of the validation data": None
            if validation is None
            else digest(validation.X, validation.y, validation.sample_weight),
            "digest of the parameters to start from": None
            if start is None
            else digest(start),
        }

    def _make_network(self, n_features: int, n_outputs: int) -> Network:
        sizes = layer_sizes(self.hidden_layer_sizes)
        activations = self._make_activations(len(sizes))
        rates = self._dropout_rates(len(sizes))
        max_norm = None if self.max_norm is None else float(self.max_norm)
        layers: list[Layer] = []
        fan_in = n_features
        for fan_out, activation, rate in zip(sizes, activations, rates, strict=False):
            if rate:
                layers.append(Dropout(fan_in, rate))
            init = self._make_initializer(activation)
            layers.append(Dense(fan_in, fan_out, activation, init, max_norm))
            fan_in = fan_out
        if rates[-1]:
            layers.append(Dropout(fan_in, rates[-1]))
        # As in scikit-learn, the outputs are initialised like the last hidden layer.
        init = self._make_initializer(activations[-1] if activations else Identity())
        layers.append(Dense(fan_in, n_outputs, init_weights=init))
        return Network(tuple(layers))

    def _make_activations(self, n_hidden: int) -> list[Activation]:
        given = self.activation
        if isinstance(given, str | Activation):
            given = [given] * n_hidden
        return [
            copy_of(item) if isinstance(item, Activation) else ACTIVATIONS[item]
            for item in given
        ]

    def _check_custom_parts(
        self, loss: Loss, y: NDArray[Any], n_outputs: int, dtype: Any
    ) -> None:
        """Check a custom loss and custom activations on a few rows of ``y``."""
        sizes = layer_sizes(self.hidden_layer_sizes)
        activations = zip(self._make_activations(len(sizes)), sizes, strict=True)
        check_custom_parts(loss, activations, y, n_outputs, dtype)

    def _dropout_rates(self, n_hidden: int) -> list[float]:
        """Return the rates for the inputs and for each hidden layer."""
        if isinstance(self.dropout, Real):
            return [0.0] + [float(self.dropout)] * n_hidden
        return [float(rate) for rate in self.dropout]

    def _make_initializer(self, activation: Activation) -> Initializer:
        if callable(self.init):
            init: Initializer = self.init
            return init
        if self.init == "glorot":
            return Glorot(activation.glorot_factor)
        return INITIALIZERS[self.init]

    def _check_same_shape(self, network: Network) -> None:
        old, new = (net.widths[1:] for net in (self._network, network))
        if old != new:
            raise ValueError(
                f"The fitted network has layers of {old} units, but hidden_layer_sizes="
                f"{self.hidden_layer_sizes!r} and y ask for {new}. To train it on, "
                "keep hidden_layer_sizes and the number of outputs; to start anew, "
                "call fit with warm_start=False."
            )

    def _random_stream(self, state: TrainingState | None) -> np.random.RandomState:
        """Return the stream that weights, split and shuffles are drawn from."""
        if (
            state is not None
            and state.stream is not None
            and state.seed == self.random_state
        ):
            return state.stream
        stream: np.random.RandomState = check_random_state(self.random_state)
        return stream

    def _init_stream(self, rng: np.random.RandomState) -> RandomSource:
        """Return what the first weights are drawn from.

        The default must draw scikit-learn's numbers from scikit-learn's stream.  All
        else gets a generator, of which the stream only has to draw the seed.
        """
        if self.init == "glorot":
            return rng
        return np.random.default_rng(rng.randint(2**32, size=4, dtype=np.uint32))

    # ---------------------------------------------------------------- fitted attributes

    def _store(self, job: Job, outcome: Outcome) -> None:
        """Set the fitted attributes."""
        run, warm = outcome.run, job.warm
        self.__dict__.update(self._attributes(job.network, job.loss, outcome.params))
        self.n_iter_ = outcome.n_iter
        self.t_ = outcome.n_samples_seen + (self.t_ if warm else 0)
        self.loss_ = outcome.loss
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
        self.best_validation_score_ = outcome.best_score
        best_loss = min(self.loss_curve_, default=outcome.loss)
        self.best_loss_ = best_loss if outcome.best_score is None else None
        if job.incremental or self.warm_start:
            self._training_state = outcome.state
        else:
            self.__dict__.pop("_training_state", None)

    def _attributes(
        self, network: Network, loss: Loss, params: Array
    ) -> dict[str, Any]:
        """Return the attributes that describe a network, and predict with it."""
        return {
            "_network": network,
            "_loss": loss,
            "_params": params,
            "n_layers_": len(network.widths),
            "n_outputs_": network.n_outputs,
            "out_activation_": loss.out_activation,
        }

    def _as_fitted(self, network: Network, loss: Loss, params: Array) -> Self:
        """Return an estimator that predicts with these parameters, for scorers."""
        fitted = copy.copy(self)
        fitted.__dict__.update(self._attributes(network, loss, params))
        # It is given validated arrays, without names.
        fitted.__dict__.pop("feature_names_in_", None)
        return fitted

    # ---------------------------------------------------------------- after a fit

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_params")

    @property
    def coefs_(self) -> tuple[Array, ...]:
        """Weights of each layer, shape (fan_in, fan_out): views of the parameters."""
        return tuple(W for W, _ in self._dense_views("coefs_"))

    @coefs_.setter
    def coefs_(self, arrays: Sequence[Array]) -> None:
        self._replace("coefs_", 0, arrays)

    @property
    def intercepts_(self) -> tuple[Array, ...]:
        """Biases of each layer, shape (fan_out,): views of the parameters."""
        return tuple(b for _, b in self._dense_views("intercepts_"))

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[Array]) -> None:
        self._replace("intercepts_", 1, arrays)

    def _dense_views(
        self, name: str, params: Array | None = None
    ) -> list[tuple[Array, ...]]:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r} before fit."
            )
        views = self._network.views(self._params if params is None else params)
        layers = self._network.layers
        return [
            v for v, layer in zip(views, layers, strict=True) if type(layer) is Dense
        ]

    def _replace(self, name: str, which: int, arrays: Sequence[Array]) -> None:
        """Copy new weights or biases in, once all their shapes are known to fit."""
        self._dense_views(name)  # raises if there is nothing to replace
        params = np.array(self._params)
        targets = [views[which] for views in self._dense_views(name, params)]
        if isinstance(arrays, str | bytes) or not isinstance(arrays, Iterable):
            raise ValueError(
                f"{name}={arrays!r} must be a list or tuple of arrays, one for each "
                "layer."
            )
        refuse_masked(list(arrays), name)
        with naming(name):
            sources = [check_array(a, ensure_2d=False, input_name=name) for a in arrays]
        expected = [target.shape for target in targets]
        if [source.shape for source in sources] != expected:
            raise ValueError(
                f"{name} must be {len(expected)} arrays of the shapes {expected}, got "
                f"{[source.shape for source in sources]}. To change the shape of the "
                "network, set hidden_layer_sizes and fit."
            )
        with np.errstate(over="ignore"):
            for target, source in zip(targets, sources, strict=True):
                target[...] = source
        if not all(np.isfinite(target).all() for target in targets):
            raise ValueError(
                f"{name} contains values too large for {params.dtype}, the type of the "
                "network. Make them smaller, or fit with dtype='float64'."
            )
        self._params = params

    def hidden_activations(self, X: Any, layer: int = -1) -> Array:
        """Compute what a hidden layer makes of ``X``: the learnt representation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        layer : int, default=-1
            Which hidden layer, from 0; -1 is the last.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)
            The outputs of the layer's units.  There is no dropout in a prediction.

        Raises
        ------
        ValueError
            If there is no such layer, or an output is infinite or NaN.
        """
        check_is_fitted(self)
        dense = [
            i for i, each in enumerate(self._network.layers) if type(each) is Dense
        ][:-1]
        is_index = isinstance(layer, Integral) and not isinstance(layer, bool)
        if not (is_index and -len(dense) <= layer < len(dense)):
            way_out = f"it must be an int in the range [{-len(dense)}, {len(dense)})"
            if not dense:
                way_out = "there is nothing to show. Use predict"
            raise ValueError(
                f"layer={layer!r}: the network has {len(dense)} hidden layers, so "
                f"{way_out}."
            )
        end = dense[layer] + 1
        layers = self._network.layers
        # An activation may be a layer of its own.
        while not isinstance(layers[end], Dense | Dropout):
            end += 1
        with np.errstate(all="ignore"):
            return refuse_overflow(self._forward(X, n_layers=end))

    def _forward(self, X: Any, n_layers: int | None = None) -> Array:
        """Validate ``X`` and return what so many layers make of it, by default all."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)  # takes its time, and raises
        X = self._validate_input(X, self._params.dtype)
        outputs: Array = self._network.predict_raw(self._params, X, n_layers=n_layers)
        return outputs

    def _validate_input(self, X: Any, dtype: Any) -> Any:
        # validate_data takes ten times as long as a prediction for one row, and would
        # hand this array back as it is.
        if (
            type(X) is np.ndarray
            and X.dtype == dtype
            and X.ndim == 2
            and X.shape[1] == self.n_features_in_
            and 0 < X.size <= _SMALL
            and not hasattr(self, "feature_names_in_")
            and np.isfinite(X).all()
        ):
            return X
        self._check_columns(X)
        with self._reading(X, dtype) as X:
            return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def _check_columns(self, X: Any) -> None:
        """Refuse columns in another order, where scikit-learn looks at no names."""
        expected, given = getattr(self, "_columns", None), other_labels(X)
        if expected is None or given is None or given == expected:
            return
        # Names that count the columns may come from an array.
        counted = list(map(str, range(len(given))))
        if counted in (given, expected) and sorted(given) != sorted(expected):
            return
        raise columns_error(expected, given)

    @contextmanager
    def _reading(self, X: Any, dtype: Any) -> Iterator[Any]:
        """Hand ``X`` on for validation, as an array where scikit-learn would not."""
        refuse_dates(X, "X")
        refuse_masked(X, "X")
        X = as_array(X, "X")
        kind = "Regressor" if self._numeric_target else "Classifier"
        # Infinities of both signs add up to NaN, of which NumPy would warn first.
        with (
            np.errstate(over="ignore", invalid="ignore"),
            explaining_bad_values(X, dtype, alternative=f"TabularMLP{kind}"),
        ):
            yield X

    def _predict_target(self, X: Any) -> Array:
        """Validate ``X`` and return predictions, all of them finite."""
        # What overflows on the way may be of no consequence, as in tanh(inf); of what
        # is, refuse_overflow says more than NumPy's warnings.
        with np.errstate(all="ignore"):
            return refuse_overflow(self._from_raw(self._forward(X)))

    def _from_raw(self, raw: Array) -> Array:
        """Return what is predicted, given raw outputs, which may be overwritten."""
        predicted: Array = self._loss.predict(raw)
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags


class PartialFitUnavailableError(AttributeError, ValueError, NotImplementedError):
    """The estimator's parameters rule `partial_fit` out.

    An AttributeError, so that ``hasattr`` says what can be called; a ValueError, which
    scikit-learn raises for ``early_stopping=True``; and a NotImplementedError, which
    its estimator checks allow.
    """


class PartialFit:
    """Descriptor of a `partial_fit` that is there only when the parameters allow it.

    With ``early_stopping=True`` it is there, because it may be called with ``X_val``.

    scikit-learn's ``available_if`` would replace the reason with a general message.

    Parameters
    ----------
    method : function
        The method.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, estimator: Any, owner: type) -> Any:
        if estimator is None:
            return self.method
        if estimator.solver == "lbfgs":
            raise PartialFitUnavailableError(
                "partial_fit is only available for stochastic optimizers. "
                "solver='lbfgs' is not stochastic; use 'sgd', 'adam' or 'rmsprop'."
            )
        if needs_horizon(estimator.learning_rate):
            raise PartialFitUnavailableError(
                "partial_fit does not know how long the training will be, and "
                f"learning_rate={estimator.learning_rate!r} depends on it. Use "
                "learning_rate='constant' or 'plateau', or fit."
            )
        if isinstance(getattr(estimator, "class_weight", None), str):
            raise PartialFitUnavailableError(
                "class_weight='balanced' is not supported by partial_fit, which sees "
                "only a part of the data. Compute the weights from all of it with "
                "sklearn.utils.class_weight.compute_class_weight('balanced', "
                "classes=classes, y=y) and pass class_weight as a dict."
            )
        return MethodType(self.method, estimator)
