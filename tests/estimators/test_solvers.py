"""The solvers: interruptions, failures, and what a fit leaves behind."""

import copy
import io
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score

from sknumpy_mlp._estimators.solvers import solve
from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp.callbacks import Callback
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import X, make_data, make_task, y


class _Interrupted(io.StringIO):
    """Standard output that interrupts the program at a certain line."""

    def __init__(self, line):
        super().__init__()
        self.line = line

    def write(self, text):
        if self.line in text:
            raise KeyboardInterrupt
        return super().write(text)


@plain_estimators
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("at", [1, 4])
def test_ctrl_c_leaves_a_usable_estimator(
    Estimator, solver, early_stopping, at, monkeypatch
):
    monkeypatch.setattr("sys.stdout", _Interrupted(f"Iteration {at},"))
    est = Estimator(
        solver=solver,
        early_stopping=early_stopping,
        verbose=True,
        learning_rate_init=1e-3,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        est.fit(X, y)
    assert np.isfinite(est.predict(X)).all()
    assert est.n_iter_ == at
    assert len(est.loss_curve_) == at


@plain_estimators
def test_ctrl_c_in_the_first_epoch(Estimator, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    for name, solver in (("Adam.step", "adam"), ("SGD.step", "sgd")):
        monkeypatch.setattr(f"sknumpy_mlp.optimizers.{name}", interrupt)
        for early_stopping in (True, False):
            est = Estimator(solver=solver, early_stopping=early_stopping)
            with pytest.warns(UserWarning, match="interrupted"):
                est.fit(X, y)
            assert est.predict(X).shape == y.shape
            assert (est.n_iter_, est.loss_curve_) == (0, [])
            assert np.isnan(est.loss_)


# --------------------------------------------------- the solvers on a task made by hand


class Ends(Callback):
    """Raises an error, or stops the run, at the end of an epoch."""

    def __init__(self, epoch, error=None):
        self.epoch, self.error = epoch, error

    def on_epoch_end(self, event):
        if event.epoch == self.epoch and self.error is not None:
            raise self.error
        return event.epoch == self.epoch


@unconverged
@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop", "lbfgs"])
def test_a_solver_trains_the_parameters_of_its_task_in_place(solver):
    task = make_task(solver=solver, learning_rate_init=0.05, tol=0.0)
    before = task.params.copy()
    run = solve(task)
    assert run.status == "exhausted"
    assert run.n_epochs == 6
    assert run.losses[-1] < run.losses[0]
    assert run.result is run.params
    np.testing.assert_array_equal(run.params, task.params)
    assert not np.array_equal(task.params, before)


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_same_task_gives_the_same_run(solver):
    first, second = (solve(make_task(solver=solver)) for _ in range(2))
    assert first.losses == second.losses
    np.testing.assert_array_equal(first.result, second.result)


@unconverged
def test_rows_trained_on_are_counted():
    assert solve(make_task(max_iter=3)).n_samples_seen == 3 * 40
    run = solve(make_task(max_iter=3, early_stopping=True, validation_fraction=0.25))
    assert run.n_samples_seen == 3 * 30


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_stops_a_run(solver):
    run = solve(make_task(solver=solver, callbacks=[Ends(2)]))
    assert (run.status, run.n_epochs) == ("stopped", 2)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_ends_a_run_with_what_it_has(solver):
    task = make_task(solver=solver, callbacks=[Ends(2, KeyboardInterrupt())])
    with pytest.warns(UserWarning, match="interrupted by user"):
        run = solve(task)
    assert (run.status, run.n_epochs) == ("interrupted", 2)
    assert np.isfinite(run.result).all()


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_errors_of_callbacks_are_raised(solver):
    task = make_task(solver=solver, callbacks=[Ends(2, ZeroDivisionError("mine"))])
    with pytest.raises(ZeroDivisionError, match="mine"):
        solve(task)


def test_lbfgs_that_meets_its_tolerance_is_finished():
    run = solve(make_task(solver="lbfgs", tol=0.5, max_iter=200))
    assert run.status == "finished"
    assert run.n_epochs < 200
    assert run.loss == run.final_loss <= run.losses[0]


def test_limits_that_are_reached_are_warned_of_unless_nobody_cares():
    for solver, message in (("adam", r"iterations \(6\)"), ("lbfgs", "max_iter=6")):
        with pytest.warns(ConvergenceWarning, match=message):
            solve(make_task(solver=solver, tol=0.0))
        # Warnings are errors here.
        context = FitContext(expects_convergence=False)
        solve(make_task(solver=solver, tol=0.0, context=context))
    solve(make_task(is_incremental=True))
    solve(make_task(learning_rate="cosine"))


def test_a_schedule_s_whole_length_is_no_failure_to_converge():
    run = solve(make_task(learning_rate="one_cycle", max_iter=9))
    assert (run.status, run.n_epochs) == ("exhausted", 9)


@unconverged
def test_early_stopping_restores_the_best_epoch():
    task = make_task(
        early_stopping=True,
        validation=make_data(30, 1),
        learning_rate_init=0.2,
        max_iter=40,
    )
    run = solve(task)
    best = int(np.argmax(run.validation_scores))
    assert best < run.n_epochs - 1
    predicted = task.network.predict_raw(run.result, task.validation.X)
    score = r2_score(task.validation.y, predicted)
    assert score == pytest.approx(run.validation_scores[best]) == run.best_score
    # Moments and patience belong to the last epoch.
    assert run.state.optimizer is run.state.early_stopping is None


@unconverged
def test_a_state_that_is_given_goes_on():
    whole = solve(make_task(max_iter=6))
    first = solve(make_task(max_iter=3))
    again = make_task(
        max_iter=3,
        state=first.state,
        params=first.result.copy(),
        is_warm=True,
    )
    again.rng.set_state(first.rng.get_state())
    second = solve(again)
    assert first.losses + second.losses == whole.losses
    np.testing.assert_array_equal(second.result, whole.result)


@unconverged
def test_another_optimizer_does_not_inherit_moments():
    first = solve(make_task(max_iter=3))
    state, n_steps = first.state, first.state.optimizer.n_steps
    assert n_steps == 3 * 4
    same = solve(make_task(max_iter=1, state=copy.deepcopy(state)))
    assert same.state.optimizer.n_steps == n_steps + 4
    other = solve(make_task(max_iter=1, state=state, beta_1=0.5))
    assert other.state.optimizer.n_steps == 4


@unconverged
def test_dropout_is_drawn_from_a_stream_that_a_later_run_continues():
    whole = solve(make_task(max_iter=4, dropout=0.2))
    first = solve(make_task(max_iter=2, dropout=0.2))
    again = make_task(max_iter=2, dropout=0.2, state=first.state, params=first.result)
    again.rng.set_state(first.rng.get_state())
    assert first.losses + solve(again).losses == whole.losses
    assert whole.losses != solve(make_task(max_iter=4)).losses


def test_a_batch_size_beyond_the_data_is_clipped_with_a_warning():
    with pytest.warns(UserWarning, match="clipped from 1000 to 40"):
        run = solve(make_task(batch_size=1000, learning_rate="cosine"))
    assert run.state.optimizer.n_steps == 6
    solve(make_task(batch_size=1000, is_incremental=True))  # a part of the data


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_what_is_not_finite_is_no_result(solver):
    data = make_data()
    target = np.full_like(data.y, 1e300)
    task = make_task(
        solver=solver,
        data=replace(data, y=target, target=target.ravel()),
        learning_rate_init=1e10,
    )
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        solve(task)


def test_a_deadline_that_has_passed_leaves_an_epoch_at_least():
    context = FitContext(deadline=time.time() - 10, expects_convergence=False)
    run = solve(make_task(context=context, max_iter=10**6))
    assert 1 <= run.n_epochs < 10**6
    assert run.state.optimizer.n_steps >= 1


def test_the_time_that_validation_takes_is_set_aside():
    context = FitContext(deadline=time.time() + 0.5, expects_convergence=False)
    run = solve(
        make_task(
            context=context,
            validation=make_data(2000, 1),
            learning_rate="cosine",
            max_iter=10**6,
        )
    )
    assert 0 < run.n_epochs < 10**6
    assert len(run.validation_losses) == run.n_epochs
