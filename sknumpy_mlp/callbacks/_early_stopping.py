"""Early stopping."""

import copy
import math
from typing import Any, Literal

import numpy as np

from sknumpy_mlp._training.loop import EpochEnd, Run
from sknumpy_mlp._utils.suggestions import suggest_value, suggests_parameters
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import check_bool, check_number
from sknumpy_mlp.callbacks._base import Callback


class EarlyStopping(Callback):
    """End the training when it has not improved for some epochs.

    The estimators' parameter ``early_stopping`` makes one of these with
    ``monitor="validation_score"``; as a callback it can also watch the loss.

    Parameters
    ----------
    monitor : {'validation_score', 'validation_loss', 'loss'}, \
default='validation_score'
        What to watch: a score, higher is better, or a loss, lower is better.  The
        first two need validation data (``X_val`` in ``fit``, or
        ``early_stopping=True``).
    tol : float, default=1e-4
        An epoch improves on the best one before if it is better by at least this.
        NaN never is.
    n_iter_no_change : int or inf, default=10
        The training ends once *more* than this many epochs in a row brought no
        improvement (scikit-learn's rule).
    restore_best : bool, default=True
        Whether the estimator gets the parameters of the best epoch, not of the last.

    Attributes
    ----------
    best_score : float
        The best value so far; of a loss, minus the loss.
    best_epoch : int or None
        The epoch that had it.
    n_epochs_no_change : int
        Epochs since the last improvement.
    members : list of EarlyStopping
        After the fit of a tabular estimator, in which each network stops by itself: one
        for each of them, with these attributes.  Here they are those of the last
        network.  Empty after the fit of a single network.

    Examples
    --------
    An estimator would be given ``callbacks=[stopping]``; here are some epochs by hand.

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

    # The one that was given, if this is its twin for a network that trains.
    _given: "EarlyStopping | None" = None

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
        self._reset()

    def __getstate__(self) -> dict[str, Any]:
        # Each knows the other while a network trains; copies need not.
        return self.__dict__ | {"_given": None}

    def for_member(self, member: int) -> "EarlyStopping":
        """Return one for this network alone; it will be found in ``members``."""
        if member == 0:
            self.members = []
        twin = copy.copy(self)
        twin.members = []
        twin._given = self
        return twin

    def _reset(self) -> None:
        self.best_score = -math.inf
        self.best_epoch: int | None = None
        self.best_params: Array | None = None
        self.n_epochs_no_change = 0

    def memory(self) -> dict[str, Any]:
        """Return the best epoch, and the patience that is used up."""
        memory: dict[str, Any] = {
            "monitor": self.monitor,
            "restore_best": bool(self.restore_best),
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "n_epochs_no_change": self.n_epochs_no_change,
        }
        if self.best_params is not None:
            memory["best_params"] = self.best_params
        return memory

    def on_train_begin(self, run: Run) -> None:
        """Forget an earlier run; remember the one that is resumed."""
        self._reset()
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
        memory = run.recall(self)
        has_all = memory.get("restore_best") or not self.restore_best
        if memory.get("monitor") == self.monitor and has_all:
            self._recover(memory, run)

    def _recover(self, memory: dict[str, Any], run: Run) -> None:
        self.best_score = memory["best_score"]
        self.best_epoch = memory["best_epoch"]
        self.n_epochs_no_change = memory["n_epochs_no_change"]
        if self.restore_best and "best_params" in memory:
            self.best_params = np.empty_like(run.params)
            self.best_params[...] = memory["best_params"]
        # The break came after the last epoch; more patience now, and there are others.
        used_up = self.n_epochs_no_change > self.n_iter_no_change
        if used_up and run.status == "running":
            run.status = "stopped"

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Judge the epoch; return True if the patience is used up."""
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
        return self.n_epochs_no_change > self.n_iter_no_change

    def on_train_end(self, run: Run) -> None:
        """Hand the best parameters over."""
        if self.best_params is not None:
            run.kept_params, self.best_params = self.best_params, None
        if self._given is not None:
            given, self._given = self._given, None
            for name in ("best_score", "best_epoch", "n_epochs_no_change"):
                setattr(given, name, getattr(self, name))
