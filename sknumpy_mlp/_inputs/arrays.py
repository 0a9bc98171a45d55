"""Conversion of array-likes of any library to NumPy arrays."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.errors import error_prefix, item_name
from sknumpy_mlp._inputs.frames import is_pandas_frame, is_polars_frame
from sknumpy_mlp._inputs.missing import refuse_missing
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import plain, short_repr

# The NumPy types of pandas' nullable types, by kind.
_NUMPY_TYPES = {"i": np.int64, "u": np.uint64, "f": np.float64, "b": np.bool_}


def as_array(values: Any, name: str) -> Any:
    """Convert tensors and polars series to arrays; return other values unchanged.

    scikit-learn's validation needs a ``dtype.kind``, which their data types lack.
    """
    dtype = getattr(values, "dtype", None)
    if dtype is None or hasattr(dtype, "kind") or not hasattr(values, "__array__"):
        return values
    try:
        return np.asarray(values)
    except Exception as error:  # each library raises different errors
        if hasattr(values, "to_list"):  # 128-bit integers of polars
            return np.array(values.to_list(), dtype=object)
        raise TypeError(
            f"{name} is a {type(values).__name__} of which NumPy can make no array: "
            f"{error}"
        ) from error


def to_array(y: Any, name: str) -> NDArray[Any]:
    """Convert an array-like to an array, of objects if NumPy would change values.

    NumPy converts all values of a list with strings to strings, and does not accept
    rows of different lengths.
    """
    if is_polars_frame(y):
        return np.column_stack([as_array(column, name) for column in y.get_columns()])
    if isinstance(y, Sequence) and not isinstance(y, str | bytes):
        types = set(map(type, y))
        if types & {list, tuple}:
            rows = (row for row in y if isinstance(row, list | tuple))
            types.update(*(map(type, row) for row in rows))
        if any(issubclass(t, str) for t in types):
            return _as_objects(y)
    with error_prefix(name):
        try:
            return np.asarray(y)
        except ValueError:
            if not isinstance(y, Sequence):
                raise
            return _as_objects(y)


def _as_objects(values: Sequence[Any]) -> NDArray[Any]:
    """Convert to an array of objects, which is 2D if all rows have the same length."""
    try:
        return np.array(values, dtype=object)
    except ValueError:  # such as arrays of different lengths
        array = np.empty(len(values), dtype=object)
        array[:] = list(values)
        return array


def not_array_error(
    y: Any, name: str, expected: str = "an array-like of at least 1 dimension"
) -> TypeError:
    """Return the error for an argument that is not an array-like.

    Parameters
    ----------
    y : object
        The argument.
    name : str
        The name of the argument.
    expected : str, default='an array-like of at least 1 dimension'
        The expected kind of argument.
    """
    way_out = "a list or an array"
    if isinstance(y, Mapping):
        way_out = f"list({name}.values())"
    elif isinstance(y, Iterable) and not isinstance(y, str | bytes | np.ndarray):
        way_out = f"list({name})"
    found = f"an object of type {type(y).__name__}"
    if isinstance(y, str | bytes | Number):
        found = short_repr(y)
    return TypeError(f"{name} must be {expected}, got {found}. Pass {way_out}.")


def without_nullable_types(y: Any, name: str) -> Any:
    """Convert columns of pandas' nullable types to NumPy types.

    NumPy would convert them to objects, and scikit-learn to floats, which cannot
    represent all integers above 2**53.
    """
    is_frame = is_pandas_frame(y)
    columns = [y.iloc[:, i] for i in range(y.shape[1])] if is_frame else [y]
    if not any(map(_is_nullable, columns)):
        return y
    arrays = []
    for column in columns:
        plain_type = None
        if _is_nullable(column):
            if column.isna().any():
                refuse_missing(np.array([None]), name)
            plain_type = _NUMPY_TYPES[column.dtype.kind]
        arrays.append(column.to_numpy(dtype=plain_type))
    return np.column_stack(arrays) if is_frame else arrays[0]


def _is_nullable(column: Any) -> bool:
    """Return True if a column has one of pandas' nullable types."""
    dtype = getattr(column, "dtype", None)
    return (
        hasattr(column, "isna")
        and not isinstance(dtype, np.dtype)
        and getattr(dtype, "kind", None) in _NUMPY_TYPES
    )


def to_numbers(values: NDArray[Any], name: str, hint: str = "") -> Array:
    """Convert objects or strings to float64.

    Parameters
    ----------
    values : ndarray
        The values.
    name : str
        The name of the argument.
    hint : str, default=''
        The end of the error message.

    Raises
    ------
    ValueError, TypeError
        If a value is missing or cannot be converted; the message shows the first one.
    """
    with suppress(ArithmeticError):  # a signaling NaN cannot be compared
        refuse_missing(values, name)
    try:
        numbers: Array = values.astype(np.float64)
    except (TypeError, ValueError, ArithmeticError):
        for index in np.ndindex(values.shape):
            _check_number(values[index], item_name(name, index), hint)
        raise
    return numbers


def _check_number(value: Any, name: str, hint: str) -> None:
    """Raise ValueError or TypeError if a value cannot be converted to a float."""
    try:
        float(plain(value))
    except (TypeError, ValueError, ArithmeticError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{name}={short_repr(value)} must be a number: {error}. Correct it, or "
            f"leave the row out.{hint}"
        ) from error
