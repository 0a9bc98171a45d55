"""Selection of the categorical columns of a table, and their categories."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.categories import Categories
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.category_checks import (
    check_unknown,
    warn_if_distinct,
    warn_if_numeric,
)
from sknumpy_mlp._utils.typing import IntArray

#: The codes of each categorical column.
CategoryCodes: TypeAlias = dict[int, IntArray]


def categorical_mask(given: Any, table: Table) -> NDArray[np.bool_]:
    """Return the mask of the categorical columns.

    Parameters
    ----------
    given : 'from_dtype' or array-like
        The parameter ``categorical_features``.
    table : Table
        The table.

    Raises
    ------
    ValueError
        If the parameter does not suit the table, leaves out a column whose values are
        not numbers, or has a column of dates.
    """
    kinds = np.array(table.kinds)
    if isinstance(given, str) and given == "from_dtype":
        return np.isin(kinds, ("category", "boolean"))
    labels = table.labels if table.has_string_labels else None
    mask = _mask_of(given, table.shape[1], labels)
    left = np.flatnonzero((kinds == "category") & ~mask)
    if left.size:
        names = [table.columns[i].name for i in left]
        raise ValueError(
            f"categorical_features={given!r} leaves out {names}, whose values are "
            "no numbers. Add them, encode them as numbers, or pass 'from_dtype'."
        )
    dates = [table.columns[i].name for i in np.flatnonzero((kinds == "date") & mask)]
    if dates:
        raise ValueError(
            f"categorical_features={given!r} has {dates}, whose values are dates or "
            "times. Leave them out, or turn them into strings, such as '2024-07'."
        )
    return mask


def learn_categories(
    table: Table, which: Sequence[int], *, chosen_by_dtype: bool
) -> tuple[dict[int, Categories], CategoryCodes]:
    """Return the categories of each categorical column, and the codes of its values.

    Parameters
    ----------
    table : Table
        The table.
    which : sequence of int
        The categorical columns.
    chosen_by_dtype : bool
        Whether the columns were not chosen by the user, who is then warned of numbers.
    """
    learned: dict[int, Categories] = {}
    codes: CategoryCodes = {}
    for i in which:
        values = table.categories(i)
        categories = learned[i] = Categories.learn(values)
        codes[i] = categories.encode(values)
        if chosen_by_dtype:
            warn_if_numeric(table, i, categories, codes[i])
        warn_if_distinct(table.columns[i], categories, codes[i])
    return learned, codes


def encode_categories(
    table: Table, categories_of: Mapping[int, Categories]
) -> CategoryCodes:
    """Return the codes of the values of categorical columns.

    Parameters
    ----------
    table : Table
        The table.
    categories_of : mapping of int to Categories
        The categories of each column.

    Returns
    -------
    codes : dict of int to ndarray of shape (n_samples,)
        The codes of each column, from 1 in the order of the categories, and 0 for
        missing and unknown values.

    Raises
    ------
    ValueError
        If a value is unknown and of another kind than all categories.
    """
    codes: CategoryCodes = {}
    for i, categories in categories_of.items():
        values = table.categories(i)
        codes[i] = categories.encode(values)
        if not codes[i].all():  # otherwise, `table.columns` is not computed
            check_unknown(table.columns[i], categories, values, codes[i])
    return codes


def _mask_of(given: Any, n_columns: int, labels: list[Any] | None) -> NDArray[np.bool_]:
    """Convert a mask, indices or names of columns to a mask."""
    mask: NDArray[np.bool_] = np.zeros(n_columns, dtype=bool)
    chosen = np.atleast_1d(np.asarray([] if given is None else given))
    if chosen.size == 0:
        return mask
    if chosen.dtype.kind == "b":
        if chosen.shape == mask.shape:
            mask |= chosen
            return mask
        problem = f"a mask must have {n_columns} items"
    elif chosen.dtype.kind in "iu":
        if chosen.min() >= 0 and chosen.max() < n_columns:
            mask[chosen] = True
            return mask
        problem = f"indices must be in the range [0, {n_columns})"
    elif labels is not None:
        index = {label: i for i, label in enumerate(labels)}
        unknown = [name for name in chosen.tolist() if name not in index]
        if not unknown:
            mask[[index[name] for name in chosen.tolist()]] = True
            return mask
        problem = f"X has no columns {unknown}"
    else:
        problem = "names need a data frame whose columns have names"
    raise ValueError(
        f"categorical_features={given!r}: {problem}. Pass 'from_dtype', a mask, "
        "indices or names of columns."
    )
