"""The network of a table: embeddings, scaling, parametric layers."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._tabular.architecture import MemberConfig, input_layer, tabular_network
from sknumpy_mlp.activations import Identity, Mish
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.layers import Dense, Dropout, Parametric, Scaling
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
    ("n_rows", "n_numbers", "shortest"),
    [(30, 1, 0.1), (100, 8, 0.1), (600, 1, 0.8), (1_200, 2, 0.8), (5_000, 2, 2.0)],
)
def test_frequencies_are_higher_with_more_rows_for_each_number(
    n_rows, n_numbers, shortest
):
    X = np.random.default_rng(0).normal(size=(n_rows, n_numbers))
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


# ------------------------------------------------------------ the network by itself


def make_config(n_numbers=2, cardinalities=(), n_rows=300):
    target = RegressionTarget.fit(np.arange(3.0), "squared_error")
    return MemberConfig(target, n_rows, n_numbers, cardinalities)


def make_network(config, n_features=None, n_outputs=1, **params):
    n_features = n_features or config.n_numbers + len(config.cardinalities)
    reg = NumpyMLPRegressor(**({"hidden_layer_sizes": (6, 5)} | params))
    return tabular_network(Architecture.of(reg), config, n_features, n_outputs)


@pytest.mark.parametrize(
    ("n_numbers", "n_passed", "cardinalities", "parts"),
    [
        (2, 0, (), [PeriodicEmbedding]),
        (0, 3, (), [Passthrough]),
        (0, 0, (4, 7), [CategoryEmbedding]),
        (2, 3, (), [PeriodicEmbedding, Passthrough]),
        (0, 3, (4,), [Passthrough, CategoryEmbedding]),
        (2, 3, (4, 7), [PeriodicEmbedding, Passthrough, CategoryEmbedding]),
    ],
)
def test_each_kind_of_column_has_its_part(n_numbers, n_passed, cardinalities, parts):
    n_features = n_numbers + n_passed + len(cardinalities)
    layer = input_layer(make_config(n_numbers, cardinalities), n_features)
    found = layer.parts if isinstance(layer, Concatenate) else (layer,)
    assert [type(part) for part in found] == parts
    assert layer.fan_in == n_features
    assert sum(part.fan_out for part in found) == layer.fan_out


def test_dropout_is_between_layers_and_fades_out():
    without = make_network(make_config(), dropout=0.0)
    assert not any(isinstance(layer, Dropout) for layer in without.layers)
    network = make_network(make_config(), dropout=[0.1, 0.2, 0.3])
    found = [layer for layer in network.layers if isinstance(layer, Dropout)]
    assert [layer.rate for layer in found] == [0.1, 0.2, 0.3]
    assert {layer.schedule for layer in found} == {FlatCosine()}
    assert isinstance(network.layers[-1], Dense)


def test_hidden_layers_are_linear_and_followed_by_their_activation():
    network = make_network(make_config(), activation=["mish", "identity"])
    kinds = [type(layer) for layer in network.layers[2:]]
    assert kinds == [Dense, Parametric, Dense, Dense]
    for layer in network.layers:
        if isinstance(layer, Dense):
            assert layer.activation == Identity()
    assert network.layers[3].activation == Mish()


def test_without_hidden_layers_the_embedding_is_followed_by_the_output():
    network = make_network(make_config(), hidden_layer_sizes=())
    assert [type(layer) for layer in network.layers[1:]] == [Scaling, Dense]


def test_the_output_has_no_max_norm():
    network = make_network(make_config(), max_norm=2.0, n_outputs=3)
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    assert [layer.max_norm for layer in dense] == [2.0, 2.0, None]
    assert network.n_outputs == 3


def test_rates_of_dense_layers_follow_their_width():
    network = make_network(make_config(), hidden_layer_sizes=(16, 9))
    for layer in network.layers:
        if isinstance(layer, Dense):
            assert layer.lr_multipliers == pytest.approx((layer.fan_in**-0.5, 0.1))


def test_a_configuration_does_not_print_its_target():
    assert repr(make_config()) == "MemberConfig(...)"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_predicts_from_a_table(dtype):
    network = make_network(make_config(1, (3,)), n_features=3, n_outputs=2)
    rng = np.random.default_rng(0)
    table = np.column_stack(
        [rng.normal(size=8), rng.integers(0, 2, 8), rng.integers(0, 3, 8)]
    ).astype(dtype)
    params = network.init(rng, dtype)
    raw = network.predict_raw(params, table)
    assert raw.shape == (8, 2)
    assert raw.dtype == dtype
    assert np.isfinite(raw).all()
