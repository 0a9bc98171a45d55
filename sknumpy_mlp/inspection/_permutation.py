"""Permutation importance from the folds of a tabular estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._inputs.sample_weights import check_sample_weight
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._inputs.targets import read_target, squeeze_single_column
from sknumpy_mlp._tabular.base import _BaseTabularMLP
from sknumpy_mlp._tabular.feature_names import check_input_features
from sknumpy_mlp._tabular.held_out import has_checksums, mean_by_row
from sknumpy_mlp._tabular.networks import unwrap
from sknumpy_mlp._utils.intervals import is_integer
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.inspection._feature_groups import feature_groups_of

# Maximum number of blocks of rows for standard errors.
_MAX_BLOCKS = 10


def permutation_importance(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    scoring: Any = None,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
    sample_weight: Any = None,
    feature_groups: Any = None,
) -> Bunch:
    r"""Compute permutation importances from the folds of a tabular estimator.

    The importance of a column is the decrease of a score when the values of the column
    are permuted, so that they are no longer related to the target [1]_.  As in
    ``oof_score_``, each network predicts the rows of its own fold (or of the hold-out
    set), which it was not trained on: importances are those for new data, although the
    estimator was trained on all rows, and nothing is fitted again.

    Parameters
    ----------
    estimator : TabularMLPClassifier or TabularMLPRegressor
        The fitted estimator, with any ``ensemble`` but 'refit', and without ``X_val``.
    X : frame or array-like of shape (n_samples, n_features)
        The table that the estimator was fitted to, in the same order.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target that the estimator was fitted to.
    scoring : str, callable, list, tuple or dict, default=None
        One or several scores, as in :func:`sklearn.model_selection.cross_validate`;
        None is that of ``estimator.score``.  A callable is passed a copy of the
        estimator that predicts the values to score.
    n_repeats : int, default=5
        Number of permutations of each column.
    n_jobs : int or None, default=None
        Number of threads of joblib, each of which permutes other columns.
    random_state : int, RandomState instance or None, default=None
        Determines the permutations, which are the same for each column.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights for the score.
    feature_groups : float, list or dict, default=None
        Columns that are permuted together.  If columns are correlated, networks can use
        one in place of another, so that each alone seems unimportant.  A list of lists
        of columns (names, or indices), or a dict of such lists by the name of the
        group; other columns are permuted on their own.  A number between 0 and 1 groups
        numeric columns by their Spearman rank correlation, by hierarchical clustering
        with average linkage: 0.8 groups columns whose mean absolute correlation is at
        least 0.8.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch` or dict of Bunch
        For several scores, a dict by their names.  With the attributes

        importances : ndarray of shape (n_features, n_repeats)
            The decrease of the score for each permutation.  With ``feature_groups``,
            each group counts as one feature.
        importances_mean : ndarray of shape (n_features,)
            The mean importances.
        importances_std : ndarray of shape (n_features,)
            The standard deviation over the permutations.
        standard_errors : ndarray of shape (n_features,)
            Standard errors of the mean importances as estimates for new data, from
            leaving out one fold at a time (see Notes).
        feature_names : list of str
            The names of the columns or groups.
        score : float
            The score without permutation.

    Raises
    ------
    TypeError
        If the estimator is not one of these.
    NotFittedError
        If it is not fitted.
    ValueError
        If it has no networks that were not trained on some of the rows, if ``X`` is not
        the table that it was fitted to, or if another argument is invalid.

    See Also
    --------
    ImportanceDisplay : Draws the importances.
    sklearn.inspection.permutation_importance : For any estimator, with new data.

    Notes
    -----
    A missing value is permuted like any other.  Values are exchanged among all rows
    that are scored, of all folds.

    The standard error accounts for the choice of rows, which the standard deviation
    over permutations does not.  It is that of the delete-a-group jackknife [2]_: with
    the mean importances :math:`\theta_k` without the rows of fold k,

    .. math:: \sqrt{\frac{K - 1}{K} \sum_{k=1}^K (\theta_k - \bar\theta)^2}.

    More than ten folds are merged to ten, and a hold-out set is split into ten.

    References
    ----------
    .. [1] L. Breiman, "Random Forests", Machine Learning 45, 2001; A. Fisher, C. Rudin
       and F. Dominici, "All Models are Wrong, but Many are Useful", Journal of Machine
       Learning Research 20, 2019, arXiv:1801.01489.
    .. [2] P. S. Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics
       17, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp import TabularMLPRegressor
    >>> from sknumpy_mlp.inspection import permutation_importance
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = 2.0 * X[:, 0] + X[:, 1]
    >>> reg = TabularMLPRegressor((32,), max_iter=40, random_state=0).fit(X, y)
    >>> result = permutation_importance(reg, X, y, random_state=0)
    >>> result.feature_names
    ['x0', 'x1', 'x2']
    >>> result.importances_mean.round(1) + 0.0
    array([1.6, 0.4, 0. ])
    """
    _check_estimator(estimator)
    if not (is_integer(n_repeats) and n_repeats >= 1):
        raise ValueError(
            f"n_repeats={short_repr(n_repeats)} must be an int of at least 1."
        )
    table, encoded, rows = _read_table(estimator, X)
    y = read_target(y, "y", numeric=estimator._target_type.is_numeric)
    y = squeeze_single_column(y, dense=True, warn=False)
    check_consistent_length(encoded, y)
    weight = check_sample_weight(sample_weight, encoded)
    preprocessor = estimator.preprocessor_
    names = check_input_features(preprocessor, None)
    # Of a date, the first part stands for the column: the elapsed time.
    which = [i for i in preprocessor._numbers if i < len(names)]
    numbers = encoded[:, : len(which)]
    groups = feature_groups_of(feature_groups, names, which, numbers)
    scorer = check_scoring(estimator, scoring=scoring)
    rng = check_random_state(random_state)
    orders = [rng.permutation(len(rows)) for _ in range(n_repeats)]
    predictor = _Predictor.of(estimator, encoded[rows], rows)
    # Only scorers of users may read the table.
    source = table if _has_callable(scoring) else None
    parts = [
        _Part.of(part, source, rows, y, weight)
        for part in predictor.parts_to_score(rng)
    ]

    def scores_of(predicted: Array) -> list[Any]:
        return [part.score(scorer, estimator, predicted) for part in parts]

    columns_of = preprocessor.encoded_columns()
    baseline = scores_of(predictor.predict())
    permuted = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(
            lambda columns: [
                scores_of(predictor.predict(columns, order)) for order in orders
            ]
        )(np.concatenate([columns_of[i] for i in group]))
        for group in groups.values()
    )
    feature_names = list(groups)
    if not isinstance(baseline[0], dict):
        return _bunch(np.array(baseline), np.array(permuted), feature_names)
    return {
        name: _bunch(
            np.array([score[name] for score in baseline]),
            np.array([[[s[name] for s in each] for each in one] for one in permuted]),
            feature_names,
        )
        for name in baseline[0]
    }


def _has_callable(scoring: Any) -> bool:
    """Return True if a score, or one of several, is a callable."""
    if isinstance(scoring, Mapping):
        scoring = list(scoring.values())
    several = scoring if isinstance(scoring, list | tuple | set) else [scoring]
    return any(map(callable, several))


def _check_estimator(estimator: Any) -> None:
    """Raise an error unless an estimator has networks with validation rows."""
    if not isinstance(estimator, _BaseTabularMLP):
        inner = unwrap(estimator)[-1]
        if isinstance(inner, _BaseTabularMLP):
            raise TypeError(
                f"{type(estimator).__name__} is not a tabular estimator, but has one. "
                "Pass that one, and the X that it was fitted to: for a Pipeline, "
                "pipeline[-1] and pipeline[:-1].transform(X)."
            )
        raise TypeError(
            "permutation_importance needs a TabularMLPClassifier or a "
            f"TabularMLPRegressor, got {short_repr(estimator)}. For other estimators, "
            "use sklearn.inspection.permutation_importance."
        )
    check_is_fitted(estimator)
    if not any(len(rows) for rows in estimator.validation_indices_):
        cause = "X_val" if estimator.oof_predictions_ is None else "ensemble='refit'"
        raise ValueError(
            f"{type(estimator).__name__} was fitted with {cause}, so that each network "
            "was trained on all rows of X. Use sklearn.inspection."
            "permutation_importance with X_val or other new data, or fit with "
            "ensemble='kfold'."
        )


def _read_table(estimator: Any, X: Any) -> tuple[Table, Array, IntArray]:
    """Return a table, preprocessed, and the rows that have predictions."""
    table = Table(X)
    encoded = estimator._read(table.data)
    n_samples = len(estimator.oof_predictions_)
    rows = np.unique(np.concatenate(estimator.validation_indices_))
    if len(encoded) != n_samples or not has_checksums(
        encoded, rows, estimator._checksums
    ):
        found = "other values, or the same in another order"
        if len(encoded) != n_samples:
            found = f"{len(encoded)} rows instead of {n_samples}"
        raise ValueError(
            f"X is not the table that the estimator was fitted to: it has {found}. "
            "Pass that one, whose folds are known; for new data, use "
            "sklearn.inspection.permutation_importance."
        )
    return table, encoded, rows


@dataclass(frozen=True)
class _Predictor:
    """Predictions for rows by the networks that were not trained on them.

    Attributes
    ----------
    estimator : estimator
        The tabular estimator.
    X : ndarray of shape (n_rows, n_columns)
        The preprocessed table, of the rows to predict.
    rows_of : list of ndarray
        For each network, its rows as positions in ``X``.
    """

    estimator: Any
    X: Array
    rows_of: Sequence[IntArray]

    @classmethod
    def of(cls, estimator: Any, X: Array, rows: IntArray) -> "_Predictor":
        """Return the predictor for some rows, in ascending order."""
        indices = estimator.validation_indices_
        return cls(estimator, X, [np.searchsorted(rows, each) for each in indices])

    def predict(
        self, columns: IntArray | None = None, order: IntArray | None = None
    ) -> Array:
        """Return predictions, after permuting some columns.

        Parameters
        ----------
        columns : ndarray of shape (n_permuted,), default=None
            The columns of ``X`` to permute; None for none.
        order : ndarray of shape (n_rows,), default=None
            The rows from which the values of these columns are taken.

        Returns
        -------
        predicted : ndarray of shape (n_rows, n_outputs)
            Predictions in the format of ``_predict_from``.
        """
        parts: list[tuple[IntArray | None, Array, float]] = []
        with np.errstate(all="ignore"):
            for member, rows in zip(
                self.estimator.estimators_, self.rows_of, strict=True
            ):
                if len(rows) == 0:
                    continue
                X = self.X[rows]
                if columns is not None and order is not None:
                    X[:, columns] = self.X[order[rows][:, np.newaxis], columns]
                outputs = self.estimator._member_outputs(member.raw(X))
                parts.append((rows, outputs, member.weight))
            mean, _ = mean_by_row(parts, len(self.X))
            predicted: Array = self.estimator._predict_from(mean)
        return predicted

    def parts_to_score(self, rng: np.random.RandomState) -> list[IntArray]:
        """Return all rows, and all but those of each block."""
        n_rows = len(self.X)
        everything = np.arange(n_rows)
        block = np.zeros(n_rows, dtype=np.intp)
        for i, rows in enumerate(self.rows_of):
            block[rows] = i
        if len(np.unique(block)) == 1:  # a hold-out set
            block = rng.permutation(n_rows)
        block %= _MAX_BLOCKS
        blocks = np.unique(block)
        if len(blocks) == 1:
            return [everything]
        return [everything, *(np.flatnonzero(block != each) for each in blocks)]


@dataclass(frozen=True)
class _Part:
    """Rows that are scored together.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        The positions of the rows among all predictions.
    X : frame or ndarray of shape (n_rows, n_features), or None
        The rows of the table; None if the scorer does not read them.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Their targets.
    sample_weight : ndarray of shape (n_rows,) or None
        Their weights.
    """

    rows: IntArray
    X: Any
    y: Any
    sample_weight: Array | None

    @classmethod
    def of(
        cls,
        part: IntArray,
        table: Table | None,
        rows: IntArray,
        y: Any,
        weight: Array | None,
    ) -> "_Part":
        """Return a part of the rows that have predictions."""
        chosen = rows[part]
        return cls(
            part,
            None if table is None else table.take(chosen).data,
            y[chosen],
            None if weight is None else weight[chosen],
        )

    def score(self, scorer: Any, estimator: Any, predicted: Array) -> Any:
        """Return the score of the predictions for these rows, or a dict of scores."""
        own = predicted[self.rows]
        # Scorers call methods of an estimator: this one knows its predictions.
        known = object.__new__(type(estimator))
        known.__dict__ = {**vars(estimator), "_predict_table": lambda _: own}
        if self.sample_weight is None:
            return scorer(known, self.X, self.y)
        return scorer(known, self.X, self.y, sample_weight=self.sample_weight)


def _bunch(baseline: Array, permuted: Array, feature_names: Sequence[str]) -> Bunch:
    """Return the importances.

    Parameters
    ----------
    baseline : ndarray of shape (n_parts,)
        The scores without permutation, of all rows and of all but each block.
    permuted : ndarray of shape (n_features, n_repeats, n_parts)
        The scores with permutation.
    feature_names : sequence of str
        The names of the features.
    """
    decrease = baseline - permuted
    importances, without = decrease[:, :, 0], decrease[:, :, 1:].mean(axis=1)
    n_blocks = without.shape[1]
    standard_errors = np.full(len(importances), np.nan)
    if n_blocks > 1:
        standard_errors = np.sqrt(n_blocks - 1) * without.std(axis=1)
    return Bunch(
        importances=importances,
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        standard_errors=standard_errors,
        feature_names=list(feature_names),
        score=float(baseline[0]),
    )
