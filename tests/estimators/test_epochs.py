"""The epoch controller: validation, early stopping, printing, callbacks."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, make_scorer, r2_score
from sklearn.neural_network import MLPClassifier

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._estimators.epochs import (
    EpochController,
    callback_lifecycle,
    make_early_stopping,
)
from sknumpy_mlp._training.run import EpochEnd
from sknumpy_mlp.callbacks import Callback, Checkpoint, EarlyStopping
from sknumpy_mlp.schedules import Plateau
from tests.conftest import name_of, plain_estimators, unconverged
from tests.estimators.conftest import (
    SETTINGS,
    VALIDATION,
    X_VAL,
    Y_VAL,
    X,
    make_data,
    make_run,
    make_task,
    y,
)


@unconverged
def test_verbose_prints_a_line_for_each_epoch(capsys):
    NumpyMLPClassifier(max_iter=3, verbose=True, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"Iteration {i}" for i in (1, 2, 3)
    ]
    NumpyMLPClassifier(max_iter=3, verbose=1, early_stopping=True, random_state=0).fit(
        X, y
    )
    assert capsys.readouterr().out.count("validation score = ") == 3
    NumpyMLPClassifier(max_iter=3, verbose=1, solver="lbfgs").fit(X, y)
    assert capsys.readouterr().out.count("Iteration") == 3
    NumpyMLPClassifier(max_iter=3).fit(X, y)
    assert capsys.readouterr().out == ""


def _numbers(out):
    return [int(line.split(",")[0].split()[-1]) for line in out.splitlines()]


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_shows_what_the_validation_data_says(solver, capsys):
    clf = NumpyMLPClassifier(solver=solver, max_iter=2, verbose=True, random_state=0)
    clf.fit(X, y, X_val=X, y_val=y)
    curves = zip(
        clf.loss_curve_,
        clf.validation_loss_curve_,
        clf.validation_scores_,
        strict=True,
    )
    assert capsys.readouterr().out.splitlines() == [
        f"Iteration {i}, loss = {loss:.8f}, validation loss = {validation_loss:.8f}, "
        f"validation score = {score:.6f}"
        for i, (loss, validation_loss, score) in enumerate(curves, start=1)
    ]


@unconverged
def test_verbose_counts_the_epochs_of_a_fit_and_the_calls_of_partial_fit(capsys):
    clf = NumpyMLPClassifier(max_iter=2, verbose=True, warm_start=True, random_state=0)
    for solver in ("adam", "adam", "lbfgs"):
        clf.set_params(solver=solver).fit(X, y)
        assert _numbers(capsys.readouterr().out) == [1, 2]
    clf = NumpyMLPClassifier(verbose=True, random_state=0)
    for _ in range(3):
        clf.partial_fit(X, y, classes=np.unique(y))
    assert _numbers(capsys.readouterr().out) == [1, 2, 3]


@unconverged
def test_verbose_begins_lines_like_scikit_learn(capsys):
    outs = []
    for Estimator in (NumpyMLPClassifier, MLPClassifier):
        Estimator(max_iter=3, verbose=True, random_state=0).fit(X, y)
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_verbose_says_why_it_stops(capsys):
    NumpyMLPClassifier(tol=1e9, n_iter_no_change=1, verbose=1).fit(X, y)
    assert "Training loss did not improve more than tol" in capsys.readouterr().out
    NumpyMLPClassifier(
        tol=1e9,
        n_iter_no_change=1,
        verbose=1,
        early_stopping=True,
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=1e-5,
    ).fit(X, y)
    out = capsys.readouterr().out
    assert "Setting learning rate to 2e-06." in out
    assert out.endswith("Stopping.\n")


pytestmark = unconverged


class Snapshots(Callback):
    """A copy of the parameters after each epoch."""

    def on_train_begin(self, run):
        self.params = []

    def on_epoch_end(self, event):
        self.params.append(event.params.copy())


def _neg_log_loss(estimator, X, y):
    return -log_loss(y, estimator.predict_proba(X), labels=estimator.classes_)


@pytest.mark.parametrize(
    "scoring",
    ["neg_log_loss", "loss", _neg_log_loss, make_scorer(accuracy_score), None],
    ids=name_of,
)
def test_early_stopping_puts_the_best_epoch_back(scoring):
    """With any metric, on a user-supplied validation set; the best is not the last."""
    snapshots = Snapshots()
    clf = NumpyMLPClassifier(
        hidden_layer_sizes=50,
        early_stopping=True,
        scoring=scoring,
        learning_rate_init=0.05,
        n_iter_no_change=5,
        tol=0.0,
        random_state=0,
        callbacks=[snapshots],
    ).fit(X, y, **VALIDATION)
    scores = []
    for params in snapshots.params:
        at_epoch = clf._as_fitted(clf._network, clf._target, params)
        if scoring in ("neg_log_loss", "loss", _neg_log_loss):
            scores.append(_neg_log_loss(at_epoch, X_VAL, Y_VAL))
        else:
            scores.append(at_epoch.score(X_VAL, Y_VAL))
    np.testing.assert_allclose(clf.validation_scores_, scores, rtol=1e-9)
    best = int(np.argmax(scores))
    assert best < len(scores) - 1
    np.testing.assert_array_equal(clf._params, snapshots.params[best])
    assert clf.best_validation_score_ == pytest.approx(max(scores))
    assert clf.best_loss_ is None


@plain_estimators
def test_the_best_weights_are_nobody_else_s(Estimator):
    est = Estimator(early_stopping=True, warm_start=True, max_iter=4, **SETTINGS)
    best = est.fit(X, y, **VALIDATION).coefs_[0]
    before = best.copy()
    est.fit(X, y, **VALIDATION)
    est.partial_fit(X, y, **VALIDATION)
    np.testing.assert_array_equal(best, before)


def test_early_stopping_of_lbfgs_by_validation_data():
    snapshots = Snapshots()
    clf = NumpyMLPClassifier(
        solver="lbfgs",
        early_stopping=True,
        scoring="loss",
        alpha=0.0,
        n_iter_no_change=5,
        callbacks=[snapshots],
        **SETTINGS,
    ).fit(X, y, **VALIDATION)
    assert clf.n_iter_ == len(snapshots.params) < 200
    best = int(np.argmax(clf.validation_scores_))
    assert best < clf.n_iter_ - 1
    np.testing.assert_array_equal(clf._params, snapshots.params[best])
    # Without validation data it is not used, as in scikit-learn.
    plain = NumpyMLPClassifier(solver="lbfgs", max_iter=3, **SETTINGS)
    ignored = NumpyMLPClassifier(
        solver="lbfgs", early_stopping=True, max_iter=3, **SETTINGS
    )
    np.testing.assert_array_equal(plain.fit(X, y)._params, ignored.fit(X, y)._params)
    assert ignored.validation_scores_ is None


@plain_estimators
def test_early_stopping_as_a_callback(Estimator):
    """The same as the parameter, but for what it watches."""
    settings = SETTINGS | {"learning_rate_init": 0.05, "max_iter": 400}
    by_parameter = Estimator(
        early_stopping=True, scoring="loss", n_iter_no_change=3, **settings
    ).fit(X, y, **VALIDATION)
    stopping = EarlyStopping("validation_loss", n_iter_no_change=3)
    # The estimator's own patience with the training loss is not to end it before.
    by_callback = Estimator(
        callbacks=[stopping], n_iter_no_change=1000, **settings
    ).fit(X, y, **VALIDATION)
    assert by_callback.n_iter_ == by_parameter.n_iter_ < 400
    np.testing.assert_array_equal(by_callback._params, by_parameter._params)
    assert stopping.best_score == by_parameter.best_validation_score_
    assert by_callback.best_validation_score_ is None


def test_a_start_that_is_good_enough_needs_no_iteration():
    clf = NumpyMLPClassifier(
        solver="lbfgs", early_stopping=True, alpha=0.0, tol=1e6, **SETTINGS
    ).fit(X, y, **VALIDATION)
    assert clf.n_iter_ == 0
    assert clf.validation_scores_ == []


# -------------------------------------------------------- the controller, by itself


class Log(Callback):
    """Notes what it is called with, and may end the run at an epoch."""

    def __init__(self, log, name="log", *, stop_at=None):
        self.log, self.name, self.stop_at = log, name, stop_at

    def on_train_begin(self, run):
        self.log.append((self.name, "begin"))

    def on_epoch_end(self, event):
        self.log.append((self.name, event.epoch))
        return event.epoch == self.stop_at

    def on_train_end(self, run):
        self.log.append((self.name, "end", run.status))


class LogCheckpoint(Checkpoint):
    """A checkpoint that writes nothing."""

    def __init__(self, log):
        self.log = log

    on_train_begin = Log.on_train_begin
    on_epoch_end = Log.on_epoch_end
    on_train_end = Log.on_train_end
    name, stop_at = "checkpoint", None


def make_controller(**fields):
    """Return a controller, and its run with the early stopping that it is to have."""
    task = make_task(**fields)
    stopping = make_early_stopping(task, None)
    run = make_run(task, early_stopping=stopping)
    if task.has_holdout:
        run.state.holdout = np.arange(30), np.arange(30, 40)
    return EpochController(task, run), run


def epoch_end(run, epoch=1, loss=1.0, *, params=None, rate=0.1):
    params = run.params if params is None else params
    return EpochEnd(epoch, loss, rate, 0.0, params)


def test_callbacks_see_an_epoch_that_is_evaluated_and_recorded():
    seen = []

    class Look(Callback):
        def on_epoch_end(self, event):
            seen.append((event.validation_loss, event.validation_score, [*run.losses]))

    controller, run = make_controller(validation=make_data(15, 1), callbacks=[Look()])
    assert controller.epoch_end(epoch_end(run, loss=0.25)) is False
    ((loss, score, losses),) = seen
    assert losses == [0.25]
    assert ([loss], [score]) == (run.validation_losses, run.validation_scores)
    task = make_task(validation=make_data(15, 1))
    predicted = task.network.predict_raw(run.params, task.validation.X)
    assert score == pytest.approx(r2_score(task.validation.y, predicted))
    assert loss == pytest.approx(0.5 * np.mean((task.validation.y - predicted) ** 2))


def test_without_validation_data_there_are_no_scores():
    controller, run = make_controller()
    controller.epoch_end(epoch_end(run))
    assert (run.validation_losses, run.validation_scores) == ([], [])


def test_checkpoints_come_last_and_all_see_the_epoch_whoever_stops():
    log = []
    callbacks = [LogCheckpoint(log), Log(log, "first", stop_at=2), Log(log, "second")]
    controller, run = make_controller(callbacks=callbacks)
    assert not controller.epoch_end(epoch_end(run, 1))
    assert run.status == "running"
    assert controller.epoch_end(epoch_end(run, 2))
    assert run.status == "stopped"
    order = ["first", "second", "checkpoint"]
    assert log == [(name, epoch) for epoch in (1, 2) for name in order]


def test_parameters_of_the_run_are_those_of_the_epoch():
    controller, run = make_controller(solver="lbfgs")
    params = run.params + 1.0
    controller.epoch_end(epoch_end(run, params=params, rate=None))
    assert run.params is params


def test_epochs_of_a_member_have_its_number():
    log = []

    class Number(Callback):
        def on_epoch_end(self, event):
            log.append(event.member)

    task = make_task(callbacks=[Number()])
    for member in (None, 3):
        run = make_run(task, member=member)
        EpochController(task, run).epoch_end(epoch_end(run))
    assert log == [None, 3]


def test_out_of_patience_a_run_is_finished_even_if_a_callback_stops_it_too():
    callbacks = [Log([], stop_at=4)]
    controller, run = make_controller(
        n_iter_no_change=2, tol=0.0, max_iter=20, callbacks=callbacks
    )
    losses = [2.0, 3.0, 3.0, 3.0]
    ends = [
        controller.epoch_end(epoch_end(run, epoch, loss))
        for epoch, loss in enumerate(losses, start=1)
    ]
    assert ends == [False, False, False, True]
    assert run.status == "finished"


def test_a_plateau_lowers_the_rate_and_gives_patience_anew(capsys):
    controller, run = make_controller(
        solver="sgd",
        learning_rate="plateau",
        learning_rate_init=0.5,
        n_iter_no_change=1,
        tol=0.0,
        verbose=True,
    )
    controller.epoch_end(epoch_end(run, 1, 1.0))
    controller.epoch_end(epoch_end(run, 2, 2.0))
    assert run.state.base_rate is None
    assert not controller.epoch_end(epoch_end(run, 3, 2.0))
    assert run.state.base_rate == pytest.approx(0.1)
    assert run.early_stopping.n_epochs_no_change == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Training loss did not improve more than tol=0.000000 for 1 consecutive "
        "epochs. Setting learning rate to 0.1."
    )
    # From plateau to plateau, until there is nothing left to lower.
    rates, epoch = [], 4
    while not controller.epoch_end(epoch_end(run, epoch, 2.0)):
        rates.append(run.state.base_rate)
        epoch += 1
    assert rates[-1] < 1e-5
    assert run.status == "finished"
    assert capsys.readouterr().out.splitlines()[-1].endswith("Stopping.")


def test_lbfgs_has_no_rate_to_lower():
    controller, run = make_controller(
        solver="lbfgs",
        learning_rate=Plateau(),
        early_stopping=True,
        n_iter_no_change=1,
        validation=make_data(15, 1),
    )
    run.early_stopping.best_score = 2.0  # which no score reaches
    controller.epoch_end(epoch_end(run, 1, rate=None))
    assert run.status == "running"
    assert controller.epoch_end(epoch_end(run, 2, rate=None))
    assert (run.status, run.state.base_rate) == ("finished", None)


def test_printed_numbers_continue_those_of_earlier_calls(capsys):
    controller, run = make_controller(verbose=True, n_epochs_before=4)
    controller.epoch_end(epoch_end(run, 1, 0.5))
    assert capsys.readouterr().out == "Iteration 5, loss = 0.50000000\n"


@pytest.mark.parametrize("is_warm", [False, True])
def test_the_best_weights_are_at_first_those_before_the_first_epoch(is_warm):
    validation = make_data(15, 1)
    _, run = make_controller(
        early_stopping=True, validation=validation, is_warm=is_warm
    )
    np.testing.assert_array_equal(run.best_params, run.params)
    assert run.best_params is not run.params
    task = make_task()
    predicted = task.network.predict_raw(task.params, validation.X)
    score = r2_score(validation.y, predicted)
    # Of a warm start, an epoch has to be better than they are.
    assert run.best_score == (pytest.approx(score) if is_warm else -np.inf)


def test_the_best_weights_of_a_checkpoint_are_kept():
    task = make_task(early_stopping=True, validation=make_data(15, 1))
    stopping = make_early_stopping(task, None)
    run = make_run(task, early_stopping=stopping, losses=[0.1])
    EpochController(task, run)
    assert run.best_params is None


# ----------------------------------------------------------------------- lifecycles


def test_checkpoints_begin_first_and_all_are_told_the_end():
    log = []
    run = make_run(make_task(callbacks=[Log(log, "first"), LogCheckpoint(log)]))
    with callback_lifecycle(run):
        run.status = "finished"
    assert log == [
        ("checkpoint", "begin"),
        ("first", "begin"),
        ("checkpoint", "end", "finished"),
        ("first", "end", "finished"),
    ]


def test_who_has_begun_is_told_of_a_failure_and_the_first_error_is_raised():
    log = []

    class Broken(Callback):
        def on_train_begin(self, run):
            raise RuntimeError("at the beginning")

        def on_train_end(self, run):
            raise ValueError("at the end")

    run = make_run(make_task(callbacks=[Log(log), Broken(), Log(log, "late")]))
    with pytest.raises(RuntimeError, match="at the beginning"), callback_lifecycle(run):
        pass
    assert log == [("log", "begin"), ("log", "end", "failed")]


def test_an_error_at_the_end_is_raised_after_all_have_been_told():
    log = []

    class Broken(Callback):
        def on_train_end(self, run):
            raise ValueError("at the end")

    run = make_run(make_task(callbacks=[Broken(), Log(log)]))
    with pytest.raises(ValueError, match="at the end"), callback_lifecycle(run):
        run.status = "finished"
    assert log[-1] == ("log", "end", "finished")


# ------------------------------------------------------------- which early stopping


@pytest.mark.parametrize(
    ("fields", "monitor", "restores"),
    [
        ({}, "loss", False),
        ({"early_stopping": True}, "validation_score", True),
        ({"early_stopping": True, "is_incremental": True}, "validation_score", False),
        ({"validation": make_data(15, 1)}, "loss", False),
        ({"learning_rate": "cosine", "early_stopping": True}, "validation_score", True),
    ],
)
def test_a_run_is_stopped_by_its_validation_score_or_by_its_loss(
    fields, monitor, restores
):
    task = make_task(tol=0.5, n_iter_no_change=7, **fields)
    stopping = make_early_stopping(task, None)
    assert (stopping.monitor, stopping.restore_best) == (monitor, restores)
    assert (stopping.tol, stopping.n_iter_no_change) == (0.5, 7)


@pytest.mark.parametrize(
    "fields",
    [
        {"learning_rate": "cosine"},
        {"solver": "lbfgs"},
        {"solver": "lbfgs", "early_stopping": True},
    ],
)
def test_some_runs_are_not_stopped_early(fields):
    assert make_early_stopping(make_task(**fields), None) is None


def test_the_patience_of_an_earlier_run_goes_on():
    task = make_task()
    previous = make_early_stopping(task, None)
    previous.best_score, previous.n_epochs_no_change = -0.25, 3
    stopping = make_early_stopping(task, previous)
    assert stopping is not previous
    assert (stopping.best_score, stopping.n_epochs_no_change) == (-0.25, 3)
