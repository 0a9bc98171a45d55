"""Scores of permuted tables, and importances from them."""

import numpy as np
import pytest
from sklearn.metrics import get_scorer, r2_score

from sknumpy_mlp.inspection._scores import Scores, importances_of


def test_scores_of_all_rows_and_without_each_block(regressor, table):
    _, y = table
    rows = np.arange(0, 150, 2)
    block = np.arange(75) % 3
    weight = np.random.default_rng(0).uniform(size=75)
    predicted = regressor.oof_predictions_[rows, np.newaxis]
    scores = Scores(get_scorer("r2"), regressor, None, rows, y[rows], weight, block)
    found = scores(predicted)
    masks = [np.ones(75, dtype=bool), *(block != each for each in range(3))]
    expected = [
        r2_score(y[rows][m], predicted[m, 0], sample_weight=weight[m]) for m in masks
    ]
    np.testing.assert_allclose(found, expected)


def test_importances_are_differences_of_scores():
    baseline = [0.9, 0.8, 1.0, 0.9]
    permuted = [[[0.5, 0.5, 0.6, 0.4], [0.7, 0.7, 0.6, 0.8]], [baseline, baseline]]
    result = importances_of(baseline, permuted, ["a", "b"])
    np.testing.assert_allclose(result.importances, [[0.4, 0.2], [0.0, 0.0]])
    np.testing.assert_allclose(result.importances_mean, [0.3, 0.0])
    np.testing.assert_allclose(result.importances_std, [0.1, 0.0])
    without = np.array([0.2, 0.4, 0.3])  # means over the permutations
    variance = 2 / 3 * ((without - 0.3) ** 2).sum()
    np.testing.assert_allclose(result.standard_errors, [variance**0.5, 0.0])
    assert result.feature_names == ["a", "b"]
    assert result.score == 0.9


def test_blocks_without_a_score_are_left_out():
    baseline, permuted = [0.9, np.nan, 0.8, 1.0], [0.5, np.nan, 0.5, 0.6]
    result = importances_of(baseline, [[permuted]], ["a"])
    np.testing.assert_allclose(
        result.standard_errors, np.sqrt(1 / 2 * 2 * 0.05**2), atol=1e-12
    )
    result = importances_of(baseline[:3], [[permuted[:3]]], ["a"])
    assert np.isnan(result.standard_errors).all()
    result = importances_of(baseline[:1], [[permuted[:1]]], ["a"])
    assert np.isnan(result.standard_errors).all()


def test_several_scores():
    baseline = [{"x": 0.9, "y": 1.0}, {"x": 0.8, "y": 2.0}, np.nan]
    permuted = [{"x": 0.5, "y": 0.0}, {"x": 0.5, "y": 1.5}, np.nan]
    result = importances_of(baseline, [[permuted]], ["a"])
    assert list(result) == ["x", "y"]
    assert result["x"].importances == pytest.approx(0.4)
    assert result["y"].importances == pytest.approx(1.0)
    assert np.isnan(result["y"].standard_errors).all()
