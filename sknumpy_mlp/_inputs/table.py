"""Tables as users have them: pandas, polars and Arrow tables, arrays, lists of rows.

A `Table` answers the few questions that a preprocessor asks of a table, column by
column.  A source reads one kind of table for it.  None of the libraries is imported
before a user's table has done so.
"""

import datetime
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Number
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sknumpy_mlp._inputs.categories import (
    is_missing,
    is_usable,
    kind_of_type,
    with_none,
)
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import shown

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
    """What is known of a column.

    Attributes
    ----------
    name : str
        Its name in messages.
    kind : {'number', 'boolean', 'category', 'date', 'other'}
        What its type makes of it, or its values where they are objects; ``other``
        cannot be used.
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
    labels : list or None
        The columns' names as they are; None for an array.

    Raises
    ------
    ValueError, TypeError
        If it is no table, or a sparse or complex one.
    """

    def __init__(self, X: Any) -> None:
        self._source = _source_of(X)
        self.data = self._source.data
        self.shape = self._source.shape
        self.labels = self._source.labels
        if self.labels is None:
            return
        for n, what in zip(self.shape, ("sample(s)", "feature(s)"), strict=True):
            if n == 0:
                raise ValueError(
                    f"Found array with 0 {what} (shape={self.shape}) while a minimum "
                    "of 1 is required."
                )
        counts = Counter(map(str, self.labels))
        if len(counts) < len(self.labels):
            twice = sorted(name for name, count in counts.items() if count > 1)
            raise ValueError(
                f"X has several columns of the names {twice}. Rename them: by a name, "
                "each column must be found."
            )

    @cached_property
    def columns(self) -> list[Column]:
        """The columns."""
        source = self._source
        if self.labels is None:
            names = [f"column {i}" for i in range(self.shape[1])]
        else:
            names = list(map(str, self.labels))
        # Few types, many columns; and to write down a type takes its time.
        written = {id(dtype): str(dtype) for dtype in source.dtypes}
        dtypes = [written[id(dtype)] for dtype in source.dtypes]
        return [Column(*each) for each in zip(names, self.kinds, dtypes, strict=True)]

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of the columns."""
        by_type: dict[int, str | None] = {}
        kinds = []
        for i, dtype in enumerate(self._source.dtypes):
            if id(dtype) not in by_type:
                by_type[id(dtype)] = self._source.kind(dtype)
            kind = by_type[id(dtype)]
            kinds.append(kind or self._source.kind_of_values(i))
        return kinds

    @cached_property
    def has_string_labels(self) -> bool:
        """Whether the columns have names that are strings."""
        labels = self.labels
        return labels is not None and all(isinstance(label, str) for label in labels)

    def take(self, rows: IntArray) -> "Table":
        """Return some of the rows."""
        return Table(self._source.take(rows))

    def numbers(self, which: Sequence[int]) -> Array:
        """Return columns as float64, shape (n_rows, len(which)), missing as NaN."""
        values = np.empty((self.shape[0], len(which)))
        kinds = self.kinds
        typed = [
            k
            for k, i in enumerate(which)
            if kinds[i] in ("number", "boolean") and self._source.is_typed(i)
        ]
        is_all = len(typed) == len(which) and list(which) == list(range(self.shape[1]))
        if is_all:
            values[...] = self._source.all_floats()
        elif typed:
            values[:, typed] = self._source.floats([which[k] for k in typed])
        for k in sorted(set(range(len(which))) - set(typed)):
            values[:, k] = self._floats_of_objects(which[k])
        if np.isinf(values).any():
            is_infinite = np.isinf(values).any(axis=0)
            at = [which[k] for k in np.flatnonzero(is_infinite).tolist()]
            has_names = self.labels is not None
            raise infinity_error(
                "Input X contains infinity or a value too large for dtype('float64').",
                [repr(self.columns[i].name) if has_names else str(i) for i in at],
            )
        return values

    def _floats_of_objects(self, i: int) -> Array:
        numbers = np.empty(self.shape[0])
        for row, value in enumerate(self._source.objects(i)):
            try:
                numbers[row] = np.nan if is_missing(value) else float(value)
            except (TypeError, ValueError, OverflowError) as error:
                column = self.columns[i]
                raise ValueError(
                    f"X: column {column.name!r} ({column.dtype}) was to hold numbers, "
                    f"but has the value {shown(value)}: {error}. Pass what the "
                    "estimator was fitted on, or name the column in "
                    "categorical_features and fit again."
                ) from error
        return numbers

    def categories(self, i: int) -> list[Any]:
        """Return a column's values, with None for missing ones."""
        return with_none(self._source.objects(i))

    def unusable_value(self, i: int) -> Any:
        """Return a value of a column of the kind 'other' that makes it one."""
        values = [value for value in self.categories(i) if value is not None]
        found = (value for value in values if kind_of_objects([value]) == "other")
        return next(found, values[0] if values else None)

    def __len__(self) -> int:
        return self.shape[0]


# ----------------------------------------------------------------------------- sources


class _Source(ABC):
    """A table of one kind.

    Attributes
    ----------
    data : object
        The table.
    shape : tuple of int
        Numbers of rows and columns.
    labels : list or None
        The columns' names, or None.
    dtypes : list
        The columns' types.
    """

    data: Any
    shape: tuple[int, int]
    labels: list[Any] | None
    dtypes: list[Any]

    @abstractmethod
    def kind(self, dtype: Any) -> str | None:
        """Return the kind of columns of a type; None if it depends on the values."""

    @abstractmethod
    def is_typed(self, i: int) -> bool:
        """Whether a column of numbers or booleans is one by its type."""

    @abstractmethod
    def floats(self, which: list[int]) -> Array:
        """Return columns of numbers or booleans by their type."""

    @abstractmethod
    def objects(self, i: int) -> list[Any]:
        """Return a column's values as Python's objects."""

    @abstractmethod
    def take(self, rows: IntArray) -> Any:
        """Return a table of some of the rows."""

    def all_floats(self) -> Array:
        """Return all columns, which are such as `floats` takes."""
        return self.floats(list(range(self.shape[1])))

    def kind_of_values(self, i: int) -> str:
        """Return the kind of a column of objects."""
        return kind_of_objects(self.objects(i))


class _PandasSource(_Source):
    """A pandas frame, or one of a library with the same methods."""

    def __init__(self, X: Any) -> None:
        self.data, self.shape = X, X.shape
        self.labels, self.dtypes = list(X.columns), list(X.dtypes)

    def kind(self, dtype: Any) -> str | None:
        categories = getattr(dtype, "categories", None)
        if categories is not None and hasattr(categories, "dtype"):
            kind = self.kind(categories.dtype)
            return kind if kind in (None, "date") else "category"
        if str(dtype).startswith("dictionary"):  # Arrow's categories
            return "category"
        if dtype.kind in "iufbmMcV":
            return _kind(dtype.kind)
        if issubclass(dtype.type, str):
            return "category"
        return "date" if str(dtype).startswith(_NAMES_OF_DATES) else None

    def kind_of_values(self, i: int) -> str:
        kind = super().kind_of_values(i)
        if hasattr(self.dtypes[i], "categories") and kind in ("number", "boolean"):
            return "category"
        return kind

    def is_typed(self, i: int) -> bool:
        return getattr(self.dtypes[i], "kind", "O") in "iufb"

    def all_floats(self) -> Array:
        if all(isinstance(dtype, np.dtype) for dtype in self.dtypes):
            values: Array = self.data.to_numpy(dtype=np.float64)
            return values
        return super().all_floats()

    def floats(self, which: list[int]) -> Array:
        values = np.empty((self.shape[0], len(which)))
        plain = [k for k, i in enumerate(which) if isinstance(self.dtypes[i], np.dtype)]
        if plain:  # at once, which is much faster
            some = self.data.iloc[:, [which[k] for k in plain]]
            values[:, plain] = some.to_numpy(dtype=np.float64)
        for k in sorted(set(range(len(which))) - set(plain)):
            series = self.data.iloc[:, which[k]]
            values[:, k] = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return values

    def objects(self, i: int) -> list[Any]:
        series = self.data.iloc[:, i]
        if not hasattr(self.dtypes[i], "categories"):
            values: list[Any] = series.astype(object).to_numpy().tolist()
            return values
        codes, categories = series.array.codes, self.dtypes[i].categories
        if len(codes) >= len(categories):
            names = [*categories.tolist(), None]  # for the code -1
            return [names[code] for code in codes.tolist()]
        # A row need not look at all of them.
        names = categories.take(codes).tolist()
        known = zip(names, (codes >= 0).tolist(), strict=True)
        return [name if is_known else None for name, is_known in known]

    def take(self, rows: IntArray) -> Any:
        return self.data.iloc[rows]


class _PolarsSource(_Source):
    """A polars frame."""

    def __init__(self, X: Any) -> None:
        self.data, self.shape = X, X.shape
        self.labels, self.dtypes = X.columns, X.dtypes
        self._columns = X.get_columns()

    def kind(self, dtype: Any) -> str | None:
        if dtype.is_numeric():
            return "number"
        if dtype.is_temporal():
            return "date"
        if dtype.is_nested():
            return "other"
        by_name = {"Boolean": "boolean", "Object": None}
        return by_name.get(str(dtype), "category")

    def is_typed(self, i: int) -> bool:
        return str(self.dtypes[i]) != "Object"

    def floats(self, which: list[int]) -> Array:
        values = np.empty((self.shape[0], len(which)))
        for k, i in enumerate(which):
            # Not to_numpy alone: NumPy has no integers of 128 bits.
            values[:, k] = self._columns[i].cast(float).to_numpy()
        return values

    def objects(self, i: int) -> list[Any]:
        values: list[Any] = self._columns[i].to_list()
        return values

    def take(self, rows: IntArray) -> Any:
        return self.data[rows]


class _ArrowSource(_Source):
    """An Arrow table."""

    def __init__(self, X: Any) -> None:
        import pyarrow.types

        self._types = pyarrow.types
        self.data, self.shape = X, X.shape
        self.labels, self.dtypes = X.column_names, X.schema.types

    def kind(self, dtype: Any) -> str | None:
        types = self._types
        if types.is_integer(dtype) or types.is_floating(dtype):
            return "number"
        if types.is_decimal(dtype):
            return "number"
        if types.is_boolean(dtype):
            return "boolean"
        if types.is_temporal(dtype):
            return "date"
        if types.is_dictionary(dtype):
            kind = self.kind(dtype.value_type)
            return kind if kind in ("date", "other") else "category"
        if types.is_nested(dtype):
            return "other"
        is_text = types.is_string(dtype) or types.is_large_string(dtype)
        return "category" if is_text else None

    def is_typed(self, i: int) -> bool:
        return not self._types.is_float16(self.dtypes[i])

    def floats(self, which: list[int]) -> Array:
        values = np.empty((self.shape[0], len(which)))
        for k, i in enumerate(which):
            column = self.data.column(i).cast("float64", safe=False)
            values[:, k] = column.to_numpy()
        return values

    def objects(self, i: int) -> list[Any]:
        values: list[Any] = self.data.column(i).to_pylist()
        return values

    def take(self, rows: IntArray) -> Any:
        return self.data.take(rows)


class _ArraySource(_Source):
    """An array, a list of rows, or whatever scikit-learn makes an array of."""

    def __init__(self, X: Any) -> None:
        X = as_array(X, "X")
        if isinstance(X, list | tuple) and any(map(np.ma.isMaskedArray, X)):
            X = np.ma.array(X)
        if np.ma.isMaskedArray(X):
            X = np.ma.filled(X.astype(object), np.nan)
        if isinstance(X, list | tuple):
            # An array of its own choice would turn numbers beside texts to texts.
            X = np.array(X, dtype=object) if _holds_texts(X) else np.asarray(X)
        if getattr(X, "dtype", None) is not None and X.dtype.kind in "mM":
            raise _date_error([f"all ({X.dtype})"])
        if getattr(X, "dtype", None) is not None and X.dtype.kind == "c":
            raise ValueError(
                "Complex data not supported: X must hold real numbers. Pass the parts "
                "X.real and X.imag as columns of their own."
            )
        X = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
        self.data, self.shape = X, X.shape
        self.labels, self.dtypes = None, [X.dtype] * X.shape[1]

    def kind(self, dtype: Any) -> str | None:
        return None if dtype.kind == "O" else _kind(dtype.kind)

    def kind_of_values(self, i: int) -> str:
        # A column without any value may well be one of numbers.
        return kind_of_objects(self.objects(i), without_values="number")

    def is_typed(self, i: int) -> bool:
        return self.data.dtype.kind in "iufb"

    def all_floats(self) -> Array:
        values: Array = self.data
        return values

    def floats(self, which: list[int]) -> Array:
        values: Array = self.data[:, which]
        return values

    def objects(self, i: int) -> list[Any]:
        values: list[Any] = self.data[:, i].tolist()
        return values

    def take(self, rows: IntArray) -> Any:
        return self.data[rows]


def _source_of(X: Any) -> _Source:
    """Return what reads a table."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        _refuse_lazy(X)
        return _PandasSource(X)
    if hasattr(X, "get_columns") and hasattr(X, "schema"):
        return _PolarsSource(X)
    library = type(X).__module__.partition(".")[0]
    if library == "pyarrow" and hasattr(X, "column_names") and hasattr(X, "take"):
        return _ArrowSource(_as_arrow(X))
    if isinstance(X, np.ndarray | list | tuple):
        return _ArraySource(X)
    _refuse_lazy(X)
    if hasattr(X, "to_frame") or (library == "pyarrow" and hasattr(X, "to_pylist")):
        raise ValueError(
            f"Expected 2D array or data frame, got X of type {type(X).__name__}. If it "
            "is a column, make a frame of it, for example with X.to_frame(). If it is "
            "a row, pass a list of one row."
        )
    if hasattr(X, "__arrow_c_stream__"):
        return _ArrowSource(_as_arrow(X))
    if hasattr(X, "__dataframe__"):
        raise _unknown_frame(X)
    return _ArraySource(X)


def _as_arrow(X: Any) -> Any:
    """Return any table that speaks Arrow's protocol as an Arrow table."""
    try:
        import pyarrow
    except ImportError as error:
        raise _unknown_frame(X) from error
    return X if isinstance(X, pyarrow.Table) else pyarrow.table(X)


def _unknown_frame(X: Any) -> TypeError:
    return TypeError(
        f"X is a data frame of a library that this package does not read: "
        f"{type(X).__module__}.{type(X).__qualname__}. Pass a pandas or polars frame "
        "or a pyarrow.Table, for example what its method to_pandas, to_polars or "
        "to_arrow returns."
    )


def _refuse_lazy(X: Any) -> None:
    """Raise TypeError for a frame whose rows have not been computed."""
    for method in ("collect", "compute"):
        if hasattr(type(X), "columns") and callable(getattr(X, method, None)):
            raise TypeError(
                f"X is a {type(X).__name__}, whose rows are not computed yet. Pass "
                f"X.{method}()."
            )


def label_strings(labels: Iterable[Any]) -> list[str]:
    """Return names of columns as they are written.

    So that 1 is not "1", and that a saved estimator holds no objects of pandas.
    """
    return [
        repr(label.item() if isinstance(label, np.generic) else label)
        for label in labels
    ]


def shortened(labels: list[str]) -> str:
    """Return names of columns, the first of many, as messages show them."""
    return f"[{', '.join(labels[:8])}{', ...' if len(labels) > 8 else ''}]"


def columns_error(expected: list[str], given: list[str]) -> ValueError:
    """Return the error of a table whose columns are not those of `fit`."""
    return ValueError(
        f"The columns of X must be those of fit, in the same order: fit saw "
        f"{shortened(expected)}, but X has {shortened(given)}. Pass X[columns] with "
        "the columns in the order of fit."
    )


def other_labels(X: Any) -> list[str] | None:
    """Return the names of a pandas frame's columns, unless scikit-learn sees to them.

    It does if all of them are strings.
    """
    if not (hasattr(X, "iloc") and hasattr(X, "columns")):
        return None
    labels = list(X.columns)
    if all(isinstance(label, str) for label in labels):
        return None
    return label_strings(labels)


def refuse_missing(values: NDArray[Any], name: str) -> None:
    """Raise ValueError if there are missing ones among objects, dates or times."""
    if values.dtype.kind == "O":
        found = list(map(is_missing, values.reshape(-1).tolist()))
    elif values.dtype.kind in "mM":
        found = np.isnat(values).reshape(-1).tolist()
    else:
        return
    if any(found):
        index = map(str, np.unravel_index(found.index(True), values.shape))
        raise ValueError(
            f"Input {name} contains NaN or other missing values: the first is "
            f"{name}[{', '.join(index)}]. Leave those rows out."
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
        if hasattr(values, "to_list"):  # polars has integers of 128 bits
            return np.array(values.to_list(), dtype=object)
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
            f"Input {name} contains masked values: {n_masked} of them. Fill them in, "
            "with numpy.ma.filled, or leave those rows out."
        )


def refuse_dates(values: Any, name: str) -> None:
    """Raise ValueError for dates and times, of which scikit-learn makes numbers.

    Those count days or nanoseconds, as it happens, and what is missing among them
    becomes a number as well.

    Parameters
    ----------
    values : object
        Looked at if it has a type, as arrays and series do, or types of columns; all
        of an array of objects, and the first of lists.
    name : str
        What messages call it.
    """
    if hasattr(values, "columns") and hasattr(values, "dtypes"):
        found = []
        for i, dtype in enumerate(values.dtypes):
            name_of_type = str(dtype) if _is_date(dtype) else ""
            if dtype is _OBJECTS and hasattr(values, "iloc"):
                cells = values.iloc[:, i].to_numpy()
                name_of_type = next(iter(_names_of_dates(cells)), "")
            if name_of_type:
                found.append(f"{shown(values.columns[i])} ({name_of_type})")
    elif hasattr(values, "column_names") and hasattr(values, "schema"):  # of Arrow
        typed = zip(map(repr, values.column_names), values.schema.types, strict=False)
        found = [f"{column} ({dtype})" for column, dtype in typed if _is_date(dtype)]
    else:
        dtype = getattr(values, "dtype", None)
        if dtype is None or dtype is _OBJECTS:
            found = _dates_among_objects(values)
        else:
            found = [str(dtype)] if _is_date(dtype) else []
    if found:
        raise dates_error(found, name)


def dates_error(found: Sequence[str], name: str) -> ValueError:
    """Return the error of dates and times; ``found`` is what they are or where."""
    return ValueError(
        f"{name} holds dates or times: {', '.join(found)}. Turn them into numbers, "
        "such as days since a date."
    )


_OBJECTS = np.dtype(object)


def _dates_among_objects(values: Any) -> list[str]:
    """Return the types of dates in an array, by column, or in the first of lists."""
    row = values
    while isinstance(values, list | tuple) and values:
        row, values = values, values[0]
    if isinstance(row, list | tuple) and not hasattr(values, "dtype"):
        return sorted(t.__name__ for t in set(map(type, row)) if _is_date_type(t))
    if hasattr(values, "iloc"):
        values = values.to_numpy()
    if isinstance(values, np.ndarray) and values.dtype == _OBJECTS:
        values = np.ma.getdata(values)
        if values.ndim != 2:
            return _names_of_dates(values)
        dates = map(_names_of_dates, values.T)
        return [f"column {i} ({names[0]})" for i, names in enumerate(dates) if names]
    dtype = getattr(values, "dtype", None)
    return [str(dtype)] if _is_date(dtype) else []


def _names_of_dates(values: NDArray[Any]) -> list[str]:
    types = set(map(type, values.reshape(-1).tolist()))
    return sorted(t.__name__ for t in types if _is_date_type(t))


def _is_date_type(cls: type) -> bool:
    """Whether a type of objects is one of dates or times, pandas' Period included."""
    return issubclass(cls, _DATES) or cls.__name__ == "Period"


def _is_date(dtype: Any) -> bool:
    """Whether a type of NumPy, pandas or polars is one of dates or times."""
    if hasattr(dtype, "is_temporal"):
        return bool(dtype.is_temporal())
    if hasattr(getattr(dtype, "categories", None), "dtype"):
        return _is_date(dtype.categories.dtype)
    if getattr(dtype, "kind", None) in ("m", "M"):
        return True
    return not isinstance(dtype, np.dtype | NoneType) and str(dtype).startswith(
        _NAMES_OF_DATES
    )


def refuse_unusable(table: Table) -> None:
    """Raise an error that names columns of dates and others that cannot be used."""
    if not {"date", "other"} & set(table.kinds):
        return
    columns = table.columns
    dates = [f"{c.name!r} ({c.dtype})" for c in columns if c.kind == "date"]
    if dates:
        raise _date_error(dates)
    others = [
        f"{c.name!r} ({c.dtype}, such as {shown(table.unusable_value(i))})"
        for i, c in enumerate(columns)
        if c.kind == "other"
    ]
    raise TypeError(
        "X holds values that are neither numbers nor categories in the columns "
        f"{', '.join(others[:20])}. Each value in this argument must be a string, a "
        "number, a boolean or missing. Turn them into columns of numbers or categories "
        "first, for example of strings with map(str), or leave them out."
    )


def _date_error(columns: list[str]) -> ValueError:
    return ValueError(
        f"X has columns of dates or times, which no single number stands for: "
        f"{', '.join(columns)}. Encode them as columns of numbers, such as the days "
        "since a date (X['when'] - start).dt.days, the month, the weekday or the hour, "
        "or leave them out."
    )


def infinity_error(reason: str, columns: Sequence[str]) -> ValueError:
    """Return the error of infinite numbers; ``columns`` is where they are."""
    return ValueError(
        f"{reason} Such values are in {listed(columns)}. Correct them, or leave those "
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


def kind_of_objects(values: list[Any], without_values: str = "category") -> str:
    """Return the kind of a column by its values: numbers if all of them are.

    A column that is missing as a whole is of the kind ``without_values``.
    """
    present = [value for value in with_none(values) if value is not None]
    types = set(map(type, present))
    if not types:
        return without_values
    if any(map(_is_date_type, types)):
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


def _holds_texts(rows: Sequence[Any]) -> bool:
    return any(
        isinstance(value, str | bytes)
        for row in rows
        if isinstance(row, list | tuple)
        for value in row
    )
