"""Tables as users have them: pandas and polars frames, arrays, lists of rows.

A `Table` answers the few questions that a preprocessor asks of a table, column by
column.  Neither pandas nor polars is imported: a frame brings its own methods.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sknumpy_mlp._typing import Array, IntArray

_NAMES_OF_DATES = ("period", "time", "date", "duration")
_DATES = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    np.datetime64,
    np.timedelta64,
)


@dataclass(frozen=True)
class Column:
    """What is known of a column without looking at its values.

    Attributes
    ----------
    name : str
        Its name in messages.
    kind : {'number', 'boolean', 'category', 'date', 'other'}
        What its type makes of it; ``other`` cannot be used.
    dtype : str
        The name of its type.
    """

    name: str
    kind: str
    dtype: str


class Table:
    """A table of one of the supported kinds.

    Parameters
    ----------
    X : frame or array-like of shape (n_samples, n_features)
        The table.

    Attributes
    ----------
    data : frame or ndarray
        The table, an array in place of a list.
    shape : tuple of int
        Numbers of rows and columns.

    Raises
    ------
    ValueError, TypeError
        If it is no table, or a sparse or complex one.
    """

    def __init__(self, X: Any) -> None:
        self._is_pandas = hasattr(X, "iloc") and hasattr(X, "columns")
        self._is_polars = hasattr(X, "get_columns") and hasattr(X, "schema")
        if self._is_pandas or self._is_polars:
            n_rows, n_columns = X.shape
            for n, what in ((n_rows, "sample(s)"), (n_columns, "feature(s)")):
                if n == 0:
                    raise ValueError(
                        f"Found array with 0 {what} (shape={X.shape}) while a minimum "
                        "of 1 is required."
                    )
            names = [str(name) for name in X.columns]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(
                    f"X has several columns of the names {twice}. Rename them: by a "
                    "name, each column must be found."
                )
        else:
            X = as_array(X, "X")
            if np.ma.isMaskedArray(X):
                X = np.ma.filled(X.astype(object), np.nan)
            if isinstance(X, list | tuple):
                # An array of its own choice would turn numbers beside texts to texts.
                X = np.array(X, dtype=object) if _holds_texts(X) else np.asarray(X)
            if getattr(X, "dtype", None) is not None and X.dtype.kind in "mM":
                raise _date_error([f"all ({X.dtype})"])
            X = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
        self.data = X
        self.shape: tuple[int, int] = X.shape

    @cached_property
    def columns(self) -> list[Column]:
        """The columns."""
        return [self._describe(i) for i in range(self.shape[1])]

    def take(self, rows: IntArray) -> "Table":
        """Return some of the rows."""
        return Table(self.data.iloc[rows] if self._is_pandas else self.data[rows])

    def _describe(self, i: int) -> Column:
        if self._is_pandas:
            dtype = self.data.dtypes.iloc[i]
            name = str(self.data.columns[i])
            kind = _kind(dtype.kind)
            values = getattr(getattr(dtype, "categories", None), "dtype", dtype)
            if values.kind in "mM" or str(dtype).startswith(_NAMES_OF_DATES):
                kind = "date"
            if str(dtype) == "object" or str(dtype).startswith(("list", "struct")):
                kind = _kind_of_objects(self.data.iloc[:, i].to_numpy())
        elif self._is_polars:
            name, dtype = self.data.columns[i], self.data.dtypes[i]
            kind = "category"
            if dtype.is_numeric():
                kind = "number"
            elif str(dtype) == "Boolean":
                kind = "boolean"
            elif dtype.is_temporal():
                kind = "date"
            elif dtype.is_nested():
                kind = "other"
        else:
            name, dtype = f"column {i}", self.data.dtype
            kind = _kind(dtype.kind)
            if dtype.kind == "O":
                kind = _kind_of_objects(self.data[:, i], numbers=True)
        return Column(name, kind, str(dtype))

    def numbers(self, which: Sequence[int]) -> Array:
        """Return columns as float64, shape (n_rows, len(which)), missing as NaN."""
        values = np.empty((self.shape[0], len(which)))
        if (
            not self._is_pandas
            and not self._is_polars
            and self.data.dtype.kind in "iuf"
        ):
            values[...] = self.data[:, list(which)]
        else:
            for k, i in enumerate(which):
                values[:, k] = self._number(i)
        # Infinities of both signs add up to NaN, of which NumPy would warn first.
        with np.errstate(invalid="ignore"):
            try:
                checked: Array = check_array(
                    values,
                    ensure_all_finite="allow-nan",
                    ensure_min_features=0,
                    ensure_min_samples=0,
                    input_name="X",
                )
            except ValueError as error:
                is_array = isinstance(self.data, np.ndarray)
                raise infinity_error(
                    error,
                    [
                        str(i) if is_array else repr(self.columns[i].name)
                        for k, i in enumerate(which)
                        if np.isinf(values[:, k]).any()
                    ],
                ) from error
        return checked

    def _number(self, i: int) -> Any:
        column = self.columns[i]
        try:
            if self._is_pandas:
                series = self.data.iloc[:, i]
                return series.to_numpy(dtype=np.float64, na_value=np.nan)
            if self._is_polars:
                return np.asarray(
                    self.data.get_columns()[i].to_numpy(), dtype=np.float64
                )
            values = self.data[:, i]
            if values.dtype.kind == "O":
                values = np.where(_missing(values), np.nan, values)
            return values.astype(np.float64)
        except Exception as error:  # frames have errors of their own
            raise ValueError(
                f"X: column {column.name!r} ({column.dtype}) was to hold numbers, but "
                f"not all of its values are: {error}. Pass what the estimator was "
                "fitted on, or name the column in categorical_features and fit again."
            ) from error

    def categories(self, i: int) -> list[Any]:
        """Return a column's values, with None for missing ones."""
        if self._is_pandas:
            series = self.data.iloc[:, i]
            values = series.astype(object).to_numpy()
        elif self._is_polars:
            return _without_nan(self.data.get_columns()[i].to_list())
        else:
            values = self.data[:, i]
        return _without_nan(values.tolist())

    def __len__(self) -> int:
        return self.shape[0]


def refuse_missing(values: NDArray[Any], name: str) -> None:
    """Raise ValueError if there are missing ones among objects, dates or times."""
    if values.dtype.kind == "O":
        found = any(map(_is_missing, values.reshape(-1).tolist()))
    else:
        found = values.dtype.kind in "mM" and bool(np.isnat(values).any())
    if found:
        raise ValueError(
            f"Input {name} contains NaN or other missing values. Leave those rows out."
        )


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
        raise TypeError(
            f"{name} is a {type(values).__name__} of which NumPy can make no array: "
            f"{error}"
        ) from error


def refuse_masked(values: Any, name: str) -> None:
    """Raise ValueError if there are masked values, of which the data is arbitrary."""
    parts = values if isinstance(values, list | tuple) else (values,)
    n_masked = sum(
        int(np.ma.getmaskarray(part).sum())
        for part in parts
        if isinstance(part, np.ma.MaskedArray)
    )
    if n_masked:
        raise ValueError(
            f"Input {name} contains masked values: {n_masked} of them. Leave those "
            "rows out, or fill them in with numpy.ma.filled."
        )


def refuse_dates(values: Any, name: str) -> None:
    """Raise ValueError for dates and times, of which scikit-learn makes numbers.

    Those count days or nanoseconds, as it happens, and what is missing among them
    becomes a number as well.

    Parameters
    ----------
    values : object
        Looked at if it has a type, as arrays and series do, or types of columns; of
        lists and of objects the first.
    name : str
        What messages call it.
    """
    if hasattr(values, "columns") and hasattr(values, "dtypes"):
        typed = zip((repr(c) for c in values.columns), values.dtypes, strict=False)
        found = [f"{column} ({dtype})" for column, dtype in typed if _is_date(dtype)]
    else:
        dtype = getattr(values, "dtype", None)
        if dtype is None or dtype is _OBJECTS:
            dtype = getattr(_first(values), "dtype", None)
        found = [str(dtype)] if _is_date(dtype) else []
    if found:
        raise ValueError(
            f"{name} holds dates or times: {', '.join(found)}. Turn them into numbers, "
            "such as days since a date."
        )


_OBJECTS = np.dtype(object)


def _first(values: Any) -> Any:
    """Return the first of nested lists, or of an array or series of objects."""
    while isinstance(values, list | tuple) and values:
        values = values[0]
    if hasattr(values, "iloc"):
        values = values.to_numpy()
    return values.flat[0] if isinstance(values, np.ndarray) and values.size else values


def _is_date(dtype: Any) -> bool:
    """Whether a type of NumPy, pandas or polars is one of dates or times."""
    if hasattr(dtype, "is_temporal"):
        return bool(dtype.is_temporal())
    if hasattr(getattr(dtype, "categories", None), "dtype"):
        return _is_date(dtype.categories.dtype)
    return getattr(dtype, "kind", None) in ("m", "M")


def refuse_unusable(columns: Sequence[Column]) -> None:
    """Raise an error that names columns of dates and others that cannot be used."""
    dates = [f"{c.name!r} ({c.dtype})" for c in columns if c.kind == "date"]
    if dates:
        raise _date_error(dates)
    others = [f"{c.name!r} ({c.dtype})" for c in columns if c.kind == "other"]
    if others:
        raise TypeError(
            f"X: each value's argument must be a string or a number (or a boolean, or "
            f"missing), which is not so in the columns {', '.join(others)}. Turn them "
            "into columns of numbers or categories first, or leave them out."
        )


def _date_error(columns: list[str]) -> ValueError:
    return ValueError(
        f"X has columns of dates or times, which no single number stands for: "
        f"{', '.join(columns)}. Encode them as columns of numbers, such as the days "
        "since a date (X['when'] - start).dt.days, the month, the weekday or the hour, "
        "or leave them out."
    )


def infinity_error(error: ValueError, columns: Sequence[str]) -> ValueError:
    """Return scikit-learn's error with the names of the columns it is about."""
    return ValueError(
        f"{error} Such values are in {listed(columns)}. Correct them, or leave those "
        "rows out."
    )


def listed(columns: Sequence[str]) -> str:
    """Return columns, the first of many, as messages show them."""
    some = ", ".join(columns[:_MOST_LISTED])
    n_others = len(columns) - _MOST_LISTED
    if n_others > 0:
        some += f" and {n_others} more"
    return f"the column{'s' if len(columns) > 1 else ''} {some}"


_MOST_LISTED = 5


def _kind(code: str) -> str:
    if code in "iuf":
        return "number"
    if code in "mM":
        return "date"
    if code == "b":
        return "boolean"
    return "other" if code in "cV" else "category"


def _kind_of_objects(values: NDArray[Any], *, numbers: bool = False) -> str:
    """Look at the values of a column of objects.

    With ``numbers``, a column that holds nothing else counts as one of numbers: an
    array of objects has one type for all its columns, however different they are.
    """
    present = values[~_missing(values)]
    types = set(map(type, present.tolist()))
    if any(issubclass(t, _DATES) for t in types):
        return "date"
    if any(getattr(t, "__hash__", None) is None for t in types):
        return "other"
    if numbers and all(
        issubclass(t, Number) and not issubclass(t, bool) for t in types
    ):
        return "number"
    return "category"


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether objects are None or differ from themselves, as NaN and NaT do."""
    return np.fromiter(map(_is_missing, values.tolist()), bool, len(values))


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return False
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pandas.NA has no truth value
        return type(value).__name__ == "NAType"


def _without_nan(values: list[Any]) -> list[Any]:
    """Return values as Python's own, with None for missing ones."""
    return [
        None
        if _is_missing(value)
        else value.item()
        if isinstance(value, np.generic)
        else value
        for value in values
    ]


def _holds_texts(rows: Sequence[Any]) -> bool:
    return any(
        isinstance(value, str)
        for row in rows
        if isinstance(row, list | tuple)
        for value in row
    )
