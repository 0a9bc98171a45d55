"""From the parameters to the layers of a network."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.activations import ACTIVATIONS, LeakyReLU, Tanh
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import SHORT, X, trained_params, y

X_iris, y_iris = load_iris(return_X_y=True)


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


@unconverged
@plain_estimators
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_learns_by_name_and_as_an_object(Estimator, name):
    settings = SHORT | {"max_iter": 60, "learning_rate_init": 0.02}
    est = Estimator(activation=name, **settings).fit(X, y)
    assert est.loss_curve_[-1] < 0.5 * est.loss_curve_[0]
    np.testing.assert_array_equal(
        trained_params(Estimator, activation=name),
        trained_params(Estimator, activation=ACTIVATIONS[name]),
    )


@unconverged
@plain_estimators
def test_an_activation_for_each_hidden_layer(Estimator):
    est = Estimator(
        activation=["tanh", LeakyReLU(0.2), "logistic"],
        **SHORT | {"hidden_layer_sizes": (8, 7, 6), "max_iter": 2},
    ).fit(X, y)
    h = X
    for W, b, f in zip(
        est.coefs_,
        est.intercepts_,
        (np.tanh, lambda z: np.maximum(z, 0.2 * z), expit),
        strict=False,
    ):
        h = f(h @ W + b)
    np.testing.assert_allclose(est.hidden_activations(X), h, rtol=1e-12)
    raw = h @ est.coefs_[-1] + est.intercepts_[-1]
    if Estimator is NumpyMLPRegressor:
        np.testing.assert_allclose(est.predict(X), raw[:, 0], rtol=1e-12)
    else:
        np.testing.assert_allclose(est.predict_proba(X), softmax(raw, axis=1))


@unconverged
@plain_estimators
def test_one_activation_for_all_is_the_same_as_one_for_each(Estimator):
    layers = {"hidden_layer_sizes": (9, 8)}
    for activation in ("logistic", Tanh()):
        np.testing.assert_array_equal(
            trained_params(Estimator, activation=activation, **layers),
            trained_params(Estimator, activation=[activation, activation], **layers),
        )


@unconverged
def test_each_layer_is_drawn_for_its_own_activation():
    """Logistic units take a third of the variance, scikit-learn's rule."""
    reg = NumpyMLPRegressor(
        activation=("logistic", "relu"),
        hidden_layer_sizes=(300, 300),
        max_iter=1,
        learning_rate_init=1e-12,
        random_state=0,
    ).fit(X, y)
    bounds = [abs(W).max() for W in reg.coefs_]
    expected = np.sqrt(np.array([2 / (64 + 300), 6 / (300 + 300), 6 / (300 + 1)]))
    np.testing.assert_allclose(bounds, expected, rtol=0.02)


@unconverged
@plain_estimators
@pytest.mark.parametrize("dropout", [0.4, [0.2, 0.5]], ids=str)
def test_dropout_is_random_in_training_only(Estimator, dropout):
    est = Estimator(dropout=dropout, **SHORT).fit(X, y)
    np.testing.assert_array_equal(est.predict(X), est.predict(X))
    np.testing.assert_array_equal(
        est._params, trained_params(Estimator, dropout=dropout)
    )
    # Pixels that are always zero move no weights, with or without dropout.
    assert (est._params != trained_params(Estimator)).mean() > 0.6
    assert est.n_layers_ == 3
    assert est.coefs_[0].shape == (64, 20)


@unconverged
@plain_estimators
def test_dropout_of_zero_draws_nothing(Estimator):
    for dropout in (0, 0.0, [0.0, 0.0], np.zeros(2)):
        np.testing.assert_array_equal(
            trained_params(Estimator, dropout=dropout), trained_params(Estimator)
        )


@unconverged
@plain_estimators
def test_the_training_loss_shows_dropout_and_the_validation_loss_does_not(Estimator):
    settings = SHORT | {"learning_rate_init": 1e-9, "max_iter": 30}
    plain = Estimator(**settings).fit(X, y, X_val=X, y_val=y)
    dropped = Estimator(dropout=0.5, **settings).fit(X, y, X_val=X, y_val=y)
    assert dropped.validation_loss_curve_[-1] == pytest.approx(
        plain.validation_loss_curve_[-1], rel=1e-4
    )
    assert np.mean(dropped.loss_curve_) > np.mean(plain.loss_curve_)


@unconverged
@plain_estimators
def test_dropout_of_sparse_inputs_needs_little_memory(Estimator):
    import tracemalloc

    import scipy.sparse as sp

    wide = sp.random(200, 200_000, density=1e-4, random_state=0, format="csr")
    target = np.arange(200) % 2
    est = Estimator(hidden_layer_sizes=2, max_iter=2, dropout=[0.5, 0.0])
    tracemalloc.start()
    est.fit(wide, target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.2 * 200 * 200_000 * 8


@unconverged
@plain_estimators
def test_max_norm_binds_hidden_units_and_only_those(Estimator):
    settings = SHORT | {"hidden_layer_sizes": (20, 10), "learning_rate_init": 0.05}
    free = Estimator(**settings).fit(X, y)
    bound = Estimator(max_norm=0.7, **settings).fit(X, y)

    def longest(est):
        return [np.linalg.norm(W, axis=0).max() for W in est.coefs_]

    assert min(longest(free)[:2]) > 0.8
    np.testing.assert_allclose(longest(bound)[:2], 0.7, rtol=1e-9)
    assert longest(bound)[2] > 0.8
