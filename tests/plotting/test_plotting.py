"""The displays draw what the estimators say, and do without matplotlib until then."""

import copy
import functools
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._tabular.ensemble import StopAtEpoch
from sknumpy_mlp.activations import ReLU
from sknumpy_mlp.callbacks import Checkpoint, EarlyStopping
from sknumpy_mlp.export import from_sklearn
from sknumpy_mlp.losses import Quantile
from sknumpy_mlp.plotting import (
    LearningRateDisplay,
    LossCurveDisplay,
    PredictionIntervalDisplay,
    WeightsDisplay,
)
from sknumpy_mlp.plotting._common import is_dark
from sknumpy_mlp.schedules import SCHEDULES, CosineLog

matplotlib = pytest.importorskip("matplotlib")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
X_fit, X_val, y_fit, y_val = X[:200], X[200:], y[:200], y[200:]


@pytest.fixture(autouse=True)
def plt():
    import matplotlib.pyplot as plt

    before = matplotlib.get_backend()
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
    plt.switch_backend(before)


def _classifier(**params):
    defaults = {"hidden_layer_sizes": 10, "max_iter": 5, "random_state": 0}
    return NumpyMLPClassifier(**(defaults | params))


@pytest.fixture(scope="module")
def stopped():
    """A classifier that has got an earlier epoch back."""
    return _classifier(
        early_stopping=True, max_iter=60, learning_rate_init=0.02, n_iter_no_change=3
    ).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    size = rng.lognormal(4, 0.4, 120)
    town = rng.choice(["Ulm", "Bonn"], 120)
    rent = 12 * size + 300 * (town == "Bonn") + 50 * rng.standard_normal(120)
    return pd.DataFrame({"size": size, "town": town}), rent


@pytest.fixture(scope="module")
def tabular(table):
    return TabularMLPRegressor(8, max_iter=8, n_members=3, random_state=0).fit(*table)


@pytest.fixture(scope="module")
def wave():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (150, 1))
    return x, np.sin(3 * x[:, 0]) + 0.2 * rng.standard_normal(150)


@pytest.fixture(scope="module")
def quantiles(wave):
    return NumpyMLPRegressor(
        hidden_layer_sizes=20,
        loss=Quantile([0.05, 0.25, 0.5, 0.75, 0.95]),
        learning_rate_init=0.02,
        max_iter=30,
        random_state=0,
    ).fit(*wave)


def _labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def _y(line):
    return line.get_ydata().tolist()


# --------------------------------------------------------------------------- the losses


def test_loss_curves_are_those_of_the_estimator(stopped):
    display = LossCurveDisplay.from_estimator(stopped)
    training, validation = display.lines_
    assert _y(training) == stopped.loss_curve_
    assert _y(validation) == stopped.validation_loss_curve_
    assert training.get_xdata().tolist() == list(range(1, stopped.n_iter_ + 1))
    assert training.get_color() != validation.get_color()
    assert display.member_lines_ == []
    assert display.figure_ is display.ax_.figure
    assert display.ax_.get_xlabel() == "Epoch"


def test_the_epoch_whose_weights_were_kept_is_marked(stopped):
    best = int(np.argmax(stopped.validation_scores_)) + 1
    assert best < stopped.n_iter_
    display = LossCurveDisplay.from_estimator(stopped)
    (dot,) = display.best_
    assert dot.get_xdata() == [best]
    assert dot.get_ydata() == [stopped.validation_loss_curve_[best - 1]]
    assert _labels(display) == [
        "training",
        "validation",
        f"weights kept (epoch {best})",
    ]
    # Without the validation loss it lies on the training loss.
    display = LossCurveDisplay.from_estimator(stopped, validation=False)
    assert len(display.lines_) == 1
    assert display.best_[0].get_ydata() == [stopped.loss_curve_[best - 1]]


@pytest.mark.parametrize("monitor", ["loss", "validation_loss", "validation_score"])
def test_the_epoch_that_a_callback_kept_is_marked(monitor):
    stopping = EarlyStopping(monitor, n_iter_no_change=2)
    clf = _classifier(
        callbacks=[stopping], max_iter=40, learning_rate_init=0.2, warm_start=True
    )
    clf.fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    display = LossCurveDisplay.from_estimator(clf)
    assert display.best_[0].get_xdata() == [stopping.best_epoch]
    n_before = clf.n_iter_
    clf.fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    display = LossCurveDisplay.from_estimator(clf)
    assert display.best_[0].get_xdata() == [n_before + stopping.best_epoch]
    # It has looked after another fit since, which says nothing about this one.
    other = _classifier(callbacks=[stopping], random_state=1, hidden_layer_sizes=3)
    other.fit(X_fit[:50], y_fit[:50], X_val=X_val, y_val=y_val)
    assert LossCurveDisplay.from_estimator(clf).best_ == []


def test_a_warm_start_that_keeps_what_it_began_with_marks_nothing():
    clf = _classifier(
        early_stopping=True, warm_start=True, max_iter=30, learning_rate_init=0.05
    ).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    best = clf.best_validation_score_
    clf.set_params(learning_rate_init=10.0, max_iter=3)
    clf.fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    assert clf.best_validation_score_ == best
    display = LossCurveDisplay.from_estimator(clf)
    assert display.best_ == []
    assert len(display.lines_[1].get_xdata()) == len(clf.loss_curve_)


def test_without_validation_data_there_is_one_curve():
    display = LossCurveDisplay.from_estimator(_classifier().fit(X, y))
    assert _labels(display) == ["training"]
    assert display.best_ == []


def test_lbfgs_counts_iterations():
    clf = _classifier(solver="lbfgs").fit(X, y)
    display = LossCurveDisplay.from_estimator(clf)
    assert _y(display.lines_[0]) == clf.loss_curve_
    assert display.ax_.get_xlabel() == "Iteration"


def test_one_call_of_partial_fit_is_a_dot():
    clf = _classifier().partial_fit(X, y, classes=range(10))
    (line,) = LossCurveDisplay.from_estimator(clf).lines_
    assert line.get_marker() == "o"
    clf.partial_fit(X, y)
    display = LossCurveDisplay.from_estimator(clf)
    assert _y(display.lines_[0]) == clf.loss_curve_
    assert display.lines_[0].get_marker() == "None"
    # There is no epoch between the two.
    assert all(float(tick).is_integer() for tick in display.ax_.get_xticks())


class _Interrupted(ReLU):
    def forward(self, z, out):
        if len(z) > 50:  # not in the trial of a custom activation, but in the training
            raise KeyboardInterrupt
        super().forward(z, out)


def test_a_training_without_an_epoch():
    clf = _classifier(activation=_Interrupted())
    with pytest.warns(UserWarning, match="interrupted"):
        clf.fit(X, y)
    with pytest.raises(ValueError, match="without an epoch"):
        LossCurveDisplay.from_estimator(clf)


def test_validation_data_in_some_calls_only():
    clf = _classifier(warm_start=True).fit(X, y)
    clf.fit(X, y, X_val=X_val, y_val=y_val)
    with pytest.raises(ValueError, match=r"5 out of 10 epochs.*validation=False"):
        LossCurveDisplay.from_estimator(clf)
    display = LossCurveDisplay.from_estimator(clf, validation=False)
    assert len(display.lines_[0].get_xdata()) == 10


def test_members_are_thin_and_their_mean_is_thick(tabular):
    display = LossCurveDisplay.from_estimator(tabular)
    members = tabular.estimators_
    assert [_y(line) for line in display.member_lines_] == [
        *(member.loss_curve_ for member in members),
        *(member.validation_loss_curve_ for member in members),
    ]
    np.testing.assert_allclose(
        _y(display.lines_[1]),
        np.mean([member.validation_loss_curve_ for member in members], axis=0),
    )
    assert display.lines_[0].get_linewidth() > display.member_lines_[0].get_linewidth()
    assert display.lines_[0].get_color() == display.member_lines_[0].get_color()
    assert _labels(display) == [
        "training, mean of 3",
        "validation, mean of 3",
        "weights kept",
    ]
    best = [int(np.argmax(member.validation_scores_)) + 1 for member in members]
    assert [dot.get_xdata()[0] for dot in display.best_] == best
    # A member is a network by itself.
    display = LossCurveDisplay.from_estimator(members[0])
    assert _y(display.lines_[0]) == members[0].loss_curve_


def test_the_mean_ends_where_the_first_member_does():
    display = LossCurveDisplay(loss_curves=[[3.0, 2.0, 1.0], [1.0, 1.0]]).plot()
    assert _y(display.lines_[0]) == [2.0, 1.5]
    assert [len(line.get_xdata()) for line in display.member_lines_] == [3, 2]


def test_several_estimators_on_one_axes(stopped, plt):
    other = _classifier(solver="sgd").fit(X, y)
    _, ax = plt.subplots()
    first = LossCurveDisplay.from_estimator(stopped, name="adam", ax=ax)
    second = LossCurveDisplay.from_estimator(other, name="sgd", ax=ax, log_scale=True)
    assert first.ax_ is second.ax_ is ax
    labels = _labels(second)
    assert labels[0] == "adam, training"
    assert labels[2].startswith("adam, weights kept (epoch ")
    assert labels[-1] == "sgd, training"
    colors = [line.get_color() for line in [*first.lines_, *second.lines_]]
    assert colors[0] == colors[1] != colors[2]
    assert first.lines_[0].get_linestyle() != first.lines_[1].get_linestyle()
    assert ax.get_yscale() == "log"


def test_drawing_again_on_other_axes(stopped, plt):
    display = LossCurveDisplay.from_estimator(stopped)
    first_line = display.lines_[0]
    _, ax = plt.subplots()
    assert display.plot(ax, line_kw={"lw": 5, "c": "black"}) is display
    assert display.ax_ is ax
    assert display.lines_[0] is not first_line
    assert _y(display.lines_[0]) == _y(first_line)
    assert display.lines_[0].get_linewidth() == 5
    assert display.lines_[0].get_color() == "black"


def test_keywords_reach_their_artists(tabular):
    display = LossCurveDisplay.from_estimator(
        tabular,
        validation_line_kw={"color": "green"},
        member_line_kw={"alpha": 0.1},
        best_kw={"marker": "*"},
    )
    assert display.lines_[1].get_color() == "green"
    assert {line.get_alpha() for line in display.member_lines_} == {0.1}
    assert {dot.get_marker() for dot in display.best_} == {"*"}


def test_a_logarithm_needs_losses_above_zero():
    display = LossCurveDisplay(loss_curves=[[1.0, -0.5]])
    with pytest.raises(ValueError, match=r"there is -0\.5"):
        display.plot(log_scale=True)
    assert display.plot().ax_.get_yscale() == "linear"


def test_what_is_no_curve():
    with pytest.raises(ValueError, match="a list with a curve for each network"):
        LossCurveDisplay(loss_curves=[1.0, 0.5]).plot()
    with pytest.raises(ValueError, match="a list with a curve for each network"):
        LossCurveDisplay(loss_curves=[]).plot()


# ------------------------------------------------------------------- the learning rates


def _at(line, epochs):
    """The rates that a line shows after so many epochs, the later one at a jump."""
    x, rates = line.get_data()
    where = np.searchsorted(x, np.asarray(epochs, float) + 1e-9) - 1
    np.testing.assert_allclose(x[where], epochs)
    return rates[where]


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "coslog", CosineLog(5)])
@pytest.mark.parametrize("n_epochs", [1, 3, 10])
def test_the_schedule_is_drawn_within_epochs(schedule, n_epochs):
    clf = _classifier(learning_rate=schedule, max_iter=n_epochs, learning_rate_init=0.5)
    display = LearningRateDisplay.from_estimator(clf.fit(X, y))
    (line,) = display.lines_
    np.testing.assert_allclose(
        _at(line, range(n_epochs)), clf.learning_rate_curve_, atol=1e-12
    )
    if isinstance(schedule, str):
        schedule = SCHEDULES[schedule]()
    epochs, rates = line.get_data()
    expected = [0.5 * schedule(epoch / n_epochs) for epoch in epochs]
    np.testing.assert_allclose(rates, expected, atol=1e-12)
    assert epochs[-1] == n_epochs
    # Fine enough for a wave within one epoch.
    assert max(np.diff(epochs)) * 100 < n_epochs
    assert display.ax_.get_xlabel() == "Epochs done"


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": "constant"},
        {"learning_rate": "plateau", "tol": 9, "n_iter_no_change": 1},
        {"learning_rate": "invscaling", "solver": "sgd"},
    ],
)
def test_a_rate_for_whole_epochs_is_drawn_in_steps(settings):
    clf = _classifier(**settings, max_iter=8).fit(X, y)
    n_epochs = clf.n_iter_
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    np.testing.assert_array_equal(_at(line, range(n_epochs)), clf.learning_rate_curve_)
    epochs, rates = line.get_data()
    np.testing.assert_array_equal(rates[::2], rates[1::2])
    np.testing.assert_array_equal(np.diff(epochs.reshape(-1, 2)), 1.0)
    assert epochs[-1] == n_epochs


def test_warm_starts_begin_the_schedule_anew():
    clf = _classifier(learning_rate="cosine", max_iter=3, warm_start=True)
    for _ in range(3):
        clf.fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    np.testing.assert_allclose(_at(line, range(9)), clf.learning_rate_curve_)
    top = clf.learning_rate_init
    x, rates = line.get_data()
    for middle in (1.5, 4.5, 7.5):
        np.testing.assert_allclose(rates[np.isclose(x, middle)], top / 2)
    # Of runs with other settings only the rates that were recorded are known.
    clf.set_params(learning_rate="one_cycle").fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    epochs, rates = line.get_data()
    np.testing.assert_array_equal(epochs[:9], range(9))
    np.testing.assert_array_equal(rates[:9], clf.learning_rate_curve_[:9])
    assert max(rates[9:]) == pytest.approx(top, rel=1e-3)


def test_runs_of_single_epochs_prove_no_schedule():
    clf = _classifier(max_iter=3, warm_start=True, learning_rate="constant").fit(X, y)
    clf.set_params(learning_rate="cosine").fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    epochs, _ = line.get_data()
    np.testing.assert_array_equal(epochs[:4], [0, 1, 2, 3])


def test_runs_that_were_cut_off(tmp_path):
    settings = {"learning_rate": "one_cycle", "max_iter": 10}
    whole = _classifier(**settings).fit(X, y)
    path = tmp_path / "run.npz"
    cut = _classifier(**settings, callbacks=[Checkpoint(path), StopAtEpoch(4)])
    (line,) = LearningRateDisplay.from_estimator(cut.fit(X, y)).lines_
    epochs, rates = line.get_data()
    assert epochs[-1] == 4
    (whole_line,) = LearningRateDisplay.from_estimator(whole).lines_
    np.testing.assert_allclose(rates, np.interp(epochs, *whole_line.get_data()), 1e-3)
    resumed = _classifier(**settings, callbacks=[Checkpoint(path, resume=True)])
    (line,) = LearningRateDisplay.from_estimator(resumed.fit(X, y)).lines_
    np.testing.assert_array_equal(line.get_data(), whole_line.get_data())


def test_where_the_schedule_is_not_known_the_recorded_rates_are_joined():
    clf = _classifier(learning_rate="cosine", max_iter=6).fit(X, y)
    for params in ({"max_iter": 9}, {"learning_rate_init": 0.3}):
        changed = copy.deepcopy(clf).set_params(**params)
        (line,) = LearningRateDisplay.from_estimator(changed).lines_
        epochs, rates = line.get_data()
        assert list(epochs) == list(range(6))
        assert list(rates) == clf.learning_rate_curve_


def test_epochs_without_a_rate_leave_a_gap():
    theirs = MLPClassifier(max_iter=4, random_state=0).fit(X, y)
    clf = from_sklearn(theirs)
    with pytest.raises(ValueError, match=r"scikit-learn.*does not record them"):
        LearningRateDisplay.from_estimator(clf)
    clf.set_params(warm_start=True, learning_rate="cosine").fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    epochs, _ = line.get_data()
    assert (epochs[0], epochs[-1]) == (4, 8)
    clf = _classifier(max_iter=4, warm_start=True, learning_rate="cosine").fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(
        clf.set_params(solver="lbfgs", learning_rate="constant").fit(X, y)
    ).lines_
    assert list(line.get_xdata()) == [0, 1, 2, 3]


def test_learning_rates_that_were_given(plt):
    rates = [[1.0, 0.5, 0.25]]
    display = LearningRateDisplay(learning_rate_curves=rates, name="mine").plot()
    assert list(display.lines_[0].get_xdata()) == [0, 1, 2]
    assert _labels(display) == ["mine"]
    at = LearningRateDisplay(learning_rate_curves=rates, epochs=[[0, 0.5, 1]]).plot()
    assert list(at.lines_[0].get_xdata()) == [0, 0.5, 1]
    for bad in ([[0, 1]], [[0, 2, 1]], [[0, 1, 2]] * 2, "ab", [["a", "b", "c"]]):
        n_figures = len(plt.get_fignums())
        with pytest.raises(ValueError, match="epochs"):
            LearningRateDisplay(learning_rate_curves=rates, epochs=bad).plot()
        assert len(plt.get_fignums()) == n_figures
    one = LearningRateDisplay(learning_rate_curves=[[1.0]]).plot()
    assert one.lines_[0].get_marker() == "o"


def test_learning_rates_of_members(tabular, plt):
    _, ax = plt.subplots()
    display = LearningRateDisplay.from_estimator(
        tabular, ax=ax, name="coslog", log_scale=True
    )
    assert display.ax_ is ax
    assert _labels(display) == ["coslog"]
    for line, member in zip(display.lines_, tabular.estimators_, strict=True):
        np.testing.assert_allclose(
            _at(line, range(member.n_iter_)), member.learning_rate_curve_, atol=1e-12
        )
    assert len({line.get_color() for line in display.lines_}) == 1
    assert ax.get_yscale() == "log"
    assert LearningRateDisplay.from_estimator(tabular).ax_.get_legend() is None


def test_lbfgs_has_no_learning_rate():
    clf = _classifier(solver="lbfgs").fit(X, y)
    with pytest.raises(ValueError, match="'lbfgs' has no learning rate"):
        LearningRateDisplay.from_estimator(clf)


# ------------------------------------------------------------------------ who is drawn


@pytest.mark.parametrize("Display", [LossCurveDisplay, LearningRateDisplay])
def test_the_network_at_the_end(Display):
    pipeline = make_pipeline(StandardScaler(), _classifier()).fit(X, y)
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
        drawn = _y(Display.from_estimator(estimator).lines_[0])
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
        _classifier(),
        TabularMLPRegressor(),
        make_pipeline(StandardScaler(), _classifier()),
        GridSearchCV(_classifier(), grid),
        TransformedTargetRegressor(NumpyMLPRegressor()),
    ):
        with pytest.raises(NotFittedError):
            Display.from_estimator(estimator, *data)


@pytest.mark.parametrize(("Display", "data"), _calls())
def test_what_is_no_network(Display, data):
    forest = RandomForestClassifier(2).fit(X, y)
    bagging = BaggingClassifier(_classifier(max_iter=1), 2).fit(X, y)
    search = GridSearchCV(_classifier(max_iter=1), {"alpha": [0.1]}, refit=False, cv=2)
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


# -------------------------------------------------------------------------- the weights


def test_images_are_the_longest_vectors_of_weights(stopped):
    display = WeightsDisplay.from_estimator(stopped, n_units=5)
    weights = stopped.coefs_[0]
    longest = sorted(np.argsort(-np.linalg.norm(weights, axis=0))[:5])
    drawn = [image for image in display.images_.ravel() if image is not None]
    assert len(drawn) == 5
    limit = np.abs(weights[:, longest]).max()
    for unit, image in zip(longest, drawn, strict=True):
        np.testing.assert_array_equal(image.get_array(), weights[:, unit].reshape(8, 8))
        assert image.axes.get_title() == f"unit {unit}"
        assert image.get_clim() == (-limit, limit)
    assert display.axes_.shape == display.images_.shape == (2, 3)
    assert display.axes_[1, 2] is None
    assert display.bounding_ax_.figure is display.figure_
    assert display.colorbar_.vmax == limit


@pytest.mark.parametrize(
    ("n_units", "shape"),
    [(1, (1, 1)), (3, (2, 2)), (4, (2, 2)), (6, (2, 3)), (8, (3, 3)), (10, (3, 4))],
)
def test_the_grid_is_about_square(stopped, n_units, shape):
    display = WeightsDisplay.from_estimator(stopped, n_units=n_units)
    assert display.axes_.shape == shape


def test_images_in_given_axes(stopped, plt):
    _, (left, right) = plt.subplots(1, 2)
    display = WeightsDisplay.from_estimator(stopped, ax=right, n_units=4, n_cols=4)
    assert display.axes_.shape == (1, 4)
    assert display.bounding_ax_ is right
    assert display.figure_ is left.figure
    with pytest.raises(ValueError, match=r"Pass display\.axes_"):
        display.plot(ax=right)
    display.plot(ax=display.axes_, colorbar=False)
    assert display.colorbar_ is None
    assert display.bounding_ax_ is None
    _, axes = plt.subplots(2, 2)
    assert display.plot(ax=axes).images_[1, 1].axes is axes[1, 1]
    with pytest.raises(ValueError, match="ax has 2 axes for 4 images"):
        display.plot(ax=axes[0])
    free = plt.figure().add_axes([0.1, 0.1, 0.5, 0.5])
    with pytest.raises(ValueError, match="belongs to no grid"):
        display.plot(ax=free)


def test_images_drawn_again_where_the_grid_has_gaps(stopped):
    display = WeightsDisplay.from_estimator(stopped, n_units=5)
    axes = display.axes_
    display.plot(ax=axes, image_kw={"cmap": "PuOr"})
    assert display.images_[1, 2] is None
    assert display.images_[1, 1].get_cmap().name == "PuOr"


def test_the_shape_of_an_image():
    clf = _classifier(hidden_layer_sizes=3).fit(X[:, :12], y)
    with pytest.raises(ValueError, match="12 features are no square image"):
        WeightsDisplay.from_estimator(clf)
    display = WeightsDisplay.from_estimator(clf, image_shape=(3, 4))
    assert display.images_[0, 0].get_array().shape == (3, 4)
    for bad in [(3, 5), (12,), (3, 2, 2), (-3, -4)]:
        with pytest.raises(ValueError, match="must be \\(height, width\\)"):
            WeightsDisplay.from_estimator(clf, image_shape=bad)
    for bad in [0, 2.5, True]:
        with pytest.raises(ValueError, match="n_units="):
            WeightsDisplay.from_estimator(clf, image_shape=(3, 4), n_units=bad)


def test_outputs_are_units_without_a_hidden_layer():
    clf = _classifier(hidden_layer_sizes=()).fit(X, y)
    titles = [
        ax.get_title()
        for ax in WeightsDisplay.from_estimator(clf).axes_.ravel()
        if ax is not None
    ]
    assert titles == [f"class {k}" for k in range(10)]
    clf = _classifier(hidden_layer_sizes=()).fit(X, y > 4)
    (title,) = [ax.get_title() for ax in WeightsDisplay.from_estimator(clf).axes_[0]]
    assert title == "output 0"


def test_a_network_of_zeros_is_white():
    display = WeightsDisplay(images=np.zeros((1, 2, 2)), names=["nothing"]).plot()
    assert display.images_[0, 0].get_clim() == (-1.0, 1.0)


def test_images_and_names_must_fit():
    with pytest.raises(ValueError, match=r"\(n_images, height, width\)"):
        WeightsDisplay(images=np.zeros((2, 2)), names=["a", "b"]).plot()
    with pytest.raises(ValueError, match="1 names"):
        WeightsDisplay(images=np.zeros((2, 2, 2)), names=["a"]).plot()


def test_tabular_networks_look_at_no_pixels(tabular):
    for estimator in (tabular, tabular.estimators_[0]):
        with pytest.raises(TypeError, match="belong to embeddings"):
            WeightsDisplay.from_estimator(estimator)


# ------------------------------------------------------------------------ the intervals


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
    assert _y(display.line_) == predicted[order].tolist()
    is_inside = (interval[:, 0] <= rent) & (rent <= interval[:, 1])
    assert display.coverage_ == is_inside.mean()
    assert sorted(_y(display.covered_)) == sorted(rent[is_inside])
    assert sorted(_y(display.missed_)) == sorted(rent[~is_inside])
    assert 0 < is_inside.mean() < 1
    share = 100 * is_inside.mean()
    assert _labels(display) == [
        "interval for 80 %",
        "prediction",
        f"inside, {share:.1f} %",
        f"outside, {100 - share:.1f} %",
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
    assert _y(display.line_) == median[order].tolist()
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


def test_intervals_of_what_holds_a_regressor(wave, table):
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
    assert _labels(display)[0] == "interval"
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
    with pytest.raises(ValueError, match="infinite ends"):
        PredictionIntervalDisplay.from_estimator(tabular, *table, coverage=0.999)
    with pytest.raises(ValueError, match="kind='violin'"):
        draw([1.0], [[0.0, 2.0]], kind="violin")
    for bad in (0, 0.5, True):
        with pytest.raises(ValueError, match="subsample="):
            draw([1.0], [[0.0, 2.0]], subsample=bad)
    for bad in (0, 1, 90, "high"):
        with pytest.raises(ValueError, match="coverage="):
            PredictionIntervalDisplay.from_estimator(tabular, *table, coverage=bad)


def test_a_column_of_texts_is_no_place_to_stand_at(tabular, table):
    with pytest.raises(ValueError, match=r"feature='town' must be a column of numbers"):
        PredictionIntervalDisplay.from_estimator(tabular, *table, feature="town")


def test_a_single_sample_and_few_of_them(plt):
    draw = PredictionIntervalDisplay.from_predictions
    display = draw([1.0], [[0.0, 2.0]], [1.5])
    assert display.line_.get_marker() == "_"
    display = draw([1.0, 2.0, 3.0], [[0.0, 2.0]] * 3, [1.0, 1.5, 2.0])
    ticks = display.ax_.get_xticks()
    assert (ticks == ticks.astype(int)).all()
    with pytest.raises(ValueError, match="y_true"):
        draw(None, [[0.0, 2.0]])


# --------------------------------------------------------------------- looks and layout


def test_predictions_are_seen_on_a_dark_ground(plt):
    with plt.style.context("dark_background"):
        display = PredictionIntervalDisplay.from_predictions(
            [1.0, 2.0], [[0.0, 2.0], [1.0, 3.0]], [1.0, 2.0]
        )
        assert display.line_.get_color() == "white"


def test_a_single_epoch_of_a_named_estimator(plt):
    clf = _classifier(max_iter=1).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    training, validation = LossCurveDisplay.from_estimator(clf, name="clf").lines_
    assert training.get_color() == validation.get_color()
    assert training.get_marker() != validation.get_marker()


@pytest.mark.parametrize("Display", [LossCurveDisplay, LearningRateDisplay])
def test_several_axes_for_a_single_figure(Display, stopped, plt):
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="ax must be a matplotlib Axes or None"):
        Display.from_estimator(stopped, ax=axes)


def _overlap(first, second):
    return first.get_tightbbox().overlaps(second.get_tightbbox())


@pytest.mark.parametrize("layout", ["own", "tight", "constrained", "none"])
def test_images_names_and_colours_do_not_overlap(layout, stopped, plt):
    if layout == "own":
        display = WeightsDisplay.from_estimator(stopped, n_units=6)
        plt.tight_layout()
    else:
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9, 4), layout=layout if layout == "constrained" else None
        )
        display = WeightsDisplay.from_estimator(stopped, n_units=6, ax=left)
        LossCurveDisplay.from_estimator(stopped, ax=right)
        if layout == "tight":
            figure.tight_layout()
    display.figure_.canvas.draw()
    axes = [each for each in display.axes_.ravel() if each is not None]
    axes.append(display.colorbar_.ax)
    if layout != "own":
        axes.append(right)
    for i, first in enumerate(axes):
        for second in axes[:i]:
            assert not _overlap(first, second)


# ------------------------------------------------------------------- without matplotlib

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
