"""Importances of columns as bars."""

import numpy as np
import pytest
from sklearn import inspection
from sklearn.linear_model import LinearRegression
from sklearn.metrics import make_scorer, r2_score

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp.inspection import ImportanceDisplay, permutation_importance
from sknumpy_mlp.losses import Quantile
from tests.inspection.conftest import SMALL

matplotlib = pytest.importorskip("matplotlib")

IMPORTANCES = [[0.1, 0.3], [0.5, 0.7], [-0.1, 0.1]]


@pytest.fixture(autouse=True)
def plt():
    import matplotlib.pyplot as plt

    before = matplotlib.get_backend()
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
    plt.switch_backend(before)


def _labels(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


def _widths(display):
    return [bar.get_width() for bar in display.bars_]


def _error_ends(display):
    (_, _, (lines,)) = display.bars_.errorbar
    return np.array([segment[:, 0] for segment in lines.get_segments()])


def test_bars_of_an_estimator(regressor, table):
    frame, y = table
    display = ImportanceDisplay.from_estimator(
        regressor, frame, y, n_repeats=3, random_state=0
    )
    result = permutation_importance(regressor, frame, y, n_repeats=3, random_state=0)
    order = np.argsort(-result.importances_mean, kind="stable")
    assert _labels(display) == [result.feature_names[i] for i in order]
    assert _widths(display) == result.importances_mean[order].tolist()
    mean, error = result.importances_mean[order], result.standard_errors[order]
    np.testing.assert_allclose(
        _error_ends(display), np.column_stack([mean - error, mean + error])
    )
    assert display.ax_.get_xlabel() == "Decrease of R2 when permuted"
    assert display.ax_.get_ylabel() == ""
    bottom, top = display.ax_.get_ylim()
    assert top < 0.0 < bottom  # the first bar is on top


def test_names_of_scores(regressor, classifier, table):
    frame, y = table
    kinds = np.digitize(y, [-1.0, 1.5])

    def label(estimator, y, **kwargs):
        display = ImportanceDisplay.from_estimator(
            estimator, frame, y, n_repeats=1, **kwargs
        )
        return display.ax_.get_xlabel()

    def own_score(estimator, X, y):
        return 1.0

    assert label(classifier, kinds) == "Decrease of accuracy when permuted"
    assert "neg_log_loss" in label(classifier, kinds, scoring="neg_log_loss")
    assert "own_score" in label(regressor, y, scoring=own_score)
    assert "the score" in label(regressor, y, scoring=make_scorer(r2_score))
    quantiles = TabularMLPRegressor(**SMALL, loss=Quantile([0.1, 0.9]))
    assert "D2 (pinball loss)" in label(quantiles.fit(frame, y), y)


def test_given_importances(plt):
    _, ax = plt.subplots()
    display = ImportanceDisplay.from_importances(
        {"importances": IMPORTANCES, "standard_errors": [0.1, 0.2, np.nan]},
        feature_names=np.array(["a", "b", "a very long name " * 4]),
        ax=ax,
        max_features=2,
        bar_kw={"color": "red"},
        error_kw={"capsize": 7.0},
    )
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert _labels(display) == ["b", "a"]
    np.testing.assert_allclose(_widths(display), [0.6, 0.2])
    np.testing.assert_allclose(_error_ends(display), [[0.4, 0.8], [0.1, 0.3]])
    assert ax.get_xlabel() == "Decrease of the score when permuted"
    assert ax.get_ylabel() == "2 of 3 features"
    assert display.bars_[0].get_facecolor() == (1.0, 0.0, 0.0, 1.0)
    assert display.bars_.errorbar[1][0].get_markersize() == 14.0
    display.plot(error_kw={"lw": 3.0})
    assert display.bars_.errorbar[2][0].get_linewidth() == [3.0]
    display.plot(max_features=None)  # in a new figure
    assert display.ax_ is not ax
    assert _labels(display)[2] == "a very long name a very long name a ver…"


def test_importances_of_scikit_learn():
    X = np.random.default_rng(0).normal(size=(50, 3))
    linear = LinearRegression().fit(X, X[:, 2])
    result = inspection.permutation_importance(linear, X, X[:, 2], random_state=0)
    display = ImportanceDisplay.from_importances(result)
    assert _labels(display)[0] == "x2"
    half = np.diff(_error_ends(display), axis=1)[0] / 2
    np.testing.assert_allclose(half, result.importances[2].std())


def test_many_columns_are_readable():
    rng = np.random.default_rng(0)
    display = ImportanceDisplay(importances=rng.normal(size=(200, 3)))
    few, many = display.plot(max_features=2), None
    height = few.figure_.get_figheight()
    many = display.plot(max_features=None)
    per_bar = (many.figure_.get_figheight() - height) / 198
    font = matplotlib.rcParams["font.size"] / 72  # in inches
    assert per_bar > 1.5 * font


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_bars_can_be_seen_on_every_background(style, plt):
    with plt.style.context(style):
        display = ImportanceDisplay(importances=IMPORTANCES).plot()
    background = np.array(display.ax_.get_facecolor()[:3])
    bar = np.array(display.bars_[0].get_facecolor()[:3])
    error = display.bars_.errorbar[2][0].get_edgecolor()[0][:3]
    assert np.abs(bar - background).max() > 0.4
    assert np.abs(error - background).max() > 0.9
    assert np.abs(error - bar).max() > 0.2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"importances": [1.0, 2.0]}, "importances: Expected 2D array"),
        ({"importances": [[np.nan]]}, "importances"),
        ({"standard_errors": [0.1]}, r"standard_errors .* 3 rows .* \(1,\)"),
        ({"standard_errors": [0.1, -0.1, 0.1]}, "not be negative"),
        ({"standard_errors": ["a", "b", "c"]}, "standard_errors"),
        ({"feature_names": ["a", "b"]}, "feature_names"),
        ({"feature_names": "abc"}, "feature_names"),
        ({"feature_names": 3}, "feature_names"),
        ({"score_name": 3}, "score_name"),
    ],
)
def test_wrong_importances(params, message):
    display = ImportanceDisplay(**({"importances": IMPORTANCES} | params))
    with pytest.raises(ValueError, match=message):
        display.plot()


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"max_features": 0}, "max_features=0"),
        ({"ax": "here"}, "ax must be"),
        ({"bar_kw": ["red"]}, "bar_kw"),
        ({"error_kw": 3}, "error_kw"),
    ],
)
def test_wrong_arguments_of_plot(kwargs, message):
    with pytest.raises(ValueError, match=message):
        ImportanceDisplay(importances=IMPORTANCES).plot(**kwargs)


def test_wrong_results(regressor, table):
    frame, y = table
    for result in ({}, None, [[1.0]]):
        with pytest.raises(ValueError, match="must be what permutation_importance"):
            ImportanceDisplay.from_importances(result)
    several = permutation_importance(
        regressor, frame, y, n_repeats=1, scoring=["r2", "neg_median_absolute_error"]
    )
    with pytest.raises(
        ValueError, match=r"one of \['r2', 'neg_median_absolute_error'\]"
    ):
        ImportanceDisplay.from_importances(several)
    for scoring in (["r2"], {"a": "r2"}, {"r2"}):
        with pytest.raises(ValueError, match=r"scoring=.* must be one score"):
            ImportanceDisplay.from_estimator(regressor, frame, y, scoring=scoring)
