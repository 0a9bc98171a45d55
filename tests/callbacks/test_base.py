"""Base class of callbacks, and the order in which a fit calls them."""

import warnings

import pytest

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import Callback, Checkpoint, History, TimeLimit
from tests.callbacks.conftest import (
    SETTINGS,
    FailAt,
    InterruptAt,
    Spy,
    StopAt,
    X,
    make_event,
    make_run,
    y,
)
from tests.conftest import plain_estimators, unconverged

pytestmark = unconverged


def test_the_base_class_does_nothing():
    callback, run = Callback(), make_run()
    callback.on_train_begin(run)
    assert not callback.on_epoch_end(make_event(1))
    callback.on_train_end(run)
    assert run.kept_params is None


def test_callbacks_print_their_settings():
    assert repr(TimeLimit(60)) == "TimeLimit(seconds=60.0)"
    assert repr(History()) == "History()"
    assert repr(Checkpoint("a.npz", 5)) == (
        "Checkpoint(path='a.npz', every=5, resume=False, on_error='raise')"
    )


@plain_estimators
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


@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_ends_the_fit_and_the_others_still_see_the_epoch(Estimator, solver):
    spy = Spy()
    est = Estimator(solver=solver, callbacks=[StopAt(3), spy], **SETTINGS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a stop that was asked for is no failure
        est.fit(X, y)
    assert est.n_iter_ == len(est.loss_curve_) == 3
    assert spy.log[-2:] == [("", 3), ("", "end", "stopped", 3)]


@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_error_in_a_callback_leaves_the_estimator_unchanged(Estimator, solver):
    spy = Spy()
    est = Estimator(solver=solver, **SETTINGS).fit(X, y)
    before = dict(vars(est))
    est.set_params(callbacks=[spy, FailAt(3)])
    with pytest.raises(RuntimeError, match="power cut"):
        est.fit(X, y)
    est.set_params(callbacks=None)
    assert vars(est) == before
    assert spy.log[-1] == ("", "end", "failed", 3)


@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_in_a_callback_keeps_the_epochs_so_far(Estimator, solver):
    spy = Spy()
    est = Estimator(solver=solver, callbacks=[InterruptAt(3), spy], **SETTINGS)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        est.fit(X, y)
    assert est.n_iter_ == 3
    assert spy.log[-1] == ("", "end", "interrupted", 3)


@plain_estimators
def test_on_train_end_is_called_even_if_on_train_begin_fails(Estimator):
    class Broken(Callback):
        def on_train_begin(self, run):
            raise RuntimeError("no")

    spy, late = Spy(), Spy()
    with pytest.raises(RuntimeError, match="no"):
        Estimator(callbacks=[spy, Broken(), late], **SETTINGS).fit(X, y)
    assert spy.log[-1] == ("", "end", "failed", 0)
    assert late.log == []


@plain_estimators
def test_partial_fit_calls_no_callbacks(Estimator):
    spy = Spy()
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    Estimator(callbacks=[spy], **SETTINGS).partial_fit(X, y, **classes)
    assert spy.log == []
