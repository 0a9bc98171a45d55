"""Array-likes of other libraries, and what is not an array-like."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone, is_classifier

from sknumpy_mlp._inputs.arrays import to_array, to_numbers
from tests.conftest import unconverged
from tests.inputs.conftest import (
    CLASSIFIERS,
    CODES,
    REGRESSORS,
    N,
    Tensor,
    X,
    by_name,
    target_of,
)

pytestmark = unconverged


#: What is no array, and what to pass instead.
NO_ARRAYS = {
    "generator": (lambda: (c for c in CODES), r"type generator\. Pass list\({}\)"),
    "map": (lambda: map(int, CODES), r"type map\. Pass list\({}\)"),
    "dict": (
        lambda: dict(enumerate(CODES)),
        r"type dict\. Pass list\({}\.values\(\)\)",
    ),
    "values": (
        lambda: dict(enumerate(CODES)).values(),
        r"type dict_values\. Pass list\({}\)",
    ),
    "set": (lambda: set(range(N)), r"type set\. Pass list\({}\)"),
    "str": (lambda: "0" * N, r"'0+'\. Pass a list or an array"),
    "number": (lambda: 5, r"5\. Pass a list or an array"),
    "scalar array": (lambda: np.array(5), r"type ndarray\. Pass a list"),
    "class": (lambda: list, r"type type\. Pass a list or an array"),
}


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("kind", NO_ARRAYS)
def test_targets_that_are_no_arrays(est, kind):
    make, message = NO_ARRAYS[kind]
    y = target_of(est)
    fitted = clone(est).fit(X, y)
    calls = [
        ("y", lambda: clone(est).fit(X, make())),
        ("y", lambda: fitted.score(X, make())),
        ("y_val", lambda: clone(est).fit(X, y, X_val=X, y_val=make())),
    ]
    if hasattr(est, "partial_fit") and is_classifier(est):
        calls += [
            ("y", lambda: clone(est).partial_fit(X, make(), classes=[0, 1])),
            ("classes", lambda: clone(est).partial_fit(X, y, classes=make())),
        ]
    for name, call in calls:
        with pytest.raises(
            TypeError,
            match=f"^{name} must be an array-like of .*, got .*{message.format(name)}",
        ):
            call()


@by_name(CLASSIFIERS + REGRESSORS)
def test_tensors(est):
    y = target_of(est)
    weight = np.linspace(0.5, 1.5, N)
    given = [X, y, weight]
    tensors = [Tensor(each) for each in given]
    names = ("X_val", "y_val", "sample_weight_val")
    one = clone(est).fit(*given, **dict(zip(names, given, strict=True)))
    two = clone(est).fit(*tensors, **dict(zip(names, tensors, strict=True)))
    np.testing.assert_array_equal(two.predict(tensors[0]), one.predict(X))
    assert two.score(*tensors) == one.score(*given)


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
def test_tensors_that_are_no_arrays(est, name):
    """PyTorch hands no array out of what it computes gradients for."""
    good = {"X": X, "y": target_of(est), "sample_weight": np.ones(N)}
    wrong = {name: Tensor(good[name], requires_grad=True)}
    message = "is a Tensor of which NumPy can make no array: Use tensor.detach"
    with pytest.raises(TypeError, match=f"^{name} {message}"):
        clone(est).fit(**good | wrong)
    validation = {f"{key}_val": value for key, value in (good | wrong).items()}
    with pytest.raises(TypeError, match=f"^{name}_val.* {message}"):
        clone(est).fit(**good, **validation)


@by_name(CLASSIFIERS + REGRESSORS)
def test_series_as_a_table(est):
    y = target_of(est)
    for series in (pl.Series(X[:, 0]), Tensor(X[:, 0])):
        with pytest.raises(ValueError, match="Expected 2D array"):
            clone(est).fit(series, y)
    one = clone(est).fit(X, y, np.ones(N))
    two = clone(est).fit(X, pl.Series(y), pl.Series(np.ones(N)))
    np.testing.assert_array_equal(two.predict(X), one.predict(X))
    assert two.score(X, pl.Series(y)) == one.score(X, y)


def test_lists_keep_their_values():
    """NumPy would convert what is beside strings to strings."""
    assert to_array(["a", 1], "y").tolist() == ["a", 1]
    assert to_array([[1, 2], [3]], "y").tolist() == [[1, 2], [3]]
    assert to_array([1, 2.5], "y").dtype == np.float64


def test_objects_and_strings_as_numbers():
    values = np.array(["1", Decimal("0.5"), Fraction(1, 4)], dtype=object)
    assert to_numbers(values, "y").tolist() == [1.0, 0.5, 0.25]
    wrong = np.array([["1", "2"], ["x", "4"]])
    with pytest.raises(ValueError, match=r"^y\[1, 0\]='x' must be a number: .* Advice"):
        to_numbers(wrong, "y", " Advice")
