"""TabularPreprocessor: every kind of table, column and mistake."""

import datetime

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone

from sknumpy_mlp import InvalidParameterError, TabularPreprocessor

ROWS = {
    "price": [1.0, 2.0, None, 4.0, 100.0, 3.0],
    "rooms": [1, 2, 3, 4, 5, 6],
    "colour": ["red", "blue", None, "red", "green", "red"],
    "new": [True, False, True, True, False, False],
    "same": [7.0] * 6,
}
NAMES = [
    "price",
    "rooms",
    "same",
    "colour_blue",
    "colour_green",
    "colour_red",
    "new_True",
    "missingindicator_price",
]


def _pandas(rows=None):
    return pd.DataFrame(ROWS if rows is None else rows)


def _smooth(u):
    return u / np.sqrt(1 + (u / 3) ** 2)


def test_numbers_are_scaled_by_quartiles_and_clipped():
    x = np.array([1.0, 2.0, 3.0, 4.0, 1000.0])
    out = TabularPreprocessor(dtype="float64").fit_transform(x[:, None])
    np.testing.assert_allclose(out[:, 0], _smooth((x - 3) / 2))
    assert np.abs(out).max() < 3


def test_with_equal_quartiles_half_the_range_is_the_unit():
    x = np.array([0.0] * 9 + [10.0])
    out = TabularPreprocessor(dtype="float64").fit_transform(x[:, None])
    np.testing.assert_allclose(out[:, 0], _smooth(x / 5))


def test_columns_and_their_names():
    preprocessor = TabularPreprocessor().fit(_pandas())
    assert preprocessor.get_feature_names_out().tolist() == NAMES
    assert preprocessor.is_categorical_.tolist() == [False, False, True, True, False]
    assert preprocessor.categories_ == {2: ["blue", "green", "red"], 3: [False, True]}
    assert preprocessor.constant_features_ == ["same"]
    assert preprocessor.n_numbers_ == 3
    assert preprocessor.cardinalities_ == ()
    assert preprocessor.transform(_pandas()).shape == (6, len(NAMES))


def test_missing_numbers_become_the_median_and_are_marked():
    out = pd.DataFrame(
        TabularPreprocessor().fit(_pandas()).transform(_pandas()), columns=NAMES
    )
    assert out["price"][2] == 0.0
    marked = out["missingindicator_price"]
    assert marked[2] > marked[0]
    assert marked.drop(2).nunique() == 1
    assert not out["same"].any()


def test_a_number_missing_only_at_prediction_time_is_the_median():
    preprocessor = TabularPreprocessor().fit(_pandas())
    later = _pandas().assign(rooms=np.nan)
    out = preprocessor.transform(later)
    assert not out[:, 1].any()
    assert np.isfinite(out).all()


def test_unknown_and_missing_categories_look_alike():
    preprocessor = TabularPreprocessor().fit(_pandas())
    out = preprocessor.transform(
        _pandas().assign(colour=["violet", None, np.nan, "red", "red", "red"])
    )
    np.testing.assert_array_equal(out[0, 3:6], out[1, 3:6])
    np.testing.assert_array_equal(out[0, 3:6], out[2, 3:6])
    assert (out[3, 3:6] != out[0, 3:6]).any()


def test_many_categories_become_codes():
    letters = list("abcdefghijkl")
    X = pd.DataFrame({"letter": letters, "x": range(12)})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.cardinalities_ == (13,)
    assert preprocessor.get_feature_names_out().tolist() == ["x", "letter"]
    codes = preprocessor.transform(X)[:, 1]
    np.testing.assert_array_equal(codes, np.arange(1, 13))
    unknown = X.assign(letter=["z", None, *letters[2:]])
    assert preprocessor.transform(unknown)[:2, 1].tolist() == [0, 0]
    assert TabularPreprocessor(max_onehot=12).fit(X).cardinalities_ == ()


def _polars(data):
    """A polars frame; not every Python has polars, free-threaded ones do not."""
    return pytest.importorskip("polars").DataFrame(data)


def _polars_categorical(data):
    frame = _polars(data)
    return frame.cast({"colour": pytest.importorskip("polars").Categorical})


@pytest.mark.parametrize(
    "convert",
    [
        _polars,
        lambda rows: _pandas(rows).convert_dtypes(),
        lambda rows: _pandas(rows).convert_dtypes(dtype_backend="pyarrow"),
        lambda rows: _pandas(rows).astype({"colour": "category", "new": "category"}),
        _polars_categorical,
        lambda rows: _pandas(rows).astype(object).to_numpy(),
        lambda rows: [list(row) for row in zip(*rows.values(), strict=True)],
    ],
    ids=[
        "polars",
        "nullable",
        "pyarrow",
        "category",
        "polars categorical",
        "object array",
        "list",
    ],
)
def test_all_kinds_of_tables_give_the_same_numbers(convert):
    expected = TabularPreprocessor().fit_transform(_pandas())
    X = convert(ROWS)
    preprocessor = TabularPreprocessor()
    np.testing.assert_allclose(preprocessor.fit_transform(X), expected)
    np.testing.assert_allclose(preprocessor.transform(X), expected)


def test_numbers_that_look_like_texts_are_categories():
    X = np.array([["1", "2"], ["3", "4"], ["1", "2"]])
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.is_categorical_.all()


def test_texts_beside_numbers_in_one_column():
    X = pd.DataFrame({"mixed": [1, "a", 2, "b", None]}, dtype=object)
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.categories_ == {0: [1, 2, "a", "b"]}


@pytest.mark.parametrize("given", [[True, False], [0], ["a"], np.array(["a"])])
def test_categorical_features_by_mask_index_and_name(given):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    preprocessor = TabularPreprocessor(categorical_features=given).fit(X)
    assert preprocessor.is_categorical_.tolist() == [True, False]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([True], "mask must have 2"),
        ([2], r"range \[0, 2\)"),
        ([-1], r"range \[0, 2\)"),
        (["c"], r"no columns \['c'\]"),
        (["a"], r"leaves out \['b'\]"),
        (None, r"leaves out \['b'\]"),
    ],
)
def test_wrong_categorical_features(given, message):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]})
    with pytest.raises(ValueError, match=message):
        TabularPreprocessor(categorical_features=given).fit(X)


def test_names_need_a_frame():
    with pytest.raises(ValueError, match="names need a data frame"):
        TabularPreprocessor(categorical_features=["a"]).fit(np.ones((3, 2)))


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"when": pd.date_range("2020-01-01", periods=3)}),
        pd.DataFrame({"when": pd.date_range("2020-01-01", periods=3, tz="UTC")}),
        pd.DataFrame({"when": pd.period_range("2020-01", periods=3, freq="M")}),
        pd.DataFrame({"when": [datetime.date(2020, 1, i) for i in (1, 2, 3)]}),
        pd.DataFrame({"when": [datetime.date(2020, 1, 1), "soon", None]}),
        pd.DataFrame({"when": pd.Categorical(pd.date_range("2020", periods=3))}),
        lambda: _polars({"when": [datetime.date(2020, 1, i) for i in (1, 2, 3)]}),
        lambda: _polars({"when": [datetime.timedelta(i) for i in (1, 2, 3)]}),
        np.array([["2020-01-01"], ["2020-01-02"]], dtype="datetime64[D]"),
    ],
)
def test_dates_are_refused_with_advice(X):
    X = X() if callable(X) else X
    with pytest.raises(ValueError, match="weekday"):
        TabularPreprocessor().fit(X)


def test_dates_after_fit_are_refused_too():
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    preprocessor = TabularPreprocessor().fit(X)
    with pytest.raises(ValueError, match=r"dates.*'a'"):
        preprocessor.transform(pd.DataFrame({"a": pd.date_range("2020", periods=3)}))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.array([[1.0], [np.inf]]), ValueError, "infinity"),
        (pd.DataFrame({"a": [1.0, -np.inf]}), ValueError, "infinity"),
        (scipy.sparse.eye(3).tocsr(), TypeError, "[Ss]parse"),
        (np.ones((2, 2)) * 1j, ValueError, "[Cc]omplex"),
        (np.ones(3), ValueError, "Reshape your data"),
        (np.ones((2, 2, 2)), ValueError, "dim 3"),
        (np.ones((0, 2)), ValueError, r"0 sample\(s\)"),
        (pd.DataFrame({"a": []}), ValueError, r"0 sample\(s\)"),
        (pd.DataFrame(index=[1, 2]), ValueError, r"0 feature\(s\)"),
        (lambda: _polars({"a": [[1], [2]]}), TypeError, "string or a number"),
        (pd.DataFrame({"a": [{}, {}]}), TypeError, "string or a number"),
    ],
)
def test_tables_that_cannot_be_used(X, error, message):
    X = X() if callable(X) else X
    with pytest.raises(error, match=message):
        TabularPreprocessor().fit(X)


def test_other_columns_than_in_fit():
    preprocessor = TabularPreprocessor().fit(_pandas())
    with pytest.raises(ValueError, match="feature names should match"):
        preprocessor.transform(_pandas().rename(columns={"price": "cost"}))
    with pytest.raises(ValueError, match="rooms"):
        preprocessor.transform(_pandas().drop(columns="rooms"))


def test_texts_in_a_column_of_numbers():
    preprocessor = TabularPreprocessor().fit(_pandas())
    with pytest.raises(ValueError, match=r"'rooms'.*categorical_features"):
        preprocessor.transform(_pandas().assign(rooms=list("abcdef")))


def test_a_column_without_any_value():
    X = pd.DataFrame({"none": [np.nan] * 4, "x": [1.0, 2.0, 3.0, 4.0]})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.constant_features_ == ["none"]
    out = preprocessor.transform(X.assign(none=5.0))
    assert not out[:, 0].any()
    nothing = pd.DataFrame({"c": [None, None]}, dtype=object)
    assert TabularPreprocessor().fit(nothing).constant_features_ == ["c"]
    assert TabularPreprocessor().fit_transform(nothing).shape == (2, 0)


@pytest.mark.parametrize("largest", [1e300, 1e-300, 1e38])
def test_numbers_of_any_size(largest):
    x = np.linspace(-1, 1, 9)[:, None] * largest
    out = TabularPreprocessor().fit_transform(x)
    expected = TabularPreprocessor().fit_transform(np.linspace(-1, 1, 9)[:, None])
    np.testing.assert_allclose(out, expected, rtol=1e-5)
    assert np.isfinite(TabularPreprocessor().fit(x / largest).transform(x)).all()


def test_large_numbers_keep_their_differences_in_float32():
    years = np.array([[1.7e9 + i] for i in range(5)])
    out = TabularPreprocessor().fit_transform(years)
    assert out.dtype == np.float32
    assert len(np.unique(out)) == 5


def test_a_fit_that_fails_leaves_the_preprocessor_as_it_was():
    preprocessor = TabularPreprocessor().fit(_pandas())
    before = preprocessor.transform(_pandas())
    with pytest.raises(ValueError, match="infinity"):
        preprocessor.fit(pd.DataFrame({"z": [1.0, np.inf]}))
    np.testing.assert_array_equal(preprocessor.transform(_pandas()), before)


def test_columns_that_vary_only_in_being_there_are_not_constant():
    X = pd.DataFrame({"a": [5.0, np.nan] * 3, "c": ["x", None] * 3})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.constant_features_ == []
    assert (preprocessor.transform(X).std(axis=0)[1:] > 0).all()


def test_booleans_can_be_numbers():
    X = np.array([[True, False], [False, False], [True, True]])
    preprocessor = TabularPreprocessor(categorical_features=None).fit(X)
    assert not preprocessor.is_categorical_.any()


def test_a_column_of_which_nothing_is_known_any_more_gives_a_warning():
    X = pd.DataFrame({"code": pd.Categorical(list(range(12)) * 2)})
    preprocessor = TabularPreprocessor().fit(X)
    with pytest.warns(UserWarning, match="another type than before"):
        preprocessor.transform(X.astype(str))


def test_masked_numbers_are_missing():
    X = np.ma.masked_equal([[1.0], [2.0], [-9999.0], [3.0]], -9999.0)
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.get_feature_names_out().tolist() == [
        "x0",
        "missingindicator_x0",
    ]


def test_columns_of_the_same_name():
    X = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["a", "a"])
    with pytest.raises(ValueError, match=r"names \['a'\]"):
        TabularPreprocessor().fit(X)


def test_set_output_and_clone():
    preprocessor = clone(TabularPreprocessor()).set_output(transform="pandas")
    out = preprocessor.fit_transform(_pandas())
    assert out.columns.tolist() == NAMES


def test_set_output_to_polars():
    preprocessor = TabularPreprocessor().set_output(transform="polars")
    assert preprocessor.fit_transform(_polars(ROWS)).columns == NAMES


def test_names_are_unique():
    X = pd.DataFrame({"a": ["x", "b_c", "y"], "a_b": ["c", "d", "e"]})
    names = TabularPreprocessor().fit(X).get_feature_names_out().tolist()
    assert "a_b_c" in names
    assert "a_b_c_" in names


def test_names_are_unique_in_polars_too():
    pytest.importorskip("polars")
    X = pd.DataFrame({"a": ["x", "b_c", "y"], "a_b": ["c", "d", "e"]})
    TabularPreprocessor().set_output(transform="polars").fit_transform(X)


def test_names_of_an_array():
    preprocessor = TabularPreprocessor().fit(np.ones((3, 2)))
    assert preprocessor.get_feature_names_out().tolist() == ["x0", "x1"]
    assert preprocessor.get_feature_names_out(["a", "b"]).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="length"):
        preprocessor.get_feature_names_out(["a"])
    with pytest.raises(ValueError, match="feature_names_in_"):
        TabularPreprocessor().fit(_pandas()).get_feature_names_out(["a"] * 5)


@pytest.mark.parametrize(
    "params", [{"max_onehot": -1}, {"clip": 0.0}, {"dtype": "float16"}]
)
def test_parameters_are_checked(params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        TabularPreprocessor(**params).fit(np.ones((3, 2)))
