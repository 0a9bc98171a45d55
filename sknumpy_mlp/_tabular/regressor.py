"""`TabularMLPRegressor`: an ensemble of networks for regression."""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._estimators.parameters import (
    PARAMETER_CHECKS,
    Check,
    Choice,
)
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._estimators.scores import regression_score
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.base import _BaseTabularMLP
from sknumpy_mlp._tabular.conformal import (
    calibrated_intervals,
    check_bounds,
    check_coverage,
)
from sknumpy_mlp._tabular.date_columns import Dates
from sknumpy_mlp._tabular.held_out import HeldOut
from sknumpy_mlp._tabular.member import MemberRegressor
from sknumpy_mlp._tabular.parameters import TABULAR_CHECKS, HiddenLayerSizes
from sknumpy_mlp._tabular.task import EnsembleTask
from sknumpy_mlp._utils.intervals import is_bool
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.activations import Activation, ActivationName
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import with_callbacks
from sknumpy_mlp.initializers import Initializer, InitializerName
from sknumpy_mlp.losses import (
    REGRESSION_LOSSES,
    Loss,
    Quantile,
    RegressionLossName,
)
from sknumpy_mlp.optimizers import Optimizer, OptimizerName
from sknumpy_mlp.schedules import Schedule, ScheduleName

# Learning rates for losses with an identity link, and for others.
_RATE, _RATE_OF_LINKS = 0.2, 0.04


class TabularMLPRegressor(RegressorMixin, _BaseTabularMLP):  # type: ignore[misc]
    """Regressor for tabular data: an ensemble of neural networks with tuned defaults.

    Supports pandas and polars data frames, Arrow tables and arrays, with numbers,
    booleans, categories, strings and dates, and missing values in any column; and
    single-output and multi-output targets.

    `TabularPreprocessor` encodes and scales the table, and the target is standardized
    (divided by its mean for losses with a log link).  The networks have embeddings for
    numbers and categories, and are trained on different folds.  Their predictions are
    averaged, and clipped to the range of the targets in `fit`.  Networks are trained in
    float32, and predict in float64.

    Parameters
    ----------
    hidden_layer_sizes : int, array-like of int or 'auto', default='auto'
        Number of units in each hidden layer.  An int means a single hidden layer, and
        ``()`` none.  Smaller layers train faster.  'auto' is three layers of 64 units
        for up to 1,000 samples, and of 128 units for more.
    activation : str, Activation or sequence of these, default='mish'
        Activation function of the hidden layers, or a sequence with one for each hidden
        layer: a name or an object from :mod:`sknumpy_mlp.activations`, which lists all
        of them, or an object of a custom subclass of
        :class:`sknumpy_mlp.activations.Activation`.
    loss : str or Loss, default='squared_error'
        The loss function, summed over the outputs: a name or an object from
        :mod:`sknumpy_mlp.losses`, which lists all of them, or an object of a custom
        subclass of :class:`sknumpy_mlp.losses.Loss`.  'absolute_error' and 'huber' are
        robust to outliers; 'poisson' is for non-negative targets such as counts,
        'gamma' for positive ones.  With several quantiles, as in
        ``Quantile([0.1, 0.5, 0.9])``, `predict` returns a column for each of them.  The
        loss is computed on the scaled target, so that the ``delta`` of
        `~sknumpy_mlp.losses.Huber` is in standard deviations.
    learning_rate_init : float or 'auto', default='auto'
        The maximum learning rate.  For the weights of each dense layer, it is divided
        by the square root of the layer's ``fan_in``.  'auto' is 0.2 for losses with an
        identity link, and 0.04 for losses with any other link.  Decrease it if training
        diverges.
    solver : {'adam', 'sgd', 'rmsprop'} or Optimizer, default='adam'
        The optimizer: a name or an object from :mod:`sknumpy_mlp.optimizers`, or an
        object of a custom subclass of :class:`sknumpy_mlp.optimizers.Optimizer`.  The
        default of ``learning_rate_init`` is for 'adam'; adjust it for others.
    alpha : float, default=0.0
        Strength of the L2 regularization: the penalty ``alpha / (2 S) * sum(W**2)`` on
        the weights (not the biases), where S is the total sample weight of the
        mini-batch.  The default is 0, since ``weight_decay`` is used instead.
    batch_size : int or 'auto', default='auto'
        Number of samples in a mini-batch, rounded so that the mini-batches of an epoch
        have equal sizes.  'auto' is 64 for up to 1,000 training samples of a network,
        128 for up to 6,000, 256 for up to 30,000, 512 for up to 100,000, and 1,024 for
        more.  Larger mini-batches make epochs faster, but take fewer steps.
    learning_rate : str or Schedule, default='coslog'
        Learning-rate schedule: a name or an object from :mod:`sknumpy_mlp.schedules`,
        which lists all of them, or an object of a custom subclass of
        :class:`sknumpy_mlp.schedules.Schedule`.  'coslog' consists of four cosine
        cycles between zero and ``learning_rate_init``.
    max_iter : int or 'auto', default='auto'
        Maximum number of epochs (passes over the data) of each network.  'auto' is 96
        for up to 2,500 samples, and decreases with the square root of their number for
        more: 48 for 10,000 samples, 15 for 100,000; ``preset`` changes these numbers.
        Decrease it for faster training; ``max_time`` is a limit in seconds.
    random_state : int, RandomState instance or None, default=None
        Seed or generator of the folds and, for each network, of the initial weights,
        the order of the samples, and dropout.  Pass an int for reproducible results.
    verbose : bool or int, default=False
        Whether to print the progress and the estimated remaining time every few
        seconds.
    validation_fraction : float, default=0.2
        Fraction of the samples, or of the ``groups``, in the hold-out set.  Not used
        with ``ensemble='kfold'`` or with ``X_val``.
    beta_1 : float, default=0.9
        Decay rate of the first moment in Adam, in [0, 1).  Rarely needs tuning.
    beta_2 : float, default=0.95
        Decay rate of the second moment in Adam, in [0, 1).  Rarely needs tuning.
    epsilon : float, default=1e-8
        Added to the denominators of 'adam' and 'rmsprop' for numerical stability.
        Rarely needs tuning.
    n_iter_no_change : int, inf or 'cycle', default=inf
        Patience of early stopping: maximum number of consecutive epochs without an
        improvement of the validation score.  The score may stagnate while the learning
        rate is high: with inf, each network trains for ``max_iter`` epochs, and 'cycle'
        stops at the end of a cycle of the learning-rate schedule, from the second one
        on, that has not improved on the best score of the previous cycles; schedules
        without cycles are not stopped.  That is faster, but in regression, later cycles
        are often much better.  In each case, the weights of the best epoch are
        restored.
    parametric_activation : bool, default=True
        Whether each hidden unit has a learnable mixing weight between its activation
        and the identity (:class:`sknumpy_mlp.layers.Parametric`).  Training takes 10 to
        20% longer with it.
    init : {'glorot', 'he', 'lecun', 'data'} or callable, default='data'
        Weight initialization: a name or an object from :mod:`sknumpy_mlp.initializers`,
        or a callable ``(rng, fan_in, fan_out) -> array of shape (fan_in, fan_out)``.
        'data' adapts weights and biases to the training data.
    dropout : float or sequence of float, default=0.05
        Dropout rate: the fraction of a layer's outputs that are set to zero at random
        in each training step, in [0, 1).  It is annealed to zero over the second half
        of training.  A float applies to every hidden layer; a sequence has one rate for
        the inputs, then one for each hidden layer.  Increase it to reduce overfitting.
    weight_decay : float, default=0.02
        Decoupled weight decay, as in AdamW: each step multiplies the weights by
        ``1 - learning_rate * weight_decay``.  It is annealed to zero over the second
        half of training.  Increase it to reduce overfitting.
    max_norm : float or None, default=None
        Max-norm constraint: upper bound on the Euclidean norm of the incoming weights
        of each hidden unit, enforced after each step; None for no bound.  An
        alternative to weight decay, often combined with dropout.
    max_grad_norm : float or None, default=None
        Gradient clipping: upper bound on the global (Euclidean) norm of the gradient in
        each step; None for no clipping.  Set it if training diverges.
    scoring : str, callable or None, default='loss'
        The validation score that selects the best epoch of each network: 'loss' for the
        negative loss, None for the metric of `score`, the name of a scikit-learn
        scorer, or a callable ``(estimator, X, y) -> float``, which is passed the
        preprocessed table.
    callbacks : list of Callback or None, default=None
        Callbacks, which run after each epoch and can stop training: checkpoints, a
        progress bar, or custom ones; see :mod:`sknumpy_mlp.callbacks`.  With callbacks,
        the networks train sequentially, each in a separate run: a
        `~sknumpy_mlp.callbacks.History` records the epochs of all networks, and a
        `~sknumpy_mlp.callbacks.Checkpoint` writes a file for each network.
        scikit-learn's callbacks (``set_callbacks``, since scikit-learn 1.9) see a task
        for each network, with a subtask for each epoch.
    categorical_features : 'from_dtype', array-like or None, default='from_dtype'
        The categorical columns.  'from_dtype' selects columns of categories, strings
        and booleans, and columns of objects unless all values are numbers.  Otherwise,
        pass a mask, indices, or names of columns of a data frame, which must include
        all columns that are neither numbers nor dates; None if there are no categorical
        columns.  Set it if numbers in a column are codes of categories.
    dates : {'encode', 'error'}, default='encode'
        What is done with columns of dates, durations and times of day.  'encode' makes
        several columns of numbers of a date: the days since the earliest date in `fit`
        and, if they vary in `fit`, month, day of the month, weekday and hour
        (`TabularPreprocessor`).  'error' raises an error.
    ensemble : {'kfold', 'seeds', 'refit'} or None, default='kfold'
        The kind of ensemble, which also determines the validation data of its networks.

        - 'kfold': ``n_members`` networks.  Each is trained on all folds of the samples
          but one; that fold is used for early stopping, calibration and out-of-fold
          predictions.  With fewer samples than ``n_members``, each sample is a fold.
        - 'seeds': ``n_members`` networks with different random seeds, which share a
          hold-out set.
        - 'refit': one network that is trained on all samples, for the number of epochs
          that was best for another network on a hold-out set.
        - None: a single network with a hold-out set.  This is the fastest choice.

        Duplicate rows are never split between training and validation data: otherwise,
        copies of training rows would make scores and prediction intervals too
        optimistic.  Two kinds of equal rows are not treated as duplicates, since new
        rows will equal training rows as well: rows that are equal by chance, in a table
        with few columns of few values, and rows that occur more than five times with
        different targets.

    cv : int, splitter, iterable or None, default=None
        The folds of ``ensemble='kfold'``; a network is trained for each of them.  If
        samples are not independent, choose it so that validation data differ from
        training data as new samples will.

        - None: ``n_members`` random folds, stratified in classification.
        - int: so many folds, in place of ``n_members``.
        - a scikit-learn splitter, such as
          :class:`~sklearn.model_selection.TimeSeriesSplit` for samples in temporal
          order, or an iterable of ``(train, test)`` arrays of indices.  Duplicate rows
          may then be split, a sample may be in any number of test sets, and in the mean
          of the networks, each counts in proportion to its number of training samples.

        With None or an int, ``groups`` in `fit` are kept together.
    n_members : int or 'auto', default='auto'
        Number of networks with 'kfold' and 'seeds'.  The training time is proportional
        to it.  'auto' is 8, or that of another ``preset``.
    preset : {'default', 'fast'}, default='default'
        The effort of training.  It sets ``n_members`` and ``max_iter``, where they are
        'auto': with 'fast', an ensemble has 4 networks that are trained for half of the
        epochs, in about a quarter of the time.
    max_time : float or None, default=None
        Time limit of `fit` in seconds; None for no limit.  The networks train for at
        most as many epochs as it allows, and the learning-rate schedule is compressed
        to end with it.  Below 20 seconds, the networks do not train in processes, which
        take seconds to start, but sequentially or in threads (``n_jobs``).
    n_jobs : int or None, default=None
        Number of networks that train in parallel, by joblib.  None means the number of
        the active :obj:`joblib.parallel_config`.  Without one, it is 1 for short
        training; for training of more than a few seconds, it is the number of BLAS
        threads, so that a fit uses the cores that BLAS would use, and a fit in a
        parallel search only its share.  Unless ``parallel_config`` sets a backend, the
        networks train in threads, which share their memory, if batches have 1024 rows
        or more or if Python has no global interpreter lock, and in processes otherwise.
        Where processes are not available (in a forked child, in a daemon, without a
        temporary folder), the networks train sequentially.

    Attributes
    ----------
    preprocessor_ : TabularPreprocessor
        The fitted preprocessor, which encodes and scales the table.
    estimators_ : list
        The fitted networks, `NumpyMLPRegressor` objects that take the preprocessed
        table, with their learning curves (``loss_curve_``, ``validation_scores_``).
    oof_score_ : float
        The score (that of `score`, with the sample weights) of the out-of-fold
        predictions or, without folds, of the predictions for the hold-out set or
        ``X_val``.  With 'kfold', it is pessimistic in that a single network predicts
        each sample, and not the whole ensemble.  With folds of independent samples, or
        with ``X_val``, it is optimistic in that the best epochs were selected on the
        same samples.  With folds of ``groups`` or ``cv`` and with a hold-out set, the
        best epoch for half of the validation samples is selected by the other half
        (unless ``scoring`` is not 'loss').
    oof_predictions_ : ndarray or None
        The predictions for each sample, from networks that were not trained on it.  NaN
        for samples in no validation data, and for samples of weight zero; None with
        ``X_val``.
    validation_indices_ : list of ndarray
        For each network, the rows of ``X`` that it was not trained on: its fold, or the
        hold-out set.  Empty with ``X_val``, and for the network of 'refit'.
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if ``X`` in `fit` was a data frame whose column labels are
        strings.
    n_iter_ : int
        The largest number of epochs of a network.

    Raises
    ------
    InvalidParameterError
        From `fit`, if a parameter has a value that is not allowed.
    ValueError, TypeError
        From `fit`, if the table or the target is invalid (infinite numbers, a
        target with missing values), or if training diverges; the estimator is then
        left unchanged.  From prediction methods, if the table is invalid, or if a
        prediction is infinite or NaN.

    See Also
    --------
    NumpyMLPRegressor : A single network for arrays, with scikit-learn's defaults.
    TabularPreprocessor : Encodes and scales the table.

    Notes
    -----
    The networks follow RealMLP [1]_, with changes that were evaluated on tables of 600
    to 20,000 samples (``benchmarks/tabular.md``): early stopping by the loss, a k-fold
    ensemble of smaller networks instead of a hold-out set, epochs by the number of
    samples, prediction intervals, imputation of missing numbers, and normal scores for
    irregular columns.

    With default parameters `fit` takes about 3 seconds for 500 rows of 20 columns, 15
    for 10,000 and 40 for 100,000, on two cores (``benchmarks/tabular.md``).  Set
    ``verbose=True`` to see its progress, and ``max_time`` to limit its duration;
    ``ensemble=None`` trains a single network in a quarter of the time or less.

    Ctrl-C stops training and keeps the networks that have completed an epoch.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024,
       arXiv:2407.04491.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknumpy_mlp import TabularMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> reg = TabularMLPRegressor(n_members=2, max_iter=16, random_state=0)
    >>> low, high = reg.fit(X[:300], y[:300]).prediction_interval(X[300:]).T
    >>> is_inside = (low < y[300:]) & (y[300:] < high)
    >>> print(f"{is_inside.mean():.1f}")  # the nominal coverage is 0.9
    0.9
    """

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]] = TABULAR_CHECKS | {
        "loss": NumpyMLPRegressor._parameter_checks["loss"],
        "learning_rate_init": (
            Choice(("auto",)),
            *PARAMETER_CHECKS["learning_rate_init"],
        ),
    }
    _target_type: ClassVar[type[Target]] = RegressionTarget
    _target: RegressionTarget
    _member_type: ClassVar[type[Any]] = MemberRegressor
    _reserved_share: ClassVar[float] = 0.06
    _uncalibrated: ClassVar[dict[str, Any]] = {"_intervals": None}

    @suggests_parameters
    def __init__(
        self,
        hidden_layer_sizes: HiddenLayerSizes = "auto",
        activation: ActivationName
        | Activation
        | Sequence[ActivationName | Activation] = "mish",
        *,
        loss: RegressionLossName | Loss = "squared_error",
        learning_rate_init: float | Literal["auto"] = "auto",
        solver: OptimizerName | Optimizer = "adam",
        alpha: float = 0.0,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: ScheduleName | Schedule = "coslog",
        max_iter: int | Literal["auto"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        validation_fraction: float = 0.2,
        beta_1: float = 0.9,
        beta_2: float = 0.95,
        epsilon: float = 1e-8,
        n_iter_no_change: float | Literal["cycle"] = math.inf,
        parametric_activation: bool = True,
        init: InitializerName | Initializer = "data",
        dropout: float | Sequence[float] = 0.05,
        weight_decay: float = 0.02,
        max_norm: float | None = None,
        max_grad_norm: float | None = None,
        scoring: str | Callable[..., float] | None = "loss",
        callbacks: Sequence[Callback] | None = None,
        categorical_features: Any = "from_dtype",
        dates: Dates = "encode",
        ensemble: Literal["kfold", "seeds", "refit"] | None = "kfold",
        cv: Any = None,
        n_members: int | Literal["auto"] = "auto",
        preset: Literal["default", "fast"] = "default",
        max_time: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.learning_rate_init = learning_rate_init
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.parametric_activation = parametric_activation
        self.init = init
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.max_norm = max_norm
        self.max_grad_norm = max_grad_norm
        self.scoring = scoring
        self.callbacks = callbacks
        self.categorical_features = categorical_features
        self.dates = dates
        self.ensemble = ensemble
        self.cv = cv
        self.n_members = n_members
        self.preset = preset
        self.max_time = max_time
        self.n_jobs = n_jobs

    @suggests_parameters
    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the networks to a table.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, which must be non-negative and not all zero.  None means
            equal weights.
        groups : array-like of shape (n_samples,), default=None
            The group of each sample, such as a patient, a customer or a site: numbers,
            strings or any other values.  All samples of a group are in the same fold,
            or all in the hold-out set; if ``cv`` is a splitter, it is passed the groups
            instead.  If scikit-learn's metadata routing is enabled, meta-estimators
            pass them on without further requests.
        X_val : frame or array-like of shape (n_val, n_features), default=None
            Validation data, with the columns of ``X``, used instead of folds or a
            hold-out set for early stopping, ``oof_score_`` and prediction intervals.
            All networks are then trained on all of ``X``.  When passed through
            scikit-learn's cross-validation, it is split like ``X`` if it has as many
            rows.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            The validation targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            The validation sample weights.

        Returns
        -------
        self : TabularMLPRegressor
            The fitted estimator.
        """
        self._fit(X, y, sample_weight, groups, (X_val, y_val, sample_weight_val))
        return self

    def predict(self, X: Any) -> Array:
        """Predict targets.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predicted values; with several quantiles, a column for each of them.
        """
        return self._format_predictions(self._predict_table(X))

    def prediction_interval(
        self,
        X: Any,
        coverage: float = 0.9,
        *,
        adaptive: bool = True,
        bounds: tuple[float | None, float | None] = (None, None),
    ) -> Array:
        r"""Predict conformal prediction intervals of a given coverage.

        Conformal prediction makes no assumption about the distribution, except that new
        samples are drawn from the same one.  An interval is computed from the residuals
        of networks on samples that they were not trained on (the residuals of
        ``oof_predictions_``, or on ``X_val``); see Notes.

        By default, intervals are wide where predictions are poor: two small networks
        learn the size of residuals from the table and the predictions, and residuals
        are divided by it (normalized conformal prediction [1]_).  With fewer than 100
        samples, too little time, or few groups, the width is constant.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        coverage : float, default=0.9
            The probability that an interval contains the target, between 0 and 1.
        adaptive : bool, default=True
            Whether residuals are divided by their expected size.  Otherwise, the width
            is the same for all samples; with a log link, that of logarithms.  For
            several quantiles, it has no effect.
        bounds : tuple of two floats or None, default=(None, None)
            Known lower and upper bounds of the target, such as ``(0, None)`` for
            prices: intervals are clipped to them.

        Returns
        -------
        interval : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper bounds.  For several quantiles, those that are nearest to
            the coverage, corrected by the residuals (conformalized quantile regression
            [2]_).

        Raises
        ------
        ValueError
            If ``coverage`` is out of range, or too high for the number of residuals, or
            if ``adaptive`` or ``bounds`` have a value that is not allowed.

        Notes
        -----
        With residuals :math:`r_i = y_i - \hat y_i` and their expected sizes
        :math:`\sigma_i`, each from networks that were not trained on sample i, the
        interval of a sample is

        .. math::

            \left[ \hat y + c \, \sigma \, q_{\alpha / 2}, \;
                   \hat y + c \, \sigma \, q_{1 - \alpha / 2} \right], \qquad
            \alpha = 1 - \text{coverage},

        where q are quantiles of :math:`r_i / \sigma_i`, with the correction for finite
        samples.  For losses with a log link and positive targets, the residuals are
        those of logarithms, so that both ends are positive.

        For a new sample and a network of its own, the score has about the same
        distribution as those of held-out samples, if samples are exchangeable.  CV+
        [3]_ combines the intervals of all networks, and guarantees a coverage of
        :math:`1 - 2 \alpha` in finite samples, but its intervals are wider than needed.
        Here, they are centered at the mean of the networks, which is more accurate than
        a network: by the ambiguity decomposition [4]_, its squared error is smaller by
        the variance of their predictions, which :math:`c \le 1` accounts for, with
        k-fold ensembles of independent samples; otherwise, c is 1.  There is therefore
        no guarantee for finite samples; measured coverages are in
        ``benchmarks/tabular.md``.  The coverage is marginal (an average over samples).

        References
        ----------
        .. [1] H. Papadopoulos, A. Gammerman and V. Vovk, "Normalized Nonconformity
           Measures for Regression Conformal Prediction", AIA 2008.
        .. [2] Y. Romano, E. Patterson and E. J. Candès, "Conformalized Quantile
           Regression", NeurIPS 2019, arXiv:1905.03222.
        .. [3] R. F. Barber, E. J. Candès, A. Ramdas and R. J. Tibshirani, "Predictive
           Inference with the Jackknife+", Annals of Statistics 49, 2021,
           arXiv:1905.02928.
        .. [4] A. Krogh and J. Vedelsby, "Neural Network Ensembles, Cross Validation,
           and Active Learning", NeurIPS 1994.
        """
        check_is_fitted(self)
        coverage = check_coverage(coverage)
        if not is_bool(adaptive):
            raise ValueError(f"adaptive={short_repr(adaptive)} must be a bool.")
        low, high = check_bounds(bounds)
        table = self._read(X)
        predicted = self._predict_preprocessed(table)
        with np.errstate(all="ignore"):
            interval = self._intervals(predicted, table if adaptive else None, coverage)
        if isinstance(self._loss, Quantile) and len(self._loss.levels) > 1:
            tail, levels = 0.5 * (1.0 - coverage), np.array(self._loss.levels)
            nearest = [np.abs(levels - level).argmin() for level in (tail, 1.0 - tail)]
            # Two quantiles may cross when they are corrected.
            interval = np.sort(interval[:, nearest, [0, 1]][:, np.newaxis], axis=2)
        if self._loss.positive_only or self._loss.out_activation == "logistic":
            low = max(low, 0.0)
        if self._loss.out_activation == "logistic":
            high = min(high, 1.0)
        np.clip(interval, low, high, out=interval)
        return interval[:, 0] if interval.shape[1] == 1 else interval

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute R2 or, for several quantiles, the mean of their D2 pinball scores.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The true targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, which must be non-negative and not all zero.

        Returns
        -------
        score : float
            The score: 1 for perfect predictions, 0 for the best constant prediction.
        """
        y_pred = self.predict(X)
        return regression_score(self._loss, y, y_pred, sample_weight)

    def _learning_rate(self) -> float:
        if self.learning_rate_init != "auto":
            return float(self.learning_rate_init)
        loss = self.loss
        if isinstance(loss, str):
            loss = REGRESSION_LOSSES[loss]
        is_plain = loss.out_activation == "identity"
        return _RATE if is_plain else _RATE_OF_LINKS

    def _fit_target(self, y: Any) -> RegressionTarget:
        return RegressionTarget.fit(y, self.loss)

    def _calibrate(
        self, held_out: HeldOut, data: Data, X: Array, weight: Any, task: EnsembleTask
    ) -> None:
        self._intervals = calibrated_intervals(
            held_out,
            data,
            X,
            task,
            preprocessor=self.preprocessor_,
            outputs_of=lambda rows: np.array(
                [self._member_outputs(member.raw(rows)) for member in self.estimators_]
            ),
            loss=self._loss,
        )

    def _member_outputs(self, raw: Array) -> Array:
        return self._target.predict(raw)

    def _predict_from(self, mean: Array) -> Array:
        return mean

    def _member_jacobian(self, raw: Array, jacobian: Array) -> Array:
        """Return the Jacobian of `_member_outputs`, given that of the raw outputs."""
        return self._target.predict_jacobian(raw, jacobian)

    def _jacobian_from(self, mean: Array, jacobian: Array) -> Array:
        """Return the Jacobian of `_predict_from`, given that of the mean."""
        return jacobian

    def _format_predictions(self, predicted: Array) -> Array:
        return self._target.decode(predicted)

    @property
    def _loss(self) -> Loss:
        return self._target.loss

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        loss = self.loss
        if isinstance(loss, str):
            loss = REGRESSION_LOSSES.get(loss, loss)
        tags.target_tags.positive_only = getattr(loss, "positive_only", False)
        return tags
