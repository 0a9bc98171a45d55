"""What is to be trained, and what happens after each epoch.

Validation, early stopping, plateaus, printing and callbacks are the same for every
solver.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknumpy_mlp._estimators.evaluator import Evaluator
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._training.run import EpochEnd, Run, TrainingState
from sknumpy_mlp._utils.console import write_line
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.callbacks import Callback, Checkpoint, EarlyStopping
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.schedules import Schedule


@dataclass(frozen=True)
class Job:
    """What a solver is to do.

    Attributes
    ----------
    data : Data
        The training data.
    validation : Data or None
        Validation data that was given, not held out.
    loss : Loss
        The loss.
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        Its parameters, trained in place: no array of the estimator.
    rng : RandomState
        The stream for the hold-out and the order of the samples.
    state : TrainingState or None
        What an earlier run left to go on from, the job's own copy.
    warm : bool
        Whether the parameters come from an earlier run.
    incremental : bool
        Whether this is `partial_fit`: one epoch, and no verdict on convergence.
    callbacks : sequence of Callback
        What is to be told about each epoch.
    identify : callable
        Returns what makes this run the same as another one, see `Run`.
    max_seconds : float
        Time that the epochs may take, see :func:`sknumpy_mlp._training.loop.train`.
    n_threads : int or None
        The most threads for a matrix product; None leaves it to its size.
    member : int or None
        The number of the network, if it is one of several of an estimator.
    """

    data: Data
    validation: Data | None
    loss: Loss
    network: Network
    params: Array
    rng: np.random.RandomState
    state: TrainingState | None
    warm: bool
    incremental: bool
    callbacks: Sequence[Callback] = ()
    identify: Callable[[], dict[str, Any]] = dict
    max_seconds: float = math.inf
    n_threads: int | None = None
    member: int | None = None


@contextmanager
def told(run: Run) -> Iterator[None]:
    """Tell callbacks of the beginning and, whatever happens, of the end of a run."""
    begun: list[Callback] = []
    errors: list[BaseException] = []
    checkpoints, others = _apart(run.callbacks)
    try:
        # Checkpoints first: the others are to see a run as it is resumed.
        for callback in (*checkpoints, *others):
            begun.append(callback)
            callback.on_train_begin(run)
        yield
    except BaseException as error:
        run.status = "failed"
        errors.append(error)
    # Again, before the others give away what they remember.
    for callback in begun:
        try:
            callback.on_train_end(run)
        except BaseException as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _apart(callbacks: Sequence[Callback]) -> tuple[list[Callback], list[Callback]]:
    """Return checkpoints, and the others, each in their order."""
    checkpoints: list[Callback] = []
    others: list[Callback] = []
    for callback in callbacks:
        (checkpoints if isinstance(callback, Checkpoint) else others).append(callback)
    return checkpoints, others


class Conductor:
    """Leads a run: has each epoch evaluated and judged, and tells the callbacks.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    job : Job
        What is to be done.
    run : Run
        The run, possibly with epochs from a checkpoint.
    schedule : Schedule or None, default=None
        What to do at a plateau; None for L-BFGS.
    """

    def __init__(
        self, estimator: Any, job: Job, run: Run, schedule: Schedule | None = None
    ) -> None:
        self._estimator = estimator
        self._job = job
        self._run = run
        self._schedule = schedule
        self._evaluate = self._make_evaluator()
        self.stopping = self._make_stopping()
        # Each call of partial_fit is one epoch: lines that all say 1 would say nothing.
        counts_calls = job.incremental and job.warm
        self._n_epochs_before = len(estimator.loss_curve_) if counts_calls else 0

    def _make_evaluator(self) -> Evaluator | None:
        if not self._run.has_validation:
            return None
        estimator, job, data = self._estimator, self._job, self._job.validation
        split = estimator._validation_split
        if data is None:
            assert self._run.state.holdout is not None
            data = job.data.take(self._run.state.holdout[1])
            fraction = estimator.validation_fraction
            split = f"the hold-out of early_stopping (validation_fraction={fraction})"
        return Evaluator(estimator, job.network, job.loss, data, split)

    def _make_stopping(self) -> EarlyStopping | None:
        """Return what judges epochs: by validation, or by the training loss."""
        estimator, job, run = self._estimator, self._job, self._run
        by_validation = bool(estimator.early_stopping) and self._evaluate is not None
        if not by_validation and (
            self._schedule is None or self._schedule.needs_horizon
        ):
            return None
        restores = by_validation and not job.incremental
        stopping = EarlyStopping(
            "validation_score" if by_validation else "loss",
            tol=float(estimator.tol),
            n_iter_no_change=estimator.n_iter_no_change,
            restore_best=restores,
        )
        stopping.best_score = run.state.best_score
        stopping.n_epochs_no_change = run.state.n_epochs_no_change
        if restores and run.n_epochs:
            stopping.best_params = run.best_params
        elif restores:
            # Until an epoch does better, the best parameters are those to start from.
            # A warm start must do better than they do, on the data of this call.
            assert self._evaluate is not None
            stopping.best_params = run.params.copy()
            score = self._evaluate(run.params)[1] if job.warm else -math.inf
            stopping.best_score = -math.inf if math.isnan(score) else score
        run.best_params = stopping.best_params
        return stopping

    @property
    def best_score(self) -> float | None:
        """Score of the parameters that are kept, if early stopping chose them."""
        run, stopping = self._run, self.stopping
        if stopping is None or run.best_params is None or run.kept_params is not None:
            return None
        return stopping.best_score

    def epoch_end(self, event: EpochEnd) -> bool:
        """Deal with an epoch; return True if it was the last one."""
        run = self._run
        if run.member is not None:
            event = replace(event, member=run.member)
        if self._evaluate is not None:
            loss, score = self._evaluate(event.params)
            if self.stopping is not None and self.stopping.monitor != "loss":
                self._evaluate.check(score, event.params)
            event = replace(event, validation_loss=loss, validation_score=score)
        run.params = event.params
        run.record(event)
        self._print(event)
        if self._is_over(event):
            run.status = "finished"
        # Checkpoints last, since they keep what the others remember of the epoch.
        checkpoints, others = _apart(run.callbacks)
        # All of them are to see every epoch, whatever the others say.
        stops = [callback.on_epoch_end(event) for callback in (*others, *checkpoints)]
        if run.status == "running" and any(stops):
            run.status = "stopped"
        return run.status != "running"

    def _is_over(self, event: EpochEnd) -> bool:
        """At a plateau, let the schedule lower the rate; return True if it ends."""
        stopping, state = self.stopping, self._run.state
        if stopping is None:
            return False
        at_plateau = stopping.on_epoch_end(event)
        ends = False
        if at_plateau:
            base_rate = None
            if self._schedule is not None and event.learning_rate is not None:
                base_rate = self._schedule.after_plateau(
                    float(self._estimator.learning_rate_init)
                    if state.base_rate is None
                    else state.base_rate
                )
            if base_rate is not None:
                state.base_rate = float(base_rate)
                stopping.n_epochs_no_change = 0
            ends = base_rate is None
            self._print_plateau(stopping, base_rate)
        state.best_score = stopping.best_score
        state.n_epochs_no_change = stopping.n_epochs_no_change
        self._run.best_params = stopping.best_params
        return ends

    def _print(self, event: EpochEnd) -> None:
        if not self._estimator.verbose:
            return
        number = self._n_epochs_before + event.epoch
        line = f"Iteration {number}, loss = {event.loss:.8f}"
        if event.validation_loss is not None:
            line += f", validation loss = {event.validation_loss:.8f}"
        if event.validation_score is not None:
            line += f", validation score = {event.validation_score:.6f}"
        write_line(line)

    def _print_plateau(self, stopping: EarlyStopping, base_rate: float | None) -> None:
        estimator = self._estimator
        if not estimator.verbose:
            return
        by_loss = stopping.monitor == "loss"
        what = "Training loss" if by_loss else "Validation score"
        then = (
            "Stopping."
            if base_rate is None
            else f"Setting learning rate to {base_rate:g}."
        )
        write_line(
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs. {then}"
        )
