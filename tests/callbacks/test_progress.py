"""Progress."""

import copy
import io
import pickle
import sys

import pytest

from sknumpy_mlp.callbacks import Progress
from sknumpy_mlp.callbacks._progress import clock
from tests.callbacks.conftest import make_event, make_run


class _Screen(io.StringIO):
    def isatty(self):
        return True


def _show(progress, n_epochs=3, status="running"):
    run = make_run(status=status)
    progress.on_train_begin(run)
    for epoch in range(1, n_epochs + 1):
        event = make_event(epoch, 0.5, validation_loss=0.25, validation_score=0.875)
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
def test_the_bar_is_filled_at_the_end_of_a_run(has_tqdm, status, shown, monkeypatch):
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
def test_bars_of_several_networks_are_labeled(has_tqdm, monkeypatch):
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


def test_progress_is_pickled_without_its_file():
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
