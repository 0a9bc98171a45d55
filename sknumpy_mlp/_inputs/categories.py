"""Categories of a column, learned from its values and encoded as integers.

A fitted estimator stores its categories as strings, booleans, ints and floats, and the
kinds of the original values, such as ``'string'`` or ``'Interval'``.  Values of other
types are stored as strings, so that a saved estimator contains no objects of other
packages.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from sknumpy_mlp._inputs.cells import (
    PLAIN_TYPES,
    kinds_of,
    number_string,
    once_per_object,
    parse_number,
    plain_value,
)
from sknumpy_mlp._utils.typing import IntArray


def _mixed_key(value: Any) -> str:
    """Return the key of a value in a column of strings and values of other kinds.

    In such a column, ``94103``, ``94103.0`` and ``"94103"`` are one category, and so
    are ``True`` and ``"True"``.
    """
    if isinstance(value, str):
        number = parse_number(value)
        if number is not None:
            return number_string(number)
        return value.capitalize() if value.lower() in ("true", "false") else value
    return number_string(value) if not isinstance(value, bool) else str(value)


class Categories:
    """The categories of a column.

    Parameters
    ----------
    values : list of (str, bool, int or float)
        The categories, in the order of their codes, which begin with 1.
    kinds : sequence of str
        The kinds of the original values, as returned by `kinds_of`.
    """

    def __init__(self, values: list[Any], kinds: Sequence[str]) -> None:
        self.values = values
        self.kinds = kinds
        # In a column of strings only, "007" and "7" are two categories.
        self._is_mixed = "string" in kinds and len(kinds) > 1
        self._code_of = {
            key: code for code, key in enumerate(self._keys(values), start=1)
        }

    @classmethod
    def learn(cls, values: list[Any]) -> "Categories":
        """Learn categories from the values of a column, None for missing ones."""
        kinds = sorted(kinds_of(values))
        if len(kinds) == 1:
            # Sorted by the original values: intervals are sorted by their bounds.
            first = {plain_value(v): v for v in _distinct(values)}
            try:
                order = sorted(first, key=first.__getitem__)
            except TypeError:
                order = sorted(first)
            return cls(order, kinds)
        plain = {plain_value(v) for v in _distinct(values)}
        order = sorted(plain, key=lambda v: (type(v).__name__, str(v)))
        if "string" not in kinds:
            with suppress(TypeError):
                order = sorted(plain)
            return cls(order, kinds)
        # Numbers are sorted before strings, so that "1" becomes the number 1.
        by_key: dict[str, Any] = {}
        for value in order:
            by_key.setdefault(_mixed_key(value), value)
        return cls(list(by_key.values()), kinds)

    def encode(self, values: list[Any]) -> IntArray:
        """Return the code of each value, 0 for unknown and missing (None) ones."""
        keys, get = self._keys(values), self._code_of.get
        return np.fromiter((get(key, 0) for key in keys), np.intp, len(values))

    def first_of_another_kind(self, values: list[Any], codes: IntArray) -> Any:
        """Return the first unknown value of a kind not seen in `fit`, or None."""
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
        if not set(map(type, values)) <= PLAIN_TYPES:
            values = once_per_object(plain_value, values)
        if self._is_mixed:
            return [None if value is None else _mixed_key(value) for value in values]
        return values


def _distinct(values: list[Any]) -> Iterable[Any]:
    """Return the values that are not None, without duplicates if that is cheap."""
    if set(map(type, values)) <= PLAIN_TYPES | {float}:
        return set(values) - {None}
    return {id(value): value for value in values if value is not None}.values()
