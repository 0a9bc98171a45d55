"""Dates and times in tables, targets and sample weights."""

import datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sknumpy_mlp import (
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.dates import is_date_dtype, refuse_dates
from tests.conftest import polars_frame, unconverged
from tests.inputs.conftest import (
    NETWORKS,
    NUMBERS,
    REGRESSORS,
    N,
    X,
    by_name,
    target_of,
)

pytestmark = unconverged


@by_name(NETWORKS)
def test_dates_in_lists(est):
    y, day = target_of(est), np.datetime64("2020")
    for row in ([day, day, day], [1.0, day, 1.0]):
        with pytest.raises(ValueError, match=r"^X holds dates or times: datetime64"):
            clone(est).fit([row] * N, y)


@by_name(REGRESSORS)
def test_dates_in_lists_of_targets(est):
    """NumPy would count years."""
    y = [*NUMBERS[1:], np.datetime64("2020")]
    with pytest.raises(ValueError, match=r"^y holds dates or times: datetime64"):
        clone(est).fit(X, y)
    with pytest.raises(ValueError, match=r"^y_val holds dates or times: datetime64"):
        clone(est).fit(X, NUMBERS, X_val=X, y_val=y)


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"when": pd.date_range("2020-01-01", periods=3)}),
        pd.DataFrame({"when": pd.date_range("2020-01-01", periods=3, tz="UTC")}),
        pd.DataFrame({"when": pd.period_range("2020-01", periods=3, freq="M")}),
        pd.DataFrame({"when": [datetime.date(2020, 1, i) for i in (1, 2, 3)]}),
        pd.DataFrame({"when": [datetime.date(2020, 1, 1), "soon", None]}),
        pd.DataFrame({"when": pd.Categorical(pd.date_range("2020", periods=3))}),
        lambda: polars_frame({"when": [datetime.date(2020, 1, i) for i in (1, 2, 3)]}),
        lambda: polars_frame({"when": [datetime.timedelta(i) for i in (1, 2, 3)]}),
        np.array([["2020-01-01"], ["2020-01-02"]], dtype="datetime64[D]"),
    ],
)
def test_dates_are_refused_with_advice(X):
    X = X() if callable(X) else X
    with pytest.raises(ValueError, match=r"weekday.* or set dates='encode'"):
        TabularPreprocessor(dates="error").fit(X)


def test_dates_after_fit_are_refused_too():
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    preprocessor = TabularPreprocessor().fit(X)
    with pytest.raises(ValueError, match=r"dates.*'a'.*none in fit\. Convert"):
        preprocessor.transform(pd.DataFrame({"a": pd.date_range("2020", periods=3)}))


@pytest.mark.parametrize(
    "dtype",
    [
        np.dtype("M8[ns]"),
        np.dtype("m8[s]"),
        pd.PeriodDtype("D"),
        pd.DatetimeTZDtype(tz="UTC"),
        pd.CategoricalDtype(pd.date_range("2020", periods=2)),
    ],
    ids=str,
)
def test_types_of_dates(dtype):
    assert is_date_dtype(dtype)


@pytest.mark.parametrize(
    "dtype",
    [
        np.dtype(float),
        np.dtype(object),
        pd.Int64Dtype(),
        pd.CategoricalDtype(["a"]),
        None,
    ],
    ids=str,
)
def test_types_of_other_values(dtype):
    assert not is_date_dtype(dtype)


def test_types_of_dates_in_polars_and_arrow():
    pl = pytest.importorskip("polars")
    assert all(map(is_date_dtype, (pl.Date(), pl.Time(), pl.Datetime(), pl.Duration())))
    assert not is_date_dtype(pl.Int64())
    pa = pytest.importorskip("pyarrow")
    types = (pa.date32(), pa.time32("s"), pa.timestamp("ns"), pa.duration("s"))
    assert all(map(is_date_dtype, types))
    assert not is_date_dtype(pa.int64())


@pytest.mark.parametrize("make", ["frame", "array", "series"])
def test_dates_among_objects_are_named(make):
    table = X.astype(object)
    table[4, 1] = datetime.date(2020, 1, 1)
    values, where = {
        "frame": (pd.DataFrame(table, columns=[10, 20, 30]), r"20 \(date\)"),
        "array": (table, r"column 1 \(date\)"),
        "series": (pd.Series(table[:, 1]), "date"),
    }[make]
    with pytest.raises(ValueError, match=rf"^X holds dates or times: {where}\. Turn"):
        refuse_dates(values, "X")
