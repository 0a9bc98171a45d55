"""Tests that every loss has to pass, and checks of custom losses."""

import pickle
import re

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from scipy.special import huber, log_softmax, softmax, xlogy
from sklearn import metrics

from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    INVERSE_LINKS,
    LINK_JACOBIANS,
    REGRESSION_LOSSES,
    AbsoluteError,
    BinaryLogLoss,
    ClassificationLoss,
    Gamma,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
    _LossCheck,
    check_loss,
    predict_jacobian,
    try_loss,
)
from tests.conftest import central_jacobian

N_ROWS, N_OUTPUTS = 40, 3


def _real(rng):
    return rng.standard_normal((N_ROWS, N_OUTPUTS))


def _counts(rng):
    return rng.poisson(2.0, (N_ROWS, N_OUTPUTS)).astype(float)


def _positive(rng):
    return rng.gamma(2.0, size=(N_ROWS, N_OUTPUTS))


def _one_target(rng):
    return rng.standard_normal((N_ROWS, 1))


def _binary(rng):
    return rng.integers(0, 2, (N_ROWS, N_OUTPUTS)).astype(float)


def _codes(rng):
    return rng.integers(0, N_OUTPUTS, N_ROWS)


# Each loss with a function that draws targets from its domain.
CASES = {
    "squared_error": (SquaredError(), _real),
    "absolute_error": (AbsoluteError(), _real),
    "huber": (Huber(), _real),
    "huber 0.2": (Huber(delta=0.2), _real),
    "quantile": (Quantile(), _real),
    "quantile 0.9": (Quantile(0.9), _real),
    "quantiles": (Quantile([0.1, 0.5, 0.75]), _one_target),
    "poisson": (Poisson(), _counts),
    "gamma": (Gamma(), _positive),
    "binary_log_loss": (BinaryLogLoss(), _binary),
    "binary_log_loss, smoothed": (BinaryLogLoss(0.2), _binary),
    "multinomial_log_loss": (MultinomialLogLoss(), _codes),
    "multinomial_log_loss, smoothed": (MultinomialLogLoss(0.2), _codes),
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
    y = _binary(rng)
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
    y = _positive(rng)
    np.testing.assert_allclose(
        _value_gradient(Gamma(), y, raw)[0].mean(),
        sum(
            metrics.mean_gamma_deviance(y[:, k], np.exp(raw[:, k])) / 2
            for k in range(N_OUTPUTS)
        ),
    )
    y = _real(rng)
    np.testing.assert_allclose(
        _value_gradient(AbsoluteError(), y, raw)[0].mean(),
        metrics.mean_absolute_error(y, raw) * N_OUTPUTS,
    )
    np.testing.assert_allclose(
        _value_gradient(Huber(0.7), y, raw)[0], huber(0.7, raw - y).sum(axis=1)
    )
    for level in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(
            _value_gradient(Quantile(level), y, raw)[0].mean(),
            metrics.mean_pinball_loss(y, raw, alpha=level) * N_OUTPUTS,
        )
    levels, ordered = (0.1, 0.6, 0.9), np.sort(raw, axis=1)
    np.testing.assert_allclose(
        _value_gradient(Quantile(levels), y[:, :1], raw)[0].mean(),
        sum(
            metrics.mean_pinball_loss(y[:, 0], ordered[:, k], alpha=level)
            for k, level in enumerate(levels)
        ),
    )


# Each loss as a negative log-likelihood, up to terms that do not depend on the
# prediction m: the density at m, and at the best m.
LIKELIHOODS = {
    "squared_error": (SquaredError(), lambda y, m: scipy.stats.norm.logpdf(y, m)),
    "absolute_error": (AbsoluteError(), lambda y, m: scipy.stats.laplace.logpdf(y, m)),
    "quantile": (
        # Of the asymmetric Laplace distribution with kappa = 3 and this scale, the
        # slopes are 0.9 on the right and 0.1 on the left.
        Quantile(0.9),
        lambda y, m: scipy.stats.laplace_asymmetric.logpdf(
            y, 3.0, loc=m, scale=1 / 0.3
        ),
    ),
    "poisson": (Poisson(), lambda y, m: scipy.stats.poisson.logpmf(y, m)),
    "gamma": (Gamma(), lambda y, m: scipy.stats.gamma.logpdf(y, 1.0, scale=m)),
    "binary_log_loss": (
        BinaryLogLoss(),
        lambda y, m: scipy.stats.bernoulli.logpmf(y.astype(int), m),
    ),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_losses_are_likelihoods(name):
    loss, log_density = LIKELIHOODS[name]
    rng = np.random.default_rng(8)
    y = CASES[name][1](rng)
    raw = rng.uniform(-6, 6, y.shape)
    best = -log_density(y, np.maximum(y, 1e-300) if loss.positive_only else y)
    expected = -log_density(y, loss.predict(raw.copy())) - best
    value, _ = _value_gradient(loss, y, raw)
    np.testing.assert_allclose(value, expected.sum(axis=1), rtol=1e-10)


def _each_column(metric):
    """scikit-learn's deviances take one column; halves, as they are deviances."""

    def summed(y, predicted, sample_weight):
        return sum(
            metric(a, b, sample_weight=sample_weight) / 2
            for a, b in zip(y.T, predicted.T, strict=True)
        )

    return summed


def _pinball(level):
    def summed(y, predicted, sample_weight):
        return N_OUTPUTS * metrics.mean_pinball_loss(
            y, predicted, alpha=level, sample_weight=sample_weight
        )

    return summed


def _log_loss(y, predicted, sample_weight):
    return metrics.log_loss(
        y, predicted, sample_weight=sample_weight, labels=range(N_OUTPUTS)
    )


METRICS = {
    "squared_error": lambda y, p, w: (
        N_OUTPUTS / 2 * metrics.mean_squared_error(y, p, sample_weight=w)
    ),
    "absolute_error": lambda y, p, w: (
        N_OUTPUTS * metrics.mean_absolute_error(y, p, sample_weight=w)
    ),
    "quantile": _pinball(0.5),
    "quantile 0.9": _pinball(0.9),
    "poisson": _each_column(metrics.mean_poisson_deviance),
    "gamma": _each_column(metrics.mean_gamma_deviance),
    "multinomial_log_loss": _log_loss,
}


@pytest.mark.parametrize("spread", [1e-6, 1.0, 8.0])
@pytest.mark.parametrize("name", METRICS)
def test_weighted_means_are_scikit_learn_s_metrics(name, spread):
    """For raw outputs near the targets and far from them."""
    loss, draw = CASES[name]
    rng = np.random.default_rng(9)
    y, weight = draw(rng), rng.uniform(0.1, 3.0, N_ROWS)
    raw = spread * rng.standard_normal((N_ROWS, N_OUTPUTS))
    if y.ndim == 2:
        raw += np.log(np.maximum(y, 0.1)) if loss.positive_only else y
    value, _ = _value_gradient(loss, y, raw)
    expected = METRICS[name](y, loss.predict(raw.copy()), weight)
    np.testing.assert_allclose(
        np.average(value, weights=weight), expected, rtol=1e-9, atol=1e-15
    )


def test_label_smoothing_mixes_targets_with_the_uniform_distribution():
    rng = np.random.default_rng(4)
    raw, y = rng.standard_normal((N_ROWS, N_OUTPUTS)), _codes(rng)
    target = 0.7 * np.eye(N_OUTPUTS)[y] + 0.3 / N_OUTPUTS
    value, gradient = _value_gradient(MultinomialLogLoss(0.3), y, raw)
    np.testing.assert_allclose(value, -(target * log_softmax(raw, axis=1)).sum(axis=1))
    np.testing.assert_allclose(gradient, softmax(raw, axis=1) - target, atol=1e-15)
    labels = _binary(rng)
    smoothed = _value_gradient(BinaryLogLoss(0.3), labels, raw)
    plain = _value_gradient(BinaryLogLoss(), 0.7 * labels + 0.15, raw)
    for a, b in zip(smoothed, plain, strict=True):
        np.testing.assert_allclose(a, b)


def test_absolute_error_is_twice_the_median_s_pinball_loss():
    rng = np.random.default_rng(5)
    raw, y = rng.standard_normal((2, N_ROWS, N_OUTPUTS))
    raw[0] = y[0]  # on the kink as well
    absolute = _value_gradient(AbsoluteError(), y, raw)
    pinball = _value_gradient(Quantile(0.5), y, raw)
    for a, b in zip(absolute, pinball, strict=True):
        np.testing.assert_allclose(a, 2 * b)


def test_huber_is_squared_for_small_errors_and_linear_for_large_ones():
    rng = np.random.default_rng(6)
    raw, y = rng.standard_normal((2, N_ROWS, N_OUTPUTS))
    near = _value_gradient(Huber(100.0), y, raw)
    for a, b in zip(near, _value_gradient(SquaredError(), y, raw), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    far = _value_gradient(Huber(1e-9), y, raw)
    for a, b in zip(far, _value_gradient(AbsoluteError(), y, raw), strict=True):
        np.testing.assert_allclose(a / 1e-9, b, rtol=1e-6)


def test_quantiles_never_cross_whatever_the_raw_outputs():
    loss = Quantile([0.1, 0.5, 0.9])
    raw = np.random.default_rng(7).standard_normal((1000, 3)).astype(np.float32)
    assert (np.diff(loss.predict(raw)) >= 0).all()


def test_the_domains_of_constants():
    for bad in (0.0, 1.0, -0.1, 1.5, float("nan"), "0.5", None, [0.1, 1.0], True):
        with pytest.raises(ValueError, match=r"must be a number in the range \(0, 1\)"):
            Quantile(bad)
    for bad in ([0.9, 0.1], [0.5, 0.5], []):
        with pytest.raises(
            ValueError, match=r"ascending order, .* there must be at least one\.$"
        ):
            Quantile(bad)
    for bad in (0, -1.0, float("inf"), "1"):
        with pytest.raises(ValueError, match=r"Huber\(delta=.*range \(0, inf\)"):
            Huber(bad)
    for cls in (LogLoss, BinaryLogLoss, MultinomialLogLoss):
        for bad in (-0.1, 1.0, None):
            with pytest.raises(ValueError, match=r"label_smoothing=.*\[0, 1\)"):
                cls(bad)
    assert Quantile(np.array([0.25, 0.75])) == Quantile((0.25, 0.75))
    assert type(Huber(np.float64(2)).delta) is float


def test_several_quantiles_need_one_target():
    assert Quantile([0.1, 0.9]).n_outputs(1) == 2
    assert Quantile(0.9).n_outputs(3) == 3
    with pytest.raises(
        ValueError,
        match=r"\(0.1, 0.9\) y has 3 columns\. .*an "
        r"estimator for each target \(sklearn\.multioutput\.MultiOutputRegressor\)\.$",
    ):
        Quantile([0.1, 0.9]).n_outputs(3)


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


@pytest.mark.parametrize("n_columns", [1, 2, 3])
@pytest.mark.parametrize(
    "name", [name for name in CASES if CASES[name][1] not in (_codes, _one_target)]
)
def test_the_loss_of_a_row_is_the_sum_over_its_columns(name, n_columns):
    loss, draw = CASES[name]
    rng = np.random.default_rng(11)
    y, raw = draw(rng)[:, :n_columns], rng.standard_normal((N_ROWS, n_columns))
    value, gradient = _value_gradient(loss, y, raw)
    parts = [
        _value_gradient(loss, y[:, [k]], raw[:, [k]].copy()) for k in range(n_columns)
    ]
    np.testing.assert_allclose(value, sum(part for part, _ in parts), rtol=1e-14)
    np.testing.assert_array_equal(gradient, np.hstack([part for _, part in parts]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e3, -1e3])
@pytest.mark.parametrize("name", ["binary_log_loss", "multinomial_log_loss"])
def test_saturated_logits_give_exact_losses(name, size, dtype):
    """The value is computed from the logit, not from a rounded probability."""
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


def test_predictions_take_the_memory_of_the_raw_outputs(case):
    loss, _, raw = case
    assert loss.predict(raw) is raw


def test_predictions_lie_in_the_range_of_the_link(case):
    loss, _, raw = case
    predicted = loss.predict(raw * 100)
    if loss.out_activation == "identity":
        several = len(getattr(loss, "levels", ())) > 1
        expected = np.sort(raw, axis=1) if several else raw
        np.testing.assert_array_equal(predicted, expected * 100)
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
    """The best constant prediction: the mean, the median, the quantile."""
    loss, y, _ = case
    if isinstance(loss, AbsoluteError | Quantile):
        levels = np.array(getattr(loss, "levels", (0.5,)))
        constant = np.array(
            [np.quantile(y[:, k % y.shape[1]], q) for k, q in enumerate(levels)]
        )
        if len(levels) == 1:
            constant = np.quantile(y, levels[0], axis=0)
        # Within one row's share of a kink.
        tolerance = 1 / N_ROWS
    elif isinstance(loss, Huber):
        constant = np.array(
            [
                scipy.optimize.minimize_scalar(
                    lambda c, k=k: huber(loss.delta, c - y[:, k]).sum(),
                    tol=1e-12,
                ).x
                for k in range(N_OUTPUTS)
            ]
        )
        tolerance = 1e-6
    else:
        tolerance = 1e-14
        if y.ndim == 1:
            y = np.eye(N_OUTPUTS)[y]
        smoothing = getattr(loss, "label_smoothing", 0.0)
        n_classes = 2 if isinstance(loss, BinaryLogLoss) else N_OUTPUTS
        mean = (1 - smoothing) * y.mean(axis=0) + smoothing / n_classes
        constant = {
            "identity": lambda m: m,
            "exp": np.log,
            "logistic": lambda m: np.log(m / (1 - m)),
            "softmax": np.log,
        }[loss.out_activation](mean)
        np.testing.assert_allclose(loss.predict(constant[np.newaxis].copy())[0], mean)
    raw = np.tile(constant, (N_ROWS, 1))
    _, gradient = _value_gradient(loss, case[1], raw)
    np.testing.assert_allclose(gradient.mean(axis=0), 0, atol=tolerance)


def test_pickling(case):
    loss, _, _ = case
    assert pickle.loads(pickle.dumps(loss)) == loss
    assert pickle.loads(pickle.dumps(LogLoss())) == LogLoss()


def test_poisson_domain():
    Poisson().check_target(np.array([[0.0], [3.0]]))
    with pytest.raises(
        ValueError,
        match=r"loss='poisson': got -1\.0, .* at least 0\. "
        r"Shift y, or use loss='squared_error'\.$",
    ):
        Poisson().check_target(np.array([[2.0], [-1.0]]))


def test_gamma_domain():
    Gamma().check_target(np.array([[0.1], [3.0]]))
    with pytest.raises(
        ValueError,
        match=r"loss='gamma': got 0\.0, .* more than 0\. Shift y, or use "
        r"loss='poisson', which takes zeros, or loss='squared_error'\.$",
    ):
        Gamma().check_target(np.array([[2.0], [0.0]]))


def test_domains_of_the_log_losses():
    BinaryLogLoss().check_target(np.array([[0.0], [0.3], [1.0]]))
    with pytest.raises(
        ValueError,
        match=r"BinaryLogLoss\(.*from 0\.5 to 2\.0, .* between 0 and 1\. "
        r"Divide y by its largest value, or use loss='squared_error'\.$",
    ):
        BinaryLogLoss().check_target(np.array([[0.5], [2.0]]))
    MultinomialLogLoss().check_target(np.array([0, 1]))
    with pytest.raises(
        ValueError,
        match=r"class codes, .* \(2, 1\)\. Use it in a classifier; "
        r"for shares between 0 and 1 there is BinaryLogLoss\(\)\.$",
    ):
        MultinomialLogLoss().check_target(np.array([[0.0], [1.0]]))


@pytest.mark.parametrize("levels", [(0.2, 0.7), (0.2, 0.5, 0.7)])
def test_crossed_quantiles_are_uncrossed_in_loss_and_prediction(levels):
    loss, raw = Quantile(levels), np.arange(len(levels), dtype=float)[np.newaxis]
    straight = _value_gradient(loss, np.array([[0.6]]), raw)
    crossed = _value_gradient(loss, np.array([[0.6]]), raw[:, ::-1].copy())
    np.testing.assert_allclose(crossed[0], straight[0])
    np.testing.assert_allclose(crossed[1], straight[1][:, ::-1])
    np.testing.assert_array_equal(loss.predict(raw[:, ::-1].copy()), raw)


@pytest.mark.parametrize("levels", [(0.5, 0.5), (0.7, 0.2), ()])
def test_several_quantiles_have_to_increase(levels):
    message = re.escape(f"Quantile(quantile={levels}): several quantiles must be in ")
    with pytest.raises(ValueError, match=f"^{message}"):
        Quantile(levels)


def test_one_quantile_stays_a_number():
    assert (Quantile(0.3).quantile, Quantile(0.3).levels) == (0.3, (0.3,))
    assert Quantile(np.array(0.3)).quantile == 0.3
    assert Quantile([0.3]).quantile == (0.3,)


def test_quantiles_that_coincide_are_separated_in_order():
    """Two bundles, of which the lower one is in the even columns."""
    loss = Quantile(np.linspace(0.02, 0.98, 49))
    raw = (np.arange(49.0) % 2)[np.newaxis]
    _, gradient = _value_gradient(loss, np.array([[2.0]]), raw)
    np.testing.assert_array_equal(gradient[0, ::2], -np.array(loss.levels[:25]))
    np.testing.assert_array_equal(gradient[0, 1::2], -np.array(loss.levels[25:]))


@pytest.mark.parametrize("n_classes", [2, 99, 100, 300])
def test_both_reductions_over_classes_give_the_same_numbers(n_classes):
    rng = np.random.default_rng(10)
    raw, y = 50 * rng.standard_normal((N_ROWS, n_classes)), np.arange(N_ROWS) % 2
    value, gradient = _value_gradient(MultinomialLogLoss(), y, raw)
    expected = softmax(raw, axis=1)
    np.testing.assert_allclose(MultinomialLogLoss().predict(raw.copy()), expected)
    np.testing.assert_allclose(value, -log_softmax(raw, axis=1)[range(N_ROWS), y])
    expected[range(N_ROWS), y] -= 1
    np.testing.assert_allclose(gradient, expected, atol=1e-15)


def test_log_loss_is_the_one_for_the_target():
    loss = LogLoss(0.1)
    assert loss.for_target(multinomial=True) == MultinomialLogLoss(0.1)
    assert loss.for_target(multinomial=False) == BinaryLogLoss(0.1)


@pytest.mark.parametrize("loss", [Poisson(), Gamma(), BinaryLogLoss()], ids=repr)
def test_no_targets_are_none_outside_the_domain(loss):
    loss.check_target(np.empty((0, 1)))


def test_ends_of_the_domains():
    for bad in (-0.01, 1.01):
        with pytest.raises(ValueError, match="between 0 and 1"):
            BinaryLogLoss().check_target(np.array([[bad], [0.5]]))
    with pytest.raises(ValueError, match="at least 0"):
        Poisson().check_target(np.array([[-1e-9]]))
    Gamma().check_target(np.array([[1e-300]]))


@pytest.mark.parametrize("n_classes", [3, 150])
def test_probabilities_of_many_rows_are_those_of_each_part(n_classes):
    """They are computed block by block, and the last block is a short one."""
    raw = np.random.default_rng(0).normal(size=(8192 + 7, n_classes)) * 30
    np.testing.assert_allclose(
        MultinomialLogLoss().predict(raw.copy()), softmax(raw, axis=1), rtol=1e-12
    )


# ---------------------------------------------------------- custom losses, and checks


def test_every_loss_passes_its_own_check(case):
    loss, y, _ = case
    check_loss(loss, y)


@pytest.mark.parametrize("name", CASES)
def test_the_check_takes_targets_of_every_size(name):
    loss, draw = CASES[name]
    y = draw(np.random.default_rng(12))
    sizes = (1e-9, 1e5, 1e12) if draw in (_real, _one_target, _positive) else (1,)
    for size in sizes:
        scaled = (y * size).astype(y.dtype)
        for target in (scaled, scaled[:1], np.concatenate([scaled, scaled[:1] * 100])):
            if draw not in (_codes, _binary) or len(target) <= N_ROWS:
                check_loss(loss, target)


LABELS = {
    "two": [0, 1, 1],
    "two, as strings": ["no", "yes", "no"],
    "two, as booleans": [True, False],
    "minus one and one": [-1, 1, 1],
    "one": ["only"],
    "many": np.arange(500) % 150,
    "strings": list("abcab"),
    "labels": [[0, 1, 1], [1, 0, 1]],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("loss", [LogLoss(), LogLoss(0.1)], ids=repr)
def test_both_losses_for_classification_pass_for_all_labels(loss, labels):
    check_loss(loss, labels)
    made = loss.for_target(multinomial=np.ndim(labels) == 1 and len(set(labels)) > 2)
    check_loss(made, labels)


class _Own(Loss):
    """A custom loss, the squared error with replaced methods."""

    def __init__(self, loss_gradient=None, **attributes):
        self.function = loss_gradient or SquaredError().loss_gradient
        vars(self).update(attributes)

    def loss_gradient(self, y, raw):
        return self.function(y, raw)


def _squared(change):
    """The squared error with a gradient that ``change(y, raw)`` spoils."""

    def loss_gradient(y, raw):
        losses = SquaredError().loss_gradient(y, raw)
        changed = change(y, raw)
        if changed is not None:
            raw[...] = changed
        return losses

    return loss_gradient


def _rebinds_raw(y, raw):
    raw = raw - y
    return 0.5 * (raw**2).sum(axis=1)


def _changes_y(y, raw):
    y -= raw
    raw[...] = -y
    return 0.5 * (y**2).sum(axis=1)


def _draws(y, raw):
    raw -= y
    raw *= np.random.rand()
    return 0.5 * (raw**2).sum(axis=1)


def _log(y, raw):
    error = np.log1p(raw) - np.log1p(y)
    raw[...] = error / (1 + raw)
    return 0.5 * (error**2).sum(axis=1)


def _rounds(y, raw):
    exact = raw.dtype == np.float64
    losses = SquaredError().loss_gradient(y, raw)
    return losses if exact else losses.round()


def _returns(value):
    def loss_gradient(y, raw):
        losses = SquaredError().loss_gradient(y, raw)
        return value(losses, raw)

    return loss_gradient


REAL = [1.0, 2.5, -0.5]
WRONG_LOSSES = {
    "sign": (_squared(lambda y, raw: -raw), r"a factor of about -1\. If it is modif"),
    "factor": (_squared(lambda y, raw: 2 * raw), "a factor of about 2"),
    "one output": (
        _squared(lambda y, raw: raw * [1, 2]),
        "to output 1 .* 24 of the",
    ),
    "one side": (_squared(lambda y, raw: np.maximum(raw, 0)), r"is 0, but .* give -"),
    "one percent": (_squared(lambda y, raw: 1.01 * raw), "a factor of about 1.01"),
    "rebound": (_rebinds_raw, r"left raw as it was: .*raw\[\.\.\.\] = gradient"),
    "random": (_draws, "differ from call to call"),
    "changes y": (_changes_y, "changes y, the training data"),
    "domain": (
        _log,
        r"are nan in float64\. Raw outputs can be any .*check_target",
    ),
    "float32": (_rounds, r"losses for row \d+ .* in float32, but .* in float64"),
    "sum": (
        _returns(lambda losses, raw: losses.sum()),
        r"for 24 rows, got \(\)",
    ),
    "tuple": (_returns(lambda losses, raw: (losses, raw)), "24 rows, got tuple"),
    "none": (_returns(lambda losses, raw: None), "24 rows, got NoneType"),
    "list": (_returns(lambda losses, raw: losses.tolist()), "24 rows, got list"),
    "complex": (_returns(lambda losses, raw: losses + 0j), "type complex128"),
}


@pytest.mark.parametrize("name", WRONG_LOSSES)
def test_wrong_losses_fail(name):
    loss_gradient, message = WRONG_LOSSES[name]
    y = np.column_stack([REAL, REAL]) if name == "one output" else np.array(REAL)
    given = y.copy()
    with pytest.raises(ValueError, match=r"^loss=_Own\(") as info:
        check_loss(_Own(loss_gradient), np.abs(y) if name == "domain" else y)
    assert info.match(message)
    np.testing.assert_array_equal(y, given)


WRONG_GRADIENT = (
    "loss_gradient writes a wrong gradient. For row N (y=[N], raw=[N]) the derivative "
    "with respect to output 0 is N, but central differences of the losses give N; N of "
    "the 24 derivatives compared are wrong"
)
MESSAGES = {
    "sign": (
        f"{WRONG_GRADIENT}, each by a factor of about -1. If it is modified on "
        "purpose, for example clipped, set exact_gradient = False in the class."
    ),
    "rebound": (
        f"{WRONG_GRADIENT}. It has left raw as it was: overwrite raw in place, as in "
        "raw[...] = gradient."
    ),
    "random": (
        "the losses for the same y and raw differ from call to call. If they are meant "
        "to, set exact_gradient = False in the class."
    ),
    "float32": (
        "the losses for row N (y=[N], raw=[N]) are N in float32, but N in float64."
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_whole_message(name):
    """Each says which method is wrong, by how much, and what to write instead."""
    number = r" ?-?\d[-+.e\d]*"
    message = re.sub(r"\bN\b", lambda _: number, re.escape(MESSAGES[name]))
    with pytest.raises(ValueError, match=rf"^loss=_Own\(.*\): {message}$"):
        check_loss(_Own(WRONG_LOSSES[name][0]), np.array(REAL))


@pytest.mark.parametrize("which", ["losses", "derivatives"])
def test_what_is_not_finite_is_named(which):
    def loss_gradient(y, raw):
        losses = SquaredError().loss_gradient(y, raw)
        (losses if which == "losses" else raw)[3] = np.inf
        return losses

    message = (
        rf"^loss=.*: the {which} for row \d \(y=.*, raw=.*\) are \[?inf\]? in "
        r"float64\. Raw outputs can be any real numbers, and are near 0 when training "
        r"begins\. If it is the target that is out of range, raise ValueError in "
        r"check_target\.$"
    )
    with pytest.raises(ValueError, match=message):
        check_loss(_Own(loss_gradient), REAL)


def test_losses_may_not_change_the_targets():
    message = r"changes y, the training data\. Work on raw, or on a copy of y\.$"
    with pytest.raises(ValueError, match=f": loss_gradient {message}"):
        check_loss(_Own(_changes_y), REAL)


@pytest.mark.parametrize("which", ["losses", "derivatives"])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_fit_compares_the_rows_that_are_finite(which, factor):
    def loss_gradient(y, raw):
        losses = SquaredError().loss_gradient(y, raw)
        raw *= factor
        (losses if which == "losses" else raw)[y[:, 0] == 0.0] = np.nan
        return losses

    y = np.arange(3.0)[:, np.newaxis] * [1.0, 2.0]
    if factor == 1.0:
        try_loss(_Own(loss_gradient), y, 2, np.float64)
        return
    with pytest.raises(ValueError, match="each by a factor of about 2"):
        try_loss(_Own(loss_gradient), y, 2, np.float64)


def test_targets_whose_squares_exceed_float32_are_compared_in_float64():
    check_loss(_Own(_squared(lambda y, raw: None)), [1e20, 3e20, -2e20])


@pytest.mark.parametrize("y", [[0, 1, 2], [0.0, 1.0, 2.0], ["a", "b", "c"]])
def test_labels_become_class_codes(y):
    check_loss(MultinomialLogLoss(), y)


def _points(y, link="identity", n_outputs=None):
    y = np.asarray(y, dtype=float)
    loss = _Own(_squared(lambda y, raw: None), out_activation=link)
    y = y.reshape(len(y), -1) if link != "softmax" else y.astype(int)
    check = _LossCheck(loss, y, np.arange(len(y)), n_outputs or y.shape[1])
    return check.points


NORMAL = np.random.default_rng(0).normal(size=2000)
NORMAL /= NORMAL.std()


@pytest.mark.parametrize(
    ("y", "scales"),
    [
        (0.5 * NORMAL, [1.0, 1.0]),
        (5.0 * NORMAL, [1.0, 1.0]),
        (10.5 * NORMAL, [1.0, 1.0, 10.5]),
        (0.05 * NORMAL, [1.0, 1.0, 0.05]),
        (1e-5 * NORMAL, [1.0, 1.0, 1e-5]),
        (1e7 + NORMAL / 20, [1.0, 1.0]),  # differences of 0.05 are rounding errors
        (2e10 + 1e9 * NORMAL, [1.0, 1e9]),  # and those of 1
    ],
)
def test_losses_are_checked_near_zero_and_near_the_targets(y, scales):
    points = _points(y)
    assert [scale for _, scale in points] == pytest.approx(scales)
    zero, *near = points
    assert zero[0].std() == pytest.approx(1.0, rel=0.1)
    for raw, scale in near:
        noise = raw[:, 0] - y
        assert noise.std() == pytest.approx(scale, rel=0.1)
        assert len(np.unique(noise)) > 1000
    # Several outputs for one target, such as quantiles.
    shapes = {raw.shape for raw, _ in _points(y, n_outputs=3)}
    assert shapes == {(2000, 3)}


@pytest.mark.parametrize("unit", [0.01, 1.0, 100.0])
def test_losses_with_a_log_link_are_checked_near_the_logarithm_of_the_targets(unit):
    y = unit * np.where(np.arange(2000) < 400, 0.0, 5.0)  # with the mean 4 units
    (_, first), (raw, second) = _points(y, link="exp")
    assert (first, second) == (1.0, 1.0)
    noise = raw[:, 0] - np.log(np.maximum(y, 0.4 * unit))
    assert abs(noise[:400].mean()) < 0.2
    assert abs(noise[400:].mean()) < 0.2
    assert noise.std() == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize(
    ("y", "link", "n_outputs"),
    [
        (np.zeros(5), "exp", 1),  # without a logarithm
        (np.arange(5), "softmax", 5),  # class codes
        (np.ones(5), "logistic", 1),
        (np.ones((5, 2)), "identity", 3),
    ],
)
def test_losses_are_checked_near_zero_alone_where_targets_are_no_outputs(
    y, link, n_outputs
):
    assert len(_points(y, link, n_outputs)) == 1


def test_long_rows_are_abbreviated_in_messages():
    """From seven numbers on, to the first and last three, of six digits each."""
    y = np.arange(28.0).reshape(4, 7) + 1 / 3
    with pytest.raises(ValueError, match="wrong gradient") as info:
        check_loss(_Own(_squared(lambda y, raw: 2 * raw)), y)
    number = r"-?\d+\.\d{1,6}"
    row = rf"\[ ?{number} +{number} +{number} +\.\.\. +{number} +{number} +{number} ?\]"
    assert re.search(rf"\(y={row}, raw={row}\)", str(info.value))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_integer_losses_become_floats(dtype):
    losses = np.arange(3).astype(dtype)
    for given in (losses, losses.astype(int)):
        loss = _Own(lambda y, raw, given=given: given.copy())
        check = _LossCheck(loss, np.ones((3, 1)), np.arange(3), 1)
        found, _ = check.evaluate(np.zeros((3, 1), dtype))
        np.testing.assert_array_equal(found, losses)
        assert found.dtype == (dtype if given is losses else np.float64)


def test_labels_of_three_classes_are_no_target_of_a_binary_loss():
    message = "^y must hold numbers for loss=BinaryLogLoss.*, got the type <U1"
    with pytest.raises(ValueError, match=message):
        check_loss(BinaryLogLoss(), list("abc"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_targets_that_are_not_finite_are_no_targets(value):
    message = r"^y contains infinity or NaN\. Leave those rows out\.$"
    with pytest.raises(ValueError, match=message):
        check_loss(SquaredError(), [1.0, value])


def test_custom_losses_may_ask_for_positive_targets():
    loss = _Own(_squared(lambda y, raw: raw))
    loss.positive_only = True
    loss.check_target(np.array([[0.0], [0.5]]))
    loss.check_target(np.empty((0, 1)))
    message = (
        r"^Some value\(s\) of y are out of the valid range of loss=<?.*_Own.*: got "
        r"-0\.5, but targets must be at least 0\. Shift y, or use "
        r"loss='squared_error'\.$"
    )
    with pytest.raises(ValueError, match=message):
        loss.check_target(np.array([[1.0], [-0.5]]))


def test_the_message_names_row_output_and_both_derivatives():
    y = [[10.0, 20.0], [30.0, 40.0]]
    with pytest.raises(ValueError, match="wrong gradient") as info:
        check_loss(_Own(_squared(lambda y, raw: raw * [[1, 3]])), y)
    found = re.search(
        r"For row (\d) \(y=\[30\. 40\.\], raw=\[ ?(\S+) +(\S+)\]\) the derivative with "
        r"respect to output 1 is (\S+), but central differences of the losses give "
        r"(\S+); 24 of the 48 derivatives compared are wrong, each by a factor of "
        r"about 3",
        str(info.value),
    )
    row, _, raw, analytic, numeric = map(float, found.groups())
    assert row == 1
    assert analytic == pytest.approx(3 * (raw - 40), rel=1e-4)
    assert numeric == pytest.approx(raw - 40, rel=1e-4)


PROBABILITIES = [
    (
        "logistic",
        [0, 1],
        lambda raw: raw,
        r"numbers such as -0\.13.*\. Leave predict out: it then follows from out_act",
    ),
    ("logistic", [0, 1], lambda raw: 1 + 0 * raw, None),
    ("logistic", [0, 1], lambda raw: 0 * raw, None),
    ("logistic", [0, 1], lambda raw: 1.5 + 0 * raw, r"numbers such as 1\.5\."),
    ("softmax", [0, 1, 2], lambda raw: 0.5 + 0 * raw, r"numbers that sum to 1\.5\."),
    ("softmax", [0, 1, 2], lambda raw: raw, "numbers such as -0.13"),
    ("softmax", [0, 1, 2], lambda raw: 1 / (1 + np.exp(-raw)), "numbers that sum to"),
    ("softmax", [0, 1, 2], lambda raw: softmax(raw, axis=1), None),
    ("identity", [0, 1], lambda raw: -raw, None),
    ("of my own", [0, 1], lambda raw: np.exp(-raw), None),
    ("identity", [0, 1], lambda raw: raw[:, 0], r"from predict, got \(24,\)"),
    (
        "identity",
        [0, 1],
        lambda raw: raw / 0.0,
        "predictions for row 0 .*inf.* in fl",
    ),
]


@pytest.mark.parametrize(("link", "y", "predict", "message"), PROBABILITIES)
def test_predictions_are_checked(link, y, predict, message):
    function = {
        "logistic": BinaryLogLoss().loss_gradient,
        "softmax": MultinomialLogLoss().loss_gradient,
    }.get(link, SquaredError().loss_gradient)
    loss = _Own(function, out_activation=link, predict=predict)
    if message is None:
        check_loss(loss, y)
    else:
        with pytest.raises(ValueError, match=message):
            check_loss(loss, y)


def _absolute_with_any_subgradient(y, raw):
    raw -= y
    losses = np.abs(raw).sum(axis=1)
    raw[...] = np.where(raw >= 0, 1.0, -1.0)
    return losses


def _on_the_kink(y, raw):
    """Kinks everywhere: the distance to the nearest grid point, at grid points."""
    raw[...] = np.round(raw, 2) - raw
    losses = np.abs(raw).sum(axis=1)
    raw[...] = -np.sign(raw)
    return losses


def _in_single_precision(y, raw):
    """As computed by a library that knows float32 only."""
    error = raw.astype(np.float32) - y.astype(np.float32)
    raw[...] = np.tanh(error)
    return np.logaddexp(error, -error).sum(axis=1).astype(raw.dtype)


def _of_the_batch(y, raw):
    """A partial likelihood: the loss of a row depends on the other rows."""
    losses = -log_softmax(raw, axis=0)[:, 0]
    raw[...] = len(raw) * softmax(raw, axis=0) - 1
    return losses


class _MeanAndVariance(Loss):
    """Two outputs for a target: a mean, and the logarithm of a variance."""

    def n_outputs(self, n_targets):
        return 2 * n_targets

    def loss_gradient(self, y, raw):
        half = raw.shape[1] // 2
        error, precision = raw[:, :half] - y, np.exp(-raw[:, half:])
        losses = 0.5 * (raw[:, half:] + error**2 * precision).sum(axis=1)
        raw[:, :half] = error * precision
        raw[:, half:] = 0.5 - 0.5 * error**2 * precision
        return losses


def _cauchy(y, raw):
    """Neither convex nor of the size of its target."""
    raw -= y
    losses = np.log1p(raw**2).sum(axis=1)
    raw[...] = 2 * raw / (1 + raw**2)
    return losses


def _insensitive(y, raw):
    """Epsilon-insensitive, as in support vector regression."""
    raw -= y
    losses = np.maximum(np.abs(raw) - 0.1, 0).sum(axis=1)
    raw[...] = np.sign(raw) * (np.abs(raw) > 0.1)
    return losses


def _periodic(y, raw):
    """A loss for angles, computed by subtraction from 1."""
    raw -= y
    losses = (1 - np.cos(raw)).sum(axis=1)
    np.sin(raw, out=raw)
    return losses


def _welsch(y, raw):
    """Bounded: large errors have no gradient."""
    raw -= y
    weight = np.exp(-(raw**2) / 2)
    raw *= weight
    return (1 - weight).sum(axis=1)


def _relative(y, raw):
    """The absolute percentage error, whose gradient is as large as y is small."""
    size = np.maximum(np.abs(y), 1e-8)
    raw -= y
    losses = (np.abs(raw) / size).sum(axis=1)
    raw[...] = np.sign(raw) / size
    return losses


def _tweedie(y, raw):
    first, second = np.exp(-0.5 * raw), np.exp(0.5 * raw)
    losses = 2 * (np.abs(y) * first + second).sum(axis=1)
    raw[...] = second - np.abs(y) * first
    return losses


def _in_logarithms(y, raw):
    positive = np.maximum(raw, 0)
    error = np.log1p(positive) - np.log1p(np.abs(y))
    raw[...] = error / (1 + positive) * (raw > 0)
    return 0.5 * (error**2).sum(axis=1)


RIGHT_LOSSES = {
    "insensitive": _Own(_insensitive),
    "periodic": _Own(_periodic),
    "bounded": _Own(_welsch),
    "relative": _Own(_relative),
    "tweedie": _Own(_tweedie, out_activation="exp"),
    "logarithms": _Own(_in_logarithms),
    "subgradient": _Own(_absolute_with_any_subgradient),
    "kinks": _Own(_on_the_kink),
    "single precision": _Own(_in_single_precision),
    "other rows": _Own(_of_the_batch),
    "mean and variance": _MeanAndVariance(),
    "not convex": _Own(_cauchy),
    "clipped": _Own(_squared(lambda y, raw: raw.clip(-0.1, 0.1)), exact_gradient=False),
    "reversed": _Own(_squared(lambda y, raw: -raw), exact_gradient=False),
    "random": _Own(_draws, exact_gradient=False),
    "whole numbers": _Own(
        _returns(lambda losses, raw: np.ones(len(raw), int)), exact_gradient=False
    ),
}


_NORMAL = np.random.default_rng(13).standard_normal(60)
TARGETS = {
    "unit": _NORMAL,
    "tiny": 1e-6 * _NORMAL,
    "large": 1e5 * _NORMAL,
    "far away": 1.5e5 + _NORMAL,
    "far and wide": 5e5 + 1e5 * _NORMAL,
    "angles": 180 * _NORMAL,
    "with zeros": np.maximum(_NORMAL, 0),
    "whole": np.round(_NORMAL),
    "constant": np.full(60, 3.0),
    "outlier": np.append(_NORMAL, 1e9),
    "one": np.array([0.5]),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", RIGHT_LOSSES)
def test_right_losses_pass(name, target):
    loss, y = RIGHT_LOSSES[name], TARGETS[target]
    check_loss(loss, y)
    for dtype in (np.float32, np.float64):
        column = y[:, np.newaxis].astype(dtype)
        try_loss(loss, column, loss.n_outputs(1), dtype)


# Their derivatives are rounding errors of float32, or zero for a single row.
BLIND = {
    ("single precision", "large"),
    ("single precision", "far away"),
    ("single precision", "far and wide"),
    ("other rows", "one"),
}


@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "name", [name for name in RIGHT_LOSSES if RIGHT_LOSSES[name].exact_gradient]
)
def test_the_same_losses_with_a_wrong_gradient_fail(name, target, factor):
    right, y = RIGHT_LOSSES[name], TARGETS[target]
    if (name, target) in BLIND:
        return

    def loss_gradient(y, raw):
        losses = right.loss_gradient(y, raw)
        raw *= factor
        return losses

    wrong = _Own(loss_gradient, n_outputs=right.n_outputs)
    wrong.out_activation = right.out_activation
    with pytest.raises(ValueError, match="wrong gradient"):
        check_loss(wrong, y)
    column = y[:, np.newaxis]
    with pytest.raises(ValueError, match="wrong gradient"):
        try_loss(wrong, column, right.n_outputs(1), np.float64)


NO_LOSSES = [
    (
        SquaredError,
        [1.0],
        TypeError,
        "^loss must be an object .* got <class",
    ),
    ("huber", [1.0], TypeError, "object of a subclass of Loss .* got 'huber'"),
    (SquaredError(), [], ValueError, r"hold targets; got the shape \(0,\)"),
    (SquaredError(), 3.0, ValueError, r"got the shape \(\)"),
    (SquaredError(), np.ones((2, 2, 2)), ValueError, r"got the shape \(2, 2, 2\)"),
    (SquaredError(), ["a", "b"], ValueError, "y must hold numbers for loss=SquaredErr"),
    (SquaredError(), [1.0, np.nan], ValueError, "y contains infinity or NaN"),
    (
        Huber(),
        np.ma.array(np.arange(9.0), mask=[1] + [0] * 8),
        ValueError,
        r"1 of them\. Fill them in, with numpy\.ma\.filled, or leave those rows out\.$",
    ),
    (SquaredError(), [1e200], ValueError, "losses for row 0 .* are inf"),
    (Gamma(), [0.0, 1.0], ValueError, "valid range of loss='gamma'"),
    (Poisson(), [-1.0, 1.0], ValueError, "valid range of loss='poisson'"),
    (BinaryLogLoss(), [0.5, 1.5], ValueError, "valid range of BinaryLogLoss"),
    (Quantile([0.1, 0.9]), np.ones((3, 2)), ValueError, "need one target"),
    (_Own(positive_only=True), [-1.0], ValueError, "at least 0"),
    (_Own(out_activation="probit"), [1.0], ValueError, "'identity', 'exp', 'logistic'"),
]


@pytest.mark.parametrize(("loss", "y", "error", "message"), NO_LOSSES)
def test_invalid_arguments_of_the_check(loss, y, error, message):
    with pytest.raises(error, match=message):
        check_loss(loss, y)


class _Factory(ClassificationLoss):
    """Returns given losses, or raises given exceptions."""

    def __init__(self, binary, multinomial):
        self.made = (binary, multinomial)

    def for_target(self, *, multinomial):
        made = self.made[multinomial]
        if isinstance(made, Exception):
            raise made
        return made


_WRONG = _Own(lambda y, raw: BinaryLogLoss().loss_gradient(y, raw) * 2)
_WRONG.out_activation = "logistic"


@pytest.mark.parametrize("y", [[0, 1, 1], list("abc")])
@pytest.mark.parametrize(
    ("made", "message"),
    [
        ((BinaryLogLoss(), MultinomialLogLoss()), None),
        ((_WRONG, MultinomialLogLoss()), r"^loss=_Own\(.*wrong gradient"),
        (
            (None, MultinomialLogLoss()),
            r"for_target\(multinomial=False\), got None",
        ),
        ((BinaryLogLoss(), "log_loss"), r"for_target\(multinomial=True\), got 'log_lo"),
    ],
)
def test_all_losses_that_a_factory_makes_are_checked(y, made, message):
    if message is None:
        check_loss(_Factory(*made), y)
        return
    with pytest.raises(ValueError, match=message):
        check_loss(_Factory(*made), y)


def test_a_factory_may_be_for_one_kind_of_target_only():
    loss = _Factory(BinaryLogLoss(), NotImplementedError("two classes only"))
    check_loss(loss, [0, 1])
    with pytest.raises(NotImplementedError, match="two classes only"):
        check_loss(loss, [0, 1, 2])


def test_the_loss_that_is_checked_is_a_copy():
    class Counting(SquaredError):  # noqa: N818
        calls = ()

        def loss_gradient(self, y, raw):
            object.__setattr__(self, "calls", (*self.calls, len(y)))
            return super().loss_gradient(y, raw)

    loss = Counting()
    check_loss(loss, [1.0, 2.0])
    assert loss.calls == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("link", INVERSE_LINKS)
def test_predictions_follow_from_the_name_of_the_link(link, dtype):
    """A custom class with only a name of a link predicts as the package's loss does."""
    raw = np.random.default_rng(14).normal(size=(7, 3)).astype(dtype)
    own = {
        "identity": SquaredError(),
        "exp": Gamma(),
        "logistic": BinaryLogLoss(),
        "softmax": MultinomialLogLoss(),
    }
    assert own.keys() == INVERSE_LINKS.keys()
    predicted = _Own(out_activation=link).predict(raw.copy())
    np.testing.assert_array_equal(predicted, own[link].predict(raw.copy()))
    assert predicted.dtype == dtype
    expected = {
        "identity": raw,
        "exp": np.exp(raw),
        "logistic": 1 / (1 + np.exp(-raw)),
        "softmax": softmax(raw, axis=1),
    }
    np.testing.assert_allclose(predicted, expected[link], rtol=1e-5)


def test_links_that_are_not_known():
    message = (
        r"out_activation='probit', from which no predictions follow\. Use one of "
        r"'identity', 'exp', 'logistic', 'softmax', or define the method predict\.$"
    )
    with pytest.raises(ValueError, match=message):
        _Own(out_activation="probit").predict(np.zeros((1, 1)))


def test_the_packages_losses_share_the_links():
    for loss in (SquaredError, Poisson, Gamma, BinaryLogLoss, MultinomialLogLoss):
        assert loss.predict is Loss.predict


@pytest.mark.parametrize("link", INVERSE_LINKS)
def test_derivatives_of_predictions(link):
    """With respect to inputs of which the raw outputs are a linear function."""
    assert LINK_JACOBIANS.keys() == INVERSE_LINKS.keys()
    rng = np.random.default_rng(15)
    X, weights = rng.normal(size=(6, 4)), rng.normal(size=(4, 3))
    loss = _Own(out_activation=link)
    jacobian = predict_jacobian(loss, X @ weights, np.tile(weights.T, (6, 1, 1)))
    expected = central_jacobian(lambda x: loss.predict(x @ weights), X)
    np.testing.assert_allclose(jacobian, expected, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_derivatives_of_probabilities_next_to_0_and_1(dtype):
    raw = np.array([[-30.0, 30.0]], dtype)
    jacobian = predict_jacobian(BinaryLogLoss(), raw, np.ones((1, 2, 1), dtype))
    np.testing.assert_allclose(jacobian.ravel(), np.exp([-30.0, -30.0]), rtol=1e-5)
    assert jacobian.dtype == dtype


@pytest.mark.parametrize("quantile", [0.3, [0.3], [0.1, 0.5, 0.9]], ids=str)
def test_derivatives_of_quantiles_follow_their_order(quantile):
    rng = np.random.default_rng(16)
    loss, X = Quantile(quantile), rng.normal(size=(20, 4))
    weights = rng.normal(size=(4, len(loss.levels)))
    raw = X @ weights
    before = raw.copy()
    jacobian = predict_jacobian(loss, raw, np.tile(weights.T, (20, 1, 1)))
    expected = central_jacobian(lambda x: loss.predict(x @ weights), X)
    np.testing.assert_allclose(jacobian, expected, atol=1e-8)
    np.testing.assert_array_equal(raw, before)


class _Doubled(Quantile):
    def predict(self, raw):
        return 2.0 * super().predict(raw)


class _Squares(Loss):
    def loss_gradient(self, y, raw):
        raise NotImplementedError

    def predict(self, raw):
        return raw**2


def test_derivatives_of_own_predictions_are_unknown():
    own = _Own()
    own.predict = _fails
    for loss in (_Doubled(0.5), _Squares(), own):
        with pytest.raises(ValueError, match=r"^loss=.* defines predict.*Leave it"):
            predict_jacobian(loss, np.ones((1, 1)), np.ones((1, 1, 1)))


def _fails(*args):
    raise TypeError("oops")


@pytest.mark.parametrize("method", ["loss_gradient", "predict"])
def test_exceptions_name_the_loss(method):
    loss = _Own(_squared(lambda y, raw: raw))
    setattr(loss, method, _fails)
    with pytest.raises(ValueError, match=rf"^loss=.*: {method} raises TypeError: oops"):
        check_loss(loss, [1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match=rf"^loss=.*: {method} raises TypeError: oops"):
        try_loss(loss, np.ones((3, 1)), 1, np.float64)
