"""Time zones by their names, and the local time in them."""

import datetime
import sys
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp._inputs.time_zones import local_time, zone_name

ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "+05:30"]


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
        (datetime.UTC, "UTC"),
        (datetime.timezone(datetime.timedelta(hours=-3, minutes=-30)), "-03:30"),
        (pd.Timestamp("2024-01-01T00:00:00+02:00").tzinfo, "+02:00"),
        (pd.DatetimeTZDtype(tz="Asia/Tokyo").tz, "Asia/Tokyo"),
        ("+00:00", "+00:00"),
    ],
    ids=str,
)
def test_names(zone, name):
    assert zone_name(zone) == name


@pytest.mark.parametrize("library", ["pytz", "dateutil.tz"])
def test_names_of_other_libraries(library):
    zones = pytest.importorskip(library)
    utc = zones.utc if library == "pytz" else zones.tzutc()
    assert zone_name(utc) == "UTC"
    if library == "pytz":
        assert zone_name(zones.timezone("Europe/Berlin")) == "Europe/Berlin"
        assert zone_name(zones.FixedOffset(120)) == "+02:00"


class _Nameless(datetime.tzinfo):
    def utcoffset(self, dt):
        return None


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        (_Nameless(), r"has no name\. Convert it"),
        ("Mars/Olympus", r"'Mars/Olympus' is not in the .* database.*or install"),
        ("../passwd", "is not in the time zone database"),
    ],
)
def test_zones_without_a_known_name_are_refused(zone, message):
    with pytest.raises(ValueError, match=message):
        zone_name(zone)


@pytest.mark.parametrize("zone", ZONES)
def test_local_time_is_that_of_pandas(zone):
    """In summer and winter, to the minute of each change."""
    utc = pd.date_range("2023-03-01", "2023-11-30", freq="17min", unit="us")
    expected = utc.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    np.testing.assert_array_equal(local_time(utc.to_numpy(), zone), expected.to_numpy())


def test_hours_that_are_missing_and_hours_that_come_twice():
    utc = np.array(
        ["2024-03-31T00:59:59", "2024-03-31T01:00:00", "2024-10-27T00:30:00"],
        dtype="M8[us]",
    )
    later = utc + np.timedelta64(1, "h")
    hours = [local_time(each, "Europe/Berlin").astype("M8[h]") for each in (utc, later)]
    assert [str(hour)[-2:] for hour in hours[0]] == ["01", "03", "02"]
    assert [str(hour)[-2:] for hour in hours[1]] == ["03", "04", "02"]


def test_missing_dates_and_dates_without_a_zone():
    dates = np.array(["NaT", "2024-07-01T12:00:00"], dtype="M8[us]")
    assert local_time(dates, None) is dates
    local = local_time(dates, "Europe/Berlin")
    assert np.isnat(local[0])
    assert str(local[1]) == "2024-07-01T14:00:00.000000"
    assert np.isnat(local_time(dates[:1], "Europe/Berlin")).all()
    assert len(local_time(dates[:0], "Europe/Berlin")) == 0


def test_years_that_python_does_not_have():
    dates = np.array(["-20000-01-01", "0001-01-01", "20000-01-01"], dtype="M8[us]")
    local = local_time(dates, "+05:30")
    assert (local - dates == np.timedelta64(330, "m")).all()
    assert not np.isnat(local_time(dates, "Europe/Berlin")).any()


def test_utc_and_offsets_need_no_database(monkeypatch):
    monkeypatch.setitem(sys.modules, "tzdata", None)
    monkeypatch.setattr("zoneinfo._tzpath.TZPATH", ())
    dates = np.array(["2024-01-01"], dtype="M8[us]")
    assert local_time(dates, "UTC") == dates
    assert local_time(dates, "-01:00") == dates - np.timedelta64(1, "h")
