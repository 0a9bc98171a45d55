"""Displays: a training, its weights and its prediction intervals, as figures.

They work like those of scikit-learn: ``from_estimator`` asks a fitted estimator for
what is to be drawn and draws it, ``plot`` draws it again on other axes, and what was
drawn is found in attributes like ``ax_`` and ``lines_``.  An estimator may be one of
this package, or a ``Pipeline``, a search or a ``TransformedTargetRegressor`` that holds
one at its end.

Drawing needs matplotlib, ``pip install 'sknumpy-mlp[plot]'``; importing this module
does not.

>>> from sklearn.datasets import load_iris
>>> from sknumpy_mlp import NumpyMLPClassifier
>>> from sknumpy_mlp.plotting import LossCurveDisplay
>>> X, y = load_iris(return_X_y=True)
>>> clf = NumpyMLPClassifier(early_stopping=True, random_state=0).fit(X, y)
>>> display = LossCurveDisplay.from_estimator(clf)
>>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
('Epoch', 'Loss')
>>> display.figure_.clear()
"""

from sknumpy_mlp.plotting._curves import LossCurveDisplay
from sknumpy_mlp.plotting._intervals import PredictionIntervalDisplay
from sknumpy_mlp.plotting._rates import LearningRateDisplay
from sknumpy_mlp.plotting._weights import WeightsDisplay

__all__ = [
    "LearningRateDisplay",
    "LossCurveDisplay",
    "PredictionIntervalDisplay",
    "WeightsDisplay",
]
