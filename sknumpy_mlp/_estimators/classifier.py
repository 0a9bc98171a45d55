"""`NumpyMLPClassifier`: a multi-layer perceptron for classification."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.parameters import (
    CLASS_WEIGHT_CHECKS,
    PARAMETER_CHECKS,
    Check,
    Choice,
    Instance,
)
from sknumpy_mlp._estimators.partial_fit import PartialFit
from sknumpy_mlp._estimators.scores import (
    classification_score,
)
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.typing import Array, DtypeName
from sknumpy_mlp.activations import Activation, ActivationName
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import with_callbacks
from sknumpy_mlp.initializers import Initializer, InitializerName
from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    ClassificationLoss,
    ClassificationLossName,
    Loss,
)
from sknumpy_mlp.optimizers import Optimizer, OptimizerName
from sknumpy_mlp.schedules import Schedule, ScheduleName


class NumpyMLPClassifier(ClassifierMixin, _BaseMLP):  # type: ignore[misc]
    """Multi-layer perceptron classifier.

    A drop-in replacement for :class:`sklearn.neural_network.MLPClassifier`, with the
    same parameters, methods and attributes, and with the same results for the same
    integer ``random_state``.  It minimizes the log loss, or a custom loss, by L-BFGS or
    stochastic gradient descent.

    Supports binary, multiclass and multilabel targets (an indicator matrix of shape
    (n_samples, n_labels)), and dense and sparse ``X``.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Number of units in each hidden layer.  An int means a single hidden layer, and
        ``()`` none (a linear model).  Increase it if the network underfits.
    activation : str, Activation or sequence of these, default='relu'
        Activation function of the hidden layers, or a sequence with one for each hidden
        layer: a name or an object from :mod:`sknumpy_mlp.activations`, which lists all
        of them, or an object of a custom subclass of
        :class:`sknumpy_mlp.activations.Activation`.  scikit-learn supports 'identity',
        'logistic', 'tanh' and 'relu'.
    loss : {'log_loss'}, ClassificationLoss or Loss, default='log_loss'
        The loss function: 'log_loss', which is the cross-entropy computed from the
        logits, an object from :mod:`sknumpy_mlp.losses`, such as
        ``LogLoss(label_smoothing=0.1)``, or an object of a custom subclass of
        :class:`sknumpy_mlp.losses.ClassificationLoss` or
        :class:`sknumpy_mlp.losses.Loss`.
    solver : {'lbfgs', 'sgd', 'adam', 'rmsprop'} or Optimizer, default='adam'
        The solver that minimizes the objective.  scikit-learn supports the first three.

        - 'lbfgs': SciPy's L-BFGS-B on the full data, in float64.  It converges fast on
          small data sets.
        - 'sgd', 'adam', 'rmsprop', an object from :mod:`sknumpy_mlp.optimizers`, or an
          object of a custom subclass of :class:`sknumpy_mlp.optimizers.Optimizer`:
          mini-batch gradient descent with this optimizer.  With ``weight_decay``,
          'adam' is AdamW.

    alpha : float, default=0.0001
        Strength of the L2 regularization: the penalty ``alpha / (2 S) * sum(W**2)`` on
        the weights (not the biases), where S is the total sample weight of the
        mini-batch.  Increase it to reduce overfitting.
    batch_size : int or 'auto', default='auto'
        Number of samples in a mini-batch; 'auto' is ``min(200, n_samples)``.  Larger
        mini-batches make epochs faster, but take fewer steps.  A mini-batch in which
        all samples have weight zero is skipped.  Not used by 'lbfgs'.
    learning_rate : str or Schedule, default='constant'
        Learning-rate schedule: a name or an object from :mod:`sknumpy_mlp.schedules`,
        which lists all of them, or an object of a custom subclass of
        :class:`sknumpy_mlp.schedules.Schedule`.  scikit-learn supports 'constant',
        'invscaling' and 'adaptive'; the last two have an effect only with
        ``solver='sgd'``.  All other schedules work with every solver except 'lbfgs'.

        Schedules such as 'cosine' and 'one_cycle' depend on the training progress, the
        fraction of ``max_iter`` epochs completed.  With them, training lasts
        ``max_iter`` epochs unless ``early_stopping`` or a callback stops it: it does
        not end when the loss stops improving.  `partial_fit` is not available, since
        the number of its calls is unknown.

    learning_rate_init : float, default=0.001
        The initial learning rate; for schedules with a warmup, the maximum.  Decrease
        it if training diverges, increase it if the loss decreases slowly.  Not used by
        'lbfgs'.
    power_t : float, default=0.5
        Exponent of the decay with ``learning_rate='invscaling'``.  Larger values decay
        faster.
    max_iter : int, default=200
        Maximum number of epochs (passes over the data) in a call of `fit`; for 'lbfgs',
        of iterations.  Increase it if `fit` warns that training has not converged.
    shuffle : bool, default=True
        Whether to shuffle the samples in each epoch; False keeps their order.  Not used
        by 'lbfgs'.
    random_state : int, RandomState instance or None, default=None
        Seed or generator of the initial weights and biases, the hold-out set of
        ``early_stopping``, the order of the samples, and dropout.  All but dropout draw
        the same random numbers as scikit-learn, in the same order.  Pass an int for
        reproducible results.
    tol : float, default=1e-4
        Minimum improvement of the training loss or the validation score; smaller
        improvements do not count (see ``n_iter_no_change``).  'lbfgs' stops when no
        component of the gradient exceeds it in absolute value.
    verbose : bool or int, default=False
        Whether to print a line for each epoch, with the training loss and, if there is
        validation data, the validation loss and score.
    warm_start : bool, default=False
        Whether `fit` continues training where the last call stopped, with its
        parameters, optimizer state, counters, hold-out set and random number generator,
        as if training had not been interrupted.  Schedules that depend on ``max_iter``
        start over in each call, and so does the optimizer after early stopping has
        restored an earlier epoch.
    momentum : float, default=0.9
        Momentum of 'sgd', between 0 and 1; 0 is plain gradient descent.
    nesterovs_momentum : bool, default=True
        Whether 'sgd' uses Nesterov momentum.
    early_stopping : bool, default=False
        Whether to stop training when the validation score (see ``scoring``) has not
        improved by ``tol`` for ``n_iter_no_change`` epochs, and to restore the weights
        of the best epoch.  Use it to reduce overfitting.  The validation data is
        ``X_val`` in `fit` or, without it, a hold-out set of ``validation_fraction`` of
        the samples, stratified if there are two classes, as in scikit-learn.  'lbfgs'
        supports early stopping only with ``X_val``.
    validation_fraction : float, default=0.1
        Fraction of the samples to hold out as the validation set of ``early_stopping``,
        in [0, 1).  At least two samples must be held out.  Not used with ``X_val``.
    beta_1 : float, default=0.9
        Decay rate of the first moment in Adam, in [0, 1).  Rarely needs tuning.
    beta_2 : float, default=0.999
        Decay rate of the second moment in Adam, in [0, 1).  Rarely needs tuning.
    epsilon : float, default=1e-8
        Added to the denominators of 'adam' and 'rmsprop' for numerical stability.
        Rarely needs tuning.
    n_iter_no_change : int or inf, default=10
        Patience: maximum number of consecutive epochs without an improvement of at
        least ``tol``.  Increase it if training stops too early; ``inf`` means that a
        plateau never stops it.  Not used by 'lbfgs' without ``early_stopping``.
    max_fun : int, default=15000
        Maximum number of evaluations of the objective by 'lbfgs'.  Increase it if
        'lbfgs' reaches it before it has converged.
    init : {'glorot', 'he', 'lecun', 'data'} or callable, default='glorot'
        Weight initialization: a name or an object from :mod:`sknumpy_mlp.initializers`,
        or a callable ``(rng, fan_in, fan_out) -> array of shape (fan_in, fan_out)``.
        'glorot' is scikit-learn's; 'he' is meant for rectified linear units, and
        'lecun' for linear and SELU units; 'data' adapts weights and biases to the
        training data.  Biases are initialized to zero, except with 'glorot' and 'data'.
    class_weight : dict, list of dict, 'balanced' or None, default=None
        Class weights, to compensate for class imbalance.  They multiply
        ``sample_weight``, and the weights of validation data as well.  A dict maps each
        class to its weight.  For multilabel targets, pass a list with a dict
        ``{0: weight, 1: weight}`` for each label; the weights of a sample's labels are
        multiplied.  'balanced' gives all classes the same total weight: each sample is
        given ``n_samples / (n_classes * count)``, where counts are sums of
        ``sample_weight``.
    dropout : float or sequence of float, default=0.0
        Dropout rate: the fraction of a layer's outputs that are set to zero at random
        in each training step, in [0, 1) (:class:`sknumpy_mlp.layers.Dropout`).  A float
        applies to every hidden layer; a sequence has one rate for the inputs, then one
        for each hidden layer.  Increase it to reduce overfitting.
    weight_decay : float, default=0.0
        Decoupled weight decay, as in AdamW: each step multiplies the weights by
        ``1 - learning_rate * weight_decay``.  Unlike the penalty of ``alpha``, it
        depends neither on the batch size nor on the scale of the gradients.  Increase
        it to reduce overfitting.
    max_norm : float or None, default=None
        Max-norm constraint: upper bound on the Euclidean norm of the incoming weights
        of each hidden unit, enforced after each step; None for no bound.  An
        alternative to weight decay, often combined with dropout.
    max_grad_norm : float or None, default=None
        Gradient clipping: upper bound on the global (Euclidean) norm of the gradient in
        each step; None for no clipping.  Set it if training diverges.
    scoring : str, callable or None, default=None
        The validation score: None for accuracy, 'loss' for the negative loss, the name
        of a scikit-learn scorer, or a callable ``(estimator, X, y) -> float``.  If
        classes are absent from the validation data, metrics with a parameter ``labels``
        are passed all classes.
    callbacks : list of Callback or None, default=None
        Callbacks, which run after each epoch and can stop training: early stopping by
        another criterion, checkpoints, a time limit, a progress bar, or custom ones;
        see :mod:`sknumpy_mlp.callbacks`.
    dtype : {'float32', 'float64'} or None, default=None
        Data type of the computations; None for that of ``X``.  'float32' needs half the
        memory of 'float64'.  'lbfgs' always computes in float64, and stores the result
        in this type.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted class labels; for multilabel targets, 0 to n_labels - 1.
    coefs_ : tuple of ndarray, each of shape (fan_in, fan_out)
        Weights of each layer, as views of the parameter vector: the arrays can be
        changed in place, but the items of the tuple cannot be replaced.  To replace all
        weights, assign a sequence of arrays of the same shapes, which are copied.
    intercepts_ : tuple of ndarray, each of shape (fan_out,)
        Biases of each layer, also as views of the parameter vector.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if ``X`` in `fit` was a data frame whose column labels
        are strings.
    n_iter_ : int
        Number of epochs (for 'lbfgs', iterations) of the last call.
    n_layers_ : int
        Number of layers, including the input and the output layer.
    n_outputs_ : int
        Number of output units.
    out_activation_ : str
        Name of the output activation: 'softmax' for multiclass targets, otherwise
        'logistic'.
    t_ : int
        Total number of samples seen in all epochs of all calls; for 'lbfgs', in all
        evaluations of the objective.
    loss_ : float
        The objective (mean loss plus penalty) in the last epoch; NaN if the first epoch
        was interrupted.
    best_loss_ : float or None
        The minimum of ``loss_curve_``; None if ``early_stopping`` has selected the
        parameters by the validation score.
    loss_curve_ : list of float
        The objective in each epoch (for 'lbfgs', iteration).  ``warm_start`` and
        `partial_fit` append to it and to the other curves.
    learning_rate_curve_ : list of float
        The learning rate of the first step of each epoch; empty for 'lbfgs'.
    validation_loss_curve_ : list of float or None
        The mean loss, without penalty, on the validation data after each epoch; None
        without validation data.
    validation_scores_ : list of float or None
        The score (see ``scoring``) on the validation data after each epoch; None
        without validation data.
    best_validation_score_ : float or None
        The validation score of the parameters that ``early_stopping`` has restored;
        None without ``early_stopping``.

    Raises
    ------
    InvalidParameterError
        From `fit` and `partial_fit`, if a parameter has a value that is not allowed.
        It is both a ValueError and a TypeError.
    ValueError
        From `fit` and `partial_fit`, if parameters are incompatible with each other or
        with the data, if the data is invalid, or if training diverges to infinite or
        NaN parameters, as with unscaled features or a learning rate that is too large;
        the estimator is then left unchanged.  From prediction methods, if ``X`` is
        invalid, or if a prediction is infinite or NaN.

    See Also
    --------
    NumpyMLPRegressor : A multi-layer perceptron for regression.
    TabularMLPClassifier : An ensemble of networks for raw tables.

    Notes
    -----
    If ``y`` has a single class, that class is always predicted.

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
        "loss": (
            Choice(tuple(CLASSIFICATION_LOSSES)),
            Instance(ClassificationLoss),
            Instance(Loss),
        ),
        "class_weight": CLASS_WEIGHT_CHECKS,
    }
    _target_type: ClassVar[type[Target]] = ClassificationTarget

    _target: ClassificationTarget

    classes_: NDArray[Any]

    @suggests_parameters
    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: ActivationName
        | Activation
        | Sequence[ActivationName | Activation] = "relu",
        *,
        loss: ClassificationLossName | ClassificationLoss | Loss = "log_loss",
        solver: Literal["lbfgs"] | OptimizerName | Optimizer = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: ScheduleName | Schedule = "constant",
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
        init: InitializerName | Initializer = "glorot",
        class_weight: Literal["balanced"]
        | dict[Any, float]
        | Sequence[dict[int, float]]
        | None = None,
        dropout: float | Sequence[float] = 0.0,
        weight_decay: float = 0.0,
        max_norm: float | None = None,
        max_grad_norm: float | None = None,
        scoring: str | Callable[..., float] | None = None,
        callbacks: Sequence[Callback] | None = None,
        dtype: DtypeName | None = None,
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
        self.class_weight = class_weight
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.max_norm = max_norm
        self.max_grad_norm = max_grad_norm
        self.scoring = scoring
        self.callbacks = callbacks
        self.dtype = dtype

    @suggests_parameters
    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the network to training data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class labels, or a matrix with a column of 0 and 1 for each label.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, which must be non-negative and not all zero.  None means
            equal weights.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data, on which the loss and the score are recorded after each
            epoch.  With ``early_stopping``, it is used instead of a hold-out set.  In a
            pipeline, ``Pipeline(..., transform_input=["X_val"])`` transforms it like
            ``X``, with scikit-learn's metadata routing enabled and
            ``set_fit_request(X_val=True, y_val=True)``.  When passed through
            scikit-learn's cross-validation, it is split like ``X`` if it has as many
            rows.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            The validation targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            The validation sample weights.

        Returns
        -------
        self : NumpyMLPClassifier
            The fitted estimator.
        """
        validation = (X_val, y_val, sample_weight_val)
        self._fit(X, y, sample_weight, validation, incremental=False)
        return self

    @PartialFit
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train for one epoch on the given data.

        Available with every solver except 'lbfgs', unless ``learning_rate`` depends on
        the training progress or ``class_weight`` is 'balanced'.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class labels, or a matrix with a column of 0 and 1 for each label.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, which must be non-negative and not all zero.  None means
            equal weights.
        classes : array-like of shape (n_classes,), default=None
            All classes that occur in any call.  Required in the first call, optional in
            later ones.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data, on which the loss and the score are recorded.  It is
            required with ``early_stopping=True``, although `partial_fit` neither stops
            training nor restores parameters.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            The validation targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            The validation sample weights.

        Returns
        -------
        self : NumpyMLPClassifier
            The estimator.
        """
        validation = (X_val, y_val, sample_weight_val)
        self._fit(X, y, sample_weight, validation, incremental=True, classes=classes)
        return self

    def predict(self, X: Any) -> Any:
        """Predict class labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y : {ndarray, sparse matrix} of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes; for multilabel targets a matrix of 0 and 1, in CSR
            format if ``y`` in `fit` was sparse.
        """
        predicted = self._predict_target(X)
        return self._target.decode(predicted)

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_classes)
            The probability of each class, in the order of ``classes_``; for multilabel
            targets, of each label independently.
        """
        predicted = self._predict_target(X)
        return self._target.probabilities(predicted)

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

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The true class labels.  For multilabel targets, a sample is correct if all
            of its labels are (subset accuracy).
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, which must be non-negative and not all zero.

        Returns
        -------
        score : float
            The fraction of samples that are predicted correctly.
        """
        return classification_score(y, self.predict(X), sample_weight)

    def _fit_target(
        self, y: Any, previous: Any, *, incremental: bool, classes: Any
    ) -> ClassificationTarget:
        return ClassificationTarget.fit(
            y, self.loss, previous=previous, incremental=incremental, classes=classes
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
