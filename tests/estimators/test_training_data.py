"""The training data of a fit: encoded targets, and weights of rows and classes."""

import numpy as np
import pytest

from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.training_data import encode_training_data

X = np.zeros((4, 2), np.float32)
LABELS = np.array(["a", "b", "b", "b"])


def test_a_regression_target_gets_the_type_of_the_features():
    y = np.array([1, 2, 3, 4])
    target = RegressionTarget.fit(y, "squared_error")
    data, class_weights = encode_training_data(target, X, y, None, None)
    assert data.X is X
    assert data.y.dtype == np.float32
    np.testing.assert_array_equal(data.y, [[1], [2], [3], [4]])
    assert data.target is y
    assert data.sample_weight is class_weights is None


def test_weights_of_classes_multiply_those_of_rows():
    target = ClassificationTarget.fit(LABELS, "log_loss")
    weight = np.array([1.0, 1.0, 2.0, 0.0], np.float32)
    data, class_weights = encode_training_data(
        target, X, LABELS, weight, {"a": 10, "b": 0.5}
    )
    np.testing.assert_array_equal(data.sample_weight, [10.0, 0.5, 1.0, 0.0])
    assert data.sample_weight.dtype == np.float32
    # The same weights serve validation data.
    np.testing.assert_array_equal(class_weights(data.y[::-1]), [0.5, 0.5, 0.5, 10.0])


def test_balanced_weights_count_rows_by_their_weights():
    target = ClassificationTarget.fit(LABELS, "log_loss")
    weight = np.array([3.0, 1.0, 1.0, 1.0], np.float32)
    data, _ = encode_training_data(target, X, LABELS, weight, "balanced")
    np.testing.assert_allclose(data.sample_weight, weight)


@pytest.mark.parametrize(
    ("y", "loss", "message"),
    [([1.0, -1.0, 1.0, 1.0], "poisson", "y"), ([1e300] * 4, "squared_error", "too la")],
)
def test_targets_that_the_loss_cannot_take(y, loss, message):
    y = np.array(y)
    with pytest.raises(ValueError, match=message):
        encode_training_data(RegressionTarget.fit(y, loss), X, y, None, None)


def test_class_weights_that_do_not_match():
    target = ClassificationTarget.fit(LABELS, "log_loss")
    with pytest.raises(ValueError, match=r"class_weight=\{'a': 1\} has no weight"):
        encode_training_data(target, X, LABELS, None, {"a": 1})
