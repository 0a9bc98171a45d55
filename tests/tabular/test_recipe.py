"""Parameters whose values depend on the data."""

import math

import numpy as np
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular.recipe import (
    batch_size,
    cost_of_training,
    member_parameters,
    parameters_for,
)
from sknumpy_mlp._tabular.splits import MemberSplit
from sknumpy_mlp.activations import Mish
from sknumpy_mlp.layers import Parametric
from tests.conftest import tabular_estimators

SIZES = (1, 100, 2_000, 10_000, 100_000, 10**6)


@tabular_estimators
def test_networks_grow_with_the_table_and_epochs_become_fewer(Estimator):
    model = Estimator()
    chosen = [parameters_for(model, n_rows) for n_rows in SIZES]
    widths = [params.hidden_layer_sizes[0] for params in chosen]
    epochs = [params.max_iter for params in chosen]
    assert widths == sorted(widths)
    assert epochs == sorted(epochs, reverse=True)
    assert all(type(n) is int and n >= 1 for n in epochs)
    n_rows_seen = [n * size for n, size in zip(epochs, SIZES, strict=True)]
    assert n_rows_seen == sorted(n_rows_seen)
    assert len({len(params.hidden_layer_sizes) for params in chosen}) == 1


@tabular_estimators
@pytest.mark.parametrize(
    ("n_rows", "width", "epochs"),
    [(1_000, 64, 96), (1_001, 128, 96), (10_000, 128, 48), (100_000, 128, 15)],
)
def test_sizes_and_epochs_are_those_of_the_docstring(Estimator, n_rows, width, epochs):
    params = parameters_for(Estimator(), n_rows)
    assert params.hidden_layer_sizes == (width,) * 3
    assert params.max_iter == epochs


@tabular_estimators
def test_values_of_the_user_remain(Estimator):
    loss = "log_loss" if Estimator is TabularMLPClassifier else "poisson"
    given = Estimator((7, 5), loss=loss, max_iter=3, dropout=0.25, n_members=2)
    params = parameters_for(given, 10**6)
    assert params.get_params(deep=False) == given.get_params(deep=False)


@tabular_estimators
def test_the_estimator_stays_as_it_is(Estimator):
    model = Estimator()
    parameters_for(model, 100)
    assert model.get_params() == Estimator().get_params()


def test_a_subclass_may_have_a_constructor_of_its_own():
    class Small(TabularMLPRegressor):
        def __init__(self, max_iter=2, random_state=0):
            super().__init__((4,), max_iter=max_iter, random_state=random_state)

    X = np.random.default_rng(0).normal(size=(40, 2))
    model = Small().fit(X, X[:, 0])
    assert model.estimators_[0].hidden_layer_sizes == (4,)
    assert model.n_iter_ == 2


@tabular_estimators
def test_messages_show_auto_and_how_many_layers_that_is(Estimator):
    model = Estimator("auto", activation=["relu", "relu"])
    with pytest.raises(
        ValueError, match="2 items, but hidden_layer_sizes='auto' needs 3"
    ):
        model.fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("sizes", [np.array([4, 3]), 6])
def test_arrays_and_ints_of_units_are_not_taken_for_auto(sizes):
    model = TabularMLPRegressor(hidden_layer_sizes=sizes)
    assert parameters_for(model, 10).hidden_layer_sizes is sizes


@pytest.mark.parametrize(
    ("given", "expected"), [("cycle", math.inf), (math.inf, math.inf), (7, 7)]
)
def test_a_member_gets_the_parameters_it_has(given, expected):
    model = TabularMLPClassifier(n_iter_no_change=given, max_iter=9, beta_2=0.5)
    split = MemberSplit(np.arange(100), np.arange(5), 17)
    own = member_parameters(parameters_for(model, 105), 0.03, split)
    assert own["n_iter_no_change"] == expected
    assert own["learning_rate_init"] == 0.03
    assert own["random_state"] == 17
    assert own["batch_size"] == 50
    assert own["max_iter"] == 9
    assert own["beta_2"] == 0.5
    assert own["early_stopping"] is True
    assert "n_members" not in own


def test_the_work_of_a_member():
    reg = TabularMLPRegressor(hidden_layer_sizes=(4, 3), max_iter=7)
    params = parameters_for(reg, 10)
    assert cost_of_training(params, 10, 5) == 7 * 10 * (5 * 4 + 4 * 3 + 50_000)


@tabular_estimators
def test_mixing_weights_can_be_had_or_not(Estimator):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), np.arange(40) % 2
    settings = {"max_iter": 1, "hidden_layer_sizes": (4, 3), "random_state": 0}
    for expected in (True, False):
        model = Estimator(parametric_activation=expected, **settings).fit(X, y)
        layers = model.estimators_[0]._network.layers
        assert any(isinstance(layer, Parametric) for layer in layers) is expected
        activations = [
            layer.activation for layer in layers if hasattr(layer, "activation")
        ]
        assert sum(isinstance(each, Mish) for each in activations) == 2


@pytest.mark.parametrize("wanted", ["auto", 1, 7, 64, np.int64(10**6)])
@pytest.mark.parametrize("n_rows", [1, 2, 63, 100, 1_001, 6_000, 123_457])
def test_batches_of_an_epoch_are_of_like_size(wanted, n_rows):
    size = batch_size(wanted, n_rows)
    assert type(size) is int
    assert 1 <= size <= n_rows
    n_batches = -(-n_rows // size)
    last = n_rows - (n_batches - 1) * size
    assert size - last < n_batches  # at most a row less for each other batch
    if wanted != "auto" and n_rows >= 2 * wanted:
        assert 0.6 * wanted <= size <= 1.5 * wanted


def test_batches_grow_with_the_table():
    sizes = [batch_size("auto", n) for n in (1_000, 6_000, 30_000, 100_000, 10**6)]
    assert sizes == sorted(sizes)
    assert 50 < sizes[0] < 80
    assert 900 < sizes[-1] < 1_100
