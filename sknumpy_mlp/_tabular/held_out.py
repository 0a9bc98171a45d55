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
        n_rows = len(data.y)
        parts = [
            (each.split.held_out, outputs_of(each.raw), each.member.weight)
            for each in trained
            if each.raw is not None
        ]
        sums, counts = np.zeros((n_rows, parts[0][1].shape[1])), np.zeros((n_rows, 1))
        member = np.zeros(n_rows, dtype=np.intp)
        weights = np.zeros((n_rows, 1))
        for i, (rows, outputs, weight) in enumerate(parts):
            where = slice(None) if rows is None else rows
            sums[where] += weight * outputs
            weights[where] += weight
            counts[where] += 1.0
            member[where] = i
        if data.sample_weight is not None:
            counts[data.sample_weight == 0.0] = 0.0
        present = np.flatnonzero(counts)
        is_by_one = len(parts) > 1 and bool(counts.max() == 1.0)
        mean = sums[present] / weights[present]
        return cls(present, mean, member[present], is_by_one)
