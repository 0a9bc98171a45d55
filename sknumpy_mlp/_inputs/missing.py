"""Missing and masked values."""

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.cells import PLAIN_TYPES, once_per_object
from sknumpy_mlp._inputs.errors import item_name


def is_missing(value: Any) -> bool:
    """Return True if a value is None, NaN, NaT or pandas.NA."""
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
    """Return values with None in place of missing ones."""
    types = set(map(type, values))
    if types <= PLAIN_TYPES:
        return values
    if types <= PLAIN_TYPES | {float}:
        return [value if value == value else None for value in values]
    return once_per_object(lambda value: None if is_missing(value) else value, values)


def refuse_missing(values: NDArray[Any], name: str) -> None:
    """Raise ValueError if an array of objects, dates or times has missing values."""
    if values.dtype.kind == "O":
        found = list(map(is_missing, values.reshape(-1).tolist()))
    elif values.dtype.kind in "mM":
        found = np.isnat(values).reshape(-1).tolist()
    else:
        return
    if any(found):
        index = np.unravel_index(found.index(True), values.shape)
        raise ValueError(
            f"Input {name} contains NaN or other missing values: the first is "
            f"{item_name(name, map(int, index))}. Leave those rows out."
        )


def refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if there are masked values, whose data is arbitrary."""
    parts = values if isinstance(values, list | tuple) else (values,)
    n_masked = sum(
        int(np.ma.getmaskarray(part).sum())
        for part in parts
        if isinstance(part, np.ma.MaskedArray)
    )
    if n_masked:
        raise ValueError(
            f"Input {name} contains masked values: {n_masked} of them. Fill them in, "
            "with numpy.ma.filled, or leave those rows out."
        )
