"""Dropout."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp.activations import Tanh
from sknumpy_mlp.layers import Dense, Dropout, TrainingContext
from sknumpy_mlp.losses import SquaredError
from sknumpy_mlp.schedules import FlatCosine

N_ROWS, N_COLUMNS = 500, 400


def _dropped(layer, x, seed=0):
    is_sparse = not isinstance(x, np.ndarray)
    buffers = layer.make_buffers(
        x.shape[0],
        x.dtype,
        training=True,
        need_input_gradient=True,
        sparse_input=is_sparse,
    )
    return layer.forward(
        (), x, buffers, TrainingContext(np.random.default_rng(seed))
    ), buffers


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
    dropped = layer.forward(
        (), x, buffers, TrainingContext(np.random.Generator(bits(0)))
    )
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
    context = TrainingContext(np.random.default_rng(0))
    first = layer.forward((), x, buffers, context).copy()
    assert (layer.forward((), x, buffers, context) != first).any()


def test_the_gradient_has_the_mask_of_the_output():
    x = np.full((N_ROWS, N_COLUMNS), 3.0)
    layer = Dropout(N_COLUMNS, 0.3)
    dropped, buffers = _dropped(layer, x)
    delta = np.ones_like(x)
    returned = layer.backward((), (), x, delta, buffers, need_input_gradient=True)
    np.testing.assert_allclose(returned, dropped / 3)
    assert layer.backward((), (), x, delta, buffers, need_input_gradient=False) is None


def test_predictions_use_the_input_unchanged():
    x = np.ones((3, 4))
    assert Dropout(4, 0.5).forward((), x, {}, None) is x


def test_the_gradient_of_a_prediction_is_that_of_the_identity():
    x, layer = np.ones((N_ROWS, N_COLUMNS)), Dropout(N_COLUMNS, 0.5)
    _, buffers = _dropped(layer, x)  # a mask that is no longer in use
    assert layer.forward((), x, buffers, None) is x
    delta = np.full_like(x, 2.0)
    returned = layer.backward((), (), x, delta, buffers, need_input_gradient=True)
    np.testing.assert_array_equal(returned, np.full_like(x, 2.0))


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
    """The derivative of tanh follows from its output, which dropout scales."""
    rng = np.random.default_rng(0)
    network = Network((Dense(5, 40, Tanh()), Dropout(40, 0.5), Dense(40, 2)))
    params = network.init(rng, np.float64)
    X, y = rng.standard_normal((30, 5)), rng.standard_normal((30, 2))
    direction = rng.standard_normal(params.size)

    def value_gradient(at):
        # The same random numbers each time, hence the same mask.
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
def test_dropout_works_in_its_own_memory_and_in_the_parameters_type(dtype):
    x = np.ones((N_ROWS, N_COLUMNS), dtype)
    dropped, buffers = _dropped(Dropout(N_COLUMNS, 0.5), x)
    assert dropped is buffers["x"]
    assert {array.dtype for array in buffers.values()} == {np.dtype(dtype)}


def test_dropout_follows_its_schedule():
    layer = Dropout(1000, 0.5, FlatCosine())
    x = np.ones((20, 1000))
    buffers = layer.make_buffers(
        20, float, training=True, need_input_gradient=True, sparse_input=False
    )
    for progress, rate in ((0.0, 0.5), (0.75, 0.25), (1.0, 0.0)):
        context = TrainingContext(np.random.default_rng(0), progress)
        dropped = layer.forward((), x, buffers, context) == 0
        assert abs(dropped.mean() - rate) < 0.02
