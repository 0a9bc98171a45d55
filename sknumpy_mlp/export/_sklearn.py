"""Networks of this package as scikit-learn's own estimators, and the way back."""

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

from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.parameters import layer_sizes
from sknumpy_mlp._training.loop import TrainingState
from sknumpy_mlp._utils.values import shown
from sknumpy_mlp.activations import ACTIVATIONS
from sknumpy_mlp.export._supported import EXPORTABLE, check_supported, refuse_classes
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import Loss, Quantile
from sknumpy_mlp.schedules import SGD_SCHEDULES

# Activations that scikit-learn's estimators have.
_SKLEARN_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")


def to_sklearn(estimator: Any) -> Any:
    """Convert a fitted network to scikit-learn's own estimator.

    For tools that know scikit-learn's classes, such as skl2onnx (also for the pipeline
    that the network is a part of) and hummingbird.  They have limits of their own:
    neither converts losses with a logarithmic link rightly, or several labels at once,
    and hummingbird takes no labels but numbers.  `to_onnx` has none of these.

    Parameters
    ----------
    estimator : NumpyMLPClassifier or NumpyMLPRegressor
        The fitted estimator.

    Returns
    -------
    converted : MLPClassifier or MLPRegressor
        A fitted estimator of :mod:`sklearn.neural_network` with copies of the weights,
        the curves, and the parameters that both have (but ``warm_start``).  It
        predicts the same; `fit` trains it anew, as scikit-learn does, and
        `partial_fit`, where scikit-learn has it, trains it on with an optimiser that
        begins afresh.

    Raises
    ------
    TypeError
        If it is another estimator.  A tabular one has embeddings, which scikit-learn's
        networks lack: use `to_onnx`.
    NotFittedError
        If it is not fitted.
    ValueError
        If scikit-learn's estimator cannot be the same function: for activations other
        than 'identity', 'logistic', 'tanh' and 'relu', different ones in different
        layers, several quantiles, a single class, or (before scikit-learn 1.7) a loss
        with a logarithmic link.

    See Also
    --------
    from_sklearn : The other way round.
    to_onnx : For every network of this package.

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
    >>> bool((twin.predict(X) == clf.predict(X)).all())
    True
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
    # A fit that learns nothing, of a network without hidden layers, sets all that
    # scikit-learn keeps to itself.
    blank = np.zeros((y.shape[0], estimator.n_features_in_), estimator._params.dtype)
    twin.set_params(hidden_layer_sizes=(), solver="sgd", max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        twin.fit(blank, y)
    # The optimiser of that fit is not the one to train on with; without, partial_fit
    # makes another.
    vars(twin).pop("_optimizer", None)
    twin.set_params(
        **_shared_params(estimator, twin),
        activation=activation,
        hidden_layer_sizes=tuple(len(b) for b in estimator.intercepts_[:-1]),
    )
    twin.coefs_ = [np.array(W) for W in estimator.coefs_]
    twin.intercepts_ = [np.array(b) for b in estimator.intercepts_]
    for name in _CARRIED:
        if hasattr(estimator, name):
            setattr(twin, name, copy.copy(getattr(estimator, name)))
    return twin


# Fitted attributes that mean the same in both packages, if they are there.
_CARRIED = (
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
    """Return the name of the activation that all hidden layers have."""
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
    """Return a small target from which scikit-learn learns the same classes."""
    n_classes = len(estimator.classes_)
    if estimator._multilabel:
        matrix = np.repeat([[0], [1]], n_classes, axis=1)
        return csr_matrix(matrix) if estimator._sparse_target else matrix
    if n_classes == 1:
        raise ValueError(
            f"The estimator knows a single class, {shown(estimator.classes_[0])}, for "
            "which scikit-learn's networks predict two probabilities. Use to_onnx, or "
            "sklearn.dummy.DummyClassifier."
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
    """Return parameters for ``twin``: the estimator's, where it takes them."""
    ours = estimator.get_params(deep=False)
    params: dict[str, Any] = type(twin)().get_params(deep=False)
    # A best epoch to go back to, which a warm start may want, is not carried over.
    for name in ("activation", "hidden_layer_sizes", "loss", "warm_start"):
        params.pop(name, None)
    taken = {
        "solver": ("lbfgs", "sgd", "adam"),
        "learning_rate": tuple(SGD_SCHEDULES),
    }
    for name in params.keys() & ours.keys():
        value = ours[name]
        if name not in taken or (isinstance(value, str) and value in taken[name]):
            params[name] = copy.deepcopy(value)  # a random state has a state
    return params


def from_sklearn(estimator: Any) -> Any:
    """Convert scikit-learn's fitted network to the one of this package.

    Also one that was loaded from a pickle, as far as the scikit-learn that is
    installed loads it.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        The fitted estimator, of :mod:`sklearn.neural_network`.

    Returns
    -------
    converted : NumpyMLPClassifier or NumpyMLPRegressor
        A fitted estimator with copies of its parameters, weights and curves.  It
        predicts the same, to the last digits: probabilities are computed in another
        way, and a network trained in float32 computes in float32 whatever ``X`` is.

        `fit` trains it anew, with scikit-learn's numbers.  `partial_fit`, and `fit`
        with ``warm_start=True``, go on from the weights, the counters and, for
        ``learning_rate='invscaling'``, the rate.  What scikit-learn keeps to itself
        begins afresh: the moments of the optimizer, the rate that 'adaptive' has come
        down to, the hold-out of ``early_stopping``, and the random stream.

    Raises
    ------
    TypeError
        If it is no estimator of these very classes.  One of a derived class may
        predict in another way.
    NotFittedError
        If it is not fitted.
    ValueError
        If it knows a single class, for which it predicts two probabilities, or if its
        weights are infinite or NaN.

    See Also
    --------
    to_sklearn : The other way round.

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
    >>> bool((ours.predict(X) == theirs.predict(X)).all())
    True
    """
    _check_of_sklearn(estimator)
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
    if is_classifier:
        loss = _take_classes(ours, estimator)
    else:
        y = np.empty((1, n_outputs))
        loss, _ = ours._learn_target(y, warm=False, incremental=False, classes=None)
    network = ours._make_network(int(estimator.n_features_in_), n_outputs)
    params = np.zeros(network.n_params, np.result_type(*estimator.coefs_))
    vars(ours).update(ours._attributes(network, loss, params))
    ours.coefs_, ours.intercepts_ = estimator.coefs_, estimator.intercepts_
    _take_curves(ours, estimator)
    return ours


def _check_of_sklearn(estimator: Any) -> None:
    """Raise TypeError for what is no object of scikit-learn's very classes."""
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


def _take_classes(ours: NumpyMLPClassifier, estimator: MLPClassifier) -> Loss:
    """Give ``ours`` the classes of scikit-learn's classifier; return the loss."""
    if len(estimator.classes_) == 1:
        raise ValueError(
            f"The estimator knows a single class, {shown(estimator.classes_[0])}, for "
            "which it predicts two probabilities. Use sklearn.dummy.DummyClassifier, "
            "or fit a NumpyMLPClassifier, which predicts one."
        )
    ours.classes_ = np.array(estimator.classes_)
    multinomial = estimator.out_activation_ == "softmax"
    ours._multilabel = estimator.n_outputs_ > 1 and not multinomial
    ours._sparse_target = ours._multilabel and _predicts_sparse(estimator)
    return ours._make_loss(multinomial=multinomial)


def _predicts_sparse(estimator: MLPClassifier) -> bool:
    """Whether predictions are sparse matrices, which scikit-learn keeps to itself."""
    nameless = copy.copy(estimator)  # an array lacks the names that it might want
    vars(nameless).pop("feature_names_in_", None)
    predicted = nameless.predict(np.zeros((1, estimator.n_features_in_)))
    return hasattr(predicted, "toarray")


def _take_curves(ours: Any, estimator: Any) -> None:
    """Give ``ours`` the attributes that tell of the training."""
    # What scikit-learn does not have without early stopping, or with L-BFGS.
    ours.loss_curve_ = []
    ours.validation_scores_ = ours.best_validation_score_ = None
    ours.best_loss_ = estimator.loss_
    for name in _CARRIED:
        if hasattr(estimator, name):
            setattr(ours, name, copy.copy(getattr(estimator, name)))
    ours.learning_rate_curve_ = []
    ours.validation_loss_curve_ = None
    if ours.solver != "lbfgs":
        ours._training_state = TrainingState(n_samples_seen=int(ours.t_))
