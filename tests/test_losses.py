"""Every loss, against the same battery."""

import pickle

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from scipy.special import huber, log_softmax, softmax, xlogy
from sklearn import metrics

from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    AbsoluteError,
    BinaryLogLoss,
    Gamma,
    Huber,
    LogLoss,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)

N_ROWS, N_OUTPUTS = 40, 3


def _real(rng):
    return rng.standard_normal((N_ROWS, N_OUTPUTS))


def _counts(rng):
    return rng.poisson(2.0, (N_ROWS, N_OUTPUTS)).astype(float)


def _positive(rng):
    return rng.gamma(2.0, size=(N_ROWS, N_OUTPUTS))


def _one_target(rng):
    return rng.standard_normal((N_ROWS, 1))


def _yes_no(rng):
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
    "binary_log_loss": (BinaryLogLoss(), _yes_no),
    "binary_log_loss, smoothed": (BinaryLogLoss(0.2), _yes_no),
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


# Each loss as minus the logarithm of a density, up to what does not depend on the
# prediction m: the density at m, and at the best m there is.
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
    """From raw outputs next to the truth to ones far away from it."""
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


def test_smoothed_labels_are_labels_of_which_a_share_is_spread_evenly():
    rng = np.random.default_rng(4)
    raw, y = rng.standard_normal((N_ROWS, N_OUTPUTS)), _codes(rng)
    target = 0.7 * np.eye(N_OUTPUTS)[y] + 0.3 / N_OUTPUTS
    value, gradient = _value_gradient(MultinomialLogLoss(0.3), y, raw)
    np.testing.assert_allclose(value, -(target * log_softmax(raw, axis=1)).sum(axis=1))
    np.testing.assert_allclose(gradient, softmax(raw, axis=1) - target, atol=1e-15)
    labels = _yes_no(rng)
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


def test_huber_is_squared_near_zero_and_absolute_far_out():
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
    """Among constant predictions, the one that the loss is about is the best."""
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


def test_survives_pickling(case):
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


def test_one_quantile_stays_a_number():
    assert (Quantile(0.3).quantile, Quantile(0.3).levels) == (0.3, (0.3,))
    assert Quantile(np.array(0.3)).quantile == 0.3
    assert Quantile([0.3]).quantile == (0.3,)


def test_quantiles_that_coincide_go_apart_in_their_order():
    """Two bundles, of which the lower one is in the even columns."""
    loss = Quantile(np.linspace(0.02, 0.98, 49))
    raw = (np.arange(49.0) % 2)[np.newaxis]
    _, gradient = _value_gradient(loss, np.array([[2.0]]), raw)
    np.testing.assert_array_equal(gradient[0, ::2], -np.array(loss.levels[:25]))
    np.testing.assert_array_equal(gradient[0, 1::2], -np.array(loss.levels[25:]))


@pytest.mark.parametrize("n_classes", [2, 99, 100, 300])
def test_few_classes_and_many_go_different_ways_to_the_same_numbers(n_classes):
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


def test_domains_end_where_they_should():
    for bad in (-0.01, 1.01):
        with pytest.raises(ValueError, match="between 0 and 1"):
            BinaryLogLoss().check_target(np.array([[bad], [0.5]]))
    with pytest.raises(ValueError, match="at least 0"):
        Poisson().check_target(np.array([[-1e-9]]))
    Gamma().check_target(np.array([[1e-300]]))


@pytest.mark.parametrize("n_classes", [3, 150])
def test_probabilities_of_many_rows_are_those_of_each_part(n_classes):
    """They are computed a part at a time, and the last part is a short one."""
    raw = np.random.default_rng(0).normal(size=(8192 + 7, n_classes)) * 30
    np.testing.assert_allclose(
        MultinomialLogLoss().predict(raw.copy()), softmax(raw, axis=1), rtol=1e-12
    )
