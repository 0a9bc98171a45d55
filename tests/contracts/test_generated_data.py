"""Properties that hold for all data: of any shape, type, layout and size of numbers.

Two profiles of hypothesis: "ci", always the same examples in about a minute and a half,
and "nightly", with HYPOTHESIS_PROFILE=nightly, more of them, new ones each time, and
sequences of calls for ten minutes.
"""

import copy
import os
import pickle
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.callbacks import Callback, EarlyStopping, History
from sknumpy_mlp.losses import Huber, LogLoss, Quantile
from sknumpy_mlp.optimizers import SGD, Adam
from sknumpy_mlp.preprocessing import TabularPreprocessor
from sknumpy_mlp.schedules import Cosine, Plateau
from tests.conftest import plain_estimators, tabular_estimators, unconverged

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
_NIGHTLY = _PROFILE == "nightly"

# Two epochs do not converge, and targets of one column may stand upright.
pytestmark = [
    unconverged,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning"),
]

# What the documentation names.  InvalidParameterError, PartialFitUnavailableError and
# NotFittedError are ValueErrors.
DOCUMENTED = (ValueError, TypeError)

SHORT = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}


# ------------------------------------------------------------------------ strategies

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


@st.composite
def typed(draw, X):
    """The same numbers in another type, as far as it can hold them."""
    dtype = draw(
        st.sampled_from(["f2", "f4", "f8", "i1", "i4", "i8", "u1", "?", "O", ">f8"])
    )
    if np.dtype(dtype).kind in "iu":
        return np.clip(X, 0, 100).astype(dtype)
    if np.dtype(dtype) == np.float16:
        return np.clip(X, -60000, 60000).astype(dtype)
    return X.astype(dtype)


def _strided(X):
    wide = np.zeros((2 * X.shape[0], 3 * X.shape[1]), X.dtype)
    wide[::2, ::3] = X
    return wide[::2, ::3]


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def _misaligned(X):
    """At an odd address, as in a packed record."""
    memory = np.zeros(X.nbytes + 1, np.uint8)[1:]
    view = memory.view(X.dtype).reshape(X.shape)
    view[...] = X
    return view


def _sparse(X, kind, index):
    matrix = getattr(sp, kind)(X)
    for name in ("indices", "indptr", "row", "col"):
        if hasattr(matrix, name):
            try:
                setattr(matrix, name, getattr(matrix, name).astype(index))
            except AttributeError:  # coo_array has coordinates instead
                matrix.coords = tuple(c.astype(index) for c in matrix.coords)
                break
    return matrix


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": _strided,
    "reversed": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "transposed": lambda X: np.ascontiguousarray(X.T).T,
    "read-only": _read_only,
    "misaligned": _misaligned,
    "big-endian": lambda X: X.astype(X.dtype.newbyteorder(">")),
    "list": lambda X: X.tolist(),
    "frame": lambda X: pd.DataFrame(X),
    "matrix of objects": lambda X: X.astype(object),
}
LAYOUTS |= {
    f"{kind} of {index}": lambda X, kind=kind, index=index: _sparse(X, kind, index)
    for kind in (
        "csr_array",
        "csc_array",
        "coo_array",
        "csr_matrix",
        "csc_matrix",
        "coo_matrix",
    )
    for index in ("int32", "int64")
}
LAYOUTS |= {
    kind: lambda X, kind=kind: getattr(sp, kind)(X)
    for kind in ("bsr_array", "dia_array", "dok_array", "lil_array")
}

#: Of the codes 0, 1 and 2, labels in each of the types that labels come in.
LABELS = {
    "int": lambda codes: codes * 7 - 3,
    "uint8": lambda codes: codes.astype(np.uint8),
    "bool": lambda codes: codes > 0,
    "float": lambda codes: codes.astype(float),
    "str": lambda codes: np.array(["no", "yes", "perhaps"])[codes],
    "object": lambda codes: np.array(["no", "yes", "perhaps"], dtype=object)[codes],
    "list": lambda codes: codes.tolist(),
    "list of str": lambda codes: np.array(["b", "a", "c"])[codes].tolist(),
    "tuple": lambda codes: tuple(codes.tolist()),
    "column": lambda codes: codes[:, np.newaxis],
    "Series": lambda codes: pd.Series(codes, index=codes + 5),
    "categories": lambda codes: pd.Series(
        pd.Categorical.from_codes(codes, ["z", "y", "x"])
    ),
    "Int64": lambda codes: pd.Series(codes, dtype="Int64"),
    "boolean": lambda codes: pd.Series(codes > 0, dtype="boolean"),
    "string": lambda codes: pd.Series(codes.astype(str), dtype="string"),
}


def _codes(n_rows, n_classes=2):
    return np.arange(n_rows) % n_classes


def _refusal(call, *args):
    """Return the message with which a call refuses what it is given, or None."""
    try:
        call(*args)
    except DOCUMENTED as error:
        _assert_says_something(error)
        return str(error)
    return None


def _assert_says_something(error):
    """A message has a few words at least, and is no bare value or name."""
    assert len(str(error).split()) > 3, repr(error)


def _outputs(est, X):
    """All that an estimator predicts of X."""
    return est.predict_proba(X) if is_classifier(est) else est.predict(X)


def _assert_sound(est, X, n_rows):
    """Predictions are finite and of the documented shape, and NumPy does not warn."""
    for name in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(est, name):
            predicted = getattr(est, name)(X)
            assert len(predicted) == n_rows, name
            _assert_finite(name, predicted)
            if name == "predict_proba":
                assert predicted.shape == (n_rows, len(est.classes_))
                np.testing.assert_allclose(predicted.sum(axis=1), 1.0, rtol=1e-5)
            elif name == "predict":
                assert predicted.ndim == 1
                if is_classifier(est):
                    assert predicted.dtype == est.classes_.dtype
                    assert np.isin(predicted, est.classes_).all()
    if n_rows > 1:
        assert est.score(X, est.predict(X)) == 1.0


def _assert_finite(name, predicted):
    """Numbers are, but for the logarithms of a probability of 0."""
    if predicted.dtype.kind == "f":
        assert predicted.dtype in (np.float32, np.float64), name
        if name == "predict_log_proba":
            assert (predicted <= 0.0).all(), name  # and none is NaN
        else:
            assert np.isfinite(predicted).all(), name


# ------------------------------------------------------------------- any data at all


@plain_estimators
@given(data=st.data())
def test_any_numbers_are_learnt_from_or_refused(Estimator, data):
    X = data.draw(matrices())
    Z = data.draw(typed(X))
    y = _codes(len(X), data.draw(st.integers(1, 3)))
    if Estimator is NumpyMLPRegressor:
        y = data.draw(hnp.arrays(np.float64, len(X), elements=NUMBERS))
    est = Estimator(
        solver=data.draw(st.sampled_from(["adam", "sgd", "lbfgs", "rmsprop"])), **SHORT
    )
    before = vars(est).copy()
    refusal = _refusal(est.fit, Z, y)
    if refusal is not None:
        assert "non-finite" in refusal or "too large for float" in refusal
        assert vars(est) == before
        return
    expected = Z.dtype if Z.dtype == np.float32 else np.float64
    assert all(W.dtype == expected for W in est.coefs_)
    assert np.isfinite(est.loss_)
    refusal = _refusal(est.predict, Z)
    if refusal is None:
        _assert_sound(est, Z, len(Z))
    else:
        assert "are infinite or NaN" in refusal


@pytest.mark.parametrize("kind", list(LABELS))
@settings(max_examples=max(3, settings().max_examples // 20))
@given(data=st.data())
def test_labels_of_any_type_come_back(kind, data):
    X = data.draw(matrices(TAME))
    codes = data.draw(
        hnp.arrays(
            np.intp, len(X), elements=st.integers(0, data.draw(st.integers(0, 2)))
        )
    )
    y = LABELS[kind](codes)
    clf = NumpyMLPClassifier(**SHORT).fit(X, y)
    _assert_sound(clf, X, len(X))
    flat = np.ravel(np.asarray(y))
    assert clf.classes_.tolist() == sorted(set(flat.tolist()))
    # The same classes under other names are the same problem, if their order is kept.
    ranks = np.searchsorted(clf.classes_, flat)
    twin = NumpyMLPClassifier(**SHORT).fit(X, ranks)
    np.testing.assert_array_equal(_outputs(clf, X), _outputs(twin, X))


@plain_estimators
@pytest.mark.parametrize("layout", list(LAYOUTS))
@settings(max_examples=max(3, settings().max_examples // 15))
@given(data=st.data())
def test_layouts_hold_the_same_data(Estimator, layout, data):
    X = data.draw(matrices(TAME))
    if not layout.startswith(("list", "frame", "matrix", "big")):
        X = X.astype(data.draw(st.sampled_from(["f4", "f8"])))
    y = _codes(len(X))
    Z = LAYOUTS[layout](X)
    kept = copy.deepcopy(Z)
    solver = data.draw(st.sampled_from(["adam", "sgd", "lbfgs"]))
    params = SHORT | {"solver": solver, "batch_size": data.draw(st.integers(1, len(X)))}
    # Orders of summation differ, and what is shown of it grows with the steps.
    single = X.dtype == np.float32
    tolerance = {"rtol": 1e-3, "atol": 1e-4} if single else {"rtol": 1e-7, "atol": 1e-9}
    here, there = Estimator(**params).fit(X, y), Estimator(**params).fit(Z, y)
    np.testing.assert_allclose(_outputs(there, X), _outputs(here, X), **tolerance)
    np.testing.assert_allclose(_outputs(here, Z), _outputs(here, X), **tolerance)
    # What was given is left as it was.
    if sp.issparse(Z):
        assert (kept != Z).nnz == 0
    else:
        np.testing.assert_array_equal(np.asarray(Z), np.asarray(kept))


# ------------------------------------------------------------------------- invariants

EXACT = SHORT | {"solver": "lbfgs", "max_iter": 3}
FULL = SHORT | {"solver": "sgd", "batch_size": 1000, "momentum": 0.5}
whole_batches = pytest.mark.parametrize("params", [EXACT, FULL], ids=["lbfgs", "full"])


@plain_estimators
@whole_batches
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@settings(max_examples=max(5, settings().max_examples // 3))
@given(data=st.data())
def test_weights_of_zero_leave_rows_out(Estimator, params, data):
    X = data.draw(matrices(TAME, min_rows=4))
    y = _codes(len(X))
    weight = data.draw(
        hnp.arrays(float, len(X), elements=st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0]))
    )
    weight[:2] = 1.0  # some of each class, or the classes would not be the same
    counts = weight > 0
    all_rows = Estimator(**params).fit(X, y, weight)
    fewer = Estimator(**params).fit(X[counts], y[counts], weight[counts])
    np.testing.assert_allclose(
        _outputs(all_rows, X), _outputs(fewer, X), rtol=1e-5, atol=1e-7
    )


@plain_estimators
@whole_batches
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@settings(max_examples=max(5, settings().max_examples // 3))
@given(data=st.data())
def test_integer_weights_repeat_rows(Estimator, params, data):
    X = data.draw(matrices(TAME, min_rows=2))
    y = _codes(len(X))
    times = data.draw(hnp.arrays(np.intp, len(X), elements=st.integers(1, 3)))
    weighted = Estimator(**params).fit(X, y, times)
    repeated = Estimator(**params).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(
        _outputs(weighted, X), _outputs(repeated, X), rtol=1e-5, atol=1e-7
    )


@plain_estimators
@settings(max_examples=max(5, settings().max_examples // 2))
@given(data=st.data())
def test_columns_may_change_places_with_their_weights(Estimator, data):
    X = data.draw(matrices(TAME))
    order = np.array(data.draw(st.permutations(range(X.shape[1]))))
    est = Estimator(**SHORT).fit(X, _codes(len(X)))
    twin = copy.deepcopy(est)
    first, *others = est.coefs_
    twin.coefs_ = (first[order], *others)
    np.testing.assert_allclose(
        _outputs(twin, X[:, order]), _outputs(est, X), rtol=1e-10, atol=1e-12
    )


@plain_estimators
@settings(max_examples=max(5, settings().max_examples // 2))
@given(data=st.data())
def test_units_may_change_places(Estimator, data):
    X = data.draw(matrices(TAME))
    order = np.array(data.draw(st.permutations(range(3))))
    est = Estimator(**SHORT).fit(X, _codes(len(X)))
    twin = copy.deepcopy(est)
    (W1, W2), (b1, b2) = est.coefs_, est.intercepts_
    twin.coefs_, twin.intercepts_ = (W1[:, order], W2[order]), (b1[order], b2)
    np.testing.assert_allclose(
        _outputs(twin, X), _outputs(est, X), rtol=1e-10, atol=1e-12
    )


@plain_estimators
@settings(max_examples=max(5, settings().max_examples // 2))
@given(data=st.data())
def test_rows_are_predicted_one_by_one(Estimator, data):
    X = data.draw(matrices(TAME))
    est = Estimator(**SHORT).fit(X, _codes(len(X)))
    together = _outputs(est, X)
    apart = np.concatenate([_outputs(est, X[[i]]) for i in range(len(X))])
    np.testing.assert_allclose(apart, together, rtol=1e-9, atol=1e-12)
    order = np.array(data.draw(st.permutations(range(len(X)))))
    np.testing.assert_allclose(
        _outputs(est, X[order]), together[order], rtol=1e-9, atol=1e-12
    )


PARAMETERS = st.fixed_dictionaries(
    {
        "hidden_layer_sizes": st.sampled_from([(), 2, (3,), (2, 2)]),
        "activation": st.sampled_from(["relu", "tanh", "gelu", "softplus", "elu"]),
        "solver": st.sampled_from(["adam", "sgd", "rmsprop", SGD(0.5), Adam()]),
        "alpha": st.sampled_from([0, 0.0, 1e-4, 1.0]),
        "batch_size": st.sampled_from(["auto", 1, 3, np.int64(2)]),
        "learning_rate": st.sampled_from(["constant", "plateau", "adaptive"]),
        "dropout": st.sampled_from([0.0, 0.3]),
        "init": st.sampled_from(["glorot", "he", "lecun", "data"]),
        "weight_decay": st.sampled_from([0.0, 0.1]),
        "max_norm": st.sampled_from([None, 0.5]),
        "max_grad_norm": st.sampled_from([None, 1.0]),
        "shuffle": st.booleans(),
        "warm_start": st.booleans(),
        "dtype": st.sampled_from([None, "float32", "float64"]),
        "max_iter": st.integers(1, 3),
        "random_state": st.integers(0, 2**32 - 1),
    }
)


@plain_estimators
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@given(params=PARAMETERS, data=st.data())
def test_copies_do_as_the_original_does(Estimator, params, data):
    X = data.draw(matrices(TAME, min_rows=2))
    y = _codes(len(X))
    est = Estimator(**params).fit(X, y)
    _assert_sound(est, X, len(X))
    for twin in (
        clone(est).fit(X, y),
        pickle.loads(pickle.dumps(est)),
        copy.deepcopy(est),
        pickle.loads(pickle.dumps(clone(est))).fit(X, y),
    ):
        np.testing.assert_array_equal(_outputs(twin, X), _outputs(est, X))
    # Copies go on as the original does, with the same state.
    twin = pickle.loads(pickle.dumps(est))
    assert clone(est).get_params() == est.get_params()
    for each in (est, twin):
        each.set_params(warm_start=True).partial_fit(X, y)
    np.testing.assert_array_equal(_outputs(twin, X), _outputs(est, X))
    assert est.t_ == twin.t_


# ----------------------------------------------------------------------------- tables

CATEGORIES = st.sampled_from(["a", "b", "", "nan", "a longer one", None, np.nan])
MAYBE_MISSING = st.one_of(NUMBERS, st.just(np.nan))


@st.composite
def tables(draw, min_rows=1):
    """Frames of columns of all kinds, with missing values, and constant ones."""
    n_rows = draw(st.integers(min_rows, 12))
    columns = {}
    for i in range(draw(st.integers(1, 4))):
        kind = draw(
            st.sampled_from(["float", "int", "bool", "text", "category", "Int"])
        )
        elements = {
            "float": MAYBE_MISSING,
            "int": st.integers(-(2**40), 2**40),
            "bool": st.booleans(),
            "Int": st.one_of(st.integers(-5, 5), st.just(pd.NA)),
        }.get(kind, CATEGORIES)
        values = draw(st.lists(elements, min_size=n_rows, max_size=n_rows))
        dtypes = {"float": "f8", "Int": "Int64", "category": "category"}
        columns[f"{kind} {i}"] = pd.Series(values, dtype=dtypes.get(kind))
        if kind == "text":
            columns[f"{kind} {i}"] = pd.Series(values, dtype=object)
    return pd.DataFrame(columns)


@given(table=tables(), data=st.data())
def test_any_table_becomes_numbers(table, data):
    pre = TabularPreprocessor(
        max_onehot=data.draw(st.integers(0, 5)),
        clip=data.draw(st.sampled_from([0.5, 3.0, 1e30])),
        dtype=data.draw(st.sampled_from(["float32", "float64"])),
    )
    numbers = pre.fit_transform(table)
    assert numbers.shape == (len(table), len(pre.get_feature_names_out()))
    assert numbers.dtype == pre.dtype
    assert np.isfinite(numbers).all()
    # The rows are independent of one another, and of how they are indexed.
    rows = np.array(data.draw(st.permutations(range(len(table)))))
    np.testing.assert_array_equal(pre.transform(table.iloc[rows]), numbers[rows])
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(pre)).transform(table), numbers
    )


@tabular_estimators
@settings(max_examples=max(5, settings().max_examples // 3))
@given(table=tables(min_rows=4), data=st.data())
def test_any_table_is_learnt_from_or_refused(Estimator, table, data):
    y = _codes(len(table), 3)
    if Estimator is TabularMLPRegressor:
        y = data.draw(hnp.arrays(np.float64, len(table), elements=NUMBERS))
    est = Estimator(
        hidden_layer_sizes=(3,),
        max_iter=2,
        ensemble=data.draw(st.sampled_from([None, "kfold", "seeds", "refit"])),
        n_members=2,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of folds that lack a class
        warnings.simplefilter("error", RuntimeWarning)
        refusal = _refusal(est.fit, table, y)
        if refusal is not None:
            assert "nothing to learn from" in refusal or "non-finite" in refusal
            assert vars(est) == vars(clone(est))
            return
        _assert_sound(est, table, len(table))
        if Estimator is TabularMLPRegressor:
            interval = est.prediction_interval(table, 0.5)
            assert interval.shape == (len(table), 2)
            assert (interval[:, 0] <= interval[:, 1]).all()
    np.testing.assert_array_equal(
        _outputs(pickle.loads(pickle.dumps(est)), table), _outputs(est, table)
    )


# --------------------------------------------------------------- sequences of calls


class PlannedError(Exception):
    """What a callback of the user's raises."""


class Fails(Callback):
    """Raise an error at a moment of the training."""

    def __init__(self, moment, error=PlannedError):
        self.moment = moment
        self.error = error

    def _perhaps(self, moment):
        if moment == self.moment:
            raise self.error("A callback of the user's fails as it was planned to.")

    def on_train_begin(self, run):
        self._perhaps("begin")

    def on_epoch_end(self, event):
        self._perhaps(event.epoch)
        return False

    def on_train_end(self, run):
        self._perhaps("end")


#: For each parameter, values that are allowed and values that are not.
VALUES = {
    "hidden_layer_sizes": ([(3,), 2, (), [2, 2]], [0, "3", (2, -1), None]),
    "activation": (["relu", "tanh", ["relu"], "mish"], ["swish!", None]),
    "solver": (["adam", "sgd", "lbfgs", "rmsprop", Adam(0.5), SGD()], ["newton", Adam]),
    "alpha": ([0.0, 1e-4, 100.0], [-1.0, np.nan, "1"]),
    "batch_size": (["auto", 1, 3, 10**6], [0, 2.0, "all"]),
    "learning_rate": (
        [
            "constant",
            "adaptive",
            "invscaling",
            "plateau",
            "cosine",
            Cosine(),
            Plateau(),
        ],
        ["fast", 0.1],
    ),
    "learning_rate_init": ([1e-3, 0.1, 1e10, 1e300], [0.0, np.inf]),
    "power_t": ([0.5, 0, 100.0], [-1.0]),
    "max_iter": ([2, 1, 5], [0, 1.5, 10**400]),
    "tol": ([0.0, 1e-4, 1e300], [-1.0]),
    "shuffle": ([True, False], ["yes"]),
    "warm_start": ([False, True], [None]),
    "momentum": ([0.0, 0.9, 1.0], [1.1]),
    "nesterovs_momentum": ([True, np.False_], ["no"]),
    "early_stopping": ([False, True], [1]),
    "validation_fraction": ([0.1, 0.5, 0.0], [1.0]),
    "beta_1": ([0.0, 0.9], [1.0]),
    "beta_2": ([0.0, 0.999], [-0.1]),
    "epsilon": ([1e-8, 1e-300], [0.0]),
    "n_iter_no_change": ([1, 10, np.inf], [0]),
    "max_fun": ([1, 15000], [0]),
    "init": (["glorot", "he", "lecun", "data"], ["xavier", dict]),
    "dropout": ([0.0, 0.5, [0.2, 0.2]], [1.0, "half"]),
    "weight_decay": ([0.0, 0.1, 1e10], [-1.0]),
    "max_norm": ([None, 1e-3], [0.0]),
    "max_grad_norm": ([None, 1e-3, 1e300], [-1.0]),
    "scoring": ([None, "loss", "accuracy", "r2", "neg_log_loss"], ["best"]),
    "callbacks": (
        [
            None,
            [],
            [History()],
            [EarlyStopping("loss")],
            [EarlyStopping()],
            [Fails("begin")],
            [Fails(1)],
            [Fails(2)],
            [Fails("end")],
            [Fails(1, KeyboardInterrupt)],
        ],
        [3, [History]],
    ),
    "dtype": ([None, "float32", "float64"], ["float16"]),
    "random_state": ([0, 2**32 - 1, None], [-1, "seed"]),
    "class_weight": ([None, "balanced", {0: 1, 1: 2, 2: 0.5}, {0: 1.0}], ["even"]),
    "verbose": ([False, 0], [-1, "loud"]),
}
LOSSES = {
    NumpyMLPClassifier: (["log_loss", LogLoss(0.1)], [Huber(), "squared_error", None]),
    NumpyMLPRegressor: (
        [
            "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma",
            Huber(1e-3), Quantile([0.1, 0.9]),
        ],
        [LogLoss(), "log_loss"],
    ),
}  # fmt: skip
SELDOM = st.integers(0, 9).map(lambda number: number == 9)


#: Makes something else of good rows, which every method refuses.
NO_ROWS = {
    "None": lambda X: None,
    "a text": lambda X: "rows",
    "a number": lambda X: 3.0,
    "texts": lambda X: np.full(X.shape, "a"),
    "dates": lambda X: np.full(X.shape, "2020-01-01", "M8[D]"),
    "complex": lambda X: X + 1j,
    "a dict": lambda X: {"a": X},
    "no rows": lambda X: X[:0],
    "no columns": lambda X: X[:, :0],
    "a row": lambda X: X[0],
    "three axes": lambda X: X[:, :, np.newaxis],
    "ragged": lambda X: [[1.0], [1.0, 2.0]],
    "objects": lambda X: np.full(X.shape, {}, dtype=object),
}
NO_TARGETS = [None, "target", 3.0, [], [[]], {}, [None], ["a", 1], [1j], [[1], [2, 3]]]


class Calls(RuleBasedStateMachine):
    """Calls in any order, of which some are refused."""

    # Warnings of the package's own, and of scikit-learn's.
    ignored = (ConvergenceWarning, DataConversionWarning)

    def _call(self, method, *args, **kwargs):
        """Call a method; return its result, or the error that refuses the call.

        Of NumPy's there is no warning, and a refusal leaves all as it was.
        """
        before, params = vars(self.est).copy(), self._params()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for category in self.ignored:
                warnings.simplefilter("ignore", category)
            for message in (
                "Got `batch_size`",
                "[RD].2 score is not well-defined",
                "Training interrupted by user",
            ):
                warnings.filterwarnings("ignore", message)
            try:
                # An attribute may be refused as well: partial_fit with 'lbfgs'.
                return getattr(self.est, method)(*args, **kwargs)
            except (*DOCUMENTED, PlannedError) as error:
                refusal = error
        _assert_says_something(refusal)
        assert not (self.is_fitted and isinstance(refusal, NotFittedError))
        after = vars(self.est)
        assert after.keys() == before.keys()
        assert all(after[name] is before[name] for name in before)
        np.testing.assert_array_equal(self._params(), params)
        return refusal

    def _draw_weight(self, data, n_rows):
        if data.draw(st.integers(0, 2)) < 2:
            return None
        sizes = [1.0, 1.0, 3.0, 0.0, 1e-30, 1e30]
        if data.draw(SELDOM):
            sizes += [-1.0, np.nan]
        return data.draw(
            hnp.arrays(np.float64, n_rows, elements=st.sampled_from(sizes))
        )

    def _values(self, name):
        return LOSSES[type(self.est)] if name == "loss" else VALUES[name]

    def _all_allowed(self):
        return all(
            any(value is each for each in self._values(name)[0])
            for name, value in self.est.get_params().items()
        )

    @rule(data=st.data())
    def set_params(self, data):
        if data.draw(SELDOM):
            assert "n_units" in str(self._call("set_params", n_units=3))
        name = data.draw(st.sampled_from(sorted(self.est.get_params())))
        values = self._values(name)[data.draw(SELDOM)]
        self._call("set_params", **{name: data.draw(st.sampled_from(values))})

    @rule()
    def reset_params(self):
        """So that not all that follows is refused."""
        defaults = {name: self._values(name)[0][0] for name in self.est.get_params()}
        self.est.set_params(**defaults)

    @rule(how=st.sampled_from(["pickle", "deepcopy", "clone"]))
    def copy(self, how):
        if how == "clone":
            self.est, self.is_fitted = clone(self.est), False
        elif how == "pickle":
            self.est = pickle.loads(pickle.dumps(self.est))
        else:
            self.est = copy.deepcopy(self.est)
        # Values are known by their identity.
        for name, value in self.est.get_params().items():
            for each in (value for values in self._values(name) for value in values):
                if type(each) is type(value) and repr(each) == repr(value):
                    self.est.set_params(**{name: each})


class Sequences(Calls):
    """Calls of the estimators for arrays."""

    @initialize(
        Estimator=st.sampled_from([NumpyMLPClassifier, NumpyMLPRegressor]),
        n_columns=st.integers(1, 3),
    )
    def begin(self, Estimator, n_columns):
        self.est = Estimator()
        self.reset_params()
        self.n_columns = n_columns
        self.est.fit(np.eye(3, n_columns), np.arange(3))
        self.is_fitted = True

    def _params(self):
        if not self.is_fitted:
            return None
        arrays = (*self.est.coefs_, *self.est.intercepts_)
        return np.concatenate([array.ravel() for array in arrays])

    def _draw_rows(self, data):
        n_columns = self.n_columns + data.draw(SELDOM)
        elements = data.draw(st.sampled_from([TAME, TAME, NUMBERS]))
        if data.draw(SELDOM):
            elements = MAYBE_MISSING
        n_rows = data.draw(st.integers(1, 12))
        X = data.draw(hnp.arrays(np.float64, (n_rows, n_columns), elements=elements))
        form = data.draw(st.sampled_from(["f8", "f4", "sparse", "list"]))
        if form == "list":
            return X.tolist()
        return sp.csr_array(X) if form == "sparse" else X.astype(form)

    def _draw_target(self, data, n_rows):
        if data.draw(SELDOM):
            n_rows += 1
        if data.draw(SELDOM):
            shape = (n_rows, 2)
            return data.draw(hnp.arrays(np.intp, shape, elements=st.integers(0, 1)))
        if is_classifier(self.est) != data.draw(SELDOM):
            return data.draw(hnp.arrays(np.intp, n_rows, elements=st.integers(0, 2)))
        return data.draw(hnp.arrays(np.float64, n_rows, elements=NUMBERS))

    def _train(self, data, method, **kwargs):
        X = self._draw_rows(data)
        n_rows, n_columns = np.shape(X)
        if data.draw(st.integers(0, 3)) == 3:
            X_val = self._draw_rows(data)
            kwargs["X_val"] = X_val
            kwargs["y_val"] = self._draw_target(data, np.shape(X_val)[0])
            kwargs["sample_weight_val"] = self._draw_weight(data, np.shape(X_val)[0])
        y, weight = self._draw_target(data, n_rows), self._draw_weight(data, n_rows)
        allowed = self._all_allowed()
        result = self._call(method, X, y, weight, **kwargs)
        if not isinstance(result, Exception):
            assert result is self.est
            assert allowed
            self.is_fitted = True
            self.n_columns = n_columns

    @rule(data=st.data())
    def fit(self, data):
        self._train(data, "fit")

    @rule(data=st.data())
    def fit_on(self, data):
        self.est.set_params(warm_start=True)
        self._train(data, "fit")

    @rule(data=st.data())
    def partial_fit(self, data):
        classes = {}
        if is_classifier(self.est) and (not self.is_fitted or data.draw(SELDOM)):
            given = st.sampled_from([[0, 1, 2], [0, 1, 2], [0, 1], "ab"])
            classes = {"classes": data.draw(given)}
        self._train(data, "partial_fit", **classes)

    @rule(
        method=st.sampled_from(["fit", "partial_fit", "predict", "score"]),
        what=st.sampled_from(["X", "y"]),
        how=st.sampled_from(sorted(NO_ROWS)),
        number=st.integers(0, len(NO_TARGETS) - 1),
        seldom=SELDOM,
    )
    def rubbish(self, method, what, how, number, seldom):
        if not seldom:
            return
        X, y = np.eye(3, self.n_columns), np.arange(3)
        if method == "predict" or what == "X":
            X = NO_ROWS[how](X)
        else:
            y = NO_TARGETS[number]
        arguments = (X,) if method == "predict" else (X, y)
        assert isinstance(self._call(method, *arguments), Exception)

    @rule(
        method=st.sampled_from(
            ["predict", "predict_proba", "predict_log_proba", "hidden_activations"]
        ),
        data=st.data(),
    )
    def predict(self, method, data):
        X = self._draw_rows(data)
        arguments = (X,)
        if method == "hidden_activations":
            arguments = (X, data.draw(st.sampled_from([0, -1, 7, "first"])))
        elif not hasattr(self.est, method):
            return
        predicted = self._call(method, *arguments)
        if not isinstance(predicted, Exception):
            assert len(predicted) == np.shape(X)[0]
            _assert_finite(method, predicted)

    @rule(data=st.data())
    def score(self, data):
        X = self._draw_rows(data)
        n_rows = np.shape(X)[0]
        y, weight = self._draw_target(data, n_rows), self._draw_weight(data, n_rows)
        score = self._call("score", X, y, weight)
        if not isinstance(score, Exception):
            assert isinstance(score, float)
            assert score <= 1.0 or (n_rows == 1 and not is_classifier(self.est))

    @precondition(lambda self: self.is_fitted)
    @rule(
        name=st.sampled_from(["coefs_", "intercepts_"]),
        value=st.sampled_from([0.0, 1.0, 1e30, 1e300, np.nan, np.inf, "a", 1j, None]),
        shapes=st.sampled_from([None, 3, "ab", [], [np.zeros(7)], [np.zeros((9, 9))]]),
    )
    def assign(self, name, value, shapes):
        if shapes is not None:
            assert name in str(self._call("__setattr__", name, shapes))
        arrays = [np.full(array.shape, value) for array in getattr(self.est, name)]
        error = self._call("__setattr__", name, arrays)
        dtype = self.est.coefs_[0].dtype
        if isinstance(value, float) and value <= float(np.finfo(dtype).max):
            assert error is None
            assigned = getattr(self.est, name)
            assert all((array == dtype.type(value)).all() for array in assigned)
        else:
            assert name in str(error)

    @precondition(lambda self: self.is_fitted)
    @invariant()
    def what_is_learnt_is_finite(self):
        assert np.isfinite(self._params()).all()
        assert self.est.n_features_in_ == self.n_columns
        assert np.isfinite(self.est.learning_rate_curve_).all()
        assert self.est.t_ > 0


OF_TABLES = {
    "hidden_layer_sizes": ([(3,), 2, (), [2, 2]], [0, "3", (2, -1), None]),
    "solver": (["adam", "sgd", "rmsprop", Adam(0.5)], ["lbfgs", None]),
    "learning_rate": (["coslog", "constant", "plateau", Cosine()], ["fast", 0.1]),
    "learning_rate_init": ([0.04, 1e-3, 1e10, 1e300], [0.0, "fast"]),
    "validation_fraction": ([0.2, 0.5], [0.0, 1.0]),
    "weight_decay": ([0.02, 0.0, 1e10], [-1.0]),
    "scoring": (["loss", None, "accuracy", "r2"], ["best"]),
    "max_time": ([None, 1e-9], [0, "1"]),
    "n_jobs": ([None, 1], [0, 1.5]),
    "categorical_features": (["from_dtype", None, [0], [7], ["float 0"]], [3, "all"]),
    "ensemble": ([None, "kfold", "seeds", "refit"], ["bag", True]),
    "n_members": ([2, 1, 3], [0, 2.0]),
}
NO_TABLES = {
    name: NO_ROWS[name]
    for name in sorted(NO_ROWS)
    if name not in ("texts", "objects")  # those are categories
}


class SequencesOfTables(Calls):
    """Calls of the estimators for tables."""

    # Of folds that lack a class, of a time that was over, of columns without names.
    ignored = (UserWarning,)

    @initialize(Estimator=st.sampled_from([TabularMLPClassifier, TabularMLPRegressor]))
    def begin(self, Estimator):
        self.est = Estimator()
        self.reset_params()
        self.table = pd.DataFrame(
            {"float 0": [1.5, np.nan] * 4, "text 1": list("ab") * 4}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self.est.fit(self.table, np.arange(8) % 3)
        self.is_fitted = True

    def _values(self, name):
        if name == "loss":
            kind = NumpyMLPClassifier if is_classifier(self.est) else NumpyMLPRegressor
            return LOSSES[kind]
        return OF_TABLES[name] if name in OF_TABLES else super()._values(name)

    def _params(self):
        if not self.is_fitted:
            return None
        return np.concatenate([member._params for member in self.est.estimators_])

    def _draw_table(self, data):
        """Draw a table; often one that the estimator knows."""
        if self.is_fitted and data.draw(st.integers(0, 3)):
            rows = data.draw(st.lists(st.integers(0, len(self.table) - 1), min_size=1))
            return self.table.iloc[rows]
        if data.draw(SELDOM):
            return data.draw(matrices())
        return data.draw(tables(min_rows=1 + 3 * data.draw(st.booleans())))

    def _draw_target(self, data, n_rows):
        n_rows += data.draw(SELDOM)
        if is_classifier(self.est) != data.draw(SELDOM):
            return data.draw(hnp.arrays(np.intp, n_rows, elements=st.integers(0, 2)))
        return data.draw(hnp.arrays(np.float64, n_rows, elements=NUMBERS))

    @rule(data=st.data())
    def fit(self, data):
        table = self._draw_table(data)
        y = self._draw_target(data, len(table))
        weight = self._draw_weight(data, len(table))
        validation = {}
        if data.draw(st.integers(0, 3)) == 3:
            X_val = table if data.draw(st.booleans()) else self._draw_table(data)
            validation = {
                "X_val": X_val,
                "y_val": self._draw_target(data, len(X_val)),
                "sample_weight_val": self._draw_weight(data, len(X_val)),
            }
        allowed = self._all_allowed()
        result = self._call("fit", table, y, weight, **validation)
        if not isinstance(result, Exception):
            assert result is self.est
            assert allowed
            self.is_fitted = True
            self.table = pd.DataFrame(table)

    @rule(
        method=st.sampled_from(
            ["predict", "predict_proba", "predict_log_proba", "prediction_interval"]
        ),
        data=st.data(),
    )
    def predict(self, method, data):
        if not hasattr(self.est, method):
            return
        table = self._draw_table(data)
        predicted = self._call(method, table)
        if not isinstance(predicted, Exception):
            assert len(predicted) == len(table)
            if method == "prediction_interval":  # whose ends may be infinite
                assert (predicted[..., 0] <= predicted[..., 1]).all()
            else:
                _assert_finite(method, predicted)

    @rule(data=st.data())
    def score(self, data):
        table = self._draw_table(data)
        y = self._draw_target(data, len(table))
        score = self._call("score", table, y, self._draw_weight(data, len(table)))
        if not isinstance(score, Exception):
            assert score <= 1.0 or (len(table) == 1 and not is_classifier(self.est))

    @rule(
        method=st.sampled_from(["fit", "predict", "score"]),
        how=st.sampled_from(sorted(NO_TABLES)),
        seldom=SELDOM,
    )
    def rubbish(self, method, how, seldom):
        if not seldom:
            return
        X = NO_TABLES[how](np.eye(3))
        arguments = (X,) if method == "predict" else (X, np.arange(3))
        assert isinstance(self._call(method, *arguments), Exception)

    @precondition(lambda self: self.is_fitted)
    @invariant()
    def what_is_learnt_is_finite(self):
        assert np.isfinite(self._params()).all()
        assert self.est.n_features_in_ == self.table.shape[1]


def _run(machine, n_in_ci, seconds):
    """Run a machine so many times, or at night for so many seconds."""
    if not _NIGHTLY:
        size = settings(max_examples=n_in_ci, stateful_step_count=20)
        run_state_machine_as_test(machine, settings=size)
        return
    size = settings(max_examples=200, stateful_step_count=50)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run_state_machine_as_test(machine, settings=size)


def test_sequences_of_calls():
    _run(Sequences, 700, 600)


def test_sequences_of_calls_with_tables():
    _run(SequencesOfTables, 150, 300)
