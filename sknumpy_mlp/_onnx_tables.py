"""Tables as ONNX graphs: a model's inputs, and what a preprocessor does to them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._frames import Table
from sknumpy_mlp._onnx import Graph
from sknumpy_mlp.preprocessing import TabularPreprocessor

#: The input of a model whose table is one array.
ARRAY = "X"

# Beyond, float64 does not tell whole numbers apart.
_EXACT = 2**53


@dataclass(frozen=True)
class Column:
    """A column of a table, as an input of a model.

    Attributes
    ----------
    name : str
        The input's name.
    number : int
        Which column it is.
    categories : list or None
        Its categories; None for a column of numbers.
    """

    name: str
    number: int
    categories: list[Any] | None

    @property
    def is_text(self) -> bool:
        """Whether its values are strings."""
        some = self.categories or []
        return bool(some) and isinstance(some[0], str)

    @property
    def missing_text(self) -> str:
        """Return a string that is no category: the empty one if possible."""
        text = ""
        while text in (self.categories or []):
            text += "?"
        return text

    def read(self, table: Table) -> NDArray[Any]:
        """Return the column of a table, shape (n_samples, 1)."""
        if self.categories is None:
            return table.numbers([self.number])
        values = table.categories(self.number)
        if self.is_text:
            missing = self.missing_text
            texts = [value if isinstance(value, str) else missing for value in values]
            return np.array(texts, dtype=object)[:, np.newaxis]
        numbers = [_as_number(value) for value in values]
        return np.array(numbers, dtype=np.float64)[:, np.newaxis]

    def add_codes(self, graph: Graph, value: str) -> str:
        """Add the codes of its categories, from 1, as float64; 0 for others."""
        categories = self.categories or []
        order = np.arange(1.0, len(categories) + 1.0)
        if self.is_text:
            codes = graph.node(
                "LabelEncoder",
                value,
                domain="ai.onnx.ml",
                keys_strings=categories,
                values_int64s=order.astype(np.int64).tolist(),
                default_int64=0,
            )
            return graph.cast(codes, np.float64)
        known = graph.constant(np.array([categories], dtype=np.float64), "categories")
        is_it = graph.cast(graph.node("Equal", value, known), np.float64)
        return graph.node("MatMul", is_it, graph.constant(order[:, np.newaxis]))


def _as_number(value: Any) -> float:
    """Return a category as a number; NaN, which is none, for what is not one."""
    try:
        return float(value) if isinstance(value, bool | int | float) else math.nan
    except OverflowError:
        return math.nan


def input_columns(
    preprocessor: TabularPreprocessor, outputs: Sequence[str]
) -> list[Column] | None:
    """Return the inputs of a model; None if they are one array of numbers."""
    if not preprocessor.categories_:
        return None
    names = getattr(preprocessor, "feature_names_in_", None)
    if names is None:
        names = [f"x{i}" for i in range(preprocessor.n_features_in_)]
    columns = []
    taken = set(outputs)
    for i, name in enumerate(map(str, names)):
        name = name or f"x{i}"  # an input must have one
        while name in taken:
            name += "_"
        taken.add(name)
        categories = preprocessor.categories_.get(i)
        _check_categories(name, categories)
        columns.append(Column(name, i, categories))
    return columns


def _check_categories(name: str, categories: list[Any] | None) -> None:
    values = categories or []
    if all(isinstance(value, str) for value in values):
        return
    # Beyond, the next whole number might be taken for this one.
    if all(
        isinstance(value, bool | float)
        or (isinstance(value, int) and abs(value) < _EXACT)
        for value in values
    ):
        return
    raise ValueError(
        f"Column {name!r} has categories that are neither all strings nor all numbers "
        f"below 2**53: {values[:5]}. ONNX has no type for that; turn them into strings "
        "and fit again."
    )


def add_table(
    graph: Graph, preprocessor: TabularPreprocessor, columns: list[Column] | None
) -> str:
    """Add the preprocessing.

    Parameters
    ----------
    graph : Graph
        The graph.
    preprocessor : TabularPreprocessor
        The fitted preprocessor.
    columns : list of Column or None
        The inputs, as of `input_columns`.

    Returns
    -------
    table : str
        The name of what `transform` returns, in float64.

    Raises
    ------
    ValueError
        If that has no columns.
    """
    numbers, codes = _add_inputs(graph, preprocessor, columns)
    flags = [
        _add_flags(graph, codes[i], len(preprocessor.categories_[i]))
        for i in preprocessor._onehot
        if preprocessor.categories_[i]
    ]
    if preprocessor._indicated:
        flags.append(_add_indicators(graph, preprocessor, numbers))
    blocks = []
    for values, center, factor in (
        ([numbers] if numbers else [], preprocessor._center, preprocessor._factor),
        (flags, preprocessor._flag_center, preprocessor._flag_factor),
    ):
        if values:
            block = graph.concatenate(values)
            clip = float(preprocessor.clip)
            blocks.append(_add_scaled(graph, block, center, factor, clip))
    blocks += [codes[i] for i in preprocessor._coded]
    if not blocks:
        raise ValueError(
            "The table had no value in any column, so that there is nothing to export."
        )
    return graph.concatenate(blocks)


def _add_inputs(
    graph: Graph, preprocessor: TabularPreprocessor, columns: list[Column] | None
) -> tuple[str, dict[int, str]]:
    """Add the inputs; return all numbers, "" if there are none, and columns' codes."""
    if columns is None:
        return graph.input(ARRAY, np.float64, preprocessor.n_features_in_), {}
    for column in columns:
        graph.input(column.name, np.object_ if column.is_text else np.float64, 1)
    codes = {
        column.number: column.add_codes(graph, column.name)
        for column in columns
        if column.categories is not None
    }
    names = [columns[i].name for i in preprocessor._numbers]
    return graph.concatenate(names) if names else "", codes


def _add_indicators(
    graph: Graph, preprocessor: TabularPreprocessor, numbers: str
) -> str:
    """Add a column of zeros and ones for each that has missing numbers."""
    positions = np.searchsorted(preprocessor._numbers, preprocessor._indicated)
    some = graph.node("Gather", numbers, graph.constant(positions), axis=1)
    # NaN is the one number that is not itself.
    is_known = graph.node("Equal", some, some)
    return graph.cast(graph.node("Not", is_known), np.float64)


def _add_flags(graph: Graph, codes: str, n_categories: int) -> str:
    """Add a column for each category, or one with -1 and 1 for two."""
    order = graph.constant(np.arange(1.0, n_categories + 1.0)[np.newaxis])
    flags = graph.cast(graph.node("Equal", codes, order), np.float64)
    if n_categories != 2:
        return flags
    return graph.node("MatMul", flags, graph.constant(np.array([[-1.0], [1.0]])))


def _add_scaled(
    graph: Graph,
    values: str,
    center: NDArray[Any],
    factor: NDArray[Any],
    clip: float,
) -> str:
    """Add the scaling and the smooth clip, in float64."""
    # Not a difference: ONNX Runtime (up to 1.31 at least) leaves out the subtraction
    # and the addition of a single float64 that is zero as a float32.
    u = graph.node("Sum", values, graph.constant(-center, "centres"))
    u = graph.node("Mul", u, graph.constant(factor, "factors"))
    zero, most = graph.constant(np.array(0.0)), graph.constant(np.array(1e100))
    u = graph.node("Where", graph.node("Equal", u, u), u, zero)
    u = graph.node("Max", graph.node("Min", u, most), graph.node("Neg", most))
    bound = graph.constant(np.array(clip), "clip")
    share = graph.node("Div", u, bound)
    one = graph.constant(np.array(1.0))
    root = graph.node("Sqrt", graph.node("Add", one, graph.node("Mul", share, share)))
    return graph.node("Div", u, root)
