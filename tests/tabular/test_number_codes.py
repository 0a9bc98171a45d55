"""Numbers whose values are codes."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularPreprocessor
from tests.conftest import tabular_estimators

N = 3000
RNG = np.random.default_rng(0)
CODE = RNG.choice(np.arange(100.0, 140.0), N)
EFFECT = RNG.normal(size=140)[CODE.astype(int)]
NOISE = RNG.normal(size=N)

TARGETS = {
    "numbers": EFFECT + NOISE,
    "integers": np.round(50 * (EFFECT + NOISE)).astype(int),
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
    "linear": CODE / 10.0,
    "sine": np.sin(CODE / 4.0),
    "quadratic": (CODE - 120.0) ** 2 / 100.0,
    "step": (CODE > 117.0) * 2.0,
    "none": 0.0 * CODE,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_numbers_with_a_smooth_effect_are_not_codes(name):
    assert _codes(CODE, SMOOTH[name] + NOISE) == {}


def test_columns_of_few_or_rare_values_and_constant_targets_have_no_codes():
    few = CODE % 9
    effect = RNG.normal(size=9)[few.astype(int)]
    assert _codes(few, 5.0 * effect + NOISE) == {}
    assert _codes(RNG.permutation(N) / 4.0, TARGETS["numbers"]) == {}
    assert _codes(CODE, np.ones(N)) == {}
    assert _codes(np.full(N, np.nan), TARGETS["numbers"]) == {}


def test_without_a_target_or_unless_asked_for_there_are_none():
    X, y = CODE[:, None], TARGETS["numbers"]
    assert TabularPreprocessor(number_codes=True).fit(X).number_codes_ == {}
    assert TabularPreprocessor().fit(X, y).number_codes_ == {}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TabularPreprocessor(number_codes=True).fit(X, y[:-1])


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
    assert preprocessor.column_slices()[-1] == slice(4, 5)


@tabular_estimators
def test_codes_are_learned(Estimator):
    y = EFFECT + 0.1 * NOISE
    y = y > 0 if Estimator is TabularMLPClassifier else y
    X = np.column_stack([CODE, NOISE])
    est = Estimator(max_iter=20, n_members=2, random_state=0, n_jobs=1)
    est.fit(X[:1500], y[:1500])
    assert list(est.preprocessor_.number_codes_) == [0]
    assert est.score(X[1500:], y[1500:]) > 0.95
