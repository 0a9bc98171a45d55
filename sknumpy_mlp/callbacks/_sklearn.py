"""The bridge to scikit-learn's own callbacks, which came with its release 1.9.

There an estimator tells callbacks, set by ``set_callbacks``, about the *tasks* of its
fit, and a meta-estimator hands its callbacks down: ``ProgressBar`` on a GridSearchCV
shows a bar for each fit in each fold.  Below the fit of a network our tasks are its
epochs; below that of a tabular estimator they are its networks, with their epochs.  On
older releases nothing of this is there, and the same code runs without it.
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
        """Stands in where scikit-learn has no callbacks."""

    def _with_callbacks(method: Any) -> Any:
        return method


def with_callbacks(fit: _Method) -> _Method:
    """Have callbacks set up before a ``fit`` and torn down after it, come what may."""
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
    """Tells scikit-learn's callbacks about the fit of a network and its epochs.

    Parameters
    ----------
    arguments : dict
        What they are given each time: the estimator, and its training data.
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

    def reconstruct_by(self, reconstruct: Callable[[Array], dict[str, Any]]) -> None:
        """Take a function from parameters to the attributes of a fitted network."""
        self._reconstruct = reconstruct

    def on_train_begin(self, run: Run) -> None:
        """Begin the first epoch's task."""
        self._max_epochs = run.max_epochs
        self._begin_epoch()

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """End the epoch's task, and begin the next one's; True if asked to stop."""
        params = event.params
        stop = self._epoch.call_on_fit_task_end(
            **self._arguments,
            # A copy, since the training goes on in these parameters.
            reconstruction_attributes=lambda: self._reconstruct(params.copy()),
        )
        self._epoch = None
        if not stop and event.epoch < self._max_epochs:
            self._begin_epoch()
        return bool(stop)

    def on_train_end(self, run: Run) -> None:
        """End the task of an epoch that will not come."""
        if self._epoch is not None:
            self._epoch.call_on_fit_task_end(**self._arguments)
            self._epoch = None

    def end_fit(self) -> None:
        """End the fit's task: the estimator is fitted now."""
        self._fit.call_on_fit_task_end(**self._arguments, reconstruction_attributes={})

    def _begin_epoch(self) -> None:
        self._epoch = self._fit.subcontext(task_name=self._epoch_name)
        self._epoch.call_on_fit_task_begin(**self._arguments)


class EnsembleBridge:
    """Tells scikit-learn's callbacks about the fit of a tabular estimator.

    Parameters
    ----------
    arguments : dict
        What they are given each time: the estimator, and its training data.
    fit : sklearn.callback.CallbackContext
        The task of the fit, which has begun.
    """

    def __init__(self, arguments: dict[str, Any], fit: Any) -> None:
        self._arguments = arguments
        self._fit = fit
        self._fitted: list[Any] = []

    def network(
        self, network: Any, stop: Callable[[], None], *, replaces_others: bool
    ) -> SklearnBridge:
        """Return the bridge for one of the networks.

        Parameters
        ----------
        network : estimator
            The network, unfitted.
        stop : callable
            Keeps the networks that come after it from beginning.
        replaces_others : bool
            Whether the estimator predicts with this network alone, and not with those
            before it.
        """
        fitted = [] if replaces_others else self._fitted
        return _NetworkBridge(self._arguments, self._fit, network, fitted, stop)

    def end_fit(self) -> None:
        """End the fit's task: the estimator is fitted now."""
        self._fit.call_on_fit_task_end(**self._arguments, reconstruction_attributes={})


class _NetworkBridge(SklearnBridge):
    """Tells about one of several networks, a task between the fit and the epochs.

    What callbacks see as fitted is the tabular estimator, not its network: as it would
    be if training had stopped here, with the networks so far, and no calibration.
    """

    def __init__(
        self,
        arguments: dict[str, Any],
        fit: Any,
        network: Any,
        fitted: list[Any],
        stop: Callable[[], None],
    ) -> None:
        super().__init__(arguments, fit)
        self._network = network
        self._fitted = fitted
        self._stop = stop

    def reconstruct_by(self, reconstruct: Callable[[Array], dict[str, Any]]) -> None:
        """Take a function from parameters to the attributes of a fitted network."""

        def attributes(params: Array) -> dict[str, Any]:
            network = copy.copy(self._network)
            vars(network).update(reconstruct(params))
            return {"estimators_": [*self._fitted, network]}

        super().reconstruct_by(attributes)

    def on_train_begin(self, run: Run) -> None:
        """Begin the network's task, and that of its first epoch."""
        self._fit = self._fit.subcontext(
            task_name="network", max_subtasks=run.max_epochs
        )
        self._fit.call_on_fit_task_begin(**self._arguments)
        super().on_train_begin(run)

    def end_fit(self) -> None:
        """End the network's task; no other network begins if asked to stop."""
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
    """Begin the task of a network's fit; return its bridge, or None if nobody listens.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    X, y, sample_weight : objects
        Its training data, as given.
    """
    begun = _begin(estimator, X, y, sample_weight, estimator.max_iter)
    return None if begun is None else SklearnBridge(*begun)


def begin_ensemble(
    estimator: Any, X: Any, y: Any, sample_weight: Any, n_networks: int
) -> EnsembleBridge | None:
    """Begin the task of a tabular estimator's fit; return its bridge likewise.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    X, y, sample_weight : objects
        Its training data, as given.
    n_networks : int
        How many networks there will be at most.
    """
    begun = _begin(estimator, X, y, sample_weight, n_networks)
    return None if begun is None else EnsembleBridge(*begun)


def _begin(
    estimator: Any, X: Any, y: Any, sample_weight: Any, max_subtasks: int
) -> tuple[dict[str, Any], Any] | None:
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    arguments = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    fit = estimator._init_callback_context(max_subtasks=max_subtasks)
    fit.call_on_fit_task_begin(**arguments)
    return arguments, fit
