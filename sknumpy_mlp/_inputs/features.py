"""The features of the plain estimators: arrays and frames of numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sknumpy_mlp._inputs.arrays import as_array
from sknumpy_mlp._inputs.bad_values import explaining_bad_values
from sknumpy_mlp._inputs.column_labels import columns_error, non_string_labels
from sknumpy_mlp._inputs.dates import refuse_dates
from sknumpy_mlp._inputs.missing import refuse_masked


@contextmanager
def reading_features(X: Any, dtype: Any, *, alternative: str) -> Iterator[Any]:
    """Convert ``X`` for scikit-learn's validation, and explain its errors.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The features.
    dtype : type or sequence of types
        The data type that they are converted to.
    alternative : str
        The name of the estimator that supports raw tables.
    """
    refuse_dates(X, "X")
    refuse_masked(X, "X")
    X = as_array(X, "X")
    # scikit-learn sums X to find NaN, which may cause NumPy warnings.
    with (
        np.errstate(over="ignore", invalid="ignore"),
        explaining_bad_values(X, dtype, alternative=alternative),
    ):
        yield X


def check_feature_order(X: Any, expected: list[str] | None) -> None:
    """Raise ValueError for columns in another order, if their labels are not strings.

    scikit-learn checks the order of labels that are strings.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The features.
    expected : list of str or None
        The labels in `fit`, see `non_string_labels`; None if there were none.
    """
    given = non_string_labels(X)
    if expected is None or given is None or given == expected:
        return
    # Labels 0, 1, 2, ... may come from an array, which has no labels.
    counted = list(map(str, range(len(given))))
    if counted in (given, expected) and sorted(given) != sorted(expected):
        return
    raise columns_error(expected, given)
