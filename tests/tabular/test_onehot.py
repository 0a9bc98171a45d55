"""One-hot encoding of codes."""

import numpy as np
import pytest

from sknumpy_mlp._tabular.onehot import onehot, onehot_categories


@pytest.mark.parametrize("n_categories", [0, 1, 2, 3])
def test_width(n_categories):
    categories = list("abc")[:n_categories]
    codes = np.arange(n_categories + 1)
    columns = onehot_categories(categories)
    assert onehot(codes, n_categories).shape == (n_categories + 1, len(columns))


def test_two_categories_have_one_column():
    assert onehot_categories(["no", "yes"]) == ["yes"]
    assert onehot(np.array([0, 1, 2]), 2).tolist() == [[0.0], [-1.0], [1.0]]


def test_unknown_categories_are_zero():
    expected = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    np.testing.assert_array_equal(onehot(np.arange(4), 3), expected)
