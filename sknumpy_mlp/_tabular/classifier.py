"""`TabularMLPClassifier`: the classifier."""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.parameters import (
    Check,
)
from sknumpy_mlp._estimators.scores import classification_score
from sknumpy_mlp._estimators.targets import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.base import TABULAR_CHECKS, _BaseTabularMLP
from sknumpy_mlp._tabular.calibration import best_temperature
from sknumpy_mlp._tabular.member import MemberClassifier
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.activations import Activation, ActivationName
from sknumpy_mlp.callbacks import Callback
from sknumpy_mlp.callbacks._sklearn import with_callbacks
from sknumpy_mlp.initializers import Initializer, InitializerName
from sknumpy_mlp.losses import (
    ClassificationLoss,
    ClassificationLossName,
    Loss,
)
from sknumpy_mlp.optimizers import Optimizer, OptimizerName
from sknumpy_mlp.schedules import Schedule, ScheduleName


class TabularMLPClassifier(ClassifierMixin, _BaseTabularMLP):  # type: ignore[misc]
    """Classifier for raw tables: an ensemble of networks, ready without tuning.

    Takes a pandas or polars frame, an Arrow table or an array as it is: numbers,
    booleans, categories and strings, missing values anywhere.  `TabularPreprocessor`
    makes numbers of it; several networks with embeddings for numbers and categories,
    trained on different folds, vote; and their probabilities are tempered on the
    samples that they have not seen.  Handles two classes, several classes, and several
    labels at once.  Trains in float32 and predicts in float64.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(256, 256, 256)
        Number of units in each hidden layer.
    activation : str, Activation or sequence of these, default='mish'
        Activation function, see `NumpyMLPClassifier`.  Each unit learns how much of
        it to take, see :class:`sknumpy_mlp.layers.Parametric`.
    loss : {'log_loss'}, ClassificationLoss or Loss, default='log_loss'
        The loss, see `NumpyMLPClassifier`.
    class_weight : dict, list of dict, 'balanced' or None, default=None
        Weights of the classes, see `NumpyMLPClassifier`.
    learning_rate_init : float, default=0.04
        The highest learning rate, for weights of unit variance: that of a layer's
        weights is divided by the root of ``fan_in``.
    solver : {'adam', 'sgd', 'rmsprop'} or Optimizer, default='adam'
        The optimizer, see :mod:`sknumpy_mlp.optimizers`.
    alpha : float, default=0.0
        Strength of the L2 penalty, see `NumpyMLPClassifier`; ``weight_decay`` does
        the same work here.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch; 'auto' is 64 for up to 1,000 samples that a network
        trains on, 128 for up to 6,000, 256 for up to 30,000, 512 for up to 100,000,
        else 1,024.  It is rounded so that the batches of an epoch are equally large.
    learning_rate : str or Schedule, default='coslog'
        Schedule of the learning rate, see `NumpyMLPClassifier`.
    max_iter : int, default=128
        Epochs of each network.
    random_state : int, RandomState instance or None, default=None
        Draws the folds, and for each network its weights, the order of its samples
        and what is dropped.
    verbose : bool or int, default=False
        Whether to print, every few seconds, how far the training is and how long it
        will still take.
    validation_fraction : float, default=0.2
        Share of the samples that is held out, for an ``ensemble`` without folds.
    beta_1 : float, default=0.9
        Decay rate of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.95
        Decay rate of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division of 'adam' and 'rmsprop' finite.
    n_iter_no_change : int or inf, default=inf
        Epochs without improvement of the validation score that a network goes on for.
        A network trains to the end by default and gets its best epoch back: while the
        rate is high, a score that stalls says little.
    init : {'glorot', 'he', 'lecun', 'data'} or callable, default='data'
        How weights are initialized, see :mod:`sknumpy_mlp.initializers`.
    dropout : float or sequence of float, default=0.15
        Share of the hidden values that are dropped, see `NumpyMLPClassifier`; fades
        out over the second half of the training.
    weight_decay : float, default=0.02
        Decoupled weight decay; fades out likewise.
    max_norm : float or None, default=None
        Upper bound on the norm of the incoming weights of each hidden unit.
    max_grad_norm : float or None, default=None
        Upper bound on the norm of a step's gradient.
    scoring : str, callable or None, default='loss'
        The score that chooses each network's best epoch: minus the loss by default;
        else as in `NumpyMLPClassifier`.  A callable gets the preprocessed table.
    callbacks : list of Callback or None, default=None
        What is told about each epoch, see :mod:`sknumpy_mlp.callbacks`.  With
        callbacks the networks train one after the other, each a run of its own whose
        number callbacks are told: a `~sknumpy_mlp.callbacks.History` has the epochs of
        all networks, and a `~sknumpy_mlp.callbacks.Checkpoint` writes a file for each.
        So do they with scikit-learn's callbacks (``set_callbacks``, since its release
        1.9), for which each network is a task of the fit, and each epoch one of its
        network.
    categorical_features : 'from_dtype', array-like or None, default='from_dtype'
        Which columns are categories, see `TabularPreprocessor`.
    ensemble : {'kfold', 'seeds', 'refit'} or None, default='kfold'
        How many networks there are, and what they see.

        - 'kfold', ``n_members`` networks, each trained without one fold of the
          samples, which chooses its best epoch.  No sample is wasted, and each is
          predicted by a network that has not seen it.  With fewer samples than
          networks there are fewer networks.
        - 'seeds', ``n_members`` networks that share one hold-out.
        - 'refit', one network, trained on all samples for as many epochs as another
          one found best on a hold-out.
        - None, one network with a hold-out.

        Rows that are equal in all columns stay together, in one fold or on one side
        of a hold-out: a network that has seen a copy of a row knows its target, and
        scores and intervals would be too good.  This does not hold for rows that are
        equal by chance, because a few columns have few values, nor for rows that come
        more than five times with targets that differ: new rows will be equal to these
        as well.

    n_members : int, default=5
        Number of networks of 'kfold' and 'seeds'.
    max_time : float or None, default=None
        Seconds that `fit` may take.  Networks then train as many epochs as fit in, on
        a schedule that ends when the time does.  Below 20 seconds they train one after
        the other, without processes, which take seconds to start.
    n_jobs : int or None, default=None
        How many networks train side by side, in processes of joblib's.  None, outside
        of a :obj:`joblib.parallel_config`, is one after the other for trainings of a
        few seconds, and for longer ones as many as matrix products may have threads: a
        fit uses the cores that BLAS would use anyway, and one inside a parallel search
        stays with its share.  Where there can be no processes (in a forked child, in a
        daemon, without a temporary folder) networks train one after the other.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.
    temperature_ : float
        What logits are divided by before they become probabilities: more than one
        where the networks were too sure of themselves.
    preprocessor_ : TabularPreprocessor
        What turns tables into numbers.
    estimators_ : list
        The networks, fitted `NumpyMLPClassifier` objects on the table as
        `preprocessor_` makes it, with their curves (``loss_curve_``,
        ``validation_scores_``).
    oof_score_ : float
        Score (as of `score`, with the samples' weights) of predictions by networks that
        have not seen the sample.  A little low for 'kfold', where new samples are
        predicted by several networks together; a little high, since the same samples
        have chosen the epochs.
    oof_predictions_ : ndarray or None
        These predictions, probabilities as of `predict_proba`; NaN for samples that
        all networks have seen, and for those of weight zero.  None with ``X_val``.
        ``temperature_`` is fitted to them, which favors their log loss a little.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if `fit` saw a data frame with string column names.
    n_iter_ : int
        The most epochs of a network.

    Raises
    ------
    InvalidParameterError
        From `fit`, if a parameter has a value that is not allowed.
    ValueError, TypeError
        From `fit`, if the table or the target cannot be used (dates, infinite
        numbers, a target with missing values), or the training diverges.  The
        estimator is then left as it was.  From predictions, if the table cannot be
        used, or one of them would be infinite or NaN.

    See Also
    --------
    NumpyMLPClassifier : A network for arrays, with scikit-learn's defaults.
    TabularPreprocessor : What is done to the table.

    Notes
    -----
    The network is RealMLP [1]_ with changes that were measured on tables of 600 to
    20,000 samples (``benchmarks/tabular.md``): no label smoothing, the best epoch by
    the loss, folds instead of a hold-out, calibrated logits, and missing numbers.

    With the defaults `fit` takes about 7 seconds for 1,000 rows, 40 for 5,000, 80 for
    10,000 and two minutes for 20,000, on two cores (``benchmarks/tabular.md``), and
    says nothing meanwhile: ``verbose=True`` does.  ``max_time`` sets a limit, and
    ``ensemble=None`` trains one network in a third of the time.

    Ctrl-C ends the training early and keeps the networks that have finished an epoch.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024,
       arXiv:2407.04491.

    Examples
    --------
    >>> import pandas as pd
    >>> from sknumpy_mlp import TabularMLPClassifier
    >>> X = pd.DataFrame({
    ...     "size": [1.2, 3.1, None, 2.8, 1.1, 3.3, 0.9, 2.9],
    ...     "color": ["red", "blue", "red", None, "red", "blue", "red", "blue"],
    ... })
    >>> y = ["small", "large", "small", "large", "small", "large", "small", "large"]
    >>> clf = TabularMLPClassifier(n_members=2, max_iter=32, random_state=0).fit(X, y)
    >>> clf.predict(pd.DataFrame({"size": [1.0], "color": ["green"]}))
    array(['small'], dtype='<U5')
    """

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]] = TABULAR_CHECKS | {
        name: NumpyMLPClassifier._parameter_checks[name]
        for name in ("loss", "class_weight")
    }
    _target_type: ClassVar[type[Target]] = ClassificationTarget
    _target: ClassificationTarget
    _member_type: ClassVar[type[Any]] = MemberClassifier
    _uncalibrated: ClassVar[dict[str, Any]] = {"temperature_": 1.0}

    classes_: NDArray[Any]
    temperature_: float

    @suggests_parameters
    def __init__(
        self,
        hidden_layer_sizes: Any = (256, 256, 256),
        activation: ActivationName
        | Activation
        | Sequence[ActivationName | Activation] = "mish",
        *,
        loss: ClassificationLossName | ClassificationLoss | Loss = "log_loss",
        class_weight: Literal["balanced"]
        | dict[Any, float]
        | Sequence[dict[int, float]]
        | None = None,
        learning_rate_init: float = 0.04,
        solver: OptimizerName | Optimizer = "adam",
        alpha: float = 0.0,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: ScheduleName | Schedule = "coslog",
        max_iter: int = 128,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        validation_fraction: float = 0.2,
        beta_1: float = 0.9,
        beta_2: float = 0.95,
        epsilon: float = 1e-8,
        n_iter_no_change: float = math.inf,
        init: InitializerName | Initializer = "data",
        dropout: float | Sequence[float] = 0.15,
        weight_decay: float = 0.02,
        max_norm: float | None = None,
        max_grad_norm: float | None = None,
        scoring: str | Callable[..., float] | None = "loss",
        callbacks: Sequence[Callback] | None = None,
        categorical_features: Any = "from_dtype",
        ensemble: Literal["kfold", "seeds", "refit"] | None = "kfold",
        n_members: int = 5,
        max_time: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.class_weight = class_weight
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
        self.init = init
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.max_norm = max_norm
        self.max_grad_norm = max_grad_norm
        self.scoring = scoring
        self.callbacks = callbacks
        self.categorical_features = categorical_features
        self.ensemble = ensemble
        self.n_members = n_members
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
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the networks to a table.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class labels, or a matrix with a column of 0 and 1 for each label.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0 and not all 0.  None is 1 for each.
        X_val : frame or array-like of shape (n_val, n_features), default=None
            Validation data, with the columns of ``X``.  It chooses the epochs of all
            networks, which then train on all of ``X``, and takes the place of the
            folds also for ``oof_score_`` and calibration.  A cross-validation
            that hands it on cuts it up if it is as long as ``X``.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            Its targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.

        Returns
        -------
        self : TabularMLPClassifier
            The fitted estimator.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict class labels.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes; for several labels at once, a matrix of 0 and 1.
        """
        y_prob = self._predict_table(X)
        labels: NDArray[Any] = self._target.decode(y_prob)
        return labels

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_classes)
            Probability of each class, in the order of ``classes_``; for several labels
            at once, of each label by itself.
        """
        return self._format_predictions(self._predict_table(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithms of class probabilities.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.

        Returns
        -------
        log_y_prob : ndarray of shape (n_samples, n_classes)
            The logarithm of `predict_proba`; -inf where that is 0.
        """
        y_prob = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(y_prob, out=y_prob)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy: the share of samples whose class is predicted.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The true class labels; of several labels at once, all have to be right.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0 and not all 0.

        Returns
        -------
        score : float
            Between 0 and 1.
        """
        return classification_score(y, self.predict(X), sample_weight)

    def _fit_target(self, y: Any) -> ClassificationTarget:
        return ClassificationTarget.fit(y, self.loss)

    def _calibrate(self, raw_outputs: Sequence[Sequence[Array]], data: Data) -> None:
        if not self._target.is_constant:
            raw = np.concatenate([np.mean(group, axis=0) for group in raw_outputs])
            self.temperature_ = best_temperature(raw, data)

    def _aggregate(self, raw_outputs: Sequence[Array]) -> Array:
        # Logits, not probabilities: the mean of the latter is less sure of itself than
        # a single network, for which the temperature is.
        mean = np.mean(raw_outputs, axis=0)
        mean *= 1.0 / self.temperature_
        return self._target.predict(mean)

    def _format_predictions(self, predicted: Array) -> Array:
        return self._target.probabilities(predicted)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
