"""Folds and groups that users pass."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular.folds import read_groups, user_folds
from tests.conftest import tabular_estimators
from tests.tabular.conftest import ENSEMBLES

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 2, "random_state": 0, "n_jobs": 1}


def _data(n_rows=120, n_groups=12):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 3))
    return X, (X[:, 0] > 0).astype(int), np.arange(n_rows) % n_groups


def _trained_rows(monkeypatch):
    """Record the splits of the following fits."""
    from sknumpy_mlp._tabular import base

    seen = []

    def split_members(*args, **kwargs):
        seen.append(splits(*args, **kwargs))
        return seen[-1]

    splits = base.split_members
    monkeypatch.setattr(base, "split_members", split_members)
    return seen


# -------------------------------------------------------------------------- splitters


@tabular_estimators
@pytest.mark.parametrize(
    "cv",
    [
        KFold(3),
        StratifiedKFold(4, shuffle=True, random_state=0),
        GroupKFold(4),
        StratifiedGroupKFold(3),
        LeaveOneGroupOut(),
        TimeSeriesSplit(4),
        ShuffleSplit(3, random_state=0),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
        PredefinedSplit(np.arange(120) % 3 - 1),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_a_network_is_trained_for_each_split(monkeypatch, Estimator, cv):
    seen = _trained_rows(monkeypatch)
    X, y, groups = _data()
    groups = groups if "Group" in type(cv).__name__ else None
    est = Estimator(cv=cv, **QUICK).fit(X, y, groups=groups)
    expected = list(cv.split(X, y, groups))
    assert len(est.estimators_) == len(expected)
    for each, (train, test) in zip(seen[0], expected, strict=True):
        np.testing.assert_array_equal(each.rows, train)
        np.testing.assert_array_equal(each.held_out, test)
    has_prediction = np.isin(np.arange(120), np.concatenate([t for _, t in expected]))
    predictions = est.oof_predictions_.reshape(120, -1)
    assert (np.isfinite(predictions).all(axis=1) == has_prediction).all()
    assert np.isfinite(est.oof_score_)
    assert clone(est).cv is not None
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(est)).predict(X), est.predict(X)
    )


def test_samples_in_several_test_sets_get_the_mean_prediction():
    X, y, _ = _data()
    train, test = np.arange(60), np.arange(60, 63)  # too few to be halved
    reg = TabularMLPRegressor(cv=[(train, test)] * 3, **QUICK).fit(X, y + X[:, 1])
    np.testing.assert_allclose(reg.oof_predictions_[test], reg.predict(X[test]))
    clf = TabularMLPClassifier(cv=[(train, test)] * 3, **QUICK).fit(X, y)
    np.testing.assert_allclose(clf.oof_predictions_[test], clf.predict_proba(X[test]))


def test_networks_are_not_trained_on_their_test_rows():
    """Bootstrap samples have as many rows as the table, some of them repeatedly."""
    rng = np.random.default_rng(0)
    is_test = np.arange(200) >= 150
    drawn = rng.integers(0, 150, 200)
    X = np.column_stack([rng.normal(size=200), is_test])
    y = X[:, 0] + 1e3 * is_test
    cv = [(drawn, np.flatnonzero(is_test))]
    reg = TabularMLPRegressor((16,), cv=cv, max_iter=30, random_state=0).fit(X, y)
    assert reg.oof_predictions_[is_test].mean() < 500.0
    assert reg.estimators_[0].weight == len(np.unique(drawn))


def test_splitters_of_other_signatures():
    class ByHand:
        def get_n_splits(self):
            return 1

        def split(self, X, y=None):
            yield np.arange(60), np.arange(60, 120)

    class Failing(ByHand):
        def split(self, X, y=None):
            raise KeyError("date")

    X, y, _ = _data()
    reg = TabularMLPRegressor(cv=ByHand(), n_members=1, **QUICK).fit(X, y)
    assert np.isnan(reg.oof_predictions_[:60]).all()
    with pytest.raises(ValueError, match=r"cv=.*KeyError: 'date'"):
        TabularMLPRegressor(cv=Failing(), **QUICK).fit(X, y)


def test_an_int_is_the_number_of_folds():
    X, y, _ = _data()
    a = TabularMLPRegressor(cv=3, **QUICK).fit(X, y)
    b = TabularMLPRegressor(n_members=3, **QUICK).fit(X, y)
    np.testing.assert_array_equal(a.predict(X), b.predict(X))
    assert len(TabularMLPRegressor(cv=np.int64(4), **QUICK).fit(X, y).estimators_) == 4


def test_splits_may_be_masks_or_come_from_a_generator():
    X, y, _ = _data()
    first = np.arange(120) < 80
    as_masks = TabularMLPRegressor(cv=[(first, ~first)], **QUICK).fit(X, y)
    indices = (tuple(map(np.flatnonzero, pair)) for pair in [(first, ~first)])
    once = TabularMLPRegressor(cv=indices, **QUICK)
    np.testing.assert_array_equal(once.fit(X, y).predict(X), as_masks.predict(X))
    with pytest.raises(ValueError, match="there are no splits"):
        once.fit(X, y)


def test_user_validation_data_replaces_the_folds(monkeypatch):
    seen = _trained_rows(monkeypatch)
    X, y, groups = _data()
    reg = TabularMLPRegressor(cv=GroupKFold(4), n_members=2, **QUICK)
    reg.fit(X[:80], y[:80], groups=groups[:80], X_val=X[80:], y_val=y[80:])
    assert [len(each.rows) for each in seen[0]] == [80, 80]
    assert reg.oof_predictions_ is None


def test_rows_of_weight_zero_are_left_out_of_folds(monkeypatch):
    seen = _trained_rows(monkeypatch)
    X, y, groups = _data()
    weight = np.where(np.arange(120) % 5, 1.0, 0.0)
    reg = TabularMLPRegressor(cv=GroupKFold(4), **QUICK)
    reg.fit(X, y, sample_weight=weight, groups=groups)
    kept = np.flatnonzero(weight)
    for each, (train, test) in zip(
        seen[0], GroupKFold(4).split(X, y, groups), strict=True
    ):
        np.testing.assert_array_equal(kept[each.rows], np.intersect1d(train, kept))
        np.testing.assert_array_equal(kept[each.held_out], np.intersect1d(test, kept))
    np.testing.assert_array_equal(np.isnan(reg.oof_predictions_), weight == 0.0)


# ----------------------------------------------------------------------------- groups


@tabular_estimators
@pytest.mark.parametrize("ensemble", ENSEMBLES)
@pytest.mark.parametrize("weighted", [False, True])
def test_groups_are_kept_together(monkeypatch, Estimator, ensemble, weighted):
    seen = _trained_rows(monkeypatch)
    X, y, groups = _data()
    weight = np.where(groups == 3, 0.0, 1.0) if weighted else None
    est = Estimator(ensemble=ensemble, n_members=4, **QUICK)
    est.fit(X, y, sample_weight=weight, groups=groups)
    groups = groups if weight is None else groups[weight > 0.0]
    for each in seen[0]:
        assert not set(groups[each.rows]) & set(groups[each.held_out])
        assert len(each.rows) + len(each.held_out) == len(groups)


def test_folds_of_groups_are_of_like_size_and_stratified(monkeypatch):
    seen = _trained_rows(monkeypatch)
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(1, 30, 60))
    y = (groups % 4 == 0).astype(int)
    X = rng.normal(size=(len(groups), 2))
    TabularMLPClassifier(n_members=4, **QUICK).fit(X, y, groups=groups)
    TabularMLPRegressor(n_members=4, **QUICK).fit(X, y, groups=groups)
    shares = [y[each.held_out].mean() for each in seen[0]]
    assert max(shares) - min(shares) < 0.1
    sizes = [len(each.held_out) for each in seen[1]]
    assert max(sizes) < 1.1 * min(sizes)


def test_fewer_groups_than_networks_are_a_fold_each():
    X, y, _ = _data()
    reg = TabularMLPRegressor(**QUICK).fit(X, y, groups=np.arange(120) // 40)
    assert len(reg.estimators_) == 3


@pytest.mark.parametrize(
    "make",
    [
        list,
        np.array,
        pd.Series,
        pl.Series,
        lambda groups: pd.Series(groups).astype("category"),
        lambda groups: pd.to_datetime(pd.Series(groups), unit="D"),
        lambda groups: [f"group {g}" for g in groups],
        lambda groups: np.array(groups)[:, np.newaxis],
    ],
)
def test_groups_of_any_type(make):
    values = [3, 3, 1, 2, 1]
    np.testing.assert_array_equal(read_groups(make(values), 5), [0, 0, 1, 2, 1])


def test_lists_keep_the_types_of_groups():
    np.testing.assert_array_equal(read_groups([1, "1", 2, True], 4), [0, 1, 2, 0])
    large = [2**63 + 1, -5, 2**63 + 2]
    np.testing.assert_array_equal(read_groups(large, 3), [0, 1, 2])


def test_holdouts_of_groups_are_stratified(monkeypatch):
    seen = _trained_rows(monkeypatch)
    groups = np.repeat(np.arange(40), 5)
    y = (groups < 4).astype(int)
    X = np.random.default_rng(0).normal(size=(200, 2))
    for seed in range(8):
        clf = TabularMLPClassifier(**QUICK | {"random_state": seed, "ensemble": None})
        clf.fit(X, y, groups=groups)
    assert all(y[split.held_out].any() for (split,) in seen)


# --------------------------------------------------------------------------- metadata


def test_pipelines_and_searches_pass_groups_on(monkeypatch):
    seen = _trained_rows(monkeypatch)
    X, y, groups = _data()
    reg = TabularMLPRegressor(cv=2, **QUICK)
    pipeline = make_pipeline(FunctionTransformer(), reg)
    with config_context(enable_metadata_routing=True):
        pipeline.fit(X, y, groups=groups)
        search = GridSearchCV(
            pipeline, {"tabularmlpregressor__alpha": [0.0]}, cv=KFold(2)
        )
        search.fit(X, y, groups=groups)
        cross_validate(pipeline, X, y, cv=GroupKFold(2), params={"groups": groups})
    # Without routing, in scikit-learn's older notation.
    pipeline.fit(X, y, tabularmlpregressor__groups=groups)
    assert len(seen) == 1 + 3 + 2 + 1
    for splits in (seen[0], seen[3], seen[6]):
        for each in splits:
            assert not set(groups[each.rows]) & set(groups[each.held_out])
    # In the splits of a search, so are the groups of its training rows.
    assert all(each.first_half is not None for each in seen[1])


def test_requests_can_be_changed():
    request = TabularMLPClassifier().get_metadata_routing().fit.requests
    assert request["groups"] is True
    assert request["sample_weight"] is None
    with config_context(enable_metadata_routing=True):
        changed = TabularMLPClassifier().set_fit_request(groups=False)
        assert changed.get_metadata_routing().fit.requests["groups"] is False


# ------------------------------------------------------------- rows that are not alike


def _grouped(seed, n_groups, n_rows=10):
    """Groups with a common effect that their columns do not tell."""
    rng = np.random.default_rng(seed)
    centers, effects = rng.normal(size=(n_groups, 3)), rng.normal(size=n_groups)
    groups = np.repeat(np.arange(n_groups), n_rows)
    noise = 0.05 * rng.normal(size=(4, len(groups)))
    y = 2.0 * centers[groups, 0] + effects[groups] + noise[0]
    return centers[groups] + noise[1:].T, y, groups


def _autoregressive(seed, n_rows):
    """A series of which only its regressor can be predicted far ahead."""
    rng = np.random.default_rng(seed)
    level, x = np.zeros(n_rows), rng.normal(size=n_rows)
    for i in range(1, n_rows):
        level[i] = 0.9 * level[i - 1] + np.sqrt(1.0 - 0.9**2) * rng.normal()
    return np.column_stack([np.arange(n_rows), x]), level + x


def _figures(seeds, data_of, **params):
    """Return R2 out of folds and on new rows, and the coverage on new rows."""
    oof, new = [], []
    for seed in seeds:
        X, y, groups, X_new, y_new = data_of(seed)
        reg = TabularMLPRegressor(max_iter=24, random_state=0, n_jobs=1, **params)
        reg.fit(X, y, groups=groups)
        known = np.isfinite(reg.oof_predictions_)
        oof.append((y[known], reg.oof_predictions_[known]))
        low, high = reg.prediction_interval(X_new, 0.9).T
        new.append((y_new, reg.predict(X_new), (low <= y_new) & (y_new <= high)))
    y_oof, predicted_oof = np.concatenate(oof, axis=1)
    y_new, predicted_new, is_inside = np.concatenate(new, axis=1)
    scores = r2_score(y_oof, predicted_oof), r2_score(y_new, predicted_new)
    return *scores, is_inside.mean()


def test_scores_and_intervals_are_those_of_new_groups():
    def data_of(seed, *, has_groups=True):
        X, y, groups = _grouped(seed, n_groups=100)
        X_new, y_new, _ = _grouped(seed + 100, n_groups=400)
        return X, y, groups if has_groups else None, X_new, y_new

    oof, new, coverage = _figures([0], lambda seed: data_of(seed, has_groups=False))
    assert oof > 0.95 > 0.8 > new
    assert coverage < 0.5
    for params in ({"cv": GroupKFold(5)}, {"cv": 5}):
        oof, new, coverage = _figures(range(4), data_of, **params)
        assert abs(oof - new) < 0.1
        assert coverage > 0.85


def test_scores_and_intervals_are_those_of_the_future():
    def data_of(seed):
        X, y = _autoregressive(seed, 1_100)
        return X[:1_000], y[:1_000], None, X[1_000:], y[1_000:]

    oof, new, coverage = _figures(range(6), data_of)
    assert oof > 0.5 > 0.4 > new
    assert coverage < 0.85
    oof, new, coverage = _figures(range(6), data_of, cv=TimeSeriesSplit(8))
    assert abs(oof - new) < 0.1
    assert coverage > 0.85


# ---------------------------------------------------------------------------- bad calls


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.arange(119), "groups and X: Found input variables with inconsistent"),
        (np.zeros((120, 2)), r"groups must be one-dimensional, .* shape \(120, 2\)"),
        ("site", "groups must be one-dimensional, with a value for each of the 120"),
        (["a", np.nan] * 60, r"groups\[1\]. Leave those rows"),
        (np.where(np.arange(120) == 7, np.nan, 1.0), r"groups\[7\]. Leave those rows"),
        ([None, *range(119)], r"groups\[0\]. Leave those rows"),
        (np.ma.masked_equal(np.arange(120), 3), "groups contains masked values"),
        (np.zeros(120), "groups has a single group .* Pass at least two groups"),
        ([{i} for i in range(120)], "groups must be numbers, .* hashable .* an index"),
    ],
)
@tabular_estimators
def test_bad_groups(Estimator, groups, message):
    X, y, _ = _data()
    with pytest.raises(ValueError, match=message):
        Estimator(**QUICK).fit(X, y, groups=groups)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (KFold(121), "cv=KFold.*n_splits=121 greater than the number of samples"),
        (GroupKFold(3), "cv=GroupKFold.*The 'groups' parameter should not be None"),
        ([], "there are no splits"),
        ([(np.arange(60), np.arange(60, 60))], "split 0 has no validation rows"),
        ([(np.arange(0), np.arange(60))], "split 0 has no training rows"),
        ([(np.arange(60), np.arange(50, 70))], r"split 0 has 10 row\(s\), such as 50"),
        ([(np.arange(60), np.arange(100, 130))], r"must be in the range \[0, 120\)"),
        ([(np.arange(60), [-1])], r"test rows of split 0 must be in .* got -1 to -1"),
        ([(np.arange(60), [61, 61])], "split 0 has some test rows more than once"),
        ([np.arange(60)], r"each split must be a pair \(train, test\) of arrays"),
        ([1, 2], r"each split must be a pair \(train, test\) of arrays"),
        ([(["a"], ["b"])], "one-dimensional arrays of row numbers, got"),
        ([([0.5], [1.5])], "one-dimensional arrays of row numbers, got"),
    ],
)
@tabular_estimators
def test_bad_splits(Estimator, cv, message):
    X, y, _ = _data()
    est = Estimator(cv=cv, **QUICK)
    with pytest.raises(ValueError, match=message):
        est.fit(X, y)
    assert not hasattr(est, "estimators_")


@tabular_estimators
@pytest.mark.parametrize("ensemble", ["seeds", "refit", None])
def test_folds_of_ensembles_without_folds(Estimator, ensemble):
    X, y, _ = _data()
    with pytest.raises(ValueError, match=r"cv=5 are folds, which ensemble=.*'kfold'"):
        Estimator(cv=5, ensemble=ensemble, **QUICK).fit(X, y)


def test_a_fold_without_weight():
    X, y, groups = _data()
    reg = TabularMLPRegressor(cv=LeaveOneGroupOut(), **QUICK)
    with pytest.raises(ValueError, match="split 2 has no validation rows"):
        reg.fit(X, y, sample_weight=(groups != 2).astype(float), groups=groups)


def test_positions_are_those_of_the_rows_in_use():
    X, y, _ = _data()
    rows = np.arange(1, 120, 2)
    folds = user_folds(KFold(2), X, y, None, rows)
    np.testing.assert_array_equal(folds[0][1], np.arange(30))
    np.testing.assert_array_equal(folds[0][0], np.arange(30, 60))
