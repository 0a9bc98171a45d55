"""Inspection of fitted estimators: the inputs that their predictions depend on.

>>> import numpy as np
>>> from sknumpy_mlp import NumpyMLPRegressor
>>> from sknumpy_mlp.inspection import input_gradient
>>> X = np.random.default_rng(0).normal(size=(200, 2))
>>> reg = NumpyMLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0)
>>> input_gradient(reg.fit(X, 3 * X[:, 0]), X[:1]).round(2) + 0.0
array([[3., 0.]])
"""

from sknumpy_mlp.inspection._display import ImportanceDisplay
from sknumpy_mlp.inspection._gradients import input_gradient
from sknumpy_mlp.inspection._permutation import permutation_importance

__all__ = ["ImportanceDisplay", "input_gradient", "permutation_importance"]
