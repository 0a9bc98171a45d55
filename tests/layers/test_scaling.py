"""Scaling."""

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.layers import Scaling


def test_scaling_begins_as_the_identity():
    network, x = Network((Scaling(3),)), np.random.default_rng(0).normal(size=(4, 3))
    params = network.init(np.random.default_rng(0), float)
    np.testing.assert_array_equal(params, np.ones(3))
    np.testing.assert_array_equal(network.predict_raw(params, x), x)


def test_each_column_has_its_own_scale():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    scaled = Network((Scaling(2),)).predict_raw(np.array([10.0, 0.5]), x)
    np.testing.assert_array_equal(scaled, [[10.0, 1.0], [30.0, 2.0]])
