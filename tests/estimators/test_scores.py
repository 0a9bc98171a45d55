"""Accuracy, R2 and D2 of predictions."""

import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.losses import Quantile
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
