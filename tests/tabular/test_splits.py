"""Who trains on which rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, StratifiedKFold

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor
from sknumpy_mlp._tabular import splits as _splits
from sknumpy_mlp._tabular.splits import split_members
from tests.conftest import tabular_estimators

ENSEMBLES = ["kfold", "seeds", "refit", None]


def _assign(X, classes=None, ensemble="kfold", n_members=4, y=None):
    if y is None:
        y = np.zeros(len(X)) if classes is None else classes
    return split_members(
        ensemble,
        n_members,
        X,
        y,
        [slice(i, i + 1) for i in range(X.shape[1])],
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


def _together(X, y):
    """Whether equal rows are on one side of every split."""
    rows = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    return not any(
        set(rows[each.rows]) & set(rows[each.held_out]) for each in _assign(X, y=y)
    )


def _copied(n_rows, n_columns, n_copies, noise=0.0):
    rng = np.random.default_rng(0)
    X = np.tile(rng.normal(size=(n_rows, n_columns)), (n_copies, 1))
    return X, X[:, 0] + noise * rng.normal(size=len(X))


@pytest.mark.parametrize(
    ("X", "y"),
    [
        _copied(100, 6, 4),
        _copied(19, 6, 20),
        _copied(5, 6, 3),  # fewer rows than folds would like
        _copied(100, 6, 2, noise=0.1),
        _copied(100, 6, 4, noise=0.1),  # measured four times
        _copied(100, 1, 4),
        # As a classifier sees them.
        (_copied(100, 6, 4)[0], _copied(100, 6, 4)[1] > 0),
    ],
)
def test_copies_stay_together(X, y):
    assert _together(X, y.astype(float))


def _cells(*n_values, n_rows=600):
    rng = np.random.default_rng(0)
    return np.column_stack([rng.integers(n, size=n_rows) for n in n_values]) + 0.0


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize(
    "X",
    [
        _cells(4, 6, 2),
        _cells(8, 8),
        _cells(3, 3, 3, 3, 3, n_rows=2000),
        _cells(2),
        np.hstack([_cells(4, 6), np.ones((600, 3))]),  # constant columns are none
    ],
    ids=str,
)
def test_rows_that_are_equal_by_chance_are_no_copies(X, noise):
    """New rows will be equal to old ones as well."""
    rng = np.random.default_rng(1)
    y = X.sum(axis=1) + noise * rng.normal(size=len(X))
    assert not _together(X, y)


def test_things_that_are_seen_many_times_are_no_copies():
    """Fifty of them, forty times, each time with another target."""
    assert not _together(*_copied(50, 3, 40, noise=0.1))


def test_a_table_of_few_values_is_learnt_from_all_of_them():
    """Each network sees all combinations, and the score is that of new rows."""
    X = _cells(4, 6, 2, n_rows=1200).astype(int)
    rng = np.random.default_rng(0)
    value = rng.normal(size=(4, 6, 2))[tuple(X.T)] + 0.2 * rng.normal(size=1200)
    frame = pd.DataFrame(X, columns=list("abc")).astype("category")
    reg = TabularMLPRegressor(
        hidden_layer_sizes=(32,), max_iter=40, n_members=3, random_state=0
    ).fit(frame[:600], value[:600])
    assert reg.oof_score_ > 0.8
    assert reg.score(frame[600:], value[600:]) > 0.8


def test_columns_are_found_in_the_preprocessed_table():
    """A category with a column for each of its values is one column."""
    X = pd.DataFrame(_cells(3, 3, 3, 3, 3, 3, n_rows=3000)).astype(int).astype(str)
    X["code"] = np.random.default_rng(0).integers(9, size=3000).astype(str)
    X["number"] = [None, *np.arange(2999) % 7]
    X.columns = X.columns.astype(str)
    preprocessor = TabularPreprocessor().fit(X)
    columns = preprocessor.encoded_columns()
    assert [len(each) for each in columns] == [3, 3, 3, 3, 3, 3, 1, 2]
    width = preprocessor.transform(X).shape[1]
    assert sorted(np.concatenate(columns)) == list(range(width))
    names = preprocessor.get_feature_names_out()
    assert list(names[columns[7]]) == ["number", "missingindicator_number"]
    assert list(names[columns[6]]) == ["code"]


@tabular_estimators
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
    monkeypatch.setattr(_splits, "_are_copies", lambda *_: False)
    assert estimator.fit(X, y).oof_score_ > 0.7  # with copies on both sides
