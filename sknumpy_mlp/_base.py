"""What both estimators share: validation, fitting, prediction, fitted attributes."""

import copy
import math
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real
from types import MethodType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._batches import Batches
from sknumpy_mlp._network import Network, Workspace
from sknumpy_mlp._parameters import Check, check_parameters
from sknumpy_mlp._training import EpochEnd, TrainingState, minimize_lbfgs, train
from sknumpy_mlp._typing import Array, IntArray, RandomSource
from sknumpy_mlp.activations import ACTIVATIONS, Activation
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.initializers import INITIALIZERS, Glorot, Initializer
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.optimizers import SGD, Adam, Optimizer
from sknumpy_mlp.schedules import SCHEDULES, InverseScaling, Schedule

# From `warnings.warn` in a solver up to the line that called fit or partial_fit.
_STACKLEVEL = 4


@dataclass(frozen=True)
class _Data:
    """Validated training data: ``y`` as the loss wants it, weights or None."""

    X: Any
    y: NDArray[Any]
    sample_weight: Array | None

    def take(self, rows: IntArray) -> "_Data":
        weight = self.sample_weight
        return _Data(
            self.X[rows], self.y[rows], None if weight is None else weight[rows]
        )


@dataclass(frozen=True)
class _Job:
    """What a solver is to do: ``params`` is the job's own and trained in place."""

    data: _Data
    loss: Loss
    network: Network
    params: Array
    rng: np.random.RandomState
    state: TrainingState | None
    warm: bool
    incremental: bool


@dataclass(frozen=True)
class _Outcome:
    """What a solver hands back; the estimator stores all of it or nothing."""

    params: Array
    n_iter: int
    n_samples_seen: int
    loss: float
    loss_curve: list[float]
    best_loss: float | None
    validation_scores: list[float] | None = None
    best_validation_score: float | None = None
    state: TrainingState | None = None


class _BaseMLP(BaseEstimator):  # type: ignore[misc]
    """Base of the estimators; the constructors are the subclasses' own."""

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]]
    _numeric_target: ClassVar[bool]

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
            check_parameters(
                type(self).__name__, self.get_params(deep=False), self._parameter_checks
            )
            job = self._prepare(X, y, sample_weight, incremental, classes)
            solve = self._fit_lbfgs if self.solver == "lbfgs" else self._fit_stochastic
            outcome = solve(job)
            if not np.isfinite(outcome.params).all():
                raise ValueError(self._non_finite_message())
            self._store(job, outcome)

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, classes: Any
    ) -> _Job:
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
        data = _Data(X, y, sample_weight)
        return _Job(data, loss, network, params, rng, state, warm, incremental)

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

    # ------------------------------------------------------------------- the solvers

    def _fit_lbfgs(self, job: _Job) -> _Outcome:
        loss_curve = self._earlier("loss_curve_", job)
        n_earlier = len(loss_curve)

        def on_iteration(event: EpochEnd) -> None:
            loss_curve.append(event.loss)
            self._print_epoch(event)

        # The line search compares values of the objective to the last digits, so
        # this runs in float64 whatever the data's type.
        X = job.data.X.astype(np.float64, copy=False)
        params = job.params.astype(np.float64, copy=False)
        try:
            result = minimize_lbfgs(
                Workspace(job.network, params, X.shape[0]),
                job.loss,
                (X, job.data.y, job.data.sample_weight),
                alpha=float(self.alpha),
                tol=float(self.tol),
                max_iter=int(self.max_iter),
                max_fun=int(self.max_fun),
                on_iteration=on_iteration,
            )
            n_iter, n_evaluations, loss = (
                result.n_iter,
                result.n_evaluations,
                result.loss,
            )
        except KeyboardInterrupt:
            _warn_of_interruption()
            n_iter = n_evaluations = len(loss_curve) - n_earlier
            loss = loss_curve[-1] if n_iter else math.nan
        else:
            if not math.isfinite(loss):
                raise ValueError(self._non_finite_message())
            if not result.converged:
                warnings.warn(
                    f"lbfgs failed to converge after {n_iter} iteration(s): "
                    f"{result.message}. Increase max_iter={self.max_iter} or "
                    f"max_fun={self.max_fun}, or scale the features, for example with "
                    "sklearn.preprocessing.StandardScaler.",
                    ConvergenceWarning,
                    stacklevel=_STACKLEVEL,
                )
        return _Outcome(
            params=params.astype(job.params.dtype, copy=False),
            n_iter=n_iter,
            n_samples_seen=n_evaluations * X.shape[0] + (self.t_ if job.warm else 0),
            loss=loss,
            loss_curve=loss_curve,
            best_loss=min(loss_curve, default=loss),
        )

    def _fit_stochastic(self, job: _Job) -> _Outcome:
        state = self._make_state(job)
        stopping, rows = self._make_stopping(job, state)
        params_before = None if stopping.score is None else job.params.copy()
        batches = self._make_batches(job, state, rows)
        schedule = self._make_schedule()
        loss_curve = self._earlier("loss_curve_", job)
        max_epochs = 1 if job.incremental else int(self.max_iter)
        epochs = train(
            Workspace(job.network, job.params, batches.batch_size),
            job.loss,
            schedule,
            batches,
            state,
            job.rng,
            alpha=float(self.alpha),
            learning_rate_init=float(self.learning_rate_init),
            max_epochs=max_epochs,
        )
        n_iter = 0
        ended_early = False
        try:
            for event in epochs:
                n_iter = event.epoch
                loss_curve.append(event.loss)
                at_plateau = stopping.on_epoch_end(event)
                self._print_epoch(event, stopping)
                if at_plateau:
                    ended_early = self._end_at_plateau(event, schedule, stopping, state)
                    if ended_early:
                        break
        except KeyboardInterrupt:
            ended_early = True
            _warn_of_interruption()
        if n_iter == max_epochs and not ended_early and not job.incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached "
                "and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=_STACKLEVEL,
            )
        state.n_epochs_no_change = stopping.n_epochs_no_change
        params, scores, best_score = job.params, None, None
        best_loss: float | None = -stopping.best_score
        if params_before is not None:
            scores = [*self._earlier("validation_scores_", job), *stopping.scores]
            best_score, best_loss = stopping.best_score, None
            if stopping.best_params is not None:
                params = stopping.best_params
            elif stopping.scores or job.warm:
                params = params_before  # no epoch was better than the earlier best
            # The optimiser's moments and the patience belong to the last epoch, not
            # to the one whose parameters are put back.
            state.forget_last_epochs()
            self._warn_of_bad_scores(stopping.scores)
        return _Outcome(
            params=params,
            n_iter=n_iter,
            n_samples_seen=state.n_samples_seen,
            loss=loss_curve[-1] if loss_curve else math.nan,
            loss_curve=loss_curve,
            best_loss=best_loss,
            validation_scores=scores,
            best_validation_score=best_score,
            state=state,
        )

    def _make_optimizer(self) -> Optimizer:
        if self.solver == "sgd":
            return SGD(float(self.momentum), bool(self.nesterovs_momentum))
        return Adam(float(self.beta_1), float(self.beta_2), float(self.epsilon))

    def _make_schedule(self) -> Schedule:
        # As in scikit-learn, the three classic schedules act for sgd only.
        if self.solver != "sgd":
            return Schedule()
        if self.learning_rate == "invscaling":
            return InverseScaling(float(self.power_t))
        return SCHEDULES[self.learning_rate]()

    def _make_state(self, job: _Job) -> TrainingState:
        """Go on from the earlier state, or begin one."""
        state = job.state
        if state is None:
            state = TrainingState(n_samples_seen=self.t_ if job.warm else 0)
        optimizer = self._make_optimizer()
        # Moments are of use only to the same optimiser with the same constants.
        if state.optimizer != optimizer:
            optimizer.init(job.params)
            state.optimizer = optimizer
        if isinstance(self.random_state, Integral):
            state.seed, state.stream = int(self.random_state), job.rng
        else:
            state.seed = state.stream = None
        return state

    def _make_stopping(
        self, job: _Job, state: TrainingState
    ) -> tuple[EarlyStopping, IntArray | None]:
        """Return the stopping rule, and the rows to train on (None: all)."""
        score: Callable[[EpochEnd], float] | None = None
        rows: IntArray | None = None
        best_score = -math.inf
        if self.early_stopping:
            same_holdout = self._hold_out(job, state)
            assert state.holdout is not None
            rows, rows_held_out = state.holdout
            score = self._make_scorer(job, job.data.take(rows_held_out))
            if same_holdout and self.best_validation_score_ is not None:
                best_score = self.best_validation_score_
        elif job.warm and self.best_loss_ is not None:
            best_score = -self.best_loss_
        stopping = EarlyStopping(
            tol=float(self.tol),
            n_iter_no_change=self.n_iter_no_change,
            score=score,
            best_score=best_score,
            n_epochs_no_change=state.n_epochs_no_change,
        )
        return stopping, rows

    def _hold_out(self, job: _Job, state: TrainingState) -> bool:
        """Set rows aside for validation; return whether they are the earlier ones."""
        data = job.data
        n_samples = data.X.shape[0]
        if state.holdout is not None and n_samples == sum(map(len, state.holdout)):
            return True
        try:
            rows, rows_held_out = train_test_split(
                np.arange(n_samples),
                random_state=job.rng,
                test_size=self.validation_fraction,
                stratify=self._stratify_by(data.y),
            )
        except ValueError as error:
            raise ValueError(
                f"early_stopping=True cannot set validation_fraction="
                f"{self.validation_fraction} of {n_samples} samples aside: {error}"
            ) from error
        if len(rows_held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or "
                f"the size of your dataset: validation_fraction="
                f"{self.validation_fraction} of {n_samples} samples leaves "
                f"{len(rows_held_out)}, and at least 2 are needed."
            )
        if data.sample_weight is not None:
            for part, part_rows in (("training", rows), ("validation", rows_held_out)):
                if not data.sample_weight[part_rows].any():
                    raise ValueError(
                        f"All samples of the {part} part of the early_stopping split "
                        "have a sample_weight of zero. Remove samples of weight zero, "
                        "or set early_stopping=False."
                    )
        state.holdout = rows, rows_held_out
        return False

    def _make_scorer(self, job: _Job, held_out: _Data) -> Callable[[EpochEnd], float]:
        def score(event: EpochEnd) -> float:
            with np.errstate(all="ignore"):
                raw = job.network.predict_raw(event.params, held_out.X)
                if not np.isfinite(raw).all():
                    return math.nan
                return self._score_raw(
                    job.loss, raw, held_out.y, held_out.sample_weight
                )

        return score

    def _make_batches(
        self, job: _Job, state: TrainingState, rows: IntArray | None
    ) -> Batches:
        data = job.data
        n_rows = data.X.shape[0] if rows is None else len(rows)
        batch_size = 200 if self.batch_size == "auto" else int(self.batch_size)
        if self.batch_size != "auto" and batch_size > n_rows and not job.incremental:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going "
                f"to be clipped from {batch_size} to {n_rows}.",
                stacklevel=_STACKLEVEL + 1,
            )
        same_length = state.order is not None and len(state.order) == n_rows
        return Batches(
            data.X,
            data.y,
            data.sample_weight,
            min(batch_size, n_rows),
            rows=rows,
            order=state.order if same_length else None,
            shuffle=bool(self.shuffle),
        )

    def _end_at_plateau(
        self,
        event: EpochEnd,
        schedule: Schedule,
        stopping: EarlyStopping,
        state: TrainingState,
    ) -> bool:
        """Let the schedule lower the rate; return True if it says that this is all."""
        assert event.learning_rate is not None
        factor = schedule.after_plateau(event.learning_rate)
        if factor is not None:
            state.plateau_factor *= factor
            stopping.n_epochs_no_change = 0
        if self.verbose:
            what = "Training loss" if stopping.score is None else "Validation score"
            then = (
                "Stopping."
                if factor is None
                else f"Setting learning rate to {event.learning_rate * factor:g}."
            )
            print(
                f"{what} did not improve more than tol={self.tol:f} for "
                f"{self.n_iter_no_change} consecutive epochs. {then}"
            )
        return factor is None

    # ---------------------------------------------------------- messages and storing

    def _print_epoch(
        self, event: EpochEnd, stopping: EarlyStopping | None = None
    ) -> None:
        if not self.verbose:
            return
        line = f"Iteration {event.epoch}, loss = {event.loss:.8f}"
        if stopping is not None and stopping.score is not None:
            line += f", validation score = {stopping.scores[-1]:.6f}"
        print(line, flush=True)

    def _non_finite_message(self) -> str:
        return (
            "Solver produced non-finite parameter weights. The input data may contain "
            f"large values and need to be preprocessed. {self._divergence_advice()}"
        )

    def _divergence_advice(self) -> str:
        scale = "Scale the features, for example with StandardScaler in a Pipeline"
        if self.solver == "lbfgs":
            return f"{scale}."
        return f"{scale}, or lower learning_rate_init={self.learning_rate_init}."

    def _warn_of_bad_scores(self, scores: Sequence[float]) -> None:
        if any(math.isnan(score) for score in scores):
            n_bad = sum(math.isnan(score) for score in scores)
            warnings.warn(
                f"The training diverged: in {n_bad} of {len(scores)} epochs the "
                "network's predictions were not finite. The best weights from before "
                f"were put back. {self._divergence_advice()}",
                ConvergenceWarning,
                stacklevel=_STACKLEVEL + 1,
            )

    def _earlier(self, name: str, job: _Job) -> list[float]:
        """Return a copy of a curve that earlier runs began, or an empty list."""
        return list(getattr(self, name, None) or []) if job.warm else []

    def _store(self, job: _Job, outcome: _Outcome) -> None:
        """Set the fitted attributes."""
        self._network = job.network
        self._loss = job.loss
        self._params = outcome.params
        self.n_layers_ = len(job.network.layers) + 1
        self.n_outputs_ = job.network.n_outputs
        self.out_activation_ = job.loss.out_activation
        self.n_iter_ = outcome.n_iter
        self.t_ = outcome.n_samples_seen
        self.loss_ = outcome.loss
        self.loss_curve_ = outcome.loss_curve
        self.best_loss_ = outcome.best_loss
        self.validation_scores_ = outcome.validation_scores
        self.best_validation_score_ = outcome.best_validation_score
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
        sources = [np.asarray(array) for array in arrays]
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
        if estimator.early_stopping is True:
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
            "sample_weight=0 for every sample there is nothing to learn from."
        )
    return weight


def _warn_of_interruption() -> None:
    warnings.warn(
        "Training interrupted by user. The estimator keeps what it has learnt so far.",
        stacklevel=_STACKLEVEL + 1,
    )
