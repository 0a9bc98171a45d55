"""Members of an ensemble: where and when they train."""

import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext

import joblib
import numpy as np
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular import base as _tabular_base
from sknumpy_mlp._tabular import ensemble as _ensemble
from sknumpy_mlp._tabular.ensemble import n_parallel, train_members
from sknumpy_mlp._tabular.progress import EnsembleProgress, SharedProgress
from sknumpy_mlp.activations import ReLU
from sknumpy_mlp.callbacks import TimeLimit

SMALL = {
    "hidden_layer_sizes": (8,),
    "max_iter": 3,
    "n_members": 3,
    "random_state": 0,
}
X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0]

needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system does not fork"
)


def _regressor(**params):
    return TabularMLPRegressor(**SMALL | params)


# ------------------------------------------------------------- how many side by side


@pytest.fixture
def four_cores(monkeypatch):
    """A quiet machine of four cores, where every training is worth processes."""
    monkeypatch.setattr(_ensemble, "cpu_count", lambda: 4)
    monkeypatch.setattr(_ensemble, "_is_forked", False)


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(
    ("config", "n_jobs", "default", "seconds", "expected"),
    [
        ({}, None, 2, math.inf, 2),
        ({}, None, 16, math.inf, 4),  # no more than there are cores
        ({}, None, 1, math.inf, 1),
        ({}, 3, 1, math.inf, 3),
        ({}, 16, 1, math.inf, 16),  # as asked for
        ({"n_jobs": 3}, None, 1, math.inf, 3),
        ({"n_jobs": 3}, 2, 1, math.inf, 2),
        ({"backend": "sequential"}, None, 16, math.inf, 1),
        ({"backend": "sequential"}, 5, 16, math.inf, 1),
        ({"backend": "threading"}, None, 2, math.inf, 2),
        ({"backend": "threading"}, 3, 1, math.inf, 3),
        # Processes would have started when the time is over, threads at once.
        ({}, None, 16, 5.0, 1),
        ({}, 3, 16, 5.0, 1),
        ({"n_jobs": 3}, None, 16, 5.0, 1),
        ({}, None, 16, 60.0, 4),
        ({"backend": "threading"}, 3, 1, 5.0, 3),
    ],
)
def test_as_many_as_the_backend_will_run(config, n_jobs, default, seconds, expected):
    with joblib.parallel_config(**config) if config else nullcontext():
        assert n_parallel(n_jobs, default, seconds) == expected


def test_joblib_knows_how_many_cores_there_are(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert n_parallel(None, 16, math.inf) == 1


def test_without_locks_to_share_there_are_no_processes():
    """JOBLIB_MULTIPROCESSING=0 is what joblib finds on a read-only /dev/shm."""
    code = (
        "import math; from sknumpy_mlp._tabular.ensemble import n_parallel;"
        "print([n_parallel(n, 16, math.inf) for n in (None, 3, -1)])"
    )
    env = os.environ | {"JOBLIB_MULTIPROCESSING": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env
    )
    assert done.stdout == "[1, 1, 1]\n", done.stderr


def _progress_of(monkeypatch, estimator):
    """Fit; return the progress that was shared."""
    shared = []
    share_progress = _tabular_base.share_progress

    @contextmanager
    def remember(*args, **kwargs):
        with share_progress(*args, **kwargs) as progress:
            shared.append(progress)
            yield progress

    monkeypatch.setattr(_tabular_base, "share_progress", remember)
    estimator.fit(X, Y > 0)
    return shared


def test_no_more_threads_than_cores(monkeypatch):
    monkeypatch.setattr(_tabular_base, "n_blas_threads", lambda: 16)
    for cores, n_jobs, expected in ((4, 1, 4), (4, 2, 2), (1, 2, 1), (64, 1, 16)):
        monkeypatch.setattr(_tabular_base, "cpu_count", lambda cores=cores: cores)
        limits = set()

        def remember(tasks, *args, limits=limits):
            limits |= {task.context.n_threads for task in tasks}
            return train_members(tasks, *args)

        monkeypatch.setattr(_tabular_base, "train_members", remember)
        with joblib.parallel_config("threading"):
            _regressor(n_jobs=n_jobs).fit(X, Y)
        assert limits == {expected}


@pytest.mark.parametrize("Estimator", [TabularMLPClassifier, TabularMLPRegressor])
def test_time_is_divided_for_those_that_take_turns(monkeypatch, Estimator):
    monkeypatch.setattr(_tabular_base, "_MIN_PRODUCTS_FOR_PROCESSES", 0)
    monkeypatch.setattr(_tabular_base, "n_blas_threads", lambda: 16)
    with joblib.parallel_config("sequential"):
        (progress,) = _progress_of(monkeypatch, Estimator(**SMALL, max_time=300))
    assert progress.n_parallel == 1
    now = time.time()
    share = (progress.deadline_of(0) - now) / (progress.deadline - now)
    assert share == pytest.approx(1 / 3, abs=0.01)


def test_a_network_that_was_cut_short_is_told_of(monkeypatch):
    # One network's time is over before it begins, the others have all they want.
    monkeypatch.setattr(
        EnsembleProgress, "deadline_of", lambda _, k: 0.0 if k == 2 else math.inf
    )
    many = np.random.default_rng(0).normal(size=(4000, 20))
    with pytest.warns(UserWarning, match="max_time=100 was over before 1 of 3 network"):
        reg = _regressor(max_time=100).fit(many, many[:, 0])
    assert [member.n_iter_ for member in reg.estimators_] == [3, 3, 1]


def test_a_network_that_something_else_ends_is_not(recwarn):
    at_once = TimeLimit(1e-9)
    reg = _regressor(max_time=1000, callbacks=[at_once]).fit(X, Y)
    assert [member.n_iter_ for member in reg.estimators_] == [1, 1, 1]
    assert _regressor(max_time=1000, max_iter=1).fit(X, Y).n_iter_ == 1
    assert not recwarn.list


# --------------------------------------------------------------------- forked processes


FORK = """
import multiprocessing, os, signal, sys, traceback, warnings
import numpy as np
from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular import base as _tabular_base

# Python 3.12 warns of every fork of a process with threads.
warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
_tabular_base._MIN_PRODUCTS_FOR_PROCESSES = 0
_tabular_base.n_blas_threads = lambda: 2

X = np.random.default_rng(0).normal(size=(60, 3))
y = X[:, 0] > 0


def fit(Estimator, **params):
    Estimator(
        hidden_layer_sizes=(8,), max_iter=2, n_members=2, random_state=0, **params
    ).fit(X, y)


def in_child(**case):
    child = os.fork()
    if not child:
        signal.alarm(60)  # what waits for ever is killed
        try:
            fit(**case)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status == 0, (case, status)


fit(TabularMLPRegressor, n_jobs=2)  # joblib has processes now
for Estimator in (TabularMLPRegressor, TabularMLPClassifier):
    for max_time in (None, 30.0):
        for n_jobs in (None, 2):
            in_child(Estimator=Estimator, n_jobs=n_jobs, max_time=max_time)
fit(TabularMLPClassifier, n_jobs=2)  # and has them still

# A child that must not have children; nobody has asked for any.
with multiprocessing.get_context("fork").Pool(1) as pool:
    pool.apply_async(fit, (TabularMLPRegressor,)).get(60)
"""


@needs_fork
def test_a_forked_child_does_not_wait_for_the_processes_of_its_parent():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


LATE = """
import os, signal, warnings
from joblib import Parallel, delayed

warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
Parallel(n_jobs=2)(delayed(abs)(i) for i in range(4))
child = os.fork()
if not child:
    signal.alarm(60)
    import numpy as np
    from sknumpy_mlp import TabularMLPRegressor

    X = np.random.default_rng(0).normal(size=(60, 3))
    TabularMLPRegressor((8,), max_iter=2, n_members=2, n_jobs=2).fit(X, X[:, 0])
    os._exit(0)
raise SystemExit(os.waitpid(child, 0)[1])
"""


@needs_fork
def test_a_child_that_imports_the_package_after_the_fork():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LATE],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def _fit_in_processes():
    return _regressor(n_jobs=2).fit(X, Y).n_iter_


def test_a_child_that_trained_in_processes_ends_when_it_is_done():
    """joblib's processes would keep it waiting for five minutes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(_fit_in_processes).result() == 3
        (process,) = pool._processes.values()
        pool.shutdown(wait=False)
        process.join(120)
        assert process.exitcode == 0


def _warnings_of_a_fit():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return n_parallel(None, 16, math.inf), [str(each) for each in caught]


def test_a_daemon_is_not_warned_of_what_nobody_asked_for():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_warnings_of_a_fit) == (1, [])


# ----------------------------------------------------------- folders and their absence


@pytest.fixture
def no_temporary_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))


@pytest.mark.usefixtures("no_temporary_folder")
@pytest.mark.parametrize("params", [{"ensemble": None}, {"n_jobs": 1}, {"verbose": 1}])
def test_networks_that_take_turns_need_no_folder(params, capsys):
    reg = _regressor(**params).fit(X, Y)
    assert np.isfinite(reg.predict(X)).all()
    assert ("networks done" in capsys.readouterr().out) == ("verbose" in params)


@pytest.mark.usefixtures("no_temporary_folder")
def test_without_a_folder_to_share_networks_take_turns():
    with pytest.warns(UserWarning, match="no temporary folder.*TMPDIR"):
        reg = _regressor(n_jobs=2).fit(X, Y)
    expected = _regressor(n_jobs=1).fit(X, Y).predict(X)
    np.testing.assert_array_equal(reg.predict(X), expected)


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


# -------------------------------------------------------- processes that do not start


class _NoProcesses:
    """joblib's Parallel where the system has no more processes to give."""

    def __init__(self, **kwargs):
        pass

    def __call__(self, jobs):
        raise BlockingIOError(11, "Resource temporarily unavailable")


def test_where_processes_cannot_start_networks_take_turns(monkeypatch):
    monkeypatch.setattr(_ensemble, "Parallel", _NoProcesses)
    with pytest.warns(UserWarning, match="temporarily unavailable.*n_jobs=1"):
        reg = _regressor(n_jobs=2).fit(X, Y)
    expected = _regressor(n_jobs=1).fit(X, Y).predict(X)
    np.testing.assert_array_equal(reg.predict(X), expected)


class Offline(ReLU):
    """An activation that wants a file, which is not there, for a batch of 40 rows."""

    def forward(self, z, out):
        if len(z) == 40:
            raise FileNotFoundError(2, "no such table")
        super().forward(z, out)


def test_an_error_of_a_network_is_not_taken_for_one_of_its_process():
    reg = _regressor(n_jobs=2, activation=Offline())
    with (
        pytest.warns(UserWarning, match="could not train in processes"),
        pytest.raises(FileNotFoundError, match="no such table"),
    ):
        reg.fit(X, Y)
    with joblib.parallel_config("threading"), pytest.raises(FileNotFoundError):
        reg.fit(X, Y)
