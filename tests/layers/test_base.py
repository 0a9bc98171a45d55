"""Defaults of the base class."""

import numpy as np
import pytest

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.layers import Dense, Dropout


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
