"""Members of an ensemble: where and when they train."""

import gc
import itertools
import math
import multiprocessing
import multiprocessing.connection
import signal
import sys
import tempfile
import threading
import time
import warnings
import weakref
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext

import joblib
import numpy as np
import pytest
from joblib.parallel import BACKENDS, get_active_backend
from sklearn.datasets import load_diabetes
from threadpoolctl import threadpool_limits

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp._tabular import base as _tabular_base
from sknumpy_mlp._tabular import ensemble as _ensemble
from sknumpy_mlp._tabular.ensemble import _n_parallel, parallel_workers, train_members
from sknumpy_mlp._tabular.progress import EnsembleProgress
from sknumpy_mlp._tabular.recipe import batch_size, wanted_batch_size
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.activations import Mish, ReLU
from sknumpy_mlp.callbacks import Callback, Checkpoint, TimeLimit
from tests.conftest import on_posix, run_program, tabular_estimators
from tests.tabular.conftest import ENSEMBLES, SHORT, regressor, table

SMALL = {
    "hidden_layer_sizes": (8,),
    "max_iter": 3,
    "n_members": 3,
    "random_state": 0,
}
X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0]


def _regressor(**params):
    return TabularMLPRegressor(**SMALL | params)


# ------------------------------------------------------------- how many side by side


LARGE_BATCH = 1024


@pytest.fixture
def four_cores(monkeypatch):
    """A quiet machine of four cores."""
    monkeypatch.setattr(_ensemble, "n_blas_threads", lambda: 4)
    monkeypatch.setattr(_ensemble, "cpu_count", lambda: 8)
    monkeypatch.setattr(_ensemble, "_is_forked", False)


def _has_interpreter_lock(monkeypatch, answer):
    """Have Python run with or without a global interpreter lock."""
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: answer, raising=False)


def _trains_in_threads():
    """Return whether joblib's backend is that of threads."""
    backend, _ = get_active_backend()
    return type(backend) is BACKENDS["threading"]


def _workers(n_jobs=None, cost=math.inf, seconds=math.inf, batch_size=64):
    """Return the number of parallel members, and whether they train in threads."""
    with parallel_workers(n_jobs, cost, batch_size, seconds) as n:
        return n, _trains_in_threads()


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(
    ("config", "n_jobs", "cost", "seconds", "expected"),
    [
        ({}, None, math.inf, math.inf, 4),  # no more than BLAS has threads
        ({}, None, 0, math.inf, 1),
        ({}, 3, 0, math.inf, 3),
        ({}, 16, 0, math.inf, 16),  # as asked for
        ({"n_jobs": 3}, None, 0, math.inf, 3),
        ({"n_jobs": 3}, 2, 0, math.inf, 2),
        ({"backend": "sequential"}, None, math.inf, math.inf, 1),
        ({"backend": "sequential"}, 5, math.inf, math.inf, 1),
        ({"backend": "threading"}, None, math.inf, math.inf, 4),
        ({"backend": "threading"}, 3, 0, math.inf, 3),
        # Processes would have started when the time is over, threads at once.
        ({}, None, math.inf, 5.0, 1),
        ({}, 3, math.inf, 5.0, 1),
        ({"n_jobs": 3}, None, math.inf, 5.0, 1),
        ({}, None, math.inf, 60.0, 4),
        ({"backend": "threading"}, 3, 0, 5.0, 3),
    ],
)
def test_as_many_as_the_backend_will_run(
    monkeypatch, config, n_jobs, cost, seconds, expected
):
    _has_interpreter_lock(monkeypatch, True)
    with joblib.parallel_config(**config) if config else nullcontext():
        assert _workers(n_jobs, cost, seconds)[0] == expected


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize("has_lock", [True, False])
def test_threads_for_large_batches_and_without_an_interpreter_lock(
    monkeypatch, has_lock
):
    _has_interpreter_lock(monkeypatch, has_lock)
    assert _workers() == (4, not has_lock)
    assert _workers(batch_size=LARGE_BATCH) == (4, True)
    assert _workers(batch_size=LARGE_BATCH, seconds=5.0) == (4, True)
    # Joblib's backend for one worker is left as it is.
    assert _workers(batch_size=LARGE_BATCH, cost=0) == (1, False)
    with joblib.parallel_config(n_jobs=3):
        assert _workers(batch_size=LARGE_BATCH) == (3, True)
        assert _workers(2, batch_size=LARGE_BATCH) == (2, True)
    with joblib.parallel_config("loky"):  # a named backend has precedence
        assert _workers(batch_size=LARGE_BATCH) == (4, False)
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        assert _workers(batch_size=LARGE_BATCH) == (2, False)
    with joblib.parallel_config("sequential"):
        assert _workers(batch_size=LARGE_BATCH)[0] == 1
    assert not _trains_in_threads()


def test_large_batches_train_in_threads_with_the_same_results(monkeypatch):
    threads = set()

    def spy(*args, **kwargs):
        threads.add(threading.current_thread())
        return _fit_member(*args, **kwargs)

    _fit_member = _ensemble._fit_member
    monkeypatch.setattr(_ensemble, "_fit_member", spy)
    X = np.random.default_rng(0).normal(size=(3 * LARGE_BATCH, 3))
    settings = {"batch_size": LARGE_BATCH, "max_iter": 2}
    in_threads = _regressor(n_jobs=2, **settings).fit(X, X[:, 0])
    assert threads
    assert threading.current_thread() not in threads
    threads.clear()
    with joblib.parallel_config("loky"):
        in_processes = _regressor(n_jobs=2, **settings).fit(X, X[:, 0])
    assert not threads
    np.testing.assert_allclose(in_threads.predict(X), in_processes.predict(X), 1e-5)


@pytest.mark.parametrize("n_rows", [100_001, 114_400, 2_000_000])
def test_large_batches_are_those_before_rounding(n_rows):
    assert wanted_batch_size("auto", n_rows) == LARGE_BATCH
    assert batch_size("auto", n_rows) < 1.05 * LARGE_BATCH
    assert wanted_batch_size("auto", 100_000) < LARGE_BATCH
    assert wanted_batch_size(5000, 60) == 60


@pytest.mark.usefixtures("no_temporary_folder")
def test_threads_need_no_folder(recwarn):
    with joblib.parallel_config("threading"):
        in_threads = _regressor(n_jobs=2).fit(X, Y)
    assert not recwarn.list
    expected = _regressor(n_jobs=1).fit(X, Y).predict(X)
    np.testing.assert_allclose(in_threads.predict(X), expected, rtol=1e-5)


def test_joblib_knows_how_many_cores_there_are(monkeypatch):
    monkeypatch.setattr(_ensemble, "n_blas_threads", lambda: 16)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert _workers()[0] == 1


def test_without_locks_to_share_there_are_no_processes():
    """JOBLIB_MULTIPROCESSING=0 is what joblib finds on a read-only /dev/shm."""
    code = (
        "import math; from sknumpy_mlp._tabular.ensemble import _n_parallel;"
        "print([_n_parallel(n, math.inf, math.inf) for n in (None, 3, -1)])"
    )
    done = run_program(code, env={"JOBLIB_MULTIPROCESSING": "0"})
    assert done.stdout == "[1, 1, 1]\n"


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


@tabular_estimators
def test_time_is_divided_for_those_that_take_turns(monkeypatch, Estimator):
    monkeypatch.setattr(_ensemble, "_MIN_COST_FOR_WORKERS", 0)
    monkeypatch.setattr(_ensemble, "n_blas_threads", lambda: 16)
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
from sknumpy_mlp._tabular import ensemble as _ensemble

# Python 3.12 warns of every fork of a process with threads.
warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
_ensemble._MIN_COST_FOR_WORKERS = 0
_ensemble.n_blas_threads = lambda: 2

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


@on_posix
def test_a_forked_child_does_not_wait_for_the_processes_of_its_parent():
    run_program(FORK, options=["-W", "error"])


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


@on_posix
def test_a_child_that_imports_the_package_after_the_fork():
    run_program(LATE, options=["-W", "error"])


def _fit_in_processes():
    return _regressor(n_jobs=2).fit(X, Y).n_iter_


def test_a_child_that_trained_in_processes_ends_when_it_is_done():
    """joblib's processes would keep it waiting for five minutes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(_fit_in_processes).result() == 3
        (process,) = pool._processes.values()
        pool.shutdown(wait=False)
        # Not join: the pool's own thread waits for it as well, and one of them only
        # hears how it ended.
        assert multiprocessing.connection.wait([process.sentinel], 120)


def _warnings_of_a_fit():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return _n_parallel(None, math.inf, math.inf), [str(each) for each in caught]


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


# -------------------------------------------------------- processes that do not start


class _NoProcesses:
    """joblib's Parallel where the system has no more processes to give."""

    def __init__(self, **kwargs):
        pass

    def __call__(self, jobs):
        raise BlockingIOError(11, "Resource temporarily unavailable")


def test_where_processes_cannot_start_networks_take_turns(monkeypatch):
    monkeypatch.setattr(_ensemble, "Parallel", _NoProcesses)
    with (
        joblib.parallel_config("loky"),
        pytest.warns(UserWarning, match="temporarily unavailable.*n_jobs=1"),
    ):
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
        joblib.parallel_config("loky"),
        pytest.warns(UserWarning, match="could not train in processes"),
        pytest.raises(FileNotFoundError, match="no such table"),
    ):
        reg.fit(X, Y)
    with joblib.parallel_config("threading"), pytest.raises(FileNotFoundError):
        reg.fit(X, Y)


def test_results_do_not_depend_on_the_number_of_jobs():
    X, value = table()
    a, b = (regressor(n_jobs=n).fit(X, value).predict(X) for n in (1, 3))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    again = regressor(n_jobs=1).fit(X, value).predict(X)
    np.testing.assert_array_equal(a, again)


@on_posix
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_processes_share_the_table_and_the_first_copy_is_freed(monkeypatch, n_jobs):
    seen = []

    def spy(tasks, data, *args):
        gc.collect()
        seen.append((type(data.X), preprocessed()))
        return train_members(tasks, data, *args)

    def preprocess(self, *args):
        nonlocal preprocessed
        X = _preprocess(self, *args)
        preprocessed = weakref.ref(X)
        return X

    preprocessed, _preprocess = None, TabularMLPRegressor._preprocess
    monkeypatch.setattr(_tabular_base, "train_members", spy)
    monkeypatch.setattr(TabularMLPRegressor, "_preprocess", preprocess)
    large = np.random.default_rng(0).normal(size=(20_000, 20)).astype(np.float32)
    settings = {"n_members": 2, "max_iter": 1, "hidden_layer_sizes": (2,)}
    with joblib.parallel_config("loky"):
        _regressor(n_jobs=n_jobs, **settings).fit(large, large[:, 0])
    ((kind, first_copy),) = seen
    assert kind is (np.ndarray if n_jobs == 1 else np.memmap)
    assert (first_copy is None) == (n_jobs == 2)


class FullDisk(np.ndarray):
    """An array of which only the beginning can be written."""

    def tofile(self, path):
        np.asarray(self)[:9].tofile(path)
        raise OSError(28, "No space left on device")


@on_posix
def test_a_large_table_is_shared_by_a_file(tmp_path):
    large = np.random.default_rng(0).normal(size=(2**17, 2))
    for each in (large, np.asfortranarray(large)):
        shared = _ensemble.shared_table(each, tmp_path)
        assert isinstance(shared, np.memmap)
        np.testing.assert_array_equal(shared, large)
    assert _ensemble.shared_table(large, None) is large
    small = large[:9]
    assert _ensemble.shared_table(small, tmp_path) is small
    with joblib.parallel_config("threading"):
        assert _ensemble.shared_table(large, tmp_path) is large


def test_a_full_disk_leaves_the_table_in_memory(tmp_path):
    large = np.zeros((2**17, 2)).view(FullDisk)
    assert _ensemble.shared_table(large, tmp_path) is large
    assert list(tmp_path.iterdir()) == []


@on_posix
@pytest.mark.parametrize("fails", [False, True])
def test_the_file_of_a_shared_table_is_deleted(monkeypatch, tmp_path, fails):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if fails:
        monkeypatch.setattr(TabularMLPRegressor, "_evaluate", fail)
    large = np.random.default_rng(0).normal(size=(20_000, 20)).astype(np.float32)
    reg = _regressor(n_jobs=2, n_members=2, max_iter=1)
    with pytest.raises(RuntimeError) if fails else nullcontext():
        reg.fit(large, large[:, 0])
    assert list(tmp_path.rglob("table")) == []
    if not fails:
        twin = _regressor(n_jobs=1, n_members=2, max_iter=1).fit(large, large[:, 0])
        np.testing.assert_array_equal(reg.predict(large), twin.predict(large))


def test_inside_a_process_with_one_thread_networks_take_turns():
    X, value = table(40)
    threads = set()

    class Ask(Callback):
        def on_epoch_end(self, event):
            threads.add(threading.get_ident())

    with threadpool_limits(1):
        regressor(callbacks=[Ask()]).fit(X, value)
    assert threads == {threading.get_ident()}


def test_a_time_limit_ends_the_training_with_its_whole_schedule(monkeypatch):
    # A clock that each look at puts on by a second: no test should depend on the time.
    seconds = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(seconds)))
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=10**6, max_time=2000.0, n_members=2, n_jobs=1)
    reg.fit(X, y)
    assert reg.score(X, y) > 0.2
    for member in reg.estimators_:
        assert 10 < member.n_iter_ < 1000
        # The rate has come down from its peak: the schedule went with the clock.
        rates = member.learning_rate_curve_
        assert rates[-1] < 0.1 * max(rates)


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_the_shortest_time_still_gives_a_model(ensemble):
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_time=1e-6, ensemble=ensemble)
    with pytest.warns(UserWarning, match="max_time=1e-06 was over"):
        reg.fit(X, y)
    assert np.isfinite(reg.predict(X)).all()
    assert all(m.n_iter_ == 1 for m in reg.estimators_)


class _Interrupt(Callback):
    """Presses Ctrl-C in a given epoch."""

    def __init__(self, epoch):
        self.epoch = epoch
        self.n_runs = 0

    def on_train_begin(self, run):
        self.n_runs += 1

    def on_epoch_end(self, event):
        if self.n_runs == 2 and event.epoch == self.epoch:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_keeps_what_has_been_learnt():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(callbacks=[_Interrupt(3)])
    with pytest.warns(UserWarning, match="interrupted by user"):
        reg.fit(X, y)
    assert [m.n_iter_ for m in reg.estimators_] == [12, 3]
    assert np.isnan(reg.oof_predictions_).sum() == len(y) // 3
    assert np.isfinite(reg.predict(X)).all()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("epoch", [3, 12])
def test_ctrl_c_in_a_refit_keeps_the_network_that_chose_the_epoch(epoch):
    X, y = load_diabetes(return_X_y=True)
    interrupt = _Interrupt(epoch)
    interrupt.n_runs = 1 if epoch == 3 else 0  # in the first run, or in the refit
    if epoch == 12:
        interrupt.epoch = 1
    reg = regressor(ensemble="refit", callbacks=[interrupt])
    with pytest.warns(UserWarning, match="interrupted by user"):
        reg.fit(X, y)
    (member,) = reg.estimators_
    assert member.validation_scores_ is not None
    assert member.n_iter_ == epoch


def test_resuming_needs_a_seed(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(
        random_state=None, callbacks=[Checkpoint(tmp_path / "run.npz", resume=True)]
    )
    with pytest.raises(ValueError, match="Set random_state to an int"):
        reg.fit(X, y)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_networks_train_side_by_side(tmp_path, monkeypatch):
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(n_jobs=3, max_iter=10**6)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt():
        deadline = time.monotonic() + 120
        while len(list(tmp_path.glob("*/[012]"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.warns(UserWarning, match="interrupted by user"):
        reg.fit(X, y)
    assert len(reg.estimators_) == 3
    assert np.isfinite(reg.predict(X)).all()


def test_a_fit_that_fails_leaves_everything_as_it_was():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor().fit(X, y)
    before = reg.predict(X)
    with pytest.raises(ValueError, match="non-finite"):
        reg.set_params(learning_rate_init=1e30, learning_rate="constant").fit(X, y)
    np.testing.assert_array_equal(reg.predict(X), before)
    with pytest.raises(ValueError, match="NaN"):
        reg.set_params(**SHORT).fit(X[:3, :2], [1.0, np.nan, 2.0])
    assert reg.n_features_in_ == 10


def test_networks_side_by_side_in_a_thread_that_is_not_the_main_one():
    X, value = table()
    fitted = []
    thread = threading.Thread(
        target=lambda: fitted.append(regressor(n_jobs=2).fit(X, value))
    )
    thread.start()
    thread.join()
    here = regressor(n_jobs=1).fit(X, value)
    np.testing.assert_allclose(fitted[0].predict(X), here.predict(X), rtol=1e-6)


MEETING, MET = threading.Condition(), []


class Meet(Mish):
    """Two networks that train in threads meet here, and then one of them is late."""

    def __init__(self, late):
        self.late = late

    def forward(self, z, out):
        super().forward(z, out)
        thread = threading.current_thread()
        if thread is threading.main_thread():
            return  # `fit` compares the gradient before any network trains
        with MEETING:
            if thread in MET or len(MET) == 2:
                return
            MET.append(thread)
            MEETING.notify_all()
            MEETING.wait_for(lambda: len(MET) == 2, timeout=10)
        warn("met")
        if MET.index(thread) == self.late:
            time.sleep(0.5)


@pytest.mark.parametrize("late", [0, 1])
def test_warnings_of_networks_in_threads_that_overlap(late):
    """They arrive, and nothing stays in force of what it took to collect them."""
    MET.clear()
    X, value = table()
    reg = regressor(max_iter=2, n_members=2, n_jobs=2, activation=Meet(late))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        with joblib.parallel_config("threading"):
            reg.fit(X, value)
        assert warnings.filters == filters
        warnings.warn("later", stacklevel=1)
    assert [str(each.message) for each in caught] == ["met", "met", "later"]
    assert {each.filename for each in caught} == {__file__}
