"""TabularPreprocessor: encoding, imputation and the columns of the result."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sknumpy_mlp import (
    InvalidParameterError,
    TabularPreprocessor,
)
from tests.conftest import polars_frame
from tests.inputs.conftest import NAMES, ROWS, pandas_frame


def test_columns_and_their_names():
    preprocessor = TabularPreprocessor().fit(pandas_frame())
    assert preprocessor.get_feature_names_out().tolist() == NAMES
    assert preprocessor.is_categorical_.tolist() == [False, False, True, True, False]
    assert preprocessor.categories_ == {2: ["blue", "green", "red"], 3: [False, True]}
    assert preprocessor.constant_features_ == ["same"]
    assert preprocessor.n_numbers_ == 3
    assert preprocessor.cardinalities_ == ()
    assert preprocessor.transform(pandas_frame()).shape == (6, len(NAMES))


def test_missing_numbers_become_the_median_and_are_marked():
    out = pd.DataFrame(
        TabularPreprocessor().fit(pandas_frame()).transform(pandas_frame()),
        columns=NAMES,
    )
    assert out["price"][2] == 0.0
    marked = out["missingindicator_price"]
    assert marked[2] > marked[0]
    assert marked.drop(2).nunique() == 1
    assert not out["same"].any()


def test_a_number_missing_only_at_prediction_time_is_the_median():
    preprocessor = TabularPreprocessor().fit(pandas_frame())
    later = pandas_frame().assign(rooms=np.nan)
    out = preprocessor.transform(later)
    assert not out[:, 1].any()
    assert np.isfinite(out).all()


def test_unknown_and_missing_categories_look_alike():
    preprocessor = TabularPreprocessor().fit(pandas_frame())
    out = preprocessor.transform(
        pandas_frame().assign(color=["violet", None, np.nan, "red", "red", "red"])
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


def test_a_column_without_any_value():
    X = pd.DataFrame({"none": [np.nan] * 4, "x": [1.0, 2.0, 3.0, 4.0]})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.constant_features_ == ["none"]
    out = preprocessor.transform(X.assign(none=5.0))
    assert not out[:, 0].any()
    nothing = pd.DataFrame({"c": [None, None]}, dtype=object)
    assert TabularPreprocessor().fit(nothing).constant_features_ == ["c"]
    assert TabularPreprocessor().fit_transform(nothing).shape == (2, 0)


def test_a_fit_that_fails_leaves_the_preprocessor_as_it_was():
    preprocessor = TabularPreprocessor().fit(pandas_frame())
    before = preprocessor.transform(pandas_frame())
    with pytest.raises(ValueError, match="infinity"):
        preprocessor.fit(pd.DataFrame({"z": [1.0, np.inf]}))
    np.testing.assert_array_equal(preprocessor.transform(pandas_frame()), before)


def test_columns_that_vary_only_in_being_there_are_not_constant():
    X = pd.DataFrame({"a": [5.0, np.nan] * 3, "c": ["x", None] * 3})
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.constant_features_ == []
    assert (preprocessor.transform(X).std(axis=0)[1:] > 0).all()


def test_set_output_and_clone():
    preprocessor = clone(TabularPreprocessor()).set_output(transform="pandas")
    out = preprocessor.fit_transform(pandas_frame())
    assert out.columns.tolist() == NAMES


def test_set_output_to_polars():
    preprocessor = TabularPreprocessor().set_output(transform="polars")
    assert preprocessor.fit_transform(polars_frame(ROWS)).columns == NAMES


@pytest.mark.parametrize(
    "params",
    [{"max_onehot": -1}, {"clip": 0.0}, {"dtype": "float16"}, {"number_codes": "auto"}],
)
def test_parameters_are_checked(params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        TabularPreprocessor(**params).fit(np.ones((3, 2)))
