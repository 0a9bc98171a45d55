"""Tables: numbers read from columns, and tables that cannot be used."""

import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone

from sknumpy_mlp import (
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.table import Table
from tests.conftest import polars_frame, unconverged
from tests.inputs.conftest import (
    TABLES,
    X,
    by_name,
    column_of,
    frame_of,
    pandas_frame,
    target_of,
    with_bad,
)

pytestmark = unconverged


@by_name(TABLES)
@pytest.mark.parametrize(
    ("make", "column"),
    [(np.asarray, "the column 1"), (frame_of, "the column 'b'")],
)
def test_infinity_in_tables(est, make, column):
    y, table, good = target_of(est), with_bad(np.inf, make), make(X)
    message = rf"Input X contains infinity or .* are in {column}\. Correct them"
    with pytest.raises(ValueError, match=f"^{message}"):
        clone(est).fit(table, y)
    with pytest.raises(ValueError, match=f"^X_val: {message}"):
        clone(est).fit(good, y, X_val=table, y_val=y)
    with pytest.raises(ValueError, match=f"^{message}"):
        clone(est).fit(good, y).predict(table)
    with pytest.raises(ValueError, match=f"^{message}"):
        TabularPreprocessor().fit(table)


def test_infinite_numbers_are_refused_by_the_name_of_their_column():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, -np.inf]})
    with pytest.raises(ValueError, match=r"X contains infinity.*in the column 'b'"):
        TabularPreprocessor().fit(X)


def test_a_value_that_is_no_number_is_named():
    fitted = TabularPreprocessor().fit(column_of([1.0, 2.0], float))
    for value in (10**400, "x", b"x"):
        with pytest.raises(ValueError, match=re.escape(f"value {value!r}"[:20])):
            fitted.transform(column_of([value]))


def test_strings_in_a_numeric_column():
    preprocessor = TabularPreprocessor().fit(pandas_frame())
    with pytest.raises(ValueError, match=r"'rooms'.*categorical_features"):
        preprocessor.transform(pandas_frame().assign(rooms=list("abcdef")))


def test_columns_of_the_same_name():
    X = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["a", "a"])
    with pytest.raises(ValueError, match=r"names \['a'\]"):
        TabularPreprocessor().fit(X)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.array([[1.0], [np.inf]]), ValueError, "infinity"),
        (pd.DataFrame({"a": [1.0, -np.inf]}), ValueError, "infinity"),
        (scipy.sparse.eye(3).tocsr(), TypeError, "[Ss]parse"),
        (np.ones((2, 2)) * 1j, ValueError, "[Cc]omplex"),
        (np.ones(3), ValueError, "Reshape your data"),
        (np.ones((2, 2, 2)), ValueError, "dim 3"),
        (np.ones((0, 2)), ValueError, r"0 sample\(s\)"),
        (pd.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
        (pd.DataFrame(index=[1, 2]), ValueError, r"0 feature\(s\)"),
        (lambda: polars_frame({"a": [[1], [2]]}), TypeError, "string, a number"),
        (pd.DataFrame({"a": [{}, {}]}), TypeError, "string, a number"),
    ],
)
def test_tables_that_cannot_be_used(X, error, message):
    X = X() if callable(X) else X
    with pytest.raises(error, match=message):
        TabularPreprocessor().fit(X)


@pytest.mark.parametrize("make", ["pandas", "polars", "arrow", "array"])
@pytest.mark.parametrize("strings", [False, True])
def test_reading_a_table_asks_for_its_columns_once(make, strings, monkeypatch):
    """Work grows with the number of columns, not with its square."""
    n_columns = 40
    values = np.arange(80.0).reshape(2, n_columns)
    X = pd.DataFrame(values, columns=[f"c{i}" for i in range(n_columns)])
    X = X.astype(str) if strings else X
    if make == "polars":
        X = polars_frame(X.to_dict("list"))
    elif make == "arrow":
        X = pytest.importorskip("pyarrow").table(X.to_dict("list"))
    elif make == "array":
        X = X.to_numpy()
    n_asked = {"columns": 0, "dtypes": 0, "get_columns": 0}

    class Counted:
        def __init__(self, table):
            self._table = table

        def __getattr__(self, name):
            if name in n_asked:
                n_asked[name] += 1
            return getattr(self._table, name)

    if make in ("pandas", "polars"):
        X = Counted(X)
    table = Table(X)
    assert len(table.columns) == n_columns
    if strings:
        assert len([table.categories(i) for i in range(n_columns)]) == n_columns
    else:
        np.testing.assert_array_equal(table.numbers(range(n_columns)), values)
        backwards = table.numbers(range(n_columns - 1, -1, -1))
        np.testing.assert_array_equal(backwards, values[:, ::-1])
    assert max(n_asked.values()) <= 2


@pytest.mark.parametrize("label", ["a", 1])
def test_columns_are_named_with_their_type(label):
    (column,) = Table(pd.DataFrame({label: [1.0, 2.0]})).columns
    assert str(column) == f"'{label}' (float64)"
    assert (column.name, column.kind, column.dtype) == (str(label), "number", "float64")


def test_columns_of_an_array_are_numbered():
    columns = Table([[1, "a"], [2, "b"]]).columns
    assert list(map(str, columns)) == ["'column 0' (object)", "'column 1' (object)"]
    assert [column.kind for column in columns] == ["number", "category"]


def test_rows_of_a_table():
    table = Table(pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", None, "z"]}))
    some = table.take(np.array([2, 1]))
    assert len(some) == 2
    assert some.numbers([0])[:, 0].tolist() == [3.0, 2.0]
    assert some.categories(1) == ["z", None]


@pytest.mark.parametrize("n_columns", [1, 7])
def test_blocks_of_numbers_cover_the_columns(monkeypatch, n_columns):
    values = np.arange(40.0).reshape(5, 8)
    which = [6, 1, 2, 7, 5, 3, 0]
    monkeypatch.setattr("sknumpy_mlp._inputs.table._BLOCK_SIZE", 5 * n_columns + 4)
    blocks = list(Table(values).number_blocks(which))
    assert len(blocks) == len(which) // n_columns
    covered = [i for where, _ in blocks for i in which[where]]
    assert covered == which
    for where, block in blocks:
        np.testing.assert_array_equal(block, values[:, which[where]])
    assert list(Table(values).number_blocks([])) == []
