"""Categories: which values of a column are one category, and how they are found again.

A fitted estimator keeps its categories as strings, booleans, ints and floats, with the
kinds of value that they were, such as ``'string'`` or ``'Interval'``.  Any other value
is kept as a string, so that a saved estimator holds no objects of other packages.
"""

import enum
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from numbers import Number, Real
from types import NoneType
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import IntArray

# These values stay what they are.
_PLAIN = {str, bool, int, NoneType}

# The largest float has fewer digits.
_MOST_DIGITS = 400

# So many distinct strings at most, or this share of the rows, are exceptions among
# numbers.
_FEW, _RARE = 5, 0.05

# So many distinct strings that are fractions are no names of categories.
_MANY = 10


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT or pandas.NA."""
    if value is None:
        return True
    if isinstance(value, str):
        return False
    if isinstance(value, Decimal):  # a signaling NaN cannot be compared
        return value.is_nan()
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pandas.NA has no truth value
        return type(value).__name__ == "NAType"


def with_none(values: list[Any]) -> list[Any]:
    """Return values with None for missing ones."""
    types = set(map(type, values))
    if types <= _PLAIN:
        return values
    if types <= _PLAIN | {float}:
        return [value if value == value else None for value in values]
    return _once_each(lambda value: None if is_missing(value) else value, values)


def _once_each(function: Callable[[Any], Any], values: list[Any]) -> list[Any]:
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
        plain = _plain(value)
    except Exception:  # of a user's own __repr__
        return False
    return not (isinstance(plain, str) and " at 0x" in plain)


def _plain(value: Any) -> Any:
    """Return a category as a string, a boolean, an int, a float or None."""
    if type(value) in _PLAIN or type(value) is float:
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
        return f"({', '.join(repr(_plain(item)) for item in value)})"
    if isinstance(value, frozenset):
        raise TypeError("The order of a set differs between processes.")
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if all(hasattr(value, name) for name in ("left", "right", "closed")):
        # An interval of pandas; between 0 and 10 it is the same as between 0.0 and 10.0
        left = "[" if value.closed in ("left", "both") else "("
        right = "]" if value.closed in ("right", "both") else ")"
        return (
            f"{left}{_number_string(value.left)}, {_number_string(value.right)}{right}"
        )
    return repr(value)


def _number_string(value: Any) -> str:
    """Return how a number is written, the same for 10 and 10.0."""
    plain = _plain(value)
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


def _reading(value: Any) -> str:
    """Return what a value reads as beside values of other kinds.

    There ``94103``, ``94103.0`` and ``"94103"`` are one category, and so are ``True``
    and ``"True"``.
    """
    if isinstance(value, str):
        number = as_number(value)
        if number is not None:
            return _number_string(number)
        return value.capitalize() if value.lower() in ("true", "false") else value
    return _number_string(value) if not isinstance(value, bool) else str(value)


class Categories:
    """The categories of a column.

    Parameters
    ----------
    values : list of (str, bool, int or float)
        The categories, in the order of their codes, which begin with 1.
    kinds : sequence of str
        The kinds of value that `fit` saw, as of `kinds_of`.
    """

    def __init__(self, values: list[Any], kinds: Sequence[str]) -> None:
        self.values = values
        self.kinds = kinds
        # Strings among themselves differ as they are written: "007" is not "7".
        self._by_reading = "string" in kinds and len(kinds) > 1
        self._code_of = {
            key: code for code, key in enumerate(self._keys(values), start=1)
        }

    @classmethod
    def learn(cls, values: list[Any]) -> "Categories":
        """Return the categories among values, in order, without None."""
        kinds = sorted(kinds_of(values))
        if len(kinds) == 1:
            # Intervals are ordered by their bounds, not as strings.
            first = {_plain(v): v for v in _distinct(values)}
            try:
                order = sorted(first, key=first.__getitem__)
            except TypeError:
                order = sorted(first)
            return cls(order, kinds)
        plain = {_plain(v) for v in _distinct(values)}
        order = sorted(plain, key=lambda v: (type(v).__name__, str(v)))
        if "string" not in kinds:
            with suppress(TypeError):
                order = sorted(plain)
            return cls(order, kinds)
        # Numbers come before strings, and stay.
        by_reading: dict[str, Any] = {}
        for value in order:
            by_reading.setdefault(_reading(value), value)
        return cls(list(by_reading.values()), kinds)

    def encode(self, values: list[Any]) -> IntArray:
        """Return each value's code, 0 for unknown and missing (None) ones."""
        keys, get = self._keys(values), self._code_of.get
        return np.fromiter((get(key, 0) for key in keys), np.intp, len(values))

    def first_of_another_kind(self, values: list[Any], codes: IntArray) -> Any:
        """Return the first unknown value of a kind that no category has, or None."""
        if not self.kinds or not kinds_of(values) - set(self.kinds):
            return None
        return next(
            (
                values[row]
                for row in np.flatnonzero(codes == 0)
                if kinds_of([values[row]]) - set(self.kinds)
            ),
            None,
        )

    def _keys(self, values: list[Any]) -> Iterable[Any]:
        if not set(map(type, values)) <= _PLAIN:
            values = _once_each(_plain, values)
        if self._by_reading:
            return [None if value is None else _reading(value) for value in values]
        return values


def _distinct(values: list[Any]) -> Iterable[Any]:
    """Return the values that are not None, each once if that is quickly seen."""
    if set(map(type, values)) <= _PLAIN | {float}:
        return set(values) - {None}
    return {id(value): value for value in values if value is not None}.values()


def exceptions_among_numbers(
    categories: Categories, codes: IntArray
) -> list[str] | None:
    """Return the strings in a column of numbers that are none; None for other columns.

    Strings are taken for a column of numbers if few of them, or those of few rows, are
    exceptions.  If none is, they must be many, with fractions among them: whole numbers
    may be codes.

    Parameters
    ----------
    categories : Categories
        The categories of the column.
    codes : ndarray of shape (n_rows,)
        The codes of its values.
    """
    if "string" not in categories.kinds:
        return None
    numbers = [as_number(v) if isinstance(v, str) else v for v in categories.values]
    if any(isinstance(number, bool) for number in numbers):
        return None
    known = [number for number in numbers if number is not None]
    is_exception = np.array([number is None for number in numbers])
    exceptions = [
        v for v, n in zip(categories.values, numbers, strict=True) if n is None
    ]
    if exceptions:
        n_rows = np.bincount(codes, minlength=len(numbers) + 1)[1:]
        are_few = len(exceptions) <= min(_FEW, len(known) // 3)
        are_rare = n_rows[is_exception].sum() <= _RARE * n_rows.sum()
        return exceptions if are_few or are_rare else None
    is_fraction = [number != int(number) for number in known]
    return [] if len(known) >= _MANY and any(is_fraction) else None
