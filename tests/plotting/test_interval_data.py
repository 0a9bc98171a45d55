"""Data of prediction intervals: features, missing values, bands."""

import functools
import math

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.losses import Quantile
from sknumpy_mlp.plotting import PredictionIntervalDisplay
from tests.conftest import unconverged

pytestmark = unconverged


@pytest.mark.parametrize("container", [list, sp.csr_array, sp.coo_matrix, np.asarray])
def test_features_of_tables_without_names(quantiles, wave, container):
    x, target = wave
    display = PredictionIntervalDisplay.from_estimator(
        quantiles, container(x), target.reshape(-1, 1), feature=-1
    )
    assert display.line_.get_xdata().tolist() == sorted(x[:, 0])
    assert display.ax_.get_xlabel() == "Feature 0"
    with pytest.raises(ValueError, match=r"an int in the range \[-1, 1\)\."):
        PredictionIntervalDisplay.from_estimator(
            quantiles, container(x), target, feature="size"
        )


def test_features_that_are_not_there(tabular, table):
    for bad in ["rooms", 2, True]:
        with pytest.raises(ValueError, match=r"must be a column.*\['size', 'town'\]"):
            PredictionIntervalDisplay.from_estimator(tabular, *table, feature=bad)
    with pytest.raises(ValueError, match="'town'"):
        PredictionIntervalDisplay.from_estimator(tabular, *table, feature="town")


def _drawn(display):
    """Where samples are drawn, in any order: their true values and their bars."""
    at = [*display.covered_.get_xdata(), *display.missed_.get_xdata()]
    bars = [segment[0][0] for segment in display.interval_.get_segments()]
    assert sorted(at) == sorted(bars) == sorted(display.line_.get_xdata())
    return sorted(at)


_MISSING = {
    "NaN": [3.0, math.nan, 1.0, 2.0, math.nan],
    "None": [3.0, None, 1.0, 2.0, None],
    "integers": [3, None, 1, 2, None],
    "float64": np.array([3.0, np.nan, 1.0, 2.0, np.nan]),
    "objects": np.array([3.0, None, 1.0, 2.0, np.nan], object),
    "masked": np.ma.masked_equal([3, 9, 1, 2, 9], 9),
    "Int64": pd.Series([3, pd.NA, 1, 2, pd.NA], dtype="Int64"),
    "Float64": pd.Series([3, pd.NA, 1, 2, pd.NA], dtype="Float64"),
    "series of objects": pd.Series([3, pd.NA, 1, 2, None], dtype=object),
}


@pytest.mark.parametrize("x", _MISSING.values(), ids=_MISSING.keys())
def test_samples_without_a_value_of_the_feature_are_left_out(x):
    target = np.arange(5.0)
    display = PredictionIntervalDisplay.from_predictions(
        target,
        np.column_stack([target - 1, [1, 0.5, 3, 4, 5]]),
        target,
        x=x,
        x_name="size",
    )
    assert _drawn(display) == [1, 2, 3]
    assert display.n_missing_ == 2
    assert display.coverage_ == 0.8  # of all samples
    label = display.ax_.get_xlabel()
    assert label == "size (2 of 5 samples without a value)"
    few = display.plot(subsample=2)
    assert _drawn(few) == [1, 3]


@pytest.mark.parametrize("as_frame", ["pandas", "Float64", "objects", "polars"])
def test_missing_values_in_the_column_of_a_table(table, as_frame):
    frame, rent = table
    frame = frame.copy()
    frame.loc[::10, "size"] = np.nan
    if as_frame == "Float64":
        frame["size"] = frame["size"].astype("Float64")
    elif as_frame == "objects":
        frame = frame.astype(object).where(frame.notna(), None).to_numpy()
    elif as_frame == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    reg = TabularMLPRegressor((4,), max_iter=2, n_members=2).fit(frame, rent)
    display = PredictionIntervalDisplay.from_estimator(reg, frame, rent, feature=0)
    assert display.n_missing_ == 12
    assert len(_drawn(display)) == 108
    assert "(12 of 120 samples without a value)" in display.ax_.get_xlabel()


def test_no_value_at_all_and_infinite_ones():
    draw = PredictionIntervalDisplay.from_predictions
    with pytest.raises(ValueError, match="x has no value in any sample"):
        draw([1.0, 2.0], [[0, 2], [1, 3]], x=[None, math.nan])
    table = pd.DataFrame({"a": [math.nan] * 9, "b": range(9)})
    reg = TabularMLPRegressor((4,), max_iter=2, n_members=2).fit(table, table.b)
    for feature in ("a", 0, np.int64(0)):
        with pytest.raises(ValueError, match=r"^feature=('a'|0) has no value in any"):
            PredictionIntervalDisplay.from_estimator(
                reg, table, table.b, feature=feature
            )
    with pytest.raises(ValueError, match="x contains infinity"):
        draw([1.0, 2.0], [[0, 2], [1, 3]], x=[0.0, math.inf])
    with pytest.raises(ValueError, match=r"x: .*strings"):
        draw([1.0, 2.0], [[0, 2], [1, 3]], x=["a", None])
    plain = draw([1.0, 2.0], [[0, 2], [1, 3]], x=[0.0, 1.0], x_name="size")
    assert plain.n_missing_ == 0
    assert plain.ax_.get_xlabel() == "size"


def test_a_band_needs_one_interval_for_each_value(wave, quantiles):
    draw = PredictionIntervalDisplay.from_predictions
    truth, x = [1.0, 2.0, 3.0], [0.0, 1.0, 1.0]
    assert draw(truth, [[0, 2], [1, 3], [1, 3]], x=x, kind="band").interval_
    for other in ([0, 3], [1, 4]):
        with pytest.raises(ValueError, match=r"one interval.*Use kind='bars'"):
            draw(truth, [[0, 2], [1, 3], other], x=x, kind="band")
    gap = draw(truth, [[0, 2], [1, 3], [0, 3]], x=[0.0, 1.0, None], kind="band")
    assert gap.n_missing_ == 1
    # A single column.
    X, target = wave
    display = PredictionIntervalDisplay.from_estimator(
        quantiles, X, target, feature=0, kind="band"
    )
    assert display.interval_ is not None


@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array, pd.DataFrame])
def test_a_band_over_one_of_several_features(convert, wave):
    X, target = wave
    X = np.column_stack([X, np.random.default_rng(0).uniform(size=(len(X), 2))])
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=4, loss=Quantile([0.1, 0.5, 0.9]), max_iter=5
    ).fit(X, target)
    draw = functools.partial(PredictionIntervalDisplay.from_estimator, reg)
    with pytest.raises(ValueError, match=r"feature=0 alone.*Use kind='bars'"):
        draw(convert(X), target, feature=0, kind="band")
    assert draw(convert(X), target, feature=0).interval_
    assert draw(convert(X), target, kind="band").interval_
    X[:, 1:] = X[0, 1:]  # a slice, in which the others stay what they are
    assert draw(convert(X), target, feature=0, kind="band").interval_


def test_a_band_over_a_column_of_a_table(tabular, table):
    frame, rent = table
    draw = functools.partial(PredictionIntervalDisplay.from_estimator, tabular)
    with pytest.raises(ValueError, match="'size' alone"):
        draw(frame, rent, feature="size", kind="band")
    for town in ("Ulm", None):
        display = draw(frame.assign(town=town), rent, feature="size", kind="band")
        assert display.interval_


def test_a_feature_of_strings_is_refused(tabular, table):
    with pytest.raises(ValueError, match=r"feature='town' must be a column of numbers"):
        PredictionIntervalDisplay.from_estimator(tabular, *table, feature="town")
