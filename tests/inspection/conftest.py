"""Tables and fitted estimators that the tests of inspection share."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

SMALL = {
    "hidden_layer_sizes": (16,),
    "max_iter": 30,
    "n_members": 3,
    "random_state": 0,
}


def make_table(n_rows=150):
    """A table with all kinds of columns, and a target that depends on some of them."""
    rng = np.random.default_rng(0)
    size, noise = rng.normal(size=(2, n_rows))
    amount = rng.lognormal(0.0, 3.0, n_rows)  # heavy-tailed
    town, code = rng.integers(3, size=n_rows), rng.integers(12, size=n_rows)
    y = 2.0 * size + np.log(amount) * 0.2 + 2.0 * (town == 1) + 0.3 * (code % 3)
    frame = pd.DataFrame(
        {
            "noise": noise,
            "size": np.where(rng.random(n_rows) < 0.1, np.nan, size),
            "amount": amount,
            "town": np.array(["Ulm", "Bonn", "Kiel"])[town],
            "code": np.array(list("abcdefghijkl"))[code],
            "constant": 1.0,
        }
    )
    return frame, y


@pytest.fixture(scope="session")
def table():
    return make_table()


@pytest.fixture(scope="session")
def regressor(table):
    return TabularMLPRegressor(**SMALL).fit(*table)


@pytest.fixture(scope="session")
def classifier(table):
    frame, y = table
    return TabularMLPClassifier(**SMALL).fit(frame, np.digitize(y, [-1.0, 1.5]))
