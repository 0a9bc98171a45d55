"""Warnings about categories."""

import re
import warnings
from decimal import Decimal

import pandas as pd
import pytest

from sknumpy_mlp import (
    TabularPreprocessor,
)
from tests.conftest import polars_frame


def test_a_column_of_which_nothing_is_known_any_more_gives_a_warning():
    X = pd.DataFrame({"code": list("abcdefghijkl") * 2})
    preprocessor = TabularPreprocessor().fit(X)
    with pytest.warns(UserWarning, match="another column than before"):
        preprocessor.transform(X.map(str.upper))


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
        X = polars_frame({"c": X["c"].tolist()})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        preprocessor = TabularPreprocessor().fit(X)
        TabularPreprocessor(categorical_features=[0]).fit(X)  # chosen by the user
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
