"""What the estimators promise, above all where scikit-learn's MLP is wrong."""

import copy
import io
import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from tests.conftest import (
    assert_same_params,
    digits,
    params_of,
    plain_estimators,
    polars_frame,
    unconverged,
)

X, y = digits(300)
X_iris, y_iris = load_iris(return_X_y=True)


# ---------------------------------------------------------------- going on training


@unconverged
@plain_estimators
@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "adam"},
        {"solver": "sgd", "learning_rate_init": 0.01},
        {"solver": "sgd", "learning_rate_init": 0.01, "learning_rate": "invscaling"},
        {
            "solver": "sgd",
            "learning_rate_init": 0.01,
            "learning_rate": "adaptive",
            "tol": 0.1,
            "n_iter_no_change": 1,
        },
    ],
    ids=lambda s: "-".join(map(str, s.values())),
)
@pytest.mark.parametrize("make_random_state", [int, np.random.RandomState])
def test_warm_fits_are_one_long_fit(Estimator, settings, make_random_state):
    settings = settings | {"batch_size": 64, "hidden_layer_sizes": (10,)}
    long = Estimator(max_iter=9, random_state=make_random_state(3), **settings).fit(
        X, y
    )
    warm = Estimator(
        max_iter=3, random_state=make_random_state(3), warm_start=True, **settings
    )
    for _ in range(3):
        warm.fit(X, y)
    assert_same_params(warm, long)
    assert warm.loss_curve_ == long.loss_curve_
    assert warm.best_loss_ == long.best_loss_
    assert warm.t_ == long.t_ == 9 * len(X)
    assert (warm.n_iter_, long.n_iter_) == (3, 9)


@unconverged
@plain_estimators
def test_partial_fits_are_one_fit(Estimator):
    fitted = Estimator(batch_size=64, max_iter=4, random_state=0).fit(X, y)
    stepwise = Estimator(batch_size=64, random_state=0)
    kwargs = {"classes": np.unique(y)} if Estimator is NumpyMLPClassifier else {}
    for _ in range(4):
        stepwise.partial_fit(X, y, **kwargs)
        kwargs = {}
    assert_same_params(stepwise, fitted)
    assert stepwise.loss_curve_ == fitted.loss_curve_
    assert stepwise.n_iter_ == 1
    assert stepwise.t_ == 4 * len(X)


@unconverged
def test_the_random_stream_goes_on():
    """No epoch repeats the shuffle of the one before, whatever the seed."""
    clf = NumpyMLPClassifier(batch_size=50, random_state=0)
    clf.partial_fit(X, y, classes=np.unique(y))
    first = clf._training_state.order.copy()
    state = clf._training_state.stream.get_state()[1].copy()
    clf.partial_fit(X, y)
    assert not np.array_equal(first, clf._training_state.order)
    assert not np.array_equal(state, clf._training_state.stream.get_state()[1])


@unconverged
@plain_estimators
def test_best_weights_are_not_trained_further(Estimator):
    """scikit-learn's next warm fit trains the very arrays it calls the best."""
    est = Estimator(
        hidden_layer_sizes=(10,),
        early_stopping=True,
        warm_start=True,
        validation_fraction=0.2,
        max_iter=30,
        random_state=0,
    )
    est.fit(X, y)
    best, best_params = est.best_validation_score_, params_of(est)
    # A second fit that can only get worse.
    est.setparams_of(solver="sgd", learning_rate_init=30.0, max_iter=5)
    est.fit(X, y)
    assert est.best_validation_score_ == best
    np.testing.assert_array_equal(params_of(est), best_params)


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
def test_the_optimizer_starts_afresh_after_best_weights_were_put_back():
    clf = NumpyMLPClassifier(
        early_stopping=True,
        warm_start=True,
        max_iter=30,
        learning_rate_init=0.1,
        random_state=0,
    ).fit(X, y)
    assert np.argmax(clf.validation_scores_) < clf.n_iter_ - 1
    assert clf._training_state.optimizer is None
    assert clf._training_state.early_stopping is None
    plain = NumpyMLPClassifier(warm_start=True, max_iter=3, random_state=0).fit(X, y)
    assert plain._training_state.optimizer.n_steps > 0


@unconverged
def test_a_warm_fit_on_other_data_is_measured_by_them():
    """The best score of other data is no bar: the new data's is."""
    rng = np.random.default_rng(0)
    X_other = rng.standard_normal((200, 4))
    easy, hard = 2 * X_other[:, 0], 5 - X_other[:, 1] + rng.standard_normal(200)
    reg = NumpyMLPRegressor(
        early_stopping=True,
        warm_start=True,
        max_iter=200,
        learning_rate_init=0.01,
        random_state=0,
    ).fit(X_other, easy)
    assert reg.best_validation_score_ > 0.95
    reg.fit(X_other, hard)
    assert 0.3 < reg.best_validation_score_ < 0.9
    assert reg.score(X_other, hard) > 0.3


@unconverged
def test_changed_settings_start_with_the_full_rate_and_patience():
    settings = {"warm_start": True, "random_state": 0, "n_iter_no_change": 1}
    reg = NumpyMLPRegressor(
        solver="sgd", learning_rate="adaptive", tol=1.0, **settings
    ).fit(X, y)
    assert reg._training_state.base_rate < 1e-5
    reg.setparams_of(tol=0, n_iter_no_change=50, max_iter=50)
    for change in ({"learning_rate_init": 0.01}, {"solver": "adam"}, {"alpha": 0.1}):
        before = len(reg.loss_curve_)
        reg.setparams_of(**change).fit(X, y)
        assert reg._training_state.base_rate is None
        assert len(reg.loss_curve_) > before + 10


@unconverged
@plain_estimators
def test_lbfgs_then_adam(Estimator):
    """What L-BFGS reached is no bar for a training on other targets."""
    est = Estimator(solver="lbfgs", warm_start=True, random_state=0, max_iter=50)
    est.fit(X, y % 2).setparams_of(solver="adam", max_iter=60, learning_rate_init=0.01)
    est.fit(X, 1 - y % 2)
    assert est.n_iter_ == 60
    assert est.score(X, 1 - y % 2) > 0.9


@unconverged
def test_the_hold_out_follows_validation_fraction():
    clf = NumpyMLPClassifier(
        early_stopping=True, warm_start=True, max_iter=2, random_state=0
    ).fit(X, y)
    clf.setparams_of(validation_fraction=0.5).fit(X, y)
    assert len(clf._training_state.holdout[1]) == 150


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
def test_only_what_goes_on_keeps_its_state(Estimator):
    plain = Estimator(max_iter=2, random_state=0).fit(X, y)
    n_bytes = params_of(plain).nbytes
    assert len(pickle.dumps(plain)) < n_bytes + 5000
    kept = Estimator(max_iter=2, random_state=0, warm_start=True).fit(X, y)
    assert len(pickle.dumps(kept)) > 3 * n_bytes
    kept.setparams_of(warm_start=False).fit(X, y)
    assert len(pickle.dumps(kept)) < n_bytes + 5000


@unconverged
@plain_estimators
def test_going_on_after_pickling(Estimator):
    est = Estimator(batch_size=50, max_iter=3, random_state=0, warm_start=True)
    est.fit(X, y)
    copy = pickle.loads(pickle.dumps(est))
    assert_same_params(est.fit(X, y), copy.fit(X, y))


@unconverged
@plain_estimators
def test_partial_fit_after_a_plain_fit_goes_on_from_its_weights(Estimator):
    est = Estimator(max_iter=3, random_state=0).fit(X, y)
    before = params_of(est)
    est.setparams_of(learning_rate_init=1e-12).partial_fit(X, y)
    np.testing.assert_allclose(params_of(est), before, atol=1e-10)
    assert est.t_ == 4 * len(X)
    assert len(est.loss_curve_) == 4


@unconverged
def test_a_changed_optimizer_starts_without_the_old_moments():
    clf = NumpyMLPClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, y)
    clf.setparams_of(beta_1=0.5).fit(X, y)
    assert clf._training_state.optimizer.beta_1 == 0.5
    assert clf._training_state.optimizer.n_steps == 2 * 2
    clf.setparams_of(solver="sgd").fit(X, y)
    assert clf._training_state.optimizer.n_steps == 2 * 2


@unconverged
@plain_estimators
def test_warm_start_with_lbfgs(Estimator):
    est = Estimator(solver="lbfgs", max_iter=5, warm_start=True, random_state=0)
    first = est.fit(X, y).loss_
    assert est.fit(X, y).loss_ < first
    assert est.n_iter_ == 5
    assert len(est.loss_curve_) == 10
    assert est.loss_ == est.loss_curve_[-1] == est.best_loss_


@plain_estimators
def test_partial_fit_is_there_only_when_it_works(Estimator):
    assert hasattr(Estimator(), "partial_fit")
    assert not hasattr(Estimator(solver="lbfgs"), "partial_fit")
    assert not hasattr(Estimator(learning_rate="cosine"), "partial_fit")
    assert not hasattr(NumpyMLPClassifier(class_weight="balanced"), "partial_fit")
    assert hasattr(Estimator(early_stopping=True), "partial_fit")
    assert hasattr(Estimator, "partial_fit")


# --------------------------------------------------------------------- the objective


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


def test_no_hidden_layer_is_a_linear_model():
    ours = NumpyMLPRegressor(
        hidden_layer_sizes=(),
        solver="lbfgs",
        alpha=0,
        tol=1e-9,
        max_iter=2000,
        random_state=1,
    ).fit(X_iris[:, :3], X_iris[:, 3])
    linear = LinearRegression().fit(X_iris[:, :3], X_iris[:, 3])
    np.testing.assert_allclose(ours.coefs_[0].ravel(), linear.coef_, atol=1e-3)
    assert ours.n_layers_ == 2
    logistic = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(X_iris, y_iris)
    settings = {"tol": 1e-8, "max_iter": 5000, "max_fun": 50000, "random_state": 1}
    ours = NumpyMLPClassifier((), solver="lbfgs", alpha=1.0, **settings)
    ours.fit(X_iris, y_iris)
    np.testing.assert_allclose(
        ours.predict_proba(X_iris), logistic.predict_proba(X_iris), atol=1e-3
    )


@plain_estimators
def test_hidden_layer_sizes_as_int_list_array(Estimator):
    for sizes in (7, np.int64(7), [7], (7,), np.array([7])):
        est = Estimator(hidden_layer_sizes=sizes, solver="lbfgs", max_fun=3)
        with pytest.warns(ConvergenceWarning):
            est.fit(X, y)
        assert est.coefs_[0].shape[1] == 7


# --------------------------------------------------------------------------- targets


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
def test_poisson_predicts_positive_means():
    rng = np.random.default_rng(0)
    X_counts = rng.uniform(-1, 1, (500, 2))
    rate = np.exp(1 + X_counts[:, 0])
    counts = rng.poisson(rate)
    reg = NumpyMLPRegressor("poisson", solver="lbfgs", alpha=1.0, random_state=0)
    predicted = reg.fit(X_counts, counts).predict(X_counts)
    assert (predicted > 0).all()
    assert np.corrcoef(predicted, rate)[0, 1] > 0.9
    assert reg.out_activation_ == "exp"


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
def test_coefs_are_views_that_can_be_changed_in_place(Estimator):
    est = Estimator(max_iter=2, random_state=0).fit(X, y)
    assert isinstance(est.coefs_, tuple)
    assert isinstance(est.intercepts_, tuple)
    before = est.predict(X)
    est.coefs_[-1][:] = 0
    assert not est.coefs_[-1].any()
    assert len(np.unique(est.predict(X))) == 1
    assert len(np.unique(before)) > 1
    with pytest.raises(TypeError):
        est.coefs_[0] = np.zeros((64, 100))


@unconverged
@plain_estimators
def test_assigning_coefs_copies_after_a_check(Estimator):
    est = Estimator(max_iter=2, random_state=0).fit(X, y)
    new = [np.full(W.shape, 0.25) for W in est.coefs_]
    est.coefs_ = new
    new[0][:] = 7
    assert (est.coefs_[0] == 0.25).all()
    est.intercepts_ = [b * 0 for b in est.intercepts_]
    assert not any(b.any() for b in est.intercepts_)
    before = params_of(est)
    with pytest.raises(ValueError, match=r"coefs_ must be 2 arrays of the shapes"):
        est.coefs_ = [est.coefs_[0]]
    with pytest.raises(ValueError, match=r"intercepts_ must be .* got \[\(3,\)"):
        est.intercepts_ = [np.zeros(3), est.intercepts_[1]]
    np.testing.assert_array_equal(params_of(est), before)


@plain_estimators
def test_no_coefs_before_fit(Estimator):
    est = Estimator()
    for name in ("coefs_", "intercepts_"):
        assert not hasattr(est, name)
        with pytest.raises(AttributeError, match="before fit"):
            setattr(est, name, [])


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


# -------------------------------------------------------------- verbose and warnings


@unconverged
def test_verbose_prints_a_line_for_each_epoch(capsys):
    NumpyMLPClassifier(max_iter=3, verbose=True, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"Iteration {i}" for i in (1, 2, 3)
    ]
    NumpyMLPClassifier(max_iter=3, verbose=1, early_stopping=True, random_state=0).fit(
        X, y
    )
    assert capsys.readouterr().out.count("validation score = ") == 3
    NumpyMLPClassifier(max_iter=3, verbose=1, solver="lbfgs").fit(X, y)
    assert capsys.readouterr().out.count("Iteration") == 3
    NumpyMLPClassifier(max_iter=3).fit(X, y)
    assert capsys.readouterr().out == ""


def _numbers(out):
    return [int(line.split(",")[0].split()[-1]) for line in out.splitlines()]


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_shows_what_the_validation_data_says(solver, capsys):
    clf = NumpyMLPClassifier(solver=solver, max_iter=2, verbose=True, random_state=0)
    clf.fit(X, y, X_val=X, y_val=y)
    curves = zip(
        clf.loss_curve_,
        clf.validation_loss_curve_,
        clf.validation_scores_,
        strict=True,
    )
    assert capsys.readouterr().out.splitlines() == [
        f"Iteration {i}, loss = {loss:.8f}, validation loss = {validation_loss:.8f}, "
        f"validation score = {score:.6f}"
        for i, (loss, validation_loss, score) in enumerate(curves, start=1)
    ]


@unconverged
def test_verbose_counts_the_epochs_of_a_fit_and_the_calls_of_partial_fit(capsys):
    clf = NumpyMLPClassifier(max_iter=2, verbose=True, warm_start=True, random_state=0)
    for solver in ("adam", "adam", "lbfgs"):
        clf.setparams_of(solver=solver).fit(X, y)
        assert _numbers(capsys.readouterr().out) == [1, 2]
    clf = NumpyMLPClassifier(verbose=True, random_state=0)
    for _ in range(3):
        clf.partial_fit(X, y, classes=np.unique(y))
    assert _numbers(capsys.readouterr().out) == [1, 2, 3]


@unconverged
def test_verbose_begins_lines_like_scikit_learn(capsys):
    outs = []
    for Estimator in (NumpyMLPClassifier, MLPClassifier):
        Estimator(max_iter=3, verbose=True, random_state=0).fit(X, y)
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_verbose_says_why_it_stops(capsys):
    NumpyMLPClassifier(tol=1e9, n_iter_no_change=1, verbose=1).fit(X, y)
    assert "Training loss did not improve more than tol" in capsys.readouterr().out
    NumpyMLPClassifier(
        tol=1e9,
        n_iter_no_change=1,
        verbose=1,
        early_stopping=True,
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=1e-5,
    ).fit(X, y)
    out = capsys.readouterr().out
    assert "Setting learning rate to 2e-06." in out
    assert out.endswith("Stopping.\n")


@plain_estimators
def test_convergence_warnings_point_at_the_caller(Estimator):
    with pytest.warns(ConvergenceWarning, match="Maximum iterations \\(2\\)") as record:
        Estimator(max_iter=2).fit(X, y)
    assert record[0].filename == __file__
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge") as record:
        Estimator(max_iter=2, solver="lbfgs").fit(X, y)
    assert record[0].filename == __file__


# --------------------------------------------------------------------- interruptions


class _Interrupted(io.StringIO):
    """Standard output that interrupts the program at a certain line."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def write(self, text):
        if self.line in text:
            raise KeyboardInterrupt
        return super().write(text)


@plain_estimators
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("at", [1, 4])
def test_ctrl_c_leaves_a_usable_estimator(
    Estimator, solver, early_stopping, at, monkeypatch
):
    monkeypatch.setattr("sys.stdout", _Interrupted(f"Iteration {at},"))
    est = Estimator(
        solver=solver,
        early_stopping=early_stopping,
        verbose=True,
        learning_rate_init=1e-3,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        est.fit(X, y)
    assert np.isfinite(est.predict(X)).all()
    assert est.n_iter_ == at
    assert len(est.loss_curve_) == at


@plain_estimators
def test_ctrl_c_in_the_first_epoch(Estimator, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    for name, solver in (("Adam.step", "adam"), ("SGD.step", "sgd")):
        monkeypatch.setattr(f"sknumpy_mlp.optimizers.{name}", interrupt)
        for early_stopping in (True, False):
            est = Estimator(solver=solver, early_stopping=early_stopping)
            with pytest.warns(UserWarning, match="interrupted"):
                est.fit(X, y)
            assert est.predict(X).shape == y.shape
            assert (est.n_iter_, est.loss_curve_) == (0, [])
            assert np.isnan(est.loss_)


@unconverged
@plain_estimators
@pytest.mark.parametrize("warm_start", [True, False])
def test_a_failed_fit_changes_nothing(Estimator, warm_start):
    est = Estimator(
        solver="sgd",
        learning_rate_init=0.01,
        max_iter=3,
        warm_start=warm_start,
        random_state=0,
        batch_size=50,
    ).fit(X, y)
    est.setparams_of(learning_rate_init=1e300)
    before = pickle.dumps(est)
    with pytest.raises(ValueError, match="non-finite"):
        est.fit(X, y)
    assert pickle.dumps(est) == before
    with pytest.raises(ValueError, match="non-finite"):
        est.partial_fit(X, y)
    assert pickle.dumps(est) == before
    with pytest.raises(ValueError, match="NaN"):
        est.fit(np.full((5, 2), np.nan), [0, 1, 0, 1, 0])
    assert pickle.dumps(est) == before


@plain_estimators
def test_a_failed_first_fit_leaves_an_unfitted_estimator(Estimator):
    est = Estimator(solver="sgd", learning_rate_init=1e300)
    with pytest.raises(ValueError, match="non-finite"):
        est.fit(X, y)
    assert vars(est) == vars(Estimator(solver="sgd", learning_rate_init=1e300))


def test_divergence_with_early_stopping_keeps_the_best_weights():
    reg = NumpyMLPRegressor(
        solver="sgd",
        activation="identity",
        learning_rate_init=1.0,
        early_stopping=True,
        max_iter=50,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match=r"diverged.*learning_rate_init=1\.0"):
        reg.fit(X_iris, y_iris)
    assert np.isnan(reg.validation_scores_[-1])
    assert np.isfinite(params_of(reg)).all()
    assert np.isfinite(reg.predict(X_iris)).all()
    assert len(reg.validation_scores_) == reg.n_iter_
