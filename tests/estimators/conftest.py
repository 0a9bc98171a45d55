"""Data and settings of short fits."""

import numpy as np

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
