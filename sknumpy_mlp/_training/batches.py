"""Mini-batches: rows of the data, gathered into reused buffers."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import IntArray

#: Rows of X and y, and their weights (None for ones).
Batch: TypeAlias = tuple[Any, NDArray[Any], NDArray[Any] | None]


class Batches:
    """The training data of a run, divided into mini-batches.

    The arrays of a batch are valid until the next batch is drawn.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The data.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Sample weights.
    batch_size : int
        Number of rows of a batch; the last batch may be smaller.
    rows : ndarray of shape (n_rows,) or None, default=None
        The rows to train on; None for all.  Holding out rows thus needs no copy of X.
    order : ndarray of shape (n_rows,) or None, default=None
        The permutation that shuffling continues from; None for 0, 1, 2, ...
    shuffle : bool, default=True
        Whether to shuffle the rows in each epoch.

    Attributes
    ----------
    n_rows : int
        Number of rows of an epoch.
    batch_size : int
        Number of rows of a batch.
    order : ndarray of shape (n_rows,)
        The current permutation of the rows.
    """

    def __init__(
        self,
        X: Any,
        y: NDArray[Any],
        sample_weight: NDArray[Any] | None,
        batch_size: int,
        *,
        rows: IntArray | None = None,
        order: IntArray | None = None,
        shuffle: bool = True,
    ) -> None:
        n_rows = X.shape[0] if rows is None else len(rows)
        gathers = batch_size < n_rows and (shuffle or rows is not None)
        if gathers and _is_column_major(X):
            # The layout of arrays from data frames.  Gathering rows from it accesses
            # memory with a large stride in every epoch; a copy is cheaper.
            X = np.ascontiguousarray(X)
        self._arrays = (X, y, sample_weight)
        self._rows = rows
        self._shuffle = shuffle
        self.batch_size = batch_size
        self.n_rows = n_rows
        if order is None or not shuffle:
            order = np.arange(self.n_rows)
        self.order: IntArray = order
        self._buffers: dict[int, NDArray[Any]] = {}

    @property
    def total_weight(self) -> float:
        """Sum of the sample weights."""
        weight = self._arrays[2]
        if weight is None:
            return float(self.n_rows)
        return float(weight.sum() if self._rows is None else weight[self._rows].sum())

    def in_order(self) -> Iterator[Batch]:
        """Yield the batches of a pass over the data, without shuffling."""
        if self.batch_size >= self.n_rows:
            yield self._full_batch
            return
        for start in range(0, self.n_rows, self.batch_size):
            batch = slice(start, start + self.batch_size)
            yield self._take(batch if self._rows is None else self._rows[batch])

    def epoch(self, rng: np.random.RandomState) -> Iterator[Batch]:
        """Yield the batches of an epoch, shuffled if ``shuffle`` is true."""
        if self._shuffle:
            self._permute(rng)
        if not self._shuffle or self.batch_size >= self.n_rows:
            yield from self.in_order()
            return
        rows = self.order if self._rows is None else self._rows[self.order]
        for start in range(0, self.n_rows, self.batch_size):
            yield self._take(rows[start : start + self.batch_size])

    def _permute(self, rng: np.random.RandomState) -> None:
        """Permute the order of the previous epoch, as in scikit-learn.

        A method of its own, so that the permutation is freed before the epoch.
        """
        permutation = np.arange(self.n_rows)
        rng.shuffle(permutation)
        self.order = self.order[permutation]

    @cached_property
    def _full_batch(self) -> Batch:
        """All rows, unshuffled, since the order within a batch has no effect."""
        return self._arrays if self._rows is None else self._take(self._rows)

    def _take(self, rows: IntArray | slice) -> Batch:
        """Return rows of X, of y and of the weights."""
        X, y, weight = self._arrays
        return (
            self._take_from(0, X, rows),
            self._take_from(1, y, rows),
            None if weight is None else self._take_from(2, weight, rows),
        )

    def _take_from(self, slot: int, array: Any, rows: IntArray | slice) -> Any:
        """Return ``array[rows]``, in the slot's buffer if ``rows`` are indices."""
        if isinstance(rows, slice) or not isinstance(array, np.ndarray):
            return array[rows]
        if slot not in self._buffers:
            shape = (min(self.batch_size, self.n_rows), *array.shape[1:])
            self._buffers[slot] = np.empty(shape, array.dtype)
        out = self._buffers[slot][: len(rows)]
        if array.flags.c_contiguous:
            # With mode="raise", NumPy would make a temporary copy.
            return array.take(rows, axis=0, out=out, mode="clip")
        # take() would make a contiguous copy of the whole array.
        out[...] = array[rows]
        return out


def _is_column_major(X: Any) -> bool:
    """Return True if an array is column-major, and not memory-mapped."""
    if not isinstance(X, np.ndarray) or abs(X.strides[0]) >= abs(X.strides[1]):
        return False
    base: Any = X
    while base is not None:
        if isinstance(base, np.memmap):
            return False  # a copy may not fit into memory
        base = getattr(base, "base", None)
    return True
