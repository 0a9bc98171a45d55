"""The estimators: `NumpyMLPClassifier` and `NumpyMLPRegressor`."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from sknumpy_mlp._base import PartialFit, _BaseMLP
from sknumpy_mlp._parameters import PARAMETER_CHECKS, Check, Choice
from sknumpy_mlp._typing import Array
from sknumpy_mlp.initializers import Initializer
from sknumpy_mlp.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Loss


class NumpyMLPClassifier(ClassifierMixin, _BaseMLP):  # type: ignore[misc]
    """Multi-layer perceptron classifier.

    Minimises the log loss by L-BFGS or stochastic gradient descent.  A drop-in for
    :class:`sklearn.neural_network.MLPClassifier`: the same parameters, methods and
    attributes, and with the same integer ``random_state`` the same numbers.

    Handles two classes, several classes, and several labels at once (``y`` an
    indicator matrix of shape (n_samples, n_labels)); dense and sparse ``X``; float32
    and float64, in which it computes as ``X`` comes.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Number of units in each hidden layer; an int is one hidden layer, and ``()``
        none.
    activation : {'identity', 'logistic', 'tanh', 'relu'}, default='relu'
        Activation function of the hidden layers.

        - 'identity', f(z) = z
        - 'logistic', f(z) = 1 / (1 + exp(-z))
        - 'tanh', f(z) = tanh(z)
        - 'relu', f(z) = max(0, z)
    loss : {'log_loss'}, default='log_loss'
        The loss: cross-entropy, computed from the logits.
    solver : {'lbfgs', 'sgd', 'adam'}, default='adam'
        How the parameters are optimised.

        - 'lbfgs', SciPy's L-BFGS-B on the whole data at once, in float64.  Converges
          fast and well on small data.
        - 'sgd', stochastic gradient descent with momentum, see
          :class:`sknumpy_mlp.optimizers.SGD`.
        - 'adam', see :class:`sknumpy_mlp.optimizers.Adam`.

    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / (2 S) * sum(W**2)`` on the weights (not
        the biases), where S is the number of samples in the batch, or the sum of
        their weights.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is ``min(200, n_samples)``.  A mini-batch
        whose samples all have weight zero is skipped.  Not used by 'lbfgs'.
    learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
        Schedule of the learning rate.  Only used when ``solver='sgd'``.

        - 'constant', ``learning_rate_init`` throughout.
        - 'invscaling', ``learning_rate_init / (t + 1)**power_t``, where t is the
          number of samples seen before the epoch.
        - 'adaptive', divided by five whenever the training loss (with
          ``early_stopping``, the validation score) has not improved by ``tol`` for
          ``n_iter_no_change`` epochs; training ends at a plateau at 1e-6 or less.

    learning_rate_init : float, default=0.001
        The learning rate at the start.  Not used by 'lbfgs'.
    power_t : float, default=0.5
        Exponent of ``learning_rate='invscaling'``.
    max_iter : int, default=200
        The most epochs (passes over the data) of a call of `fit`; for 'lbfgs', the
        most iterations.
    shuffle : bool, default=True
        Whether each epoch sees the samples in a new order.  Not used by 'lbfgs'.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights and biases, the hold-out of ``early_stopping``, and
        the order of the samples, in this sequence and with the numbers that
        scikit-learn draws.  An int makes results reproducible.
    tol : float, default=1e-4
        The least improvement of the loss, or of the validation score, that counts as
        one; for 'lbfgs', the largest component of the gradient at which to stop.
    verbose : bool or int, default=False
        Whether to print a line for each epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last call: parameters, optimiser, counters,
        hold-out and random stream, as if the training had not been interrupted.
    momentum : float, default=0.9
        Momentum of 'sgd', between 0 and 1.
    nesterovs_momentum : bool, default=True
        Whether the momentum of 'sgd' is Nesterov's.
    early_stopping : bool, default=False
        Whether to set ``validation_fraction`` of the samples aside, to end the
        training when the score on them (accuracy) has not improved by
        ``tol`` for ``n_iter_no_change`` epochs, and to put the parameters of the best
        epoch back.  The hold-out is stratified for two classes, as in scikit-learn.
        Not used by 'lbfgs'.
    validation_fraction : float, default=0.1
        Share of the samples that ``early_stopping`` sets aside, in [0, 1).  It must
        leave at least two.
    beta_1 : float, default=0.9
        Decay rate of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay rate of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps Adam's division finite.
    n_iter_no_change : int or inf, default=10
        Epochs without improvement that are tolerated.  Not used by 'lbfgs'.
    max_fun : int, default=15000
        The most evaluations of the objective by 'lbfgs'.
    init : {'glorot', 'he', 'lecun'} or callable, default='glorot'
        How the weights are initialised, see :mod:`sknumpy_mlp.initializers`.

        - 'glorot', uniform on +-sqrt(6 / (fan_in + fan_out)), the biases too
          (2 instead of 6 for logistic units): scikit-learn's rule.
        - 'he', normal with variance 2 / fan_in.
        - 'lecun', normal with variance 1 / fan_in.
        - a callable ``(rng, fan_in, fan_out) -> array of shape (fan_in, fan_out)``,
          for example ``sknumpy_mlp.initializers.Normal(0.01)``.

        Except for 'glorot', biases start at zero.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted; for several labels at once, 0 to n_labels - 1.
    coefs_ : tuple of ndarray, each of shape (fan_in, fan_out)
        Weights of each layer.  They are views of one vector: an array can be changed
        in place, an element of the tuple cannot be replaced.  Assigning the whole
        attribute of a fitted estimator copies, after a check of the shapes.
    intercepts_ : tuple of ndarray, each of shape (fan_out,)
        Biases of each layer, likewise.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `fit` saw a data frame with string column names.
    n_iter_ : int
        Epochs (for 'lbfgs', iterations) of the last call.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of output units.
    out_activation_ : str
        Name of the output activation: 'softmax' for several classes, else
        'logistic'.
    t_ : int
        Number of samples seen in all epochs of all calls (for 'lbfgs', in all
        evaluations of the objective).
    loss_ : float
        The objective (mean loss and penalty) of the last epoch; NaN if Ctrl-C ended
        the first.
    best_loss_ : float or None
        The smallest of ``loss_curve_``; None with ``early_stopping``.
    loss_curve_ : list of float
        The objective of each epoch (for 'lbfgs', iteration).  ``warm_start`` and
        `partial_fit` append to it.
    validation_scores_ : list of float or None
        Accuracy on the hold-out after each epoch; None without ``early_stopping``.
    best_validation_score_ : float or None
        The score on the hold-out of the parameters that were kept; None without
        ``early_stopping``.

    Raises
    ------
    InvalidParameterError
        From `fit` and `partial_fit`, if a parameter has a value that is not allowed.
        It is a ValueError and a TypeError.
    ValueError
        From `fit` and `partial_fit`, if the data cannot be used, or the parameters
        of the network become infinite or NaN, as they do when features are unscaled
        or the learning rate is too large.  The estimator is then left as it was.

    See Also
    --------
    NumpyMLPRegressor : The same network for regression.

    Notes
    -----
    With a single class in ``y`` that class is always predicted.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import train_test_split
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> X, y = make_classification(n_samples=100, random_state=1)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, stratify=y, random_state=1
    ... )
    >>> clf = NumpyMLPClassifier(max_iter=300, random_state=1).fit(X_train, y_train)
    >>> clf.predict_proba(X_test[:1]).round(3)
    array([[0.038, 0.962]])
    >>> clf.score(X_test, y_test)
    0.88
    """

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]] = PARAMETER_CHECKS | {
        "loss": (Choice(tuple(CLASSIFICATION_LOSSES)),)
    }
    _numeric_target: ClassVar[bool] = False

    classes_: NDArray[Any]
    _multilabel: bool

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        loss: str = "log_loss",
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        init: str | Initializer = "glorot",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.init = init

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the network to training data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class labels, or a matrix with a column of 0 and 1 for each label.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0 and not all 0.  None is 1 for each.

        Returns
        -------
        self : NumpyMLPClassifier
            The fitted estimator.
        """
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @PartialFit
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> Self:
        """Train for one epoch on the given data.

        Available for the solvers 'sgd' and 'adam'.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        classes : array-like of shape (n_classes,), default=None
            All classes that any call will see.  Required in the first call, and may
            be left out later.

        Returns
        -------
        self : NumpyMLPClassifier
            The estimator.
        """
        self._fit(X, y, sample_weight, incremental=True, classes=classes)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes; for several labels at once, a matrix of 0 and 1.
        """
        decided = self._decide(self._predict_raw(X))
        if self._multilabel:
            return decided
        labels: NDArray[Any] = self.classes_[decided]
        return labels

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_classes)
            Probability of each class, in the order of ``classes_``; for several labels
            at once, of each label by itself.
        """
        y_prob: Array = self._predict_target(X)
        if self._multilabel or len(self.classes_) > 2:
            return y_prob
        if len(self.classes_) == 1:
            return np.ones_like(y_prob)
        return np.hstack([1.0 - y_prob, y_prob])

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithms of class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        log_y_prob : ndarray of shape (n_samples, n_classes)
            The logarithm of `predict_proba`; -inf where that is 0.
        """
        y_prob = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(y_prob, out=y_prob)

    def _decide(self, raw: Array) -> NDArray[Any]:
        """Class codes, or a matrix of 0 and 1, from raw outputs."""
        if self._multilabel:
            return (raw > 0).astype(np.int64)
        if len(self.classes_) > 2:
            codes: NDArray[Any] = raw.argmax(axis=1)
            return codes
        if len(self.classes_) == 1:
            return np.zeros(raw.shape[0], dtype=np.intp)
        return (raw[:, 0] > 0).astype(np.intp)

    def _score_raw(
        self, loss: Loss, raw: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        decided = self._decide(raw)
        correct = decided == y.reshape(decided.shape)
        if self._multilabel:
            correct = correct.all(axis=1)
        return float(np.average(correct, weights=sample_weight))

    @property
    def _convergence_matters(self) -> bool:
        return len(self.classes_) > 1  # a single class is predicted untrained

    def _stratify_by(self, y: NDArray[Any]) -> NDArray[Any] | None:
        # Only a single output is stratified: scikit-learn's rule, hence its split.
        return y.astype(bool) if y.ndim == 2 and y.shape[1] == 1 else None

    def _encode_target(
        self, y: Any, dtype: Any, *, warm: bool, incremental: bool, classes: Any
    ) -> tuple[NDArray[Any], Loss, int]:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind == "multiclass-multioutput":
            raise ValueError(
                f"y of shape {y.shape} has several columns with more than two values. "
                "Use a matrix of 0 and 1 with a column for each label, or wrap the "
                "estimator in sklearn.multioutput.MultiOutputClassifier."
            )
        multilabel = kind == "multilabel-indicator"
        if warm and multilabel != self._multilabel:
            now, before = ("a label matrix", "class labels")[:: 1 if multilabel else -1]
            raise ValueError(f"y is {now}, but in the previous call it was {before}.")
        if incremental:
            self._check_declared_classes(y, classes, warm=warm)
        elif warm:
            self._check_same_classes(y)
        else:
            self.classes_ = unique_labels(y)
        self._multilabel = multilabel
        n_classes = len(self.classes_)
        loss_factory = CLASSIFICATION_LOSSES[self.loss]
        if multilabel:
            if y.shape[1] != n_classes:
                raise ValueError(
                    f"y has {y.shape[1]} columns, but there are {n_classes} labels in "
                    f"classes={self.classes_}."
                )
            y = y.toarray() if hasattr(y, "toarray") else y
            loss = loss_factory.for_target(multinomial=False)
            return (y != 0).astype(dtype), loss, n_classes
        codes = np.searchsorted(self.classes_, y)
        if n_classes > 2:
            return codes, loss_factory.for_target(multinomial=True), n_classes
        loss = loss_factory.for_target(multinomial=False)
        return codes.astype(dtype)[:, np.newaxis], loss, 1

    def _check_declared_classes(self, y: Any, classes: Any, *, warm: bool) -> None:
        """For `partial_fit`: classes are declared once, and y has no others."""
        if not warm:
            if classes is None:
                raise ValueError(
                    "classes must be passed on the first call to partial_fit."
                )
            self.classes_ = unique_labels(classes)
        elif classes is not None and not np.array_equal(
            self.classes_, unique_labels(classes)
        ):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to "
                f"partial_fit, was: {self.classes_!r}"
            )
        labels = unique_labels(y)
        if not np.isin(labels, self.classes_).all():
            raise ValueError(
                "`y` has classes not in `self.classes_`. `self.classes_` has "
                f"{self.classes_}. 'y' has {labels}. Pass all of them as `classes` in "
                "the first call to partial_fit."
            )

    def _check_same_classes(self, y: Any) -> None:
        """For `fit` with ``warm_start``: neither more classes nor fewer."""
        labels = unique_labels(y)
        if set(labels) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the "
                f"previous call to fit. Previously got {self.classes_}, `y` has "
                f"{labels}"
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class NumpyMLPRegressor(RegressorMixin, _BaseMLP):  # type: ignore[misc]
    """Multi-layer perceptron regressor.

    Minimises the squared error or the Poisson deviance by L-BFGS or stochastic
    gradient descent.  A drop-in for :class:`sklearn.neural_network.MLPRegressor`: the
    same parameters, methods and attributes, and with the same integer
    ``random_state`` the same numbers.

    Handles one target and several; dense and sparse ``X``; float32 and float64, in
    which it computes as ``X`` comes.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        The loss, summed over the outputs, see :mod:`sknumpy_mlp.losses`.

        - 'squared_error', half the squared error.
        - 'poisson', half the Poisson deviance, with a log link: predictions are
          positive, and ``y`` must be at least 0.
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Number of units in each hidden layer; an int is one hidden layer, and ``()``
        none.
    activation : {'identity', 'logistic', 'tanh', 'relu'}, default='relu'
        Activation function of the hidden layers.

        - 'identity', f(z) = z
        - 'logistic', f(z) = 1 / (1 + exp(-z))
        - 'tanh', f(z) = tanh(z)
        - 'relu', f(z) = max(0, z)
    solver : {'lbfgs', 'sgd', 'adam'}, default='adam'
        How the parameters are optimised.

        - 'lbfgs', SciPy's L-BFGS-B on the whole data at once, in float64.  Converges
          fast and well on small data.
        - 'sgd', stochastic gradient descent with momentum, see
          :class:`sknumpy_mlp.optimizers.SGD`.
        - 'adam', see :class:`sknumpy_mlp.optimizers.Adam`.

    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / (2 S) * sum(W**2)`` on the weights (not
        the biases), where S is the number of samples in the batch, or the sum of
        their weights.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is ``min(200, n_samples)``.  A mini-batch
        whose samples all have weight zero is skipped.  Not used by 'lbfgs'.
    learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
        Schedule of the learning rate.  Only used when ``solver='sgd'``.

        - 'constant', ``learning_rate_init`` throughout.
        - 'invscaling', ``learning_rate_init / (t + 1)**power_t``, where t is the
          number of samples seen before the epoch.
        - 'adaptive', divided by five whenever the training loss (with
          ``early_stopping``, the validation score) has not improved by ``tol`` for
          ``n_iter_no_change`` epochs; training ends at a plateau at 1e-6 or less.

    learning_rate_init : float, default=0.001
        The learning rate at the start.  Not used by 'lbfgs'.
    power_t : float, default=0.5
        Exponent of ``learning_rate='invscaling'``.
    max_iter : int, default=200
        The most epochs (passes over the data) of a call of `fit`; for 'lbfgs', the
        most iterations.
    shuffle : bool, default=True
        Whether each epoch sees the samples in a new order.  Not used by 'lbfgs'.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights and biases, the hold-out of ``early_stopping``, and
        the order of the samples, in this sequence and with the numbers that
        scikit-learn draws.  An int makes results reproducible.
    tol : float, default=1e-4
        The least improvement of the loss, or of the validation score, that counts as
        one; for 'lbfgs', the largest component of the gradient at which to stop.
    verbose : bool or int, default=False
        Whether to print a line for each epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last call: parameters, optimiser, counters,
        hold-out and random stream, as if the training had not been interrupted.
    momentum : float, default=0.9
        Momentum of 'sgd', between 0 and 1.
    nesterovs_momentum : bool, default=True
        Whether the momentum of 'sgd' is Nesterov's.
    early_stopping : bool, default=False
        Whether to set ``validation_fraction`` of the samples aside, to end the
        training when the score on them (R2) has not improved by
        ``tol`` for ``n_iter_no_change`` epochs, and to put the parameters of the best
        epoch back.  Not used by 'lbfgs'.
    validation_fraction : float, default=0.1
        Share of the samples that ``early_stopping`` sets aside, in [0, 1).  It must
        leave at least two.
    beta_1 : float, default=0.9
        Decay rate of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay rate of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps Adam's division finite.
    n_iter_no_change : int or inf, default=10
        Epochs without improvement that are tolerated.  Not used by 'lbfgs'.
    max_fun : int, default=15000
        The most evaluations of the objective by 'lbfgs'.
    init : {'glorot', 'he', 'lecun'} or callable, default='glorot'
        How the weights are initialised, see :mod:`sknumpy_mlp.initializers`.

        - 'glorot', uniform on +-sqrt(6 / (fan_in + fan_out)), the biases too
          (2 instead of 6 for logistic units): scikit-learn's rule.
        - 'he', normal with variance 2 / fan_in.
        - 'lecun', normal with variance 1 / fan_in.
        - a callable ``(rng, fan_in, fan_out) -> array of shape (fan_in, fan_out)``,
          for example ``sknumpy_mlp.initializers.Normal(0.01)``.

        Except for 'glorot', biases start at zero.

    Attributes
    ----------
    coefs_ : tuple of ndarray, each of shape (fan_in, fan_out)
        Weights of each layer.  They are views of one vector: an array can be changed
        in place, an element of the tuple cannot be replaced.  Assigning the whole
        attribute of a fitted estimator copies, after a check of the shapes.
    intercepts_ : tuple of ndarray, each of shape (fan_out,)
        Biases of each layer, likewise.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if `fit` saw a data frame with string column names.
    n_iter_ : int
        Epochs (for 'lbfgs', iterations) of the last call.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of output units.
    out_activation_ : str
        Name of the output activation: 'identity', or 'exp' for
        ``loss='poisson'``.
    t_ : int
        Number of samples seen in all epochs of all calls (for 'lbfgs', in all
        evaluations of the objective).
    loss_ : float
        The objective (mean loss and penalty) of the last epoch; NaN if Ctrl-C ended
        the first.
    best_loss_ : float or None
        The smallest of ``loss_curve_``; None with ``early_stopping``.
    loss_curve_ : list of float
        The objective of each epoch (for 'lbfgs', iteration).  ``warm_start`` and
        `partial_fit` append to it.
    validation_scores_ : list of float or None
        R2 on the hold-out after each epoch; None without ``early_stopping``.
    best_validation_score_ : float or None
        The score on the hold-out of the parameters that were kept; None without
        ``early_stopping``.

    Raises
    ------
    InvalidParameterError
        From `fit` and `partial_fit`, if a parameter has a value that is not allowed.
        It is a ValueError and a TypeError.
    ValueError
        From `fit` and `partial_fit`, if the data cannot be used, or the parameters
        of the network become infinite or NaN, as they do when features are unscaled
        or the learning rate is too large.  The estimator is then left as it was.

    See Also
    --------
    NumpyMLPClassifier : The same network for classification.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.model_selection import train_test_split
    >>> from sknumpy_mlp import NumpyMLPRegressor
    >>> X, y = make_regression(n_samples=200, n_features=20, random_state=1)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
    >>> reg = NumpyMLPRegressor(solver="lbfgs", tol=0.1, random_state=1)
    >>> reg.fit(X_train, y_train).score(X_test, y_test) > 0.9
    True
    """

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]] = PARAMETER_CHECKS | {
        "loss": (Choice(tuple(REGRESSION_LOSSES)),)
    }
    _numeric_target: ClassVar[bool] = True

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        init: str | Initializer = "glorot",
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.init = init

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the network to training data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0 and not all 0.  None is 1 for each.

        Returns
        -------
        self : NumpyMLPRegressor
            The fitted estimator.
        """
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @PartialFit
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on the given data.

        Available for the solvers 'sgd' and 'adam'.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : NumpyMLPRegressor
            The estimator.
        """
        self._fit(X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predicted values.
        """
        y_pred: Array = self._predict_target(X)
        return y_pred.ravel() if y_pred.shape[1] == 1 else y_pred

    def _score_raw(
        self, loss: Loss, raw: Array, y: NDArray[Any], sample_weight: Array | None
    ) -> float:
        y_pred = loss.predict(raw)
        if not np.isfinite(y_pred).all():
            return np.nan
        return float(r2_score(y, y_pred, sample_weight=sample_weight))

    def _encode_target(
        self, y: Any, dtype: Any, *, warm: bool, incremental: bool, classes: Any
    ) -> tuple[NDArray[Any], Loss, int]:
        if hasattr(y, "toarray"):
            y = y.toarray()
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        loss = REGRESSION_LOSSES[self.loss]
        with np.errstate(over="ignore"):
            target = y.astype(dtype).reshape(len(y), -1)
        if not np.isfinite(target).all():
            raise ValueError(
                f"y contains values too large for {target.dtype}, the type of X. Scale "
                "y, or pass X in float64."
            )
        loss.check_target(target)
        return target, loss, target.shape[1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags
