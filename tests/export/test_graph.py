"""Names, sizes and types of values in a graph."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.export import to_onnx
from tests.export.conftest import assert_agrees

pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_names_that_the_graph_would_use_are_told_apart():
    names = ["gemm_0", "constant_0", "weights_0", "cast_0", "labelencoder_0"]
    frame = pd.DataFrame({name: list("abc") * 10 for name in names})
    clf = TabularMLPClassifier((4,), max_iter=2, n_members=2, random_state=0)
    assert_agrees(clf.fit(frame, np.arange(30) % 2), frame)


def test_weights_beyond_float32_are_refused_in_float32():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(max_iter=2, random_state=0).fit(X, y)
    reg.coefs_ = [1e60 * W for W in reg.coefs_]
    with pytest.raises(ValueError, match="dtype='float32' is too narrow"):
        to_onnx(reg, dtype="float32")


def test_model_is_as_small_as_its_parameters():
    X, y = load_digits(return_X_y=True)
    clf = NumpyMLPClassifier((200,), dtype="float32", max_iter=2).fit(X, y)
    size = len(to_onnx(clf).SerializeToString())
    assert size < clf._params.nbytes + 2_000
    # A regressor's parameters were learnt in float32, and are stored so.
    reg = TabularMLPRegressor((200,), max_iter=1, ensemble=None).fit(X, y)
    params = reg.estimators_[0]._params
    assert params.dtype == np.float64
    assert len(to_onnx(reg).SerializeToString()) < 0.6 * params.nbytes + 20_000
