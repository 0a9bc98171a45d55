"""Folds and groups that users pass, for rows that are not independent."""

from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.missing import refuse_masked, refuse_missing
from sknumpy_mlp._utils.typing import IntArray
from sknumpy_mlp._utils.values import short_repr

#: Training and validation rows.
Fold: TypeAlias = tuple[IntArray, IntArray]


def is_splitter(cv: Any) -> bool:
    """Return True for a splitter or an iterable of splits, False for None or an int."""
    return cv is not None and not isinstance(cv, Integral)


def read_groups(groups: Any, n_samples: int) -> IntArray | None:
    """Return the number of each row's group.

    Parameters
    ----------
    groups : array-like of shape (n_samples,) or None
        The groups: numbers, strings, dates or any other values that are equal within a
        group.
    n_samples : int
        The number of rows.

    Returns
    -------
    groups : ndarray of shape (n_samples,) or None
        Integers from 0 in the order of first occurrence; None for None.

    Raises
    ------
    ValueError
        If their number differs from that of the rows, or if some are missing.
    """
    if groups is None:
        return None
    refuse_masked(groups, "groups")
    # Lists keep the types of their items, such as 1 and "1".
    values = np.asarray(groups, dtype=object if isinstance(groups, list) else None)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        found = short_repr(groups) if values.ndim == 0 else f"the shape {values.shape}"
        raise ValueError(
            f"groups must be one-dimensional, with a value for each of the {n_samples} "
            f"samples; got {found}."
        )
    with error_prefix("groups and X"):
        check_consistent_length(values, np.empty(n_samples))
    refuse_missing(
        values.astype(object) if values.dtype.kind == "f" else values, "groups"
    )
    codes: dict[Any, int] = {}
    try:
        return np.array([codes.setdefault(v, len(codes)) for v in values.tolist()])
    except TypeError as error:
        raise ValueError(
            f"groups must be numbers, strings or other hashable values: {error}. Pass "
            "an index of the group of each sample instead."
        ) from error


def user_folds(
    cv: Any,
    table: Any,
    y: NDArray[Any],
    groups: Any,
    rows: IntArray,
) -> list[Fold]:
    """Return the folds of a splitter.

    Parameters
    ----------
    cv : splitter or iterable of (train, test)
        The splitter, or the splits.
    table : frame or ndarray of shape (n_samples, n_features)
        The table.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        The target, not encoded.
    groups : array-like of shape (n_samples,) or None
        The groups, as the user has passed them: a splitter may need their values.
    rows : ndarray of shape (n_rows,)
        The rows to use, in ascending order; others are left out of the folds.

    Returns
    -------
    folds : list of tuple
        Training and validation rows, as positions in ``rows``.

    Raises
    ------
    ValueError
        If the splitter raises an error or yields no folds, if rows are not in the
        range, if test rows occur twice or are training rows as well, or if a fold has
        no training rows or no validation rows.
    """
    n_samples = len(y)
    # By name, and only if there are groups, since splitters have various signatures.
    further = {} if groups is None else {"groups": groups}
    with error_prefix(f"cv={short_repr(cv)}"):
        try:
            given = list(cv.split(table, y, **further) if hasattr(cv, "split") else cv)
        except (ValueError, TypeError):
            raise
        except Exception as error:  # a custom splitter may raise any exception
            raise ValueError(f"{type(error).__name__}: {error}") from error
        splits = [_read_split(i, split, n_samples) for i, split in enumerate(given)]
        if not splits:
            raise ValueError(
                "there are no splits. A generator is empty after its first use: pass a "
                "list of (train, test) pairs."
            )
    positions = np.full(n_samples, -1)
    positions[rows] = np.arange(len(rows))
    folds = []
    for i, split in enumerate(splits):
        train, test = (where[where >= 0] for where in (positions[p] for p in split))
        for part, name in ((train, "training"), (test, "validation")):
            if len(part) == 0:
                raise ValueError(
                    f"cv={short_repr(cv)}: split {i} has no {name} rows (of a weight "
                    "above zero). Use fewer folds, or leave this one out."
                )
        folds.append((train, test))
    return folds


def _read_split(i: int, split: Any, n_samples: int) -> Fold:
    """Return the rows of split ``i``, checked."""
    if not hasattr(split, "__len__") or len(split) != 2:
        raise ValueError(
            "each split must be a pair (train, test) of arrays, got "
            f"{short_repr(split)}."
        )
    train, test = (_indices(part, n_samples) for part in split)
    for part, name in ((train, "training"), (test, "test")):
        if len(part) and not 0 <= part.min() <= part.max() < n_samples:
            raise ValueError(
                f"the {name} rows of split {i} must be in the range [0, {n_samples}), "
                f"got {part.min()} to {part.max()}."
            )
    if len(np.unique(test)) < len(test):
        raise ValueError(f"split {i} has some test rows more than once.")
    both = np.intersect1d(train, test)
    if len(both):
        raise ValueError(
            f"split {i} has {len(both)} row(s), such as {both[0]}, both for training "
            "and for test: scores and calibration would be too optimistic."
        )
    return train, test


def _indices(part: Any, n_samples: int) -> IntArray:
    """Return the indices of rows that are given as indices or as a mask."""
    rows = np.asarray(part)
    if rows.dtype == bool and rows.shape == (n_samples,):
        return np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise ValueError(
            "train and test must be one-dimensional arrays of row numbers, got "
            f"{short_repr(part)}."
        )
    return rows.astype(np.intp)
