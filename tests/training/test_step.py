"""One training step: gradient clipping, weight decay, the penalty."""

import numpy as np
import pytest

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.loop import train
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.run import TrainingState
from sknumpy_mlp._training.step import Regularization, clip_norm, update
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.optimizers import SGD, Adam
from sknumpy_mlp.schedules import FlatCosine, Schedule
from tests.training.conftest import epochs_of, problem


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_long_vector_is_scaled_back_and_a_short_one_is_not(dtype):
    vector = np.array([3.0, 4.0], dtype)
    clip_norm(vector, 10.0)
    np.testing.assert_array_equal(vector, [3, 4])
    clip_norm(vector, 1.0)
    np.testing.assert_allclose(vector, [0.6, 0.8], rtol=1e-6)
    huge = np.full(4, np.finfo(dtype).max / 2, dtype)
    with np.errstate(over="ignore"):
        clip_norm(huge, 1.0)
    np.testing.assert_allclose(huge, 0.5, rtol=1e-6)
    large = np.full(4, 1e20, dtype)
    with np.errstate(over="ignore"):
        clip_norm(large, 1e25)
    np.testing.assert_allclose(large, 1e20, rtol=1e-6)
    infinite = np.array([np.inf, 1.0], dtype)
    clip_norm(infinite, 1.0)
    np.testing.assert_array_equal(infinite, [np.inf, 1.0])


def test_no_step_is_longer_than_the_bound_on_the_gradient():
    """For plain SGD a step is the rate times the gradient, penalty included."""
    regularization = Regularization(alpha=100.0, max_grad_norm=0.25)
    epochs, params, _ = epochs_of(
        SGD(momentum=0.0), regularization=regularization, max_epochs=1
    )
    before = params.copy()
    next(epochs)
    moved = np.linalg.norm(params - before)
    assert 0.9 < moved / (4 * 0.01 * 0.25) <= 1 + 1e-12


def test_weight_decay_is_decoupled_and_spares_biases():
    """Without any gradient, only the weights shrink, by the rate times the decay."""
    X, y, network, params = problem()

    class Flat(Loss):
        def loss_gradient(self, y, raw):
            raw[...] = 0
            return np.zeros(len(raw))

    optimizer = Adam()
    params[network.n_coefs :] = 1.0
    before = params.copy()
    optimizer.init(params)
    epochs = train(
        Workspace(network, params, 8),
        Flat(),
        Schedule(),
        Batches(X, y, None, 8),
        TrainingState(optimizer=optimizer),
        np.random.RandomState(0),
        regularization=Regularization(weight_decay=0.5),
        learning_rate_init=0.1,
        max_epochs=1,
    )
    next(epochs)
    np.testing.assert_allclose(
        params[: network.n_coefs], before[: network.n_coefs] * 0.95**4
    )
    np.testing.assert_array_equal(params[network.n_coefs :], 1.0)


@pytest.mark.parametrize("max_grad_norm", [None, 1e9, 0.5])
def test_an_update_has_penalty_bound_and_factors(max_grad_norm):
    network = Network((Dense(2, 2, lr_multipliers=(2.0, 3.0)),))
    params = np.array([1.0, -2.0, 3.0, 4.0, 5.0, 6.0])
    before = params.copy()
    workspace = Workspace(network, params, 1)
    workspace.grad[...] = [1.0, 2.0, -1.0, 0.5, 0.1, -0.2]
    gradient = workspace.grad + 0.1 * np.array([1.0, -2.0, 3.0, 4.0, 0.0, 0.0])
    if max_grad_norm == 0.5:
        gradient *= 0.5 / np.linalg.norm(gradient)
    optimizer = SGD(momentum=0.0)
    optimizer.init(params)
    regularization = Regularization(max_grad_norm=max_grad_norm)
    update(workspace, optimizer, 0.01, 0.1, regularization)
    factors = np.array([2.0, 2.0, 2.0, 2.0, 3.0, 3.0])
    np.testing.assert_allclose(
        params, before - 0.01 * factors * gradient, rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("max_grad_norm", [None, 0.5])
def test_an_optimizer_that_does_its_own_steps_is_given_a_penalty_to_add(max_grad_norm):
    class Own(SGD):
        def step(self, params, grad, learning_rate, *, l2, n_penalized, **options):
            grad[:n_penalized] += l2 * params[:n_penalized]
            params -= learning_rate * grad

    network = Network((Dense(2, 2),))
    results = []
    for optimizer in (Own(), SGD(momentum=0.0)):
        params = np.arange(1.0, 7.0)
        optimizer.init(params)
        workspace = Workspace(network, params, 1)
        workspace.grad[...] = 1.0
        regularization = Regularization(max_grad_norm=max_grad_norm)
        update(workspace, optimizer, 0.1, 0.5, regularization)
        results.append(params)
    np.testing.assert_allclose(*results, rtol=1e-15)


def test_an_update_is_the_first_of_a_run_unless_it_is_told():
    network = Network((Dense(2, 2),))
    params = np.ones(network.n_params)
    workspace = Workspace(network, params, 1)
    workspace.grad[...] = 0.0
    optimizer = SGD()
    optimizer.init(params)
    regularization = Regularization(weight_decay=0.5, decay_schedule=FlatCosine())
    update(workspace, optimizer, 1.0, 0.0, regularization)
    np.testing.assert_array_equal(workspace.coefs, 0.5)
