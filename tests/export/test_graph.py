"""The builder of ONNX graphs: names, types and sizes of values."""

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
from sknumpy_mlp.export._graph import Graph
from tests.conftest import unconverged
from tests.export.conftest import assert_agrees, run_onnx

pytest.importorskip("onnxruntime")

pytestmark = unconverged


def _run(dtype, x, *, build, n_columns=2, out_type=None):
    """Run a graph of an input ``x``, what ``build`` adds, and an output ``out``."""
    graph = Graph(dtype, ["x", "out"])
    value = build(graph, graph.input("x", x.dtype, x.shape[1]))
    graph.output("out", value, out_type or x.dtype, n_columns)
    return run_onnx(graph.model("A test.", {"key": "value"}, "1.0"), {"x": x})["out"]


@pytest.mark.parametrize("weights", [[5.0, 5.0, 5.0], [1.0, 2.0, 3.0]])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_operations_on_values(dtype, weights):
    x = np.arange(6.0, dtype=dtype).reshape(2, 3)

    def build(graph, value):
        left, right = graph.columns(value, 0, 2), graph.columns(value, 1, 3)
        values = [left, right, graph.node("Add", left, graph.number(3.0))]
        mean = graph.mean(values, weights)
        return graph.concatenate(
            [mean, graph.reshape(graph.columns(value, 2, 3), 2, 1)]
        )

    values = [x[:, :2], x[:, 1:], x[:, :2] + 3.0]
    mean = np.average(values, axis=0, weights=weights)
    expected = np.column_stack([mean, x[:, 2]])
    found = _run(dtype, x, build=build, n_columns=3)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_single_values_are_neither_averaged_nor_concatenated():
    graph = Graph("float32", [])
    assert graph.mean(["a"], [2.0]) == "a"
    assert graph.concatenate(["a"]) == "a"
    assert graph._nodes == []


def test_reserved_names_are_not_taken():
    graph = Graph("float32", ["add_0", "add_2"])
    names = [graph.node("Add", "a", "b") for _ in range(3)]
    assert names == ["add_1", "add_3", "add_4"]


@pytest.mark.parametrize(
    ("values", "stored", "cast"),
    [
        (np.array([[0.5, 2.0]]), np.float32, True),
        (np.array([[0.1, 2.0]]), np.float64, False),
    ],
)
def test_parameters_are_stored_in_float32_if_that_is_exact(values, stored, cast):
    graph = Graph("float64", [])
    name = graph.parameter(values, "weights")
    onnx = pytest.importorskip("onnx")
    (constant,) = graph._constants
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(constant), values)
    assert onnx.numpy_helper.to_array(constant).dtype == stored
    assert (name != constant.name) == cast


def test_strings_are_a_type_of_values():
    x = np.array([["a"], ["b"]], dtype=object)
    found = _run("float32", x, build=lambda graph, value: value, n_columns=1)
    assert found.tolist() == x.tolist()


def test_inputs_with_names_of_intermediate_values():
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
