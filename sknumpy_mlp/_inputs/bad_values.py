"""Error messages for values in ``X`` that a plain network cannot use.

scikit-learn's validation finds NaN, infinity and values that are not numbers.  The
messages here add the columns with such values, and a remedy.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sknumpy_mlp._inputs.column_kinds import kind_of_objects
from sknumpy_mlp._inputs.column_labels import column_names, labels_of, listed
from sknumpy_mlp._inputs.dates import dates_error
from sknumpy_mlp._inputs.errors import infinity_error
from sknumpy_mlp._inputs.frames import is_pandas_frame
from sknumpy_mlp._inputs.missing import is_missing
from sknumpy_mlp._utils.values import short_repr


@contextmanager
def explaining_bad_values(X: Any, dtype: Any, *, alternative: str) -> Iterator[None]:
    """Explain errors of scikit-learn's validation of ``X`` in the ``with`` block.

    The messages begin with the first line of scikit-learn's message.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The data that is validated.
    dtype : type or sequence of types
        The data type that it is converted to.
    alternative : str
        The name of the estimator that supports raw tables.
    """
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        if reason.startswith("Input X contains infinity"):
            columns = _columns_where(np.isinf, X, dtype)
            raise infinity_error(columns, reason) from error
        if reason.startswith("Input X contains NaN"):
            columns = _columns_where(np.isnan, X, dtype)
            raise _missing_error(reason, columns, alternative) from error
        if reason.startswith(_CONVERSION_ERRORS):
            explained = _explain_objects(X, reason, alternative)
            if explained is not None:
                raise explained from error
        raise


# Prefixes of the messages of scikit-learn and NumPy about objects.
_CONVERSION_ERRORS = (
    "could not convert string",
    "float() argument",
    "setting an array element with a sequence",
    "only ",  # such as "only length-1 arrays can be converted"
    "cannot convert signaling NaN",
    "Complex data not supported",
    "int too large",
    "'utf-8' codec",
)


def _missing_error(reason: str, columns: Sequence[str], alternative: str) -> ValueError:
    """Return the error for missing values in some columns."""
    return ValueError(
        f"{reason} Values are missing in {listed(columns)}. Fill them in, for example "
        "with sklearn.impute.SimpleImputer in a Pipeline, or use "
        f"{alternative}, which takes missing values as they are."
    )


def _explain_objects(X: Any, reason: str, alternative: str) -> Exception | None:
    """Return the error for values that are not numbers, or None if there is none."""
    found = _columns_of_objects(X)
    labels = labels_of(X)
    names = {kind: column_names(labels, columns) for kind, columns in found.items()}
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
            f"{listed(names['other'])}, with values such as {short_repr(value)}. Turn "
            "them into columns of numbers, such as the items of lists and the parts of "
            "complex numbers, or leave them out."
        )
    if "category" in found:
        return error(
            f"{reason}. X must hold numbers, which is not so in "
            f"{listed(names['category'])}. Encode categories, for example "
            "with sklearn.preprocessing.OneHotEncoder in a ColumnTransformer, or "
            f"use {alternative}, which takes categories and strings as they are."
        )
    if "missing" in found:  # a signaling NaN, which cannot be converted
        return _missing_error("Input X contains NaN.", names["missing"], alternative)
    if "number" in found:
        return infinity_error(names["number"])
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
    """Return the names of the columns with bad values."""
    with np.errstate(over="ignore"):
        values = check_array(
            X, accept_sparse="csc", dtype=dtype, ensure_all_finite=False
        )
    if isinstance(values, np.ndarray):
        found = is_bad(values).any(axis=0)
    else:
        parts = pairwise(values.indptr)
        found = [is_bad(values.data[start:end]).any() for start, end in parts]
    return column_names(labels_of(X), np.flatnonzero(found).tolist())


def _columns_of_objects(X: Any) -> dict[str, dict[int, Any]]:
    """Return the columns that are not numeric by kind, each with a bad value."""
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
    """Yield the columns of a table as arrays of objects; none if it is not 2D."""
    if is_pandas_frame(X):  # whose columns may have several types
        for i in range(X.shape[1]):
            yield X.iloc[:, i].to_numpy(dtype=object)
        return
    values = np.asarray(X, dtype=object)
    if values.ndim == 2:
        yield from values.T


def _is_float(value: Any) -> bool:
    """Return True if a value can be converted to a float."""
    try:
        float(value)
    except (TypeError, ValueError, ArithmeticError):
        return False
    return True
