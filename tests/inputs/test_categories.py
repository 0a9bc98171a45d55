"""Categories of all types: learned, encoded and stored."""

import enum
import ipaddress
import pickle
import uuid
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import (
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.categorical_columns import encode_categories
from tests.conftest import tabular_estimators, unconverged
from tests.inputs.conftest import Color, column_of

pytestmark = unconverged


@pytest.mark.parametrize(
    ("values", "categories"),
    [
        ([94103, "94103", 94103.0, "94103.0", Decimal("94103.00"), "x"], [94103, "x"]),
        ([True, "True", False, "x"], [False, True, "x"]),
        ([True, "true", "x"], [True, "x"]),
        ([np.int64(5), "5", b"5"], [5, "b'5'"]),
        # Strings among themselves are as they are written.
        (["007", "7", "7.0", "True", "true"], ["007", "7", "7.0", "True", "true"]),
        (pd.Categorical([Decimal("1.50"), Decimal("2")]), [1.5, 2]),
        (pd.Categorical([Fraction(1, 2), Fraction(4, 2)]), [0.5, 2]),
    ],
    ids=str,
)
def test_what_reads_the_same_is_one_category(values, categories):
    dtype = "category" if isinstance(values, pd.Categorical) else object
    X = column_of(list(values) * 2, dtype)
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.categories_ == {0: categories}
    assert list(map(type, preprocessor.categories_[0])) == list(map(type, categories))
    # And the same at prediction, row by row.
    together = preprocessor.transform(X)
    alone = [preprocessor.transform(X[i : i + 1]) for i in range(len(X))]
    np.testing.assert_array_equal(np.concatenate(alone), together)


def test_numbers_beside_strings_are_found_as_strings_too():
    preprocessor = TabularPreprocessor().fit(column_of([94103, "SW1"] * 3))
    later = column_of(["94103", 94103.0, "94103.0", Decimal(94103), 5, "SW1", None])
    codes = encode_categories(Table(later), preprocessor._categories)
    assert codes[0].tolist() == [1, 1, 1, 1, 0, 2, 0]


class Level(enum.StrEnum):
    LOW = "low"
    HIGH = "high"


INTERVALS = pd.interval_range(0, 20, freq=10)


#: Two values of each kind that a column of categories may hold.
OF_ALL_KINDS = {
    "string": ["a", "b"],
    "boolean": [False, True],
    "int": [3, 94103],
    "float": [0.5, 1.5],
    "Decimal": [Decimal("0.1"), Decimal("2.50")],
    "bytes": [b"a", b"b"],
    "Interval": list(INTERVALS),
    "interval of dates": list(pd.interval_range(pd.Timestamp("2026"), periods=2)),
    "UUID": [uuid.UUID(int=1), uuid.UUID(int=2)],
    "IPv4Address": [ipaddress.ip_address(f"10.0.0.{i}") for i in (1, 2)],
    "Enum": [Color.RED, Color.BLUE],
    "StrEnum": [Level.LOW, Level.HIGH],
    "tuple": [("a", 1), ("a", 2)],
}


@pytest.mark.parametrize("kind", OF_ALL_KINDS)
def test_categories_are_saved_as_plain_values(kind):
    first, second = OF_ALL_KINDS[kind]
    X = column_of([first, second, None] * 3, "category")
    preprocessor = TabularPreprocessor().fit(X)
    (seen,) = preprocessor.categories_.values()
    assert len(seen) == 2
    assert {type(value) for value in seen} <= {str, bool, int, float}
    out = preprocessor.transform(X)
    assert len(np.unique(out, axis=0)) == 3
    again = pickle.loads(pickle.dumps(preprocessor))
    np.testing.assert_array_equal(again.transform(X), out)
    np.testing.assert_array_equal(again.transform(X.astype(object)[:1]), out[:1])
    sio = pytest.importorskip("skops.io")
    saved = sio.dumps(preprocessor)
    untrusted = sio.get_untrusted_types(data=saved)
    assert untrusted == ["sknumpy_mlp._tabular.preprocessor.TabularPreprocessor"]
    loaded = sio.loads(saved, trusted=untrusted)
    np.testing.assert_array_equal(loaded.transform(X), out)


def test_intervals_of_cut_are_in_their_order_and_found_again():
    bins = [0, 2, 10, 30]
    X = pd.DataFrame({"c": pd.cut([1, 5, 20, 1, 5, 20], bins)})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.categories_ == {0: ["(0, 2]", "(2, 10]", "(10, 30]"]}
    later = pd.DataFrame({"c": pd.cut([5.0], np.array(bins) * 1.0)})
    np.testing.assert_array_equal(
        preprocessor.transform(later), preprocessor.transform(X)[[1]]
    )


@pytest.mark.parametrize("later", OF_ALL_KINDS)
@pytest.mark.parametrize("before", OF_ALL_KINDS)
def test_a_value_of_another_kind_is_an_error_from_the_first_row_on(before, later):
    preprocessor = TabularPreprocessor().fit(
        column_of(OF_ALL_KINDS[before], "category")
    )
    X = column_of(OF_ALL_KINDS[later][:1])
    numbers = {"int", "float", "Decimal"}
    intervals = {"Interval", "interval of dates"}
    strings = {"string", "StrEnum"}
    may = before == later or any(
        {before, later} <= s for s in (numbers, intervals, strings)
    )
    if may:
        preprocessor.transform(X)
        return
    with pytest.raises(ValueError, match=r"column 'c' .* has the value .* but in fit"):
        preprocessor.transform(X)


@tabular_estimators
def test_estimators_refuse_strings_for_booleans(Estimator):
    X = pd.DataFrame({"flag": [True, False] * 10, "x": np.arange(20.0)})
    y = np.arange(20) % 2
    est = Estimator((2,), max_iter=1, ensemble=None, random_state=0).fit(X, y)
    wrong = X[:1].assign(flag="true")
    for call in (est.predict, lambda X_val: est.fit(X, y, X_val=X_val, y_val=[1])):
        with pytest.raises(ValueError, match=r"'flag' .* value 'true' of type str"):
            call(wrong)
    np.testing.assert_array_equal(
        est.predict(X.assign(flag=[1, 0] * 10)), est.predict(X)
    )


def test_an_unseen_category_of_a_kind_of_fit_is_unknown():
    preprocessor = TabularPreprocessor().fit(column_of(["a", "b", "c"]))
    codes = encode_categories(Table(column_of(["z"])), preprocessor._categories)
    assert codes[0].tolist() == [0]


def test_the_look_up_of_many_categories_is_made_once(monkeypatch):
    n_made = []

    def count(self, values, kinds):
        n_made.append(len(values))
        made(self, values, kinds)

    from sknumpy_mlp._inputs import categories

    made = categories.Categories.__init__
    X = pd.DataFrame({"id": [f"id {i % 50}" for i in range(200)]})
    preprocessor = TabularPreprocessor().fit(X)
    saved = pickle.dumps(preprocessor)
    assert saved.count(b"id 49") == 1  # it is not saved a second time
    monkeypatch.setattr(categories.Categories, "__init__", count)
    expected = preprocessor.transform(X)
    preprocessor.transform(X[:1])
    assert n_made == []
    loaded = pickle.loads(saved)
    assert n_made == [50]
    np.testing.assert_array_equal(loaded.transform(X), expected)
    assert n_made == [50]
