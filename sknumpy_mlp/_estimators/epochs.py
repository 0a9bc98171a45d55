"""The end of an epoch, for all solvers: validation, early stopping and callbacks."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sknumpy_mlp._estimators.evaluator import Evaluator
from sknumpy_mlp._estimators.task import FitTask
from sknumpy_mlp._training.run import EarlyStoppingLike, EpochEnd, Run
from sknumpy_mlp._utils.console import write_line
from sknumpy_mlp.callbacks import Callback, Checkpoint, EarlyStopping


@contextmanager
def callback_lifecycle(run: Run) -> Iterator[None]:
    """Call ``on_train_begin`` and, even after errors, ``on_train_end`` of callbacks.

    When a run is resumed, the callbacks load their states from the checkpoint.
    """
    begun: list[Callback] = []
    errors: list[BaseException] = []
    checkpoints, others = _checkpoints_and_others(run.callbacks)
    try:
        # Checkpoints first, since they restore the run.
        for callback in (*checkpoints, *others):
            begun.append(callback)
            callback.on_train_begin(run)
        run.load_callback_states()
        yield
    except BaseException as error:
        run.status = "failed"
        errors.append(error)
    # Checkpoints first again, while the other callbacks still have their states.
    for callback in begun:
        try:
            callback.on_train_end(run)
        except BaseException as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _checkpoints_and_others(
    callbacks: Sequence[Callback],
) -> tuple[list[Callback], list[Callback]]:
    """Return the checkpoints and the other callbacks, in their order."""
    checkpoints: list[Callback] = []
    others: list[Callback] = []
    for callback in callbacks:
        (checkpoints if isinstance(callback, Checkpoint) else others).append(callback)
    return checkpoints, others


class EpochController:
    """Controller that validates, records and reports epochs, and decides when to stop.

    Parameters
    ----------
    task : FitTask
        The fit.
    run : Run
        The run, possibly with epochs from a checkpoint.
    """

    def __init__(self, task: FitTask, run: Run) -> None:
        self._task = task
        self._config = task.config
        self._run = run
        self._evaluator = self._make_evaluator()
        if run.early_stopping is not None:
            self._begin_early_stopping(run.early_stopping)

    def _make_evaluator(self) -> Evaluator | None:
        if not self._run.has_validation:
            return None
        name = self._task.context.validation_name
        if self._task.has_holdout:
            fraction = self._config.validation_fraction
            name = f"the hold-out of early_stopping (validation_fraction={fraction})"
        return Evaluator(self._task, self._task.validation_data(self._run), name)

    def _begin_early_stopping(self, stopping: EarlyStoppingLike) -> None:
        """Set the initial parameters as the best ones."""
        if not stopping.restore_best or self._run.n_epochs:
            return
        assert self._evaluator is not None
        params = self._run.params
        stopping.best_params = params.copy()
        # In a warm start, they are scored on the validation data of this call.
        score = self._evaluator(params)[1] if self._task.is_warm else -math.inf
        stopping.best_score = -math.inf if math.isnan(score) else score

    def epoch_end(self, event: EpochEnd) -> bool:
        """Process the result of an epoch; return True to stop."""
        run = self._run
        if run.member is not None:
            event = replace(event, member=run.member)
        if self._evaluator is not None:
            loss, score = self._evaluator(event.params)
            if run.early_stopping and run.early_stopping.monitor != "loss":
                self._evaluator.check(score, event.params)
            event = replace(event, validation_loss=loss, validation_score=score)
        run.params = event.params
        run.record(event)
        self._print(event)
        if self._is_over(event):
            run.status = "finished"
        # Checkpoints last, since they store the states of the other callbacks.
        checkpoints, others = _checkpoints_and_others(run.callbacks)
        # A list, since every callback has to be called.
        stops = [callback.on_epoch_end(event) for callback in (*others, *checkpoints)]
        if run.status == "running" and any(stops):
            run.status = "stopped"
        return run.status != "running"

    def _is_over(self, event: EpochEnd) -> bool:
        """Return True to stop at a plateau, unless the schedule reduces the rate."""
        run = self._run
        stopping = run.early_stopping
        if stopping is None or not stopping.on_epoch_end(event):
            return False
        base_rate = None
        if event.learning_rate is not None:  # not L-BFGS
            base_rate = self._config.schedule.after_plateau(
                self._config.learning_rate_init
                if run.state.base_rate is None
                else run.state.base_rate
            )
        if base_rate is not None:
            run.state.base_rate = float(base_rate)
            stopping.n_epochs_no_change = 0
        self._print_plateau(stopping, base_rate)
        return base_rate is None

    def _print(self, event: EpochEnd) -> None:
        if not self._config.verbose:
            return
        number = self._task.n_epochs_before + event.epoch
        line = f"Iteration {number}, loss = {event.loss:.8f}"
        if event.validation_loss is not None:
            line += f", validation loss = {event.validation_loss:.8f}"
        if event.validation_score is not None:
            line += f", validation score = {event.validation_score:.6f}"
        write_line(line)

    def _print_plateau(
        self, stopping: EarlyStoppingLike, base_rate: float | None
    ) -> None:
        if not self._config.verbose:
            return
        by_loss = stopping.monitor == "loss"
        what = "Training loss" if by_loss else "Validation score"
        then = (
            "Stopping."
            if base_rate is None
            else f"Setting learning rate to {base_rate:g}."
        )
        write_line(
            f"{what} did not improve more than tol={self._config.tol:f} for "
            f"{self._config.n_iter_no_change} consecutive epochs. {then}"
        )


def make_early_stopping(
    task: FitTask, previous: EarlyStoppingLike | None
) -> EarlyStopping | None:
    """Return the estimator's early stopping, by validation score or training loss.

    Parameters
    ----------
    task : FitTask
        The fit.
    previous : EarlyStopping or None
        The early stopping of the run that a warm start continues.

    Returns
    -------
    stopping : EarlyStopping or None
        None for schedules that depend on the training progress, and for L-BFGS, which
        has its own criterion, unless there is validation data.
    """
    config = task.config
    has_validation = task.validation is not None or task.has_holdout
    by_validation = config.early_stopping and has_validation
    if not by_validation and (
        config.optimizer is None or config.schedule.needs_horizon
    ):
        return None
    stopping = EarlyStopping(
        "validation_score" if by_validation else "loss",
        tol=config.tol,
        n_iter_no_change=config.n_iter_no_change,
        restore_best=by_validation and not task.is_incremental,
    )
    if previous is not None:
        stopping.best_score = previous.best_score
        stopping.n_epochs_no_change = previous.n_epochs_no_change
    return stopping
