"""The scale of a target: standardised, or divided by its mean."""

import numpy as np
import pytest

from sknumpy_mlp._targets import TargetScale
from sknumpy_mlp.losses import BinaryLogLoss, Gamma, Poisson, SquaredError

Y = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_targets_of_real_numbers_are_standardised(size):
    scale = TargetScale.fit(size * Y, None, SquaredError())
    scaled = scale.transform(size * Y)
    np.testing.assert_allclose(scaled[:, 0].mean(), 0, atol=1e-14)
    np.testing.assert_allclose(scaled[:, 0].std(), 1)
    np.testing.assert_allclose(scaled[:, 1], 0, atol=1e-12)  # a constant
    np.testing.assert_allclose(scale.inverse(scaled), size * Y)


@pytest.mark.parametrize("loss", [Poisson(), Gamma()])
def test_positive_targets_are_divided_by_their_mean(loss):
    scale = TargetScale.fit(Y, None, loss)
    np.testing.assert_allclose(scale.transform(Y), Y / [3.0, 5.0])


@pytest.mark.parametrize(
    ("loss", "options"), [(BinaryLogLoss(), {}), (SquaredError(), {"scales": False})]
)
def test_others_stay_as_they_are(loss, options):
    np.testing.assert_array_equal(
        TargetScale.fit(Y, None, loss, **options).transform(Y), Y
    )


def test_weights_count_and_rows_without_weight_do_not():
    weighted = TargetScale.fit(Y, np.array([2.0, 1.0, 0.0]), SquaredError())
    repeated = TargetScale.fit(Y[[0, 0, 1]], None, SquaredError())
    for name in ("location", "factor", "low", "high"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name))
    assert weighted.high[0] == 2.0


def test_predictions_are_clipped_if_they_are_to_be():
    far = np.full((1, 2), 100.0, np.float32)
    clipped = TargetScale.fit(Y, None, SquaredError()).inverse(far)
    np.testing.assert_array_equal(clipped, [[6.0, 5.0]])
    assert clipped.dtype == np.float32
    free = TargetScale.fit(Y, None, SquaredError(), clips=False).inverse(far)
    np.testing.assert_allclose(free, [[3 + 100 * Y[:, 0].std(), 105.0]], rtol=1e-6)
