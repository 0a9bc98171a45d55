"""scikit-learn's checks of estimators, for the defaults and for configurations."""

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor

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
    ({"early_stopping": True, "validation_fraction": 0.3}, RANDOM_HOLDOUT),
    ({"batch_size": 16}, RANDOM_BATCHES),
    ({"batch_size": 16, "shuffle": False}, RANDOM_BATCHES),
    ({"init": "he", "hidden_layer_sizes": (20, 10)}, {}),
    ({"activation": "tanh", "init": "lecun", "hidden_layer_sizes": 10}, {}),
    ({"activation": "logistic", "learning_rate_init": 0.01}, {}),
    ({"hidden_layer_sizes": (), "learning_rate_init": 0.1}, {}),
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
    for cls, sgd_rate in ((NumpyMLPClassifier, 0.1), (NumpyMLPRegressor, 0.001)):
        sgd = {"solver": "sgd", "learning_rate_init": sgd_rate}
        configurations = CONFIGURATIONS + [
            (sgd | params, failures) for params, failures in SGD_CONFIGURATIONS
        ]
        for params, failures in configurations:
            estimator = cls(**params)
            expected[repr(estimator)] = failures
            yield estimator, expected


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


@pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_check_estimator_with_defaults(Estimator):
    check_estimator(Estimator())


def test_tags():
    classifier = get_tags(NumpyMLPClassifier())
    assert classifier.classifier_tags.multi_label
    assert classifier.input_tags.sparse
    regressor = get_tags(NumpyMLPRegressor())
    assert regressor.target_tags.multi_output
    assert not regressor.target_tags.positive_only
    assert get_tags(NumpyMLPRegressor(loss="poisson")).target_tags.positive_only
