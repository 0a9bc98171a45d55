"""Features of the plain estimators: read, and in the order of the fit."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sknumpy_mlp._inputs.column_labels import non_string_labels
from sknumpy_mlp._inputs.features import check_feature_order, reading_features
from tests.inputs.conftest import Tensor, X, masked, with_bad


def read(values, dtype=np.float64):
    with reading_features(values, dtype, alternative="TabularMLPRegressor") as found:
        return found


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, sp.csr_array])
def test_what_scikit_learn_reads_is_left_as_it_is(make):
    values = make(X)
    assert read(values) is values


def test_arrays_of_other_libraries_become_numpy_s():
    found = read(Tensor(X))
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, X)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((3, 2), np.datetime64("2020")), "X holds dates or times"),
        (masked(X), "masked"),
        (pd.DataFrame({"a": pd.to_datetime(["2020", "2021"])}), "X holds dates"),
    ],
    ids=["dates", "masked", "frame"],
)
def test_what_is_no_number_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        read(values)


def test_errors_of_the_validation_lead_to_the_other_estimator():
    values = with_bad("red")

    def validate():
        with reading_features(values, np.float64, alternative="TabularMLPClassifier"):
            values.astype(float)

    with pytest.raises(ValueError, match=r"'red'.*TabularMLPClassifier") as caught:
        validate()
    assert caught.value.__cause__ is not None


def test_numpy_does_not_warn_of_what_is_looked_for():
    with (
        reading_features(X, np.float64, alternative=""),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        assert np.isnan(np.sum([np.inf, -np.inf]))


def frame(columns):
    return pd.DataFrame(X, columns=columns)


@pytest.mark.parametrize(
    ("before", "later"),
    [
        ([10, 20, 30], [10, 20, 30]),
        (["a", "b", "c"], ["c", "b", "a"]),  # scikit-learn looks at these itself
        ([0, 1, 2], [7, 8, 9]),  # as of an array
        ([7, 8, 9], [0, 1, 2]),
    ],
)
def test_orders_that_pass(before, later):
    check_feature_order(frame(later), non_string_labels(frame(before)))


def test_arrays_have_no_order():
    check_feature_order(X, non_string_labels(frame([10, 20, 30])))
    check_feature_order(frame([10, 20, 30]), non_string_labels(X))


@pytest.mark.parametrize(
    ("before", "later"), [([10, 20, 30], [20, 10, 30]), ([0, 1, 2], [0, 2, 1])]
)
def test_another_order_is_refused(before, later):
    with pytest.raises(ValueError, match=r"order|names"):
        check_feature_order(frame(later), non_string_labels(frame(before)))
