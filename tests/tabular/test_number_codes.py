"""Numbers whose values are codes."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor
from tests.conftest import tabular_estimators

N = 3000
RNG = np.random.default_rng(0)
CODE = RNG.choice(np.arange(100.0, 140.0), N)
EFFECT = RNG.normal(size=140)[CODE.astype(int)]
NOISE = RNG.normal(size=N)

TARGETS = {
    "numbers": EFFECT + NOISE,
    "few integers": np.round(2 * (EFFECT + NOISE)).astype(int),
    "some integers": np.round(10 * (EFFECT + NOISE)),
    "many integers": np.round(50 * (EFFECT + NOISE)).astype(int),
    "large numbers": 1e200 * (EFFECT + NOISE),
    "small deviations": 1e6 + 1e-2 * (EFFECT + NOISE),
    "two columns": np.column_stack([NOISE, EFFECT + NOISE]),
    "two classes": EFFECT + NOISE > 0,
    "classes": np.digitize(EFFECT + NOISE, [-1, 0, 1]),
    "strings": np.where(EFFECT + NOISE > 0, "yes", "no"),
    "labels": np.column_stack([EFFECT + NOISE > 0, NOISE > 0]).astype(int),
}


def _codes(column, y):
    return TabularPreprocessor(number_codes=True).fit(column[:, None], y).number_codes_


@pytest.mark.parametrize("name", TARGETS)
def test_codes_are_found_for(name):
    codes = _codes(CODE, TARGETS[name])
    np.testing.assert_array_equal(codes[0], np.arange(100.0, 140.0))


SMOOTH = {
    "linear": lambda x: x / 2.0,
    "sine": lambda x: np.sin(x / 2.0),
    "quadratic": lambda x: (x - 6.0) ** 2 / 9.0,
    "exponential": lambda x: np.exp(x / 4.0),
    "none": lambda x: 0.0 * x,
}


@pytest.mark.parametrize("n_rows", [3_000, 100_000])
@pytest.mark.parametrize("name", SMOOTH)
def test_numbers_with_a_smooth_effect_are_not_codes(name, n_rows):
    """However clear the effect is; here, of the twelve months of a year."""
    rng = np.random.default_rng(0)
    month = rng.integers(1, 13, n_rows).astype(float)
    assert _codes(month, SMOOTH[name](month) + rng.normal(size=n_rows)) == {}


def test_columns_of_few_or_rare_values_have_no_codes():
    few = CODE % 9
    effect = RNG.normal(size=9)[few.astype(int)]
    assert _codes(few, 5.0 * effect + NOISE) == {}
    assert _codes(RNG.permutation(N) / 4.0, TARGETS["numbers"]) == {}
    assert _codes(np.full(N, np.nan), TARGETS["numbers"]) == {}


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, 123.456, -1e-300, 1e300])
def test_constant_targets_have_no_codes(value):
    assert _codes(CODE, np.full(N, value)) == {}


def test_without_a_target_or_unless_asked_for_there_are_none():
    X, y = CODE[:, None], TARGETS["numbers"]
    assert TabularPreprocessor(number_codes=True).fit(X).number_codes_ == {}
    assert TabularPreprocessor().fit(X, y).number_codes_ == {}


def test_targets_of_no_use_are_refused():
    preprocessor, X = TabularPreprocessor(number_codes=True), CODE[:, None]
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        preprocessor.fit(X, TARGETS["numbers"][:-1])
    with pytest.raises(ValueError, match=r"number_codes=True needs a target y of num"):
        preprocessor.fit(X, np.full((N, 2), "a", dtype=object))


def test_the_encoding_of_codes():
    frame = pd.DataFrame({"size": NOISE, "kind": "a", "zip": CODE})
    frame.loc[::50, "zip"] = np.nan
    frame.loc[1::700, "zip"] = 117.5  # rare
    frame["kind"] = frame["kind"].where(NOISE < 0, "b")
    preprocessor = TabularPreprocessor(number_codes=True, max_onehot=0)
    out = preprocessor.fit_transform(frame, TARGETS["numbers"])
    names = ["size", "zip", "missingindicator_zip", "kind", "zip_code"]
    assert preprocessor.get_feature_names_out().tolist() == names
    assert preprocessor.cardinalities_ == (3, 41)
    expected = np.where(frame["zip"] % 1 == 0, frame["zip"] - 99, 0)
    np.testing.assert_array_equal(out[:, -1], expected)
    np.testing.assert_array_equal(preprocessor.transform(frame), out)
    new = pd.DataFrame({"size": 0.0, "kind": "a", "zip": [99.0, 100.0, 1e9, np.nan]})
    assert preprocessor.transform(new)[:, -1].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("fitted_to", ["float64", "float32"])
def test_codes_do_not_depend_on_the_precision_of_numbers(fitted_to):
    tenths = np.round(0.1 * (CODE - 120.0), 1)[:, np.newaxis]
    preprocessor = TabularPreprocessor(number_codes=True)
    preprocessor.fit(tenths.astype(fitted_to), TARGETS["numbers"])
    for column in (tenths, tenths.astype("float32"), 0.1 * np.round(10 * tenths)):
        out = preprocessor.transform(column)
        np.testing.assert_array_equal(out[:, -1], CODE - 99.0)
    assert not preprocessor.transform(tenths[CODE != 120.0] + 1e-3)[:, -1].any()


@pytest.mark.parametrize("with_category", [False, True])
def test_rows_with_equal_codes_are_not_copies(with_category):
    """Their folds would all be predicted without any row of their codes."""
    X = pd.DataFrame({"code": CODE})
    if with_category:
        X["kind"] = RNG.choice(list("abcd"), N)
    clf = TabularMLPClassifier((16,), max_iter=20, n_members=4, random_state=0)
    clf.fit(X, EFFECT + 0.3 * NOISE > 0)
    assert list(clf.preprocessor_.number_codes_) == [0]
    assert clf.oof_score_ > 0.85


@tabular_estimators
def test_codes_are_learned(Estimator):
    y = EFFECT + 0.1 * NOISE
    y = np.round(10 * y) if Estimator is TabularMLPRegressor else y > 0
    X = np.column_stack([CODE, NOISE])
    est = Estimator(max_iter=20, n_members=2, random_state=0, n_jobs=1)
    est.fit(X[:1500], y[:1500])
    assert list(est.preprocessor_.number_codes_) == [0]
    assert est.score(X[1500:], y[1500:]) > 0.95
