"""Robust scaling and smooth clipping of columns of numbers."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._utils.typing import Array, IntArray


def _groups_of_columns(values: Array) -> Iterator[tuple[IntArray, Array]]:
    """Yield groups of columns with equal numbers of known values, and these values.

    NaN is left out.  Vectorizing over the columns of a group is much faster than a loop
    over columns.
    """
    n_known = len(values) - np.isnan(values).sum(axis=0)
    order = np.argsort(n_known, kind="stable")
    sizes, starts = np.unique(n_known[order], return_index=True)
    for n, columns in zip(sizes, np.split(order, starts[1:]), strict=False):
        some = values[:, columns]
        if 0 < n < len(values):
            # NaN is sorted to the end.
            is_one = len(columns) == 1
            some = some[~np.isnan(some[:, 0])] if is_one else np.sort(some, axis=0)[:n]
        if n > 0:
            yield columns, some


def scales_of_numbers(
    table: Table, which: Sequence[int]
) -> tuple[Array, list[int], Array]:
    """Return the scales of columns of numbers, and of their missing indicators.

    Parameters
    ----------
    table : Table
        The table.
    which : sequence of int
        The columns of numbers.

    Returns
    -------
    scales : ndarray of shape (2, n_columns)
        The median and the factor of each column, see `robust_scale`.
    indicated : list of int
        The columns with some missing values, which get missing indicators.
    indicator_scales : ndarray of shape (2, n_indicated)
        The median and the factor of each missing indicator.
    """
    scales, indicator_scales = np.empty((2, len(which))), [np.empty((2, 0))]
    indicated: list[int] = []
    for where, numbers in table.number_blocks(which):
        scales[:, where] = robust_scale(numbers)
        is_missing = np.isnan(numbers)
        some = is_missing.any(axis=0) & ~is_missing.all(axis=0)
        indicated += [which[where.start + k] for k in np.flatnonzero(some).tolist()]
        indicator_scales.append(np.array(robust_scale(is_missing[:, some])))
    return scales, indicated, np.concatenate(indicator_scales, axis=1)


def robust_scale(values: NDArray[Any]) -> tuple[Array, Array]:
    """Return the median of each column, and the factor that scales its spread to one.

    The spread is the interquartile range, or half the range where that is zero.  The
    factor of a constant column is zero.
    """
    n_columns = values.shape[1]
    center, factor = np.zeros(n_columns), np.zeros(n_columns)
    for columns, known in _groups_of_columns(values):
        largest = np.abs(known).max(axis=0)
        largest[largest == 0.0] = 1.0
        unit = known / largest  # differences of the largest numbers would overflow
        low, center[columns], high = np.quantile(unit, [0.25, 0.5, 0.75], axis=0)
        spread = high - low
        half_range = 0.5 * (unit.max(axis=0) - unit.min(axis=0))
        spread = np.where(spread > 0.0, spread, half_range)
        with np.errstate(divide="ignore", over="ignore"):
            factor[columns] = np.where(spread > 0.0, 1.0 / spread / largest, 0.0)
        center[columns] *= largest
    factor[~np.isfinite(factor)] = 0.0
    return center, factor


def scale_and_clip(
    values: NDArray[Any], center: Array, factor: Array, clip: float
) -> Array:
    """Scale columns, and clip them smoothly to the range (-clip, clip).

    Missing values (NaN) become zero.  The computation is in float64, since differences
    between large numbers, such as timestamps, would be lost in float32.
    """
    with np.errstate(over="ignore"):
        scaled: Array = (values - center) * factor
    scaled[np.isnan(scaled)] = 0.0
    # The square of a larger number would overflow; its result is the bound anyway.
    np.clip(scaled, -1e100, 1e100, out=scaled)
    scaled /= np.sqrt(1.0 + (scaled / clip) ** 2)
    return scaled
