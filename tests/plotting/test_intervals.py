"""Prediction intervals compared with true values."""

import math

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp.losses import Quantile
from sknumpy_mlp.plotting import PredictionIntervalDisplay
from sknumpy_mlp.plotting._common import is_dark
from tests.conftest import unconverged
from tests.plotting.conftest import X_val, legend_labels, y_val, y_values

matplotlib = pytest.importorskip("matplotlib")

pytestmark = unconverged


def _ends(display):
    """Lower and upper ends of bars, as drawn from left to right."""
    return np.array([bar[:, 1] for bar in display.interval_.get_segments()])


def test_intervals_of_a_tabular_regressor(tabular, table):
    frame, rent = table
    display = PredictionIntervalDisplay.from_estimator(
        tabular, frame, rent, coverage=0.8
    )
    predicted = tabular.predict(frame)
    interval = tabular.prediction_interval(frame, 0.8)
    order = np.argsort(predicted, kind="stable")
    np.testing.assert_array_equal(_ends(display), interval[order])
    assert y_values(display.line_) == predicted[order].tolist()
    is_inside = (interval[:, 0] <= rent) & (rent <= interval[:, 1])
    assert display.coverage_ == is_inside.mean()
    assert sorted(y_values(display.covered_)) == sorted(rent[is_inside])
    assert sorted(y_values(display.missed_)) == sorted(rent[~is_inside])
    assert 0 < is_inside.mean() < 1
    share = 100 * is_inside.mean()
    assert legend_labels(display) == [
        "interval for 80%",
        "prediction",
        f"inside, {share:.1f}%",
        f"outside, {100 - share:.1f}%",
    ]
    assert display.covered_.get_color() != display.missed_.get_color()
    assert display.covered_.get_marker() != display.missed_.get_marker()


def test_the_default_of_a_tabular_regressor_is_nine_tenths(tabular, table):
    display = PredictionIntervalDisplay.from_estimator(tabular, *table)
    assert display.coverage == 0.9


@pytest.mark.parametrize("which", ["size", 0, -2])
def test_intervals_at_a_feature(tabular, table, which):
    frame, rent = table
    display = PredictionIntervalDisplay.from_estimator(
        tabular, frame, rent, feature=which
    )
    assert display.ax_.get_xlabel() == "size"
    order = np.argsort(frame["size"].to_numpy(), kind="stable")
    assert display.line_.get_xdata().tolist() == frame["size"].iloc[order].tolist()
    assert display.line_.get_linestyle() == "None"


def _contrast(first, second):
    """The contrast of two colors, by the formula of the WCAG."""

    def luminance(color):
        rgb = np.asarray(matplotlib.colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", ["bars", "band"])
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_intervals_can_be_seen_on_every_background(style, kind, plt):
    with plt.style.context(style):
        _, ax = plt.subplots()
    display = PredictionIntervalDisplay.from_predictions(
        [1.0, 2.0], [[0, 2], [1, 3]], [1.0, 2.0], kind=kind, ax=ax
    )
    background = np.asarray(ax.get_facecolor()[:3])
    color, alpha = _color_of(display.interval_, kind)
    seen = alpha * color + (1 - alpha) * background
    assert _contrast(seen, background) > (1.2 if kind == "band" else 1.5)
    assert _contrast(display.covered_.get_color(), background) > 4.5
    assert _contrast(display.line_.get_color(), background) > 4.5
    ax.set_facecolor("none")  # then it is the figure's
    assert is_dark(ax) == (style == "dark_background")
    ax.figure.set_facecolor("none")
    assert not is_dark(ax)


def _color_of(collection, kind):
    colors = collection.get_facecolor if kind == "band" else collection.get_edgecolor
    *rgb, alpha = colors()[0]
    return np.asarray(rgb), alpha


def test_intervals_between_quantiles(quantiles, wave):
    x, target = wave
    display = PredictionIntervalDisplay.from_estimator(
        quantiles, x, target, feature=0, kind="band"
    )
    low, _, median, _, high = quantiles.predict(x).T
    order = np.argsort(x[:, 0], kind="stable")
    assert y_values(display.line_) == median[order].tolist()
    assert display.line_.get_linestyle() == "-"
    assert display.coverage == pytest.approx(0.9)
    assert display.coverage_ == np.mean((low <= target) & (target <= high))
    assert display.ax_.get_xlabel() == "Feature 0"
    corners = display.interval_.get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(low.min())
    assert corners[:, 1].max() == pytest.approx(high.max())
    narrow = PredictionIntervalDisplay.from_estimator(
        quantiles, x, target, coverage=0.5
    )
    assert narrow.coverage_ < display.coverage_
    with pytest.raises(ValueError, match=r"possible: 0\.5, 0\.9"):
        PredictionIntervalDisplay.from_estimator(quantiles, x, target, coverage=0.8)


def test_quantiles_without_a_median(wave):
    x, target = wave
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=5, loss=Quantile([0.1, 0.8]), max_iter=3, random_state=0
    ).fit(x, target)
    display = PredictionIntervalDisplay.from_estimator(reg, x, target)
    assert display.line_ is None
    assert display.coverage == pytest.approx(0.7)
    np.testing.assert_array_equal(
        _ends(display).mean(axis=1), np.sort(reg.predict(x).mean(axis=1))
    )
    with pytest.raises(ValueError, match="possible: none"):
        PredictionIntervalDisplay.from_estimator(reg, x, target, coverage=0.7)


def test_intervals_of_wrapped_regressors(wave, table):
    x, target = wave
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=5, loss=Quantile([0.1, 0.5, 0.9]), max_iter=3, random_state=0
    )
    search = GridSearchCV(make_pipeline(StandardScaler(), reg), {}, cv=2)
    search.fit(10 * x, target)
    display = PredictionIntervalDisplay.from_estimator(search, 10 * x, target)
    expected = search.predict(10 * x)
    np.testing.assert_array_equal(
        _ends(display), expected[np.argsort(expected[:, 1], kind="stable")][:, [0, 2]]
    )
    alone = Pipeline([("table", TabularMLPRegressor(4, max_iter=2, random_state=0))])
    display = PredictionIntervalDisplay.from_estimator(alone.fit(*table), *table)
    np.testing.assert_array_equal(
        display.interval, alone[-1].prediction_interval(table[0])
    )
    scaled = TransformedTargetRegressor(
        NumpyMLPRegressor(hidden_layer_sizes=3, max_iter=2)
    ).fit(x, target)
    with pytest.raises(TypeError, match="TransformedTargetRegressor"):
        PredictionIntervalDisplay.from_estimator(scaled, x, target)


def test_tabular_quantiles(table):
    reg = TabularMLPRegressor(
        4, loss=Quantile([0.1, 0.5, 0.9]), max_iter=2, n_members=2, random_state=0
    ).fit(*table)
    display = PredictionIntervalDisplay.from_estimator(reg, *table)
    np.testing.assert_array_equal(display.interval, reg.predict(table[0])[:, [0, 2]])


def test_estimators_without_intervals(wave, table, stopped):
    x, target = wave
    reg = NumpyMLPRegressor(hidden_layer_sizes=5, max_iter=2).fit(x, target)
    tabular = TabularMLPClassifier(4, max_iter=2).fit(table[0], table[1] > 800)
    for estimator, data in (
        (reg, wave),
        (stopped, (X_val, y_val)),
        (tabular, table),
        (reg.set_params(loss="quantile").fit(x, target), wave),
    ):
        with pytest.raises(ValueError, match=r"predicts no intervals\..*Quantile"):
            PredictionIntervalDisplay.from_estimator(estimator, *data)


def test_intervals_of_several_targets(table):
    frame, rent = table
    reg = TabularMLPRegressor(4, max_iter=2).fit(frame, np.c_[rent, rent])
    with pytest.raises(ValueError, match=r"predicts 2 targets.*from_predictions"):
        PredictionIntervalDisplay.from_estimator(reg, frame, rent)
    interval = reg.prediction_interval(frame)
    with pytest.raises(ValueError, match="one target after the other"):
        PredictionIntervalDisplay.from_predictions(np.c_[rent, rent], interval[:, 0])


def test_a_few_of_many_samples():
    n = 1000
    y_true = np.arange(n, dtype=float)
    interval = np.c_[y_true - 1, y_true + np.where(y_true < 250, -0.5, 1)]
    display = PredictionIntervalDisplay.from_predictions(
        y_true, interval, y_true, subsample=50
    )
    assert display.coverage_ == 0.75
    x = display.line_.get_xdata()
    assert len(x) == 50
    assert (x[0], x[-1]) == (1, n)
    n_drawn = len(display.covered_.get_xdata()) + len(display.missed_.get_xdata())
    assert n_drawn == 50
    assert len(display.plot(subsample=None).line_.get_xdata()) == n


def test_drawing_intervals_again(plt):
    display = PredictionIntervalDisplay.from_predictions(
        [1.0, 2.0], [[0.0, 1.5], [2.5, 3.0]], x=[5.0, 4.0], x_name="height"
    )
    assert display.line_ is None
    assert legend_labels(display)[0] == "interval"
    _, ax = plt.subplots()
    display.plot(
        ax,
        kind="band",
        interval_kw={"color": "red"},
        scatter_kw={"markersize": 9},
    )
    assert display.ax_ is ax
    assert ax.get_xlabel() == "height"
    assert display.covered_.get_markersize() == 9
    assert display.missed_.get_xdata().tolist() == [4.0]


def test_intervals_that_cannot_be_drawn(tabular, table):
    draw = PredictionIntervalDisplay.from_predictions
    with pytest.raises(ValueError, match="lower ends first"):
        draw([1.0], [[2.0, 1.0]])
    with pytest.raises(ValueError, match="lower ends first"):
        draw([1.0], [[2.0, 3.0, 4.0]])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw([1.0, 2.0], [[2.0, 3.0]])
    with pytest.raises(ValueError, match="infinite ends"):
        draw([1.0], [[-math.inf, math.inf]])
    with pytest.raises(ValueError, match="at least 1999 samples"):
        PredictionIntervalDisplay.from_estimator(tabular, *table, coverage=0.999)
    with pytest.raises(ValueError, match="kind='violin'"):
        draw([1.0], [[0.0, 2.0]], kind="violin")
    for bad in (0, 0.5, True):
        with pytest.raises(ValueError, match="subsample="):
            draw([1.0], [[0.0, 2.0]], subsample=bad)
    for bad in (0, 1, 90, "high"):
        with pytest.raises(ValueError, match="coverage="):
            PredictionIntervalDisplay.from_estimator(tabular, *table, coverage=bad)


def test_a_single_sample_and_few_of_them(plt):
    draw = PredictionIntervalDisplay.from_predictions
    display = draw([1.0], [[0.0, 2.0]], [1.5])
    assert display.line_.get_marker() == "_"
    display = draw([1.0, 2.0, 3.0], [[0.0, 2.0]] * 3, [1.0, 1.5, 2.0])
    ticks = display.ax_.get_xticks()
    assert (ticks == ticks.astype(int)).all()
    with pytest.raises(ValueError, match="y_true"):
        draw(None, [[0.0, 2.0]])


def test_predictions_are_seen_on_a_dark_ground(plt):
    with plt.style.context("dark_background"):
        display = PredictionIntervalDisplay.from_predictions(
            [1.0, 2.0], [[0.0, 2.0], [1.0, 3.0]], [1.0, 2.0]
        )
        assert display.line_.get_color() == "white"
