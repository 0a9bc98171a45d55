"""Activations, layers and links as ONNX nodes compute the same as the network."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_linnerud
from sklearn.preprocessing import scale

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    embeddings,
    layers,
)
from sknumpy_mlp._training.network import Network
from sknumpy_mlp.activations import ACTIVATIONS, Activation, ReLU, Softplus, Tanh
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.export import to_onnx, to_sklearn
from sknumpy_mlp.export._graph import Graph
from sknumpy_mlp.export._operators import (
    ACTIVATION_NODES,
    LAYER_NODES,
    LINK_NODES,
    add_link,
    add_network,
)
from sknumpy_mlp.layers import Dense, Dropout, Parametric, Scaling
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
from tests.conftest import all_regressors, unconverged
from tests.export.conftest import assert_agrees, run_onnx

pytest.importorskip("onnxruntime")

pytestmark = unconverged


# ---------------------------------------- each entry of the tables, one at a time

# One layer of each type with three columns, and the columns that have category codes.
# A new layer is listed here, and nowhere else in these tests.
LAYERS = {
    Dense: (Dense(3, 4, Tanh()), ()),
    Dropout: (Dropout(3, 0.4), ()),
    Scaling: (Scaling(3), ()),
    Parametric: (Parametric(3, Softplus()), ()),
    PeriodicEmbedding: (PeriodicEmbedding(3), ()),
    CategoryEmbedding: (CategoryEmbedding((3, 4, 2)), (0, 1, 2)),
    Passthrough: (Passthrough(3), ()),
    Concatenate: (
        Concatenate((PeriodicEmbedding(1), Passthrough(1), CategoryEmbedding((4,)))),
        (2,),
    ),
}

in_both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _output_of(add_nodes, x, n_outputs):
    """Run a graph of an input, the nodes that a function adds, and an output."""
    graph = Graph(x.dtype.name, ["x", "out"])
    value = add_nodes(graph, graph.input("x", x.dtype, x.shape[1]))
    graph.output("out", value, x.dtype, n_outputs)
    return run_onnx(graph.model("", {}, ""), {"x": x})["out"]


@in_both_types
@pytest.mark.parametrize("Activation", ACTIVATION_NODES)
def test_activation_nodes(Activation, dtype):
    activation = Activation()
    far = [-1e4, -88.0, -50.0, 50.0, 88.0, 1e4]
    z = np.array([*far, *np.linspace(-25, 25, 1001)], dtype)[:, np.newaxis]
    expected = np.empty_like(z)
    activation.forward(z.copy(), expected)

    def add(graph, x):
        return ACTIVATION_NODES[Activation](graph, activation, x)

    # The error function is computed in float32 in either type.
    np.testing.assert_allclose(_output_of(add, z, 1), expected, rtol=1e-5, atol=2e-6)


@in_both_types
@pytest.mark.parametrize("Layer", LAYER_NODES)
def test_layer_nodes(Layer, dtype):
    layer, codes = LAYERS[Layer]
    # A network needs parameters, which not every layer has.
    network = Network((layer, Dense(layer.fan_out, 2, Tanh())))
    rng = np.random.default_rng(0)
    params = network.init(rng, dtype)
    params += rng.normal(scale=0.1, size=params.shape).astype(dtype)
    x = rng.normal(size=(9, 3)).astype(dtype)
    for column in codes:
        x[:, column] = np.arange(9) % 2
    expected = network.predict_raw(params, x)

    def add(graph, x):
        return add_network(graph, network, params, x)

    found = _output_of(add, x, 2)
    assert found.shape == expected.shape
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


class _Linked(Loss):
    """A loss with nothing but the name of an inverse link."""

    def __init__(self, out_activation):
        self.out_activation = out_activation

    def loss_gradient(self, y, raw):
        raise NotImplementedError


@in_both_types
@pytest.mark.parametrize("name", LINK_NODES)
def test_link_nodes(name, dtype):
    raw = np.random.default_rng(0).normal(scale=20.0, size=(50, 3)).astype(dtype)
    loss = _Linked(name)

    def add(graph, x):
        return add_link(graph, loss, x, 3)

    expected = loss.predict(raw.copy())
    np.testing.assert_allclose(_output_of(add, raw, 3), expected, rtol=1e-5, atol=1e-7)


def test_the_tables_are_complete():
    assert ACTIVATION_NODES.keys() >= {type(each) for each in ACTIVATIONS.values()}
    assert LINK_NODES.keys() == INVERSE_LINKS.keys()
    public = [
        getattr(module, name)
        for module in (layers, embeddings)
        for name in module.__all__
    ]
    concrete = {
        each
        for each in public
        if isinstance(each, type)
        and issubclass(each, layers.Layer)
        and each is not layers.Layer
    }
    assert LAYER_NODES.keys() == concrete == LAYERS.keys()


# ------------------------------------------------------------------- within estimators


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
@all_regressors
def test_every_loss_agrees(Estimator, loss):
    X, y = load_diabetes(return_X_y=True)
    if isinstance(loss, BinaryLogLoss):
        y = y / y.max()
    reg = Estimator(loss=loss, hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    assert_agrees(reg.fit(X, y), X)


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
def test_custom_activations_are_refused(activation):
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(activation=activation, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"activation=.* no counterpart in ONNX"):
        to_onnx(reg)
    with pytest.raises(ValueError, match=r"activation=.*Use to_onnx"):
        to_sklearn(reg)


def test_custom_losses_are_exported_by_their_link():
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
