"""The hold-out of early stopping."""

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPClassifier
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import SETTINGS, TWO_EPOCHS, X, y


@unconverged
def test_a_warm_fit_reuses_the_hold_out():
    clf = NumpyMLPClassifier(
        early_stopping=True, warm_start=True, max_iter=3, random_state=0
    ).fit(X, y)
    rows, held_out = clf._training_state.holdout
    assert sorted([*rows, *held_out]) == list(range(len(X)))
    clf.fit(X, y)
    np.testing.assert_array_equal(clf._training_state.holdout[1], held_out)
    assert len(clf.validation_scores_) == 6
    clf.fit(X[:200], y[:200])  # other rows: a new hold-out
    assert sum(map(len, clf._training_state.holdout)) == 200


@unconverged
def test_the_hold_out_follows_validation_fraction():
    clf = NumpyMLPClassifier(
        early_stopping=True, warm_start=True, max_iter=2, random_state=0
    ).fit(X, y)
    clf.set_params(validation_fraction=0.5).fit(X, y)
    assert len(clf._training_state.holdout[1]) == 150


pytestmark = unconverged


@plain_estimators
def test_the_hold_out_has_a_loss_curve_too(Estimator):
    est = Estimator(early_stopping=True, max_iter=5, **SETTINGS).fit(X, y)
    assert len(est.validation_loss_curve_) == len(est.validation_scores_) == 5
    if Estimator is NumpyMLPClassifier:
        assert est.validation_loss_curve_[-1] < est.validation_loss_curve_[0]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_hold_out_that_lacks_a_class():
    """scikit-learn's own split, whose rows are not stratified, and rare classes."""
    rare = np.where(np.arange(len(y)) < 3, 10, y)
    settings = TWO_EPOCHS | {"early_stopping": True}
    for seed in range(5):
        clf = NumpyMLPClassifier(**settings | {"random_state": seed})
        clf.set_params(scoring="neg_log_loss").fit(X, rare)
        assert np.isfinite(clf.validation_scores_).all()
    with pytest.raises(
        ValueError,
        match=r"on the hold-out of early_stopping \(validation_fraction=0.1\), which "
        r"has no sample of the classes \[.*10\]",
    ):
        clf.set_params(scoring="roc_auc_ovr").fit(X, rare)
