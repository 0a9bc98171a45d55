"""Readers of pandas, polars and Arrow tables, arrays and lists of rows.

A `Table` reads each of them through a source.  The libraries are optional, and imported
only if the user has passed a table of theirs.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_array

from sknumpy_mlp._inputs.arrays import as_array
from sknumpy_mlp._inputs.column_kinds import kind_of_objects, kind_of_typecode
from sknumpy_mlp._inputs.date_values import (
    DateValues,
    dates_of_array,
    dates_of_arrow,
    dates_of_objects,
    dates_of_pandas,
    dates_of_polars,
)
from sknumpy_mlp._inputs.dates import is_date_dtype
from sknumpy_mlp._inputs.frames import is_pandas_frame, is_polars_frame
from sknumpy_mlp._utils.typing import Array, IntArray


class TableSource(ABC):
    """Reader of a table of one library.

    Attributes
    ----------
    data : object
        The table.
    shape : tuple of int
        Numbers of rows and columns.
    labels : list or None
        The column labels, or None.
    dtypes : list
        The data types of the columns.
    """

    data: Any
    shape: tuple[int, int]
    labels: list[Any] | None
    dtypes: list[Any]

    @abstractmethod
    def kind(self, dtype: Any) -> str | None:
        """Return the kind of columns with a data type; None if the values decide."""

    @abstractmethod
    def is_typed(self, i: int) -> bool:
        """Return True if the data type of a column is numeric or boolean."""

    @abstractmethod
    def float_column(self, i: int) -> Array:
        """Return a column as float64, for which `is_typed` is true."""

    @abstractmethod
    def objects(self, i: int) -> list[Any]:
        """Return the values of a column as Python objects."""

    @abstractmethod
    def dates(self, i: int) -> DateValues:
        """Return the values of a column of kind 'date'."""

    @abstractmethod
    def take(self, rows: IntArray) -> Any:
        """Return a table of some of the rows."""

    def floats(self, which: list[int]) -> Array:
        """Return columns as float64, for which `is_typed` is true."""
        values = np.empty((self.shape[0], len(which)))
        for k, i in enumerate(which):
            values[:, k] = self.float_column(i)
        return values

    def all_floats(self) -> Array:
        """Return all columns as numbers, for all of which `is_typed` is true."""
        return self.floats(list(range(self.shape[1])))

    def kind_of_values(self, i: int) -> str:
        """Return the kind of a column by its values."""
        return kind_of_objects(self.objects(i))


class _PandasSource(TableSource):
    """Reader of a pandas frame, or of one with the same interface."""

    def __init__(self, X: Any) -> None:
        self.data, self.shape = X, X.shape
        self.labels, self.dtypes = list(X.columns), list(X.dtypes)

    def kind(self, dtype: Any) -> str | None:
        categories = getattr(dtype, "categories", None)
        if categories is not None and hasattr(categories, "dtype"):
            kind = self.kind(categories.dtype)
            return kind if kind in (None, "date") else "category"
        if str(dtype).startswith("dictionary"):  # Arrow categories
            is_date = is_date_dtype(dtype.pyarrow_dtype.value_type)
            return "date" if is_date else "category"
        if dtype.kind in "iufbmMcV":
            return kind_of_typecode(dtype.kind)
        if issubclass(dtype.type, str):
            return "category"
        return "date" if is_date_dtype(dtype) else None

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

    def float_column(self, i: int) -> Array:
        series = self.data.iloc[:, i]
        values: Array = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return values

    def floats(self, which: list[int]) -> Array:
        values = np.empty((self.shape[0], len(which)))
        plain = [k for k, i in enumerate(which) if isinstance(self.dtypes[i], np.dtype)]
        if plain:  # all at once, which is much faster
            some = self.data.iloc[:, [which[k] for k in plain]]
            values[:, plain] = some.to_numpy(dtype=np.float64)
        for k in sorted(set(range(len(which))) - set(plain)):
            values[:, k] = self.float_column(which[k])
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
        # A few rows of a column with many categories: take only those needed.
        names = categories.take(codes).tolist()
        known = zip(names, (codes >= 0).tolist(), strict=True)
        return [name if is_known else None for name, is_known in known]

    def dates(self, i: int) -> DateValues:
        values = dates_of_pandas(self.data.iloc[:, i])
        return dates_of_objects(self.objects(i)) if values is None else values

    def take(self, rows: IntArray) -> Any:
        return self.data.iloc[rows]


class _PolarsSource(TableSource):
    """Reader of a polars frame."""

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

    def float_column(self, i: int) -> Array:
        # Cast first: NumPy has no integers of 128 bits.
        values: Array = self._columns[i].cast(float).to_numpy()
        return values

    def objects(self, i: int) -> list[Any]:
        values: list[Any] = self._columns[i].to_list()
        return values

    def dates(self, i: int) -> DateValues:
        if str(self.dtypes[i]) == "Object":
            return dates_of_objects(self.objects(i))
        return dates_of_polars(self._columns[i])

    def take(self, rows: IntArray) -> Any:
        return self.data[rows]


class _ArrowSource(TableSource):
    """Reader of an Arrow table."""

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
        is_string = types.is_string(dtype) or types.is_large_string(dtype)
        return "category" if is_string else None

    def is_typed(self, i: int) -> bool:
        return not self._types.is_float16(self.dtypes[i])

    def float_column(self, i: int) -> Array:
        values: Array = self.data.column(i).cast("float64", safe=False).to_numpy()
        return values

    def objects(self, i: int) -> list[Any]:
        values: list[Any] = self.data.column(i).to_pylist()
        return values

    def dates(self, i: int) -> DateValues:
        return dates_of_arrow(self.data.column(i), self.dtypes[i])

    def take(self, rows: IntArray) -> Any:
        return self.data.take(rows)


class _ArraySource(TableSource):
    """Reader of an array, a list of rows, or another array-like."""

    def __init__(self, X: Any) -> None:
        X = as_array(X, "X")
        if isinstance(X, list | tuple) and any(map(np.ma.isMaskedArray, X)):
            X = np.ma.array(X)
        if np.ma.isMaskedArray(X):
            if X.dtype.kind in "mM":  # as objects, nanoseconds would be integers
                X = np.where(np.ma.getmaskarray(X), np.array("NaT", X.dtype), X.data)
            else:
                X = np.ma.filled(X.astype(object), np.nan)
        if isinstance(X, list | tuple):
            # NumPy would convert numbers beside strings to strings, and beside its
            # dates to dates.
            X = np.array(X, dtype=object) if _has_objects(X) else np.asarray(X)
        if getattr(X, "dtype", None) is not None and X.dtype.kind == "c":
            raise ValueError(
                "Complex data not supported: X must hold real numbers. Pass the parts "
                "X.real and X.imag as columns of their own."
            )
        is_plain = (
            type(X) is np.ndarray and X.ndim == 2 and X.size and X.dtype.kind in "fiub"
        )
        # For a single row, the check takes as long as the prediction.
        if not is_plain:
            X = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
        self.data, self.shape = X, X.shape
        self.labels, self.dtypes = None, [X.dtype] * X.shape[1]

    def kind(self, dtype: Any) -> str | None:
        return None if dtype.kind == "O" else kind_of_typecode(dtype.kind)

    def kind_of_values(self, i: int) -> str:
        # A column without any values is assumed to be numeric.
        return kind_of_objects(self.objects(i), without_values="number")

    def is_typed(self, i: int) -> bool:
        return self.data.dtype.kind in "iufb"

    def all_floats(self) -> Array:
        values: Array = self.data
        return values

    def float_column(self, i: int) -> Array:
        values: Array = self.data[:, i]
        return values

    def floats(self, which: list[int]) -> Array:
        values: Array = self.data[:, which]
        return values

    def objects(self, i: int) -> list[Any]:
        values: list[Any] = self.data[:, i].tolist()
        return values

    def dates(self, i: int) -> DateValues:
        if self.data.dtype.kind in "mM":
            return dates_of_array(self.data[:, i])
        return dates_of_objects(self.objects(i))

    def take(self, rows: IntArray) -> Any:
        return self.data[rows]


def source_of(X: Any) -> TableSource:
    """Return the source that reads a table."""
    if is_pandas_frame(X):
        _refuse_lazy(X)
        return _PandasSource(X)
    if is_polars_frame(X):
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
        raise _unsupported_frame(X)
    return _ArraySource(X)


def _as_arrow(X: Any) -> Any:
    """Convert a table with the Arrow PyCapsule interface to an Arrow table."""
    try:
        import pyarrow
    except ImportError as error:
        raise _unsupported_frame(X) from error
    return X if isinstance(X, pyarrow.Table) else pyarrow.table(X)


def _unsupported_frame(X: Any) -> TypeError:
    """Return the error for a data frame of an unsupported library."""
    return TypeError(
        f"X is a data frame of a library that this package does not read: "
        f"{type(X).__module__}.{type(X).__qualname__}. Pass a pandas or polars frame "
        "or a pyarrow.Table, for example what its method to_pandas, to_polars or "
        "to_arrow returns."
    )


def _refuse_lazy(X: Any) -> None:
    """Raise TypeError for a lazy frame, whose rows have not been computed."""
    for method in ("collect", "compute"):
        if hasattr(type(X), "columns") and callable(getattr(X, method, None)):
            raise TypeError(
                f"X is a {type(X).__name__}, whose rows are not computed yet. Pass "
                f"X.{method}()."
            )


def _has_objects(rows: Sequence[Any]) -> bool:
    """Return True if a list of rows has strings, bytes or NumPy's dates in it."""
    return any(
        isinstance(value, str | bytes | np.datetime64 | np.timedelta64)
        for row in rows
        if isinstance(row, list | tuple)
        for value in row
    )
