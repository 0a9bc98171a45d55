"""L-BFGS: iterations, limits, interruptions."""

import itertools
import math
import types

import numpy as np
import pytest

from sknumpy_mlp._training import lbfgs
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.lbfgs import minimize_lbfgs
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import SquaredError
from tests.training.conftest import problem


def _minimize(workspace, X, y, **options):
    given = {"tol": 1e-6, "max_iter": 100, "max_fun": 500}
    batches = Batches(X, y, None, len(X), shuffle=False)
    return minimize_lbfgs(
        workspace, SquaredError(), batches, alpha=0.1, **given | options
    )


def test_lbfgs_reports_iterations_and_finds_a_stationary_point():
    X, y, network, params = problem()
    workspace = Workspace(network, params, len(X))
    events = []
    result = _minimize(
        workspace,
        X,
        y,
        max_iter=2000,
        max_fun=5000,
        on_iteration=lambda event: bool(events.append((event.epoch, event.loss))),
    )
    assert result.converged
    assert [epoch for epoch, _ in events] == list(range(1, result.n_iter + 1))
    losses = [loss for _, loss in events]
    assert np.all(np.diff(losses) <= 0)
    assert losses[-1] == result.loss
    value, l2 = objective(workspace, SquaredError(), X, y, None, 0.1)
    gradient = workspace.grad.copy()
    gradient[: network.n_coefs] += l2 * workspace.coefs
    np.testing.assert_allclose(value, result.loss)
    assert abs(gradient).max() < 1e-3


def test_lbfgs_ends_without_numpy_warnings_where_numbers_overflow():
    X, y, _, _ = problem()
    network = Network((Dense(4, 1),))
    params = network.init(np.random.RandomState(0), np.float64)
    result = _minimize(
        Workspace(network, params, len(X)),
        1e200 * X,
        y,
        max_iter=20,
        max_fun=50,
        on_iteration=lambda event: False,
    )
    assert not math.isfinite(result.loss)
    assert not result.converged


def test_lbfgs_interrupted_keeps_the_last_finished_iteration():
    X, y, network, params = problem()
    workspace = Workspace(network, params, len(X))
    seen = []

    def interrupt(event):
        seen.append(event.params.copy())
        if event.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _minimize(
            workspace,
            X,
            y,
            on_iteration=interrupt,
        )
    np.testing.assert_array_equal(workspace.params, seen[-1])


def test_lbfgs_ends_when_it_is_told_to():
    X, y, network, params = problem()
    seen = []

    def stop_at_three(event):
        seen.append(event.params.copy())
        return event.epoch == 3

    result = _minimize(
        Workspace(network, params, len(X)),
        X,
        y,
        on_iteration=stop_at_three,
    )
    assert result.n_iter == 3
    assert not result.converged
    np.testing.assert_array_equal(params, seen[-1])


def test_lbfgs_goes_on_from_the_iterations_that_were_done(monkeypatch):
    ticks = itertools.count(12345)
    clock = types.SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr(lbfgs, "time", clock)
    X, y, network, params = problem()
    events = []
    result = _minimize(
        Workspace(network, params, len(X)),
        X,
        y,
        tol=1e-12,
        max_iter=10,
        on_iteration=lambda event: bool(events.append(event)),
        n_iter_done=6,
    )
    assert [event.epoch for event in events] == [7, 8, 9, 10]
    assert (result.n_iter, result.converged) == (10, False)
    assert "ITERATIONS" in result.message.upper()
    assert [event.seconds for event in events] == [1.0, 2.0, 3.0, 4.0]


def test_who_is_told_of_iterations_handles_errors_as_before():
    X, y, network, params = problem()
    found = []
    with np.errstate(over="raise", under="warn"):
        expected = np.geterr()
        _minimize(
            Workspace(network, params, len(X)),
            X,
            y,
            tol=1e-12,
            max_iter=2,
            max_fun=50,
            on_iteration=lambda event: bool(found.append(np.geterr())),
        )
    assert found == [expected, expected]
