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

# The minimum roughness of the mean target, in units of what chance explains.
_MIN_ROUGHNESS = 10.0

# The minimum roughness, relative to that of the differences between neighbors.  For
# independent effects the ratio is about 1, for a single step 0.7, and for a sine that
# has twelve values in a period 0.1.
_MIN_RATIO = 0.5

# Targets of more values are not tested as classes.
_MAX_CLASSES = 100

# Numbers match a value if their relative difference is at most this: float32 has seven
# digits.
_TOLERANCE = 1e-6


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
        If table and target have different numbers of rows, or if the target has several
        columns that are not numbers.
    """
    codes: dict[int, Array] = {}
    if y is None:
        return codes
    check_consistent_length(table.data, y)
    targets = _targets(np.asarray(y))
    for where, numbers in table.number_blocks(which):
        for i, column in zip(which[where], numbers.T, strict=True):
            values = _codes_in(column, targets)
            if values is not None:
                codes[i] = values
    return codes


def midpoints(values: Array) -> Array:
    """Return the midpoints between ascending values."""
    return values[:-1] + 0.5 * np.diff(values)


def tolerances(values: Array) -> Array:
    """Return how far a number may be from each value that it matches."""
    return _TOLERANCE * np.abs(values)


def encode_numbers(column: Array, values: Array) -> IntArray:
    """Return codes from 1 in the order of ``values``, and 0 for all other numbers.

    Parameters
    ----------
    column : ndarray of shape (n_rows,)
        The numbers, with NaN for missing ones.
    values : ndarray of shape (n_values,)
        The values of the codes in ascending order.
    """
    nearest = np.searchsorted(midpoints(values), column, side="right")
    is_close = np.abs(column - values[nearest]) <= tolerances(values)[nearest]
    codes: IntArray = np.where(is_close, nearest + 1, 0)
    return codes


def _targets(y: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the targets that a column may have an effect on.

    Class codes have the shape (n_rows,), and numbers the shape (n_rows, n_targets).
    Integers may be both.
    """
    targets = []
    with np.errstate(invalid="ignore"):  # of large numbers as integers
        kind = type_of_target(y)
    if kind in ("binary", "multiclass"):
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) <= _MAX_CLASSES:
            targets.append(codes.ravel())
        if len(classes) == 2 or y.dtype.kind not in "biuf":
            return targets
    try:
        numbers = y.astype(np.float64).reshape(len(y), -1)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "number_codes=True needs a target y of numbers, or of class labels in one "
            f"column, got one of shape {y.shape} and type {y.dtype}. Encode it, or set "
            "number_codes=False."
        ) from error
    return [*targets, _deviations(numbers)]


def _deviations(numbers: Array) -> Array:
    """Return deviations from the mean, of numbers divided by the largest one.

    Thus, squares do not overflow.  Columns that vary by rounding errors become zero.
    """
    largest = np.abs(numbers).max(axis=0)
    largest[largest == 0.0] = 1.0
    numbers = numbers / largest
    numbers -= numbers.mean(axis=0)
    numbers[:, np.abs(numbers).max(axis=0) < 1e-12] = 0.0
    return numbers


def _codes_in(column: Array, targets: Sequence[NDArray[Any]]) -> Array | None:
    """Return the values that are codes; None if the column's effect is smooth."""
    is_known = ~np.isnan(column)
    known = column[is_known]
    if len(known) < _MIN_ROWS * _MIN_VALUES:
        return None
    values, which, counts = np.unique(known, return_inverse=True, return_counts=True)
    is_frequent = counts >= _MIN_ROWS
    n_covered = counts[is_frequent].sum()
    if is_frequent.sum() < _MIN_VALUES or n_covered < _MIN_SHARE * len(known):
        return None
    for target in targets:
        means, variances = _means_by_value(which, counts, target[is_known])
        varies = variances > 0.0
        effects = means[np.ix_(is_frequent, varies)] / np.sqrt(variances[varies])
        if _has_independent_effects(effects, counts[is_frequent]):
            return values[is_frequent]
    return None


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


def _has_independent_effects(effects: Array, counts: IntArray) -> bool:
    r"""Return True if the effects of neighboring values are independent.

    The effects of m values in ascending order, with :math:`n_i` rows each, are the mean
    targets :math:`\bar y_i`, divided by the standard deviation of the target.  Their
    roughness, and for comparison that of the differences,

    .. math::

        r = \frac{1}{m - 2} \sum_i \frac{(\bar y_i - \frac{1}{2} (\bar y_{i-1}
            + \bar y_{i+1}))^2}{1 / n_i + 1 / (4 n_{i-1}) + 1 / (4 n_{i+1})}, \qquad
        d = \frac{1}{m - 1} \sum_i
            \frac{(\bar y_i - \bar y_{i-1})^2}{1 / n_i + 1 / n_{i-1}},

    are 1 by chance.  If the target is a smooth function of the values, r - 1 is much
    smaller than d - 1; both are about equal for independent effects.
    """
    if effects.shape[1] == 0:
        return False
    one, share = slice(1, -1), 1.0 / counts[:, np.newaxis]
    second = effects[one] - 0.5 * (effects[:-2] + effects[2:])
    roughness = np.mean(second**2 / (share[one] + 0.25 * share[:-2] + 0.25 * share[2:]))
    difference = np.mean(np.diff(effects, axis=0) ** 2 / (share[:-1] + share[1:]))
    is_rough = roughness >= _MIN_ROUGHNESS
    return bool(is_rough and roughness - 1.0 >= _MIN_RATIO * (difference - 1.0))
