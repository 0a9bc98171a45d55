"""The same numbers as scikit-learn's MLP, from the same random_state."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import has_fit_parameter

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.export import to_sklearn
from tests.conftest import digits, unconverged

pytestmark = unconverged

# What is compared here came to scikit-learn's MLP with its release 1.7.
since_1_7 = pytest.mark.skipif(
    not has_fit_parameter(MLPClassifier(), "sample_weight"),
    reason="scikit-learn before 1.7 has neither sample_weight nor the Poisson loss",
)

X, DIGITS = digits(500)

PROBLEMS = {
    "two classes": (MLPClassifier, NumpyMLPClassifier, DIGITS % 2),
    "ten classes": (MLPClassifier, NumpyMLPClassifier, DIGITS),
    "labels": (MLPClassifier, NumpyMLPClassifier, np.eye(10, dtype=int)[DIGITS][:, :4]),
    "regression": (MLPRegressor, NumpyMLPRegressor, DIGITS / 3),
}
SGD = {"solver": "sgd", "learning_rate_init": 0.05}
SETTINGS = {
    "adam": {},
    "adam, no shuffle": {"shuffle": False},
    "adam, betas": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-4},
    "adam, early stopping": {"early_stopping": True},
    "adam, small batches": {"batch_size": 32, "alpha": 0.1},
    "adam, two layers of tanh": {"hidden_layer_sizes": (30, 20), "activation": "tanh"},
    "adam, logistic": {"activation": "logistic"},
    "adam, identity": {"activation": "identity"},
    "sgd": SGD,
    "sgd, classic momentum": SGD | {"nesterovs_momentum": False},
    "sgd, no momentum": SGD | {"momentum": 0.0},
    "sgd, invscaling": SGD | {"learning_rate": "invscaling", "power_t": 0.1},
    "sgd, adaptive": SGD
    | {"learning_rate": "adaptive", "tol": 0.5, "n_iter_no_change": 1},
    "sgd, adaptive, early stopping": SGD
    | {
        "learning_rate": "adaptive",
        "tol": 0.5,
        "n_iter_no_change": 1,
        "early_stopping": True,
        "validation_fraction": 0.2,
    },
    "lbfgs": {"solver": "lbfgs", "max_iter": 3},
}


def _fit_both(problem, settings, **fit_params):
    theirs, ours, y = PROBLEMS[problem]
    settings = {"max_iter": 5, "random_state": 7} | settings
    return (
        theirs(**settings).fit(X, y, **fit_params),
        ours(**settings).fit(X, y, **fit_params),
    )


def _assert_same(theirs, ours, tolerance=1e-8):
    for name in ("coefs_", "intercepts_"):
        pairs = zip(getattr(theirs, name), getattr(ours, name), strict=True)
        for a, b in pairs:
            np.testing.assert_allclose(b, a, atol=tolerance, rtol=0)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_same_parameters_and_curves(problem, settings):
    theirs, ours = _fit_both(problem, SETTINGS[settings])
    _assert_same(theirs, ours)
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name)
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-8)
    if ours.solver == "lbfgs":
        return
    assert ours.t_ == theirs.t_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, atol=1e-8)
    for name in ("best_loss_", "best_validation_score_", "validation_scores_"):
        expected = getattr(theirs, name)
        if expected is None:
            assert getattr(ours, name) is None
        else:
            np.testing.assert_allclose(getattr(ours, name), expected, atol=1e-8)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_same_predictions(problem):
    theirs, ours = _fit_both(problem, {})
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-8)
    np.testing.assert_allclose(
        ours.score(X, PROBLEMS[problem][2]), theirs.score(X, PROBLEMS[problem][2])
    )
    if isinstance(ours, NumpyMLPClassifier):
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        assert ours.predict(X).dtype == theirs.predict(X).dtype
        for method in ("predict_proba", "predict_log_proba"):
            np.testing.assert_allclose(
                getattr(ours, method)(X), getattr(theirs, method)(X), atol=1e-8
            )


@since_1_7
@pytest.mark.parametrize("settings", ["adam", "sgd", "lbfgs", "adam, early stopping"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_same_with_sample_weight(problem, settings):
    weight = np.random.default_rng(0).uniform(0.1, 3, len(X))
    theirs, ours = _fit_both(problem, SETTINGS[settings], sample_weight=weight)
    _assert_same(theirs, ours)


@since_1_7
def test_poisson_is_the_same():
    theirs = MLPRegressor("poisson", max_iter=5, random_state=7).fit(X, DIGITS)
    ours = NumpyMLPRegressor("poisson", max_iter=5, random_state=7).fit(X, DIGITS)
    _assert_same(theirs, ours)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, atol=1e-8)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-8)


def test_several_outputs_have_the_sum_of_their_losses():
    """scikit-learn follows the gradient of the sum, and reports the mean."""
    Y = np.column_stack([DIGITS, DIGITS**2 / 9, np.sqrt(DIGITS)])
    settings = {"max_iter": 5, "random_state": 7, "alpha": 0.0}
    theirs = MLPRegressor(**settings).fit(X, Y)
    ours = NumpyMLPRegressor(**settings).fit(X, Y)
    _assert_same(theirs, ours)
    np.testing.assert_allclose(
        ours.loss_curve_, 3 * np.array(theirs.loss_curve_), rtol=1e-8
    )


def test_same_constructor_parameters():
    for theirs, ours in (
        (MLPClassifier(), NumpyMLPClassifier()),
        (MLPRegressor(), NumpyMLPRegressor()),
    ):
        expected = theirs.get_params()
        params = ours.get_params()
        assert {name: params[name] for name in expected} == expected


def test_positional_parameters_stand_in_scikit_learns_order():
    clf = NumpyMLPClassifier((3,), "tanh")
    assert (clf.hidden_layer_sizes, clf.activation) == ((3,), "tanh")
    reg = NumpyMLPRegressor("poisson", (3,), "tanh")
    assert (reg.loss, reg.hidden_layer_sizes, reg.activation) == (
        "poisson",
        (3,),
        "tanh",
    )
    for Estimator, args in (
        (NumpyMLPClassifier, ((3,), "tanh", "adam")),
        (NumpyMLPRegressor, ("poisson", (3,), "tanh", "adam")),
    ):
        with pytest.raises(TypeError, match="positional argument"):
            Estimator(*args)


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csc_array])
def test_sparse_labels(container):
    """Where y was sparse, so are predictions; probabilities are not."""
    y = container(PROBLEMS["labels"][2])
    theirs = MLPClassifier(max_iter=5, random_state=7).fit(X, y)
    ours = NumpyMLPClassifier(max_iter=5, random_state=7).fit(X, y)
    predicted = ours.predict(X)
    assert type(predicted) is type(theirs.predict(X))
    assert (predicted != theirs.predict(X)).nnz == 0
    assert type(ours.predict_proba(X)) is type(theirs.predict_proba(X))
    assert ours.score(X, y) == theirs.score(X, y)
    assert type(to_sklearn(ours).predict(X)) is type(predicted)
    ours.partial_fit(X, y.toarray())
    assert isinstance(ours.predict(X), np.ndarray)
