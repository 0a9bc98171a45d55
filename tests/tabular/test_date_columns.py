"""Columns of dates as numbers: elapsed time, and parts of the calendar."""

import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor
from sknumpy_mlp._inputs.date_values import DateValues, no_dates
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.date_columns import (
    DateEncoding,
    columns_of_parts,
    expand_dates,
    expanded_names,
    learn_dates,
    parts_after,
)
from tests.conftest import polars_frame, tabular_estimators, unconverged

pytestmark = unconverged

ALL_PARTS = (
    *("days", "month_sin", "month_cos", "day", "weekday_sin", "weekday_cos"),
    *("hour_sin", "hour_cos"),
)
BERLIN = "Europe/Berlin"


def _frame(n_rows=60, zone=None):
    """A frame of numbers, dates and categories; the third date is missing."""
    when = pd.date_range("2023-10-28 21:10:05", periods=n_rows, freq="8h", unit="us")
    frame = pd.DataFrame(
        {
            "x": np.linspace(0.0, 1.0, n_rows),
            "when": when.tz_localize("UTC").tz_convert(zone),
            "c": np.resize(["a", "b", "c"], n_rows),
        }
    )
    if zone is None:
        frame["when"] = when
    frame.loc[2, "when"] = pd.NaT
    return frame


def _numbers(X, encodings=None):
    """The numbers that a column of dates becomes, by the names of the parts."""
    table = Table(X)
    encodings = encodings or learn_dates(table, "encode")
    ((i, encoding),) = encodings.items()
    expanded = expand_dates(table, encodings)
    which = [i, *range(table.shape[1], expanded.shape[1])]
    return dict(zip(encoding.parts, expanded.numbers(which).T, strict=True))


# -------------------------------------------------------------------------- the numbers


@pytest.mark.parametrize("zone", [None, "UTC", BERLIN, "America/New_York", "+05:30"])
def test_elapsed_days_are_absolute_and_calendar_parts_local(zone):
    X = _frame(2000, zone)
    numbers, when = _numbers(X), X["when"]
    assert tuple(numbers) == ALL_PARTS
    days = (when - when.min()) / pd.Timedelta(days=1)
    np.testing.assert_allclose(numbers["days"], days, rtol=1e-12)
    np.testing.assert_array_equal(numbers["day"], when.dt.day)
    for name, values, period in (
        ("month", when.dt.month - 1, 12),
        ("weekday", when.dt.day_of_week, 7),
        ("hour", when.dt.hour, 24),
    ):
        angle = 2 * np.pi * values / period
        np.testing.assert_allclose(numbers[f"{name}_sin"], np.sin(angle), atol=1e-12)
        np.testing.assert_allclose(numbers[f"{name}_cos"], np.cos(angle), atol=1e-12)


def test_an_hour_that_comes_twice_is_one_hour_and_two_instants():
    dates = ["2024-10-27T00:30Z", "2024-10-27T01:30Z", "2024-10-28T12:00Z"]
    when = pd.to_datetime(dates)
    numbers = _numbers(pd.DataFrame({"when": when.tz_convert(BERLIN)}))
    np.testing.assert_allclose(np.diff(numbers["days"][:2]), 1 / 24)
    assert numbers["hour_sin"][0] == numbers["hour_sin"][1] == 0.5  # at 2 o'clock


@pytest.mark.parametrize(
    ("dates", "parts"),
    [
        (["2024-01-01", "2024-01-08"], ["days", "day"]),
        (["2024-01-01", "2025-12-01"], ["days", "month_sin", "month_cos"]),
        (["2024-01-01T01", "2024-01-01T23"], ["days", "hour_sin"]),
        (["2024-01-01T00:01", "2024-01-01T00:02"], ["days"]),
        (["2024-01-01", "2024-01-01"], ["days"]),
        (["2024-03-04", "2024-09-02"], ["days", "month_sin", "month_cos", "day"]),
        (["NaT", "NaT"], ["days"]),
    ],
    ids=str,
)
def test_parts_that_do_not_vary_are_left_out(dates, parts):
    found = DateEncoding.learn(DateValues("date", np.array(dates, "M8[us]")))
    expected = [part for part in parts if part in ALL_PARTS]
    if "2025-12-01" in dates:  # also a Monday
        assert "weekday_sin" not in found.parts
    assert list(found.parts) == expected


def test_missing_dates_are_missing_in_each_part():
    for values in _numbers(_frame()).values():
        assert np.flatnonzero(np.isnan(values)).tolist() == [2]


def test_durations_and_times_of_day():
    lengths = pd.to_timedelta(["1D", "36h", None])
    assert list(_numbers(pd.DataFrame({"t": lengths}))) == ["days"]
    (days,) = _numbers(pd.DataFrame({"t": lengths})).values()
    np.testing.assert_array_equal(days, [1.0, 1.5, np.nan])
    times = [datetime.time(0), datetime.time(13, 45), None]
    numbers = _numbers(pd.DataFrame({"t": times}))
    np.testing.assert_array_equal(numbers["hours"], [0.0, 13.75, np.nan])


def test_dates_long_before_and_after_1970():
    dates = np.array([["-100000-01-01"], ["1500-06-01"], ["100000-12-31"]], "M8[D]")
    numbers = _numbers(dates)
    expected = (dates - dates[0]).astype(float).ravel()
    np.testing.assert_array_equal(numbers["days"], expected)
    with pytest.raises(ValueError, match=r"X: column 'column 0' .*than 140000 years"):
        _numbers(np.array([["2020-01-01"], ["200000-01-01"]], "M8[s]"))


# -------------------------------------------------------------------- kinds of tables


def _arrow(X):
    return pytest.importorskip("pyarrow").Table.from_pandas(X, preserve_index=False)


def _resolution(unit):
    def convert(X):
        zone = getattr(X["when"].dtype, "tz", None)
        return X.astype({"when": f"datetime64[{unit}{f', {zone}' if zone else ''}]"})

    return convert


def _polars_resolution(unit):
    def convert(X):
        pl = pytest.importorskip("polars")
        return pl.from_pandas(X).with_columns(pl.col("when").dt.cast_time_unit(unit))

    return convert


def _in_arrow(unit):
    def convert(X):
        zone = getattr(X["when"].dtype, "tz", None)
        pa = pytest.importorskip("pyarrow")
        dtype = pd.ArrowDtype(pa.timestamp(unit, str(zone) if zone else None))
        return X.astype({"when": dtype})

    return convert


def _python_dates(X):
    when = X["when"]
    values = [None if pd.isna(v) else v.to_pydatetime() for v in when]
    return X.assign(when=pd.Series(values, dtype=object))


STORED = {
    **{f"pandas, {unit}": _resolution(unit) for unit in ("s", "ms", "us", "ns")},
    **{f"polars, {unit}": _polars_resolution(unit) for unit in ("ms", "us", "ns")},
    **{f"Arrow in pandas, {unit}": _in_arrow(unit) for unit in ("s", "us", "ns")},
    "Arrow": _arrow,
    "objects": lambda X: X.astype({"when": object}),
    "Python's dates": _python_dates,
    "categories": lambda X: X.astype({"when": "category"}),
    "array of objects": lambda X: X.astype(object).to_numpy(),
    "list": lambda X: X.astype(object).to_numpy().tolist(),
}


@pytest.mark.parametrize("zone", [None, BERLIN])
@pytest.mark.parametrize("how", STORED)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_however_dates_are_stored(how, zone):
    X = _frame(zone=zone)
    preprocessor = TabularPreprocessor().fit(X)
    expected = preprocessor.transform(X)
    stored = STORED[how](X)
    found = TabularPreprocessor().fit(stored)
    assert found.date_encodings_ == preprocessor.date_encodings_
    np.testing.assert_array_equal(found.transform(stored), expected)
    np.testing.assert_array_equal(preprocessor.transform(stored), expected)


@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_arrays_of_dates(unit):
    dates = np.array([["2024-01-01", "2023-05-01"], ["2024-02-05", "NaT"]], "M8[D]")
    expected = TabularPreprocessor().fit(dates)
    found = TabularPreprocessor().fit(dates.astype(f"M8[{unit}]"))
    assert found.date_encodings_ == expected.date_encodings_
    out = expected.transform(dates)
    np.testing.assert_array_equal(found.transform(dates.astype(f"M8[{unit}]")), out)
    np.testing.assert_array_equal(found.transform(pd.DataFrame(dates)), out)
    masked = np.ma.array(dates.astype("M8[ns]"), mask=[[0, 0], [0, 1]])
    np.testing.assert_array_equal(found.transform(masked), out)


def test_numpy_dates_beside_numbers_in_a_list_stay_dates():
    rows = [[1, np.datetime64("2024-01-01")], [5, np.datetime64("2024-02-02")]]
    preprocessor = TabularPreprocessor().fit(rows)
    assert list(preprocessor.date_encodings_) == [1]
    assert preprocessor.get_feature_names_out()[:2].tolist() == ["x0", "x1_days"]


def test_periods_of_pandas():
    X = pd.DataFrame({"month": pd.period_range("2024-01", periods=5, freq="M")})
    starts = X.assign(month=X["month"].dt.to_timestamp())
    preprocessor = TabularPreprocessor().fit(X)
    expected = TabularPreprocessor().fit_transform(starts)
    np.testing.assert_array_equal(preprocessor.transform(X), expected)
    np.testing.assert_array_equal(preprocessor.transform(starts), expected)


def test_another_time_zone_is_converted():
    X = _frame(zone=BERLIN)
    preprocessor = TabularPreprocessor().fit(X)
    expected = preprocessor.transform(X)
    for zone in ("UTC", "Asia/Tokyo"):
        moved = X.assign(when=X["when"].dt.tz_convert(zone))
        np.testing.assert_array_equal(preprocessor.transform(moved), expected)
    offsets = [None if pd.isna(v) else pd.Timestamp(v.isoformat()) for v in X["when"]]
    mixed = X.assign(when=pd.Series(offsets, dtype=object))
    np.testing.assert_array_equal(preprocessor.transform(mixed), expected)


# --------------------------------------------------------------------- the preprocessor


def test_names_and_columns_of_the_result():
    X = _frame().assign(waited=pd.to_timedelta(np.arange(60.0), "h"), last=1.0)
    X["same"] = pd.Timestamp("2024-01-01")
    preprocessor = TabularPreprocessor().fit(X)
    names = preprocessor.get_feature_names_out()
    assert names.tolist() == [
        "x",
        "when_days",
        "waited_days",
        "last",
        "same_days",
        *(f"when_{part}" for part in ALL_PARTS[1:]),
        *("c_a", "c_b", "c_c", "missingindicator_when"),
    ]
    assert preprocessor.n_features_in_ == len(X.columns)
    assert preprocessor.is_categorical_.tolist() == [False, False, True, *[False] * 3]
    assert preprocessor.constant_features_ == ["last", "same"]
    encoded = preprocessor.encoded_columns()
    assert len(encoded) == len(X.columns)
    by_column = dict(zip(X.columns, encoded, strict=True))
    assert all(name.startswith("when_") for name in names[by_column["when"][:-1]])
    assert names[by_column["when"][-1]] == "missingindicator_when"
    assert names[by_column["c"]].tolist() == ["c_a", "c_b", "c_c"]
    assert sorted(np.concatenate(encoded)) == list(range(len(names)))
    out = preprocessor.transform(X)
    assert out.shape == (60, len(names))
    assert np.isfinite(out).all()
    assert preprocessor.n_numbers_ == names.tolist().index("c_a")


def test_a_name_that_a_column_has_already():
    X = _frame().assign(when_days=1.0)
    names = TabularPreprocessor().fit(X).get_feature_names_out()
    assert {"when_days", "when_days_"} <= set(names)
    assert len(set(names)) == len(names)


def test_later_dates_are_beyond_the_range_of_fit():
    X = _frame()
    preprocessor = TabularPreprocessor(dtype="float64").fit(X)
    later = X.assign(when=X["when"] + pd.Timedelta(days=365))
    names = preprocessor.get_feature_names_out().tolist()
    days = names.index("when_days")
    out, new = preprocessor.transform(X), preprocessor.transform(later)
    assert np.nanmin(new[3:, days]) > np.nanmax(out[:, days])
    within = [names.index(f"when_{part}") for part in ALL_PARTS[1:]]
    assert np.abs(new[:, within]).max() <= np.abs(out[:, within]).max() * 4
    assert np.isfinite(new).all()


def test_rows_one_by_one_and_columns_of_missing_dates():
    X = _frame(zone=BERLIN)
    preprocessor = TabularPreprocessor().fit(X)
    expected = preprocessor.transform(X)
    rows = [preprocessor.transform(X[i : i + 1]) for i in range(5)]
    np.testing.assert_array_equal(np.concatenate(rows), expected[:5])
    objects = X.assign(when=pd.Series([None] * 60, dtype=object))
    missing = preprocessor.transform(objects)
    np.testing.assert_array_equal(missing[2], expected[2])
    floats = X.assign(when=np.nan)
    np.testing.assert_array_equal(preprocessor.transform(floats), missing)


@pytest.mark.parametrize("zone", [None, BERLIN])
@pytest.mark.parametrize("values", [pd.to_datetime, pd.to_timedelta])
def test_missing_dates_of_any_type(zone, values):
    """A single row with NaT does not tell what it would have been."""
    X = _frame(zone=zone)
    preprocessor = TabularPreprocessor().fit(X)
    expected = preprocessor.transform(X.assign(when=None))
    for column in ("when", "x", "c"):
        missing = X.assign(**{column: values([None] * len(X))})
        found = preprocessor.transform(missing)
        as_none = preprocessor.transform(X.assign(**{column: None}))
        np.testing.assert_array_equal(found, as_none)
    np.testing.assert_array_equal(
        preprocessor.transform(X.assign(when=values([None] * len(X)))), expected
    )


@pytest.mark.parametrize("values", [pd.to_datetime, pd.to_timedelta])
def test_a_column_of_missing_dates_only_is_constant(values):
    X = pd.DataFrame({"a": [1.0, 2.0], "when": values([None, None])})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.constant_features_ == ["when"]
    for zone in (None, "UTC"):
        later = X.assign(when=pd.Timestamp("2024-01-01", tz=zone))
        np.testing.assert_array_equal(
            preprocessor.transform(later), preprocessor.transform(X)
        )


def test_arrow_categories_of_dates_in_pandas():
    pa = pytest.importorskip("pyarrow")
    X = _frame()
    dictionary = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.timestamp("us")))
    values = pa.array(X["when"].tolist(), pa.timestamp("us"), from_pandas=True)
    coded = pd.Series(pd.arrays.ArrowExtensionArray(values.dictionary_encode()))
    assert coded.dtype == dictionary
    preprocessor = TabularPreprocessor().fit(X)
    np.testing.assert_array_equal(
        preprocessor.transform(X.assign(when=coded)), preprocessor.transform(X)
    )


def test_dates_are_no_codes():
    """Although each day and each month have many rows and an effect of their own."""
    day = np.repeat(np.arange(60), 20)
    X = pd.DataFrame({"when": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D")})
    effect = np.random.default_rng(0).normal(size=60)[day]
    preprocessor = TabularPreprocessor(number_codes=True).fit(X, effect)
    assert preprocessor.number_codes_ == {}
    numbers = pd.DataFrame({"when": day})
    assert TabularPreprocessor(number_codes=True).fit(numbers, effect).number_codes_


# ------------------------------------------------------------------------------- errors


def test_error_refuses_dates_as_numbers_are_to_be_made_of_them():
    message = r"X has columns of dates or times.*'when' \(datetime64.*dates='encode'"
    with pytest.raises(ValueError, match=message):
        TabularPreprocessor(dates="error").fit(_frame())
    plain = _frame()[["x", "c"]]
    TabularPreprocessor(dates="error").fit(plain)


@tabular_estimators
def test_estimators_refuse_dates_if_they_are_told_to(Estimator):
    est = Estimator((2,), max_iter=1, ensemble=None, dates="error", random_state=0)
    y = np.arange(60) % 2
    with pytest.raises(ValueError, match="X has columns of dates or times"):
        est.fit(_frame(), y)
    assert not hasattr(est, "preprocessor_")
    est.fit(_frame()[["x", "c"]], y)


def _changed(X, zone, change):
    when = X["when"]
    return X.assign(
        when={
            "naive": lambda: when.dt.tz_convert(None),
            "aware": lambda: when.dt.tz_localize(BERLIN, nonexistent="NaT"),
            "duration": lambda: when - when.min(),
            "time": lambda: pd.Series([datetime.time(1)] * len(X), dtype=object),
            "number": lambda: np.arange(len(X)) * 1.0,
            "text": lambda: when.astype(str),
            "mixed": lambda: when.astype(object).where(X.index > 5, "soon"),
        }[change]()
    )


@pytest.mark.parametrize(
    ("zone", "change", "message"),
    [
        (
            BERLIN,
            "naive",
            r"with a time zone\. Convert it.*tz_localize\('Europe/Berlin",
        ),
        (None, "duration", r"holds durations, but in fit it held dates without a time"),
        (None, "time", r"holds times of day, but in fit.*Convert it.*or fit again"),
        (
            None,
            "number",
            r"held dates or times in fit, but has the value 0.0.*again",
        ),
        (None, "text", r"but has the value '2023-10-28.*Convert it.*to_datetime"),
        (None, "mixed", r"there are values of several kinds, such as 'soon'"),
    ],
)
def test_other_values_than_in_fit_are_refused(zone, change, message):
    X = _frame(zone=zone)
    preprocessor = TabularPreprocessor().fit(X)
    with pytest.raises(ValueError, match=rf"X: column 'when' \(.*{message}"):
        preprocessor.transform(_changed(X, zone, change))


def test_dates_with_a_zone_where_fit_had_none():
    X = _frame()
    aware = X.assign(when=X["when"].dt.tz_localize("UTC"))
    message = r"holds dates with a time zone, but in fit.*tz_convert\(zone\)"
    with pytest.raises(ValueError, match=message):
        TabularPreprocessor().fit(X).transform(aware)


@pytest.mark.parametrize("column", ["x", "c"])
def test_dates_in_a_column_that_had_none(column):
    X = _frame()
    preprocessor = TabularPreprocessor().fit(X)
    wrong = X.assign(**{column: X["when"]})
    with pytest.raises(ValueError, match=rf"X has dates.*'{column}' .*Convert.*leave"):
        preprocessor.transform(wrong)


@pytest.mark.parametrize("given", [["when"], [1], [False, True, True]])
def test_dates_are_no_categories(given):
    message = r"categorical_features=.*\['when'\], whose values are dates.*Leave them"
    if given != [False, True, True]:
        given = [*given, "c"] if given == ["when"] else [*given, 2]
    with pytest.raises(ValueError, match=message):
        TabularPreprocessor(categorical_features=given).fit(_frame())
    TabularPreprocessor(categorical_features=["c"]).fit(_frame())


def test_time_zones_that_are_not_known():
    pa = pytest.importorskip("pyarrow")
    when = pa.array([0, 1], pa.timestamp("s", "Mars/Olympus"))
    message = r"X: column 'when' .*'Mars/Olympus' is not in the time zone database"
    with pytest.raises(ValueError, match=message):
        TabularPreprocessor().fit(pa.table({"when": when}))


# ------------------------------------------------------------------------------ helpers


def test_a_table_without_dates_stays_as_it_is():
    table = Table(pd.DataFrame({"a": [1.0], "c": ["x"]}))
    assert learn_dates(table, "encode") == {}
    assert expand_dates(table, {}) is table


def test_parts_and_names_of_an_expanded_table():
    encodings = {
        1: DateEncoding("date", None, 0, ("days", "day", "hour_sin")),
        2: DateEncoding("time", None, 0, ("hours",)),
        3: DateEncoding("date", "UTC", 0, ("days", "month_cos")),
    }
    assert parts_after(encodings) == [(1, "day"), (1, "hour_sin"), (3, "month_cos")]
    assert columns_of_parts(encodings, 4).tolist() == [0, 1, 2, 3, 1, 1, 3]
    assert expanded_names(list("abcd"), encodings) == [
        *("a", "b_days", "c_hours", "d_days"),
        *("b_day", "b_hour_sin", "d_month_cos"),
    ]
    numbers = encodings[1].encode(no_dates(2))
    assert np.isnan(numbers).all()
    assert np.shape(numbers) == (3, 2)


def test_saved_and_cloned():
    X = _frame(zone=BERLIN)
    preprocessor = TabularPreprocessor(dates="encode").fit(X)
    expected = preprocessor.transform(X)
    loaded = pickle.loads(pickle.dumps(preprocessor))
    np.testing.assert_array_equal(loaded.transform(X), expected)
    assert clone(TabularPreprocessor(dates="error")).dates == "error"
    np.testing.assert_array_equal(clone(preprocessor).fit_transform(X), expected)
    sio = pytest.importorskip("skops.io")
    saved = sio.dumps(preprocessor)
    untrusted = sio.get_untrusted_types(data=saved)
    assert untrusted == [
        "sknumpy_mlp._tabular.date_columns.DateEncoding",
        "sknumpy_mlp._tabular.preprocessor.TabularPreprocessor",
    ]
    loaded = sio.loads(saved, trusted=untrusted)
    np.testing.assert_array_equal(loaded.transform(X), expected)


# ----------------------------------------------------------------------------- learning


def _sales(n_rows=1200):
    """Something that grows, and that sells on some days of the week only."""
    rng = np.random.default_rng(0)
    hours = rng.integers(0, 24 * 400, n_rows)
    when = pd.Timestamp("2022-03-01") + pd.to_timedelta(hours, "h")
    of_weekday = np.array([0.0, 1.5, 0.2, 0.1, 1.0, -1.0, -1.5])
    y = hours / 24 / 200 + of_weekday[when.day_of_week] + rng.normal(0, 0.2, n_rows)
    X = pd.DataFrame({"when": when, "noise": rng.normal(size=n_rows)})
    held_out = np.isin(hours // 24, rng.choice(400, 100, replace=False))
    return X, y, held_out


def test_a_trend_and_a_weekly_pattern_are_learned_from_a_raw_timestamp():
    X, y, held_out = _sales()
    reg = TabularMLPRegressor(preset="fast", n_members=2, random_state=0)
    scores = []
    for table in (X, X[["noise"]]):
        reg.fit(table[~held_out], y[~held_out])
        scores.append(reg.score(table[held_out], y[held_out]))
    assert scores[0] > 0.9
    assert scores[1] < 0.1


@tabular_estimators
def test_estimators_take_dates_of_any_library(Estimator):
    X, y = _frame(zone=BERLIN), np.arange(60) % 2
    est = Estimator((4,), max_iter=2, n_members=2, random_state=0)
    expected = est.fit(X, y, sample_weight=np.arange(60) % 7).predict(X)
    frame = polars_frame(X.to_dict("list") | {"when": X["when"].dt.tz_convert("UTC")})
    np.testing.assert_array_equal(est.predict(frame), expected)
    est.fit(X, y, X_val=X[:9], y_val=y[:9])
    naive = X.assign(when=X["when"].dt.tz_localize(None))
    with pytest.raises(ValueError, match=r"^X_val: X: column 'when'.*tz_localize"):
        est.fit(X, y, X_val=naive, y_val=y)
    classifier = TabularMLPClassifier((2,), max_iter=1, n_members=2)
    assert clone(classifier).fit(X, y).preprocessor_.dates == "encode"
