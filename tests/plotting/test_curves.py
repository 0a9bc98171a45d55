"""Learning curves of an estimator, with the epoch of its best weights."""

import numpy as np
import pytest

from sknumpy_mlp.activations import ReLU
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.plotting import LossCurveDisplay
from tests.conftest import unconverged
from tests.plotting.conftest import (
    X,
    X_fit,
    X_val,
    legend_labels,
    make_classifier,
    y,
    y_fit,
    y_val,
    y_values,
)

pytestmark = unconverged


def test_loss_curves_are_those_of_the_estimator(stopped):
    display = LossCurveDisplay.from_estimator(stopped)
    training, validation = display.lines_
    assert y_values(training) == stopped.loss_curve_
    assert y_values(validation) == stopped.validation_loss_curve_
    assert training.get_xdata().tolist() == list(range(1, stopped.n_iter_ + 1))
    assert training.get_color() != validation.get_color()
    assert display.member_lines_ == []
    assert display.figure_ is display.ax_.figure
    assert display.ax_.get_xlabel() == "Epoch"


def test_the_epoch_of_the_restored_weights_is_marked(stopped):
    best = int(np.argmax(stopped.validation_scores_)) + 1
    assert best < stopped.n_iter_
    display = LossCurveDisplay.from_estimator(stopped)
    (dot,) = display.best_
    assert dot.get_xdata() == [best]
    assert dot.get_ydata() == [stopped.validation_loss_curve_[best - 1]]
    assert legend_labels(display) == [
        "training",
        "validation",
        f"weights kept (epoch {best})",
    ]
    # Without the validation loss it lies on the training loss.
    display = LossCurveDisplay.from_estimator(stopped, validation=False)
    assert len(display.lines_) == 1
    assert display.best_[0].get_ydata() == [stopped.loss_curve_[best - 1]]


@pytest.mark.parametrize("monitor", ["loss", "validation_loss", "validation_score"])
def test_the_epoch_that_a_callback_restored_is_marked(monitor):
    stopping = EarlyStopping(monitor, n_iter_no_change=2)
    clf = make_classifier(
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
    other = make_classifier(callbacks=[stopping], random_state=1, hidden_layer_sizes=3)
    other.fit(X_fit[:50], y_fit[:50], X_val=X_val, y_val=y_val)
    assert LossCurveDisplay.from_estimator(clf).best_ == []


def test_a_warm_start_that_restores_its_initial_weights_marks_nothing():
    clf = make_classifier(
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
    display = LossCurveDisplay.from_estimator(make_classifier().fit(X, y))
    assert legend_labels(display) == ["training"]
    assert display.best_ == []


def test_lbfgs_counts_iterations():
    clf = make_classifier(solver="lbfgs").fit(X, y)
    display = LossCurveDisplay.from_estimator(clf)
    assert y_values(display.lines_[0]) == clf.loss_curve_
    assert display.ax_.get_xlabel() == "Iteration"


def test_one_call_of_partial_fit_is_a_dot():
    clf = make_classifier().partial_fit(X, y, classes=range(10))
    (line,) = LossCurveDisplay.from_estimator(clf).lines_
    assert line.get_marker() == "o"
    clf.partial_fit(X, y)
    display = LossCurveDisplay.from_estimator(clf)
    assert y_values(display.lines_[0]) == clf.loss_curve_
    assert display.lines_[0].get_marker() == "None"
    # There is no epoch between the two.
    assert all(float(tick).is_integer() for tick in display.ax_.get_xticks())


class _Interrupted(ReLU):
    def forward(self, z, out):
        if len(z) > 50:  # not in the trial of a custom activation, but in the training
            raise KeyboardInterrupt
        super().forward(z, out)


def test_a_training_without_an_epoch():
    clf = make_classifier(activation=_Interrupted())
    with pytest.warns(UserWarning, match="interrupted"):
        clf.fit(X, y)
    with pytest.raises(ValueError, match="without an epoch"):
        LossCurveDisplay.from_estimator(clf)


def test_validation_data_in_some_calls_only():
    clf = make_classifier(warm_start=True).fit(X, y)
    clf.fit(X, y, X_val=X_val, y_val=y_val)
    with pytest.raises(ValueError, match=r"5 out of 10 epochs.*validation=False"):
        LossCurveDisplay.from_estimator(clf)
    display = LossCurveDisplay.from_estimator(clf, validation=False)
    assert len(display.lines_[0].get_xdata()) == 10


def test_members_are_thin_and_their_mean_is_thick(tabular):
    display = LossCurveDisplay.from_estimator(tabular)
    members = tabular.estimators_
    assert [y_values(line) for line in display.member_lines_] == [
        *(member.loss_curve_ for member in members),
        *(member.validation_loss_curve_ for member in members),
    ]
    np.testing.assert_allclose(
        y_values(display.lines_[1]),
        np.mean([member.validation_loss_curve_ for member in members], axis=0),
    )
    assert display.lines_[0].get_linewidth() > display.member_lines_[0].get_linewidth()
    assert display.lines_[0].get_color() == display.member_lines_[0].get_color()
    assert legend_labels(display) == [
        "training, mean of 3",
        "validation, mean of 3",
        "weights kept",
    ]
    best = [int(np.argmax(member.validation_scores_)) + 1 for member in members]
    assert [dot.get_xdata()[0] for dot in display.best_] == best
    # A member is a network by itself.
    display = LossCurveDisplay.from_estimator(members[0])
    assert y_values(display.lines_[0]) == members[0].loss_curve_


def test_the_mean_ends_where_the_first_member_does():
    display = LossCurveDisplay(loss_curves=[[3.0, 2.0, 1.0], [1.0, 1.0]]).plot()
    assert y_values(display.lines_[0]) == [2.0, 1.5]
    assert [len(line.get_xdata()) for line in display.member_lines_] == [3, 2]


def test_several_estimators_on_one_axes(stopped, plt):
    other = make_classifier(solver="sgd").fit(X, y)
    _, ax = plt.subplots()
    first = LossCurveDisplay.from_estimator(stopped, name="adam", ax=ax)
    second = LossCurveDisplay.from_estimator(other, name="sgd", ax=ax, log_scale=True)
    assert first.ax_ is second.ax_ is ax
    labels = legend_labels(second)
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
    assert y_values(display.lines_[0]) == y_values(first_line)
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


def test_invalid_curves_are_refused():
    with pytest.raises(ValueError, match="a list with a curve for each network"):
        LossCurveDisplay(loss_curves=[1.0, 0.5]).plot()
    with pytest.raises(ValueError, match="a list with a curve for each network"):
        LossCurveDisplay(loss_curves=[]).plot()


def test_a_single_epoch_of_a_named_estimator(plt):
    clf = make_classifier(max_iter=1).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
    training, validation = LossCurveDisplay.from_estimator(clf, name="clf").lines_
    assert training.get_color() == validation.get_color()
    assert training.get_marker() != validation.get_marker()
