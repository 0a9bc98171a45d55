"""Targets: labels and numbers of any type, as arrays that scikit-learn knows."""

from contextlib import suppress
from numbers import Integral, Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d

from sknumpy_mlp._inputs.arrays import (
    as_array,
    not_array_error,
    to_array,
    to_numbers,
    without_nullable_types,
)
from sknumpy_mlp._inputs.dates import refuse_dates
from sknumpy_mlp._inputs.missing import refuse_masked, refuse_missing
from sknumpy_mlp._utils.typing import IntArray
from sknumpy_mlp._utils.values import builtin, shown

# Up to here floats tell integers apart.
_LARGEST_EXACT = 2**53


def read_target(y: Any, name: str, *, numeric: bool) -> Any:
    """Return a target as an array of a type that scikit-learn knows.

    One rule for ``y``, ``y_val``, ``classes`` and what `score` is given.  Numbers may
    come as strings, Decimals and other objects; labels as strings, or as whole numbers
    of any type; those of a subclass, such as members of an enumeration, count as the
    strings and integers that they are.  None and sparse matrices are returned as they
    are.

    Parameters
    ----------
    y : array-like, sparse matrix or None
        The target.
    name : str
        What messages call it.
    numeric : bool
        Whether it is to hold numbers, not labels.

    Raises
    ------
    ValueError, TypeError
        If values are masked or missing among objects, or no numbers or labels.
    """
    if y is None or hasattr(y, "toarray"):
        return y
    refuse_masked(y, name)
    if numeric:
        refuse_dates(y, name)
    y = without_nullable_types(as_array(y, name), name)
    values = to_array(y, name)
    if values.ndim == 0:
        raise not_array_error(y, name)
    if values.dtype.kind == "c":
        raise ValueError(f"{name}: Complex data not supported. Pass real numbers.")
    if numeric:
        refuse_dates(values, name)  # that a list has beside numbers
        if values.dtype.kind not in "OSTU":
            return values
        hint = " For targets that are classes, use a classifier."
        return to_numbers(values, name, hint)
    if values.dtype.kind in "OT":  # scikit-learn does not know NumPy's StringDType
        return _as_labels(values.astype(object), name)
    return values


def _as_labels(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return objects that are all strings, all booleans or all whole numbers.

    Whole numbers are given a type that holds them.
    """
    with suppress(ArithmeticError):  # as in to_numbers
        refuse_missing(values, name)
    labels = values.reshape(-1).tolist()
    types = set(map(type, labels))
    if all(issubclass(t, str) for t in types):
        return _as_strings(values, labels, name)
    if all(issubclass(t, bool | np.bool_) for t in types):
        return values.astype(np.bool_)
    if all(issubclass(t, Number) for t in types):
        integers = _as_integers(labels)
        if integers is not None:
            return integers.reshape(values.shape)
        if not all(issubclass(t, Integral) for t in types):
            return to_numbers(values, name)
    raise _label_error(labels, name)


def _as_strings(values: NDArray[Any], labels: list[Any], name: str) -> NDArray[Any]:
    """Return objects that are strings of any type as ``str``."""
    if set(map(type, labels)) - {str}:
        labels = list(map(builtin, labels))
        shape, values = values.shape, np.empty(len(labels), dtype=object)
        values[:] = labels
        values = values.reshape(shape)
    for label in set(labels):
        if label.endswith("\0"):
            raise ValueError(
                f"{name} has the label {shown(label)}, whose null character at the end "
                "is lost in NumPy's strings. Leave it out."
            )
    return values


def _label_error(labels: list[Any], name: str) -> ValueError:
    """Say what labels are no labels, with an example of each type."""
    examples: dict[type, Any] = {}
    for label in labels:
        examples.setdefault(type(label), label)
    found = ", ".join(f"{t.__name__} ({shown(v)})" for t, v in examples.items())
    way_out = f"Turn them into strings, as in [str(label) for label in {name}]."
    several = (list, tuple, set, frozenset, np.ndarray)
    if any(issubclass(t, several) for t in examples):
        way_out += (
            " For several labels of each sample, pass a matrix of 0 and 1, such as "
            "sklearn.preprocessing.MultiLabelBinarizer makes."
        )
    return ValueError(
        f"Unknown label type: {name} holds {found}. Labels must be all strings, or "
        f"else booleans or integers of up to 64 bits. {way_out}"
    )


def _as_integers(labels: list[Any]) -> NDArray[Any] | None:
    """Return whole numbers as int64 or uint64; None if they are floats or too large."""
    try:
        integers = [int(label) for label in labels]
    except (TypeError, ValueError, ArithmeticError):
        return None
    if integers != labels or any(isinstance(label, float) for label in labels):
        return None
    for dtype in (np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if limits.min <= min(integers) and max(integers) <= limits.max:
            return np.array(integers, dtype)
    return None


def encode_labels(y: NDArray[Any], classes: NDArray[Any], name: str) -> IntArray:
    """Return the position of each label among the sorted classes, which hold them all.

    Of two types NumPy makes a third, and of int64 and uint64 float64, in which 2**53
    and 2**53 + 1 are the same; Python compares what they are.  Of labels that have
    become floats before, nobody knows what they were: they are refused.
    """
    if y.dtype.kind == classes.dtype.kind:
        return np.searchsorted(classes, y)
    if y.dtype.kind == "f" and classes.dtype.kind in "iu":
        rounded = y[np.abs(y) > _LARGEST_EXACT]
        if rounded.size:
            raise ValueError(
                f"{name} has the label {shown(rounded[0])}, a float above 2**53, where "
                f"floats do not tell integers apart. Pass {name} in the type of y, "
                f"{classes.dtype}."
            )
    codes = {label: code for code, label in enumerate(classes.tolist())}
    return np.fromiter(map(codes.__getitem__, y.tolist()), np.intp, len(y))


def one_or_several_columns(y: Any, *, dense: bool, warn: bool) -> Any:
    """Return a target of one column as a vector."""
    if dense and hasattr(y, "toarray"):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=warn)
    return y
