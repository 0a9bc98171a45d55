"""The bridge to scikit-learn's own callbacks, which came with its release 1.9.

There an estimator tells callbacks, set by ``set_callbacks``, about the *tasks* of its
fit, and a meta-estimator hands its callbacks down: ``ProgressBar`` on a GridSearchCV
shows a bar for each fit in each fold.  A task of ours is an epoch.  On older releases
nothing of this is there, and the same code runs without it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sknumpy_mlp._training import EpochEnd, Run
from sknumpy_mlp._typing import Array
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


__all__ = ["CallbackSupportMixin", "SklearnBridge", "begin_fit", "with_callbacks"]


class SklearnBridge(Callback):
    """Tells scikit-learn's callbacks about a fit and its epochs.

    Parameters
    ----------
    estimator : estimator
        The estimator, whose fit has just begun.
    X, y, sample_weight : objects
        Its training data, as given.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._estimator = estimator
        self._task = "lbfgs-iter" if estimator.solver == "lbfgs" else "epoch"
        self._arguments = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": metadata,
        }
        self._fit = estimator._init_callback_context(max_subtasks=estimator.max_iter)
        self._fit.call_on_fit_task_begin(**self._arguments)
        self._epoch: Any = None
        self._reconstruct: Callable[[Array], dict[str, Any]] = lambda params: {}

    def reconstruct_by(self, reconstruct: Callable[[Array], dict[str, Any]]) -> None:
        """Take a function from parameters to the attributes of a fitted estimator."""
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
        self._epoch = self._fit.subcontext(task_name=self._task)
        self._epoch.call_on_fit_task_begin(**self._arguments)


def begin_fit(
    estimator: Any, X: Any, y: Any, sample_weight: Any
) -> SklearnBridge | None:
    """Return the bridge for a fit, or None if nobody listens."""
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return SklearnBridge(estimator, X, y, sample_weight)
