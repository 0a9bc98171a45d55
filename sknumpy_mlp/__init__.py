"""Multi-layer perceptrons for scikit-learn, written by hand in NumPy."""

from sknumpy_mlp._classes import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._parameters import InvalidParameterError
from sknumpy_mlp._tabular import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp.preprocessing import TabularPreprocessor

__version__ = "0.1.0"

__all__ = [
    "InvalidParameterError",
    "NumpyMLPClassifier",
    "NumpyMLPRegressor",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "TabularPreprocessor",
    "__version__",
]
