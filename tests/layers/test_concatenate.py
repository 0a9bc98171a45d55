"""Concatenation of layers."""

import numpy as np
import pytest

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.layers import Dense, Dropout, TrainingContext


def test_learning_rate_multipliers_of_the_parts():
    layer = Concatenate(
        (
            PeriodicEmbedding(2, lr_multiplier=0.25),
            CategoryEmbedding((3,), lr_multiplier=0.5),
        )
    )
    network = Network((layer, Dense(layer.fan_out, 1, lr_multipliers=(2.0, 3.0))))
    factors = np.empty(network.n_params)
    for segment, multiplier in network.lr_multipliers:
        factors[segment] = multiplier
    (coefs, *intercepts), (W, b) = network.views(factors)
    assert (coefs == 0.5).all()
    assert all((array == 0.25).all() for array in intercepts)
    assert (W == 2.0).all()
    assert (b == 3.0).all()
    assert Network((Dense(2, 2),)).lr_multipliers is None


def test_parts_that_are_random_get_the_training_context():
    x = np.ones((6, 3))
    dropout = Dropout(2, 0.5)
    layer = Concatenate((dropout, Passthrough(1)))
    needs = {"training": True, "need_input_gradient": True, "sparse_input": False}
    found, expected = (
        part.forward(
            [],
            x[:, : part.fan_in],
            part.make_buffers(6, float, **needs),
            TrainingContext(np.random.default_rng(0)),
        )
        for part in (layer, dropout)
    )
    np.testing.assert_array_equal(found[:, :2], expected)
    assert 0.0 < np.mean(expected == 0.0) < 1.0


@pytest.mark.parametrize("rows", [None, np.array([2, 1])])
@pytest.mark.parametrize("first", [True, False])
def test_each_part_is_adjusted_to_its_own_columns(first, rows):
    """Codes that do not occur start at zero, like unknown ones."""
    embedding = CategoryEmbedding((4, 3), width=2)
    X = np.array([[3.0, 1.0, 2.0], [2.0, 3.0, 2.0]])
    if rows is not None:  # all rows but the first
        X = np.concatenate([[[0.0, 2.0, 1.0]], X])
    parts = (Passthrough(1), embedding)
    if not first:
        parts, X = parts[::-1], np.roll(X, -1, axis=1)
    layer = Concatenate(parts)
    network = Network((layer, Dense(layer.fan_out, 1)))
    rng = np.random.default_rng(0)
    params = network.init(rng, float)
    before = params.copy()
    network.adapt(params, X, rng, rows)
    table, drawn = network.views(params)[0][0], network.views(before)[0][0]
    # Rows 0 to 3 are the first column's, 4 to 6 the second's.
    assert not table[[0, 2, 4, 5]].any()
    np.testing.assert_array_equal(table[[1, 3, 6]], drawn[[1, 3, 6]])
    assert drawn[[1, 2, 3, 5, 6]].all()
