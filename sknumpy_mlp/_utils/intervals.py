"""Intervals of real numbers, and type checks of their values."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias, TypeGuard

import numpy as np

#: The ends that belong to an interval.
Closed: TypeAlias = Literal["left", "right", "both", "neither"]
_CLOSED_LEFT, _CLOSED_RIGHT = ("left", "both"), ("right", "both")


def is_bool(value: Any) -> bool:
    """Return True if a value is a Boolean of Python or NumPy."""
    return isinstance(value, bool | np.bool_)


def is_integer(value: Any) -> bool:
    """Return True if a value is an integer, but not a Boolean."""
    return isinstance(value, Integral) and not is_bool(value)


def is_real(value: Any) -> TypeGuard[Real]:
    """Return True if a value is a real number, but not a Boolean."""
    return isinstance(value, Real) and not is_bool(value)


@dataclass(frozen=True)
class Interval:
    """An interval of real numbers; ``str(interval)`` is its usual notation.

    Parameters
    ----------
    low, high : float
        The ends.
    closed : {'left', 'right', 'both', 'neither'}, default='left'
        The ends that belong to the interval.

    Examples
    --------
    >>> unit = Interval(0, 1)
    >>> print(unit)
    [0, 1)
    >>> 0.5 in unit, 1 in unit, True in unit, float("nan") in unit, "0.5" in unit
    (True, False, False, False, False)
    """

    low: float
    high: float = math.inf
    closed: Closed = "left"

    def __contains__(self, value: object) -> bool:
        if type(value) is not float:  # a shortcut, since most parameters are floats
            if not is_real(value):
                return False
            try:
                value = float(value)
            except OverflowError:  # an int larger than every float
                return False
        # Written so that NaN fails.
        closed = self.closed
        above = value >= self.low if closed in _CLOSED_LEFT else value > self.low
        below = value <= self.high if closed in _CLOSED_RIGHT else value < self.high
        return above and below

    def __str__(self) -> str:
        left = "(["[self.closed in _CLOSED_LEFT]
        right = ")]"[self.closed in _CLOSED_RIGHT]
        return f"{left}{self.low:g}, {self.high:g}{right}"
