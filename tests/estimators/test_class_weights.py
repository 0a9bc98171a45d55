"""class_weight and sample_weight: each stands for what can be done by hand."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    LogLoss,
    Quantile,
)
from tests.conftest import params_of, unconverged

pytestmark = unconverged

rng = np.random.default_rng(0)
X = rng.standard_normal((90, 4))
TWO = (X[:, 0] + 0.5 * rng.standard_normal(90) > 0.8).astype(int)
THREE = np.array(["a", "b", "c"])[TWO + (X[:, 1] > 0)]
LABELS = np.column_stack([TWO, X[:, 1] > 0, X[:, 2] > 1]).astype(int)
SETTINGS = {"hidden_layer_sizes": 8, "max_iter": 12, "random_state": 0}

CASES = {
    "two classes": (TWO, {0: 1.0, 1: 5.0}),
    "three classes": (THREE, {"a": 2, "b": 0.5, "c": 3}),
    "labels": (LABELS, [{0: 1, 1: 3}, {0: 2, 1: 1}, {0: 1, 1: 10}]),
    "two classes, balanced": (TWO, "balanced"),
    "three classes, balanced": (THREE, "balanced"),
    "labels, balanced": (LABELS, "balanced"),
}


def _assert_same(first, second, rtol=1e-12):
    np.testing.assert_allclose(
        params_of(first), params_of(second), rtol=rtol, atol=1e-13
    )


@pytest.mark.parametrize(
    "settings",
    [{}, {"solver": "lbfgs"}, {"early_stopping": True, "validation_fraction": 0.3}],
    ids=repr,
)
@pytest.mark.parametrize("case", CASES)
def test_class_weights_are_the_sample_weights_they_stand_for(case, settings):
    y, class_weight = CASES[case]
    weight = np.linspace(0.5, 1.5, len(y))
    settings = SETTINGS | settings
    if class_weight != "balanced":
        by_class = NumpyMLPClassifier(class_weight=class_weight, **settings)
        by_class.fit(X, y, sample_weight=weight)
        stands_for = weight * compute_sample_weight(class_weight, y)
    else:
        by_class = NumpyMLPClassifier(class_weight=class_weight, **settings).fit(X, y)
        stands_for = compute_sample_weight(class_weight, y)
    by_sample = NumpyMLPClassifier(**settings).fit(X, y, sample_weight=stands_for)
    _assert_same(by_class, by_sample)
    assert by_class.validation_scores_ == by_sample.validation_scores_


@pytest.mark.parametrize("case", ["two classes", "three classes", "labels"])
def test_class_weights_in_partial_fit(case):
    y, class_weight = CASES[case]
    classes = range(3) if y.ndim == 2 else np.unique(y)
    by_class = NumpyMLPClassifier(class_weight=class_weight, **SETTINGS)
    by_sample = NumpyMLPClassifier(**SETTINGS)
    for _ in range(3):
        by_class.partial_fit(X, y, classes=classes)
        by_sample.partial_fit(X, y, compute_sample_weight(class_weight, y), classes)
    _assert_same(by_class, by_sample)


def test_class_weights_weigh_validation_data_too():
    clf = NumpyMLPClassifier(class_weight={0: 1, 1: 0}, scoring="loss", **SETTINGS)
    # A class of weight zero does not count, so whatever it is taken for is right.
    clf.fit(X, TWO, X_val=X, y_val=TWO)
    kept = TWO == 0
    loss = -np.log(clf.predict_proba(X[kept])[:, 0]).mean()
    assert clf.validation_loss_curve_[-1] == pytest.approx(loss)
    assert clf.validation_scores_[-1] == pytest.approx(-loss)


@pytest.mark.parametrize("target", [TWO, THREE], ids=["two", "three"])
def test_balanced_weights_count_samples_by_their_weight(target):
    """A weight of k is k copies, also for what is balanced."""
    counts = np.random.default_rng(1).integers(1, 4, len(target))
    copies = np.repeat(np.arange(len(target)), counts)
    # One batch for both.
    assert len(target) < len(copies) <= 200
    settings = SETTINGS | {"class_weight": "balanced"}
    weighted = NumpyMLPClassifier(**settings).fit(X, target, counts)
    copied = NumpyMLPClassifier(**settings).fit(X[copies], target[copies])
    _assert_same(weighted, copied, rtol=1e-9)


def test_a_dict_may_have_classes_that_are_not_there():
    """A fold of a cross-validation may lack one."""
    without = NumpyMLPClassifier(class_weight={0: 1, 1: 2}, **SETTINGS).fit(X, TWO)
    extra = {0: 1, 1: 2, 7: 3}
    _assert_same(
        NumpyMLPClassifier(class_weight=extra, **SETTINGS).fit(X, TWO), without
    )


def test_class_weights_move_the_decision():
    settings = SETTINGS | {"max_iter": 50, "learning_rate_init": 0.01}
    plain = NumpyMLPClassifier(**settings).fit(X, TWO)
    towards_1 = NumpyMLPClassifier(class_weight={0: 1, 1: 50}, **settings).fit(X, TWO)
    towards_0 = NumpyMLPClassifier(class_weight={0: 50, 1: 1}, **settings).fit(X, TWO)
    shares = [clf.predict(X).mean() for clf in (towards_0, plain, towards_1)]
    assert shares[0] < shares[1] - 0.1 < shares[2] - 0.2


ALL_LOSSES = {
    **REGRESSION_LOSSES,
    "quantiles": Quantile([0.2, 0.8]),
    **CLASSIFICATION_LOSSES,
    "log_loss, smoothed": LogLoss(0.1),
}


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "lbfgs", "max_iter": 4},
        {"solver": "sgd", "shuffle": False},
        {"solver": "adam", "dropout": 0.0, "weight_decay": 0.1, "max_grad_norm": 0.1},
        {"solver": "rmsprop", "learning_rate": "cosine", "max_norm": 0.5},
    ],
    ids=repr,
)
@pytest.mark.parametrize("loss", ALL_LOSSES)
def test_a_weight_of_k_is_k_copies(loss, settings):
    """To rounding, for full batches and L-BFGS, whatever else is switched on."""
    counts = rng.integers(0, 4, 40)
    copies = np.repeat(np.arange(40), counts)
    if "log_loss" in loss:
        Estimator, y = NumpyMLPClassifier, THREE[:40]
    else:
        Estimator, y = NumpyMLPRegressor, np.exp(X[:40, 0])
    settings = SETTINGS | {"loss": ALL_LOSSES[loss]} | settings
    weighted = Estimator(**settings).fit(X[:40], y, sample_weight=counts)
    copied = Estimator(**settings).fit(X[copies], y[copies])
    _assert_same(weighted, copied, rtol=1e-6)
