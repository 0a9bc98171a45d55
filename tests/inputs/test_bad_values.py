"""Values in ``X`` that a plain network cannot use: the column, and the way out."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_classifier

from tests.conftest import unconverged
from tests.inputs.conftest import (
    CLASSIFIERS,
    NETWORKS,
    REGRESSORS,
    Color,
    N,
    X,
    by_name,
    frame_of,
    target_of,
    with_bad,
)

pytestmark = unconverged


def polars_of(values):
    columns = {name: values[:, i].tolist() for i, name in enumerate("abc")}
    return pl.DataFrame(columns, strict=False)


#: The beginning of the message, which is scikit-learn's, and the ways out.
MISSING = ("Input X contains NaN.", "SimpleImputer.*")
INFINITE = ("Input X contains infinity or a value too large for", "")
STRINGS = ("could not convert string to float: .*'red'", "OneHotEncoder.*")


#: Bad values in the second column, and what that is called.
BAD_TABLES = {
    "NaN": (*MISSING, lambda: with_bad(np.nan), "1"),
    "NaN in a frame": (*MISSING, lambda: with_bad(np.nan, frame_of), "'b'"),
    "NaN in polars": (*MISSING, lambda: with_bad(np.nan, polars_of), "'b'"),
    "NA": (*MISSING, lambda: with_bad(np.nan, frame_of).convert_dtypes(), "'b'"),
    "sparse NaN": (*MISSING, lambda: with_bad(np.nan, sp.csr_array), "1"),
    "NaN in lists": (*MISSING, lambda: with_bad(np.nan).tolist(), "1"),
    "infinity": (*INFINITE, lambda: with_bad(-np.inf), "1"),
    "infinity in a frame": (*INFINITE, lambda: with_bad(np.inf, frame_of), "'b'"),
    "infinity in polars": (*INFINITE, lambda: with_bad(np.inf, polars_of), "'b'"),
    "sparse infinity": (*INFINITE, lambda: with_bad(np.inf, sp.csc_array), "1"),
    "string": (*STRINGS, lambda: with_bad("red"), "1"),
    "string in a frame": (*STRINGS, lambda: with_bad("red", frame_of), "'b'"),
    "category": (
        *STRINGS,
        lambda: frame_of(X).assign(b=pd.Categorical(["red"] * N)),
        "'b'",
    ),
}


@by_name(NETWORKS)
@pytest.mark.parametrize("kind", BAD_TABLES)
def test_values_that_networks_do_not_take(est, kind):
    """The message names the column, and the estimator that takes such tables."""
    beginning, way_out, make_table, column = BAD_TABLES[kind]
    table, y = make_table(), target_of(est)
    good = X
    if hasattr(table, "columns"):
        good = frame_of(X) if hasattr(table, "iloc") else polars_of(X)
    message = rf"{beginning}.* the column {column}\. "
    if way_out:
        other = "Classifier" if is_classifier(est) else "Regressor"
        message += f".*{way_out}TabularMLP{other}"
    fitted = clone(est).fit(good, y)
    with pytest.raises(ValueError, match=f"^{message}"):
        clone(est).fit(table, y)
    with pytest.raises(ValueError, match=f"^X_val: {message}"):
        clone(est).fit(good, y, X_val=table, y_val=y)
    with pytest.raises(ValueError, match=f"^{message}") as info:
        fitted.predict(table)
    assert "HistGradientBoosting" not in str(info.value)


def cells(*values):
    """Return a table of numbers with such cells in the second column."""
    table = X.astype(object)
    for row, value in zip((5, 7), values, strict=False):
        table[row, 1] = value
    return table


ADVICE = {
    "dates": r"^(X_val: )?X holds dates or times: (column |)('b'|1) \(.*days since",
    "others": r"must hold numbers.* the column ('b'|1), with values such as .*leave",
    "categories": r"must hold numbers.* the column ('b'|1)\. Encode .*TabularMLP",
    "missing": r"Input X contains NaN\. Values are missing in the column ('b'|1)\.",
    "large": r"Input X contains infinity or a value too large .* the column ('b'|1)\.",
}


#: Cells that are no numbers, and the advice that fits them.
CELLS = {
    "date": ("dates", [datetime.date(2020, 1, 1)]),
    "time": ("dates", [datetime.time(1)]),
    "Timestamp": ("dates", [pd.Timestamp(2020, 1, 1)]),
    "Period": ("dates", [pd.Period("2020")]),
    "datetime64": ("dates", [np.datetime64("2020")]),
    "string and date": ("dates", ["red", datetime.date(2020, 1, 1)]),
    "dict": ("others", [{"a": 1}]),
    "set": ("others", [{1}]),
    "list": ("others", [[1, 2]]),
    "list of one": ("others", [[1]]),
    "string and list": ("others", ["red", [1, 2]]),
    "complex": ("others", [1j]),
    "tuple": ("categories", [(1, 2)]),
    "enum": ("categories", [Color.RED]),
    "None and string": ("categories", [None, "red"]),
    "signaling NaN": ("missing", [Decimal("sNaN")]),
    "NA": ("missing", [pd.NA]),
    "int": ("large", [10**400]),
}


@by_name(NETWORKS)
@pytest.mark.parametrize("make", [np.asarray, frame_of], ids=["array", "frame"])
@pytest.mark.parametrize("kind", CELLS)
def test_cells_that_are_no_numbers(est, make, kind):
    """The message names the column, and gives advice that helps with such cells."""
    advice, values = CELLS[kind]
    table, y, good = make(cells(*values)), target_of(est), make(X)
    fitted = clone(est).fit(good, y)
    for call in (
        lambda: clone(est).fit(table, y),
        lambda: clone(est).fit(good, y, X_val=table, y_val=y),
        lambda: fitted.predict(table),
    ):
        with pytest.raises((TypeError, ValueError), match=ADVICE[advice]) as info:
            call()
        assert ("TabularMLP" in str(info.value)) is (
            advice in ("categories", "missing")
        )


#: Columns of a type that is none of numbers.
COLUMNS = {
    "periods": ("dates", lambda: pd.period_range("2020", periods=N, freq="D")),
    "complex": ("others", lambda: np.full(N, 1j)),
}


@by_name(NETWORKS)
@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_that_are_no_numbers(est, kind):
    advice, make = COLUMNS[kind]
    table = frame_of(X).assign(b=make())
    with pytest.raises((TypeError, ValueError), match=ADVICE[advice]) as info:
        clone(est).fit(table, target_of(est))
    assert "\n" not in str(info.value)  # the frame


@by_name(NETWORKS)
def test_columns_of_other_libraries_that_are_no_numbers(est):
    y, days = target_of(est), [datetime.date(2020, 1, 1)] * N
    lists = pl.DataFrame({"a": X[:, 0], "b": [[1, 2]] * N})
    with pytest.raises(ValueError, match=ADVICE["others"]):
        clone(est).fit(lists, y)
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=ADVICE["others"]):
        clone(est).fit(pa.table({"a": X[:, 0], "b": [[1, 2]] * N}), y)
    with pytest.raises(ValueError, match=ADVICE["dates"]):
        clone(est).fit(pa.table({"a": X[:, 0], "b": days}), y)
    with pytest.raises(ValueError, match=r"^Complex data not supported[^\n]*$"):
        clone(est).fit(sp.csr_array(X * 1j), y)


@by_name(CLASSIFIERS + REGRESSORS)
def test_complex_numbers(est):
    y = target_of(est)
    with pytest.raises(ValueError, match=r"^y: Complex data not supported[^\n]*$"):
        clone(est).fit(X, y * 1j)
    with pytest.raises(ValueError, match=r"^y_val: Complex data not [^\n]*$"):
        clone(est).fit(X, y, X_val=X, y_val=y * 1j)
    with pytest.raises(ValueError, match=r"^Complex data not supported[^\n]*$"):
        clone(est).fit(X * 1j, y)
