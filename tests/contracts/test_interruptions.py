"""Ctrl-C at any moment: what is done is kept, or all is as before."""

import gc
import linecache
import os
import pickle
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._estimators import threads as _threads
from sknumpy_mlp._estimators.threads import _pools
from sknumpy_mlp.callbacks import Callback
from tests.conftest import unconverged
from tests.contracts.conftest import SETTINGS, TABULAR, X_small, is_as_before, y_small

pytestmark = [unconverged, pytest.mark.usefixtures("two_threads")]


# ------------------------------------------------------------------------------- Ctrl-C


def _assert_whole_or_as_before(est, before, X):
    """An estimator has all that a fit sets, of one and the same fit, or nothing."""
    if is_as_before(est, before):
        return "as before"
    predicted = est.predict(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(est)).predict(X), predicted)
    if hasattr(est, "estimators_"):
        assert est.n_iter_ == max(member.n_iter_ for member in est.estimators_)
        assert est.oof_score_ is not None
    for each in getattr(est, "estimators_", [est]):
        assert np.isfinite(each._params).all()
        curves = [each.loss_curve_]
        if each.solver != "lbfgs":
            curves.append(each.learning_rate_curve_)
        if each.validation_loss_curve_ is not None:
            curves += [each.validation_loss_curve_, each.validation_scores_]
        assert {len(curve) for curve in curves} == {each.n_iter_}
    return "whole"


MAKERS = {
    "NumpyMLPRegressor": lambda **p: NumpyMLPRegressor(
        hidden_layer_sizes=(50, 50), early_stopping=True, random_state=0, **p
    ),
    "NumpyMLPClassifier": lambda **p: NumpyMLPClassifier(
        (50, 50), random_state=0, dropout=0.1, **p
    ),
    "L-BFGS": lambda **p: NumpyMLPRegressor(
        hidden_layer_sizes=(50, 50), solver="lbfgs", random_state=0, **p
    ),
    "TabularMLPRegressor": lambda **p: TabularMLPRegressor(**TABULAR, **p),
    "TabularMLPClassifier": lambda **p: TabularMLPClassifier(**TABULAR, **p),
}
makers = pytest.mark.parametrize("kind", MAKERS)


def _target(est):
    return (
        (y_small > np.median(y_small))
        if "Classifier" in type(est).__name__
        else (y_small)
    )


class _PressAt(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, event):
        if event.epoch == self.epoch:
            signal.raise_signal(signal.SIGINT)


@makers
@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("epoch", [1, 3])
def test_ctrl_c_in_an_epoch(kind, epoch):
    est = MAKERS[kind](max_iter=20, callbacks=[_PressAt(epoch)])
    before = dict(vars(est))
    with pytest.warns(UserWarning, match="interrupted by user"):
        est.fit(X_small, _target(est))
    assert _assert_whole_or_as_before(est, before, X_small) == "whole"
    assert est.n_iter_ == epoch
    est.set_params(callbacks=None).fit(X_small, _target(est))
    assert est.n_iter_ > epoch


class _Reached(Callback):
    """Tells when a run has begun and so many epochs are done."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.event = threading.Event()

    def __getstate__(self):
        return {"n_epochs": self.n_epochs}  # an event cannot be pickled

    def for_member(self, member):
        return self

    def on_train_begin(self, run):
        if not self.n_epochs:
            self.event.set()

    def on_epoch_end(self, event):
        if event.epoch == self.n_epochs:
            self.event.set()


def _fit_and_press(est, X, y, reached, seconds):
    """Fit; press Ctrl-C so many seconds after an event, or after the fit."""
    pressed = threading.Event()

    def handler(number, frame):
        while frame is not None:
            if frame.f_code.co_name == "__del__":
                # Python swallows what is raised in there.  Once more, a little later.
                threading.Timer(0.001, signal.raise_signal, [number]).start()
                return
            frame = frame.f_back
        pressed.set()
        raise KeyboardInterrupt

    def press():
        reached.wait()
        time.sleep(seconds)
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, handler)  # the fixture puts back what was there
    gc.disable()  # its callbacks swallow as well
    try:
        threading.Thread(target=press, daemon=True).start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est.fit(X, y)
        reached.set()
        while not pressed.is_set():
            time.sleep(0.001)
    except KeyboardInterrupt:
        pass
    finally:
        gc.enable()
    assert pressed.is_set()


def _assert_ctrl_c_is_safe(kind, n_moments, seed):
    rng = np.random.default_rng(seed)
    for i in range(n_moments):
        # From before the first epoch to some after the third one.
        n_epochs, seconds = int(rng.integers(4)), rng.uniform(0.0, 0.01)
        reached = _Reached(n_epochs)
        est = MAKERS[kind](max_iter=5000, n_iter_no_change=5000, callbacks=[reached])
        if not kind.startswith("Tabular"):
            est.set_params(tol=0.0, max_fun=5000)
        before = dict(vars(est))
        _fit_and_press(est, X_small, _target(est), reached.event, seconds)
        end = _assert_whole_or_as_before(est, before, X_small)
        assert end == "whole" or not n_epochs, f"seed {seed}, moment {i}"


@makers
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_random_moments(kind):
    _assert_ctrl_c_is_safe(kind, n_moments=20, seed=0)


@makers
@pytest.mark.nightly
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_a_hundred_random_moments(kind):
    _assert_ctrl_c_is_safe(kind, n_moments=100, seed=1)


def _assert_side_by_side(n_moments):
    rng = np.random.default_rng(1)
    now = threading.Event()
    now.set()
    for moment in rng.uniform(0.0, 0.6, size=n_moments):
        reg = TabularMLPRegressor(
            **TABULAR, n_jobs=2, max_iter=5000, n_iter_no_change=5000
        )
        before = dict(vars(reg))
        _fit_and_press(reg, X_small, y_small, now, moment)
        _assert_whole_or_as_before(reg, before, X_small)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_networks_train_side_by_side():
    _assert_side_by_side(1)


@pytest.mark.nightly
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_many_moments_while_networks_train_side_by_side():
    _assert_side_by_side(20)


def _assert_warm_start_is_safe(n_moments, seed):
    rng = np.random.default_rng(seed)
    whole = NumpyMLPRegressor(**SETTINGS, warm_start=True).fit(X_small, y_small)
    for i in range(n_moments):
        n_epochs, seconds = int(rng.integers(4)), rng.uniform(0.0, 0.01)
        reached = _Reached(n_epochs)
        est = pickle.loads(pickle.dumps(whole)).set_params(
            max_iter=5000, tol=0.0, n_iter_no_change=5000, callbacks=[reached]
        )
        before = dict(vars(est))
        _fit_and_press(est, X_small, y_small, reached.event, seconds)
        if is_as_before(est, before):
            assert not n_epochs, f"seed {seed}, moment {i}"
        else:
            assert est.loss_curve_[:12] == whole.loss_curve_
            assert len(est.loss_curve_) == len(est.learning_rate_curve_)
            assert len(est.loss_curve_) == 12 + est.n_iter_


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_warm_start_keeps_what_was_there_or_adds_to_it():
    _assert_warm_start_is_safe(n_moments=20, seed=2)


@pytest.mark.nightly
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_hundred_warm_starts():
    _assert_warm_start_is_safe(n_moments=100, seed=3)


PACKAGE = os.path.dirname(sknumpy_mlp.__file__)


def _fit_up_to_line(est, X, y, line, where=PACKAGE):
    """Fit, and raise KeyboardInterrupt at the so-manyeth line of files in a place.

    Return the number of lines that were run.
    """
    n_lines = 0

    def trace(frame, event, arg):
        return trace_lines if frame.f_code.co_filename.startswith(where) else None

    def trace_lines(frame, event, arg):
        nonlocal n_lines
        # On its way out of a block, Python comes by the line with the `with` again, and
        # an error of a trace function's keeps `__exit__` from being called there.  A
        # signal is heard before, inside the block, or after.
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and not source.lstrip().startswith("with "):
            n_lines += 1
            if n_lines == line:
                raise KeyboardInterrupt
        return trace_lines

    before = sys.gettrace()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.settrace(trace)
        try:
            est.fit(X, y)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
    return n_lines


INTERRUPTED = {
    # Wide enough that the threads of BLAS are limited.
    "adam": lambda: NumpyMLPRegressor(hidden_layer_sizes=(250,), max_iter=2),
    "early stopping": lambda: NumpyMLPClassifier(
        (60,), max_iter=2, early_stopping=True
    ),
    "lbfgs": lambda: NumpyMLPRegressor(
        hidden_layer_sizes=(250,), max_iter=2, solver="lbfgs"
    ),
    "kfold": lambda: TabularMLPRegressor(
        hidden_layer_sizes=(3,), max_iter=2, n_members=2
    ),
    "refit": lambda: TabularMLPClassifier(
        hidden_layer_sizes=(3,), max_iter=2, ensemble="refit"
    ),
}


def _threads_as_another_thread_sees_them():
    """It is kept waiting, and sees nothing, if this one still holds the lock."""
    found = []
    other = threading.Thread(
        target=lambda: found.extend(pool.n_threads for pool in _pools()), daemon=True
    )
    other.start()
    other.join(60)
    return found


def _assert_interruptible(kind, step, where=PACKAGE):
    def make():
        return INTERRUPTED[kind]().set_params(random_state=0)

    target = _target(make())
    n_lines = _fit_up_to_line(make(), X_small, target, -1, where)
    n_threads = [pool.n_threads for pool in _pools()]
    # In each epoch, and each list of an epoch, the same lines come again: a step that
    # divides nothing comes by all of them.
    for line in range(1, n_lines + 1, step):
        est = make()
        before = dict(vars(est))
        _fit_up_to_line(est, X_small, target, line, where)
        _assert_whole_or_as_before(est, before, X_small)
        assert _threads_as_another_thread_sees_them() == n_threads, line
    return n_lines


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("adam", 29),
        ("early stopping", 29),
        ("lbfgs", 29),
        ("kfold", 397),
        ("refit", 397),
    ],
)
def test_ctrl_c_at_one_line_after_the_other(kind, step):
    assert _assert_interruptible(kind, step) > 500


@pytest.mark.nightly
@pytest.mark.parametrize("kind", INTERRUPTED)
def test_ctrl_c_at_every_line(kind):
    _assert_interruptible(kind, 5 if kind in ("kfold", "refit") else 1)


@pytest.mark.parametrize("kind", ["adam", "lbfgs"])
def test_ctrl_c_at_every_line_that_limits_threads(kind):
    seen = set()

    class Watch(Callback):
        def on_epoch_end(self, event):
            seen.add(tuple(pool.n_threads for pool in _pools()))

    if not _pools():
        pytest.skip("no OpenBLAS with threads of its own")
    INTERRUPTED[kind]().set_params(callbacks=[Watch()]).fit(X_small, y_small)
    assert 1 in seen.pop()  # there is a limit
    assert _assert_interruptible(kind, 1, _threads.__file__) > 30


def test_an_epoch_that_is_cut_off_while_it_is_recorded_leaves_no_trace():
    """At each line of `Run.record`, which has to lengthen four lists."""
    for n_lines in range(1, 40):
        est = NumpyMLPRegressor(
            hidden_layer_sizes=(3,), max_iter=4, early_stopping=True, random_state=0
        )
        seen = 0

        def trace(frame, event, arg, n_lines=n_lines):
            nonlocal seen
            if frame.f_code.co_name != "record":
                return None
            if event == "line":
                seen += 1
                if seen == n_lines:
                    raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.settrace(trace)
            try:
                est.fit(X_small, y_small)
            finally:
                sys.settrace(before)
        curves = (
            est.loss_curve_,
            est.learning_rate_curve_,
            est.validation_loss_curve_,
            est.validation_scores_,
        )
        assert {len(curve) for curve in curves} == {est.n_iter_}
    assert seen > 20
