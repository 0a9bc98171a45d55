"""Values of columns of dates, durations and times of day, as NumPy arrays."""

import datetime
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.dates import is_date_class
from sknumpy_mlp._inputs.missing import with_none
from sknumpy_mlp._inputs.time_zones import zone_name
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr

#: A date is a day or an instant, a duration a difference of two, a time one of a day.
DateKind: TypeAlias = Literal["date", "duration", "time"]

# NumPy's integer for a missing date.
_NAT = np.iinfo(np.int64).min

# Differences between dates within these years are 64-bit integers of microseconds.
_MAX_YEARS = 140_000

_CONVERSIONS = (
    "Convert the column, for example with pandas.to_datetime or pandas.to_timedelta, "
    "or leave it out."
)


@dataclass(frozen=True)
class DateValues:
    """The values of a column.

    Attributes
    ----------
    kind : {'date', 'duration', 'time'} or None
        What the values are; None if all of them are missing, in a column of objects.
    values : ndarray of shape (n_rows,) of datetime64 or timedelta64
        Dates, in UTC if there is a time zone; durations; or times since midnight.  NaT
        for missing values.
    zone : str or None, default=None
        The name of the time zone.
    """

    kind: DateKind | None
    values: NDArray[Any]
    zone: str | None = None

    def __str__(self) -> str:
        """Return what the values are, as part of an error message."""
        if self.kind == "date":
            return f"dates with{'' if self.zone else 'out'} a time zone"
        return "times of day" if self.kind == "time" else "durations"


def no_dates(n_rows: int) -> DateValues:
    """Return the values of a column in which all are missing."""
    return DateValues(None, np.full(n_rows, "NaT", dtype="m8[us]"))


def dates_of_integers(
    integers: NDArray[np.int64], kind: DateKind, unit: str, zone: Any = None
) -> DateValues:
    """Return the values of a column that a library stores as integers.

    Parameters
    ----------
    integers : ndarray of shape (n_rows,)
        Units since 1970 or midnight, or durations, with NumPy's NaT for missing values.
    kind : {'date', 'duration', 'time'}
        What the integers stand for.
    unit : {'D', 's', 'ms', 'us', 'ns'}
        The unit.
    zone : str or None, default=None
        The time zone of the column.
    """
    code = "M8" if kind == "date" else "m8"
    values = integers.view(f"{code}[{unit}]")
    return DateValues(kind, values, zone_name(zone) if zone else None)


def dates_of_array(values: NDArray[Any]) -> DateValues:
    """Return the values of an array of datetime64 or timedelta64."""
    return DateValues("date" if values.dtype.kind == "M" else "duration", values)


def dates_of_arrow(column: Any, dtype: Any) -> DateValues:
    """Return the values of a column of an Arrow table.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        The column.
    dtype : pyarrow.DataType
        Its type.
    """
    if hasattr(dtype, "value_type"):  # categories
        dtype = dtype.value_type
        column = column.cast(dtype)
    kind: DateKind = "date"
    name, unit = str(dtype), getattr(dtype, "unit", None)
    if name.startswith("date"):
        unit = "D" if name.startswith("date32") else "ms"
    elif name.startswith("time") and not name.startswith("timestamp"):
        kind = "time"
    elif name.startswith("duration"):
        kind = "duration"
    if unit is None:
        raise ValueError(f"values of the type {name} are not supported. {_CONVERSIONS}")
    if dtype.bit_width == 32:
        column = column.cast("int32")
    integers = column.cast("int64").fill_null(_NAT).to_numpy()
    return dates_of_integers(integers, kind, unit, getattr(dtype, "tz", None))


def dates_of_polars(column: Any) -> DateValues:
    """Return the values of a polars series."""
    kind: DateKind = "date"
    name = str(column.dtype)
    if name.startswith("Duration"):
        kind = "duration"
    elif name == "Time":
        kind = "time"
    unit = "D" if name == "Date" else getattr(column.dtype, "time_unit", "ns")
    integers = column.to_physical().cast(int).fill_null(_NAT).to_numpy()
    zone = getattr(column.dtype, "time_zone", None)
    return dates_of_integers(integers, kind, unit, zone)


def dates_of_pandas(series: Any) -> DateValues | None:
    """Return the values of a pandas series; None if it is one of objects."""
    dtype = series.dtype
    if hasattr(dtype, "categories"):
        dtype = dtype.categories.dtype
        series = series.astype(dtype)
    if hasattr(dtype, "pyarrow_dtype"):
        return dates_of_arrow(series.array.__arrow_array__(), dtype.pyarrow_dtype)
    if hasattr(dtype, "freq"):  # periods
        return dates_of_array(series.dt.to_timestamp().to_numpy())
    if hasattr(dtype, "tz"):
        utc = series.dt.tz_convert(None).to_numpy()
        return DateValues("date", utc, zone_name(dtype.tz))
    return dates_of_array(series.to_numpy()) if dtype.kind in "mM" else None


def dates_of_objects(values: list[Any]) -> DateValues:
    """Return the values of a column of objects.

    Dates in several time zones have no local time in common, and are dates in UTC.
    """
    values = with_none(values)
    examples = {_kind_of(value): value for value in values if value is not None}
    if len(examples) > 1:
        found = " and ".join(map(short_repr, examples.values()))
        raise ValueError(
            f"there are values of several kinds, such as {found}. {_CONVERSIONS}"
        )
    (kind,) = examples or (None,)
    if kind is None:
        return no_dates(len(values))
    if kind == "time":
        values = [None if v is None else _since_midnight(v) for v in values]
    if kind != "date":
        return DateValues(kind, np.array(values, dtype="m8[us]"))
    # By identity, since dateutil's time zones cannot be hashed.
    present = (getattr(v, "tzinfo", None) for v in values if v is not None)
    zones = list({id(zone): zone for zone in present}.values())
    if any(zone is None for zone in zones) and len(zones) > 1:
        raise ValueError(
            "there are dates with and without a time zone. Convert them to one kind, "
            "for example with pandas.to_datetime(..., utc=True)."
        )
    names = {zone_name(zone) for zone in zones if zone is not None}
    plain = [None if v is None else _plain_date(v) for v in values]
    return DateValues(
        "date",
        np.array(plain, dtype="M8[us]"),
        names.pop() if len(names) == 1 else "UTC" if names else None,
    )


def _kind_of(value: Any) -> DateKind | None:
    """Return the kind of an object; None if it is not one of dates."""
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return "duration"
    if isinstance(value, datetime.time):
        return "time"
    return "date" if is_date_class(type(value)) else None


def _since_midnight(time: datetime.time) -> datetime.timedelta:
    return datetime.timedelta(
        hours=time.hour,
        minutes=time.minute,
        seconds=time.second,
        microseconds=time.microsecond,
    )


def _plain_date(value: Any) -> Any:
    """Return a date that NumPy reads: without a time zone, if with one in UTC."""
    if hasattr(value, "to_timestamp"):  # a period
        value = value.to_timestamp()
    if getattr(value, "tzinfo", None) is None:
        return value
    # Not by `astimezone`, which fails for the first and the last day of the calendar.
    local = np.datetime64(value.replace(tzinfo=None), "us")
    return local - np.timedelta64(value.utcoffset(), "us")


def microseconds(dates: NDArray[Any]) -> NDArray[np.datetime64]:
    """Return dates in microseconds; finer digits are dropped.

    Raises
    ------
    ValueError
        If a date is too far from 1970.
    """
    years = dates.astype("M8[Y]").astype(np.int64)[~np.isnat(dates)]
    if len(years) and max(-years.min(), years.max()) > _MAX_YEARS:
        raise ValueError(
            f"there are dates more than {_MAX_YEARS} years from 1970. Correct them, or "
            "turn them into a column of numbers."
        )
    return dates.astype("M8[us]")


def in_units(lengths: NDArray[Any], unit: Literal["D", "h"]) -> Array:
    """Return durations as a number of days or hours, with NaN for missing ones.

    Equal durations of different resolutions become equal numbers: the remainder of a
    whole number of units is small enough to be exact in float64.
    """
    if np.datetime_data(lengths.dtype)[0] in ("Y", "M", "generic"):
        raise ValueError(
            f"durations of the type {lengths.dtype} have no certain number of days. "
            "Convert them, for example with .astype('timedelta64[D]')."
        )
    size = np.abs(lengths)
    whole = size.astype(f"m8[{unit}]")
    rest = (size - whole.astype(lengths.dtype)) / np.timedelta64(1, unit)
    number: Array = np.where(lengths < np.timedelta64(0, unit), -1.0, 1.0)
    number *= whole.astype(np.float64) + rest
    number[np.isnat(lengths)] = np.nan
    return number
