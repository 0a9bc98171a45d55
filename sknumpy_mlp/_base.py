"""What both estimators share: validation, fitted attributes, prediction."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from numbers import Integral, Real
from types import MethodType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._network import Network
from sknumpy_mlp._parameters import Check, check_parameters
from sknumpy_mlp._solvers import Data, Job, Outcome, solve
from sknumpy_mlp._training import TrainingState
from sknumpy_mlp._typing import Array, RandomSource
from sknumpy_mlp.activations import ACTIVATIONS, Activation
from sknumpy_mlp.initializers import INITIALIZERS, Glorot, Initializer
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import Loss


class _BaseMLP(BaseEstimator, ABC):  # type: ignore[misc]
    """Base of the estimators; the constructors are the subclasses' own."""

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]]
    _numeric_target: ClassVar[bool]

    t_: int
    loss_curve_: list[float]
    validation_scores_: list[float] | None

    # --------------------------------------------------------------- for subclasses

    @abstractmethod
    def _encode_target(
        self, y: Any, dtype: Any, *, warm: bool, incremental: bool, classes: Any
    ) -> tuple[NDArray[Any], Loss, int]:
        """Return y as the loss wants it, the loss, and the number of outputs."""

    @abstractmethod
    def _score_raw(
        self, loss: Loss, raw: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        """Score finite raw outputs against an encoded target, as `score` would."""

    def _stratify_by(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return what the hold-out is stratified by, or None."""
        return None

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
        *,
        incremental: bool,
        classes: Any = None,
    ) -> None:
        with _all_or_nothing(self):
            check_parameters(self, self._parameter_checks)
            job = self._prepare(X, y, sample_weight, incremental, classes)
            self._store(job, solve(self, job))

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, classes: Any
    ) -> Job:
        """Validate everything and make the network and its first parameters."""
        warm = self.__sklearn_is_fitted__() and (self.warm_start or incremental)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=self._numeric_target,
            dtype=self._params.dtype if warm else (np.float64, np.float32),
            reset=not warm,
        )
        sample_weight = _check_sample_weight(sample_weight, X)
        y, loss, n_outputs = self._encode_target(
            y, X.dtype, warm=warm, incremental=incremental, classes=classes
        )
        # A copy, so that a fit that fails leaves the estimator's own state alone.
        state = copy.deepcopy(getattr(self, "_training_state", None)) if warm else None
        rng = self._random_stream(state)
        network = self._make_network(X.shape[1], n_outputs)
        if warm:
            self._check_same_shape(network)
            params = self._params.copy()
        else:
            params = network.init(self._init_stream(rng), X.dtype)
        data = Data(X, y, sample_weight)
        return Job(data, loss, network, params, rng, state, warm, incremental)

    def _make_network(self, n_features: int, n_outputs: int) -> Network:
        activation = ACTIVATIONS[self.activation]
        init = self._make_initializer(activation)
        widths = [n_features, *_layer_sizes(self.hidden_layer_sizes)]
        hidden = (
            Dense(fan_in, fan_out, activation, init)
            for fan_in, fan_out in pairwise(widths)
        )
        output = Dense(widths[-1], n_outputs, init_weights=init)
        return Network((*hidden, output))

    def _make_initializer(self, activation: Activation) -> Initializer:
        if callable(self.init):
            init: Initializer = self.init
            return init
        if self.init == "glorot":
            return Glorot(activation.glorot_factor)
        return INITIALIZERS[self.init]

    def _check_same_shape(self, network: Network) -> None:
        old, new = (
            [layer.fan_out for layer in net.layers] for net in (self._network, network)
        )
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
        losses, scores, n_samples_seen = outcome.losses, outcome.scores, 0
        if job.warm:
            losses = self.loss_curve_ + losses
            n_samples_seen = self.t_
            if scores is not None:
                scores = (self.validation_scores_ or []) + scores
        self._network = job.network
        self._loss = job.loss
        self._params = outcome.params
        self.n_layers_ = len(job.network.layers) + 1
        self.n_outputs_ = job.network.n_outputs
        self.out_activation_ = job.loss.out_activation
        self.n_iter_ = outcome.n_iter
        self.t_ = n_samples_seen + outcome.n_samples_seen
        self.loss_ = outcome.loss
        self.loss_curve_ = losses
        self.best_loss_ = min(losses, default=outcome.loss) if scores is None else None
        self.validation_scores_ = scores
        self.best_validation_score_ = outcome.best_score
        if job.incremental or self.warm_start:
            self._training_state = outcome.state
        else:
            self.__dict__.pop("_training_state", None)

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
        params = self._params.copy()
        targets = [views[which] for views in self._dense_views(name, params)]
        sources = [check_array(a, ensure_2d=False, input_name=name) for a in arrays]
        expected = [target.shape for target in targets]
        if [source.shape for source in sources] != expected:
            raise ValueError(
                f"{name} must be {len(expected)} arrays of the shapes {expected}, got "
                f"{[source.shape for source in sources]}. To change the shape of the "
                "network, set hidden_layer_sizes and fit."
            )
        for target, source in zip(targets, sources, strict=True):
            target[...] = source
        self._params = params

    def _predict_raw(self, X: Any) -> Array:
        """Validate ``X`` and return the raw outputs, shape (n_samples, n_outputs)."""
        check_is_fitted(self)
        X = validate_data(
            self, X, accept_sparse="csr", dtype=self._params.dtype, reset=False
        )
        raw: Array = self._network.predict_raw(self._params, X)
        return raw

    def _predict_target(self, X: Any) -> Array:
        """Validate ``X`` and return what the loss's inverse link makes of it."""
        raw = self._predict_raw(X)
        predicted: Array = self._loss.predict(raw)
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags


class PartialFitUnavailableError(AttributeError, ValueError):
    """The estimator's parameters rule `partial_fit` out.

    An AttributeError, so that ``hasattr`` says what can be called; and a ValueError,
    which scikit-learn raises for ``early_stopping=True``.
    """


class PartialFit:
    """Descriptor of a `partial_fit` that is there only when the parameters allow it.

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
                "solver='lbfgs' is not stochastic; use 'sgd' or 'adam'."
            )
        if estimator.early_stopping:
            raise PartialFitUnavailableError(
                "partial_fit does not support early_stopping=True: it sees only a part "
                "of the data at a time. Set early_stopping=False."
            )
        return MethodType(self.method, estimator)


@contextmanager
def _all_or_nothing(estimator: _BaseMLP) -> Iterator[None]:
    """Give the estimator its attributes back if the block raises."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise


def _layer_sizes(hidden_layer_sizes: Any) -> list[int]:
    if isinstance(hidden_layer_sizes, Integral):
        return [int(hidden_layer_sizes)]
    return [int(size) for size in hidden_layer_sizes]


def _check_sample_weight(sample_weight: Any, X: Any) -> Array | None:
    """Return the weights in the type of ``X``, or None for None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(X.shape[0], sample_weight)
    weight: Array = check_array(
        sample_weight, ensure_2d=False, dtype=X.dtype, input_name="sample_weight"
    )
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array. "
            f"Expected a number or an array of length {X.shape[0]}."
        )
    check_consistent_length(weight, X)
    if weight.min() < 0:
        raise ValueError(
            "Negative values in data passed to `sample_weight`: the smallest is "
            f"{weight.min()}. Weights must be at least 0."
        )
    if not weight.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: with "
            f"sample_weight=0 (in {weight.dtype}) for every sample there is nothing to "
            "learn from."
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError(
                f"The sum of sample_weight is too large for {weight.dtype}, the type "
                "of X. Divide the weights by their mean."
            )
    return weight
