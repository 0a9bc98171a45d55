"""Initializers."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._training.network import Network
from sknumpy_mlp.activations import Tanh
from sknumpy_mlp.initializers import (
    INITIALIZERS,
    DataDriven,
    Glorot,
    He,
    LeCun,
    Normal,
)
from sknumpy_mlp.layers import Dense
from tests.conftest import unconverged

FAN_IN, FAN_OUT = 300, 200


@pytest.mark.parametrize(
    ("init", "std"),
    [
        (Glorot(), np.sqrt(2 / (FAN_IN + FAN_OUT))),
        (Glorot(factor=2.0), np.sqrt(2 / 3 / (FAN_IN + FAN_OUT))),
        (He(), np.sqrt(2 / FAN_IN)),
        (LeCun(), np.sqrt(1 / FAN_IN)),
        (Normal(0.01), 0.01),
        (Normal(0.0), 0.0),
    ],
    ids=repr,
)
@pytest.mark.parametrize("make_rng", [np.random.RandomState, np.random.default_rng])
def test_weights_have_the_documented_standard_deviation(init, std, make_rng):
    W = init(make_rng(0), FAN_IN, FAN_OUT)
    assert W.shape == (FAN_IN, FAN_OUT)
    assert abs(W.mean()) <= 4 * std / np.sqrt(W.size)
    np.testing.assert_allclose(W.std(), std, rtol=0.02)


def test_glorot_is_bounded_and_draws_biases():
    bound = np.sqrt(6 / (FAN_IN + FAN_OUT))
    rng = np.random.default_rng(0)
    assert abs(Glorot()(rng, FAN_IN, FAN_OUT)).max() <= bound
    bias = Glorot().bias(rng, FAN_IN, FAN_OUT)
    assert bias.shape == (FAN_OUT,)
    assert 0 < abs(bias).max() <= bound


@pytest.mark.parametrize("std", [-1.0, np.nan, np.inf])
def test_normal_rejects_impossible_spread(std):
    with pytest.raises(ValueError, match=r"Normal\(std=.*in the range \[0, inf\)"):
        Normal(std)


def _first_parameters(**params):
    """Initial parameters: a step of length 1e-300 does not change them."""
    X, y = np.eye(6), np.arange(6) % 3
    clf = NumpyMLPClassifier(
        (4,),
        solver="sgd",
        learning_rate_init=1e-300,
        momentum=0,
        alpha=0,
        max_iter=1,
        n_iter_no_change=1,
        tol=1e9,
        random_state=0,
        **params,
    )
    return clf.partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize("name", sorted(set(INITIALIZERS) - {"glorot", "data"}))
def test_biases_start_at_zero_by_default(name):
    for b in _first_parameters(init=name).intercepts_:
        np.testing.assert_allclose(b, 0, atol=1e-299)


@pytest.mark.parametrize("name", ["glorot", "data"])
def test_biases_that_do_not_start_at_zero(name):
    assert all(b.any() for b in _first_parameters(init=name).intercepts_)


def test_callable_init_is_called_for_each_layer():
    calls = []

    def init(rng, fan_in, fan_out):
        calls.append((fan_in, fan_out))
        assert isinstance(rng, np.random.Generator)
        return np.full((fan_in, fan_out), 0.5)

    clf = _first_parameters(init=init)
    assert calls == [(6, 4), (4, 3)]
    for W in clf.coefs_:
        np.testing.assert_array_equal(W, 0.5)


def test_same_seed_same_weights():
    first, again = (_first_parameters(init="he").coefs_ for _ in range(2))
    for W, W_again in zip(first, again, strict=True):
        np.testing.assert_array_equal(W, W_again)


@pytest.mark.parametrize(
    "init",
    [
        lambda rng, fan_in, fan_out: np.zeros((fan_out, fan_in)),
        lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), np.nan),
        lambda rng, fan_in, fan_out: 0.0,
    ],
)
def test_callable_init_with_a_wrong_result(init):
    with pytest.raises(ValueError, match=r"init=.*must return finite real numbers in"):
        _first_parameters(init=init)


def test_data_driven_units_have_unit_variance_and_both_signs():
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, [0.01, 0.02], size=(500, 2))
    init = DataDriven()
    network = Network((Dense(2, 20, Tanh(), init), Dense(20, 30, init_weights=init)))
    params = network.init(rng, float)
    network.adapt(params, X, rng)
    (W, b), (V, _) = network.views(params)
    u, z = X @ W, X @ W + b
    np.testing.assert_allclose(z.std(axis=0), 1.0)
    # The inputs are far from zero: without biases, units would have one sign.
    assert (np.abs(u.mean(axis=0)) > 10).any()
    assert (u.min(axis=0) < -b).all()
    assert (u.max(axis=0) > -b).all()
    np.testing.assert_allclose((np.tanh(z) @ V).std(axis=0), 1.0)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.37])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_data_driven_weights_of_constant_inputs_are_no_larger(value, dtype):
    rng = np.random.default_rng(0)
    network = Network((Dense(20, 3, init_weights=DataDriven()),))
    params = network.init(rng, dtype)
    network.adapt(params, np.full((300, 20), value, dtype), rng)
    assert np.abs(params).max() < 10


@unconverged
def test_data_driven_weights_of_sparse_inputs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5)) * (rng.random((40, 5)) < 0.5)
    y = np.arange(40) % 2
    dense, sparse = (
        NumpyMLPClassifier(init="data", random_state=0, max_iter=3).fit(x, y)
        for x in (X, sp.csr_matrix(X))
    )
    np.testing.assert_allclose(dense.coefs_[0], sparse.coefs_[0], rtol=1e-6)
