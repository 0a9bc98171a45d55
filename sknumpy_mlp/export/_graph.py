"""Networks as ONNX graphs: what each layer, activation and link is in its operators.

The operators are those of opset 15 that ONNX Runtime has for float32 and for float64,
so that models load in runtimes from 2022 on, and say what the estimators say.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array

_OPSET, _ML_OPSET, _IR_VERSION = 15, 2, 8


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
