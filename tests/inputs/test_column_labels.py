"""Column labels: the order of `fit`, and how messages name columns."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sknumpy_mlp import (
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.column_labels import (
    check_label_order,
    column_names,
    labels_of,
    listed,
    non_string_labels,
)
from tests.conftest import unconverged
from tests.inputs.conftest import (
    CLASSIFIERS,
    CODES,
    NETWORKS,
    REGRESSORS,
    N,
    X,
    by_name,
    pandas_frame,
    target_of,
    with_bad,
)

pytestmark = unconverged


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ([np.int64(4), np.int64(5), np.int64(6)], "the column 5"),
        (pd.MultiIndex.from_product([["a"], [1, 2, 3]]), r"the column \('a', 2\)"),
        ([np.str_("a"), np.str_("b"), np.str_("c")], "the column 'b'"),
    ],
)
def test_names_of_columns_are_shown_plainly(columns, shown):
    for value in (np.nan, np.inf, "red"):
        table = with_bad(value, lambda values: pd.DataFrame(values, columns=columns))
        with pytest.raises(ValueError, match=shown):
            clone(NETWORKS[0]).fit(table, CODES)


def test_only_the_first_of_many_columns_are_named():
    table = np.full((N, 7), np.nan)
    with pytest.raises(ValueError, match=r"the columns 0, 1, 2, 3, 4 and 2 more\. "):
        clone(NETWORKS[0]).fit(table, CODES)


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize(
    "names",
    [
        [10, 20, 30],
        [("a", 1), ("a", 2), ("b", 1)],
        list(pd.date_range("2024-01-01", periods=3)),
        [0, 1, 2],
        [2, 1, 0],
        [1.5, 2.5, 3.5],
    ],
    ids=str,
)
def test_columns_have_the_order_of_fit_whatever_their_names(est, names):
    frame = pd.DataFrame(X[:, :3], columns=pd.Index(names))
    y = target_of(est)
    fitted = clone(est).fit(frame, y)
    in_order = fitted.predict(frame)
    for method in ("predict", "predict_proba", "score", "partial_fit"):
        if hasattr(fitted, method):
            others = (y,) if method in ("score", "partial_fit") else ()
            with pytest.raises(ValueError, match="in the same order: fit saw"):
                getattr(fitted, method)(frame.iloc[:, ::-1], *others)
    with pytest.raises(ValueError, match="in the same order: fit saw"):
        clone(est).fit(frame, y, X_val=frame.iloc[:, ::-1], y_val=y)
    np.testing.assert_array_equal(fitted.predict(frame), in_order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tabular estimators warn of other names
        unnamed = fitted.predict(frame.to_numpy())
    np.testing.assert_array_equal(unnamed, in_order)
    loaded = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(ValueError, match="in the same order: fit saw"):
        loaded.predict(frame.iloc[:, ::-1])


SQUARES = np.arange(60.0).reshape(20, 3) ** 2
NAMED = {
    "ints": [2019, 2020, 2021],
    "0, 1, 2": [0, 1, 2],
    "0, 1, 2 in another order": [2, 0, 1],
    "floats": [0.1, 0.2, 0.3],
    "tuples": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
    "timestamps": pd.date_range("2026-01-01", periods=3),
    "periods": pd.period_range("2026-01", periods=3, freq="M"),
    "strings": ["a", "b", "c"],
}


@pytest.mark.parametrize("names", NAMED)
def test_columns_in_another_order_are_refused_whatever_their_names(names):
    X = pd.DataFrame(SQUARES, columns=NAMED[names])
    preprocessor = TabularPreprocessor().fit(X)
    preprocessor.transform(X.copy())
    pickle.loads(pickle.dumps(preprocessor)).transform(X)
    with pytest.raises(ValueError, match="in the same order"):
        preprocessor.transform(X.iloc[:, [1, 0, 2]])
    y = np.arange(20.0)
    reg = TabularMLPRegressor((2,), max_iter=1, ensemble=None, random_state=0)
    with pytest.raises(ValueError, match="in the same order"):
        reg.fit(X, y).predict(X.iloc[:1, [1, 0, 2]])
    with pytest.raises(ValueError, match="in the same order"):
        reg.fit(X, y, X_val=X.iloc[:, [1, 0, 2]], y_val=y)


@pytest.mark.parametrize(
    ("before", "later", "outcome"),
    [
        (None, "0, 1, 2", "the same"),
        ("0, 1, 2", None, "the same"),
        (None, "0, 1, 2 in another order", "error"),
        ("0, 1, 2", "0, 1, 2 in another order", "error"),
        ("0, 1, 2 in another order", "0, 1, 2", "error"),
        ("ints", "tuples", "error"),
        ("ints", "strings", "error"),
        ("strings", "ints", "error"),
        # Numbered labels are compatible with all others, as in scikit-learn.
        ("ints", None, "warning"),
        (None, "ints", "warning"),
        ("ints", "0, 1, 2", "warning"),
        ("0, 1, 2 in another order", None, "warning"),
        ("strings", None, "warning"),
        ("strings", "0, 1, 2", "warning"),
        ("0, 1, 2", "strings", "warning"),
    ],
)
def test_columns_of_other_names(before, later, outcome):
    def make(names):
        if names is None:
            return SQUARES
        return pd.DataFrame(SQUARES, columns=NAMED[names])

    preprocessor = TabularPreprocessor().fit(make(before))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if outcome == "error":
            with pytest.raises(ValueError, match="columns of X must be those of fit"):
                preprocessor.transform(make(later))
            return
        preprocessor.transform(make(later))
    assert len(caught) == (outcome == "warning")


def test_other_columns_than_in_fit():
    preprocessor = TabularPreprocessor().fit(pandas_frame())
    with pytest.raises(ValueError, match="feature names should match"):
        preprocessor.transform(pandas_frame().rename(columns={"price": "cost"}))
    with pytest.raises(ValueError, match="rooms"):
        preprocessor.transform(pandas_frame().drop(columns="rooms"))


def test_columns_in_messages():
    assert column_names(None, [0, 2]) == ["0", "2"]
    assert column_names(["a", 1, np.str_("b")], [0, 1, 2]) == ["'a'", "1", "'b'"]
    assert listed(["'a'"]) == "the column 'a'"
    assert listed(list("abcdefg")) == "the columns a, b, c, d, e and 2 more"


def test_labels_of_tables_of_all_libraries():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    assert list(labels_of(frame)) == ["a", "b", "c"]
    assert labels_of(X) is None
    pa = pytest.importorskip("pyarrow")
    assert labels_of(pa.table({"a": [1]})) == ["a"]


def test_labels_that_are_not_strings():
    frame = pd.DataFrame(X, columns=[1, "1", np.int64(2)])
    assert non_string_labels(frame) == ["1", "'1'", "2"]
    assert non_string_labels(frame.set_axis(["a", "b", "c"], axis=1)) is None
    assert non_string_labels(X) is None


def test_only_the_first_of_many_labels_are_shown():
    labels = list(map(str, range(20)))
    with pytest.raises(ValueError, match=r"X has \[x, 1, 2, 3, 4, 5, 6, 7, \.\.\.\]"):
        check_label_order(labels[::-1], ["x", *labels[1:]], 20, has_warned=False)


def test_infinite_numbers_in_a_column_whose_label_is_no_string():
    frame = pd.DataFrame({2020: [1.0, np.inf], 2021: [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"in the column 2020\. "):
        TabularPreprocessor().fit(frame)
