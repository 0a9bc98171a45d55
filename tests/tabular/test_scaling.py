"""Robust scaling, normal scores and smooth clipping."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sknumpy_mlp import TabularPreprocessor
from sknumpy_mlp._inputs import table
from sknumpy_mlp._tabular.scaling import (
    interpolated_slopes,
    normal_scores,
    robust_scale,
    scale_and_clip,
    scale_and_clip_slopes,
)


def _smooth(u):
    return u / np.sqrt(1 + (u / 3) ** 2)


def test_numbers_are_scaled_by_quartiles_and_clipped():
    x = np.array([1.0, 2.0, 3.0, 4.0, 1000.0])
    out = TabularPreprocessor(dtype="float64").fit_transform(x[:, None])
    np.testing.assert_allclose(out[:, 0], _smooth((x - 3) / 2))
    assert np.abs(out).max() < 3


def test_with_equal_quartiles_half_the_range_is_the_unit():
    x = np.array([0.0] * 9 + [10.0])
    out = TabularPreprocessor(dtype="float64").fit_transform(x[:, None])
    np.testing.assert_allclose(out[:, 0], _smooth(x / 5))


@pytest.mark.parametrize("largest", [1e300, 1e-300, 1e38])
def test_numbers_of_any_size(largest):
    x = np.linspace(-1, 1, 9)[:, None] * largest
    out = TabularPreprocessor().fit_transform(x)
    expected = TabularPreprocessor().fit_transform(np.linspace(-1, 1, 9)[:, None])
    np.testing.assert_allclose(out, expected, rtol=1e-5)
    assert np.isfinite(TabularPreprocessor().fit(x / largest).transform(x)).all()


def test_large_numbers_keep_their_differences_in_float32():
    years = np.array([[1.7e9 + i] for i in range(5)])
    out = TabularPreprocessor().fit_transform(years)
    assert out.dtype == np.float32
    assert len(np.unique(out)) == 5


def test_columns_scaled_together_are_scaled_as_alone():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9, 40)).round(1)
    X[rng.random(X.shape) < 0.4] = np.nan
    X[:, 7] = np.nan
    X[:, 9] = 3.0
    together = TabularPreprocessor(dtype="float64").fit(X)
    for j in range(40):
        alone = TabularPreprocessor(dtype="float64").fit(X[:, [j]])
        np.testing.assert_array_equal(
            together.transform(X)[:, j], alone.transform(X[:, [j]])[:, 0]
        )


RNG = np.random.default_rng(0)
COLUMNS = {  # name -> column, whether it is irregular
    "normal": (RNG.normal(size=1000), False),
    "uniform": (RNG.uniform(size=1000), False),
    "exponential": (RNG.exponential(size=1000), False),
    "lognormal": (RNG.lognormal(sigma=2.0, size=1000), True),
    "cauchy": (RNG.standard_cauchy(1000), True),
    "zero-inflated": (np.maximum(RNG.normal(size=1000) - 1.0, 0.0), True),
    "counts": (RNG.poisson(0.3, 1000), True),
    "sentinel": (np.where(RNG.random(1000) < 0.06, 999.0, RNG.normal(size=1000)), True),
    "rare sentinel": (
        np.where(RNG.random(1000) < 0.03, 999.0, RNG.normal(size=1000)),
        False,
    ),
    "mostly one value": (RNG.permutation([15.0] * 800 + [*range(23)] * 9)[:1000], True),
    "half one value": (np.c_[np.zeros(99), np.arange(1.0, 100.0)].ravel(), True),
    "half below the rest": (np.r_[np.zeros(500), RNG.uniform(1.0, 2.0, 500)], True),
    "half of three values": (np.repeat([0.0, 1.0, 2.0], [500, 300, 200]), True),
    "third one value": (np.r_[np.zeros(66), 1.0:133.0], False),
    "tiny": (RNG.permutation([15e-311] * 80 + [*np.arange(20) * 1e-311]), False),
    "rounded": (RNG.normal(size=1000).round(), False),
    "few values": (RNG.integers(1, 5, 1000), False),
    "two modes": (RNG.normal(size=1000) + RNG.choice([-3.0, 3.0], 1000), False),
    "clusters": (np.r_[RNG.normal(34, 0.3, 300), RNG.normal(38, 0.3, 700)], True),
    "two values": (RNG.random(1000) < 0.1, False),
    "constant": (np.ones(1000), False),
    "few rows": (RNG.standard_cauchy(90), False),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("missing", [False, True])
def test_irregular_columns_are_mapped_to_normal_scores(name, missing):
    column, expected = COLUMNS[name]
    X = np.column_stack([np.arange(len(column)), column.astype(float)])
    if missing:
        X[::9, 1] = np.nan
    fitted = TabularPreprocessor(dtype="float64").fit(X)
    assert list(fitted.normal_scores_) == [1] * expected
    by_hand = TabularPreprocessor(dtype="float64", normal_scores=expected).fit(X[:, 1:])
    np.testing.assert_array_equal(
        by_hand.transform(X[:, 1:])[:, 0], fitted.transform(X)[:, 1]
    )


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300, 3e307])
def test_normal_scores(scale):
    x = np.repeat([-1.0, 0.0, 2.0, 5.0], [1, 6, 2, 1])[:, np.newaxis] * scale
    fitted = TabularPreprocessor(dtype="float64", normal_scores=True).fit(x)
    values, scores = fitted.normal_scores_[0]
    np.testing.assert_array_equal(values, np.unique(x))
    expected = norm.ppf([0.05, 0.4, 0.8, 0.95]) - norm.ppf(0.4)
    np.testing.assert_allclose(scores, expected)
    new = np.array([[-5.0], [-0.5], [0.0], [3.5], [5.9], [np.nan]])
    between = [scores[0], (scores[0] + scores[1]) / 2, 0.0]
    between += [(scores[2] + scores[3]) / 2, scores[3], 0.0]
    np.testing.assert_allclose(
        fitted.transform(new * scale)[:, 0], _smooth(np.array(between)), rtol=1e-12
    )


def test_normal_scores_are_normal_and_depend_on_the_order_only():
    x = np.random.default_rng(0).standard_cauchy(5000)[:, np.newaxis]
    fitted = TabularPreprocessor(dtype="float64", clip=1e6).fit(x)
    out = fitted.transform(x)[:, 0]
    assert fitted.normal_scores_[0].shape[1] <= 256
    ranks = (np.argsort(np.argsort(x[:, 0])) + 0.5) / len(x)
    np.testing.assert_allclose(out, norm.ppf(ranks), atol=0.03)
    cubed = TabularPreprocessor(dtype="float64", clip=1e6).fit_transform(x**3)
    np.testing.assert_allclose(cubed[:, 0], out, atol=0.03)


def test_values_that_are_too_close_share_a_score():
    x = np.r_[np.zeros(120), np.geomspace(5e-324, 1.0, 80)][:, np.newaxis]
    fitted = TabularPreprocessor(dtype="float64").fit(x)
    out = fitted.transform(x)[:, 0]
    assert np.isfinite(out).all()
    assert (np.diff(out) >= 0).all()
    assert len(np.unique(out)) > 70


def test_a_column_of_missing_numbers_has_no_scores():
    X = np.column_stack([np.arange(200.0), np.full(200, np.nan)])
    fitted = TabularPreprocessor(normal_scores=True).fit(X)
    assert list(fitted.normal_scores_) == [0]
    assert not fitted.transform(X)[:, 1].any()


@pytest.mark.parametrize("block_size", [1, 60, 200, 10_000])
@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame])
def test_a_table_in_blocks_of_columns_is_the_same(monkeypatch, make, block_size):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 11)).astype(object)
    X[:, 4] = rng.choice(list("abc"), 30)
    X[:, 7] = rng.integers(0, 12, 30).astype(str)
    X[rng.random(X.shape) < 0.1] = None
    X[:, 2] = 1.0
    whole = TabularPreprocessor(normal_scores=True)
    expected = whole.fit_transform(make(X))
    assert whole._indicated
    monkeypatch.setattr(table, "_BLOCK_SIZE", block_size)
    in_blocks = TabularPreprocessor(normal_scores=True)
    np.testing.assert_array_equal(in_blocks.fit_transform(make(X)), expected)
    np.testing.assert_array_equal(in_blocks.transform(make(X[:5])), expected[:5])
    assert in_blocks.constant_features_ == whole.constant_features_
    names = in_blocks.get_feature_names_out()
    np.testing.assert_array_equal(names, whole.get_feature_names_out())


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame])
def test_a_float32_table_is_not_copied_to_float64(monkeypatch, make):
    n_rows, n_columns = 20_000, 50
    monkeypatch.setattr(table, "_BLOCK_SIZE", n_rows)  # a column at a time
    X = np.random.default_rng(0).normal(size=(n_rows, n_columns)).astype(np.float32)
    given, column = make(X), 8 * n_rows
    preprocessor = TabularPreprocessor().fit(given)
    for transform in (preprocessor.transform, preprocessor.fit_transform):
        tracemalloc.start()
        out = transform(given)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < out.nbytes + 10 * column


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame])
def test_all_columns_with_infinite_numbers_are_named(monkeypatch, make):
    monkeypatch.setattr(table, "_BLOCK_SIZE", 1)  # a column at a time
    X = np.zeros((5, 6))
    fitted = TabularPreprocessor().fit(make(X))
    X[2, [1, 4]] = np.inf
    for method in (fitted.transform, TabularPreprocessor().fit):
        with pytest.raises(ValueError, match=r"column.* 1'?,.* '?(column )?4"):
            method(make(X))


# ------------------------------------------------------------------------ derivatives


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_slopes_are_those_of_the_encoding(size):
    """Of values inside, at points of normal scores, and beyond the ends."""
    rng = np.random.default_rng(0)
    known = np.column_stack([rng.normal(size=300), rng.standard_cauchy(300)]) * size
    center, factor = robust_scale(known)
    scores = [None, normal_scores(known[:, 1])]
    values = np.concatenate([known, 2.0 * known, 1e3 * known])
    slopes = scale_and_clip_slopes(values, center, factor, 3.0, scores)
    step = 1e-6 * size
    above, below = (
        scale_and_clip(values + sign * step, center, factor, 3.0, scores)
        for sign in (1, -1)
    )
    expected = (above - below) / (2 * step)
    np.testing.assert_allclose(slopes * size, expected * size, rtol=1e-5, atol=1e-8)
    is_beyond = np.abs(values[:, 1]) > 2.0 * np.abs(known[:, 1]).max()
    assert is_beyond.any()
    np.testing.assert_array_equal(slopes[is_beyond, 1], 0.0)


def test_at_a_point_of_normal_scores_the_slope_is_the_mean_of_both_sides():
    points = np.array([[0.0, 1.0, 3.0], [-1.0, 1.0, 2.0]])
    at = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(
        interpolated_slopes(at, points), [0.0, 1.0, 2.0, 1.25, 0.5, 0.25, 0.0]
    )


def test_missing_values_have_no_slope_and_constant_columns_have_none_either():
    values = np.array([[1.0, 5.0, np.nan], [np.nan, 5.0, 1.0]])
    points = np.array([[0.0, 1.0, 3.0], [-1.0, 1.0, 2.0]])
    slopes = scale_and_clip_slopes(
        values, np.zeros(3), np.array([0.0, 0.0, 1.0]), 3.0, [None, None, points]
    )
    np.testing.assert_array_equal(np.isnan(slopes), np.isnan(values))
    np.testing.assert_array_equal(slopes[[0, 0, 1], [0, 1, 1]], 0.0)


def test_the_farthest_numbers_have_slopes_of_zero():
    values = np.array([[1e308], [-1e308]])
    slopes = scale_and_clip_slopes(values, np.zeros(1), np.array([1e10]), 3.0)
    np.testing.assert_allclose(slopes, 0.0, atol=1e-280)
