"""Limits on BLAS threads: set while a network trains, and always put back."""

import threading
from contextlib import ExitStack

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._estimators.threads import _pools, limited_threads
from sknumpy_mlp.callbacks import Callback
from tests.conftest import on_posix, run_program

X, Y = load_iris(return_X_y=True)
LARGE = 10**12
# 150 rows * 50 * 50 are enough for OpenBLAS to use several threads.
HIDDEN = (50, 50)
# Large enough for OpenBLAS to use several threads, too small for that to be worth it.
SMALL = 1_000_000


def _libraries():
    """NumPy's pool and SciPy's, by whether they are SciPy's."""
    scipys = {pool._library.filepath: pool.is_scipy for pool in _pools()}
    return {
        scipys[library.filepath]: library
        for library in ThreadpoolController().lib_controllers
        if library.filepath in scipys
    }


pytestmark = pytest.mark.skipif(
    _libraries().keys() != {False, True},
    reason="NumPy and SciPy do not have an OpenBLAS each",
)


def _n_threads():
    """Number of threads of NumPy's pool and of SciPy's."""
    libraries = _libraries()
    return libraries[False].num_threads, libraries[True].num_threads


def _set(*n_threads):
    for library, number in zip(
        (_libraries()[False], _libraries()[True]), n_threads, strict=True
    ):
        library.set_num_threads(number)
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@pytest.fixture(autouse=True)
def three_threads():
    """Both pools have three threads, whatever the machine; and have them afterwards."""
    before = _n_threads()
    _set(3, 3)
    if _n_threads() != (3, 3):
        pytest.skip("this OpenBLAS is built for fewer threads")
    yield
    after = _n_threads()
    _set(*before)
    assert after == (3, 3)


class Watch(Callback):
    """Keeps the numbers of threads, and can raise."""

    def __init__(self, error=None):
        self.error = error
        self.seen = set()

    def on_epoch_end(self, event):
        self.seen.add(_n_threads())
        if self.error is not None:
            raise self.error


def _fit(*callbacks, hidden=HIDDEN, **options):
    options = {"max_iter": 3, "random_state": 0, "callbacks": callbacks} | options
    clf = NumpyMLPClassifier(hidden, **options)
    with pytest.warns(ConvergenceWarning):
        return clf.fit(X, Y)


def test_a_small_network_trains_in_one_thread():
    watch = Watch()
    _fit(watch)
    assert {numpys for numpys, _ in watch.seen} == {1}


def test_lbfgs_holds_scipys_pool_at_one_thread():
    watch = Watch()
    _fit(watch, solver="lbfgs")
    assert {scipys for _, scipys in watch.seen} == {1}


def test_updates_of_many_parameters_hold_scipys_pool_at_one_thread():
    watch = Watch()
    _fit(watch, hidden=(120, 120))  # more than 10,000
    assert {scipys for _, scipys in watch.seen} == {1}
    watch = Watch()
    _fit(watch, hidden=(10,))
    assert {scipys for _, scipys in watch.seen} == {3}


def test_a_large_product_is_left_all_threads():
    with limited_threads(LARGE):
        assert _n_threads() == (3, 3)
    with limited_threads(LARGE, limit_scipy=True):
        assert _n_threads()[1] == 1


def test_the_limit_grows_with_the_product():
    seen = []
    for largest_product in (300_000, 2_000_000, 4_000_000, 6_000_000, 8_000_000):
        with limited_threads(largest_product):
            seen.append(_n_threads()[0])
    assert seen == [1, 1, 2, 3, 3]


def test_products_that_have_one_thread_anyway_are_left_alone():
    """So the least fits touch nothing that others in this process rely on."""
    with limited_threads(1000):
        assert _n_threads() == (3, 3)


def test_fewer_threads_than_the_limit_stay_so():
    _set(2, 2)
    with limited_threads(LARGE):
        assert _n_threads() == (2, 2)
    assert _n_threads() == (2, 2)
    _set(3, 3)


def test_a_number_of_threads_that_needed_no_limit_is_not_put_back():
    _set(1, 1)
    with limited_threads(SMALL):
        _set(3, 3)  # the end of somebody else's limit
    assert _n_threads() == (3, 3)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("error", [ValueError("stop"), SystemExit(1)])
def test_threads_are_put_back_after_an_error(solver, error):
    clf = NumpyMLPClassifier(HIDDEN, solver=solver, callbacks=[Watch(error)])
    with pytest.raises(type(error)):
        clf.fit(X, Y)
    assert _n_threads() == (3, 3)


def test_threads_are_put_back_after_ctrl_c():
    clf = NumpyMLPClassifier(HIDDEN, callbacks=[Watch(KeyboardInterrupt())])
    with pytest.warns(UserWarning, match="interrupted by user"):
        clf.fit(X, Y)
    assert _n_threads() == (3, 3)


class _InThread:
    """Holds a limit in a thread that lives until the end of the block."""

    def __init__(self, largest_product):
        self.largest_product = largest_product
        self.entered, self.leave = threading.Event(), threading.Event()
        self.left, self.end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        with limited_threads(self.largest_product):
            self.entered.set()
            self.leave.wait(10)
        self.left.set()
        self.end.wait(10)

    def __enter__(self):
        self.thread.start()
        assert self.entered.wait(10)
        return self

    def stop(self):
        self.leave.set()
        assert self.left.wait(10)

    def __exit__(self, *error):
        self.stop()
        self.end.set()
        self.thread.join(10)


@pytest.mark.parametrize("first_leaves", [0, 1])
def test_overlapping_fits_share_a_limit(first_leaves):
    """Who leaves last puts back what the first one found, in whatever order."""
    with _InThread(SMALL) as first, _InThread(SMALL) as second:
        assert _n_threads()[0] == 1
        both = [first, second]
        both.pop(first_leaves).stop()
        assert _n_threads()[0] == 1
        both.pop().stop()
        # Both threads are still alive.
        assert _n_threads() == (3, 3)


def test_the_largest_of_several_limits_counts():
    with ExitStack() as stack:
        stack.enter_context(_InThread(SMALL))
        larger = stack.enter_context(_InThread(4_000_000))
        assert _n_threads()[0] == 2
        larger.stop()
        assert _n_threads()[0] == 1


def test_limits_inside_those_of_the_user_in_another_thread():
    with threadpool_limits(2), _InThread(SMALL) as inner:
        # Since 3.8, threadpoolctl listens to the user's thread only.
        assert _n_threads()[0] in (1, 2)
        inner.stop()
        assert _n_threads() == (2, 2)
    assert _n_threads() == (3, 3)


def test_limits_inside_those_of_the_user_in_the_same_thread():
    with threadpool_limits(2):
        with limited_threads(SMALL, limit_scipy=True):
            assert _n_threads() == (1, 1)
        assert _n_threads() == (2, 2)
        with threadpool_limits(1):
            assert _n_threads() == (1, 1)
        assert _n_threads() == (2, 2)
    assert _n_threads() == (3, 3)


def test_a_fit_in_the_middle_of_setting_a_limit():
    """As by a signal handler, which may run between any two statements."""
    pool = next(pool for pool in _pools() if not pool.is_scipy)
    library = pool._library

    class Interrupted:
        def __getattr__(self, name):
            return getattr(library, name)

        def set_num_threads(self, n_threads):
            pool._library = library
            with limited_threads(SMALL):
                pass
            library.set_num_threads(n_threads)

    pool._library = Interrupted()
    with limited_threads(SMALL):
        assert _n_threads()[0] == 1
    assert _n_threads() == (3, 3)


def test_an_interrupted_end_is_finished():
    """Ctrl-C while threads are put back: they are put back all the same."""
    pool = next(pool for pool in _pools() if not pool.is_scipy)
    library = pool._library

    class Interrupting:
        def __getattr__(self, name):
            return getattr(library, name)

        def set_num_threads(self, n_threads):
            pool._library = library
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), limited_threads(SMALL):
        pool._library = Interrupting()
    assert _n_threads() == (3, 3)


def test_fits_in_several_threads_put_all_threads_back():
    errors = []

    def fit(seed):
        try:
            NumpyMLPClassifier(HIDDEN, solver="lbfgs", random_state=seed, tol=1e-2).fit(
                X / X.max(), Y
            )
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=fit, args=(seed,)) for seed in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    assert _n_threads() == (3, 3)


FIRST_FITS = """
import importlib, sys, threading
from threadpoolctl import ThreadpoolController
from sknumpy_mlp._estimators import threads as _threads

libraries = [
    library for library in ThreadpoolController().lib_controllers
    if library.internal_api == "openblas"
]
for library in libraries:
    library.set_num_threads(3)
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)
sys.setswitchinterval(1e-6)
start = threading.Barrier(4)


def fit():
    start.wait()
    with _threads.limited_threads(1_000_000, limit_scipy=True):
        start.wait()


for _ in range(5):
    importlib.reload(_threads)  # as in a new process, nothing is known of pools
    threads = [threading.Thread(target=fit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [library.num_threads for library in libraries] == [3, 3]
"""


def test_first_fits_that_begin_together_put_all_threads_back():
    """They look for the pools at the same time, and must come to share them."""
    run_program(FIRST_FITS)


FORK = """
import os, warnings
from sknumpy_mlp._estimators.threads import _pools, limited_threads
warnings.simplefilter("ignore")  # this process has several threads

def numbers():
    return [pool.n_threads for pool in _pools()]

for pool in _pools():
    pool._library.set_num_threads(3)
with limited_threads(1_000_000, limit_scipy=True):
    assert numbers() == [1, 1]
    child = os.fork()
    if not child:
        # The limit is inherited, its holder is not: the next fit ends it.
        with limited_threads(1_000_000, limit_scipy=True):
            pass
        os._exit(numbers() != [3, 3])
    assert os.waitpid(child, 0)[1] == 0
    assert numbers() == [1, 1]
assert numbers() == [3, 3]
"""


@on_posix
def test_a_forked_child_is_free_of_limits_after_its_first_fit():
    run_program(FORK)


def _threads_around_a_fit():
    watch = Watch()
    before = _n_threads()
    clf = NumpyMLPClassifier(HIDDEN, max_iter=2, callbacks=[watch])
    with pytest.warns(ConvergenceWarning):
        clf.fit(X, Y)
    return before, watch.seen, _n_threads()


def test_workers_of_joblib_are_never_given_more_threads():
    results = Parallel(n_jobs=2)(delayed(_threads_around_a_fit)() for _ in range(4))
    for before, during, after in results:
        assert before == after
        assert during
        assert all(np.less_equal(seen, before).all() for seen in during)
