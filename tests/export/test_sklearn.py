"""Conversion to and from scikit-learn's estimators preserves the predictions."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.export import from_sklearn, to_sklearn
from sknumpy_mlp.losses import Quantile
from tests.conftest import unconverged

pytestmark = unconverged


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "labels", "strings"])
def test_sklearn_classifier_is_the_same_function(kind, activation):
    X, codes = load_iris(return_X_y=True)
    y = {
        "binary": codes == 1,
        "multiclass": codes,
        "labels": np.column_stack([codes == 0, codes > 0, codes == 1]).astype(int),
        "strings": np.array(["x", "y", "z"])[codes],
    }[kind]
    clf = NumpyMLPClassifier(
        (7, 5), activation=activation, max_iter=20, random_state=0
    ).fit(X, y)
    twin = to_sklearn(clf)
    assert type(twin) is MLPClassifier
    np.testing.assert_allclose(twin.predict_proba(X), clf.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
    np.testing.assert_array_equal(twin.classes_, clf.classes_)
    assert twin.loss_curve_ == clf.loss_curve_
    assert twin.loss_curve_ is not clf.loss_curve_
    assert not np.shares_memory(twin.coefs_[0], clf.coefs_[0])


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
def test_sklearn_regressor_is_the_same_function(hidden):
    X, y = load_diabetes(return_X_y=True)
    for target in (y, np.column_stack([y, -y])):
        reg = NumpyMLPRegressor(
            hidden_layer_sizes=hidden, activation="tanh", max_iter=20, random_state=0
        ).fit(X, target)
        twin = to_sklearn(reg)
        assert type(twin) is MLPRegressor
        np.testing.assert_allclose(twin.predict(X), reg.predict(X), rtol=1e-12)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_sklearn_regressor_with_a_logarithmic_link(loss):
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(loss=loss, max_iter=20, random_state=0).fit(X, y)
    if "loss" not in MLPRegressor().get_params():
        with pytest.raises(ValueError, match=f"loss={loss.capitalize()}"):
            to_sklearn(reg)
        return
    np.testing.assert_allclose(to_sklearn(reg).predict(X), reg.predict(X), rtol=1e-12)


def test_sklearn_estimator_is_like_one_that_scikit_learn_has_fitted():
    frame, y = load_iris(return_X_y=True, as_frame=True)
    settings = {"hidden_layer_sizes": (6,), "alpha": 0.01, "random_state": 1}
    clf = NumpyMLPClassifier(**settings, max_iter=30).fit(frame, y)
    twin = to_sklearn(clf)
    theirs = MLPClassifier(**settings, max_iter=30).fit(frame, y)
    assert twin.get_params() == theirs.get_params()
    lacking = vars(theirs).keys() - vars(twin).keys()
    assert lacking <= {"_optimizer"}  # which partial_fit makes anew
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_"):
        assert getattr(twin, name) == getattr(theirs, name), name
    np.testing.assert_allclose(twin.coefs_[0], theirs.coefs_[0], atol=1e-10)
    assert list(twin.feature_names_in_) == list(theirs.feature_names_in_)
    again = twin.fit(frame, y)
    np.testing.assert_array_equal(again.coefs_[0], theirs.coefs_[0])


def test_sklearn_estimator_can_be_trained_on():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((6,), solver="adam", max_iter=30, random_state=0).fit(X, y)
    twin = to_sklearn(clf)
    before = twin.coefs_[0].copy()
    twin.partial_fit(X, y)
    assert 0 < np.abs(twin.coefs_[0] - before).max() < 0.01


@pytest.mark.parametrize("settings", [{"solver": "lbfgs"}, {"early_stopping": True}])
def test_sklearn_estimator_has_all_attributes_that_scikit_learn_sets(settings):
    X, y = load_iris(return_X_y=True)
    settings = settings | {"hidden_layer_sizes": (6,), "max_iter": 30}
    clf = NumpyMLPClassifier(**settings, random_state=1).fit(X, y)
    twin = to_sklearn(clf)
    theirs = MLPClassifier(**settings, random_state=1).fit(X, y)
    lacking = vars(theirs).keys() - vars(twin).keys()
    assert not {name for name in lacking if not name.startswith("_")}
    again = twin.fit(X, y)
    np.testing.assert_array_equal(again.coefs_[0], theirs.coefs_[0])


def test_conversion_is_quiet_and_shares_nothing():
    X, y = load_iris(return_X_y=True)
    stream = np.random.RandomState(0)
    clf = NumpyMLPClassifier((6,), max_iter=5, warm_start=True, random_state=stream)
    clf.fit(X, y)
    before = stream.get_state()[1].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin = to_sklearn(clf)
    assert not twin.warm_start
    twin.fit(X, y)
    np.testing.assert_array_equal(stream.get_state()[1], before)


def test_messages_name_the_fitted_activation():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(activation="silu", max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="activation=silu cannot"):
        to_sklearn(clf.set_params(activation="relu"))


def test_settings_that_scikit_learn_lacks_keep_its_defaults():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(
        (6,), solver="rmsprop", learning_rate="cosine", max_iter=5, random_state=0
    )
    twin = to_sklearn(clf.fit(X, y))
    assert twin.solver == MLPClassifier().solver
    assert twin.learning_rate == "constant"
    with pytest.warns(ConvergenceWarning):
        twin.fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"activation": "silu"}, r"activation=silu cannot"),
        ({"activation": ["relu", "tanh"], "hidden_layer_sizes": (4, 4)}, "activation="),
    ],
)
def test_activations_that_scikit_learn_lacks_are_refused(params, message):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=message):
        to_sklearn(NumpyMLPClassifier(**params, max_iter=2).fit(X, y))


def test_quantiles_single_classes_and_tabular_estimators_are_refused():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(loss=Quantile([0.1, 0.9]), max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"loss=Quantile.*Use to_onnx"):
        to_sklearn(reg)
    with pytest.raises(ValueError, match="single class"):
        to_sklearn(NumpyMLPClassifier(max_iter=2).fit(X, np.ones(len(X))))
    tabular = TabularMLPRegressor((2,), max_iter=1, n_members=2).fit(X, y)
    with pytest.raises(TypeError, match=r"TabularMLPRegressor.*use to_onnx"):
        to_sklearn(tabular)


_X, _codes = load_iris(return_X_y=True)
_X -= _X.mean(axis=0)
CLASSES = {
    "binary": _codes == 1,
    "multiclass": _codes,
    "floats": _codes.astype(float),
    "strings": np.array(["x", "y", "z"])[_codes],
    "objects": np.array(["x", "yy", "z"], object)[_codes],
    "labels": np.column_stack([_codes == 0, _codes > 0, _codes == 1]).astype(int),
}
# Attributes that mean the same in both packages.
SAME = (
    "best_loss_",
    "best_validation_score_",
    "loss_",
    "loss_curve_",
    "n_features_in_",
    "n_iter_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "t_",
    "validation_scores_",
)


def _assert_same(ours, theirs):
    assert ours.get_params() | theirs.get_params() == ours.get_params()
    for name in SAME:
        if hasattr(theirs, name):  # not all of them with L-BFGS
            assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("coefs_", "intercepts_"):
        pairs = zip(getattr(ours, name), getattr(theirs, name), strict=True)
        for array, original in pairs:
            np.testing.assert_array_equal(array, original)
            assert array.dtype == original.dtype
            assert not np.shares_memory(array, original)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "tanh", "solver": "sgd", "learning_rate": "adaptive"},
        {"activation": "logistic", "early_stopping": True, "warm_start": True},
        {"activation": "identity", "solver": "lbfgs", "hidden_layer_sizes": ()},
        {"activation": "relu", "hidden_layer_sizes": [7, 5], "batch_size": 50},
    ],
)
def test_a_classifier_of_scikit_learn_becomes_ours(settings, kind, dtype):
    X, y = _X.astype(dtype), CLASSES[kind]
    settings = {"hidden_layer_sizes": (6,), "max_iter": 20} | settings
    theirs = MLPClassifier(**settings, random_state=0)
    try:
        theirs.fit(X, y)
    except TypeError:
        assert kind in ("strings", "objects")
        pytest.skip("scikit-learn 1.6 stops early on numbers only")
    ours = from_sklearn(pickle.loads(pickle.dumps(theirs)))
    assert type(ours) is NumpyMLPClassifier
    _assert_same(ours, theirs)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    labels = ours.predict(X)
    np.testing.assert_array_equal(labels, theirs.predict(X))
    assert labels.dtype == theirs.predict(X).dtype
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=4 * np.finfo(dtype).eps
    )
    twin = to_sklearn(ours)
    np.testing.assert_array_equal(twin.predict_proba(X), theirs.predict_proba(X))


def test_a_sparse_label_matrix_stays_sparse():
    X, y = pd.DataFrame(_X, columns=list("abcd")), csr_matrix(CLASSES["labels"])
    theirs = MLPClassifier(solver="lbfgs", max_iter=50, random_state=0).fit(X, y)
    expected, labels = theirs.predict(X), from_sklearn(theirs).predict(X)
    assert type(labels) is type(expected)
    np.testing.assert_array_equal(labels.toarray(), expected.toarray())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_regressor_of_scikit_learn_becomes_ours(loss, n_targets, dtype):
    X, y = load_diabetes(return_X_y=True)
    X = X.astype(dtype)
    settings = {"hidden_layer_sizes": 7, "max_iter": 20, "random_state": 0}
    if loss != "squared_error":
        if "loss" not in MLPRegressor().get_params():
            pytest.skip("scikit-learn before 1.7 has one loss only")
        settings["loss"] = loss
    y = y if n_targets == 1 else np.column_stack([y, 2 * y])
    theirs = MLPRegressor(**settings).fit(X, y)
    ours = from_sklearn(pickle.loads(pickle.dumps(theirs)))
    assert type(ours) is NumpyMLPRegressor
    assert ours.loss == loss
    _assert_same(ours, theirs)
    expected = theirs.predict(X)
    np.testing.assert_allclose(ours.predict(X), expected, rtol=4 * np.finfo(dtype).eps)
    assert ours.predict(X).dtype == expected.dtype
    np.testing.assert_array_equal(to_sklearn(ours).predict(X), expected)


def test_a_converted_estimator_is_like_one_that_was_fitted():
    X, y = load_iris(return_X_y=True, as_frame=True)
    settings = {"hidden_layer_sizes": (6,), "max_iter": 30, "random_state": 1}
    ours = from_sklearn(MLPClassifier(**settings).fit(X, y))
    fitted = NumpyMLPClassifier(**settings, warm_start=True).fit(X, y)
    assert vars(ours).keys() == vars(fitted).keys()
    assert list(ours.feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="feature names"):
        ours.predict(X[X.columns[::-1]])
    again = clone(ours).fit(X, y)
    np.testing.assert_array_equal(again._params, fitted._params)
    loaded = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(loaded.predict_proba(X), ours.predict_proba(X))


def test_training_goes_on_where_scikit_learn_left_it():
    """Without momentum and shuffling, all that it needs is in what both show."""
    settings = {
        "solver": "sgd",
        "learning_rate": "invscaling",
        "momentum": 0.0,
        "shuffle": False,
        "max_iter": 5,
    }
    theirs = MLPClassifier(**settings, random_state=0).fit(_X, _codes)
    ours = from_sklearn(theirs)
    theirs.partial_fit(_X, _codes)
    ours.partial_fit(_X, _codes)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-12)
    assert len(ours.loss_curve_) == 6
    assert ours.t_ == theirs.t_ == 6 * len(_X)
    ours.set_params(warm_start=True).fit(_X, _codes)
    assert ours.t_ == 11 * len(_X)
    assert ours.learning_rate_curve_[-1] < ours.learning_rate_curve_[0] < 0.001


@pytest.mark.parametrize("settings", [{"early_stopping": True}, {"solver": "lbfgs"}])
def test_a_warm_start_of_a_converted_estimator(settings):
    theirs = MLPRegressor(**settings, max_iter=5, warm_start=True, random_state=0)
    ours = from_sklearn(theirs.fit(_X, _codes))
    n_before = len(ours.loss_curve_)
    before = ours.score(_X, _codes)
    assert ours.fit(_X, _codes).score(_X, _codes) > before
    assert len(ours.loss_curve_) == n_before + ours.n_iter_


def test_a_conversion_shares_nothing():
    stream = np.random.RandomState(0)
    theirs = MLPRegressor(max_iter=2, random_state=stream).fit(_X, _codes)
    curve = list(theirs.loss_curve_)
    before = stream.get_state()[1].copy()
    ours = from_sklearn(theirs).set_params(warm_start=True).fit(_X, _codes)
    np.testing.assert_array_equal(stream.get_state()[1], before)
    assert theirs.loss_curve_ == curve
    assert len(ours.loss_curve_) == 4


def test_parameters_that_were_changed_or_are_not_there_yet():
    theirs = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2).fit(_X, _codes)
    expected = theirs.predict(_X)
    theirs.set_params(hidden_layer_sizes=(9, 9))  # which a prediction does not look at
    del theirs.loss, theirs.n_iter_no_change  # as in the pickle of an older release
    ours = from_sklearn(theirs)
    np.testing.assert_allclose(ours.predict(_X), expected)
    assert ours.hidden_layer_sizes == (4,)
    assert ours.loss == "squared_error"


class _Derived(MLPClassifier):
    pass


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (MLPClassifier, NotFittedError, "not fitted yet"),
        (MLPRegressor, NotFittedError, "not fitted yet"),
        (lambda: MLPClassifier, TypeError, "is a class. Pass an object of it"),
        (lambda: _Derived().fit(_X, _codes), TypeError, "_Derived.*than MLPClassifier"),
        (NumpyMLPRegressor, TypeError, "of this package already"),
        (TabularMLPRegressor, TypeError, "of this package already"),
        (lambda: make_pipeline(MLPClassifier()), TypeError, r"pipeline\[-1\]"),
        (lambda: None, TypeError, "NoneType is not an MLPClassifier"),
        (
            lambda: MLPClassifier(max_iter=2).fit(_X, np.ones(len(_X))),
            ValueError,
            "single class",
        ),
    ],
)
def test_other_estimators_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        from_sklearn(make())


def test_weights_that_are_not_finite_are_refused():
    theirs = MLPRegressor(max_iter=2).fit(_X, _codes)
    theirs.coefs_[0][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"coefs_.*NaN"):
        from_sklearn(theirs)
