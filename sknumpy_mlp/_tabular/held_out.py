"""The outputs of members for rows that they were not trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.ensemble import TrainedMember
from sknumpy_mlp._tabular.splits import compact
from sknumpy_mlp._tabular.task import EnsembleTask
from sknumpy_mlp._utils.typing import Array, IntArray


@dataclass(frozen=True)
class HeldOut:
    """The outputs of members for rows that they were not trained on.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        The rows for which there are outputs, in ascending order.
    mean : ndarray of shape (n_rows, n_outputs)
        The weighted mean of the outputs over the members that were not trained on a
        row.
    member : ndarray of shape (n_rows,)
        The index of such a member, the last one.
    is_by_one : bool
        Whether there is one such member for each row, as in k-fold ensembles.
    """

    rows: IntArray
    mean: Array
    member: IntArray
    is_by_one: bool

    @classmethod
    def of(
        cls,
        trained: Sequence[TrainedMember],
        outputs_of: Callable[[Array], Array],
        data: Data,
    ) -> "HeldOut":
        """Average the outputs of trained members.

        Parameters
        ----------
        trained : sequence of TrainedMember
            The members, with their raw outputs for their validation rows.
        outputs_of : callable
            Returns a member's outputs, given its raw outputs.
        data : Data
            The training data, or user-supplied validation data, whose rows of weight
            zero are left out.
        """
        parts = [
            (each.split.held_out, outputs_of(each.raw), each.member.weight)
            for each in trained
            if each.raw is not None
        ]
        mean, counts = mean_by_row(parts, len(data.y))
        member = np.zeros(len(data.y), dtype=np.intp)
        for i, (rows, _, _) in enumerate(parts):
            member[slice(None) if rows is None else rows] = i
        if data.sample_weight is not None:
            counts[data.sample_weight == 0.0] = 0
        present = np.flatnonzero(counts)
        is_by_one = len(parts) > 1 and bool(counts.max() == 1)
        return cls(present, mean[present], member[present], is_by_one)


def mean_by_row(
    parts: Sequence[tuple[IntArray | None, Array, float]], n_rows: int
) -> tuple[Array, IntArray]:
    """Average the outputs of members, each of which has outputs for some of the rows.

    Parameters
    ----------
    parts : sequence of tuple
        For each member, the rows (None for all), the outputs for them, of shape
        (n_rows_of_member, n_outputs), and the weight of the member.
    n_rows : int
        Number of rows in all.

    Returns
    -------
    mean : ndarray of shape (n_rows, n_outputs)
        The weighted mean; NaN for rows without outputs.
    counts : ndarray of shape (n_rows,)
        The number of members with outputs for each row.
    """
    sums = np.zeros((n_rows, parts[0][1].shape[1]))
    weights, counts = np.zeros((n_rows, 1)), np.zeros(n_rows, dtype=np.intp)
    for rows, outputs, weight in parts:
        where = slice(None) if rows is None else rows
        sums[where] += weight * outputs
        weights[where] += weight
        counts[where] += 1
    weights[counts == 0] = np.nan
    mean: Array = np.divide(sums, weights, out=sums)
    return mean, counts


def validation_indices(
    trained: Sequence[TrainedMember], rows: IntArray
) -> list[IntArray]:
    """Return the rows of the table that each member was not trained on.

    Parameters
    ----------
    trained : sequence of TrainedMember
        The members.
    rows : ndarray of shape (n_rows,)
        The indices, in the table, of the rows that splits refer to.
    """
    # Members with the same hold-out set share one array.
    rows = compact(rows)
    none = rows[:0]
    held_out = {id(each.split.held_out): each.split.held_out for each in trained}
    indices = {k: none if own is None else rows[own] for k, own in held_out.items()}
    return [indices[id(each.split.held_out)] for each in trained]


# Maximum number of blocks of a jackknife.
_MAX_BLOCKS = 10


def summarize(
    held_out: HeldOut, X: Array, y: NDArray[Any], task: EnsembleTask
) -> dict[str, NDArray[Any]]:
    """Return what inspection needs to know of held-out rows after the fit.

    Parameters
    ----------
    held_out : HeldOut
        The outputs for these rows.
    X : ndarray of shape (n_samples, n_columns)
        The preprocessed table, of which they are rows.
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        Their encoded targets.
    task : EnsembleTask
        The fit.

    Returns
    -------
    summary : dict of ndarray
        The `checksums` of "X" and "y", and the "block" of each row, from 0, for
        standard errors: a fold, or several, or a tenth of the groups or rows of a
        hold-out set.
    """
    rows = held_out.rows
    n_rows = len(rows)
    if len(np.unique(held_out.member)) > 1:
        block = _balanced_blocks(held_out.member)
    elif task.groups is not None:
        block = _balanced_blocks(task.groups[rows])
    else:
        order = np.arange(n_rows)
        if task.folds is None:  # not a single split in temporal order
            order = np.random.RandomState(task.seed).permutation(n_rows)
        block = order * _MAX_BLOCKS // n_rows
    return {
        "X": checksums(X, rows),
        "y": checksums(y.reshape(n_rows, -1).astype(np.float64), np.arange(n_rows)),
        "block": block.astype(np.int8),
    }


def _balanced_blocks(units: IntArray) -> IntArray:
    """Merge units, such as folds, to at most ten blocks of similar numbers of rows."""
    _, units, counts = np.unique(units, return_inverse=True, return_counts=True)
    block, sizes = np.zeros_like(counts), np.zeros(_MAX_BLOCKS)
    for unit in np.argsort(-counts, kind="stable"):
        block[unit] = sizes.argmin()
        sizes[block[unit]] += counts[unit]
    merged: IntArray = block[units]
    return merged


def checksums(values: Array, rows: IntArray) -> Array:
    """Return a checksum of each column, which depends on the order of the rows.

    It is the sum of the values with random weights.

    Parameters
    ----------
    values : ndarray of shape (n_values, n_columns)
        A preprocessed table, or targets.
    rows : ndarray of shape (n_rows,)
        The rows to use, in ascending order.

    Returns
    -------
    checksums : ndarray of shape (n_columns,)
        The checksums.
    """
    weights = np.zeros(len(values), dtype=values.dtype)
    weights[rows] = np.random.RandomState(0).normal(size=len(rows))
    return weights @ values


def has_checksums(values: Array, rows: IntArray, expected: Array) -> bool:
    """Return True if the checksums are the given ones, up to rounding.

    If two tables differ in many rows, or in the order of the rows, the difference of
    their checksums is about the square root of the number of rows times the standard
    deviation of a column.
    """
    largest = np.maximum(values.max(axis=0), -values.min(axis=0))
    differences = np.abs(checksums(values, rows) - expected)
    return bool((differences <= 1e-3 * np.sqrt(len(rows)) * largest).all())
