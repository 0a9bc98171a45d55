"""scikit-learn's checks of estimators, for the defaults and for configurations."""

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp.activations import LeakyReLU
from sknumpy_mlp.callbacks import TimeLimit
from sknumpy_mlp.losses import Gamma, LogLoss, Quantile
from sknumpy_mlp.optimizers import Adam
from sknumpy_mlp.schedules import WarmupCosine
from tests.conftest import plain_estimators

# Some checks train on a handful of rows and look at what comes out, not at whether
# the training converged.
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::sklearn.exceptions.SkipTestWarning",
)

WEIGHT_EQUIVALENCE = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)
RANDOM_BATCHES = dict.fromkeys(
    WEIGHT_EQUIVALENCE,
    "a repeated row may fall into another mini-batch than its copy",
)
RANDOM_HOLDOUT = dict.fromkeys(
    WEIGHT_EQUIVALENCE,
    "a repeated row may be held out and its copy not",
)
NO_PARTIAL_FIT_WITHOUT_VALIDATION_DATA = dict.fromkeys(
    ("check_fit_score_takes_y", "check_n_features_in_after_fitting"),
    "partial_fit is there for X_val, which the check does not pass; without it "
    "early_stopping=True raises, as scikit-learn's own tests of its MLP demand",
)
EARLY_STOPPING = RANDOM_HOLDOUT | NO_PARTIAL_FIT_WITHOUT_VALIDATION_DATA
CLASS_HELD_OUT = {
    "check_class_weight_classifiers": "the hold-out takes a third of 50 noisy samples, "
    "and the score that counts there is that of the heavy class alone"
}
RANDOM_MASKS = dict.fromkeys(
    WEIGHT_EQUIVALENCE,
    "a repeated row is dropped out of otherwise than its copy",
)
RATE_FOLLOWS_SAMPLES = dict.fromkeys(
    WEIGHT_EQUIVALENCE,
    "the rate falls with the number of samples seen, and copies are samples",
)

# Parameters, and the checks that are expected to fail with them, each with its reason.
# The checks' regression targets are in the hundreds, so that the larger learning
# rates are for the classifier only.
CONFIGURATIONS = [
    ({}, {}),
    ({"solver": "lbfgs"}, {}),
    (
        {"early_stopping": True, "validation_fraction": 0.3},
        EARLY_STOPPING | CLASS_HELD_OUT,
    ),
    ({"batch_size": 10}, RANDOM_BATCHES),
    ({"batch_size": 10, "shuffle": False}, RANDOM_BATCHES),
    ({"init": "he", "hidden_layer_sizes": (20, 10)}, {}),
    ({"activation": "tanh", "init": "lecun", "hidden_layer_sizes": 10}, {}),
    ({"activation": "logistic", "learning_rate_init": 0.01}, {}),
    ({"hidden_layer_sizes": (), "learning_rate_init": 0.1}, {}),
    ({"activation": ["mish", LeakyReLU()], "hidden_layer_sizes": (20, 10)}, {}),
    ({"activation": "selu", "init": "lecun", "dtype": "float64"}, {}),
    ({"dropout": 0.2}, RANDOM_MASKS),
    ({"dropout": [0.1, 0.5], "learning_rate": "cosine"}, RANDOM_MASKS),
    ({"weight_decay": 0.01, "max_norm": 4.0, "max_grad_norm": 10.0}, {}),
    ({"solver": "rmsprop", "learning_rate": "plateau"}, {}),
    ({"solver": Adam(beta_1=0.8), "learning_rate": "one_cycle"}, {}),
    ({"learning_rate": WarmupCosine(0.2), "callbacks": [TimeLimit(3600)]}, {}),
    (
        {
            "early_stopping": True,
            "scoring": "loss",
            "validation_fraction": 0.3,
            "learning_rate_init": 0.01,
        },
        EARLY_STOPPING,
    ),
]
CLASSIFIER_CONFIGURATIONS = [
    ({"loss": LogLoss(label_smoothing=0.05)}, {}),
    ({"class_weight": "balanced"}, {}),
    ({"dtype": "float32", "solver": "lbfgs"}, {}),
    ({"class_weight": "balanced", "solver": "lbfgs", "alpha": 1.0}, {}),
]
REGRESSOR_CONFIGURATIONS = [
    ({"loss": "huber"}, {}),
    ({"loss": "absolute_error", "activation": "gelu"}, {}),
    ({"loss": Quantile(0.4), "solver": "rmsprop"}, {}),
    ({"loss": "huber", "solver": "lbfgs"}, {}),
]
# Short, since each check fits anew: the defaults train eight networks for long.
TABULAR = {"hidden_layer_sizes": (32, 32), "max_iter": 48, "n_members": 2}
# The oldest scikit-learn runs the check of sparse data on estimators without it, too,
# and takes the TypeError that they raise for success.
NO_FOLDS = dict.fromkeys(
    WEIGHT_EQUIVALENCE, "the check sets cv, which other ensembles than 'kfold' refuse"
)
BATCHES_WITHIN_FOLDS = {WEIGHT_EQUIVALENCE[0]: RANDOM_BATCHES[WEIGHT_EQUIVALENCE[0]]}
TABULAR_CONFIGURATIONS = [
    ({"ensemble": "kfold"}, BATCHES_WITHIN_FOLDS),
    *(({"ensemble": kind}, NO_FOLDS) for kind in ("seeds", "refit", None)),
    ({"n_jobs": 2, "random_state": 0}, BATCHES_WITHIN_FOLDS),
]
SGD_CONFIGURATIONS = [
    ({}, {}),
    ({"momentum": 0.0, "max_iter": 1000}, {}),
    ({"nesterovs_momentum": False}, {}),
    ({"learning_rate": "adaptive"}, {}),
    ({"learning_rate": "invscaling", "power_t": 0.1}, RATE_FOLLOWS_SAMPLES),
]


def _estimators():
    expected = {}
    for cls, sgd_rate, own in (
        (NumpyMLPClassifier, 0.1, CLASSIFIER_CONFIGURATIONS),
        (NumpyMLPRegressor, 0.001, REGRESSOR_CONFIGURATIONS),
    ):
        sgd = {"solver": "sgd", "learning_rate_init": sgd_rate}
        configurations = [*CONFIGURATIONS, *own] + [
            (sgd | params, failures) for params, failures in SGD_CONFIGURATIONS
        ]
        for params, failures in configurations:
            estimator = cls(**params)
            expected[repr(estimator)] = failures
            yield estimator, expected
    for cls in (TabularMLPClassifier, TabularMLPRegressor):
        for params, failures in TABULAR_CONFIGURATIONS:
            estimator = cls(**(TABULAR | params))
            expected[repr(estimator)] = failures
            yield estimator, expected
    preprocessor = TabularPreprocessor()
    expected[repr(preprocessor)] = {}
    yield preprocessor, expected


_PAIRS = list(_estimators())
_EXPECTED = _PAIRS[0][1]


def _expected_failed_checks(estimator):
    return _EXPECTED[repr(estimator)]


@parametrize_with_checks(
    [estimator for estimator, _ in _PAIRS],
    expected_failed_checks=_expected_failed_checks,
)
def test_estimator_check(estimator, check):
    check(estimator)


@plain_estimators
def test_check_estimator_with_defaults(Estimator):
    check_estimator(Estimator())


def test_tags():
    classifier = get_tags(NumpyMLPClassifier())
    assert classifier.classifier_tags.multi_label
    assert classifier.input_tags.sparse
    regressor = get_tags(NumpyMLPRegressor())
    assert regressor.target_tags.multi_output
    assert not regressor.target_tags.positive_only
    for loss in ("poisson", "gamma", Gamma()):
        assert get_tags(NumpyMLPRegressor(loss=loss)).target_tags.positive_only
