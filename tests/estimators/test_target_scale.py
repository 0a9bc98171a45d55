"""The scale of a target: standardised, divided by its mean, or named in messages."""

from dataclasses import replace

import numpy as np
import pytest

from sknumpy_mlp._estimators.target_scale import (
    TargetScale,
    loss_of_constant,
    unusual_scale,
)
from sknumpy_mlp.losses import (
    AbsoluteError,
    BinaryLogLoss,
    Gamma,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)
from tests.conftest import name_of
from tests.estimators.conftest import NOISE, PRICES, SIGNAL

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


def test_others_stay_as_they_are():
    scale = TargetScale.fit(Y, None, BinaryLogLoss())
    np.testing.assert_array_equal(scale.transform(Y), Y)


def test_weights_count_and_rows_without_weight_do_not():
    weighted = TargetScale.fit(Y, np.array([2.0, 1.0, 0.0]), SquaredError())
    repeated = TargetScale.fit(Y[[0, 0, 1]], None, SquaredError())
    for name in ("location", "factor", "low", "high"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name))
    assert weighted.high[0] == 2.0


def test_predictions_are_clipped_to_the_range_of_the_targets():
    far = np.full((1, 2), 100.0, np.float32)
    scale = TargetScale.fit(Y, None, SquaredError())
    clipped = scale.inverse(far)
    np.testing.assert_array_equal(clipped, [[6.0, 5.0]])
    assert clipped.dtype == np.float32
    unbounded = replace(scale, low=np.full(2, -np.inf), high=np.full(2, np.inf))
    free = unbounded.inverse(far)
    np.testing.assert_allclose(free, [[3 + 100 * Y[:, 0].std(), 105.0]], rtol=1e-6)


def test_the_slope_is_the_scale_and_zero_where_predictions_are_clipped():
    scale = TargetScale.fit(Y, None, SquaredError())
    predicted = np.array([[0.1, 0.0], [100.0, 0.0], [-100.0, 0.1]], np.float32)
    given = np.full((3, 2, 4), 2.0, np.float32)
    jacobian = scale.inverse_jacobian(predicted, given)
    assert jacobian.shape == given.shape
    np.testing.assert_allclose(jacobian[0, 0], 2 * Y[:, 0].std(), rtol=1e-6)
    np.testing.assert_array_equal(jacobian[1:, 0], 0.0)
    np.testing.assert_array_equal(jacobian[:, 1], 0.0)  # a constant


# ---------------------------------------------------- targets that networks learn badly


@pytest.mark.parametrize(
    ("y", "scale"),
    [
        (SIGNAL, ""),
        (5 * SIGNAL - 10, ""),
        (np.full(200, 1e6), ""),
        (np.zeros(200), ""),
        (PRICES, "y has a mean of 1.7e+05 and a standard deviation of"),
        (-PRICES, "y has a mean of -1.7e+05"),
        (SIGNAL * 1e-3, "standard deviation of 0.00"),
        (SIGNAL + 1e3, "y has a mean of 1e+03"),
        (SIGNAL * 1e300, "standard deviation of 1"),
        (np.column_stack([SIGNAL, PRICES]), "Column 1 of y has a mean of 1.7e+05"),
    ],
)
@pytest.mark.parametrize("loss", [SquaredError(), Quantile(0.9)], ids=str)
def test_scales_that_are_named(y, scale, loss):
    found = unusual_scale(y.reshape(200, -1), None, loss)
    assert scale in found
    assert bool(found) == bool(scale)


@pytest.mark.parametrize(
    ("y", "scale"),
    [
        (np.exp(SIGNAL), ""),
        (np.full(200, 1e6), ""),
        (np.exp(SIGNAL) * 1e5, "y has a mean of 3.1e+05"),
        (np.exp(SIGNAL) * 1e-3, "y has a mean of 0.0031"),
        (np.exp(np.column_stack([SIGNAL, SIGNAL + 9])), "Column 1 of y has a mean of"),
    ],
)
@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=str)
def test_means_that_are_far_from_one(y, scale, loss):
    found = unusual_scale(y.reshape(200, -1), None, loss)
    assert found.startswith(scale)
    assert bool(found) == bool(scale)
    assert "deviation" not in found


def test_shares_have_no_scale():
    assert unusual_scale(np.full((9, 1), 1e-9), None, BinaryLogLoss()) == ""


def test_scales_are_weighted():
    y = np.append(SIGNAL, 1e9).reshape(-1, 1)
    weight = np.append(np.ones(200), 0.0)
    assert unusual_scale(y, weight, SquaredError()) == ""
    weighted = unusual_scale(np.array([[0.0], [800.0]]), np.array([3.0, 1.0]), Huber())
    repeated = unusual_scale(np.array([[0.0]] * 3 + [[800.0]]), None, Huber())
    assert (
        weighted
        == repeated
        == "y has a mean of 2e+02 and a standard deviation of 3.5e+02"
    )


@pytest.mark.parametrize(
    ("loss", "constant"),
    [
        (SquaredError(), np.mean),
        (AbsoluteError(), np.median),
        (Huber(1e-6), np.median),
        (Huber(1e6), np.mean),
        (Poisson(), lambda y: np.log(y.mean())),
        (Gamma(), lambda y: np.log(y.mean())),
        (Quantile(0.1), lambda y: np.quantile(y, 0.1)),
        (Quantile([0.1, 0.5, 0.9]), lambda y: np.quantile(y, [0.1, 0.5, 0.9])),
    ],
    ids=name_of,
)
def test_the_best_constant(loss, constant):
    y = np.exp(NOISE)[:, np.newaxis]
    raw = np.tile(constant(y), (200, 1))
    n_outputs = raw.shape[1]
    found = loss_of_constant(y, None, loss, n_outputs)
    assert found == pytest.approx(loss.loss_gradient(y, raw).mean(), rel=1e-2)
    # Rows of weight 2 count twice, and rows of weight 0 do not count.
    repeated = loss_of_constant(np.vstack([y, y[:50]]), None, loss, n_outputs)
    weighted = loss_of_constant(
        np.vstack([y, [[1e9]]]),
        np.r_[np.full(50, 2.0), np.ones(150), 0],
        loss,
        n_outputs,
    )
    assert weighted == pytest.approx(repeated)


def test_no_constant_for_outputs_of_another_kind():
    assert np.isnan(loss_of_constant(np.ones((9, 1)), None, SquaredError(), 2))


def test_target_scale():
    y = np.array([[1.0, 5.0], [3.0, 5.0]])
    scale = TargetScale.fit(y, None, SquaredError())
    np.testing.assert_allclose(scale.transform(y), [[-1, 0], [1, 0]])
    np.testing.assert_allclose(scale.inverse(scale.transform(y)), y)
    log = TargetScale.fit(y, None, Poisson())
    np.testing.assert_allclose(log.transform(y), [[0.5, 1], [1.5, 1]])
    weighted = TargetScale.fit(y, np.array([1.0, 0.0]), SquaredError())
    assert weighted.high.tolist() == [1.0, 5.0]
