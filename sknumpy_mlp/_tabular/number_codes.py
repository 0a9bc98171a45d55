"""Numbers that are codes: each value has an effect of its own on the target.

Examples are postal codes, and amounts that a tax form defines.  Networks are smooth
functions of numbers, so that such columns are encoded as categories as well.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import type_of_target

from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._utils.typing import Array, IntArray

# Only values of at least so many rows are encoded, if there are at least so many of
# them, and if they are most of the column.
_MIN_ROWS, _MIN_VALUES, _MIN_SHARE = 10, 10, 0.8

# The minimum variation of the target between neighboring values, relative to that of
# chance.  Smooth effects are near 1, and codes at 20 or more.
_MIN_VARIATION = 10.0

# Classes beyond this number are compared like numbers.
_MAX_CLASSES = 100


def learn_number_codes(table: Table, which: Sequence[int], y: Any) -> dict[int, Array]:
    """Return the values of each column of numbers that are codes.

    Parameters
    ----------
    table : Table
        The table.
    which : sequence of int
        The columns of numbers.
    y : array-like of shape (n_rows,) or (n_rows, n_targets), or None
        The target; with None, no column has codes.

    Returns
    -------
    codes : dict of int to ndarray of shape (n_values,)
        For each column of codes, the values in ascending order.

    Raises
    ------
    ValueError
        If table and target have different numbers of rows.
    """
    codes: dict[int, Array] = {}
    if y is None:
        return codes
    check_consistent_length(table.data, y)
    target = _encoded(y)
    for where, numbers in table.number_blocks(which):
        for i, column in zip(which[where], numbers.T, strict=True):
            values = _codes_in(column, target)
            if values is not None:
                codes[i] = values
    return codes


def encode_numbers(column: Array, values: Array) -> IntArray:
    """Return codes from 1 in the order of ``values``, and 0 for all other numbers.

    Parameters
    ----------
    column : ndarray of shape (n_rows,)
        The numbers, with NaN for missing ones.
    values : ndarray of shape (n_values,)
        The values of the codes in ascending order.
    """
    at = np.minimum(np.searchsorted(values, column), len(values) - 1)
    codes: IntArray = np.where(values[at] == column, at + 1, 0)
    return codes


def _encoded(y: Any) -> NDArray[Any]:
    """Return class codes, shape (n_rows,), or numbers, shape (n_rows, n_targets)."""
    values: NDArray[Any] = np.asarray(y)
    if type_of_target(values) in ("binary", "multiclass"):
        classes, codes = np.unique(values, return_inverse=True)
        if len(classes) <= _MAX_CLASSES:
            return codes.ravel()
        if values.dtype.kind not in "iuf":
            values = codes
    return values.astype(np.float64).reshape(len(values), -1)


def _codes_in(column: Array, target: NDArray[Any]) -> Array | None:
    """Return the values that are codes; None if the column's effect is smooth."""
    is_known = ~np.isnan(column)
    if is_known.all():
        known = column
    else:
        known, target = column[is_known], target[is_known]
    if len(known) < _MIN_ROWS * _MIN_VALUES:
        return None
    values, which, counts = np.unique(known, return_inverse=True, return_counts=True)
    is_frequent = counts >= _MIN_ROWS
    if is_frequent.sum() < _MIN_VALUES or counts[is_frequent].sum() < _MIN_SHARE * len(
        known
    ):
        return None
    means, variances = _means_by_value(which, counts, target)
    variation = _variation(means[is_frequent], counts[is_frequent], variances)
    return values[is_frequent] if variation >= _MIN_VARIATION else None


def _means_by_value(
    which: IntArray, counts: IntArray, target: NDArray[Any]
) -> tuple[Array, Array]:
    """Return the mean target of each value, and the variance of each target."""
    n_values = len(counts)
    if target.ndim == 1:
        n_classes = int(target.max(initial=0)) + 1
        cells = np.bincount(which * n_classes + target, minlength=n_values * n_classes)
        means = cells.reshape(n_values, n_classes) / counts[:, np.newaxis]
        share = np.average(means, axis=0, weights=counts)
        return means, share * (1.0 - share)
    sums = [np.bincount(which, column, n_values) for column in target.T]
    return np.column_stack(sums) / counts[:, np.newaxis], target.var(axis=0)


def _variation(means: Array, counts: IntArray, variances: Array) -> float:
    r"""Return the variation of the target between neighboring values.

    .. math:: \frac{1}{(m - 2) K} \sum_{i,k}
              \frac{(\bar y_{ik} - \frac{1}{2} (\bar y_{i-1,k} + \bar y_{i+1,k}))^2}
              {\sigma_k^2 (1 / n_i + 1 / (4 n_{i-1}) + 1 / (4 n_{i+1}))}

    for m values in ascending order, with K targets, the mean targets of a value
    :math:`\bar y_{ik}` and its number of rows :math:`n_i`.  It is about one, that of
    chance, if the target is locally a linear function of the values' ranks.
    """
    before, after = slice(None, -2), slice(2, None)
    difference = means[1:-1] - 0.5 * (means[before] + means[after])
    spread = 1.0 / counts[1:-1] + 0.25 / counts[before] + 0.25 / counts[after]
    varies = variances > 0.0
    if not varies.any():
        return 0.0
    ratios = difference[:, varies] ** 2 / (spread[:, np.newaxis] * variances[varies])
    return float(ratios.mean())
