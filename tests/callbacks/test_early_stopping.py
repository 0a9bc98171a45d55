"""EarlyStopping."""

import math

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.callbacks import Checkpoint, EarlyStopping
from tests.callbacks.conftest import (
    SETTINGS,
    StopAt,
    X,
    assert_same,
    both,
    make_event,
    make_run,
    y,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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


def test_a_smaller_improvement_than_tol_does_not_count_but_is_remembered():
    stopping = EarlyStopping(tol=0.1, n_iter_no_change=2)
    assert _feed(stopping, [0.5, 0.505, 0.506, 0.507]) == 4
    assert stopping.best_score == 0.507
    np.testing.assert_array_equal(stopping.best_params, 4.0)


def test_keeps_the_best_parameters_by_value_and_hands_them_over():
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


def test_each_run_starts_afresh():
    stopping = EarlyStopping(tol=0.0, n_iter_no_change=1)
    for _ in range(2):
        stopping.on_train_begin(make_run())
        assert _feed(stopping, [0.5, 0.1, 0.1, 0.1]) == 3


def test_what_it_cannot_watch():
    with pytest.raises(ValueError, match=r"monitor='accuracy'.*validation_score"):
        EarlyStopping("accuracy")
    for monitor in ("validation_score", "validation_loss"):
        with pytest.raises(ValueError, match=f"{monitor}.*needs validation data"):
            EarlyStopping(monitor).on_train_begin(make_run(has_validation=False))
    EarlyStopping("loss").on_train_begin(make_run(has_validation=False))


@both
def test_early_stopping_by_the_training_loss_puts_the_best_epoch_back(Estimator):
    stopping = EarlyStopping("loss", n_iter_no_change=3)
    settings = SETTINGS | {"max_iter": 200, "learning_rate_init": 0.1}
    settings |= {"n_iter_no_change": 1000, "dropout": 0.2}
    est = Estimator(callbacks=[stopping], **settings).fit(X, y)
    assert stopping.best_epoch == np.argmin(est.loss_curve_) + 1 < est.n_iter_
    kept = est._params.copy()
    again = Estimator(**settings | {"max_iter": stopping.best_epoch}).fit(X, y)
    np.testing.assert_array_equal(kept, again._params)


@both
def test_a_resumed_run_keeps_its_own_last_weights(Estimator, tmp_path):
    """And not those that an EarlyStopping of the run before has handed over."""
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"learning_rate": "cosine", "learning_rate_init": 0.05}
    for callbacks in (
        [EarlyStopping("loss"), StopAt(5), Checkpoint(path, every=2)],
        [Checkpoint(path, every=2), StopAt(5), EarlyStopping("loss")],
    ):
        Estimator(callbacks=callbacks, **settings).fit(X, y)
        resumed = Estimator(callbacks=[Checkpoint(path, resume=True)], **settings)
        assert_same(resumed.fit(X, y), Estimator(**settings).fit(X, y))


def test_more_patience_goes_on(tmp_path):
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


class Watcher(EarlyStopping):
    """Shows what it began with if it does not look at epochs."""

    looks = True

    def on_epoch_end(self, event):
        return super().on_epoch_end(event) if self.looks else False


@pytest.mark.parametrize(
    ("now", "recalled"),
    [
        ({"monitor": "loss", "restore_best": False}, True),
        ({"monitor": "loss"}, False),  # the best parameters were not kept
        ({"monitor": "validation_loss", "restore_best": False}, False),
    ],
)
def test_a_memory_of_something_else_is_none(now, recalled, tmp_path):
    path, before = tmp_path / "run.npz", Watcher("loss", restore_best=False)
    data = {"X_val": X, "y_val": y}
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path), before, StopAt(3)], **SETTINGS)
    est.fit(X, y, **data)
    watcher = Watcher(**now)
    watcher.looks = False
    est.set_params(callbacks=[Checkpoint(path, resume=True), watcher])
    est.fit(X, y, **data)
    assert watcher.best_epoch == (before.best_epoch if recalled else None)
