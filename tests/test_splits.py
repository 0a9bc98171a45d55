"""Who trains on which rows."""

import numpy as np
import pytest
from sklearn.model_selection import KFold, StratifiedKFold

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor, _splits
from sknumpy_mlp._splits import assign

ENSEMBLES = ["kfold", "seeds", "refit", None]


def _assign(X, classes=None, ensemble="kfold", n_members=4):
    return assign(
        ensemble,
        n_members,
        X,
        classes=classes,
        validation_fraction=0.2,
        has_validation=False,
        rng=np.random.RandomState(0),
    )


def _distinct(n_rows, dtype=np.float32):
    return np.random.default_rng(0).normal(size=(n_rows, 3)).astype(dtype)


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_folds_are_disjoint_and_everything_else_is_trained_on(ensemble):
    y = np.arange(50) % 5
    assignments = _assign(_distinct(50), y, ensemble)
    for each in assignments:
        assert not set(each.rows) & set(each.held_out)
        assert len(each.rows) + len(each.held_out) == 50
        assert set(y[each.held_out]) == set(range(5))
    assert len({each.seed for each in assignments}) == len(assignments)
    if ensemble == "kfold":
        held_out = np.concatenate([each.held_out for each in assignments])
        assert sorted(held_out) == list(range(50))


@pytest.mark.parametrize("stratified", [False, True])
def test_folds_of_distinct_rows_are_those_of_scikit_learn(stratified):
    X, y = _distinct(60), np.arange(60) % 3 if stratified else None
    kind = StratifiedKFold if stratified else KFold
    folds = kind(4, shuffle=True, random_state=np.random.RandomState(0)).split(X, y)
    for each, (rows, held_out) in zip(_assign(X, y), folds, strict=True):
        np.testing.assert_array_equal(each.rows, rows)
        np.testing.assert_array_equal(each.held_out, held_out)


# -------------------------------------------------------------------------- equal rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_equal_rows_stay_together(ensemble, classes, dtype):
    rng = np.random.default_rng(1)
    # Most rows once, some several times, in any order; and both zeros are equal.
    which = rng.permutation(np.repeat(np.arange(60), rng.integers(1, 9, 60)))
    X = _distinct(60, dtype)
    X[:, 1] = 0.0
    X = X[which]
    X[::2, 1] = -0.0
    y = None if classes is None else which % classes
    for each in _assign(X, y, ensemble):
        assert not set(which[each.rows]) & set(which[each.held_out])
        assert sorted([*each.rows, *each.held_out]) == list(range(len(X)))
        if y is not None:
            assert set(y[each.held_out]) == set(y)


def test_folds_of_repeated_rows_are_of_like_size():
    """Rows that repeat often are spread over the folds as well as those that do not."""
    which = np.repeat(np.arange(500), np.where(np.arange(500) % 10, 1, 40))
    sizes = [len(each.held_out) for each in _assign(_distinct(500)[which])]
    assert max(sizes) < 1.2 * min(sizes), sizes


def test_a_few_distinct_rows_repeat_by_themselves():
    """A column of two values: a network that lacks one of them cannot learn it."""
    X = (np.arange(100.0) % 2)[:, np.newaxis]
    for each in _assign(X):
        assert set(X[each.rows, 0]) == set(X[each.held_out, 0]) == {0.0, 1.0}


@pytest.mark.parametrize("Estimator", [TabularMLPClassifier, TabularMLPRegressor])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_scores_of_repeated_rows_are_of_rows_not_seen(Estimator, ensemble, monkeypatch):
    """There is nothing to learn here, and much to overfit."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(150, 8)), 5, axis=0)
    y = np.repeat(rng.integers(2, size=150), 5)
    estimator = Estimator(
        hidden_layer_sizes=(64,),
        max_iter=40,
        dropout=0.0,
        ensemble=ensemble,
        n_members=2,
        random_state=0,
    )
    chance = 0.5 if Estimator is TabularMLPClassifier else 0.2
    assert estimator.fit(X, y).oof_score_ < chance + 0.2
    monkeypatch.setattr(_splits, "_MIN_DISTINCT", np.inf)
    assert estimator.fit(X, y).oof_score_ > 0.7  # with copies on both sides
