"""The hold-out of early stopping."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.holdout import hold_out
from sknumpy_mlp._training.run import TrainingState
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import SETTINGS, TWO_EPOCHS, X, make_data, make_task, y


@unconverged
def test_a_warm_fit_reuses_the_hold_out():
    clf = NumpyMLPClassifier(
        early_stopping=True, warm_start=True, max_iter=3, random_state=0
    ).fit(X, y)
    rows, held_out = clf._training_state.holdout
    assert sorted([*rows, *held_out]) == list(range(len(X)))
    clf.fit(X, y)
    np.testing.assert_array_equal(clf._training_state.holdout[1], held_out)
    assert len(clf.validation_scores_) == 6
    clf.fit(X[:200], y[:200])  # other rows: a new hold-out
    assert sum(map(len, clf._training_state.holdout)) == 200


@unconverged
def test_the_hold_out_follows_validation_fraction():
    clf = NumpyMLPClassifier(
        early_stopping=True, warm_start=True, max_iter=2, random_state=0
    ).fit(X, y)
    clf.set_params(validation_fraction=0.5).fit(X, y)
    assert len(clf._training_state.holdout[1]) == 150


pytestmark = unconverged


@plain_estimators
def test_the_hold_out_has_a_loss_curve_too(Estimator):
    est = Estimator(early_stopping=True, max_iter=5, **SETTINGS).fit(X, y)
    assert len(est.validation_loss_curve_) == len(est.validation_scores_) == 5
    if Estimator is NumpyMLPClassifier:
        assert est.validation_loss_curve_[-1] < est.validation_loss_curve_[0]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_hold_out_that_lacks_a_class():
    """scikit-learn's own split, whose rows are not stratified, and rare classes."""
    rare = np.where(np.arange(len(y)) < 3, 10, y)
    settings = TWO_EPOCHS | {"early_stopping": True}
    for seed in range(5):
        clf = NumpyMLPClassifier(**settings | {"random_state": seed})
        clf.set_params(scoring="neg_log_loss").fit(X, rare)
        assert np.isfinite(clf.validation_scores_).all()
    with pytest.raises(
        ValueError,
        match=r"on the hold-out of early_stopping \(validation_fraction=0.1\), which "
        r"has no sample of the classes \[.*10\]",
    ):
        clf.set_params(scoring="roc_auc_ovr").fit(X, rare)


# ----------------------------------------------------------------- the split by itself


def test_rows_are_on_one_side_or_the_other():
    task = make_task(early_stopping=True, validation_fraction=0.25)
    state = TrainingState()
    hold_out(task, state)
    rows, held_out = state.holdout
    assert (len(rows), len(held_out)) == (30, 10)
    assert sorted([*rows, *held_out]) == list(range(40))
    assert state.validation_fraction == 0.25


def test_it_is_scikit_learn_s_split_for_the_same_stream():
    task, state = make_task(early_stopping=True), TrainingState()
    task.rng.seed(3)
    hold_out(task, state)
    expected = train_test_split(np.arange(40), random_state=3, test_size=0.1)
    for found, rows in zip(state.holdout, expected, strict=True):
        np.testing.assert_array_equal(found, rows)


def test_two_classes_are_on_both_sides():
    y = np.array([0] * 20 + [1] * 20)
    target = ClassificationTarget.fit(y, "log_loss")
    data = replace(make_data(), y=target.encode(y, np.float64, "y"), target=y)
    task = make_task(
        early_stopping=True, validation_fraction=0.2, target=target, data=data
    )
    state = TrainingState()
    hold_out(task, state)
    assert np.bincount(y[state.holdout[1]]).tolist() == [4, 4]


def test_an_earlier_split_is_kept_if_it_may_be_of_the_same_data():
    task = make_task(early_stopping=True, validation_fraction=0.25)
    state = TrainingState()
    hold_out(task, state)
    before = state.holdout
    hold_out(task, state)
    assert state.holdout is before
    other = make_task(early_stopping=True, validation_fraction=0.5)
    hold_out(other, state)
    assert len(state.holdout[1]) == 20
    shorter = make_task(
        early_stopping=True, validation_fraction=0.5, data=make_data(30)
    )
    hold_out(shorter, state)
    assert len(state.holdout[1]) == 15


@pytest.mark.parametrize(
    ("n_rows", "fraction", "message"),
    [(4, 0.1, "leaves 1, and at least 2"), (2, 0.9, "cannot set validation_fraction")],
)
def test_data_that_is_too_small_to_be_split(n_rows, fraction, message):
    task = make_task(
        early_stopping=True, validation_fraction=fraction, data=make_data(n_rows)
    )
    with pytest.raises(ValueError, match=message):
        hold_out(task, TrainingState())


@pytest.mark.parametrize("part", ["training", "validation"])
def test_a_part_without_weight_is_refused(part):
    task, state = make_task(early_stopping=True), TrainingState()
    hold_out(task, state)
    weight = np.ones(40)
    weight[state.holdout[part == "validation"]] = 0.0
    task = make_task(early_stopping=True, data=make_data(sample_weight=weight))
    with pytest.raises(ValueError, match=f"All samples of the {part} part"):
        hold_out(task, state)
