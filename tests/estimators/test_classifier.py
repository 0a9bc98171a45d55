"""NumpyMLPClassifier: labels of all kinds, probabilities, losses."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_multilabel_classification

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.losses import BinaryLogLoss, LogLoss
from tests.conftest import unconverged
from tests.estimators.conftest import SHORT, X, y


@unconverged
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_a_confident_mistake_is_its_logit(dtype):
    """From clipped probabilities it would be 36 at most (16 in float32)."""
    X_one = np.array([[1.0]], dtype)
    clf = NumpyMLPClassifier((), solver="sgd", learning_rate_init=1e-9, alpha=0)
    clf.partial_fit(X_one, [0], classes=[0, 1])
    clf.coefs_ = [np.array([[1000.0]])]
    clf.partial_fit(X_one, [0])
    np.testing.assert_allclose(clf.loss_, 1000, rtol=1e-2)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_one_class_is_always_predicted_without_a_warning(early_stopping, solver):
    X_few = np.random.default_rng(0).standard_normal((30, 3))
    clf = NumpyMLPClassifier(
        solver=solver, early_stopping=early_stopping, max_iter=20, random_state=0
    )
    clf.fit(X_few, ["only"] * 30)
    assert set(clf.predict(X_few)) == {"only"}
    np.testing.assert_array_equal(clf.predict_proba(X_few), np.ones((30, 1)))
    assert clf.score(X_few, ["only"] * 30) == 1.0


@unconverged
@pytest.mark.parametrize(
    "labels",
    [
        np.array([-1, 5]),
        np.array([False, True]),
        np.array(["no", "yes"]),
        np.array(["no", "yes"], dtype=object),
        np.array([0.0, 1.0]),
        np.array([-1, 5, 9]),
        np.array(["a", "b", "cc"], dtype=object),
    ],
    ids=str,
)
def test_labels_of_many_types(labels):
    target = labels[y % len(labels)]
    clf = NumpyMLPClassifier(max_iter=40, learning_rate_init=0.01, random_state=0)
    assert clf.fit(X, target).score(X, target) > 0.9
    np.testing.assert_array_equal(clf.classes_, labels)
    if labels.dtype != object:  # as in scikit-learn, those become strings
        assert clf.predict(X).dtype == labels.dtype
    parts = NumpyMLPClassifier(learning_rate_init=0.01, random_state=0)
    for _ in range(40):
        parts.partial_fit(X, target, classes=labels)
    assert parts.score(X, target) > 0.9


@unconverged
def test_labels_in_a_pandas_categorical():
    target = pd.Series(np.array(["x", "y", "z"])[y % 3], dtype="category")
    clf = NumpyMLPClassifier(max_iter=40, learning_rate_init=0.01).fit(X, target)
    assert clf.score(X, target) > 0.9


@unconverged
@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix, sp.csc_matrix])
def test_labels_several_at_once(container):
    X_multi, Y = make_multilabel_classification(200, random_state=0)
    clf = NumpyMLPClassifier(solver="lbfgs", random_state=0)
    clf.fit(X_multi, container(Y))
    assert clf.predict(X_multi).shape == Y.shape
    assert clf.predict_proba(X_multi).shape == Y.shape
    assert clf.score(X_multi, Y) > 0.95
    assert clf.out_activation_ == "logistic"
    np.testing.assert_array_equal(clf.classes_, np.arange(Y.shape[1]))


@unconverged
def test_classes_are_decided_by_probability_not_by_the_raw_output():
    class Shifted(BinaryLogLoss):
        """The same loss with another zero: raw = 3 is one half."""

        def loss_gradient(self, y, raw):
            raw -= 3
            return super().loss_gradient(y, raw)

        def predict(self, raw):
            return super().predict(raw - 3)

    clf = NumpyMLPClassifier(
        loss=Shifted(),
        early_stopping=True,
        learning_rate_init=0.02,
        **SHORT | {"max_iter": 100},
    ).fit(X, y % 2)
    assert clf.score(X, y % 2) > 0.9
    assert max(clf.validation_scores_) > 0.9


@unconverged
@pytest.mark.parametrize(
    "target",
    [y, y % 2, np.eye(10, dtype=int)[y]],
    ids=["ten classes", "two classes", "labels"],
)
def test_label_smoothing_bounds_the_probabilities(target):
    settings = SHORT | {"solver": "lbfgs", "max_iter": 500, "alpha": 0.0}
    smoothed = NumpyMLPClassifier(loss=LogLoss(label_smoothing=0.2), **settings)
    proba = smoothed.fit(X, target).predict_proba(X)
    n_classes = 10 if target is y else 2
    of_the_truth = proba[target == 1] if target.ndim == 2 else proba.max(axis=1)
    assert np.median(of_the_truth) == pytest.approx(0.8 + 0.2 / n_classes, abs=0.01)
    assert smoothed.score(X, target) > 0.95
