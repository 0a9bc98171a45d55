"""Dates and times, which the estimators refuse."""

import datetime
from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.values import shown

DATE_TYPE_NAMES = ("period", "time", "date", "duration")


_DATES = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    np.datetime64,
    np.timedelta64,
)


_OBJECTS = np.dtype(object)


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


def date_columns_error(columns: list[str]) -> ValueError:
    return ValueError(
        f"X has columns of dates or times, which no single number stands for: "
        f"{', '.join(columns)}. Encode them as columns of numbers, such as the days "
        "since a date (X['when'] - start).dt.days, the month, the weekday or the hour, "
        "or leave them out."
    )


def _dates_among_objects(values: Any) -> list[str]:
    """Return the types of dates in an array, by column, or in the first of lists."""
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
            return _names_of_dates(values)
        dates = map(_names_of_dates, values.T)
        return [f"column {i} ({names[0]})" for i, names in enumerate(dates) if names]
    dtype = getattr(values, "dtype", None)
    return [str(dtype)] if _is_date(dtype) else []


def _names_of_dates(values: NDArray[Any]) -> list[str]:
    types = set(map(type, values.reshape(-1).tolist()))
    return sorted(t.__name__ for t in types if is_date_class(t))


def is_date_class(cls: type) -> bool:
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
        DATE_TYPE_NAMES
    )
