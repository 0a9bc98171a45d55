"""The input of the training of an ensemble."""

import numpy as np
from sklearn.model_selection import GroupKFold

from tests.tabular.conftest import classes_of, classifier, table


def test_rows_of_weight_zero_are_not_in_the_task():
    X, value = table(40)
    weight = np.where(np.arange(40) < 10, 0.0, 2.0)
    clf = classifier(cv=GroupKFold(3), class_weight="balanced")
    y, groups = classes_of(value), np.arange(40) // 2
    task = clf._make_task(X, y, weight, groups, (None, None, None), None)
    np.testing.assert_array_equal(task.rows, np.arange(10, 40))
    assert task.n_samples == 40
    assert len(task.data.X) == len(task.data.y) == len(task.groups) == 30
    # Without class weights, for scores.
    np.testing.assert_array_equal(task.sample_weight, np.full(30, 2.0))
    assert len(set(task.data.sample_weight)) == 2
    kept = [np.sort(np.concatenate(fold)) for fold in task.folds]
    assert all(np.array_equal(rows, np.arange(30)) for rows in kept)
