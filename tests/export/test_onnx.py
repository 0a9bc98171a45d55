"""ONNX models reproduce the predictions of the estimators."""

import sys
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_linnerud,
    load_wine,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import TimeSeriesSplit
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import scale

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp.export import onnx_inputs, to_onnx, to_sklearn
from tests.conftest import all_classifiers, unconverged
from tests.export.conftest import (
    TOLERANCE,
    assert_agrees,
    mixed_table,
    run_onnx,
    with_unseen_values,
)

pytest.importorskip("onnxruntime")

pytestmark = unconverged


CLASSIFICATION = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
}
REGRESSION = {"diabetes": load_diabetes, "linnerud": load_linnerud}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classifier_agrees_on(name, dtype):
    X, y = CLASSIFICATION[name](return_X_y=True)
    X = scale(X).astype(dtype)
    clf = NumpyMLPClassifier(max_iter=30, random_state=0).fit(X, y)
    assert_agrees(clf, X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REGRESSION)
def test_regressor_agrees_on(name, dtype):
    X, y = REGRESSION[name](return_X_y=True)
    X = scale(X).astype(dtype)
    reg = NumpyMLPRegressor(max_iter=30, random_state=0).fit(X, y)
    assert_agrees(reg, X)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_tabular_classifier_agrees_on(name):
    X, y = CLASSIFICATION[name](return_X_y=True, as_frame=True)
    clf = TabularMLPClassifier(max_iter=8, n_members=2, random_state=0)
    assert_agrees(clf.set_params(hidden_layer_sizes=(32, 32)).fit(X, y), X)


@pytest.mark.parametrize("Estimator", [TabularMLPClassifier, TabularMLPRegressor])
def test_networks_of_folds_in_temporal_order_have_weights(Estimator):
    X, y = load_wine(return_X_y=True, as_frame=True)
    order = np.random.default_rng(0).permutation(len(X))
    est = Estimator((16,), cv=TimeSeriesSplit(3), max_iter=8, random_state=0)
    assert_agrees(est.fit(X.iloc[order], y.iloc[order]), X)


@pytest.mark.parametrize("name", REGRESSION)
def test_tabular_regressor_agrees_on(name):
    X, y = REGRESSION[name](return_X_y=True, as_frame=True)
    reg = TabularMLPRegressor(max_iter=8, n_members=2, random_state=0)
    assert_agrees(reg.set_params(hidden_layer_sizes=(32, 32)).fit(X, y), X)


@all_classifiers
def test_several_labels_and_a_single_class(Estimator):
    X, codes = load_iris(return_X_y=True)
    short = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
    several = np.column_stack([codes == 0, codes != 1, codes > 0]).astype(int)
    clf = Estimator(**short).fit(scale(X), several)
    outputs = run_onnx(to_onnx(clf), onnx_inputs(clf, scale(X)))
    np.testing.assert_array_equal(outputs["label"], clf.predict(scale(X)))
    assert_agrees(clf, scale(X))
    clf = Estimator(**short).fit(scale(X), np.full(len(X), "only"))
    assert_agrees(clf, scale(X))


def _as_polars(frame):
    # Not every Python has polars; free-threaded ones do not.
    polars = pytest.importorskip("polars")
    columns = {
        name: values.astype(object).where(values.notna(), None).tolist()
        for name, values in frame.items()
    }
    return polars.DataFrame(columns)


@pytest.mark.parametrize("ensemble", ["kfold", "refit", None])
def test_tabular_ensembles_agree(ensemble):
    frame, y = mixed_table()
    short = {"max_iter": 5, "n_members": 2, "ensemble": ensemble, "random_state": 0}
    reg = TabularMLPRegressor(**short, hidden_layer_sizes=(16, 16)).fit(frame, y)
    assert_agrees(reg, frame, 1e-9)
    assert_agrees(reg, with_unseen_values(frame), 1e-9)
    assert_agrees(reg, frame, dtype="float32")
    clf = TabularMLPClassifier(**short, hidden_layer_sizes=(16, 16))
    clf.fit(frame, np.where(y > 60, "dear", "cheap"))
    assert_agrees(clf, with_unseen_values(frame))
    clf.fit(frame, np.digitize(y, [50, 70]))
    assert_agrees(clf, with_unseen_values(frame))


def test_one_model_for_pandas_and_polars():
    frame, y = mixed_table()
    frame = frame.drop(columns=["label", "zip", "half", "never"])
    clf = TabularMLPClassifier((8,), max_iter=3, n_members=2, random_state=0)
    clf.fit(_as_polars(frame), y > 60)
    model = to_onnx(clf)
    ours = run_onnx(model, onnx_inputs(clf, _as_polars(frame)))
    theirs = run_onnx(model, onnx_inputs(clf, frame))
    np.testing.assert_array_equal(ours["probabilities"], theirs["probabilities"])
    np.testing.assert_allclose(
        ours["probabilities"], clf.predict_proba(frame), atol=TOLERANCE
    )


def test_inputs_are_documented_ones():
    frame, _ = mixed_table()
    preprocessor = TabularPreprocessor().fit(frame)
    inputs = onnx_inputs(preprocessor, frame)
    assert list(inputs) == list(frame)
    assert all(value.shape == (len(frame), 1) for value in inputs.values())
    assert inputs["town"].dtype == object
    assert inputs["zip"].dtype == np.float64
    assert inputs["flag"].dtype == np.float64
    missing = frame["town"].isna().to_numpy()
    assert (inputs["town"][missing] == "").all()
    X, _ = load_iris(return_X_y=True)
    only_numbers = onnx_inputs(TabularPreprocessor().fit(X), X)
    assert list(only_numbers) == ["X"]
    np.testing.assert_array_equal(only_numbers["X"], X)


def test_columns_named_like_outputs_are_renamed():
    frame = pd.DataFrame({"label": ["a", "b"] * 20, "probabilities": range(40)})
    clf = TabularMLPClassifier((4,), max_iter=2, n_members=2, random_state=0)
    clf.fit(frame, np.arange(40) % 2)
    assert list(onnx_inputs(clf, frame)) == ["label_", "probabilities_"]
    assert_agrees(clf, frame)


@pytest.mark.parametrize("unit", [1e-300, 1e-46, 1e300])
def test_extreme_units_agree(unit):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(100, 1)) + 3) * unit
    preprocessor = TabularPreprocessor().fit(X)
    outputs = run_onnx(to_onnx(preprocessor), onnx_inputs(preprocessor, X))
    expected = preprocessor.transform(X)
    np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert expected.std() > 0.1
    far = np.array([[1e308]])
    outputs = run_onnx(to_onnx(preprocessor), onnx_inputs(preprocessor, far))
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(far), atol=1e-6
    )
    y = (X[:, 0] / unit) * (unit if unit < 1 else 1e150)
    reg = TabularMLPRegressor((8,), max_iter=3, n_members=2, random_state=0)
    assert_agrees(reg.fit(X, y), X, 1e-9)
    with pytest.raises(ValueError, match="dtype='float32' is too narrow"):
        to_onnx(reg, dtype="float32")


def test_dates_and_other_columns_are_refused_as_by_the_estimator():
    preprocessor = TabularPreprocessor().fit(pd.DataFrame({"a": list("ab") * 10}))
    dates = pd.DataFrame({"a": pd.date_range("2020", periods=3)})
    with pytest.raises(ValueError, match="dates or times"):
        onnx_inputs(preprocessor, dates)
    with pytest.raises(ValueError, match="feature names"):
        onnx_inputs(preprocessor, pd.DataFrame({"b": ["a"]}))


def test_model_says_where_it_comes_from_and_is_for_older_runtimes():
    X, y = load_iris(return_X_y=True)
    model = to_onnx(NumpyMLPClassifier((3,), max_iter=5).fit(X, y))
    assert model.producer_name == "sknumpy_mlp"
    assert {p.key: p.value for p in model.metadata_props} == {
        "estimator": "NumpyMLPClassifier"
    }
    assert model.ir_version <= 8
    assert {o.domain: o.version for o in model.opset_import} == {
        "": 15,
        "ai.onnx.ml": 2,
    }


def test_inputs_of_other_estimators_are_refused():
    with pytest.raises(TypeError, match="RandomForestClassifier"):
        onnx_inputs(RandomForestClassifier(), [[1.0]])
    with pytest.raises(NotFittedError):
        onnx_inputs(TabularPreprocessor(), [[1.0]])
    preprocessor = TabularPreprocessor().fit([[1.0, "a"], [2.0, "b"]])
    with pytest.raises(ValueError, match="features"):
        onnx_inputs(preprocessor, [[1.0]])


def test_unusable_dtype_is_refused():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(max_iter=2).fit(X, y)
    for function in (to_onnx, lambda clf, dtype: onnx_inputs(clf, X, dtype=dtype)):
        with pytest.raises(ValueError, match=r"dtype='float16' must be 'float32'"):
            function(clf, dtype="float16")


def test_without_onnx_there_is_a_clear_error(monkeypatch):
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(max_iter=2).fit(X, y)
    monkeypatch.setitem(sys.modules, "onnx", None)  # what import does with a gap
    with pytest.raises(ImportError, match=r"to_onnx needs .*: run pip install onnx"):
        to_onnx(clf)
    assert isinstance(to_sklearn(clf), MLPClassifier)
    assert import_module("sknumpy_mlp.export") is sys.modules["sknumpy_mlp.export"]
