"""BLAS routines that NumPy does not call."""

import numpy as np
import pytest

from sknumpy_mlp._utils.blas import add_multiple


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 7, 100_003])
def test_a_multiple_is_added_in_place(n, dtype):
    rng = np.random.default_rng(0)
    y, x = rng.normal(size=(2, n)).astype(dtype)
    expected, x_before = y + dtype(0.25) * x, x.copy()
    add_multiple(y, x, 0.25)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(x, x_before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_of_a_vector_are_changed_in_place(dtype):
    y, x = np.zeros(10, dtype), np.arange(10, dtype=dtype)
    add_multiple(y[3:7], x[3:7], -2.0)
    np.testing.assert_array_equal(y, [0, 0, 0, -6, -8, -10, -12, 0, 0, 0])


def test_infinite_and_missing_numbers_propagate():
    y, x = np.array([1.0, 1.0, np.nan]), np.array([np.inf, np.nan, 1.0])
    add_multiple(y, x, 1.0)
    np.testing.assert_array_equal(y, [np.inf, np.nan, np.nan])
