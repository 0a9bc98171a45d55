"""TabularMLPClassifier: probabilities, classes, several labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score

from tests.conftest import polars_frame
from tests.tabular.conftest import classifier


def test_probabilities_are_some_and_sum_to_one():
    X, y = load_iris(return_X_y=True)
    clf = classifier().fit(X, y)
    y_prob = clf.predict_proba(X)
    assert y_prob.dtype == np.float64
    assert y_prob.shape == (150, 3)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[y_prob.argmax(axis=1)])
    np.testing.assert_allclose(clf.predict_log_proba(X), np.log(y_prob))


def test_classifiers_predictions_for_rows_not_trained_on():
    X, y = load_iris(return_X_y=True)
    labels = np.array(["a", "b", "c"])[y]
    clf = classifier(max_iter=30).fit(X, labels)
    assert clf.oof_predictions_.shape == (150, 3)
    predicted = clf.classes_[clf.oof_predictions_.argmax(axis=1)]
    assert clf.oof_score_ == accuracy_score(labels, predicted)


def test_one_class_is_always_predicted():
    X, _ = load_iris(return_X_y=True)
    clf = classifier(max_iter=2).fit(X, np.full(150, "only"))
    assert set(clf.predict(X)) == {"only"}
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((150, 1)))
    assert clf.oof_score_ == 1.0


def test_several_labels_at_once():
    X, y = load_iris(return_X_y=True)
    Y = np.column_stack([y == 0, y > 0]).astype(int)
    clf = classifier(max_iter=30).fit(X, Y)
    assert clf.predict(X).shape == (150, 2)
    assert clf.score(X, Y) > 0.9
    assert clf.oof_predictions_.shape == (150, 2)


def test_a_class_of_one_row_is_known_to_all_networks():
    X, y = load_iris(return_X_y=True)
    y = y.copy()
    y[0] = 7
    clf = classifier().fit(X, y)
    assert clf.classes_.tolist() == [0, 1, 2, 7]
    assert clf.predict_proba(X).shape == (150, 4)


@pytest.mark.parametrize(
    "y",
    [
        np.array(["a", None], dtype=object),
        pd.Series(["a", pd.NA], dtype="string"),
        lambda: polars_frame({"y": ["a", None]})["y"],
        np.array(["a", np.nan], dtype=object),
    ],
)
def test_labels_that_are_missing(y):
    y = y() if callable(y) else y
    with pytest.raises(ValueError, match=r"y contains.*NaN"):
        classifier().fit([[0.0], [1.0]], y)


def test_class_weights_do_not_weigh_the_score():
    X, y = load_iris(return_X_y=True)
    clf = classifier(class_weight={0: 1.0, 1: 100.0, 2: 1.0}).fit(X, y)
    labels = clf.oof_predictions_.argmax(axis=1)
    assert clf.oof_score_ == accuracy_score(y, labels)
