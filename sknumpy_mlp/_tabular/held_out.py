"""The outputs of members for rows that they were not trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.ensemble import TrainedMember
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


def column_checksums(X: Array, rows: IntArray) -> Array:
    """Return a checksum of each column, which depends on the order of the rows.

    It is the sum of the values with random signs.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        A preprocessed table.
    rows : ndarray of shape (n_chosen,)
        The rows to use, in ascending order.

    Returns
    -------
    checksums : ndarray of shape (n_columns,)
        The checksums.
    """
    signs = np.zeros(len(X), dtype=X.dtype)
    signs[rows] = np.random.RandomState(0).choice([-1, 1], len(rows))
    return signs @ X


def has_checksums(X: Array, rows: IntArray, checksums: Array) -> bool:
    """Return True if the checksums of a table are the given ones, up to rounding.

    If two tables differ in many rows, or in the order of the rows, the difference of
    their checksums is about the square root of the number of rows times the standard
    deviation of a column.
    """
    unit = np.abs(X[rows]).max(axis=0) * np.sqrt(len(rows))
    found = column_checksums(X, rows)
    return bool((np.abs(found - checksums) <= 1e-2 * unit).all())
