"""TabularPreprocessor: every kind of table, column and mistake."""

import datetime
import enum
import ipaddress
import pickle
import re
import sys
import uuid
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone

from sknumpy_mlp import (
    InvalidParameterError,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.table import Table

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
        (lambda: _polars({"a": [[1], [2]]}), TypeError, "string, a number"),
        (pd.DataFrame({"a": [{}, {}]}), TypeError, "string, a number"),
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
    X = pd.DataFrame({"code": list("abcdefghijkl") * 2})
    preprocessor = TabularPreprocessor().fit(X)
    with pytest.warns(UserWarning, match="another column than before"):
        preprocessor.transform(X.map(str.upper))


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


# ------------------------------------------------------------------- numbers as objects


def _decimals(values):
    return [None if value != value else Decimal(str(value)) for value in values]


def _each(convert, dtype=object):
    """Convert each column, a list of floats, to a pandas series."""
    return lambda X: pd.DataFrame(
        {name: pd.Series(convert(X[name].tolist()), dtype=dtype) for name in X}
    )


def _objects_in_polars(X):
    polars = pytest.importorskip("polars")
    return polars.DataFrame(
        [polars.Series(name, _decimals(X[name]), dtype=polars.Object) for name in X]
    )


def _decimals_in_polars(X):
    polars = pytest.importorskip("polars")
    return polars.DataFrame(
        [
            polars.Series(name, _decimals(X[name]), dtype=polars.Decimal(9, 2))
            for name in X
        ]
    )


def _int128_in_polars(X):
    polars = pytest.importorskip("polars")
    if not hasattr(polars, "Int128"):
        pytest.skip("polars has no integers of 128 bits")
    whole = (X * 100).round()
    columns = [[None if v != v else int(v) for v in whole[name]] for name in X]
    return polars.DataFrame(
        [
            polars.Series(name, values, dtype=polars.Int128)
            for name, values in zip(X, columns, strict=True)
        ]
    )


def _decimals_in_arrow(X):
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table({name: pyarrow.array(_decimals(X[name])) for name in X})


def _arrow_decimals_in_pandas(X):
    return _decimals_in_arrow(X).to_pandas(types_mapper=pd.ArrowDtype)


#: Ways to store the same numbers, which all are numbers.
STORED = {
    "floats": lambda X: X,
    "an array": lambda X: X.to_numpy(),
    "an array of objects": lambda X: X.to_numpy(object),
    "objects": lambda X: X.astype(object),
    "None for NaN": lambda X: X.astype(object).replace({np.nan: None}),
    "transposed with strings": lambda X: X.assign(s="a").T.T.drop(columns="s"),
    "nullable": lambda X: X.convert_dtypes(),
    "rows": lambda X: X.astype(object).replace({np.nan: None}).to_numpy().tolist(),
    "Decimal": _each(_decimals),
    "rows of Decimal": lambda X: _each(_decimals)(X).to_numpy().tolist(),
    "Decimal with NaN": _each(
        lambda values: [Decimal("NaN") if v is None else v for v in _decimals(values)]
    ),
    "Decimal with sNaN": _each(
        lambda values: [Decimal("sNaN") if v is None else v for v in _decimals(values)]
    ),
    "Fraction": _each(
        lambda values: [None if v is None else Fraction(v) for v in _decimals(values)]
    ),
    "NumPy's scalars": _each(lambda values: [np.float64(v) for v in values]),
    "a mixture": _each(
        lambda values: [
            pd.NA if v is None else float(v) if i % 2 else v
            for i, v in enumerate(_decimals(values))
        ]
    ),
    "Decimal in Arrow": _decimals_in_arrow,
    "Arrow's Decimal in pandas": _arrow_decimals_in_pandas,
    "Decimal in polars": _decimals_in_polars,
    "objects in polars": _objects_in_polars,
}


def _prices():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "price": np.round(rng.lognormal(3, 1, 60), 2),
            "area": np.round(rng.normal(50, 10, 60), 1),
        }
    )
    X.loc[::7, "area"] = np.nan
    return X


@pytest.mark.parametrize("how", STORED)
def test_numbers_are_numbers_however_they_are_stored(how):
    X = STORED[how](_prices())
    plain = TabularPreprocessor().fit(_prices())
    preprocessor = TabularPreprocessor().fit(X)
    assert not preprocessor.is_categorical_.any()
    expected = plain.transform(_prices())
    np.testing.assert_allclose(preprocessor.transform(X), expected, atol=1e-6)
    # Also if they are stored in another way than in fit, down to a single row.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X (does not have valid|has) feature names")
        np.testing.assert_allclose(plain.transform(X), expected, atol=1e-6)
        np.testing.assert_allclose(
            preprocessor.transform(_prices()[:1]), expected[:1], atol=1e-6
        )


def test_integers_of_128_bits_are_numbers():
    X = _int128_in_polars(_prices())
    out = TabularPreprocessor().fit_transform(X)
    expected = TabularPreprocessor().fit_transform(_prices())
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_a_regressor_learns_from_decimals_what_it_learns_from_floats():
    X = _prices()
    y = X["price"].to_numpy()
    reg = TabularMLPRegressor((4,), max_iter=2, ensemble=None, random_state=0)
    expected = reg.fit(X, y).predict(X)
    decimals = _each(_decimals)(X)
    np.testing.assert_array_equal(reg.predict(decimals), expected)
    np.testing.assert_array_equal(reg.fit(decimals, y).predict(X), expected)


@pytest.mark.parametrize(
    "values",
    [[True, False], [True, None, False], [np.bool_(True), np.nan, np.bool_(False)]],
    ids=str,
)
def test_booleans_among_objects_stay_booleans(values):
    X = pd.DataFrame({"c": pd.Series(values * 3, dtype=object)})
    assert TabularPreprocessor().fit(X).categories_ == {0: [False, True]}
    as_numbers = TabularPreprocessor(categorical_features=None).fit(X)
    assert not as_numbers.is_categorical_.any()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1.5", "2", "?", "3.7"], "except '?'. If"),
        ([1.5, 2, "?", "n/a", 3, 4, 5, 6, Decimal(7)], "except '?', 'n/a'. If"),
        ([f"{i}.5" for i in range(12)], "read as numbers. If"),
        # Many exceptions in few rows, and in many.
        (
            [*map(str, range(300)), *"?-~/_!"],
            "except '!', '-', '/', '?', '_' and 1 more",
        ),
        ([*map(str, range(100)), *"?-~/_!"], None),
        (["a", "b", "1"], None),
        ([str(90_000 + i) for i in range(12)], None),  # codes
        (pd.Categorical(["1.5", "2", "?", "3.7"]), None),  # as its user wants it
    ],
    ids=str,
)
@pytest.mark.parametrize("make", ["pandas", "polars", "array"])
def test_strings_that_are_numbers_but_for_a_few_give_a_warning(values, found, make):
    X = pd.DataFrame({"c": pd.Series(list(values) * 3)})
    if isinstance(values, pd.Categorical):
        X = X.astype("category")
    elif make == "array":
        X = X.to_numpy(object)
    elif make == "polars" and all(isinstance(value, str) for value in values):
        X = _polars({"c": X["c"].tolist()})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        preprocessor = TabularPreprocessor().fit(X)
        TabularPreprocessor(categorical_features=[0]).fit(X)  # was told
    assert preprocessor.is_categorical_.all()
    messages = [str(each.message) for each in caught]
    assert len(messages) == (found is not None)
    for message in messages:
        advice = "convert it to floats" if make == "array" else r"pandas.to_numeric\(X"
        assert re.search(rf"^Column '(c|column 0)' \(.*{advice}", message)
        assert found in message


@pytest.mark.parametrize("as_category", [False, True])
def test_a_category_for_nearly_every_row_gives_a_warning(as_category):
    X = pd.DataFrame({"id": [f"id {i}" for i in range(40)], "x": range(40)})
    X = X.astype({"id": "category"}) if as_category else X
    with pytest.warns(UserWarning, match=r"'id' .* has 40 categories in 40 rows"):
        TabularPreprocessor().fit(X)
    TabularPreprocessor().fit(X.assign(id=[f"id {i}" for i in range(20)] * 2))


# ----------------------------------------------------------------- what a category is


def _column(values, dtype=object):
    return pd.DataFrame({"c": pd.Series(values, dtype=dtype)})


@pytest.mark.parametrize(
    ("values", "categories"),
    [
        ([94103, "94103", 94103.0, "94103.0", Decimal("94103.00"), "x"], [94103, "x"]),
        ([True, "True", False, "x"], [False, True, "x"]),
        ([True, "true", "x"], [True, "x"]),
        ([np.int64(5), "5", b"5"], [5, "b'5'"]),
        # Strings among themselves are as they are written.
        (["007", "7", "7.0", "True", "true"], ["007", "7", "7.0", "True", "true"]),
        (pd.Categorical([Decimal("1.50"), Decimal("2")]), [1.5, 2]),
        (pd.Categorical([Fraction(1, 2), Fraction(4, 2)]), [0.5, 2]),
    ],
    ids=str,
)
def test_what_reads_the_same_is_one_category(values, categories):
    dtype = "category" if isinstance(values, pd.Categorical) else object
    X = _column(list(values) * 2, dtype)
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.categories_ == {0: categories}
    assert list(map(type, preprocessor.categories_[0])) == list(map(type, categories))
    # And the same at prediction, row by row.
    together = preprocessor.transform(X)
    alone = [preprocessor.transform(X[i : i + 1]) for i in range(len(X))]
    np.testing.assert_array_equal(np.concatenate(alone), together)


def test_numbers_beside_strings_are_found_as_strings_too():
    preprocessor = TabularPreprocessor().fit(_column([94103, "SW1"] * 3))
    later = _column(["94103", 94103.0, "94103.0", Decimal(94103), 5, "SW1", None])
    _, codes = preprocessor.encode(Table(later), 0)
    assert codes.tolist() == [1, 1, 1, 1, 0, 2, 0]


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Unordered(enum.Enum):
    """An enumeration that cannot be hashed."""

    RED = 1
    BLUE = 2

    def __eq__(self, other):
        return self is other

    __hash__ = None


class Level(enum.StrEnum):
    LOW = "low"
    HIGH = "high"


INTERVALS = pd.interval_range(0, 20, freq=10)

#: Two values of each kind that a column of categories may hold.
OF_ALL_KINDS = {
    "string": ["a", "b"],
    "boolean": [False, True],
    "int": [3, 94103],
    "float": [0.5, 1.5],
    "Decimal": [Decimal("0.1"), Decimal("2.50")],
    "bytes": [b"a", b"b"],
    "Interval": list(INTERVALS),
    "interval of dates": list(pd.interval_range(pd.Timestamp("2026"), periods=2)),
    "UUID": [uuid.UUID(int=1), uuid.UUID(int=2)],
    "IPv4Address": [ipaddress.ip_address(f"10.0.0.{i}") for i in (1, 2)],
    "Enum": [Colour.RED, Colour.BLUE],
    "StrEnum": [Level.LOW, Level.HIGH],
    "tuple": [("a", 1), ("a", 2)],
}


@pytest.mark.parametrize("kind", OF_ALL_KINDS)
def test_categories_are_saved_as_plain_values(kind):
    first, second = OF_ALL_KINDS[kind]
    X = _column([first, second, None] * 3, "category")
    preprocessor = TabularPreprocessor().fit(X)
    (seen,) = preprocessor.categories_.values()
    assert len(seen) == 2
    assert {type(value) for value in seen} <= {str, bool, int, float}
    out = preprocessor.transform(X)
    assert len(np.unique(out, axis=0)) == 3
    again = pickle.loads(pickle.dumps(preprocessor))
    np.testing.assert_array_equal(again.transform(X), out)
    np.testing.assert_array_equal(again.transform(X.astype(object)[:1]), out[:1])
    sio = pytest.importorskip("skops.io")
    saved = sio.dumps(preprocessor)
    untrusted = sio.get_untrusted_types(data=saved)
    assert untrusted == ["sknumpy_mlp._tabular.preprocessor.TabularPreprocessor"]
    loaded = sio.loads(saved, trusted=untrusted)
    np.testing.assert_array_equal(loaded.transform(X), out)


def test_intervals_of_cut_are_in_their_order_and_found_again():
    bins = [0, 2, 10, 30]
    X = pd.DataFrame({"c": pd.cut([1, 5, 20, 1, 5, 20], bins)})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.categories_ == {0: ["(0, 2]", "(2, 10]", "(10, 30]"]}
    later = pd.DataFrame({"c": pd.cut([5.0], np.array(bins) * 1.0)})
    np.testing.assert_array_equal(
        preprocessor.transform(later), preprocessor.transform(X)[[1]]
    )


class _Addressed:
    """A class whose objects are not told apart by how they are written."""


@pytest.mark.parametrize(
    "value",
    [
        [1],
        {"a": 1},
        {1},
        frozenset([1]),
        1j,
        np.ones(2),
        ("a", frozenset([1])),
        _Addressed(),
        Unordered.RED,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_without_a_stable_string_are_refused_by_name(value):
    X = _column([value, "a", value])
    with pytest.raises(TypeError, match=r"columns 'c' \(object, such as .*map\(str\)"):
        TabularPreprocessor().fit(X)
    fitted = TabularPreprocessor().fit(_column(["a", "b"]))
    with pytest.raises(TypeError, match=r"columns 'c' \(object, such as"):
        fitted.transform(X[:1])


@pytest.mark.parametrize("kind", ["list", "map", "struct"])
def test_nested_columns_are_refused_by_name(kind):
    pyarrow = pytest.importorskip("pyarrow")
    values = {
        "list": pyarrow.array([[1], [2]]),
        "map": pyarrow.array([[("a", 1)]] * 2, pyarrow.map_("string", "int64")),
        "struct": pyarrow.array([{"a": 1}, {"a": 2}]),
    }[kind]
    table = pyarrow.table({"x": [1.0, 2.0], "c": values})
    for X in (table, table.to_pandas(), table.to_pandas(types_mapper=pd.ArrowDtype)):
        with pytest.raises(TypeError, match=r"in the columns 'c' \("):
            TabularPreprocessor().fit(X)


@pytest.mark.parametrize("later", OF_ALL_KINDS)
@pytest.mark.parametrize("before", OF_ALL_KINDS)
def test_a_value_of_another_kind_is_an_error_from_the_first_row_on(before, later):
    preprocessor = TabularPreprocessor().fit(_column(OF_ALL_KINDS[before], "category"))
    X = _column(OF_ALL_KINDS[later][:1])
    numbers = {"int", "float", "Decimal"}
    intervals = {"Interval", "interval of dates"}
    strings = {"string", "StrEnum"}
    may = before == later or any(
        {before, later} <= s for s in (numbers, intervals, strings)
    )
    if may:
        preprocessor.transform(X)
        return
    with pytest.raises(ValueError, match=r"column 'c' .* has the value .* but in fit"):
        preprocessor.transform(X)


@pytest.mark.parametrize("Estimator", [TabularMLPClassifier, TabularMLPRegressor])
def test_estimators_refuse_strings_for_booleans(Estimator):
    X = pd.DataFrame({"flag": [True, False] * 10, "x": np.arange(20.0)})
    y = np.arange(20) % 2
    est = Estimator((2,), max_iter=1, ensemble=None, random_state=0).fit(X, y)
    wrong = X[:1].assign(flag="true")
    for call in (est.predict, lambda X_val: est.fit(X, y, X_val=X_val, y_val=[1])):
        with pytest.raises(ValueError, match=r"'flag' .* value 'true' of type str"):
            call(wrong)
    np.testing.assert_array_equal(
        est.predict(X.assign(flag=[1, 0] * 10)), est.predict(X)
    )


def test_an_unseen_category_of_a_kind_of_fit_is_unknown():
    preprocessor = TabularPreprocessor().fit(_column(["a", "b", "c"]))
    assert preprocessor.encode(Table(_column(["z"])), 0)[1].tolist() == [0]


# ------------------------------------------------------------------- names of columns

NUMBERS = np.arange(60.0).reshape(20, 3) ** 2

NAMED = {
    "ints": [2019, 2020, 2021],
    "0, 1, 2": [0, 1, 2],
    "0, 1, 2 in another order": [2, 0, 1],
    "floats": [0.1, 0.2, 0.3],
    "tuples": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
    "timestamps": pd.date_range("2026-01-01", periods=3),
    "periods": pd.period_range("2026-01", periods=3, freq="M"),
    "strings": ["a", "b", "c"],
}


@pytest.mark.parametrize("names", NAMED)
def test_columns_in_another_order_are_refused_whatever_their_names(names):
    X = pd.DataFrame(NUMBERS, columns=NAMED[names])
    preprocessor = TabularPreprocessor().fit(X)
    preprocessor.transform(X.copy())
    pickle.loads(pickle.dumps(preprocessor)).transform(X)
    with pytest.raises(ValueError, match="in the same order"):
        preprocessor.transform(X.iloc[:, [1, 0, 2]])
    y = np.arange(20.0)
    reg = TabularMLPRegressor((2,), max_iter=1, ensemble=None, random_state=0)
    with pytest.raises(ValueError, match="in the same order"):
        reg.fit(X, y).predict(X.iloc[:1, [1, 0, 2]])
    with pytest.raises(ValueError, match="in the same order"):
        reg.fit(X, y, X_val=X.iloc[:, [1, 0, 2]], y_val=y)


@pytest.mark.parametrize(
    ("before", "later", "outcome"),
    [
        (None, "0, 1, 2", "the same"),
        ("0, 1, 2", None, "the same"),
        (None, "0, 1, 2 in another order", "error"),
        ("0, 1, 2", "0, 1, 2 in another order", "error"),
        ("0, 1, 2 in another order", "0, 1, 2", "error"),
        ("ints", "tuples", "error"),
        ("ints", "strings", "error"),
        ("strings", "ints", "error"),
        # Names that nobody gave do not contradict any, as in scikit-learn.
        ("ints", None, "warning"),
        (None, "ints", "warning"),
        ("ints", "0, 1, 2", "warning"),
        ("0, 1, 2 in another order", None, "warning"),
        ("strings", None, "warning"),
        ("strings", "0, 1, 2", "warning"),
        ("0, 1, 2", "strings", "warning"),
    ],
)
def test_columns_of_other_names(before, later, outcome):
    def make(names):
        if names is None:
            return NUMBERS
        return pd.DataFrame(NUMBERS, columns=NAMED[names])

    preprocessor = TabularPreprocessor().fit(make(before))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if outcome == "error":
            with pytest.raises(ValueError, match="columns of X must be those of fit"):
                preprocessor.transform(make(later))
            return
        preprocessor.transform(make(later))
    assert len(caught) == (outcome == "warning")


# ------------------------------------------------------------------ frames of all kinds


def _arrow():
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table(ROWS)


def test_arrow_tables_keep_names_and_types():
    X = _arrow()
    preprocessor = TabularPreprocessor().fit(X)
    expected = TabularPreprocessor().fit_transform(_pandas())
    assert preprocessor.get_feature_names_out().tolist() == NAMES
    np.testing.assert_allclose(preprocessor.transform(X), expected)
    np.testing.assert_allclose(preprocessor.transform(_pandas()), expected)
    with pytest.raises(ValueError, match="in the same order"):
        preprocessor.transform(X.select(X.column_names[::-1]))
    dates = X.append_column("when", [[datetime.date(2026, 1, 1)] * 6])
    with pytest.raises(ValueError, match=r"dates.*'when' \(date32"):
        TabularPreprocessor().fit(dates)
    reg = TabularMLPRegressor((2,), max_iter=1, n_members=2, random_state=0)
    y, weight = np.arange(6.0), [1, 1, 0, 1, 1, 1]
    predicted = reg.fit(X, y, sample_weight=weight).predict(X)
    np.testing.assert_allclose(
        reg.fit(_pandas(), y, sample_weight=weight).predict(X), predicted
    )


@pytest.mark.parametrize("how", ["batch", "reader", "stream"])
def test_whatever_speaks_arrow_is_a_table(how):
    X = _arrow().combine_chunks()

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return X.__arrow_c_stream__(requested_schema)

    made = {
        "batch": lambda: X.to_batches()[0],
        "reader": X.to_reader,
        "stream": Stream,
    }[how]
    preprocessor = TabularPreprocessor().fit(made())
    np.testing.assert_allclose(
        preprocessor.transform(made()), preprocessor.transform(_pandas())
    )


def test_without_pyarrow_there_is_advice(monkeypatch):
    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            raise AssertionError("must not be asked")

    monkeypatch.setitem(sys.modules, "pyarrow", None)  # what import does with a gap
    with pytest.raises(TypeError, match=r"Stream\. Pass a pandas or polars frame"):
        TabularPreprocessor().fit(Stream())


class _Interchange:
    """A frame that knows the old interchange protocol only."""

    def __dataframe__(self, *args, **kwargs):
        raise AssertionError("must not be asked")


def _lazy():
    return pytest.importorskip("polars").LazyFrame(ROWS)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (_lazy, TypeError, r"LazyFrame.*Pass X\.collect\(\)"),
        (_Interchange, TypeError, r"_Interchange\. Pass a pandas or polars frame"),
        (lambda: pd.Series([1.0, 2.0]), ValueError, r"of type Series.*X\.to_frame"),
        (lambda: _polars(ROWS)["rooms"], ValueError, r"of type Series.*X\.to_frame"),
        (lambda: _arrow()["rooms"], ValueError, "of type ChunkedArray"),
    ],
)
def test_what_is_no_table_is_refused_with_advice(X, error, message):
    fitted = TabularPreprocessor().fit([[1.0], [2.0]])
    reg = TabularMLPRegressor()
    for call in (TabularPreprocessor().fit, fitted.transform):
        with pytest.raises(error, match=message):
            call(X())
    with pytest.raises(error, match=message):
        reg.fit(X(), [1.0, 2.0])


def test_infinite_numbers_are_refused_by_the_name_of_their_column():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, -np.inf]})
    with pytest.raises(ValueError, match=r"X contains infinity.*in the column 'b'"):
        TabularPreprocessor().fit(X)


def test_a_value_that_is_no_number_is_named():
    fitted = TabularPreprocessor().fit(_column([1.0, 2.0], float))
    for value in (10**400, "x", b"x"):
        with pytest.raises(ValueError, match=re.escape(f"value {value!r}"[:20])):
            fitted.transform(_column([value]))


# ------------------------------------------------------------------------- wide tables


def test_columns_scaled_together_are_scaled_as_alone():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9, 40)).round(1)
    X[rng.random(X.shape) < 0.4] = np.nan
    X[:, 7] = np.nan
    X[:, 9] = 3.0
    together = TabularPreprocessor(dtype="float64").fit(X)
    for j in range(40):
        alone = TabularPreprocessor(dtype="float64").fit(X[:, [j]])
        np.testing.assert_array_equal(
            together.transform(X)[:, j], alone.transform(X[:, [j]])[:, 0]
        )


@pytest.mark.parametrize("make", ["pandas", "polars", "arrow", "array"])
@pytest.mark.parametrize("strings", [False, True])
def test_reading_a_table_asks_for_its_columns_once(make, strings, monkeypatch):
    """Work grows with the number of columns, not with its square."""
    n_columns = 40
    values = np.arange(80.0).reshape(2, n_columns)
    X = pd.DataFrame(values, columns=[f"c{i}" for i in range(n_columns)])
    X = X.astype(str) if strings else X
    if make == "polars":
        X = _polars(X.to_dict("list"))
    elif make == "arrow":
        X = pytest.importorskip("pyarrow").table(X.to_dict("list"))
    elif make == "array":
        X = X.to_numpy()
    n_asked = {"columns": 0, "dtypes": 0, "get_columns": 0}

    class Counted:
        def __init__(self, table):
            self._table = table

        def __getattr__(self, name):
            if name in n_asked:
                n_asked[name] += 1
            return getattr(self._table, name)

    if make in ("pandas", "polars"):
        X = Counted(X)
    table = Table(X)
    assert len(table.columns) == n_columns
    if strings:
        assert len([table.categories(i) for i in range(n_columns)]) == n_columns
    else:
        np.testing.assert_array_equal(table.numbers(range(n_columns)), values)
        backwards = table.numbers(range(n_columns - 1, -1, -1))
        np.testing.assert_array_equal(backwards, values[:, ::-1])
    assert max(n_asked.values()) <= 2


def test_the_look_up_of_many_categories_is_made_once(monkeypatch):
    n_made = []

    def count(self, values, kinds):
        n_made.append(len(values))
        made(self, values, kinds)

    from sknumpy_mlp._inputs import categories

    made = categories.Categories.__init__
    X = pd.DataFrame({"id": [f"id {i % 50}" for i in range(200)]})
    preprocessor = TabularPreprocessor().fit(X)
    saved = pickle.dumps(preprocessor)
    assert saved.count(b"id 49") == 1  # it is not saved a second time
    monkeypatch.setattr(categories.Categories, "__init__", count)
    expected = preprocessor.transform(X)
    preprocessor.transform(X[:1])
    assert n_made == []
    loaded = pickle.loads(saved)
    assert n_made == [50]
    np.testing.assert_array_equal(loaded.transform(X), expected)
    assert n_made == [50]
