"""Kinds of columns: numbers, booleans, categories, dates, and others."""

from numbers import Number
from typing import Any

import numpy as np

from sknumpy_mlp._inputs.cells import is_usable, kind_of_type
from sknumpy_mlp._inputs.dates import is_date_class
from sknumpy_mlp._inputs.missing import with_none


def kind_of_typecode(code: str) -> str:
    if code in "iuf":
        return "number"
    if code in "mM":
        return "date"
    if code == "b":
        return "boolean"
    return "other" if code in "cV" else "category"


def kind_of_objects(values: list[Any], without_values: str = "category") -> str:
    """Return the kind of a column by its values: numbers if all of them are.

    A column that is missing as a whole is of the kind ``without_values``.
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
    strange = tuple(t for t in types if not issubclass(t, str | Number | np.generic))
    if any(getattr(t, "__hash__", None) is None for t in strange):
        return "other"
    # An object in many rows is looked at once.
    objects = {id(value): value for value in present if isinstance(value, strange)}
    usable = all(map(is_usable, objects.values()))
    return "category" if usable and "complex number" not in kinds else "other"
