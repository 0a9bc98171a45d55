"""A table in which columns of dates have become several columns of numbers."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from sknumpy_mlp._inputs.table import Column, Table
from sknumpy_mlp._utils.typing import Array, IntArray


class ExpandedTable(Table):
    """A table with some columns replaced by numbers, and further columns of numbers.

    The other columns keep their indices, labels and kinds.

    Parameters
    ----------
    table : Table
        The table.
    numbers : mapping of int to ndarray of shape (n_rows,)
        Columns in place of the table's, by their indices, and further ones, by the
        indices that follow.
    """

    def __init__(self, table: Table, numbers: Mapping[int, Array]) -> None:
        # Without the checks of `Table`, which the table has passed.
        self._table, self._expanded = table, numbers
        self._source, self._kept = table._source, {}
        self.data, self.labels = table.data, table.labels
        n_columns = len(numbers.keys() | set(range(table.shape[1])))
        self.shape = (len(table), n_columns)

    @cached_property
    def columns(self) -> list[Column]:
        """Name, kind and data type of each column of the original table."""
        return self._table.columns

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each column."""
        kinds = dict(enumerate(self._table.kinds))
        return list((kinds | dict.fromkeys(self._expanded, "number")).values())

    def take(self, rows: IntArray) -> "ExpandedTable":
        """Return a table of some of the rows."""
        numbers = {i: values[rows] for i, values in self._expanded.items()}
        return ExpandedTable(self._table.take(rows), numbers)

    def _floats(self, which: Sequence[int]) -> Array:
        values = np.empty((self.shape[0], len(which)))
        own = [k for k, i in enumerate(which) if i not in self._expanded]
        if own:
            values[:, own] = self._table._floats([which[k] for k in own])
        for k in sorted(set(range(len(which))) - set(own)):
            values[:, k] = self._expanded[which[k]]
        return values
