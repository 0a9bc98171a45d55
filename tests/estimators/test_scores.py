"""Accuracy, R2 and D2 of predictions."""

import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score, r2_score

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp._estimators.scores import classification_score, regression_score
from sknumpy_mlp.losses import Quantile, SquaredError
from tests.conftest import unconverged
from tests.estimators.conftest import SETTINGS, VALIDATION, X_VAL, Y_VAL, X, y

pytestmark = unconverged


def test_scores_of_several_quantiles():
    levels = (0.2, 0.5, 0.9)
    reg = NumpyMLPRegressor(Quantile(levels), max_iter=30, **SETTINGS)
    reg.fit(X, y, **VALIDATION)
    predicted = reg.predict(X_VAL)
    expected = np.mean(
        [
            d2_pinball_score(Y_VAL, predicted[:, k], alpha=level)
            for k, level in enumerate(levels)
        ]
    )
    assert reg.score(X_VAL, Y_VAL) == pytest.approx(expected)
    assert reg.validation_scores_[-1] == pytest.approx(expected)
    weight = np.arange(len(Y_VAL)) % 2
    half = weight == 1
    assert reg.score(X_VAL, Y_VAL, weight) == pytest.approx(
        reg.score(X_VAL[half], Y_VAL[half])
    )


def test_accuracy_of_labels():
    y, predicted = np.array(["a", "b", "b"]), np.array(["a", "a", "b"])
    assert classification_score(y, predicted, None) == pytest.approx(2 / 3)
    weight = [1.0, 0.0, 1.0]
    assert classification_score(y, predicted, weight) == 1.0
    labels = np.array([[0, 1], [1, 1]])
    assert classification_score(labels, np.array([[0, 1], [1, 0]]), None) == 0.5


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0]])
def test_r2_of_one_and_of_several_targets(weight):
    y = np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 3.0]])
    for true in (y[:, 0], y):
        predicted = true + np.linspace(-0.5, 1.0, true.size).reshape(true.shape)
        found = regression_score(SquaredError(), true, predicted, weight)
        expected = r2_score(true, predicted, sample_weight=weight)
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("size", [1.0, 1e30, 1e200])
def test_r2_does_not_depend_on_the_unit(size):
    y, predicted = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    found = regression_score(SquaredError(), size * y, size * predicted, None)
    assert found == pytest.approx(r2_score(y, predicted))


def test_squares_of_float32_do_not_overflow():
    y = np.array([1e25, 2e25, 4e25], np.float32)
    assert regression_score(SquaredError(), y, y, None) == 1.0


def test_hopeless_predictions_score_minus_infinity():
    y, predicted = np.array([1.0, 2.0, 4.0]), np.array([1e300, 0.0, 0.0])
    assert regression_score(SquaredError(), y, predicted, None) == -np.inf


def test_rows_of_weight_zero_may_be_infinite():
    y, predicted = np.array([1.0, 2.0, 4.0, 0.0]), np.array([1.5, 2.0, 3.0, np.inf])
    found = regression_score(SquaredError(), y, predicted, [1.0, 1.0, 1.0, 0.0])
    assert found == pytest.approx(r2_score(y[:3], predicted[:3]))
