"""Every activation, against the same battery."""

import pickle

import numpy as np
import pytest
from scipy.special import expit

from sknumpy_mlp.activations import ACTIVATIONS, Activation

# Formulas written anew, as plainly as can be.
REFERENCE = {
    "identity": lambda z: z,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
}


@pytest.fixture(params=ACTIVATIONS)
def activation(request) -> Activation:
    return ACTIVATIONS[request.param]


def _backward(activation, z, delta):
    """Gradient with respect to z, as a layer would ask for it."""
    z = z.copy()
    a = z if activation.from_output else np.empty_like(z)
    activation.forward(z, a)
    delta = delta.copy()
    activation.backward(z, a, delta)
    return delta


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_matches_formula(name):
    z = np.linspace(-5, 5, 23).reshape(-1, 1)
    out = np.empty_like(z)
    ACTIVATIONS[name].forward(z, out)
    np.testing.assert_allclose(out, REFERENCE[name](z), rtol=1e-14)


def test_forward_works_in_place(activation):
    z = np.linspace(-5, 5, 24).reshape(4, 6)
    out = np.empty_like(z)
    activation.forward(z, out)
    activation.forward(z, z)
    np.testing.assert_array_equal(z, out)


def test_derivative_matches_central_difference(activation):
    z = np.linspace(-4, 4, 40).reshape(8, 5)  # does not contain ReLU's kink
    step = 1e-6
    above, below = np.empty_like(z), np.empty_like(z)
    activation.forward(z + step, above)
    activation.forward(z - step, below)
    derivative = _backward(activation, z, np.ones_like(z))
    np.testing.assert_allclose(derivative, (above - below) / (2 * step), atol=1e-9)


def test_backward_multiplies_delta(activation):
    rng = np.random.default_rng(0)
    z, delta = rng.standard_normal((2, 8, 5))
    np.testing.assert_allclose(
        _backward(activation, z, delta),
        delta * _backward(activation, z, np.ones_like(z)),
        rtol=1e-14,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_values_stay_finite(activation, dtype):
    z = np.array([[-1e4, -100.0, 0.0, 100.0, 1e4]], dtype)
    out = np.empty_like(z)
    activation.forward(z, out)
    delta = _backward(activation, z, np.ones_like(z))
    assert out.dtype == delta.dtype == dtype
    assert np.isfinite(out).all()
    assert np.isfinite(delta).all()


def test_survives_pickling(activation):
    assert pickle.loads(pickle.dumps(activation)) == activation
