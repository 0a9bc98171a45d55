"""Parametric activations."""

import numpy as np
import pytest

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.activations import ACTIVATIONS, Tanh
from sknumpy_mlp.layers import Parametric


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_parametric_rectifiers_are_piecewise_linear(name):
    """Derivatives by hand on both sides of the kink, where differences fail."""
    slope = 0.0 if name == "relu" else 0.01
    layer, p = Parametric(4, ACTIVATIONS[name]), np.array([1.0, 1.0, 0.25, 0.25])
    z, delta = np.array([[-2.0, 3.0, -2.0, 3.0]]), np.array([[5.0, 6.0, 7.0, 8.0]])
    buffers = layer.make_buffers(
        1, float, training=True, need_input_gradient=True, sparse_input=False
    )
    a = layer.forward([p], z, buffers, None)
    left = -2 * (0.75 + 0.25 * slope)
    np.testing.assert_allclose(a, [[-2 * slope, 3, left, 3]], rtol=1e-15)
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


def test_parametric_activation_goes_from_linear_to_the_function():
    layer = Parametric(2, Tanh())
    x = np.array([[1.0, 1.0]])
    buffers = layer.make_buffers(
        1, float, training=False, need_input_gradient=False, sparse_input=False
    )
    a = layer.forward((np.array([0.0, 1.0]),), x, buffers, None)
    np.testing.assert_allclose(a, [[1.0, np.tanh(1.0)]])


def test_predicting_takes_less_than_half_the_memory_of_training():
    sizes = []
    for training in (False, True):
        buffers = Parametric(3, Tanh()).make_buffers(
            7,
            float,
            training=training,
            need_input_gradient=training,
            sparse_input=False,
        )
        sizes.append(sum(array.nbytes for array in buffers.values()))
    assert sizes[0] < sizes[1] / 2


def test_the_mixing_weights_start_at_one():
    params = Network((Parametric(3, Tanh()),)).init(np.random.default_rng(0), float)
    np.testing.assert_array_equal(params, np.ones(3))
