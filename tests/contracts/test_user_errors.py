"""Errors in what the user brings: a fit that fails changes nothing."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.activations import Tanh
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.losses import SquaredError
from sknumpy_mlp.optimizers import Adam
from sknumpy_mlp.schedules import Constant
from tests.conftest import unconverged
from tests.contracts.conftest import TABULAR, X_small, is_as_before, y_small

pytestmark = [unconverged, pytest.mark.usefixtures("two_threads")]


class _FuseError(Exception):
    pass


class _Fuse:
    """Counts calls; raises at one of them.  The copies that fits make share it."""

    n_calls, n_allowed = 0, None

    @classmethod
    def set(cls, n_allowed):
        cls.n_calls, cls.n_allowed = 0, n_allowed

    @classmethod
    def use(cls):
        cls.n_calls += 1
        if cls.n_calls == cls.n_allowed:
            raise _FuseError


class _FusedCallback(Callback):
    def on_train_begin(self, run):
        _Fuse.use()

    def on_epoch_end(self, event):
        _Fuse.use()

    def on_train_end(self, run):
        _Fuse.use()


class _LossWithFuse(SquaredError):  # noqa: N818
    def loss_gradient(self, y, raw):
        losses = super().loss_gradient(y, raw)
        _Fuse.use()  # half-way: raw is overwritten already
        return losses

    def predict(self, raw):
        _Fuse.use()
        return super().predict(raw)


class _FusedActivation(Tanh):
    def forward(self, z, out):
        _Fuse.use()
        super().forward(z, out)

    def backward(self, z, a, delta):
        super().backward(z, a, delta)
        _Fuse.use()


class _FusedOptimizer(Adam):
    def step(self, params, *args, **kwargs):
        super().step(params, *args, **kwargs)
        _Fuse.use()


@dataclass(frozen=True)
class _FusedSchedule(Constant):
    def __call__(self, progress):
        _Fuse.use()
        return super().__call__(progress)


def _fused_scorer(estimator, X, y):
    _Fuse.use()
    return -float(np.square(estimator.predict(X) - y).mean())


FUSED = {
    "callback": {"callbacks": [_FusedCallback()]},
    "scorer": {"scoring": _fused_scorer},
    "loss": {"loss": _LossWithFuse()},
    "activation": {"activation": _FusedActivation()},
    "optimiser": {"solver": _FusedOptimizer()},
    "schedule": {"learning_rate": _FusedSchedule()},
    "loss, L-BFGS": {
        "loss": _LossWithFuse(),
        "solver": "lbfgs",
        "early_stopping": False,
    },
    "activation, L-BFGS": {
        "activation": _FusedActivation(),
        "solver": "lbfgs",
        "early_stopping": False,
    },
}


def _fused_numpy(part):
    return NumpyMLPRegressor(
        **{
            "hidden_layer_sizes": (50, 50),
            "max_iter": 4,
            "early_stopping": True,
            "random_state": 0,
        }
        | FUSED[part]
    )


def _assert_errors_change_nothing(make):
    """Let a part fail at its first calls, in the middle, and at the last one."""
    _Fuse.set(None)
    plain = make().fit(X_small, y_small)
    n_calls = _Fuse.n_calls
    assert n_calls >= 4
    expected = plain.predict(X_small)
    for n_allowed in sorted({1, 2, 3, n_calls // 2, n_calls - 1, n_calls}):
        for est in (make(), plain):
            before, params = dict(vars(est)), pickle.dumps(est.get_params())
            _Fuse.set(n_allowed)
            with pytest.raises(_FuseError):
                est.fit(X_small, y_small)
            assert is_as_before(est, before), n_allowed
            # Nor has an optimiser, say, been used itself instead of a copy.
            assert pickle.dumps(est.get_params()) == params
            _Fuse.set(None)
        # Neither the parameters nor what is shared with an earlier fit have changed.
        np.testing.assert_array_equal(plain.predict(X_small), expected)
        np.testing.assert_array_equal(
            est.fit(X_small, y_small).predict(X_small), expected
        )


@pytest.mark.parametrize("part", FUSED)
def test_an_error_in_a_part_of_the_users_changes_nothing(part):
    _assert_errors_change_nothing(lambda: _fused_numpy(part))


@pytest.mark.parametrize("part", ["callback", "scorer", "loss"])
@pytest.mark.parametrize("ensemble", ["kfold", "refit"])
def test_an_error_in_a_part_changes_nothing_in_an_ensemble(part, ensemble):
    def make():
        return TabularMLPRegressor(
            **TABULAR, ensemble=ensemble, max_iter=4, **FUSED[part]
        )

    _assert_errors_change_nothing(make)


class _FailingLoss(SquaredError):  # noqa: N818
    """Fails at its so-manyeth call, wherever it is: each copy counts for itself."""

    exact_gradient = False  # and so `fit` does not compare it, in its own process

    def __init__(self, n_allowed):
        self.n_allowed = n_allowed
        self.counts = [0]

    def loss_gradient(self, y, raw):
        self.counts[0] += 1
        if self.counts[0] == self.n_allowed:
            raise ZeroDivisionError("a loss of the user's")
        return super().loss_gradient(y, raw)


@pytest.mark.parametrize("n_allowed", [3, 5])
def test_an_error_in_another_process_changes_nothing(n_allowed):
    reg = TabularMLPRegressor(**TABULAR, n_jobs=2, max_iter=4).fit(X_small, y_small)
    expected = reg.predict(X_small)
    reg.set_params(loss=_FailingLoss(n_allowed))
    before = dict(vars(reg))
    with pytest.raises(ZeroDivisionError, match="a loss of the user's"):
        reg.fit(X_small, y_small)
    assert is_as_before(reg, before)
    np.testing.assert_array_equal(reg.predict(X_small), expected)


def test_an_error_in_the_middle_of_a_partial_fit_changes_nothing():
    _Fuse.set(None)
    est = NumpyMLPRegressor(loss=_LossWithFuse(), random_state=0, batch_size=40)
    twin = NumpyMLPRegressor(loss=_LossWithFuse(), random_state=0, batch_size=40)
    for each in (est, twin):
        each.partial_fit(X_small, y_small)
    _Fuse.set(2)  # the loss was checked in the first call, and is not called for it now
    before = dict(vars(est))
    with pytest.raises(_FuseError):
        est.partial_fit(X_small, y_small)
    assert is_as_before(est, before)
    _Fuse.set(None)
    for each in (est, twin):
        each.partial_fit(X_small, y_small)
    np.testing.assert_array_equal(est._params, twin._params)
