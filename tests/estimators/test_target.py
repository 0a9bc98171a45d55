"""What all targets have in common, and what both kinds say of themselves."""

import numpy as np
import pytest

from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.target import Target

NUMBERS = RegressionTarget.fit(np.arange(3.0), "squared_error")
LABELS = ClassificationTarget.fit(np.array([0, 1, 2]), "log_loss")


def test_a_target_of_no_kind_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Target(NUMBERS.loss, 1)


def test_kinds():
    assert NUMBERS.is_numeric
    assert not LABELS.is_numeric


def test_numbers_have_no_classes():
    y = np.arange(3.0)[:, None]
    assert NUMBERS.attributes == {}
    assert NUMBERS.absent_labels(y) == []
    assert NUMBERS.class_weights("balanced", y, None) is None
    assert NUMBERS.stratify_holdout(y) is None
    assert NUMBERS.stratify_folds(y) is None
    assert not NUMBERS.is_constant
    assert NUMBERS.for_scorers() is NUMBERS


def test_classes_have_no_scale():
    codes = LABELS.encode(np.array([0, 1, 2]), np.float64, "y")
    assert LABELS.with_scale(codes, None) is LABELS


def test_targets_are_compared_by_identity():
    """Two with arrays in them have no other equality."""
    twin = ClassificationTarget.fit(np.array([0, 1, 2]), "log_loss")
    assert LABELS == LABELS
    assert twin != LABELS
    assert len({LABELS, twin}) == 2
