"""Kinds of columns, determined by their type or by their values.

The kinds are ``'number'``, ``'boolean'``, ``'category'``, ``'date'`` and ``'other'``;
columns of the last kind cannot be used.
"""

from numbers import Number
from typing import Any

import numpy as np

from sknumpy_mlp._inputs.cells import has_stable_form, kind_of_type
from sknumpy_mlp._inputs.dates import is_date_class
from sknumpy_mlp._inputs.missing import with_none


def kind_of_typecode(code: str) -> str:
    """Return the kind of columns of a NumPy type, by its one-letter code."""
    if code in "iuf":
        return "number"
    if code in "mM":
        return "date"
    if code == "b":
        return "boolean"
    return "other" if code in "cV" else "category"


def kind_of_objects(values: list[Any], without_values: str = "category") -> str:
    """Return the kind of a column of objects by its values.

    Parameters
    ----------
    values : list
        The values.
    without_values : str, default='category'
        The kind of a column in which all values are missing.
    """
    present = [value for value in with_none(values) if value is not None]
    types = set(map(type, present))
    if not types:
        return without_values
    if any(map(is_date_class, types)):
        return "date"
    kinds = set(map(kind_of_type, types))
    if kinds <= {"number", "boolean"}:
        return kinds.pop() if len(kinds) == 1 else "category"
    others = tuple(t for t in types if not issubclass(t, str | Number | np.generic))
    if any(getattr(t, "__hash__", None) is None for t in others):
        return "other"
    # Each object is checked once, even if it is in many rows.
    objects = {id(value): value for value in present if isinstance(value, others)}
    are_stable = all(map(has_stable_form, objects.values()))
    return "category" if are_stable and "complex number" not in kinds else "other"
