"""Conversion of fitted estimators to ONNX models, and the inputs of the models."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.member import MemberRegressor
from sknumpy_mlp._tabular.networks import networks_of
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.regressor import TabularMLPRegressor
from sknumpy_mlp._utils.suggestions import suggest_value
from sknumpy_mlp._utils.typing import DtypeName
from sknumpy_mlp._version import __version__
from sknumpy_mlp.export._graph import Graph, import_onnx
from sknumpy_mlp.export._labels import labels_of
from sknumpy_mlp.export._operators import add_calibration, add_link, add_network
from sknumpy_mlp.export._supported import EXPORTABLE, check_supported
from sknumpy_mlp.export._tables import ARRAY, add_table, input_columns

_LABEL, _PROBABILITIES, _PREDICTION, _TABLE = (
    "label",
    "probabilities",
    "prediction",
    "transformed",
)


def to_onnx(estimator: Any, *, dtype: DtypeName | None = None) -> Any:
    """Convert a fitted estimator to an ONNX model.

    The model contains the estimator's preprocessing, networks, calibration and class
    labels.  It runs in ONNX Runtime or any other runtime for opset 15, without this
    package.

    Parameters
    ----------
    estimator : estimator of this package
        A fitted :class:`.NumpyMLPClassifier`, :class:`.NumpyMLPRegressor`,
        :class:`.TabularMLPClassifier`, :class:`.TabularMLPRegressor` or
        :class:`.TabularPreprocessor`.
    dtype : {'float32', 'float64'} or None, default=None
        The data type of the networks' computations.  None is the type that the
        estimator predicts in, and reproduces its predictions.  'float32' is for
        runtimes without float64, for example on GPUs; errors are about 1e-6, relative
        to the largest numbers involved.  The preprocessing of tables is always in
        float64, since float32 has too few digits for years or identifiers.

    Returns
    -------
    model : onnx.ModelProto
        The model.  Runtimes load ``model.SerializeToString()``;
        ``onnx.save(model, path)`` writes it to a file.

        The input of ``NumpyMLPClassifier`` and ``NumpyMLPRegressor`` is ``X`` of shape
        (n_samples, n_features), in the model's type.  A table of numbers only is
        also a single input ``X``, in float64.

        With columns of categories or dates, each column of the table is an input of
        shape (n_samples, 1), which has the name of the column, or ``x0``, ``x1``, ...
        without names (an underscore is appended if an output has the same name).
        Columns whose categories are strings in ``TabularPreprocessor.categories_``,
        such as strings and intervals, are string inputs; all others are float64,
        including integer and boolean categories.  A missing number is NaN; a missing
        string is the empty string or, if that is a category, any string that is not.

        A date is several inputs, one for each of its ``parts`` in
        ``TabularPreprocessor.date_encodings_``, with names such as ``when_days`` and
        ``when_weekday_sin``: runtimes have no time zones.  `onnx_inputs` converts a
        table to these inputs.

        Classifiers have the outputs ``label`` (see `predict`) and ``probabilities``
        (see `predict_proba`), regressors have ``prediction``, and preprocessors have
        ``transformed``.

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError
        If the estimator is not one of this package.
    NotFittedError
        If it is not fitted.
    ValueError
        If there is no counterpart in ONNX: for a custom activation, a custom loss with
        its own inverse link, labels or categories of mixed types, or strings that are
        not valid Unicode; if all columns of a table were empty in `fit`; or if the
        network's parameters or the scale of its target are out of the range of float32.

    See Also
    --------
    onnx_inputs : Converts samples to the inputs of the model.
    to_sklearn : Conversion for pipelines, which skl2onnx can export as a whole.

    Notes
    -----
    The model does not validate its inputs: it accepts infinite numbers, which the
    estimator refuses, and does not check the order of columns.

    References
    ----------
    The Open Neural Network Exchange, https://onnx.ai.

    Examples
    --------
    >>> import onnxruntime
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = NumpyMLPClassifier(solver="lbfgs", max_iter=900, random_state=0)
    >>> clf = clf.fit(X, y)
    >>> session = onnxruntime.InferenceSession(to_onnx(clf).SerializeToString())
    >>> label, probabilities = session.run(None, {"X": X})
    >>> print(f"{(label == y).mean():.2f}, {clf.score(X, y):.2f}")  # both accuracies
    0.99, 0.99
    >>> probabilities[:2].round(3)
    array([[1., 0., 0.], [1., 0., 0.]])
    >>> clf.predict_proba(X[:2]).round(3)
    array([[1., 0., 0.], [1., 0., 0.]])
    """
    import_onnx("to_onnx")
    _check_exportable(estimator)
    _check_dtype(dtype)
    if isinstance(estimator, _BaseMLP):
        return _network_model(estimator, dtype)
    if isinstance(estimator, TabularPreprocessor):
        return _preprocessor_model(estimator, dtype)
    return _tabular_model(estimator, dtype)


def onnx_inputs(
    estimator: Any, X: Any, *, dtype: str | None = None
) -> dict[str, NDArray[Any]]:
    """Return the inputs of an estimator's ONNX model for ``X``.

    Parameters
    ----------
    estimator : estimator of this package
        The fitted estimator that was converted by `to_onnx`.
    X : frame or array-like of shape (n_samples, n_features)
        Samples, as passed to the estimator's `predict`.
    dtype : {'float32', 'float64'} or None, default=None
        The ``dtype`` that was passed to `to_onnx`.

    Returns
    -------
    inputs : dict of str to ndarray
        The values of the inputs by name, as ``InferenceSession.run`` takes them.

    Raises
    ------
    TypeError
        If the estimator is not one of this package.
    NotFittedError
        If it is not fitted.
    ValueError
        If ``X`` does not match the data that the estimator was fitted on.

    See Also
    --------
    to_onnx : Converts the estimator to a model.

    Examples
    --------
    >>> from sknumpy_mlp import TabularPreprocessor
    >>> from sknumpy_mlp.export import onnx_inputs
    >>> rows = [["red", 1.0], ["blue", 2.0], [None, None]]
    >>> for name, value in onnx_inputs(TabularPreprocessor().fit(rows), rows).items():
    ...     print(name, value.tolist())
    x0 [['red'], ['blue'], ['']]
    x1 [[1.0], [2.0], [nan]]
    """
    _check_exportable(estimator)
    _check_dtype(dtype)
    if isinstance(estimator, _BaseMLP):
        X = validate_data(
            estimator,
            X,
            accept_sparse="csr",
            dtype=dtype or estimator._params.dtype,
            reset=False,
        )
        return {ARRAY: X if isinstance(X, np.ndarray) else X.toarray()}
    preprocessor = _preprocessor_of(estimator)
    table = Table(X)
    validate_data(estimator, table.data, reset=False, skip_check_array=True)
    table = preprocessor._expand(table)
    columns = input_columns(preprocessor, _outputs_of(estimator))
    if columns is None:
        return {ARRAY: table.numbers(range(table.shape[1]))}
    return {column.name: column.read(table, preprocessor) for column in columns}


def _check_exportable(estimator: Any) -> None:
    check_supported(
        estimator,
        EXPORTABLE,
        "Of a pipeline or a search, pass the network itself (pipeline[-1], "
        "search.best_estimator_); to have a whole pipeline in one model, put "
        "to_sklearn(network) in the network's place and convert it with skl2onnx.",
    )
    check_is_fitted(estimator)


def _check_dtype(dtype: Any) -> None:
    if dtype is None or (isinstance(dtype, str) and dtype in ("float32", "float64")):
        return
    raise ValueError(
        f"dtype={dtype!r} must be 'float32', 'float64' or None, the type that the "
        f"estimator predicts in.{suggest_value(dtype, ('float32', 'float64'))}"
    )


def _network_model(estimator: Any, dtype: str | None) -> Any:
    """Return the model of a plain estimator: one network on an array."""
    outputs = _outputs_of(estimator)
    params = estimator._params
    graph = Graph(dtype or params.dtype.name, [ARRAY, *outputs])
    x = graph.input(ARRAY, graph.dtype, estimator.n_features_in_)
    raw = add_network(graph, estimator._network, params, x)
    predicted = add_link(graph, estimator._loss, raw, estimator.n_outputs_)
    _add_outputs(graph, estimator, estimator, predicted)
    return _finish(graph, estimator)


def _preprocessor_model(preprocessor: TabularPreprocessor, dtype: str | None) -> Any:
    """Return the model of a preprocessor."""
    graph, table = _begin_table(preprocessor, dtype or str(preprocessor.dtype))
    n_columns = len(preprocessor.get_feature_names_out())
    table = graph.cast(table, graph.dtype)
    graph.output(_TABLE, table, graph.dtype, n_columns)
    return _finish(graph, preprocessor)


def _tabular_model(estimator: Any, dtype: str | None) -> Any:
    """Return the model of a tabular estimator: an ensemble on a preprocessed table."""
    members = networks_of(estimator)
    graph, table = _begin_table(estimator, dtype or members[0]._params.dtype.name)
    # Networks are trained on a table of the preprocessor's type.
    table = graph.cast(graph.cast(table, estimator.preprocessor_.dtype), graph.dtype)
    weights = [member.weight for member in members]
    raw_outputs = [add_network(graph, m._network, m._params, table) for m in members]
    if isinstance(estimator, TabularMLPRegressor):
        targets = [
            _add_target(graph, member, raw)
            for member, raw in zip(members, raw_outputs, strict=True)
        ]
        predicted = graph.mean(targets, weights)
    else:
        loss, n_outputs = members[0]._loss, members[0].n_outputs_
        logits = graph.mean(raw_outputs, weights)
        logits = add_calibration(graph, estimator._calibration(), logits, n_outputs)
        predicted = add_link(graph, loss, logits, n_outputs)
    _add_outputs(graph, estimator, members[0], predicted)
    return _finish(graph, estimator)


def _begin_table(estimator: Any, dtype: str) -> tuple[Graph, str]:
    """Return a new graph, and the name of the preprocessed table in it."""
    preprocessor = _preprocessor_of(estimator)
    outputs = _outputs_of(estimator)
    columns = input_columns(preprocessor, outputs)
    inputs = [ARRAY] if columns is None else [column.name for column in columns]
    graph = Graph(dtype, [*inputs, *outputs])
    return graph, add_table(graph, preprocessor, columns)


def _preprocessor_of(estimator: Any) -> TabularPreprocessor:
    if isinstance(estimator, TabularPreprocessor):
        return estimator
    preprocessor: TabularPreprocessor = estimator.preprocessor_
    return preprocessor


def _outputs_of(estimator: Any) -> list[str]:
    if isinstance(estimator, TabularPreprocessor):
        return [_TABLE]
    if hasattr(estimator, "classes_"):
        return [_LABEL, _PROBABILITIES]
    return [_PREDICTION]


def _add_target(graph: Graph, member: MemberRegressor, raw: str) -> str:
    """Add a member's inverse link and the inverse scaling of its target."""
    scale = member._target.scale
    assert scale is not None
    y = add_link(graph, member._loss, raw, member.n_outputs_)
    factor, location, low, high = (
        _cast(values, graph.dtype)
        for values in (scale.factor, scale.location, scale.low, scale.high)
    )
    y = graph.node("Mul", y, graph.constant(factor, "factor"))
    # Not Add, which ONNX Runtime drops for a scalar that is zero in float32.
    y = graph.node("Sum", y, graph.constant(location, "location"))
    y = graph.node("Max", y, graph.constant(low, "lowest"))
    return graph.node("Min", y, graph.constant(high, "highest"))


def _cast(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Cast the scale of a target; raise ValueError if numbers over- or underflow."""
    with np.errstate(over="ignore", under="ignore"):
        cast = values.astype(dtype)
    tiny = np.finfo(dtype).tiny
    lost = np.isinf(cast) & ~np.isinf(values) | (np.abs(cast) < tiny) & (values != 0)
    if lost.any():
        raise ValueError(
            f"dtype={dtype.name!r} is too narrow for the target: its scale has the "
            f"number {values[lost][0]:g}. Use dtype=None, or scale the target before "
            "training."
        )
    return cast


def _add_outputs(graph: Graph, estimator: Any, network: Any, predicted: str) -> None:
    """Add the outputs: labels and probabilities, or predictions.

    ``network`` is one of the estimator's networks.
    """
    n_outputs = network.n_outputs_
    if not hasattr(estimator, "classes_"):
        if n_outputs == 1:
            vector = graph.reshape(predicted, -1)
            graph.output(_PREDICTION, vector, graph.dtype, None)
        else:
            graph.output(_PREDICTION, predicted, graph.dtype, n_outputs)
        return
    n_classes = len(estimator.classes_)
    if network._target.is_multilabel:
        positive = graph.node("Greater", predicted, graph.number(0.5))
        graph.output(_LABEL, graph.cast(positive, np.int64), np.int64, n_classes)
        graph.output(_PROBABILITIES, predicted, graph.dtype, n_classes)
        return
    labels = labels_of(estimator.classes_)
    codes = graph.node("ArgMax", predicted, axis=1, keepdims=0)
    if n_classes == 1:
        # The probability is always 1; exp(0 * p) has the shape of the predictions.
        zeros = graph.node("Mul", predicted, graph.number(0.0))
        predicted = graph.node("Exp", zeros)
    elif n_classes == 2:
        positive = graph.node("Greater", predicted, graph.number(0.5))
        codes = graph.reshape(graph.cast(positive, np.int64), -1)
        negative = graph.node("Sub", graph.number(1.0), predicted)
        predicted = graph.concatenate([negative, predicted])
    label = graph.node("Gather", graph.constant(labels, "classes"), codes)
    graph.output(_LABEL, label, labels.dtype, None)
    graph.output(_PROBABILITIES, predicted, graph.dtype, n_classes)


def _finish(graph: Graph, estimator: Any) -> Any:
    name = type(estimator).__name__
    description = f"A {name} of sknumpy_mlp {__version__}."
    return graph.model(description, {"estimator": name}, __version__)
