"""Displays: figures of learning curves, weights and prediction intervals.

They follow scikit-learn's display API: ``from_estimator`` collects the data of a fitted
estimator and draws it; ``plot`` draws it again, for example on other axes; the artists
are attributes such as ``ax_`` and ``lines_``.  The estimator can be one of this
package, or a ``Pipeline``, a search or a ``TransformedTargetRegressor`` that wraps one.

Drawing requires matplotlib (in a checkout, ``pip install '.[plot]'``); importing this
module does not.

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
