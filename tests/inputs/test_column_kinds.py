"""The kinds of columns of objects."""

import enum

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import (
    TabularPreprocessor,
)
from tests.conftest import unconverged
from tests.inputs.conftest import column_of

pytestmark = unconverged


def test_strings_of_numbers_are_categories():
    X = np.array([["1", "2"], ["3", "4"], ["1", "2"]])
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.is_categorical_.all()


def test_strings_and_numbers_in_one_column():
    X = pd.DataFrame({"mixed": [1, "a", 2, "b", None]}, dtype=object)
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.categories_ == {0: [1, 2, "a", "b"]}


@pytest.mark.parametrize(
    "values",
    [[True, False], [True, None, False], [np.bool_(True), np.nan, np.bool_(False)]],
    ids=str,
)
def test_booleans_among_objects_stay_booleans(values):
    X = pd.DataFrame({"c": pd.Series(values * 3, dtype=object)})
    assert TabularPreprocessor().fit(X).categories_ == {0: [False, True]}
    as_numbers = TabularPreprocessor(categorical_features=None).fit(X)
    assert not as_numbers.is_categorical_.any()


class _Addressed:
    """A class whose objects have no stable string: it contains their address."""


class Unordered(enum.Enum):
    """An enumeration that cannot be hashed."""

    RED = 1
    BLUE = 2

    def __eq__(self, other):
        return self is other

    __hash__ = None


@pytest.mark.parametrize(
    "value",
    [
        [1],
        {"a": 1},
        {1},
        frozenset([1]),
        1j,
        np.ones(2),
        ("a", frozenset([1])),
        _Addressed(),
        Unordered.RED,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_without_a_stable_string_are_refused_by_name(value):
    X = column_of([value, "a", value])
    with pytest.raises(TypeError, match=r"columns 'c' \(object, such as .*map\(str\)"):
        TabularPreprocessor().fit(X)
    fitted = TabularPreprocessor().fit(column_of(["a", "b"]))
    with pytest.raises(TypeError, match=r"columns 'c' \(object, such as"):
        fitted.transform(X[:1])


@pytest.mark.parametrize("kind", ["list", "map", "struct"])
def test_nested_columns_are_refused_by_name(kind):
    pyarrow = pytest.importorskip("pyarrow")
    values = {
        "list": pyarrow.array([[1], [2]]),
        "map": pyarrow.array([[("a", 1)]] * 2, pyarrow.map_("string", "int64")),
        "struct": pyarrow.array([{"a": 1}, {"a": 2}]),
    }[kind]
    table = pyarrow.table({"x": [1.0, 2.0], "c": values})
    for X in (table, table.to_pandas(), table.to_pandas(types_mapper=pd.ArrowDtype)):
        with pytest.raises(TypeError, match=r"in the columns 'c' \("):
            TabularPreprocessor().fit(X)
