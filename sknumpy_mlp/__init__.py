"""Multi-layer perceptrons for scikit-learn, written by hand in NumPy."""

from sknumpy_mlp._classes import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._parameters import InvalidParameterError

__version__ = "0.1.0"

__all__ = [
    "InvalidParameterError",
    "NumpyMLPClassifier",
    "NumpyMLPRegressor",
    "__version__",
]
