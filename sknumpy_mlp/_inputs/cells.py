"""Single values of a table: their kinds, and their plain forms."""

import enum
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from numbers import Number, Real
from types import NoneType
from typing import Any

import numpy as np

# These values stay what they are.
PLAIN_TYPES = {str, bool, int, NoneType}


# The largest float has fewer digits.
_MOST_DIGITS = 400


def once_per_object(function: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    """Return a function's values; of an object in many rows it is asked once."""
    results: dict[int, Any] = {}
    for value in values:
        if id(value) not in results:
            results[id(value)] = function(value)
    return [results[id(value)] for value in values]


def kind_of_type(cls: type) -> str:
    """Return what messages call the values of a type.

    Numbers of all types are of one kind, and so are all strings.
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


def is_usable(value: Any) -> bool:
    """Whether a string can stand for a value, the same in every process."""
    try:
        plain = plain_value(value)
    except Exception:  # of a user's own __repr__
        return False
    return not (isinstance(plain, str) and " at 0x" in plain)


def plain_value(value: Any) -> Any:
    """Return a category as a string, a boolean, an int, a float or None."""
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
    """Return a number as a float; as an int if its type is exact and it is whole."""
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, Decimal):
        # As an int, the largest would fill the memory.
        is_small = value.is_finite() and value.adjusted() < _MOST_DIGITS
        is_whole = is_small and value == value.to_integral_value()
    else:
        is_whole = int(value) == value
    return int(value) if is_whole else float(value)


def _string(value: Any) -> str:
    """Return a string that equal values of a type have in common."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple):
        return f"({', '.join(repr(plain_value(item)) for item in value)})"
    if isinstance(value, frozenset):
        raise TypeError("The order of a set differs between processes.")
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if all(hasattr(value, name) for name in ("left", "right", "closed")):
        # An interval of pandas; between 0 and 10 it is the same as between 0.0 and 10.0
        left = "[" if value.closed in ("left", "both") else "("
        right = "]" if value.closed in ("right", "both") else ")"
        return f"{left}{number_string(value.left)}, {number_string(value.right)}{right}"
    return repr(value)


def number_string(value: Any) -> str:
    """Return how a number is written, the same for 10 and 10.0."""
    plain = plain_value(value)
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    # The bounds of an interval may be dates as well.
    return str(value if isinstance(plain, str) else plain)


def as_number(text: str) -> int | float | None:
    """Return the number that a string reads as, or None if it is none."""
    if "_" in text:  # Python's own way to write numbers
        return None
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        number = float(text)
        return number if np.isfinite(number) else None
    return None
