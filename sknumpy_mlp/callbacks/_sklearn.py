"""Adapter to scikit-learn's callbacks, available since scikit-learn 1.9.

In scikit-learn, an estimator calls the callbacks that ``set_callbacks`` has registered
at the beginning and the end of each *task* of its fit, and meta-estimators pass their
callbacks on: ``ProgressBar`` on a GridSearchCV shows a bar for each fit in each fold.
The subtasks of a network's fit are its epochs; the subtasks of a tabular estimator's
fit are its networks, whose subtasks are their epochs.  With older releases of
scikit-learn, the functions here do nothing.
"""

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.callbacks import Callback

_Method = TypeVar("_Method", bound=Callable[..., Any])

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Empty replacement for releases of scikit-learn without callbacks."""

    def _with_callbacks(method: Any) -> Any:
        return method


def with_callbacks(fit: _Method) -> _Method:
    """Decorate ``fit``: callbacks are set up before it and torn down after it."""
    wrapped: _Method = _with_callbacks(fit)
    return wrapped


__all__ = [
    "CallbackSupportMixin",
    "EnsembleBridge",
    "SklearnBridge",
    "begin_ensemble",
    "begin_fit",
    "with_callbacks",
]


class SklearnBridge(Callback):
    """Callback that calls scikit-learn's callbacks for the epochs of a network.

    Parameters
    ----------
    arguments : dict
        Arguments of every call: the estimator and its training data.
    fit : sklearn.callback.CallbackContext
        The task of the fit, which has begun.
    """

    def __init__(self, arguments: dict[str, Any], fit: Any) -> None:
        estimator = arguments["estimator"]
        self._epoch_name = "lbfgs-iter" if estimator.solver == "lbfgs" else "epoch"
        self._arguments = arguments
        self._fit = fit
        self._epoch: Any = None
        self._reconstruct: Callable[[Array], dict[str, Any]] = lambda params: {}

    def reconstruct_by(
        self, network: Any, reconstruct: Callable[[Array], dict[str, Any]]
    ) -> None:
        """Set the network, and the function that maps its parameters to attributes."""
        self._reconstruct = reconstruct

    def on_train_begin(self, run: Run) -> None:
        """Begin the task of the first epoch."""
        self._max_epochs = run.max_epochs
        self._begin_epoch()

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """End the task of the epoch and begin the next; return True to stop."""
        params = event.params
        stop = self._epoch.call_on_fit_task_end(
            **self._arguments,
            # A copy, since training continues in place.
            reconstruction_attributes=lambda: self._reconstruct(params.copy()),
        )
        self._epoch = None
        if not stop and event.epoch < self._max_epochs:
            self._begin_epoch()
        return bool(stop)

    def on_train_end(self, run: Run) -> None:
        """End the task of an epoch that has begun but was not trained."""
        if self._epoch is not None:
            self._epoch.call_on_fit_task_end(**self._arguments)
            self._epoch = None

    def end_fit(self) -> None:
        """End the task of the fit, after which the estimator is fitted."""
        self._fit.call_on_fit_task_end(**self._arguments, reconstruction_attributes={})

    def _begin_epoch(self) -> None:
        self._epoch = self._fit.subcontext(task_name=self._epoch_name)
        self._epoch.call_on_fit_task_begin(**self._arguments)


class EnsembleBridge:
    """Bridge to scikit-learn's callbacks for the networks of a tabular estimator.

    Parameters
    ----------
    arguments : dict
        Arguments of every call: the estimator and its training data.
    fit : sklearn.callback.CallbackContext
        The task of the fit, which has begun.
    """

    def __init__(self, arguments: dict[str, Any], fit: Any) -> None:
        self._arguments = arguments
        self._fit = fit
        self._fitted: list[Any] = []

    def network(
        self, stop: Callable[[], None], *, replaces_others: bool
    ) -> SklearnBridge:
        """Return the bridge for one of the networks.

        Parameters
        ----------
        stop : callable
            Prevents the training of further networks.
        replaces_others : bool
            Whether the estimator predicts with this network alone and discards the
            previous ones.
        """
        fitted = [] if replaces_others else self._fitted
        return _NetworkBridge(self._arguments, self._fit, fitted, stop)

    def end_fit(self) -> None:
        """End the task of the fit, after which the estimator is fitted."""
        self._fit.call_on_fit_task_end(**self._arguments, reconstruction_attributes={})


class _NetworkBridge(SklearnBridge):
    """Callback that calls scikit-learn's callbacks for one of several networks.

    The network is a task of the fit.  Callbacks see the tabular estimator as fitted,
    not its network: with the networks trained so far, and without calibration.
    """

    def __init__(
        self,
        arguments: dict[str, Any],
        fit: Any,
        fitted: list[Any],
        stop: Callable[[], None],
    ) -> None:
        super().__init__(arguments, fit)
        self._network: Any = None
        self._fitted = fitted
        self._stop = stop

    def reconstruct_by(
        self, network: Any, reconstruct: Callable[[Array], dict[str, Any]]
    ) -> None:
        """Set the network, and the function that maps its parameters to attributes."""
        self._network = network

        def attributes(params: Array) -> dict[str, Any]:
            network = copy.copy(self._network)
            vars(network).update(reconstruct(params))
            return {"estimators_": [*self._fitted, network]}

        super().reconstruct_by(network, attributes)

    def on_train_begin(self, run: Run) -> None:
        """Begin the tasks of the network and of its first epoch."""
        self._fit = self._fit.subcontext(
            task_name="network", max_subtasks=run.max_epochs
        )
        self._fit.call_on_fit_task_begin(**self._arguments)
        super().on_train_begin(run)

    def end_fit(self) -> None:
        """End the task of the network; stop the ensemble if a callback asks for it."""
        self._fitted.append(self._network)
        stop = self._fit.call_on_fit_task_end(
            **self._arguments,
            reconstruction_attributes={"estimators_": list(self._fitted)},
        )
        if stop:
            self._stop()


def begin_fit(
    estimator: Any, X: Any, y: Any, sample_weight: Any
) -> SklearnBridge | None:
    """Begin the task of the fit of a network; return None if no callbacks are set.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    X, y, sample_weight : objects
        The training data, as passed to ``fit``.
    """
    begun = _begin(estimator, X, y, sample_weight, estimator.max_iter)
    return None if begun is None else SklearnBridge(*begun)


def begin_ensemble(
    estimator: Any, X: Any, y: Any, sample_weight: Any, n_networks: int | None
) -> EnsembleBridge | None:
    """Begin the task of the fit of a tabular estimator; None without callbacks.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    X, y, sample_weight : objects
        The training data, as passed to ``fit``.
    n_networks : int or None
        Maximum number of networks; None if it is unknown.
    """
    begun = _begin(estimator, X, y, sample_weight, n_networks)
    return None if begun is None else EnsembleBridge(*begun)


def _begin(
    estimator: Any, X: Any, y: Any, sample_weight: Any, max_subtasks: int | None
) -> tuple[dict[str, Any], Any] | None:
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    arguments = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    fit = estimator._init_callback_context(max_subtasks=max_subtasks)
    fit.call_on_fit_task_begin(**arguments)
    return arguments, fit
