"""Data and fitted estimators that the tests of the displays share."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.losses import Quantile
from tests.conftest import digits

X, y = digits(300)
X_fit, X_val, y_fit, y_val = X[:200], X[200:], y[:200], y[200:]


@pytest.fixture(autouse=True)
def plt():
    matplotlib = pytest.importorskip("matplotlib")
    import matplotlib.pyplot as plt

    before = matplotlib.get_backend()
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
    plt.switch_backend(before)


def make_classifier(**params):
    defaults = {"hidden_layer_sizes": 10, "max_iter": 5, "random_state": 0}
    return NumpyMLPClassifier(**(defaults | params))


@pytest.fixture(scope="session")
def stopped():
    """A classifier whose best weights were restored after early stopping."""
    return make_classifier(
        early_stopping=True, max_iter=60, learning_rate_init=0.02, n_iter_no_change=3
    ).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)


@pytest.fixture(scope="session")
def table():
    rng = np.random.default_rng(0)
    size = rng.lognormal(4, 0.4, 120)
    town = rng.choice(["Ulm", "Bonn"], 120)
    rent = 12 * size + 300 * (town == "Bonn") + 50 * rng.standard_normal(120)
    return pd.DataFrame({"size": size, "town": town}), rent


@pytest.fixture(scope="session")
def tabular(table):
    return TabularMLPRegressor(8, max_iter=8, n_members=3, random_state=0).fit(*table)


@pytest.fixture(scope="session")
def wave():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (150, 1))
    return x, np.sin(3 * x[:, 0]) + 0.2 * rng.standard_normal(150)


@pytest.fixture(scope="session")
def quantiles(wave):
    return NumpyMLPRegressor(
        hidden_layer_sizes=20,
        loss=Quantile([0.05, 0.25, 0.5, 0.75, 0.95]),
        learning_rate_init=0.02,
        max_iter=30,
        random_state=0,
    ).fit(*wave)


def legend_labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def y_values(line):
    return line.get_ydata().tolist()
