"""The base of the estimators: data, types, sample weights, saving, pipelines."""

import copy
import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from tests.conftest import (
    assert_same_params,
    params_of,
    plain_estimators,
    polars_frame,
    unconverged,
)
from tests.estimators.conftest import SHORT, X, y

X_iris, y_iris = load_iris(return_X_y=True)


# --------------------------------------------------------------------- the objective


@unconverged
@plain_estimators
def test_losses_include_the_penalty(Estimator):
    settings = {
        "solver": "sgd",
        "learning_rate_init": 1e-12,
        "max_iter": 1,
        "batch_size": len(X),
        "random_state": 0,
    }
    without = Estimator(alpha=0, **settings).fit(X, y)
    with_penalty = Estimator(alpha=3.0, **settings).fit(X, y)
    squares = sum((W**2).sum() for W in with_penalty.coefs_)
    np.testing.assert_allclose(
        with_penalty.loss_, without.loss_ + 3.0 * squares / 2 / len(X)
    )


@unconverged
def test_a_batch_of_zero_weights_is_skipped():
    weight = np.zeros(len(X))
    weight[:3] = 1
    for shuffle in (True, False):
        clf = NumpyMLPClassifier(
            batch_size=10, max_iter=3, shuffle=shuffle, random_state=0
        ).fit(X, y, sample_weight=weight)
        assert np.isfinite(clf.loss_curve_).all()
        assert np.isfinite(params_of(clf)).all()


@unconverged
@plain_estimators
@pytest.mark.parametrize(
    "settings", [{"solver": "lbfgs", "max_iter": 30}, {"max_iter": 20}]
)
def test_weights_are_repetitions(Estimator, settings):
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    if "solver" not in settings:
        settings = settings | {"batch_size": len(rows)}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Got `batch_size`")
        weighted = Estimator(random_state=0, **settings).fit(X, y, weight)
        repeated = Estimator(random_state=0, **settings).fit(X[rows], y[rows])
    np.testing.assert_allclose(params_of(weighted), params_of(repeated), atol=1e-6)


@unconverged
def test_a_number_as_sample_weight():
    a = NumpyMLPClassifier(alpha=0, max_iter=3, random_state=0).fit(X, y, 2.0)
    b = NumpyMLPClassifier(alpha=0, max_iter=3, random_state=0).fit(X, y)
    np.testing.assert_allclose(params_of(a), params_of(b), atol=1e-8)


# ----------------------------------------------------------------------------- inputs


@unconverged
@plain_estimators
@pytest.mark.parametrize("solver", ["lbfgs", "sgd", "adam"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_sparse_and_dense_agree(Estimator, solver, early_stopping):
    settings = {
        "solver": solver,
        "early_stopping": early_stopping,
        "max_iter": 5,
        "batch_size": 64,
        "random_state": 0,
    }
    dense = Estimator(**settings).fit(X, y)
    for container in (sp.csr_matrix, sp.csc_matrix, sp.csr_array, sp.csc_array):
        sparse = Estimator(**settings).fit(container(X), y)
        np.testing.assert_allclose(params_of(sparse), params_of(dense), atol=1e-9)
        np.testing.assert_allclose(
            sparse.predict(container(X)), dense.predict(X), atol=1e-9
        )


@unconverged
@plain_estimators
@pytest.mark.parametrize("solver", ["lbfgs", "sgd", "adam"])
def test_float32_stays_float32(Estimator, solver):
    single = Estimator(solver=solver, max_iter=5, random_state=0)
    single.fit(X.astype(np.float32), y)
    assert {a.dtype for a in single.coefs_ + single.intercepts_} == {np.dtype("f4")}
    if Estimator is NumpyMLPRegressor:
        assert single.predict(X.astype(np.float32)).dtype == np.float32
    else:
        assert single.predict_proba(X.astype(np.float32)).dtype == np.float32
    double = Estimator(solver=solver, max_iter=5, random_state=0).fit(X, y)
    assert {a.dtype for a in double.coefs_} == {np.dtype("f8")}
    np.testing.assert_allclose(params_of(single), params_of(double), atol=1e-3)


@unconverged
@plain_estimators
@pytest.mark.parametrize("frame", [pd.DataFrame, polars_frame])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_data_frames_have_feature_names(Estimator, frame, early_stopping):
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    table = frame(dict(zip(names, X_iris.T, strict=True)))
    settings = {"early_stopping": early_stopping, "max_iter": 5, "random_state": 0}
    est = Estimator(**settings).fit(table, y_iris)
    np.testing.assert_array_equal(est.feature_names_in_, names)
    assert_same_params(est, Estimator(**settings).fit(X_iris, y_iris))
    with pytest.raises(ValueError, match="feature names"):
        est.predict(frame(dict(zip(names[::-1], X_iris.T, strict=True))))
    with pytest.warns(UserWarning, match="feature names"):
        est.predict(X_iris)


@unconverged
@plain_estimators
@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_and_read_only_input(Estimator, order):
    X_ordered = np.array(X, order=order)
    X_ordered.flags.writeable = False
    est = Estimator(batch_size=50, max_iter=2, random_state=0).fit(X_ordered, y)
    assert_same_params(
        est, Estimator(batch_size=50, max_iter=2, random_state=0).fit(X, y)
    )


# --------------------------------------------------------------------- fitted arrays


@unconverged
@plain_estimators
def test_saved_and_loaded(Estimator, tmp_path):
    est = Estimator(max_iter=3, random_state=0).fit(X, y)
    joblib.dump(est, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    assert_same_params(est, loaded)
    np.testing.assert_array_equal(est.predict(X), loaded.predict(X))
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(est.predict(X), mapped.predict(X))
    mapped.intercepts_ = [b + 1 for b in mapped.intercepts_]  # not into the file
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "model.joblib").predict(X), est.predict(X)
    )


@unconverged
@plain_estimators
def test_saved_loaded_and_saved_again(Estimator):
    est = Estimator(max_iter=2, random_state=0, warm_start=True).fit(X, y)
    again = pickle.loads(pickle.dumps(copy.deepcopy(pickle.loads(pickle.dumps(est)))))
    assert_same_params(est.fit(X, y), again.fit(X, y))


@unconverged
@plain_estimators
def test_same_seed_same_bits(Estimator):
    first, again = (
        Estimator(batch_size=50, max_iter=5, random_state=0).fit(X, y) for _ in range(2)
    )
    assert_same_params(first, again)
    assert_same_params(first, clone(first).fit(X, y))


def test_in_a_pipeline_and_a_grid_search():
    clf = NumpyMLPClassifier(max_iter=1000, random_state=0)
    pipeline = make_pipeline(StandardScaler(), clf)
    search = GridSearchCV(
        pipeline,
        {
            "numpymlpclassifier__hidden_layer_sizes": [(), 20, (10, 10)],
            "numpymlpclassifier__activation": np.array(["relu", "tanh"]),
            "numpymlpclassifier__solver": ["lbfgs"],
            "numpymlpclassifier__alpha": np.array([1.0]),
        },
        n_jobs=2,
    ).fit(X_iris, y_iris)
    assert search.best_score_ > 0.95


# --------------------------------------------------------------------- interruptions


@unconverged
@plain_estimators
def test_a_subclass_may_have_parameters_of_its_own(Estimator):
    class Wrapped(Estimator):
        def __init__(self, extra=1, max_iter=2):
            super().__init__(max_iter=max_iter)
            self.extra = extra

    assert Wrapped(extra=3).fit(X, y).n_iter_ == 2


@unconverged
@plain_estimators
def test_wide_sparse_data_needs_little_memory(Estimator):
    n_features = 2**17
    wide = sp.random(300, 50, 0.1, format="csr", random_state=0)
    wide = sp.csr_matrix((wide.data, wide.indices, wide.indptr), (300, n_features))
    for solver in ("lbfgs", "adam"):
        est = Estimator(hidden_layer_sizes=2, solver=solver, max_iter=1)
        tracemalloc.start()
        est.fit(wide, y)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 60 * 2 * n_features * 8  # L-BFGS-B keeps 25 vectors and more
        assert peak < 300 * n_features * 8


@unconverged
@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_dtype_is_what_is_computed_in(Estimator, solver):
    settings = SHORT | {"solver": solver}
    single = Estimator(dtype="float32", **settings).fit(X, y)
    assert single.coefs_[0].dtype == np.float32
    np.testing.assert_array_equal(
        single._params, Estimator(**settings).fit(X.astype(np.float32), y)._params
    )
    double = Estimator(dtype="float64", **settings).fit(X.astype(np.float32), y)
    assert double.coefs_[0].dtype == np.float64
    follows = Estimator(**settings).fit(X, y)
    np.testing.assert_array_equal(
        Estimator(dtype="float64", **settings).fit(X, y)._params, follows._params
    )
    if Estimator is NumpyMLPClassifier:
        assert single.predict_proba(X).dtype == np.float32
    else:
        assert single.predict(X).dtype == np.float32


def test_dtype_too_small_for_the_data():
    with pytest.raises(ValueError, match=r"too large for dtype\('float32'\)"):
        NumpyMLPRegressor(dtype="float32").fit(X * 1e300, y)
