"""The outputs of members for rows that they were not trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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
        The mean of the outputs over the members that were not trained on a row.
    """

    rows: IntArray
    mean: Array

    @classmethod
    def of(
        cls,
        trained: Sequence[TrainedMember],
        outputs_of: Callable[[Array], Array],
        n_rows: int,
    ) -> "HeldOut":
        """Average the outputs of trained members.

        Parameters
        ----------
        trained : sequence of TrainedMember
            The members, with their raw outputs for their validation rows.
        outputs_of : callable
            Returns a member's outputs, given its raw outputs.
        n_rows : int
            Number of rows of the training data, or of user-supplied validation data.
        """
        parts = [
            (each.split.held_out, outputs_of(each.raw))
            for each in trained
            if each.raw is not None
        ]
        sums, counts = np.zeros((n_rows, parts[0][1].shape[1])), np.zeros((n_rows, 1))
        for rows, outputs in parts:
            where = slice(None) if rows is None else rows
            sums[where] += outputs
            counts[where] += 1.0
        present = np.flatnonzero(counts)
        return cls(present, sums[present] / counts[present])
