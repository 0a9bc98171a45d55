"""The networks of an estimator, for plotting and export.

An estimator of this package may be wrapped by scikit-learn (in a pipeline, a search or
a ``TransformedTargetRegressor``), and tabular estimators have several networks.
"""

from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._tabular.base import _BaseTabularMLP


def unwrap(estimator: Any) -> list[Any]:
    """Return an estimator and the ones nested in it, from the outside in.

    Parameters
    ----------
    estimator : object
        An estimator, possibly a ``Pipeline`` (the last step is followed), a search
        (``best_estimator_``) or a ``TransformedTargetRegressor`` (``regressor_``).

    Returns
    -------
    chain : list
        The nested estimators, from ``estimator`` to one of this package, or to the
        first that is none of the above.
    """
    chain = [estimator]
    while not isinstance(chain[-1], _BaseMLP | _BaseTabularMLP):
        wrapper = chain[-1]
        if isinstance(wrapper, Pipeline):
            chain.append(wrapper.steps[-1][1])
        elif hasattr(wrapper, "best_estimator_"):
            chain.append(wrapper.best_estimator_)
        elif hasattr(wrapper, "regressor_"):
            chain.append(wrapper.regressor_)
        else:
            break
    return chain


def find_network(estimator: Any, caller: str) -> Any:
    """Return the fitted estimator of this package that an estimator is or wraps.

    Parameters
    ----------
    estimator : object
        An estimator.
    caller : str
        The name of the function, for messages.

    Returns
    -------
    network : estimator
        A plain or a tabular estimator of this package.

    Raises
    ------
    NotFittedError
        If there is one that is not fitted.
    TypeError
        If there is none.
    """
    inner = unwrap(estimator)[-1]
    if not isinstance(inner, _BaseMLP | _BaseTabularMLP):
        # Searches and TransformedTargetRegressor wrap a network only once fitted.
        if hasattr(inner, "refit") or isinstance(inner, TransformedTargetRegressor):
            check_is_fitted(inner)
        raise TypeError(
            f"{caller} needs a fitted estimator of sknumpy_mlp, or a Pipeline, a "
            "search (with refit=True) or a TransformedTargetRegressor with one at "
            f"its end, got {estimator!r}."
        )
    check_is_fitted(inner)
    return inner


def refuse_wrapper(estimator: Any, caller: str) -> None:
    """Raise TypeError for an estimator that wraps one of this package.

    Parameters
    ----------
    estimator : object
        An estimator that is none of this package.
    caller : str
        The name of the function, for the message.
    """
    *wrappers, inner = unwrap(estimator)
    if wrappers and isinstance(inner, _BaseMLP | _BaseTabularMLP):
        raise TypeError(
            f"{type(estimator).__name__} is not an estimator of this package, but "
            f"wraps the {type(inner).__name__} that {caller} needs. Pass that one, and "
            "the data that it receives: for a Pipeline, pipeline[-1] and "
            "pipeline[:-1].transform(X)."
        )


def networks_of(estimator: Any) -> list[Any]:
    """Return the networks of a fitted estimator of this package.

    They are the members of a tabular estimator, or a plain estimator itself.
    """
    if isinstance(estimator, _BaseTabularMLP):
        return list(estimator.estimators_)
    return [estimator]
