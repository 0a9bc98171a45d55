"""What the displays have in common: finding the network, arguments, matplotlib."""

import subprocess
import sys

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
from tests.plotting.conftest import X, make_classifier, y, y_values

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("Display", [LossCurveDisplay, LearningRateDisplay])
def test_the_network_at_the_end(Display):
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
def test_what_is_not_fitted(Display, data):
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
def test_what_is_no_network(Display, data):
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
    found = subprocess.run(
        [sys.executable, "-c", _WITHOUT_MATPLOTLIB],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = found.stdout.splitlines()
    names = [
        f"{Display}.{method} needs matplotlib, which is not installed: run "
        "pip install 'sknumpy-mlp[plot]'."
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
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
