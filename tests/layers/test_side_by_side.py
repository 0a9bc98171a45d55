"""Layers side by side."""

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Passed,
    PeriodicEmbedding,
    SideBySide,
)
from sknumpy_mlp.layers import Dense


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
