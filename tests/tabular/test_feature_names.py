"""Names of the features that a preprocessor returns."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import (
    TabularPreprocessor,
)
from sknumpy_mlp._tabular.feature_names import unique_names
from tests.inputs.conftest import pandas_frame


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
        TabularPreprocessor().fit(pandas_frame()).get_feature_names_out(["a"] * 5)


def test_repeated_names_get_underscores():
    assert unique_names(["a", "b", "a", "a"]).tolist() == ["a", "b", "a_", "a__"]
