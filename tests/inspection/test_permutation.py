"""Permutation importance from the folds of tabular estimators."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import inspection
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, log_loss, make_scorer, r2_score
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp.inspection import permutation_importance
from sknumpy_mlp.losses import Quantile
from tests.inspection.conftest import SMALL, make_table


def _held_out(estimator, frame):
    """The outputs of each row by the networks that were not trained on it."""
    X = estimator.preprocessor_.transform(frame)
    outputs = [estimator._member_outputs(m.raw(X)) for m in estimator.estimators_]
    sums, weights = 0.0, 0.0
    for member, rows, out in zip(
        estimator.estimators_, estimator.validation_indices_, outputs, strict=True
    ):
        weight = np.zeros((len(X), 1))
        weight[rows] = member.weight
        sums, weights = sums + weight * out, weights + weight
    rows = np.flatnonzero(weights)
    return rows, sums[rows] / weights[rows]


def _by_hand(estimator, frame, score, column, order):
    """The decrease of a score, with the raw column permuted."""
    rows, outputs = _held_out(estimator, frame)
    other = frame.copy()
    values = frame[column].to_numpy()[rows]
    other.loc[other.index[rows], column] = values[order]
    changed = _held_out(estimator, other)[1]
    return score(rows, outputs) - score(rows, changed)


def test_importances_of_a_regressor(regressor, table):
    frame, y = table
    result = permutation_importance(regressor, frame, y, n_repeats=2, random_state=7)
    rng = np.random.RandomState(7)
    orders = [rng.permutation(len(frame)) for _ in range(2)]
    expected = [
        [
            _by_hand(regressor, frame, lambda r, p: r2_score(y[r], p), column, order)
            for order in orders
        ]
        for column in frame
    ]
    np.testing.assert_allclose(result.importances, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(
        result.importances_mean, result.importances.mean(axis=1)
    )
    np.testing.assert_array_equal(
        result.importances_std, result.importances.std(axis=1)
    )
    assert result.feature_names == list(frame)
    assert result.score == pytest.approx(regressor.oof_score_)
    assert result.importances_mean[5] == 0.0  # constant
    assert result.importances_mean.argmax() == 1


@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
def test_importances_of_a_classifier(classifier, table, scoring):
    frame, y = table
    y = np.digitize(y, [-1.0, 1.5])
    result = permutation_importance(
        classifier, frame, y, n_repeats=1, random_state=7, scoring=scoring
    )
    order = np.random.RandomState(7).permutation(len(frame))

    def score(rows, outputs):
        y_prob = classifier._predict_from(outputs)
        if scoring is None:
            return accuracy_score(y[rows], y_prob.argmax(axis=1))
        return -log_loss(y[rows], y_prob)

    expected = [_by_hand(classifier, frame, score, col, order) for col in frame]
    np.testing.assert_allclose(result.importances[:, 0], expected, rtol=1e-6, atol=1e-9)
    if scoring is None:
        assert result.score == pytest.approx(classifier.oof_score_)


@pytest.mark.parametrize(
    "cv",
    [
        KFold(4),
        TimeSeriesSplit(4),  # weighted networks, and rows without predictions
        ShuffleSplit(3, test_size=0.4, random_state=0),  # rows with several
    ],
    ids=str,
)
def test_folds_of_the_user(cv):
    frame, y = make_table()
    reg = TabularMLPRegressor(**SMALL, cv=cv).fit(frame, y)
    result = permutation_importance(reg, frame, y, n_repeats=1, random_state=3)
    rows, _ = _held_out(reg, frame)
    assert np.isnan(reg.oof_predictions_).sum() == len(frame) - len(rows)
    order = np.random.RandomState(3).permutation(len(rows))
    expected = [
        _by_hand(reg, frame, lambda r, p: r2_score(y[r], p), column, order)
        for column in frame
    ]
    np.testing.assert_allclose(result.importances[:, 0], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("ensemble", ["seeds", None])
def test_hold_out_sets(ensemble):
    frame, y = make_table()
    reg = TabularMLPRegressor(**SMALL, ensemble=ensemble).fit(frame, y)
    rows = reg.validation_indices_[0]
    assert np.isfinite(reg.oof_predictions_[rows]).all()
    assert np.isnan(np.delete(reg.oof_predictions_, rows)).all()
    result = permutation_importance(reg, frame, y, random_state=0)
    assert result.score == pytest.approx(r2_score(y[rows], reg.predict(frame)[rows]))
    assert result.importances_mean.argmax() == 1
    assert (result.standard_errors[:2] > 0.0).all()


def test_rows_of_weight_zero_are_left_out(table):
    frame, y = table
    weight = np.where(np.arange(len(y)) % 3 == 0, 0.0, 1.0)
    reg = TabularMLPRegressor(**SMALL).fit(frame, y, sample_weight=weight)
    wrong = np.where(weight == 0.0, 1e6, y)  # it would decide on the score
    result = permutation_importance(reg, frame, wrong, random_state=0)
    assert result.score == pytest.approx(reg.oof_score_)
    rows = np.concatenate(reg.validation_indices_)
    assert sorted(rows) == np.flatnonzero(weight).tolist()


def test_noise_that_was_memorized_is_not_important():
    """Networks that overfit the rows are tested on others."""
    of_folds, of_training = [], []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(200, 10)), rng.normal(size=200)
        reg = TabularMLPRegressor(
            (64,),
            dropout=0.0,
            max_iter=100,
            n_members=3,
            n_iter_no_change=np.inf,
            random_state=0,
        ).fit(X, y)
        both = (permutation_importance, inspection.permutation_importance)
        for results, function in zip((of_folds, of_training), both, strict=True):
            result = function(reg, X, y, random_state=0)
            results.append(result.importances_mean.sum())
    assert np.mean(of_training) > 0.5
    assert np.mean(of_folds) < 0.5 * np.mean(of_training)


def test_standard_errors_leave_out_one_fold_at_a_time(regressor, table):
    frame, y = table
    result = permutation_importance(regressor, frame, y, n_repeats=2, random_state=7)
    rng = np.random.RandomState(7)
    orders = [rng.permutation(len(frame)) for _ in range(2)]
    without = []
    for fold in regressor.validation_indices_:
        keep = np.setdiff1d(np.arange(len(frame)), fold)
        decreases = [
            _by_hand(
                regressor,
                frame,
                lambda r, p, keep=keep: r2_score(y[keep], p[keep]),
                "size",
                order,
            )
            for order in orders
        ]
        without.append(np.mean(decreases))
    deviations = np.array(without) - np.mean(without)
    expected = np.sqrt(2 / 3 * (deviations**2).sum())
    assert result.standard_errors[1] == pytest.approx(expected)


def test_standard_errors_are_those_of_new_tables():
    """The spread of importances over tables is about what each table says."""
    means, errors = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(200, 2))
        y = X[:, 0] + rng.normal(size=200)
        reg = TabularMLPRegressor((8,), max_iter=20, n_members=5, random_state=seed)
        result = permutation_importance(
            reg.fit(X, y), X, y, n_repeats=20, random_state=seed
        )
        means.append(result.importances_mean[0])
        errors.append(result.standard_errors[0])
    assert 0.5 < np.mean(errors) / np.std(means, ddof=1) < 2.0


def test_more_folds_than_blocks():
    frame, y = make_table(60)
    reg = TabularMLPRegressor((4,), max_iter=2, cv=KFold(15), random_state=0)
    result = permutation_importance(reg.fit(frame, y), frame, y, random_state=0)
    assert np.isfinite(result.standard_errors).all()


def test_standard_errors_of_a_hold_out_set_with_groups():
    """Rows of a group are in the same part: they are not independent."""
    means, errors = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(30), 10)
        centers, effects = rng.normal(size=(2, 30))
        X = np.column_stack([centers[groups], rng.normal(size=300)])
        y = centers[groups] + effects[groups]
        reg = TabularMLPRegressor(
            (8,), max_iter=20, ensemble=None, validation_fraction=0.4, random_state=seed
        ).fit(X, y, groups=groups)
        result = permutation_importance(reg, X, y, n_repeats=20, random_state=seed)
        means.append(result.importances_mean[0])
        errors.append(result.standard_errors[0])
        held_out = groups[reg.validation_indices_[0]]
        for group in np.unique(held_out):
            assert len(np.unique(reg._held_out["block"][held_out == group])) == 1
    assert 0.5 < np.mean(errors) / np.std(means, ddof=1) < 2.0


def test_a_class_that_parts_of_the_rows_lack(table):
    """Scores that are not defined without a fold do not count there."""
    frame, y = table
    y = np.digitize(y, [-1.0, 1.5])
    y[:] = np.minimum(y, 1)
    y[7] = 2
    clf = TabularMLPClassifier(**SMALL).fit(frame, y)
    for scoring in ("neg_log_loss", "roc_auc_ovr"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = permutation_importance(
                clf, frame, y, scoring=scoring, n_repeats=1, random_state=0
            )
        assert np.isfinite(result.score)
        assert np.isfinite(result.importances).all()
        assert np.isfinite(result.standard_errors).all()
    with warnings.catch_warnings():  # of scores in general
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="multi_class must be in"):
            permutation_importance(clf, frame, y, scoring="roc_auc")


def test_scorers_that_do_other_things(regressor, table):
    frame, y = table

    def by_interval(estimator, X, y_true):
        return r2_score(y_true, estimator.prediction_interval(X).mean(axis=1))

    def of_some_rows(estimator, X, y_true):
        return r2_score(y_true[:9], estimator.predict(X[:9]))

    for scoring in (by_interval, of_some_rows):
        with pytest.raises(TypeError, match=r"nothing else.*sklearn\.inspection"):
            permutation_importance(regressor, frame, y, scoring=scoring)


def test_other_targets(regressor, classifier, table):
    frame, y = table
    kinds = np.digitize(y, [-1.0, 1.5])
    for estimator, wrong in (
        (regressor, y[::-1]),
        (regressor, np.log1p(y - y.min())),
        (regressor, np.column_stack([y, y])),
        (classifier, kinds[::-1]),
        (classifier, np.where(kinds == 2, 7, kinds)),
    ):
        with pytest.raises(ValueError, match=r"y is not the target|class"):
            permutation_importance(estimator, frame, wrong)
    with pytest.raises(ValueError, match="y=None must be the target"):
        permutation_importance(regressor, frame, None)


def test_labels_of_all_kinds():
    frame, y = make_table(60)
    frame.columns = range(1, 7)
    labels = pd.Series(np.where(y > 0, "high", "low"), index=range(100, 160))
    clf = TabularMLPClassifier(**SMALL).fit(frame, labels)
    result = permutation_importance(
        clf, frame, labels, n_repeats=1, random_state=0, feature_groups=[[1, 2]]
    )
    assert result.score == pytest.approx(clf.oof_score_)
    # Integers in groups are positions.
    assert result.feature_names == ["1", "2 + 3", "4", "5", "6"]


def test_several_scores(classifier, table):
    frame, y = table
    y = np.digitize(y, [-1.0, 1.5])

    def given(estimator, X, y_true):
        assert len(X) == len(y_true) == len(estimator.predict(X))
        assert list(X.columns) == list(frame)
        return accuracy_score(y_true, estimator.predict(X))

    scoring = {
        "accuracy": "accuracy",
        "made": make_scorer(accuracy_score),
        "own": given,
        "auc": "roc_auc_ovr",
    }
    settings = {"n_repeats": 2, "random_state": 0}
    result = permutation_importance(classifier, frame, y, scoring=scoring, **settings)
    assert list(result) == list(scoring)
    plain = permutation_importance(classifier, frame, y, **settings)
    for name in ("accuracy", "made", "own"):
        np.testing.assert_array_equal(result[name].importances, plain.importances)
    assert result["auc"].importances_mean.argmax() == 1
    assert 0.5 < result["auc"].score < 1.0
    listed = permutation_importance(
        classifier, frame, y, scoring=["accuracy", "neg_log_loss"], random_state=0
    )
    assert list(listed) == ["accuracy", "neg_log_loss"]


def test_sample_weights_are_those_of_the_score(regressor, table):
    frame, y = table
    weight = np.random.default_rng(0).uniform(0.0, 2.0, len(y))
    result = permutation_importance(
        regressor, frame, y, sample_weight=weight, random_state=0
    )
    expected = r2_score(y, regressor.oof_predictions_, sample_weight=weight)
    assert result.score == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["outputs", "quantiles", "labels"])
def test_targets_of_several_columns(table, kind):
    frame, y = table
    if kind == "labels":
        y = np.column_stack([y > 0.0, y > 1.0, np.arange(len(y)) % 2]).astype(int)
        estimator = TabularMLPClassifier(**SMALL)
    elif kind == "outputs":
        y = np.column_stack([y, -y])
        estimator = TabularMLPRegressor(**SMALL)
    else:
        estimator = TabularMLPRegressor(**SMALL, loss=Quantile([0.1, 0.5, 0.9]))
    estimator.fit(frame, y)
    result = permutation_importance(estimator, frame, y, random_state=0)
    assert result.score == pytest.approx(estimator.oof_score_)
    assert result.importances_mean.argmax() == 1


def test_threads_and_repetitions_give_the_same(regressor, table):
    frame, y = table
    before = pickle.dumps(regressor)
    results = [
        permutation_importance(
            regressor, frame, y, n_repeats=2, random_state=0, n_jobs=n_jobs
        )
        for n_jobs in (None, 2, 2)
    ]
    for each in results[1:]:
        np.testing.assert_array_equal(each.importances, results[0].importances)
    assert pickle.dumps(regressor) == before
    restored = pickle.loads(before)
    again = permutation_importance(restored, frame, y, n_repeats=2, random_state=0)
    np.testing.assert_array_equal(again.importances, results[0].importances)


def test_columns_are_permuted_together(table):
    frame, y = table
    frame = frame[["noise", "size"]].assign(copy=frame["size"])
    reg = TabularMLPRegressor(**SMALL).fit(frame, y)
    alone = permutation_importance(reg, frame, y, random_state=0)
    grouped = permutation_importance(
        reg, frame, y, random_state=0, feature_groups={"both": ["size", 2]}
    )
    assert grouped.feature_names == ["noise", "both"]
    assert grouped.importances[0].tolist() == alone.importances[0].tolist()
    assert grouped.importances_mean[1] > alone.importances_mean[1:].max()


def test_estimators_without_validation_rows(table):
    frame, y = table
    with pytest.raises(NotFittedError):
        permutation_importance(TabularMLPRegressor(), frame, y)
    refitted = TabularMLPRegressor(**SMALL, ensemble="refit").fit(frame, y)
    assert [len(rows) for rows in refitted.validation_indices_] == [0]
    with pytest.raises(ValueError, match=r"ensemble='refit'.* ensemble='kfold'"):
        permutation_importance(refitted, frame, y)
    validated = TabularMLPRegressor(**SMALL).fit(frame, y, X_val=frame, y_val=y)
    assert [len(rows) for rows in validated.validation_indices_] == [0, 0, 0]
    with pytest.raises(ValueError, match=r"fitted with X_val.* new data"):
        permutation_importance(validated, frame, y)


def test_other_estimators(regressor, table):
    frame, y = table
    with pytest.raises(TypeError, match=r"sklearn\.inspection"):
        permutation_importance(NumpyMLPRegressor(), frame, y)
    with pytest.raises(TypeError, match=r"pipeline\[:-1\]\.transform"):
        permutation_importance(make_pipeline("passthrough", regressor), frame, y)


def test_other_tables(regressor, table):
    frame, y = table
    for other in (frame[::-1], frame.sample(frac=1.0, random_state=0)):
        with pytest.raises(ValueError, match="in another order"):
            permutation_importance(regressor, other, y)
    with pytest.raises(ValueError, match="100 rows instead of 150"):
        permutation_importance(regressor, frame[:100], y[:100])
    with pytest.raises(ValueError, match="other values"):
        permutation_importance(regressor, frame.assign(size=0.0), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        permutation_importance(regressor, frame, y[:100])
    rounded = frame.assign(size=frame["size"].astype("float32"))
    assert permutation_importance(regressor, rounded, y).score > 0.0


@pytest.mark.parametrize("n_repeats", [0, 1.5, True, "5"])
def test_number_of_repeats(regressor, table, n_repeats):
    with pytest.raises(ValueError, match="n_repeats"):
        permutation_importance(regressor, *table, n_repeats=n_repeats)


def test_a_column_of_dates_is_one_column():
    rng = np.random.default_rng(0)
    hours = rng.integers(0, 24 * 200, 300)
    frame = pd.DataFrame(
        {
            "noise": rng.normal(size=300),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, "h"),
            "copy": hours * 2.0,
        }
    )
    y = hours / 1000 + 2.0 * (frame["when"].dt.day_of_week == 6)
    est = TabularMLPRegressor((16,), n_members=2, max_iter=30, random_state=0)
    est.fit(frame, y)
    result = permutation_importance(est, frame, y, n_repeats=2, random_state=0)
    assert result.feature_names == ["noise", "when", "copy"]
    assert np.argmax(result.importances_mean) == 1
    groups = permutation_importance(est, frame, y, feature_groups=0.9, n_repeats=1)
    assert groups.feature_names == ["noise", "when + copy"]
