"""Layers for tables: each one's gradients, and what it computes."""

import numpy as np
import pytest
import scipy.sparse

from sknumpy_mlp import NumpyMLPClassifier, embeddings, layers
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.step import Regularization, update
from sknumpy_mlp.activations import ACTIVATIONS, Tanh
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Passed,
    PeriodicEmbedding,
    SideBySide,
)
from sknumpy_mlp.initializers import DataDriven
from sknumpy_mlp.layers import Dense, Dropout, Noise, Parametric, Scaling, check_layer
from sknumpy_mlp.optimizers import OPTIMIZERS
from sknumpy_mlp.schedules import FlatCosine

N_ROWS = 7
SMOOTH = [name for name in ACTIVATIONS if name not in ("relu", "leaky_relu")]

# Layers of three columns, each with the columns that hold category codes.
LAYERS = {
    "scaling": (Scaling(3), ()),
    "periodic": (PeriodicEmbedding(3, n_waves=5, width=3, scales=(0.2, 0.5)), ()),
    "categories": (CategoryEmbedding((3, 4, 2), width=2), (0, 1, 2)),
    "passed": (Passed(3), ()),
    "side by side": (
        SideBySide((PeriodicEmbedding(1), Passed(1), CategoryEmbedding((4,)))),
        (2,),
    ),
    **{f"parametric {name}": (Parametric(3, ACTIVATIONS[name]), ()) for name in SMOOTH},
}


def _input(codes):
    x = np.random.default_rng(3).normal(size=(N_ROWS, 3))
    for column in codes:
        x[:, column] = np.arange(N_ROWS) % 2 + (column == 1)
    return x


def _objective(network, params, x, weights):
    workspace = Workspace(network, params, N_ROWS)
    value = float((workspace.forward(x) * weights).sum())
    workspace.backward(weights.copy())
    return value, workspace.grad.copy()


def _differences(function, at):
    step, gradient = 1e-6, np.empty_like(at)
    for i in np.ndindex(at.shape):
        ends = []
        for sign in (1, -1):
            moved = at.copy()
            moved[i] += sign * step
            ends.append(function(moved))
        gradient[i] = (ends[0] - ends[1]) / (2 * step)
    return gradient


@pytest.mark.parametrize("name", LAYERS)
def test_gradients(name):
    layer, codes = LAYERS[name]
    # A layer below, so that the gradient has to go through; codes must stay codes.
    below = SideBySide((Scaling(3),)) if not codes else Passed(3)
    network = Network((below, layer, Dense(layer.fan_out, 2, Tanh())))
    rng = np.random.default_rng(0)
    params = network.init(rng, float)
    params += rng.normal(scale=0.1, size=params.shape)
    x = _input(codes)
    weights = rng.normal(size=(N_ROWS, 2))
    _, gradient = _objective(network, params, x, weights)
    expected = _differences(lambda p: _objective(network, p, x, weights)[0], params)
    np.testing.assert_allclose(gradient, expected, atol=1e-7)
    assert gradient.any()


# Layers whose arithmetic is that of complex numbers as well; their derivatives are the
# imaginary parts of tiny imaginary steps, to the last digits.
COMPLEX = {
    **{name: LAYERS[name] for name in LAYERS if not name.startswith("parametric")},
    "parametric tanh": LAYERS["parametric tanh"],
    "dense": (Dense(3, 4, Tanh()), ()),
    "dropout": (Dropout(3, 0.4), ()),
    "dropout, falling": (Dropout(3, 0.8, FlatCosine()), ()),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_gradients_to_the_last_digits(name):
    layer, codes = COMPLEX[name]
    below = Passed(3) if codes else Scaling(3)
    network = Network((below, layer, Dense(layer.fan_out, 2, Tanh())))
    rng = np.random.default_rng(4)
    params = network.init(rng, float)
    params += rng.normal(scale=0.1, size=params.shape)
    x, weights = _input(codes), rng.normal(size=(N_ROWS, 2))

    def run(at):
        # The same stream each time, hence the same mask.
        workspace = Workspace(network, at, N_ROWS, rng=np.random.default_rng(5))
        workspace.tell_progress(0.7)
        return workspace, (workspace.forward(x) * weights).sum()

    workspace, _ = run(params)
    workspace.backward(weights.copy())
    expected = np.empty_like(params)
    for i in range(params.size):
        moved = params.astype(complex)
        moved[i] += 1e-30j
        expected[i] = run(moved)[1].imag / 1e-30
    np.testing.assert_allclose(workspace.grad, expected, rtol=1e-12, atol=1e-13)
    assert np.count_nonzero(expected) > params.size / 2


@pytest.mark.parametrize("name", {**LAYERS, **COMPLEX})
def test_every_layer_passes_its_own_check(name):
    layer, codes = {**LAYERS, **COMPLEX}[name]
    check_layer(layer, _input(codes) if codes else None)


def test_every_public_layer_is_among_them():
    checked = {type(layer) for layer, _ in (*COMPLEX.values(), *LAYERS.values())}
    public = {
        value
        for module in (layers, embeddings)
        for value in (getattr(module, name) for name in module.__all__)
        if isinstance(value, type) and issubclass(value, layers.Layer)
    }
    assert public - {layers.Layer} == checked


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_parametric_rectifiers_are_bent_lines(name):
    """Differences fail at the bend: the derivatives by hand, on both sides of it."""
    slope = 0.0 if name == "relu" else 0.01
    layer, p = Parametric(4, ACTIVATIONS[name]), np.array([1.0, 1.0, 0.25, 0.25])
    z, delta = np.array([[-2.0, 3.0, -2.0, 3.0]]), np.array([[5.0, 6.0, 7.0, 8.0]])
    buffers = layer.make_buffers(
        1, float, training=True, need_input_gradient=True, sparse_input=False
    )
    a = layer.forward([p], z, buffers, None)
    bent = -2 * (0.75 + 0.25 * slope)
    np.testing.assert_allclose(a, [[-2 * slope, 3, bent, 3]], rtol=1e-15)
    grads = [np.empty(4)]
    delta_z = layer.backward(
        [p], grads, z, delta.copy(), buffers, need_input_gradient=True
    )
    np.testing.assert_allclose(
        grads[0], [10 * (1 - slope), 0, 14 * (1 - slope), 0], rtol=1e-15
    )
    np.testing.assert_allclose(
        delta_z, [[5 * slope, 6, 7 * (0.75 + 0.25 * slope), 8]], rtol=1e-15
    )


@pytest.mark.parametrize("name", LAYERS)
def test_inputs_gradient(name):
    layer, codes = LAYERS[name]
    rng = np.random.default_rng(1)
    network = Network((layer,))
    params = network.init(rng, float)
    views = network.views(params)[0]
    grads = network.views(np.empty_like(params))[0]
    x = _input(codes)
    delta = rng.normal(size=(N_ROWS, layer.fan_out))

    def value(at):
        return float((layer.forward(views, at, buffers, None) * delta).sum())

    buffers = layer.make_buffers(
        N_ROWS, float, training=True, need_input_gradient=True, sparse_input=False
    )
    value(x)
    found = layer.backward(
        views, grads, x.copy(), delta.copy(), buffers, need_input_gradient=True
    )
    expected = _differences(value, x)
    numbers = [column for column in range(3) if column not in codes]
    np.testing.assert_allclose(found[:, numbers], expected[:, numbers], atol=1e-7)
    assert not found[:, list(codes)].any()


@pytest.mark.parametrize("name", LAYERS)
def test_a_pass_of_fewer_rows_uses_a_part_of_the_memory(name):
    layer, codes = LAYERS[name]
    network = Network((layer, Dense(layer.fan_out, 1)))
    params = network.init(np.random.default_rng(0), float)
    x = _input(codes)
    workspace = Workspace(network, params, N_ROWS)
    whole = workspace.forward(x).copy()
    np.testing.assert_allclose(workspace.forward(x[:3]), whole[:3], rtol=1e-12)
    np.testing.assert_allclose(network.predict_raw(params, x), whole, rtol=1e-12)


def test_periodic_embedding_is_its_formula():
    layer = PeriodicEmbedding(2, n_waves=3, width=4)
    network = Network((layer,))
    params = network.init(np.random.default_rng(0), float)
    w, c, V, d = network.views(params)[0]
    x = np.array([[0.3, -2.0]])
    found = network.predict_raw(params, x).reshape(2, 4)
    for i in range(2):
        h = np.cos(2 * np.pi * w[i] * x[0, i] + c[i])
        np.testing.assert_allclose(found[i, :3], h @ V[i] + d[i])
        assert found[i, 3] == x[0, i]


def test_an_unknown_category_is_zero_and_each_other_its_row():
    layer = CategoryEmbedding((3, 2), width=4)
    network = Network((layer,))
    params = network.init(np.random.default_rng(0), np.float32)
    table = network.views(params)[0][0]
    out = network.predict_raw(params, np.array([[0, 1], [2, 0]], np.float32))
    assert not out[0, :4].any()
    assert not out[1, 4:].any()
    np.testing.assert_array_equal(out[0, 4:], table[4])
    np.testing.assert_array_equal(out[1, :4], table[2])


def test_parametric_activation_goes_from_linear_to_the_function():
    layer = Parametric(2, Tanh())
    x = np.array([[1.0, 1.0]])
    buffers = layer.make_buffers(
        1, float, training=False, need_input_gradient=False, sparse_input=False
    )
    a = layer.forward((np.array([0.0, 1.0]),), x, buffers, None)
    np.testing.assert_allclose(a, [[1.0, np.tanh(1.0)]])


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", {**LAYERS, **COMPLEX})
def test_memory_is_of_the_parameters_type(name, dtype, training):
    layer, _ = {**LAYERS, **COMPLEX}[name]
    buffers = layer.make_buffers(
        N_ROWS,
        dtype,
        training=training,
        need_input_gradient=training,
        sparse_input=False,
    )
    for array in buffers.values():
        assert array.dtype == dtype or array.dtype.kind == "i"  # of categories
        assert len(array) == N_ROWS


def test_factors_and_shares_begin_at_one():
    rng = np.random.default_rng(0)
    params = Network((Scaling(3), Parametric(3, Tanh()))).init(rng, float)
    np.testing.assert_array_equal(params, np.ones(6))


class _FromInput(Tanh):
    """Looks at z where it might look at a: with ``from_output`` they are one array."""

    def backward(self, z, a, delta):
        super().backward(z, z, delta)


@pytest.mark.parametrize("make", [Parametric, lambda n, f: Dense(n, n, f)])
def test_the_input_of_an_activation_may_be_its_output(make):
    rng = np.random.default_rng(6)
    x, weights = rng.normal(size=(2, N_ROWS, 3))
    found = []
    for activation in (Tanh(), _FromInput()):
        network = Network((Scaling(3), make(3, activation)))
        params = network.init(np.random.RandomState(0), float)
        found.append(_objective(network, params, x, weights)[1])
    np.testing.assert_array_equal(*found)
    assert found[0].all()


def test_predicting_takes_half_the_memory_of_training():
    sizes = []
    for training in (False, True):
        buffers = Parametric(3, Tanh()).make_buffers(
            N_ROWS,
            float,
            training=training,
            need_input_gradient=training,
            sparse_input=False,
        )
        sizes.append(sum(array.nbytes for array in buffers.values()))
    assert sizes[0] == sizes[1] / 2


def test_rates_of_side_by_side_layers_go_with_their_parameters():
    layer = SideBySide(
        (
            PeriodicEmbedding(2, rate_factor=0.25),
            CategoryEmbedding((3,), rate_factor=0.5),
        )
    )
    network = Network((layer, Dense(layer.fan_out, 1, rate_factors=(2.0, 3.0))))
    factors = network.rate_factors(float)
    (coefs, *intercepts), (W, b) = network.views(factors)
    assert (coefs == 0.5).all()
    assert all((array == 0.25).all() for array in intercepts)
    assert (W == 2.0).all()
    assert (b == 3.0).all()
    assert Network((Dense(2, 2),)).rate_factors(float) is None


def test_data_driven_weights_give_units_of_unit_variance_that_bend_inside_the_data():
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, [0.01, 0.02], size=(500, 2))
    init = DataDriven()
    network = Network((Dense(2, 20, Tanh(), init), Dense(20, 30, init_weights=init)))
    params = network.init(rng, float)
    network.adapt(params, X, rng)
    (W, b), (V, _) = network.views(params)
    u, z = X @ W, X @ W + b
    np.testing.assert_allclose(z.std(axis=0), 1.0)
    # The inputs are far from zero, and so would be the bends without their biases.
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


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_data_driven_weights_of_sparse_inputs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5)) * (rng.random((40, 5)) < 0.5)
    y = np.arange(40) % 2
    dense, sparse = (
        NumpyMLPClassifier(init="data", random_state=0, max_iter=3).fit(x, y)
        for x in (X, scipy.sparse.csr_matrix(X))
    )
    np.testing.assert_allclose(dense.coefs_[0], sparse.coefs_[0], rtol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_factors_on_the_rate_are_rates_of_their_own(name):
    rng = np.random.default_rng(0)
    factors = np.array([1.0, 0.1, 6.0])
    together, apart = np.ones(3), np.ones(3)
    optimizer = OPTIMIZERS[name]()
    optimizer.init(together)
    singles = [OPTIMIZERS[name]() for _ in factors]
    for i, single in enumerate(singles):
        single.init(apart[i : i + 1])
    for _ in range(5):
        grad = rng.normal(size=3)
        optimizer.step(together, grad.copy(), 0.01, rate_factors=factors)
        for i, single in enumerate(singles):
            part = slice(i, i + 1)
            single.step(apart[part], grad[part].copy(), 0.01 * factors[i])
    np.testing.assert_allclose(together, apart)


def test_dropout_and_decay_follow_their_schedules():
    layer = Dropout(1000, 0.5, FlatCosine())
    x = np.ones((20, 1000))
    buffers = layer.make_buffers(
        20, float, training=True, need_input_gradient=True, sparse_input=False
    )
    for progress, rate in ((0.0, 0.5), (0.75, 0.25), (1.0, 0.0)):
        noise = Noise(np.random.default_rng(0), progress)
        dropped = layer.forward((), x, buffers, noise) == 0
        assert abs(dropped.mean() - rate) < 0.02
    network = Network((Dense(2, 2),))
    params = np.ones(network.n_params)
    workspace = Workspace(network, params, 1, rng=np.random.default_rng(0))
    regularization = Regularization(weight_decay=0.5, decay_schedule=FlatCosine())
    optimizer = OPTIMIZERS["sgd"]()
    optimizer.init(params)
    for progress, share in ((1.0, 1.0), (0.75, 0.75), (0.0, 0.5)):
        params[...], workspace.grad[...] = 1.0, 0.0
        update(workspace, optimizer, 1.0, 0.0, regularization, progress)
        np.testing.assert_allclose(workspace.coefs, share)


def test_layers_side_by_side_see_their_own_columns():
    """A code that no row has begins at zero, like one that is not known."""
    layer = SideBySide((Passed(1), CategoryEmbedding((4, 3), width=2)))
    network = Network((layer, Dense(layer.fan_out, 1)))
    rng = np.random.default_rng(0)
    params = network.init(rng, float)
    before = params.copy()
    network.adapt(params, np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0]]), rng)
    table, drawn = network.views(params)[0][0], network.views(before)[0][0]
    # Rows 0 to 3 are the first column's, 4 to 6 the second's.
    assert not table[[0, 2, 4, 5]].any()
    np.testing.assert_array_equal(table[[1, 3, 6]], drawn[[1, 3, 6]])
    assert drawn[[1, 2, 3, 5, 6]].all()


@pytest.mark.parametrize("name", LAYERS)
def test_a_first_layer_returns_no_gradient_but_writes_its_own(name):
    layer, codes = LAYERS[name]
    network = Network((layer,))
    params = network.init(np.random.default_rng(1), float)
    views, x = network.views(params)[0], _input(codes)
    delta = np.random.default_rng(2).normal(size=(N_ROWS, layer.fan_out))
    written = []
    for needed in (False, True):
        buffers = layer.make_buffers(
            N_ROWS, float, training=True, need_input_gradient=needed, sparse_input=False
        )
        layer.forward(views, x, buffers, None)
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
