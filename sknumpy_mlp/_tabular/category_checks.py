"""Errors and warnings about the categories of a column, in `fit` and after it."""

from typing import Any

import numpy as np

from sknumpy_mlp._inputs.categories import Categories
from sknumpy_mlp._inputs.cells import parse_number
from sknumpy_mlp._inputs.table import Column, Table
from sknumpy_mlp._utils.typing import IntArray
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp._utils.warnings import warn

# With fewer values, nearly all may be distinct, or unknown, by chance.
_MIN_VALUES = 20

# If a larger fraction of the values is distinct, nearly every row has its own category.
_MAX_DISTINCT = 0.9

# The number of exceptions that a warning shows.
_MAX_SHOWN = 5

# Prefixes of the names of categorical types in pandas, polars and Arrow.
_CATEGORICAL_DTYPES = ("category", "Categorical", "Enum", "dictionary")

# Maximum number of distinct strings, and maximum fraction of rows with strings, that
# are considered exceptions in a numeric column; one of the two is sufficient.
_MAX_EXCEPTIONS, _MAX_SHARE = 5, 0.05

# Minimum number of distinct strings with fractions that are considered numbers.
_MIN_NUMBERS = 10


def exceptions_among_numbers(
    categories: Categories, codes: IntArray
) -> list[str] | None:
    """Return the strings that cannot be parsed in a column of numbers, else None.

    A column of strings is considered numeric if only a few distinct strings, or strings
    in a few rows, cannot be parsed as numbers.  If all can be parsed, there must be
    many distinct ones with fractions among them, since integers may be codes.

    Parameters
    ----------
    categories : Categories
        The categories of the column.
    codes : ndarray of shape (n_rows,)
        The codes of its values.

    Returns
    -------
    exceptions : list of str or None
        The strings that cannot be parsed; None if the column is not numeric.
    """
    if "string" not in categories.kinds:
        return None
    numbers = [parse_number(v) if isinstance(v, str) else v for v in categories.values]
    if any(isinstance(number, bool) for number in numbers):
        return None
    known = [number for number in numbers if number is not None]
    is_exception = np.array([number is None for number in numbers])
    exceptions = [
        v for v, n in zip(categories.values, numbers, strict=True) if n is None
    ]
    if exceptions:
        n_rows = np.bincount(codes, minlength=len(numbers) + 1)[1:]
        are_few = len(exceptions) <= min(_MAX_EXCEPTIONS, len(known) // 3)
        are_rare = n_rows[is_exception].sum() <= _MAX_SHARE * n_rows.sum()
        return exceptions if are_few or are_rare else None
    is_fraction = [number != int(number) for number in known]
    return [] if len(known) >= _MIN_NUMBERS and any(is_fraction) else None


def warn_if_numeric(
    table: Table, i: int, categories: Categories, codes: IntArray
) -> None:
    """Warn about a column of strings that are probably meant as numbers."""
    column = table.columns[i]
    if column.dtype.startswith(_CATEGORICAL_DTYPES):
        return
    exceptions = exceptions_among_numbers(categories, codes)
    if exceptions is None:
        return
    others = ", ".join(map(short_repr, exceptions[:_MAX_SHOWN]))
    if len(exceptions) > _MAX_SHOWN:
        others += f" and {len(exceptions) - _MAX_SHOWN} more"
    to_numbers = "convert it to floats, with NaN for all else"
    to_categories = "name all columns of categories in categorical_features"
    if table.labels is not None:
        name = repr(table.labels[i])
        to_numbers = (
            f"convert it, for example with pandas.to_numeric(X[{name}], "
            "errors='coerce'), which makes all else missing"
        )
        to_categories = f"give it such a type, as X[{name}].astype('category') has it"
    warn(
        f"Column {column} is taken for categories, since it holds strings, but they "
        f"read as numbers{' except ' if others else ''}{others}. If it is a column of "
        f"numbers, {to_numbers}. If it is one of categories, {to_categories}."
    )


def warn_if_distinct(column: Column, categories: Categories, codes: IntArray) -> None:
    """Warn about a column with a category for nearly every row."""
    n_seen, n_present = len(categories.values), np.count_nonzero(codes)
    if n_present >= _MIN_VALUES and n_seen > _MAX_DISTINCT * n_present:
        warn(
            f"Column {column} has {n_seen} categories in {n_present} rows, such as "
            f"{short_repr(categories.values[:3])}: a category for nearly every row "
            "says nothing of other rows. Leave the column out, or make numbers, "
            "fewer categories or, with pandas.to_datetime, dates of it."
        )


def check_unknown(
    column: Column, categories: Categories, values: list[Any], codes: IntArray
) -> None:
    """Check the values of a column that were not seen in `fit`, at prediction time.

    Parameters
    ----------
    column : Column
        The column.
    categories : Categories
        The categories seen in `fit`.
    values : list
        The values, with None for missing ones.
    codes : ndarray of shape (n_rows,)
        The codes of the values.

    Raises
    ------
    ValueError
        If a value is unknown and of another kind than all categories.

    Warns
    -----
    UserWarning
        If there are many values and all of them are unknown.
    """
    if codes.all() or not categories.values:
        return
    other = categories.first_of_another_kind(values, codes)
    if other is not None:
        raise ValueError(
            f"X: column {column} has the value {short_repr(other)} of type "
            f"{type(other).__name__}, but in fit its categories were of the kind "
            f"{' or '.join(categories.kinds)}, such as "
            f"{short_repr(categories.values[:3])}. Convert the column to the type that "
            "it had in fit, or fit again."
        )
    n_present = len(values) - values.count(None)
    if n_present >= _MIN_VALUES and not codes.any():
        warn(
            f"None of the {n_present} values of column {column} was seen by fit, which "
            f"saw {categories.values[:3]} and the like. They are taken for unknown; is "
            "it another column than before?"
        )
