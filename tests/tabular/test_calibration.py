"""Temperatures and errors, from rows that a network has not seen."""

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.calibration import ConformalResiduals, best_temperature
from tests.tabular.conftest import classifier


def test_the_temperature_is_better_than_none():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    y = (X[:, 0] + rng.normal(size=300) > 0).astype(int)
    clf = classifier(max_iter=60, dropout=0.0, scoring="accuracy").fit(X, y)
    assert clf.temperature_ > 1.0
    tempered = log_loss(y, clf.oof_predictions_)
    logits = np.log(clf.oof_predictions_[:, 1] / clf.oof_predictions_[:, 0])
    plain = 1 / (1 + np.exp(-logits.astype(float) * clf.temperature_))
    assert tempered < log_loss(y, plain)


def test_best_temperature_finds_the_one_that_made_the_data():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2.0, size=(20_000, 1))
    y = (rng.random((20_000, 1)) < 1 / (1 + np.exp(-logits))).astype(float)
    found = best_temperature(3.0 * logits, Data(None, y, None, None))
    assert found == pytest.approx(3.0, rel=0.05)


def test_a_few_rows_that_happen_to_be_right_give_no_certainty():
    logits = np.array([[2.0], [-2.0]])
    y = np.array([[1.0], [0.0]])
    assert best_temperature(logits, Data(None, y, None, None)) > 0.5


def test_quantiles_of_errors_count_a_new_one():
    errors = np.random.default_rng(0).permutation(np.arange(1.0, 10.0))[:, None]
    plain = ConformalResiduals.of(errors, None)
    np.testing.assert_array_equal(plain.quantiles(0.8), [[1.0, 9.0]])
    np.testing.assert_array_equal(plain.quantiles(0.6), [[2.0, 8.0]])
    assert plain.quantiles(0.9).tolist() == [[-math.inf, math.inf]]


def test_weights_of_errors_count():
    # Of the weights and a new one of their mean, 5, the errors have the shares
    # 1: 10/20, 2: 4/20, 3: 1/20.
    errors = ConformalResiduals.of(
        np.array([[3.0], [1.0], [2.0]]), np.array([1.0, 10.0, 4.0])
    )
    upper = [errors.quantiles(c)[0, 1] for c in (0.0001, 0.2, 0.4, 0.5, 0.6)]
    assert upper == [2.0, 2.0, 2.0, 3.0, math.inf]
    lower = [errors.quantiles(c)[0, 0] for c in (0.2, 0.5, 0.6)]
    assert lower == [1.0, 1.0, -math.inf]
