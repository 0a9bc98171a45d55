"""With imbalanced-learn, the extra ``imbalanced``, in an environment that has it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
    train_test_split,
)
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier

pytest.importorskip("imblearn")

from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.under_sampling import RandomUnderSampler

from tests.conftest import unconverged

pytestmark = unconverged

# One row in twelve is of the rare class, and not easily told from the others.
X, y = make_classification(
    n_samples=600,
    n_features=6,
    weights=[0.92],
    class_sep=0.5,
    random_state=0,
)
CLF = NumpyMLPClassifier(
    hidden_layer_sizes=8, solver="lbfgs", alpha=1.0, max_iter=100, random_state=0
)
FOLDS = StratifiedKFold(3)


@pytest.mark.parametrize(
    "sampler", [RandomOverSampler(random_state=0), SMOTE(random_state=0)]
)
def test_oversampling_in_a_cross_validation(sampler):
    """Only the rows that a fold trains on are sampled, and it pays."""
    pipeline = make_pipeline(StandardScaler(), sampler, CLF)
    result = cross_validate(
        pipeline,
        X,
        y,
        cv=FOLDS,
        scoring="balanced_accuracy",
        return_estimator=True,
        error_score="raise",
    )
    for i, (train, test) in enumerate(FOLDS.split(X, y)):
        scale = StandardScaler().fit(X[train])
        by_hand = clone(CLF).fit(
            *clone(sampler).fit_resample(scale.transform(X[train]), y[train])
        )
        fitted = result["estimator"][i]
        np.testing.assert_array_equal(fitted[-1].coefs_[0], by_hand.coefs_[0])
        score = balanced_accuracy_score(
            y[test], by_hand.predict(scale.transform(X[test]))
        )
        assert result["test_score"][i] == score
    plain = cross_validate(
        make_pipeline(StandardScaler(), CLF),
        X,
        y,
        cv=FOLDS,
        scoring="balanced_accuracy",
    )
    assert result["test_score"].mean() > plain["test_score"].mean() + 0.05


def test_a_search_over_samplers():
    search = GridSearchCV(
        Pipeline([("sample", "passthrough"), ("mlp", CLF)]),
        [
            {"sample": ["passthrough"]},
            {
                "sample": [RandomUnderSampler(random_state=0)],
                "sample__sampling_strategy": [0.5, 1.0],
                "mlp__hidden_layer_sizes": [4, (4, 4)],
            },
        ],
        cv=FOLDS,
        scoring="balanced_accuracy",
        error_score="raise",
    ).fit(X, y)
    assert isinstance(search.best_params_["sample"], RandomUnderSampler)
    assert search.best_score_ > search.cv_results_["mean_test_score"][0] + 0.05


def test_oversampling_is_what_class_weights_do():
    """Copies of rows, and rows that weigh more, ask for the same function."""
    copied = make_pipeline(RandomOverSampler(random_state=0), CLF)
    weighted = clone(CLF).set_params(class_weight="balanced")
    by_copies, by_weights, plain = (
        cross_val_predict(each, X, y, cv=FOLDS, method="predict_proba")[:, 1]
        for each in (copied, weighted, CLF)
    )
    assert abs(np.mean(by_copies - by_weights)) < 0.03
    assert np.mean(by_copies - plain) > 0.06


def test_balanced_bagging():
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, stratify=y, test_size=0.4, random_state=0
    )
    bagged = BalancedBaggingClassifier(
        CLF, n_estimators=5, sampler=RandomUnderSampler(random_state=0), random_state=0
    ).fit(X_train, y_train)
    assert len(bagged.estimators_) == 5
    votes = [each.predict_proba(X_test) for each in bagged.estimators_]
    np.testing.assert_allclose(bagged.predict_proba(X_test), np.mean(votes, axis=0))
    scores = [
        balanced_accuracy_score(y_test, each.predict(X_test))
        for each in (bagged, clone(CLF).fit(X_train, y_train))
    ]
    assert scores[0] > scores[1] + 0.05
