"""Tables of all libraries, and numbers in every form of storage."""

import datetime
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp import (
    TabularMLPRegressor,
    TabularPreprocessor,
)
from tests.conftest import polars_frame, unconverged
from tests.inputs.conftest import (
    NAMES,
    ROWS,
    arrow_table,
    pandas_frame,
)

pytestmark = unconverged


def _polars_categorical(data):
    frame = polars_frame(data)
    return frame.cast({"color": pytest.importorskip("polars").Categorical})


@pytest.mark.parametrize(
    "convert",
    [
        polars_frame,
        lambda rows: pandas_frame(rows).convert_dtypes(),
        lambda rows: pandas_frame(rows).convert_dtypes(dtype_backend="pyarrow"),
        lambda rows: pandas_frame(rows).astype(
            {"color": "category", "new": "category"}
        ),
        _polars_categorical,
        lambda rows: pandas_frame(rows).astype(object).to_numpy(),
        lambda rows: [list(row) for row in zip(*rows.values(), strict=True)],
    ],
    ids=[
        "polars",
        "nullable",
        "pyarrow",
        "category",
        "polars categorical",
        "object array",
        "list",
    ],
)
def test_all_kinds_of_tables_give_the_same_numbers(convert):
    expected = TabularPreprocessor().fit_transform(pandas_frame())
    X = convert(ROWS)
    preprocessor = TabularPreprocessor()
    np.testing.assert_allclose(preprocessor.fit_transform(X), expected)
    np.testing.assert_allclose(preprocessor.transform(X), expected)


def test_masked_numbers_are_missing():
    X = np.ma.masked_equal([[1.0], [2.0], [-9999.0], [3.0]], -9999.0)
    preprocessor = TabularPreprocessor().fit(X)
    assert preprocessor.get_feature_names_out().tolist() == [
        "x0",
        "missingindicator_x0",
    ]


def _decimals(values):
    return [None if value != value else Decimal(str(value)) for value in values]


def _each(convert, dtype=object):
    """Convert each column, a list of floats, to a pandas series."""
    return lambda X: pd.DataFrame(
        {name: pd.Series(convert(X[name].tolist()), dtype=dtype) for name in X}
    )


def _objects_in_polars(X):
    polars = pytest.importorskip("polars")
    return polars.DataFrame(
        [polars.Series(name, _decimals(X[name]), dtype=polars.Object) for name in X]
    )


def _decimals_in_polars(X):
    polars = pytest.importorskip("polars")
    return polars.DataFrame(
        [
            polars.Series(name, _decimals(X[name]), dtype=polars.Decimal(9, 2))
            for name in X
        ]
    )


def _int128_in_polars(X):
    polars = pytest.importorskip("polars")
    if not hasattr(polars, "Int128"):
        pytest.skip("polars has no integers of 128 bits")
    whole = (X * 100).round()
    columns = [[None if v != v else int(v) for v in whole[name]] for name in X]
    return polars.DataFrame(
        [
            polars.Series(name, values, dtype=polars.Int128)
            for name, values in zip(X, columns, strict=True)
        ]
    )


def _decimals_in_arrow(X):
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table({name: pyarrow.array(_decimals(X[name])) for name in X})


def _arrow_decimals_in_pandas(X):
    return _decimals_in_arrow(X).to_pandas(types_mapper=pd.ArrowDtype)


#: Ways to store the same numbers, which all are numbers.
STORED = {
    "floats": lambda X: X,
    "an array": lambda X: X.to_numpy(),
    "an array of objects": lambda X: X.to_numpy(object),
    "objects": lambda X: X.astype(object),
    "None for NaN": lambda X: X.astype(object).replace({np.nan: None}),
    "transposed with strings": lambda X: X.assign(s="a").T.T.drop(columns="s"),
    "nullable": lambda X: X.convert_dtypes(),
    "rows": lambda X: X.astype(object).replace({np.nan: None}).to_numpy().tolist(),
    "Decimal": _each(_decimals),
    "rows of Decimal": lambda X: _each(_decimals)(X).to_numpy().tolist(),
    "Decimal with NaN": _each(
        lambda values: [Decimal("NaN") if v is None else v for v in _decimals(values)]
    ),
    "Decimal with sNaN": _each(
        lambda values: [Decimal("sNaN") if v is None else v for v in _decimals(values)]
    ),
    "Fraction": _each(
        lambda values: [None if v is None else Fraction(v) for v in _decimals(values)]
    ),
    "NumPy's scalars": _each(lambda values: [np.float64(v) for v in values]),
    "a mixture": _each(
        lambda values: [
            pd.NA if v is None else float(v) if i % 2 else v
            for i, v in enumerate(_decimals(values))
        ]
    ),
    "Decimal in Arrow": _decimals_in_arrow,
    "Arrow's Decimal in pandas": _arrow_decimals_in_pandas,
    "Decimal in polars": _decimals_in_polars,
    "objects in polars": _objects_in_polars,
}


def _prices():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "price": np.round(rng.lognormal(3, 1, 60), 2),
            "area": np.round(rng.normal(50, 10, 60), 1),
        }
    )
    X.loc[::7, "area"] = np.nan
    return X


@pytest.mark.parametrize("how", STORED)
def test_numbers_are_numbers_however_they_are_stored(how):
    X = STORED[how](_prices())
    plain = TabularPreprocessor().fit(_prices())
    preprocessor = TabularPreprocessor().fit(X)
    assert not preprocessor.is_categorical_.any()
    expected = plain.transform(_prices())
    np.testing.assert_allclose(preprocessor.transform(X), expected, atol=1e-6)
    # Also if they are stored in another way than in fit, down to a single row.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X (does not have valid|has) feature names")
        np.testing.assert_allclose(plain.transform(X), expected, atol=1e-6)
        np.testing.assert_allclose(
            preprocessor.transform(_prices()[:1]), expected[:1], atol=1e-6
        )


def test_integers_of_128_bits_are_numbers():
    X = _int128_in_polars(_prices())
    out = TabularPreprocessor().fit_transform(X)
    expected = TabularPreprocessor().fit_transform(_prices())
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_a_regressor_learns_from_decimals_what_it_learns_from_floats():
    X = _prices()
    y = X["price"].to_numpy()
    reg = TabularMLPRegressor((4,), max_iter=2, ensemble=None, random_state=0)
    expected = reg.fit(X, y).predict(X)
    decimals = _each(_decimals)(X)
    np.testing.assert_array_equal(reg.predict(decimals), expected)
    np.testing.assert_array_equal(reg.fit(decimals, y).predict(X), expected)


def test_arrow_tables_keep_names_and_types():
    X = arrow_table()
    preprocessor = TabularPreprocessor().fit(X)
    expected = TabularPreprocessor().fit_transform(pandas_frame())
    assert preprocessor.get_feature_names_out().tolist() == NAMES
    np.testing.assert_allclose(preprocessor.transform(X), expected)
    np.testing.assert_allclose(preprocessor.transform(pandas_frame()), expected)
    with pytest.raises(ValueError, match="in the same order"):
        preprocessor.transform(X.select(X.column_names[::-1]))
    dates = X.append_column("when", [[datetime.date(2026, 1, 1)] * 6])
    with pytest.raises(ValueError, match=r"dates.*'when' \(date32"):
        TabularPreprocessor(dates="error").fit(dates)
    assert TabularPreprocessor().fit(dates).constant_features_[-1] == "when"
    reg = TabularMLPRegressor((2,), max_iter=1, n_members=2, random_state=0)
    y, weight = np.arange(6.0), [1, 1, 0, 1, 1, 1]
    predicted = reg.fit(X, y, sample_weight=weight).predict(X)
    np.testing.assert_allclose(
        reg.fit(pandas_frame(), y, sample_weight=weight).predict(X), predicted
    )


@pytest.mark.parametrize("how", ["batch", "reader", "stream"])
def test_whatever_speaks_arrow_is_a_table(how):
    X = arrow_table().combine_chunks()

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return X.__arrow_c_stream__(requested_schema)

    made = {
        "batch": lambda: X.to_batches()[0],
        "reader": X.to_reader,
        "stream": Stream,
    }[how]
    preprocessor = TabularPreprocessor().fit(made())
    np.testing.assert_allclose(
        preprocessor.transform(made()), preprocessor.transform(pandas_frame())
    )


def test_without_pyarrow_there_is_advice(monkeypatch):
    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            raise AssertionError("must not be asked")

    monkeypatch.setitem(sys.modules, "pyarrow", None)  # what import does with a gap
    with pytest.raises(TypeError, match=r"Stream\. Pass a pandas or polars frame"):
        TabularPreprocessor().fit(Stream())


class _Interchange:
    """A frame that knows the old interchange protocol only."""

    def __dataframe__(self, *args, **kwargs):
        raise AssertionError("must not be asked")


def _lazy():
    return pytest.importorskip("polars").LazyFrame(ROWS)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (_lazy, TypeError, r"LazyFrame.*Pass X\.collect\(\)"),
        (_Interchange, TypeError, r"_Interchange\. Pass a pandas or polars frame"),
        (lambda: pd.Series([1.0, 2.0]), ValueError, r"of type Series.*X\.to_frame"),
        (
            lambda: polars_frame(ROWS)["rooms"],
            ValueError,
            r"of type Series.*X\.to_frame",
        ),
        (lambda: arrow_table()["rooms"], ValueError, "of type ChunkedArray"),
    ],
)
def test_what_is_no_table_is_refused_with_advice(X, error, message):
    fitted = TabularPreprocessor().fit([[1.0], [2.0]])
    reg = TabularMLPRegressor()
    for call in (TabularPreprocessor().fit, fitted.transform):
        with pytest.raises(error, match=message):
            call(X())
    with pytest.raises(error, match=message):
        reg.fit(X(), [1.0, 2.0])
