"""The network of a table: embeddings, scaling, parametric layers."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp.schedules import FlatCosine
from tests.tabular.conftest import regressor, table


def test_the_network_is_what_it_is_said_to_be():
    X, value = table()
    reg = regressor(hidden_layer_sizes=(16, 9), max_iter=2).fit(X, value)
    member = reg.estimators_[0]
    kinds = [type(layer).__name__ for layer in member._network.layers]
    assert kinds == [
        "Concatenate",
        "Scaling",
        "Dense",
        "Parametric",
        "Dropout",
        "Dense",
        "Parametric",
        "Dropout",
        "Dense",
    ]
    layers = member._network.layers
    assert layers[1].lr_multiplier == 6.0
    assert layers[5].lr_multipliers == (1 / 4, 0.1)
    assert layers[8].lr_multipliers == (1 / 3, 0.1)
    assert isinstance(layers[4].schedule, FlatCosine)
    assert isinstance(member._make_config().regularization.decay_schedule, FlatCosine)


@pytest.mark.parametrize(
    ("n_rows", "shortest"), [(100, 0.1), (4_800, 0.8), (30_000, 2.0)]
)
def test_frequencies_are_higher_with_more_rows(n_rows, shortest):
    X = np.random.default_rng(0).normal(size=(n_rows, 1))
    reg = regressor(hidden_layer_sizes=2, max_iter=1).fit(X, X[:, 0])
    embedding = reg.estimators_[0]._network.layers[0]
    assert embedding.scales == pytest.approx((0.1, shortest))


@pytest.mark.filterwarnings("ignore:.*a category for nearly every row")
def test_categories_that_a_network_has_not_seen_are_zeros_for_it():
    rng = np.random.default_rng(0)
    towns = [f"town {i}" for i in range(40)]
    X = pd.DataFrame({"town": towns, "x": rng.normal(size=40)})
    reg = regressor(max_iter=2).fit(X, X["x"])
    for member in reg.estimators_:
        (table, *_), *_ = member._network.views(member._params)
        # Each town is there once; each network has seen two thirds of them.
        unseen = ~table.any(axis=1)
        assert 1 + 13 <= unseen.sum() <= 1 + 14
