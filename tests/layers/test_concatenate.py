"""Concatenation of layers."""

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.layers import Dense


def test_learning_rate_multipliers_of_the_parts():
    layer = Concatenate(
        (
            PeriodicEmbedding(2, lr_multiplier=0.25),
            CategoryEmbedding((3,), lr_multiplier=0.5),
        )
    )
    network = Network((layer, Dense(layer.fan_out, 1, lr_multipliers=(2.0, 3.0))))
    factors = network.lr_multipliers(float)
    (coefs, *intercepts), (W, b) = network.views(factors)
    assert (coefs == 0.5).all()
    assert all((array == 0.25).all() for array in intercepts)
    assert (W == 2.0).all()
    assert (b == 3.0).all()
    assert Network((Dense(2, 2),)).lr_multipliers(float) is None


def test_each_part_is_adjusted_to_its_own_columns():
    """Codes that do not occur start at zero, like unknown ones."""
    layer = Concatenate((Passthrough(1), CategoryEmbedding((4, 3), width=2)))
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
