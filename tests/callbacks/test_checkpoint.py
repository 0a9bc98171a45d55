"""Callbacks in a fit, and runs that are cut off and go on."""

import copy
import json
import os
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._inputs.checks import describe
from sknumpy_mlp.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    TimeLimit,
)
from sknumpy_mlp.callbacks import _checkpoint_file as _checkpoints
from sknumpy_mlp.losses import Huber

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
both = pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor])

X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
SETTINGS = {
    "hidden_layer_sizes": 12,
    "max_iter": 12,
    "batch_size": 64,
    "random_state": 0,
}


class Spy(Callback):
    """Writes down how it was called."""

    def __init__(self, log=None, name=""):
        self.log = [] if log is None else log
        self.name = name

    def on_train_begin(self, run):
        self.log.append((self.name, "begin", run.max_epochs, run.n_epochs))

    def on_epoch_end(self, event):
        self.log.append((self.name, event.epoch))

    def on_train_end(self, run):
        self.log.append((self.name, "end", run.status, run.n_epochs))


class StopAt(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, event):
        return event.epoch == self.epoch


class FailAt(StopAt):
    error = RuntimeError("power cut")

    def on_epoch_end(self, event):
        if event.epoch == self.epoch:
            raise self.error


class InterruptAt(FailAt):
    error = KeyboardInterrupt()


# ------------------------------------------------------------------- callbacks in a fit


@both
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_are_called_in_their_order_as_given(Estimator, solver):
    log = []
    first, second = Spy(log, "a"), Spy(log, "b")
    est = Estimator(solver=solver, callbacks=[first, second], **SETTINGS)
    est.fit(X, y)
    assert est.n_iter_ == 12
    assert log[:2] == [("a", "begin", 12, 0), ("b", "begin", 12, 0)]
    assert log[-2:] == [("a", "end", "exhausted", 12), ("b", "end", "exhausted", 12)]
    epochs = [entry for entry in log if len(entry) == 2]
    assert epochs == [(name, epoch) for epoch in range(1, 13) for name in "ab"]
    assert est.callbacks == [first, second]
    log.clear()
    est.fit(X, y)
    assert len(log) == 28


@both
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_ends_the_fit_and_the_others_still_see_the_epoch(Estimator, solver):
    spy = Spy()
    est = Estimator(solver=solver, callbacks=[StopAt(3), spy], **SETTINGS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a stop that was asked for is no failure
        est.fit(X, y)
    assert est.n_iter_ == len(est.loss_curve_) == 3
    assert spy.log[-2:] == [("", 3), ("", "end", "stopped", 3)]


@both
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_error_in_a_callback_changes_nothing(Estimator, solver):
    spy = Spy()
    est = Estimator(solver=solver, **SETTINGS).fit(X, y)
    before = dict(vars(est))
    est.set_params(callbacks=[spy, FailAt(3)])
    with pytest.raises(RuntimeError, match="power cut"):
        est.fit(X, y)
    est.set_params(callbacks=None)
    assert vars(est) == before
    assert spy.log[-1] == ("", "end", "failed", 3)


@both
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_in_a_callback_keeps_what_was_learnt(Estimator, solver):
    spy = Spy()
    est = Estimator(solver=solver, callbacks=[InterruptAt(3), spy], **SETTINGS)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        est.fit(X, y)
    assert est.n_iter_ == 3
    assert spy.log[-1] == ("", "end", "interrupted", 3)


@both
def test_the_end_comes_even_if_the_beginning_fails(Estimator):
    class Broken(Callback):
        def on_train_begin(self, run):
            raise RuntimeError("no")

    spy, late = Spy(), Spy()
    with pytest.raises(RuntimeError, match="no"):
        Estimator(callbacks=[spy, Broken(), late], **SETTINGS).fit(X, y)
    assert spy.log[-1] == ("", "end", "failed", 0)
    assert late.log == []


@both
def test_partial_fit_calls_no_callbacks(Estimator):
    spy = Spy()
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    Estimator(callbacks=[spy], **SETTINGS).partial_fit(X, y, **classes)
    assert spy.log == []


@both
def test_history_and_time_limit(Estimator):
    history = History()
    est = Estimator(callbacks=[history, TimeLimit(1e-9)], **SETTINGS).fit(X, y)
    assert est.n_iter_ == 1
    assert history["loss"] == est.loss_curve_
    assert history["learning_rate"] == est.learning_rate_curve_


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


# -------------------------------------------------------------------------- checkpoints

RUNS = {
    "adam": {},
    "sgd, momentum": {"solver": "sgd", "learning_rate_init": 0.01},
    "rmsprop": {"solver": "rmsprop"},
    "no moments": {"solver": "sgd", "momentum": 0.0},
    "dropout": {"dropout": [0.1, 0.5], "max_norm": 1.0, "weight_decay": 0.1},
    "one cycle": {"learning_rate": "one_cycle"},
    "plateau": {
        "learning_rate": "plateau",
        "tol": 10.0,
        "n_iter_no_change": 1,
        "max_iter": 20,
    },
    "stops by itself": {"tol": 10.0, "n_iter_no_change": 3},
    "early stopping": {
        "early_stopping": True,
        "learning_rate_init": 0.1,
        "n_iter_no_change": 4,
        "max_iter": 40,
    },
    "early stopping, plateau, dropout": {
        "early_stopping": True,
        "learning_rate": "plateau",
        "scoring": "loss",
        "dropout": 0.2,
        "tol": 0.01,
        "n_iter_no_change": 1,
        "max_iter": 25,
    },
    "float32": {"dtype": "float32", "warm_start": True},
    "no shuffle": {"shuffle": False},
}
CURVES = (
    "loss_curve_",
    "learning_rate_curve_",
    "validation_loss_curve_",
    "validation_scores_",
    "best_validation_score_",
    "best_loss_",
    "loss_",
    "n_iter_",
    "t_",
)


def _assert_same(resumed, whole):
    np.testing.assert_array_equal(resumed._params, whole._params)
    for name in CURVES:
        assert getattr(resumed, name) == getattr(whole, name), name


@both
@pytest.mark.parametrize("case", RUNS)
@pytest.mark.parametrize("cut", [StopAt, FailAt, InterruptAt])
def test_a_resumed_run_is_one_without_a_break(Estimator, case, cut, tmp_path):
    """To the last bit, however it was cut off, more than once."""
    settings = SETTINGS | RUNS[case]
    path = tmp_path / "run.npz"
    whole = Estimator(**settings).fit(X, y)
    for epoch in (1, 2, 5):
        callbacks = [Checkpoint(path, resume=True), cut(epoch)]
        est = Estimator(callbacks=callbacks, **settings)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                est.fit(X, y)
        except RuntimeError:
            assert not hasattr(est, "n_iter_")
    spy = Spy()
    resumed = Estimator(callbacks=[Checkpoint(path, resume=True), spy], **settings)
    resumed.fit(X, y)
    # An epoch in which a callback fails is not saved: others may not have seen it.
    n_epochs = 5 if cut is StopAt else 4
    assert spy.log[0] == ("", "begin", settings["max_iter"], n_epochs)
    _assert_same(resumed, whole)
    # A run that is over is there at once, as it was.
    spy.log.clear()
    over = Estimator(callbacks=[Checkpoint(path, resume=True), spy], **settings)
    over.fit(X, y)
    assert len(spy.log) == 2
    np.testing.assert_array_equal(over._params, whole._params)
    assert over.loss_curve_ == whole.loss_curve_
    assert over.n_iter_ == whole.n_iter_
    if settings.get("warm_start"):
        whole.fit(X, y)
        over.set_params(callbacks=None).fit(X, y)
        np.testing.assert_array_equal(over._params, whole._params)


@both
@pytest.mark.parametrize("random_state", [None, "stream"])
def test_a_run_without_a_seed_goes_on_with_its_own_numbers(
    Estimator, random_state, tmp_path
):
    path = tmp_path / "run.npz"

    def fit(*callbacks, resume=False):
        state = np.random.RandomState(5) if random_state == "stream" else None
        settings = SETTINGS | {"random_state": state, "early_stopping": True}
        settings |= {"n_iter_no_change": 100, "dropout": 0.2}
        checkpoint = Checkpoint(path, every=4, resume=resume)
        return Estimator(callbacks=[checkpoint, *callbacks], **settings).fit(X, y)

    with pytest.raises(RuntimeError):
        fit(FailAt(6))
    first = fit(resume=True)
    with pytest.raises(RuntimeError):
        fit(FailAt(6))
    saved = path.read_bytes()
    second = fit(resume=True)
    path.write_bytes(saved)
    third = fit(resume=True)
    _assert_same(third, second)
    if random_state == "stream":
        _assert_same(first, second)


@both
def test_saves_every_few_epochs_and_at_the_end(Estimator, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        "sknumpy_mlp.callbacks._checkpoint.save_checkpoint",
        lambda path, run: saved.append(run.n_epochs),
    )
    path = tmp_path / "run.npz"
    for every, epochs in ((5, [5, 10, 12]), (4, [4, 8, 12]), (100, [12])):
        Estimator(callbacks=[Checkpoint(path, every)], **SETTINGS).fit(X, y)
        assert saved == epochs
        saved.clear()


@both
def test_without_resume_the_file_is_overwritten(Estimator, tmp_path):
    path = tmp_path / "run.npz"
    path.write_text("something else")
    Estimator(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS).fit(X, y)
    spy = Spy()
    Estimator(callbacks=[Checkpoint(path), spy], **SETTINGS).fit(X, y)
    assert spy.log[0] == ("", "begin", 12, 0)
    assert sorted(os.listdir(tmp_path)) == ["run.npz"]


@both
def test_a_longer_run_may_go_on_from_a_shorter_one(Estimator, tmp_path):
    path = tmp_path / "run.npz"
    Estimator(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    settings = SETTINGS | {"max_iter": 20}
    longer = Estimator(callbacks=[Checkpoint(path, resume=True)], **settings)
    _assert_same(longer.fit(X, y), Estimator(**settings).fit(X, y))
    # Unless the rate depends on the length.
    settings |= {"learning_rate": "cosine"}
    cosine = Estimator(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    cosine.set_params(callbacks=[Checkpoint(path, resume=True)], max_iter=30)
    with pytest.raises(ValueError, match="max_iter was 20 and is 30"):
        cosine.fit(X, y)


@both
def test_lbfgs_goes_on_from_its_parameters(Estimator, tmp_path):
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"solver": "lbfgs", "max_iter": 30, "max_fun": 1000}
    del settings["batch_size"]
    cut = Estimator(callbacks=[Checkpoint(path), StopAt(5)], **settings).fit(X, y)
    resumed = Estimator(callbacks=[Checkpoint(path, resume=True)], **settings)
    resumed.fit(X, y)
    assert resumed.loss_curve_[:5] == cut.loss_curve_
    assert resumed.loss_curve_[5] < cut.loss_curve_[-1]
    assert resumed.n_iter_ == len(resumed.loss_curve_) == 30
    over = Estimator(callbacks=[Checkpoint(path, resume=True)], **settings).fit(X, y)
    np.testing.assert_array_equal(over._params, resumed._params)
    assert over.loss_ == resumed.loss_


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.5}, "alpha was 0.0001 and is 0.5"),
        ({"hidden_layer_sizes": 13}, r"layer widths was \[64, 12, 1\]"),
        ({"solver": "sgd"}, "solver was 'adam' and is 'sgd'"),
        ({"loss": Huber(2.0)}, r"is 'Huber\(delta=2.0\)'"),
        ({"random_state": 1}, "random_state was 0 and is 1"),
        ({"dtype": "float32"}, "dtype was None and is 'float32'"),
        ({"dropout": [0.0, 0.1]}, r"dropout was 0.0 and is \[0.0, 0.1\]"),
    ],
)
def test_a_file_of_another_run_is_refused(change, message, tmp_path):
    path = tmp_path / "run.npz"
    NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    before = path.read_bytes()
    other = NumpyMLPRegressor(
        callbacks=[Checkpoint(path, resume=True)], **SETTINGS | change
    )
    with pytest.raises(ValueError, match=f"belongs to another run.*{message}"):
        other.fit(X, y)
    assert path.read_bytes() == before
    assert not hasattr(other, "n_iter_")


def test_a_file_of_other_data_or_another_estimator_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    checkpoint = [Checkpoint(path, resume=True)]
    reg = NumpyMLPRegressor(callbacks=checkpoint, **SETTINGS)
    with pytest.raises(ValueError, match=r"shape of X was \[300, 64\] and is \[200"):
        reg.fit(X[:200], y[:200])
    for other in ((X.astype(np.float32), y), (X[::-1], y), (X, y + 1)):
        with pytest.raises(ValueError, match="digest of the data was"):
            reg.fit(*other)
    with pytest.raises(ValueError, match="digest of the data was"):
        reg.fit(X, y, sample_weight=np.ones(len(y)))
    with pytest.raises(ValueError, match="digest of the validation data was None"):
        reg.fit(X, y, X_val=X, y_val=y)
    clf = NumpyMLPClassifier(callbacks=checkpoint, **SETTINGS)
    with pytest.raises(ValueError, match="estimator was 'NumpyMLPRegressor'"):
        clf.fit(X, y)


def test_a_file_of_other_labels_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    names = np.array(["no", "yes"])
    settings = SETTINGS | {"callbacks": [Checkpoint(path)]}
    clf = NumpyMLPClassifier(**settings).fit(X, names[y % 2])
    clf.set_params(callbacks=[Checkpoint(path, resume=True)])
    with pytest.raises(
        ValueError, match=r"classes was \['no', 'yes'\] and is \[0, 1\]"
    ):
        clf.fit(X, y % 2)


def test_folds_of_a_cross_validation_do_not_go_on_from_one_another(tmp_path):
    """Rows of one fold's test set are in the training set of another's file."""
    est = NumpyMLPRegressor(
        callbacks=[Checkpoint(tmp_path / "run.npz", resume=True)], **SETTINGS
    )
    with pytest.raises(ValueError, match="belongs to another run"):
        cross_val_score(est, X, y, cv=3, error_score="raise")


@both
def test_a_warm_start_does_not_go_on_from_the_file_of_the_fit_before(
    Estimator, tmp_path
):
    path = tmp_path / "run.npz"
    est = Estimator(
        warm_start=True, callbacks=[Checkpoint(path, resume=True)], **SETTINGS
    ).fit(X, y)
    with pytest.raises(ValueError, match="parameters to start from was None"):
        est.fit(X, y)
    # With a file of its own, cut off and resumed, it is one without a break.
    whole = Estimator(warm_start=True, **SETTINGS).fit(X, y).fit(X, y)
    path.unlink()
    start = copy.deepcopy(est)
    est.set_params(callbacks=[Checkpoint(path), FailAt(5)])
    with pytest.raises(RuntimeError):
        est.fit(X, y)
    _assert_same(start.fit(X, y), whole)


@both
def test_a_scorer_is_given_an_estimator_that_checkpoints(Estimator, tmp_path):
    """A copy, made while the checkpoint knows of the run and the run of it."""
    scoring = "accuracy" if Estimator is NumpyMLPClassifier else "r2"
    settings = SETTINGS | {"scoring": scoring}
    est = Estimator(callbacks=[Checkpoint(tmp_path / "run.npz")], **settings)
    est.fit(X, y, X_val=X, y_val=y)
    plain = Estimator(**settings).fit(X, y, X_val=X, y_val=y)
    assert est.validation_scores_ == plain.validation_scores_


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
        _assert_same(resumed.fit(X, y), Estimator(**settings).fit(X, y))


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
        _assert_same(resumed, whole)
        without_seconds = [
            [record | {"seconds": None} for record in each[0].records]
            for each in (expected, found)
        ]
        assert without_seconds[0] == without_seconds[1]
        for name in ("best_score", "best_epoch", "n_epochs_no_change"):
            for first, second in ((expected[1], found[1]), (expected[-1], found[-1])):
                assert getattr(first, name) == getattr(second, name)


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
    _assert_same(
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


@pytest.mark.parametrize("behind", [0, 1])
def test_of_two_checkpoints_the_one_that_is_further_goes_on(behind, tmp_path):
    """And the other one is brought up to date."""
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    NumpyMLPRegressor(callbacks=[Checkpoint(paths[behind]), StopAt(3)], **SETTINGS).fit(
        X, y
    )
    settings = SETTINGS | {"tol": 1e9, "n_iter_no_change": 5}
    for path in (tmp_path / "c.npz", paths[1 - behind]):
        finished = NumpyMLPRegressor(callbacks=[Checkpoint(path)], **settings)
        finished.fit(X, y)
    NumpyMLPRegressor(callbacks=[Checkpoint(paths[behind]), StopAt(3)], **settings).fit(
        X, y
    )
    resumed = NumpyMLPRegressor(
        callbacks=[Checkpoint(path, resume=True) for path in paths], **settings
    ).fit(X, y)
    _assert_same(resumed, finished)
    contents = [path.read_bytes() for path in (*paths, tmp_path / "c.npz")]
    assert len(set(contents)) == 1


def test_a_checkpoint_of_ones_own_may_end_the_run(tmp_path):
    class Until(Checkpoint):
        def on_epoch_end(self, event):
            super().on_epoch_end(event)
            return event.epoch >= 3

    est = NumpyMLPRegressor(callbacks=[Until(tmp_path / "run.npz")], **SETTINGS)
    assert est.fit(X, y).n_iter_ == 3


def test_lbfgs_that_is_over_before_its_first_iteration_is_so_again(tmp_path):
    path = tmp_path / "run.npz"
    settings = {"solver": "lbfgs", "tol": 1e10, "random_state": 0}
    first = NumpyMLPClassifier(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    again = NumpyMLPClassifier(callbacks=[Checkpoint(path, resume=True)], **settings)
    _assert_same(again.fit(X, y), first)


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


def test_a_finished_run_of_lbfgs_is_not_trained_further(tmp_path):
    path = tmp_path / "run.npz"
    settings = {"solver": "lbfgs", "alpha": 10.0, "tol": 0.05, "random_state": 0}
    first = NumpyMLPClassifier(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    assert first.n_iter_ < 200
    again = NumpyMLPClassifier(callbacks=[Checkpoint(path, resume=True)], **settings)
    _assert_same(again.fit(X, y), first)


def test_a_run_of_lbfgs_that_is_used_up_stays_so(tmp_path):
    path, spy = tmp_path / "run.npz", Spy()
    settings = {"solver": "lbfgs", "max_iter": 5, "random_state": 0}
    first = NumpyMLPClassifier(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    again = NumpyMLPClassifier(
        callbacks=[Checkpoint(path, resume=True), spy], **settings
    )
    _assert_same(again.fit(X, y), first)
    assert spy.log == [("", "begin", 5, 5), ("", "end", "exhausted", 5)]
    plain = NumpyMLPClassifier(**settings).fit(X, y)
    assert plain.t_ == first.t_ > 5 * len(X)


def test_all_callbacks_begin_with_the_run_as_it_is_resumed(tmp_path):
    path, before = tmp_path / "run.npz", Spy()
    NumpyMLPRegressor(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS).fit(X, y)
    callbacks = [before, Checkpoint(path, resume=True)]
    NumpyMLPRegressor(callbacks=callbacks, **SETTINGS).fit(X, y)
    assert before.log[0] == ("", "begin", 12, 3)


def _drawn(size):
    return lambda rng, fan_in, fan_out: rng.normal(0, size, (fan_in, fan_out))


def test_functions_and_long_arrays_are_told_apart(tmp_path):
    path = tmp_path / "run.npz"
    reg = NumpyMLPRegressor(
        init=_drawn(0.1), callbacks=[Checkpoint(path)], **SETTINGS
    ).fit(X, y)
    reg.set_params(callbacks=[Checkpoint(path, resume=True)]).fit(X, y)
    with pytest.raises(ValueError, match="init was"):
        reg.set_params(init=_drawn(0.2)).fit(X, y)
    table = np.zeros(5000)
    assert describe(table) != describe(table + (np.arange(5000) == 2500))
    one, two = (lambda x: x + 1), (lambda x: x + 2)
    assert describe(one) == describe(one) != describe(two)
    assert json.dumps(describe({"a": (one, table, np.float32(2), Huber(), None)}))


def test_resuming_leaves_the_global_random_numbers_alone(tmp_path):
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"random_state": None}
    NumpyMLPRegressor(callbacks=[Checkpoint(path), StopAt(3)], **settings).fit(X, y)
    first = np.random.rand(3)
    NumpyMLPRegressor(callbacks=[Checkpoint(path, resume=True)], **settings).fit(X, y)
    assert not np.isin(np.random.rand(3), first).any()


def _rewrite(path, change):
    """Change a checkpoint's JSON and arrays."""
    with np.load(path) as archive:
        arrays = dict(archive)
    meta = json.loads(arrays.pop("meta").tobytes())
    change(meta, arrays)
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(path, **arrays)


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def _save_array(path, array):
    with path.open("wb") as file:
        np.save(file, array)


def _cut_params(meta, arrays):
    arrays["params"] = arrays["params"][:-1]


DAMAGE = {
    "empty": (lambda path: path.write_bytes(b""), "damaged, or is no checkpoint"),
    "text": (lambda path: path.write_text("hello"), "damaged, or is no checkpoint"),
    "truncated": (_truncate, "damaged, or is no checkpoint"),
    "an array": (
        lambda path: _save_array(path, np.ones(3)),
        "damaged, or is no checkpoint",
    ),
    "a pickle": (
        lambda path: _save_array(path, np.array([{}], dtype=object)),
        "damaged, or is no checkpoint",
    ),
    "another archive": (
        lambda path: np.savez(path, a=np.ones(3)),
        "damaged, or is no checkpoint",
    ),
    "a later format": (
        lambda path: _rewrite(path, lambda meta, _: meta.update(format=99)),
        "written in format 99 by sknumpy_mlp",
    ),
    "fewer parameters": (
        lambda path: _rewrite(path, _cut_params),
        "holds float64 of .* as params, where this fit has",
    ),
    "no moments": (
        lambda path: _rewrite(path, lambda _, arrays: arrays.pop("moment_0")),
        "holds nothing as moment_0",
    ),
    "no versions": (
        lambda path: _rewrite(path, lambda meta, _: meta.pop("versions")),
        "damaged, or is no checkpoint",
    ),
    "no stream": (
        lambda path: _rewrite(path, lambda meta, _: meta.pop("stream")),
        "is damaged: KeyError",
    ),
    "an odd stream": (
        lambda path: _rewrite(path, lambda meta, _: meta.update(stream={"a": 1})),
        "is damaged",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused(damage, tmp_path):
    path = tmp_path / "run.npz"
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    do, message = DAMAGE[damage]
    do(path)
    est.set_params(callbacks=[Checkpoint(path, resume=True)])
    before = dict(vars(est))
    with pytest.raises(ValueError, match=message):
        est.fit(X, y)
    assert vars(est) == before


def test_other_versions_are_told(tmp_path):
    path = tmp_path / "run.npz"
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS)
    est.fit(X, y)
    _rewrite(path, lambda meta, _: meta["versions"].update(numpy="1.0"))
    est.set_params(callbacks=[Checkpoint(path, resume=True)])
    with pytest.warns(UserWarning, match=r"numpy 1.0 -> .*last digits may differ"):
        est.fit(X, y)
    assert est.n_iter_ == 12


@both
def test_a_file_that_cannot_be_written(Estimator, tmp_path):
    nowhere = tmp_path / "missing" / "run.npz"
    est = Estimator(callbacks=[Checkpoint(nowhere)], **SETTINGS)
    with pytest.raises(OSError, match=r"Checkpoint could not write.*missing"):
        est.fit(X, y)
    assert not hasattr(est, "n_iter_")
    est.set_params(callbacks=[Checkpoint(nowhere, every=6, on_error="warn")])
    with pytest.warns(UserWarning, match="The training goes on") as record:
        est.fit(X, y)
    assert record[0].filename == __file__
    assert est.n_iter_ == 12


@both
def test_a_full_disk_leaves_the_earlier_file(Estimator, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    est = Estimator(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS).fit(X, y)
    before = path.read_bytes()

    def full(file, arrays):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_checkpoints, "_write", full)
    est.set_params(callbacks=[Checkpoint(path, resume=True)])
    with pytest.raises(OSError, match=r"No space left .*before is still there"):
        est.fit(X, y)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.npz"]


def test_a_checkpoint_holds_no_pickle(tmp_path):
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"dropout": 0.2, "early_stopping": True}
    NumpyMLPRegressor(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    with np.load(path, allow_pickle=False) as archive:
        kinds = {archive[name].dtype.kind for name in archive.files}
    assert kinds <= set("fiu")
