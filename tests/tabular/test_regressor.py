"""TabularMLPRegressor: losses, scales of the target, prediction intervals."""

import math

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp.losses import Huber, Quantile
from tests.tabular.conftest import regressor


@pytest.mark.parametrize("coverage", [0, 1, 1.5, "0.9", True, math.nan])
def test_wrong_coverage(coverage):
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="coverage"):
        reg.prediction_interval(X, coverage=coverage)


def test_several_quantiles_are_intervals_themselves():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(loss=Quantile([0.1, 0.5, 0.9]), max_iter=30).fit(X, y)
    quantiles = reg.predict(X)
    assert quantiles.shape == (len(y), 3)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert 0.6 < np.mean((quantiles[:, 0] <= y) & (y <= quantiles[:, 2])) < 0.95
    low, high = reg.prediction_interval(X, coverage=0.8).T
    assert np.mean((low <= y) & (y <= high)) > 0.75


@pytest.mark.parametrize(
    "loss",
    ["squared_error", "absolute_error", Huber(0.5), "quantile", "poisson", "gamma"],
)
def test_every_loss(loss):
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(loss=loss, max_iter=30).fit(X, y)
    assert reg.score(X, y) > 0.3


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_the_unit_of_the_target_does_not_matter(scale):
    X, y = load_diabetes(return_X_y=True)
    expected = regressor().fit(X, y).predict(X)
    found = regressor().fit(X, y * scale).predict(X)
    np.testing.assert_allclose(found / scale, expected, rtol=1e-3)


def test_a_target_far_from_zero_keeps_its_digits():
    X, y = load_diabetes(return_X_y=True)
    far = regressor(max_iter=30).fit(X, y / 1e3 + 1e9)
    assert far.score(X, y / 1e3 + 1e9) > 0.3


def test_predictions_stay_in_the_range_of_the_target():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor().fit(X, y)
    predicted = reg.predict(X * 1e6)
    assert predicted.min() >= y.min()
    assert predicted.max() <= y.max()


def test_a_constant_target():
    X, _ = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=2).fit(X, np.full(len(X), 0.1))
    np.testing.assert_allclose(reg.predict(X), 0.1)


def test_validation_targets_keep_their_digits():
    X, y = load_diabetes(return_X_y=True)
    far = y / 1e3 + 1e9
    reg = regressor().fit(X[:300], far[:300], X_val=X[300:], y_val=far[300:])
    low, high = reg.prediction_interval(X[300:], coverage=0.8).T
    assert np.mean((low <= far[300:]) & (far[300:] <= high)) > 0.75


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson", "gamma"])
def test_every_loss_learns_with_the_default_network(loss):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = np.exp(1 + 0.8 * X[:, 0]) * rng.gamma(20, 1 / 20, 300)
    reg = TabularMLPRegressor(loss=loss, max_iter=32, n_members=2, random_state=0)
    assert reg.fit(X, y).oof_score_ > 0.5
    assert reg.learning_rate_init == "auto"


def test_an_epoch_that_predicts_infinities_is_a_bad_one():
    X, y = load_diabetes(return_X_y=True)
    reg = TabularMLPRegressor(
        loss="gamma", learning_rate_init=0.2, max_iter=16, n_members=2, random_state=0
    ).fit(X, y)
    assert np.isfinite(reg.predict(X)).all()


def test_targets_outside_the_domain_of_the_loss():
    with pytest.raises(ValueError, match="poisson"):
        regressor(loss="poisson").fit([[0.0], [1.0]], [-1.0, 1.0])
