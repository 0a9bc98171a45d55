"""Gradient checks: analytic derivatives compared with central differences.

This is the common part of `check_loss`, `check_activation` and `check_layer`, which are
defined in the modules of losses, activations and layers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr

# Maximum relative error of a derivative.  Rounding and truncation errors are much
# smaller, and so are those of safeguards such as ``log(p + 1e-10)``.
_TOLERANCE = 1e-3

# Absolute tolerances: one relative to the largest derivative, one for rounding errors.
_ZERO, _ROUNDED_ZERO = 1e-6, 1e-12


def check_is_instance(name: str, value: Any, *classes: type[Any]) -> None:
    """Raise TypeError unless ``value`` is an instance of one of the base classes."""
    if not isinstance(value, classes):
        names = " or ".join(cls.__name__ for cls in classes)
        raise TypeError(
            f"{name} must be an object of a subclass of {names}, got "
            f"{short_repr(value)}."
        )


class GradientCheck:
    """Base class of the checks of a custom loss, activation or layer.

    Parameters
    ----------
    name : str
        The argument's name in messages: 'loss', 'activation' or 'layer'.
    obj : object
        The loss, activation or layer.
    """

    def __init__(self, name: str, obj: Any) -> None:
        self.label = f"{name}={short_repr(obj)}"

    def fail(self, problem: str) -> NoReturn:
        """Raise the ValueError for a failed check."""
        raise ValueError(f"{self.label}: {problem}")

    @contextmanager
    def calling(self, method: str) -> Iterator[None]:
        """Add the name of the object and of its method to exceptions.

        Exceptions other than ValueError and TypeError keep their type, which callers
        may expect, and get a note.
        """
        try:
            yield
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{self.label}: {method} raises {type(error).__name__}: "
                f"{str(error).strip()}"
            ) from error
        except Exception as error:
            error.add_note(f"{self.label}: raised in {method}.")
            raise

    def check_repeatable(self, values: str, first: Array, second: Array) -> None:
        """Raise ValueError if two calls with equal arguments had different results."""
        if not np.array_equal(first, second, equal_nan=True):
            self.fail(
                f"{values} differ from call to call. If they are meant to, set "
                "exact_gradient = False in the class."
            )

    def fail_gradient(
        self, wrong: "WrongDerivative", finding: str, *, function: str, hint: str = ""
    ) -> NoReturn:
        """Raise the ValueError for a wrong derivative.

        Parameters
        ----------
        wrong : WrongDerivative
            The derivative.
        finding : str
            The wrong method, and the derivative's position and value.
        function : str
            The function that the method should differentiate.
        hint : str, default=''
            A likely cause, and a remedy.
        """
        self.fail(
            f"{finding}, but central differences of {function} give "
            f"{wrong.numeric:.6g}; {wrong.summary}.{hint and ' ' + hint}"
        )


@dataclass(frozen=True)
class WrongDerivative:
    """The wrong derivative with the largest error in a gradient.

    Attributes
    ----------
    index : tuple of int
        The position in the gradient.
    analytic, numeric : float
        The derivative in the gradient, and by central differences.
    n_wrong, n_compared : int
        Number of wrong derivatives, and of those that were compared.
    factor : float or None
        The factor between wrong and correct derivatives, if it is always the same.
    """

    index: tuple[int, ...]
    analytic: float
    numeric: float
    n_wrong: int
    n_compared: int
    factor: float | None

    @property
    def summary(self) -> str:
        """The number of wrong derivatives and, if there is one, their common factor."""
        text = f"{self.n_wrong} of the {self.n_compared} derivatives compared are wrong"
        if self.factor is not None:
            text += f", each by a factor of about {self.factor:.3g}"
        return text


def find_wrong_derivative(
    terms: Callable[[Array], Array],
    x: Array,
    gradient: Array,
    *,
    unit: float = 1.0,
    magnitude: Array | float = 0.0,
    most: int = 200,
) -> WrongDerivative | None:
    """Compare the gradient of ``terms(x).sum()`` with central differences.

    A derivative is correct if it lies between the slopes on the left and on the right,
    up to rounding errors: at a kink, such as that of the absolute value at zero, any
    subgradient is accepted.

    Parameters
    ----------
    terms : callable
        The function, as an array of terms whose sum is differentiated: terms that do
        not depend on an input then add no rounding errors.
    x : ndarray
        The point at which to differentiate, in float64.
    gradient : ndarray
        The gradient to check, of the shape of ``x``.
    unit : float, default=1.0
        The scale of x on which the function changes, if that is less than 1.
    magnitude : ndarray or float, default=0.0
        The magnitude of other numbers that each input is combined with, such as
        targets, which add rounding errors; it broadcasts to the shape of ``x``.
    most : int, default=200
        The maximum number of derivatives to compare.

    Returns
    -------
    wrong : WrongDerivative or None
        The wrong derivative with the largest error; None if all are correct.
    """
    found: list[tuple[tuple[int, ...], float, float]] = []
    zero = _ZERO * float(np.abs(gradient).max(initial=0.0)) + _ROUNDED_ZERO
    n_compared = 0
    with np.errstate(all="ignore"):
        start = np.array(terms(x))
        precision = _precision(terms, start, x)
        inputs = np.maximum(np.abs(x), magnitude)
        for index in _entries(gradient, most):
            analytic = float(gradient[index])
            # The cube root of the precision balances rounding and truncation errors.
            step = precision ** (1 / 3) * min(unit, 1.0)
            step = max(step, 1e-12 * abs(float(x[index])))
            left, right, size = _slopes(terms, start, x, index, step)
            # The terms may be differences of numbers of about 1, as in 1 - cos(x).
            size = max(size, 1.0) + float(inputs[index]) * abs(analytic)
            rounding = 4.0 * precision * size / step
            if not np.isfinite([left, right, rounding]).all():
                continue  # outside of the domain, or an overflow
            n_compared += 1
            low, high = sorted((left, right))
            tolerance = _TOLERANCE * max(abs(analytic), abs(low), abs(high))
            tolerance += zero + rounding
            if not low - tolerance <= analytic <= high + tolerance:
                found.append((index, analytic, 0.5 * (low + high)))
    if not found:
        return None
    index, analytic, numeric = max(found, key=lambda each: abs(each[1] - each[2]))
    factor = _common_factor(np.array([each[1:] for each in found]))
    return WrongDerivative(index, analytic, numeric, len(found), n_compared, factor)


def _precision(terms: Callable[[Array], Array], start: Array, x: Array) -> float:
    """Return the relative precision of a function's computations.

    It may be lower than that of the result's data type: a function that computes in
    float32 returns the same result for inputs that are rounded to float32 beforehand.
    """
    rounded = x.astype(np.float32).astype(x.dtype)
    blind = not np.array_equal(rounded, x) and np.array_equal(terms(rounded), start)
    return float(np.finfo(np.float32 if blind else start.dtype).eps)


def _entries(gradient: Array, most: int) -> Iterator[tuple[int, ...]]:
    """Yield the indices of the largest derivatives, and of evenly spaced ones."""
    numbers = np.arange(gradient.size)
    if gradient.size > most:
        largest = np.argsort(-np.abs(gradient), axis=None, kind="stable")[: most // 2]
        spread = np.linspace(0, gradient.size - 1, most - most // 2).astype(np.intp)
        numbers = np.union1d(largest, spread)
    for number in numbers:
        yield tuple(int(i) for i in np.unravel_index(number, gradient.shape))


def _slopes(
    terms: Callable[[Array], Array],
    start: Array,
    x: Array,
    index: tuple[int, ...],
    step: float,
) -> tuple[float, float, float]:
    """Return the slopes on the left and on the right, and the size of the terms."""
    slopes, size = [], 0.0
    for signed_step in (-step, step):
        moved = x.copy()
        moved[index] += signed_step
        # The actual step, after rounding.
        signed_step = float(moved[index]) - float(x[index])
        values = np.asarray(terms(moved))
        changed = values != start
        before, after = start[changed], values[changed]
        slopes.append(float((after - before).sum()) / signed_step)
        # The terms may be so large that the step does not change them.
        largest = np.abs(after).sum() if changed.any() else np.abs(start).max()
        size = max(size, float(largest))
    return slopes[0], slopes[1], size


def _common_factor(pairs: Any) -> float | None:
    """Return the ratio of analytic and numeric values, if it is the same for all."""
    analytic, numeric = pairs.T
    if len(pairs) < 2 or not numeric.all():
        return None
    factors = analytic / numeric
    factor = float(np.median(factors))
    is_common = np.abs(factors - factor).max() <= 0.01 * abs(factor)
    return factor if is_common else None
