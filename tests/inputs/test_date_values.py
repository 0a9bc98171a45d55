"""Values of columns of dates, however a library stores them."""

import datetime

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp._inputs.date_values import (
    DateValues,
    dates_of_array,
    dates_of_arrow,
    dates_of_integers,
    dates_of_objects,
    dates_of_pandas,
    dates_of_polars,
    in_units,
    microseconds,
    no_dates,
)

DATES = np.array(["1931-05-06T07:08:09", "NaT", "2124-02-29T23:59:59"], "M8[us]")
DAYS = DATES.astype("M8[D]")
LENGTHS = np.array([-90_000, "NaT", 86_400], dtype="m8[s]")


def _assert_dates(found, expected, zone=None):
    assert (found.kind, found.zone) == ("date", zone)
    np.testing.assert_array_equal(microseconds(found.values), expected)


def _assert_lengths(found, kind="duration", expected=LENGTHS):
    assert (found.kind, found.zone) == (kind, None)
    np.testing.assert_array_equal(in_units(found.values, "h"), in_units(expected, "h"))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_any_resolution(unit):
    dates, zoned = DATES.astype(f"M8[{unit}]"), "Asia/Kathmandu"
    _assert_dates(dates_of_array(dates), DATES)
    _assert_dates(dates_of_integers(dates.view(np.int64), "date", unit), DATES)
    series = pd.Series(dates)
    assert series.dtype == dates.dtype
    _assert_dates(dates_of_pandas(series), DATES)
    series = series.dt.tz_localize("UTC").dt.tz_convert(zoned)
    _assert_dates(dates_of_pandas(series), DATES, zoned)
    pa = pytest.importorskip("pyarrow")
    for zone in (None, zoned):
        column = pa.chunked_array([pa.array(dates, pa.timestamp(unit, zone))])
        _assert_dates(dates_of_arrow(column, column.type), DATES, zone)
        stored = pd.Series(pd.array(column, dtype=pd.ArrowDtype(column.type)))
        _assert_dates(dates_of_pandas(stored), DATES, zone)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_dates_of_polars(unit):
    pl = pytest.importorskip("polars")
    naive = pl.Series(DATES).cast(pl.Datetime(unit))
    _assert_dates(dates_of_polars(naive), DATES)
    zoned = naive.dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Kathmandu")
    _assert_dates(dates_of_polars(zoned), DATES, "Asia/Kathmandu")
    _assert_lengths(
        dates_of_polars(pl.Series(LENGTHS.astype("m8[us]")).cast(pl.Duration(unit)))
    )


def test_days():
    pl = pytest.importorskip("polars")
    _assert_dates(dates_of_polars(pl.Series(DATES).cast(pl.Date)), DAYS)
    pa = pytest.importorskip("pyarrow")
    for dtype in (pa.date32(), pa.date64()):
        column = pa.chunked_array([pa.array(DAYS.tolist(), dtype)])
        _assert_dates(dates_of_arrow(column, dtype), DAYS)
        encoded = column.dictionary_encode()
        _assert_dates(dates_of_arrow(encoded, encoded.type), DAYS)


def test_durations_and_times_of_day():
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    times = [datetime.time(9, 30, 5), None, datetime.time(23, 59, 59)]
    seconds = np.array([34_205, "NaT", 86_399], dtype="m8[s]")
    for dtype in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")):
        column = pa.chunked_array([pa.array(times, dtype)])
        _assert_lengths(dates_of_arrow(column, dtype), "time", seconds)
    _assert_lengths(dates_of_polars(pl.Series(times)), "time", seconds)
    _assert_lengths(dates_of_objects(times), "time", seconds)
    for unit in ("s", "ms", "us", "ns"):
        lengths = LENGTHS.astype(f"m8[{unit}]")
        _assert_lengths(dates_of_array(lengths))
        _assert_lengths(dates_of_pandas(pd.Series(lengths)))
        column = pa.chunked_array([pa.array(lengths, pa.duration(unit))])
        _assert_lengths(dates_of_arrow(column, column.type))


def test_periods_begin_at_their_start():
    periods = pd.Series(pd.PeriodIndex(["2024-02", "NaT", "2024-03"], freq="M"))
    expected = np.array(["2024-02-01", "NaT", "2024-03-01"], "M8[us]")
    _assert_dates(dates_of_pandas(periods), expected)
    _assert_dates(dates_of_objects(periods.tolist()), expected)


def test_categories_of_dates():
    series = pd.Series(pd.Categorical(DATES))
    _assert_dates(dates_of_pandas(series), DATES)
    assert dates_of_pandas(pd.Series(["a"], dtype=object)) is None


@pytest.mark.parametrize(
    ("values", "expected", "zone"),
    [
        ([datetime.date(2024, 2, 29), None], ["2024-02-29", "NaT"], None),
        (
            [datetime.datetime(2024, 2, 29, 5), datetime.date(2024, 2, 29)],
            ["2024-02-29T05", "2024-02-29"],
            None,
        ),
        ([np.datetime64("2024"), pd.NaT], ["2024-01-01", "NaT"], None),
        (
            [np.datetime64(-1, "ns"), np.nan],
            ["1969-12-31T23:59:59.999999", "NaT"],
            None,
        ),
        (
            [pd.Timestamp("2024-07-01 12", tz="Europe/Berlin"), None],
            ["2024-07-01T10", "NaT"],
            "Europe/Berlin",
        ),
        # Local times of two zones have no zone in common.
        (
            [pd.Timestamp(f"2024-07-01T12:00:00+0{hours}:00") for hours in (1, 2)],
            ["2024-07-01T11", "2024-07-01T10"],
            "UTC",
        ),
    ],
)
def test_dates_among_objects(values, expected, zone):
    _assert_dates(dates_of_objects(values), np.array(expected, "M8[us]"), zone)


def test_time_zones_of_dateutil_among_objects():
    tz = pytest.importorskip("dateutil.tz")
    noon = datetime.datetime(2024, 7, 1, 12)
    found = dates_of_objects([noon.replace(tzinfo=tz.tzutc()), None])
    _assert_dates(found, np.array(["2024-07-01T12", "NaT"], "M8[us]"), "UTC")
    with pytest.raises(ValueError, match="with and without a time zone"):
        dates_of_objects([noon.replace(tzinfo=tz.tzutc()), noon])


def test_the_first_and_the_last_day_of_the_calendar():
    """Databases use them for unknown dates."""
    zones = [datetime.timezone(datetime.timedelta(hours=h)) for h in (1, -5)]
    values = [
        datetime.datetime(1, 1, 1, tzinfo=zones[0]),
        datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=zones[1]),
    ]
    expected = np.array(["0000-12-31T23", "10000-01-01T04:59:59"], "M8[us]")
    _assert_dates(dates_of_objects(values), expected, "UTC")


def test_durations_among_objects():
    hours = [datetime.timedelta(hours=2), pd.Timedelta("3h"), np.timedelta64(4, "h")]
    found = dates_of_objects([*hours, None])
    _assert_lengths(found, expected=np.array([2, 3, 4, "NaT"], "m8[h]"))


def test_columns_without_values():
    for found in (dates_of_objects([None, np.nan]), no_dates(2)):
        assert found.kind is None
        assert np.isnat(found.values).tolist() == [True, True]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [datetime.date(2024, 1, 1), "soon"],
            "of several kinds, such as .*'soon'.*leave",
        ),
        ([datetime.date(2024, 1, 1), datetime.timedelta(1)], "several kinds"),
        (
            [pd.Timestamp("2024"), pd.Timestamp("2024", tz="UTC")],
            "with and without a time zone. Convert them",
        ),
    ],
)
def test_mixtures_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        dates_of_objects(values)


def test_types_that_are_no_dates_are_refused():
    pa = pytest.importorskip("pyarrow")
    column = pa.chunked_array([pa.array([(1, 2, 3)], pa.month_day_nano_interval())])
    with pytest.raises(ValueError, match="month_day_nano_interval are not supported"):
        dates_of_arrow(column, column.type)


@pytest.mark.parametrize("dtype", ["m8[M]", "m8[Y]", "m8"])
def test_months_have_no_certain_length(dtype):
    with pytest.raises(ValueError, match=r"no certain number of days\. Convert"):
        in_units(np.array([1, 2], dtype), "D")


def test_lengths_do_not_depend_on_the_resolution():
    seconds = np.array([-1, 0, 1, 7_777_777, 3_000_000_123])
    days = in_units(seconds.astype("m8[s]"), "D")
    np.testing.assert_array_equal(days, seconds / 86_400)
    for unit in ("ms", "us", "ns"):
        lengths = seconds.astype("m8[s]").astype(f"m8[{unit}]")
        np.testing.assert_array_equal(in_units(lengths, "D"), days)
    assert in_units(np.array([3], "m8[W]"), "D") == 21
    assert in_units(np.array([1], "m8[ns]"), "D") == pytest.approx(1e-9 / 86_400)


@pytest.mark.parametrize("date", ["-130000-01-01", "0001-01-01", "130000-01-01"])
def test_dates_far_from_1970(date):
    for unit in ("D", "s", "us"):
        dates = np.array([date], f"M8[{unit}]")
        assert microseconds(dates).astype("M8[D]") == dates.astype("M8[D]")


@pytest.mark.parametrize("dtype", ["M8[Y]", "M8[D]", "M8[s]"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_dates_beyond_64_bits_are_refused(dtype, sign):
    years = np.array([sign * 400_000], "m8[Y]") + np.datetime64("1970", "Y")
    with pytest.raises(ValueError, match=r"than 140000 years from 1970\. Correct"):
        microseconds(years.astype(dtype))


def test_what_values_are_called():
    values = LENGTHS
    assert str(DateValues("date", DATES)) == "dates without a time zone"
    assert str(DateValues("date", DATES, "UTC")) == "dates with a time zone"
    assert str(DateValues("duration", values)) == "durations"
    assert str(DateValues("time", values)) == "times of day"
