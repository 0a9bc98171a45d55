"""Layers, networks and the objective: gradients, memory, chunks."""

import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._training import network as _network
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp.activations import ACTIVATIONS, Activation, Mish, ReLU, Tanh
from sknumpy_mlp.initializers import Glorot
from sknumpy_mlp.layers import Dense, Dropout
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Loss,
    MultinomialLogLoss,
    Poisson,
    SquaredError,
)
from tests.conftest import central_jacobian

N_ROWS, N_FEATURES, N_OUTPUTS = 12, 5, 3


class Square(Activation):
    """f(z) = z**2: its derivative needs z, not only f(z)."""

    from_output = False

    def forward(self, z, out):
        np.multiply(z, z, out=out)

    def backward(self, z, a, delta):
        delta *= 2 * z


class Quartic(Loss):
    """sum (raw - y)**4: a gradient that is not prediction minus target."""

    def loss_gradient(self, y, raw):
        raw -= y
        losses = (raw**4).sum(axis=1)
        raw **= 3
        raw *= 4
        return losses


ALL_ACTIVATIONS = {**ACTIVATIONS, "square": Square()}
ALL_LOSSES = {
    "squared_error": SquaredError(),
    "poisson": Poisson(),
    "binary_log_loss": BinaryLogLoss(),
    "multinomial_log_loss": MultinomialLogLoss(),
    "quartic": Quartic(),
}
HIDDEN = {"none": (), "one": (7,), "three": (6, 4, 5)}


def _network_of(activation, hidden):
    widths = [N_FEATURES, *hidden]
    layers = [
        Dense(fan_in, fan_out, activation)
        for fan_in, fan_out in itertools.pairwise(widths)
    ]
    return Network((*layers, Dense(widths[-1], N_OUTPUTS)))


def _batch(loss, rng):
    X = 0.5 * rng.standard_normal((N_ROWS, N_FEATURES))
    if isinstance(loss, MultinomialLogLoss):
        y = rng.integers(0, N_OUTPUTS, N_ROWS)
    else:
        y = rng.integers(0, 2, (N_ROWS, N_OUTPUTS)).astype(float)
    return X, y, rng.integers(0, 3, N_ROWS).astype(float)


def _value_gradient(workspace, loss, batch, alpha):
    value, l2 = objective(workspace, loss, *batch, alpha)
    gradient = workspace.grad.copy()
    gradient[: workspace.network.n_coefs] += l2 * workspace.coefs
    return value, gradient


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("loss", ALL_LOSSES)
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_gradient_matches_central_difference(activation, loss, hidden, container):
    """Along a random direction, in float64, with weights and penalty."""
    rng = np.random.default_rng(0)
    network = _network_of(ALL_ACTIVATIONS[activation], HIDDEN[hidden])
    loss = ALL_LOSSES[loss]
    X, *rest = _batch(loss, rng)
    batch = (container(X), *rest)
    params = network.init(rng, np.float64)
    workspace = Workspace(network, params, N_ROWS)
    direction = rng.standard_normal(params.size)
    direction /= np.linalg.norm(direction)
    _, gradient = _value_gradient(workspace, loss, batch, alpha=0.3)
    start, step = params.copy(), 1e-6
    params[:] = start + step * direction
    above, _ = _value_gradient(workspace, loss, batch, alpha=0.3)
    params[:] = start - step * direction
    below, _ = _value_gradient(workspace, loss, batch, alpha=0.3)
    expected = (above - below) / (2 * step)
    np.testing.assert_allclose(gradient @ direction, expected, rtol=1e-6)


@pytest.mark.parametrize("loss", ALL_LOSSES)
def test_weights_are_repetitions(loss):
    rng = np.random.default_rng(1)
    loss = ALL_LOSSES[loss]
    network = _network_of(Tanh(), (6,))
    X, y, weight = _batch(loss, rng)
    repeated = np.repeat(np.arange(N_ROWS), weight.astype(int))
    params = network.init(rng, np.float64)
    weighted = _value_gradient(
        Workspace(network, params, N_ROWS), loss, (X, y, weight), 0.1
    )
    copies = _value_gradient(
        Workspace(network, params, len(repeated)),
        loss,
        (X[repeated], y[repeated], None),
        0.1,
    )
    np.testing.assert_allclose(weighted[0], copies[0])
    np.testing.assert_allclose(weighted[1], copies[1])


def test_parameters_are_views_of_one_vector():
    network = _network_of(ReLU(), (6, 4))
    assert network.n_coefs == 5 * 6 + 6 * 4 + 4 * 3
    assert network.n_params == network.n_coefs + 6 + 4 + 3
    flat = np.arange(network.n_params, dtype=float)
    views = network.views(flat)
    coefs = [W for W, _ in views]
    intercepts = [b for _, b in views]
    joined = np.concatenate([array.ravel() for array in coefs + intercepts])
    np.testing.assert_array_equal(joined, flat)
    assert all(np.shares_memory(array, flat) for array in coefs + intercepts)


def test_float32_starts_where_float64_does():
    network = _network_of(ReLU(), (6,))
    double = network.init(np.random.RandomState(0), np.float64)
    single = network.init(np.random.RandomState(0), np.float32)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_initial_parameters_too_large_for_float32_are_refused():
    network = Network(
        (Dense(2, 3, init_weights=lambda rng, n, m: np.full((n, m), 1e39)),)
    )
    rng = np.random.default_rng(0)
    assert np.isfinite(network.init(rng, np.float64)).all()
    message = (
        "^init drew numbers too large for float32, the type of X\\. Draw smaller ones, "
        "or pass X in float64\\.$"
    )
    with pytest.raises(ValueError, match=message):
        network.init(rng, np.float32)


def test_learning_rate_multipliers_of_a_network():
    network = Network((Dense(2, 2, lr_multipliers=(2.0, 1.0)), Dense(2, 1)))
    assert network.lr_multipliers == [(slice(0, 4), 2.0), (slice(4, 9), 1.0)]
    network = Network((Dense(3, 2, lr_multipliers=(2.0, 3.0)), Dense(2, 1)))
    coefs = [(slice(0, 6), 2.0), (slice(6, 8), 1.0)]
    assert network.lr_multipliers == [*coefs, (slice(8, 10), 3.0), (slice(10, 11), 1.0)]
    assert Network((Dense(2, 2),)).lr_multipliers is None


def test_a_short_batch_uses_the_same_memory():
    rng = np.random.default_rng(0)
    loss = SquaredError()
    network = _network_of(ReLU(), (6,))
    X, y, weight = _batch(loss, rng)
    params = network.init(rng, np.float64)
    workspace = Workspace(network, params, N_ROWS)
    _value_gradient(workspace, loss, (X, y, weight), 0.0)
    short = (X[:5], y[:5], None)
    result = _value_gradient(workspace, loss, short, 0.0)
    expected = _value_gradient(Workspace(network, params, 5), loss, short, 0.0)
    assert result[0] == expected[0]
    np.testing.assert_array_equal(result[1], expected[1])


def test_a_step_allocates_nothing_large():
    """Beyond a mask of booleans, the step works in memory that it has."""
    tracemalloc = pytest.importorskip("tracemalloc")
    rng = np.random.default_rng(0)
    n_rows, n_units = 500, 400
    network = Network((Dense(50, n_units, Tanh()), Dense(n_units, 1)))
    params = network.init(rng, np.float64)
    workspace = Workspace(network, params, n_rows)
    X, y = rng.standard_normal((n_rows, 50)), rng.standard_normal((n_rows, 1))
    objective(workspace, SquaredError(), X, y, None, 0.0)
    tracemalloc.start()
    objective(workspace, SquaredError(), X, y, None, 0.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.05 * n_rows * n_units * 8


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_predicting_in_chunks_changes_nothing(container, monkeypatch):
    rng = np.random.default_rng(0)
    network = _network_of(Square(), (6, 4))
    params = network.init(rng, np.float64)
    X = container(rng.standard_normal((50, N_FEATURES)))
    whole = network.predict_raw(params, X)
    monkeypatch.setattr(_network, "ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(network.predict_raw(params, X), whole, rtol=1e-14)


def test_network_survives_pickling_without_its_initialiser():
    network = Network((Dense(2, 3, Tanh(), lambda *_: None), Dense(3, 1)))
    copy = pickle.loads(pickle.dumps(network))
    for again in (copy, pickle.loads(pickle.dumps(copy))):
        assert again == network
        assert again.n_params == network.n_params
        assert again.layers[0].init_weights == Glorot()


class _Recorder(Dense):
    """Records the arguments of its methods."""

    def __init__(self, fan_in, fan_out, **options):
        super().__init__(fan_in, fan_out, **options)
        object.__setattr__(self, "calls", {"buffers": [], "x": []})

    def make_buffers(self, *sizes, **needs):
        self.calls["buffers"].append((*sizes, needs))
        return super().make_buffers(*sizes, **needs)

    def forward(self, params, x, buffers, context):
        self.calls["x"].append(x)
        return super().forward(params, x, buffers, context)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_samples", [5, 7, 50])
def test_predictions_are_computed_in_chunks_without_copies(
    n_samples, dtype, monkeypatch
):
    monkeypatch.setattr(_network, "ROWS_AT_ONCE", 7)
    layer = _Recorder(N_FEATURES, 2)
    network = Network((layer, Dense(2, 3)))
    params = network.init(np.random.default_rng(0), dtype)
    X = np.random.default_rng(1).normal(size=(n_samples, N_FEATURES)).astype(dtype)
    raw = network.predict_raw(params, X)
    assert raw.dtype == dtype
    ((n_rows, buffer_dtype, needs),) = layer.calls["buffers"]
    assert (n_rows, buffer_dtype) == (min(n_samples, 7), dtype)
    assert needs["training"] is False
    assert len(layer.calls["x"]) == -(-n_samples // 7)
    assert all(np.shares_memory(x, X) for x in layer.calls["x"])
    # What is of another type is cast.
    other = np.float32 if dtype == np.float64 else np.float64
    found = network.predict_raw(params, X.astype(other))
    assert layer.calls["x"][-1].dtype == dtype
    assert found.dtype == dtype
    np.testing.assert_allclose(found, raw, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_samples", [5, 600])
def test_predictions_of_the_first_layers(n_samples):
    network = _network_of(Tanh(), (6, 4))
    params = network.init(np.random.default_rng(0), np.float64)
    X = np.random.default_rng(1).normal(size=(n_samples, N_FEATURES))
    hidden = X
    for n_layers, (W, b) in enumerate(network.views(params)[:2], start=1):
        hidden = np.tanh(hidden @ W + b)
        found = network.predict_raw(params, X, n_layers=n_layers)
        np.testing.assert_allclose(found, hidden, rtol=1e-12)


class _Shifting:
    """An initializer that sets the biases to minus the mean input of each unit."""

    def __init__(self):
        self.seen = []

    def __call__(self, rng, fan_in, fan_out):
        return Glorot()(rng, fan_in, fan_out)

    def adapt(self, rng, W, b, x):
        self.seen.append(x)
        b[...] = -(x @ W).mean(axis=0)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_initial_parameters_are_adapted_layer_by_layer(dtype, container):
    shift = _Shifting()
    layers = [
        _Recorder(N_FEATURES, 4, activation=Tanh(), init_weights=shift),
        _Recorder(4, 3, init_weights=shift),
    ]
    network = Network(tuple(layers))
    rng = np.random.default_rng(0)
    params = network.init(rng, dtype)
    X = np.random.default_rng(1).normal(size=(3000, N_FEATURES)).astype(dtype)
    network.adapt(params, container(X), rng)
    x, hidden = shift.seen
    assert x.shape == (2048, N_FEATURES)  # a sample of the rows, not the first ones
    rows = x if isinstance(x, np.ndarray) else x.toarray()
    assert set(map(tuple, rows)) <= set(map(tuple, X))
    assert not np.array_equal(rows, X[:2048])
    (W, b), _ = network.views(params)
    np.testing.assert_allclose(hidden, np.tanh(rows @ W + b), rtol=1e-4, atol=1e-5)
    assert hidden.dtype == dtype
    for layer, is_first in zip(layers, (True, False), strict=True):
        ((n_rows, buffer_dtype, needs),) = layer.calls["buffers"]
        assert (n_rows, buffer_dtype) == (2048, dtype)
        is_sparse = container is not np.asarray and is_first
        assert needs == {
            "training": False,
            "need_input_gradient": False,
            "sparse_input": is_sparse,
        }


def test_initial_parameters_are_adapted_to_the_chosen_rows_only():
    X = np.random.default_rng(1).normal(size=(50, N_FEATURES))
    rows, found = np.arange(10, 40)[::-1], []
    for args in (
        (X, np.random.default_rng(0), rows),
        (X[rows], np.random.default_rng(0)),
    ):
        network = Network((_Recorder(N_FEATURES, 4, init_weights=_Shifting()),))
        params = network.init(np.random.default_rng(0), float)
        network.adapt(params, *args)
        found.append(params)
    np.testing.assert_array_equal(*found)
    assert found[0].any()


def test_without_data_dependent_initializers_no_data_is_passed_through():
    layer = _Recorder(N_FEATURES, 2)
    network = Network((layer,))
    params = network.init(np.random.default_rng(0), float)
    network.adapt(params, np.ones((4, N_FEATURES)), np.random.default_rng(0))
    assert not layer.calls["x"]


@pytest.mark.parametrize("sparse_input", [True, False, None])
def test_sparse_input_reaches_the_first_layer_with_parameters(sparse_input):
    first, second = _Recorder(N_FEATURES, 3), _Recorder(3, 2)
    network = Network((Dropout(N_FEATURES, 0.5), first, second))
    params = network.init(np.random.default_rng(0), np.float32)
    options = {} if sparse_input is None else {"sparse_input": sparse_input}
    Workspace(network, params, 4, **options)
    found = [layer.calls["buffers"][0][2]["sparse_input"] for layer in (first, second)]
    assert found == [bool(sparse_input), False]


def test_each_layer_constrains_its_own_parameters():
    network = Network(
        (Dense(2, 3, max_norm=0.5), Dense(3, 4), Dense(4, 2, max_norm=0.25))
    )
    workspace = Workspace(network, np.ones(network.n_params), 1)
    workspace.constrain()
    norms = [np.linalg.norm(W, axis=0) for W, _ in network.views(workspace.params)]
    np.testing.assert_allclose(norms[0], 0.5)
    np.testing.assert_allclose(norms[1], np.sqrt(3))
    np.testing.assert_allclose(norms[2], 0.25)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_derivatives_of_the_outputs_match_central_differences(activation, hidden):
    rng = np.random.default_rng(0)
    network = _network_of(ALL_ACTIVATIONS[activation], HIDDEN[hidden])
    params, X = network.init(rng, float), rng.normal(size=(N_ROWS, N_FEATURES))
    before = params.copy(), X.copy()
    raw, jacobian = network.input_jacobian(params, X)
    np.testing.assert_allclose(raw, network.predict_raw(params, X), rtol=1e-12)
    expected = central_jacobian(lambda x: network.predict_raw(params, x), X)
    np.testing.assert_allclose(jacobian, expected, atol=1e-8)
    assert np.abs(jacobian).max() > 0.01
    np.testing.assert_array_equal(params, before[0])
    np.testing.assert_array_equal(X, before[1])


def test_derivatives_reach_through_layers_without_parameters():
    """Dropout has no effect on predictions, at the first layer and at later ones."""
    plain = _network_of(Tanh(), (6,))
    first, last = plain.layers
    dropped = Network((Dropout(5, 0.5), Dropout(5, 0.2), first, Dropout(6, 0.5), last))
    params = plain.init(np.random.default_rng(0), float)
    X = np.random.default_rng(1).normal(size=(N_ROWS, N_FEATURES))
    for found, expected in zip(
        dropped.input_jacobian(params, X),
        plain.input_jacobian(params, X),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_derivatives_in_chunks(monkeypatch, container, dtype):
    """Of dense and sparse input, in the type of the parameters."""
    rng = np.random.default_rng(0)
    network = _network_of(Mish(), (6,))
    params, X = network.init(rng, dtype), rng.normal(size=(N_ROWS, N_FEATURES))
    expected = network.input_jacobian(params, X)
    monkeypatch.setattr(_network, "ROWS_AT_ONCE", 5)
    for found, whole in zip(
        network.input_jacobian(params, container(X)), expected, strict=True
    ):
        np.testing.assert_allclose(found, whole, rtol=0, atol=1e-6)
        assert found.dtype == dtype


def test_training_computes_no_derivatives_of_the_input():
    network = _network_of(ReLU(), (6,))
    workspace = Workspace(network, np.ones(network.n_params), 1)
    assert "delta_x" not in workspace._buffers[0]
    workspace.forward(np.ones((1, N_FEATURES)))
    assert workspace.backward(np.ones((1, N_OUTPUTS))) is None


def test_the_largest_matrix_product_of_a_network():
    network = _network_of(ReLU(), (6, 4))
    assert network.largest_product(10) == 10 * N_FEATURES * 6


def test_predictions_of_single_rows_follow_changes_of_the_parameters():
    """They reuse memory, but neither for other parameters nor for their results."""
    network = Network((Dense(3, 4, Mish()), Dense(4, 2)))
    rng = np.random.default_rng(0)
    first, second = (network.init(rng, np.float64) for _ in range(2))
    X = rng.normal(size=(6, 3))
    for params in (first, second, first):
        together = network.predict_raw(params, X)
        apart = [network.predict_raw(params, row[np.newaxis]) for row in X]
        np.testing.assert_allclose(np.concatenate(apart), together, rtol=1e-12)
    before = network.predict_raw(first, X[:1])
    first *= 2.0  # in place, as in training
    assert not np.array_equal(network.predict_raw(first, X[:1]), before)
    twin = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(
        twin.predict_raw(first, X[:1]), network.predict_raw(first, X[:1])
    )


def test_threads_predict_single_rows_at_the_same_time():
    network = Network((Dense(20, 50, Mish()), Dense(50, 2)))
    rng = np.random.default_rng(0)
    params, X = network.init(rng, np.float64), rng.normal(size=(200, 20))
    expected = network.predict_raw(params, X)
    rows = [row[np.newaxis] for row in X] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda row: network.predict_raw(params, row), rows))
    np.testing.assert_allclose(
        np.concatenate(found), np.tile(expected, (5, 1)), rtol=1e-12
    )
