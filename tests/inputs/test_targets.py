"""Targets of `fit`, `partial_fit` and `score`: labels and numbers of any type."""

import enum
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from sknumpy_mlp._inputs.targets import encode_labels
from tests.conftest import unconverged
from tests.inputs.conftest import (
    BIG,
    CLASSIFIERS,
    CODES,
    NUMBERS,
    REGRESSORS,
    TABLES,
    Color,
    N,
    Tensor,
    X,
    by_name,
    objects,
)

pytestmark = unconverged


class Name(str, enum.Enum):  # noqa: UP042
    """Printed as ``Name.BLUE``, and with another hash than its string."""

    BLUE = "blue"
    RED = "red"


class PlainName(enum.StrEnum):
    BLUE = "blue"
    RED = "red"


class Code(enum.IntEnum):
    TWO = 2
    SEVEN = 7


class Loud(str):
    def __str__(self):
        return "AAA"


#: Labels, and the classes that they are of.
LABELS = {
    "objects that are ints": (CODES.astype(object), [0, 1]),
    "objects that are bools": (objects((CODES > 0).tolist()), [False, True]),
    "objects that are strings": (objects(["b" if c else "a" for c in CODES]), "ab"),
    "ints above 2**53": (CODES + BIG, [BIG, BIG + 1]),
    "unsigned above 2**53": (CODES.astype("u8") + np.uint64(BIG), [BIG, BIG + 1]),
    "unsigned above 2**63": (
        objects([2**63 + int(c) for c in CODES]),
        [2**63, 2**63 + 1],
    ),
    "nullable ints": (pd.Series(CODES + BIG, dtype="Int64"), [BIG, BIG + 1]),
    "nullable floats": (pd.Series(CODES, dtype="Float64"), [0.0, 1.0]),
    "nullable bools": (pd.Series(CODES > 0, dtype="boolean"), [False, True]),
    "a nullable column": (pd.DataFrame({"y": CODES}, dtype="UInt8").iloc[:, 0], [0, 1]),
    "decimals": (objects([Decimal(int(c)) for c in CODES]), [0, 1]),
    "fractions": (objects([Fraction(int(c)) for c in CODES]), [0, 1]),
    "categories": (pd.Series(CODES).astype("category"), [0, 1]),
    "a tensor": (Tensor(CODES), [0, 1]),
    "nothing masked": (np.ma.array(CODES), [0, 1]),
    **{
        f"{cls.__name__} in {where}": (make([tuple(cls)[c] for c in CODES]), classes)
        for cls, classes in (
            (Name, ["blue", "red"]),
            (PlainName, ["blue", "red"]),
            (Code, [2, 7]),
        )
        for where, make in (
            ("a list", list),
            ("a tuple", tuple),
            ("an array", lambda members: objects(members)),
            ("a series", lambda members: pd.Series(members, dtype=object)),
        )
    },
    "strings that print as others": (
        [(Loud("a"), Loud("longer"))[c] for c in CODES],
        ["a", "longer"],
    ),
}


if hasattr(pl, "Int128"):  # NumPy has no integers of 128 bits
    LABELS["polars Int128"] = (pl.Series(CODES, dtype=pl.Int128), [0, 1])
    LABELS["a polars frame"] = (pl.DataFrame({"y": LABELS["polars Int128"][0]}), [0, 1])


@by_name(CLASSIFIERS)
@pytest.mark.filterwarnings("ignore:A column-vector y")
@pytest.mark.parametrize("kind", LABELS)
def test_labels(est, kind):
    """The classes do not depend on the type of the labels."""
    y, classes = LABELS[kind]
    clf = clone(est).set_params(max_iter=30).fit(X, y, X_val=X, y_val=y)
    twin = clone(est).set_params(max_iter=30).fit(X, CODES, X_val=X, y_val=CODES)
    assert clf.classes_.tolist() == list(classes)
    np.testing.assert_array_equal(clf.predict_proba(X), twin.predict_proba(X))
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[twin.predict(X)])
    assert clf.score(X, y) == twin.score(X, CODES)
    if hasattr(est, "partial_fit"):
        clf = clone(est).partial_fit(X, y, classes=list(classes))
        twin = clone(est).partial_fit(X, CODES, classes=[0, 1])
        np.testing.assert_array_equal(clf.predict_proba(X), twin.predict_proba(X))


#: Types that labels may have in one call, and in another.
PAIRS_OF_TYPES = {
    "int64 and uint64": (CODES + BIG, CODES.astype("u8") + np.uint64(BIG)),
    "int64 and floats": (CODES, CODES.astype(float)),
    "floats and ints": (CODES.astype(float), CODES),
    "bools and ints": (CODES > 0, CODES),
    "int8 and int64": (CODES.astype("i1"), CODES),
    "ints and nullable floats": (CODES, pd.Series(CODES, dtype="Float64")),
    "ints and objects": (CODES + BIG, objects([BIG + int(c) for c in CODES])),
    "strings and objects": (
        np.array(["ab", "a"])[CODES],
        objects(["a" if c else "ab" for c in CODES]),
    ),
    "strings of other widths": (
        np.array(["ab", "a"])[CODES],
        np.array(["ab", "a", "abcdef"])[CODES],
    ),
}


@by_name(CLASSIFIERS)
@pytest.mark.parametrize("kind", PAIRS_OF_TYPES)
def test_labels_of_two_types(est, kind):
    y, other = PAIRS_OF_TYPES[kind]
    twin = clone(est).fit(X, y, X_val=X, y_val=y)
    clf = clone(est).fit(X, y, X_val=X, y_val=other)
    np.testing.assert_array_equal(clf.predict_proba(X), twin.predict_proba(X))
    assert clf.score(X, other) == clf.score(X, y)
    if hasattr(est, "partial_fit"):
        assert clf.validation_scores_ == twin.validation_scores_
        twin = clone(est).partial_fit(X, y, classes=np.unique(y))
        clf = clone(est).partial_fit(X, other, classes=np.unique(y))
        np.testing.assert_array_equal(clf.predict_proba(X), twin.predict_proba(X))
        clf.partial_fit(X, y, classes=np.unique(np.asarray(other)))


@by_name(CLASSIFIERS)
@pytest.mark.parametrize("cls", [Name, PlainName, Code])
def test_weights_of_members_of_enumerations(est, cls):
    """They are found by their values, given as either."""
    y, (one, two) = [tuple(cls)[c] for c in CODES], cls
    for keys in ((one, two), (one.value, two.value)):
        weights = dict(zip(keys, (1.0, 5.0), strict=True))
        clf = clone(est).set_params(class_weight=weights).fit(X, y)
        twin = clone(est).set_params(class_weight={0: 1.0, 1: 5.0}).fit(X, CODES)
        np.testing.assert_array_equal(clf.predict_proba(X), twin.predict_proba(X))


@by_name(CLASSIFIERS)
def test_weights_of_classes_above_2_to_the_53(est):
    weights = {0: 1.0, 1: 5.0}
    twin = clone(est).set_params(class_weight=weights).fit(X, CODES)
    clf = clone(est).set_params(class_weight={BIG + k: w for k, w in weights.items()})
    clf.fit(X, CODES.astype("u8") + np.uint64(BIG))
    np.testing.assert_array_equal(clf.predict_proba(X), twin.predict_proba(X))


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="came with NumPy 2.0")
@by_name(CLASSIFIERS)
def test_labels_of_numpy_s_own_strings(est):
    names = np.array(["ab", "a"])[CODES]
    y = names.astype(np.dtypes.StringDType())
    clf = clone(est).fit(X, y, X_val=X, y_val=y)
    twin = clone(est).fit(X, names)
    np.testing.assert_array_equal(clf.classes_, twin.classes_)
    assert clf.score(X, y) == clf.score(X, names)


def test_codes_of_int64_and_uint64():
    classes = np.array([BIG, BIG + 1])
    codes = encode_labels(classes.astype(np.uint64), classes, "y")
    assert codes.tolist() == [0, 1]


@by_name(CLASSIFIERS)
def test_floats_that_do_not_tell_labels_apart(est):
    y = 2**60 + CODES.astype(np.int64)
    with pytest.raises(ValueError, match=r"y_val has the label .* above 2\*\*53"):
        clone(est).fit(X, y, X_val=X, y_val=y.astype(float))
    small = 2**40 + CODES.astype(np.int64)
    fitted = clone(est).fit(X, small, X_val=X, y_val=small.astype(float))
    assert set(fitted.classes_) == set(small)


#: Objects that are no labels, and what the message must have beside the argument.
NO_LABELS = {
    "strings and ints": (
        [("a", 1)[c] for c in CODES],
        r"str \('a'\), int \(1\).*str\(",
    ),
    "members of an enum": ([tuple(Color)[c] for c in CODES], r"Color \(<Color.RED"),
    "tuples": ([((1, 2), (3, 4))[c] for c in CODES], r"tuple.*MultiLabelBinarizer"),
    "lists": ([[1], [2]] * (N // 2), r"list.*MultiLabelBinarizer"),
    "dicts": ([{}, {1: 2}] * (N // 2), r"dict \(\{\}\)"),
    "more than 64 bits": ([2**64 + int(c) for c in CODES], r"int \(1844.*64 bits.*str"),
    "signs and 64 bits": ([(-1, 2**63)[c] for c in CODES], r"int \(-1\).*64 bits"),
    "bytes": ([(b"a", b"b")[c] for c in CODES], r"bytes \(b'a'\)"),
    "lists of several lengths": ([[1, 2], [3]] * (N // 2), r"MultiLabelBinarizer"),
    "tuples of several lengths": (
        [("a",), ("b", "c")] * (N // 2),
        r"tuple \(\('a',\)\).*MultiLabelBinarizer",
    ),
    "arrays": ([np.ones(1), np.ones(2)] * (N // 2), r"ndarray.*MultiLabelBinarizer"),
}


CHANGED_BY_NUMPY = ("tuples", "lists", "signs and 64 bits", "bytes")


@by_name(CLASSIFIERS)
@pytest.mark.parametrize("make", [objects, list], ids=["array", "list"])
@pytest.mark.parametrize("kind", NO_LABELS)
def test_objects_that_are_no_labels(est, kind, make):
    values, message = NO_LABELS[kind]
    if make is list and kind in CHANGED_BY_NUMPY:
        pytest.skip("NumPy makes a matrix or floats of the list")
    y = make(values)
    fitted = clone(est).fit(X, CODES)
    calls = {
        "y": [lambda: clone(est).fit(X, y), lambda: fitted.score(X, y)],
        "y_val": [lambda: clone(est).fit(X, CODES, X_val=X, y_val=y)],
    }
    if hasattr(est, "partial_fit"):
        calls["y"].append(lambda: clone(est).partial_fit(X, y, classes=[0, 1]))
        calls["classes"] = [lambda: clone(est).partial_fit(X, CODES, classes=y)]
    for name, group in calls.items():
        for call in group:
            with pytest.raises(
                ValueError, match=f"(?s)Unknown label type: {name} holds .*{message}"
            ):
                call()


@by_name(CLASSIFIERS)
def test_a_signaling_nan_is_no_label(est):
    y = objects([Decimal("sNaN"), Decimal(1)] * (N // 2))
    with pytest.raises(ValueError, match="y contains NaN"):
        clone(est).fit(X, y)


@by_name(CLASSIFIERS)
@pytest.mark.parametrize("make", [objects, list], ids=["array", "list"])
def test_null_characters_that_numpy_drops(est, make):
    y = make([("a", "a\0")[c] for c in CODES])
    with pytest.raises(ValueError, match=r"^y has the label 'a\\x00', whose null"):
        clone(est).fit(X, y)


@by_name(CLASSIFIERS)
def test_missing_values_in_lists_of_strings(est):
    for missing in (None, np.nan, pd.NA):
        with pytest.raises(ValueError, match="y contains NaN"):
            clone(est).fit(X, [("a", missing)[c] for c in CODES])


MATRIX = np.column_stack([CODES, 1 - CODES, X[:, 0] > 0]).astype(int)
FRAME = pd.DataFrame(MATRIX, columns=["a", "b", "c"])


#: One matrix of labels, in several types.
MATRICES = {
    "Int64": FRAME.astype("Int64"),
    "boolean": FRAME.astype("boolean"),
    "several types": FRAME.astype({"a": "boolean", "b": "UInt8", "c": bool}),
    "objects": FRAME.astype(object),
    "a tensor": Tensor(MATRIX),
    "nothing masked": np.ma.array(MATRIX),
}


@by_name(CLASSIFIERS)
@pytest.mark.parametrize("kind", MATRICES)
def test_label_matrices(est, kind):
    y = MATRICES[kind]
    clf = clone(est).fit(X, y, X_val=X, y_val=y)
    twin = clone(est).fit(X, MATRIX, X_val=X, y_val=MATRIX)
    np.testing.assert_array_equal(clf.predict(X), twin.predict(X))
    assert clf.score(X, y) == twin.score(X, MATRIX)
    if isinstance(y, pd.DataFrame):
        scores = cross_val_score(est, X, y, cv=2, error_score="raise")
        np.testing.assert_array_equal(scores, cross_val_score(est, X, MATRIX, cv=2))


@by_name(REGRESSORS)
def test_several_nullable_targets(est):
    y = pd.DataFrame({"a": NUMBERS, "b": CODES}).astype({"a": "Float64", "b": "Int64"})
    reg = clone(est).fit(X, y, X_val=X, y_val=y)
    twin = clone(est).fit(X, y.to_numpy(float), X_val=X, y_val=y.to_numpy(float))
    np.testing.assert_allclose(reg.predict(X), twin.predict(X), rtol=1e-6)
    assert reg.score(X, y) == pytest.approx(twin.score(X, y.to_numpy(float)))
    assert np.isfinite(cross_val_score(est, X, y, cv=2, error_score="raise")).all()


Number = enum.Enum("Number", {str(value): str(value) for value in NUMBERS}, type=str)


#: One target of a regressor, in several types.
TARGETS = {
    "strings": [str(value) for value in NUMBERS],
    "an array of strings": NUMBERS.astype(str),
    "objects that are strings": NUMBERS.astype(str).astype(object),
    "a column of strings": pd.Series(NUMBERS.astype(str), dtype="string"),
    "objects": NUMBERS.astype(object),
    "decimals": [Decimal(str(value)) for value in NUMBERS],
    "nullable": pd.Series(NUMBERS, dtype="Float64"),
    "a tensor": Tensor(NUMBERS),
    "nothing masked": np.ma.array(NUMBERS),
    "members of an enumeration": [Number(str(value)) for value in NUMBERS],
}


@by_name(REGRESSORS)
@pytest.mark.parametrize("kind", TARGETS)
def test_numbers(est, kind):
    y = TARGETS[kind]
    reg = clone(est).fit(X, y, X_val=X, y_val=y)
    twin = clone(est).fit(X, NUMBERS, X_val=X, y_val=NUMBERS)
    np.testing.assert_array_equal(reg.predict(X), twin.predict(X))
    assert reg.score(X, y) == twin.score(X, NUMBERS)
    if hasattr(est, "partial_fit"):
        np.testing.assert_array_equal(
            clone(est).partial_fit(X, y).predict(X),
            clone(est).partial_fit(X, NUMBERS).predict(X),
        )


def _but(values, wrong):
    changed = objects(list(values))
    changed[3] = wrong
    return changed


NO_NUMBERS = {
    "strings": (_but(NUMBERS, "n/a"), ValueError, r"\[3\]='n/a' must be a number"),
    "an array of strings": (
        np.array(["1"] * 3 + ["n/a"] * (N - 3)),
        ValueError,
        r"\[3\]='n/a' must be a number",
    ),
    "rows": ([[1], [2, 3]] * (N // 2), TypeError, r"\[0\]=\[1\] must be a number"),
    "tuples": (_but(NUMBERS, (1, 2)), TypeError, r"\[3\]=\(1, 2\) must be a number"),
    "enums": (_but(NUMBERS, Color.RED), TypeError, r"\[3\]=<Color.RED: 1>"),
    "signaling NaN": (_but(NUMBERS, Decimal("sNaN")), ValueError, " contains NaN"),
    "large ints": (_but(NUMBERS, 10**400), ValueError, r"\[3\]=10000.*too large"),
    "None": (_but(NUMBERS, None), ValueError, " contains NaN.*Leave those rows out"),
    "pd.NA": (_but(NUMBERS, pd.NA), ValueError, " contains NaN.*Leave those rows out"),
    "nullable": (
        pd.Series([None, *NUMBERS[1:]], dtype="Float64"),
        ValueError,
        " contains NaN.*Leave those rows out",
    ),
}


@by_name(REGRESSORS)
@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_targets_that_are_no_numbers(est, kind):
    """One rule and one message, under the argument's own name."""
    y, error, message = NO_NUMBERS[kind]
    with pytest.raises(error, match=rf"^(Input )?y{message}"):
        clone(est).fit(X, y)
    with pytest.raises(error, match=rf"^(Input )?y_val{message}"):
        clone(est).fit(X, NUMBERS, X_val=X, y_val=y)
    with pytest.raises(error, match=rf"^(Input )?y{message}"):
        clone(est).fit(X, NUMBERS).score(X, y)


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ensemble": "seeds"},
        {"ensemble": "refit"},
        {"ensemble": None},
        {"n_jobs": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("with_validation", [False, True])
def test_many_classes_are_warned_of_once(params, with_validation):
    """scikit-learn warns of more classes than half the rows: of y's, not of a fold's.

    Its release 1.7 does so whenever it looks at the kind of a target, later ones where
    they check it, and 1.6 not at all.
    """
    table = np.repeat(X, 2, axis=0)

    def warnings_of(y):
        validation = {"X_val": table[:40], "y_val": y[:40]} if with_validation else {}
        with warnings.catch_warnings(record=True) as given:
            warnings.simplefilter("always")
            clone(TABLES[0]).set_params(**params).fit(table, y, **validation)
        return [w for w in given if "number of unique classes" in str(w.message)]

    assert len(warnings_of(np.arange(2 * N) % 40)) <= 1
    assert not warnings_of(np.arange(2 * N) % 25)  # too many only for a fold
