"""ONNX models and scikit-learn's estimators say what the estimators say."""

import pickle
import sys
import warnings
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_linnerud,
    load_wine,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp.activations import ACTIVATIONS, Activation, ReLU
from sknumpy_mlp.export import from_sklearn, onnx_inputs, to_onnx, to_sklearn
from sknumpy_mlp.export._operators import _LINKS
from sknumpy_mlp.losses import (
    INVERSE_LINKS,
    REGRESSION_LOSSES,
    BinaryLogLoss,
    Gamma,
    Loss,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
onnxruntime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5  # of predictions, relative to the largest of them


def _run(model, inputs):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def _assert_agrees(estimator, X, tolerance=TOLERANCE, dtype=None):
    """The ONNX model of a fitted estimator returns what its methods return."""
    inputs = onnx_inputs(estimator, X, dtype=dtype)
    outputs = _run(to_onnx(estimator, dtype=dtype), inputs)
    if hasattr(estimator, "classes_"):
        assert outputs.keys() == {"label", "probabilities"}
        np.testing.assert_allclose(
            outputs["probabilities"], estimator.predict_proba(X), rtol=0, atol=tolerance
        )
        labels = estimator.predict(X)
        sure = _is_sure(estimator.predict_proba(X), labels, 2 * tolerance)
        assert sure.mean() > 0.9
        assert outputs["label"][sure].tolist() == labels[sure].tolist()
    else:
        predicted = estimator.predict(X)
        assert outputs["prediction"].shape == predicted.shape
        np.testing.assert_allclose(
            outputs["prediction"],
            predicted,
            rtol=0,
            atol=tolerance * np.abs(predicted).max(),
        )


def _is_sure(probabilities, labels, margin):
    """Whether a decision is not so close that rounding makes it."""
    if labels.ndim == 2:
        return (np.abs(probabilities - 0.5) > margin).all(axis=1)
    if probabilities.shape[1] == 1:
        return np.ones(len(labels), dtype=bool)
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    return first - second > margin


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
    _assert_agrees(clf, X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REGRESSION)
def test_regressor_agrees_on(name, dtype):
    X, y = REGRESSION[name](return_X_y=True)
    X = scale(X).astype(dtype)
    reg = NumpyMLPRegressor(max_iter=30, random_state=0).fit(X, y)
    _assert_agrees(reg, X)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_tabular_classifier_agrees_on(name):
    X, y = CLASSIFICATION[name](return_X_y=True, as_frame=True)
    clf = TabularMLPClassifier(max_iter=8, n_members=2, random_state=0)
    _assert_agrees(clf.set_params(hidden_layer_sizes=(32, 32)).fit(X, y), X)


@pytest.mark.parametrize("name", REGRESSION)
def test_tabular_regressor_agrees_on(name):
    X, y = REGRESSION[name](return_X_y=True, as_frame=True)
    reg = TabularMLPRegressor(max_iter=8, n_members=2, random_state=0)
    _assert_agrees(reg.set_params(hidden_layer_sizes=(32, 32)).fit(X, y), X)


@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_agrees(activation, dtype):
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((9, 7), activation=activation, random_state=0, max_iter=20)
    _assert_agrees(clf.fit(scale(X), y), 20 * scale(X), dtype=dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_agree_in_tabular_networks(activation):
    X, y = load_iris(return_X_y=True)
    clf = TabularMLPClassifier(
        (8,), activation=activation, max_iter=3, n_members=2, random_state=0
    )
    _assert_agrees(clf.fit(X, y), X)


@pytest.mark.parametrize(
    "loss",
    [*REGRESSION_LOSSES.values(), Quantile([0.1, 0.5, 0.9]), BinaryLogLoss()],
    ids=repr,
)
@pytest.mark.parametrize("Estimator", [NumpyMLPRegressor, TabularMLPRegressor])
def test_every_loss_agrees(Estimator, loss):
    X, y = load_diabetes(return_X_y=True)
    if isinstance(loss, BinaryLogLoss):
        y = y / y.max()
    reg = Estimator(loss=loss, hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    _assert_agrees(reg.fit(X, y), X)


def test_every_link_of_the_losses_is_known():
    assert _LINKS.keys() == INVERSE_LINKS.keys()


def test_a_quantile_of_several_targets_is_not_sorted():
    X, y = load_linnerud(return_X_y=True)
    reg = NumpyMLPRegressor(loss=Quantile(0.3), max_iter=20, random_state=0)
    reg.fit(scale(X), y[:, ::-1])
    assert (np.diff(reg.predict(scale(X)), axis=1) < 0).any()
    _assert_agrees(reg, scale(X))
    np.testing.assert_allclose(to_sklearn(reg).predict(scale(X)), reg.predict(scale(X)))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["a", "b", "ä"], dtype=object),
        np.array([False, True]),
        np.array([-1, 7]),
        np.array([3, 1, 2], dtype=np.uint8),
        np.array([0.0, 1.0]),
    ],
    ids=str,
)
def test_labels_keep_their_type(labels):
    X, codes = load_wine(return_X_y=True)
    y = labels[codes % len(labels)]
    clf = NumpyMLPClassifier((5,), max_iter=20, random_state=0).fit(scale(X), y)
    outputs = _run(to_onnx(clf), onnx_inputs(clf, scale(X)))
    assert outputs["label"].tolist() == clf.predict(scale(X)).tolist()
    assert set(map(type, outputs["label"].tolist())) == {type(labels.tolist()[0])}


@pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, TabularMLPClassifier])
def test_several_labels_and_a_single_class(Estimator):
    X, codes = load_iris(return_X_y=True)
    short = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
    several = np.column_stack([codes == 0, codes != 1, codes > 0]).astype(int)
    clf = Estimator(**short).fit(scale(X), several)
    outputs = _run(to_onnx(clf), onnx_inputs(clf, scale(X)))
    np.testing.assert_array_equal(outputs["label"], clf.predict(scale(X)))
    _assert_agrees(clf, scale(X))
    clf = Estimator(**short).fit(scale(X), np.full(len(X), "only"))
    _assert_agrees(clf, scale(X))


@pytest.mark.parametrize("hidden", [(), (4,), (6, 5, 4)])
def test_dropout_depth_and_solvers_do_not_matter(hidden):
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(
        hidden,
        activation=["relu", "silu", "tanh"][: len(hidden)],
        dropout=0.3,
        solver="rmsprop",
        max_norm=2.0,
        max_iter=10,
        random_state=0,
    )
    _assert_agrees(clf.fit(scale(X), y), scale(X))


# ------------------------------------------------------------------------------- tables


def _table(n_rows=300, seed=0):
    """A frame with every kind of column."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.lognormal(4, 0.4, n_rows),
            "year": rng.integers(1900, 2020, n_rows),
            "huge": rng.normal(size=n_rows) * 1e30 + 5e30,
            "constant": 3.0,
            "town": rng.choice(["Ulm", "Bonn", None], n_rows),
            "kind": rng.choice(list("abcdefghijklmnop"), n_rows),
            "sole": "always",
            "empty": rng.choice(["", "?", "x"], n_rows),
            "flag": rng.random(n_rows) < 0.3,
            "label": pd.Categorical(rng.integers(0, 4, n_rows)),
            "zip": pd.Categorical(rng.integers(10_000, 10_030, n_rows)),
            "half": pd.Categorical(rng.choice([0.5, 1.5, 2.5], n_rows)),
        }
    )
    frame.loc[::10, "size"] = np.nan
    frame.loc[::7, "kind"] = None
    frame["never"] = np.nan
    y = frame["size"].fillna(40) * (1 + (frame["town"] == "Bonn"))
    return frame, y.to_numpy()


def _unseen(frame):
    """The table with categories and gaps that it does not have."""
    changed = frame.copy()
    changed.loc[:5, "town"] = "Paris"
    changed.loc[6:9, "kind"] = None
    changed["zip"] = changed["zip"].astype(int).where(changed.index > 20, 7)
    changed.loc[10:20, "year"] = 1e9
    changed.loc[30:40, "constant"] = -1.0
    return changed


def _as_polars(frame):
    # Not every Python has polars; free-threaded ones do not.
    polars = pytest.importorskip("polars")
    columns = {
        name: values.astype(object).where(values.notna(), None).tolist()
        for name, values in frame.items()
    }
    return polars.DataFrame(columns)


def test_tables_with_every_kind_of_column_agree():
    frame, _ = _table()
    preprocessor = TabularPreprocessor().fit(frame)
    for data in (frame, _unseen(frame)):
        outputs = _run(to_onnx(preprocessor), onnx_inputs(preprocessor, data))
        expected = preprocessor.transform(data)
        np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert outputs["transformed"].dtype == np.float32


@pytest.mark.parametrize("ensemble", ["kfold", "refit", None])
def test_tabular_ensembles_agree(ensemble):
    frame, y = _table()
    short = {"max_iter": 5, "n_members": 2, "ensemble": ensemble, "random_state": 0}
    reg = TabularMLPRegressor(**short, hidden_layer_sizes=(16, 16)).fit(frame, y)
    _assert_agrees(reg, frame, 1e-9)
    _assert_agrees(reg, _unseen(frame), 1e-9)
    _assert_agrees(reg, frame, dtype="float32")
    clf = TabularMLPClassifier(**short, hidden_layer_sizes=(16, 16))
    clf.fit(frame, np.where(y > 60, "dear", "cheap"))
    _assert_agrees(clf, _unseen(frame))
    clf.fit(frame, np.digitize(y, [50, 70]))
    _assert_agrees(clf, _unseen(frame))


def test_one_model_for_pandas_and_polars():
    frame, y = _table()
    frame = frame.drop(columns=["label", "zip", "half", "never"])
    clf = TabularMLPClassifier((8,), max_iter=3, n_members=2, random_state=0)
    clf.fit(_as_polars(frame), y > 60)
    model = to_onnx(clf)
    ours = _run(model, onnx_inputs(clf, _as_polars(frame)))
    theirs = _run(model, onnx_inputs(clf, frame))
    np.testing.assert_array_equal(ours["probabilities"], theirs["probabilities"])
    np.testing.assert_allclose(
        ours["probabilities"], clf.predict_proba(frame), atol=TOLERANCE
    )


def test_inputs_are_documented_ones():
    frame, _ = _table()
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


def test_empty_strings_that_are_categories_differ_from_missing_ones():
    rows = np.array([[""], ["?"], ["x"], [None]] * 30, dtype=object)
    preprocessor = TabularPreprocessor().fit(rows)
    inputs = onnx_inputs(preprocessor, rows)
    assert inputs["x0"][:4, 0].tolist() == ["", "?", "x", "??"]
    outputs = _run(to_onnx(preprocessor), inputs)
    expected = preprocessor.transform(rows)
    np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert len(np.unique(expected, axis=0)) == 4


def test_columns_named_like_outputs_are_told_apart():
    frame = pd.DataFrame({"label": ["a", "b"] * 20, "probabilities": range(40)})
    clf = TabularMLPClassifier((4,), max_iter=2, n_members=2, random_state=0)
    clf.fit(frame, np.arange(40) % 2)
    assert list(onnx_inputs(clf, frame)) == ["label_", "probabilities_"]
    _assert_agrees(clf, frame)


def test_names_that_the_graph_would_use_are_told_apart():
    names = ["gemm_0", "constant_0", "weights_0", "cast_0", "labelencoder_0"]
    frame = pd.DataFrame({name: list("abc") * 10 for name in names})
    clf = TabularMLPClassifier((4,), max_iter=2, n_members=2, random_state=0)
    _assert_agrees(clf.fit(frame, np.arange(30) % 2), frame)


@pytest.mark.parametrize(
    "values",
    [
        [np.int64(1), np.int64(2), np.int64(3)],
        [np.float32(0.5), np.float32(1.5)],
        [np.bool_(True), np.bool_(False)],
        [np.str_("a"), np.str_("b"), np.str_("c")],
        [2**53 - 1, 2, 3],
        [1e20, -1e20, np.inf],
    ],
    ids=str,
)
def test_categories_of_every_type_agree(values):
    frame = pd.DataFrame({"kind": np.array(values * 20, dtype=object)})
    preprocessor = TabularPreprocessor(categorical_features=["kind"]).fit(frame)
    inputs = onnx_inputs(preprocessor, frame)
    outputs = _run(to_onnx(preprocessor), inputs)
    expected = preprocessor.transform(frame)
    np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert len(np.unique(expected, axis=0)) == len(values)


def test_values_of_other_types_are_refused_as_by_the_estimator():
    frame = pd.DataFrame({"kind": pd.Categorical([1, 2, 3] * 20)})
    preprocessor = TabularPreprocessor().fit(frame)
    far = pd.DataFrame({"kind": np.array([1, 10**400, 7, None], object)})
    outputs = _run(to_onnx(preprocessor), onnx_inputs(preprocessor, far))
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(far), atol=1e-6
    )
    for value in ("1", b"x"):
        strange = pd.DataFrame({"kind": pd.Series([value], dtype=object)})
        with pytest.raises(ValueError, match=r"'kind'.* but in fit"):
            onnx_inputs(preprocessor, strange)
    years = pd.DataFrame(np.ones((4, 2)), columns=[2025, 2026])
    with pytest.raises(ValueError, match="in the same order"):
        onnx_inputs(TabularPreprocessor().fit(years), years[[2026, 2025]])


#: Categories that are numbers, and numbers that are none of them.
OF_NUMBERS = {
    "ints": ([*range(-5, 6), 94103, 2**53 - 1, 1 - 2**53], "LabelEncoder"),
    "floats that are whole": ([*np.arange(20.0)], "LabelEncoder"),
    "booleans": ([False, True], "LabelEncoder"),
    "one int": ([7], "LabelEncoder"),
    # float32 does not tell these apart
    "floats": ([1 / 3, np.nextafter(1 / 3, 1), 0.1, 1e20, -np.inf, 5.0, 7.5], "Gather"),
    "large floats": ([1e20, 5.0, 3.0, 2.0**53], "Gather"),
    "one float": ([0.5], "Gather"),
}
BEYOND = [np.nan, np.inf, -np.inf, 0.5, -0.5, 1.5, 7.0, 2.0**53, -(2.0**53), 2.0**63]
BEYOND += [1e300, -1e300, 5e-324, 94104.0, float(np.float32(1 / 3))]


@pytest.mark.parametrize("max_onehot", [0, 100])
@pytest.mark.parametrize("kind", OF_NUMBERS)
def test_categories_that_are_numbers_are_looked_up(kind, max_onehot):
    categories, operator = OF_NUMBERS[kind]
    frame = pd.DataFrame({"kind": pd.Categorical([*categories, None] * 3)})
    preprocessor = TabularPreprocessor(max_onehot=max_onehot).fit(frame)
    model = to_onnx(preprocessor)
    assert operator in {node.op_type for node in model.graph.node}
    inputs = onnx_inputs(preprocessor, frame)
    assert inputs["kind"].dtype == np.float64
    np.testing.assert_allclose(
        _run(model, inputs)["transformed"], preprocessor.transform(frame), atol=1e-6
    )
    # What is fed as it is, without onnx_inputs, is known or unknown as well.
    fed = np.array(BEYOND)[:, np.newaxis]
    known = [x if x in categories else None for x in BEYOND]
    expected = preprocessor.transform(
        pd.DataFrame({"kind": pd.Series(known, dtype=object)})
    )
    outputs = _run(model, {"kind": fed})["transformed"]
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize("step", [1, 0.5])
def test_the_memory_of_a_look_up_does_not_grow_with_the_categories(step):
    """There is no array with a number for each row and category."""
    n = 3000
    frame = pd.DataFrame({"kind": pd.Categorical(np.arange(n) * step)})
    with pytest.warns(UserWarning, match="a category for nearly every row"):
        preprocessor = TabularPreprocessor().fit(frame)
    model = to_onnx(preprocessor)
    onnx = pytest.importorskip("onnx")
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    widths = [
        [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in inferred
    ]
    assert all(width[-1] <= 1 for width in widths if width)
    codes = _run(model, onnx_inputs(preprocessor, frame))["transformed"]
    np.testing.assert_array_equal(codes, np.arange(1, n + 1)[:, np.newaxis])


def test_intervals_are_inputs_of_strings():
    frame = pd.DataFrame({"age": pd.cut([1, 5, 20, np.nan] * 5, [0, 2, 10, 30])})
    preprocessor = TabularPreprocessor().fit(frame)
    inputs = onnx_inputs(preprocessor, frame)
    expected = ["(0, 2]", "(2, 10]", "(10, 30]", ""]
    assert inputs["age"][:4, 0].tolist() == expected
    outputs = _run(to_onnx(preprocessor), inputs)
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(frame), atol=1e-6
    )


def test_strings_that_are_no_unicode_are_refused_by_name():
    lone = "a\ud800"
    frame = pd.DataFrame({"kind": pd.Series([lone, "b"] * 10, dtype=object)})
    with pytest.raises(
        ValueError, match=r"'kind' has the category 'a\\ud800'.*errors="
    ):
        to_onnx(TabularPreprocessor().fit(frame))
    named = pd.DataFrame({"x": list("ab") * 10, "y": range(20)})
    named.columns = pd.Index(["x", lone], dtype=object)
    with pytest.raises(ValueError, match=r"the name 'a\\ud800'.*errors="):
        to_onnx(TabularPreprocessor().fit(named))
    X, y = np.eye(4), np.array([lone, "b"] * 2, dtype=object)
    clf = NumpyMLPClassifier((2,), max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=r"the class label 'a\\ud800'.*errors="):
        to_onnx(clf)
    # Among values to predict it is unknown, as any other string.
    known = pd.DataFrame({"kind": ["a", "b", "c"]})
    preprocessor = TabularPreprocessor().fit(known)
    outputs = _run(to_onnx(preprocessor), onnx_inputs(preprocessor, frame))
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(frame), atol=1e-6
    )


def test_a_column_without_a_name_gets_one():
    frame = pd.DataFrame({"": list("ab") * 10, "x0": range(20)})
    preprocessor = TabularPreprocessor().fit(frame)
    inputs = onnx_inputs(preprocessor, frame)
    assert list(inputs) == ["x0", "x0_"]
    outputs = _run(to_onnx(preprocessor), inputs)
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(frame), atol=1e-6
    )


@pytest.mark.parametrize("unit", [1e-300, 1e-46, 1e300])
def test_extreme_units_agree(unit):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(100, 1)) + 3) * unit
    preprocessor = TabularPreprocessor().fit(X)
    outputs = _run(to_onnx(preprocessor), onnx_inputs(preprocessor, X))
    expected = preprocessor.transform(X)
    np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert expected.std() > 0.1
    far = np.array([[1e308]])
    outputs = _run(to_onnx(preprocessor), onnx_inputs(preprocessor, far))
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(far), atol=1e-6
    )
    y = (X[:, 0] / unit) * (unit if unit < 1 else 1e150)
    reg = TabularMLPRegressor((8,), max_iter=3, n_members=2, random_state=0)
    _assert_agrees(reg.fit(X, y), X, 1e-9)
    with pytest.raises(ValueError, match="dtype='float32' is too narrow"):
        to_onnx(reg, dtype="float32")


def test_weights_beyond_float32_are_refused_in_float32():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(max_iter=2, random_state=0).fit(X, y)
    reg.coefs_ = [1e60 * W for W in reg.coefs_]
    with pytest.raises(ValueError, match="dtype='float32' is too narrow"):
        to_onnx(reg, dtype="float32")


def test_dates_and_other_columns_are_refused_as_by_the_estimator():
    preprocessor = TabularPreprocessor().fit(pd.DataFrame({"a": list("ab") * 10}))
    dates = pd.DataFrame({"a": pd.date_range("2020", periods=3)})
    with pytest.raises(ValueError, match="dates or times"):
        onnx_inputs(preprocessor, dates)
    with pytest.raises(ValueError, match="feature names"):
        onnx_inputs(preprocessor, pd.DataFrame({"b": ["a"]}))


# ---------------------------------------------------------------------------- the file


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


# ------------------------------------------------------------------------------ errors


class _Sine(Activation):
    from_output = False

    def forward(self, z, out):
        np.sin(z, out=out)

    def backward(self, z, a, delta):
        delta *= np.cos(z)


class _OtherReLU(ReLU):
    pass


class _ShiftedError(SquaredError):
    def predict(self, raw):
        return raw + 1.0


class _DoubleError(SquaredError):
    def loss_gradient(self, y, raw):
        losses = 2 * super().loss_gradient(y, raw)
        raw *= 2
        return losses


@pytest.mark.parametrize("activation", [_Sine(), _OtherReLU()], ids=repr)
def test_activations_of_ones_own_are_refused(activation):
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(activation=activation, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"activation=.* no counterpart in ONNX"):
        to_onnx(reg)
    with pytest.raises(ValueError, match=r"activation=.*Use to_onnx"):
        to_sklearn(reg)


def test_losses_of_ones_own_are_known_by_their_link():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(loss=_DoubleError(), max_iter=5, random_state=0).fit(X, y)
    _assert_agrees(reg, X)
    np.testing.assert_array_equal(to_sklearn(reg).predict(X), reg.predict(X))
    reg = NumpyMLPRegressor(loss=_ShiftedError(), max_iter=5, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="method predict of its own"):
        to_onnx(reg)
    with pytest.raises(ValueError, match="Use to_onnx"):
        to_sklearn(reg)


class _OwnLink(Loss):
    """A loss with nothing but a gradient and the name of a link."""

    def __init__(self, loss):
        self.loss = loss
        self.out_activation = loss.out_activation

    def loss_gradient(self, y, raw):
        return self.loss.loss_gradient(y, raw)


@pytest.mark.parametrize(
    "loss", [SquaredError(), Gamma(), BinaryLogLoss(), MultinomialLogLoss()], ids=repr
)
def test_links_follow_from_their_name(loss):
    X, y = load_iris(return_X_y=True)
    settings = {"max_iter": 5, "random_state": 0}
    if loss.out_activation in ("identity", "exp"):
        est = NumpyMLPRegressor(_OwnLink(loss), **settings).fit(X, y + 1.0)
        _assert_agrees(est, X)
        if loss.out_activation == "identity":
            np.testing.assert_array_equal(to_sklearn(est).predict(X), est.predict(X))
        return
    target = y if loss.out_activation == "softmax" else y % 2
    est = NumpyMLPClassifier(loss=_OwnLink(loss), **settings).fit(X, target)
    _assert_agrees(est, X)
    proba = to_sklearn(est).predict_proba(X)
    np.testing.assert_allclose(proba, est.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize("function", [to_onnx, to_sklearn])
def test_other_estimators_are_refused(function):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="RandomForestClassifier"):
        function(RandomForestClassifier(n_estimators=2).fit(X, y))
    pipeline = make_pipeline(StandardScaler(), NumpyMLPClassifier(max_iter=2))
    with pytest.raises(TypeError, match=r"Pipeline.*pipeline"):
        function(pipeline.fit(X, y))
    with pytest.raises(NotFittedError):
        function(NumpyMLPClassifier())


class _OwnClassifier(NumpyMLPClassifier):
    pass


def test_classes_subclasses_and_members_are_refused():
    X, y = load_iris(return_X_y=True)
    for function in (to_onnx, to_sklearn):
        with pytest.raises(TypeError, match="NumpyMLPClassifier is a class"):
            function(NumpyMLPClassifier)
        with pytest.raises(
            TypeError, match=r"of your own.*of the class that it derives"
        ):
            function(_OwnClassifier(max_iter=2).fit(X, y))
        tabular = TabularMLPClassifier((2,), max_iter=1, n_members=2).fit(X, y)
        with pytest.raises(TypeError, match="one of the networks of a tabular"):
            function(tabular.estimators_[0])


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


def test_columns_of_several_types_are_refused():
    rows = np.array([["a"], [1], [2], ["b"]] * 5, dtype=object)
    preprocessor = TabularPreprocessor().fit(rows)
    with pytest.raises(
        ValueError, match=r"Column 'x0' has categories that are neither"
    ):
        to_onnx(preprocessor)
    numbers = pd.DataFrame({"id": pd.Categorical([2**53, 5] * 5)})
    with pytest.raises(ValueError, match=r"Column 'id' .*2\*\*53"):
        to_onnx(TabularPreprocessor().fit(numbers))
    empty = TabularPreprocessor().fit(pd.DataFrame({"a": [None] * 5}))
    with pytest.raises(ValueError, match="nothing to export"):
        to_onnx(empty)


def test_without_onnx_there_is_a_clear_error(monkeypatch):
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(max_iter=2).fit(X, y)
    monkeypatch.setitem(sys.modules, "onnx", None)  # what import does with a gap
    with pytest.raises(ImportError, match=r"to_onnx needs .*'sknumpy-mlp\[onnx\]'"):
        to_onnx(clf)
    assert isinstance(to_sklearn(clf), MLPClassifier)
    assert import_module("sknumpy_mlp.export") is sys.modules["sknumpy_mlp.export"]


# --------------------------------------------------------------------------- to_sklearn


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "labels", "texts"])
def test_sklearn_classifier_is_the_same_function(kind, activation):
    X, codes = load_iris(return_X_y=True)
    y = {
        "binary": codes == 1,
        "multiclass": codes,
        "labels": np.column_stack([codes == 0, codes > 0, codes == 1]).astype(int),
        "texts": np.array(["x", "y", "z"])[codes],
    }[kind]
    clf = NumpyMLPClassifier(
        (7, 5), activation=activation, max_iter=20, random_state=0
    ).fit(X, y)
    twin = to_sklearn(clf)
    assert type(twin) is MLPClassifier
    np.testing.assert_allclose(twin.predict_proba(X), clf.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
    np.testing.assert_array_equal(twin.classes_, clf.classes_)
    assert twin.loss_curve_ == clf.loss_curve_
    assert twin.loss_curve_ is not clf.loss_curve_
    assert not np.shares_memory(twin.coefs_[0], clf.coefs_[0])


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
def test_sklearn_regressor_is_the_same_function(hidden):
    X, y = load_diabetes(return_X_y=True)
    for target in (y, np.column_stack([y, -y])):
        reg = NumpyMLPRegressor(
            hidden_layer_sizes=hidden, activation="tanh", max_iter=20, random_state=0
        ).fit(X, target)
        twin = to_sklearn(reg)
        assert type(twin) is MLPRegressor
        np.testing.assert_allclose(twin.predict(X), reg.predict(X), rtol=1e-12)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_sklearn_regressor_with_a_logarithmic_link(loss):
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(loss=loss, max_iter=20, random_state=0).fit(X, y)
    if "loss" not in MLPRegressor().get_params():
        with pytest.raises(ValueError, match=f"loss={loss.capitalize()}"):
            to_sklearn(reg)
        return
    np.testing.assert_allclose(to_sklearn(reg).predict(X), reg.predict(X), rtol=1e-12)


def test_sklearn_estimator_is_like_one_that_scikit_learn_has_fitted():
    frame, y = load_iris(return_X_y=True, as_frame=True)
    settings = {"hidden_layer_sizes": (6,), "alpha": 0.01, "random_state": 1}
    clf = NumpyMLPClassifier(**settings, max_iter=30).fit(frame, y)
    twin = to_sklearn(clf)
    theirs = MLPClassifier(**settings, max_iter=30).fit(frame, y)
    assert twin.get_params() == theirs.get_params()
    lacking = vars(theirs).keys() - vars(twin).keys()
    assert lacking <= {"_optimizer"}  # which partial_fit makes anew
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_"):
        assert getattr(twin, name) == getattr(theirs, name), name
    np.testing.assert_allclose(twin.coefs_[0], theirs.coefs_[0], atol=1e-10)
    assert list(twin.feature_names_in_) == list(theirs.feature_names_in_)
    again = twin.fit(frame, y)
    np.testing.assert_array_equal(again.coefs_[0], theirs.coefs_[0])


def test_sklearn_estimator_can_be_trained_on():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((6,), solver="adam", max_iter=30, random_state=0).fit(X, y)
    twin = to_sklearn(clf)
    before = twin.coefs_[0].copy()
    twin.partial_fit(X, y)
    assert 0 < np.abs(twin.coefs_[0] - before).max() < 0.01


@pytest.mark.parametrize("settings", [{"solver": "lbfgs"}, {"early_stopping": True}])
def test_sklearn_estimator_of_every_kind_has_what_scikit_learn_sets(settings):
    X, y = load_iris(return_X_y=True)
    settings = settings | {"hidden_layer_sizes": (6,), "max_iter": 30}
    clf = NumpyMLPClassifier(**settings, random_state=1).fit(X, y)
    twin = to_sklearn(clf)
    theirs = MLPClassifier(**settings, random_state=1).fit(X, y)
    lacking = vars(theirs).keys() - vars(twin).keys()
    assert not {name for name in lacking if not name.startswith("_")}
    again = twin.fit(X, y)
    np.testing.assert_array_equal(again.coefs_[0], theirs.coefs_[0])


def test_conversion_is_quiet_and_shares_nothing():
    X, y = load_iris(return_X_y=True)
    stream = np.random.RandomState(0)
    clf = NumpyMLPClassifier((6,), max_iter=5, warm_start=True, random_state=stream)
    clf.fit(X, y)
    before = stream.get_state()[1].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin = to_sklearn(clf)
    assert not twin.warm_start
    twin.fit(X, y)
    np.testing.assert_array_equal(stream.get_state()[1], before)


def test_messages_name_what_was_fitted():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(activation="silu", max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="activation=silu cannot"):
        to_sklearn(clf.set_params(activation="relu"))


def test_settings_that_scikit_learn_lacks_keep_its_defaults():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(
        (6,), solver="rmsprop", learning_rate="cosine", max_iter=5, random_state=0
    )
    twin = to_sklearn(clf.fit(X, y))
    assert twin.solver == MLPClassifier().solver
    assert twin.learning_rate == "constant"
    with pytest.warns(ConvergenceWarning):
        twin.fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"activation": "silu"}, r"activation=silu cannot"),
        ({"activation": ["relu", "tanh"], "hidden_layer_sizes": (4, 4)}, "activation="),
    ],
)
def test_what_scikit_learn_lacks_is_refused(params, message):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=message):
        to_sklearn(NumpyMLPClassifier(**params, max_iter=2).fit(X, y))


def test_quantiles_single_classes_and_tabular_estimators_are_refused():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(loss=Quantile([0.1, 0.9]), max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"loss=Quantile.*Use to_onnx"):
        to_sklearn(reg)
    with pytest.raises(ValueError, match="single class"):
        to_sklearn(NumpyMLPClassifier(max_iter=2).fit(X, np.ones(len(X))))
    tabular = TabularMLPRegressor((2,), max_iter=1, n_members=2).fit(X, y)
    with pytest.raises(TypeError, match=r"TabularMLPRegressor.*use to_onnx"):
        to_sklearn(tabular)


# ------------------------------------------------------------------------- from_sklearn

_X, _codes = load_iris(return_X_y=True)
_X -= _X.mean(axis=0)
CLASSES = {
    "binary": _codes == 1,
    "multiclass": _codes,
    "floats": _codes.astype(float),
    "strings": np.array(["x", "y", "z"])[_codes],
    "objects": np.array(["x", "yy", "z"], object)[_codes],
    "labels": np.column_stack([_codes == 0, _codes > 0, _codes == 1]).astype(int),
}
# Attributes that mean the same in both packages.
SAME = (
    "best_loss_",
    "best_validation_score_",
    "loss_",
    "loss_curve_",
    "n_features_in_",
    "n_iter_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "t_",
    "validation_scores_",
)


def _assert_same(ours, theirs):
    assert ours.get_params() | theirs.get_params() == ours.get_params()
    for name in SAME:
        if hasattr(theirs, name):  # not all of them with L-BFGS
            assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("coefs_", "intercepts_"):
        pairs = zip(getattr(ours, name), getattr(theirs, name), strict=True)
        for array, original in pairs:
            np.testing.assert_array_equal(array, original)
            assert array.dtype == original.dtype
            assert not np.shares_memory(array, original)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "tanh", "solver": "sgd", "learning_rate": "adaptive"},
        {"activation": "logistic", "early_stopping": True, "warm_start": True},
        {"activation": "identity", "solver": "lbfgs", "hidden_layer_sizes": ()},
        {"activation": "relu", "hidden_layer_sizes": [7, 5], "batch_size": 50},
    ],
)
def test_a_classifier_of_scikit_learn_becomes_ours(settings, kind, dtype):
    X, y = _X.astype(dtype), CLASSES[kind]
    settings = {"hidden_layer_sizes": (6,), "max_iter": 20} | settings
    theirs = MLPClassifier(**settings, random_state=0)
    try:
        theirs.fit(X, y)
    except TypeError:
        assert kind in ("strings", "objects")
        pytest.skip("scikit-learn 1.6 stops early on numbers only")
    ours = from_sklearn(pickle.loads(pickle.dumps(theirs)))
    assert type(ours) is NumpyMLPClassifier
    _assert_same(ours, theirs)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    labels = ours.predict(X)
    np.testing.assert_array_equal(labels, theirs.predict(X))
    assert labels.dtype == theirs.predict(X).dtype
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=4 * np.finfo(dtype).eps
    )
    twin = to_sklearn(ours)
    np.testing.assert_array_equal(twin.predict_proba(X), theirs.predict_proba(X))


def test_a_sparse_label_matrix_stays_sparse():
    X, y = pd.DataFrame(_X, columns=list("abcd")), csr_matrix(CLASSES["labels"])
    theirs = MLPClassifier(solver="lbfgs", max_iter=50, random_state=0).fit(X, y)
    expected, labels = theirs.predict(X), from_sklearn(theirs).predict(X)
    assert type(labels) is type(expected)
    np.testing.assert_array_equal(labels.toarray(), expected.toarray())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_regressor_of_scikit_learn_becomes_ours(loss, n_targets, dtype):
    X, y = load_diabetes(return_X_y=True)
    X = X.astype(dtype)
    settings = {"hidden_layer_sizes": 7, "max_iter": 20, "random_state": 0}
    if loss != "squared_error":
        if "loss" not in MLPRegressor().get_params():
            pytest.skip("scikit-learn before 1.7 has one loss only")
        settings["loss"] = loss
    y = y if n_targets == 1 else np.column_stack([y, 2 * y])
    theirs = MLPRegressor(**settings).fit(X, y)
    ours = from_sklearn(pickle.loads(pickle.dumps(theirs)))
    assert type(ours) is NumpyMLPRegressor
    assert ours.loss == loss
    _assert_same(ours, theirs)
    expected = theirs.predict(X)
    np.testing.assert_allclose(ours.predict(X), expected, rtol=4 * np.finfo(dtype).eps)
    assert ours.predict(X).dtype == expected.dtype
    np.testing.assert_array_equal(to_sklearn(ours).predict(X), expected)


def test_a_converted_estimator_is_like_one_that_was_fitted():
    X, y = load_iris(return_X_y=True, as_frame=True)
    settings = {"hidden_layer_sizes": (6,), "max_iter": 30, "random_state": 1}
    ours = from_sklearn(MLPClassifier(**settings).fit(X, y))
    fitted = NumpyMLPClassifier(**settings, warm_start=True).fit(X, y)
    assert vars(ours).keys() == vars(fitted).keys()
    assert list(ours.feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="feature names"):
        ours.predict(X[X.columns[::-1]])
    again = clone(ours).fit(X, y)
    np.testing.assert_array_equal(again._params, fitted._params)
    loaded = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(loaded.predict_proba(X), ours.predict_proba(X))


def test_training_goes_on_where_scikit_learn_left_it():
    """Without momentum and shuffling, all that it needs is in what both show."""
    settings = {
        "solver": "sgd",
        "learning_rate": "invscaling",
        "momentum": 0.0,
        "shuffle": False,
        "max_iter": 5,
    }
    theirs = MLPClassifier(**settings, random_state=0).fit(_X, _codes)
    ours = from_sklearn(theirs)
    theirs.partial_fit(_X, _codes)
    ours.partial_fit(_X, _codes)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-12)
    assert len(ours.loss_curve_) == 6
    assert ours.t_ == theirs.t_ == 6 * len(_X)
    ours.set_params(warm_start=True).fit(_X, _codes)
    assert ours.t_ == 11 * len(_X)
    assert ours.learning_rate_curve_[-1] < ours.learning_rate_curve_[0] < 0.001


@pytest.mark.parametrize("settings", [{"early_stopping": True}, {"solver": "lbfgs"}])
def test_a_warm_start_of_a_converted_estimator(settings):
    theirs = MLPRegressor(**settings, max_iter=5, warm_start=True, random_state=0)
    ours = from_sklearn(theirs.fit(_X, _codes))
    n_before = len(ours.loss_curve_)
    before = ours.score(_X, _codes)
    assert ours.fit(_X, _codes).score(_X, _codes) > before
    assert len(ours.loss_curve_) == n_before + ours.n_iter_


def test_a_conversion_shares_nothing():
    stream = np.random.RandomState(0)
    theirs = MLPRegressor(max_iter=2, random_state=stream).fit(_X, _codes)
    curve = list(theirs.loss_curve_)
    before = stream.get_state()[1].copy()
    ours = from_sklearn(theirs).set_params(warm_start=True).fit(_X, _codes)
    np.testing.assert_array_equal(stream.get_state()[1], before)
    assert theirs.loss_curve_ == curve
    assert len(ours.loss_curve_) == 4


def test_parameters_that_were_changed_or_are_not_there_yet():
    theirs = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2).fit(_X, _codes)
    expected = theirs.predict(_X)
    theirs.set_params(hidden_layer_sizes=(9, 9))  # which a prediction does not look at
    del theirs.loss, theirs.n_iter_no_change  # as in the pickle of an older release
    ours = from_sklearn(theirs)
    np.testing.assert_allclose(ours.predict(_X), expected)
    assert ours.hidden_layer_sizes == (4,)
    assert ours.loss == "squared_error"


class _Derived(MLPClassifier):
    pass


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (MLPClassifier, NotFittedError, "not fitted yet"),
        (MLPRegressor, NotFittedError, "not fitted yet"),
        (lambda: MLPClassifier, TypeError, "is a class. Pass an object of it"),
        (lambda: _Derived().fit(_X, _codes), TypeError, "_Derived.*than MLPClassifier"),
        (NumpyMLPRegressor, TypeError, "of this package already"),
        (TabularMLPRegressor, TypeError, "of this package already"),
        (lambda: make_pipeline(MLPClassifier()), TypeError, r"pipeline\[-1\]"),
        (lambda: None, TypeError, "NoneType is not an MLPClassifier"),
        (
            lambda: MLPClassifier(max_iter=2).fit(_X, np.ones(len(_X))),
            ValueError,
            "single class",
        ),
    ],
)
def test_what_is_no_fitted_network_of_scikit_learn_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        from_sklearn(make())


def test_weights_that_are_not_finite_are_refused():
    theirs = MLPRegressor(max_iter=2).fit(_X, _codes)
    theirs.coefs_[0][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"coefs_.*NaN"):
        from_sklearn(theirs)
