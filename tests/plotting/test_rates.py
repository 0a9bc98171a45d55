"""Learning rates of the training, also within epochs."""

import copy

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from sknumpy_mlp._tabular.stopping import StopAtEpoch
from sknumpy_mlp.callbacks import Checkpoint
from sknumpy_mlp.export import from_sklearn
from sknumpy_mlp.plotting import LearningRateDisplay
from sknumpy_mlp.schedules import SCHEDULES, CosineLog
from tests.conftest import unconverged
from tests.plotting.conftest import X, legend_labels, make_classifier, y

pytestmark = unconverged


def _at(line, epochs):
    """The rates that a line shows after so many epochs, the later one at a jump."""
    x, rates = line.get_data()
    where = np.searchsorted(x, np.asarray(epochs, float) + 1e-9) - 1
    np.testing.assert_allclose(x[where], epochs)
    return rates[where]


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "coslog", CosineLog(5)])
@pytest.mark.parametrize("n_epochs", [1, 3, 10])
def test_the_schedule_is_drawn_within_epochs(schedule, n_epochs):
    clf = make_classifier(
        learning_rate=schedule, max_iter=n_epochs, learning_rate_init=0.5
    )
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
def test_rates_that_are_constant_within_epochs_are_drawn_in_steps(settings):
    clf = make_classifier(**settings, max_iter=8).fit(X, y)
    n_epochs = clf.n_iter_
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    np.testing.assert_array_equal(_at(line, range(n_epochs)), clf.learning_rate_curve_)
    epochs, rates = line.get_data()
    np.testing.assert_array_equal(rates[::2], rates[1::2])
    np.testing.assert_array_equal(np.diff(epochs.reshape(-1, 2)), 1.0)
    assert epochs[-1] == n_epochs


def test_warm_starts_begin_the_schedule_anew():
    clf = make_classifier(learning_rate="cosine", max_iter=3, warm_start=True)
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
    clf = make_classifier(max_iter=3, warm_start=True, learning_rate="constant").fit(
        X, y
    )
    clf.set_params(learning_rate="cosine").fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(clf).lines_
    epochs, _ = line.get_data()
    np.testing.assert_array_equal(epochs[:4], [0, 1, 2, 3])


def test_runs_that_were_cut_off(tmp_path):
    settings = {"learning_rate": "one_cycle", "max_iter": 10}
    whole = make_classifier(**settings).fit(X, y)
    path = tmp_path / "run.npz"
    cut = make_classifier(**settings, callbacks=[Checkpoint(path), StopAtEpoch(4)])
    (line,) = LearningRateDisplay.from_estimator(cut.fit(X, y)).lines_
    epochs, rates = line.get_data()
    assert epochs[-1] == 4
    (whole_line,) = LearningRateDisplay.from_estimator(whole).lines_
    np.testing.assert_allclose(rates, np.interp(epochs, *whole_line.get_data()), 1e-3)
    resumed = make_classifier(**settings, callbacks=[Checkpoint(path, resume=True)])
    (line,) = LearningRateDisplay.from_estimator(resumed.fit(X, y)).lines_
    np.testing.assert_array_equal(line.get_data(), whole_line.get_data())


def test_where_the_schedule_is_not_known_the_recorded_rates_are_joined():
    clf = make_classifier(learning_rate="cosine", max_iter=6).fit(X, y)
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
    clf = make_classifier(max_iter=4, warm_start=True, learning_rate="cosine").fit(X, y)
    (line,) = LearningRateDisplay.from_estimator(
        clf.set_params(solver="lbfgs", learning_rate="constant").fit(X, y)
    ).lines_
    assert list(line.get_xdata()) == [0, 1, 2, 3]


def test_learning_rates_that_were_given(plt):
    rates = [[1.0, 0.5, 0.25]]
    display = LearningRateDisplay(learning_rate_curves=rates, name="mine").plot()
    assert list(display.lines_[0].get_xdata()) == [0, 1, 2]
    assert legend_labels(display) == ["mine"]
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
    assert legend_labels(display) == ["coslog"]
    for line, member in zip(display.lines_, tabular.estimators_, strict=True):
        np.testing.assert_allclose(
            _at(line, range(member.n_iter_)), member.learning_rate_curve_, atol=1e-12
        )
    assert len({line.get_color() for line in display.lines_}) == 1
    assert ax.get_yscale() == "log"
    assert LearningRateDisplay.from_estimator(tabular).ax_.get_legend() is None


def test_lbfgs_has_no_learning_rate():
    clf = make_classifier(solver="lbfgs").fit(X, y)
    with pytest.raises(ValueError, match="'lbfgs' has no learning rate"):
        LearningRateDisplay.from_estimator(clf)
