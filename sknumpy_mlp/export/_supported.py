"""What `export` takes, and what it says of the rest."""

from typing import Any

from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._tabular.classifier import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular.member import MemberClassifier, MemberRegressor
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor

EXPORTABLE = (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)


def check_type(estimator: Any, allowed: tuple[type[Any], ...], way_out: str) -> None:
    """Raise TypeError for what is no object of these very classes."""
    if type(estimator) in allowed:
        return
    if isinstance(estimator, type):
        raise TypeError(
            f"{estimator.__name__} is a class. Pass an object of it, a fitted one."
        )
    name = type(estimator).__name__
    if isinstance(estimator, MemberClassifier | MemberRegressor):
        raise TypeError(
            f"{name} is one of the networks of a tabular estimator. Pass that one to "
            "to_onnx, as a whole."
        )
    if isinstance(estimator, EXPORTABLE) and not isinstance(estimator, allowed):
        raise TypeError(
            f"{name} has no counterpart among scikit-learn's networks. {way_out}"
        )
    if isinstance(estimator, allowed):
        parent = next(cls for cls in type(estimator).__mro__ if cls in allowed)
        raise TypeError(
            f"{name} is a class of your own, which may predict in another way than "
            f"{parent.__name__}. Pass an estimator of the class that it derives from."
        )
    raise TypeError(f"{name} is not an estimator of this package. {way_out}")
