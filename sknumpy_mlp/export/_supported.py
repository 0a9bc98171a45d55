"""Estimators that can be exported, and error messages for all others."""

from typing import Any, Literal

from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._tabular.classifier import TabularMLPClassifier
from sknumpy_mlp._tabular.member import MemberClassifier, MemberRegressor
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.regressor import TabularMLPRegressor

EXPORTABLE = (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)


def check_supported(
    estimator: Any, supported: tuple[type[Any], ...], hint: str
) -> None:
    """Raise TypeError unless an estimator is a direct instance of a supported class.

    Parameters
    ----------
    estimator : object
        The estimator.
    supported : tuple of type
        Some of `EXPORTABLE`; their subclasses are refused.
    hint : str
        The end of the message: the object to pass instead.
    """
    if type(estimator) in supported:
        return
    name = type(estimator).__name__
    if isinstance(estimator, MemberClassifier | MemberRegressor):
        raise TypeError(
            f"{name} is one of the networks of a tabular estimator. Pass that one to "
            "to_onnx, as a whole."
        )
    refuse_classes(estimator, supported, whose="your")
    if isinstance(estimator, EXPORTABLE):
        raise TypeError(
            f"{name} has no counterpart among scikit-learn's networks. {hint}"
        )
    raise TypeError(f"{name} is not an estimator of this package. {hint}")


def refuse_classes(
    estimator: Any, supported: tuple[type[Any], ...], *, whose: Literal["your", "its"]
) -> None:
    """Raise TypeError for a class, and for an instance of a subclass.

    Parameters
    ----------
    estimator : object
        An object that is not a direct instance of a supported class.
    supported : tuple of type
        The supported classes.
    whose : {'your', 'its'}
        The owner of a subclass in messages.
    """
    if isinstance(estimator, type):
        raise TypeError(
            f"{estimator.__name__} is a class. Pass an object of it, a fitted one."
        )
    if isinstance(estimator, supported):
        parent = next(cls for cls in type(estimator).__mro__ if cls in supported)
        raise TypeError(
            f"{type(estimator).__name__} is a class of {whose} own, which may predict "
            f"in another way than {parent.__name__}. Pass an estimator of the class "
            "that it derives from."
        )
