"""Multi-layer perceptrons for scikit-learn in hand-written NumPy."""

import importlib
from typing import TYPE_CHECKING

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

# Public modules are attributes of the package, which are imported on first use.
_SUBMODULES = (
    "activations",
    "callbacks",
    "embeddings",
    "export",
    "initializers",
    "inspection",
    "layers",
    "losses",
    "optimizers",
    "plotting",
    "preprocessing",
    "schedules",
)

if TYPE_CHECKING:
    # For type checkers and editors, which would accept any name because of the function
    # below.
    from sknumpy_mlp import activations as activations
    from sknumpy_mlp import callbacks as callbacks
    from sknumpy_mlp import embeddings as embeddings
    from sknumpy_mlp import export as export
    from sknumpy_mlp import initializers as initializers
    from sknumpy_mlp import inspection as inspection
    from sknumpy_mlp import layers as layers
    from sknumpy_mlp import losses as losses
    from sknumpy_mlp import optimizers as optimizers
    from sknumpy_mlp import plotting as plotting
    from sknumpy_mlp import preprocessing as preprocessing
    from sknumpy_mlp import schedules as schedules
else:

    def __getattr__(name):
        if name in _SUBMODULES:
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES})
