"""Analytic gradients compared with central differences.

`check_loss`, `check_activation` and `check_layer`, each in the module of what it
checks, share the comparison and its tolerances.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array

# The relative error up to which a derivative counts as right.  Rounding and curvature
# stay far below; so do the small constants that keep logarithms finite.
_TOLERANCE = 1e-3

# What counts as zero: relative to the largest derivative, and by itself.
_ZERO, _ROUNDED_ZERO = 1e-6, 1e-12


@contextmanager
def naming_method(part: str, method: str) -> Iterator[None]:
    """Say of exceptions in a method of a custom part whose method it was.

    What is neither a ValueError nor a TypeError keeps its type and gets a note:
    somebody may wait for it.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{part}: {method} raises {type(error).__name__}: {str(error).strip()}"
        ) from error
    except Exception as error:
        error.add_note(f"{part}: raised in {method}.")
        raise


@dataclass(frozen=True)
class WrongDerivative:
    """The worst of the derivatives that differ from their central differences.

    Attributes
    ----------
    index : tuple of int
        Its place in the gradient.
    analytic, numeric : float
        Its value in the gradient, and by central differences.
    n_wrong, n_compared : int
        How many derivatives are wrong, of those that were compared.
    factor : float or None
        If all wrong derivatives are the same multiple of the right ones, that factor.
    """

    index: tuple[int, ...]
    analytic: float
    numeric: float
    n_wrong: int
    n_compared: int
    factor: float | None

    @property
    def summary(self) -> str:
        """How many derivatives are wrong, and in what manner if it is always one."""
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

    A derivative is right if it lies between the slopes on the left and on the right, up
    to rounding errors.  So a kink, such as that of the absolute value at zero, may have
    any of its subgradients.

    Parameters
    ----------
    terms : callable
        The function.  It returns an array whose sum is differentiated, so that terms
        that do not depend on an input add no rounding errors.
    x : ndarray
        Where to differentiate, in float64.
    gradient : ndarray
        The gradient to check, of the shape of ``x``.
    unit : float, default=1.0
        The scale on which the function changes, if that is less than 1.
    magnitude : ndarray or float, default=0.0
        The size of other numbers that each input is combined with, such as targets, of
        a shape that broadcasts to that of ``x``.  Their rounding errors count.
    most : int, default=200
        The most derivatives to compare.

    Returns
    -------
    wrong : WrongDerivative or None
        The worst of the wrong derivatives; None if all are right.
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
            # The cube root of the precision balances rounding errors and curvature.
            step = precision ** (1 / 3) * min(unit, 1.0)
            step = max(step, 1e-12 * abs(float(x[index])))
            left, right, size = _slopes(terms, start, x, index, step)
            # Numbers of about 1 may have been involved, as in 1 - cos(x).
            size = max(size, 1.0) + float(inputs[index]) * abs(analytic)
            rounding = 4.0 * precision * size / step
            if not np.isfinite([left, right, rounding]).all():
                continue  # the function ends here, or overflows
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
    """Return the relative precision in which a function computes.

    It may be less than that of its results: a library that knows only float32 rounds
    what it is given, and then does not see that it was rounded before.
    """
    rounded = x.astype(np.float32).astype(x.dtype)
    blind = not np.array_equal(rounded, x) and np.array_equal(terms(rounded), start)
    return float(np.finfo(np.float32 if blind else start.dtype).eps)


def _entries(gradient: Array, most: int) -> Iterator[tuple[int, ...]]:
    """Yield indices to compare: of the largest derivatives, and evenly spaced ones."""
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
    """Return the slope on the left, that on the right, and the size of the terms."""
    slopes, size = [], 0.0
    for signed_step in (-step, step):
        moved = x.copy()
        moved[index] += signed_step
        # What was really added, after rounding.
        signed_step = float(moved[index]) - float(x[index])
        values = np.asarray(terms(moved))
        changed = values != start
        before, after = start[changed], values[changed]
        slopes.append(float((after - before).sum()) / signed_step)
        # Terms may be too large for the step to show.
        largest = np.abs(after).sum() if changed.any() else np.abs(start).max()
        size = max(size, float(largest))
    return slopes[0], slopes[1], size


def _common_factor(pairs: Any) -> float | None:
    """Return analytic / numeric, if it is the same for all pairs and there are some."""
    analytic, numeric = pairs.T
    if len(pairs) < 2 or not numeric.all():
        return None
    factors = analytic / numeric
    factor = float(np.median(factors))
    is_common = np.abs(factors - factor).max() <= 0.01 * abs(factor)
    return factor if is_common else None
