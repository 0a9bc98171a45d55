"""Validation data that is passed to fit."""

import numpy as np
import pytest
import sklearn
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.validation import read_validation
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import (
    SETTINGS,
    VALIDATION,
    X_VAL,
    Y_VAL,
    X,
    make_data,
    y,
)

pytestmark = unconverged


@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_validation_data_alone_only_records(Estimator, solver):
    settings = SETTINGS | {"solver": solver, "max_iter": 8}
    plain = Estimator(**settings).fit(X, y)
    watched = Estimator(**settings).fit(X, y, **VALIDATION)
    np.testing.assert_array_equal(plain._params, watched._params)
    assert plain.loss_curve_ == watched.loss_curve_
    assert plain.best_loss_ == watched.best_loss_
    assert plain.validation_loss_curve_ is plain.validation_scores_ is None
    assert len(watched.validation_loss_curve_) == watched.n_iter_ == 8
    assert watched.validation_scores_[-1] == pytest.approx(
        watched.score(X_VAL, Y_VAL), abs=1e-12
    )
    assert watched.best_validation_score_ is None


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_validation_loss_is_without_penalty(alpha):
    clf = NumpyMLPClassifier(max_iter=3, alpha=alpha, **SETTINGS)
    clf.fit(X, y, **VALIDATION)
    expected = log_loss(Y_VAL, clf.predict_proba(X_VAL))
    assert clf.validation_loss_curve_[-1] == pytest.approx(expected)
    reg = NumpyMLPRegressor(max_iter=3, alpha=alpha, **SETTINGS)
    reg.fit(X, y, **VALIDATION)
    expected = ((reg.predict(X_VAL) - Y_VAL) ** 2).mean() / 2
    assert reg.validation_loss_curve_[-1] == pytest.approx(expected)


@plain_estimators
def test_validation_data_takes_the_place_of_the_split(Estimator):
    """All rows are trained on: nothing is drawn, nothing set aside."""
    settings = SETTINGS | {"max_iter": 6, "n_iter_no_change": 100}
    est = Estimator(early_stopping=True, **settings).fit(X, y, **VALIDATION)
    plain = Estimator(**settings).fit(X, y)
    assert est.t_ == plain.t_ == 6 * len(X)
    assert est.loss_curve_ == plain.loss_curve_


@plain_estimators
def test_partial_fit_records_and_neither_stops_nor_restores(Estimator):
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}

    def scoring(estimator, X, y):
        """Worse and worse: `fit` would stop and put the first epoch back."""
        return -np.abs(estimator.coefs_[0] - first).sum()

    settings = SETTINGS | {"n_iter_no_change": 1, "scoring": scoring}
    first = Estimator(**settings).partial_fit(X, y, **classes).coefs_[0]
    plain = Estimator(**settings)
    watched = Estimator(**settings)
    stopping = Estimator(early_stopping=True, **settings)
    for _ in range(12):
        plain.partial_fit(X, y, **classes)
        watched.partial_fit(X, y, **classes, **VALIDATION)
        stopping.partial_fit(X, y, **classes, **VALIDATION)
    for est in (watched, stopping):
        np.testing.assert_array_equal(est._params, plain._params)
        assert len(est.validation_scores_) == len(est.validation_loss_curve_) == 12
        assert est.best_validation_score_ is None
    assert plain.validation_scores_ is None
    assert np.all(np.diff(watched.validation_scores_) < 0)


@plain_estimators
def test_weights_of_validation_data(Estimator):
    weight = np.arange(len(Y_VAL)) % 3
    copies = np.repeat(np.arange(len(Y_VAL)), weight)
    settings = SETTINGS | {"max_iter": 3}
    for scoring in (None, "loss", "neg_mean_absolute_error"):
        weighted = Estimator(scoring=scoring, **settings).fit(
            X, y, **VALIDATION, sample_weight_val=weight
        )
        copied = Estimator(scoring=scoring, **settings).fit(
            X, y, X_val=X_VAL[copies], y_val=Y_VAL[copies]
        )
        np.testing.assert_allclose(
            weighted.validation_scores_, copied.validation_scores_
        )
        np.testing.assert_allclose(
            weighted.validation_loss_curve_, copied.validation_loss_curve_
        )


@plain_estimators
def test_validation_data_through_a_pipeline(Estimator):
    """X_val is transformed like X, and y_val and the weights come through."""
    scale = StandardScaler()
    weight = np.arange(len(Y_VAL)) % 3
    est = Estimator(early_stopping=True, max_iter=5, **SETTINGS)
    with sklearn.config_context(enable_metadata_routing=True):
        est.set_fit_request(X_val=True, y_val=True, sample_weight_val=True)
        pipeline = Pipeline(
            [("scale", scale), ("mlp", est)], transform_input=["X_val"]
        ).fit(
            100 * X,
            y,
            X_val=100 * X_VAL,
            y_val=Y_VAL,
            sample_weight_val=weight,
        )
    by_hand = Estimator(early_stopping=True, max_iter=5, **SETTINGS).fit(
        scale.transform(100 * X),
        y,
        X_val=scale.transform(100 * X_VAL),
        y_val=Y_VAL,
        sample_weight_val=weight,
    )
    np.testing.assert_array_equal(pipeline["mlp"]._params, by_hand._params)
    assert pipeline["mlp"].validation_scores_ == by_hand.validation_scores_


@plain_estimators
def test_curves_survive_a_call_without_validation_data(Estimator):
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    est = Estimator(**SETTINGS).partial_fit(X, y, **classes, **VALIDATION)
    est.partial_fit(X, y)
    est.partial_fit(X, y, **VALIDATION)
    assert len(est.loss_curve_) == 3
    assert len(est.validation_scores_) == len(est.validation_loss_curve_) == 2


def test_multilabel_validation():
    Y, Y_val = np.eye(10, dtype=int)[y], np.eye(10, dtype=int)[Y_VAL]
    clf = NumpyMLPClassifier(max_iter=3, scoring="f1_macro", **SETTINGS)
    clf.fit(X, Y, X_val=X_VAL, y_val=Y_val)
    assert len(clf.validation_scores_) == 3
    clf.set_params(scoring=None).fit(X, Y, X_val=X_VAL, y_val=Y_val)
    assert clf.validation_scores_[-1] == pytest.approx(clf.score(X_VAL, Y_val))


# ----------------------------------------------------------------- reading it by itself

TRAIN = make_data()
TARGET = RegressionTarget.fit(TRAIN.target, "squared_error")


def _read(X=None, y=None, sample_weight=None, *, target=TARGET, y_train=TRAIN.y, **kw):
    weights = kw.get("class_weights")
    given = X, y, sample_weight
    return read_validation(given, np.asarray, target, y_train, weights)


def test_without_validation_data_there_is_none():
    assert _read() is None


def test_it_is_read_like_the_training_data():
    other = make_data(7, 1)
    y_train = TRAIN.y.astype(np.float32)
    found = _read(other.X, other.target, np.arange(1.0, 8.0), y_train=y_train)
    np.testing.assert_array_equal(found.X, other.X)
    np.testing.assert_allclose(found.y, other.y, rtol=1e-6)
    assert found.y.dtype == np.float32
    np.testing.assert_array_equal(found.target, other.target)
    np.testing.assert_array_equal(found.sample_weight, np.arange(1.0, 8.0))


def test_classes_weigh_validation_data():
    labels = np.array([0, 1, 1])
    target = ClassificationTarget.fit(labels, "log_loss")
    codes = target.encode(labels, np.float64, "y")
    found = _read(
        np.ones((3, 1)),
        labels,
        [1.0, 2.0, 1.0],
        target=target,
        y_train=codes,
        class_weights=target.class_weights({0: 1.0, 1: 3.0}, codes, None),
    )
    np.testing.assert_array_equal(found.sample_weight, [1.0, 6.0, 3.0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X": TRAIN.X}, "y_val was not provided"),
        ({"y": TRAIN.target}, "X_val was not provided"),
        ({"sample_weight": np.ones(3)}, "sample_weight_val is provided, but X_val"),
        ({"X": TRAIN.X, "y": TRAIN.target[:-1]}, "X_val and y_val"),
        ({"X": TRAIN.X, "y": np.tile(TRAIN.y, 2)}, "y_val has 2 columns, but y has 1"),
        ({"X": TRAIN.X, "y": np.full(40, np.nan)}, "y_val contains NaN"),
        ({"X": TRAIN.X, "y": np.full(40, np.datetime64("2020"))}, "y_val holds dates"),
    ],
    ids=range(7),
)
def test_validation_data_that_does_not_fit(given, message):
    with pytest.raises(ValueError, match=message):
        _read(**given)


def test_validation_targets_are_in_the_domain_of_the_loss():
    target = RegressionTarget.fit(np.abs(TRAIN.target), "poisson")
    with pytest.raises(ValueError, match=r"y_val.*"):
        _read(TRAIN.X, -np.ones(40), target=target)
