"""Difficulty of rows."""

import numpy as np

from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._tabular.difficulty import Difficulty

CONTEXT = FitContext(expects_convergence=False)


def _fit(X, predicted, residuals, weight=None, **params):
    is_first = np.arange(len(X)) % 2 == 0
    params = {"n_numbers": X.shape[1], "cardinalities": (), "max_epochs": 24} | params
    return Difficulty.fit(
        X, predicted, residuals, is_first, weight, context=CONTEXT, seed=0, **params
    )


def _data(n_rows=2_000, n_columns=2):
    rng = np.random.default_rng(0)
    return rng, rng.normal(size=(n_rows, n_columns)).astype(np.float32)


def _correlation(a, b):
    return np.corrcoef(np.log(a).ravel(), np.log(b).ravel())[0, 1]


def test_it_follows_columns_and_predictions():
    rng, X = _data()
    predicted = 1e3 * rng.normal(size=(2_000, 1))
    for true in (np.exp(X[:, :1]), np.exp(predicted / 1e3)):
        residuals = 1e-6 * true * rng.normal(size=(2_000, 1))
        difficulty, sizes = _fit(X, predicted, residuals)
        assert _correlation(sizes, true) > 0.9
        assert _correlation(difficulty(X, predicted), true) > 0.9
        # The unit is that of residuals.
        assert 0.3 < np.mean(np.abs(residuals)) / np.mean(sizes) < 3.0


def test_it_follows_categories():
    rng, X = _data()
    X[:, 1] = rng.integers(0, 20, 2_000)
    true = np.where(X[:, 1:] % 2, 5.0, 1.0)
    residuals = true * rng.normal(size=(2_000, 1))
    _, sizes = _fit(X, residuals * 0.0, residuals, n_numbers=1, cardinalities=(20,))
    assert _correlation(sizes, true) > 0.9


def test_each_output_has_its_own():
    rng, X = _data()
    true = np.exp(np.column_stack([X[:, 0], -X[:, 0]]))
    residuals = true * rng.normal(size=(2_000, 2))
    _, sizes = _fit(X, np.zeros((2_000, 2)), residuals)
    for k in range(2):
        assert _correlation(sizes[:, k], true[:, k]) > 0.9


def test_rows_are_predicted_without_their_own_residuals():
    """An enormous residual raises the difficulty in the other half only."""
    rng, X = _data(400)
    residuals = rng.normal(size=(400, 1))
    changed = residuals.copy()
    changed[0] = 1e9
    zeros = np.zeros((400, 1))
    before, after = _fit(X, zeros, residuals)[1], _fit(X, zeros, changed)[1]
    assert after[0] < 1e9 * before[0]
    is_first = np.arange(400) % 2 == 0
    # The floor is that of all residuals, and so high that it is all the rest see.
    assert np.ptp(np.log(after[is_first])) < 1e-3


def test_weights_count():
    rng, X = _data()
    is_wild = X[:, 1:] > 0.0
    residuals = np.where(is_wild, 10.0, 1.0) * rng.normal(size=(2_000, 1))
    weight = np.where(is_wild.ravel(), 1e-6, 1.0).astype(np.float32)
    # The table does not tell which rows are wild.
    table = X[:, :1]
    zeros = np.zeros((2_000, 1))
    _, plain = _fit(table, zeros, residuals, n_numbers=1)
    _, weighted = _fit(table, zeros, residuals, weight, n_numbers=1)
    assert np.median(weighted) < 0.7 * np.median(plain)


def test_residuals_that_are_all_zero():
    _, X = _data(200)
    zeros = np.zeros((200, 1))
    difficulty, sizes = _fit(X, zeros, zeros)
    np.testing.assert_allclose(sizes, 1.0)
    np.testing.assert_allclose(difficulty(X, zeros), 1.0)
