"""What fit, score and predict are given: every type of it, read by one rule."""

import datetime
import enum
import pickle
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_classifier
from sklearn.model_selection import cross_val_score

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp._inputs.targets import encode_labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N = 30
X = np.random.default_rng(0).standard_normal((N, 3))
CODES = np.arange(N) % 2
NUMBERS = X[:, 0].round(3)
BIG = 2**60  # in float64 the same number as BIG + 1

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
CLASSIFIERS = [
    NumpyMLPClassifier(**SMALL),
    TabularMLPClassifier(**SMALL, n_members=2),
]
REGRESSORS = [NumpyMLPRegressor(**SMALL), TabularMLPRegressor(**SMALL, n_members=2)]
NETWORKS = [CLASSIFIERS[0], REGRESSORS[0]]
TABLES = [CLASSIFIERS[1], REGRESSORS[1]]


def by_name(estimators):
    return pytest.mark.parametrize(
        "est", estimators, ids=[type(each).__name__ for each in estimators]
    )


def target_of(est):
    return CODES if is_classifier(est) else NUMBERS


def objects(values):
    """Return an array of objects, also of those that NumPy would take apart."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


class Tensor:
    """What PyTorch's tensors are to NumPy: an array whose type has no ``kind``."""

    class DType:
        pass

    dtype = DType()

    def __init__(self, values, *, requires_grad=False):
        self._values = np.asarray(values)
        self._requires_grad = requires_grad
        self.shape, self.ndim = self._values.shape, self._values.ndim

    def __len__(self):
        return len(self._values)

    def __array__(self, dtype=None, copy=None):
        if self._requires_grad:
            raise RuntimeError("Use tensor.detach().numpy() instead.")
        return self._values.astype(dtype or self._values.dtype)


# ------------------------------------------------------------------------------- labels


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
    """They are learnt as what they are, whatever type they come in."""
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


class Color(enum.Enum):
    RED = 1
    BLUE = 2


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


# ---------------------------------------------------------------------- several labels

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


# ------------------------------------------------------------------------------ numbers

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


#: What is no array, and what to pass instead.
NO_ARRAYS = {
    "generator": (lambda: (c for c in CODES), r"type generator\. Pass list\({}\)"),
    "map": (lambda: map(int, CODES), r"type map\. Pass list\({}\)"),
    "dict": (
        lambda: dict(enumerate(CODES)),
        r"type dict\. Pass list\({}\.values\(\)\)",
    ),
    "values": (
        lambda: dict(enumerate(CODES)).values(),
        r"type dict_values\. Pass list\({}\)",
    ),
    "set": (lambda: set(range(N)), r"type set\. Pass list\({}\)"),
    "str": (lambda: "0" * N, r"'0+'\. Pass a list or an array"),
    "number": (lambda: 5, r"5\. Pass a list or an array"),
    "scalar array": (lambda: np.array(5), r"type ndarray\. Pass a list"),
    "class": (lambda: list, r"type type\. Pass a list or an array"),
}


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("kind", NO_ARRAYS)
def test_targets_that_are_no_arrays(est, kind):
    make, message = NO_ARRAYS[kind]
    y = target_of(est)
    fitted = clone(est).fit(X, y)
    calls = [
        ("y", lambda: clone(est).fit(X, make())),
        ("y", lambda: fitted.score(X, make())),
        ("y_val", lambda: clone(est).fit(X, y, X_val=X, y_val=make())),
    ]
    if hasattr(est, "partial_fit") and is_classifier(est):
        calls += [
            ("y", lambda: clone(est).partial_fit(X, make(), classes=[0, 1])),
            ("classes", lambda: clone(est).partial_fit(X, y, classes=make())),
        ]
    for name, call in calls:
        with pytest.raises(
            TypeError,
            match=f"^{name} must be an array-like of .*, got .*{message.format(name)}",
        ):
            call()


# -------------------------------------------------------------------- tensors and masks


@by_name(CLASSIFIERS + REGRESSORS)
def test_tensors(est):
    y = target_of(est)
    weight = np.linspace(0.5, 1.5, N)
    given = [X, y, weight]
    tensors = [Tensor(each) for each in given]
    names = ("X_val", "y_val", "sample_weight_val")
    one = clone(est).fit(*given, **dict(zip(names, given, strict=True)))
    two = clone(est).fit(*tensors, **dict(zip(names, tensors, strict=True)))
    np.testing.assert_array_equal(two.predict(tensors[0]), one.predict(X))
    assert two.score(*tensors) == one.score(*given)


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
def test_tensors_that_are_no_arrays(est, name):
    """PyTorch hands no array out of what it computes gradients for."""
    good = {"X": X, "y": target_of(est), "sample_weight": np.ones(N)}
    wrong = {name: Tensor(good[name], requires_grad=True)}
    message = "is a Tensor of which NumPy can make no array: Use tensor.detach"
    with pytest.raises(TypeError, match=f"^{name} {message}"):
        clone(est).fit(**good | wrong)
    validation = {f"{key}_val": value for key, value in (good | wrong).items()}
    with pytest.raises(TypeError, match=f"^{name}_val.* {message}"):
        clone(est).fit(**good, **validation)


@by_name(CLASSIFIERS + REGRESSORS)
def test_series_as_a_table(est):
    y = target_of(est)
    for series in (pl.Series(X[:, 0]), Tensor(X[:, 0])):
        with pytest.raises(ValueError, match="Expected 2D array"):
            clone(est).fit(series, y)
    one = clone(est).fit(X, y, np.ones(N))
    two = clone(est).fit(X, pl.Series(y), pl.Series(np.ones(N)))
    np.testing.assert_array_equal(two.predict(X), one.predict(X))
    assert two.score(X, pl.Series(y)) == one.score(X, y)


def masked(values):
    mask = np.zeros(np.shape(values), dtype=bool)
    mask.flat[4] = True
    return np.ma.array(values, mask=mask)


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


# ------------------------------------------------------------------ values that are bad


def with_bad(value, make=np.asarray):
    values = X.astype(object if isinstance(value, str) else float)
    values[5, 1] = value
    return make(values)


def frame_of(values):
    return pd.DataFrame(values, columns=["a", "b", "c"])


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


@by_name(NETWORKS)
def test_dates_in_lists(est):
    y, day = target_of(est), np.datetime64("2020")
    for row in ([day, day, day], [1.0, day, 1.0]):
        with pytest.raises(ValueError, match=r"^X holds dates or times: datetime64"):
            clone(est).fit([row] * N, y)


@by_name(REGRESSORS)
def test_dates_in_lists_of_targets(est):
    """NumPy would count years."""
    y = [*NUMBERS[1:], np.datetime64("2020")]
    with pytest.raises(ValueError, match=r"^y holds dates or times: datetime64"):
        clone(est).fit(X, y)
    with pytest.raises(ValueError, match=r"^y_val holds dates or times: datetime64"):
        clone(est).fit(X, NUMBERS, X_val=X, y_val=y)


@by_name(CLASSIFIERS + REGRESSORS)
def test_complex_numbers(est):
    y = target_of(est)
    with pytest.raises(ValueError, match=r"^y: Complex data not supported[^\n]*$"):
        clone(est).fit(X, y * 1j)
    with pytest.raises(ValueError, match=r"^y_val: Complex data not [^\n]*$"):
        clone(est).fit(X, y, X_val=X, y_val=y * 1j)
    with pytest.raises(ValueError, match=r"^Complex data not supported[^\n]*$"):
        clone(est).fit(X * 1j, y)


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


#: Weights that are none, and what the message says after the name.
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
    """The message names the first of them, and says what to do."""
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


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ([np.int64(4), np.int64(5), np.int64(6)], "the column 5"),
        (pd.MultiIndex.from_product([["a"], [1, 2, 3]]), r"the column \('a', 2\)"),
        ([np.str_("a"), np.str_("b"), np.str_("c")], "the column 'b'"),
    ],
)
def test_names_of_columns_are_shown_plainly(columns, shown):
    for value in (np.nan, np.inf, "red"):
        table = with_bad(value, lambda values: pd.DataFrame(values, columns=columns))
        with pytest.raises(ValueError, match=shown):
            clone(NETWORKS[0]).fit(table, CODES)


def test_only_the_first_of_many_columns_are_named():
    table = np.full((N, 7), np.nan)
    with pytest.raises(ValueError, match=r"the columns 0, 1, 2, 3, 4 and 2 more\. "):
        clone(NETWORKS[0]).fit(table, CODES)


@by_name(TABLES)
@pytest.mark.parametrize(
    ("make", "column"),
    [(np.asarray, "the column 1"), (frame_of, "the column 'b'")],
)
def test_infinity_in_tables(est, make, column):
    y, table, good = target_of(est), with_bad(np.inf, make), make(X)
    message = rf"Input X contains infinity or .* are in {column}\. Correct them"
    with pytest.raises(ValueError, match=f"^{message}"):
        clone(est).fit(table, y)
    with pytest.raises(ValueError, match=f"^X_val: {message}"):
        clone(est).fit(good, y, X_val=table, y_val=y)
    with pytest.raises(ValueError, match=f"^{message}"):
        clone(est).fit(good, y).predict(table)
    with pytest.raises(ValueError, match=f"^{message}"):
        TabularPreprocessor().fit(table)


# ------------------------------------------------------------------------- many classes


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


# ------------------------------------------------------------------- names of columns


@by_name(CLASSIFIERS + REGRESSORS)
@pytest.mark.parametrize(
    "names",
    [
        [10, 20, 30],
        [("a", 1), ("a", 2), ("b", 1)],
        list(pd.date_range("2024-01-01", periods=3)),
        [0, 1, 2],
        [2, 1, 0],
        [1.5, 2.5, 3.5],
    ],
    ids=str,
)
def test_columns_have_the_order_of_fit_whatever_their_names(est, names):
    frame = pd.DataFrame(X[:, :3], columns=pd.Index(names))
    y = target_of(est)
    fitted = clone(est).fit(frame, y)
    in_order = fitted.predict(frame)
    for method in ("predict", "predict_proba", "score", "partial_fit"):
        if hasattr(fitted, method):
            others = (y,) if method in ("score", "partial_fit") else ()
            with pytest.raises(ValueError, match="in the same order: fit saw"):
                getattr(fitted, method)(frame.iloc[:, ::-1], *others)
    with pytest.raises(ValueError, match="in the same order: fit saw"):
        clone(est).fit(frame, y, X_val=frame.iloc[:, ::-1], y_val=y)
    np.testing.assert_array_equal(fitted.predict(frame), in_order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tabular estimators warn of other names
        unnamed = fitted.predict(frame.to_numpy())
    np.testing.assert_array_equal(unnamed, in_order)
    loaded = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(ValueError, match="in the same order: fit saw"):
        loaded.predict(frame.iloc[:, ::-1])


@by_name(CLASSIFIERS)
def test_floats_that_do_not_tell_labels_apart(est):
    y = 2**60 + CODES.astype(np.int64)
    with pytest.raises(ValueError, match=r"y_val has the label .* above 2\*\*53"):
        clone(est).fit(X, y, X_val=X, y_val=y.astype(float))
    small = 2**40 + CODES.astype(np.int64)
    fitted = clone(est).fit(X, small, X_val=X, y_val=small.astype(float))
    assert set(fitted.classes_) == set(small)
