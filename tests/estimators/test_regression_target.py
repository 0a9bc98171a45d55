"""The target of a regression: encoded, decoded and scored."""

import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score, r2_score

from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp.losses import Huber, Poisson, Quantile, SquaredError
from tests.conftest import central_jacobian

ONE = np.array([1.0, 2.0, 6.0])
TWO = np.column_stack([ONE, [10.0, 10.0, 40.0]])


@pytest.mark.parametrize(("y", "n_targets"), [(ONE, 1), (ONE[:, None], 1), (TWO, 2)])
def test_columns_are_counted(y, n_targets):
    target = RegressionTarget.fit(y, "squared_error")
    assert (target.n_targets, target.n_outputs) == (n_targets, n_targets)
    assert target.encode(y, np.float64, "y").shape == (3, n_targets)


def test_quantiles_are_several_outputs_for_one_target():
    target = RegressionTarget.fit(ONE, Quantile([0.1, 0.5, 0.9]))
    assert (target.n_targets, target.n_outputs) == (1, 3)


def test_a_loss_is_made_by_name_or_copied():
    assert RegressionTarget.fit(ONE, "poisson").loss == Poisson()
    given = Huber(2.0)
    target = RegressionTarget.fit(ONE, given)
    assert target.loss == given
    assert target.loss is not given


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_encoded_in_the_type_of_the_data(dtype):
    target = RegressionTarget.fit(ONE, "squared_error")
    encoded = target.encode(ONE, dtype, "y")
    assert encoded.dtype == dtype
    np.testing.assert_array_equal(encoded, ONE[:, None])


def test_numbers_too_large_for_the_type_are_refused():
    target = RegressionTarget.fit(ONE, "squared_error")
    with pytest.raises(ValueError, match=r"y_val contains .* too large for float32"):
        target.encode(1e200 * ONE, np.float32, "y_val")


def test_what_is_encoded_is_decoded():
    for y in (ONE, TWO):
        target = RegressionTarget.fit(y, "squared_error")
        np.testing.assert_array_equal(
            target.decode(target.encode(y, np.float64, "y")), y
        )


def test_a_scale_is_learned_and_undone():
    target = RegressionTarget.fit(TWO, "squared_error")
    scaled = target.with_scale(target.encode(TWO, np.float64, "y"), None)
    assert target.scale is None  # it is another target
    encoded = scaled.encode(TWO, np.float32, "y")
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(encoded.std(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(scaled.predict(encoded.copy()), TWO, rtol=1e-6)
    # Within the range that was seen.
    np.testing.assert_allclose(scaled.predict(1e3 + 0 * encoded)[0], TWO.max(axis=0))


def test_digits_of_large_numbers_are_not_lost_in_float32():
    y = 1e9 + ONE
    target = RegressionTarget.fit(y, "squared_error")
    scaled = target.with_scale(target.encode(y, np.float64, "y"), None)
    encoded = scaled.encode(y, np.float32, "y")
    np.testing.assert_allclose(encoded.ravel(), (ONE - 3) / ONE.std(), rtol=1e-6)


def test_the_link_of_the_loss_is_applied():
    target = RegressionTarget.fit(ONE, "poisson")
    np.testing.assert_allclose(target.predict(np.log(ONE[:, None])), ONE[:, None])


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 3.0])])
def test_scores(weight):
    target = RegressionTarget.fit(ONE, SquaredError())
    y, predicted = ONE[:, None], np.array([[1.5], [1.0], [6.5]])
    assert target.score(predicted, y, weight) == pytest.approx(
        r2_score(y, predicted, sample_weight=weight)
    )
    levels = (0.2, 0.8)
    target = RegressionTarget.fit(ONE, Quantile(levels))
    predicted = np.column_stack([predicted - 1, predicted + 1])
    expected = [
        d2_pinball_score(ONE, predicted[:, k], sample_weight=weight, alpha=level)
        for k, level in enumerate(levels)
    ]
    assert target.score(predicted, y, weight) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("y", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize("is_scaled", [False, True])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_derivatives_are_those_of_the_predictions(loss, is_scaled, y):
    target = RegressionTarget.fit(y, loss)
    if is_scaled:
        target = target.with_scale(y.reshape(3, -1), None)
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(20, 2)), rng.normal(size=(2, target.n_outputs))
    raw = X @ weights
    before = raw.copy()
    jacobian = target.predict_jacobian(raw, np.tile(weights.T, (20, 1, 1)))
    np.testing.assert_array_equal(raw, before)
    found = target.public_jacobian(jacobian)
    expected = central_jacobian(lambda x: target.decode(target.predict(x @ weights)), X)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert (found == 0.0).any() == is_scaled  # where predictions are clipped
