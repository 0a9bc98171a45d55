"""Tables as inputs, and the preprocessing as nodes."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import TabularMLPRegressor, TabularPreprocessor
from sknumpy_mlp.export import onnx_inputs, to_onnx
from tests.conftest import unconverged
from tests.export.conftest import (
    assert_agrees,
    mixed_table,
    run_onnx,
    with_unseen_values,
)

pytest.importorskip("onnxruntime")

pytestmark = unconverged


def test_tables_with_every_kind_of_column_agree():
    frame, _ = mixed_table()
    preprocessor = TabularPreprocessor().fit(frame)
    for data in (frame, with_unseen_values(frame)):
        outputs = run_onnx(to_onnx(preprocessor), onnx_inputs(preprocessor, data))
        expected = preprocessor.transform(data)
        np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert outputs["transformed"].dtype == np.float32


def test_empty_strings_that_are_categories_differ_from_missing_ones():
    rows = np.array([[""], ["?"], ["x"], [None]] * 30, dtype=object)
    preprocessor = TabularPreprocessor().fit(rows)
    inputs = onnx_inputs(preprocessor, rows)
    assert inputs["x0"][:4, 0].tolist() == ["", "?", "x", "??"]
    outputs = run_onnx(to_onnx(preprocessor), inputs)
    expected = preprocessor.transform(rows)
    np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert len(np.unique(expected, axis=0)) == 4


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
    outputs = run_onnx(to_onnx(preprocessor), inputs)
    expected = preprocessor.transform(frame)
    np.testing.assert_allclose(outputs["transformed"], expected, atol=1e-6)
    assert len(np.unique(expected, axis=0)) == len(values)


def test_values_of_other_types_are_refused_as_by_the_estimator():
    frame = pd.DataFrame({"kind": pd.Categorical([1, 2, 3] * 20)})
    preprocessor = TabularPreprocessor().fit(frame)
    far = pd.DataFrame({"kind": np.array([1, 10**400, 7, None], object)})
    outputs = run_onnx(to_onnx(preprocessor), onnx_inputs(preprocessor, far))
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
        run_onnx(model, inputs)["transformed"], preprocessor.transform(frame), atol=1e-6
    )
    # What is fed as it is, without onnx_inputs, is known or unknown as well.
    fed = np.array(BEYOND)[:, np.newaxis]
    known = [x if x in categories else None for x in BEYOND]
    expected = preprocessor.transform(
        pd.DataFrame({"kind": pd.Series(known, dtype=object)})
    )
    outputs = run_onnx(model, {"kind": fed})["transformed"]
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
    codes = run_onnx(model, onnx_inputs(preprocessor, frame))["transformed"]
    np.testing.assert_array_equal(codes, np.arange(1, n + 1)[:, np.newaxis])


@pytest.mark.parametrize("n_rows", [4, 5, 1000])
@pytest.mark.parametrize("columns", ["first", "some", "all", "after categories"])
def test_columns_with_normal_scores(n_rows, columns):
    rng = np.random.default_rng(0)
    X = rng.standard_cauchy((n_rows, 4))
    X[:, 2] = rng.normal(size=n_rows)
    X[-1, 0] = np.nan
    frame = pd.DataFrame(X, columns=list("abcd"))
    wanted = {"first": [0], "some": [1, 3]}.get(columns, range(4))
    if columns == "after categories":
        frame.insert(0, "kind", ["x", "y", "z"] * (n_rows // 3) + ["x"] * (n_rows % 3))
    preprocessor = TabularPreprocessor(normal_scores=True).fit(frame)
    scores = preprocessor.normal_scores_
    offset = frame.shape[1] - 4
    preprocessor.normal_scores_ = {
        i: points for i, points in scores.items() if i - offset in wanted
    }
    assert preprocessor.normal_scores_
    beyond = [-1e308, -3.0, 0.0, 5e-324, 0.7, 1e308, np.nan]
    new = frame.iloc[np.zeros(len(beyond), dtype=int)].reset_index(drop=True)
    new[list("abcd")] = np.array([beyond] * 4).T
    model = to_onnx(preprocessor)
    for table in (frame, new):
        outputs = run_onnx(model, onnx_inputs(preprocessor, table))["transformed"]
        np.testing.assert_allclose(outputs, preprocessor.transform(table), atol=1e-6)


@pytest.mark.parametrize("x", [[-1.7e308, -1.6e308, 1.6e308, 1.7e308], [0, 1, 2, 3]])
def test_infinity_has_the_score_of_the_largest_number(x):
    x = np.array(x, dtype=float)[:, np.newaxis]
    preprocessor = TabularPreprocessor(normal_scores=True).fit(x)
    model, expected = to_onnx(preprocessor), preprocessor.transform(x)
    for new in (x, np.array([[-np.inf], [np.inf]])):
        outputs = run_onnx(model, {"X": new})["transformed"]
        np.testing.assert_allclose(
            outputs, expected if new is x else expected[[0, -1]], atol=1e-6
        )


@pytest.mark.parametrize("with_categories", [False, True])
def test_numbers_that_are_codes(with_categories):
    rng = np.random.default_rng(0)
    code = rng.choice(np.linspace(-1.5, 1.5, 13), 800)
    frame = pd.DataFrame({"a": rng.normal(size=800), "b": code})
    if with_categories:
        frame.insert(0, "kind", rng.choice(list("abcdefghij"), 800))
    y = rng.normal(size=13)[np.searchsorted(np.unique(code), code)]
    preprocessor = TabularPreprocessor(number_codes=True).fit(frame, y)
    assert [len(values) for values in preprocessor.number_codes_.values()] == [13]
    new = frame[:5].assign(b=[-1.5, -1.4, np.nan, 1.5, 1e300])
    model = to_onnx(preprocessor)
    for table in (frame, new):
        outputs = run_onnx(model, onnx_inputs(preprocessor, table))["transformed"]
        np.testing.assert_allclose(outputs, preprocessor.transform(table), atol=1e-6)
    reg = TabularMLPRegressor((8,), max_iter=2, n_members=2, random_state=0)
    assert_agrees(reg.fit(frame, y), new)


@pytest.mark.parametrize("with_categories", [False, True])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_each_part_of_a_date_is_an_input(with_categories, zone):
    when = pd.date_range("2024-03-01", periods=200, freq="7h", tz=zone)
    X = pd.DataFrame({"when": when, "x": np.arange(200.0)}).sample(frac=1.0)
    X["waited"] = X["when"] - X["when"].iloc[0]
    X["when_day"] = 5.0  # the name that a part has as well
    X.loc[::9, "when"] = pd.NaT
    if with_categories:
        X.insert(0, "c", ["a", "b"] * 100)
    y = X["x"].to_numpy() + 50 * (X["when"].dt.day_of_week == 2)
    preprocessor = TabularPreprocessor().fit(X)
    inputs = onnx_inputs(preprocessor, X)
    assert {"when_days", "when_weekday_sin", "waited_days", "when_day_"} <= set(inputs)
    assert {values.shape for values in inputs.values()} == {(200, 1)}
    outputs = run_onnx(to_onnx(preprocessor), inputs)
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(X), atol=1e-6
    )
    reg = TabularMLPRegressor((8,), max_iter=5, n_members=2, random_state=0).fit(X, y)
    later = X.assign(when=X["when"] + pd.Timedelta(days=500))
    for table in (X, later):
        assert_agrees(reg, table)


def test_intervals_are_inputs_of_strings():
    frame = pd.DataFrame({"age": pd.cut([1, 5, 20, np.nan] * 5, [0, 2, 10, 30])})
    preprocessor = TabularPreprocessor().fit(frame)
    inputs = onnx_inputs(preprocessor, frame)
    expected = ["(0, 2]", "(2, 10]", "(10, 30]", ""]
    assert inputs["age"][:4, 0].tolist() == expected
    outputs = run_onnx(to_onnx(preprocessor), inputs)
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(frame), atol=1e-6
    )


def test_a_column_without_a_name_gets_one():
    frame = pd.DataFrame({"": list("ab") * 10, "x0": range(20)})
    preprocessor = TabularPreprocessor().fit(frame)
    inputs = onnx_inputs(preprocessor, frame)
    assert list(inputs) == ["x0", "x0_"]
    outputs = run_onnx(to_onnx(preprocessor), inputs)
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(frame), atol=1e-6
    )


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
