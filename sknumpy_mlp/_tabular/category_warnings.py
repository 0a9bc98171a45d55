"""Warnings about columns that are taken for categories."""

import numpy as np

from sknumpy_mlp._inputs.categories import Categories
from sknumpy_mlp._inputs.cells import as_number
from sknumpy_mlp._inputs.table import Column, Table
from sknumpy_mlp._utils.typing import IntArray
from sknumpy_mlp._utils.values import shown
from sknumpy_mlp._utils.warnings import warn

# So many values that are nearly all distinct are no chance.
_NO_CHANCE = 20

# A larger share of distinct values is a category for nearly every row.
_NEARLY_ALL = 0.9

# So many exceptions are shown in a warning.
_MOST_SHOWN = 5

# What pandas, polars and Arrow call types of categories.
_TYPES_OF_CATEGORIES = ("category", "Categorical", "Enum", "dictionary")

# So many distinct strings at most, or this share of the rows, are exceptions among
# numbers.
_FEW, _RARE = 5, 0.05


# So many distinct strings that are fractions are no names of categories.
_MANY = 10


def exceptions_among_numbers(
    categories: Categories, codes: IntArray
) -> list[str] | None:
    """Return the strings in a column of numbers that are none; None for other columns.

    Strings are taken for a column of numbers if few of them, or those of few rows, are
    exceptions.  If none is, they must be many, with fractions among them: whole numbers
    may be codes.

    Parameters
    ----------
    categories : Categories
        The categories of the column.
    codes : ndarray of shape (n_rows,)
        The codes of its values.
    """
    if "string" not in categories.kinds:
        return None
    numbers = [as_number(v) if isinstance(v, str) else v for v in categories.values]
    if any(isinstance(number, bool) for number in numbers):
        return None
    known = [number for number in numbers if number is not None]
    is_exception = np.array([number is None for number in numbers])
    exceptions = [
        v for v, n in zip(categories.values, numbers, strict=True) if n is None
    ]
    if exceptions:
        n_rows = np.bincount(codes, minlength=len(numbers) + 1)[1:]
        are_few = len(exceptions) <= min(_FEW, len(known) // 3)
        are_rare = n_rows[is_exception].sum() <= _RARE * n_rows.sum()
        return exceptions if are_few or are_rare else None
    is_fraction = [number != int(number) for number in known]
    return [] if len(known) >= _MANY and any(is_fraction) else None


def warn_of_numbers(
    table: Table, i: int, categories: Categories, codes: IntArray
) -> None:
    """Warn of a column of strings that may be meant as numbers."""
    column = table.columns[i]
    if column.dtype.startswith(_TYPES_OF_CATEGORIES):
        return
    exceptions = exceptions_among_numbers(categories, codes)
    if exceptions is None:
        return
    others = ", ".join(map(shown, exceptions[:_MOST_SHOWN]))
    if len(exceptions) > _MOST_SHOWN:
        others += f" and {len(exceptions) - _MOST_SHOWN} more"
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
        f"Column {column.name!r} ({column.dtype}) is taken for categories, since it "
        f"holds strings, but they read as numbers{' except ' if others else ''}"
        f"{others}. If it is a column of numbers, {to_numbers}. If it is one of "
        f"categories, {to_categories}."
    )


def warn_of_many(column: Column, categories: Categories, n_present: int) -> None:
    """Warn of a column that tells rows apart."""
    n_seen = len(categories.values)
    if n_present >= _NO_CHANCE and n_seen > _NEARLY_ALL * n_present:
        warn(
            f"Column {column.name!r} ({column.dtype}) has {n_seen} categories in "
            f"{n_present} rows, such as {shown(categories.values[:3])}: a category "
            "for nearly every row says nothing of other rows. Leave the column "
            "out, or make numbers or fewer categories of it."
        )
