"""Runs that are killed at any moment go on as if they had not been."""

import json
import threading
import time

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.callbacks import Callback, Checkpoint
from sknumpy_mlp.callbacks._checkpoint_file import remove_leftovers, save_checkpoint
from sknumpy_mlp.optimizers import OPTIMIZERS
from tests.conftest import on_posix, unconverged
from tests.contracts.conftest import SETTINGS, X, output_of, y

pytestmark = unconverged


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
WRITING = ("_checkpoint_file.py", "zipfile.py", os.path.join("zipfile", "__init__.py"))


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
    arguments = tmp_path, json.dumps(cases), n_kills, seed
    printed = output_of(KILLS, *arguments)
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
