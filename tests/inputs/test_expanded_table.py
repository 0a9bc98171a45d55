"""A table with numbers in place of some columns, and with further ones."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp._inputs.expanded_table import ExpandedTable
from sknumpy_mlp._inputs.table import Table


@pytest.fixture
def table():
    X = pd.DataFrame(
        {
            "a": [1.0, 2.0, np.nan],
            "when": pd.date_range("2024-01-01", periods=3),
            "c": ["x", "y", "x"],
        }
    )
    return ExpandedTable(
        Table(X), {1: np.array([0.0, 1.0, 2.0]), 3: np.array([7.0, 8.0, 9.0])}
    )


def test_columns_keep_their_indices(table):
    assert table.shape == (3, 4)
    assert len(table) == 3
    assert table.kinds == ["number", "number", "category", "number"]
    assert [column.name for column in table.columns] == ["a", "when", "c"]
    assert table.labels == ["a", "when", "c"]
    assert table.categories(2) == ["x", "y", "x"]


@pytest.mark.parametrize("which", [[0], [1], [3, 0], [0, 1, 3], []])
def test_numbers_of_the_table_and_its_own(table, which):
    columns = {0: [1, 2, np.nan], 1: [0, 1, 2], 3: [7, 8, 9]}
    expected = np.array([columns[i] for i in which]).T.reshape(3, len(which))
    np.testing.assert_array_equal(table.numbers(which), expected)
    for _ in range(2):  # the second time from memory
        ((_, block),) = table.number_blocks(which) if which else [(None, expected)]
        np.testing.assert_array_equal(block, expected)


def test_some_of_the_rows(table):
    some = table.take(np.array([2, 0]))
    assert some.shape == (2, 4)
    np.testing.assert_array_equal(some.numbers([0, 1, 3]), [[np.nan, 2, 9], [1, 0, 7]])
    assert some.categories(2) == ["x", "x"]


def test_infinite_numbers_are_named(table):
    X = table.data.assign(a=np.inf)
    expanded = ExpandedTable(Table(X), {1: np.zeros(3), 3: np.zeros(3)})
    with pytest.raises(ValueError, match=r"infinity.*the column 'a'"):
        expanded.numbers([1, 0, 3])
