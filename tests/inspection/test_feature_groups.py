"""Groups of columns that are permuted together."""

import numpy as np
import pytest

from sknumpy_mlp.inspection._feature_groups import feature_groups_of

NAMES = ["a", "b", "c", "d"]


def _groups(given, X=None, numbers=(0, 1, 2, 3)):
    X = np.random.default_rng(0).normal(size=(100, 4)) if X is None else X
    groups = feature_groups_of(given, NAMES, numbers, X)
    return {name: columns.tolist() for name, columns in groups.items()}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {"a": [0], "b": [1], "c": [2], "d": [3]}),
        ([], {"a": [0], "b": [1], "c": [2], "d": [3]}),
        ([["d", "b"]], {"a": [0], "d + b": [3, 1], "c": [2]}),
        ([(3, "b"), [np.int64(0)]], {"a": [0], "d + b": [3, 1], "c": [2]}),
        ({"all": NAMES}, {"all": [0, 1, 2, 3]}),
        ({"x": ["b", "c"], 2: [3]}, {"a": [0], "x": [1, 2], "2": [3]}),
    ],
)
def test_named_groups(given, expected):
    assert _groups(given) == expected
    assert list(_groups(given)) == list(expected)  # in the order of the columns


def test_correlated_columns():
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 400))
    noisy = x + 0.5 * rng.normal(size=400)  # a rank correlation of about 0.88
    X = np.column_stack([np.exp(5 * x), -x, noisy, z])
    assert _groups(0.95, X) == {"a + b": [0, 1], "c": [2], "d": [3]}
    assert _groups(1.0, X) == {"a + b": [0, 1], "c": [2], "d": [3]}
    assert _groups(0.7, X) == {"a + b + c": [0, 1, 2], "d": [3]}
    # Categories, which have no ranks, are on their own.
    assert _groups(0.95, X[:, :2], numbers=(1, 3)) == {
        "a": [0],
        "b + d": [1, 3],
        "c": [2],
    }
    X[:, :2] = 1.0  # constant
    assert _groups(0.5, X) == {name: [i] for i, name in enumerate(NAMES)}
    assert len(_groups(0.5, X[:, :0], numbers=())) == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (0.0, "range"),
        (1.5, "range"),
        (float("nan"), "range"),
        (True, "must be None, a correlation"),
        ("a", "must be None, a correlation"),
        (object(), "must be None, a correlation"),
        (["a", "b"], "must be a list of columns"),
        ([3], "must be a list of columns"),
        ({"x": "a"}, "must be a list of columns"),
        ([["a", "e"]], "'e', which X has not"),
        ([[4]], "4, which X has not"),
        ([[-1]], "-1, which X has not"),
        ([[True]], "True, which X has not"),
        ([["a", ["b"]]], "which X has not"),
        ([[]], "empty group"),
        ([[0, 0]], "'a' more than once"),
        (np.array(0.5), "must be None, a correlation"),
        ([["a", "b"], ["c", 0]], "'a' more than once"),
        ({"c": ["a", "b"]}, r"names \['c'\]"),
    ],
)
def test_wrong_groups(given, message):
    with pytest.raises(ValueError, match=message):
        _groups(given)
