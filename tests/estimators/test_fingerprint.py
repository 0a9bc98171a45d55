"""The fingerprint of a run: what a checkpoint must agree with."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp._estimators.fingerprint import fingerprint
from tests.estimators.conftest import make_data, make_task


def fingerprint_of(
    params=None, validation=None, start=None, data=None, rows=None, **changed
):
    task = make_task(**changed, **({} if data is None else {"data": data}))
    given = NumpyMLPRegressor(**changed).get_params() if params is None else params
    parts = task.config, task.target, task.network, task.data
    return fingerprint(given, *parts, rows, validation, start)


def test_it_is_the_same_for_the_same_run_and_goes_into_json():
    found = fingerprint_of()
    assert found == fingerprint_of()
    assert json.loads(json.dumps(found)) == found
    assert found["estimator"] == "NumpyMLPRegressor"
    assert found["layer widths"] == make_task().network.widths


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"alpha": 0.5}, "alpha"),
        ({"hidden_layer_sizes": 6}, "layer widths"),
        ({"data": make_data(seed=1)}, "digest of the data"),
        ({"data": make_data(41)}, "shape of X"),
        ({"rows": np.arange(5)}, "digest of the training rows"),
        ({"validation": make_data(5)}, "digest of the validation data"),
        ({"start": np.ones(3)}, "digest of the parameters to start from"),
    ],
)
def test_another_run_has_another_one(changed, name):
    found, other = fingerprint_of(), fingerprint_of(**changed)
    assert found.keys() == other.keys()
    assert found[name] != other[name]


def test_weights_are_data():
    data = make_data()
    weighted = replace(data, sample_weight=np.ones(40))
    found, other = fingerprint_of(data=data), fingerprint_of(data=weighted)
    assert found["digest of the data"] != other["digest of the data"]


@pytest.mark.parametrize(
    "free", [{"verbose": True}, {"max_iter": 99}, {"callbacks": []}], ids=str
)
def test_a_resumed_run_may_print_more_and_be_longer(free):
    assert fingerprint_of(**free) == fingerprint_of()


def test_it_may_not_be_longer_if_its_schedule_depends_on_the_length():
    short, long = (fingerprint_of(learning_rate="cosine", max_iter=n) for n in (10, 20))
    assert short["max_iter"] == 10
    assert short != long
