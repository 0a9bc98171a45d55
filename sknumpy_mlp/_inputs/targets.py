"""Conversion of targets, labels or numbers of any type, to arrays."""

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
from sknumpy_mlp._utils.values import builtin, short_repr

# float64 represents every integer up to this limit.
_LARGEST_EXACT = 2**53


def read_target(y: Any, name: str, *, numeric: bool) -> Any:
    """Convert a target to an array of a type that scikit-learn supports.

    This applies to ``y``, ``y_val`` and ``classes``, in `fit`, `partial_fit` and
    `score`.  Numbers may be given as strings, ``Decimal`` and other objects.  Labels
    may be strings or integers of any type, including enumerations of strings or
    integers.  None and sparse matrices are returned unchanged.

    Parameters
    ----------
    y : array-like, sparse matrix or None
        The target.
    name : str
        The name of the argument.
    numeric : bool
        Whether it consists of numbers, as in regression, and not of labels.

    Returns
    -------
    y : ndarray, sparse matrix or None
        The target.

    Raises
    ------
    ValueError, TypeError
        If values are masked, missing among objects, or not numbers or labels.
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
        refuse_dates(values, name)  # dates among the numbers of a list
        if values.dtype.kind not in "OSTU":
            return values
        hint = " For targets that are classes, use a classifier."
        return to_numbers(values, name, hint)
    if values.dtype.kind in "OT":  # scikit-learn does not know NumPy's StringDType
        return _as_labels(values.astype(object), name)
    return values


def _as_labels(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Convert objects that are all strings, all booleans or all numbers.

    Integers are converted to a data type that can represent them.
    """
    with suppress(ArithmeticError):  # a signaling NaN cannot be compared
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
    """Convert objects of subclasses of ``str`` to ``str``."""
    if set(map(type, labels)) - {str}:
        labels = list(map(builtin, labels))
        shape, values = values.shape, np.empty(len(labels), dtype=object)
        values[:] = labels
        values = values.reshape(shape)
    for label in set(labels):
        if label.endswith("\0"):
            raise ValueError(
                f"{name} has the label {short_repr(label)}, whose null character at "
                "the end is lost in NumPy's strings. Leave it out."
            )
    return values


def _label_error(labels: list[Any], name: str) -> ValueError:
    """Return the error for unsupported labels, with an example of each type."""
    examples: dict[type, Any] = {}
    for label in labels:
        examples.setdefault(type(label), label)
    found = ", ".join(f"{t.__name__} ({short_repr(v)})" for t, v in examples.items())
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
    """Convert integers to int64 or uint64; return None for floats and larger values."""
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
    """Return the index of each label in the sorted classes, which contain all labels.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The labels.
    classes : ndarray of shape (n_classes,)
        The sorted classes.
    name : str
        The name of the argument with the labels.

    Raises
    ------
    ValueError
        If a label is a float above 2**53 and the classes are integers: the original
        integer is lost.
    """
    if y.dtype.kind == classes.dtype.kind:
        return np.searchsorted(classes, y)
    if y.dtype.kind == "f" and classes.dtype.kind in "iu":
        rounded = y[np.abs(y) > _LARGEST_EXACT]
        if rounded.size:
            raise ValueError(
                f"{name} has the label {short_repr(rounded[0])}, a float above 2**53, "
                f"where floats do not tell integers apart. Pass {name} in the type of "
                f"y, {classes.dtype}."
            )
    # NumPy would compare int64 with uint64 as float64, in which 2**53 and 2**53 + 1 are
    # equal; Python compares the integers.
    codes = {label: code for code, label in enumerate(classes.tolist())}
    return np.fromiter(map(codes.__getitem__, y.tolist()), np.intp, len(y))


def squeeze_single_column(y: Any, *, dense: bool, warn: bool) -> Any:
    """Return a target with a single column as a vector, and others unchanged."""
    if dense and hasattr(y, "toarray"):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=warn)
    return y
