"""Console output is dropped where it cannot be written, and training continues."""

import io
import pickle
import sys

import numpy as np
import pytest

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._utils.console import Console, flushable_streams, write_line
from sknumpy_mlp.callbacks import Progress
from tests.conftest import unconverged
from tests.utils.conftest import STREAMS, BareStream, BrokenStream

X = np.random.default_rng(0).normal(size=(40, 3))
y = X[:, 0]


VERBOSE = {"verbose": True, "max_iter": 2}
MEMBERS = {"n_members": 2, "hidden_layer_sizes": 4, "max_iter": 2}
FITS = {
    "classifier": lambda: NumpyMLPClassifier(**VERBOSE).fit(X, y > 0),
    "validation": lambda: NumpyMLPRegressor(**VERBOSE).fit(X, y, X_val=X, y_val=y),
    "plateau": lambda: NumpyMLPRegressor(
        learning_rate="plateau", tol=9, n_iter_no_change=1, verbose=1, max_iter=4
    ).fit(X, y),
    "lbfgs": lambda: NumpyMLPRegressor(solver="lbfgs", **VERBOSE).fit(X, y),
    "partial_fit": lambda: NumpyMLPRegressor(verbose=True).partial_fit(X, y),
    "bar": lambda: NumpyMLPRegressor(callbacks=[Progress()], max_iter=2).fit(X, y),
    "tabular": lambda: TabularMLPRegressor(**MEMBERS, verbose=True).fit(X, y),
    "processes": lambda: TabularMLPRegressor(**MEMBERS, n_jobs=2).fit(X, y),
    "tabular bars": lambda: TabularMLPClassifier(**MEMBERS, callbacks=[Progress()]).fit(
        X, y > 0
    ),
}


@unconverged
@pytest.mark.parametrize("has_tqdm", [False, True])
@pytest.mark.parametrize("make", STREAMS.values(), ids=STREAMS.keys())
@pytest.mark.parametrize("fit", FITS.values(), ids=FITS.keys())
def test_no_fit_is_lost(fit, make, has_tqdm, monkeypatch):
    if has_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", make())
        patched.setattr(sys, "stderr", make())
        streams = sys.stdout, sys.stderr
        estimator = fit()
        assert (sys.stdout, sys.stderr) == streams
    assert estimator.n_iter_ > 0
    pickle.dumps(estimator)


@unconverged
@pytest.mark.parametrize("has_tqdm", [False, True])
@pytest.mark.parametrize("make", list(STREAMS.values())[1:-1])
def test_a_file_for_the_bar_that_cannot_be_written(make, has_tqdm, monkeypatch):
    if has_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    bar = Progress(make())
    assert NumpyMLPRegressor(callbacks=[bar], max_iter=2).fit(X, y).n_iter_ == 2


def test_a_file_for_the_bar_needs_no_console(monkeypatch):
    file = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None)
        patched.setattr(sys, "stderr", None)
        settings = {"callbacks": [Progress(file)], "learning_rate": "cosine"}
        NumpyMLPRegressor(max_iter=2, **settings).fit(X, y)
    assert "2/2" in file.getvalue()


def test_lines_are_written_where_that_is_possible(capsys, monkeypatch):
    write_line("loss 0.5")
    assert capsys.readouterr().out == "loss 0.5\n"
    bare = BareStream()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", bare)
        write_line("loss 0.5")
        patched.delattr(sys, "stdout")
        write_line("nobody reads this")
    assert bare.text == "loss 0.5\n"


@pytest.mark.parametrize("make", STREAMS.values(), ids=STREAMS.keys())
def test_streams_that_can_be_flushed(make, monkeypatch):
    """joblib flushes them before it starts a process, and not in later fits."""
    stream = make()
    monkeypatch.setattr(sys, "stderr", stream)
    before = sys.stdout
    with flushable_streams():
        sys.stderr.flush()
        assert sys.stdout is before
    assert sys.stderr is stream


def test_a_console_is_its_stream():
    console = Console(sys.stderr)
    assert console == sys.stderr
    assert console != sys.stdout
    assert hash(console) == hash(Console(sys.stderr))
    assert console.encoding == sys.stderr.encoding
    assert not hasattr(Console(None), "encoding")


def test_ctrl_c_is_no_matter_of_the_console():
    with pytest.raises(KeyboardInterrupt):
        Console(BrokenStream(KeyboardInterrupt())).write("")
