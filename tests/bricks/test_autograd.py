"""Gradients against an independent automatic differentiation (HIPS autograd).

The network is written down once more, as plainly as can be, in autograd's NumPy: its
forward pass, its loss on the predictions, weights, penalty and dropout.  What autograd
makes of that must be what the layers and losses compute by hand.
"""

import itertools

import numpy as np
import pytest

pytest.importorskip("autograd", reason="the oracle is HIPS autograd")

import autograd
import autograd.numpy as anp
import autograd.scipy.special as asp
import autograd.scipy.stats as ast

from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp.activations import ACTIVATIONS, ELU, LeakyReLU
from sknumpy_mlp.layers import Dense, Dropout
from sknumpy_mlp.losses import (
    AbsoluteError,
    BinaryLogLoss,
    Gamma,
    Huber,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)

N_ROWS, N_FEATURES, N_OUTPUTS = 16, 5, 3

FUNCTIONS = {
    "identity": lambda z: z,
    "logistic": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": lambda z: (anp.exp(z) - anp.exp(-z)) / (anp.exp(z) + anp.exp(-z)),
    "relu": lambda z: anp.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.01 * z),
    "elu": lambda z: anp.where(z > 0, z, anp.exp(z) - 1),
    "selu": lambda z: (
        1.0507009873554805 * anp.where(z > 0, z, 1.6732632423543772 * (anp.exp(z) - 1))
    ),
    "gelu": lambda z: z * ast.norm.cdf(z),
    "silu": lambda z: z / (1 + anp.exp(-z)),
    "mish": lambda z: z * anp.tanh(anp.log(1 + anp.exp(z))),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "leaky_relu 0.3": lambda z: anp.where(z > 0, z, 0.3 * z),
    "elu 0.5, 2": lambda z: 2 * anp.where(z > 0, z, 0.5 * (anp.exp(z) - 1)),
}
INSTANCES = {
    **ACTIVATIONS,
    "leaky_relu 0.3": LeakyReLU(0.3),
    "elu 0.5, 2": ELU(0.5, 2.0),
}


def _softmax(raw):
    shares = anp.exp(raw)
    return shares / anp.sum(shares, axis=1, keepdims=True)


def _cross_entropy(epsilon):
    def loss(y, raw):
        target = (1 - epsilon) * np.eye(N_OUTPUTS)[y] + epsilon / N_OUTPUTS
        return -anp.sum(target * anp.log(_softmax(raw)), axis=1)

    return loss


def _binary_cross_entropy(epsilon):
    def loss(y, raw):
        target = (1 - epsilon) * y + epsilon / 2
        p = 1 / (1 + anp.exp(-raw))
        return -anp.sum(target * anp.log(p) + (1 - target) * anp.log(1 - p), axis=1)

    return loss


def _huber(delta):
    def loss(y, raw):
        error = anp.abs(raw - y)
        outside = delta * (error - delta / 2)
        return anp.sum(anp.where(error <= delta, error**2 / 2, outside), axis=1)

    return loss


def _pinball(levels):
    def loss(y, raw):
        if len(levels) > 1:
            order = np.argsort(autograd.tracer.getval(raw), axis=1)
            raw = raw[np.arange(len(y))[:, np.newaxis], order]
        below = y - raw
        q = np.array(levels)
        return anp.sum(anp.where(below > 0, q * below, (q - 1) * below), axis=1)

    return loss


def _real(rng):
    return rng.standard_normal((N_ROWS, N_OUTPUTS))


def _one(rng):
    return rng.standard_normal((N_ROWS, 1))


def _positive(rng):
    return rng.gamma(2.0, size=(N_ROWS, N_OUTPUTS))


def _counts(rng):
    return rng.poisson(3.0, (N_ROWS, N_OUTPUTS)).astype(float)


def _labels(rng):
    return rng.integers(0, 2, (N_ROWS, N_OUTPUTS)).astype(float)


def _codes(rng):
    return rng.integers(0, N_OUTPUTS, N_ROWS)


# The loss by hand, plainly, and targets from its domain.
LOSSES = {
    "squared_error": (
        SquaredError(),
        lambda y, raw: anp.sum((raw - y) ** 2, axis=1) / 2,
        _real,
    ),
    "absolute_error": (
        AbsoluteError(),
        lambda y, raw: anp.sum(anp.abs(raw - y), axis=1),
        _real,
    ),
    "huber": (Huber(), _huber(1.0), _real),
    "huber 0.3": (Huber(0.3), _huber(0.3), _real),
    "quantile": (Quantile(0.8), _pinball([0.8]), _real),
    "quantiles": (Quantile([0.1, 0.5, 0.9]), _pinball([0.1, 0.5, 0.9]), _one),
    "poisson": (
        Poisson(),
        lambda y, raw: anp.sum(anp.exp(raw) - y * raw, axis=1),
        _counts,
    ),
    "gamma": (
        Gamma(),
        lambda y, raw: anp.sum(anp.log(anp.exp(raw) / y) + y / anp.exp(raw), axis=1),
        _positive,
    ),
    "binary": (BinaryLogLoss(), _binary_cross_entropy(0.0), _labels),
    "binary, smoothed": (BinaryLogLoss(0.1), _binary_cross_entropy(0.1), _labels),
    "multinomial": (MultinomialLogLoss(), _cross_entropy(0.0), _codes),
    "multinomial, smoothed": (MultinomialLogLoss(0.1), _cross_entropy(0.1), _codes),
}

REGULARISERS = {
    "none": {},
    "alpha": {"alpha": 0.7},
    "dropout": {"rates": (0.2, 0.5, 0.3)},
    "alpha, dropout": {"alpha": 0.7, "rates": (0.0, 0.5, 0.3)},
}


def test_every_activation_is_covered():
    assert FUNCTIONS.keys() == INSTANCES.keys()
    assert asp.erf(0.0) == 0.0


def _network(activation, rates):
    widths = (N_FEATURES, 7, 6, N_OUTPUTS)
    layers = []
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        if rates[i]:
            layers.append(Dropout(fan_in, rates[i]))
        is_hidden = i < 2
        layers.append(
            Dense(fan_in, fan_out, activation) if is_hidden else Dense(fan_in, fan_out)
        )
    return Network(tuple(layers))


@pytest.mark.parametrize("regulariser", REGULARISERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", INSTANCES)
def test_gradients_agree_with_automatic_differentiation(activation, loss, regulariser):
    rng = np.random.default_rng(0)
    by_hand, plainly, draw = LOSSES[loss]
    options = {"alpha": 0.0, "rates": (0.0, 0.0, 0.0)} | REGULARISERS[regulariser]
    network = _network(INSTANCES[activation], options["rates"])
    params = network.init(rng, np.float64)
    # Small enough for the plain formulas, which overflow where ours do not.
    X, y = 0.7 * rng.standard_normal((N_ROWS, N_FEATURES)), draw(rng)
    weight = rng.uniform(0.1, 2.0, N_ROWS)

    workspace = Workspace(network, params, N_ROWS, rng=np.random.default_rng(1))
    value, l2 = objective(workspace, by_hand, X, y, weight, options["alpha"])
    gradient = workspace.grad
    gradient[: network.n_coefs] += l2 * workspace.coefs
    masks = [
        buffers["mask"].copy()
        for layer, buffers in zip(network.layers, workspace._buffers, strict=True)
        if isinstance(layer, Dropout)
    ]

    def plain_objective(theta):
        a, drawn = X, iter(masks)
        penalty = 0.0
        views = network.views(np.arange(network.n_params))
        dense = [i for i, layer in enumerate(network.layers) if type(layer) is Dense]
        for i, (layer, view) in enumerate(zip(network.layers, views, strict=True)):
            if isinstance(layer, Dropout):
                a = a * next(drawn)
                continue
            W, b = theta[view[0]], theta[view[1]]
            a = anp.dot(a, W) + b
            if i != dense[-1]:
                a = FUNCTIONS[activation](a)
            penalty = penalty + anp.sum(W**2)
        mean_loss = anp.sum(weight * plainly(y, a)) / np.sum(weight)
        return mean_loss + options["alpha"] / 2 * penalty / np.sum(weight)

    expected = autograd.grad(plain_objective)(params)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-9)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(gradient / scale, expected / scale, rtol=0, atol=1e-9)
    if loss not in ("poisson", "gamma"):  # whose constants do not depend on raw
        assert value == pytest.approx(float(plain_objective(params)), rel=1e-12)
