"""Callbacks by themselves, with events made by hand."""

import copy
import io
import math
import pickle
import sys

import numpy as np
import pytest

from sknumpy_mlp._training.loop import EpochEnd, Run, TrainingState
from sknumpy_mlp.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    Progress,
    TimeLimit,
)
from sknumpy_mlp.callbacks._progress import clock


def _event(epoch, loss=0.0, params=None, **values):
    params = np.full(2, float(epoch)) if params is None else params
    return EpochEnd(epoch, loss, 0.1, float(epoch), params, **values)


def _run(**values):
    defaults = {"max_epochs": 10, "has_validation": True}
    return Run(
        np.zeros(2), TrainingState(), np.random.RandomState(0), **(defaults | values)
    )


def _feed(stopping, scores):
    """Number of the epoch in which it stops, or None."""
    for epoch, score in enumerate(scores, start=1):
        if stopping.on_epoch_end(_event(epoch, validation_score=score)):
            return epoch
    return None


def test_the_base_class_does_nothing():
    callback, run = Callback(), _run()
    callback.on_train_begin(run)
    assert not callback.on_epoch_end(_event(1))
    callback.on_train_end(run)
    assert run.kept_params is None


def test_callbacks_print_their_settings():
    assert repr(TimeLimit(60)) == "TimeLimit(seconds=60.0)"
    assert repr(History()) == "History()"
    assert repr(Checkpoint("a.npz", 5)) == (
        "Checkpoint(path='a.npz', every=5, resume=False, on_error='raise')"
    )


# ----------------------------------------------------------------------- EarlyStopping


def test_stops_after_more_than_n_epochs_without_improvement():
    stopping = EarlyStopping(tol=0.01, n_iter_no_change=2)
    assert _feed(stopping, [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]) == 5
    assert stopping.best_score == 0.2
    assert stopping.best_epoch == 2
    assert stopping.n_epochs_no_change == 3


def test_a_smaller_improvement_than_tol_does_not_count_but_is_remembered():
    stopping = EarlyStopping(tol=0.1, n_iter_no_change=2)
    assert _feed(stopping, [0.5, 0.505, 0.506, 0.507]) == 4
    assert stopping.best_score == 0.507
    np.testing.assert_array_equal(stopping.best_params, 4.0)


def test_keeps_the_best_parameters_by_value_and_hands_them_over():
    stopping, run = EarlyStopping(tol=0.0), _run()
    live = np.zeros(2)
    for epoch, score in enumerate([0.1, 0.9, 0.3], start=1):
        live += 1
        stopping.on_epoch_end(_event(epoch, params=live, validation_score=score))
    stopping.on_train_end(run)
    np.testing.assert_array_equal(run.kept_params, 2.0)
    assert stopping.best_params is None
    assert stopping.best_epoch == 2


def test_nan_is_never_an_improvement():
    stopping = EarlyStopping(tol=0.0, n_iter_no_change=2)
    assert _feed(stopping, [0.5, math.nan, math.nan, math.nan]) == 4
    assert stopping.best_score == 0.5
    np.testing.assert_array_equal(stopping.best_params, 1.0)


@pytest.mark.parametrize("monitor", ["loss", "validation_loss"])
def test_losses_are_better_when_lower(monitor):
    stopping = EarlyStopping(monitor, tol=0.1, n_iter_no_change=1, restore_best=False)
    stops = [
        stopping.on_epoch_end(_event(epoch, loss, validation_loss=loss))
        for epoch, loss in enumerate([1.0, 0.8, 0.79, 0.78], start=1)
    ]
    assert stops == [False, False, False, True]
    assert stopping.best_score == -0.78
    assert stopping.best_params is None


def test_an_infinite_loss_is_no_improvement():
    stopping = EarlyStopping("loss", n_iter_no_change=2)
    stops = [stopping.on_epoch_end(_event(i, math.inf)) for i in range(1, 5)]
    assert stops == [False, False, True, True]


def test_ranges_of_early_stopping():
    for bad in ({"tol": -1}, {"tol": "a"}, {"n_iter_no_change": 0}):
        with pytest.raises(ValueError, match="must be a number in the range"):
            EarlyStopping(**bad)


def test_infinite_patience():
    stopping = EarlyStopping(tol=1e9, n_iter_no_change=math.inf)
    assert _feed(stopping, [0.0] * 50) is None
    assert stopping.n_epochs_no_change == 49


def test_each_run_starts_afresh():
    stopping = EarlyStopping(tol=0.0, n_iter_no_change=1)
    for _ in range(2):
        stopping.on_train_begin(_run())
        assert _feed(stopping, [0.5, 0.1, 0.1, 0.1]) == 3


def test_what_it_cannot_watch():
    with pytest.raises(ValueError, match=r"monitor='accuracy'.*validation_score"):
        EarlyStopping("accuracy")
    for monitor in ("validation_score", "validation_loss"):
        with pytest.raises(ValueError, match=f"{monitor}.*needs validation data"):
            EarlyStopping(monitor).on_train_begin(_run(has_validation=False))
    EarlyStopping("loss").on_train_begin(_run(has_validation=False))


# --------------------------------------------------------------------------- the others


def test_history_keeps_columns():
    history = History()
    for _ in range(2):
        history.on_train_begin(_run())
        for epoch in (1, 2):
            assert not history.on_epoch_end(_event(epoch, validation_loss=epoch / 2))
    assert history["epoch"] == [1, 2]
    assert history["validation_loss"] == [0.5, 1.0]
    assert history["validation_score"] == [None, None]
    assert history.records[0]["seconds"] == 1.0


def test_time_limit():
    limit = TimeLimit(3)
    assert [limit.on_epoch_end(_event(epoch)) for epoch in (1, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]
    with pytest.raises(ValueError, match="seconds=0"):
        TimeLimit(0)


class _Screen(io.StringIO):
    def isatty(self):
        return True


def _show(progress, n_epochs=3, status="running"):
    run = _run(status=status)
    progress.on_train_begin(run)
    for epoch in range(1, n_epochs + 1):
        event = _event(epoch, 0.5, validation_loss=0.25, validation_score=0.875)
        progress.on_epoch_end(event)
    pickle.dumps(progress)
    progress.on_train_end(run)
    progress.on_train_end(run)  # twice does no harm


@pytest.mark.parametrize("make_file", [io.StringIO, _Screen])
def test_progress_without_tqdm(make_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    file = make_file()
    _show(Progress(file))
    text = file.getvalue()
    last = text.replace("\r", "\n").strip().split("\n")[-1]
    assert "3/10 epochs" in last
    assert "left" in last
    assert "loss 0.5, validation loss 0.25, score 0.875" in last
    assert last.startswith("######..............")
    assert ("\r" in text) == (make_file is _Screen)


def test_progress_with_tqdm():
    pytest.importorskip("tqdm")
    file = _Screen()
    _show(Progress(file))
    assert "3/10" in file.getvalue()
    assert "loss 0.5, validation loss 0.25, score 0.875" in file.getvalue()


@pytest.mark.parametrize("has_tqdm", [False, True])
@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("finished", "3/3"),
        ("stopped", "3/3"),
        ("exhausted", "3/3"),
        ("interrupted", "3/10"),
        ("failed", "3/10"),
    ],
)
def test_a_run_that_is_over_fills_the_bar(has_tqdm, status, shown, monkeypatch):
    if has_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    file = _Screen()
    _show(Progress(file), status=status)
    last = file.getvalue().strip().split("\r")[-1]
    assert shown in last
    assert ("left" in last) == (not has_tqdm and shown == "3/10")


@pytest.mark.parametrize("has_tqdm", [False, True])
def test_bars_of_several_networks_say_whose_they_are(has_tqdm, monkeypatch):
    if has_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    file = _Screen()
    progress = Progress(file)
    _show(copy.deepcopy(progress.for_member(1)))
    assert file.getvalue().split("\r")[-1].startswith("network 2: ")
    _show(progress)
    assert not file.getvalue().split("\r")[-1].startswith("network")


_CELL = """
import sys
sys.modules["tqdm"] = None
from sklearn.datasets import load_iris
from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import (Progress)
clf = NumpyMLPClassifier(callbacks=[Progress()], max_iter=30, learning_rate="cosine")
clf.fit(*load_iris(return_X_y=True));
"""


@pytest.mark.parametrize("has_tqdm", [False, True])
def test_progress_in_a_notebook(has_tqdm):
    pytest.importorskip("ipykernel")
    nbclient, nbformat = map(pytest.importorskip, ("nbclient", "nbformat"))
    source = _CELL
    if has_tqdm:
        pytest.importorskip("tqdm")
        source = source.replace('sys.modules["tqdm"] = None', "")
    cell = nbformat.v4.new_code_cell(source)
    nbclient.execute(nbformat.v4.new_notebook(cells=[cell]), kernel_name="python3")
    kinds = {output.output_type for output in cell.outputs}
    if has_tqdm and kinds == {"display_data"}:
        return  # its widget: with ipywidgets there is no text
    assert kinds == {"stream"}
    assert {output.name for output in cell.outputs} == {"stdout"}  # not shown in red
    # All of it is one line, written over and over, and there is no warning.
    text = "".join(output.text for output in cell.outputs)
    assert text.startswith("\r")
    assert text.count("\n") == 1
    assert "30/30" in text.split("\r")[-1]


def test_progress_travels_without_its_file():
    copied = copy.deepcopy(Progress(sys.stdout))
    assert copied.file is sys.stdout
    assert pickle.loads(pickle.dumps(Progress(sys.stdout))).file is None


def test_progress_defaults_to_standard_error(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    _show(Progress())
    assert "epochs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"), [(5.2, "0:05"), (75, "1:15"), (3723, "1:02:03")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_arguments_of_checkpoint():
    for every in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match=f"every={every}"):
            Checkpoint("x.npz", every=every)
    with pytest.raises(ValueError, match="on_error='ignore'"):
        Checkpoint("x.npz", on_error="ignore")
