"""Runs that are killed, full disks, bad files, Ctrl-C and errors at any moment."""

import errno
import gc
import json
import linecache
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from threadpoolctl import threadpool_info, threadpool_limits

import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._estimators import threads as _threads
from sknumpy_mlp._estimators.threads import _pools
from sknumpy_mlp.activations import Tanh
from sknumpy_mlp.callbacks import Callback, Checkpoint
from sknumpy_mlp.callbacks._checkpoint_file import remove_leftovers, save_checkpoint
from sknumpy_mlp.losses import SquaredError
from sknumpy_mlp.optimizers import OPTIMIZERS, Adam
from sknumpy_mlp.schedules import Constant

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

on_posix = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="forks, kills and limits as POSIX does"
)
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
X_small, y_small = load_diabetes(return_X_y=True)
X_small, y_small = X_small[:120], y_small[:120] / 100
SETTINGS = {
    "hidden_layer_sizes": (12,),
    "max_iter": 12,
    "batch_size": 64,
    "random_state": 0,
}


def _run(program, *arguments):
    """Run a program in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | ONE_THREAD,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


# ------------------------------------------------------------------------------ SIGKILL

# A process that has imported everything forks one that trains and is killed, looks at
# what is left, and forks the next.  A child kills itself at a random line of what it
# runs (anywhere, or while it writes), or is killed from outside at a random time, which
# may be in the middle of what the system does for it.  Nothing that is asserted depends
# on how fast the machine is: who is done before it is killed begins anew.
KILLS = """
import json, os, pickle, signal, sys, time, warnings
from pathlib import Path
import numpy as np
import sknumpy_mlp
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sknumpy_mlp.callbacks import (Callback, Checkpoint)

warnings.simplefilter("error")
warnings.simplefilter("ignore", ConvergenceWarning)
# Of other libraries' threads, which a child does without.
warnings.filterwarnings("ignore", ".* is multi-threaded", DeprecationWarning)
X, y = load_digits(return_X_y=True)
X, y = X[:120] / 16, y[:120]
PACKAGE = os.path.dirname(sknumpy_mlp.__file__)
WRITING = ("_checkpoints.py", "zipfile.py", os.path.join("zipfile", "__init__.py"))


class Lines:
    # Counts the lines that are run, those in files that write also by themselves.
    def __init__(self, kill_at=None):
        self.anywhere = self.writing = 0
        self.kill_at = kill_at

    def __call__(self, frame, event, arg):
        path = frame.f_code.co_filename
        if path.endswith(WRITING):
            return self.written
        return self.run if path.startswith(PACKAGE) else None

    def run(self, frame, event, arg):
        self.anywhere += 1
        if self.kill_at == ("anywhere", self.anywhere):
            os.kill(os.getpid(), signal.SIGKILL)
        return self.run

    def written(self, frame, event, arg):
        self.writing += 1
        if self.kill_at == ("writing", self.writing):
            os.kill(os.getpid(), signal.SIGKILL)
        self.run(frame, event, arg)
        return self.written


class Tell(Callback):
    def __init__(self, pipe):
        self.pipe = pipe

    def for_member(self, member):
        return self

    def on_train_begin(self, run):
        os.write(self.pipe, b".")


class Record(Checkpoint):
    # Keeps what is in the checkpoint after each epoch: it is one itself, because those
    # come last, in their order.
    def on_train_begin(self, run):
        pass

    def for_member(self, member):
        return Record(self.path.with_name(f"run-{member}.npz"))

    def on_epoch_end(self, event):
        records[self.path.name, event.epoch, False] = read(self.path)

    def on_train_end(self, run):
        records[self.path.name, run.n_epochs, run.status == "finished"] = read(
            self.path
        )


def read(path):
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name].tobytes() for name in archive.files}


def train(name, settings, *callbacks):
    est = getattr(sknumpy_mlp, name)(callbacks=callbacks, **settings)
    return est.fit(X, y)


def outcome(est):
    members = getattr(est, "estimators_", [est])
    parts = [
        {key: value for key, value in vars(m).items()
         if key.endswith("_") or key == "_params"}
        for m in members
    ]
    return parts, est.predict_proba(X)


def assert_same(found, expected):
    np.testing.assert_array_equal(found[1], expected[1])
    for part, other in zip(found[0], expected[0], strict=True):
        assert part.keys() == other.keys()
        for key, value in part.items():
            if hasattr(value, "dtype") or isinstance(value, (int, float, list)):
                np.testing.assert_array_equal(value, other[key], err_msg=key)


def survive(folder, name, settings, n_kills, rng):
    whole_folder, killed_folder = folder / "whole", folder / "killed"
    whole_folder.mkdir(parents=True)
    killed_folder.mkdir()
    path = whole_folder / "run.npz"
    records.clear()
    began = time.perf_counter()
    whole = train(name, settings, Checkpoint(path, resume=True), Record(path))
    seconds = time.perf_counter() - began
    expected = outcome(whole)
    n_epochs = sum(len(m.loss_curve_) for m in getattr(whole, "estimators_", [whole]))
    # The lines of three epochs, begin and end.
    lines = Lines()
    sys.settrace(lines)
    train(name, settings | {"max_iter": 3}, Checkpoint(folder / "lines.npz"))
    sys.settrace(None)
    n_lines = {"anywhere": lines.anywhere, "writing": lines.writing}
    n_done = n_torn = 0
    epochs = {}
    while True:
        how = str(rng.choice(["anywhere", "writing", "clock"]))
        seconds_left, kill_at = rng.uniform(0.0, 4.0 * seconds / n_epochs), None
        if how != "clock":
            kill_at = (how, int(rng.integers(1, n_lines[how])))
        if n_done >= n_kills:
            how, kill_at = "never", None
        moment = f"kill {n_done + 1}: {how}, {seconds_left:.4f} s, line {kill_at}"
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                checkpoint = Checkpoint(killed_folder / "run.npz", resume=True)
                sys.settrace(Lines(kill_at) if kill_at else None)
                est = train(name, settings, checkpoint, Tell(write_end))
                sys.settrace(None)
                (folder / "outcome").write_bytes(pickle.dumps(outcome(est)))
                code = 0
            except BaseException:
                import traceback
                traceback.print_exc()
            finally:
                os._exit(code)
        try:
            os.close(write_end)
            if how == "clock":
                os.read(read_end, 1)  # until it trains, or is dead
                time.sleep(seconds_left)
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            os.close(read_end)
            if os.WIFSIGNALED(status):
                n_done += 1
                left = sorted(each.name for each in killed_folder.iterdir())
                torn = [each for each in left if each.endswith(".tmp")]
                n_torn += bool(torn)
                assert len(torn) <= 1, left
                for each in set(left) - set(torn):
                    # The old one or the new one, whole, and never one from before.
                    found = read(killed_folder / each)
                    meta = json.loads(found["meta"])
                    key = (each, len(meta["losses"]), meta["finished"])
                    assert found == records[key], key
                    assert len(meta["losses"]) >= epochs.get(each, 0)
                    epochs[each] = len(meta["losses"])
                continue
            assert os.WEXITSTATUS(status) == 0, "the child has failed"
            assert {each.name: read(each) for each in killed_folder.iterdir()} == {
                each.name: read(each) for each in whole_folder.iterdir()
            }
            assert_same(pickle.loads((folder / "outcome").read_bytes()), expected)
            # What is over is not trained further.
            again = train(name, settings,
                          Checkpoint(killed_folder / "run.npz", resume=True))
            assert_same(outcome(again), expected)
        except BaseException as error:
            error.add_note(f"{name} {settings}, {moment}")
            raise
        if n_done >= n_kills:
            return n_done, n_torn, n_epochs
        for each in killed_folder.iterdir():
            each.unlink()
        epochs.clear()


records = {}
folder, cases, n_kills, seed = sys.argv[1:]
found = []
for i, (name, settings) in enumerate(json.loads(cases)):
    rng = np.random.default_rng([int(seed), i])
    found.append(survive(Path(folder, str(i)), name, settings, int(n_kills), rng))
print(json.dumps(found))
"""

KILLED = {
    "sgd, one cycle": {"solver": "sgd", "learning_rate": "one_cycle", "max_norm": 2.0},
    "adam, early stopping, dropout": {
        "early_stopping": True,
        "n_iter_no_change": 4,
        "tol": 0.02,
        "dropout": 0.3,
        "learning_rate_init": 0.005,
    },
    "rmsprop, float32, dropout": {
        "solver": "rmsprop",
        "dtype": "float32",
        "dropout": 0.1,
    },
    "cosine, weight decay": {
        "learning_rate": "cosine",
        "weight_decay": 0.01,
        "dropout": 0.2,
    },
    "plateau, early stopping": {
        "learning_rate": "plateau",
        "learning_rate_init": 0.02,
        "early_stopping": True,
        "tol": 0.02,
        "n_iter_no_change": 1,
    },
    "one cycle, early stopping": {
        "learning_rate": "one_cycle",
        "early_stopping": True,
        "dropout": 0.2,
        "max_grad_norm": 1.0,
        "n_iter_no_change": 60,
    },
}
KILLED = {
    case: (
        "NumpyMLPClassifier",
        {
            "hidden_layer_sizes": (40, 20),
            "batch_size": 40,
            "max_iter": 25,
            "random_state": 3,
        }
        | settings,
    )
    for case, settings in KILLED.items()
} | {
    f"ensemble, {ensemble}": (
        "TabularMLPClassifier",
        {
            "hidden_layer_sizes": (16, 16),
            "ensemble": ensemble,
            "n_members": 2,
            "max_iter": 10,
            "scoring": "accuracy",  # "refit" finds the best epoch before the last
            "random_state": 1,
        },
    )
    for ensemble in ("kfold", "seeds", "refit")
}


def _assert_survives(tmp_path, cases, n_kills, seed):
    """Return how many of the killed processes left a file that was half written."""
    printed = _run(KILLS, tmp_path, json.dumps(cases), n_kills, seed)
    n_torn = 0
    for n_done, n_torn_here, n_epochs in json.loads(printed):
        assert n_done == n_kills
        assert n_epochs > 5
        n_torn += n_torn_here
    return n_torn


def test_all_optimisers_are_killed():
    defaults = NumpyMLPClassifier().get_params()
    solvers = {(defaults | settings).get("solver") for _, settings in KILLED.values()}
    assert solvers >= OPTIMIZERS.keys()


@on_posix
def test_runs_that_are_killed_again_and_again_end_as_if_they_were_not(tmp_path):
    cases = [case for name, case in KILLED.items() if "ensemble" not in name]
    assert _assert_survives(tmp_path, cases, n_kills=4, seed=0) >= 1


@on_posix
@pytest.mark.nightly
@pytest.mark.parametrize("case", KILLED)
def test_runs_that_are_killed_fifty_times(case, tmp_path):
    assert _assert_survives(tmp_path, [KILLED[case]], n_kills=50, seed=1) >= 1


class _Keep(Callback):
    def on_train_begin(self, run):
        self.run = run


def test_leftovers_of_killed_processes_are_removed_and_nothing_else(tmp_path):
    leftover = tmp_path / f".run.npz.{'0123456789abcdef' * 2}.tmp"
    others = [
        tmp_path / f".run.npz.{'x' * 32}.tmp",
        tmp_path / f".other.npz.{'0' * 32}.tmp",
        tmp_path / f".runxnpz.{'0' * 32}.tmp",
        tmp_path / "run.npz.tmp",
    ]
    for path in (leftover, *others):
        path.write_bytes(b"half of it")
    est = NumpyMLPRegressor(callbacks=[Checkpoint(tmp_path / "run.npz")], **SETTINGS)
    est.fit(X, y)
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "run.npz"])


@on_posix
def test_a_file_that_is_taken_for_a_leftover_is_written_again(tmp_path):
    """A run that begins may delete what another one with its path is writing."""
    path, keep = tmp_path / "run.npz", _Keep()
    NumpyMLPRegressor(callbacks=[keep], **SETTINGS).fit(X, y)
    over = threading.Event()

    def tidy():
        while not over.is_set():
            remove_leftovers(path)

    tidier = threading.Thread(target=tidy)
    tidier.start()
    try:
        time.sleep(0.01)
        for _ in range(5):
            path.unlink(missing_ok=True)
            threading.Timer(0.3, over.set).start()
            save_checkpoint(path, keep.run)
            with np.load(path, allow_pickle=False) as archive:
                np.testing.assert_array_equal(archive["params"], keep.run.params)
    finally:
        over.set()
        tidier.join()
    assert list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------ files that cannot be used

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
    assert _run(FULL_DISK, tmp_path).strip() == "done"


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


# ------------------------------------------------------------------------------- Ctrl-C


@pytest.fixture
def ctrl_c():
    """Have Ctrl-C raise KeyboardInterrupt: jobs in a shell's background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _n_threads():
    return [
        pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"
    ]


@pytest.fixture(autouse=True)
def two_threads():
    """Two threads for BLAS, whatever the machine, so that a limit left would show."""
    with threadpool_limits(2, user_api="blas"):
        before = _n_threads()
        yield
        assert _n_threads() == before


def _is_as_before(est, before):
    now = vars(est)
    return now.keys() == before.keys() and all(now[k] is v for k, v in before.items())


def _assert_whole_or_as_before(est, before, X):
    """An estimator has all that a fit sets, of one and the same fit, or nothing."""
    if _is_as_before(est, before):
        return "as before"
    predicted = est.predict(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(est)).predict(X), predicted)
    if hasattr(est, "estimators_"):
        assert est.n_iter_ == max(member.n_iter_ for member in est.estimators_)
        assert est.oof_score_ is not None
    for each in getattr(est, "estimators_", [est]):
        assert np.isfinite(each._params).all()
        curves = [each.loss_curve_]
        if each.solver != "lbfgs":
            curves.append(each.learning_rate_curve_)
        if each.validation_loss_curve_ is not None:
            curves += [each.validation_loss_curve_, each.validation_scores_]
        assert {len(curve) for curve in curves} == {each.n_iter_}
    return "whole"


TABULAR = {"hidden_layer_sizes": (8,), "n_members": 2, "random_state": 0}
MAKERS = {
    "NumpyMLPRegressor": lambda **p: NumpyMLPRegressor(
        hidden_layer_sizes=(50, 50), early_stopping=True, random_state=0, **p
    ),
    "NumpyMLPClassifier": lambda **p: NumpyMLPClassifier(
        (50, 50), random_state=0, dropout=0.1, **p
    ),
    "L-BFGS": lambda **p: NumpyMLPRegressor(
        hidden_layer_sizes=(50, 50), solver="lbfgs", random_state=0, **p
    ),
    "TabularMLPRegressor": lambda **p: TabularMLPRegressor(**TABULAR, **p),
    "TabularMLPClassifier": lambda **p: TabularMLPClassifier(**TABULAR, **p),
}
makers = pytest.mark.parametrize("kind", MAKERS)


def _target(est):
    return (
        (y_small > np.median(y_small))
        if "Classifier" in type(est).__name__
        else (y_small)
    )


class _PressAt(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, event):
        if event.epoch == self.epoch:
            signal.raise_signal(signal.SIGINT)


@makers
@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("epoch", [1, 3])
def test_ctrl_c_in_an_epoch(kind, epoch):
    est = MAKERS[kind](max_iter=20, callbacks=[_PressAt(epoch)])
    before = dict(vars(est))
    with pytest.warns(UserWarning, match="interrupted by user"):
        est.fit(X_small, _target(est))
    assert _assert_whole_or_as_before(est, before, X_small) == "whole"
    assert est.n_iter_ == epoch
    est.set_params(callbacks=None).fit(X_small, _target(est))
    assert est.n_iter_ > epoch


class _Reached(Callback):
    """Tells when a run has begun and so many epochs are done."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.event = threading.Event()

    def __getstate__(self):
        return {"n_epochs": self.n_epochs}  # an event cannot be pickled

    def for_member(self, member):
        return self

    def on_train_begin(self, run):
        if not self.n_epochs:
            self.event.set()

    def on_epoch_end(self, event):
        if event.epoch == self.n_epochs:
            self.event.set()


def _fit_and_press(est, X, y, reached, seconds):
    """Fit; press Ctrl-C so many seconds after an event, or after the fit."""
    pressed = threading.Event()

    def handler(number, frame):
        while frame is not None:
            if frame.f_code.co_name == "__del__":
                # Python swallows what is raised in there.  Once more, a little later.
                threading.Timer(0.001, signal.raise_signal, [number]).start()
                return
            frame = frame.f_back
        pressed.set()
        raise KeyboardInterrupt

    def press():
        reached.wait()
        time.sleep(seconds)
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, handler)  # the fixture puts back what was there
    gc.disable()  # its callbacks swallow as well
    try:
        threading.Thread(target=press, daemon=True).start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est.fit(X, y)
        reached.set()
        while not pressed.is_set():
            time.sleep(0.001)
    except KeyboardInterrupt:
        pass
    finally:
        gc.enable()
    assert pressed.is_set()


def _assert_ctrl_c_is_safe(kind, n_moments, seed):
    rng = np.random.default_rng(seed)
    for i in range(n_moments):
        # From before the first epoch to some after the third one.
        n_epochs, seconds = int(rng.integers(4)), rng.uniform(0.0, 0.01)
        reached = _Reached(n_epochs)
        est = MAKERS[kind](max_iter=5000, n_iter_no_change=5000, callbacks=[reached])
        if not kind.startswith("Tabular"):
            est.set_params(tol=0.0, max_fun=5000)
        before = dict(vars(est))
        _fit_and_press(est, X_small, _target(est), reached.event, seconds)
        end = _assert_whole_or_as_before(est, before, X_small)
        assert end == "whole" or not n_epochs, f"seed {seed}, moment {i}"


@makers
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_random_moments(kind):
    _assert_ctrl_c_is_safe(kind, n_moments=20, seed=0)


@makers
@pytest.mark.nightly
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_a_hundred_random_moments(kind):
    _assert_ctrl_c_is_safe(kind, n_moments=100, seed=1)


def _assert_side_by_side(n_moments):
    rng = np.random.default_rng(1)
    now = threading.Event()
    now.set()
    for moment in rng.uniform(0.0, 0.6, size=n_moments):
        reg = TabularMLPRegressor(
            **TABULAR, n_jobs=2, max_iter=5000, n_iter_no_change=5000
        )
        before = dict(vars(reg))
        _fit_and_press(reg, X_small, y_small, now, moment)
        _assert_whole_or_as_before(reg, before, X_small)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_networks_train_side_by_side():
    _assert_side_by_side(1)


@pytest.mark.nightly
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_at_many_moments_while_networks_train_side_by_side():
    _assert_side_by_side(20)


def _assert_warm_start_is_safe(n_moments, seed):
    rng = np.random.default_rng(seed)
    whole = NumpyMLPRegressor(**SETTINGS, warm_start=True).fit(X_small, y_small)
    for i in range(n_moments):
        n_epochs, seconds = int(rng.integers(4)), rng.uniform(0.0, 0.01)
        reached = _Reached(n_epochs)
        est = pickle.loads(pickle.dumps(whole)).set_params(
            max_iter=5000, tol=0.0, n_iter_no_change=5000, callbacks=[reached]
        )
        before = dict(vars(est))
        _fit_and_press(est, X_small, y_small, reached.event, seconds)
        if _is_as_before(est, before):
            assert not n_epochs, f"seed {seed}, moment {i}"
        else:
            assert est.loss_curve_[:12] == whole.loss_curve_
            assert len(est.loss_curve_) == len(est.learning_rate_curve_)
            assert len(est.loss_curve_) == 12 + est.n_iter_


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_warm_start_keeps_what_was_there_or_adds_to_it():
    _assert_warm_start_is_safe(n_moments=20, seed=2)


@pytest.mark.nightly
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_hundred_warm_starts():
    _assert_warm_start_is_safe(n_moments=100, seed=3)


PACKAGE = os.path.dirname(sknumpy_mlp.__file__)


def _fit_up_to_line(est, X, y, line, where=PACKAGE):
    """Fit, and raise KeyboardInterrupt at the so-manyeth line of files in a place.

    Return the number of lines that were run.
    """
    n_lines = 0

    def trace(frame, event, arg):
        return trace_lines if frame.f_code.co_filename.startswith(where) else None

    def trace_lines(frame, event, arg):
        nonlocal n_lines
        # On its way out of a block, Python comes by the line with the `with` again, and
        # an error of a trace function's keeps `__exit__` from being called there.  A
        # signal is heard before, inside the block, or after.
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and not source.lstrip().startswith("with "):
            n_lines += 1
            if n_lines == line:
                raise KeyboardInterrupt
        return trace_lines

    before = sys.gettrace()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.settrace(trace)
        try:
            est.fit(X, y)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
    return n_lines


INTERRUPTED = {
    # Wide enough that the threads of BLAS are limited.
    "adam": lambda: NumpyMLPRegressor(hidden_layer_sizes=(250,), max_iter=2),
    "early stopping": lambda: NumpyMLPClassifier(
        (60,), max_iter=2, early_stopping=True
    ),
    "lbfgs": lambda: NumpyMLPRegressor(
        hidden_layer_sizes=(250,), max_iter=2, solver="lbfgs"
    ),
    "kfold": lambda: TabularMLPRegressor(
        hidden_layer_sizes=(3,), max_iter=2, n_members=2
    ),
    "refit": lambda: TabularMLPClassifier(
        hidden_layer_sizes=(3,), max_iter=2, ensemble="refit"
    ),
}


def _threads_as_another_thread_sees_them():
    """It is kept waiting, and sees nothing, if this one still holds the lock."""
    found = []
    other = threading.Thread(
        target=lambda: found.extend(pool.n_threads for pool in _pools()), daemon=True
    )
    other.start()
    other.join(60)
    return found


def _assert_interruptible(kind, step, where=PACKAGE):
    def make():
        return INTERRUPTED[kind]().set_params(random_state=0)

    target = _target(make())
    n_lines = _fit_up_to_line(make(), X_small, target, -1, where)
    n_threads = [pool.n_threads for pool in _pools()]
    # In each epoch, and each list of an epoch, the same lines come again: a step that
    # divides nothing comes by all of them.
    for line in range(1, n_lines + 1, step):
        est = make()
        before = dict(vars(est))
        _fit_up_to_line(est, X_small, target, line, where)
        _assert_whole_or_as_before(est, before, X_small)
        assert _threads_as_another_thread_sees_them() == n_threads, line
    return n_lines


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("adam", 29),
        ("early stopping", 29),
        ("lbfgs", 29),
        ("kfold", 397),
        ("refit", 397),
    ],
)
def test_ctrl_c_at_one_line_after_the_other(kind, step):
    assert _assert_interruptible(kind, step) > 500


@pytest.mark.nightly
@pytest.mark.parametrize("kind", INTERRUPTED)
def test_ctrl_c_at_every_line(kind):
    _assert_interruptible(kind, 5 if kind in ("kfold", "refit") else 1)


@pytest.mark.parametrize("kind", ["adam", "lbfgs"])
def test_ctrl_c_at_every_line_that_limits_threads(kind):
    seen = set()

    class Watch(Callback):
        def on_epoch_end(self, event):
            seen.add(tuple(pool.n_threads for pool in _pools()))

    if not _pools():
        pytest.skip("no OpenBLAS with threads of its own")
    INTERRUPTED[kind]().set_params(callbacks=[Watch()]).fit(X_small, y_small)
    assert 1 in seen.pop()  # there is a limit
    assert _assert_interruptible(kind, 1, _threads.__file__) > 30


def test_an_epoch_that_is_cut_off_while_it_is_recorded_leaves_no_trace():
    """At each line of `Run.record`, which has to lengthen four lists."""
    for n_lines in range(1, 40):
        est = NumpyMLPRegressor(
            hidden_layer_sizes=(3,), max_iter=4, early_stopping=True, random_state=0
        )
        seen = 0

        def trace(frame, event, arg, n_lines=n_lines):
            nonlocal seen
            if frame.f_code.co_name != "record":
                return None
            if event == "line":
                seen += 1
                if seen == n_lines:
                    raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.settrace(trace)
            try:
                est.fit(X_small, y_small)
            finally:
                sys.settrace(before)
        curves = (
            est.loss_curve_,
            est.learning_rate_curve_,
            est.validation_loss_curve_,
            est.validation_scores_,
        )
        assert {len(curve) for curve in curves} == {est.n_iter_}
    assert seen > 20


# ------------------------------------------------------- errors in what the user brings


class _FuseError(Exception):
    pass


class _Fuse:
    """Counts calls; raises at one of them.  The copies that fits make share it."""

    n_calls, n_allowed = 0, None

    @classmethod
    def set(cls, n_allowed):
        cls.n_calls, cls.n_allowed = 0, n_allowed

    @classmethod
    def use(cls):
        cls.n_calls += 1
        if cls.n_calls == cls.n_allowed:
            raise _FuseError


class _FusedCallback(Callback):
    def on_train_begin(self, run):
        _Fuse.use()

    def on_epoch_end(self, event):
        _Fuse.use()

    def on_train_end(self, run):
        _Fuse.use()


class _LossWithFuse(SquaredError):  # noqa: N818
    def loss_gradient(self, y, raw):
        losses = super().loss_gradient(y, raw)
        _Fuse.use()  # half-way: raw is overwritten already
        return losses

    def predict(self, raw):
        _Fuse.use()
        return super().predict(raw)


class _FusedActivation(Tanh):
    def forward(self, z, out):
        _Fuse.use()
        super().forward(z, out)

    def backward(self, z, a, delta):
        super().backward(z, a, delta)
        _Fuse.use()


class _FusedOptimizer(Adam):
    def step(self, params, *args, **kwargs):
        super().step(params, *args, **kwargs)
        _Fuse.use()


@dataclass(frozen=True)
class _FusedSchedule(Constant):
    def __call__(self, progress):
        _Fuse.use()
        return super().__call__(progress)


def _fused_scorer(estimator, X, y):
    _Fuse.use()
    return -float(np.square(estimator.predict(X) - y).mean())


FUSED = {
    "callback": {"callbacks": [_FusedCallback()]},
    "scorer": {"scoring": _fused_scorer},
    "loss": {"loss": _LossWithFuse()},
    "activation": {"activation": _FusedActivation()},
    "optimiser": {"solver": _FusedOptimizer()},
    "schedule": {"learning_rate": _FusedSchedule()},
    "loss, L-BFGS": {
        "loss": _LossWithFuse(),
        "solver": "lbfgs",
        "early_stopping": False,
    },
    "activation, L-BFGS": {
        "activation": _FusedActivation(),
        "solver": "lbfgs",
        "early_stopping": False,
    },
}


def _fused_numpy(part):
    return NumpyMLPRegressor(
        **{
            "hidden_layer_sizes": (50, 50),
            "max_iter": 4,
            "early_stopping": True,
            "random_state": 0,
        }
        | FUSED[part]
    )


def _assert_errors_change_nothing(make):
    """Let a part fail at its first calls, in the middle, and at the last one."""
    _Fuse.set(None)
    plain = make().fit(X_small, y_small)
    n_calls = _Fuse.n_calls
    assert n_calls >= 4
    expected = plain.predict(X_small)
    for n_allowed in sorted({1, 2, 3, n_calls // 2, n_calls - 1, n_calls}):
        for est in (make(), plain):
            before, params = dict(vars(est)), pickle.dumps(est.get_params())
            _Fuse.set(n_allowed)
            with pytest.raises(_FuseError):
                est.fit(X_small, y_small)
            assert _is_as_before(est, before), n_allowed
            # Nor has an optimiser, say, been used itself instead of a copy.
            assert pickle.dumps(est.get_params()) == params
            _Fuse.set(None)
        # Neither the parameters nor what is shared with an earlier fit have changed.
        np.testing.assert_array_equal(plain.predict(X_small), expected)
        np.testing.assert_array_equal(
            est.fit(X_small, y_small).predict(X_small), expected
        )


@pytest.mark.parametrize("part", FUSED)
def test_an_error_in_a_part_of_the_users_changes_nothing(part):
    _assert_errors_change_nothing(lambda: _fused_numpy(part))


@pytest.mark.parametrize("part", ["callback", "scorer", "loss"])
@pytest.mark.parametrize("ensemble", ["kfold", "refit"])
def test_an_error_in_a_part_changes_nothing_in_an_ensemble(part, ensemble):
    def make():
        return TabularMLPRegressor(
            **TABULAR, ensemble=ensemble, max_iter=4, **FUSED[part]
        )

    _assert_errors_change_nothing(make)


class _FailingLoss(SquaredError):  # noqa: N818
    """Fails at its so-manyeth call, wherever it is: each copy counts for itself."""

    exact_gradient = False  # and so `fit` does not compare it, in its own process

    def __init__(self, n_allowed):
        self.n_allowed = n_allowed
        self.counts = [0]

    def loss_gradient(self, y, raw):
        self.counts[0] += 1
        if self.counts[0] == self.n_allowed:
            raise ZeroDivisionError("a loss of the user's")
        return super().loss_gradient(y, raw)


@pytest.mark.parametrize("n_allowed", [3, 5])
def test_an_error_in_another_process_changes_nothing(n_allowed):
    reg = TabularMLPRegressor(**TABULAR, n_jobs=2, max_iter=4).fit(X_small, y_small)
    expected = reg.predict(X_small)
    reg.set_params(loss=_FailingLoss(n_allowed))
    before = dict(vars(reg))
    with pytest.raises(ZeroDivisionError, match="a loss of the user's"):
        reg.fit(X_small, y_small)
    assert _is_as_before(reg, before)
    np.testing.assert_array_equal(reg.predict(X_small), expected)


def test_an_error_in_the_middle_of_a_partial_fit_changes_nothing():
    _Fuse.set(None)
    est = NumpyMLPRegressor(loss=_LossWithFuse(), random_state=0, batch_size=40)
    twin = NumpyMLPRegressor(loss=_LossWithFuse(), random_state=0, batch_size=40)
    for each in (est, twin):
        each.partial_fit(X_small, y_small)
    _Fuse.set(2)  # the loss was checked in the first call, and is not called for it now
    before = dict(vars(est))
    with pytest.raises(_FuseError):
        est.partial_fit(X_small, y_small)
    assert _is_as_before(est, before)
    _Fuse.set(None)
    for each in (est, twin):
        each.partial_fit(X_small, y_small)
    np.testing.assert_array_equal(est._params, twin._params)
