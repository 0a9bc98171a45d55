"""Column labels: the order seen in `fit`, and the names in error messages."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sknumpy_mlp._inputs.frames import is_pandas_frame
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp._utils.warnings import warn

# Maximum number of columns that messages name, and of labels that they list.
_MAX_COLUMNS, _MAX_LABELS = 5, 8


def labels_of(X: Any) -> Any:
    """Return the column labels of a data frame or an Arrow table, None for others."""
    return getattr(X, "column_names", getattr(X, "columns", None))


def column_names(labels: Any, which: Iterable[int]) -> list[str]:
    """Return the names of columns for error messages: labels or, without them, indices.

    Parameters
    ----------
    labels : sequence or None
        The labels of all columns.
    which : iterable of int
        The indices of the columns.
    """
    return [str(i) if labels is None else short_repr(labels[i]) for i in which]


def listed(columns: Sequence[str]) -> str:
    """Return the first names of columns as part of a sentence."""
    names = ", ".join(columns[:_MAX_COLUMNS])
    n_others = len(columns) - _MAX_COLUMNS
    if n_others > 0:
        names += f" and {n_others} more"
    return f"the column{'s' if len(columns) > 1 else ''} {names}"


def label_strings(labels: Iterable[Any]) -> list[str]:
    """Return the ``repr`` of each label, which `fit` stores instead of the label.

    Thus 1 differs from "1", and a saved estimator contains no pandas objects.
    """
    return [
        repr(label.item() if isinstance(label, np.generic) else label)
        for label in labels
    ]


def non_string_labels(X: Any) -> list[str] | None:
    """Return the labels of a pandas frame as strings, if some of them are not strings.

    Return None if all of them are strings, whose order scikit-learn checks.
    """
    if not is_pandas_frame(X):
        return None
    labels = list(X.columns)
    if all(isinstance(label, str) for label in labels):
        return None
    return label_strings(labels)


def columns_error(expected: list[str], given: list[str]) -> ValueError:
    """Return the error for a table whose columns are not those of `fit`."""
    return ValueError(
        f"The columns of X must be those of fit, in the same order: fit saw "
        f"{_shortened(expected)}, but X has {_shortened(given)}. Pass X[columns] with "
        "the columns in the order of fit."
    )


def check_label_order(
    expected: list[str] | None,
    given: list[str] | None,
    n_columns: int,
    *,
    has_warned: bool,
) -> None:
    """Check that a table has the columns of `fit`, in the same order.

    Labels that only number the columns are ignored.  The columns are then used in their
    order, with a warning if only one of the two tables has real labels.

    Parameters
    ----------
    expected, given : list of str or None
        The labels of `fit` and of the table, from `label_strings`; None for an array.
    n_columns : int
        The number of columns.
    has_warned : bool
        Whether scikit-learn has already warned that only one of the two has labels,
        which it does for strings.

    Raises
    ------
    ValueError
        If the labels, or their order, differ.
    """
    if given == expected:
        return
    numbered = list(map(str, range(n_columns)))
    unlabeled = (None, numbered)
    if given in unlabeled and expected in unlabeled:
        return
    if given in unlabeled or expected in unlabeled:
        if has_warned:
            return
        if given is None or set(given) != set(expected or numbered):
            warn(
                f"X has the columns {_shortened(given or numbered)}, but was fitted "
                f"with {_shortened(expected or numbered)}. Columns are taken in the "
                "order they have."
            )
            return
    raise columns_error(expected or numbered, given or numbered)


def _shortened(labels: list[str]) -> str:
    is_cut = len(labels) > _MAX_LABELS
    return f"[{', '.join(labels[:_MAX_LABELS])}{', ...' if is_cut else ''}]"
