"""Checkpoint: runs that are cut off and resumed."""

import os
import warnings

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.callbacks import Checkpoint, _checkpoint_file
from tests.callbacks.conftest import (
    SETTINGS,
    FailAt,
    InterruptAt,
    Spy,
    StopAt,
    X,
    assert_same,
    y,
)
from tests.conftest import plain_estimators, unconverged

pytestmark = unconverged


def test_arguments_of_checkpoint():
    for every in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match=f"every={every}"):
            Checkpoint("x.npz", every=every)
    with pytest.raises(ValueError, match="on_error='ignore'"):
        Checkpoint("x.npz", on_error="ignore")


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


@plain_estimators
@pytest.mark.parametrize("case", RUNS)
@pytest.mark.parametrize("cut", [StopAt, FailAt, InterruptAt])
def test_a_resumed_run_equals_an_uninterrupted_one(Estimator, case, cut, tmp_path):
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
    assert_same(resumed, whole)
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


@plain_estimators
@pytest.mark.parametrize("random_state", [None, "stream"])
def test_a_run_without_a_seed_resumes_with_its_own_random_numbers(
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
    assert_same(third, second)
    if random_state == "stream":
        assert_same(first, second)


def test_resuming_leaves_the_global_random_numbers_alone(tmp_path):
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"random_state": None}
    NumpyMLPRegressor(callbacks=[Checkpoint(path), StopAt(3)], **settings).fit(X, y)
    first = np.random.rand(3)
    NumpyMLPRegressor(callbacks=[Checkpoint(path, resume=True)], **settings).fit(X, y)
    assert not np.isin(np.random.rand(3), first).any()


@plain_estimators
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


@plain_estimators
def test_without_resume_the_file_is_overwritten(Estimator, tmp_path):
    path = tmp_path / "run.npz"
    path.write_text("something else")
    Estimator(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS).fit(X, y)
    spy = Spy()
    Estimator(callbacks=[Checkpoint(path), spy], **SETTINGS).fit(X, y)
    assert spy.log[0] == ("", "begin", 12, 0)
    assert sorted(os.listdir(tmp_path)) == ["run.npz"]


@plain_estimators
def test_a_longer_run_may_resume_a_shorter_one(Estimator, tmp_path):
    path = tmp_path / "run.npz"
    Estimator(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    settings = SETTINGS | {"max_iter": 20}
    longer = Estimator(callbacks=[Checkpoint(path, resume=True)], **settings)
    assert_same(longer.fit(X, y), Estimator(**settings).fit(X, y))
    # Unless the rate depends on the length.
    settings |= {"learning_rate": "cosine"}
    cosine = Estimator(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    cosine.set_params(callbacks=[Checkpoint(path, resume=True)], max_iter=30)
    with pytest.raises(ValueError, match="max_iter was 20 and is 30"):
        cosine.fit(X, y)


@plain_estimators
def test_a_scorer_is_given_an_estimator_that_checkpoints(Estimator, tmp_path):
    """A copy, made while the checkpoint knows of the run and the run of it."""
    scoring = "accuracy" if Estimator is NumpyMLPClassifier else "r2"
    settings = SETTINGS | {"scoring": scoring}
    est = Estimator(callbacks=[Checkpoint(tmp_path / "run.npz")], **settings)
    est.fit(X, y, X_val=X, y_val=y)
    plain = Estimator(**settings).fit(X, y, X_val=X, y_val=y)
    assert est.validation_scores_ == plain.validation_scores_


@pytest.mark.parametrize("behind", [0, 1])
def test_of_two_checkpoints_the_one_with_more_epochs_is_resumed(behind, tmp_path):
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
    assert_same(resumed, finished)
    contents = [path.read_bytes() for path in (*paths, tmp_path / "c.npz")]
    assert len(set(contents)) == 1


def test_a_custom_checkpoint_may_end_the_run(tmp_path):
    class Until(Checkpoint):
        def on_epoch_end(self, event):
            super().on_epoch_end(event)
            return event.epoch >= 3

    est = NumpyMLPRegressor(callbacks=[Until(tmp_path / "run.npz")], **SETTINGS)
    assert est.fit(X, y).n_iter_ == 3


def test_all_callbacks_begin_with_the_run_as_it_is_resumed(tmp_path):
    path, before = tmp_path / "run.npz", Spy()
    NumpyMLPRegressor(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS).fit(X, y)
    callbacks = [before, Checkpoint(path, resume=True)]
    NumpyMLPRegressor(callbacks=callbacks, **SETTINGS).fit(X, y)
    assert before.log[0] == ("", "begin", 12, 3)


@plain_estimators
def test_a_file_that_cannot_be_written(Estimator, tmp_path):
    nowhere = tmp_path / "missing" / "run.npz"
    est = Estimator(callbacks=[Checkpoint(nowhere)], **SETTINGS)
    with pytest.raises(OSError, match=r"Checkpoint could not write.*missing"):
        est.fit(X, y)
    assert not hasattr(est, "n_iter_")
    est.set_params(callbacks=[Checkpoint(nowhere, every=6, on_error="warn")])
    with pytest.warns(UserWarning, match="Training continues") as record:
        est.fit(X, y)
    assert record[0].filename == __file__
    assert est.n_iter_ == 12


@plain_estimators
def test_a_full_disk_leaves_the_earlier_file(Estimator, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    est = Estimator(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS).fit(X, y)
    before = path.read_bytes()

    def full(file, arrays):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_checkpoint_file, "_write", full)
    est.set_params(callbacks=[Checkpoint(path, resume=True)])
    with pytest.raises(OSError, match=r"No space left .*before is still there"):
        est.fit(X, y)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.npz"]


@plain_estimators
def test_lbfgs_resumes_from_its_parameters(Estimator, tmp_path):
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


def test_lbfgs_that_is_over_before_its_first_iteration_is_so_again(tmp_path):
    path = tmp_path / "run.npz"
    settings = {"solver": "lbfgs", "tol": 1e10, "random_state": 0}
    first = NumpyMLPClassifier(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    again = NumpyMLPClassifier(callbacks=[Checkpoint(path, resume=True)], **settings)
    assert_same(again.fit(X, y), first)


def test_a_finished_run_of_lbfgs_is_not_trained_further(tmp_path):
    path = tmp_path / "run.npz"
    settings = {"solver": "lbfgs", "alpha": 10.0, "tol": 0.05, "random_state": 0}
    first = NumpyMLPClassifier(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    assert first.n_iter_ < 200
    again = NumpyMLPClassifier(callbacks=[Checkpoint(path, resume=True)], **settings)
    assert_same(again.fit(X, y), first)


def test_an_exhausted_run_of_lbfgs_is_not_trained_further(tmp_path):
    path, spy = tmp_path / "run.npz", Spy()
    settings = {"solver": "lbfgs", "max_iter": 5, "random_state": 0}
    first = NumpyMLPClassifier(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    again = NumpyMLPClassifier(
        callbacks=[Checkpoint(path, resume=True), spy], **settings
    )
    assert_same(again.fit(X, y), first)
    assert spy.log == [("", "begin", 5, 5), ("", "end", "exhausted", 5)]
    plain = NumpyMLPClassifier(**settings).fit(X, y)
    assert plain.t_ == first.t_ > 5 * len(X)
