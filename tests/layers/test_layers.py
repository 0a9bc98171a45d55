"""First weights, dropout, and the bound on incoming weights."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp.activations import ReLU, Tanh
from sknumpy_mlp.initializers import Glorot
from sknumpy_mlp.layers import Dense, Dropout, Noise, Scaling, check_layer
from sknumpy_mlp.losses import SquaredError

N_ROWS, N_COLUMNS = 500, 400


@pytest.mark.parametrize("layer", [Dense(2, 3), Dropout(2, 0.5)], ids=repr)
def test_most_layers_do_not_adapt_to_data(layer):
    network = Network((layer,))
    params = network.init(np.random.default_rng(0), float)
    before = params.copy()
    (views,) = network.views(params)
    layer.adapt(views, np.ones((5, 2)), np.random.default_rng(0))
    assert not layer.adapts
    np.testing.assert_array_equal(params, before)


def test_only_units_have_products():
    assert Dense(2, 3).product_size == 6
    assert Dropout(2, 0.5).product_size == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_weights_too_large_for_the_type_are_refused(dtype):
    network = Network((Dense(1, 1, init_weights=_Given([[1e300]], [0.0])),))
    if dtype == np.float64:
        network.init(np.random.default_rng(0), dtype)
        return
    with pytest.raises(ValueError, match="too large for float32, the type of X"):
        network.init(np.random.default_rng(0), dtype)


class _Given:
    """An initialiser that returns what it was made with."""

    def __init__(self, weights, biases):
        self.weights, self.biases = weights, biases

    def __call__(self, rng, fan_in, fan_out):
        return self.weights

    def bias(self, rng, fan_in, fan_out):
        return self.biases

    def __repr__(self):
        return "given"


def test_weights_are_drawn_before_biases_and_these_are_zero_if_nothing_draws_them():
    W, b = np.full((2, 3), np.nan), np.full(3, np.nan)
    Dense(2, 3).init((W, b), np.random.default_rng(0))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(W, Glorot()(rng, 2, 3))
    np.testing.assert_array_equal(b, Glorot().bias(rng, 2, 3))
    init = lambda rng, fan_in, fan_out: np.ones((fan_in, fan_out))  # noqa: E731
    Dense(2, 3, init_weights=init).init((W, b), rng)
    np.testing.assert_array_equal(W, 1.0)
    np.testing.assert_array_equal(b, 0.0)


@pytest.mark.parametrize("dtype", [bool, np.uint8, int, np.float16, float])
def test_an_initialiser_may_return_any_real_numbers(dtype):
    W, b = np.zeros((2, 3), np.float32), np.zeros(3, np.float32)
    init = _Given(np.ones((2, 3), dtype), [True, 1, 1.0])
    Dense(2, 3, init_weights=init).init((W, b), np.random.default_rng(0))
    np.testing.assert_array_equal(W, 1)
    np.testing.assert_array_equal(b, 1)


@pytest.mark.parametrize("what", ["weights", "biases"])
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda a: a[1:], r"of shape \((1|2), ?3?\)"),
        (lambda a: a.astype(str), "of type <U32"),
        (lambda a: a + 1j, "of type complex128"),
        (lambda a: a * np.nan, "that are infinite or NaN"),
        (lambda a: a - np.inf, "that are infinite or NaN"),
    ],
)
def test_what_an_initialiser_may_not_return(what, change, problem):
    W, b = np.zeros((2, 3)), np.zeros(3)
    init = _Given(W.copy(), b.copy())
    setattr(init, what, change(getattr(init, what)))
    shape = r"\(2, 3\)" if what == "weights" else r"\(3,\)"
    message = (
        rf"^init=given returned {what} {problem} for fan_in=2, fan_out=3; "
        rf"it must return finite real numbers in the shape {shape}\.$"
    )
    with pytest.raises(ValueError, match=message):
        Dense(2, 3, init_weights=init).init((W, b), np.random.default_rng(0))


def _dropped(layer, x, seed=0):
    is_sparse = not isinstance(x, np.ndarray)
    buffers = layer.make_buffers(
        x.shape[0],
        x.dtype,
        training=True,
        need_input_gradient=True,
        sparse_input=is_sparse,
    )
    return layer.forward((), x, buffers, Noise(np.random.default_rng(seed))), buffers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.001, 0.2, 0.5, 0.9])
def test_dropout_keeps_the_expectation(rate, dtype):
    x = np.ones((N_ROWS, N_COLUMNS), dtype)
    dropped, _ = _dropped(Dropout(N_COLUMNS, rate), x)
    assert dropped.dtype == dtype
    values = np.unique(dropped)
    np.testing.assert_allclose(values, [0, 1 / (1 - rate)], rtol=2e-4)
    # Within five standard errors.
    error = np.sqrt(rate / (1 - rate) / x.size)
    assert abs(dropped.mean(dtype=float) - 1) < 5 * error
    # Exactly, for the rounded rate: the share kept is the inverse of the factor.
    assert (values[1] * 2**16) / values[1] == 2**16
    np.testing.assert_allclose((dropped > 0).mean(), 1 / values[1], atol=5 * error)


@pytest.mark.parametrize("bits", [np.random.SFC64, np.random.PCG64, np.random.MT19937])
def test_dropout_draws_from_any_generator(bits):
    x = np.ones((N_ROWS, N_COLUMNS))
    layer = Dropout(N_COLUMNS, 0.25)
    buffers = layer.make_buffers(
        N_ROWS, float, training=True, need_input_gradient=True, sparse_input=False
    )
    dropped = layer.forward((), x, buffers, Noise(np.random.Generator(bits(0))))
    assert abs((dropped == 0).mean() - 0.25) < 0.01


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, None])
def test_rates_of_dropout(rate):
    with pytest.raises(
        ValueError, match=r"rate must be a number in the range \[0, 1\)"
    ):
        Dropout(3, rate)


def test_a_rate_next_to_one_keeps_one_value_in_65536():
    x = np.ones((N_ROWS, N_COLUMNS))
    dropped, _ = _dropped(Dropout(N_COLUMNS, 1 - 1e-9), x)
    np.testing.assert_array_equal(np.unique(dropped), [0, 2**16])
    assert abs(np.count_nonzero(dropped) - x.size / 2**16) < 5 * np.sqrt(3)


def test_dropped_values_are_independent_of_row_and_column():
    x = np.ones((N_ROWS, N_COLUMNS))
    kept = _dropped(Dropout(N_COLUMNS, 0.5), x)[0] > 0
    for axis in (0, 1):
        share = kept.mean(axis=axis)
        expected = 0.5 / np.sqrt(kept.shape[axis])
        assert abs(share.std() / expected - 1) < 0.2
    neighbours = (kept[:, 1:] == kept[:, :-1]).mean()
    assert abs(neighbours - 0.5) < 0.01


def test_dropout_draws_anew_each_time():
    layer = Dropout(N_COLUMNS, 0.5)
    x = np.ones((N_ROWS, N_COLUMNS))
    buffers = layer.make_buffers(
        N_ROWS, float, training=True, need_input_gradient=True, sparse_input=False
    )
    noise = Noise(np.random.default_rng(0))
    first = layer.forward((), x, buffers, noise).copy()
    assert (layer.forward((), x, buffers, noise) != first).any()


def test_dropout_sends_the_gradient_where_it_came_from():
    x = np.full((N_ROWS, N_COLUMNS), 3.0)
    layer = Dropout(N_COLUMNS, 0.3)
    dropped, buffers = _dropped(layer, x)
    delta = np.ones_like(x)
    returned = layer.backward((), (), x, delta, buffers, need_input_gradient=True)
    np.testing.assert_allclose(returned, dropped / 3)
    assert layer.backward((), (), x, delta, buffers, need_input_gradient=False) is None


def test_dropout_without_a_stream_hands_its_input_on():
    x = np.ones((3, 4))
    assert Dropout(4, 0.5).forward((), x, {}, None) is x


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array])
def test_dropout_of_sparse_input_stays_sparse(container):
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((N_ROWS, N_COLUMNS))
    dense *= rng.random((N_ROWS, N_COLUMNS)) < 0.1
    X = container(dense.astype(np.float32))
    before = X.copy()
    dropped, buffers = _dropped(Dropout(N_COLUMNS, 0.5), X)
    assert buffers == {}
    assert type(dropped) is type(X)
    assert dropped.dtype == np.float32
    assert abs(X - before).sum() == 0
    ratio = dropped.toarray()[dense != 0] / X.toarray()[dense != 0]
    assert set(np.unique(ratio.round(5))) == {0.0, 2.0}
    assert abs(ratio.mean() - 1) < 0.05


def test_activations_see_their_output_before_dropout():
    """The derivative of tanh is had from its output, which dropout scales."""
    rng = np.random.default_rng(0)
    network = Network((Dense(5, 40, Tanh()), Dropout(40, 0.5), Dense(40, 2)))
    params = network.init(rng, np.float64)
    X, y = rng.standard_normal((30, 5)), rng.standard_normal((30, 2))
    direction = rng.standard_normal(params.size)

    def value_gradient(at):
        # The same stream each time, hence the same mask.
        workspace = Workspace(network, at, 30, rng=np.random.default_rng(1))
        value, _ = objective(workspace, SquaredError(), X, y, None, 0.0)
        return value, workspace.grad

    step = 1e-6
    above, _ = value_gradient(params + step * direction)
    below, _ = value_gradient(params - step * direction)
    _, gradient = value_gradient(params)
    np.testing.assert_allclose(
        gradient @ direction, (above - below) / (2 * step), rtol=1e-6
    )


def test_no_gradient_is_computed_for_dropped_data():
    network = Network((Dropout(5, 0.2), Dense(5, 4), Dense(4, 1)))
    workspace = Workspace(network, np.zeros(network.n_params), 10)
    assert network.first_with_params == 1
    assert "delta_x" not in workspace._buffers[1]
    assert "delta_x" in workspace._buffers[2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_longer_columns_are_scaled_back_and_no_others(dtype):
    rng = np.random.default_rng(0)
    W = rng.standard_normal((30, 6)).astype(dtype)
    W *= np.array([0.1, 0.2, 0.3, 1, 2, 3], dtype)
    before = W.copy()
    norms = np.linalg.norm(before, axis=0)
    Dense(30, 6, ReLU(), max_norm=2.0).constrain((W, np.ones(6, dtype)))
    after = np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(after, np.minimum(norms, 2.0), rtol=1e-6)
    np.testing.assert_array_equal(W[:, norms <= 2], before[:, norms <= 2])
    directions = (W / after * before / norms).sum(axis=0)
    np.testing.assert_allclose(directions, 1, rtol=1e-6)
    assert W.dtype == dtype


def test_without_a_bound_nothing_changes():
    W = np.full((3, 2), 1e6)
    Dense(3, 2).constrain((W, np.zeros(2)))
    np.testing.assert_array_equal(W, 1e6)


def test_columns_as_long_as_the_bound_stay_as_they_are():
    W = np.array([[3.0, 0.0], [4.0, 5.0]])
    before = W.copy()
    Dense(2, 2, max_norm=5.0).constrain((W, np.zeros(2)))
    np.testing.assert_array_equal(W, before)


def test_columns_of_zeros_stay_zero():
    W = np.zeros((3, 2))
    W[:, 1] = 10
    Dense(3, 2, max_norm=1.0).constrain((W, np.zeros(2)))
    np.testing.assert_array_equal(W[:, 0], 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_works_in_its_own_memory_and_in_the_parameters_type(dtype):
    x = np.ones((N_ROWS, N_COLUMNS), dtype)
    dropped, buffers = _dropped(Dropout(N_COLUMNS, 0.5), x)
    assert dropped is buffers["x"]
    assert {array.dtype for array in buffers.values()} == {np.dtype(dtype)}


# --------------------------------------------------------------- checks of a layer


class _Scaling(Scaling):
    """A custom layer; what it is given replaces its methods and attributes."""

    def __init__(self, **given):
        super().__init__(3)
        for name, value in given.items():
            object.__setattr__(self, name, value)


def _scaled_back(factor_x=1.0, factor_grad=1.0, needed=True):
    def backward(params, grads, x, delta, buffers, *, need_input_gradient):
        delta_x = Scaling(3).backward(
            params, grads, x, delta, buffers, need_input_gradient=True
        )
        grads[0] *= factor_grad
        if needed and not need_input_gradient:
            grads[0] *= 2
        return factor_x * delta_x

    return backward


def _in_place(params, x, buffers, noise):
    x *= params[0]
    return x


def _moves(params, grads, x, delta, buffers, *, need_input_gradient):
    params[0] -= 0.1
    return delta


WRONG_LAYERS = {
    "input": (
        {"backward": _scaled_back(factor_x=-1.0, needed=False)},
        r"returns a wrong gradient\. delta_x\[\d, \d\] is .*factor of about -1\.",
    ),
    "parameters": (
        {"backward": _scaled_back(factor_grad=0.5, needed=False)},
        r"writes a wrong gradient\. grads\[0\]\[\d\] is .* a factor of about 0\.5",
    ),
    "two gradients": ({"backward": _scaled_back()}, "without delta_x as with it"),
    "nothing written": (
        {"backward": lambda *args, **needs: args[3]},
        r"grads\[0\] must be filled with finite numbers",
    ),
    "nothing returned": (
        {"backward": lambda *args, **needs: args[1][0].fill(0.0)},
        r"of the shape \(5, 3\) and type float64, got \(\) and NoneType",
    ),
    "moved": ({"backward": _moves}, r"backward changes params\[0\]"),
    "changes x": ({"forward": _in_place}, "forward changes x"),
    "shape": (
        {"forward": lambda params, x, *_: x[:, 0]},
        r"shape \(n_rows, fan_out\), \(5, 3\) for 5 rows, got \(5,\)",
    ),
    "dtype": (
        {"forward": lambda params, x, *_: x * params[0].astype(float)},
        "returns float64 for an input of float32",
    ),
    "infinite": (
        {"forward": lambda params, x, *_: x / (0 * params[0])},
        "the output must be filled with finite numbers",
    ),
    "predictions": (
        {"forward": lambda params, x, _, noise: x * (params[0] if noise else np.nan)},
        "the output must be filled with finite numbers",
    ),
    "init": ({"init": lambda params, rng: None}, r"init must fill params\[0\]"),
}


@pytest.mark.parametrize("name", WRONG_LAYERS)
def test_wrong_layers_do_not_pass(name):
    methods, message = WRONG_LAYERS[name]
    with pytest.raises(ValueError, match=r"^layer=_Scaling\(") as info:
        check_layer(_Scaling(**methods))
    assert info.match(message)


def test_factors_on_the_learning_rate_are_counted():
    class Other(Scaling):
        rate_factors = (1.0, 1.0)

    with pytest.raises(ValueError, match="a number for each of the 1 arrays"):
        check_layer(Other(3))


@pytest.mark.parametrize("given", [Dense, "dense", None], ids=str)
def test_what_is_no_layer(given):
    with pytest.raises(TypeError, match="must be an object of a subclass of Layer"):
        check_layer(given)


@pytest.mark.parametrize("X", [np.ones((4, 2)), np.ones(3), np.ones((0, 3))], ids=str)
def test_inputs_that_the_layer_does_not_take(X):
    with pytest.raises(ValueError, match=r"X must have the shape \(n_rows, 3\)"):
        check_layer(Scaling(3), X)
