"""Properties that hold for all data: of any shape, type, layout and size of numbers."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone, is_classifier

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.optimizers import SGD, Adam
from sknumpy_mlp.preprocessing import TabularPreprocessor
from tests.conftest import plain_estimators, tabular_estimators
from tests.contracts.strategies import (
    DOCUMENTED,
    NUMBERS,
    TAME,
    assert_finite,
    assert_says_something,
    matrices,
    short_fits,
    tables,
)

pytestmark = short_fits


SHORT = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}


# ------------------------------------------------------------------------ strategies


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
        assert_says_something(error)
        return str(error)
    return None


def _outputs(est, X):
    """All that an estimator predicts of X."""
    return est.predict_proba(X) if is_classifier(est) else est.predict(X)


def _assert_sound(est, X, n_rows):
    """Predictions are finite and of the documented shape, and NumPy does not warn."""
    for name in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(est, name):
            predicted = getattr(est, name)(X)
            assert len(predicted) == n_rows, name
            assert_finite(name, predicted)
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
            if _refusal(est.prediction_interval, table, 0.5) is not None:
                return  # too few residuals
            interval = est.prediction_interval(table, 0.5)
            assert interval.shape == (len(table), 2)
            assert (interval[:, 0] <= interval[:, 1]).all()
    np.testing.assert_array_equal(
        _outputs(pickle.loads(pickle.dumps(est)), table), _outputs(est, table)
    )
