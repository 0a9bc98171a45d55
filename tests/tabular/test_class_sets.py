"""Conformal prediction sets of classes."""

import math
import pickle

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification

from sknumpy_mlp._tabular.class_sets import ClassSets
from tests.tabular.conftest import ENSEMBLES, classifier


def _data(n_classes, n_rows=2_000, seed=0):
    X, y = make_classification(
        n_rows,
        8,
        n_informative=6,
        n_classes=n_classes,
        flip_y=0.1,
        class_sep=0.8,
        random_state=seed,
    )
    return X, np.array(["a", "b", "c", "d"])[y]


def _coverage(clf, is_in, y):
    return is_in[np.arange(len(y)), np.searchsorted(clf.classes_, y)].mean()


def test_the_threshold_counts_a_new_score():
    y_prob = np.column_stack([np.arange(1, 10) / 10.0, 1.0 - np.arange(1, 10) / 10.0])
    sets = ClassSets.of(y_prob, np.zeros(9, dtype=int), None)
    new = np.array([[0.15, 0.85], [0.25, 0.75]])
    # Eight of ten scores, with the unknown one, are at most 0.8.
    np.testing.assert_array_equal(sets(new, 0.8), [[False, True], [True, True]])
    with pytest.raises(ValueError, match=r"at least 19 samples .* there are 9"):
        sets(new, 0.95)
    weighted = ClassSets.of(y_prob, np.zeros(9, dtype=int), np.array([9.0] + [0.1] * 8))
    np.testing.assert_array_equal(weighted(new, 0.4), [[True, True], [True, True]])


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_sets_hold_as_much_as_they_say(n_classes, ensemble):
    X, y = _data(n_classes)
    clf = classifier(ensemble=ensemble, max_iter=24).fit(X[:1_000], y[:1_000])
    n_held_out = 1_000 if ensemble == "kfold" else 200
    sizes = []
    for coverage in (0.8, 0.95):
        is_in = clf.prediction_set(X[1_000:], coverage)
        assert is_in.shape == (1_000, n_classes)
        assert is_in.dtype == bool
        # Three standard errors of the test rows and of the quantile.
        variance = coverage * (1.0 - coverage) * (1.0 / 1_000 + 1.0 / n_held_out)
        error = _coverage(clf, is_in, y[1_000:]) - coverage
        assert -3.0 * math.sqrt(variance) < error < 0.03 + 3.0 * math.sqrt(variance)
        sizes.append(is_in.sum(axis=1).mean())
    assert 0.5 < sizes[0] < sizes[1] < n_classes


def test_sets_grow_with_the_coverage_and_start_with_the_likeliest_class():
    X, y = _data(4)
    clf = classifier().fit(X[:1_000], y[:1_000])
    small, large = (clf.prediction_set(X[1_000:], c) for c in (0.6, 0.9))
    assert (small <= large).all()
    likeliest = clf.predict_proba(X[1_000:]).argmax(axis=1)
    sizes = large.sum(axis=1)
    assert large[np.arange(1_000), likeliest][sizes > 0].all()


def test_validation_data_and_weights():
    X, y = _data(2, n_rows=900)
    by_validation = classifier().fit(X[:600], y[:600], X_val=X[600:], y_val=y[600:])
    assert by_validation._sets.scores.values.shape == (1, 300)
    weight = np.where(np.arange(900) % 3, 1.0, 0.0)
    weighted = classifier(class_weight={"a": 1.0, "b": 100.0})
    weighted.fit(X, y, sample_weight=weight)
    # The coverage is that of samples, not of weighted classes.
    np.testing.assert_array_equal(weighted._sets.scores.weights, 1.0)
    assert weighted._sets.scores.values.shape == (1, 600)


def test_a_single_class_is_in_all_sets():
    X, _ = _data(2, n_rows=100)
    clf = classifier().fit(X, np.full(100, "a"))
    assert clf.prediction_set(X).all()
    assert clf.prediction_set(X).shape == (100, 1)


def test_labels_have_no_sets():
    X, Y = make_multilabel_classification(60, random_state=0)
    clf = classifier(max_iter=1).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"y is multilabel\. Fit a classifier for each"
    ):
        clf.prediction_set(X)


def test_sets_survive_pickling():
    X, y = _data(4, n_rows=200)
    clf = classifier(max_iter=2).fit(X, y)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(clf)).prediction_set(X), clf.prediction_set(X)
    )
