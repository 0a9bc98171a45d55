"""What the estimators are given, and give: targets, weights, losses, predictions."""

import hashlib
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from numbers import Integral, Number, Real
from types import CodeType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from sknumpy_mlp._inputs.categories import is_missing
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.table import (
    as_array,
    dates_error,
    infinity_error,
    kind_of_objects,
    listed,
    refuse_dates,
    refuse_masked,
    refuse_missing,
)
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import builtin, plain, shown
from sknumpy_mlp.activations import Activation, try_activation
from sknumpy_mlp.losses import Loss, try_loss

_ATOMS = (NoneType, bool, int, float, str)


# Up to here floats tell integers apart.
_LARGEST_EXACT = 2**53

# NumPy's types for pandas' nullable ones, by kind.
_PLAIN_TYPES = {"i": np.int64, "u": np.uint64, "f": np.float64, "b": np.bool_}


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
    y = _without_nullable_types(as_array(y, name), name)
    values = _as_values(y, name)
    if values.ndim == 0:
        raise _no_array_error(y, name)
    if values.dtype.kind == "c":
        raise ValueError(f"{name}: Complex data not supported. Pass real numbers.")
    if numeric:
        refuse_dates(values, name)  # that a list has beside numbers
        if values.dtype.kind not in "OSTU":
            return values
        hint = " For targets that are classes, use a classifier."
        return _as_numbers(values, name, hint)
    if values.dtype.kind in "OT":  # scikit-learn does not know NumPy's StringDType
        return _as_labels(values.astype(object), name)
    return values


def _as_values(y: Any, name: str) -> NDArray[Any]:
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


def _no_array_error(
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


def _without_nullable_types(y: Any, name: str) -> Any:
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


def _as_numbers(values: NDArray[Any], name: str, hint: str = "") -> Array:
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


def _as_labels(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return objects that are all strings, all booleans or all whole numbers.

    Whole numbers are given a type that holds them.
    """
    with suppress(ArithmeticError):  # as in _as_numbers
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
            return _as_numbers(values, name)
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


@contextmanager
def explaining_bad_values(X: Any, dtype: Any, *, alternative: str) -> Iterator[None]:
    """Say of values in ``X`` that a network cannot use where they are and what to do.

    scikit-learn's own message comes first, without its advice.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The input data that is validated in the block.
    dtype : type or sequence of types
        What it is to be converted to.
    alternative : str
        The estimator that takes tables as they are.
    """
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        if reason.startswith("Input X contains infinity"):
            columns = _columns_where(np.isinf, X, dtype)
            raise infinity_error(reason, columns) from error
        if reason.startswith("Input X contains NaN"):
            columns = _columns_where(np.isnan, X, dtype)
            raise _missing_error(reason, columns, alternative) from error
        if reason.startswith(_REASONS_OF_OBJECTS):
            explained = _explain_objects(X, reason, alternative)
            if explained is not None:
                raise explained from error
        raise


# What scikit-learn and NumPy say of values that are no numbers.
_REASONS_OF_OBJECTS = (
    "could not convert string",
    "float() argument",
    "setting an array element with a sequence",
    "only ",  # arrays of one number can be converted
    "cannot convert signaling NaN",
    "Complex data not supported",
    "int too large",
    "'utf-8' codec",
)


def _missing_error(reason: str, columns: Sequence[str], alternative: str) -> ValueError:
    return ValueError(
        f"{reason} Values are missing in {listed(columns)}. Fill them in, for example "
        "with sklearn.impute.SimpleImputer in a Pipeline, or use "
        f"{alternative}, which takes missing values as they are."
    )


def _explain_objects(X: Any, reason: str, alternative: str) -> Exception | None:
    """Return the error of values that are no numbers; None if ``X`` is no table."""
    found = _columns_of_objects(X)
    names = {kind: _column_names(X, columns) for kind, columns in found.items()}
    error = TypeError if reason.startswith("float() argument") else ValueError
    if "date" in found:
        values = found["date"].values()
        pairs = zip(names["date"], values, strict=True)
        return dates_error([f"{n} ({type(v).__name__})" for n, v in pairs], "X")
    reason = reason.rstrip(".")
    if "other" in found:
        value = next(iter(found["other"].values()))
        return error(
            f"{reason}. X must hold numbers, which is not so in "
            f"{listed(names['other'])}, with values such as {shown(value)}. Turn them "
            "into columns of numbers, such as the items of lists and the parts of "
            "complex numbers, or leave them out."
        )
    if "category" in found:
        return error(
            f"{reason}. X must hold numbers, which is not so in "
            f"{listed(names['category'])}. Encode categories, for example "
            "with sklearn.preprocessing.OneHotEncoder in a ColumnTransformer, or "
            f"use {alternative}, which takes categories and strings as they are."
        )
    if "missing" in found:  # a signaling NaN, which is no float
        return _missing_error("Input X contains NaN.", names["missing"], alternative)
    if "number" in found:
        return infinity_error(
            "Input X contains infinity or a value too large for dtype('float64').",
            names["number"],
        )
    if hasattr(X, "toarray"):  # a sparse matrix of complex numbers
        return ValueError(f"{reason}: X must hold real numbers.")
    if np.asarray(X, dtype=object).ndim == 0:
        return error(
            "X must be a 2D array or a data frame, got an object of type "
            f"{type(X).__name__}."
        )
    return None


def _columns_where(
    is_bad: Callable[[NDArray[Any]], Any], X: Any, dtype: Any
) -> list[str]:
    """Return the names of columns, as messages show them, that hold bad values."""
    with np.errstate(over="ignore"):
        values = check_array(
            X, accept_sparse="csc", dtype=dtype, ensure_all_finite=False
        )
    if isinstance(values, np.ndarray):
        found = is_bad(values).any(axis=0)
    else:
        parts = pairwise(values.indptr)
        found = [is_bad(values.data[start:end]).any() for start, end in parts]
    return _column_names(X, np.flatnonzero(found))


def _columns_of_objects(X: Any) -> dict[str, dict[int, Any]]:
    """Return columns that are no numbers, by kind, each with a value that is none."""
    found: dict[str, dict[int, Any]] = {}
    for i, column in enumerate(_object_columns(X)):
        with suppress(TypeError, ValueError, ArithmeticError):
            column.astype(np.float64)
            continue
        values = list(column)
        kind = kind_of_objects(values, without_values="number")
        if kind == "date":
            value = next(v for v in values if kind_of_objects([v]) == "date")
        else:
            value = next(v for v in values if not _is_float(v))
        if kind in ("number", "boolean"):
            kind = "missing" if is_missing(value) else "number"
        found.setdefault(kind, {})[i] = value
    return found


def _object_columns(X: Any) -> Iterator[NDArray[Any]]:
    """Yield the columns of a table as arrays of objects, and none of what is none."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):  # of several types
        for i in range(X.shape[1]):
            yield X.iloc[:, i].to_numpy(dtype=object)
        return
    values = np.asarray(X, dtype=object)
    if values.ndim == 2:
        yield from values.T


def _is_float(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, ArithmeticError):
        return False
    return True


def _column_names(X: Any, which: Any) -> list[str]:
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return [str(i) if names is None else shown(names[i]) for i in which]


def one_or_several_columns(y: Any, *, dense: bool, warn: bool) -> Any:
    """Return a target of one column as a vector."""
    if dense and hasattr(y, "toarray"):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=warn)
    return y


def describe(value: Any) -> Any:
    """Return what JSON can hold of a parameter, the same in every process."""
    try:
        return _describe(value)
    except RecursionError:  # an object that holds itself
        return type(value).__qualname__


def _describe(value: Any) -> Any:
    if isinstance(value, _ATOMS):
        return value
    if isinstance(value, np.generic):
        return _describe(value.item())
    if isinstance(value, np.ndarray):
        long_and_numeric = value.size > 1000 and value.dtype.kind in "biufc"
        return digest(value) if long_and_numeric else _describe(value.tolist())
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    if isinstance(value, dict):
        pairs = [[_describe(key), _describe(item)] for key, item in value.items()]
        return sorted(pairs, key=repr)
    if isinstance(value, CodeType):
        return _describe([value.co_code.hex(), value.co_names, value.co_consts])
    if isinstance(value, FunctionType):  # its name may be <lambda>
        cells = inspect.getclosurevars(value).nonlocals
        bound = {name: cell for name, cell in cells.items() if isinstance(cell, _ATOMS)}
        return _describe(
            [value.__qualname__, value.__code__, value.__defaults__, bound]
        )
    # An address differs from process to process, and so may what a stream has drawn.
    opaque = np.random.RandomState | type | ModuleType
    if isinstance(value, opaque) or not hasattr(value, "__dict__"):
        return type(value).__qualname__ if " at 0x" in repr(value) else repr(value)
    attributes = {
        name: item
        for name, item in vars(value).items()
        if name not in ("n_steps", "moments")  # an optimiser's memory
    }
    is_plain = all(isinstance(item, _ATOMS) for item in attributes.values())
    if is_plain and " at 0x" not in repr(value):
        return repr(value)
    return [type(value).__qualname__, _describe(attributes)]


def digest(*arrays: Any) -> str:
    """Return a short text that no other data has, in practice."""
    sums = hashlib.blake2b(digest_size=16)
    for array in arrays:
        if array is None:
            sums.update(b"None")
        elif isinstance(array, np.ndarray):
            sums.update(f"{array.dtype.str}{array.shape}".encode())
            # In parts: a copy in row-major order may not fit into memory.
            for start in range(0, len(array), 4096):
                sums.update(np.ascontiguousarray(array[start : start + 4096]).data)
        else:
            sums.update(digest(array.data, array.indices, array.indptr).encode())
    return sums.hexdigest()


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Begin messages of errors with the name of what they are about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from error


def check_custom_parts(
    loss: Loss,
    activations: Iterable[tuple[Activation, int]],
    y: NDArray[Any],
    n_outputs: int,
    dtype: Any,
) -> None:
    """Raise ValueError if a custom loss or activation has, say, a wrong gradient.

    A network would train with it, badly, and nobody would be told.  This package's own
    classes are tested, and take no time here; their subclasses are custom.  Activations
    come with the numbers of units of their layers.
    """
    if type(loss).__module__ != Loss.__module__:
        with _advising("sknumpy_mlp.losses.check_loss(loss, y)"):
            try_loss(loss, y, n_outputs, dtype)
    for activation, n_units in activations:
        if type(activation).__module__ != Activation.__module__:
            call = f"check_activation(activation, n_units={n_units})"
            with _advising(f"sknumpy_mlp.activations.{call}"):
                try_activation(activation, n_units)


@contextmanager
def _advising(call: str) -> Iterator[None]:
    """End messages of errors with the function that repeats the check."""
    try:
        yield
    except ValueError as error:
        end = "" if str(error).endswith((".", "!", "?")) else "."
        raise ValueError(f"{error}{end} To repeat this check, call {call}.") from error


def weigh(data: Data, class_weights: Callable[[NDArray[Any]], Array] | None) -> Data:
    """Multiply the rows' weights by those of their classes."""
    if class_weights is None:
        return data
    weight = class_weights(data.y).astype(data.X.dtype, copy=False)
    if data.sample_weight is not None:
        weight = weight * data.sample_weight
    if not weight.any() or not np.isfinite(weight.sum()):
        raise ValueError(
            "The class weights, times sample_weight, must not all be zero, and their "
            f"sum must be finite in {weight.dtype}, the type of X: the sum is "
            f"{weight.sum()}. Change class_weight."
        )
    return replace(data, sample_weight=weight)


def check_sample_weight(
    sample_weight: Any, X: Any, name: str = "sample_weight"
) -> Array | None:
    """Return the weights in the type of ``X``, or None for None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(X.shape[0], sample_weight)
    refuse_dates(sample_weight, name)
    refuse_masked(sample_weight, name)
    weight: Any = as_array(sample_weight, name)
    if not hasattr(weight, "toarray"):  # sparse ones are refused by check_array
        weight = _as_values(weight, name)
    if weight.ndim == 0:
        raise _no_array_error(sample_weight, name, "a number or an array-like")
    if weight.dtype.kind in "OSTU":
        weight = _as_numbers(weight, name)
    if weight.dtype.kind == "c":
        raise ValueError(
            f"{name}: Complex data not supported. Weights must be real numbers."
        )
    with naming(name), np.errstate(over="ignore"):
        weight = check_array(
            weight, ensure_2d=False, dtype=X.dtype, ensure_all_finite=False
        )
    _refuse_infinite_weights(weight, name)
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array of "
            f"the shape {weight.shape} as {name}. Expected a number or an array of "
            f"length {X.shape[0]}."
        )
    with naming(f"{name} and X"):
        check_consistent_length(weight, X)
    if weight.min() < 0:
        raise ValueError(
            f"Negative values in data passed to `{name}`: the smallest is "
            f"{weight.min()}. Weights must be at least 0."
        )
    if not weight.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: with "
            f"{name}=0 (in {weight.dtype}) for every sample none of them counts. Give "
            f"some a weight above 0, or leave {name} out."
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError(
                f"The sum of {name} is too large for {weight.dtype}, the type "
                "of X. Divide the weights by their mean."
            )
    checked: Array = weight
    return checked


def _refuse_infinite_weights(weight: Array, name: str) -> None:
    bad = ~np.isfinite(weight)
    if bad.any():
        index = tuple(np.argwhere(bad)[0].tolist())
        where = f"{name}[{', '.join(map(str, index))}]"
        what = "NaN"
        if not np.isnan(weight[index]):
            what = f"infinity or a value too large for {weight.dtype!r}"
        raise ValueError(
            f"Input {name} contains {what}: the first is {where}. Weights must be "
            "finite numbers: correct it, or leave the row out."
        )


def refuse_overflow(predicted: Array) -> Array:
    """Return predictions, or raise ValueError if one is infinite or NaN.

    Weights that have nearly diverged are finite, and what they make of an ordinary row
    may not be; nor what any weights make of a row like no other.
    """
    # A sum takes no memory, and is not finite if one of its terms is not.
    if math.isfinite(np.add.reduce(predicted, axis=None)):
        return predicted
    is_finite = np.isfinite(predicted)
    if is_finite.all():
        return predicted
    rows = np.flatnonzero(~is_finite.reshape(len(predicted), -1).all(axis=1))
    raise ValueError(
        f"The outputs of the network for {len(rows)} of {len(predicted)} samples, the "
        f"first of them X[{rows[0]}], are infinite or NaN: values of X, or the weights "
        f"in coefs_, are so large that {predicted.dtype} does not hold the results. If "
        "these samples are unlike those of the training, correct them or leave them "
        "out. If not, the training has nearly diverged: scale the features, for "
        "example with StandardScaler in a Pipeline, and the target of a regressor, "
        "with TransformedTargetRegressor, lower learning_rate_init, or set "
        "max_grad_norm, and fit again."
    )


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Give the estimator its attributes back if the block raises."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
