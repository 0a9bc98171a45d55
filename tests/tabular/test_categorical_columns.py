"""``categorical_features``: a mask, indices and names."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import (
    TabularPreprocessor,
)


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


def test_booleans_can_be_numbers():
    X = np.array([[True, False], [False, False], [True, True]])
    preprocessor = TabularPreprocessor(categorical_features=None).fit(X)
    assert not preprocessor.is_categorical_.any()
