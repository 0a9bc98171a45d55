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

    Minimizes the log loss, or a custom loss, by L-BFGS or stochastic gradient descent.
    A drop-in replacement for :class:`sklearn.neural_network.MLPClassifier`, with the
    same parameters, methods and attributes, and with the same results for the same
    integer ``random_state``.

    Supports binary, multiclass and multilabel targets (an indicator matrix of shape
    (n_samples, n_labels)), and dense and sparse ``X``.  Computations are in the data
    type of ``X``, float32 or float64.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Number of units in each hidden layer.  An int is one hidden layer, ``()`` none.
    activation : str, Activation or sequence of these, default='relu'
        Activation function of the hidden layers, or a sequence with one for each of
        them: a name or an object of :mod:`sknumpy_mlp.activations`, which lists all, or
        an object of a custom subclass of :class:`sknumpy_mlp.activations.Activation`.
        scikit-learn has 'identity', 'logistic', 'tanh' and 'relu'.
    loss : {'log_loss'}, ClassificationLoss or Loss, default='log_loss'
        The loss.  'log_loss' is cross-entropy, computed from the logits.  An object is
        one of :mod:`sknumpy_mlp.losses`, such as ``LogLoss(label_smoothing=0.1)``, or
        of a custom subclass of :class:`sknumpy_mlp.losses.ClassificationLoss` or
        :class:`sknumpy_mlp.losses.Loss`.
    solver : {'lbfgs', 'sgd', 'adam', 'rmsprop'} or Optimizer, default='adam'
        The solver that minimizes the objective.  scikit-learn has the first three.

        - 'lbfgs', SciPy's L-BFGS-B on all data at once, in float64.  Converges fast on
          small data sets.
        - 'sgd', 'adam', 'rmsprop' or an object of :mod:`sknumpy_mlp.optimizers`, or of
          a custom subclass of :class:`sknumpy_mlp.optimizers.Optimizer`: mini-batch
          gradient descent with this optimizer.  With ``weight_decay``, 'adam' is AdamW.

    alpha : float, default=0.0001
        Strength of the L2 regularization: the penalty ``alpha / (2 S) * sum(W**2)`` on
        the weights (not the biases), where S is the number of samples in the
        mini-batch, or the sum of their weights.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is ``min(200, n_samples)``.  A mini-batch whose
        samples all have weight zero is skipped.  Not used by 'lbfgs'.
    learning_rate : str or Schedule, default='constant'
        The learning-rate schedule: a name or an object of :mod:`sknumpy_mlp.schedules`,
        which lists all, or an object of a custom subclass of
        :class:`sknumpy_mlp.schedules.Schedule`.  scikit-learn has 'constant',
        'invscaling' and 'adaptive', of which the latter two have an effect only with
        ``solver='sgd'``.  All others can be used with every solver but 'lbfgs'.

        Schedules such as 'cosine' and 'one_cycle' depend on the training progress, the
        fraction of ``max_iter`` epochs done.  With them, training does not end when the
        loss stops improving, but after ``max_iter`` epochs, unless ``early_stopping``
        or a callback stops it; and `partial_fit` is not available, since the number of
        its calls is unknown.

    learning_rate_init : float, default=0.001
        The initial learning rate; for schedules with a warmup, the maximum.  Not used
        by 'lbfgs'.
    power_t : float, default=0.5
        Exponent of ``learning_rate='invscaling'``.
    max_iter : int, default=200
        Maximum number of epochs (passes over the data) of a call of `fit`; for 'lbfgs',
        of iterations.
    shuffle : bool, default=True
        Whether to shuffle the samples in each epoch.  Not used by 'lbfgs'.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights and biases, the hold-out of ``early_stopping``,
        the order of the samples, and the units that ``dropout`` drops.  All but the
        last draw the random numbers that scikit-learn draws, in the same sequence.
        Pass an int for reproducible results.
    tol : float, default=1e-4
        The smallest change of the training loss, or of the validation score, that
        counts as an improvement.  For 'lbfgs', the solver stops when no component of
        the gradient exceeds it.
    verbose : bool or int, default=False
        Whether to print a line for each epoch, with the training loss and, if there is
        validation data, the validation loss and score.
    warm_start : bool, default=False
        Whether `fit` continues training where the last call stopped, with its
        parameters, optimizer state, counters, hold-out and random stream, as if
        training had not been interrupted.  Schedules that depend on ``max_iter`` start
        again in each call, and so does the optimizer after early stopping has restored
        an earlier epoch.
    momentum : float, default=0.9
        Momentum of 'sgd', between 0 and 1.
    nesterovs_momentum : bool, default=True
        Whether the momentum of 'sgd' is Nesterov's.
    early_stopping : bool, default=False
        Whether to stop training when the validation score (see ``scoring``) has not
        improved by ``tol`` for ``n_iter_no_change`` epochs, and to restore the
        parameters of the best epoch, against overfitting.  The validation data is
        ``X_val`` in `fit`, or else a hold-out of ``validation_fraction`` of the
        samples.  The hold-out is stratified if there are two classes, as in
        scikit-learn.  'lbfgs' supports early stopping only with ``X_val``.
    validation_fraction : float, default=0.1
        Fraction of the samples in the hold-out of ``early_stopping``, in [0, 1).  At
        least two samples must be held out.
    beta_1 : float, default=0.9
        Decay rate of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay rate of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to denominators of 'adam' and 'rmsprop' for numerical stability.
    n_iter_no_change : int or inf, default=10
        The patience: maximum number of consecutive epochs without an improvement.  Not
        used by 'lbfgs' without ``early_stopping``.
    max_fun : int, default=15000
        Maximum number of evaluations of the objective by 'lbfgs'.
    init : {'glorot', 'he', 'lecun', 'data'} or callable, default='glorot'
        Weight initialization: a name or an object of :mod:`sknumpy_mlp.initializers`,
        or a callable ``(rng, fan_in, fan_out) -> array of shape (fan_in, fan_out)``.
        'glorot' is scikit-learn's; 'data' fits weights and biases to the training
        data.  Except for these two, biases are initialized to zero.
    class_weight : dict, list of dict, 'balanced' or None, default=None
        Class weights against class imbalance, by which ``sample_weight`` is multiplied:
        a dict that maps each class to its weight; for multilabel targets, a list with a
        dict ``{0: weight, 1: weight}`` for each label, whose weights are multiplied;
        'balanced' gives all classes the same total weight, ``n_samples / (n_classes *
        count)`` for each sample, where counts are sums of ``sample_weight``.
        Validation data is weighted likewise.
    dropout : float or sequence of float, default=0.0
        Dropout rate: the fraction of a layer's outputs that are set to zero at random
        in each training step, see :class:`sknumpy_mlp.layers.Dropout`.  A float applies
        to each hidden layer; a sequence has one for the inputs, then one for each
        hidden layer.
    weight_decay : float, default=0.0
        Decoupled weight decay (as in AdamW): each step multiplies the weights by ``1 -
        learning_rate * weight_decay``.  Unlike the penalty of ``alpha``, it depends
        neither on the batch size nor on the scale of the gradients.
    max_norm : float or None, default=None
        Max-norm constraint: upper bound on the Euclidean norm of the incoming weights
        of each hidden unit, enforced after each step.
    max_grad_norm : float or None, default=None
        Gradient clipping: upper bound on the global (Euclidean) norm of the gradient in
        each step.
    scoring : str, callable or None, default=None
        The validation score.  None is accuracy; 'loss' is minus the loss; otherwise the
        name of a scorer of scikit-learn, or a callable ``(estimator, X, y) -> float``.
        If classes are absent from the validation data, metrics with a parameter
        ``labels`` are passed all classes.
    callbacks : list of Callback or None, default=None
        Callbacks run after each epoch; any of them can stop training, see
        :mod:`sknumpy_mlp.callbacks`.
    dtype : {'float32', 'float64'} or None, default=None
        The data type of the computations; None is that of ``X``.  'lbfgs' always
        computes in float64, and stores the result in this type.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted class labels; for multilabel targets, 0 to n_labels - 1.
    coefs_ : tuple of ndarray, each of shape (fan_in, fan_out)
        Weights of each layer: views of the parameter vector.  The arrays can be changed
        in place, but elements of the tuple cannot be replaced.  To replace all of them,
        assign a sequence of arrays of the same shapes to the attribute, which copies
        them.
    intercepts_ : tuple of ndarray, each of shape (fan_out,)
        Biases of each layer, views as well.
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
        Number of samples seen in all epochs (for 'lbfgs', all evaluations of the
        objective) of all calls.
    loss_ : float
        The objective (mean loss plus penalty) in the last epoch; NaN if the first one
        was interrupted.
    best_loss_ : float or None
        The minimum of ``loss_curve_``; None if ``early_stopping`` has chosen the
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
        NaN parameters, as with unscaled features or a learning rate that is too large.
        The estimator is then left unchanged.  From predictions, if ``X`` is invalid, or
        if a prediction is infinite or NaN.

    See Also
    --------
    NumpyMLPRegressor : A multi-layer perceptron for regression.
    TabularMLPClassifier : An ensemble of networks for raw tables.

    Notes
    -----
    If ``y`` has a single class, it is always predicted.

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
            Sample weights, at least 0 and not all 0.  None means equal weights.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data, on which the loss and the score are recorded after each
            epoch.  With ``early_stopping`` it is used instead of a hold-out.  In a
            pipeline, ``Pipeline(..., transform_input=["X_val"])`` transforms it like
            ``X``, with scikit-learn's metadata routing enabled and
            ``set_fit_request(X_val=True, y_val=True)``.  Cross-validation that passes
            it on splits it if it has as many rows as ``X``.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), \
default=None
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

        Available with every solver but 'lbfgs'.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        classes : array-like of shape (n_classes,), default=None
            All classes that occur in any call.  Required in the first call, optional in
            later ones.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data, on which the loss and the score are recorded.  It is
            required with ``early_stopping=True``, although `partial_fit` neither stops
            training nor restores parameters.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), \
default=None
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
            The true class labels.  In multilabel targets all labels of a sample must be
            correct (subset accuracy).
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, at least 0 and not all 0.

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
