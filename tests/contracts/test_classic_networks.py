"""The smallest of the classic teaching networks, by constructor parameters alone.

The larger ones run in ``examples/classic_networks.py``.
"""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.initializers import Normal
from tests.conftest import unconverged

pytestmark = unconverged

PAIRS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
PLAIN = {
    "solver": "sgd",
    "momentum": 0.0,
    "alpha": 0.0,
    "tol": 0.0,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (PAIRS, [0, 0, 0, 1]),
        (PAIRS, [0, 1, 1, 1]),
        (np.array([[0], [1]]), [1, 0]),
    ],
    ids=["AND", "OR", "NOT"],
)
def test_one_logistic_unit_learns_the_gates(X, y):
    unit = NumpyMLPClassifier(
        (), learning_rate_init=1.0, batch_size=len(X), max_iter=500, **PLAIN
    ).fit(X, y)
    assert unit.score(X, y) == 1.0
    assert (unit.n_layers_, unit.out_activation_) == (2, "logistic")


@pytest.mark.parametrize("seed", range(3))
def test_a_hidden_layer_learns_xor(seed):
    net = NumpyMLPClassifier(
        (8,), init="he", learning_rate_init=0.5, batch_size=4, max_iter=500, **PLAIN
    ).set_params(random_state=seed)
    assert net.fit(PAIRS, [0, 1, 1, 0]).score(PAIRS, [0, 1, 1, 0]) == 1.0


def test_three_layers_on_iris():
    X, y = load_iris(return_X_y=True)
    X, _, y, _ = train_test_split(X, y, test_size=30, stratify=y, random_state=2)
    net = NumpyMLPClassifier(
        (20, 20), init="he", learning_rate_init=0.05, batch_size=16, **PLAIN
    )
    best = 0.0
    for _ in range(150):
        best = max(best, net.partial_fit(X, y, classes=[0, 1, 2]).score(X, y))
    assert best >= 118 / 120


def test_full_batch_descent_is_the_textbook_update():
    """One epoch with N(0, 1) weights: W - rate * gradient, on the mean of the rows."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 4)), rng.integers(0, 3, 30)
    net = NumpyMLPClassifier(
        (), init=Normal(1.0), learning_rate_init=0.6, batch_size=30, **PLAIN
    )
    net.set_params(learning_rate_init=1e-300).partial_fit(X, y, classes=[0, 1, 2])
    W, b = net.coefs_[0].copy(), net.intercepts_[0].copy()
    logits = X @ W + b
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    error = p - np.eye(3)[y]
    net.set_params(learning_rate_init=0.6).partial_fit(X, y)
    np.testing.assert_allclose(net.coefs_[0], W - 0.6 * X.T @ error / 30)
    np.testing.assert_allclose(net.intercepts_[0], b - 0.6 * error.mean(axis=0))
