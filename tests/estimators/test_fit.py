"""The solvers: interruptions, failures, and what a fit leaves behind."""

import io

import numpy as np
import pytest

from tests.conftest import plain_estimators
from tests.estimators.conftest import X, y


class _Interrupted(io.StringIO):
    """Standard output that interrupts the program at a certain line."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def write(self, text):
        if self.line in text:
            raise KeyboardInterrupt
        return super().write(text)


@plain_estimators
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("at", [1, 4])
def test_ctrl_c_leaves_a_usable_estimator(
    Estimator, solver, early_stopping, at, monkeypatch
):
    monkeypatch.setattr("sys.stdout", _Interrupted(f"Iteration {at},"))
    est = Estimator(
        solver=solver,
        early_stopping=early_stopping,
        verbose=True,
        learning_rate_init=1e-3,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        est.fit(X, y)
    assert np.isfinite(est.predict(X)).all()
    assert est.n_iter_ == at
    assert len(est.loss_curve_) == at


@plain_estimators
def test_ctrl_c_in_the_first_epoch(Estimator, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    for name, solver in (("Adam.step", "adam"), ("SGD.step", "sgd")):
        monkeypatch.setattr(f"sknumpy_mlp.optimizers.{name}", interrupt)
        for early_stopping in (True, False):
            est = Estimator(solver=solver, early_stopping=early_stopping)
            with pytest.warns(UserWarning, match="interrupted"):
                est.fit(X, y)
            assert est.predict(X).shape == y.shape
            assert (est.n_iter_, est.loss_curve_) == (0, [])
            assert np.isnan(est.loss_)
