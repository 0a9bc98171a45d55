"""Missing and masked values in targets, sample weights and tables."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier

from sknumpy_mlp import (
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.missing import is_missing, refuse_missing, with_none
from tests.conftest import unconverged
from tests.inputs.conftest import (
    CLASSIFIERS,
    CODES,
    NETWORKS,
    REGRESSORS,
    TABLES,
    N,
    X,
    by_name,
    masked,
    target_of,
)

pytestmark = unconverged


@by_name(CLASSIFIERS + REGRESSORS)
def test_masked_targets_and_weights(est):
    """What lies under a mask is no value."""
    y, ones = target_of(est), np.ones(N)
    validation = {"X_val": X, "y_val": y}
    fitted = clone(est).fit(X, y)
    calls = [
        ("y", lambda: clone(est).fit(X, masked(y))),
        ("y", lambda: fitted.score(X, masked(y))),
        ("y", lambda: clone(est).fit(X, list(masked(y)))),
        ("y_val", lambda: clone(est).fit(X, y, X_val=X, y_val=masked(y))),
        ("sample_weight", lambda: clone(est).fit(X, y, masked(ones))),
        ("sample_weight", lambda: fitted.score(X, y, masked(ones))),
        (
            "sample_weight_val",
            lambda: clone(est).fit(X, y, **validation, sample_weight_val=masked(ones)),
        ),
    ]
    if hasattr(est, "partial_fit"):
        classes = {"classes": [0, 1]} if is_classifier(est) else {}
        calls += [
            ("y", lambda: clone(est).partial_fit(X, masked(y), **classes)),
            ("sample_weight", lambda: clone(est).partial_fit(X, y, masked(ones))),
        ]
    if hasattr(est, "partial_fit") and is_classifier(est):
        wrong = masked([0, 1, 2, 3, 4])
        calls.append(("classes", lambda: clone(est).partial_fit(X, y, classes=wrong)))
    for name, call in calls:
        with pytest.raises(ValueError, match=f"Input {name} contains masked values: 1"):
            call()


@by_name(NETWORKS)
def test_masked_tables_of_networks(est):
    y = target_of(est)
    fitted = clone(est).fit(X, y)
    classes = {"classes": [0, 1]} if is_classifier(est) else {}
    for call in (
        lambda: clone(est).fit(masked(X), y),
        lambda: clone(est).fit(list(masked(X)), y),
        lambda: clone(est).partial_fit(masked(X), y, **classes),
        lambda: clone(est).fit(X, y, X_val=masked(X), y_val=y),
        lambda: fitted.predict(masked(X)),
        lambda: fitted.predict(masked(X)[1:2]),
        lambda: fitted.score(masked(X), y),
        lambda: fitted.hidden_activations(masked(X)),
    ):
        with pytest.raises(ValueError, match="Input X contains masked values: 1 of"):
            call()
    np.testing.assert_array_equal(fitted.predict(np.ma.array(X)), fitted.predict(X))


def test_masked_weights_of_a_network():
    clf = clone(CLASSIFIERS[0]).fit(X, CODES)
    arrays = [masked(W) if i == 0 else W for i, W in enumerate(clf.coefs_)]
    with pytest.raises(ValueError, match="Input coefs_ contains masked values: 1 of"):
        clf.coefs_ = arrays


@by_name(TABLES)
def test_masked_tables_have_missing_values(est):
    y, missing = target_of(est), masked(X).filled(np.nan)
    one = clone(est).fit(missing, y, X_val=missing, y_val=y)
    two = clone(est).fit(masked(X), y, X_val=masked(X), y_val=y)
    for table in (masked(X), list(masked(X))):
        np.testing.assert_array_equal(two.predict(table), one.predict(missing))
    pre = TabularPreprocessor().fit(masked(X))
    np.testing.assert_array_equal(
        pre.transform(masked(X)),
        TabularPreprocessor().fit(missing).transform(missing),
    )


@by_name(CLASSIFIERS + REGRESSORS)
def test_masked_arrays_of_objects(est):
    """Without a masked value, they are arrays of objects."""
    y, table = target_of(est), np.ma.array(X.astype(object))
    one = clone(est).fit(X, y, X_val=X, y_val=y)
    two = clone(est).fit(table, y, X_val=table, y_val=y)
    np.testing.assert_array_equal(two.predict(table), one.predict(X))
    target = np.ma.array(np.asarray(y).astype(object))
    three = clone(est).fit(X, target, X_val=X, y_val=target)
    np.testing.assert_array_equal(three.predict(X), one.predict(X))
    wrong = masked(np.asarray(y).astype(object))
    with pytest.raises(ValueError, match="Input y contains masked values: 1"):
        clone(est).fit(X, wrong)


# ------------------------------------------------------------------------ single values


@pytest.mark.parametrize(
    "value",
    [
        None,
        np.nan,
        np.float32("nan"),
        pd.NaT,
        pd.NA,
        np.datetime64("NaT"),
        Decimal("NaN"),
        Decimal("sNaN"),
    ],
    ids=repr,
)
def test_missing_values(value):
    assert is_missing(value)
    assert with_none(["a", value, 1]) == ["a", None, 1]


@pytest.mark.parametrize(
    "value", [0, "", "nan", np.inf, Decimal(0), np.ones(2), [None]]
)
def test_values_that_are_not_missing(value):
    assert not is_missing(value)


def test_the_first_missing_value_is_named():
    values = np.array([[1, 2], [None, pd.NA]], dtype=object)
    with pytest.raises(ValueError, match=r"^Input y contains NaN .* is y\[1, 0\]\. "):
        refuse_missing(values, "y")
    dates = np.array(["2020", "NaT"], dtype="datetime64[D]")
    with pytest.raises(ValueError, match=r"y\[1\]"):
        refuse_missing(dates, "y")
    refuse_missing(np.array([np.nan]), "y")  # scikit-learn checks floats
