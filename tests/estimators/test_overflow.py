"""Predictions that overflow: refused by name, where the result is not finite."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import r2_score

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.export import onnx_inputs, to_onnx, to_sklearn
from sknumpy_mlp.losses import Loss, Quantile
from tests.conftest import unconverged

pytestmark = unconverged

# Of the network that `_line` makes, rows and raw outputs are the same numbers.
ROWS = np.array([[-1.0], [0.5], [2.0]])


def _line(est, *, factor=1.0, n_outputs=1):
    """Fit a network without a hidden layer, and have it multiply by a factor."""
    y = np.arange(3) % 2 + 1 if n_outputs < 3 else np.arange(3)
    est = clone(est).set_params(hidden_layer_sizes=(), max_iter=1).fit(ROWS, y)
    est.coefs_ = [np.full((1, n_outputs), factor)]
    est.intercepts_ = [np.zeros(n_outputs)]
    return est


def test_a_training_that_has_nearly_diverged_shows_when_it_predicts():
    X, y = np.zeros((5, 3)), np.arange(5.0)
    X[0, 1], X[2, 1] = -1.0, 1e22
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=(3,), solver="sgd", max_iter=2, random_state=0
    )
    reg.fit(X, y)
    assert np.isfinite(reg.loss_)
    assert 1e150 < np.abs(reg.coefs_[0]).max() < np.inf
    message = (
        r"for 1 of 5 samples, the first of them X\[0\], are infinite or NaN.*coefs_.*"
        "float64.*leave them out.*StandardScaler.*learning_rate_init.*max_grad_norm.*"
        "fit again"
    )
    for call in (lambda: reg.predict(X), lambda: reg.score(X, y)):
        with pytest.raises(ValueError, match=message):
            call()
    assert np.isfinite(reg.predict(X[1:])).all()


@pytest.mark.parametrize(
    ("loss", "row", "too_large"),
    [
        # Twice that is less, and more, than 1.798e308, and so is exp of twice that.
        ("squared_error", 0.89e308, 0.9e308),
        ("huber", -0.89e308, -0.9e308),
        (Quantile([0.1, 0.9]), 0.89e308, 0.9e308),
        ("poisson", 354.8, 354.9),
        ("gamma", 354.8, 354.9),
    ],
)
def test_every_link_of_a_regressor(loss, row, too_large):
    n_outputs = 2 if isinstance(loss, Quantile) else 1
    reg = _line(NumpyMLPRegressor(loss), factor=2.0, n_outputs=n_outputs)
    assert np.isfinite(reg.predict([[row]])).all()
    with pytest.raises(ValueError, match=r"2 of 3 samples, the first of them X\[1\]"):
        reg.predict([[0.0], [too_large], [too_large]])


@pytest.mark.parametrize("factor", [2.0, -2.0])
def test_probabilities_have_limits_and_are_no_error_there(factor):
    clf = _line(NumpyMLPClassifier(), factor=factor)
    rows = [[1e308], [-1e308], [0.0]]
    expected = np.array([1.0, 0.0, 0.5] if factor > 0 else [0.0, 1.0, 0.5])
    np.testing.assert_allclose(clf.predict_proba(rows)[:, 1], expected, atol=1e-15)
    assert np.isfinite(clf.predict_log_proba(rows)).all()
    # Of several infinities none is the largest.
    several = _line(NumpyMLPClassifier(), factor=factor, n_outputs=3)
    np.testing.assert_allclose(several.predict_proba([[0.0]]), 1 / 3)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(ValueError, match=r"1 of 2 samples.*X\[1\].*NaN"):
            getattr(several, method)([[0.0], [1e308]])
    with pytest.raises(ValueError, match=r"1 of 1 samples"):
        several.score([[1e308]], [0])


class Reciprocal(Loss):
    """A user's loss, whose link has a pole."""

    def loss_gradient(self, y, raw):
        losses = np.abs(raw).sum(axis=1)
        raw[...] = np.sign(raw)
        return losses

    def predict(self, raw):
        return 1.0 / raw


def test_links_of_ones_own():
    reg = _line(NumpyMLPRegressor(Reciprocal()))
    np.testing.assert_array_equal(reg.predict([[4.0]]), [0.25])
    with pytest.raises(ValueError, match=r"X\[1\], are infinite or NaN"):
        reg.predict([[4.0], [0.0]])


def test_a_single_row_of_many():
    X = np.zeros((2000, 1))
    X[1234] = 1e308
    reg = _line(NumpyMLPRegressor(), factor=10.0)
    with pytest.raises(ValueError, match=r"1 of 2000 samples, .* X\[1234\]"):
        reg.predict(X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hidden_activations(dtype):
    reg = NumpyMLPRegressor(hidden_layer_sizes=(2, 2), max_iter=1, dtype=dtype).fit(
        ROWS, ROWS[:, 0]
    )
    large = 0.9 * float(np.finfo(dtype).max)
    reg.coefs_ = [np.full((1, 2), large), np.ones((2, 2)), np.zeros((2, 1))]
    reg.intercepts_ = [np.zeros(2), np.zeros(2), np.zeros(1)]
    assert np.isfinite(reg.hidden_activations([[1.0]], layer=0)).all()
    with pytest.raises(ValueError, match=rf"X\[0\], are infinite.*{dtype} does not"):
        reg.hidden_activations([[1.0]], layer=1)


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_what_overflows_on_the_way_may_be_of_no_consequence(activation):
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=(1,), activation=activation, max_iter=1
    ).fit(ROWS, ROWS[:, 0])
    reg.coefs_ = [np.full((1, 1), 1e10), np.ones((1, 1))]
    reg.intercepts_ = [np.zeros(1), np.zeros(1)]
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(reg.predict([[1e308]]), [1.0])


def test_hopeless_predictions_have_the_worst_of_scores():
    reg = _line(NumpyMLPRegressor(), factor=1e200)
    assert reg.score(ROWS, [1.0, 2.0, 3.0]) == -np.inf
    # Whoever has no weight does not count.
    rows = np.vstack([ROWS, [[1e-200]]])
    weight = [0.0, 0.0, 0.0, 1.0]
    assert reg.score(rows, [1.0, 2.0, 3.0, 1.0], weight) == 1.0


def test_scores_of_large_numbers_in_float32():
    X = (1e25 * ROWS).astype(np.float32)
    reg = _line(NumpyMLPRegressor(dtype="float32"), factor=0.5)
    expected = r2_score(ROWS, 0.5 * ROWS)
    assert 0 < expected < 1
    assert reg.score(X, X[:, 0]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_predictions_of_tables_stay_in_the_range_of_the_targets(loss):
    reg = TabularMLPRegressor((4,), loss=loss, n_members=2, max_iter=1)
    reg.fit(np.vstack([ROWS, ROWS]), [1.0, 2.0, 3.0] * 2)
    for member in reg.estimators_:
        member.intercepts_ = [np.zeros(4), np.full(1, 1e300)]
    np.testing.assert_array_equal(reg.predict(ROWS), [3.0, 3.0, 3.0])
    assert reg.prediction_interval(ROWS, 0.1).shape == (3, 2)
    reg.estimators_[0]._params[:] = np.nan
    for predict in (reg.predict, reg.prediction_interval):
        with pytest.raises(ValueError, match=r"3 of 3 samples, .* X\[0\]"):
            predict(ROWS)


def test_classes_of_tables():
    # Mish is 0 at minus infinity, but its mixture with the identity is not.
    clf = TabularMLPClassifier(
        (4,), ensemble=None, max_iter=1, parametric_activation=True
    )
    (member,) = clf.fit(ROWS, [0, 1, 2]).estimators_
    limit = float(np.finfo(np.float64).max)
    member.coefs_ = [np.full(W.shape, limit) for W in member.coefs_]
    for method in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(ValueError, match=r"of 3 samples"):
            getattr(clf, method)(ROWS)


def test_exported_models_do_not_check():
    onnxruntime = pytest.importorskip("onnxruntime")
    reg = _line(NumpyMLPRegressor(), factor=10.0)
    X = np.array([[1.0], [1e308]])
    with pytest.raises(ValueError, match="infinite or NaN"):
        reg.predict(X)
    session = onnxruntime.InferenceSession(
        to_onnx(reg).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, onnx_inputs(reg, X))
    np.testing.assert_array_equal(found.ravel(), [10.0, np.inf])
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(to_sklearn(reg).predict(X), [10.0, np.inf])


@pytest.mark.parametrize("solver", ["adam", "rmsprop"])
def test_moments_that_the_type_of_a_later_call_does_not_hold(solver):
    reg = NumpyMLPRegressor(solver=solver, hidden_layer_sizes=(2,), random_state=0)
    reg.partial_fit(ROWS, 1e25 * ROWS[:, 0])
    (*_, second) = reg._training_state.optimizer.moments
    assert np.abs(second).max() > np.finfo(np.float32).max
    reg.set_params(dtype="float32").partial_fit(ROWS, ROWS[:, 0])
    assert reg.coefs_[0].dtype == np.float32
    assert np.isfinite(reg.predict(ROWS)).all()
