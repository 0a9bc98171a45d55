"""Callbacks of an ensemble: histories, early stopping, checkpoints."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    TimeLimit,
)
from tests.tabular.conftest import ENSEMBLES, SHORT, classifier, regressor


def _columns(history):
    """The records of a history, a dict of columns for each network."""
    members = sorted(set(history["member"]))
    return [
        {
            name: [r[name] for r in history.records if r["member"] == member]
            for name in ("epoch", "loss", "validation_loss", "validation_score")
        }
        for member in members
    ]


def _curves(network):
    return {
        "epoch": list(range(1, network.n_iter_ + 1)),
        "loss": network.loss_curve_,
        "validation_loss": network.validation_loss_curve_,
        "validation_score": network.validation_scores_,
    }


@pytest.mark.parametrize("make", [regressor, classifier])
@pytest.mark.parametrize("ensemble", ["kfold", "seeds", None])
def test_a_history_has_the_epochs_of_all_networks(make, ensemble):
    X, y = load_diabetes(return_X_y=True)
    y = y if make is regressor else y > 140
    history = History()
    est = make(ensemble=ensemble, callbacks=[history, TimeLimit(3600)])
    for _ in range(2):  # a second fit begins anew
        est.fit(X, y)
        assert _columns(history) == [_curves(each) for each in est.estimators_]
    assert clone(est).callbacks[0].records == history.records
    assert pickle.loads(pickle.dumps(est)).callbacks[0].records == history.records
    # The same object will do for a single network, and again for several.
    single = NumpyMLPRegressor(callbacks=[history], max_iter=3, learning_rate="cosine")
    single.fit(X, 20.0 * X[:, 0])
    assert history["member"] == [None] * 3
    assert history["loss"] == single.loss_curve_
    assert _columns(est.fit(X, y).callbacks[0])[0]["epoch"][0] == 1


def test_the_history_of_a_refit_has_both_networks():
    X, y = load_diabetes(return_X_y=True)
    history = History()
    reg = regressor(ensemble="refit", callbacks=[history]).fit(X, y)
    chooses, predicts = _columns(history)
    assert len(chooses["epoch"]) == SHORT["max_iter"]
    assert predicts["loss"] == reg.estimators_[0].loss_curve_
    assert predicts["validation_loss"] == [None] * reg.n_iter_


@pytest.mark.parametrize("make", [regressor, classifier])
def test_early_stopping_tells_of_each_network(make):
    X, y = load_diabetes(return_X_y=True)
    y = y if make is regressor else y > 140
    stopping = EarlyStopping("validation_loss", n_iter_no_change=1)
    est = make(callbacks=[stopping]).fit(X, y)
    names = ("best_score", "best_epoch", "n_epochs_no_change")
    assert len(stopping.members) == len(est.estimators_) > 1
    for twin, network in zip(stopping.members, est.estimators_, strict=True):
        assert network.callbacks == [twin]
        losses = network.validation_loss_curve_
        assert twin.best_score == -min(losses)
        assert twin.best_epoch == losses.index(min(losses)) + 1
    for name in names:
        assert getattr(stopping, name) == getattr(stopping.members[-1], name)
    loaded = pickle.loads(pickle.dumps(est)).callbacks[0]
    assert [twin.best_epoch for twin in loaded.members] == [
        twin.best_epoch for twin in stopping.members
    ]
    reg = NumpyMLPRegressor(callbacks=[stopping], max_iter=2, learning_rate="cosine")
    target = 20.0 * X[:, 0]
    reg.fit(X, target, X_val=X, y_val=target)
    assert stopping.members == []
    assert stopping.best_epoch == 2


@pytest.mark.parametrize("monitor", ["loss", "validation_score"])
def test_early_stopping_of_a_refit(monitor):
    X, y = load_diabetes(return_X_y=True)
    stopping = EarlyStopping(monitor)
    regressor(ensemble="refit", callbacks=[stopping]).fit(X, y)
    # The second network has no validation data to watch.
    assert len(stopping.members) == (2 if monitor == "loss" else 1)
    assert stopping.best_epoch is not None


def test_a_callback_of_one_s_own_is_told_whose_epoch_it_is():
    X, y = load_diabetes(return_X_y=True)

    class Spy(Callback):
        def __init__(self):
            self.seen = []

        def on_train_begin(self, run):
            self.seen.append(("begin", run.member))

        def on_epoch_end(self, event):
            self.seen.append((event.epoch, event.member))

        def on_train_end(self, run):
            self.seen.append(("end", run.member))

    spy = Spy()
    reg = regressor(callbacks=[spy], n_members=2, max_iter=2).fit(X, y)
    assert reg.estimators_[1].callbacks == [spy]
    assert spy.seen == [
        (what, member) for member in (0, 1) for what in ("begin", 1, 2, "end")
    ]


def test_callbacks_can_be_copied_in_the_middle_of_a_fit():
    X, y = load_diabetes(return_X_y=True)
    given = [History(), EarlyStopping("loss")]

    class Copy(Callback):
        def on_epoch_end(self, event):
            reg.__getstate__()
            copies.append(pickle.loads(pickle.dumps(given)))

    copies = []
    reg = regressor(callbacks=[*given, Copy()], n_members=2, max_iter=2)
    reg.fit(X, y)
    assert len(copies) == 4
    history, stopping = copies[-1]
    assert history["member"] == [0, 0, 1, 1]
    assert [twin.best_epoch is not None for twin in stopping.members] == [True, True]


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_checkpoints_bring_a_broken_training_to_the_same_end(ensemble, tmp_path):
    X, y = load_diabetes(return_X_y=True)
    path = tmp_path / "run.npz"
    histories = History(), History()
    whole = regressor(ensemble=ensemble, callbacks=[histories[0]]).fit(X, y)
    break_in = 17 if ensemble in ("kfold", "seeds") else 8

    class Break(Callback):
        n_epochs = 0

        def on_epoch_end(self, event):
            self.n_epochs += 1
            if self.n_epochs == break_in:
                raise RuntimeError

    callbacks = [History(), Checkpoint(path), Break()]
    with pytest.raises(RuntimeError):
        regressor(ensemble=ensemble, callbacks=callbacks).fit(X, y)
    n_begun = 1 + break_in // 12
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [f"run-{i}.npz" for i in range(n_begun)]
    stopping = EarlyStopping(restore_best=False)  # it has not seen the first epochs
    callbacks = [Checkpoint(path, resume=True), stopping, histories[1]]
    resumed = regressor(ensemble=ensemble, callbacks=callbacks).fit(X, y)
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))
    for name in ("member", "epoch", "loss", "validation_loss"):
        assert histories[1][name] == histories[0][name]
