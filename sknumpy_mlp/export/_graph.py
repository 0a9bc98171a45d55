"""Networks as ONNX graphs: what each layer, activation and link is in its operators.

The operators are those of opset 15 that ONNX Runtime has for float32 and for float64,
so that models load in runtimes from 2022 on, and say what the estimators say.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import shown
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
from sknumpy_mlp.layers import Dense, Dropout, Layer, Parametric, Scaling
from sknumpy_mlp.losses import Loss, Quantile

_OPSET, _ML_OPSET, _IR_VERSION = 15, 2, 8

# Where ``1 + exp(z)`` is lost in rounding, and mish is the identity.
_MISH_IS_LINEAR = 20.0


def import_onnx(what: str) -> Any:
    """Return the package onnx, or raise an ImportError that says how to get it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            f"{what} needs the package onnx: pip install 'sknumpy-mlp[onnx]'."
        ) from error
    return onnx


class Graph:
    """An ONNX graph in the making; values go by their names.

    Parameters
    ----------
    dtype : {'float32', 'float64'}
        The type that networks compute in.
    reserved : sequence of str
        Names that no value in between may take: those of the inputs and outputs.
    """

    def __init__(self, dtype: str, reserved: Sequence[str]) -> None:
        self.dtype = np.dtype(dtype)
        self._onnx = import_onnx("Writing an ONNX model")
        self._names = set(reserved)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, dtype: Any, n_columns: int) -> str:
        """Declare an input of shape (n_samples, n_columns)."""
        self._inputs.append(self._describe(name, dtype, [None, n_columns]))
        return name

    def output(self, name: str, value: str, dtype: Any, n_columns: int | None) -> None:
        """Declare an output, a vector if ``n_columns`` is None."""
        shape = [None] if n_columns is None else [None, n_columns]
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name]))
        self._outputs.append(self._describe(name, dtype, shape))

    def constant(self, values: Any, hint: str = "constant") -> str:
        """Add an array as it is; ``hint`` begins its name."""
        name = self._unique(hint)
        array = np.asarray(values)
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def number(self, value: float) -> str:
        """Add a number in the type that networks compute in."""
        return self.constant(np.array(value, self.dtype))

    def parameter(self, values: Array, hint: str) -> str:
        """Add parameters of a network, cast to the graph's type while it runs.

        What was learnt in float32 is stored in float32, in half the space.
        """
        with np.errstate(over="ignore"):
            short = values.astype(np.float32)
        if self.dtype == np.float32 and not np.isfinite(short).all():
            raise ValueError(
                "dtype='float32' is too narrow for the network's parameters, the "
                f"largest of which is {np.abs(values).max():g}. Use dtype=None, or "
                "scale the data before training."
            )
        if (short == values).all():
            values = short
        name = self.constant(values, hint)
        return name if values.dtype == self.dtype else self.cast(name, self.dtype)

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of one output; return the output's name."""
        return self.nodes(operator, inputs, 1, **attributes)[0]

    def nodes(
        self, operator: str, inputs: Sequence[str], n_outputs: int, **attributes: Any
    ) -> list[str]:
        """Add an operator of several outputs; return their names."""
        outputs = [self._unique(operator.lower()) for _ in range(n_outputs)]
        self._nodes.append(
            self._onnx.helper.make_node(operator, inputs, outputs, **attributes)
        )
        return outputs

    def cast(self, value: str, dtype: Any) -> str:
        """Convert a value to a type of NumPy's."""
        return self.node("Cast", value, to=self._type(dtype))

    def columns(self, value: str, start: int, end: int) -> str:
        """Take columns from ``start`` to before ``end``."""
        bounds = [self.constant(np.array([i])) for i in (start, end, 1)]
        return self.node("Slice", value, *bounds)

    def reshape(self, value: str, *shape: int) -> str:
        """Give a value another shape."""
        return self.node("Reshape", value, self.constant(np.array(shape)))

    def concatenate(self, values: Sequence[str], axis: int = 1) -> str:
        """Put values side by side."""
        return (
            values[0] if len(values) == 1 else self.node("Concat", *values, axis=axis)
        )

    def mean(self, values: Sequence[str]) -> str:
        """Return the mean of values of one shape."""
        if len(values) == 1:
            return values[0]
        return self.node("Div", self.node("Sum", *values), self.number(len(values)))

    def model(self, description: str, metadata: dict[str, str], version: str) -> Any:
        """Return the whole as an ``onnx.ModelProto``, once it is known to be valid."""
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes, "network", self._inputs, self._outputs, self._constants
        )
        model = helper.make_model(
            graph,
            opset_imports=[
                helper.make_opsetid("", _OPSET),
                helper.make_opsetid("ai.onnx.ml", _ML_OPSET),
            ],
            producer_name="sknumpy_mlp",
            producer_version=version,
            doc_string=description,
        )
        model.ir_version = _IR_VERSION
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _describe(self, name: str, dtype: Any, shape: list[Any]) -> Any:
        make = self._onnx.helper.make_tensor_value_info
        return make(name, self._type(dtype), shape)

    def _type(self, dtype: Any) -> int:
        dtype = np.dtype(dtype)
        if dtype.kind in "OU":
            return int(self._onnx.TensorProto.STRING)
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(dtype))

    def _unique(self, hint: str) -> str:
        number = 0
        while f"{hint}_{number}" in self._names:
            number += 1
        name = f"{hint}_{number}"
        self._names.add(name)
        return name


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
    # ONNX Runtime has the error function for float32 only.
    scaled = graph.node("Mul", z, graph.number(math.sqrt(0.5)))
    erf = graph.node("Erf", graph.cast(scaled, np.float32))
    twice = graph.node("Add", graph.cast(erf, graph.dtype), graph.number(1.0))
    return graph.node("Mul", z, graph.node("Mul", twice, graph.number(0.5)))


def _silu(graph: Graph, activation: Any, z: str) -> str:
    # Not the product with the operator Sigmoid: ONNX Runtime (up to 1.23 at least)
    # fuses that to an operator that it has for float32 only.
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


# By exact type: a user's subclass may compute anything.
_ACTIVATIONS: dict[type[Activation], Callable[[Graph, Any, str], str]] = {
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
    if type(activation) not in _ACTIVATIONS:
        known = ", ".join(cls.__name__ for cls in _ACTIVATIONS)
        raise ValueError(
            f"activation={activation!r} has no counterpart in ONNX that this package "
            f"knows of. Train with one of {known}."
        )
    return _ACTIVATIONS[type(activation)](graph, activation, z)


# ------------------------------------------------------------------------------ layers


def _dense(graph: Graph, layer: Dense, params: Sequence[Array], x: str) -> str:
    W = graph.parameter(params[0], "weights")
    b = graph.parameter(params[1], "biases")
    return _activate(graph, layer.activation, graph.node("Gemm", x, W, b))


def _pass(graph: Graph, layer: Layer, params: Sequence[Array], x: str) -> str:
    return x


def _scaling(graph: Graph, layer: Scaling, params: Sequence[Array], x: str) -> str:
    return graph.node("Mul", x, graph.parameter(params[0], "scales"))


def _parametric(
    graph: Graph, layer: Parametric, params: Sequence[Array], x: str
) -> str:
    bend = graph.node("Sub", _activate(graph, layer.activation, x), x)
    share = graph.parameter(params[0], "shares")
    return graph.node("Add", x, graph.node("Mul", bend, share))


def _periodic(
    graph: Graph, layer: PeriodicEmbedding, params: Sequence[Array], x: str
) -> str:
    w, c, V, d = params
    column = graph.reshape(x, -1, layer.fan_in, 1)
    # ONNX Runtime (up to 1.23 at least) has the cosine for float32 only.
    wave, shift = ("Cos", 0.0) if graph.dtype == np.float32 else ("Sin", 0.5 * math.pi)
    angle = graph.node("Mul", column, graph.parameter(2.0 * math.pi * w, "frequencies"))
    angle = graph.node("Add", angle, graph.parameter(c + shift, "phases"))
    mixtures = graph.parameter(V, "mixtures")
    # Not a product between transpositions: ONNX Runtime 1.18 fuses those to an operator
    # that it has for float32 only.
    mixed = graph.node(
        "Einsum", graph.node(wave, angle), mixtures, equation="nfm,fmq->nfq"
    )
    mixed = graph.node("Add", mixed, graph.parameter(d, "offsets"))
    return graph.reshape(graph.concatenate([mixed, column], axis=2), -1, layer.fan_out)


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
        outputs.append(_LAYERS[type(part)](graph, part, own, columns))
        start += part.fan_in
    return graph.concatenate(outputs)


_LAYERS: dict[type[Layer], Callable[[Graph, Any, Sequence[Array], str], str]] = {
    Dense: _dense,
    Dropout: _pass,
    Scaling: _scaling,
    Parametric: _parametric,
    PeriodicEmbedding: _periodic,
    CategoryEmbedding: _category,
    Passthrough: _pass,
    Concatenate: _side_by_side,
}


def add_network(graph: Graph, network: Network, params: Array, x: str) -> str:
    """Add a network; return the name of its raw outputs.

    Parameters
    ----------
    graph : Graph
        The graph.
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        Its parameters.
    x : str
        The name of its input, shape (n_samples, n_features), of the graph's type.

    Returns
    -------
    raw : str
        The name of the output, shape (n_samples, n_outputs).

    Raises
    ------
    ValueError
        If an activation is of a user's own class.
    """
    for layer, own in zip(network.layers, network.views(params), strict=True):
        x = _LAYERS[type(layer)](graph, layer, own, x)
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


def _ascending(graph: Graph, raw: str, n_outputs: int) -> str:
    if n_outputs == 1:
        return raw
    n = graph.constant(np.array([n_outputs]))
    return graph.nodes("TopK", [raw, n], 2, axis=1, largest=0, sorted=1)[0]


# By ``Loss.out_activation``.
_LINKS: dict[str, Callable[[Graph, str], str]] = {
    "identity": _inverse_identity,
    "exp": _inverse_log,
    "logistic": _inverse_logit,
    "softmax": _softmax,
}


def add_link(graph: Graph, loss: Loss, raw: str, n_outputs: int) -> str:
    """Add a loss's inverse link; return the name of the predictions.

    Parameters
    ----------
    graph : Graph
        The graph.
    loss : Loss
        The loss.
    raw : str
        The name of the raw outputs.
    n_outputs : int
        How many columns they have.

    Returns
    -------
    predicted : str
        The name of the predictions.

    Raises
    ------
    ValueError
        If the loss is of a user's own class, with a link of its own.
    """
    predict = type(loss).predict
    if predict is Quantile.predict and isinstance(loss, Quantile):
        # One quantile of several targets is not to be sorted.
        return raw if len(loss.levels) == 1 else _ascending(graph, raw, n_outputs)
    if predict is not Loss.predict or loss.out_activation not in _LINKS:
        raise ValueError(
            f"loss={loss!r} has a method predict of its own, which has no counterpart "
            "in ONNX that this package knows of. Inherit predict from a loss of "
            "sknumpy_mlp.losses."
        )
    return _LINKS[loss.out_activation](graph, raw)


def check_unicode(what: str, string: str) -> None:
    """Raise ValueError for a string that UTF-8, which ONNX stores, cannot hold."""
    try:
        string.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} {shown(string)}, with half a character (a lone surrogate), which "
            "ONNX cannot hold. Replace it, for example by "
            "string.encode(errors='replace').decode(), and fit again."
        ) from error


def labels_of(classes: NDArray[Any]) -> NDArray[Any]:
    """Return class labels in a type that ONNX has.

    Raises
    ------
    ValueError
        If there is none, since labels are of several types, or no valid Unicode.
    """
    values = [
        value.item() if isinstance(value, np.generic) else value
        for value in classes.tolist()
    ]
    if all(isinstance(value, str) for value in values):
        for value in values:
            check_unicode("There is the class label", value)
        return np.array(values, dtype=object)
    if all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
    if whole and all(-(2**63) <= v < 2**63 for v in values):
        return np.array(values, dtype=np.int64)
    if all(isinstance(value, float) for value in values):
        return np.array(values, dtype=np.float64)
    raise ValueError(
        f"ONNX has no type for the class labels {values[:10]}. Fit with labels that "
        "are all strings, all ints (of 64 bits, with a sign), all floats or all bools."
    )
