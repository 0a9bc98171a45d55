"""Estimators, arguments and axes that all displays accept, and matplotlib."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.plotting import (
    LearningRateDisplay,
    LossCurveDisplay,
    PredictionIntervalDisplay,
    WeightsDisplay,
)
from sknumpy_mlp.plotting._common import (
    as_curves,
    check_choice,
    check_flags,
    check_positive_int,
    check_strings,
    check_styles,
    is_dark,
    single_axes,
    styled,
    use_integer_ticks,
)
from tests.conftest import run_program, unconverged
from tests.plotting.conftest import X, make_classifier, y, y_values

pytestmark = unconverged


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: check_flags(grid=1), r"grid=1 must be True or False\."),
        (lambda: check_strings(name=1), r"name=1 must be a str or None\."),
        (lambda: check_styles(line_kw=1), r"line_kw=1 must be a dict with keyword"),
        (
            lambda: check_choice(("a", "b"), kind="c"),
            r"kind='c' must be one of \('a', ",
        ),
        (lambda: check_positive_int(n=0), r"n=0 must be an int of at least 1\."),
        (lambda: check_positive_int(n=True), r"n=True must be an int of at least 1\."),
        (lambda: check_positive_int(n=None), r"n=None must be an int of at least 1\."),
        (
            lambda: check_positive_int(n=1.5, optional=True),
            r"n=1\.5 must be an int of at least 1, or None\.",
        ),
        (lambda: as_curves([1.0], "rates"), r"rates=\[1\.0\] must be a list with a "),
        (lambda: as_curves([[]], "rates"), "rates has a curve without an epoch"),
    ],
)
def test_invalid_arguments_are_refused(check, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        check()


def test_valid_arguments():
    check_flags(grid=np.True_, legend=False)
    check_strings(name="a", title=None)
    check_styles(line_kw={}, best_kw=None)
    check_choice(("a", "b"), kind="a", other="b")
    check_positive_int(n=1, m=np.int64(3))
    check_positive_int(n=None, optional=True)
    first, second = as_curves([[1, 2], (3.0,)], "rates")
    assert (first.tolist(), second.tolist()) == ([1.0, 2.0], [3.0])


def test_a_user_s_style_overrides_the_defaults(plt):
    assert styled("line", {"lw": 3}, linewidth=1, color="red") == {
        "linewidth": 3,
        "color": "red",
    }
    assert styled("collection", None, alpha=0.5) == {"alpha": 0.5}


def test_axes_are_given_or_new(plt):
    _, ax = plt.subplots()
    assert single_axes(plt, ax) is ax
    assert single_axes(plt, None).figure is not ax.figure


def test_a_dark_background(plt):
    figure, ax = plt.subplots()
    ax.set_facecolor("navy")
    assert is_dark(ax)
    ax.set_facecolor("none")
    assert not is_dark(ax)
    figure.set_facecolor("black")
    assert is_dark(ax)


@pytest.mark.parametrize("n_values", [1, 2, 3, 7])
def test_ticks_are_integers(n_values, plt):
    _, ax = plt.subplots()
    ax.plot(range(1, n_values + 1), range(n_values), marker="o")
    use_integer_ticks(ax)
    ticks = ax.get_xticks()
    assert len(ticks)
    assert all(tick == int(tick) for tick in ticks)


@pytest.mark.parametrize("Display", [LossCurveDisplay, LearningRateDisplay])
def test_wrapped_networks_are_drawn(Display):
    pipeline = make_pipeline(StandardScaler(), make_classifier()).fit(X, y)
    network = pipeline[-1]
    grid = {"numpymlpclassifier__alpha": [0.1]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    nested = Pipeline([("search", search)])
    regressor = TransformedTargetRegressor(
        NumpyMLPRegressor(hidden_layer_sizes=5, max_iter=3, random_state=0),
        transformer=StandardScaler(),
    ).fit(X, y)
    for estimator, held in [
        (pipeline, network),
        (search, search.best_estimator_[-1]),
        (nested, search.best_estimator_[-1]),
        (regressor, regressor.regressor_),
    ]:
        drawn = y_values(Display.from_estimator(estimator).lines_[0])
        steps = np.repeat(held.learning_rate_curve_, 2).tolist()
        assert drawn in (held.loss_curve_, steps)


def _calls():
    yield LossCurveDisplay, ()
    yield LearningRateDisplay, ()
    yield WeightsDisplay, ()
    yield PredictionIntervalDisplay, (X, y)


@pytest.mark.parametrize(("Display", "data"), _calls())
def test_unfitted_estimators_are_refused(Display, data):
    grid = {"alpha": [0.1]}
    for estimator in (
        make_classifier(),
        TabularMLPRegressor(),
        make_pipeline(StandardScaler(), make_classifier()),
        GridSearchCV(make_classifier(), grid),
        TransformedTargetRegressor(NumpyMLPRegressor()),
    ):
        with pytest.raises(NotFittedError):
            Display.from_estimator(estimator, *data)


@pytest.mark.parametrize(("Display", "data"), _calls())
def test_other_estimators_are_refused(Display, data):
    forest = RandomForestClassifier(2).fit(X, y)
    bagging = BaggingClassifier(make_classifier(max_iter=1), 2).fit(X, y)
    search = GridSearchCV(
        make_classifier(max_iter=1), {"alpha": [0.1]}, refit=False, cv=2
    )
    for other in (
        forest,
        RandomForestClassifier(),
        make_pipeline(StandardScaler(), forest),
        bagging,
        search.fit(X, y),
        42,
    ):
        message = rf"{Display.__name__}\.from_estimator needs a fitted estimator"
        with pytest.raises(TypeError, match=message):
            Display.from_estimator(other, *data)


@pytest.mark.parametrize("Display", [LossCurveDisplay, LearningRateDisplay])
def test_several_axes_for_a_single_figure(Display, stopped, plt):
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="ax must be a matplotlib Axes or None"):
        Display.from_estimator(stopped, ax=axes)


_WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None  # importing it now raises ImportError
import numpy as np
from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp import plotting

X = np.arange(20.0).reshape(-1, 1)
reg = NumpyMLPRegressor(solver="lbfgs", random_state=0).fit(X, X[:, 0])
curves = [reg.loss_curve_]
for draw in (
    lambda: plotting.LossCurveDisplay.from_estimator(reg),
    lambda: plotting.LossCurveDisplay(loss_curves=curves).plot(),
    lambda: plotting.LearningRateDisplay.from_estimator(reg),
    lambda: plotting.LearningRateDisplay(learning_rate_curves=curves).plot(),
    lambda: plotting.WeightsDisplay.from_estimator(reg),
    lambda: plotting.WeightsDisplay(images=X.reshape(1, 4, 5), names=["a"]).plot(),
    lambda: plotting.PredictionIntervalDisplay.from_estimator(reg, X, X[:, 0]),
    lambda: plotting.PredictionIntervalDisplay.from_predictions([1], [[0, 2]]),
):
    try:
        draw()
    except ImportError as error:
        print(error)
"""


def test_without_matplotlib():
    found = run_program(_WITHOUT_MATPLOTLIB)
    lines = found.stdout.splitlines()
    names = [
        f"{Display}.{method} needs matplotlib, which is not installed: run "
        "pip install matplotlib."
        for Display in (
            "LossCurveDisplay",
            "LearningRateDisplay",
            "WeightsDisplay",
            "PredictionIntervalDisplay",
        )
        for method in ("from_estimator", "plot")
    ]
    assert lines == names


def test_importing_does_not_import_matplotlib():
    code = "import sys, sknumpy_mlp.plotting; print('matplotlib' in sys.modules)"
    found = run_program(code)
    assert found.stdout.strip() == "False"
