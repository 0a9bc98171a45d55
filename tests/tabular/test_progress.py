"""The progress of an ensemble, and what is printed of it."""

import math

import pytest
from sklearn.datasets import load_diabetes

from sknumpy_mlp._tabular import ensemble as _ensemble
from sknumpy_mlp._tabular import progress as _progress
from sknumpy_mlp._tabular.progress import SharedProgress
from tests.tabular.conftest import regressor


def test_verbose_says_how_long_it_will_take(capsys, monkeypatch):
    X, y = load_diabetes(return_X_y=True)
    monkeypatch.setattr(_progress, "_PAUSE", 0.05)
    monkeypatch.setattr(_ensemble.MemberMonitor, "_PAUSE", 0.01)
    regressor(verbose=True, max_iter=100).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert any("epoch" in line and line.endswith("left") for line in lines)
    assert lines[-1].startswith("3 of 3 networks done, after 0:")


@pytest.mark.parametrize("folder", ["here", "missing"])
def test_progress_in_a_folder(tmp_path, folder):
    """Without the folder, as on another machine, reports are lost and nothing else."""
    (tmp_path / "here").mkdir()
    mine, theirs = (SharedProgress(tmp_path / folder, 2, 2, math.inf) for _ in range(2))
    theirs.report(0, 0.5, "half of it")
    theirs.stop()
    is_here = folder == "here"
    assert mine.read() == [(0.5, "half of it") if is_here else (0.0, ""), (0.0, "")]
    assert mine.stop_requested == is_here
    assert theirs.stop_requested
