"""State of the other callbacks in a checkpoint."""

import os

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.callbacks import Callback, Checkpoint, EarlyStopping, History
from tests.callbacks.conftest import SETTINGS, StopAt, X, assert_same, both, y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WATCHED = {
    "best": {"tol": 0.0, "n_iter_no_change": 3},
    "last": {"tol": 0.05, "n_iter_no_change": 2, "restore_best": False},
}


@both
@pytest.mark.parametrize("watched", WATCHED)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_go_on_with_what_they_remember(Estimator, watched, solver, tmp_path):
    """Best epoch, patience and history, whatever epoch the break comes after."""
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
    cuts = range(1, whole.n_iter_ + 1) if solver == "adam" else [whole.n_iter_]
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
    """Of a user: remembers a number, a list and an array."""

    def __init__(self, remember=None):
        self.remember = remember
        self.seen, self.total = [], np.zeros(2)

    def memory(self):
        return self.remember or {"seen": self.seen, "total": self.total, "n": 1}

    def on_train_begin(self, run):
        memory = run.recall(self)
        self.seen = memory.get("seen", [])
        self.total = memory.get("total", np.zeros(2))

    def on_epoch_end(self, event):
        self.seen.append(event.epoch)
        self.total += event.loss


def test_a_callback_of_the_users_remembers_what_it_likes(tmp_path):
    path = tmp_path / "run.npz"
    NumpyMLPRegressor(
        callbacks=[Counter(), StopAt(5), Checkpoint(path)], **SETTINGS
    ).fit(X, y)
    known, new = Counter(), Counter()
    resumed = NumpyMLPRegressor(
        callbacks=[Checkpoint(path, resume=True), known, new], **SETTINGS
    ).fit(X, y)
    assert known.seen == list(range(1, 13))
    assert new.seen == list(range(6, 13))  # there was no second one before
    np.testing.assert_allclose(known.total, sum(resumed.loss_curve_))


def test_classes_of_one_name_have_memories_of_their_own(tmp_path):
    path, history = tmp_path / "run.npz", History()
    other = type("History", (Callback,), {"memory": lambda self: {"a": 1}})()
    first = [other, History(), StopAt(4), Checkpoint(path)]
    NumpyMLPRegressor(callbacks=first, **SETTINGS).fit(X, y)
    second = [other, history, Checkpoint(path, resume=True)]
    NumpyMLPRegressor(callbacks=second, **SETTINGS).fit(X, y)
    assert history["epoch"] == list(range(1, 13))


@pytest.mark.parametrize(
    ("memory", "error", "message"),
    [
        (lambda: None, TypeError, r"must return a dict, got None"),
        (lambda: os.stat("/no/such"), RuntimeError, r"memory\(\) failed: FileNot"),
    ],
)
def test_a_memory_that_fails_is_no_full_disk(memory, error, message, tmp_path):
    counter = Counter()
    counter.memory = memory
    checkpoint = Checkpoint(tmp_path / "run.npz", on_error="warn")
    est = NumpyMLPRegressor(callbacks=[counter, checkpoint], **SETTINGS)
    with pytest.raises(error, match=message):
        est.fit(X, y)


@pytest.mark.parametrize(
    "memory", [{"x": object()}, {"x": np.array([{}], dtype=object)}, {"x": 1j}]
)
def test_what_a_checkpoint_cannot_hold(memory, tmp_path):
    path = tmp_path / "run.npz"
    est = NumpyMLPRegressor(
        callbacks=[Checkpoint(path), Counter(remember=memory)], **SETTINGS
    )
    with pytest.raises(TypeError, match=r"Counter.memory\(\) must return a dict of"):
        est.fit(X, y)
    assert not hasattr(est, "coefs_")
    assert list(tmp_path.iterdir()) == []
