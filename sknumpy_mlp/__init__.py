"""Multi-layer perceptrons for scikit-learn, written by hand in NumPy."""

from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.parameters import InvalidParameterError
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._tabular.classifier import TabularMLPClassifier
from sknumpy_mlp._tabular.regressor import TabularMLPRegressor
from sknumpy_mlp._version import __version__
from sknumpy_mlp.preprocessing import TabularPreprocessor

__all__ = [
    "InvalidParameterError",
    "NumpyMLPClassifier",
    "NumpyMLPRegressor",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "TabularPreprocessor",
    "__version__",
]
