"""Column labels: their order since `fit`, and how error messages name columns."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sknumpy_mlp._utils.values import shown

_MOST_LISTED = 5


def label_strings(labels: Iterable[Any]) -> list[str]:
    """Return names of columns as they are written.

    So that 1 is not "1", and that a saved estimator holds no objects of pandas.
    """
    return [
        repr(label.item() if isinstance(label, np.generic) else label)
        for label in labels
    ]


def shortened(labels: list[str]) -> str:
    """Return names of columns, the first of many, as messages show them."""
    return f"[{', '.join(labels[:8])}{', ...' if len(labels) > 8 else ''}]"


def columns_error(expected: list[str], given: list[str]) -> ValueError:
    """Return the error of a table whose columns are not those of `fit`."""
    return ValueError(
        f"The columns of X must be those of fit, in the same order: fit saw "
        f"{shortened(expected)}, but X has {shortened(given)}. Pass X[columns] with "
        "the columns in the order of fit."
    )


def other_labels(X: Any) -> list[str] | None:
    """Return the names of a pandas frame's columns, unless scikit-learn sees to them.

    It does if all of them are strings.
    """
    if not (hasattr(X, "iloc") and hasattr(X, "columns")):
        return None
    labels = list(X.columns)
    if all(isinstance(label, str) for label in labels):
        return None
    return label_strings(labels)


def column_names(X: Any, which: Any) -> list[str]:
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return [str(i) if names is None else shown(names[i]) for i in which]


def listed(columns: Sequence[str]) -> str:
    """Return columns, the first of many, as messages show them."""
    some = ", ".join(columns[:_MOST_LISTED])
    n_others = len(columns) - _MOST_LISTED
    if n_others > 0:
        some += f" and {n_others} more"
    return f"the column{'s' if len(columns) > 1 else ''} {some}"
