"""Checks of the estimators' parameters: one table, one style of message."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np

from sknumpy_mlp.activations import ACTIVATIONS
from sknumpy_mlp.initializers import INITIALIZERS
from sknumpy_mlp.optimizers import OPTIMIZERS
from sknumpy_mlp.schedules import SCHEDULES


class InvalidParameterError(ValueError, TypeError):
    """A parameter of an estimator has a value or a type that is not allowed.

    Like scikit-learn's error of the same name it is both a ValueError and a
    TypeError, so that code written to catch either goes on working.
    """


class Check(Protocol):
    """A condition on a value; ``str(check)`` says what is allowed."""

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""


@dataclass(frozen=True)
class Number:
    """A real or whole number in an interval; booleans are not numbers here."""

    kind: type[Any]
    low: float
    high: float = math.inf
    low_inclusive: bool = True
    high_inclusive: bool = False

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
        is_number = isinstance(value, self.kind)
        if not is_number or isinstance(value, bool | np.bool_):
            return False
        if self.kind is Real:
            try:
                value = float(value)
            except OverflowError:  # an int beyond every float
                return False
        # Written so that NaN fails.
        above = value >= self.low if self.low_inclusive else value > self.low
        below = value <= self.high if self.high_inclusive else value < self.high
        return bool(above and below)

    def __str__(self) -> str:
        kind = "an int" if self.kind is Integral else "a float"
        left, right = "(["[self.low_inclusive], ")]"[self.high_inclusive]
        return f"{kind} in the range {left}{self.low}, {self.high}{right}"


@dataclass(frozen=True)
class Choice:
    """One of some strings or other values."""

    options: tuple[Any, ...]

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
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

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
        return isinstance(value, bool | np.bool_)

    def __str__(self) -> str:
        return "a bool"


@dataclass(frozen=True)
class LayerSizes:
    """A whole number of at least 1, or a one-dimensional collection of such."""

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
        size = Number(Integral, 1)
        if size(value):
            return True
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return False
        if isinstance(value, np.ndarray) and value.ndim != 1:
            return False
        return hasattr(value, "__len__") and all(size(item) for item in value)

    def __str__(self) -> str:
        return (
            "an int in the range [1, inf), or an array-like of such ints, one for "
            "each hidden layer (hidden_layer_sizes must be > 0; () has none)"
        )


@dataclass(frozen=True)
class RandomState:
    """What `sklearn.utils.check_random_state` takes."""

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
        return (
            value is None
            or isinstance(value, np.random.RandomState)
            or Number(Integral, 0, 2**32)(value)
        )

    def __str__(self) -> str:
        return "None, an int in the range [0, 2**32) or a numpy.random.RandomState"


@dataclass(frozen=True)
class Predicate:
    """Any other condition, with its description."""

    holds: Callable[[Any], bool]
    description: str

    def __call__(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
        return self.holds(value)

    def __str__(self) -> str:
        return self.description


_BOOLEAN = Boolean()
_POSITIVE_INT = Number(Integral, 1)
_NOT_NEGATIVE = Number(Real, 0)
_POSITIVE = Number(Real, 0, low_inclusive=False)
_BELOW_ONE = Number(Real, 0, 1)
_INITIALIZER = Predicate(
    lambda value: callable(value) and not isinstance(value, type),
    "a callable (rng, fan_in, fan_out) -> array (an object, not a class)",
)

#: For each parameter that both estimators have: the alternatives that are allowed.
PARAMETER_CHECKS: dict[str, tuple[Check, ...]] = {
    "hidden_layer_sizes": (LayerSizes(),),
    "activation": (Choice(tuple(ACTIVATIONS)),),
    "solver": (Choice(("lbfgs", *OPTIMIZERS)),),
    "alpha": (_NOT_NEGATIVE,),
    "batch_size": (Choice(("auto",)), _POSITIVE_INT),
    "learning_rate": (Choice(tuple(SCHEDULES)),),
    "learning_rate_init": (_POSITIVE,),
    "power_t": (_NOT_NEGATIVE,),
    "max_iter": (_POSITIVE_INT,),
    "shuffle": (_BOOLEAN,),
    "random_state": (RandomState(),),
    "tol": (_NOT_NEGATIVE,),
    "verbose": (_BOOLEAN, Number(Integral, 0)),
    "warm_start": (_BOOLEAN,),
    "momentum": (Number(Real, 0, 1, high_inclusive=True),),
    "nesterovs_momentum": (_BOOLEAN,),
    "early_stopping": (_BOOLEAN,),
    "validation_fraction": (_BELOW_ONE,),
    "beta_1": (_BELOW_ONE,),
    "beta_2": (_BELOW_ONE,),
    "epsilon": (_POSITIVE,),
    "n_iter_no_change": (_POSITIVE_INT, Choice((math.inf,))),
    "max_fun": (_POSITIVE_INT,),
    "init": (Choice(tuple(INITIALIZERS)), _INITIALIZER),
}


def check_parameters(estimator: Any, checks: Mapping[str, tuple[Check, ...]]) -> None:
    """Raise InvalidParameterError for the first parameter that is not allowed.

    Parameters
    ----------
    estimator : object
        Its attributes are looked at; a subclass may have parameters of its own.
    checks : mapping
        For each parameter the alternatives, one of which the value must meet.
    """
    for name, alternatives in checks.items():
        value = getattr(estimator, name)
        if any(check(value) for check in alternatives):
            continue
        allowed = " or ".join(str(check) for check in alternatives)
        raise InvalidParameterError(
            f"The {name!r} parameter of {type(estimator).__name__} must be {allowed}. "
            f"Got {value!r} instead."
        )
