"""Conformal prediction intervals."""

import math
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_linnerud, make_friedman1
from sklearn.model_selection import GroupKFold, PredefinedSplit

from sknumpy_mlp._tabular import conformal as _conformal
from sknumpy_mlp._tabular.conformal import ConformalScores, _contraction, check_bounds
from sknumpy_mlp.losses import BinaryLogLoss, Quantile
from tests.tabular.conftest import ENSEMBLES, regressor


def _noisy(n_rows, seed=0):
    """A target whose noise grows with the first column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    return X, X[:, 1] + np.exp(X[:, 0]) * rng.normal(size=n_rows)


def _coverage(interval, y):
    low, high = interval.T
    return np.mean((low <= y) & (y <= high))


# ----------------------------------------------------------------------------- scores


def test_quantiles_of_scores_count_a_new_one():
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 10.0))[:, None]
    plain = ConformalScores.of(scores, None)
    np.testing.assert_array_equal(plain.quantiles(0.8), [[1.0, 9.0]])
    np.testing.assert_array_equal(plain.quantiles(0.6), [[2.0, 8.0]])
    smaller = ConformalScores.of(scores, None, np.array([0.5]))
    np.testing.assert_array_equal(smaller.quantiles(0.6), [[1.0, 4.0]])


@pytest.mark.parametrize(
    ("n_rows", "coverage", "message"),
    [
        (
            9,
            0.9,
            r"coverage=0.9 needs at least 19 samples .* 9\. .* at most 0.8, or",
        ),
        (18, 0.9, r"at least 19 samples .* there are 18\. .* at most 0.894"),
        (50, 0.99, "at least 199 samples"),
        (
            1,
            0.5,
            r"at least 3 samples \(of equal weights\) .* 1\. fit to more samples",
        ),
    ],
)
def test_a_coverage_too_high_for_the_rows(n_rows, coverage, message):
    scores = ConformalScores.of(np.arange(float(n_rows))[:, None], None)
    with pytest.raises(ValueError, match=message):
        scores.quantiles(coverage)
    needed = math.ceil(2.0 / (1.0 - coverage) - 1e-9) - 1
    enough = ConformalScores.of(np.arange(float(needed))[:, None], None)
    np.testing.assert_array_equal(enough.quantiles(coverage), [[0.0, needed - 1.0]])


def test_weights_of_scores_count():
    # Of the weights and a new one of their mean, 5, the scores have the shares
    # 1: 10/20, 2: 4/20, 3: 1/20.
    scores = ConformalScores.of(
        np.array([[3.0], [1.0], [2.0]]), np.array([1.0, 10.0, 4.0])
    )
    both = [scores.quantiles(c)[0].tolist() for c in (0.0001, 0.2, 0.4, 0.5)]
    assert [high for _, high in both] == [2.0, 2.0, 2.0, 3.0]
    assert {low for low, _ in both} == {1.0}
    with pytest.raises(ValueError, match=r"coverage=0\.6 needs"):
        scores.quantiles(0.6)


def test_the_mean_of_networks_is_as_much_more_accurate_as_they_differ():
    rng = np.random.default_rng(0)
    n_members, n_rows = 6, 20_000
    outputs = rng.normal(size=(n_members, n_rows, 1))
    own = np.arange(n_rows) % n_members
    y = rng.normal(size=(n_rows, 1))
    residuals = y - outputs[own, np.arange(n_rows)]
    found = _contraction(outputs, own, np.ones((n_rows, 1)), residuals)
    error = np.std(y - outputs.mean(axis=0)) / np.std(residuals)
    np.testing.assert_allclose(found, error, atol=0.02)
    # Relative to the difficulty, and never below a bound.
    twice = _contraction(outputs, own, np.full((n_rows, 1), 2.0), residuals / 2.0)
    np.testing.assert_allclose(twice, found)
    assert _contraction(10.0 * outputs, own, np.ones((n_rows, 1)), residuals) == 0.5
    assert _contraction(outputs[:2], own % 2, np.ones((n_rows, 1)), residuals) == 1.0


# -------------------------------------------------------------------------- intervals


@pytest.mark.parametrize("coverage", [0.5, 0.9])
@pytest.mark.parametrize("adaptive", [True, False])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_intervals_hold_as_much_as_they_say(ensemble, coverage, adaptive):
    X, y = _noisy(2_000)
    reg = regressor(max_iter=20, ensemble=ensemble).fit(X[:1_000], y[:1_000])
    interval = reg.prediction_interval(X[1_000:], coverage, adaptive=adaptive)
    n_held_out = 1_000 if ensemble == "kfold" else 200
    # Three standard errors of the test rows and of the quantiles.
    variance = coverage * (1.0 - coverage) * (1.0 / 1_000 + 1.0 / n_held_out)
    assert abs(_coverage(interval, y[1_000:]) - coverage) < 3.0 * math.sqrt(variance)


def test_adaptive_intervals_are_wide_where_the_noise_is():
    X, y = _noisy(3_000)
    reg = regressor(max_iter=20).fit(X[:1_500], y[:1_500])
    X, y = X[1_500:], y[1_500:]
    adaptive, constant = (
        reg.prediction_interval(X, adaptive=adaptive) for adaptive in (True, False)
    )
    noisiest, calmest = X[:, 0] > 1.0, X[:, 0] < -1.0
    for where in (noisiest, calmest):
        assert abs(_coverage(adaptive[where], y[where]) - 0.9) < 0.1
    assert _coverage(constant[noisiest], y[noisiest]) < 0.7
    widths = np.diff(adaptive, axis=1).ravel()
    assert widths[noisiest].mean() > 4.0 * widths[calmest].mean()
    assert np.median(widths) < 0.8 * np.diff(constant, axis=1).mean()


@pytest.mark.parametrize("ensemble", ["refit", None])
def test_intervals_of_single_networks_are_not_too_narrow(ensemble):
    inside = []
    for seed in range(5):
        X, y = make_friedman1(1_300, noise=1.0, random_state=seed)
        reg = regressor(ensemble=ensemble, max_iter=60, random_state=seed)
        interval = reg.fit(X[:300], y[:300]).prediction_interval(X[300:], 0.8)
        inside.append(_coverage(interval, y[300:]))
    assert np.mean(inside) > 0.77


def test_every_split_of_rows_gives_intervals():
    X, y = _noisy(400)
    groups = np.arange(400) // 8
    by_groups = regressor(cv=GroupKFold(4)).fit(X, y, groups=groups)
    np.testing.assert_array_equal(by_groups._intervals.scores.contraction, 1.0)
    by_validation = regressor().fit(X[:250], y[:250], X_val=X[250:], y_val=y[250:])
    assert by_validation._intervals.scores.values.shape == (1, 150)
    weighted = regressor().fit(X, y, sample_weight=np.where(groups % 2, 1.0, 0.0))
    assert weighted._intervals.scores.values.shape == (1, 200)
    for reg in (by_groups, by_validation, weighted):
        low, high = reg.prediction_interval(X, 0.8).T
        assert (low < high).all()


def test_few_rows_have_intervals_of_constant_width():
    X, y = _noisy(99)
    reg = regressor().fit(X, y)
    assert reg._intervals.difficulty is None
    np.testing.assert_array_equal(
        reg.prediction_interval(X), reg.prediction_interval(X, adaptive=False)
    )


def test_several_targets():
    X, Y = load_linnerud(return_X_y=True)
    reg = regressor().fit(X, Y)
    assert reg.prediction_interval(X, coverage=0.5).shape == (20, 3, 2)
    X, y = _noisy(1_000)
    Y = np.column_stack([y, 1e6 * (X[:, 2] + y)])
    reg = regressor(max_iter=20).fit(X[:600], Y[:600])
    interval = reg.prediction_interval(X[600:], 0.8)
    assert interval.shape == (400, 2, 2)
    for k in range(2):
        assert abs(_coverage(interval[:, k], Y[600:, k]) - 0.8) < 0.08


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_positive_targets_have_positive_ends(loss):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_200, 2))
    y = np.exp(X[:, 0] + rng.normal(size=1_200))
    reg = regressor(loss=loss, max_iter=20).fit(X[:600], y[:600])
    for adaptive in (True, False):
        interval = reg.prediction_interval(X[600:], 0.99, adaptive=adaptive)
        assert interval.min() > 0.0
        assert _coverage(interval, y[600:]) > 0.96
    counts = rng.poisson(y)
    reg = regressor(loss="poisson", max_iter=20).fit(X, counts)
    assert reg.prediction_interval(X, 0.95).min() >= 0.0


def test_shares_stay_between_0_and_1():
    X, Y = load_linnerud(return_X_y=True)
    shares = regressor(loss=BinaryLogLoss()).fit(X, Y / Y.max(axis=0))
    interval = shares.prediction_interval(X, coverage=0.8)
    assert interval.min() >= 0
    assert interval.max() <= 1


def test_declared_bounds():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=2).fit(X, y)
    free = reg.prediction_interval(X, 0.98)
    assert free.min() < 0.0
    np.testing.assert_array_equal(
        reg.prediction_interval(X, 0.98, bounds=(0, None)), np.maximum(free, 0.0)
    )
    np.testing.assert_array_equal(
        reg.prediction_interval(X, 0.98, bounds=(0, 300.0)), np.clip(free, 0.0, 300.0)
    )


@pytest.mark.parametrize(
    "bounds", [None, 0, (0,), (1, 0), (0, 0), (0, math.nan), ("0", None), (0, 1, 2)]
)
def test_bounds_that_are_none(bounds):
    with pytest.raises(ValueError, match=r"bounds=.* with None for no bound"):
        check_bounds(bounds)


def test_quantiles_are_corrected():
    X, y = _noisy(1_600)
    # Trained for so few epochs that they hold far less than they should.
    reg = regressor(loss=Quantile([0.3, 0.5, 0.7]), max_iter=10).fit(X[:800], y[:800])
    low, _, high = reg.predict(X[800:]).T
    plain = _coverage(np.column_stack([low, high]), y[800:])
    for coverage in (0.6, 0.9):
        interval = reg.prediction_interval(X[800:], coverage)
        assert interval.shape == (800, 2)
        assert (interval[:, 0] <= interval[:, 1]).all()
        assert abs(_coverage(interval, y[800:]) - coverage) < 0.06
        # By the same amounts for all rows.
        np.testing.assert_allclose(np.ptp(interval[:, 1] - high), 0.0, atol=1e-9)
    assert plain < 0.55


def test_intervals_survive_pickling():
    X, y = _noisy(300)
    reg = regressor(n_members=2).fit(X, y)
    loaded = pickle.loads(pickle.dumps(reg))
    np.testing.assert_array_equal(
        loaded.prediction_interval(X), reg.prediction_interval(X)
    )


@pytest.mark.parametrize("scale", [1e-200, 1e160, 1e300])
def test_the_unit_of_the_target_does_not_matter(scale):
    X, y = _noisy(300)
    y = y / np.abs(y).max()
    expected = regressor(max_iter=4).fit(X, y).prediction_interval(X, 0.8)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        reg = regressor(max_iter=4).fit(X, y * scale)
    for adaptive in (True, False):
        found = reg.prediction_interval(X, 0.8, adaptive=adaptive)
        assert np.isfinite(found).all()
    found = reg.prediction_interval(X, 0.8)
    np.testing.assert_allclose(found / scale, expected, rtol=0.05, atol=0.05)


def test_validation_rows_of_weight_zero_do_not_count():
    X, y = _noisy(260)
    weight = np.arange(120) % 2
    reg = regressor(max_iter=4)
    fit = {"X_val": X[140:], "y_val": y[140:], "sample_weight_val": weight}
    reg.fit(X[:140], y[:140], **fit)
    assert reg._intervals.residuals.values.shape == (1, 60)
    fit["sample_weight_val"] = np.arange(120) < 3
    with pytest.raises(ValueError, match=r"at least 19 samples .* there are 3"):
        reg.fit(X[:140], y[:140], **fit).prediction_interval(X)


def test_more_rows_than_are_kept(monkeypatch):
    monkeypatch.setattr(_conformal.rows_to_keep, "__defaults__", (150,))
    X, y = _noisy(260)
    reg = regressor(cv=PredefinedSplit(np.arange(260) % 4), max_iter=4).fit(X, y)
    assert reg._intervals.scores.values.shape == (1, 150)
    assert reg.oof_predictions_.shape == (260,)


def test_halves_keep_groups_together():
    groups = np.repeat(np.arange(20), 10)
    is_first = _conformal._first_half(None, groups, 200)
    assert len({(g, h) for g, h in zip(groups, is_first, strict=True)}) == 20
    assert 0.25 < is_first.mean() < 0.75
    # Folds that are halves, and folds that are not.
    own = np.arange(200) % 4
    np.testing.assert_array_equal(
        _conformal._first_half(own, groups, 200), own % 2 == 0
    )
    own = np.where(np.arange(200) < 199, 0, 1)
    assert 0.25 < _conformal._first_half(own, None, 200).mean() < 0.75
    assert _conformal._first_half(None, np.zeros(200), 200) is None


def test_too_little_time_gives_intervals_of_constant_width():
    X, y = _noisy(3_000)
    reg = regressor(hidden_layer_sizes=(128, 128), max_iter=400, max_time=0.05)
    with pytest.warns(UserWarning, match="max_time=0.05 was over"):
        reg.fit(X, y)
    assert reg._intervals.scores is None
    assert np.isfinite(reg.prediction_interval(X)).all()


def test_an_interrupt_while_the_difficulty_is_learned_stops_the_fit(monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(_conformal.Difficulty, "fit", interrupt)
    X, y = _noisy(600)
    reg = regressor(ensemble="refit").fit(X, y)
    # Not refitted: this is the network that was trained without the hold-out set.
    assert np.isfinite(reg.estimators_[0].validation_scores_).all()
    assert reg._intervals.scores is None
