"""The networks of an ensemble, merged for predictions of single rows."""

import gc
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar
from weakref import ref

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular.merged import merged_networks
from sknumpy_mlp.activations import Activation
from tests.tabular.conftest import regressor

N_ROWS = 60
rng = np.random.default_rng(0)
NUMBERS = pd.DataFrame(rng.normal(size=(N_ROWS, 3)), columns=list("abc"))
FEW = pd.Series(rng.choice(["x", "y", "z"], N_ROWS), name="few")
MANY = pd.Series(rng.integers(0, 12, N_ROWS).astype(str), name="many")
TABLES = {
    "numbers": NUMBERS,
    "flags": FEW.to_frame(),
    "codes": MANY.to_frame(),
    "two columns of codes": pd.DataFrame({"many": MANY, "too": MANY[::-1].to_list()}),
    "numbers and codes": pd.concat([NUMBERS, MANY], axis=1),
    "all kinds": pd.concat([NUMBERS.where(NUMBERS < 1.0), FEW, MANY], axis=1),
}
y = NUMBERS["a"] + (FEW == "x")


def assert_same(model, X):
    """The merged network gives what each member gives."""
    table = model._read(X)
    for i in range(5):
        row = table[i : i + 1]
        raw = merged_networks(model).raw(row)
        for own, member in zip(raw, model.estimators_, strict=True):
            np.testing.assert_allclose(own, member.raw(row), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", TABLES)
def test_all_kinds_of_columns(name):
    X = TABLES[name]
    model = regressor(n_members=3).fit(X, y)
    assert_same(model, X)
    rows = [model.predict(X[i : i + 1]) for i in range(5)]
    np.testing.assert_allclose(np.ravel(rows), model.predict(X[:5]), rtol=1e-12)


@pytest.mark.parametrize(
    "params",
    [
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 5, "activation": "relu"},
        {"activation": ["tanh", "identity", "gelu"], "hidden_layer_sizes": (5, 4, 3)},
        {"parametric_activation": False},
        {"dropout": 0.0},
        {"dropout": 0.1, "weight_decay": 0.0},
        {"ensemble": "seeds"},
    ],
    ids=str,
)
def test_all_kinds_of_networks(params):
    X = TABLES["all kinds"]
    classes = np.digitize(y, [-0.5, 0.5])
    model = TabularMLPClassifier(max_iter=2, n_jobs=1, random_state=0, **params)
    assert_same(model.fit(X, classes), X)
    rows = [model.predict_proba(X[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(rows, model.predict_proba(X[:5]), rtol=1e-12)


def test_several_targets():
    X, targets = TABLES["all kinds"], np.column_stack([y, -y])
    model = TabularMLPRegressor(max_iter=2, n_jobs=1, random_state=0).fit(X, targets)
    assert_same(model, X)
    rows = [model.predict(X[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(rows, model.predict(X[:5]), rtol=1e-12)


def test_results_are_not_overwritten_by_the_next_row():
    X = TABLES["all kinds"]
    model = regressor().fit(X, y)
    table, merged = model._read(X), merged_networks(model)
    first = merged.raw(table[:1])
    before = first.copy()
    assert not np.array_equal(merged.raw(table[1:2]), before)
    np.testing.assert_array_equal(first, before)


def test_the_merged_network_follows_the_members():
    X = NUMBERS
    model = regressor(n_members=3).fit(X, y)
    row = X[:1]
    model.predict(row)
    kept = merged_networks(model)
    assert merged_networks(model) is kept
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(row), model.predict(row))
    del model.estimators_[1:]
    assert merged_networks(model) is not kept
    np.testing.assert_allclose(model.predict(row), model.predict(X[:2])[:1], rtol=1e-12)
    model.fit(X, -y)
    np.testing.assert_allclose(model.predict(row), model.predict(X[:2])[:1], rtol=1e-12)


def test_a_single_network_is_not_merged():
    assert merged_networks(regressor(ensemble=None).fit(NUMBERS, y)) is None


def test_subclasses_may_be_compared_by_value():
    class Comparable(TabularMLPRegressor):
        def __eq__(self, other):
            return self is other

    model = Comparable((4,), max_iter=2, random_state=0, n_jobs=1).fit(NUMBERS, y)
    assert merged_networks(model) is None
    expected = model.predict(NUMBERS[:2])[:1]
    np.testing.assert_allclose(model.predict(NUMBERS[:1]), expected, rtol=1e-12)


def test_it_has_the_parameters_that_the_networks_have_now():
    model = regressor().fit(TABLES["all kinds"], y)
    row = TABLES["all kinds"][:1]
    before = model.predict(row)
    for member in model.estimators_:
        for array in (*member.coefs_, *member.intercepts_):
            array *= 0.5
    assert not np.allclose(model.predict(row), before)
    assert_same(model, TABLES["all kinds"])


@dataclass(frozen=True, eq=True)
class _Pairs(Activation):
    """Each unit is multiplied by the sigmoid of another one."""

    from_output: ClassVar[bool] = False

    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def forward(self, z, out):
        half = z.shape[1] // 2
        gate = 1.0 / (1.0 + np.exp(-np.roll(z, half, axis=1)))
        out[...] = z * gate

    def backward(self, z, a, delta):
        half = z.shape[1] // 2
        gate = 1.0 / (1.0 + np.exp(-np.roll(z, half, axis=1)))
        through = np.roll(delta * z * gate * (1.0 - gate), half, axis=1)
        delta[...] = delta * gate + through


def test_activations_that_combine_units_are_not_merged():
    model = regressor(activation=_Pairs(), hidden_layer_sizes=8).fit(NUMBERS, y)
    assert merged_networks(model) is None
    rows = [model.predict(NUMBERS[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(rows, model.predict(NUMBERS[:5]), rtol=1e-12)


def test_nothing_is_kept_of_an_estimator_that_is_gone():
    model = regressor().fit(NUMBERS, y)
    model.predict(NUMBERS[:1])
    first, others = model.estimators_[0], [ref(m) for m in model.estimators_[1:]]
    del model
    gc.collect()
    assert [other() for other in others] == [None, None]
    assert first.n_iter_ > 0


def test_large_arrays_are_used_where_they_are():
    model = regressor(hidden_layer_sizes=(300, 300)).fit(TABLES["all kinds"], y)
    row = TABLES["all kinds"][:1]
    pickle.loads(pickle.dumps(model)).predict(row)  # fills caches of constants
    tracemalloc.start()
    model.predict(row)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 0.1 * sum(member._params.nbytes for member in model.estimators_)


def test_networks_of_different_layers_are_not_merged():
    X = NUMBERS
    one = regressor(hidden_layer_sizes=(4,)).fit(X, y)
    other = regressor(hidden_layer_sizes=(5,)).fit(X, y)
    one.estimators_ += other.estimators_
    assert merged_networks(one) is None
    np.testing.assert_allclose(one.predict(X[:1]), one.predict(X[:2])[:1], rtol=1e-12)


def test_threads_have_their_own_memory():
    X = TABLES["all kinds"]
    model = regressor().fit(X, y)
    expected = model.predict(X)
    rows = [X[i : i + 1] for i in range(N_ROWS)] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(model.predict, rows))
    np.testing.assert_allclose(np.ravel(found), np.tile(expected, 5), rtol=1e-10)
