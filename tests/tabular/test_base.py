"""The base of the tabular estimators: tables, ensembles, weights, bad data."""

import datetime
import math
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, train_test_split

from sknumpy_mlp import InvalidParameterError, TabularMLPClassifier
from tests.conftest import polars_frame, tabular_estimators
from tests.tabular.conftest import ENSEMBLES, classes_of, classifier, regressor, table

# ---------------------------------------------------------------------- what they give


@pytest.mark.parametrize("as_polars", [False, True])
def test_a_raw_frame_goes_in_as_it_is(as_polars):
    X, value = table(400)
    X_new, value_new = table(200, seed=1)
    if as_polars:
        X, X_new = polars_frame(X), polars_frame(X_new)
    clf = classifier(max_iter=40).fit(X, classes_of(value))
    assert clf.score(X_new, classes_of(value_new)) > 0.85
    reg = regressor(max_iter=40).fit(X, value)
    assert reg.score(X_new, value_new) > 0.8


def test_pandas_and_polars_give_the_same_numbers():
    X, value = table()
    a = regressor().fit(X, value).predict(X)
    b = regressor().fit(polars_frame(X), value).predict(polars_frame(X))
    np.testing.assert_allclose(a, b)


@tabular_estimators
@pytest.mark.parametrize("heavy", [lambda z: np.exp(5.0 * z), lambda z: z**9])
def test_columns_with_heavy_tails_are_learned(Estimator, heavy):
    """Scaled and clipped, most values of these columns would be nearly equal."""
    z = np.random.default_rng(0).normal(size=(600, 2))
    X, y = np.column_stack([heavy(z[:, 0]), z[:, 1]]), np.sin(3.0 * z[:, 0])
    if Estimator is TabularMLPClassifier:
        y = y > 0.0
    est = Estimator(n_members=2, max_iter=40, random_state=0, n_jobs=1)
    assert est.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.95


def test_categorical_features_of_an_array():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 30, 300), rng.normal(size=300)])
    reg = regressor(categorical_features=[0]).fit(X, X[:, 1])
    assert reg.preprocessor_.cardinalities_ == (31,)
    by_mask = regressor(categorical_features=[True, False]).fit(X, X[:, 1])
    np.testing.assert_array_equal(reg.predict(X), by_mask.predict(X))


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_every_ensemble_learns(ensemble):
    X, y = load_iris(return_X_y=True)
    clf = classifier(ensemble=ensemble, max_iter=30).fit(X, y)
    assert clf.score(X, y) > 0.9
    assert len(clf.estimators_) == (3 if ensemble in ("kfold", "seeds") else 1)
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(ensemble=ensemble, max_iter=30).fit(X, y)
    assert reg.score(X, y) > 0.2


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_predictions_for_rows_not_trained_on(ensemble):
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(ensemble=ensemble).fit(X, y)
    seen = ~np.isnan(reg.oof_predictions_)
    n_expected = len(y) if ensemble == "kfold" else round(0.2 * len(y))
    assert seen.sum() == n_expected
    assert reg.oof_predictions_.shape == y.shape
    assert reg.oof_score_ == pytest.approx(
        r2_score(y[seen], reg.oof_predictions_[seen])
    )


def test_each_row_is_predicted_by_the_network_that_has_not_seen_it():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor().fit(X, y)
    table = reg.preprocessor_.transform(X)
    each = np.column_stack([m.predict(table) for m in reg.estimators_])
    close = np.isclose(each, reg.oof_predictions_[:, None])
    assert close.any(axis=1).all()
    counts = np.bincount(close.argmax(axis=1))
    assert counts.min() > 140  # thirds of 442
    np.testing.assert_allclose(reg.predict(X), each.mean(axis=1), rtol=1e-5)


# --------------------------------------------------------------------------- weights


@pytest.mark.parametrize("as_frame", [False, True])
def test_rows_of_weight_zero_are_not_there(as_frame):
    X, y = load_diabetes(return_X_y=True, as_frame=as_frame)
    weight = np.ones(len(y))
    weight[:50] = 0
    strange_X, strange_y = X.copy(), y.copy()
    strange_X[:50] += 1e3
    strange_y[:50] = 1e9
    reg = regressor().fit(strange_X, strange_y, sample_weight=weight)
    without = regressor().fit(X[50:], y[50:], sample_weight=weight[50:])
    np.testing.assert_array_equal(reg.predict(X), without.predict(X))
    assert np.isnan(reg.oof_predictions_[:50]).all()
    assert not np.isnan(reg.oof_predictions_[50:]).any()


def test_weights_count():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    y = np.arange(300) % 2
    heavy = np.where(y == 1, 9.0, 1.0)
    clf = classifier(max_iter=20).fit(X, y, sample_weight=heavy)
    assert clf.predict_proba(X)[:, 1].mean() == pytest.approx(0.9, abs=0.05)
    by_class = classifier(max_iter=20, class_weight={0: 1.0, 1: 9.0}).fit(X, y)
    np.testing.assert_allclose(
        by_class.predict_proba(X), clf.predict_proba(X), atol=1e-6
    )
    balanced = classifier(max_iter=20, class_weight="balanced").fit(
        X, (np.arange(300) % 10 == 0)
    )
    assert balanced.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=0.05)


# ------------------------------------------------------------------- validation data


def test_own_validation_data():
    X, y = load_diabetes(return_X_y=True)
    X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    reg = regressor().fit(X, y, X_val=X_val, y_val=y_val)
    assert reg.oof_predictions_ is None
    assert reg.oof_score_ == pytest.approx(reg.score(X_val, y_val))
    assert len(reg.estimators_) == 3
    assert all(len(m.validation_scores_) == 12 for m in reg.estimators_)
    # No row is held out: all networks have seen the same rows, with other seeds.
    first, second, _ = (m.loss_curve_[0] for m in reg.estimators_)
    assert first != second


def test_validation_data_is_checked():
    X, value = table()
    with pytest.raises(ValueError, match="y_val was not provided"):
        regressor().fit(X, value, X_val=X)
    with pytest.raises(ValueError, match=r"X_val: .*feature names"):
        regressor().fit(X, value, X_val=X.drop(columns="size"), y_val=value)
    with pytest.raises(ValueError, match="y_val has classes that y has not"):
        classifier().fit(X, classes_of(value), X_val=X, y_val=np.full(len(X), "other"))


# --------------------------------------------------------------------- who sees what


@pytest.mark.parametrize("n_rows", [2, 3, 4])
def test_fewer_rows_than_folds_are_fewer_folds(n_rows):
    X = np.arange(n_rows, dtype=float)[:, None]
    reg = regressor(n_members=5, max_iter=2).fit(X, X.ravel())
    assert len(reg.estimators_) == n_rows
    clf = classifier(n_members=5, max_iter=2).fit(X, np.arange(n_rows) % 2)
    assert len(clf.estimators_) == n_rows


def test_one_row_is_too_few():
    with pytest.raises(ValueError, match=r"1 sample\(s\).*minimum of 2"):
        regressor().fit([[1.0]], [1.0])


# ------------------------------------------------------------------- in the ecosystem


def test_pickles_predict_the_same_and_carry_no_data(tmp_path):
    X, value = table(2000)
    reg = regressor(hidden_layer_sizes=(8,), max_iter=2).fit(X, value)
    joblib.dump(reg, tmp_path / "reg.joblib")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "reg.joblib").predict(X), reg.predict(X)
    )
    # Out-of-fold predictions, residuals and scores are kept; the table is not.
    assert len(pickle.dumps(reg)) < 2000 * 8 * 3 + 120_000


def test_pickles_do_not_give_the_target_away():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=2).fit(X, y)
    for scores in (reg._intervals.residuals, reg._intervals.scores):
        assert (np.diff(scores.values) >= 0).all()


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_a_global_wish_for_frames_does_not_reach_inside(output):
    pytest.importorskip(output)
    X, value = table()
    with config_context(transform_output=output):
        reg = regressor(max_iter=2).fit(X, value)
        assert isinstance(reg.predict(X), np.ndarray)


def test_in_a_grid_search():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(
        classifier(), {"ensemble": ["kfold", None]}, cv=2, n_jobs=2
    ).fit(X, y)
    assert search.best_score_ > 0.8


def test_scorers_see_the_target_as_it_is():
    X, y = load_diabetes(return_X_y=True)
    seen = []

    def score(estimator, X, y):
        seen.append((y.max(), estimator.predict(X).mean()))
        return -float(np.abs(estimator.predict(X) - y).mean())

    regressor(scoring=score, max_iter=2).fit(X, y)
    # On the scale of the data, not standardised.
    assert all(high > 200 and mean > 25 for high, mean in seen)
    assert len(seen) == 3 * 2


# ------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "params",
    [
        {"ensemble": "bagging"},
        {"n_members": 0},
        {"max_time": 0},
        {"n_jobs": 0},
        {"validation_fraction": 0.0},
        {"solver": "lbfgs"},
        {"categorical_features": "color"},
        {"hidden_layer_sizes": -1},
    ],
)
@tabular_estimators
def test_parameters_are_checked(Estimator, params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        Estimator(**params).fit([[0.0], [1.0]], [0, 1])


def test_folds_need_two_networks():
    with pytest.raises(ValueError, match="ensemble=None"):
        regressor(n_members=1).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[0.0], [1.0]], [1.0, math.nan], "NaN"),
        ([[0.0], [1.0]], [1.0, math.inf], "infinity"),
        ([[0.0], [math.inf]], [1.0, 2.0], "infinity"),
        ([[0.0], [1.0]], [1.0, 2.0, 3.0], "inconsistent"),
        ([[0.0], [1.0]], None, "y"),
        (
            pd.DataFrame({"d": [datetime.date(2020, 1, 1), "soon"]}),
            [1.0, 2.0],
            "'soon'",
        ),
        ([[0.0], [1.0]], pd.Series(pd.date_range("2020", periods=2)), "y holds dates"),
        ([[0.0], [1.0]], pd.Series([pd.NaT, pd.NaT]), "y holds dates"),
        (pd.DataFrame({"a": [None, None]}, dtype=object), [1.0, 2.0], "nothing to le"),
    ],
)
def test_data_that_cannot_be_used(X, y, message):
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, y)


def test_other_columns_than_in_fit():
    X, value = table()
    reg = regressor(max_iter=1).fit(X, value)
    with pytest.raises(ValueError, match="feature names should match"):
        reg.predict(X.rename(columns={"size": "length"}))
    reg = regressor(max_iter=1).fit(X.to_numpy(), value)
    with pytest.raises(ValueError, match="TabularMLPRegressor is expecting 5"):
        reg.predict(X.to_numpy()[:, :3])


@pytest.mark.parametrize("method", ["predict", "score", "prediction_interval"])
def test_before_fit(method):
    args = ([[0.0]], [1.0]) if method == "score" else ([[0.0]],)
    with pytest.raises(NotFittedError):
        getattr(regressor(), method)(*args)
