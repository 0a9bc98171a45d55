"""Tables in ONNX graphs: the inputs of a model, and the preprocessing as nodes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.categorical_columns import encode_categories
from sknumpy_mlp._tabular.date_columns import expanded_names
from sknumpy_mlp._tabular.feature_names import check_input_features
from sknumpy_mlp._tabular.number_codes import midpoints, tolerances
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.scaling import largest_of
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.export._graph import Graph
from sknumpy_mlp.export._labels import check_unicode

#: Name of the input of a model that takes a single array.
ARRAY = "X"

# Beyond this limit, float64 does not represent all integers.
_EXACT = 2**53


@dataclass(frozen=True)
class ModelInput:
    """An input of a model: one column of a table.

    Attributes
    ----------
    name : str
        Name of the input.
    number : int
        Index of the column in the table, in which each part of a date is a column.
    categories : list or None
        The categories of the column; None for a numerical column.
    """

    name: str
    number: int
    categories: list[Any] | None

    @property
    def is_string(self) -> bool:
        """Whether the values of the input are strings."""
        some = self.categories or []
        return bool(some) and isinstance(some[0], str)

    @property
    def missing_string(self) -> str:
        """The string for missing values: empty, unless that is a category."""
        string = ""
        while string in (self.categories or []):
            string += "?"
        return string

    def read(self, table: Table, preprocessor: TabularPreprocessor) -> NDArray[Any]:
        """Return the column of a table, shape (n_samples, 1).

        Unknown categories become missing values, which models treat in the same way.
        """
        if self.categories is None:
            return table.numbers([self.number])
        own = {self.number: preprocessor._categories[self.number]}
        codes = encode_categories(table, own)[self.number]
        if self.is_string:
            known = np.array([self.missing_string, *self.categories], dtype=object)
        else:
            known = np.array([math.nan, *self.categories], dtype=np.float64)
        return known[codes][:, np.newaxis]

    def add_codes(self, graph: Graph, value: str) -> str:
        """Add category codes as float64, from 1; 0 for missing and unknown values."""
        categories = self.categories or []
        if self.is_string:
            return _add_lookup(graph, value, keys_strings=categories)
        if not categories:
            return graph.cast(graph.node("Less", value, value), np.float64)  # zeros
        if all(float(x).is_integer() and abs(x) < _EXACT for x in categories):
            keys = list(map(int, categories))
            return _add_lookup(graph, _add_integers(graph, value), keys_int64s=keys)
        return _add_search(graph, value, np.array(categories, dtype=np.float64))


def _add_lookup(graph: Graph, value: str, **keys: list[Any]) -> str:
    """Add codes of strings or int64 by a LabelEncoder."""
    (n_keys,) = map(len, keys.values())
    codes = graph.node(
        "LabelEncoder",
        value,
        domain="ai.onnx.ml",
        **keys,
        values_int64s=list(range(1, n_keys + 1)),
        default_int64=0,
    )
    return graph.cast(codes, np.float64)


def _add_integers(graph: Graph, value: str) -> str:
    """Add float64 as int64; other values become an integer that is no category.

    The cast of NaN and of numbers out of range is platform-dependent.
    """
    beyond = graph.constant(np.array(float(_EXACT)))
    is_integral = graph.node("Equal", graph.node("Floor", value), value)
    is_small = graph.node("Less", graph.node("Abs", value), beyond)
    is_int = graph.node("And", is_integral, is_small)
    return graph.cast(graph.node("Where", is_int, value, beyond), np.int64)


def _add_search(graph: Graph, value: str, categories: Array) -> str:
    """Add codes of float64 categories by binary search.

    LabelEncoder would round them to float32, and comparing every row with every
    category would take n_samples x n_categories of memory.
    """
    order = _padded(np.argsort(categories))
    ordered = graph.constant(categories[order], "categories")
    at = _add_position(graph, value, ordered, len(order))
    is_it = graph.node("Equal", value, graph.node("Gather", ordered, at))
    codes = graph.node("Gather", graph.constant(order + 1.0, "codes"), at)
    return graph.node("Mul", graph.cast(is_it, np.float64), codes)


def _padded(values: NDArray[Any]) -> NDArray[Any]:
    """Repeat the last value until their number is a power of two."""
    n_steps = math.ceil(math.log2(max(1, len(values))))
    return np.pad(values, (0, 2**n_steps - len(values)), mode="edge")


def _add_position(graph: Graph, value: str, ordered: str, n: int) -> str:
    """Add the position of the last of ``n`` ascending numbers that is not larger.

    ``n`` is a power of two.  The position is 0 if all numbers are larger.
    """
    # One zero per row.
    low = graph.cast(graph.node("Less", value, value), np.int64)
    step = n // 2
    while step:
        middle = graph.node("Add", low, graph.constant(np.array(step)))
        is_below = graph.node("Less", value, graph.node("Gather", ordered, middle))
        low = graph.node("Where", is_below, low, middle)
        step //= 2
    return low


def _add_normal_scores(graph: Graph, value: str, points: Array) -> str:
    """Add the linear interpolation of a column between points, and NaN for NaN."""
    x, z = points
    unit = largest_of(x)
    x = x / unit
    slopes = np.append(np.diff(z) / np.diff(x), 0.0)
    x, z, slopes = _padded(x), _padded(z), _padded(slopes)
    ordered = graph.constant(x, "values")
    value = graph.node("Div", value, graph.constant(np.array([unit]), "unit"))
    smallest = graph.constant(x[:1], "smallest")
    largest = graph.constant(x[-1:], "largest")
    # Not Max and Min, which may not return NaN for NaN.
    value = graph.node("Where", graph.node("Less", value, smallest), smallest, value)
    value = graph.node("Where", graph.node("Less", largest, value), largest, value)
    at = _add_position(graph, value, ordered, len(x))
    above = graph.node("Sub", value, graph.node("Gather", ordered, at))
    slope = graph.node("Gather", graph.constant(slopes, "slopes"), at)
    score = graph.node("Gather", graph.constant(z, "scores"), at)
    return graph.node("Add", score, graph.node("Mul", slope, above))


def _add_number_codes(graph: Graph, value: str, values: Array) -> str:
    """Add the codes of numbers as float64, as in `encode_numbers`."""
    borders = _padded(np.append(values[:1], midpoints(values)))
    at = _add_position(graph, value, graph.constant(borders, "midpoints"), len(borders))
    nearest, tolerance, codes = (
        graph.node("Gather", graph.constant(_padded(each), hint), at)
        for each, hint in (
            (values, "values"),
            (tolerances(values), "tolerances"),
            (np.arange(1.0, len(values) + 1.0), "codes"),
        )
    )
    distance = graph.node("Abs", graph.node("Sub", value, nearest))
    is_close = graph.node("Not", graph.node("Greater", distance, tolerance))
    is_number = graph.node("Equal", value, value)
    is_code = graph.cast(graph.node("And", is_close, is_number), np.float64)
    return graph.node("Mul", is_code, codes)


def input_columns(
    preprocessor: TabularPreprocessor, outputs: Sequence[str]
) -> list[ModelInput] | None:
    """Return the inputs of a model; None if it is a single numerical array."""
    if not (preprocessor.categories_ or preprocessor.date_encodings_):
        return None
    columns = []
    taken = set(outputs)
    names = check_input_features(preprocessor, None)
    for i, name in enumerate(expanded_names(names, preprocessor.date_encodings_)):
        name = name or f"x{i}"  # ONNX does not accept empty names
        while name in taken:
            name += "_"
        taken.add(name)
        categories = preprocessor.categories_.get(i)
        check_unicode(f"Column {name!r} has the name", name)
        _check_categories(name, categories)
        columns.append(ModelInput(name, i, categories))
    return columns


def _check_categories(name: str, categories: list[Any] | None) -> None:
    values = categories or []
    if all(isinstance(value, str) for value in values):
        for value in values:
            check_unicode(f"Column {name!r} has the category", value)
        return
    # Larger integers could be confused with their neighbors in float64.
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
    graph: Graph, preprocessor: TabularPreprocessor, columns: list[ModelInput] | None
) -> str:
    """Add the inputs and the preprocessing of a table.

    Parameters
    ----------
    graph : Graph
        The graph.
    preprocessor : TabularPreprocessor
        The fitted preprocessor.
    columns : list of ModelInput or None
        The inputs, as returned by `input_columns`.

    Returns
    -------
    table : str
        Name of the output of `transform`, in float64.

    Raises
    ------
    ValueError
        If the output has no columns.
    """
    numbers, codes = _add_inputs(graph, preprocessor, columns)
    flags = [
        _add_onehot(graph, codes[i], len(preprocessor.categories_[i]))
        for i in preprocessor._onehot
        if preprocessor.categories_[i]
    ]
    if preprocessor._indicated:
        flags.append(_add_indicators(graph, preprocessor, numbers))
    scaled = []
    if numbers:
        u = _add_scaled(graph, numbers, preprocessor._center, preprocessor._factor)
        scaled.append(_replace_by_scores(graph, preprocessor, numbers, u))
    if flags:
        scales = preprocessor._flag_center, preprocessor._flag_factor
        scaled.append(_add_scaled(graph, graph.concatenate(flags), *scales))
    blocks = []
    if scaled:
        u = graph.concatenate(scaled)
        blocks.append(_add_clipped(graph, u, float(preprocessor.clip)))
    blocks += [codes[i] for i in preprocessor._coded]
    codes_of = preprocessor.number_codes_
    blocks += [
        _add_number_codes(graph, graph.columns(numbers, k, k + 1), codes_of[i])
        for k, i in enumerate(preprocessor._numbers)
        if i in codes_of
    ]
    if not blocks:
        raise ValueError(
            "The table had no value in any column, so that there is nothing to export."
        )
    return graph.concatenate(blocks)


def _add_inputs(
    graph: Graph, preprocessor: TabularPreprocessor, columns: list[ModelInput] | None
) -> tuple[str, dict[int, str]]:
    """Add the inputs; return all numerical columns ("" if none), and category codes."""
    if columns is None:
        return graph.input(ARRAY, np.float64, preprocessor.n_features_in_), {}
    for column in columns:
        graph.input(column.name, np.object_ if column.is_string else np.float64, 1)
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
    """Add missing-value indicators, one for each column with missing numbers."""
    positions = np.searchsorted(preprocessor._numbers, preprocessor._indicated)
    some = graph.node("Gather", numbers, graph.constant(positions), axis=1)
    # NaN is the only number that is not equal to itself.
    is_known = graph.node("Equal", some, some)
    return graph.cast(graph.node("Not", is_known), np.float64)


def _add_onehot(graph: Graph, codes: str, n_categories: int) -> str:
    """Add the one-hot encoding of a column; -1 and 1 if there are two categories."""
    order = graph.constant(np.arange(1.0, n_categories + 1.0)[np.newaxis])
    flags = graph.cast(graph.node("Equal", codes, order), np.float64)
    if n_categories != 2:
        return flags
    return graph.node("MatMul", flags, graph.constant(np.array([[-1.0], [1.0]])))


def _add_scaled(
    graph: Graph, values: str, center: NDArray[Any], factor: NDArray[Any]
) -> str:
    """Add scaling, in float64."""
    # Not Sub or Add: ONNX Runtime (at least up to 1.31) drops these for a float64
    # scalar that is zero in float32.
    u = graph.node("Sum", values, graph.constant(-center, "centers"))
    return graph.node("Mul", u, graph.constant(factor, "factors"))


def _replace_by_scores(
    graph: Graph, preprocessor: TabularPreprocessor, numbers: str, scaled: str
) -> str:
    """Replace the scaled columns that are mapped to normal scores."""
    columns = [scaled]
    order = np.arange(preprocessor.n_numbers_)
    for k, i in enumerate(preprocessor._numbers):
        if i in preprocessor.normal_scores_:
            order[k] = preprocessor.n_numbers_ + len(columns) - 1
            points = preprocessor.normal_scores_[i]
            column = graph.columns(numbers, k, k + 1)
            columns.append(_add_normal_scores(graph, column, points))
    if len(columns) == 1:
        return scaled
    joined = graph.concatenate(columns)
    return graph.node("Gather", joined, graph.constant(order), axis=1)


def _add_clipped(graph: Graph, u: str, clip: float) -> str:
    """Add zeros for missing values, and smooth clipping."""
    zero, most = graph.constant(np.array(0.0)), graph.constant(np.array(1e100))
    u = graph.node("Where", graph.node("Equal", u, u), u, zero)
    u = graph.node("Max", graph.node("Min", u, most), graph.node("Neg", most))
    bound = graph.constant(np.array(clip), "clip")
    ratio = graph.node("Div", u, bound)
    one = graph.constant(np.array(1.0))
    root = graph.node("Sqrt", graph.node("Add", one, graph.node("Mul", ratio, ratio)))
    return graph.node("Div", u, root)
