"""Activations, layers and links as ONNX nodes say what the network says."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_linnerud
from sklearn.preprocessing import scale

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.activations import ACTIVATIONS, Activation, ReLU
from sknumpy_mlp.export import to_onnx, to_sklearn
from sknumpy_mlp.export._operators import _LINKS
from sknumpy_mlp.losses import (
    INVERSE_LINKS,
    REGRESSION_LOSSES,
    BinaryLogLoss,
    Gamma,
    Loss,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
)
from tests.export.conftest import assert_agrees

pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_agrees(activation, dtype):
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((9, 7), activation=activation, random_state=0, max_iter=20)
    assert_agrees(clf.fit(scale(X), y), 20 * scale(X), dtype=dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_agree_in_tabular_networks(activation):
    X, y = load_iris(return_X_y=True)
    clf = TabularMLPClassifier(
        (8,), activation=activation, max_iter=3, n_members=2, random_state=0
    )
    assert_agrees(clf.fit(X, y), X)


@pytest.mark.parametrize(
    "loss",
    [*REGRESSION_LOSSES.values(), Quantile([0.1, 0.5, 0.9]), BinaryLogLoss()],
    ids=repr,
)
@pytest.mark.parametrize("Estimator", [NumpyMLPRegressor, TabularMLPRegressor])
def test_every_loss_agrees(Estimator, loss):
    X, y = load_diabetes(return_X_y=True)
    if isinstance(loss, BinaryLogLoss):
        y = y / y.max()
    reg = Estimator(loss=loss, hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    assert_agrees(reg.fit(X, y), X)


def test_every_link_of_the_losses_is_known():
    assert _LINKS.keys() == INVERSE_LINKS.keys()


def test_a_quantile_of_several_targets_is_not_sorted():
    X, y = load_linnerud(return_X_y=True)
    reg = NumpyMLPRegressor(loss=Quantile(0.3), max_iter=20, random_state=0)
    reg.fit(scale(X), y[:, ::-1])
    assert (np.diff(reg.predict(scale(X)), axis=1) < 0).any()
    assert_agrees(reg, scale(X))
    np.testing.assert_allclose(to_sklearn(reg).predict(scale(X)), reg.predict(scale(X)))


@pytest.mark.parametrize("hidden", [(), (4,), (6, 5, 4)])
def test_dropout_depth_and_solvers_do_not_matter(hidden):
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(
        hidden,
        activation=["relu", "silu", "tanh"][: len(hidden)],
        dropout=0.3,
        solver="rmsprop",
        max_norm=2.0,
        max_iter=10,
        random_state=0,
    )
    assert_agrees(clf.fit(scale(X), y), scale(X))


class _Sine(Activation):
    from_output = False

    def forward(self, z, out):
        np.sin(z, out=out)

    def backward(self, z, a, delta):
        delta *= np.cos(z)


class _OtherReLU(ReLU):
    pass


class _ShiftedError(SquaredError):
    def predict(self, raw):
        return raw + 1.0


class _DoubleError(SquaredError):
    def loss_gradient(self, y, raw):
        losses = 2 * super().loss_gradient(y, raw)
        raw *= 2
        return losses


@pytest.mark.parametrize("activation", [_Sine(), _OtherReLU()], ids=repr)
def test_activations_of_ones_own_are_refused(activation):
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(activation=activation, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"activation=.* no counterpart in ONNX"):
        to_onnx(reg)
    with pytest.raises(ValueError, match=r"activation=.*Use to_onnx"):
        to_sklearn(reg)


def test_losses_of_ones_own_are_known_by_their_link():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(loss=_DoubleError(), max_iter=5, random_state=0).fit(X, y)
    assert_agrees(reg, X)
    np.testing.assert_array_equal(to_sklearn(reg).predict(X), reg.predict(X))
    reg = NumpyMLPRegressor(loss=_ShiftedError(), max_iter=5, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="method predict of its own"):
        to_onnx(reg)
    with pytest.raises(ValueError, match="Use to_onnx"):
        to_sklearn(reg)


class _OwnLink(Loss):
    """A loss with nothing but a gradient and the name of a link."""

    def __init__(self, loss):
        self.loss = loss
        self.out_activation = loss.out_activation

    def loss_gradient(self, y, raw):
        return self.loss.loss_gradient(y, raw)


@pytest.mark.parametrize(
    "loss", [SquaredError(), Gamma(), BinaryLogLoss(), MultinomialLogLoss()], ids=repr
)
def test_links_follow_from_their_name(loss):
    X, y = load_iris(return_X_y=True)
    settings = {"max_iter": 5, "random_state": 0}
    if loss.out_activation in ("identity", "exp"):
        est = NumpyMLPRegressor(_OwnLink(loss), **settings).fit(X, y + 1.0)
        assert_agrees(est, X)
        if loss.out_activation == "identity":
            np.testing.assert_array_equal(to_sklearn(est).predict(X), est.predict(X))
        return
    target = y if loss.out_activation == "softmax" else y % 2
    est = NumpyMLPClassifier(loss=_OwnLink(loss), **settings).fit(X, target)
    assert_agrees(est, X)
    proba = to_sklearn(est).predict_proba(X)
    np.testing.assert_allclose(proba, est.predict_proba(X), rtol=1e-6)
