"""Builder of ONNX graphs.

Models are restricted to operators of opset 15 that ONNX Runtime implements for float32
and float64, so that runtimes from 2022 on load them and reproduce the estimators'
predictions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array

_OPSET, _ML_OPSET, _IR_VERSION = 15, 2, 8


def import_onnx(purpose: str) -> Any:
    """Return the package onnx; the ImportError without it tells how to install it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs the package onnx: run pip install onnx."
        ) from error
    return onnx


class Graph:
    """Builder of an ONNX graph; values are referred to by name.

    Parameters
    ----------
    dtype : {'float32', 'float64'}
        The type that networks compute in.
    reserved : sequence of str
        Names of inputs and outputs, which intermediate values must not have.
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
        """Add an array with its own type; ``hint`` is the prefix of its name."""
        name = self._unique(hint)
        array = np.asarray(values)
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def number(self, value: float) -> str:
        """Add a scalar in the type that networks compute in."""
        return self.constant(np.array(value, self.dtype))

    def parameter(self, values: Array, hint: str) -> str:
        """Add parameters of a network, cast to the graph's type at run time.

        Parameters that are exact in float32 are stored as float32, in half the space.
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
        """Add an operator with one output; return the output's name."""
        return self.nodes(operator, inputs, 1, **attributes)[0]

    def nodes(
        self, operator: str, inputs: Sequence[str], n_outputs: int, **attributes: Any
    ) -> list[str]:
        """Add an operator with several outputs; return their names."""
        outputs = [self._unique(operator.lower()) for _ in range(n_outputs)]
        self._nodes.append(
            self._onnx.helper.make_node(operator, inputs, outputs, **attributes)
        )
        return outputs

    def cast(self, value: str, dtype: Any) -> str:
        """Convert a value to a NumPy dtype."""
        return self.node("Cast", value, to=self._type(dtype))

    def columns(self, value: str, start: int, end: int) -> str:
        """Return the columns ``start:end`` of a value."""
        bounds = [self.constant(np.array([i])) for i in (start, end, 1)]
        return self.node("Slice", value, *bounds)

    def reshape(self, value: str, *shape: int) -> str:
        """Reshape a value."""
        return self.node("Reshape", value, self.constant(np.array(shape)))

    def concatenate(self, values: Sequence[str], axis: int = 1) -> str:
        """Concatenate values along an axis."""
        return (
            values[0] if len(values) == 1 else self.node("Concat", *values, axis=axis)
        )

    def mean(self, values: Sequence[str], weights: Sequence[float]) -> str:
        """Return the weighted mean of values of equal shapes."""
        if len(values) == 1:
            return values[0]
        if len(set(weights)) == 1:
            total = self.node("Sum", *values)
            return self.node("Div", total, self.number(len(values)))
        shares = [self.number(weight / sum(weights)) for weight in weights]
        parts = [self.node("Mul", *each) for each in zip(values, shares, strict=True)]
        return self.node("Sum", *parts)

    def model(self, description: str, metadata: dict[str, str], version: str) -> Any:
        """Return the graph as an ``onnx.ModelProto`` that passes onnx's checker."""
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
