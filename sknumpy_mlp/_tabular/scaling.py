"""Scaling and smooth clipping of columns of numbers.

Columns are scaled by their quartiles.  Those with heavy tails, in which clipping would
leave few differences, and those whose values form clusters are mapped to normal scores
instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._utils.typing import Array, IntArray

# A column has heavy tails if more than this share of its values is farther from the
# median than this number of interquartile ranges.  For a normal distribution, the share
# is 0.005%, for an exponential distribution 1.9%.
_TAIL_SHARE, _TAIL_RANGES = 0.05, 3.0

# A column has clusters if its distribution is farther than this from the normal and the
# uniform distribution.  For an exponential distribution, the distance is 0.20.
_MAX_DISTANCE = 0.21

# The distance is computed at this number of ranks.
_N_RANKS = 1024

# The interquartile range of the standard normal distribution.
_NORMAL_RANGE = 2.0 * float(ndtri(0.75))

# Fewer rows do not show the distribution of a column.
_MIN_ROWS_FOR_SCORES = 100

# Smallest distance between points, as a fraction of the largest value.
_MIN_GAP = 1e-290

# Largest number of points of a map to normal scores.
_MAX_POINTS = 256


@dataclass(frozen=True)
class Scales:
    """The scales of columns of numbers, and of their missing indicators.

    Attributes
    ----------
    center, factor : ndarray of shape (n_columns,)
        The median and the factor of each column, see `robust_scale`.
    normal_scores : dict of int to ndarray of shape (2, n_points)
        The maps of columns to normal scores, see `normal_scores`.
    indicated : list of int
        The columns with some missing values, which get missing indicators.
    indicator_scales : ndarray of shape (2, n_indicated)
        The median and the factor of each missing indicator.
    """

    center: Array
    factor: Array
    normal_scores: dict[int, Array]
    indicated: list[int]
    indicator_scales: Array


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
    table: Table,
    which: Sequence[int],
    transform: Literal["auto"] | bool,
    n_features: int,
) -> Scales:
    """Return the scales of columns of numbers, and of their missing indicators.

    Parameters
    ----------
    table : Table
        The table.
    which : sequence of int
        The columns of numbers.
    transform : bool or 'auto'
        Whether columns are mapped to normal scores; 'auto' for irregular ones.
    n_features : int
        The number of columns that may get missing indicators; those that follow are
        further parts of dates, and are missing where the first part is.
    """
    scales, indicator_scales = np.empty((2, len(which))), [np.empty((2, 0))]
    indicated: list[int] = []
    scores: dict[int, Array] = {}
    for where, numbers in table.number_blocks(which):
        columns = which[where]
        scales[:, where] = robust_scale(numbers)
        is_missing = np.isnan(numbers)
        some = is_missing.any(axis=0) & ~is_missing.all(axis=0)
        some &= np.array(columns) < n_features
        indicated += [columns[k] for k in np.flatnonzero(some).tolist()]
        indicator_scales.append(np.array(robust_scale(is_missing[:, some])))
        wanted = (
            is_irregular(numbers, *scales[:, where])
            if transform == "auto"
            else np.full(len(columns), transform)
        )
        wanted &= scales[1, where] != 0.0  # constant
        for k in np.flatnonzero(wanted).tolist():
            found = normal_scores(numbers[:, k])
            if found.shape[1] > 2:  # two values have no tails
                scores[columns[k]] = found
    center, factor = scales
    return Scales(
        center, factor, scores, indicated, np.concatenate(indicator_scales, axis=1)
    )


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


def is_irregular(values: Array, center: Array, factor: Array) -> NDArray[np.bool_]:
    """Return which columns have heavy tails, clusters, or are mostly a single value.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        The columns, with NaN for missing values.
    center, factor : ndarray of shape (n_columns,)
        Their scales, from `robust_scale`.
    """
    result = np.zeros(values.shape[1], dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (values - center) * factor
    scaled.sort(axis=0)  # NaN is sorted to the end
    n_known = len(values) - np.isnan(scaled).sum(axis=0)
    for k in np.flatnonzero((n_known >= _MIN_ROWS_FOR_SCORES) & (factor != 0.0)):
        u, n = scaled[: n_known[k], k], n_known[k]
        # If half of the values are equal, they are one of the two in the middle.
        n_equal = max(np.sum(u == u[at]) for at in ((n - 1) // 2, n // 2))
        result[k] = (
            n_equal >= 0.5 * n
            or np.sum(np.abs(u) > _TAIL_RANGES) > _TAIL_SHARE * n
            or _distance_from_regular(u) > _MAX_DISTANCE
        )
    return result


def _distance_from_regular(u: Array) -> float:
    """Return the Kolmogorov distance from the closer of two regular distributions.

    These are the normal distribution with the median 0 and an interquartile range of 1,
    and the uniform distribution in the range of the values.

    Parameters
    ----------
    u : ndarray of shape (n_values,)
        The scaled values in ascending order.
    """
    at = (np.arange(_N_RANKS) + 0.5) / _N_RANKS * len(u)
    x, counts = np.unique(u[at.astype(np.intp)], return_counts=True)
    # Mean ranks, since a few equidistant values are regular as well.
    share = (np.cumsum(counts) - 0.5 * counts) / _N_RANKS
    normal, uniform = ndtr(x * _NORMAL_RANGE), (x - u[0]) / (u[-1] - u[0])
    distances = (np.abs(each - share).max() for each in (normal, uniform))
    return float(min(distances))


def normal_scores(values: Array) -> Array:
    r"""Return points of the map of a column to normal scores.

    The score of a value is the quantile of the standard normal distribution at its
    mean rank,

    .. math:: z(x) = \Phi^{-1}\left(\frac{\#\{x_i < x\}
              + \tfrac{1}{2} \#\{x_i = x\}}{n}\right),

    minus the score of the median.  Between the points, the map is linear.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The column, with NaN for missing values.

    Returns
    -------
    points : ndarray of shape (2, n_points)
        Values of the column in ascending order, and their scores.

    References
    ----------
    B. L. van der Waerden, "Order tests for the two-sample problem and their power",
    Indagationes Mathematicae 14, 1952.
    """
    known = values[~np.isnan(values)]
    x, counts = np.unique(known, return_counts=True)
    if len(x) == 0:
        return np.empty((2, 0))
    last = np.cumsum(counts)
    z = ndtri((last - 0.5 * counts) / len(known))
    middle = np.array([len(known) - 1, len(known)]) // 2
    z -= z[np.searchsorted(last, middle, side="right")].mean()
    # Without values that are too close for a finite slope.
    is_apart = np.diff(x / largest_of(x), prepend=-np.inf) > _MIN_GAP
    x, z = x[is_apart], z[is_apart]
    if len(x) > _MAX_POINTS:
        # Evenly spaced in the scores, which have fewer values in the tails.
        at = np.searchsorted(z, np.linspace(z[0], z[-1], _MAX_POINTS))
        at = np.unique(np.minimum(at, len(x) - 1))
        x, z = x[at], z[at]
    return np.array([x, z])


def largest_of(x: Array) -> float:
    """Return the largest absolute value of an ascending array, or 1 if it is zero.

    In this unit, differences of the largest numbers do not overflow.

    Parameters
    ----------
    x : ndarray of shape (n_points,)
        The array.
    """
    return max(abs(float(x[0])), abs(float(x[-1]))) or 1.0


def interpolated(values: NDArray[Any], points: Array) -> Array:
    """Interpolate linearly between points, and constantly beyond them.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The values, with NaN for missing ones.
    points : ndarray of shape (2, n_points)
        The points from `normal_scores`.
    """
    x, z = points
    unit = largest_of(x)
    with np.errstate(over="ignore"):
        result: Array = np.interp(values / unit, x / unit, z)
    return result


def interpolated_slopes(values: NDArray[Any], points: Array) -> Array:
    """Return the derivative of `interpolated` at each value.

    It is zero beyond the points.  At a point it is the mean of the slopes on both
    sides, the limit of central differences.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The values.
    points : ndarray of shape (2, n_points)
        The points from `normal_scores`.
    """
    x, z = points
    unit = largest_of(x)
    x, values = x / unit, values / unit
    slopes = np.pad(np.diff(z) / np.diff(x), 1) / unit
    left = slopes[np.searchsorted(x, values, side="left")]
    right = slopes[np.searchsorted(x, values, side="right")]
    mean: Array = 0.5 * left + 0.5 * right
    return mean


def scale_and_clip(
    values: NDArray[Any],
    center: Array,
    factor: Array,
    clip: float,
    scores: Sequence[Array | None] = (),
) -> Array:
    """Scale columns, and clip them smoothly to the range (-clip, clip).

    Missing values (NaN) become zero.  The computation is in float64, since differences
    between large numbers, such as timestamps, would be lost in float32.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        The columns, with NaN for missing values.
    center, factor : ndarray of shape (n_columns,)
        Their scales, from `robust_scale`.
    clip : float
        The bound.
    scores : sequence of ndarray of shape (2, n_points) or None, default=()
        For each column that is mapped to scores, the points from `normal_scores`.
    """
    scaled = _scaled(values, center, factor, scores)
    scaled /= np.sqrt(1.0 + (scaled / clip) ** 2)
    return scaled


def _scaled(
    values: NDArray[Any],
    center: Array,
    factor: Array,
    scores: Sequence[Array | None],
) -> Array:
    """Scale columns without clipping them, as in `scale_and_clip`."""
    with np.errstate(over="ignore"):
        scaled: Array = (values - center) * factor
    for k, points in enumerate(scores):
        if points is not None:
            scaled[:, k] = interpolated(values[:, k], points)
    scaled[np.isnan(scaled)] = 0.0
    # The square of a larger number would overflow; its result is the bound anyway.
    np.clip(scaled, -1e100, 1e100, out=scaled)
    return scaled


def scale_and_clip_slopes(
    values: NDArray[Any],
    center: Array,
    factor: Array,
    clip: float,
    scores: Sequence[Array | None] = (),
) -> Array:
    r"""Return the derivative of `scale_and_clip` at each value.

    .. math:: \frac{d}{dx} \frac{u}{\sqrt{1 + (u / c)^2}}
              = \frac{1}{(1 + (u / c)^2)^{3/2}} \frac{du}{dx},

    where u is the scaled value, and :math:`du / dx` the factor of the column or the
    slope of its normal scores.  Missing values have no derivative: NaN.

    Parameters
    ----------
    values, center, factor, clip, scores
        As in `scale_and_clip`.
    """
    slopes = np.empty(values.shape)
    slopes[...] = factor
    for k, points in enumerate(scores):
        if points is not None:
            slopes[:, k] = interpolated_slopes(values[:, k], points)
    scaled = _scaled(values, center, factor, scores)
    slopes /= (1.0 + (scaled / clip) ** 2) ** 1.5
    slopes[np.isnan(values)] = np.nan
    return slopes
