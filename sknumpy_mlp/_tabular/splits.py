"""Splits of the rows into training and validation data of each member."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    train_test_split,
)

from sknumpy_mlp._tabular.folds import Fold
from sknumpy_mlp._utils.typing import Array, IntArray


@dataclass(frozen=True)
class MemberSplit:
    """The rows and the seed of one member.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        The training rows.
    held_out : ndarray of shape (n_held_out,) or None
        The validation rows; None if there is user-supplied validation data.
    seed : int
        The seed of the initial weights and of shuffling.
    first_half : ndarray of shape (n_held_out,) of bool or None, default=None
        One half of the validation rows, for `CrossFittedOutputs`; None for folds of
        independent rows, or if there are too few rows.
    """

    rows: IntArray
    held_out: IntArray | None
    seed: int
    first_half: NDArray[np.bool_] | None = None


def split_members(
    ensemble: str | None,
    n_members: int,
    X: Array,
    y: NDArray[Any],
    columns: Sequence[IntArray],
    *,
    classes: NDArray[Any] | None,
    validation_fraction: float,
    has_validation: bool,
    rng: np.random.RandomState,
    groups: IntArray | None = None,
    folds: Sequence[Fold] | None = None,
) -> list[MemberSplit]:
    """Split the rows for each member.

    Groups, or else duplicate rows, are never split between training and validation
    data: validation rows that are like training rows, as new rows are not, would make
    validation too optimistic.

    Parameters
    ----------
    ensemble : {'kfold', 'seeds', 'refit', None}
        The kind of ensemble.
    n_members : int
        Number of members with 'kfold' and 'seeds'.
    X : ndarray of shape (n_rows, n_features)
        The preprocessed table, of at least two rows.
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        The encoded target.
    columns : sequence of ndarray
        For each column of the raw table, the columns of ``X`` that encode it.
    classes : ndarray of shape (n_rows,) or None
        The classes for stratification; None for no stratification.
    validation_fraction : float
        Fraction of the rows that is held out, if there are no folds.
    has_validation : bool
        Whether there is user-supplied validation data, so that no rows are held out.
    rng : RandomState
        The random number generator for folds and seeds.
    groups : ndarray of shape (n_rows,), default=None
        The group of each row, from 0.
    folds : sequence of tuple, default=None
        Training and validation rows of each member, used as they are.
    """
    several = ensemble in ("kfold", "seeds")
    parts: list[tuple[IntArray, IntArray | None]]
    if has_validation:
        parts = [(compact(np.arange(len(X))), None)] * (n_members if several else 1)
    elif folds is not None:
        parts = [(compact(rows), compact(held_out)) for rows, held_out in folds]
    elif ensemble == "kfold":
        if groups is None:
            copies = _Groups.of_copies(X, y, columns)
            parts = list(_folds(n_members, copies, classes, rng))
        else:
            parts = list(_group_folds(n_members, groups, classes, rng))
    else:
        together = (
            _Groups.of_copies(X, y, columns)
            if groups is None
            else _Groups.of_numbers(groups)
        )
        hold_out = _hold_out(together, classes, validation_fraction, rng)
        parts = [hold_out] * (n_members if several else 1)
    seeds = rng.randint(np.iinfo(np.int32).max, size=len(parts))
    is_halved = ensemble != "kfold" or not (groups is None and folds is None)
    units = np.arange(len(X)) if groups is None else groups
    return [
        MemberSplit(
            rows,
            held_out,
            int(seed),
            _first_half(held_out, units[held_out], int(seed), folds is not None)
            if is_halved and held_out is not None
            else None,
        )
        for (rows, held_out), seed in zip(parts, seeds, strict=True)
    ]


def validation_name(estimator: Any, i: int, split: MemberSplit) -> str:
    """Return the name of the validation data of network ``i`` in messages."""
    if split.held_out is None:
        return "y_val"
    if estimator.ensemble == "kfold":
        return f"fold {i + 1}, which validates network {i + 1}"
    return f"the hold-out (validation_fraction={estimator.validation_fraction})"


# Minimum number of groups of validation rows to be halved.
_MIN_TO_HALVE = 4


def _first_half(
    rows: IntArray, groups: IntArray, seed: int, may_be_ordered: bool
) -> NDArray[np.bool_] | None:
    """Return the rows of half of the groups, or None if they are too few.

    The groups are drawn at random, unless the rows are consecutive rows of one of the
    user's own folds, which are in temporal order: those are halved in the middle.
    """
    present, groups = np.unique(groups, return_inverse=True)
    n_groups = len(present)
    if n_groups < _MIN_TO_HALVE:
        return None
    order = np.random.RandomState(seed).permutation(n_groups)
    if may_be_ordered and (np.diff(rows) == 1).all():
        order = np.arange(n_groups)
    is_first: NDArray[np.bool_] = order[groups] < n_groups // 2
    return is_first


def _folds(
    n_folds: int,
    groups: "_Groups",
    classes: NDArray[Any] | None,
    rng: np.random.RandomState,
) -> Iterator[tuple[IntArray, IntArray]]:
    strata = groups.strata(classes)
    n_folds = min(n_folds, groups.n_groups)
    dummy = np.zeros(groups.n_groups)
    if strata is None or np.unique(strata, return_counts=True)[1].max() < n_folds:
        folds = KFold(n_folds, shuffle=True, random_state=rng).split(dummy)
    else:
        stratified = StratifiedKFold(n_folds, shuffle=True, random_state=rng)
        with warnings.catch_warnings():
            # It is harmless if a rare class is absent from some folds.
            warnings.filterwarnings("ignore", "The least populated class")
            # scikit-learn has already warned of many classes.
            warnings.filterwarnings("ignore", "The number of unique classes")
            folds = list(stratified.split(dummy, strata))
    for kept, held_out in folds:
        yield groups.rows_of(kept), groups.rows_of(held_out)


# Minimum number of groups for folds of groups without stratification: with many groups,
# the classes are spread evenly by chance, and stratifying them is slow.
_MANY_GROUPS = 5_000


def _group_folds(
    n_folds: int,
    groups: IntArray,
    classes: NDArray[Any] | None,
    rng: np.random.RandomState,
) -> Iterator[Fold]:
    groups, n_groups = _renumbered(groups)
    n_folds = min(n_folds, n_groups)
    # Not by the splitters, which balance the sizes of folds only without shuffling.
    groups = rng.permutation(n_groups)[groups]
    splitter: Any = GroupKFold(n_folds)
    if (
        classes is not None
        and n_groups < _MANY_GROUPS
        and np.unique(classes, return_counts=True)[1].max() >= n_folds
    ):
        splitter = StratifiedGroupKFold(n_folds)
    with warnings.catch_warnings():
        # As in `_folds`.
        warnings.filterwarnings("ignore", "The least populated class")
        warnings.filterwarnings("ignore", "The number of unique classes")
        folds = list(splitter.split(groups, classes, groups))
    for kept, held_out in folds:
        if len(kept) and len(held_out):
            yield compact(kept), compact(held_out)


def _renumbered(groups: IntArray) -> tuple[IntArray, int]:
    """Return the numbers of the groups without gaps, and how many there are."""
    present, groups = np.unique(groups, return_inverse=True)
    if len(present) < 2:
        raise ValueError(
            "groups has a single group (in rows of a weight above zero), and "
            "validation needs another one. Pass at least two groups, leave groups out, "
            "or pass X_val."
        )
    return groups, len(present)


def _hold_out(
    groups: "_Groups",
    classes: NDArray[Any] | None,
    fraction: float,
    rng: np.random.RandomState,
) -> tuple[IntArray, IntArray]:
    n_groups = groups.n_groups
    n_held_out = min(max(1, round(fraction * n_groups)), n_groups - 1)
    if classes is not None:
        classes = classes[groups.first]
        counts = np.unique(classes, return_counts=True)[1]
        if counts.min() < 2 or len(counts) > min(n_held_out, n_groups - n_held_out):
            classes = None  # too few groups to stratify
    kept, held_out = train_test_split(
        np.arange(n_groups), test_size=n_held_out, stratify=classes, random_state=rng
    )
    return groups.rows_of(kept), groups.rows_of(held_out)


# Minimum ratio of the observed frequency of equal rows to that of independent columns,
# for equal rows to be considered copies.
_MIN_RATIO_OF_COPIES = 10.0

# Maximum average number of equal rows with different targets to be considered copies,
# not repeated observations.
_MAX_COPIES = 5


@dataclass(frozen=True)
class _Groups:
    """Groups of the rows of a table, one for each set of duplicate rows.

    Attributes
    ----------
    of_rows : ndarray of shape (n_rows,)
        The index of each row's group.
    first : ndarray of shape (n_groups,)
        The first row of each group.
    counts : ndarray of shape (n_groups,)
        The number of rows of each group.
    """

    of_rows: IntArray
    first: IntArray
    counts: IntArray

    @classmethod
    def singles(cls, n_rows: int) -> "_Groups":
        """Return a group for each row, in order."""
        rows = np.arange(n_rows)
        return cls(rows, rows, np.ones_like(rows))

    @classmethod
    def of_numbers(cls, numbers: IntArray) -> "_Groups":
        """Return the groups that the user has passed, at least two."""
        of_rows, _ = _renumbered(numbers)
        _, first, counts = np.unique(of_rows, return_index=True, return_counts=True)
        return cls(of_rows, first, counts)

    @classmethod
    def of_copies(
        cls, X: Array, y: NDArray[Any], columns: Sequence[IntArray]
    ) -> "_Groups":
        """Group rows that are equal in all columns, unless they are equal by chance.

        Rows are equal by chance in a table with few columns of few values.  New rows
        then equal training rows as well, and if all rows with a combination of values
        were held out, networks could not learn it: with 48 combinations in 600 rows,
        grouping reduced R2 on new rows from 0.96 to 0.55.
        """
        sums = _checksums(X)
        _, first, of_rows, counts = np.unique(
            sums, return_index=True, return_inverse=True, return_counts=True
        )
        if len(first) == len(X) or len(first) < 2:
            return cls.singles(len(X))
        if not _are_copies(X, y.reshape(len(y), -1), sums, columns):
            return cls.singles(len(X))
        return cls(of_rows, first, counts)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.first)

    def strata(self, classes: NDArray[Any] | None) -> NDArray[Any] | None:
        """Return the stratum of each group, or None for unstratified folds.

        A stratum is defined by the class of the group's first row and by the group's
        size, in powers of two, so that folds have similar numbers of rows.
        """
        if self.counts.max() == 1:
            return classes
        sizes = np.log2(self.counts).astype(np.intp)
        if classes is None:
            return sizes
        codes = np.unique(classes[self.first], return_inverse=True)[1]
        strata: IntArray = codes * (sizes.max() + 1) + sizes
        return strata

    def rows_of(self, groups: IntArray) -> IntArray:
        """Return the rows of some groups."""
        if self.n_groups == len(self.of_rows):
            return compact(groups)
        is_in = np.zeros(self.n_groups, dtype=bool)
        is_in[groups] = True
        return compact(np.flatnonzero(is_in[self.of_rows]))


def compact(rows: IntArray) -> IntArray:
    """Return indices as int32, which take half the memory of NumPy's default."""
    too_large = len(rows) > 0 and rows.max() > np.iinfo(np.int32).max
    return rows if too_large else rows.astype(np.int32)


def _are_copies(
    X: Array, y: NDArray[Any], sums: NDArray[np.uint64], columns: Sequence[IntArray]
) -> bool:
    """Return True if more rows are equal than can be expected by chance.

    The fraction of pairs of equal rows is compared with the fraction for independent
    columns.
    """
    counts = _counts(sums)
    share = _share_of_pairs(counts)
    share_with_target = _share_of_pairs(_counts(_checksums(y, sums)))
    if len(X) > _MAX_COPIES * len(counts) and share_with_target < 0.5 * share:
        return False
    by_chance, n_varying = 1.0, 0
    for where in columns:
        share_of_column = _share_of_pairs(_counts(_checksums(X[:, where])))
        by_chance *= share_of_column
        n_varying += share_of_column < 1.0
        if n_varying > 1 and share > _MIN_RATIO_OF_COPIES * by_chance:
            return True  # early, after a few of many columns
    if n_varying > 1:
        return False
    # With a single column, rows are equal as often as its values: include the target.
    by_chance *= _share_of_pairs(_counts(_checksums(y)))
    return share_with_target > _MIN_RATIO_OF_COPIES * by_chance


def _counts(values: NDArray[Any]) -> IntArray:
    """Return the number of occurrences of each value."""
    counts: IntArray = np.unique(values, return_counts=True)[1]
    return counts


def _share_of_pairs(counts: IntArray) -> float:
    """Return the fraction of pairs that are equal, given the counts of the values."""
    n = float(counts.sum())
    return float(counts @ (counts - 1.0)) / (n * (n - 1.0))


def _checksums(
    X: NDArray[Any], begin: NDArray[np.uint64] | None = None
) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row.

    Sorting hashes is much faster than sorting rows, as ``np.unique(axis=0)`` does.
    ``begin`` are the hashes of other columns, which are combined with these.
    """
    sums = np.zeros(len(X), np.uint64) if begin is None else begin.copy()
    for column in X.T:
        bits = (column + 0.0).view(f"u{column.dtype.itemsize}")  # -0.0 becomes 0.0
        sums ^= bits
        sums *= _MULTIPLIER
        sums ^= sums >> np.uint64(32)
    return sums


# Fibonacci hashing: 2**64 divided by the golden ratio.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
