"""What hypothesis makes up: numbers, tables, and how long it goes on doing so.

Two profiles: "ci", always the same examples in about a minute and a half, and
"nightly", with HYPOTHESIS_PROFILE=nightly, more of them, new ones each time, and
sequences of calls for ten minutes.
"""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.conftest import unconverged

_ALWAYS = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile(
    "ci", max_examples=60, derandomize=True, database=None, **_ALWAYS
)
settings.register_profile("nightly", max_examples=1000, print_blob=True, **_ALWAYS)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
settings.load_profile(_PROFILE)
NIGHTLY = _PROFILE == "nightly"

# Two epochs do not converge, and targets of one column may stand upright.
short_fits = [
    unconverged,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning"),
]


# What the documentation names.  InvalidParameterError, PartialFitUnavailableError and
# NotFittedError are ValueErrors.
DOCUMENTED = (ValueError, TypeError)
NUMBERS = st.one_of(
    st.floats(-3.0, 3.0, width=16),
    st.sampled_from([0.0, -0.0, 1.0, -1.0]),
    # From what squares to nothing to what squares to more than float32 holds.
    st.builds(
        lambda sign, power: sign * 10.0**power,
        st.sampled_from([-1.0, 1.0]),
        st.integers(-30, 30),
    ),
)


TAME = st.floats(-3.0, 3.0, width=16)


@st.composite
def matrices(draw, elements=NUMBERS, max_rows=12, max_columns=4, min_rows=1):
    """Matrices with duplicate rows and constant columns among them."""
    n_rows = draw(st.integers(min_rows, max_rows))
    n_columns = draw(st.integers(1, max_columns))
    X = draw(hnp.arrays(np.float64, (n_rows, n_columns), elements=elements))
    if draw(st.booleans()):
        X[draw(st.integers(0, n_rows - 1))] = X[0]
    if draw(st.booleans()):
        X[:, draw(st.integers(0, n_columns - 1))] = draw(elements)
    return X


def assert_says_something(error):
    """A message has a few words at least, and is no bare value or name."""
    assert len(str(error).split()) > 3, repr(error)


def assert_finite(name, predicted):
    """Numbers are, but for the logarithms of a probability of 0."""
    if predicted.dtype.kind == "f":
        assert predicted.dtype in (np.float32, np.float64), name
        if name == "predict_log_proba":
            assert (predicted <= 0.0).all(), name  # and none is NaN
        else:
            assert np.isfinite(predicted).all(), name


CATEGORIES = st.sampled_from(["a", "b", "", "nan", "a longer one", None, np.nan])
SECONDS = st.one_of(st.integers(-(2**31), 2**33), st.just("NaT"))
MAYBE_MISSING = st.one_of(NUMBERS, st.just(np.nan))

DATES = {
    "date": lambda seconds: pd.Series(np.datetime64(0, "s") + seconds),
    "zoned": lambda seconds: pd.Series(
        pd.DatetimeIndex(np.datetime64(0, "s") + seconds, tz="UTC")
    ).dt.tz_convert("Europe/Berlin"),
    "duration": pd.Series,
}
KINDS = ["float", "int", "bool", "text", "category", "Int", *DATES]


@st.composite
def tables(draw, min_rows=1):
    """Frames of columns of all kinds, with missing values, and constant ones."""
    n_rows = draw(st.integers(min_rows, 12))
    columns = {}
    for i in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(KINDS))
        elements = {
            "float": MAYBE_MISSING,
            "int": st.integers(-(2**40), 2**40),
            "bool": st.booleans(),
            "Int": st.one_of(st.integers(-5, 5), st.just(pd.NA)),
            **dict.fromkeys(DATES, SECONDS),
        }.get(kind, CATEGORIES)
        values = draw(st.lists(elements, min_size=n_rows, max_size=n_rows))
        dtypes = {"float": "f8", "Int": "Int64", "category": "category"}
        columns[f"{kind} {i}"] = pd.Series(values, dtype=dtypes.get(kind))
        if kind == "text":
            columns[f"{kind} {i}"] = pd.Series(values, dtype=object)
        if kind in DATES:
            columns[f"{kind} {i}"] = DATES[kind](np.array(values, dtype="m8[s]"))
    return pd.DataFrame(columns)
