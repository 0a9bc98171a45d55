"""Sample weights of any type, their errors, and class weights."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.sample_weights import apply_class_weights
from tests.conftest import unconverged
from tests.inputs.conftest import (
    CLASSIFIERS,
    CODES,
    REGRESSORS,
    Color,
    N,
    X,
    by_name,
    target_of,
)

pytestmark = unconverged


#: Invalid weights, and the message after the name of the argument.
NO_WEIGHTS = {
    "signaling NaN": ([Decimal("sNaN")], r"NaN .*\[3\]\. Leave"),
    "None": ([None], r"NaN .*\[3\]\. Leave"),
    "NA": ([pd.NA], r"NaN .*\[3\]\. Leave"),
    "NaN": ([np.nan], r"NaN: the first is {}\[3\]\. .* leave the row out"),
    "infinity": ([np.inf], r"infinity .*: the first is {}\[3\]\. .* leave the row"),
    "string": (["heavy"], r"\[3\]='heavy' must be a number: .* leave the row out"),
    "enum": ([Color.RED], r"\[3\]=<Color.RED: 1> must be a number"),
    "list": ([[1.0]], r"\[3\]=\[1.0\] must be a number"),
    "complex": ([1j], r"Complex data not supported\. Weights must be real numbers\.$"),
}


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("kind", NO_WEIGHTS)
def test_weights_that_are_no_numbers(est, kind):
    """The message names the first of them, and the way out."""
    wrong, message = NO_WEIGHTS[kind]
    y, weight = target_of(est), [1.0] * 3 + wrong + [1.0] * (N - 4)
    fitted = clone(est).fit(X, y)
    for name, call in {
        "sample_weight": lambda: clone(est).fit(X, y, weight),
        "sample_weight ": lambda: fitted.score(X, y, weight),
        "sample_weight_val": lambda: clone(est).fit(
            X, y, X_val=X, y_val=y, sample_weight_val=weight
        ),
    }.items():
        start = rf"^(Input )?{name.strip()}( contains |: |)"
        with pytest.raises(
            (TypeError, ValueError), match=start + message.format(name.strip())
        ):
            call()


@by_name(CLASSIFIERS + REGRESSORS)
def test_weights_of_other_types(est):
    y, weight = target_of(est), np.arange(1, N + 1)
    one = clone(est).fit(X, y, weight.astype(float))
    for given in (
        [str(value) for value in weight],
        [Decimal(int(value)) for value in weight],
        pd.Series(weight, dtype="Int64"),
        np.ma.array(weight.astype(object)),
    ):
        two = clone(est).fit(X, y, given)
        np.testing.assert_array_equal(two.predict(X), one.predict(X))


# ------------------------------------------------------------------------ class weights

DATA = Data(X, CODES, None, CODES)


def test_without_class_weights_the_data_is_returned():
    assert apply_class_weights(DATA, None) is DATA


def test_class_weights_are_multiplied_with_sample_weights():
    weight = np.arange(1.0, N + 1)
    weighted = apply_class_weights(
        replace(DATA, sample_weight=weight), lambda y: 1.0 + y
    )
    np.testing.assert_array_equal(weighted.sample_weight, weight * (1 + CODES))
    assert (
        apply_class_weights(DATA, lambda y: 1.0 + y).sample_weight.tolist()
        == (1 + CODES).tolist()
    )


@pytest.mark.parametrize("factor", [0.0, np.inf])
def test_products_that_are_no_weights(factor):
    with pytest.raises(ValueError, match=r"Change class_weight\.$"):
        apply_class_weights(DATA, lambda y: np.full(len(y), factor))
