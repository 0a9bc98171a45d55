"""Every optimizer: formulas, descent, blocks, and denormal numbers."""

import math
import pickle

import numpy as np
import pytest

from sknumpy_mlp import optimizers
from sknumpy_mlp.optimizers import OPTIMIZERS, SGD, Adam, RMSprop

# Each with learning rates for the problems below.
INSTANCES = [
    (SGD(momentum=0.0), 0.1, 1e-3),
    (SGD(momentum=0.9, nesterov=False), 0.02, 1e-3),
    (SGD(momentum=0.9, nesterov=True), 0.02, 1e-3),
    (Adam(), 0.02, 0.01),
    (Adam(beta_1=0.0, beta_2=0.9, epsilon=1e-6), 0.002, 0.001),
    (RMSprop(), 0.002, 0.001),
    (RMSprop(rho=0.99, momentum=0.9), 0.0005, 0.0001),
]
IDS = [repr(optimizer) for optimizer, *_ in INSTANCES]


def _run(optimizer, params, gradient, rate, n_steps):
    optimizer.init(params)
    for _ in range(n_steps):
        optimizer.step(params, gradient(params), rate)
    return params


def test_every_listed_optimizer_is_tested():
    assert set(OPTIMIZERS.values()) == {type(instance) for instance, *_ in INSTANCES}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("optimizer", "rate", "_"), INSTANCES, ids=IDS)
def test_finds_the_minimum_of_a_parabola(optimizer, rate, _, dtype):
    minimum = np.array([1.0, -2.0, 0.5], dtype)
    params = _run(
        optimizer, np.zeros(3, dtype), lambda p: 2 * (p - minimum), rate, 2000
    )
    assert params.dtype == dtype
    np.testing.assert_allclose(params, minimum, atol=5e-3)


@pytest.mark.parametrize(("optimizer", "_", "rate"), INSTANCES, ids=IDS)
def test_descends_the_rosenbrock_valley(optimizer, _, rate):
    def gradient(p):
        x, y = p
        return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])

    params = _run(optimizer, np.array([-0.5, 0.5]), gradient, rate, 40_000)
    np.testing.assert_allclose(params, [1, 1], atol=0.05)


def test_sgd_follows_its_formula():
    gradients = [np.array([0.5]), np.array([-1.0]), np.array([0.25])]
    for nesterov in (False, True):
        optimizer, params = SGD(0.9, nesterov), np.array([1.0])
        optimizer.init(params)
        theta, v = 1.0, 0.0
        for g in gradients:
            optimizer.step(params, g.copy(), 0.1)
            v = 0.9 * v - 0.1 * g[0]
            theta += 0.9 * v - 0.1 * g[0] if nesterov else v
            np.testing.assert_allclose(params, theta, rtol=1e-15)


def test_adam_follows_its_formula():
    optimizer, params = Adam(0.8, 0.95, 1e-3), np.array([1.0])
    optimizer.init(params)
    theta, m, v = 1.0, 0.0, 0.0
    for t, g in enumerate([0.5, -1.0, 0.25, 3.0], start=1):
        optimizer.step(params, np.array([g]), 0.1)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        rate = 0.1 * np.sqrt(1 - 0.95**t) / (1 - 0.8**t)
        theta -= rate * m / (np.sqrt(v) + 1e-3)
        np.testing.assert_allclose(params, theta, rtol=1e-14)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_rmsprop_follows_its_formula(momentum):
    optimizer, params = RMSprop(0.8, 1e-3, momentum), np.array([1.0])
    optimizer.init(params)
    theta, v, b = 1.0, 0.0, 0.0
    for g, rate in ((0.5, 0.1), (-1.0, 0.05), (0.25, 0.1), (3.0, 0.2)):
        optimizer.step(params, np.array([g]), rate)
        v = 0.8 * v + 0.2 * g**2
        b = momentum * b + g / (np.sqrt(v) + 1e-3)
        theta -= rate * b
        np.testing.assert_allclose(params, theta, rtol=1e-14)


@pytest.mark.parametrize(("optimizer", "rate", "_"), INSTANCES, ids=IDS)
def test_decay_multiplies_the_head_before_the_rule(optimizer, rate, _, monkeypatch):
    rng = np.random.default_rng(0)
    start, gradient = rng.standard_normal((2, 103))
    monkeypatch.setattr(optimizers, "_BLOCK", 20)
    decayed, expected = start.copy(), start.copy()
    optimizer.init(decayed)
    optimizer.step(decayed, gradient.copy(), rate, weight_decay=0.5, n_penalized=61)
    expected[:61] *= 1 - 0.5 * rate
    optimizer.init(expected)
    optimizer.step(expected, gradient.copy(), rate)
    np.testing.assert_allclose(decayed, expected, rtol=1e-14)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(momentum=-3.0),
        lambda: SGD(momentum=1.5),
        lambda: Adam(beta_1=1.0),
        lambda: Adam(beta_2=1.0),
        lambda: Adam(epsilon="a"),
        lambda: RMSprop(rho=1.0),
        lambda: RMSprop(momentum=1.0),
    ],
)
def test_constants_out_of_range(make):
    with pytest.raises(ValueError, match=r"must be a number in the range \[0, "):
        make()


def test_same_settings():
    used = Adam(beta_1=0.5)
    used.init(np.zeros(3))
    used.step(np.zeros(3), np.ones(3), 0.1)
    assert used.same_settings(Adam(beta_1=0.5))
    assert not used.same_settings(Adam())
    assert not SGD().same_settings(Adam())

    class Undecorated(SGD):
        def __init__(self, scale):
            super().__init__()
            self.scale = scale

    assert Undecorated(1.0).same_settings(Undecorated(1.0))
    assert not Undecorated(1.0).same_settings(Undecorated(2.0))


@pytest.mark.parametrize(("optimizer", "rate", "_"), INSTANCES, ids=IDS)
def test_blocks_and_penalty_change_nothing_but_speed(optimizer, rate, _, monkeypatch):
    """Steps are the same in blocks, and with a penalty added beforehand."""
    rng = np.random.default_rng(0)
    start, gradients = rng.standard_normal(103), rng.standard_normal((5, 103))

    def run(block, *, penalty_inside):
        monkeypatch.setattr(optimizers, "_BLOCK", block)
        params = start.copy()
        optimizer.init(params)
        for gradient in gradients:
            gradient = gradient.copy()
            if penalty_inside:
                optimizer.step(params, gradient, rate, l2=0.1, n_penalized=61)
            else:
                gradient[:61] += 0.1 * params[:61]
                optimizer.step(params, gradient, rate)
        return params

    expected = run(1000, penalty_inside=False)
    for block in (7, 61, 103, 1000):
        # Not equal to the last bit: BLAS adds a multiple in a single rounding.
        np.testing.assert_allclose(
            run(block, penalty_inside=True), expected, rtol=1e-13
        )


@pytest.mark.parametrize(("optimizer", "rate", "_"), INSTANCES, ids=IDS)
def test_init_resets_the_state(optimizer, rate, _):
    def gradient(p):
        return np.cos(p)

    first = _run(optimizer, np.zeros(3), gradient, rate, 10)
    again = _run(optimizer, np.zeros(3), gradient, rate, 10)
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(("optimizer", "rate", "_"), INSTANCES, ids=IDS)
def test_training_continues_after_pickling(optimizer, rate, _):
    params = _run(optimizer, np.zeros(3), np.cos, rate, 10)
    copy, copied_params = pickle.loads(pickle.dumps((optimizer, params)))
    optimizer.step(params, np.cos(params), rate)
    copy.step(copied_params, np.cos(copied_params), rate)
    np.testing.assert_array_equal(params, copied_params)


@pytest.mark.parametrize("optimizer", [SGD(), Adam(), RMSprop()], ids=repr)
def test_moments_of_dead_weights_become_zero(optimizer):
    """They would otherwise stay denormal, which is slow."""
    params = np.ones(4, np.float32)
    optimizer.init(params)
    optimizer.step(params, np.full(4, 1e-3, np.float32), 1e-3)
    for _ in range(2000):
        optimizer.step(params, np.zeros(4, np.float32), 1e-3)
    first = optimizer.moments[0]
    np.testing.assert_array_equal(first, 0)


def test_weights_without_input_become_zero_under_a_penalty():
    params = np.ones(4, np.float32)
    optimizer = Adam()
    optimizer.init(params)
    for _ in range(4000):
        gradient = np.zeros(4, np.float32)
        optimizer.step(params, gradient, 1e-2, l2=1e-6, n_penalized=3)
    np.testing.assert_array_equal(params, [0, 0, 0, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l2", [0.0, 1e-300, 1e-30, 1e-12, 1e-6, 1.0, 1e3])
def test_no_penalty_flushes_larger_weights(l2, dtype):
    start = np.array([1.0, -1e-2, 1e-4, -1e-5], dtype)
    params = start.copy()
    optimizer = SGD(momentum=0.0)
    optimizer.init(params)
    for _ in range(200):
        optimizer.step(params, np.zeros_like(params), 1e-30, l2=l2, n_penalized=4)
    np.testing.assert_allclose(params, start, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l2", [0.0, 1e-20, 1e-4, 1.0, 10.0])
def test_a_weight_is_flushed_if_the_square_of_its_gradient_is_tiny(l2, dtype):
    """The gradient of the loss or, within limits, that of a weak penalty."""
    limits = np.finfo(dtype)
    smallest = math.sqrt(limits.tiny)
    if 0 < l2 < 1:
        smallest /= max(l2, limits.eps)
    start = smallest * np.array([0.1, 10.0], dtype)
    params, optimizer = start.copy(), SGD(momentum=0.0)
    optimizer.init(params)
    for _ in range(64):
        optimizer.step(params, np.zeros(2, dtype), 1e-30, l2=l2, n_penalized=2)
    np.testing.assert_allclose(params, start * [0, 1], rtol=0.1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_strong_penalty_flushes_weights_as_none_does(dtype):
    start = math.sqrt(np.finfo(dtype).tiny) * 2.0 ** np.linspace(-4, 4, 65)
    left = []
    for l2 in (0.0, 1.0, 10.0):
        params, optimizer = start.astype(dtype), SGD(momentum=0.0)
        optimizer.init(params)
        for _ in range(64):
            grad = np.zeros_like(params)
            optimizer.step(params, grad, 1e-30, l2=l2, n_penalized=params.size)
        left.append(params)
    assert 0 < np.count_nonzero(left[0]) < start.size
    np.testing.assert_array_equal(left[1], left[0])
    np.testing.assert_array_equal(left[2], left[0])


def test_by_default_no_parameter_is_penalized():
    params, optimizer = np.ones(3), SGD()
    optimizer.init(params)
    optimizer.step(params, np.zeros(3), 0.1, l2=1.0, weight_decay=1.0)
    np.testing.assert_array_equal(params, 1.0)


def test_tiny_numbers_are_flushed_once_in_many_steps(monkeypatch):
    monkeypatch.setattr(optimizers, "_STEPS_TO_FLUSH", 5)
    params, optimizer = np.zeros(3, np.float32), Adam()
    optimizer.init(params)
    first, second = optimizer.moments
    for step in range(1, 16):
        params[...], first[...], second[...] = 1e-25, 1e-25, 1e-25
        optimizer.step(params, np.zeros_like(params), 0.0)
        kept = step % 5 != 0
        np.testing.assert_array_equal(params != 0, kept)
        np.testing.assert_array_equal(first != 0, kept)
        assert (second != 0).all()  # it is a square already


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("betas", [(0.9, 0.95), (0.5, 0.999), (0.0, 0.0), (1e-6, 0.1)])
def test_adam_is_its_formula_for_many_steps(betas, dtype):
    """The decay of the stored moments is deferred, at most for some steps."""
    rng = np.random.default_rng(0)
    beta_1, beta_2 = betas
    optimizer, epsilon, rate = Adam(beta_1, beta_2), 1e-8, 0.01
    params, m, v = np.zeros(5, dtype), np.zeros(5), np.zeros(5)
    expected = params.astype(np.float64)
    optimizer.init(params)
    for t in range(1, 301):
        grad = rng.normal(size=5).astype(dtype)
        m = beta_1 * m + (1 - beta_1) * grad
        v = beta_2 * v + (1 - beta_2) * grad.astype(np.float64) ** 2
        scale = math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        expected -= rate * scale * m / (np.sqrt(v) + epsilon)
        optimizer.step(params, grad, rate)
        assert all((np.abs(each) < 1e6).all() for each in optimizer.moments)
    tolerance = 1e-12 if dtype == np.float64 else 1e-4
    np.testing.assert_allclose(params, expected, rtol=tolerance, atol=tolerance)


def test_flush_keeps_larger_numbers():
    values = np.array([1.0, -3e-5, 1e-8, 1e-25, -1e-40], np.float32)
    flushed = values.copy()
    optimizers._flush(flushed, 1e-19)
    np.testing.assert_array_equal(flushed, [*values[:3], 0, 0])
    values = np.array([1.0, 1e-200])
    flushed = values.copy()
    optimizers._flush(flushed, 1e-154)
    np.testing.assert_array_equal(flushed, [1.0, 0.0])


def test_momentum_may_be_zero_or_one():
    assert SGD(0.0).powers == ()
    params, optimizer = np.zeros(1), SGD(1.0, nesterov=False)
    optimizer.init(params)
    for _ in range(4):  # nothing slows it down: steps of 1, 2, 3 and 4
        optimizer.step(params, np.array([-1.0]), 1.0)
    np.testing.assert_allclose(params, 10.0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_multipliers_are_learning_rates_of_their_own(name):
    rng = np.random.default_rng(0)
    factors = [1.0, 0.1, 6.0]
    segments = [(slice(i, i + 1), factor) for i, factor in enumerate(factors)]
    together, apart = np.ones(3), np.ones(3)
    optimizer = OPTIMIZERS[name]()
    optimizer.init(together)
    singles = [OPTIMIZERS[name]() for _ in factors]
    for i, single in enumerate(singles):
        single.init(apart[i : i + 1])
    for _ in range(5):
        grad = rng.normal(size=3)
        optimizer.step(together, grad.copy(), 0.01, lr_multipliers=segments)
        for i, single in enumerate(singles):
            part = slice(i, i + 1)
            single.step(apart[part], grad[part].copy(), 0.01 * factors[i])
    np.testing.assert_allclose(together, apart)
