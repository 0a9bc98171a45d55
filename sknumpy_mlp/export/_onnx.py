"""Fitted estimators as ONNX models."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._inputs.table import Table, refuse_unusable
from sknumpy_mlp._tabular.classifier import TabularMLPRegressor
from sknumpy_mlp._tabular.member import MemberRegressor
from sknumpy_mlp._tabular.networks import networks_of
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._utils.suggestions import suggest_value
from sknumpy_mlp._utils.typing import DtypeName
from sknumpy_mlp._version import __version__
from sknumpy_mlp.export._graph import Graph, import_onnx
from sknumpy_mlp.export._labels import labels_of
from sknumpy_mlp.export._operators import add_link, add_network
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

    The model has the estimator's preprocessing, networks, calibration and labels in
    it, and needs ONNX Runtime or another runtime for opset 15, but not this package.

    Parameters
    ----------
    estimator : estimator of this package
        A fitted :class:`.NumpyMLPClassifier`, :class:`.NumpyMLPRegressor`,
        :class:`.TabularMLPClassifier`, :class:`.TabularMLPRegressor` or
        :class:`.TabularPreprocessor`.
    dtype : {'float32', 'float64'} or None, default=None
        The type that networks compute in.  None is the type that the estimator
        predicts in, which reproduces its predictions; 'float32' makes models that
        runtimes without float64 take, such as those of graphics cards, at a precision
        of about 1e-6 of the largest numbers involved.  The preparation of tables stays
        in float64: a year or an identity number has no digits to spare.

    Returns
    -------
    model : onnx.ModelProto
        The model; ``model.SerializeToString()`` is what runtimes load, and
        ``onnx.save(model, path)`` writes it to a file.

        The input of ``NumpyMLPClassifier`` and ``NumpyMLPRegressor`` is ``X`` of shape
        (n_samples, n_features), in the model's type.  Tables without categories are
        likewise one input ``X``, in float64.  Of a table with categories each column
        is an input of shape (n_samples, 1), under its name (``x0``, ``x1``, ... if it
        has none; with an underscore if an output has that name): columns of strings
        as strings, and so are those of intervals and other values that
        ``TabularPreprocessor.categories_`` has as strings; all others are float64, also
        categories that are ints or booleans.  Missing numbers are NaN, missing strings
        the empty string (if that is a category: any string that is none).
        `onnx_inputs` makes all this of a table, with unknown categories as missing.

        Classifiers have the outputs ``label``, what `predict` returns, and
        ``probabilities``, what `predict_proba` returns; regressors have
        ``prediction``, and a preprocessor has ``transformed``.

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError
        If the estimator is not one of this package.
    NotFittedError
        If it is not fitted.
    ValueError
        If an activation, a loss or labels have no counterpart in ONNX: an activation
        of a user's own class, a loss with a link of its own, labels or categories of
        several types in one column, strings that are no valid Unicode.  If a table had
        nothing to make columns of.  If float32 is too narrow for the network's
        parameters or its target.

    See Also
    --------
    onnx_inputs : What to feed the model with.
    to_sklearn : For pipelines, which skl2onnx then converts as a whole.

    Notes
    -----
    The model does not validate: it takes infinite numbers, which the estimator
    refuses, and has no notion of columns in another order.

    References
    ----------
    The Open Neural Network Exchange, https://onnx.ai.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = NumpyMLPClassifier(solver="lbfgs", max_iter=900, random_state=0)
    >>> clf = clf.fit(X, y)
    >>> session = onnxruntime.InferenceSession(to_onnx(clf).SerializeToString())
    >>> label, probabilities = session.run(None, {"X": X})
    >>> bool((label == clf.predict(X)).all())
    True
    >>> np.allclose(probabilities, clf.predict_proba(X))
    True
    """
    import_onnx("to_onnx")
    _check_exportable(estimator)
    _check_dtype(dtype)
    if isinstance(estimator, _BaseMLP):
        return _network_model(estimator, dtype)
    return _table_model(estimator, dtype)


def onnx_inputs(
    estimator: Any, X: Any, *, dtype: str | None = None
) -> dict[str, NDArray[Any]]:
    """Return what an estimator's ONNX model is to be fed with for ``X``.

    Parameters
    ----------
    estimator : estimator of this package
        The fitted estimator that `to_onnx` has converted.
    X : frame or array-like of shape (n_samples, n_features)
        Samples, as the estimator's `predict` takes them.
    dtype : {'float32', 'float64'} or None, default=None
        The ``dtype`` that `to_onnx` was given.

    Returns
    -------
    inputs : dict of str to ndarray
        For each input of the model its value, as ``InferenceSession.run`` takes it.

    Raises
    ------
    TypeError
        If the estimator is not one of this package.
    NotFittedError
        If it is not fitted.
    ValueError
        If ``X`` is not what the estimator was fitted on.

    See Also
    --------
    to_onnx : The model.

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
    preprocessor.check_labels(table)
    refuse_unusable(table)
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
    """Return the model of a single network on an array."""
    outputs = _outputs_of(estimator)
    params = estimator._params
    graph = Graph(dtype or params.dtype.name, [ARRAY, *outputs])
    x = graph.input(ARRAY, graph.dtype, estimator.n_features_in_)
    raw = add_network(graph, estimator._network, params, x)
    predicted = add_link(graph, estimator._loss, raw, estimator.n_outputs_)
    _add_outputs(graph, estimator, estimator, predicted)
    return _finish(graph, estimator)


def _table_model(estimator: Any, dtype: str | None) -> Any:
    """Return the model of an estimator with a preprocessor."""
    preprocessor = _preprocessor_of(estimator)
    outputs = _outputs_of(estimator)
    columns = input_columns(preprocessor, outputs)
    inputs = [ARRAY] if columns is None else [column.name for column in columns]
    is_regressor = isinstance(estimator, TabularMLPRegressor)
    own = str(preprocessor.dtype)
    if estimator is not preprocessor:
        own = networks_of(estimator)[0]._params.dtype.name
    graph = Graph(dtype or own, [*inputs, *outputs])
    table = add_table(graph, preprocessor, columns)
    if estimator is preprocessor:
        n_columns = len(preprocessor.get_feature_names_out())
        table = graph.cast(table, graph.dtype)
        graph.output(_TABLE, table, graph.dtype, n_columns)
        return _finish(graph, estimator)
    # What networks learnt to see are numbers of this type.
    table = graph.cast(graph.cast(table, preprocessor.dtype), graph.dtype)
    members = networks_of(estimator)
    raws = [add_network(graph, m._network, m._params, table) for m in members]
    loss, n_outputs = members[0]._loss, members[0].n_outputs_
    if is_regressor:
        targets = [
            _add_target(graph, member, raw)
            for member, raw in zip(members, raws, strict=True)
        ]
        predicted = graph.mean(targets)
    else:
        logits = graph.mean(raws)
        scale = graph.number(1.0 / estimator.temperature_)
        predicted = add_link(graph, loss, graph.node("Mul", logits, scale), n_outputs)
    _add_outputs(graph, estimator, members[0], predicted)
    return _finish(graph, estimator)


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
    """Add a member's link and the way back to the target's own scale."""
    scale = member._blueprint.scale
    assert scale is not None
    y = add_link(graph, member._loss, raw, member.n_outputs_)
    factor, location, low, high = (
        _cast(values, graph.dtype)
        for values in (scale.factor, scale.location, scale.low, scale.high)
    )
    y = graph.node("Mul", y, graph.constant(factor, "factor"))
    # Not "Add", which ONNX Runtime leaves out for a number that is zero as a float32.
    y = graph.node("Sum", y, graph.constant(location, "location"))
    y = graph.node("Max", y, graph.constant(low, "lowest"))
    return graph.node("Min", y, graph.constant(high, "highest"))


def _cast(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Cast numbers of a target's scale, if they are not lost."""
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
    """Add labels and probabilities, or predictions; ``network`` knows their kind."""
    n_outputs = network.n_outputs_
    if not hasattr(estimator, "classes_"):
        if n_outputs == 1:
            vector = graph.reshape(predicted, -1)
            graph.output(_PREDICTION, vector, graph.dtype, None)
        else:
            graph.output(_PREDICTION, predicted, graph.dtype, n_outputs)
        return
    n_classes = len(estimator.classes_)
    if network._multilabel:
        positive = graph.node("Greater", predicted, graph.number(0.5))
        graph.output(_LABEL, graph.cast(positive, np.int64), np.int64, n_classes)
        graph.output(_PROBABILITIES, predicted, graph.dtype, n_classes)
        return
    labels = labels_of(estimator.classes_)
    codes = graph.node("ArgMax", predicted, axis=1, keepdims=0)
    if n_classes == 1:
        # Whatever the network says of it: the exponential of zero times it is one.
        nothing = graph.node("Mul", predicted, graph.number(0.0))
        predicted = graph.node("Exp", nothing)
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
