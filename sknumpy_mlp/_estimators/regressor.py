"""`NumpyMLPRegressor`: the regressor."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import RegressorMixin

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._estimators.parameters import (
    PARAMETER_CHECKS,
    Check,
    Choice,
    Instance,
)
from sknumpy_mlp._estimators.partial_fit import PartialFit
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.scores import (
    regression_score,
)
from sknumpy_mlp._estimators.targets import Target
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.typing import Array, DtypeName
from sknumpy_mlp.activations import Activation, ActivationName
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import with_callbacks
from sknumpy_mlp.initializers import Initializer, InitializerName
from sknumpy_mlp.losses import (
    REGRESSION_LOSSES,
    Loss,
    RegressionLossName,
)
from sknumpy_mlp.optimizers import Optimizer, OptimizerName
from sknumpy_mlp.schedules import Schedule, ScheduleName


class NumpyMLPRegressor(RegressorMixin, _BaseMLP):  # type: ignore[misc]
    """Multi-layer perceptron regressor.

    Minimizes the squared error, or one of several other losses, by L-BFGS or
    stochastic gradient descent.  A drop-in for
    :class:`sklearn.neural_network.MLPRegressor`: the same parameters, methods and
    attributes, and with the same integer ``random_state`` the same numbers.

    Handles one target and several; dense and sparse ``X``; float32 and float64, in
    which it computes as ``X`` comes.

    Parameters
    ----------
    loss : {'squared_error', 'absolute_error', 'huber', 'quantile', 'poisson', \
'gamma'} or Loss, default='squared_error'
        The loss, summed over the outputs, see :mod:`sknumpy_mlp.losses`.

        - 'squared_error', half the squared error.
        - 'absolute_error', whose minimum is the median.
        - 'huber', squared up to an error of 1, absolute beyond.
        - 'quantile', the pinball loss for the median.
        - 'poisson', half the Poisson deviance, with a log link: predictions are
          positive, and ``y`` must be at least 0.
        - 'gamma', half the gamma deviance, with a log link; ``y`` must be more
          than 0.
        - an object, such as ``sknumpy_mlp.losses.Quantile([0.1, 0.5, 0.9])``, for
          which `predict` returns a column for each quantile, or of your own subclass
          of :class:`sknumpy_mlp.losses.Loss`.

    hidden_layer_sizes : int or array-like of int, default=(100,)
        Number of units in each hidden layer; an int is one hidden layer, and ``()``
        none.
    activation : {'identity', 'logistic', 'tanh', 'relu', 'leaky_relu', 'elu', 'selu', \
'gelu', 'silu', 'mish', 'softplus'}, Activation or sequence of these, default='relu'
        Activation function of the hidden layers, or one for each of them.

        - 'identity', f(z) = z
        - 'logistic', f(z) = 1 / (1 + exp(-z))
        - 'tanh', f(z) = tanh(z)
        - 'relu', f(z) = max(0, z)
        - 'leaky_relu', f(z) = max(0.01 z, z)
        - 'elu', f(z) = z if z > 0 else exp(z) - 1
        - 'selu', f(z) = 1.0507 (z if z > 0 else 1.6733 (exp(z) - 1))
        - 'gelu', f(z) = z Phi(z), with the normal distribution function Phi
        - 'silu', f(z) = z / (1 + exp(-z))
        - 'mish', f(z) = z tanh(log(1 + exp(z)))
        - 'softplus', f(z) = log(1 + exp(z))
        - an object of :mod:`sknumpy_mlp.activations`, or of your own subclass of
          :class:`sknumpy_mlp.activations.Activation`.
    solver : {'lbfgs', 'sgd', 'adam', 'rmsprop'} or Optimizer, default='adam'
        How the parameters are optimized.

        - 'lbfgs', SciPy's L-BFGS-B on the whole data at once, in float64.  Converges
          fast and well on small data.
        - 'sgd', stochastic gradient descent with momentum, see
          :class:`sknumpy_mlp.optimizers.SGD`.
        - 'adam', see :class:`sknumpy_mlp.optimizers.Adam`; with ``weight_decay`` it
          is AdamW.
        - 'rmsprop', see :class:`sknumpy_mlp.optimizers.RMSprop`.
        - an object of :mod:`sknumpy_mlp.optimizers`, or of your own subclass of
          :class:`sknumpy_mlp.optimizers.Optimizer`.

    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / (2 S) * sum(W**2)`` on the weights (not
        the biases), where S is the number of samples in the batch, or the sum of
        their weights.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is ``min(200, n_samples)``.  A mini-batch
        whose samples all have weight zero is skipped.  Not used by 'lbfgs'.
    learning_rate : {'constant', 'invscaling', 'adaptive', 'plateau', 'cosine', \
'warmup_cosine', 'one_cycle', 'flat_cosine', 'coslog'} or Schedule, default='constant'
        Schedule of the learning rate.  As in scikit-learn, the first three act only
        when ``solver='sgd'``, the others for every solver but 'lbfgs'.

        - 'constant', ``learning_rate_init`` throughout.
        - 'invscaling', ``learning_rate_init / (t + 1)**power_t``, where t is the
          number of samples seen before the epoch.
        - 'adaptive', divided by five whenever the training loss (with
          ``early_stopping``, the validation score) has not improved by ``tol`` for
          ``n_iter_no_change`` epochs; training ends at a plateau at 1e-6 or less.
        - 'plateau', the same for every solver.
        - 'cosine', half a cosine from ``learning_rate_init`` down to 0.
        - 'warmup_cosine', a rise over a tenth of the run, then half a cosine.
        - 'one_cycle', up to ``learning_rate_init`` over three tenths of the run, then
          down to 4e-6 of it.
        - 'flat_cosine', ``learning_rate_init`` for half of the run, then half a cosine
          down to 0.
        - 'coslog', four waves between 0 and ``learning_rate_init``, each twice as long
          as the one before.
        - an object of :mod:`sknumpy_mlp.schedules`, or of your own subclass of
          :class:`sknumpy_mlp.schedules.Schedule`.

        Those from 'cosine' on move from step to step with the share of ``max_iter``
        epochs that is done.  A run with such a schedule goes on to its end, unless
        ``early_stopping`` or a callback ends it, and `partial_fit`, which has no end,
        refuses it.

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
        scikit-learn draws; and what ``dropout`` drops.  An int makes results
        reproducible.
    tol : float, default=1e-4
        The least improvement of the loss, or of the validation score, that counts as
        one; for 'lbfgs', the largest component of the gradient at which to stop.
    verbose : bool or int, default=False
        Whether to print a line for each epoch: the loss, and what the validation data
        says, if there is any.
    warm_start : bool, default=False
        Whether `fit` goes on from the last call: parameters, optimizer, counters,
        hold-out and random stream, as if the training had not been interrupted.  A
        schedule that depends on ``max_iter`` begins anew in each call, and after early
        stopping has put an earlier epoch back so does the optimizer.
    momentum : float, default=0.9
        Momentum of 'sgd', between 0 and 1.
    nesterovs_momentum : bool, default=True
        Whether the momentum of 'sgd' is Nesterov's.
    early_stopping : bool, default=False
        Whether to set ``validation_fraction`` of the samples aside, to end the
        training when the score on them (see ``scoring``) has not improved by ``tol``
        for ``n_iter_no_change`` epochs, and to put the parameters of the best epoch
        back.  With ``X_val`` in `fit`, nothing is set aside.  'lbfgs' stops early
        only on ``X_val``.
    validation_fraction : float, default=0.1
        Share of the samples that ``early_stopping`` sets aside, in [0, 1).  It must
        leave at least two.
    beta_1 : float, default=0.9
        Decay rate of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay rate of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division of 'adam' and 'rmsprop' finite.
    n_iter_no_change : int or inf, default=10
        Epochs without improvement that are tolerated.  'lbfgs' uses it only for
        ``early_stopping`` on ``X_val``.
    max_fun : int, default=15000
        The most evaluations of the objective by 'lbfgs'.
    init : {'glorot', 'he', 'lecun', 'data'} or callable, default='glorot'
        How the weights are initialized, see :mod:`sknumpy_mlp.initializers`.

        - 'glorot', uniform on +-sqrt(6 / (fan_in + fan_out)), the biases too
          (2 instead of 6 for logistic units): scikit-learn's rule.
        - 'he', normal with variance 2 / fan_in.
        - 'lecun', normal with variance 1 / fan_in.
        - 'data', fitted to the data, see
          :class:`sknumpy_mlp.initializers.DataDriven`, the biases too.
        - a callable ``(rng, fan_in, fan_out) -> array of shape (fan_in, fan_out)``,
          for example ``sknumpy_mlp.initializers.Normal(0.01)``.

        Except for 'glorot' and 'data', biases start at zero.
    dropout : float or sequence of float, default=0.0
        Share of a layer's values that are set to zero at random in each training
        step, see :class:`sknumpy_mlp.layers.Dropout`.  A float is for each hidden
        layer; a sequence has a value for the inputs, then one for each hidden layer.
    weight_decay : float, default=0.0
        Decoupled weight decay: each step multiplies the weights by ``1 - rate *
        weight_decay``.  Unlike ``alpha`` it depends neither on the size of a batch
        nor on the scale of the gradients.
    max_norm : float or None, default=None
        Upper bound on the Euclidean norm of the incoming weights of each hidden unit,
        kept after each step.
    max_grad_norm : float or None, default=None
        Upper bound on the Euclidean norm of a step's gradient; a longer one is scaled
        back to it.
    scoring : str, callable or None, default=None
        The score on validation data.  None is R2 or, for several quantiles, the mean
        of their D2 pinball scores; 'loss' minus the loss; or the name of a scorer of
        scikit-learn, or a callable ``(estimator, X, y) -> float``.
    callbacks : list of Callback or None, default=None
        What is told about each epoch and may end the training, see
        :mod:`sknumpy_mlp.callbacks`.
    dtype : {'float32', 'float64'} or None, default=None
        The type to compute in; None is that of ``X``.  'lbfgs' always optimizes in
        float64, and stores the result in this type.

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
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if `fit` saw a data frame with string column names.
    n_iter_ : int
        Epochs (for 'lbfgs', iterations) of the last call.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of output units.
    out_activation_ : str
        Name of the output activation: 'identity', or 'exp' for the losses 'poisson'
        and 'gamma', or what a loss of your own says.
    t_ : int
        Number of samples seen in all epochs of all calls (for 'lbfgs', in all
        evaluations of the objective).
    loss_ : float
        The objective (mean loss and penalty) of the last epoch; NaN if Ctrl-C ended
        the first.
    best_loss_ : float or None
        The smallest of ``loss_curve_``; None if ``early_stopping`` kept the best
        epoch by its score.
    loss_curve_ : list of float
        The objective of each epoch (for 'lbfgs', iteration).  ``warm_start`` and
        `partial_fit` append to it, as to the other curves.
    learning_rate_curve_ : list of float
        The learning rate of the first step of each epoch, in all calls as
        ``loss_curve_``; empty for 'lbfgs'.
    validation_loss_curve_ : list of float or None
        The mean loss, without penalty, on the validation data after each epoch; None
        if there was none.
    validation_scores_ : list of float or None
        The score (see ``scoring``) on the validation data after each epoch; None if
        there was none.
    best_validation_score_ : float or None
        The score on the validation data of the parameters that ``early_stopping``
        kept; None without it.

    Raises
    ------
    InvalidParameterError
        From `fit` and `partial_fit`, if a parameter has a value that is not allowed.
        It is a ValueError and a TypeError.
    ValueError
        From `fit` and `partial_fit`, if parameters do not go together or with the
        data, the data cannot be used, or the parameters of the network become
        infinite or NaN, as they do when features or targets are unscaled or the
        learning rate is too large.  The estimator is then left as it was.  From
        predictions, if ``X`` cannot be used, or one of them would be infinite or NaN.

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
        "loss": (Choice(tuple(REGRESSION_LOSSES)), Instance(Loss))
    }
    _target_type: ClassVar[type[Target]] = RegressionTarget

    _target: RegressionTarget

    @suggests_parameters
    def __init__(
        self,
        loss: RegressionLossName | Loss = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: ActivationName
        | Activation
        | Sequence[ActivationName | Activation] = "relu",
        *,
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
        dropout: float | Sequence[float] = 0.0,
        weight_decay: float = 0.0,
        max_norm: float | None = None,
        max_grad_norm: float | None = None,
        scoring: str | Callable[..., float] | None = None,
        callbacks: Sequence[Callback] | None = None,
        dtype: DtypeName | None = None,
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
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0 and not all 0.  None is 1 for each.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data: its loss and score are recorded after each epoch, and with
            ``early_stopping`` it takes the place of the hold-out.  In a pipeline,
            ``Pipeline(..., transform_input=["X_val"])`` transforms it like ``X``, with
            scikit-learn's metadata routing enabled and ``set_fit_request(X_val=True,
            y_val=True)``.  A cross-validation that hands it on cuts it up if it is as
            long as ``X``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), \
default=None
            Its targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.

        Returns
        -------
        self : NumpyMLPRegressor
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
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train for one epoch on the given data.

        Available for every solver but 'lbfgs'.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation data: its loss and score are recorded.  Nothing is stopped or
            put back here, also with ``early_stopping=True``, which needs it.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), \
default=None
            Its targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.

        Returns
        -------
        self : NumpyMLPRegressor
            The estimator.
        """
        validation = (X_val, y_val, sample_weight_val)
        self._fit(X, y, sample_weight, validation, incremental=True)
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
            The predicted values; for several quantiles, a column for each of them.
        """
        return self._target.decode(self._predict_target(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute R2; for several quantiles, the mean of their D2 pinball scores.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The true targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0 and not all 0.

        Returns
        -------
        score : float
            At most 1; 0 is the score of the best constant prediction.

        See Also
        --------
        sklearn.metrics.r2_score : The coefficient of determination.
        sklearn.metrics.d2_pinball_score : The same for a quantile.
        """
        y_pred = self.predict(X)
        return regression_score(self._loss, y, y_pred, sample_weight)

    def _fit_target(
        self, y: Any, previous: Any, *, incremental: bool, classes: Any
    ) -> RegressionTarget:
        return RegressionTarget.fit(y, self.loss)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        loss = self.loss
        if isinstance(loss, str):
            loss = REGRESSION_LOSSES.get(loss, loss)
        tags.target_tags.positive_only = getattr(loss, "positive_only", False)
        return tags
