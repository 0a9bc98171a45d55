"""Every loss, against the same battery."""

import pickle

import numpy as np
import pytest
from scipy.special import log_softmax, softmax, xlogy
from sklearn import metrics

from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    BinaryLogLoss,
    LogLoss,
    MultinomialLogLoss,
    Poisson,
    SquaredError,
)

N_ROWS, N_OUTPUTS = 40, 3


def _real(rng):
    return rng.standard_normal((N_ROWS, N_OUTPUTS))


def _counts(rng):
    return rng.poisson(2.0, (N_ROWS, N_OUTPUTS)).astype(float)


def _yes_no(rng):
    return rng.integers(0, 2, (N_ROWS, N_OUTPUTS)).astype(float)


def _codes(rng):
    return rng.integers(0, N_OUTPUTS, N_ROWS)


# Each loss with a function that draws targets from its domain.
CASES = {
    "squared_error": (SquaredError(), _real),
    "poisson": (Poisson(), _counts),
    "binary_log_loss": (BinaryLogLoss(), _yes_no),
    "multinomial_log_loss": (MultinomialLogLoss(), _codes),
}


@pytest.fixture(params=CASES)
def case(request):
    loss, draw = CASES[request.param]
    rng = np.random.default_rng(0)
    return loss, draw(rng), rng.standard_normal((N_ROWS, N_OUTPUTS))


def _value_gradient(loss, y, raw):
    gradient = raw.copy()
    return loss.loss_gradient(y, gradient), gradient


def test_every_listed_loss_is_tested():
    tested = {type(loss) for loss, _ in CASES.values()}
    assert {type(loss) for loss in REGRESSION_LOSSES.values()} <= tested
    for loss in CLASSIFICATION_LOSSES.values():
        for multinomial in (False, True):
            assert type(loss.for_target(multinomial=multinomial)) in tested


def test_gradient_matches_central_difference(case):
    loss, y, raw = case
    _, gradient = _value_gradient(loss, y, raw)
    step = 1e-6
    for k in range(N_OUTPUTS):
        shift = step * (np.arange(N_OUTPUTS) == k)
        above, _ = _value_gradient(loss, y, raw + shift)
        below, _ = _value_gradient(loss, y, raw - shift)
        numeric = (above - below) / (2 * step)
        np.testing.assert_allclose(gradient[:, k], numeric, atol=1e-8)


def test_values_match_independent_formulas():
    rng = np.random.default_rng(1)
    raw = rng.standard_normal((N_ROWS, N_OUTPUTS))
    y = _real(rng)
    np.testing.assert_allclose(
        _value_gradient(SquaredError(), y, raw)[0].mean(),
        metrics.mean_squared_error(y, raw) * N_OUTPUTS / 2,
    )
    y = _counts(rng)
    np.testing.assert_allclose(
        _value_gradient(Poisson(), y, raw)[0].mean(),
        sum(
            metrics.mean_poisson_deviance(y[:, k], np.exp(raw[:, k])) / 2
            for k in range(N_OUTPUTS)
        ),
    )
    y = _yes_no(rng)
    p = 1 / (1 + np.exp(-raw))
    np.testing.assert_allclose(
        _value_gradient(BinaryLogLoss(), y, raw)[0],
        -(xlogy(y, p) + xlogy(1 - y, 1 - p)).sum(axis=1),
    )
    y = _codes(rng)
    np.testing.assert_allclose(
        _value_gradient(MultinomialLogLoss(), y, raw)[0],
        -log_softmax(raw, axis=1)[np.arange(N_ROWS), y],
    )
    np.testing.assert_allclose(
        _value_gradient(MultinomialLogLoss(), y, raw)[0].mean(),
        metrics.log_loss(y, softmax(raw, axis=1)),
    )


def test_softmax_gradient_equals_the_chain_through_its_jacobian():
    """Cross-entropy's gradient times softmax's Jacobian is the fused p - onehot."""
    rng = np.random.default_rng(2)
    raw, y = rng.standard_normal((N_ROWS, N_OUTPUTS)), _codes(rng)
    _, fused = _value_gradient(MultinomialLogLoss(), y, raw)
    for i in range(N_ROWS):
        p = softmax(raw[i])
        onehot = (np.arange(N_OUTPUTS) == y[i]).astype(float)
        cross_entropy_gradient = -onehot / p
        jacobian = np.diag(p) - np.outer(p, p)
        np.testing.assert_allclose(
            cross_entropy_gradient @ jacobian, fused[i], atol=1e-14
        )


def test_two_softmax_units_are_one_logistic_unit():
    rng = np.random.default_rng(3)
    logit, y = rng.standard_normal((N_ROWS, 1)), rng.integers(0, 2, N_ROWS)
    binary, _ = _value_gradient(BinaryLogLoss(), y[:, np.newaxis].astype(float), logit)
    both = np.hstack([np.zeros_like(logit), logit])
    multinomial, _ = _value_gradient(MultinomialLogLoss(), y, both)
    np.testing.assert_allclose(binary, multinomial)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e3, -1e3])
@pytest.mark.parametrize("name", ["binary_log_loss", "multinomial_log_loss"])
def test_saturated_logits_give_exact_losses(name, size, dtype):
    """The value is the logit, not the logarithm of a rounded probability."""
    loss, _ = CASES[name]
    raw = np.array([[size, 0.0, 0.0]], dtype)
    if name == "binary_log_loss":
        y = np.array([[0.0 if size > 0 else 1.0, 0.5, 0.5]], dtype)
        expected = abs(size) + 2 * np.log(2)
    else:
        y = np.array([1 if size > 0 else 0])
        expected = abs(size) + (0 if size > 0 else np.log(2))
    value, gradient = _value_gradient(loss, y, raw)
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(case, dtype):
    loss, y, raw = case
    y = y if y.dtype.kind == "i" else y.astype(dtype)
    value, gradient = _value_gradient(loss, y, raw.astype(dtype))
    assert value.dtype == gradient.dtype == dtype
    assert value.shape == (N_ROWS,)
    assert loss.predict(raw.astype(dtype)).dtype == dtype


def test_predictions_lie_in_the_range_of_the_link(case):
    loss, _, raw = case
    predicted = loss.predict(raw * 100)
    if loss.out_activation == "identity":
        np.testing.assert_array_equal(predicted, raw * 100)
    else:
        assert (predicted >= 0).all()
    if loss.out_activation in ("softmax", "logistic"):
        assert (predicted <= 1).all()
    if loss.out_activation == "softmax":
        np.testing.assert_allclose(predicted.sum(axis=1), 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logistic_probabilities_never_reach_0_or_1(dtype):
    p = BinaryLogLoss().predict(np.array([[-1e5], [-50.0], [50.0], [1e5]], dtype))
    assert p.dtype == dtype
    assert ((p > 0) & (p < 1)).all()


def test_best_constant_has_no_gradient(case):
    """The gradient vanishes where the mean prediction is the mean target."""
    loss, y, _ = case
    if y.ndim == 1:
        mean = np.bincount(y, minlength=N_OUTPUTS) / N_ROWS
        constant = np.log(mean)
    else:
        mean = y.mean(axis=0)
        constant = {
            "identity": lambda m: m,
            "exp": np.log,
            "logistic": lambda m: np.log(m / (1 - m)),
        }[loss.out_activation](mean)
    raw = np.tile(constant, (N_ROWS, 1))
    _, gradient = _value_gradient(loss, y, raw)
    np.testing.assert_allclose(gradient.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(loss.predict(raw)[0], mean)


def test_survives_pickling(case):
    loss, _, _ = case
    assert pickle.loads(pickle.dumps(loss)) == loss
    assert pickle.loads(pickle.dumps(LogLoss())) == LogLoss()


def test_poisson_domain():
    Poisson().check_target(np.array([[0.0], [3.0]]))
    with pytest.raises(ValueError, match=r"loss='poisson'.*-1\.0.*at least 0"):
        Poisson().check_target(np.array([[2.0], [-1.0]]))
