"""Permutation importance from the folds of a tabular estimator."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._inputs.sample_weights import check_sample_weight
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._inputs.targets import read_target, squeeze_single_column
from sknumpy_mlp._tabular.base import _BaseTabularMLP
from sknumpy_mlp._tabular.feature_names import check_input_features
from sknumpy_mlp._tabular.held_out import has_checksums, mean_by_row
from sknumpy_mlp._tabular.networks import refuse_wrapper
from sknumpy_mlp._utils.intervals import is_integer
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.inspection._feature_groups import feature_groups_of
from sknumpy_mlp.inspection._scores import Scores, importances_of


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
) -> Bunch | dict[str, Bunch]:
    r"""Compute permutation importances from the folds of a tabular estimator.

    The importance of a column is the decrease of a score when the values of the column
    are permuted, so that they are no longer related to the target [1]_.  Each network
    predicts the rows of its own fold (or of the hold-out set), which it was not trained
    on, so that no further data is needed, and nothing is fitted again.

    Parameters
    ----------
    estimator : TabularMLPClassifier or TabularMLPRegressor
        The fitted estimator, with any ``ensemble`` but 'refit', and without ``X_val``.
    X : frame or array-like of shape (n_samples, n_features)
        The table that the estimator was fitted to, in the same order.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target that the estimator was fitted to, in the same order.
    scoring : str, callable, list, tuple, set or dict, default=None
        One or several scores, as in :func:`sklearn.model_selection.cross_validate`;
        None is that of ``estimator.score``.  A callable is passed a copy of the
        estimator that knows the predictions for the rows it is passed, without
        permutation: it may call `predict`, `predict_proba`, `predict_log_proba` and
        `score` for all of these rows, and nothing else.
    n_repeats : int, default=5
        Number of permutations of each column.
    n_jobs : int or None, default=None
        Number of threads of joblib, each of which permutes other columns.
    random_state : int, RandomState instance or None, default=None
        Determines the permutations, which are the same for each column.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights for the score.  Pass those of `fit` for the score to be
        ``oof_score_``.
    feature_groups : float, list or dict, default=None
        Columns that are permuted together.  If columns are correlated, networks can use
        one in place of another, so that each alone seems unimportant.  A list of lists
        of columns, or a dict of such lists by the name of the group; other columns are
        permuted on their own.  Columns are given by their names, if these are strings,
        or by their positions from 0.  A number between 0 and 1 groups
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
            Standard errors of the importances as estimates for new data, from leaving
            out one fold at a time (see Notes); NaN if they cannot be computed.
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
        If it has no networks that were not trained on some of the rows, if ``X`` and
        ``y`` are not the data that it was fitted to, or if another argument is invalid.

    See Also
    --------
    ImportanceDisplay : Draws the importances.
    sklearn.inspection.permutation_importance : For any estimator, with new data.

    Notes
    -----
    A missing value is permuted like any other.  Values are exchanged among all rows
    that are scored, of all folds.

    These are importances for single networks.  Those for the ensemble, which
    :func:`sklearn.inspection.permutation_importance` computes from new data, are
    somewhat smaller, since averaging reduces errors for implausible rows.  With folds
    of ``groups`` or ``cv`` and with a hold-out set, the best epoch of each network was
    selected on the same rows, which ``oof_score_`` takes into account and importances
    do not: if ``score`` is well above ``oof_score_``, they are too large.

    The standard error accounts for the choice of rows, which the standard deviation
    over permutations does not.  It is that of the delete-a-group jackknife [2]_: with
    the mean importances :math:`\theta_k` without the rows of fold k,

    .. math:: \sqrt{\frac{K - 1}{K} \sum_{k=1}^K (\theta_k - \bar\theta)^2}.

    More than ten folds are merged to ten; a row in several folds counts for the last of
    them.  A hold-out set is divided into ten parts, by groups if there are any.  Folds
    for which the score is not defined, for example because all other folds lack a
    class, are left out.  With few folds, standard errors are imprecise.

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
    >>> y = 3.0 * X[:, 0] + X[:, 1]
    >>> reg = TabularMLPRegressor((32,), max_iter=40, random_state=0).fit(X, y)
    >>> result = permutation_importance(reg, X, y, random_state=0)
    >>> result.feature_names
    ['x0', 'x1', 'x2']
    >>> result.importances_mean.round(1) + 0.0
    array([1.7, 0.2, 0. ])
    """
    _check_estimator(estimator)
    if not (is_integer(n_repeats) and n_repeats >= 1):
        raise ValueError(
            f"n_repeats={short_repr(n_repeats)} must be an int of at least 1."
        )
    table, encoded, rows = _read_table(estimator, X)
    y = _read_target(estimator, y, rows, len(encoded))
    weight = check_sample_weight(sample_weight, encoded)
    preprocessor = estimator.preprocessor_
    names = check_input_features(preprocessor, None)
    if table.labels is not None:
        names = list(map(str, table.labels))
    # Of a date, the first part stands for the column: the elapsed time.
    which = [i for i in preprocessor._numbers if i < len(names)]
    numbers = encoded[:, : len(which)]
    groups = feature_groups_of(feature_groups, names, which, numbers)
    scores = Scores(
        check_scoring(estimator, scoring=scoring),
        estimator,
        # Only scorers of users may read the table.
        table if _has_callable(scoring) else None,
        rows,
        y[rows],
        None if weight is None else weight[rows],
        estimator._held_out["block"],
    )
    del table
    rng = check_random_state(random_state)
    orders = [rng.permutation(len(rows)) for _ in range(n_repeats)]
    predictor = _Predictor.of(estimator, encoded[rows], rows)
    columns_of = preprocessor.encoded_columns()

    def permute(columns: IntArray) -> list[list[Any]]:
        return [scores(predictor.predict(columns, order)) for order in orders]

    # Scores need not be defined without each block.  Warnings are filtered here and not
    # in threads, which share the filters.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        baseline = scores(predictor.predict())
        permuted = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(permute)(np.concatenate([columns_of[i] for i in group]))
            for group in groups.values()
        )
    return importances_of(baseline, permuted, list(groups))


def _has_callable(scoring: Any) -> bool:
    """Return True if a score, or one of several, is a callable."""
    if isinstance(scoring, Mapping):
        scoring = list(scoring.values())
    several = scoring if isinstance(scoring, list | tuple | set) else [scoring]
    return any(map(callable, several))


def _check_estimator(estimator: Any) -> None:
    """Raise an error unless an estimator has networks with validation rows."""
    if not isinstance(estimator, _BaseTabularMLP):
        refuse_wrapper(estimator, "permutation_importance")
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
    is_same = len(encoded) == n_samples
    if not is_same or not has_checksums(encoded, rows, estimator._held_out["X"]):
        found = "other values, or the same in another order"
        if not is_same:
            found = f"{len(encoded)} rows instead of {n_samples}"
        raise ValueError(
            f"X is not the table that the estimator was fitted to: it has {found}. "
            "Pass that one, whose folds are known; for new data, use "
            "sklearn.inspection.permutation_importance."
        )
    return table, encoded, rows


def _read_target(estimator: Any, y: Any, rows: IntArray, n_samples: int) -> Any:
    """Return the target, which must be that of the fit."""
    if y is None:
        raise ValueError("y=None must be the target that the estimator was fitted to.")
    y = read_target(y, "y", numeric=estimator._target_type.is_numeric)
    y = squeeze_single_column(y, dense=True, warn=False)
    check_consistent_length(np.empty((n_samples, 0)), y)
    target = estimator._target
    if getattr(target, "scale", None) is not None:
        target = replace(target, scale=None)
    encoded = target.encode(y[rows], np.float64, "y").reshape(len(rows), -1)
    expected = estimator._held_out["y"]
    everything = np.arange(len(rows))
    if encoded.shape[1:] != expected.shape or not has_checksums(
        encoded.astype(np.float64), everything, expected
    ):
        raise ValueError(
            "y is not the target that the estimator was fitted to, or in another order "
            "than X. Pass that one: for a TransformedTargetRegressor, it is the "
            "transformed target."
        )
    return y


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
