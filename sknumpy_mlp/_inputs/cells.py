"""Single values of a table: their kinds, and their representation as categories."""

import enum
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from numbers import Number, Real
from types import NoneType
from typing import Any

import numpy as np

# Values of these types represent themselves as categories.
PLAIN_TYPES = {str, bool, int, NoneType}

# More digits than the largest float has.
_MAX_DIGITS = 400


def once_per_object(function: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    """Map values with a function, which is called once for each distinct object."""
    results: dict[int, Any] = {}
    for value in values:
        if id(value) not in results:
            results[id(value)] = function(value)
    return [results[id(value)] for value in values]


def kind_of_type(cls: type) -> str:
    """Return the kind of the values of a type, such as ``'string'`` or ``'Interval'``.

    All numbers are of one kind, independent of their type, and so are all strings.
    """
    if issubclass(cls, str):
        return "string"
    if issubclass(cls, bool | np.bool_):
        return "boolean"
    if issubclass(cls, Number):
        return "number" if issubclass(cls, Real | Decimal) else "complex number"
    return "bytes" if issubclass(cls, bytes) else cls.__name__


def kinds_of(values: Iterable[Any]) -> set[str]:
    """Return the kinds of the values that are not None."""
    return {kind_of_type(t) for t in set(map(type, values)) - {NoneType}}


def has_stable_form(value: Any) -> bool:
    """Return True if a value has a representation that is the same in every process."""
    try:
        plain = plain_value(value)
    except Exception:  # raised by a user-defined __repr__
        return False
    return not (isinstance(plain, str) and " at 0x" in plain)


def plain_value(value: Any) -> Any:
    """Return the representation of a category: a string, bool, int, float or None."""
    if type(value) in PLAIN_TYPES or type(value) is float:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Real | Decimal):
        return _plain_number(value)
    return _string(value)


def _plain_number(value: Any) -> int | float:
    """Return a number as a float, or as an int if it is an integer of an exact type."""
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, Decimal):
        # Decimal("1e999999999") as an int would fill the memory.
        is_small = value.is_finite() and value.adjusted() < _MAX_DIGITS
        is_integer = is_small and value == value.to_integral_value()
    else:
        is_integer = int(value) == value
    return int(value) if is_integer else float(value)


def _string(value: Any) -> str:
    """Return a string that is the same for equal values of a type."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple):
        return f"({', '.join(repr(plain_value(item)) for item in value)})"
    if isinstance(value, frozenset):
        raise TypeError("The order of a set differs between processes.")
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if all(hasattr(value, name) for name in ("left", "right", "closed")):
        # pandas.Interval(0, 10) and pandas.Interval(0.0, 10.0) are equal.
        left = "[" if value.closed in ("left", "both") else "("
        right = "]" if value.closed in ("right", "both") else ")"
        return f"{left}{number_string(value.left)}, {number_string(value.right)}{right}"
    return repr(value)


def number_string(value: Any) -> str:
    """Return a number as a string that is the same for 10 and 10.0."""
    plain = plain_value(value)
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    # The bounds of an interval may also be dates.
    return str(value if isinstance(plain, str) else plain)


def parse_number(string: str) -> int | float | None:
    """Parse a string as a finite number; return None if it is not one."""
    if "_" in string:  # a digit separator in Python only
        return None
    with suppress(ValueError):
        return int(string)
    with suppress(ValueError):
        number = float(string)
        return number if np.isfinite(number) else None
    return None
