"""Tools written for scikit-learn's networks work on what `to_sklearn` returns.

They want an environment of their own (``.ci/converters.txt``).
"""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.export import to_sklearn
from tests.conftest import unconverged

skl2onnx = pytest.importorskip("skl2onnx")
hummingbird = pytest.importorskip("hummingbird.ml")
m2cgen = pytest.importorskip("m2cgen")
onnxruntime = pytest.importorskip("onnxruntime")

pytestmark = [
    unconverged,
    # These packages use what their own dependencies have deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def _classifier(activation, load=load_iris):
    X, y = load(return_X_y=True)
    X = scale(X).astype(np.float32)
    clf = NumpyMLPClassifier((9, 7), activation=activation, max_iter=20, random_state=0)
    return clf.fit(X, y), X


def _regressor(activation):
    X, y = load_diabetes(return_X_y=True)
    X = scale(X).astype(np.float32)
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=(9, 7), activation=activation, max_iter=20, random_state=0
    )
    return reg.fit(X, y), X


def _run(model, X):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"X": X})


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_skl2onnx(activation):
    clf, X = _classifier(activation)
    model = skl2onnx.to_onnx(to_sklearn(clf), X[:1], options={"zipmap": False})
    labels, probabilities = _run(model, X)
    np.testing.assert_allclose(probabilities, clf.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(labels, clf.predict(X))
    reg, X = _regressor(activation)
    (predicted,) = _run(skl2onnx.to_onnx(to_sklearn(reg), X[:1]), X)
    np.testing.assert_allclose(predicted[:, 0], reg.predict(X), rtol=1e-4, atol=1e-4)


def test_skl2onnx_takes_a_whole_pipeline():
    X, y = load_wine(return_X_y=True)
    X = X.astype(np.float32)
    clf = NumpyMLPClassifier((20,), max_iter=50, random_state=0)
    pipeline = make_pipeline(StandardScaler(), clf).fit(X, y)
    twin = Pipeline([*pipeline.steps[:-1], ("network", to_sklearn(pipeline[-1]))])
    model = skl2onnx.to_onnx(twin, X[:1], options={"zipmap": False})
    labels, probabilities = _run(model, X)
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(labels, pipeline.predict(X))


def test_skl2onnx_in_float64_as_the_guide_does_it():
    X, y = load_wine(return_X_y=True)
    clf = NumpyMLPClassifier((20,), max_iter=50, random_state=0)
    pipeline = make_pipeline(StandardScaler(), clf).fit(X, y)
    twin = Pipeline([*pipeline.steps[:-1], ("network", to_sklearn(pipeline[-1]))])
    model = skl2onnx.to_onnx(twin, X[:1], options={"zipmap": False})
    _, probabilities = _run(model, X)
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_hummingbird(activation):
    clf, X = _classifier(activation)
    converted = hummingbird.convert(to_sklearn(clf), "torch")
    np.testing.assert_allclose(
        converted.predict_proba(X), clf.predict_proba(X), atol=1e-5
    )
    np.testing.assert_array_equal(converted.predict(X), clf.predict(X))
    reg, X = _regressor(activation)
    converted = hummingbird.convert(to_sklearn(reg), "torch")
    np.testing.assert_allclose(converted.predict(X), reg.predict(X), rtol=1e-4)


def test_m2cgen_knows_no_networks():
    # Neither scikit-learn's; the page on migrating says so as long as this holds.
    clf, _ = _classifier("relu")
    with pytest.raises(NotImplementedError, match="MLPClassifier"):
        m2cgen.export_to_python(to_sklearn(clf))
