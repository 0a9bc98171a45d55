"""Mini-batches: rows of the data, gathered into memory that is used again."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import IntArray

#: Rows of X and y, and their weights (None: all one).
Batch: TypeAlias = tuple[Any, NDArray[Any], NDArray[Any] | None]


class Batches:
    """The training data of one run, cut into batches.

    The arrays that `epoch` yields are valid until the next batch is drawn.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The data.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    batch_size : int
        Rows in a batch; the last one may be shorter.
    rows : ndarray of shape (n_rows,) or None, default=None
        The rows to train on; None for all.  A hold-out thus costs no copy of X.
    order : ndarray of shape (n_rows,) or None, default=None
        Permutation to go on shuffling from; None starts at 0, 1, 2, ...
    shuffle : bool, default=True
        Whether each epoch sees the rows in a new order.

    Attributes
    ----------
    n_rows : int
        Rows in an epoch.
    batch_size : int
        Rows in a batch.
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
            # Data frames hand out such arrays.  Gathering rows from one touches every
            # column's memory for every row, in every epoch; one copy is cheaper.
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
        """Sum of the rows' weights."""
        weight = self._arrays[2]
        if weight is None:
            return float(self.n_rows)
        return float(weight.sum() if self._rows is None else weight[self._rows].sum())

    def in_order(self) -> Iterator[Batch]:
        """Yield the batches of one pass over the data as it stands."""
        if self.batch_size >= self.n_rows:
            yield self._full_batch
            return
        for start in range(0, self.n_rows, self.batch_size):
            batch = slice(start, start + self.batch_size)
            yield self._take(batch if self._rows is None else self._rows[batch])

    def epoch(self, rng: np.random.RandomState) -> Iterator[Batch]:
        """Yield the batches of one pass over the data, in a new order."""
        if self._shuffle:
            # scikit-learn shuffles the order of the epoch before; so do we, to walk
            # through the same rows.
            permutation = np.arange(self.n_rows)
            rng.shuffle(permutation)
            self.order = self.order[permutation]
        if not self._shuffle or self.batch_size >= self.n_rows:
            yield from self.in_order()
            return
        rows = self.order if self._rows is None else self._rows[self.order]
        for start in range(0, self.n_rows, self.batch_size):
            yield self._take(rows[start : start + self.batch_size])

    @cached_property
    def _full_batch(self) -> Batch:
        """All rows, in the order they stand in: within a batch it does not matter."""
        return self._arrays if self._rows is None else self._take(self._rows)

    def _take(self, rows: IntArray | slice) -> Batch:
        """Rows of X, of y and of the weights."""
        X, y, weight = self._arrays
        return (
            self._take_from(0, X, rows),
            self._take_from(1, y, rows),
            None if weight is None else self._take_from(2, weight, rows),
        )

    def _take_from(self, slot: int, array: Any, rows: IntArray | slice) -> Any:
        """Return ``array[rows]``; row numbers gather into the slot's own buffer."""
        if isinstance(rows, slice) or not isinstance(array, np.ndarray):
            return array[rows]
        if slot not in self._buffers:
            shape = (min(self.batch_size, self.n_rows), *array.shape[1:])
            self._buffers[slot] = np.empty(shape, array.dtype)
        out = self._buffers[slot][: len(rows)]
        if array.flags.c_contiguous:
            # "clip" writes straight into ``out``; "raise" would go through a copy.
            return array.take(rows, axis=0, out=out, mode="clip")
        # take() would first make a contiguous copy of the whole array.
        out[...] = array[rows]
        return out


def _is_column_major(X: Any) -> bool:
    """Whether rows are scattered over the memory of an array that is in memory."""
    if not isinstance(X, np.ndarray) or X.flags.c_contiguous or X.strides[-1] == 0:
        return False
    base: Any = X
    while base is not None:
        if isinstance(base, np.memmap):
            return False  # it may not fit
        base = getattr(base, "base", None)
    return abs(X.strides[0]) < abs(X.strides[-1])
