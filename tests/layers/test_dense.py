"""Dense layers: initial weights, and the max-norm constraint."""

import numpy as np
import pytest

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.activations import ReLU
from sknumpy_mlp.initializers import Glorot
from sknumpy_mlp.layers import Dense


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_weights_too_large_for_the_type_are_refused(dtype):
    network = Network((Dense(1, 1, init_weights=_Given([[1e300]], [0.0])),))
    if dtype == np.float64:
        network.init(np.random.default_rng(0), dtype)
        return
    with pytest.raises(ValueError, match="too large for float32, the type of X"):
        network.init(np.random.default_rng(0), dtype)


class _Given:
    """An initializer that returns given arrays."""

    def __init__(self, weights, biases):
        self.weights, self.biases = weights, biases

    def __call__(self, rng, fan_in, fan_out):
        return self.weights

    def bias(self, rng, fan_in, fan_out):
        return self.biases

    def __repr__(self):
        return "given"


def test_weights_are_drawn_before_biases_and_these_are_zero_if_nothing_draws_them():
    W, b = np.full((2, 3), np.nan), np.full(3, np.nan)
    Dense(2, 3).init((W, b), np.random.default_rng(0))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(W, Glorot()(rng, 2, 3))
    np.testing.assert_array_equal(b, Glorot().bias(rng, 2, 3))
    init = lambda rng, fan_in, fan_out: np.ones((fan_in, fan_out))  # noqa: E731
    Dense(2, 3, init_weights=init).init((W, b), rng)
    np.testing.assert_array_equal(W, 1.0)
    np.testing.assert_array_equal(b, 0.0)


@pytest.mark.parametrize("dtype", [bool, np.uint8, int, np.float16, float])
def test_an_initializer_may_return_any_real_numbers(dtype):
    W, b = np.zeros((2, 3), np.float32), np.zeros(3, np.float32)
    init = _Given(np.ones((2, 3), dtype), [True, 1, 1.0])
    Dense(2, 3, init_weights=init).init((W, b), np.random.default_rng(0))
    np.testing.assert_array_equal(W, 1)
    np.testing.assert_array_equal(b, 1)


@pytest.mark.parametrize("what", ["weights", "biases"])
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda a: a[1:], r"of shape \((1|2), ?3?\)"),
        (lambda a: a.astype(str), "of type <U32"),
        (lambda a: a + 1j, "of type complex128"),
        (lambda a: a * np.nan, "that are infinite or NaN"),
        (lambda a: a - np.inf, "that are infinite or NaN"),
    ],
)
def test_what_an_initializer_may_not_return(what, change, problem):
    W, b = np.zeros((2, 3)), np.zeros(3)
    init = _Given(W.copy(), b.copy())
    setattr(init, what, change(getattr(init, what)))
    shape = r"\(2, 3\)" if what == "weights" else r"\(3,\)"
    message = (
        rf"^init=given returned {what} {problem} for fan_in=2, fan_out=3; "
        rf"it must return finite real numbers in the shape {shape}\.$"
    )
    with pytest.raises(ValueError, match=message):
        Dense(2, 3, init_weights=init).init((W, b), np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_columns_above_the_max_norm_are_scaled(dtype):
    rng = np.random.default_rng(0)
    W = rng.standard_normal((30, 6)).astype(dtype)
    W *= np.array([0.1, 0.2, 0.3, 1, 2, 3], dtype)
    before = W.copy()
    norms = np.linalg.norm(before, axis=0)
    Dense(30, 6, ReLU(), max_norm=2.0).constrain((W, np.ones(6, dtype)))
    after = np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(after, np.minimum(norms, 2.0), rtol=1e-6)
    np.testing.assert_array_equal(W[:, norms <= 2], before[:, norms <= 2])
    directions = (W / after * before / norms).sum(axis=0)
    np.testing.assert_allclose(directions, 1, rtol=1e-6)
    assert W.dtype == dtype


def test_without_a_max_norm_nothing_changes():
    W = np.full((3, 2), 1e6)
    Dense(3, 2).constrain((W, np.zeros(2)))
    np.testing.assert_array_equal(W, 1e6)


def test_columns_with_the_max_norm_stay_unchanged():
    W = np.array([[3.0, 0.0], [4.0, 5.0]])
    before = W.copy()
    Dense(2, 2, max_norm=5.0).constrain((W, np.zeros(2)))
    np.testing.assert_array_equal(W, before)


def test_columns_of_zeros_stay_zero():
    W = np.zeros((3, 2))
    W[:, 1] = 10
    Dense(3, 2, max_norm=1.0).constrain((W, np.zeros(2)))
    np.testing.assert_array_equal(W[:, 0], 0)
