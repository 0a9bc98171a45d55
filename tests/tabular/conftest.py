"""A raw table, and estimators whose fits are short."""

import numpy as np
import pandas as pd

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

SHORT = {
    "hidden_layer_sizes": (32, 32),
    "max_iter": 12,
    "n_members": 3,
    "random_state": 0,
}
ENSEMBLES = ["kfold", "seeds", "refit", None]


def table(n_rows=120, seed=0):
    """A frame with every kind of column, and what depends on it."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n_rows)
    color = rng.choice(["red", "green", "blue"], n_rows)
    town = rng.choice([f"town {i}" for i in range(12)], n_rows)
    X = pd.DataFrame(
        {
            "size": np.where(rng.random(n_rows) < 0.1, np.nan, size),
            "color": np.where(rng.random(n_rows) < 0.1, None, color),
            "town": pd.Categorical(town),
            "new": rng.random(n_rows) < 0.5,
            "nothing": 1.0,
        }
    )
    value = size + (color == "red") + X["new"]
    return X, value.to_numpy()


def classes_of(value):
    return np.where(value > 0.8, "high", "low")


def regressor(**params):
    return TabularMLPRegressor(**(SHORT | params))


def classifier(**params):
    return TabularMLPClassifier(**(SHORT | params))
