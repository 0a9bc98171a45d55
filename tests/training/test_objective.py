"""The objective of a batch and of all rows."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import full_batch_objective, objective
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import SquaredError
from tests.training.conftest import problem


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_objective_of_all_rows_from_small_batches(container, weighted):
    X, y, network, params = problem()
    weight = np.random.default_rng(1).uniform(size=len(X)) if weighted else None
    if weighted:
        weight[7:14] = 0.0  # a whole batch without weight

    def evaluate(batch_size):
        workspace = Workspace(network, params, batch_size)
        batches = Batches(container(X), y, weight, batch_size, shuffle=False)
        return full_batch_objective(workspace, SquaredError(), batches, 0.1)

    value, gradient = evaluate(len(X))
    workspace = Workspace(network, params, len(X))
    expected, l2 = objective(workspace, SquaredError(), container(X), y, weight, 0.1)
    workspace.grad[: network.n_coefs] += l2 * workspace.coefs
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, workspace.grad, rtol=0, atol=1e-14)
    for batch_size in (7, 1):
        value, gradient = evaluate(batch_size)
        assert value == pytest.approx(expected, rel=1e-13)
        np.testing.assert_allclose(gradient, workspace.grad, rtol=0, atol=1e-14)


@pytest.mark.parametrize("total_weight", [None, 50.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_objective_is_its_formula(weighted, total_weight):
    X, y, network, params = problem()
    weight = np.random.default_rng(2).uniform(size=len(X)) if weighted else None
    workspace = Workspace(network, params, len(X))
    value, l2 = objective(workspace, SquaredError(), X, y, weight, 0.3, total_weight)
    s = np.ones(len(X)) if weight is None else weight
    S = s.sum() if total_weight is None else total_weight
    losses = (network.predict_raw(params, X) - y).ravel() ** 2 / 2
    penalty = 0.3 / (2 * S) * (params[: network.n_coefs] ** 2).sum()
    assert value == pytest.approx((s * losses).sum() / S + penalty, rel=1e-13)
    assert l2 == pytest.approx(0.3 / S, rel=1e-15)


def test_data_of_another_type_are_cast_batch_by_batch_and_others_not_copied():
    X, y, _, _ = problem()
    seen = []

    class Spy(Dense):
        def forward(self, params, x, buffers, context):
            seen.append(x)
            return super().forward(params, x, buffers, context)

    network = Network((Spy(4, 1),))
    for dtype in (np.float32, np.float64):
        params = network.init(np.random.RandomState(0), dtype)
        workspace = Workspace(network, params, 7)
        batches = Batches(X, y.astype(dtype), None, 7, shuffle=False)
        value, gradient = full_batch_objective(workspace, SquaredError(), batches, 0.1)
        assert math.isfinite(value)
        assert gradient.dtype == dtype
        assert {x.dtype for x in seen} == {np.dtype(dtype)}
        assert all(np.shares_memory(x, X) == (dtype == X.dtype) for x in seen)
        seen.clear()
