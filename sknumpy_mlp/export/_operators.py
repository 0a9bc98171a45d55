"""Activations, layers and inverse links as nodes of an ONNX graph.

To support another one, write a function that adds its nodes, and list it in
`ACTIVATION_NODES`, `LAYER_NODES` or `LINK_NODES`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sknumpy_mlp._tabular.calibration import Calibration
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    Logistic,
    Mish,
    ReLU,
    SiLU,
    Softplus,
    Tanh,
)
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.export._graph import Graph
from sknumpy_mlp.layers import Dense, Dropout, Layer, Parametric, Scaling
from sknumpy_mlp.losses import Loss, Quantile

# For larger z, mish(z) rounds to z, and exp(z) might overflow.
_MISH_IS_LINEAR = 20.0

# ------------------------------------------------------------------------ activations


def _identity(graph: Graph, activation: Any, z: str) -> str:
    return z


def _logistic(graph: Graph, activation: Any, z: str) -> str:
    return graph.node("Sigmoid", z)


def _tanh(graph: Graph, activation: Any, z: str) -> str:
    return graph.node("Tanh", z)


def _relu(graph: Graph, activation: Any, z: str) -> str:
    return graph.node("Relu", z)


def _leaky_relu(graph: Graph, activation: LeakyReLU, z: str) -> str:
    slope = graph.number(activation.negative_slope)
    return graph.node("Max", z, graph.node("Mul", z, slope))


def _elu(graph: Graph, activation: ELU, z: str) -> str:
    left = graph.node("Exp", graph.node("Min", z, graph.number(0.0)))
    left = graph.node("Sub", left, graph.number(1.0))
    left = graph.node("Mul", left, graph.number(activation.alpha))
    both = graph.node("Add", graph.node("Relu", z), left)
    return graph.node("Mul", both, graph.number(activation.scale))


def _gelu(graph: Graph, activation: Any, z: str) -> str:
    # ONNX Runtime implements Erf for float32 only.
    scaled = graph.node("Mul", z, graph.number(math.sqrt(0.5)))
    erf = graph.node("Erf", graph.cast(scaled, np.float32))
    twice = graph.node("Add", graph.cast(erf, graph.dtype), graph.number(1.0))
    return graph.node("Mul", z, graph.node("Mul", twice, graph.number(0.5)))


def _silu(graph: Graph, activation: Any, z: str) -> str:
    # Not z * Sigmoid(z): ONNX Runtime (at least up to 1.23) fuses that to an operator
    # that it implements for float32 only.
    beyond = graph.node("Exp", graph.node("Neg", z))
    return graph.node("Div", z, graph.node("Add", beyond, graph.number(1.0)))


def _mish(graph: Graph, activation: Any, z: str) -> str:
    # With w = exp(z), tanh(log(1 + w)) = w (w + 2) / (w (w + 2) + 2).
    w = graph.node("Exp", graph.node("Min", z, graph.number(_MISH_IS_LINEAR)))
    two = graph.number(2.0)
    above = graph.node("Mul", w, graph.node("Add", w, two))
    ratio = graph.node("Div", above, graph.node("Add", above, two))
    return graph.node("Mul", z, ratio)


def _softplus(graph: Graph, activation: Any, z: str) -> str:
    # max(z, 0) + log(1 + exp(-|z|)), which never overflows.
    small = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    log = graph.node("Log", graph.node("Add", small, graph.number(1.0)))
    return graph.node("Add", graph.node("Relu", z), log)


# By exact type, because a subclass may compute anything.
ACTIVATION_NODES: dict[type[Activation], Callable[[Graph, Any, str], str]] = {
    Identity: _identity,
    Logistic: _logistic,
    Tanh: _tanh,
    ReLU: _relu,
    LeakyReLU: _leaky_relu,
    ELU: _elu,
    SELU: _elu,
    GELU: _gelu,
    SiLU: _silu,
    Mish: _mish,
    Softplus: _softplus,
}


def _activate(graph: Graph, activation: Activation, z: str) -> str:
    if type(activation) not in ACTIVATION_NODES:
        known = ", ".join(cls.__name__ for cls in ACTIVATION_NODES)
        raise ValueError(
            f"activation={activation!r} has no counterpart in ONNX that this package "
            f"knows of. Train with one of {known}."
        )
    return ACTIVATION_NODES[type(activation)](graph, activation, z)


# ------------------------------------------------------------------------------ layers


def _dense(graph: Graph, layer: Dense, params: Sequence[Array], x: str) -> str:
    W = graph.parameter(params[0], "weights")
    b = graph.parameter(params[1], "biases")
    return _activate(graph, layer.activation, graph.node("Gemm", x, W, b))


def _unchanged(graph: Graph, layer: Layer, params: Sequence[Array], x: str) -> str:
    return x


def _scaling(graph: Graph, layer: Scaling, params: Sequence[Array], x: str) -> str:
    return graph.node("Mul", x, graph.parameter(params[0], "scales"))


def _parametric(
    graph: Graph, layer: Parametric, params: Sequence[Array], x: str
) -> str:
    # (1 - w) x + w activation(x), with a learnable mixing weight w per unit.
    difference = graph.node("Sub", _activate(graph, layer.activation, x), x)
    weight = graph.parameter(params[0], "mixing")
    return graph.node("Add", x, graph.node("Mul", difference, weight))


def _periodic(
    graph: Graph, layer: PeriodicEmbedding, params: Sequence[Array], x: str
) -> str:
    w, c, V, d = params
    column = graph.reshape(x, -1, layer.fan_in, 1)
    # ONNX Runtime (at least up to 1.23) implements Cos for float32 only.
    operator, shift = (
        ("Cos", 0.0) if graph.dtype == np.float32 else ("Sin", 0.5 * math.pi)
    )
    angle = graph.node("Mul", column, graph.parameter(2.0 * math.pi * w, "frequencies"))
    angle = graph.node("Add", angle, graph.parameter(c + shift, "phases"))
    projections = graph.parameter(V, "projections")
    # Not MatMul between transpositions: ONNX Runtime 1.18 fuses those to an operator
    # that it implements for float32 only.
    projected = graph.node(
        "Einsum", graph.node(operator, angle), projections, equation="nfm,fmq->nfq"
    )
    projected = graph.node("Add", projected, graph.parameter(d, "offsets"))
    return graph.reshape(
        graph.concatenate([projected, column], axis=2), -1, layer.fan_out
    )


def _category(
    graph: Graph, layer: CategoryEmbedding, params: Sequence[Array], x: str
) -> str:
    starts = np.cumsum([0, *layer.cardinalities[:-1]]).astype(np.int64)
    rows = graph.node("Add", graph.cast(x, np.int64), graph.constant(starts))
    vectors = graph.node("Gather", graph.parameter(params[0], "vectors"), rows)
    return graph.reshape(vectors, -1, layer.fan_out)


def _side_by_side(
    graph: Graph, layer: Concatenate, params: Sequence[Array], x: str
) -> str:
    outputs, start = [], 0
    for part, own in zip(layer.parts, layer.params_of_parts(params), strict=True):
        columns = graph.columns(x, start, start + part.fan_in)
        outputs.append(LAYER_NODES[type(part)](graph, part, own, columns))
        start += part.fan_in
    return graph.concatenate(outputs)


LAYER_NODES: dict[type[Layer], Callable[[Graph, Any, Sequence[Array], str], str]] = {
    Dense: _dense,
    Dropout: _unchanged,
    Scaling: _scaling,
    Parametric: _parametric,
    PeriodicEmbedding: _periodic,
    CategoryEmbedding: _category,
    Passthrough: _unchanged,
    Concatenate: _side_by_side,
}


def add_network(graph: Graph, network: Network, params: Array, x: str) -> str:
    """Add all layers of a network; return the name of its raw outputs.

    Parameters
    ----------
    graph : Graph
        The graph.
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        The parameters of the network.
    x : str
        Name of the input, shape (n_samples, n_features), of the graph's type.

    Returns
    -------
    raw : str
        Name of the output, shape (n_samples, n_outputs).

    Raises
    ------
    ValueError
        If there is a custom activation.
    """
    for layer, own in zip(network.layers, network.views(params), strict=True):
        x = LAYER_NODES[type(layer)](graph, layer, own, x)
    return x


# ------------------------------------------------------------------------------- links


def _inverse_identity(graph: Graph, raw: str) -> str:
    return raw


def _inverse_logit(graph: Graph, raw: str) -> str:
    return graph.node("Sigmoid", raw)


def _softmax(graph: Graph, raw: str) -> str:
    return graph.node("Softmax", raw, axis=1)


def _inverse_log(graph: Graph, raw: str) -> str:
    return graph.node("Exp", raw)


def _sorted_columns(graph: Graph, raw: str, n_outputs: int) -> str:
    if n_outputs == 1:
        return raw
    n = graph.constant(np.array([n_outputs]))
    return graph.nodes("TopK", [raw, n], 2, axis=1, largest=0, sorted=1)[0]


# By ``Loss.out_activation``.
LINK_NODES: dict[str, Callable[[Graph, str], str]] = {
    "identity": _inverse_identity,
    "exp": _inverse_log,
    "logistic": _inverse_logit,
    "softmax": _softmax,
}


def add_link(graph: Graph, loss: Loss, raw: str, n_outputs: int) -> str:
    """Add the inverse link of a loss; return the name of the predictions.

    Parameters
    ----------
    graph : Graph
        The graph.
    loss : Loss
        The loss.
    raw : str
        Name of the raw outputs.
    n_outputs : int
        Number of columns of the raw outputs.

    Returns
    -------
    predicted : str
        Name of the predictions.

    Raises
    ------
    ValueError
        If it is a custom loss with a custom inverse link.
    """
    predict = type(loss).predict
    if predict is Quantile.predict and isinstance(loss, Quantile):
        # With a single level, the outputs are targets, not quantiles to be sorted.
        return raw if len(loss.levels) == 1 else _sorted_columns(graph, raw, n_outputs)
    if predict is not Loss.predict or loss.out_activation not in LINK_NODES:
        raise ValueError(
            f"loss={loss!r} has a method predict of its own, which has no counterpart "
            "in ONNX that this package knows of. Inherit predict from a loss of "
            "sknumpy_mlp.losses."
        )
    return LINK_NODES[loss.out_activation](graph, raw)


# ------------------------------------------------------------------------- calibration


def add_calibration(
    graph: Graph, calibration: Calibration, raw: str, n_outputs: int
) -> str:
    """Add the calibration of logits; return the name of the calibrated ones.

    Parameters
    ----------
    graph : Graph
        The graph.
    calibration : Calibration
        The calibration.
    raw : str
        Name of the logits.
    n_outputs : int
        Number of columns of the logits.

    Returns
    -------
    calibrated : str
        Name of the calibrated logits.
    """
    if calibration.floor and calibration.is_multinomial:
        raw = _log_corrected(graph, calibration, _softmax(graph, raw), n_outputs)
    elif calibration.floor:
        first, second = (
            _log_corrected(graph, calibration, _inverse_logit(graph, logit), 2)
            for logit in (raw, graph.node("Neg", raw))
        )
        raw = graph.node("Sub", first, second)
    return graph.node("Mul", raw, graph.number(1.0 / calibration.temperature))


def _log_corrected(
    graph: Graph, calibration: Calibration, q: str, n_classes: int
) -> str:
    """Add the correction of smoothed probabilities, see `Calibration`."""
    smoothing, floor = calibration.label_smoothing, calibration.floor
    p = graph.node("Sub", q, graph.number(smoothing / n_classes))
    p = graph.node("Mul", p, graph.number(1.0 / (1.0 - smoothing)))
    root = graph.node("Mul", p, p)
    root = graph.node("Sqrt", graph.node("Add", root, graph.number(4.0 * floor**2)))
    large = graph.node("Mul", graph.node("Add", root, p), graph.number(0.5))
    difference = graph.node("Sub", root, p)
    small = graph.node("Div", graph.number(2.0 * floor**2), difference)
    is_large = graph.node("Greater", p, graph.number(0.0))
    return graph.node("Log", graph.node("Where", is_large, large, small))
