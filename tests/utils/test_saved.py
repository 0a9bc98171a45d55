"""The state of saved estimators has versions, and no memory-mapped arrays."""

import copy
import pickle
import types

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from sknumpy_mlp import __version__
from sknumpy_mlp._utils.saved import FORMAT_VERSION, VersionedStateMixin


class Estimator(VersionedStateMixin, BaseEstimator):
    """As little of an estimator as there can be."""


def _mapped(tmp_path):
    array = np.arange(6.0)
    np.save(tmp_path / "array.npy", array)
    return np.load(tmp_path / "array.npy", mmap_mode="r"), array


def test_the_state_names_format_and_version():
    est = Estimator()
    est.weights_ = [1.0]
    state = est.__getstate__()
    assert state["_form"] == FORMAT_VERSION
    assert state["_saved_by"] == __version__
    loaded = pickle.loads(pickle.dumps(est))
    assert vars(loaded) == vars(est) == {"weights_": [1.0]}


def test_the_state_that_is_loaded_is_not_changed():
    state = Estimator().__getstate__()
    before = dict(state)
    Estimator().__setstate__(state)
    assert state == before


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([], r"\[\] is no state of a Estimator"),
        ({}, "before its first release"),
        ({"_form": "1"}, "before its first release"),
        ({"_form": 0}, "before its first release"),
        (
            {"_form": FORMAT_VERSION + 1, "_saved_by": "99.1"},
            r"saved by sknumpy_mlp 99\.1, .* with sknumpy_mlp 99\.1 or later",
        ),
    ],
)
def test_other_formats_are_refused(state, message):
    with pytest.raises(ValueError, match=message):
        Estimator().__setstate__(state)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda array: array,
        lambda array: [1, array],
        lambda array: (array, [array]),
        lambda array: {"a": {"b": array}},
    ],
    ids=["array", "list", "tuple", "dict"],
)
def test_mapped_arrays_are_saved_as_ordinary_ones(wrap, tmp_path):
    mapped, array = _mapped(tmp_path)
    est = Estimator()
    est.value_ = wrap(mapped)
    state = est.__getstate__()
    assert repr(state["value_"]) == repr(wrap(array))
    assert "memmap" in repr(est.value_)  # the estimator keeps its own


def test_the_memory_is_shared(tmp_path):
    mapped, _ = _mapped(tmp_path)
    est = Estimator()
    est.value_ = mapped
    state = est.__getstate__()
    assert type(state["value_"]) is np.ndarray
    assert np.shares_memory(state["value_"], mapped)


def test_values_without_mapped_arrays_stay_the_same_objects():
    est = Estimator()
    est.value_ = [{"a": (np.zeros(2), 1)}]
    assert est.__getstate__()["value_"] is est.value_


def test_objects_of_the_package_are_searched(tmp_path):
    mapped, array = _mapped(tmp_path)
    Ours = type("Ours", (), {"__module__": "sknumpy_mlp.made_up"})
    ours, other = Ours(), types.SimpleNamespace(array=mapped)
    ours.array = mapped
    est = Estimator()
    est.value_, est.other_, est.nested_ = ours, other, Estimator()
    state = est.__getstate__()
    assert type(state["value_"]) is Ours
    assert state["value_"] is not ours
    assert type(state["value_"].array) is np.ndarray
    np.testing.assert_array_equal(state["value_"].array, array)
    assert type(ours.array) is np.memmap
    assert state["other_"] is other
    assert state["nested_"] is est.nested_


def test_copies_are_equal():
    est = Estimator()
    est.value_ = 3
    assert vars(copy.deepcopy(est)) == vars(est)


class LaterEstimator(Estimator):
    """The same estimator with a parameter that was added later."""

    def __init__(self, *, dates="encode"):
        self.dates = dates


def test_a_parameter_that_was_added_later_has_its_default():
    state = Estimator().__getstate__() | {"weights_": [1.0]}
    loaded = LaterEstimator.__new__(LaterEstimator)
    loaded.__setstate__(state)
    assert vars(loaded) == {"weights_": [1.0], "dates": "encode"}
    again = pickle.loads(pickle.dumps(LaterEstimator(dates="error")))
    assert again.dates == "error"
