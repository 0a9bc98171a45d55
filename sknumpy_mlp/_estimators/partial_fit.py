"""The descriptor of `partial_fit`, which is only available with some parameters."""

from collections.abc import Callable
from types import MethodType
from typing import Any

from sknumpy_mlp._estimators.parameters import needs_horizon
from sknumpy_mlp.optimizers import OPTIMIZERS


class PartialFitUnavailableError(AttributeError, ValueError, NotImplementedError):
    """Error for `partial_fit` with parameters of the estimator that do not support it.

    It is an AttributeError, so that ``hasattr`` returns False; a ValueError, which
    scikit-learn raises for ``early_stopping=True``; and a NotImplementedError, which
    scikit-learn's estimator checks allow.
    """


class PartialFit:
    """Descriptor of `partial_fit`, available if the parameters allow it.

    It is available with ``early_stopping=True``, since it may be called with ``X_val``.

    scikit-learn's ``available_if`` would replace the reason by a generic message.

    Parameters
    ----------
    method : function
        The method.
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, estimator: Any, owner: type) -> Any:
        if estimator is None:
            return self.method
        if estimator.solver == "lbfgs":
            raise PartialFitUnavailableError(
                "partial_fit is only available for stochastic optimizers. "
                f"solver='lbfgs' is not stochastic; use one of {[*OPTIMIZERS]}."
            )
        if needs_horizon(estimator.learning_rate):
            raise PartialFitUnavailableError(
                "partial_fit does not know how long the training will be, and "
                f"learning_rate={estimator.learning_rate!r} depends on it. Use "
                "learning_rate='constant' or 'plateau', or fit."
            )
        if isinstance(getattr(estimator, "class_weight", None), str):
            raise PartialFitUnavailableError(
                "class_weight='balanced' is not supported by partial_fit, which sees "
                "only a part of the data. Compute the weights from all of it with "
                "sklearn.utils.class_weight.compute_class_weight('balanced', "
                "classes=classes, y=y) and pass class_weight as a dict."
            )
        return MethodType(self.method, estimator)
