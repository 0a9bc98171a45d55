"""Scores of permuted tables, for all rows and without parts of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from sklearn.utils import Bunch

from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._utils.typing import Array, IntArray


@dataclass(frozen=True)
class Scores:
    """Scores of predictions for all rows, and without each block of them.

    Attributes
    ----------
    scorer : callable
        The scorer.
    estimator : estimator
        The tabular estimator.
    table : Table or None
        The table; None if the scorer does not read it.
    rows : ndarray of shape (n_rows,)
        The rows of the table that are predicted.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Their targets.
    sample_weight : ndarray of shape (n_rows,) or None
        Their weights.
    block : ndarray of shape (n_rows,)
        Their blocks.
    """

    scorer: Any
    estimator: Any
    table: Table | None
    rows: IntArray
    y: Any
    sample_weight: Array | None
    block: IntArray

    def __call__(self, predicted: Array) -> list[Any]:
        """Return the score of all rows, and those without each block.

        A score may be a dict of several ones.  Those without a block are NaN if they
        are not defined.
        """
        scores = [self._score(predicted, np.arange(len(self.rows)))]
        for block in np.unique(self.block):
            rest = np.flatnonzero(self.block != block)
            try:
                scores.append(self._score(predicted, rest))
            except ValueError:  # such as a class that is missing
                scores.append(np.nan)
        return scores

    def _score(self, predicted: Array, which: IntArray) -> Any:
        own, weight = predicted[which], self.sample_weight
        X = None if self.table is None else self.table.take(self.rows[which]).data

        def predict_table(given: Any) -> Array:
            if given is not X:
                refuse(given)
            return own

        def refuse(*_: Any) -> NoReturn:
            raise TypeError(
                "scoring may call predict, predict_proba and score of the estimator "
                "for the X that it is passed, and nothing else: the results for "
                "permuted columns would not be known. Use "
                "sklearn.inspection.permutation_importance."
            )

        # Scorers call methods of an estimator: this one knows its predictions.
        known = object.__new__(type(self.estimator))
        known.__dict__ = vars(self.estimator) | {
            "_predict_table": predict_table,
            "_read": refuse,
        }
        if weight is None:
            return self.scorer(known, X, self.y[which])
        return self.scorer(known, X, self.y[which], sample_weight=weight[which])


def importances_of(
    baseline: list[Any], permuted: Sequence[Any], feature_names: list[str]
) -> Bunch | dict[str, Bunch]:
    """Return the importances, given scores, or a dict of those of several scores.

    Parameters
    ----------
    baseline : list
        The `Scores` without permutation.
    permuted : sequence of shape (n_features, n_repeats) of list
        Those of each permutation.
    feature_names : list of str
        The names of the features.
    """
    if not isinstance(baseline[0], dict):
        return _bunch(np.array(baseline), np.array(permuted), feature_names)

    def select(name: str, scores: list[Any]) -> list[Any]:
        return [each[name] if isinstance(each, dict) else each for each in scores]

    return {
        name: _bunch(
            np.array(select(name, baseline)),
            np.array([[select(name, each) for each in one] for one in permuted]),
            feature_names,
        )
        for name in baseline[0]
    }


def _bunch(baseline: Array, permuted: Array, feature_names: list[str]) -> Bunch:
    """Return the importances for one score.

    Parameters
    ----------
    baseline : ndarray of shape (1 + n_blocks,)
        The scores of all rows, and without each block.
    permuted : ndarray of shape (n_features, n_repeats, 1 + n_blocks)
        Those of each permutation.
    feature_names : list of str
        The names of the features.
    """
    decrease = baseline - permuted
    importances, without = decrease[:, :, 0], decrease[:, :, 1:].mean(axis=1)
    standard_errors = np.full(len(importances), np.nan)
    for i, blocks in enumerate(without):
        known = blocks[np.isfinite(blocks)]
        if len(known) > 1:
            standard_errors[i] = np.sqrt(len(known) - 1) * known.std()
    return Bunch(
        importances=importances,
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        standard_errors=standard_errors,
        feature_names=feature_names,
        score=float(baseline[0]),
    )
