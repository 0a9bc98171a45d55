"""EarlyStopping."""

import copy
import math
import pickle

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.callbacks import Checkpoint, EarlyStopping
from tests.callbacks.conftest import (
    SETTINGS,
    StopAt,
    X,
    assert_same,
    make_event,
    make_run,
    y,
)
from tests.conftest import plain_estimators, unconverged

pytestmark = unconverged


def _feed(stopping, scores):
    """Number of the epoch in which it stops, or None."""
    for epoch, score in enumerate(scores, start=1):
        if stopping.on_epoch_end(make_event(epoch, validation_score=score)):
            return epoch
    return None


def test_stops_after_more_than_n_epochs_without_improvement():
    stopping = EarlyStopping(tol=0.01, n_iter_no_change=2)
    assert _feed(stopping, [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]) == 5
    assert stopping.best_score == 0.2
    assert stopping.best_epoch == 2
    assert stopping.n_epochs_no_change == 3


def test_a_smaller_improvement_than_tol_does_not_count_but_is_stored():
    stopping = EarlyStopping(tol=0.1, n_iter_no_change=2)
    assert _feed(stopping, [0.5, 0.505, 0.506, 0.507]) == 4
    assert stopping.best_score == 0.507
    np.testing.assert_array_equal(stopping.best_params, 4.0)


def test_best_parameters_are_copied_and_moved_to_the_run():
    stopping, run = EarlyStopping(tol=0.0), make_run()
    live = np.zeros(2)
    for epoch, score in enumerate([0.1, 0.9, 0.3], start=1):
        live += 1
        stopping.on_epoch_end(make_event(epoch, params=live, validation_score=score))
    stopping.on_train_end(run)
    np.testing.assert_array_equal(run.kept_params, 2.0)
    assert stopping.best_params is None
    assert stopping.best_epoch == 2


def test_nan_is_never_an_improvement():
    stopping = EarlyStopping(tol=0.0, n_iter_no_change=2)
    assert _feed(stopping, [0.5, math.nan, math.nan, math.nan]) == 4
    assert stopping.best_score == 0.5
    np.testing.assert_array_equal(stopping.best_params, 1.0)


@pytest.mark.parametrize("monitor", ["loss", "validation_loss"])
def test_losses_are_better_when_lower(monitor):
    stopping = EarlyStopping(monitor, tol=0.1, n_iter_no_change=1, restore_best=False)
    stops = [
        stopping.on_epoch_end(make_event(epoch, loss, validation_loss=loss))
        for epoch, loss in enumerate([1.0, 0.8, 0.79, 0.78], start=1)
    ]
    assert stops == [False, False, False, True]
    assert stopping.best_score == -0.78
    assert stopping.best_params is None


def test_an_infinite_loss_is_no_improvement():
    stopping = EarlyStopping("loss", n_iter_no_change=2)
    stops = [stopping.on_epoch_end(make_event(i, math.inf)) for i in range(1, 5)]
    assert stops == [False, False, True, True]


def test_ranges_of_early_stopping():
    for bad in ({"tol": -1}, {"tol": "a"}, {"n_iter_no_change": 0}):
        with pytest.raises(ValueError, match="must be a number in the range"):
            EarlyStopping(**bad)


def test_infinite_patience():
    stopping = EarlyStopping(tol=1e9, n_iter_no_change=math.inf)
    assert _feed(stopping, [0.0] * 50) is None
    assert stopping.n_epochs_no_change == 49


def test_each_run_starts_from_the_beginning():
    stopping = EarlyStopping(tol=0.0, n_iter_no_change=1)
    for _ in range(2):
        stopping.on_train_begin(make_run())
        assert _feed(stopping, [0.5, 0.1, 0.1, 0.1]) == 3


def test_monitors_that_are_not_available():
    with pytest.raises(ValueError, match=r"monitor='accuracy'.*validation_score"):
        EarlyStopping("accuracy")
    for monitor in ("validation_score", "validation_loss"):
        with pytest.raises(ValueError, match=f"{monitor}.*needs validation data"):
            EarlyStopping(monitor).on_train_begin(make_run(has_validation=False))
    EarlyStopping("loss").on_train_begin(make_run(has_validation=False))


@plain_estimators
def test_early_stopping_by_the_training_loss_restores_the_best_epoch(Estimator):
    stopping = EarlyStopping("loss", n_iter_no_change=3)
    settings = SETTINGS | {"max_iter": 200, "learning_rate_init": 0.1}
    settings |= {"n_iter_no_change": 1000, "dropout": 0.2}
    est = Estimator(callbacks=[stopping], **settings).fit(X, y)
    assert stopping.best_epoch == np.argmin(est.loss_curve_) + 1 < est.n_iter_
    kept = est._params.copy()
    again = Estimator(**settings | {"max_iter": stopping.best_epoch}).fit(X, y)
    np.testing.assert_array_equal(kept, again._params)


@plain_estimators
def test_a_run_resumed_without_the_callback_keeps_the_last_weights(Estimator, tmp_path):
    """And not the best ones of the EarlyStopping of the interrupted run."""
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"learning_rate": "cosine", "learning_rate_init": 0.05}
    for callbacks in (
        [EarlyStopping("loss"), StopAt(5), Checkpoint(path, every=2)],
        [Checkpoint(path, every=2), StopAt(5), EarlyStopping("loss")],
    ):
        Estimator(callbacks=callbacks, **settings).fit(X, y)
        resumed = Estimator(callbacks=[Checkpoint(path, resume=True)], **settings)
        assert_same(resumed.fit(X, y), Estimator(**settings).fit(X, y))


def test_a_stopped_run_is_resumed_with_more_patience(tmp_path):
    settings = SETTINGS | {"max_iter": 80, "learning_rate_init": 0.05}
    settings |= {"n_iter_no_change": 1000}

    def fit(stopping, **checkpoint):
        callbacks = [stopping, Checkpoint(tmp_path / "run.npz", **checkpoint)]
        est = NumpyMLPRegressor(callbacks=callbacks, **settings)
        return est.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])

    short = fit(EarlyStopping("validation_loss", tol=0.0, n_iter_no_change=1))
    longer = EarlyStopping("validation_loss", tol=0.0, n_iter_no_change=6)
    longer_run = fit(longer, resume=True)
    assert longer_run.n_iter_ > short.n_iter_
    assert_same(
        longer_run, fit(EarlyStopping("validation_loss", tol=0.0, n_iter_no_change=6))
    )


class Freezing(EarlyStopping):
    """Keeps its initial state in a run in which ``is_frozen``."""

    is_frozen = False

    def on_epoch_end(self, event):
        return False if self.is_frozen else super().on_epoch_end(event)


other_settings = pytest.mark.parametrize(
    ("settings", "is_restored"),
    [
        ({"monitor": "loss", "restore_best": False}, True),
        ({"monitor": "loss"}, False),  # the best parameters were not kept
        ({"monitor": "validation_loss", "restore_best": False}, False),
    ],
)


@other_settings
def test_a_state_that_does_not_fit_is_ignored(settings, is_restored):
    before, after = EarlyStopping("loss", restore_best=False), EarlyStopping(**settings)
    before.on_epoch_end(make_event(1, 0.5))
    after.load_state_dict(before.state_dict())
    assert after.best_epoch == (1 if is_restored else None)


@other_settings
def test_a_state_that_does_not_fit_is_ignored_in_a_fit(settings, is_restored, tmp_path):
    path, before = tmp_path / "run.npz", Freezing("loss", restore_best=False)
    data = {"X_val": X, "y_val": y}
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path), before, StopAt(3)], **SETTINGS)
    est.fit(X, y, **data)
    after = Freezing(**settings)
    after.is_frozen = True
    est.set_params(callbacks=[Checkpoint(path, resume=True), after])
    est.fit(X, y, **data)
    assert after.best_epoch == (before.best_epoch if is_restored else None)


def test_a_state_is_restored_by_value():
    before, after = EarlyStopping("loss", tol=0.0), EarlyStopping("loss", tol=0.0)
    for epoch, loss in enumerate([0.5, 0.3, 0.4], start=1):
        before.on_epoch_end(make_event(epoch, loss))
    state = before.state_dict()
    after.load_state_dict(state)
    assert (after.best_score, after.best_epoch) == (-0.3, 2)
    assert after.n_epochs_no_change == 1
    after.on_epoch_end(make_event(4, 0.1))
    np.testing.assert_array_equal(after.best_params, 4.0)
    np.testing.assert_array_equal(state["best_params"], 2.0)
    after.reset()
    assert (after.best_score, after.best_epoch) == (-math.inf, None)
    assert (after.best_params, after.n_epochs_no_change) == (None, 0)


@pytest.mark.parametrize("status", ["running", "finished"])
def test_a_state_without_patience_left_stops_a_run(status):
    stopping, run = EarlyStopping("loss", n_iter_no_change=1), make_run(status=status)
    for epoch in (1, 2, 3):
        stopping.on_epoch_end(make_event(epoch, 0.5))
    state = stopping.state_dict()
    stopping.on_train_begin(run)
    assert stopping.n_epochs_no_change == 0
    stopping.load_state_dict(state)
    assert run.status == {"running": "stopped", "finished": "finished"}[status]
    stopping.on_train_end(run)
    patient = EarlyStopping("loss", n_iter_no_change=2)
    patient.on_train_begin(run := make_run())
    patient.load_state_dict(state)
    assert run.status == "running"


def test_copies_in_the_middle_of_a_fit_do_not_hold_the_run():
    stopping = EarlyStopping("loss")
    stopping.on_train_begin(make_run())
    for twin in (copy.copy(stopping), pickle.loads(pickle.dumps(stopping))):
        assert twin._run is None
    assert stopping._run is not None
