"""Digests of parameters and data."""

import json

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._estimators.digests import describe, digest
from sknumpy_mlp.losses import Huber
from sknumpy_mlp.optimizers import Adam


def _function(factor):
    return lambda x: factor * x


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (1, 2),
        ("a", "b"),
        ((1, 2), (1, 3)),
        ({"a": 1}, {"a": 2}),
        (Huber(1.0), Huber(2.0)),
        (np.arange(3), np.arange(1, 4)),
        (np.arange(5000), np.arange(1, 5001)),
        (_function(1), _function(2)),
        (lambda x: x + 1, lambda x: x + 2),
    ],
)
def test_other_values_have_other_descriptions(one, two):
    assert describe(one) == describe(one) != describe(two)
    assert json.loads(json.dumps(describe(one))) == describe(one)


def test_numpy_s_numbers_are_described_as_python_s():
    assert describe(np.float64(0.5)) == describe(0.5)
    assert describe((np.int64(3), 4)) == describe([3, 4])


def test_the_order_of_a_dict_does_not_count():
    assert describe({"a": 1, "b": 2}) == describe({"b": 2, "a": 1})


def test_the_state_of_an_optimizer_does_not_count():
    used = Adam()
    object.__setattr__(used, "n_steps", 5)
    assert describe(used) == describe(Adam())


def test_addresses_and_random_states_do_not_count():
    class Plain:
        pass

    one, two = Plain(), Plain()
    assert describe(one) == describe(two)
    stream = np.random.RandomState(0)
    before = describe(stream)
    stream.rand(10)
    assert describe(stream) == before


def test_objects_that_contain_themselves():
    values = []
    values.append(values)
    assert describe(values) == "list"


def test_hashes_of_data():
    X = np.arange(20_000.0).reshape(5000, 4)
    other = X.copy()
    other[-1, -1] += 1
    assert digest(X) == digest(X.copy()) == digest(np.asfortranarray(X))
    hashes = [digest(X), digest(other), digest(X, None), digest(X.astype("f4"))]
    hashes += [digest(X.reshape(4, 5000)), digest(sp.csr_array(X))]
    assert len(set(hashes)) == len(hashes)
    assert digest(sp.csr_array(X)) == digest(sp.csr_array(X.copy()))
