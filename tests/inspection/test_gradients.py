"""Derivatives of predictions: exact, for every network and every way to predict."""

import copy
import functools
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._inputs import table as _table
from sknumpy_mlp._training import network as _network
from sknumpy_mlp.activations import ACTIVATIONS, ReLU
from sknumpy_mlp.inspection import input_gradient
from sknumpy_mlp.losses import REGRESSION_LOSSES, Loss, Quantile
from tests.conftest import central_jacobian, unconverged

pytestmark = unconverged

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4))
SCORE = X[:, 0] - X[:, 1] * X[:, 2]
NUMBERS = np.exp(SCORE)
TARGETS = {
    "two": np.where(SCORE > 0, "yes", "no"),
    "three": np.digitize(SCORE, [-0.5, 0.5]),
    "labels": np.column_stack([SCORE > 0, X[:, 0] > 0, X[:, 3] > 1]).astype(int),
    "one": np.zeros(40),
}
PLAIN = {"hidden_layer_sizes": (7, 6), "max_iter": 5, "random_state": 0}


def _predictions(est):
    return est.predict_proba if is_classifier(est) else est.predict


def _assert_exact(est, at=X, atol=1e-7):
    gradient = input_gradient(est, at)
    expected = central_jacobian(_predictions(est), at)
    assert gradient.shape == expected.shape
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=atol)
    return gradient


class LogCosh(Loss):
    def loss_gradient(self, y, raw):
        raw -= y
        losses = (np.logaddexp(raw, -raw) - np.log(2)).sum(axis=1)
        np.tanh(raw, out=raw)
        return losses


class Fractions(Loss):
    out_activation = "logistic"

    def loss_gradient(self, y, raw):
        losses = (np.logaddexp(0.0, raw) - y * raw).sum(axis=1)
        raw[...] = self.predict(raw.copy()) - y
        return losses


class Squares(LogCosh):
    def predict(self, raw):
        return raw**2


# ------------------------------------------------------------------- plain estimators


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    clf = NumpyMLPClassifier(**PLAIN, activation=activation).fit(X, TARGETS["three"])
    assert np.abs(_assert_exact(clf)).max() > 1e-3


@pytest.mark.parametrize("y", [NUMBERS, np.column_stack([NUMBERS, 1 / NUMBERS])])
@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES, LogCosh()], ids=str)
def test_every_loss(loss, y):
    reg = NumpyMLPRegressor(loss, **PLAIN, activation="tanh").fit(X, y)
    gradient = _assert_exact(reg)
    assert gradient.shape == (*y.shape, 4)
    assert np.abs(gradient).max() > 0.01


@pytest.mark.parametrize("target", TARGETS)
def test_every_kind_of_classes(target):
    clf = NumpyMLPClassifier(**PLAIN, activation="silu").fit(X, TARGETS[target])
    gradient = _assert_exact(clf)
    assert gradient.shape == (*clf.predict_proba(X).shape, 4)
    assert gradient.any() == (target != "one")
    if target in ("two", "three"):  # probabilities sum to 1
        np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-15)


def test_fractions_and_quantiles():
    y = NUMBERS / NUMBERS.max()
    reg = NumpyMLPRegressor(Fractions(), **PLAIN, activation="tanh").fit(X, y)
    _assert_exact(reg)
    # Before they have learned anything, the raw outputs are in any order.
    loss = Quantile([0.1, 0.5, 0.9])
    reg = NumpyMLPRegressor(loss, **PLAIN, activation="tanh").fit(X, y)
    raw = reg._network.predict_raw(reg._params, X)
    assert len(np.unique(raw.argsort(axis=1), axis=0)) > 1
    assert _assert_exact(reg).shape == (40, 3, 4)


@pytest.mark.parametrize("sizes", [(), (5,), (6, 5, 4)])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_depth_and_dropout(sizes, dropout):
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=sizes, dropout=[dropout] * (len(sizes) + 1), max_iter=5
    )
    assert _assert_exact(reg.fit(X, NUMBERS)).any()


def test_a_network_without_a_hidden_layer_has_its_weights_as_derivatives():
    reg = NumpyMLPRegressor(hidden_layer_sizes=(), max_iter=3).fit(X, NUMBERS)
    expected = np.tile(reg.coefs_[0].ravel(), (40, 1))
    np.testing.assert_array_equal(input_gradient(reg, X), expected)


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csc_array, pd.DataFrame, list])
def test_kinds_of_input(container):
    given = container(X)
    clf = NumpyMLPClassifier(**PLAIN).fit(given, TARGETS["three"])
    plain = NumpyMLPClassifier(**PLAIN).fit(X, TARGETS["three"])
    plain.coefs_, plain.intercepts_ = clf.coefs_, clf.intercepts_
    gradient = input_gradient(clf, given)
    assert type(gradient) is np.ndarray
    np.testing.assert_allclose(gradient, input_gradient(plain, X), atol=1e-12)


@pytest.mark.parametrize("y", [NUMBERS, TARGETS["three"]], ids=["reg", "clf"])
def test_float32(y):
    Estimator = NumpyMLPRegressor if y is NUMBERS else NumpyMLPClassifier
    narrow, wide = (
        Estimator(**PLAIN, dtype=dtype).fit(X, y) for dtype in ("float32", "float64")
    )
    wide.coefs_, wide.intercepts_ = narrow.coefs_, narrow.intercepts_
    gradient = input_gradient(narrow, X)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, input_gradient(wide, X), atol=1e-6)


def test_rows_in_chunks_are_rows_by_themselves(monkeypatch):
    clf = NumpyMLPClassifier(**PLAIN).fit(X, TARGETS["three"])
    whole = input_gradient(clf, X)
    apart = np.concatenate([input_gradient(clf, X[[i]]) for i in range(40)])
    np.testing.assert_allclose(apart, whole, rtol=1e-10, atol=1e-15)
    monkeypatch.setattr(_network, "ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(input_gradient(clf, X), whole, rtol=1e-10, atol=1e-15)


def test_neither_the_input_nor_the_estimator_changes():
    clf = NumpyMLPClassifier(**PLAIN).fit(X, TARGETS["three"])
    before, at = clf.predict_proba(X), X.copy()
    input_gradient(clf, at)
    np.testing.assert_array_equal(at, X)
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_the_derivatives_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="the oracle is PyTorch")
    clf = NumpyMLPClassifier(**PLAIN, activation=["mish", "gelu"])
    clf.fit(X, TARGETS["three"])
    weights = [
        (torch.tensor(W), torch.tensor(b))
        for W, b in zip(clf.coefs_, clf.intercepts_, strict=True)
    ]
    functions = [
        torch.nn.functional.mish,
        torch.nn.functional.gelu,
        lambda z: torch.softmax(z, dim=-1),
    ]

    def probabilities(a):
        for (W, b), function in zip(weights, functions, strict=True):
            a = function(a @ W + b)
        return a

    expected = [
        torch.autograd.functional.jacobian(probabilities, torch.tensor(row)).numpy()
        for row in X
    ]
    np.testing.assert_allclose(input_gradient(clf, X), expected, rtol=1e-9, atol=1e-14)


# ----------------------------------------------------------------- tabular estimators


def _make_table(n_rows, seed):
    """Make numbers of all kinds, categories, and a target that depends on them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "number": 20.0 + 5.0 * rng.normal(size=n_rows),
            "color": rng.choice(["red", "green", "blue"], n_rows),
            "heavy": rng.standard_cauchy(n_rows) ** 3,
            "town": rng.choice([f"town {i}" for i in range(12)], n_rows),
            "gaps": np.where(rng.random(n_rows) < 0.2, np.nan, rng.random(n_rows)),
            "flag": rng.random(n_rows) < 0.5,
            "constant": 3.0,
        }
    )
    score = (
        0.2 * (table["number"] - 20.0)
        + np.arcsinh(table["heavy"])
        - 2.0 * table["gaps"].fillna(0.5)
        + (table["color"] == "red")
        + table["flag"]
    )
    return table, score.to_numpy()


TABLE, VALUE = _make_table(140, 0)
CATEGORIES = ["color", "town"]
SHORT = {
    "hidden_layer_sizes": (8, 6),
    "max_iter": 4,
    "n_members": 2,
    "random_state": 0,
    "n_jobs": 1,
    "categorical_features": CATEGORIES,
}
TABULAR_TARGETS = {
    "two": np.where(VALUE > 0, "high", "low"),
    "three": np.digitize(VALUE, [-0.5, 1.0]),
    "labels": np.column_stack([VALUE > 0, TABLE["flag"], TABLE["number"] > 20.0]) * 1,
    "one": np.zeros(140),
    "number": VALUE,
    "positive": np.exp(np.clip(VALUE, -3, 3)),
    "numbers": np.column_stack([VALUE, np.clip(VALUE, -1, 1)]),
    "share": 1 / (1 + np.exp(-VALUE)),
}


@functools.cache
def _tabular(target, **params):
    """Fit to a target, and encode in float64: float32 would hide small differences."""
    y = TABULAR_TARGETS[target]
    is_class = target in TARGETS
    Estimator = TabularMLPClassifier if is_class else TabularMLPRegressor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        est = Estimator(**SHORT | params).fit(TABLE, y)
    est.preprocessor_.set_params(dtype="float64")
    return est


def _differences(est, table):
    """Return central differences by the columns of numbers, and their steps.

    They are NaN for missing values, and for categories.
    """
    predict, n_features = _predictions(est), table.shape[1]
    steps = np.full(table.shape, np.nan)
    result = np.full((*predict(table).shape, n_features), np.nan)
    for j, name in enumerate(table):
        if name in CATEGORIES:
            continue
        x = table[name].astype(float)
        # Relative ones, which do not reach the next point of normal scores.
        steps[:, j] = 1e-6 * np.abs(x).where(x != 0.0, 1.0)
        above, below = (
            predict(table.assign(**{name: x + sign * steps[:, j]})) for sign in (1, -1)
        )
        result[..., j] = ((above - below).T / (2 * steps[:, j])).T
    return result, steps if result.ndim == 2 else steps[:, np.newaxis]


def _assert_exact_of_table(est, table=None, rtol=1e-5):
    table = _make_table(60, 1)[0] if table is None else table
    gradient = input_gradient(est, table)
    expected, steps = _differences(est, table)
    assert gradient.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(gradient), np.isnan(expected))
    # Predictions are rounded, and so are the numbers a step away.
    error = np.abs(gradient - expected) * steps
    is_wrong = error > 1e-14 + rtol * np.abs(expected) * steps
    assert not is_wrong.any(), np.argwhere(is_wrong)[:5]
    names = list(table)
    for name in CATEGORIES:
        assert np.isnan(gradient[..., names.index(name)]).all()
    assert not gradient[..., names.index("constant")].any()
    return gradient


@pytest.mark.parametrize("ensemble", ["kfold", "seeds", "refit", None])
@pytest.mark.parametrize("target", ["number", "three"])
def test_tabular_ensembles(target, ensemble):
    est = _tabular(target, ensemble=ensemble)
    assert set(est.preprocessor_.normal_scores_) == {2}
    assert est.preprocessor_.cardinalities_
    gradient = _assert_exact_of_table(est)
    assert (np.nanmax(np.abs(gradient), axis=(0, -1)) > 1e-4).all()


@pytest.mark.parametrize("target", ["number", "three"])
def test_rows_of_the_training_lie_on_the_points_of_normal_scores(target):
    # Differences across a bend converge more slowly.
    _assert_exact_of_table(_tabular(target), TABLE.iloc[:60], rtol=1e-3)


@pytest.mark.parametrize("target", ["number", "two"])
def test_networks_with_weights_of_their_own(target):
    est = _tabular(target, cv=TimeSeriesSplit(3), n_members="auto")
    assert len({member.weight for member in est.estimators_}) == 3
    _assert_exact_of_table(est)


@pytest.mark.parametrize(
    ("target", "loss"),
    [
        ("numbers", "squared_error"),
        ("numbers", "absolute_error"),
        ("number", "huber"),
        ("positive", "poisson"),
        ("positive", "gamma"),
        ("number", Quantile([0.1, 0.5, 0.9])),
        ("number", LogCosh()),
        ("share", Fractions()),
    ],
    ids=str,
)
def test_losses_of_tabular_regressors(target, loss):
    est = _tabular(target, loss=loss)
    shape = (60, *est.predict(TABLE[:1]).shape[1:], 7)
    assert _assert_exact_of_table(est).shape == shape


@pytest.mark.parametrize("loss", ["auto", "log_loss"])
@pytest.mark.parametrize("target", TARGETS)
def test_calibrated_probabilities(target, loss):
    est = _tabular(target, loss=loss)
    before = est.temperature_, est.floor_
    assert (est.floor_ > 0.0) == (loss == "auto" and target != "one")
    try:
        for temperature, floor in ((1.0, 1.0), (2.5, 1.0), (0.6, 40.0)):
            est.temperature_, est.floor_ = temperature, floor * before[1]
            gradient = _assert_exact_of_table(est)
            numbers = gradient[:, :, [0, 2, 5]]
            assert numbers.any() == (target != "one")
    finally:
        est.temperature_, est.floor_ = before


@pytest.mark.parametrize("parametric", [False, True])
@pytest.mark.parametrize("activation", ["mish", "tanh", ["relu", "gelu"]], ids=str)
def test_activations_and_their_mixing_weights(activation, parametric):
    est = TabularMLPRegressor(
        **SHORT, activation=activation, parametric_activation=parametric, ensemble=None
    ).fit(TABLE, VALUE)
    est.preprocessor_.set_params(dtype="float64")
    _assert_exact_of_table(est)


def test_derivatives_are_zero_where_a_network_is_clipped_to_the_target():
    est = _tabular("number", ensemble=None)
    target, (table, _) = est._target, _make_table(100, 1)
    low, high = np.quantile(est.predict(table), [[0.3], [0.7]])
    try:
        est._target = replace(target, scale=replace(target.scale, low=low, high=high))
        gradient = _assert_exact_of_table(est, table)
        predicted = est.predict(table)
    finally:
        est._target = target
    is_clipped = (predicted == low) | (predicted == high)
    assert is_clipped.sum() == 60
    numbers = gradient[:, [0, 2, 5]]
    assert not numbers[is_clipped].any()
    assert numbers[~is_clipped].any(axis=1).all()


def test_booleans_are_categories_unless_they_are_chosen_as_numbers():
    frame = TABLE[["number", "flag"]]
    params = SHORT | {"ensemble": None, "categorical_features": "from_dtype"}
    est = TabularMLPRegressor(**params).fit(frame, VALUE)
    assert np.isnan(input_gradient(est, frame)[:, 1]).all()
    est = TabularMLPRegressor(**params | {"categorical_features": []})
    gradient = input_gradient(est.fit(frame, VALUE), frame)
    assert np.isfinite(gradient).all()
    assert gradient[:, 1].any()


def test_codes_have_the_derivative_of_their_numeric_encoding():
    rng = np.random.default_rng(0)
    code, x = rng.integers(1, 21, 800), rng.normal(size=800)
    table = pd.DataFrame({"code": code, "x": x})
    est = TabularMLPRegressor(**SHORT | {"categorical_features": []}, ensemble=None)
    est.fit(table, rng.normal(size=21)[code] + 0.1 * x)
    assert set(est.preprocessor_.number_codes_) == {0}
    est.preprocessor_.set_params(dtype="float64")
    expected = central_jacobian(
        lambda rows: est.predict(pd.DataFrame(rows, columns=["code", "x"])),
        table[:30].to_numpy(),
        step=1e-7,  # numbers as near as this have the same code
    )
    gradient = input_gradient(est, table[:30])
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(gradient[:, 0]).max() > 1e-3


def test_a_table_of_categories_alone_has_no_derivatives():
    frame = TABLE[CATEGORIES]
    clf = TabularMLPClassifier(**SHORT, ensemble=None)
    gradient = input_gradient(clf.fit(frame, TABULAR_TARGETS["two"]), frame)
    assert gradient.shape == (140, 2, 2)
    assert np.isnan(gradient).all()


def test_a_row_of_a_table_by_itself():
    est = _tabular("number")
    whole = input_gradient(est, TABLE[:5])
    apart = [input_gradient(est, TABLE[i : i + 1]) for i in range(5)]
    np.testing.assert_allclose(np.concatenate(apart), whole, rtol=1e-9)


def test_columns_in_blocks(monkeypatch):
    est = _tabular("number")
    whole = input_gradient(est, TABLE)
    monkeypatch.setattr(_table, "_BLOCK_SIZE", 1)  # a column at a time
    np.testing.assert_array_equal(input_gradient(est, TABLE), whole)


# ----------------------------------------------------------------------------- errors


class Own(NumpyMLPRegressor):
    pass


def _fitted():
    return NumpyMLPRegressor(**PLAIN).fit(X, NUMBERS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: make_pipeline(StandardScaler(), NumpyMLPRegressor(**PLAIN)),
            r"^Pipeline .*wraps the NumpyMLPRegressor.*Pass that one, and the data .*"
            r"pipeline\[-1\] and pipeline\[:-1\].transform\(X\)",
        ),
        (
            lambda: GridSearchCV(NumpyMLPRegressor(**PLAIN), {"alpha": [0.1]}, cv=2),
            "^GridSearchCV .*wraps the NumpyMLPRegressor",
        ),
        (
            lambda: TransformedTargetRegressor(NumpyMLPRegressor(**PLAIN)),
            "^TransformedTargetRegressor .*wraps the NumpyMLPRegressor",
        ),
        (
            StandardScaler,
            "^StandardScaler is not an .*Pass a fitted Numpy.* or Tab",
        ),
        (lambda: Own(**PLAIN), "^Own is a class of your own"),
    ],
    ids=["pipeline", "search", "target", "other", "subclass"],
)
def test_what_is_not_an_estimator_of_the_package(make, message):
    est = make().fit(X, NUMBERS)
    with pytest.raises(TypeError, match=message):
        input_gradient(est, X)


def test_classes_members_and_estimators_that_are_not_fitted():
    with pytest.raises(TypeError, match=r"is a class\. Pass an object"):
        input_gradient(NumpyMLPRegressor, X)
    member = _tabular("number").estimators_[0]
    with pytest.raises(TypeError, match="Pass that one to input_gradient, as a whole"):
        input_gradient(member, X)
    for Estimator in (NumpyMLPClassifier, TabularMLPRegressor):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            input_gradient(Estimator(), X)


def test_custom_losses_with_predictions_of_their_own():
    reg = NumpyMLPRegressor(Squares(), **PLAIN).fit(X, NUMBERS)
    with pytest.raises(ValueError, match=r"^loss=.*Squares.* defines predict"):
        input_gradient(reg, X)


def test_input_that_predictions_refuse():
    reg = _fitted()
    for bad, message in ((X[:, :2], "expecting 4"), (X * np.nan, "X contains NaN")):
        with pytest.raises(ValueError, match=message):
            input_gradient(reg, bad)
    with pytest.raises(ValueError, match="yet now missing:\n- number"):
        input_gradient(_tabular("number"), TABLE.drop(columns="number"))


def test_numbers_that_overflow():
    reg = NumpyMLPRegressor("poisson", hidden_layer_sizes=(), max_iter=2)
    reg.fit(X, NUMBERS)
    reg.coefs_ = [np.ones((4, 1))]
    with pytest.raises(ValueError, match=r"^The outputs of the network for 1 .*X\[1\]"):
        input_gradient(reg, [[0.0] * 4, [500.0] * 4])
    steep = NumpyMLPRegressor(hidden_layer_sizes=(2,), activation=ReLU(), max_iter=2)
    steep.fit(X, NUMBERS)
    steep.coefs_ = [np.full((4, 2), 1e200), np.full((2, 1), 1e200)]
    steep.intercepts_ = [np.full(2, 1e-3), np.zeros(1)]
    at = [[0.0] * 4, [-1.0] * 4]
    assert np.isfinite(steep.predict(at)).all()
    with pytest.raises(ValueError, match=r"^The derivatives of the .* 1 of 2 .*X\[0\]"):
        input_gradient(steep, at)


def test_numbers_of_tables_that_overflow():
    clf = copy.deepcopy(_tabular("three"))
    for member in clf.estimators_:
        member.coefs_ = [np.full_like(W, 1e200) for W in member.coefs_]
    for function in (clf.predict_proba, functools.partial(input_gradient, clf)):
        with pytest.raises(ValueError, match=r"^The outputs of the network for 4 of 5"):
            function(TABLE[:5])
    frame = TABLE[["number"]] * 1e-305
    reg = TabularMLPRegressor(**SHORT | {"categorical_features": []}, ensemble=None)
    reg.fit(frame, 1e10 * VALUE)
    assert np.isfinite(reg.predict(frame)).all()
    with pytest.raises(ValueError, match=r"^The derivatives of the network for "):
        input_gradient(reg, frame)


def test_dates_have_no_derivatives():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2024-01-01", periods=60, freq="D"),
            "size": rng.normal(size=60),
            "since": pd.to_timedelta(rng.uniform(size=60), "D"),
        }
    )
    target = frame["size"].to_numpy()
    reg = TabularMLPRegressor((8,), max_iter=5, n_members=2, random_state=0)
    found = input_gradient(reg.fit(frame, target), frame)
    assert np.isnan(found[:, [0, 2]]).all()
    step = 1e-3
    changed = (frame.assign(size=target + s) for s in (step, -step))
    high, low = (reg.predict(each) for each in changed)
    # The table is rounded to float32.
    np.testing.assert_allclose(found[:, 1], (high - low) / (2 * step), atol=1e-3)
