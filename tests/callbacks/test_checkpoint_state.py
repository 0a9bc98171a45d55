"""State of the other callbacks in a checkpoint."""

import os

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.callbacks import Callback, Checkpoint, EarlyStopping, History
from tests.callbacks.conftest import SETTINGS, Spy, StopAt, X, assert_same, y
from tests.conftest import plain_estimators, unconverged

pytestmark = unconverged

WATCHED = {
    "best": {"tol": 0.0, "n_iter_no_change": 3},
    "last": {"tol": 0.05, "n_iter_no_change": 2, "restore_best": False},
}


@plain_estimators
@pytest.mark.parametrize("watched", WATCHED)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_resume_with_their_state(Estimator, watched, solver, tmp_path):
    """Best epoch, patience and history, after whichever epoch the run is cut off."""
    settings = SETTINGS | {"max_iter": 60, "learning_rate_init": 0.05, "solver": solver}
    settings |= {"n_iter_no_change": 1000}

    def fit(*others):
        # Two of a class are told apart, and the order of the others does not matter.
        callbacks = [
            History(),
            EarlyStopping("loss", tol=0.0, n_iter_no_change=1000),
            *others,
            EarlyStopping("validation_loss", **WATCHED[watched]),
        ]
        est = Estimator(callbacks=callbacks, **settings)
        est.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
        return est, callbacks

    whole, expected = fit()
    assert 3 < whole.n_iter_ < 60
    n_epochs = whole.n_iter_  # and the last ones, where patience runs out
    cuts = [*range(1, n_epochs, 3), n_epochs - 1, n_epochs]
    cuts = cuts if solver == "adam" else [n_epochs]
    for epoch in cuts:
        path = tmp_path / f"{epoch}.npz"
        fit(Checkpoint(path, every=2), StopAt(epoch))
        resumed, found = fit(Checkpoint(path, resume=True))
        assert_same(resumed, whole)
        without_seconds = [
            [record | {"seconds": None} for record in each[0].records]
            for each in (expected, found)
        ]
        assert without_seconds[0] == without_seconds[1]
        for name in ("best_score", "best_epoch", "n_epochs_no_change"):
            for first, second in ((expected[1], found[1]), (expected[-1], found[-1])):
                assert getattr(first, name) == getattr(second, name)


class Counter(Callback):
    """Custom callback whose state is a number, a list and an array."""

    def __init__(self, state=None):
        self.state = state

    def state_dict(self):
        return self.state or {"seen": self.seen, "total": self.total, "n": 1}

    def load_state_dict(self, state):
        self.seen, self.total = state["seen"], state["total"]

    def on_train_begin(self, run):
        self.seen, self.total = [], np.zeros(2)

    def on_epoch_end(self, event):
        self.seen.append(event.epoch)
        self.total += event.loss


def test_state_of_a_custom_callback(tmp_path):
    path = tmp_path / "run.npz"
    NumpyMLPRegressor(
        callbacks=[Counter(), StopAt(5), Checkpoint(path)], **SETTINGS
    ).fit(X, y)
    known, new = Counter(), Counter()
    resumed = NumpyMLPRegressor(
        callbacks=[Checkpoint(path, resume=True), known, new], **SETTINGS
    ).fit(X, y)
    assert known.seen == list(range(1, 13))
    assert new.seen == list(range(6, 13))  # there was only one before
    np.testing.assert_allclose(known.total, sum(resumed.loss_curve_))


class Order(Callback):
    """Logs the calls that concern its state."""

    def __init__(self, log):
        self.log = log

    def state_dict(self):
        return {"n_calls": len(self.log)}

    def load_state_dict(self, state):
        self.log.append(("load", state))

    def on_train_begin(self, run):
        self.log.append(("begin", run.n_epochs))

    def on_epoch_end(self, event):
        self.log.append(("epoch", event.epoch))


def test_state_is_loaded_between_the_beginning_and_the_first_epoch(tmp_path):
    path, log = tmp_path / "run.npz", []
    est = NumpyMLPRegressor(**SETTINGS)
    est.set_params(callbacks=[Order(log), Checkpoint(path), StopAt(2)]).fit(X, y)
    assert log == [("begin", 0), ("epoch", 1), ("epoch", 2)]
    log.clear()
    est.set_params(callbacks=[Order(log), Checkpoint(path, resume=True)]).fit(X, y)
    assert log[:3] == [("begin", 2), ("load", {"n_calls": 3}), ("epoch", 3)]


def test_an_error_in_load_state_dict_ends_the_fit(tmp_path):
    class Broken(Counter):
        def load_state_dict(self, state):
            raise RuntimeError("no")

    path, spy = tmp_path / "run.npz", Spy()
    settings = SETTINGS | {"callbacks": [Broken(), Checkpoint(path), StopAt(2)]}
    NumpyMLPRegressor(**settings).fit(X, y)
    before = path.read_bytes()
    settings["callbacks"] = [Broken(), Checkpoint(path, resume=True), spy]
    with pytest.raises(RuntimeError, match="no"):
        NumpyMLPRegressor(**settings).fit(X, y)
    assert spy.log == [("", "begin", 12, 2), ("", "end", "failed", 2)]
    assert path.read_bytes() == before


def test_state_of_classes_with_the_same_name(tmp_path):
    path, history = tmp_path / "run.npz", History()
    other = type("History", (Callback,), {"state_dict": lambda self: {"a": 1}})()
    first = [other, History(), StopAt(4), Checkpoint(path)]
    NumpyMLPRegressor(callbacks=first, **SETTINGS).fit(X, y)
    second = [other, history, Checkpoint(path, resume=True)]
    NumpyMLPRegressor(callbacks=second, **SETTINGS).fit(X, y)
    assert history["epoch"] == list(range(1, 13))


@pytest.mark.parametrize(
    ("state_dict", "error", "message"),
    [
        (lambda: None, TypeError, r"must return a dict, got None"),
        (lambda: os.stat("/no/such"), RuntimeError, r"state_dict\(\) failed: FileNot"),
    ],
)
def test_a_state_dict_that_fails_is_no_full_disk(state_dict, error, message, tmp_path):
    counter = Counter()
    counter.state_dict = state_dict
    checkpoint = Checkpoint(tmp_path / "run.npz", on_error="warn")
    est = NumpyMLPRegressor(callbacks=[counter, checkpoint], **SETTINGS)
    with pytest.raises(error, match=message):
        est.fit(X, y)


@pytest.mark.parametrize(
    "state", [{"x": object()}, {"x": np.array([{}], dtype=object)}, {"x": 1j}]
)
def test_a_state_that_a_checkpoint_cannot_store(state, tmp_path):
    path = tmp_path / "run.npz"
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path), Counter(state)], **SETTINGS)
    with pytest.raises(TypeError, match=r"Counter.state_dict\(\) must return a dict"):
        est.fit(X, y)
    assert not hasattr(est, "coefs_")
    assert list(tmp_path.iterdir()) == []
