"""Data, estimators and tables that the tests of input data share."""

import enum

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

N = 30
X = np.random.default_rng(0).standard_normal((N, 3))
CODES = np.arange(N) % 2
NUMBERS = X[:, 0].round(3)
BIG = 2**60  # in float64 the same number as BIG + 1
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
CLASSIFIERS = [
    NumpyMLPClassifier(**SMALL),
    TabularMLPClassifier(**SMALL, n_members=2),
]


REGRESSORS = [NumpyMLPRegressor(**SMALL), TabularMLPRegressor(**SMALL, n_members=2)]
NETWORKS = [CLASSIFIERS[0], REGRESSORS[0]]
TABLES = [CLASSIFIERS[1], REGRESSORS[1]]


def by_name(estimators):
    return pytest.mark.parametrize(
        "est", estimators, ids=[type(each).__name__ for each in estimators]
    )


def target_of(est):
    return CODES if is_classifier(est) else NUMBERS


def objects(values):
    """Return an array of objects, also of those that NumPy would take apart."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


class Tensor:
    """What PyTorch's tensors are to NumPy: an array whose type has no ``kind``."""

    class DType:
        pass

    dtype = DType()

    def __init__(self, values, *, requires_grad=False):
        self._values = np.asarray(values)
        self._requires_grad = requires_grad
        self.shape, self.ndim = self._values.shape, self._values.ndim

    def __len__(self):
        return len(self._values)

    def __array__(self, dtype=None, copy=None):
        if self._requires_grad:
            raise RuntimeError("Use tensor.detach().numpy() instead.")
        return self._values.astype(dtype or self._values.dtype)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


def masked(values):
    mask = np.zeros(np.shape(values), dtype=bool)
    mask.flat[4] = True
    return np.ma.array(values, mask=mask)


def with_bad(value, make=np.asarray):
    values = X.astype(object if isinstance(value, str) else float)
    values[5, 1] = value
    return make(values)


def frame_of(values):
    return pd.DataFrame(values, columns=["a", "b", "c"])


ROWS = {
    "price": [1.0, 2.0, None, 4.0, 100.0, 3.0],
    "rooms": [1, 2, 3, 4, 5, 6],
    "color": ["red", "blue", None, "red", "green", "red"],
    "new": [True, False, True, True, False, False],
    "same": [7.0] * 6,
}


NAMES = [
    "price",
    "rooms",
    "same",
    "color_blue",
    "color_green",
    "color_red",
    "new_True",
    "missingindicator_price",
]


def pandas_frame(rows=None):
    return pd.DataFrame(ROWS if rows is None else rows)


def arrow_table():
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table(ROWS)


def column_of(values, dtype=object):
    return pd.DataFrame({"c": pd.Series(values, dtype=dtype)})
