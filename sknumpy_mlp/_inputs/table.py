"""Tables: a common interface to data frames and arrays, read column by column."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpy_mlp._inputs.column_kinds import kind_of_objects
from sknumpy_mlp._inputs.column_labels import (
    check_label_order,
    column_names,
    label_strings,
)
from sknumpy_mlp._inputs.date_values import DateValues
from sknumpy_mlp._inputs.errors import error_prefix, infinity_error
from sknumpy_mlp._inputs.missing import is_missing, with_none
from sknumpy_mlp._inputs.sources import source_of
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import short_repr

# Number of elements of a block of columns: 32 MB in float64.
_BLOCK_SIZE = 2**22


@dataclass(frozen=True)
class Column:
    """Name, kind and data type of a column.

    Attributes
    ----------
    name : str
        The column label as a string, or ``'column 0'`` and so on in an array.
    kind : {'number', 'boolean', 'category', 'date', 'other'}
        The kind of the column, determined by its type or, for objects, by its values.
    dtype : str
        The name of the data type.
    """

    name: str
    kind: str
    dtype: str

    def __str__(self) -> str:
        """Return the representation of the column in error messages."""
        return f"{self.name!r} ({self.dtype})"


class Table:
    """A pandas, polars or Arrow table, an array, or a list of rows.

    Parameters
    ----------
    X : frame or array-like of shape (n_samples, n_features)
        The table.

    Attributes
    ----------
    data : frame or ndarray
        The table, with an array in place of a list.
    shape : tuple of int
        Numbers of rows and columns.
    labels : list or None
        The original column labels; None for an array.

    Raises
    ------
    ValueError, TypeError
        If it is not a table, or if it is sparse or complex.
    """

    def __init__(self, X: Any) -> None:
        self._source = source_of(X)
        self.data = self._source.data
        self.shape = self._source.shape
        self.labels = self._source.labels
        self._kept: dict[tuple[int, ...], Array] = {}
        if self.labels is None:
            return
        for n, what in zip(self.shape, ("sample(s)", "feature(s)"), strict=True):
            if n == 0:
                raise ValueError(
                    f"Found array with 0 {what} (shape={self.shape}) while a minimum "
                    "of 1 is required."
                )
        counts = Counter(map(str, self.labels))
        if len(counts) < len(self.labels):
            twice = sorted(name for name, count in counts.items() if count > 1)
            raise ValueError(
                f"X has several columns of the names {twice}. Rename them: by a name, "
                "each column must be found."
            )

    @cached_property
    def columns(self) -> list[Column]:
        """Name, kind and data type of each column."""
        source = self._source
        if self.labels is None:
            names = [f"column {i}" for i in range(self.shape[1])]
        else:
            names = list(map(str, self.labels))
        # Tables have many columns but few types, and str(dtype) is slow.
        written = {id(dtype): str(dtype) for dtype in source.dtypes}
        dtypes = [written[id(dtype)] for dtype in source.dtypes]
        return [Column(*each) for each in zip(names, self.kinds, dtypes, strict=True)]

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each column."""
        by_type: dict[int, str | None] = {}
        kinds = []
        for i, dtype in enumerate(self._source.dtypes):
            if id(dtype) not in by_type:
                by_type[id(dtype)] = self._source.kind(dtype)
            kind = by_type[id(dtype)]
            kinds.append(kind or self._source.kind_of_values(i))
        return kinds

    @cached_property
    def has_string_labels(self) -> bool:
        """Whether there are column labels and all of them are strings."""
        labels = self.labels
        return labels is not None and all(isinstance(label, str) for label in labels)

    @cached_property
    def label_strings(self) -> list[str] | None:
        """The ``repr`` of the column labels; None for an array."""
        return None if self.labels is None else label_strings(self.labels)

    def take(self, rows: IntArray) -> "Table":
        """Return a table of some of the rows."""
        return Table(self._source.take(rows))

    def number_blocks(self, which: Sequence[int]) -> Iterator[tuple[slice, Array]]:
        """Yield some columns as float64, in blocks of limited size.

        Yields
        ------
        where : slice
            The positions of the block's columns in ``which``.
        values : ndarray of shape (n_rows, n_columns)
            The columns, with NaN for missing values.
        """
        n_columns = max(1, _BLOCK_SIZE // max(1, len(self)))
        for start in range(0, len(which), n_columns):
            where = slice(start, min(start + n_columns, len(which)))
            columns = tuple(which[where])
            if columns not in self._kept:
                values = self._floats(columns)
                if np.isinf(values).any():
                    raise self._infinity_error(which[start:])
                # Most tables are a single block, which is read several times.
                self._kept = {columns: values} if n_columns >= len(which) else {}
            else:
                values = self._kept[columns]
            yield where, values

    def numbers(self, which: Sequence[int]) -> Array:
        """Return some columns as float64, with NaN for missing values.

        The result has the shape ``(n_rows, len(which))``.
        """
        values = self._floats(which)
        if np.isinf(values).any():
            raise self._infinity_error(which)
        return values

    def _infinity_error(self, which: Sequence[int]) -> ValueError:
        """Return an error that names those of some columns with infinite values."""
        infinite = [i for i in which if np.isinf(self._floats([i])).any()]
        return infinity_error(column_names(self.labels, infinite))

    def _floats(self, which: Sequence[int]) -> Array:
        values = np.empty((self.shape[0], len(which)))
        kinds = self.kinds
        typed = [
            k
            for k, i in enumerate(which)
            if kinds[i] in ("number", "boolean") and self._source.is_typed(i)
        ]
        is_all = len(typed) == len(which) and list(which) == list(range(self.shape[1]))
        if is_all:
            values[...] = self._source.all_floats()
        elif typed:
            values[:, typed] = self._source.floats([which[k] for k in typed])
        for k in sorted(set(range(len(which))) - set(typed)):
            values[:, k] = self._floats_of_objects(which[k])
        return values

    def _floats_of_objects(self, i: int) -> Array:
        numbers = np.empty(self.shape[0])
        for row, value in enumerate(self._source.objects(i)):
            try:
                numbers[row] = np.nan if is_missing(value) else float(value)
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(
                    f"X: column {self.columns[i]} was to hold numbers, but has the "
                    f"value {short_repr(value)}: {error}. Pass what the estimator was "
                    "fitted on, or name the column in categorical_features and fit "
                    "again."
                ) from error
        return numbers

    def categories(self, i: int) -> list[Any]:
        """Return the values of a column, with None for missing ones."""
        return with_none(self._source.objects(i))

    def dates(self, i: int) -> DateValues:
        """Return the values of a column of kind 'date'."""
        with error_prefix(f"X: column {self.columns[i]}"):
            return self._source.dates(i)

    def unusable_value(self, i: int) -> Any:
        """Return a value that makes a column one of kind 'other'."""
        values = [value for value in self.categories(i) if value is not None]
        found = (value for value in values if kind_of_objects([value]) == "other")
        return next(found, values[0] if values else None)

    def __len__(self) -> int:
        return self.shape[0]


def check_labels(table: Table, fitted: Any) -> None:
    """Check that a table has the columns of `fit`, in the same order.

    Labels that are strings have been checked by scikit-learn.

    Parameters
    ----------
    table : Table
        The table.
    fitted : TabularPreprocessor
        The fitted preprocessor, with the labels of `fit`.

    Raises
    ------
    ValueError
        If the labels, or their order, differ.
    """
    has_strings, expected = hasattr(fitted, "feature_names_in_"), fitted._labels
    if has_strings and table.has_string_labels:
        return
    if has_strings:
        expected = label_strings(fitted.feature_names_in_)
    has_warned = has_strings or table.has_string_labels
    check_label_order(
        expected, table.label_strings, fitted.n_features_in_, has_warned=has_warned
    )


def refuse_unusable(table: Table) -> None:
    """Raise an error that names the columns of kind 'other', if any."""
    if "other" not in table.kinds:
        return
    others = [
        f"{c.name!r} ({c.dtype}, such as {short_repr(table.unusable_value(i))})"
        for i, c in enumerate(table.columns)
        if c.kind == "other"
    ]
    raise TypeError(
        "X holds values that are neither numbers nor categories in the columns "
        f"{', '.join(others[:20])}. Each value in this argument must be a string, a "
        "number, a boolean, a date or missing. Turn them into columns of numbers or "
        "categories first, for example of strings with map(str), or leave them out."
    )
