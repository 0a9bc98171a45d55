"""Which rows each member of an ensemble trains on, and which choose its epoch."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from sknumpy_mlp._typing import IntArray


@dataclass(frozen=True)
class Assignment:
    """What one member is to do.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        The rows to train on.
    held_out : ndarray of shape (n_held_out,) or None
        The rows that choose its best epoch; None if there is other validation data.
    seed : int
        For its weights and the order of its rows.
    """

    rows: IntArray
    held_out: IntArray | None
    seed: int


def assign(
    ensemble: str | None,
    n_members: int,
    n_rows: int,
    *,
    classes: NDArray[Any] | None,
    validation_fraction: float,
    has_validation: bool,
    rng: np.random.RandomState,
) -> list[Assignment]:
    """Say who sees which rows.

    Parameters
    ----------
    ensemble : {'kfold', 'seeds', 'refit', None}
        The kind of ensemble.
    n_members : int
        Number of members of 'kfold' and 'seeds'.
    n_rows : int
        Number of rows, at least two.
    classes : ndarray of shape (n_rows,) or None
        What to stratify by.
    validation_fraction : float
        Share of the rows that is held out where there are no folds.
    has_validation : bool
        Whether there is validation data, so that no row has to be held out.
    rng : RandomState
        Draws folds and seeds.
    """
    several = ensemble in ("kfold", "seeds")
    everyone = np.arange(n_rows)
    parts: list[tuple[IntArray, IntArray | None]]
    if has_validation:
        parts = [(everyone, None)] * (n_members if several else 1)
    elif ensemble == "kfold":
        parts = list(_folds(min(n_members, n_rows), n_rows, classes, rng))
    else:
        parts = [_hold_out(n_rows, classes, validation_fraction, rng)]
        parts *= n_members if several else 1
    seeds = rng.randint(np.iinfo(np.int32).max, size=len(parts))
    return [
        Assignment(rows, held_out, int(seed))
        for (rows, held_out), seed in zip(parts, seeds, strict=True)
    ]


def _folds(
    n_folds: int, n_rows: int, classes: NDArray[Any] | None, rng: np.random.RandomState
) -> Any:
    if classes is None or np.unique(classes, return_counts=True)[1].max() < n_folds:
        return KFold(n_folds, shuffle=True, random_state=rng).split(np.zeros(n_rows))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=rng)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is absent from some: nothing is wrong.
        warnings.filterwarnings("ignore", "The least populated class")
        return list(folds.split(np.zeros(n_rows), classes))


def _hold_out(
    n_rows: int,
    classes: NDArray[Any] | None,
    fraction: float,
    rng: np.random.RandomState,
) -> tuple[IntArray, IntArray]:
    n_held_out = min(max(1, round(fraction * n_rows)), n_rows - 1)
    if classes is not None:
        counts = np.unique(classes, return_counts=True)[1]
        if counts.min() < 2 or len(counts) > min(n_held_out, n_rows - n_held_out):
            classes = None  # too few rows for a share of each class on both sides
    rows, held_out = train_test_split(
        np.arange(n_rows), test_size=n_held_out, stratify=classes, random_state=rng
    )
    return rows, held_out
