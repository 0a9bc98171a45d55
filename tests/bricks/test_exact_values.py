"""Activations and losses against decimal arithmetic of many digits.

Formulas written in floating point share the rounding of what they are to check, and
overflow with it.  Decimal numbers do neither: what they say holds to the last digit of
a float, from the smallest numbers to the largest.
"""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from functools import cache

import numpy as np
import pytest

from sknumpy_mlp.activations import ACTIVATIONS, ELU, LeakyReLU
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Gamma,
    Huber,
    MultinomialLogLoss,
    Poisson,
)

# exp(-745) is the smallest positive double, and 1 - exp(-745) needs 340 digits.
EXACT = Context(prec=360, Emax=MAX_EMAX, Emin=MIN_EMIN)

_NEAR = np.array([1e-17, 1e-8, 1e-3, 0.3, 1.0, 2.5, 7.75, 19.9, 20.1, 36.0, 37.5])
_FAR = np.array([101.3, 700.0, 745.0, 1e16, 1e308])
Z = np.concatenate([-_FAR, -_NEAR, _NEAR, _FAR])

ONE = Decimal(1)
SELU_ALPHA, SELU_SCALE = Decimal("1.6732632423543772"), Decimal("1.0507009873554805")


@cache
def _pi():
    """Machin's formula."""

    def arctan_of_inverse(n):
        power, total = ONE / n, Decimal(0)
        for k in range(1, 600, 2):
            total += power / k if k % 4 == 1 else -power / k
            power /= n * n
        return total

    return 16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)


@cache
def _exp(z):
    return Decimal(0) if z < -2000 else z.exp()


def _sigmoid(z):
    return ONE / (1 + _exp(-z)) if z > 0 else _exp(z) / (1 + _exp(z))


def _density(z):
    return _exp(-z * z / 2) / (2 * _pi()).sqrt()


def _distribution(z):
    """The standard normal's, by the series of z + z**3/3 + z**5/(3*5) + ..."""
    if abs(z) > 38:
        return Decimal(int(z > 0))
    term, total, n = z, Decimal(0), 1
    while abs(term) > Decimal("1e-60"):
        total += term
        n += 2
        term = term * z * z / n
    return ONE / 2 + total * _density(z)


def _log1pexp(z):
    return z if z > 2000 else (1 + _exp(z)).ln()


def _tanh(z):
    return 2 * _sigmoid(2 * z) - 1


def _mish(z):
    t = _tanh(_log1pexp(z))
    return z * t, t + z * (1 - t * t) * _sigmoid(z)


def _elu(alpha, scale):
    def both(z):
        if z > 0:
            return scale * z, scale
        return scale * alpha * (_exp(z) - 1), scale * alpha * _exp(z)

    return both


def _rectifier(slope):
    return lambda z: (z, ONE) if z > 0 else (slope * z, slope)


# Value and derivative of each.
FORMULAS = {
    "identity": lambda z: (z, ONE),
    "logistic": lambda z: (_sigmoid(z), _sigmoid(z) * _sigmoid(-z)),
    "tanh": lambda z: (_tanh(z), 4 * _sigmoid(2 * z) * _sigmoid(-2 * z)),
    "relu": _rectifier(Decimal(0)),
    "leaky_relu": _rectifier(Decimal("0.01")),
    "leaky_relu 0.3": _rectifier(Decimal("0.3")),
    "elu": _elu(ONE, ONE),
    "elu 0.5, 3": _elu(Decimal("0.5"), Decimal(3)),
    "selu": _elu(SELU_ALPHA, SELU_SCALE),
    "gelu": lambda z: (z * _distribution(z), _distribution(z) + z * _density(z)),
    "silu": lambda z: (
        z * _sigmoid(z),
        _sigmoid(z) + z * _sigmoid(z) * _sigmoid(-z),
    ),
    "mish": _mish,
    "softplus": lambda z: (_log1pexp(z), _sigmoid(z)),
}
INSTANCES = {
    **ACTIVATIONS,
    "leaky_relu 0.3": LeakyReLU(0.3),
    "elu 0.5, 3": ELU(0.5, 3.0),
}


def _exactly(name, z, dtype):
    with localcontext(EXACT):
        pairs = [FORMULAS[name](Decimal(float(number))) for number in z]
    with np.errstate(under="ignore", over="ignore"):
        return np.array(pairs, dtype=float).T.astype(dtype)


def test_every_activation_is_covered():
    assert FORMULAS.keys() == INSTANCES.keys()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FORMULAS)
def test_activations_hold_to_the_last_digits(name, dtype):
    activation, limits = INSTANCES[name], np.finfo(dtype)
    z = Z[np.abs(Z) < limits.max / 4].astype(dtype)
    value, derivative = _exactly(name, z, dtype)
    at = z[:, np.newaxis].copy()
    a = at if activation.from_output else np.empty_like(at)
    with np.errstate(all="ignore"):  # as in training
        activation.forward(at, a)
        found = a.copy()
        delta = np.full_like(at, 3.0)
        activation.backward(at, a, delta)
    # Values are good in proportion, down to where numbers become subnormal; the last
    # digits that GELU's lack on the far left are those of SciPy's normal distribution.
    np.testing.assert_allclose(
        found[:, 0], value, rtol=5000 * limits.eps, atol=1000 * limits.tiny
    )
    # Derivatives are of the order of one: what counts is how far off they are.
    np.testing.assert_allclose(
        delta[:, 0], 3 * derivative, rtol=8 * limits.eps, atol=8 * limits.eps
    )


def _poisson(y, raw):
    constant = y * y.ln() - y if y else Decimal(0)
    return constant - y * raw + _exp(raw), _exp(raw) - y


def _gamma(y, raw):
    return raw - y.ln() + y * _exp(-raw) - 1, 1 - y * _exp(-raw)


def _binary(y, raw):
    return _log1pexp(raw) - y * raw, _sigmoid(raw) - y


def _smoothed_binary(y, raw):
    return _binary(Decimal("0.75") * y + Decimal("0.125"), raw)


def _huber(y, raw):
    error, delta = raw - y, Decimal("0.3")
    if abs(error) <= delta:
        return error * error / 2, error
    return delta * (abs(error) - delta / 2), delta if error > 0 else -delta


LOSSES = {
    "poisson": (Poisson(), _poisson, (0.0, 1e-300, 1e-3, 1.0, 17.0, 1e9, 1e300)),
    "gamma": (Gamma(), _gamma, (1e-300, 1e-3, 1.0, 17.0, 1e3)),
    "binary": (BinaryLogLoss(), _binary, (0.0, 1e-3, 0.5, 1.0)),
    "binary, smoothed": (BinaryLogLoss(0.25), _smoothed_binary, (0.0, 0.5, 1.0)),
    "huber": (Huber(0.3), _huber, (-1e300, -1.0, 0.0, 0.3, 2.0, 1e300)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_hold_to_the_last_digits(name):
    loss, formula, targets = LOSSES[name]
    raw = np.array([-700.0, -30.5, -2.0, -0.3, 0.0, 1e-9, 0.7, 3.0, 36.0, 500.0])
    y, raw = (grid.reshape(-1, 1) for grid in np.meshgrid(targets, raw))
    with localcontext(EXACT):
        pairs = [
            formula(Decimal(float(a)), Decimal(float(b)))
            for a, b in zip(y[:, 0], raw[:, 0], strict=True)
        ]
    value, derivative = np.array(pairs, dtype=float).T
    gradient = raw.copy()
    with np.errstate(under="ignore"):
        losses = loss.loss_gradient(y, gradient)
    # Terms of opposite signs leave the rounding of the largest of them.
    size = np.abs(y * raw) + np.abs(y) + np.abs(raw) + 1
    if name == "poisson":
        size += np.exp(raw) + np.abs(y * np.log(np.maximum(y, 1e-300)))
    elif name == "gamma":
        size += y * np.exp(-raw) + np.abs(np.log(y))
    eps = np.finfo(float).eps
    assert (np.abs(losses - value) <= 8 * eps * size[:, 0]).all()
    slack = 8 * eps * (np.abs(derivative) + np.abs(y[:, 0]) + 1)
    assert (np.abs(gradient[:, 0] - derivative) <= slack).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_softmax_holds_to_the_last_digits(smoothing):
    rng = np.random.default_rng(0)
    raw = np.vstack(
        [
            rng.standard_normal((5, 4)),
            1e3 * rng.standard_normal((5, 4)),
            rng.standard_normal((3, 4)) + 1e8,
            [[0.0, 0.0, 0.0, 0.0], [-745.0, 0.0, 1e-9, 30.0], [1e15, -1e15, 0, 1]],
        ]
    )
    y = rng.integers(0, 4, len(raw))
    losses, gradients = [], []
    with localcontext(EXACT):
        share = Decimal(smoothing) / 4
        for row, code in zip(raw, y, strict=True):
            logits = [Decimal(float(number)) for number in row]
            largest = max(logits)
            exponentials = [_exp(logit - largest) for logit in logits]
            total = sum(exponentials)
            target = [share + (1 - Decimal(smoothing)) * (k == code) for k in range(4)]
            log_total = total.ln() + largest
            losses.append(
                sum(t * (log_total - z) for t, z in zip(target, logits, strict=True))
            )
            gradients.append(
                [e / total - t for e, t in zip(exponentials, target, strict=True)]
            )
    gradient = raw.copy()
    with np.errstate(under="ignore"):
        found = MultinomialLogLoss(smoothing).loss_gradient(y, gradient)
    np.testing.assert_allclose(found, np.array(losses, float), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(gradient, np.array(gradients, float), atol=1e-15)
