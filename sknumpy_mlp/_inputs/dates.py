"""Detection of dates and times, and the errors where they are not supported."""

import datetime
from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.column_labels import column_names
from sknumpy_mlp._inputs.frames import is_pandas_frame

# Prefixes of the names of date types in pandas, polars and Arrow.
_DTYPE_PREFIXES = ("period", "time", "date", "duration")

_DATES = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    np.datetime64,
    np.timedelta64,
)

_OBJECTS = np.dtype(object)


def refuse_dates(values: Any, name: str) -> None:
    """Raise ValueError for dates and times, which scikit-learn converts to numbers.

    Whether the numbers count days or nanoseconds depends on the type, and missing
    dates become numbers as well.

    Parameters
    ----------
    values : object
        Frames, series and arrays are checked by their type, arrays of objects by all
        their values, and lists by their first item.
    name : str
        The name of the argument.
    """
    if hasattr(values, "columns") and hasattr(values, "dtypes"):
        found = []
        for i, dtype in enumerate(values.dtypes):
            type_name = str(dtype) if is_date_dtype(dtype) else ""
            if dtype is _OBJECTS and is_pandas_frame(values):
                cells = values.iloc[:, i].to_numpy()
                type_name = next(iter(_date_class_names(cells)), "")
            if type_name:
                (column,) = column_names(values.columns, [i])
                found.append(f"{column} ({type_name})")
    elif hasattr(values, "column_names") and hasattr(values, "schema"):  # Arrow
        names = column_names(values.column_names, range(len(values.column_names)))
        typed = zip(names, values.schema.types, strict=True)
        found = [f"{name} ({dtype})" for name, dtype in typed if is_date_dtype(dtype)]
    else:
        dtype = getattr(values, "dtype", None)
        if dtype is None or dtype is _OBJECTS:
            found = _dates_among_objects(values)
        else:
            found = [str(dtype)] if is_date_dtype(dtype) else []
    if found:
        raise dates_error(found, name)


def dates_error(found: Sequence[str], name: str) -> ValueError:
    """Return the error for an argument with dates or times.

    Parameters
    ----------
    found : sequence of str
        The columns and types with dates or times.
    name : str
        The name of the argument.
    """
    return ValueError(
        f"{name} holds dates or times: {', '.join(found)}. Turn them into numbers, "
        "such as days since a date."
    )


def date_columns_error(columns: list[str]) -> ValueError:
    """Return the error for a table with columns of dates or times."""
    return ValueError(
        f"X has columns of dates or times, which no single number stands for: "
        f"{', '.join(columns)}. Encode them as columns of numbers, such as the days "
        "since a date (X['when'] - start).dt.days, the month, the weekday or the hour, "
        "leave them out, or set dates='encode', which makes such columns of them."
    )


def _dates_among_objects(values: Any) -> list[str]:
    """Return the types, or columns, with dates in objects or in a list's first item."""
    row = values
    while isinstance(values, list | tuple) and values:
        row, values = values, values[0]
    if isinstance(row, list | tuple) and not hasattr(values, "dtype"):
        return sorted(t.__name__ for t in set(map(type, row)) if is_date_class(t))
    if hasattr(values, "iloc"):
        values = values.to_numpy()
    if isinstance(values, np.ndarray) and values.dtype == _OBJECTS:
        values = np.ma.getdata(values)
        if values.ndim != 2:
            return _date_class_names(values)
        dates = map(_date_class_names, values.T)
        return [f"column {i} ({names[0]})" for i, names in enumerate(dates) if names]
    dtype = getattr(values, "dtype", None)
    return [str(dtype)] if is_date_dtype(dtype) else []


def _date_class_names(values: NDArray[Any]) -> list[str]:
    """Return the names of the date and time classes among objects."""
    types = set(map(type, values.reshape(-1).tolist()))
    return sorted(t.__name__ for t in types if is_date_class(t))


def is_date_class(cls: type) -> bool:
    """Return True if the objects of a class are dates, times or periods."""
    return issubclass(cls, _DATES) or cls.__name__ == "Period"


def is_date_dtype(dtype: Any) -> bool:
    """Return True for types of dates or times of NumPy, pandas, polars or Arrow."""
    if hasattr(dtype, "is_temporal"):
        return bool(dtype.is_temporal())
    if hasattr(getattr(dtype, "categories", None), "dtype"):
        return is_date_dtype(dtype.categories.dtype)
    if getattr(dtype, "kind", None) in ("m", "M"):
        return True
    return not isinstance(dtype, np.dtype | NoneType) and str(dtype).startswith(
        _DTYPE_PREFIXES
    )
