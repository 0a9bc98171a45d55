"""Tests that every layer has to pass: a new one is listed in ``LAYERS``."""

import pickle

import numpy as np
import pytest

from sknumpy_mlp import embeddings, layers
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp.activations import ACTIVATIONS, Tanh
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.layers import (
    Dense,
    Dropout,
    Layer,
    Parametric,
    Scaling,
    TrainingContext,
    check_layer,
)
from sknumpy_mlp.schedules import FlatCosine

N_ROWS, N_COLUMNS = 7, 3

# Central differences fail at a kink; test_parametric.py has the other activations.
SMOOTH = [name for name in ACTIVATIONS if name not in ("relu", "leaky_relu")]

# Layers of three columns.
LAYERS = {
    "dense": Dense(3, 4, Tanh()),
    "dropout": Dropout(3, 0.4),
    "scheduled dropout": Dropout(3, 0.8, FlatCosine()),
    "scaling": Scaling(3),
    "periodic embedding": PeriodicEmbedding(
        3, n_frequencies=5, width=3, scales=(0.2, 0.5)
    ),
    "category embedding": CategoryEmbedding((3, 4, 2), width=2),
    "passthrough": Passthrough(3),
    "concatenation": Concatenate(
        (PeriodicEmbedding(1), Passthrough(1), CategoryEmbedding((4,)))
    ),
    "concatenation with weights": Concatenate(
        (Dense(1, 2, Tanh()), CategoryEmbedding((4,), width=2), Dense(1, 3))
    ),
    **{f"parametric {name}": Parametric(3, ACTIVATIONS[name]) for name in SMOOTH},
}

# Columns that hold category codes, which have no gradient.
CODES = {
    "category embedding": (0, 1, 2),
    "concatenation": (2,),
    "concatenation with weights": (1,),
}

# Layers that cannot compute with complex numbers.
REAL_ONLY = {f"parametric {name}" for name in SMOOTH if name != "tanh"}

every_layer = pytest.mark.parametrize("name", LAYERS)


def _input(name):
    x = np.random.default_rng(3).normal(size=(N_ROWS, N_COLUMNS))
    for column in CODES.get(name, ()):
        x[:, column] = np.arange(N_ROWS) % 2 + (column == 1)
    return x


def _context():
    """Make the same random stream each time, so that dropout draws the same mask."""
    return TrainingContext(np.random.default_rng(5), progress=0.7)


def _make_network(name):
    """Put a layer below, which the gradient has to reach; but codes must stay codes."""
    layer = LAYERS[name]
    below = Passthrough(3) if name in CODES else Scaling(3)
    network = Network((below, layer, Dense(layer.fan_out, 2, Tanh())))
    rng = np.random.default_rng(4)
    params = network.init(rng, float)
    return network, params + rng.normal(scale=0.1, size=params.shape)


def _run(network, params, x):
    """Return a workspace after a forward pass, weights, and a scalar objective."""
    workspace = Workspace(network, params, N_ROWS, rng=np.random.default_rng(5))
    workspace.set_progress(0.7)
    weights = np.random.default_rng(6).normal(size=(N_ROWS, network.n_outputs))
    return workspace, weights, (workspace.forward(x) * weights).sum()


def _gradient(network, params, x):
    workspace, weights, _ = _run(network, params, x)
    workspace.backward(weights)
    return workspace.grad.copy()


def _central_differences(function, at):
    step, gradient = 1e-6, np.empty_like(at)
    for i in np.ndindex(at.shape):
        ends = []
        for sign in (1, -1):
            moved = at.copy()
            moved[i] += sign * step
            ends.append(function(moved))
        gradient[i] = (ends[0] - ends[1]) / (2 * step)
    return gradient


def test_every_public_layer_is_listed():
    public = {
        value
        for module in (layers, embeddings)
        for value in (getattr(module, name) for name in module.__all__)
        if isinstance(value, type) and issubclass(value, Layer)
    }
    assert public - {Layer} == {type(layer) for layer in LAYERS.values()}


@every_layer
def test_gradients_of_parameters(name):
    (network, params), x = _make_network(name), _input(name)
    gradient = _gradient(network, params, x)
    expected = _central_differences(lambda p: _run(network, p, x)[2], params)
    np.testing.assert_allclose(gradient, expected, atol=1e-7)
    assert gradient.any()


@pytest.mark.parametrize("name", [n for n in LAYERS if n not in REAL_ONLY])
def test_gradients_to_the_last_digits(name):
    """Complex steps: the imaginary part is the derivative, without rounding errors."""
    (network, params), x = _make_network(name), _input(name)
    expected = np.empty_like(params)
    for i in range(params.size):
        moved = params.astype(complex)
        moved[i] += 1e-30j
        expected[i] = _run(network, moved, x)[2].imag / 1e-30
    gradient = _gradient(network, params, x)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-13)
    assert np.count_nonzero(expected) > params.size / 2


@every_layer
def test_gradient_of_the_input(name):
    layer, x = LAYERS[name], _input(name)
    rng = np.random.default_rng(1)
    network = Network((layer,))
    params = network.init(rng, float)
    views = network.views(params)[0]
    grads = network.views(np.empty_like(params))[0]
    delta = rng.normal(size=(N_ROWS, layer.fan_out))

    def value(at):
        return float((layer.forward(views, at, buffers, _context()) * delta).sum())

    buffers = layer.make_buffers(
        N_ROWS, float, training=True, need_input_gradient=True, sparse_input=False
    )
    value(x)
    found = layer.backward(
        views, grads, x.copy(), delta.copy(), buffers, need_input_gradient=True
    )
    expected = _central_differences(value, x)
    codes = list(CODES.get(name, ()))
    numbers = [column for column in range(N_COLUMNS) if column not in codes]
    np.testing.assert_allclose(found[:, numbers], expected[:, numbers], atol=1e-7)
    assert not found[:, codes].any()


@every_layer
def test_a_first_layer_returns_no_gradient_but_writes_its_own(name):
    layer, x = LAYERS[name], _input(name)
    network = Network((layer,))
    params = network.init(np.random.default_rng(1), float)
    views = network.views(params)[0]
    delta = np.random.default_rng(2).normal(size=(N_ROWS, layer.fan_out))
    written = []
    for needed in (False, True):
        buffers = layer.make_buffers(
            N_ROWS, float, training=True, need_input_gradient=needed, sparse_input=False
        )
        layer.forward(views, x, buffers, _context())
        gradient = np.full_like(params, np.nan)
        returned = layer.backward(
            views,
            network.views(gradient)[0],
            x.copy(),
            delta.copy(),
            buffers,
            need_input_gradient=needed,
        )
        assert (returned is not None) == needed
        written.append(gradient)
    np.testing.assert_array_equal(*written)


@every_layer
def test_check_layer_passes(name):
    check_layer(LAYERS[name], _input(name) if name in CODES else None)


@every_layer
def test_a_shorter_batch_uses_the_head_of_the_buffers(name):
    layer, x = LAYERS[name], _input(name)
    network = Network((layer, Dense(layer.fan_out, 1)))
    params = network.init(np.random.default_rng(0), float)
    workspace = Workspace(network, params, N_ROWS)
    whole = workspace.forward(x).copy()
    np.testing.assert_allclose(workspace.forward(x[:3]), whole[:3], rtol=1e-12)
    np.testing.assert_allclose(network.predict_raw(params, x), whole, rtol=1e-12)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_layer
def test_buffers_have_the_type_of_the_parameters(name, dtype, training):
    buffers = LAYERS[name].make_buffers(
        N_ROWS,
        dtype,
        training=training,
        need_input_gradient=training,
        sparse_input=False,
    )
    for array in buffers.values():
        assert array.dtype == dtype or array.dtype.kind == "i"  # of categories
        assert len(array) == N_ROWS


@every_layer
def test_layers_are_immutable_values(name):
    layer = LAYERS[name]
    restored = pickle.loads(pickle.dumps(layer))
    assert restored == layer
    assert hash(restored) == hash(layer)
    with pytest.raises(AttributeError, match="cannot assign to field"):
        layer.anything = 1


@every_layer
def test_random_layers_say_so(name):
    """Solvers make a random number generator for them alone."""
    layer, x = LAYERS[name], _input(name)
    network = Network((layer,))
    views = network.views(network.init(np.random.default_rng(1), float))[0]
    outputs = [
        layer.forward(
            views,
            x.copy(),
            layer.make_buffers(
                N_ROWS,
                float,
                training=True,
                need_input_gradient=False,
                sparse_input=False,
            ),
            TrainingContext(np.random.default_rng(seed)),
        ).copy()
        for seed in range(2)
    ]
    assert layer.is_random == (outputs[0] != outputs[1]).any()
    beside = Concatenate((layer, Passthrough(1)))
    assert beside.is_random == layer.is_random


class _FromInput(Tanh):
    """Looks at z where it might look at a: with ``from_output`` they are one array."""

    def backward(self, z, a, delta):
        super().backward(z, z, delta)


@pytest.mark.parametrize("make", [Parametric, lambda n, f: Dense(n, n, f)])
def test_the_input_of_an_activation_may_be_its_output(make):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(N_ROWS, 3))
    found = []
    for activation in (Tanh(), _FromInput()):
        network = Network((Scaling(3), make(3, activation)))
        params = network.init(np.random.RandomState(0), float)
        found.append(_gradient(network, params, x))
    np.testing.assert_array_equal(*found)
    assert found[0].all()
