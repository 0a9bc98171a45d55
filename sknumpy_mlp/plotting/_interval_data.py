"""The data of prediction intervals: columns, quantiles, coverage."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.networks import unwrap
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import shown


def check_coverage(coverage: Any) -> None:
    is_number = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if coverage is not None and not (is_number and 0 < coverage < 1):
        raise ValueError(
            f"coverage={shown(coverage)} must be a float in the range (0, 1), or None."
        )


def transformed(estimator: Any, X: Any, caller: str) -> Any:
    """Return ``X`` as the network that an estimator wraps receives it.

    Raise TypeError if there is a wrapper that changes the scale of the target.
    """
    for wrapper in unwrap(estimator)[:-1]:
        if isinstance(wrapper, Pipeline):
            X = wrapper[:-1].transform(X) if len(wrapper) > 1 else X
        elif not hasattr(wrapper, "best_estimator_"):
            raise TypeError(
                f"{caller} cannot draw {type(wrapper).__name__}, which predicts no "
                "intervals on the scale of its target. Pass the intervals to "
                "from_predictions."
            )
    return X


def pick_levels(levels: Sequence[float], coverage: float | None) -> tuple[int, int]:
    """Return which two levels make an interval of this coverage."""
    if coverage is None:
        return 0, len(levels) - 1
    offered = {}
    for i, low in enumerate(levels):
        for j, high in enumerate(levels[i + 1 :], start=i + 1):
            if math.isclose(low, 1.0 - high, abs_tol=1e-9):
                offered[high - low] = (i, j)
    for share, pair in offered.items():
        if math.isclose(share, coverage, abs_tol=1e-9):
            return pair
    possible = ", ".join(f"{share:g}" for share in sorted(offered)) or "none"
    raise ValueError(
        f"coverage={coverage}: the quantiles {list(levels)} have no such interval "
        f"around the median (possible: {possible}). Set coverage=None for the widest."
    )


def with_nan(x: Any) -> Any:
    """Return positions with NaN for None and the like."""
    if np.ma.isMaskedArray(x):
        return np.ma.filled(x.astype(np.float64), np.nan)
    values = np.asarray(x)
    if values.dtype.kind != "O" or values.ndim != 1:
        return x
    present = Table(values[:, np.newaxis]).categories(0)
    return [np.nan if value is None else value for value in present]


def check_band(x: Array, low: Array, high: Array) -> None:
    """Raise ValueError if samples at one of the values, in order, differ in theirs."""
    same = np.diff(x) == 0.0
    if (same & ((np.diff(low) != 0.0) | (np.diff(high) != 0.0))).any():
        raise ValueError(
            "kind='band' needs one interval for each value of x, but there are "
            "samples at the same value with different ones. Use kind='bars'."
        )


def _varies(X: Any, i: int) -> bool:
    """Whether a column of a table or of a sparse matrix has several values."""
    if isinstance(X, Table):
        first, *rest = X.categories(i)
        return any(value != first for value in rest)
    values = X.tocsc()[:, [i]].toarray()
    return bool((values != values[0]).any())


def column_of(X: Any, feature: Any, *, alone: bool) -> tuple[Array, str]:
    """Return a column of a table as numbers, and its name.

    With ``alone``, raise ValueError if another column varies.
    """
    is_sparse = hasattr(X, "toarray")
    table = None if is_sparse else Table(X)
    names = [str(name) for name in getattr(X, "columns", [])]
    n_columns = X.shape[1] if table is None else table.shape[1]
    is_index = isinstance(feature, Integral) and not isinstance(feature, bool)
    if is_index and -n_columns <= feature < n_columns:
        i = int(feature) % n_columns
    elif feature in names:
        i = names.index(feature)
    else:
        raise ValueError(
            f"feature={shown(feature)} must be a column of X: an int in the range "
            f"[{-n_columns}, {n_columns})" + (f", or one of {names}." if names else ".")
        )
    others = [j for j in range(n_columns) if j != i]
    if alone and any(_varies(X if table is None else table, j) for j in others):
        raise ValueError(
            f"kind='band' shows intervals that depend on feature={shown(feature)} "
            "alone, but they depend on all columns of X, of which others vary as well: "
            "a band would go up and down from one sample to the next. Use kind='bars', "
            "or an X in which the other columns are the same in all rows."
        )
    if table is None:
        values: Array = X.tocsc()[:, [i]].toarray()[:, 0]
    else:
        if table.columns[i].kind not in ("number", "boolean"):
            raise ValueError(
                f"feature={shown(feature)} must be a column of numbers, for samples to "
                f"stand at, but it has the type {table.columns[i].dtype}. Use "
                "feature=None."
            )
        values = table.numbers([i])[:, 0]
    if np.isnan(values).all():
        raise ValueError(
            f"feature={shown(feature)} has no value in any sample, so there is nothing "
            "to draw. Use feature=None, for the order of the predictions."
        )
    return values, names[i] if names else f"Feature {i}"
