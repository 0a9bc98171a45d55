"""Validation of the estimators' parameters."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from sklearn.base import is_regressor
from sklearn.metrics import get_scorer_names

from sknumpy_mlp._utils.intervals import Interval, is_bool
from sknumpy_mlp._utils.suggestions import suggest_parameter, suggest_value
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.activations import ACTIVATIONS, Activation
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.initializers import INITIALIZERS
from sknumpy_mlp.optimizers import OPTIMIZERS, Optimizer
from sknumpy_mlp.schedules import SCHEDULES, SGD_SCHEDULES, Schedule


class InvalidParameterError(ValueError, TypeError):
    """Raised if a parameter of an estimator has an invalid value or type.

    Like scikit-learn's error of the same name, it is both a ValueError and a
    TypeError, so that code that catches either of them works.

    Examples
    --------
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> try:
    ...     NumpyMLPClassifier(alpha=-1.0).fit([[0.0], [1.0]], [0, 1])
    ... except ValueError as error:
    ...     print(f"{type(error).__name__}: {error}")
    InvalidParameterError: The 'alpha' parameter of NumpyMLPClassifier must be ...
    """


class Check(Protocol):
    """A condition on a value; ``str(check)`` describes the allowed values."""

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""


@dataclass(frozen=True)
class Number:
    """A real number or an integer in an interval."""

    kind: type[Any]
    interval: Interval

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return isinstance(value, self.kind) and value in self.interval

    def __str__(self) -> str:
        kind = "an int" if self.kind is Integral else "a float"
        return f"{kind} in the range {self.interval}"


@dataclass(frozen=True)
class Choice:
    """One of several strings or other values."""

    options: tuple[Any, ...]

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return any(
            isinstance(value, type(option)) and value == option
            for option in self.options
        )

    def __str__(self) -> str:
        options = ", ".join(repr(option) for option in self.options)
        return options if len(self.options) == 1 else f"one of {{{options}}}"


@dataclass(frozen=True)
class Boolean:
    """True or False."""

    options: ClassVar[tuple[Any, ...]] = (True, False)

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return is_bool(value)

    def __str__(self) -> str:
        return "a bool"


@dataclass(frozen=True)
class Instance:
    """An object of a class (not the class itself)."""

    cls: type[Any]

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return isinstance(value, self.cls)

    def __str__(self) -> str:
        article = "an" if self.cls.__name__[0] in "AEIOU" else "a"
        return f"{article} {self.cls.__name__} object"


@dataclass(frozen=True)
class Several:
    """A list, tuple or one-dimensional array of allowed items."""

    alternatives: tuple[Check, ...]
    purpose: str
    kinds: tuple[type[Any], ...] = (list, tuple, np.ndarray)

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        if isinstance(value, np.ndarray) and value.ndim != 1:
            return False
        return isinstance(value, self.kinds) and all(
            any(check(item) for check in self.alternatives) for item in value
        )

    def __str__(self) -> str:
        kinds = " or ".join(kind.__name__ for kind in self.kinds)
        items = " or ".join(str(check) for check in self.alternatives)
        return f"a {kinds} of them ({items}), {self.purpose}"


@dataclass(frozen=True)
class LayerSizes:
    """An integer of at least 1, or a one-dimensional sequence of such integers.

    Sets, views of dicts and generators are not sequences.
    """

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        size = Number(Integral, Interval(1))
        if size(value):
            return True
        if isinstance(value, str | bytes | Mapping) or getattr(value, "ndim", 1) != 1:
            return False
        is_sequence = hasattr(value, "__len__") and hasattr(value, "__getitem__")
        return is_sequence and all(size(item) for item in value)

    def __str__(self) -> str:
        return (
            "an int in the range [1, inf), or a list, tuple or array of such ints, one "
            "for each hidden layer (hidden_layer_sizes must be > 0; () has none)"
        )


@dataclass(frozen=True)
class RandomState:
    """A value that `sklearn.utils.check_random_state` accepts."""

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return (
            value is None
            or isinstance(value, np.random.RandomState)
            or Number(Integral, Interval(0, 2**32))(value)
        )

    def __str__(self) -> str:
        return "None, an int in the range [0, 2**32) or a numpy.random.RandomState"


@dataclass(frozen=True)
class Scorer:
    """'loss', or the name of a scikit-learn scorer."""

    @property
    def options(self) -> tuple[str, ...]:
        """The allowed names."""
        return ("loss", *get_scorer_names())

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return isinstance(value, str) and value in self.options

    def __str__(self) -> str:
        return "'loss' or the name of a scorer (see sklearn.metrics.get_scorer_names())"


@dataclass(frozen=True)
class Predicate:
    """A condition with a description, and the strings that fulfill it."""

    holds: Callable[[Any], bool]
    description: str
    options: tuple[str, ...] = ()

    def __call__(self, value: Any) -> bool:
        """Return True if ``value`` is allowed."""
        return self.holds(value)

    def __str__(self) -> str:
        return self.description


def _is_flat(value: Any) -> bool:
    """Return True if a value is a one-dimensional array-like."""
    try:
        return bool(np.ndim(value) == 1)
    except ValueError:  # rows of different lengths
        return False


_BOOLEAN = Boolean()
_POSITIVE_INT = Number(Integral, Interval(1))
_NOT_NEGATIVE = Number(Real, Interval(0))
_POSITIVE = Number(Real, Interval(0, closed="neither"))
_BELOW_ONE = Number(Real, Interval(0, 1))
_NONE = Choice((None,))
_ACTIVATION = (Choice(tuple(ACTIVATIONS)), Instance(Activation))
_INITIALIZER = Predicate(
    lambda value: callable(value) and not isinstance(value, type),
    "a callable (rng, fan_in, fan_out) -> array (an object, not a class)",
)

#: Checks of ``categorical_features`` of the tabular estimators and the preprocessor.
CATEGORICAL_FEATURES_CHECKS: tuple[Check, ...] = (
    Predicate(
        lambda value: (
            value is None
            or (isinstance(value, str) and value == "from_dtype")
            or (_is_flat(value) and not isinstance(value, str))
        ),
        "None, 'from_dtype', or an array-like of a mask, indices or names",
        ("from_dtype",),
    ),
)

#: The allowed alternatives for each parameter that both estimators have.
PARAMETER_CHECKS: dict[str, tuple[Check, ...]] = {
    "hidden_layer_sizes": (LayerSizes(),),
    "activation": (*_ACTIVATION, Several(_ACTIVATION, "one for each hidden layer")),
    "solver": (Choice(("lbfgs", *OPTIMIZERS)), Instance(Optimizer)),
    "alpha": (_NOT_NEGATIVE,),
    "batch_size": (Choice(("auto",)), _POSITIVE_INT),
    "learning_rate": (Choice(tuple(SCHEDULES)), Instance(Schedule)),
    "learning_rate_init": (_POSITIVE,),
    "power_t": (_NOT_NEGATIVE,),
    "max_iter": (_POSITIVE_INT,),
    "shuffle": (_BOOLEAN,),
    "random_state": (RandomState(),),
    "tol": (_NOT_NEGATIVE,),
    "verbose": (_BOOLEAN, Number(Integral, Interval(0))),
    "warm_start": (_BOOLEAN,),
    "momentum": (Number(Real, Interval(0, 1, "both")),),
    "nesterovs_momentum": (_BOOLEAN,),
    "early_stopping": (_BOOLEAN,),
    "validation_fraction": (_BELOW_ONE,),
    "beta_1": (_BELOW_ONE,),
    "beta_2": (_BELOW_ONE,),
    "epsilon": (_POSITIVE,),
    "n_iter_no_change": (_POSITIVE_INT, Choice((math.inf,))),
    "max_fun": (_POSITIVE_INT,),
    "init": (Choice(tuple(INITIALIZERS)), _INITIALIZER),
    "dropout": (
        _BELOW_ONE,
        Several((_BELOW_ONE,), "one for the inputs and one for each hidden layer"),
    ),
    "weight_decay": (_NOT_NEGATIVE,),
    "max_norm": (_NONE, _POSITIVE),
    "max_grad_norm": (_NONE, _POSITIVE),
    "scoring": (
        _NONE,
        Scorer(),
        Predicate(
            lambda value: callable(value) and not isinstance(value, type),
            "a callable (estimator, X, y) -> float",
        ),
    ),
    "callbacks": (
        _NONE,
        Several((Instance(Callback),), "called in this order", (list, tuple)),
    ),
    "dtype": (Choice((None, "float32", "float64")),),
}

#: Checks of ``class_weight`` of classifiers.
CLASS_WEIGHT_CHECKS: tuple[Check, ...] = (
    Choice((None, "balanced")),
    Instance(dict),
    Several((Instance(dict),), "one for each label", (list, tuple)),
)


def check_parameters(estimator: Any, checks: Mapping[str, tuple[Check, ...]]) -> None:
    """Raise InvalidParameterError for the first parameter with an invalid value.

    Parameters
    ----------
    estimator : object
        The estimator.  Subclasses may have other parameters, which are not checked.
    checks : mapping
        The allowed alternatives for each parameter.
    """
    for name, alternatives in checks.items():
        value = getattr(estimator, name)
        if any(check(value) for check in alternatives):
            continue
        allowed = " or ".join(str(check) for check in alternatives)
        raise InvalidParameterError(
            f"The {name!r} parameter of {type(estimator).__name__} must be {allowed}. "
            f"Got {short_repr(value)} instead."
            f"{_suggestion(estimator, name, value, alternatives)}"
        )


def _suggestion(
    estimator: Any, name: str, value: Any, alternatives: tuple[Check, ...]
) -> str:
    """Return a sentence that suggests a similar value, or an empty string."""
    if name == "learning_rate" and Number(Real, Interval(0))(value):
        return f" Did you mean learning_rate_init={value!r}?"
    known = [each for check in alternatives for each in getattr(check, "options", ())]
    if name == "scoring":
        known = [each for each in known if _is_metric_for(estimator, each)]
    if not isinstance(value, list | tuple):
        return suggest_value(value, known)
    for item in value:
        hint = suggest_value(item, known)
        if hint and not any(check(item) for check in alternatives):
            return f"{hint[:-1]} instead of {short_repr(item)}?"
    return ""


# The names of scikit-learn's scorers for regression contain one of these.
_REGRESSION_METRICS = ("error", "deviance", "explained_variance", "r2")


def _is_metric_for(estimator: Any, name: str | None) -> bool:
    """Return True if a metric is for the estimator's task, regression or not."""
    if name in (None, "loss"):
        return True
    is_for_numbers = any(part in name for part in _REGRESSION_METRICS)
    return bool(is_for_numbers == is_regressor(estimator))


class SuggestingMixin:
    """Mixin whose `set_params` suggests known names for unknown parameters."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the estimator.

        Parameters
        ----------
        **params : dict
            The parameters, by name.

        Returns
        -------
        self : object
            The estimator itself.

        Raises
        ------
        ValueError
            If the estimator has no parameter of that name.
        """
        try:
            super().set_params(**params)  # type: ignore[misc]
        except ValueError as error:
            known = self.get_params(deep=False)  # type: ignore[attr-defined]
            names = [name.partition("__")[0] for name in params]
            unknown = next((name for name in names if name not in known), None)
            hint = "" if unknown is None else suggest_parameter(unknown, known)
            if not hint:
                raise
            raise ValueError(f"{error}{hint}") from None
        return self


def check_combinations(estimator: Any, n_hidden: int | None = None) -> None:
    """Raise ValueError if parameters are incompatible with each other.

    Parameters
    ----------
    estimator : estimator
        The estimator, whose single parameters are valid.
    n_hidden : int or None, default=None
        The number of hidden layers; None for that of ``hidden_layer_sizes``.
    """
    if n_hidden is None:
        n_hidden = len(layer_sizes(estimator.hidden_layer_sizes))
    for name, expected, what in (
        ("activation", n_hidden, "hidden layer"),
        ("dropout", n_hidden + 1, "hidden layer and one for the inputs"),
    ):
        value = getattr(estimator, name)
        if isinstance(value, list | tuple | np.ndarray) and len(value) != expected:
            raise ValueError(
                f"{name}={short_repr(value)} has {len(value)} items, but "
                f"hidden_layer_sizes={short_repr(estimator.hidden_layer_sizes)} needs "
                f"{expected}: one for each {what}."
            )
    schedule = estimator.learning_rate
    if isinstance(estimator.solver, str) and estimator.solver == "lbfgs":
        unused = {
            "dropout": bool(np.any(estimator.dropout)),
            "weight_decay": estimator.weight_decay > 0,
            "max_norm": estimator.max_norm is not None,
            "max_grad_norm": estimator.max_grad_norm is not None,
            "learning_rate": isinstance(schedule, Schedule)
            or schedule not in SGD_SCHEDULES,
        }
        for name, is_set in unused.items():
            if is_set:
                raise ValueError(
                    f"{name}={getattr(estimator, name)!r} does not go with "
                    f"solver='lbfgs', which follows the exact gradient of all the "
                    f"data with steps of its own. Leave {name} at its default, or use "
                    "solver='adam'."
                )


def needs_horizon(learning_rate: Any) -> bool:
    """Return True if the schedule depends on the training progress."""
    if isinstance(learning_rate, str) and learning_rate in SCHEDULES:
        learning_rate = SCHEDULES[learning_rate]()
    return isinstance(learning_rate, Schedule) and learning_rate.needs_horizon


def layer_sizes(hidden_layer_sizes: Any) -> list[int]:
    """Return the numbers of hidden units as a list."""
    if isinstance(hidden_layer_sizes, Integral):
        return [int(hidden_layer_sizes)]
    return [int(size) for size in hidden_layer_sizes]
