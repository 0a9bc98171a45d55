"""Conformal prediction intervals from the residuals of held-out rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.difficulty import Difficulty
from sknumpy_mlp._tabular.held_out import HeldOut
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.task import EnsembleTask
from sknumpy_mlp._utils.intervals import Interval
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.losses import Loss, Quantile

# If there are more rows than this, only so many random ones are used.
_MAX_ROWS = 50_000

# Minimum number of rows to learn which ones are difficult.
_MIN_ROWS_FOR_DIFFICULTY = 100

# Number of rows from which the disagreement of the networks is estimated.
_ROWS_FOR_AMBIGUITY = 2_000

# Minimum share of the rows in a half.
_MIN_SHARE = 0.25

# The lower bound of the contraction.
_MIN_CONTRACTION = 0.5


@dataclass(frozen=True)
class ConformalScores:
    """Sorted scores (residuals, possibly divided) of rows that were held out.

    Attributes
    ----------
    values : ndarray of shape (n_outputs, n_rows)
        The scores in ascending order.  Sorted, they do not reveal the training targets,
        as residuals and predictions in the order of the rows would.
    weights : ndarray of shape (n_outputs, n_rows) or None
        The sample weights.
    contraction : ndarray of shape (n_outputs,)
        The ratio of the ensemble's scores to those of single networks.
    """

    values: Array
    weights: Array | None
    contraction: Array

    @classmethod
    def of(
        cls,
        scores: Array,
        sample_weight: Array | None,
        contraction: Array | None = None,
    ) -> "ConformalScores":
        """Sort scores of shape (n_rows, n_outputs)."""
        order = np.argsort(scores.T, axis=1, kind="stable")
        values = np.take_along_axis(scores.T, order, axis=1)
        if contraction is None:
            contraction = np.ones(len(values))
        weights = None if sample_weight is None else sample_weight[order]
        return cls(values, weights, contraction)

    def quantiles(self, coverage: float) -> Array:
        """Return the lower and upper quantiles for a coverage, shape (n_outputs, 2).

        Raises
        ------
        ValueError
            If there are too few scores for the coverage.
        """
        level = 0.5 * (1.0 + coverage)
        ends = np.empty((len(self.values), 2))
        for k, scores in enumerate(self.values):
            weight = self._weight(k)
            at_high, at_low = (self._position(w, level) for w in (weight, weight[::-1]))
            if max(at_high, at_low) == len(scores):
                raise _too_high(coverage, len(scores), n_tails=2)
            ends[k] = scores[::-1][at_low], scores[at_high]
        quantiles: Array = ends * self.contraction[:, np.newaxis]
        return quantiles

    def upper(self, coverage: float) -> float:
        """Return the upper quantile of the first output's scores, for one-sided sets.

        Raises
        ------
        ValueError
            If there are too few scores for the coverage.
        """
        scores = self.values[0]
        at = self._position(self._weight(0), coverage)
        if at == len(scores):
            raise _too_high(coverage, len(scores), n_tails=1)
        return float(scores[at] * self.contraction[0])

    def _weight(self, k: int) -> Array:
        return (
            np.ones(self.values.shape[1]) if self.weights is None else self.weights[k]
        )

    @staticmethod
    def _position(weight: Array, level: float) -> int:
        """Return the position where the cumulative weight reaches a level.

        It includes the finite-sample correction of conformal prediction: an additional
        score with the average weight and an unknown value.
        """
        share = np.cumsum(weight / weight.mean(dtype=np.float64) / (len(weight) + 1))
        # The tolerance is for rounding errors if a share equals the level.
        return int(np.searchsorted(share, level - 1e-9))


def _too_high(coverage: float, n_rows: int, *, n_tails: int) -> ValueError:
    """Return the error for a coverage that so few rows cannot give."""
    # Up to rounding errors.
    n_needed = math.ceil(n_tails / (1.0 - coverage) * (1.0 - 1e-9)) - 1
    reached = math.floor(1000.0 * (1.0 - n_tails / (n_rows + 1))) / 1000.0
    way_out = f"Use a coverage of at most {reached:g}, or " if reached > 0.0 else ""
    return ValueError(
        f"coverage={coverage:g} needs at least {n_needed} samples (of equal weights) "
        f"that networks were not trained on, but there are {n_rows}. {way_out}fit to "
        "more samples."
    )


@dataclass(frozen=True)
class ConformalIntervals:
    r"""Prediction intervals whose widths follow the difficulty of the rows.

    The scores of held-out rows are :math:`s_i = (y_i - \hat y_i) / \sigma_i`, where the
    difficulty :math:`\sigma_i` is predicted without row i.  An interval is
    :math:`\hat y + c \, \sigma \, q`, with the lower and the upper quantile q of the
    scores (normalized conformal prediction).

    The contraction c accounts for the fact that a held-out row is predicted by a single
    network, and a new row by the mean of all.  By the ambiguity decomposition, the
    squared error of the mean is smaller by the variance of the networks' predictions.
    The variance is that for rows that the networks were trained on, which is somewhat
    smaller than for new rows, so that intervals are not too narrow.

    Attributes
    ----------
    residuals : ConformalScores
        The residuals, for intervals of constant width.
    scores : ConformalScores or None
        The scores; None if there are too few rows to learn the difficulty.
    difficulty : Difficulty or None
        The difficulty.
    is_log : bool
        Whether residuals are those of the logarithms of targets and predictions.

    References
    ----------
    H. Papadopoulos, A. Gammerman and V. Vovk, "Normalized Nonconformity Measures for
    Regression Conformal Prediction", AIA 2008.

    A. Krogh and J. Vedelsby, "Neural Network Ensembles, Cross Validation, and Active
    Learning", NeurIPS 1994.
    """

    residuals: ConformalScores
    scores: ConformalScores | None
    difficulty: Difficulty | None
    is_log: bool

    def __call__(self, predicted: Array, X: Array | None, coverage: float) -> Array:
        """Return intervals of shape (n_rows, n_outputs, 2).

        Parameters
        ----------
        predicted : ndarray of shape (n_rows, n_outputs)
            The predictions.
        X : ndarray of shape (n_rows, n_features) or None
            The preprocessed table; None for intervals of constant width.
        coverage : float
            The coverage.
        """
        center = np.log(predicted) if self.is_log else predicted
        if X is None or self.scores is None or self.difficulty is None:
            ends = self.residuals.quantiles(coverage)
            interval = center[:, :, np.newaxis] + ends
        else:
            sizes = self.difficulty(X, center)[:, :, np.newaxis]
            # Not an infinite quantile times a size that may underflow to 0.
            ends = self.scores.quantiles(coverage)
            interval = center[:, :, np.newaxis] + sizes * ends
        return np.exp(interval) if self.is_log else interval


def rows_to_keep(n_rows: int, n_kept: int = _MAX_ROWS) -> IntArray:
    """Return some of the rows, drawn at random if there are more."""
    if n_rows <= n_kept:
        return np.arange(n_rows)
    # Always the same ones; not evenly spaced, since folds may be as well.
    drawn = np.random.RandomState(0).choice(n_rows, n_kept, replace=False)
    return np.sort(drawn)


def check_coverage(coverage: Any) -> float:
    """Return a coverage as a float; raise ValueError if it is not between 0 and 1."""
    if coverage not in Interval(0, 1, "neither"):
        raise ValueError(
            f"coverage={short_repr(coverage)} must be a float in the range (0, 1)."
        )
    return float(coverage)


def calibrated_intervals(
    held_out: HeldOut,
    data: Data,
    X: Array,
    task: EnsembleTask,
    *,
    preprocessor: TabularPreprocessor,
    outputs_of: Callable[[Array], Array],
    loss: Loss,
) -> ConformalIntervals:
    """Return the intervals of a fit.

    Parameters
    ----------
    held_out : HeldOut
        The predictions for held-out rows.
    data : Data
        The targets and weights of these rows.
    X : ndarray of shape (n_samples, n_features)
        The preprocessed table, of which they are rows.
    task : EnsembleTask
        The fit.
    preprocessor : TabularPreprocessor
        The fitted preprocessor.
    outputs_of : callable
        Returns the predictions of all members for some rows of the table, of shape
        (n_members, n_rows, n_outputs).
    loss : Loss
        The loss.
    """
    some = rows_to_keep(len(data.y))
    rows, own, weight = held_out.rows[some], held_out.member[some], data.sample_weight
    weight = None if weight is None else weight[some]
    predicted: Array = held_out.mean[some]
    y: Array = data.y[some].astype(np.float64).reshape(len(rows), -1)
    is_log = loss.out_activation == "exp" and bool(y.min() > 0.0 < predicted.min())
    if is_log:
        y, predicted = np.log(y), np.log(predicted)
    residuals = y - predicted
    # One size for all rows, not 1: squares of large numbers would overflow.
    same = np.abs(residuals).max(axis=0)
    same = np.tile(np.where(same == 0.0, 1.0, same), (len(rows), 1))
    sizes, difficulty = same, None
    is_interval = isinstance(loss, Quantile) and len(loss.levels) > 1
    groups = None if task.groups is None or task.validation else task.groups[rows]
    first_half = _first_half(own if held_out.is_by_one else None, groups, len(rows))
    is_enough = len(rows) >= _MIN_ROWS_FOR_DIFFICULTY and not is_interval
    if is_enough and first_half is not None:
        try:
            found = Difficulty.fit(
                X[rows],
                predicted,
                residuals,
                first_half,
                weight,
                n_numbers=preprocessor.n_numbers_,
                cardinalities=preprocessor.cardinalities_,
                max_epochs=int(task.params.max_iter),
                context=FitContext(deadline=task.deadline, expects_convergence=False),
                seed=task.seed,
            )
        except KeyboardInterrupt:
            found = None
            if task.stop is not None:
                task.stop()
        if found is not None:
            difficulty, sizes = found
    scores = residuals / sizes
    contractions: list[Array] = [np.ones(residuals.shape[1])] * 2
    is_independent = task.folds is None and task.groups is None
    if held_out.is_by_one and is_independent:
        few = rows_to_keep(len(rows), _ROWS_FOR_AMBIGUITY)
        outputs = outputs_of(X[rows[few]])
        if is_log:
            outputs = np.log(outputs)
        contractions = [
            _contraction(outputs, own[few], unit[few], score[few])
            for unit, score in ((same, residuals / same), (sizes, scores))
        ]
    return ConformalIntervals(
        ConformalScores.of(residuals, weight, contractions[0]),
        None
        if difficulty is None
        else ConformalScores.of(scores, weight, contractions[1]),
        difficulty,
        is_log,
    )


def check_bounds(bounds: Any) -> tuple[float, float]:
    """Return the bounds of targets as floats, infinite where there is none.

    Parameters
    ----------
    bounds : tuple of two floats or None
        The parameter of `prediction_interval`.

    Raises
    ------
    ValueError
        If it is not a pair in ascending order.
    """
    is_pair = isinstance(bounds, tuple | list) and len(bounds) == 2
    numbers = Interval(-math.inf, math.inf, "both")
    if is_pair and all(bound is None or bound in numbers for bound in bounds):
        low = -math.inf if bounds[0] is None else float(bounds[0])
        high = math.inf if bounds[1] is None else float(bounds[1])
        if low < high:
            return low, high
    raise ValueError(
        f"bounds={short_repr(bounds)} must be a pair of numbers in ascending order, "
        "with None for no bound, such as (0, None)."
    )


def _first_half(
    own: IntArray | None, groups: IntArray | None, n_rows: int
) -> NDArray[np.bool_] | None:
    """Return the rows of one half of the folds, the groups or the rows.

    Parameters
    ----------
    own : ndarray of shape (n_rows,) or None
        The member that was not trained on each row; None if there are several.
    groups : ndarray of shape (n_rows,) or None
        The groups of the rows, which are not split.
    n_rows : int
        Number of rows.

    Returns
    -------
    is_first : ndarray of shape (n_rows,) of bool or None
        None if the groups cannot be halved, since they are few or of unequal sizes.
    """
    if own is not None:
        is_even: NDArray[np.bool_] = own % 2 == 0
        if _is_half(is_even):
            return is_even
    present, units = np.unique(
        np.arange(n_rows) if groups is None else groups, return_inverse=True
    )
    order = np.random.RandomState(0).permutation(len(present))
    is_first: NDArray[np.bool_] = order[units] < len(present) / 2
    return is_first if _is_half(is_first) else None


def _is_half(is_first: NDArray[np.bool_]) -> bool:
    return bool(_MIN_SHARE < is_first.mean() < 1.0 - _MIN_SHARE)


def _contraction(outputs: Array, own: IntArray, sizes: Array, scores: Array) -> Array:
    """Return the ratio of the ensemble's scores to those of single networks.

    Parameters
    ----------
    outputs : ndarray of shape (n_members, n_rows, n_outputs)
        The predictions of all members for some rows.
    own : ndarray of shape (n_rows,)
        The member that was not trained on each row.
    sizes, scores : ndarray of shape (n_rows, n_outputs)
        What residuals are divided by, and the scores.
    """
    n_members, n_rows, n_outputs = outputs.shape
    if n_members < 3:
        return np.ones(n_outputs)
    is_other = np.arange(n_members)[:, np.newaxis] != own
    others = outputs.transpose(1, 0, 2)[is_other.T].reshape(n_rows, -1, n_outputs)
    ambiguity = np.mean((others / sizes[:, np.newaxis]).var(axis=1), axis=0)
    squares = np.mean(scores**2, axis=0)
    squares[squares == 0.0] = 1.0
    ratio: Array = np.maximum(1.0 - ambiguity / squares, _MIN_CONTRACTION**2)
    return np.sqrt(ratio)
