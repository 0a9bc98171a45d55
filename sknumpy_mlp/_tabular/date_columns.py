"""Columns of dates, encoded as numbers: elapsed time, and parts of the calendar.

Month, weekday and hour are points on a circle, on which December is next to January.
The year is not a part: the elapsed time tells it, and new dates have another one.

The first number takes the place of the column, and the others follow after the last
column of the table, so that columns of the table keep their indices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._estimators.parameters import Check, Choice
from sknumpy_mlp._inputs.date_values import (
    DateKind,
    DateValues,
    in_units,
    microseconds,
    no_dates,
)
from sknumpy_mlp._inputs.dates import date_columns_error
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.expanded_table import ExpandedTable
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._inputs.time_zones import local_time
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import short_repr

#: What is done with columns of dates.
Dates: TypeAlias = Literal["encode", "error"]

DATES_CHECKS: tuple[Check, ...] = (Choice(("encode", "error")),)


@dataclass(frozen=True)
class DateEncoding:
    """The encoding of a column of dates as numbers.

    Attributes
    ----------
    kind : {'date', 'duration', 'time'}
        What the values of the column are.
    zone : str or None
        The name of the time zone of the dates.
    start : int or None
        The earliest date, in microseconds since 1970 (UTC, if there is a time zone);
        None if all values were missing in `fit`.
    parts : tuple of str
        The names of the numbers: 'days' or 'hours', then the calendar parts that vary
        in `fit`.
    """

    kind: DateKind
    zone: str | None
    start: int | None
    parts: tuple[str, ...]

    @classmethod
    def learn(cls, dates: DateValues) -> "DateEncoding":
        """Return the encoding of the dates of `fit`."""
        assert dates.kind is not None
        is_empty = bool(np.isnat(dates.values).all())
        if is_empty or dates.kind != "date":
            part = "hours" if dates.kind == "time" else "days"
            start_of_others = None if is_empty else 0
            return cls(dates.kind, dates.zone, start_of_others, (part,))
        instants = microseconds(dates.values)
        known = instants[~np.isnat(instants)]
        start = int(known.min().astype(np.int64))
        local = local_time(known, dates.zone)
        parts = [
            name
            for name, numbers in _calendar_parts(local).items()
            if (numbers != numbers[0]).any()
        ]
        return cls("date", dates.zone, start, ("days", *parts))

    def encode(self, dates: DateValues) -> list[Array]:
        """Return the numbers of each part, with NaN for missing dates."""
        if self.start is None or np.isnat(dates.values).all():
            return [np.full(len(dates.values), np.nan) for _ in self.parts]
        self._check(dates)
        if self.kind != "date":
            return [in_units(dates.values, "D" if self.kind == "duration" else "h")]
        instants = microseconds(dates.values)
        is_missing = np.isnat(instants)
        start = np.datetime64(self.start, "us")
        calendar = _calendar_parts(local_time(instants, self.zone))
        calendar["days"] = (instants - start) / np.timedelta64(1, "D")
        return [np.where(is_missing, np.nan, calendar[part]) for part in self.parts]

    def _check(self, dates: DateValues) -> None:
        """Raise ValueError if dates are of another kind than in `fit`."""
        has_zone = dates.zone is not None
        if dates.kind == self.kind and has_zone == (self.zone is not None):
            return
        way_out = "Convert it to what it was in fit, or fit again."
        if dates.kind == self.kind == "date":
            way_out = (
                "Convert it, in pandas with .dt.tz_convert(zone).dt.tz_localize(None) "
                "for the zone that the dates of fit were in, or fit again."
                if has_zone
                else f"Convert it, in pandas with .dt.tz_localize({self.zone!r}) if "
                "the dates are in that time zone, or fit again."
            )
        expected = DateValues(self.kind, dates.values, self.zone)
        raise ValueError(f"holds {dates}, but in fit it held {expected}. {way_out}")


#: The encoding of each column of dates.
DateEncodings: TypeAlias = dict[int, DateEncoding]


def _calendar_parts(local: NDArray[np.datetime64]) -> dict[str, Array]:
    """Return the calendar parts of local time, with any numbers for NaT."""
    months, days = local.astype("M8[M]"), local.astype("M8[D]")
    hours = (local - days).astype("m8[h]")
    return {
        **_on_circle("month", months.astype(np.int64), 12),
        "day": (days - months.astype("M8[D]")).astype(np.float64) + 1.0,
        # 1970 began on a Thursday.
        **_on_circle("weekday", days.astype(np.int64) + 3, 7),
        **_on_circle("hour", hours.astype(np.int64), 24),
    }


def _on_circle(name: str, number: IntArray, period: int) -> dict[str, Array]:
    """Return the sine and the cosine of a number with a period."""
    angle = np.arange(period) * (2.0 * np.pi / period)
    # Rounded, so that a sine of zero, which does not vary, is zero.
    return {
        f"{name}_{function.__name__}": function(angle).round(12)[number % period] + 0.0
        for function in (np.sin, np.cos)
    }


def learn_dates(table: Table, chosen: Dates) -> DateEncodings:
    """Return the encodings of the columns of dates.

    Parameters
    ----------
    table : Table
        The table.
    chosen : {'encode', 'error'}
        The parameter ``dates``.

    Raises
    ------
    ValueError
        If there are such columns and they are not to be encoded, or if values in them
        are not dates.
    """
    which = [i for i, kind in enumerate(table.kinds) if kind == "date"]
    if which and chosen == "error":
        raise date_columns_error([str(table.columns[i]) for i in which])
    encodings = {}
    for i in which:
        dates = table.dates(i)
        with error_prefix(f"X: column {table.columns[i]}"):
            encodings[i] = DateEncoding.learn(dates)
    return encodings


def expand_dates(table: Table, encodings: DateEncodings) -> Table:
    """Return a table with numbers in place of dates, and with more columns.

    Parameters
    ----------
    table : Table
        The table.
    encodings : dict of int to DateEncoding
        The encodings of `fit`.

    Raises
    ------
    ValueError
        If a column holds dates and did not in `fit`, or the other way round, or if it
        holds others than in `fit`.
    """
    _check_kinds(table, encodings)
    if not encodings:
        return table
    numbers, further = {}, []
    for i, encoding in encodings.items():
        dates = _read(table, i)
        with error_prefix(f"X: column {table.columns[i]}"):
            numbers[i], *others = encoding.encode(dates)
        further += others
    n_columns = table.shape[1]
    return ExpandedTable(table, numbers | dict(enumerate(further, start=n_columns)))


def _check_kinds(table: Table, encodings: DateEncodings) -> None:
    """Raise ValueError for dates in a column that had none in `fit`."""
    if "date" not in table.kinds:
        return
    dates = {i for i, kind in enumerate(table.kinds) if kind == "date"}
    found = [
        str(table.columns[i])
        for i in sorted(dates - encodings.keys())
        # In a frame, a missing number or category may be pandas.NaT.
        if table.labels is None or not np.isnat(table.dates(i).values).all()
    ]
    if found:
        raise ValueError(
            f"X has dates or times in the columns {', '.join(found)}, which had none "
            "in fit. Convert them to what they were in fit, leave them out, or fit "
            "again."
        )


def _read(table: Table, i: int) -> DateValues:
    """Return the values of a column that held dates in `fit`."""
    if table.kinds[i] == "date":
        return table.dates(i)
    value = next((v for v in table.categories(i) if v is not None), None)
    if value is None:
        return no_dates(len(table))
    raise ValueError(
        f"X: column {table.columns[i]} held dates or times in fit, but has the value "
        f"{short_repr(value)}. Convert it, for example with pandas.to_datetime, or fit "
        "again."
    )


def parts_after(encodings: DateEncodings) -> list[tuple[int, str]]:
    """Return the column and the name of each part that follows after the table.

    Parameters
    ----------
    encodings : dict of int to DateEncoding
        The encodings.
    """
    return [(i, part) for i, each in encodings.items() for part in each.parts[1:]]


def columns_of_parts(encodings: DateEncodings, n_features: int) -> IntArray:
    """Return the column of the table that each column of an expanded table is of.

    Parameters
    ----------
    encodings : dict of int to DateEncoding
        The encodings.
    n_features : int
        The number of columns of the table.
    """
    after = [i for i, _ in parts_after(encodings)]
    return np.array([*range(n_features), *after], dtype=np.intp)


def expanded_names(names: Sequence[str], encodings: DateEncodings) -> list[str]:
    """Return the names of the columns of an expanded table.

    Parameters
    ----------
    names : sequence of str of shape (n_features,)
        The names of the table's columns.
    encodings : dict of int to DateEncoding
        The encodings.
    """
    own = [
        f"{name}_{encodings[i].parts[0]}" if i in encodings else name
        for i, name in enumerate(names)
    ]
    return own + [f"{names[i]}_{part}" for i, part in parts_after(encodings)]
