"""Conversion of networks to and from scikit-learn's own estimators."""

import copy
import warnings
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.parameters import layer_sizes
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._training.run import TrainingState
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.activations import ACTIVATIONS
from sknumpy_mlp.export._supported import EXPORTABLE, check_supported, refuse_classes
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import Loss, Quantile
from sknumpy_mlp.schedules import SGD_SCHEDULES

# Activations that scikit-learn's estimators support.
_SKLEARN_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")


def to_sklearn(estimator: Any) -> Any:
    """Convert a fitted network to scikit-learn's own estimator.

    It is for tools that support scikit-learn's classes, such as skl2onnx (which also
    converts whole pipelines) and hummingbird.  Neither of them is correct for losses
    with a log link or for multilabel targets, and hummingbird requires numerical class
    labels.  `to_onnx` does not have these limitations.

    Parameters
    ----------
    estimator : NumpyMLPClassifier or NumpyMLPRegressor
        The fitted estimator.

    Returns
    -------
    converted : MLPClassifier or MLPRegressor
        A fitted estimator of :mod:`sklearn.neural_network` with copies of the weights,
        the learning curves, and the parameters that both packages have (except
        ``warm_start``).  It has the same predictions.  `fit` trains it from scratch, as
        usual; `partial_fit`, where scikit-learn supports it, continues training with a
        newly initialized optimizer.

    Raises
    ------
    TypeError
        If it is another estimator.  Tabular estimators have embeddings, which
        scikit-learn's networks lack: use `to_onnx`.
    NotFittedError
        If it is not fitted.
    ValueError
        If scikit-learn's estimator cannot represent the same function: for activations
        other than 'identity', 'logistic', 'tanh' and 'relu', activations that differ
        between layers, several quantiles, a single class, or (before scikit-learn 1.7)
        a loss with a log link.

    See Also
    --------
    from_sklearn : The inverse conversion.
    to_onnx : Conversion of any network of this package.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.export import to_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = NumpyMLPClassifier(solver="lbfgs", max_iter=900, random_state=0)
    >>> clf = clf.fit(X, y)
    >>> twin = to_sklearn(clf)
    >>> type(twin).__module__.partition(".")[0]
    'sklearn'
    >>> print(f"{twin.score(X, y):.2f}, {clf.score(X, y):.2f}")
    0.99, 0.99
    """
    check_supported(
        estimator,
        (NumpyMLPClassifier, NumpyMLPRegressor),
        "Pass a NumpyMLPClassifier or NumpyMLPRegressor (of a pipeline or a search the "
        "network itself), or use to_onnx.",
    )
    check_is_fitted(estimator)
    activation = _sklearn_activation(estimator)
    if isinstance(estimator, NumpyMLPClassifier):
        twin, y = MLPClassifier(), _sample_of_classes(estimator)
    else:
        twin, y = MLPRegressor(), np.ones((2, estimator.n_outputs_))
        y = y[:, 0] if estimator.n_outputs_ == 1 else y
        _set_link(estimator, twin)
    # A dummy fit, without hidden layers, sets scikit-learn's private attributes.
    blank = np.zeros((y.shape[0], estimator.n_features_in_), estimator._params.dtype)
    twin.set_params(hidden_layer_sizes=(), solver="sgd", max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        twin.fit(blank, y)
    # Without the optimizer of the dummy fit, partial_fit creates a new one.
    vars(twin).pop("_optimizer", None)
    twin.set_params(
        **_shared_params(estimator, twin),
        activation=activation,
        hidden_layer_sizes=tuple(len(b) for b in estimator.intercepts_[:-1]),
    )
    twin.coefs_ = [np.array(W) for W in estimator.coefs_]
    twin.intercepts_ = [np.array(b) for b in estimator.intercepts_]
    for name in _SHARED_ATTRIBUTES:
        if hasattr(estimator, name):
            setattr(twin, name, copy.copy(getattr(estimator, name)))
    return twin


# Fitted attributes with the same meaning in both packages; not all are always set.
_SHARED_ATTRIBUTES = (
    "best_loss_",
    "best_validation_score_",
    "feature_names_in_",
    "loss_",
    "loss_curve_",
    "n_features_in_",
    "n_iter_",
    "n_layers_",
    "t_",
    "validation_scores_",
)


def _sklearn_activation(estimator: Any) -> str:
    """Return the name of the activation of all hidden layers."""
    names = {activation: name for name, activation in ACTIVATIONS.items()}
    dense = [layer for layer in estimator._network.layers if type(layer) is Dense]
    used = {
        names.get(layer.activation, repr(layer.activation)) for layer in dense[:-1]
    } or {"identity"}
    if len(used) > 1 or not used <= set(_SKLEARN_ACTIVATIONS):
        raise ValueError(
            f"activation={', '.join(sorted(used))} cannot be had from scikit-learn's "
            f"networks, which use one of {', '.join(_SKLEARN_ACTIVATIONS)} for all "
            "hidden layers. Use to_onnx, or train with one of these."
        )
    return used.pop()


def _sample_of_classes(estimator: NumpyMLPClassifier) -> Any:
    """Return a small target with the same classes, for the dummy fit."""
    n_classes = len(estimator.classes_)
    if estimator._target.is_multilabel:
        matrix = np.repeat([[0], [1]], n_classes, axis=1)
        return csr_matrix(matrix) if estimator._target.is_sparse else matrix
    if n_classes == 1:
        raise ValueError(
            f"The estimator knows a single class, {short_repr(estimator.classes_[0])}, "
            "for which scikit-learn's networks predict two probabilities. Use "
            "to_onnx, or sklearn.dummy.DummyClassifier."
        )
    classes: NDArray[Any] = estimator.classes_
    return classes


def _set_link(estimator: NumpyMLPRegressor, twin: Any) -> None:
    """Give ``twin`` the inverse link of the estimator's loss."""
    loss = estimator._loss
    predict = type(loss).predict
    link = loss.out_activation if predict is Loss.predict else None
    is_single_quantile = isinstance(loss, Quantile) and len(loss.levels) == 1
    if link == "identity" or (predict is Quantile.predict and is_single_quantile):
        return
    if link == "exp" and "loss" in twin.get_params():
        twin.set_params(loss="poisson")
        return
    raise ValueError(
        f"loss={loss!r} makes predictions of raw outputs as the "
        f"MLPRegressor of scikit-learn {sklearn.__version__} cannot. Use to_onnx, or a "
        "loss with the identity as its link"
        + (", or 'poisson'." if "loss" in twin.get_params() else ".")
    )


def _shared_params(estimator: Any, twin: Any) -> dict[str, Any]:
    """Return parameters for ``twin``: the estimator's, where it supports them."""
    ours = estimator.get_params(deep=False)
    params: dict[str, Any] = type(twin)().get_params(deep=False)
    # Not warm_start: the state of early stopping that it needs is not converted.
    for name in ("activation", "hidden_layer_sizes", "loss", "warm_start"):
        params.pop(name, None)
    supported = {
        "solver": ("lbfgs", "sgd", "adam"),
        "learning_rate": tuple(SGD_SCHEDULES),
    }
    for name in params.keys() & ours.keys():
        value = ours[name]
        if name not in supported or (
            isinstance(value, str) and value in supported[name]
        ):
            params[name] = copy.deepcopy(value)  # a RandomState is mutable
    return params


def from_sklearn(estimator: Any) -> Any:
    """Convert a fitted scikit-learn MLP to an estimator of this package.

    The estimator may come from a pickle, if the installed version of scikit-learn can
    load it.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        A fitted estimator from :mod:`sklearn.neural_network`.

    Returns
    -------
    converted : NumpyMLPClassifier or NumpyMLPRegressor
        A fitted estimator with copies of the parameters, weights and learning curves.
        Predictions agree up to rounding: probabilities are computed differently, and a
        network trained in float32 computes in float32 for any data type of ``X``.

        `fit` trains it from scratch, with the same results as scikit-learn.
        `partial_fit`, and `fit` with ``warm_start=True``, continue from the weights,
        the counters and, for ``learning_rate='invscaling'``, the learning rate.  State
        that is private in scikit-learn is initialized anew: the moments of the
        optimizer, the learning rate of 'adaptive', the validation set of
        ``early_stopping``, and the random number generator.

    Raises
    ------
    TypeError
        If it is not an instance of one of these classes.  Subclasses are refused,
        because they may predict differently.
    NotFittedError
        If it is not fitted.
    ValueError
        If it was fitted on a single class, for which it predicts two probabilities, or
        if its weights are infinite or NaN.

    See Also
    --------
    to_sklearn : The inverse conversion.

    Notes
    -----
    scikit-learn records no learning rates and no validation losses, so
    ``learning_rate_curve_`` is empty and ``validation_loss_curve_`` is None.

    Examples
    --------
    >>> import pickle
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from sknumpy_mlp.export import from_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> theirs = MLPClassifier(solver="lbfgs", max_iter=900, random_state=0).fit(X, y)
    >>> saved = pickle.dumps(theirs)
    >>> ours = from_sklearn(pickle.loads(saved))
    >>> ours
    NumpyMLPClassifier(max_iter=900, random_state=0, solver='lbfgs')
    >>> print(f"{ours.score(X, y):.2f}, {theirs.score(X, y):.2f}")
    0.99, 0.99
    """
    _check_sklearn_type(estimator)
    check_is_fitted(estimator)
    is_classifier = isinstance(estimator, MLPClassifier)
    ours: Any = NumpyMLPClassifier() if is_classifier else NumpyMLPRegressor()
    given = vars(estimator)  # an old pickle may lack newer parameters
    for name in ours.get_params(deep=False).keys() & given.keys():
        setattr(ours, name, copy.deepcopy(given[name]))
    sizes = [len(b) for b in estimator.intercepts_[:-1]]
    if list(layer_sizes(ours.hidden_layer_sizes)) != sizes:  # changed since the fit
        ours.hidden_layer_sizes = tuple(sizes)
    n_outputs = int(estimator.n_outputs_)
    target: Target
    if is_classifier:
        target = _classification_target(ours.loss, estimator)
    else:
        target = RegressionTarget.fit(np.empty((1, n_outputs)), ours.loss)
    network = Architecture.of(ours).network(int(estimator.n_features_in_), n_outputs)
    params = np.zeros(network.n_params, np.result_type(*estimator.coefs_))
    vars(ours).update(ours._attributes(network, target, params))
    ours.coefs_, ours.intercepts_ = estimator.coefs_, estimator.intercepts_
    _copy_training_attributes(ours, estimator)
    return ours


def _check_sklearn_type(estimator: Any) -> None:
    """Raise TypeError unless an estimator is scikit-learn's MLP, not a subclass."""
    allowed = (MLPClassifier, MLPRegressor)
    if type(estimator) in allowed:
        return
    refuse_classes(estimator, allowed, whose="its")
    name = type(estimator).__name__
    if isinstance(estimator, EXPORTABLE):
        raise TypeError(
            f"{name} is an estimator of this package already. Pass an MLPClassifier "
            "or MLPRegressor of scikit-learn."
        )
    raise TypeError(
        f"{name} is not an MLPClassifier or MLPRegressor of scikit-learn. Of a "
        "pipeline or a search, pass the network itself (pipeline[-1], "
        "search.best_estimator_)."
    )


def _classification_target(loss: Any, estimator: MLPClassifier) -> ClassificationTarget:
    """Return the target of scikit-learn's classifier."""
    if len(estimator.classes_) == 1:
        raise ValueError(
            f"The estimator knows a single class, {short_repr(estimator.classes_[0])}, "
            "for which it predicts two probabilities. Use "
            "sklearn.dummy.DummyClassifier, or fit a NumpyMLPClassifier, which "
            "predicts one."
        )
    is_multinomial = estimator.out_activation_ == "softmax"
    is_multilabel = estimator.n_outputs_ > 1 and not is_multinomial
    return ClassificationTarget.of_classes(
        np.array(estimator.classes_),
        loss,
        is_multilabel=is_multilabel,
        is_sparse=is_multilabel and _predicts_sparse(estimator),
    )


def _predicts_sparse(estimator: MLPClassifier) -> bool:
    """Return whether predictions are sparse matrices, by predicting one sample."""
    nameless = copy.copy(estimator)  # avoids a warning about missing feature names
    vars(nameless).pop("feature_names_in_", None)
    predicted = nameless.predict(np.zeros((1, estimator.n_features_in_)))
    return hasattr(predicted, "toarray")


def _copy_training_attributes(ours: Any, estimator: Any) -> None:
    """Copy the learning curves and counters of the training to ``ours``."""
    # Defaults for attributes that scikit-learn lacks in some configurations.
    ours.loss_curve_ = []
    ours.validation_scores_ = ours.best_validation_score_ = None
    ours.best_loss_ = estimator.loss_
    for name in _SHARED_ATTRIBUTES:
        if hasattr(estimator, name):
            setattr(ours, name, copy.copy(getattr(estimator, name)))
    ours.learning_rate_curve_ = []
    ours.validation_loss_curve_ = None
    if ours.solver != "lbfgs":
        ours._training_state = TrainingState(n_samples_seen=int(ours.t_))
