"""Training gives the same numbers as when the stored weights were made.

After a change that is meant to change the numbers, store new ones and say why in the
commit::

    python -m tests.contracts.test_stored_weights
"""

import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor

STORED = Path(__file__).parents[1] / "data" / "stored_weights.npz"


def _train_iris():
    X, y = load_iris(return_X_y=True)
    return NumpyMLPClassifier((10, 5), batch_size=32, max_iter=50, random_state=0).fit(
        scale(X), y
    )


def _train_diabetes():
    X, y = load_diabetes(return_X_y=True)
    return NumpyMLPRegressor(
        hidden_layer_sizes=(20,),
        activation="tanh",
        solver="sgd",
        learning_rate_init=0.01,
        early_stopping=True,
        max_iter=50,
        random_state=0,
    ).fit(scale(X), scale(y))


TRAININGS = {"iris": _train_iris, "diabetes": _train_diabetes}


def _weights(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator = TRAININGS[name]()
    arrays = [*estimator.coefs_, *estimator.intercepts_]
    assert all(array.dtype == np.float64 for array in arrays)
    return np.concatenate([array.ravel() for array in arrays])


@pytest.mark.parametrize("name", TRAININGS)
def test_weights_are_those_stored(name):
    with np.load(STORED) as stored:
        np.testing.assert_allclose(_weights(name), stored[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", TRAININGS)
def test_another_process_gives_the_same_bits(name):
    done = subprocess.run(
        [sys.executable, __file__, name], check=True, capture_output=True, text=True
    )
    assert done.stdout == hashlib.sha256(_weights(name).tobytes()).hexdigest() + "\n"


if __name__ == "__main__":
    if sys.argv[1:]:
        print(hashlib.sha256(_weights(sys.argv[1]).tobytes()).hexdigest())
    else:
        STORED.parent.mkdir(exist_ok=True)
        np.savez_compressed(STORED, **{name: _weights(name) for name in TRAININGS})
