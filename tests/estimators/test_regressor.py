"""NumpyMLPRegressor: losses, quantiles, positive targets."""

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.losses import (
    REGRESSION_LOSSES,
    AbsoluteError,
    Huber,
    Quantile,
    SquaredError,
)
from tests.conftest import unconverged
from tests.estimators.conftest import SHORT, X


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


@unconverged
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_a_loss_by_name_is_the_default_object(name):
    target = np.exp(X[:, 20])
    settings = SHORT | {"solver": "lbfgs", "max_iter": 3}
    named = NumpyMLPRegressor(name, **settings).fit(X, target)
    by_object = NumpyMLPRegressor(REGRESSION_LOSSES[name], **settings).fit(X, target)
    np.testing.assert_array_equal(named._params, by_object._params)


def _noisy(n=4000):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (n, 1))
    noise = (0.2 + 0.4 * np.abs(x[:, 0])) * rng.standard_normal(n)
    return train_test_split(x, np.sin(2 * x[:, 0]) + noise, random_state=0)


def test_quantiles_cover_what_they_say_on_held_out_data():
    X_train, X_test, y_train, y_test = _noisy()
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    reg = NumpyMLPRegressor(
        Quantile(levels),
        hidden_layer_sizes=(50, 50),
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_iter=60,
        random_state=0,
    ).fit(X_train, y_train)
    predicted = reg.predict(X_test)
    assert predicted.shape == (len(y_test), 5)
    assert (np.diff(predicted, axis=1) >= 0).all()
    covered = (y_test[:, np.newaxis] <= predicted).mean(axis=0)
    # Three standard errors of a share among a thousand, and one percent.
    error = 3 * np.sqrt(np.multiply(levels, np.subtract(1, levels)) / len(y_test))
    assert (np.abs(covered - levels) < error + 0.01).all()
    # The spread follows the noise, not only its mean.
    width = predicted[:, 4] - predicted[:, 0]
    inner, outer = (np.abs(X_test[:, 0]) < 0.5), (np.abs(X_test[:, 0]) > 1.5)
    assert width[outer].mean() > 1.8 * width[inner].mean()


def test_one_quantile_is_a_vector_and_beats_other_losses_at_its_own():
    X_train, X_test, y_train, y_test = _noisy()
    settings = {"max_iter": 30, "random_state": 0, "learning_rate": "cosine"}
    settings |= {"learning_rate_init": 0.01}
    pinball = {}
    for loss in (Quantile(0.9), Quantile([0.9]), SquaredError()):
        reg = NumpyMLPRegressor(loss, **settings).fit(X_train, y_train)
        assert reg.predict(X_test).shape == y_test.shape
        pinball[loss] = mean_pinball_loss(y_test, reg.predict(X_test), alpha=0.9)
    assert pinball[Quantile(0.9)] == pinball[Quantile([0.9])]
    assert pinball[Quantile(0.9)] < 0.6 * pinball[SquaredError()]


def test_absolute_error_and_huber_withstand_outliers():
    X_train, X_test, y_train, _ = _noisy()
    spoilt = y_train.copy()
    spoilt[::20] += 100
    errors = {}
    for loss in ("squared_error", AbsoluteError(), Huber(0.5)):
        reg = NumpyMLPRegressor(
            loss,
            max_iter=40,
            learning_rate="cosine",
            learning_rate_init=0.01,
            random_state=0,
        ).fit(X_train, spoilt)
        errors[str(loss)] = np.abs(
            reg.predict(X_test) - np.sin(2 * X_test[:, 0])
        ).mean()
    assert errors["AbsoluteError()"] < 0.2
    assert errors["Huber(delta=0.5)"] < 0.2
    assert errors["squared_error"] > 2


@unconverged
def test_gamma_predicts_positive_means():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 2))
    mean = np.exp(1 + x[:, 0] - 0.5 * x[:, 1])
    target = mean * rng.gamma(4.0, 0.25, size=2000)
    reg = NumpyMLPRegressor(
        "gamma", hidden_layer_sizes=20, solver="lbfgs", alpha=1.0, random_state=0
    ).fit(x, target)
    predicted = reg.predict(x)
    assert (predicted > 0).all()
    assert np.abs(np.log(predicted / mean)).mean() < 0.05
    assert reg.out_activation_ == "exp"
    # The mean is matched: the derivative for the output's bias is zero.
    assert (target / predicted).mean() == pytest.approx(1, abs=1e-3)
