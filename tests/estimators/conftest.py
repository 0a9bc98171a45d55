"""Data and settings of short fits."""

import numpy as np

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.task import FitTask
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.run import Run, TrainingState
from tests.conftest import digits

X, y = digits(540)
X, X_VAL, y, Y_VAL = X[:300], X[300:], y[:300], y[300:]
VALIDATION = {"X_val": X_VAL, "y_val": Y_VAL}
SETTINGS = {"hidden_layer_sizes": 20, "random_state": 0}
SHORT = SETTINGS | {"max_iter": 5}
TWO_EPOCHS = SETTINGS | {"max_iter": 2}

#: Targets of a network that does badly on them unless they are scaled.
FEATURES = np.random.default_rng(0).standard_normal((200, 4))
SIGNAL = FEATURES[:, 0] + 0.5 * FEATURES[:, 1] ** 2
NOISE = np.random.default_rng(1).standard_normal(200)
PRICES = 150_000 + 40_000 * SIGNAL


def trained_params(Estimator, **settings):
    """Return the parameters of an estimator after a short fit."""
    return Estimator(**SHORT | settings).fit(X, y)._params


def make_data(n_rows=40, seed=0, sample_weight=None):
    """Return rows of three features, and a number that follows them."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_rows, 3))
    target = features[:, 0] - 0.5 * features[:, 1] ** 2
    return Data(features, target[:, np.newaxis], sample_weight, target)


def make_task(*, data=None, validation=None, target=None, fitted=None, **fields):
    """Return a task made by hand, without an estimator behind it.

    Fields of `FitTask` are set; all other arguments are parameters of an estimator.
    """
    own = {name: fields.pop(name) for name in [*fields] if name in _TASK_FIELDS}
    defaults = {"hidden_layer_sizes": 5, "max_iter": 6, "batch_size": 10}
    estimator = NumpyMLPRegressor(**(defaults | {"random_state": 0} | fields))
    data = make_data() if data is None else data
    target = target or RegressionTarget.fit(data.target, "squared_error")
    network = Architecture.of(estimator).network(data.X.shape[1], target.n_outputs)
    rng = np.random.RandomState(0)
    given = {
        "params": network.init(rng, data.X.dtype),
        "state": None,
        "is_warm": False,
        "is_incremental": False,
        "as_fitted": lambda params: fitted,
        "compute_fingerprint": dict,
    }
    return FitTask(
        config=TrainingConfig.of(estimator),
        target=target,
        network=network,
        data=data,
        validation=validation,
        rng=rng,
        **given | own,
    )


_TASK_FIELDS = FitTask.__dataclass_fields__.keys()


def make_run(task, early_stopping=None, **fields):
    """Return the run of a task before its first epoch."""
    given = {
        "state": TrainingState(early_stopping=early_stopping),
        "has_validation": task.validation is not None or task.has_holdout,
        "callbacks": task.callbacks,
    }
    return Run(
        params=task.params, rng=task.rng, max_epochs=task.max_epochs, **given | fields
    )
