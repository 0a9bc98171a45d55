"""Robust scaling of columns of numbers."""

from collections.abc import Iterator

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray


def _groups_of_columns(values: Array) -> Iterator[tuple[IntArray, Array]]:
    """Yield columns together that have as many numbers, and these numbers.

    They come in any order.  To work on many columns at once is much faster.
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


def robust_scale(values: Array) -> tuple[Array, Array]:
    """Return each column's median and the factor that makes its spread one.

    Columns without a number, or with a single one, have the factor zero.
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
