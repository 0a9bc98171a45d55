"""Rules that end the training of a member before its last epoch, and a warning."""

import math
from collections.abc import Sequence
from typing import Any

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks import Callback


class StopAtEpoch(Callback):
    """Callback that stops a member after a given epoch.

    Parameters
    ----------
    epoch : int
        The last epoch.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_begin(self, run: Run) -> None:
        """Stop a run that a checkpoint has restored at the last epoch or later."""
        if run.status == "running" and run.n_epochs >= self.epoch:
            run.status = "stopped"

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True after the last epoch."""
        return event.epoch >= self.epoch


class StopAtCycleEnd(Callback):
    """Callback that stops a member after a cycle without an improvement.

    The validation score is best near the ends of the schedule's cycles, where the
    learning rate is small.  From the second cycle on, training stops at the end of a
    cycle that has not improved on the best score of the previous ones: the following
    cycles, which are longer, seldom do.

    Parameters
    ----------
    cycle_ends : sequence of float
        The training progress at the end of each cycle.
    """

    def __init__(self, cycle_ends: Sequence[float]) -> None:
        self.cycle_ends = tuple(cycle_ends)
        self._reset()

    def _reset(self) -> None:
        self._n_cycles = 0  # completed
        self._best = self._best_before = -math.inf
        self._has_stopped = False

    def state_dict(self) -> dict[str, Any]:
        """Return the completed cycles, the best scores, and whether it has stopped."""
        return {
            "n_cycles": self._n_cycles,
            "best": self._best,
            "best_before": self._best_before,
            "has_stopped": self._has_stopped,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the cycles of a checkpoint; stop if it had stopped."""
        self._n_cycles = state["n_cycles"]
        self._best, self._best_before = state["best"], state["best_before"]
        self._has_stopped = state["has_stopped"]
        if self._has_stopped and self._run.status == "running":
            self._run.status = "stopped"

    def on_train_begin(self, run: Run) -> None:
        """Forget the previous run."""
        self._run = run
        self._reset()

    def on_train_end(self, run: Run) -> None:
        """Release the run, whose data might be freed late otherwise."""
        vars(self).pop("_run", None)

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True after a cycle without an improvement, but the first."""
        if event.validation_score is None or event.progress is None:
            return False
        if event.validation_score > self._best:  # not NaN
            self._best = event.validation_score
        n_cycles = sum(end <= event.progress for end in self.cycle_ends)
        if n_cycles == self._n_cycles:
            return False
        has_improved = self._best > self._best_before
        self._n_cycles, self._best_before = n_cycles, self._best
        self._has_stopped = n_cycles > 1 and not has_improved
        return self._has_stopped


def warn_if_cut_short(was_cut_short: Sequence[bool], max_time: float | None) -> None:
    """Warn if a time limit ended the training of some members too early.

    Parameters
    ----------
    was_cut_short : sequence of bool
        For each member, whether training ended within or after the first epoch.
    max_time : float or None
        The time limit.
    """
    n_short = sum(was_cut_short)
    if n_short:
        warn(
            f"max_time={max_time} was over before {n_short} of {len(was_cut_short)} "
            "networks had seen the data more than once. Give it more time, or set "
            "ensemble=None, smaller hidden_layer_sizes or a larger batch_size."
        )
