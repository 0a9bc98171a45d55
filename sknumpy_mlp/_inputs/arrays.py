"""Conversion of array-likes to NumPy arrays."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.errors import naming
from sknumpy_mlp._inputs.missing import refuse_missing
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import plain, shown

# NumPy's types for pandas' nullable ones, by kind.
_PLAIN_TYPES = {"i": np.int64, "u": np.uint64, "f": np.float64, "b": np.bool_}


def as_array(values: Any, name: str) -> Any:
    """Return tensors and polars series as arrays, and all else as it is.

    Their types are not NumPy's, and say nothing to those who ask for their ``kind``.
    """
    dtype = getattr(values, "dtype", None)
    if dtype is None or hasattr(dtype, "kind") or not hasattr(values, "__array__"):
        return values
    try:
        return np.asarray(values)
    except Exception as error:  # each library has errors of its own
        if hasattr(values, "to_list"):  # polars has integers of 128 bits
            return np.array(values.to_list(), dtype=object)
        raise TypeError(
            f"{name} is a {type(values).__name__} of which NumPy can make no array: "
            f"{error}"
        ) from error


def to_array(y: Any, name: str) -> NDArray[Any]:
    """Return a target as an array, of objects where NumPy would change values.

    Of a list, it turns what is beside strings into strings, of as many characters as
    the longest one has when it is printed; rows of different lengths it refuses.
    """
    if hasattr(y, "get_columns"):  # a polars frame
        return np.column_stack([as_array(column, name) for column in y.get_columns()])
    if isinstance(y, Sequence) and not isinstance(y, str | bytes):
        types = set(map(type, y))
        if types & {list, tuple}:
            rows = (row for row in y if isinstance(row, list | tuple))
            types.update(*(map(type, row) for row in rows))
        if any(issubclass(t, str) for t in types):
            return _as_objects(y)
    with naming(name):
        try:
            return np.asarray(y)
        except ValueError:
            if not isinstance(y, Sequence):
                raise
            return _as_objects(y)


def _as_objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return an array of objects, of two dimensions if all rows have one length."""
    try:
        return np.array(values, dtype=object)
    except ValueError:  # such as arrays of different lengths
        array = np.empty(len(values), dtype=object)
        array[:] = list(values)
        return array


def not_array_error(
    y: Any, name: str, expected: str = "an array-like of at least 1 dimension"
) -> TypeError:
    way_out = "a list or an array"
    if isinstance(y, Mapping):
        way_out = f"list({name}.values())"
    elif isinstance(y, Iterable) and not isinstance(y, str | bytes | np.ndarray):
        way_out = f"list({name})"
    found = f"an object of type {type(y).__name__}"
    if isinstance(y, str | bytes | Number):
        found = shown(y)
    return TypeError(f"{name} must be {expected}, got {found}. Pass {way_out}.")


def without_nullable_types(y: Any, name: str) -> Any:
    """Return pandas' nullable columns in NumPy's types.

    NumPy would make objects of them, and scikit-learn floats, which do not hold whole
    numbers above 2**53.
    """
    is_frame = hasattr(y, "iloc") and hasattr(y, "columns")
    columns = [y.iloc[:, i] for i in range(y.shape[1])] if is_frame else [y]
    if not any(map(_is_nullable, columns)):
        return y
    arrays = []
    for column in columns:
        plain_type = None
        if _is_nullable(column):
            if column.isna().any():
                refuse_missing(np.array([None]), name)
            plain_type = _PLAIN_TYPES[column.dtype.kind]
        arrays.append(column.to_numpy(dtype=plain_type))
    return np.column_stack(arrays) if is_frame else arrays[0]


def _is_nullable(column: Any) -> bool:
    dtype = getattr(column, "dtype", None)
    return (
        hasattr(column, "isna")
        and not isinstance(dtype, np.dtype)
        and getattr(dtype, "kind", None) in _PLAIN_TYPES
    )


def to_numbers(values: NDArray[Any], name: str, hint: str = "") -> Array:
    """Return objects or strings as float64; an error shows the first that is none.

    It ends with the hint.
    """
    with suppress(ArithmeticError):  # a signaling NaN cannot be compared
        refuse_missing(values, name)
    try:
        numbers: Array = values.astype(np.float64)
    except (TypeError, ValueError, ArithmeticError):
        for index in np.ndindex(values.shape):
            where = f"{name}[{', '.join(map(str, index))}]"
            _refuse_no_number(values[index], where, hint)
        raise
    return numbers


def _refuse_no_number(value: Any, name: str, hint: str) -> None:
    try:
        float(plain(value))
    except (TypeError, ValueError, ArithmeticError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{name}={shown(value)} must be a number: {error}. Correct it, or leave "
            f"the row out.{hint}"
        ) from error
