"""Early stopping."""

import copy
import math
from typing import Any, Literal

import numpy as np

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.suggestions import suggest_value, suggests_parameters
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import check_bool, check_number
from sknumpy_mlp.callbacks._base import Callback


class EarlyStopping(Callback):
    """Stop training when a score or a loss has stopped improving.

    The estimators' parameter ``early_stopping`` does so for the validation score; this
    callback can also monitor a loss.

    Parameters
    ----------
    monitor : {'validation_score', 'validation_loss', 'loss'}, \
default='validation_score'
        The quantity to monitor: a score, higher is better, or a loss, lower is better.
        The first two need validation data (``X_val`` in ``fit``, or
        ``early_stopping=True``).
    tol : float, default=1e-4
        The minimum improvement on the best epoch so far.  NaN is never an improvement.
    n_iter_no_change : int or inf, default=10
        The patience: training stops after *more* than this many consecutive epochs
        without an improvement, as in scikit-learn.
    restore_best : bool, default=True
        Whether to restore the parameters of the best epoch at the end of training.

    Attributes
    ----------
    best_score : float
        The best value so far; for a loss, its negative.
    best_epoch : int or None
        The epoch with the best value; None if there is none yet.
    best_params : ndarray of shape (n_params,) or None
        The parameters of that epoch during training, if ``restore_best``; at the end of
        training, they are moved to ``run.kept_params``.
    n_epochs_no_change : int
        Number of epochs since the last improvement.
    members : list of EarlyStopping
        For a tabular estimator, whose networks stop independently, an object with these
        attributes for each network; the attributes of this object are then those of the
        last network.  Empty for a single network.

    Examples
    --------
    Usually it is passed to an estimator, ``callbacks=[stopping]``; here, it is called
    directly:

    >>> import numpy as np
    >>> from sknumpy_mlp.callbacks import EarlyStopping, EpochEnd
    >>> stopping, params = EarlyStopping("loss", n_iter_no_change=1), np.zeros(1)
    >>> for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.5], start=1):
    ...     event = EpochEnd(epoch, loss, learning_rate=0.1, seconds=0.0, params=params)
    ...     print(epoch, stopping.on_epoch_end(event), stopping.best_epoch)
    1 False 1
    2 False 2
    3 False 2
    4 True 2
    """

    # The object that the user passed, during the fit of one of several networks.
    _given: "EarlyStopping | None" = None
    # The current run, if any.
    _run: Run | None = None

    @suggests_parameters
    def __init__(
        self,
        monitor: Literal[
            "validation_score", "validation_loss", "loss"
        ] = "validation_score",
        *,
        tol: float = 1e-4,
        n_iter_no_change: float = 10,
        restore_best: bool = True,
    ) -> None:
        allowed = ("validation_score", "validation_loss", "loss")
        if monitor not in allowed:
            raise ValueError(
                f"EarlyStopping(monitor={monitor!r}): it must be one of {allowed}."
                f"{suggest_value(monitor, allowed)}"
            )
        self.monitor = monitor
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.restore_best = restore_best
        check_number(self, "tol", 0.0)
        check_number(self, "n_iter_no_change", 1.0, closed="both")
        check_bool(self, "restore_best")
        self.members: list[EarlyStopping] = []
        self.reset()

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles made during a fit are not part of it.
        return self.__dict__ | {"_given": None, "_run": None}

    def for_member(self, member: int) -> "EarlyStopping":
        """Return a copy for this network alone, which is added to ``members``."""
        if member == 0:
            self.members = []
        twin = copy.copy(self)
        twin.members = []
        twin._given = self
        return twin

    def reset(self) -> None:
        """Reset the state: no best epoch, and full patience."""
        self.best_score = -math.inf
        self.best_epoch: int | None = None
        self.best_params: Array | None = None
        self.n_epochs_no_change = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch with its parameters, and the epochs since then."""
        state: dict[str, Any] = {
            "monitor": self.monitor,
            "restore_best": bool(self.restore_best),
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "n_epochs_no_change": self.n_epochs_no_change,
        }
        if self.best_params is not None:
            state["best_params"] = self.best_params
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of an object with the same ``monitor``.

        A state of another ``monitor`` is ignored, and so is one without the best
        parameters if they are to be restored.
        """
        has_all = state.get("restore_best") or not self.restore_best
        if state.get("monitor") != self.monitor or not has_all:
            return
        self.best_score = state["best_score"]
        self.best_epoch = state["best_epoch"]
        self.n_epochs_no_change = state["n_epochs_no_change"]
        if self.restore_best and "best_params" in state:
            self.best_params = np.array(state["best_params"])
        # The run was cut short after its last epoch; with more patience it continues.
        if self._is_out_of_patience() and self._run and self._run.status == "running":
            self._run.status = "stopped"

    def on_train_begin(self, run: Run) -> None:
        """Reset the state of an earlier run; check that the monitor is available."""
        self.reset()
        self._run = run
        if self._given is None:
            self.members = []
        else:
            self._given.members.append(self)
        if self.monitor != "loss" and not run.has_validation:
            raise ValueError(
                f"EarlyStopping(monitor={self.monitor!r}) needs validation data: pass "
                "X_val and y_val to fit, set early_stopping=True, or use "
                "monitor='loss'."
            )

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Compare the epoch with the best one; return True if out of patience."""
        value = getattr(event, self.monitor)
        score = value if self.monitor == "validation_score" else -value
        if score > -math.inf and score >= self.best_score + self.tol:
            self.n_epochs_no_change = 0
        else:
            self.n_epochs_no_change += 1
        if score > self.best_score:
            self.best_score = score
            self.best_epoch = event.epoch
            if self.restore_best:
                if self.best_params is None:
                    self.best_params = np.empty_like(event.params)
                np.copyto(self.best_params, event.params)
        return self._is_out_of_patience()

    def on_train_end(self, run: Run) -> None:
        """Restore the best parameters."""
        self._run = None
        if self.best_params is not None:
            run.kept_params, self.best_params = self.best_params, None
        if self._given is not None:
            given, self._given = self._given, None
            for name in ("best_score", "best_epoch", "n_epochs_no_change"):
                setattr(given, name, getattr(self, name))

    def _is_out_of_patience(self) -> bool:
        return self.n_epochs_no_change > self.n_iter_no_change
