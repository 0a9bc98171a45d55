"""Full disks, folders that go away, and files that are no checkpoints."""

import errno
import os
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.callbacks import Callback, Checkpoint
from tests.conftest import on_posix, unconverged
from tests.contracts.conftest import SETTINGS, X, output_of, y

pytestmark = [unconverged, pytest.mark.usefixtures("two_threads")]


FULL_DISK = """
import os, resource, sys, warnings
from pathlib import Path
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import (Callback, Checkpoint)

folder = Path(sys.argv[1])
X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
settings = {"max_iter": 5, "random_state": 0, "dropout": 0.2}
warnings.simplefilter("ignore", ConvergenceWarning)
whole = NumpyMLPClassifier(**settings).fit(X, y)


class Fill(Callback):
    # From the fourth epoch on a file may have a part of the length that it needs.
    def __init__(self, path, share):
        self.path, self.share = path, share

    def on_epoch_end(self, event):
        if event.epoch == 3:
            limit = int(self.path.stat().st_size * self.share)
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))


def fill_up(path, on_error, share):
    path.parent.mkdir()
    clf = NumpyMLPClassifier(
        callbacks=[
            Checkpoint(path, resume=True, on_error=on_error), Fill(path, share)
        ],
        **settings,
    )
    before = dict(vars(clf))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            clf.fit(X, y)
        except OSError as error:
            assert on_error == "raise"
            text = str(error)
            assert vars(clf) == before
        else:
            assert on_error == "warn"
            text = str(caught[0].message)
            assert "Training continues" in text
            np.testing.assert_array_equal(clf._params, whole._params)
    assert str(path) in text and "Make room, or choose another path" in text, text
    assert "before is still there" in text, text
    assert os.listdir(path.parent) == [path.name]
    with np.load(path, allow_pickle=False) as archive:
        assert b'"losses"' in archive["meta"].tobytes()
    # There is room again: the run goes on from its third epoch.
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    again = NumpyMLPClassifier(callbacks=[Checkpoint(path, resume=True)], **settings)
    np.testing.assert_array_equal(again.fit(X, y)._params, whole._params)


for i, share in enumerate([0.0, 0.001, 0.5, 0.999]):
    for on_error in ("raise", "warn"):
        fill_up(folder / f"{i} {on_error}" / "run.npz", on_error, share)
print("done")
"""


@on_posix
def test_a_disk_that_fills_up(tmp_path):
    """The system itself refuses to write, anywhere in a file; nothing is printed."""
    assert output_of(FULL_DISK, tmp_path).strip() == "done"


class _ReplaceFolder(Callback):
    """Has a file take the place of the checkpoint's folder after the third epoch."""

    def __init__(self, folder):
        self.folder = folder

    def on_epoch_end(self, event):
        if event.epoch == 3:
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()
            self.folder.write_text("no folder")


@on_posix
@pytest.mark.parametrize("on_error", ["raise", "warn"])
def test_a_folder_that_goes_away(on_error, tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    checkpoint = Checkpoint(folder / "run.npz", on_error=on_error)
    est = NumpyMLPRegressor(callbacks=[checkpoint, _ReplaceFolder(folder)], **SETTINGS)
    before = dict(vars(est))
    if on_error == "raise":
        with pytest.raises(NotADirectoryError, match=r"could not write .*run\.npz"):
            est.fit(X, y)
        assert vars(est) == before
        return
    with pytest.warns(UserWarning, match="Training continues"):
        est.fit(X, y)
    whole = NumpyMLPRegressor(**SETTINGS).fit(X, y)
    np.testing.assert_array_equal(est._params, whole._params)


@on_posix
@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read-only", "closed"])
@pytest.mark.parametrize("on_error", ["raise", "warn"])
def test_a_folder_that_may_not_be_written(mode, on_error):
    folder = Path(tempfile.mkdtemp())  # that of pytest is closed altogether
    checkpoint = Checkpoint(folder / "run.npz", resume=True, on_error=on_error)
    est = NumpyMLPRegressor(callbacks=[checkpoint], **SETTINGS)
    # Before this process may read less, it has read what it needs.
    whole = clone(est).fit(X, y)
    (folder / "run.npz").unlink()
    before = dict(vars(est))
    user = os.geteuid()
    folder.chmod(mode)
    try:
        if user == 0:
            os.seteuid(65534)  # root may write anywhere
        if on_error == "raise":
            with pytest.raises(PermissionError, match=r"could not write .*run\.npz"):
                est.fit(X, y)
            assert vars(est) == before
        else:
            with pytest.warns(UserWarning, match="Training continues"):
                est.fit(X, y)
            np.testing.assert_array_equal(est._params, whole._params)
    finally:
        os.seteuid(user)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def _assert_refused(path, error, message):
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path, resume=True)], **SETTINGS)
    before = dict(vars(est))
    with pytest.raises(error) as caught:
        est.fit(X, y)
    text = str(caught.value)
    assert str(path) in text
    assert message in text
    assert "Delete it, or give Checkpoint another path" in text
    assert vars(est) == before
    return caught.value


@on_posix
def test_a_folder_in_place_of_the_file(tmp_path):
    path = tmp_path / "run.npz"
    path.mkdir()
    error = _assert_refused(path, OSError, "cannot be read as a checkpoint")
    assert error.errno == errno.EISDIR
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path, on_error="warn")], **SETTINGS)
    with pytest.warns(UserWarning, match="Training continues"):
        est.fit(X, y)
    assert os.listdir(tmp_path) == ["run.npz"]


def _checkpoint(path):
    """Write the checkpoint of a run that has ended; return its bytes and the run."""
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    return path.read_bytes(), est


def _assert_no_part_is_whole(path, step):
    content, _ = _checkpoint(path)
    for length in [*range(0, len(content), step), len(content) - 1]:
        path.write_bytes(content[:length])
        _assert_refused(path, ValueError, "is damaged, or is no checkpoint")
    path.write_bytes(content)
    NumpyMLPRegressor(callbacks=[Checkpoint(path, resume=True)], **SETTINGS).fit(X, y)


def test_no_part_of_a_file_is_taken_for_the_whole(tmp_path):
    _assert_no_part_is_whole(tmp_path / "run.npz", 1009)


@pytest.mark.nightly
def test_no_tenth_byte_is_the_end_of_a_whole_file(tmp_path):
    _assert_no_part_is_whole(tmp_path / "run.npz", 10)


def _assert_flips_are_refused_or_harmless(path, n_flips):
    """One bit is wrong: refused, or (where it says nothing) the same run as before."""
    content, whole = _checkpoint(path)
    rng, n_refused = np.random.default_rng(0), 0
    for place in rng.choice(len(content), n_flips, replace=False):
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        est = NumpyMLPRegressor(callbacks=[Checkpoint(path, resume=True)], **SETTINGS)
        before = dict(vars(est))
        try:
            est.fit(X, y)
        except ValueError as error:
            message = str(error)
        else:
            message = None
        if message:
            assert "is damaged, or is no checkpoint" in message
            assert vars(est) == before
            n_refused += 1
        else:
            np.testing.assert_array_equal(est._params, whole._params)
            assert est.loss_curve_ == whole.loss_curve_
    assert n_refused > n_flips // 2


def test_a_wrong_bit_is_refused_or_harmless(tmp_path):
    _assert_flips_are_refused_or_harmless(tmp_path / "run.npz", 60)


@pytest.mark.nightly
def test_a_thousand_wrong_bits_are_refused_or_harmless(tmp_path):
    _assert_flips_are_refused_or_harmless(tmp_path / "run.npz", 1000)


def test_a_pickle_and_a_model_are_no_checkpoints(tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(pickle.dumps({"params": np.ones(3)}))
    _assert_refused(path, ValueError, "is damaged, or is no checkpoint")
    est = NumpyMLPRegressor(**SETTINGS).fit(X, y)
    path.write_bytes(pickle.dumps(est))
    _assert_refused(path, ValueError, "is damaged, or is no checkpoint")
    np.savez(path, *est.coefs_)
    _assert_refused(path, ValueError, "is damaged, or is no checkpoint")
    # A long meta that is no JSON, and one that is something else.
    for meta in (b"\xff" * 100, b"[1, 2]", b'{"format": 1}'):
        np.savez(path, meta=np.frombuffer(meta, np.uint8))
        _assert_refused(path, ValueError, "is damaged, or is no checkpoint")
