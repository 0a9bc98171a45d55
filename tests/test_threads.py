"""Limits on BLAS threads: set while a network trains, and always put back."""

import threading
from contextlib import ExitStack

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknumpy_mlp import NumpyMLPClassifier, _threads
from sknumpy_mlp._threads import limited_threads
from sknumpy_mlp.callbacks import Callback

X, Y = load_iris(return_X_y=True)
LARGE = 10**12


def _libraries():
    return [
        library
        for library in ThreadpoolController().lib_controllers
        if library.internal_api == "openblas" and library.threading_layer == "pthreads"
    ]


pytestmark = pytest.mark.skipif(
    not _libraries(), reason="NumPy's BLAS is not OpenBLAS with threads of its own"
)


def _set_all(n_threads):
    for library in _libraries():
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)
        library.set_num_threads(n_threads)
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


def _n_threads():
    """Number of threads of NumPy's pool (or of the only one), and of SciPy's."""
    found = {"scipy.libs" in each.filepath: each.num_threads for each in _libraries()}
    return found.get(False, found.get(True)), found.get(True, found.get(False))


@pytest.fixture(autouse=True)
def three_threads():
    """Every pool has three threads, whatever the machine; and has them afterwards."""
    before = _n_threads()
    _set_all(3)
    yield
    assert _n_threads() == (3, 3)
    _set_all(before[0])


class Watch(Callback):
    """Keeps the numbers of threads, and can raise."""

    def __init__(self, error=None):
        self.error = error
        self.seen = set()

    def on_epoch_end(self, event):
        self.seen.add(_n_threads())
        if self.error is not None:
            raise self.error


def _fit(*callbacks, **options):
    options = {"max_iter": 3, "random_state": 0, "callbacks": callbacks} | options
    clf = NumpyMLPClassifier((5,), **options)
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


def test_a_large_product_is_left_all_threads():
    with limited_threads(LARGE):
        assert _n_threads() == (3, 3)
    with limited_threads(LARGE, limit_scipy=True):
        assert _n_threads()[1] == 1


def test_the_limit_grows_with_the_product():
    seen = []
    for largest_product in (0, 1, 2_000_000, 4_000_000, 6_000_000, 8_000_000):
        with limited_threads(largest_product):
            seen.append(_n_threads()[0])
    assert seen == [1, 1, 1, 2, 3, 3]


def test_fewer_threads_than_the_limit_stay_so():
    _set_all(2)
    with limited_threads(LARGE):
        assert _n_threads() == (2, 2)
    assert _n_threads() == (2, 2)
    _set_all(3)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("error", [ValueError("stop"), SystemExit(1)])
def test_threads_are_put_back_after_an_error(solver, error):
    clf = NumpyMLPClassifier((5,), solver=solver, callbacks=[Watch(error)])
    with pytest.raises(type(error)):
        clf.fit(X, Y)
    assert _n_threads() == (3, 3)


def test_threads_are_put_back_after_ctrl_c():
    clf = NumpyMLPClassifier((5,), callbacks=[Watch(KeyboardInterrupt())])
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
    with _InThread(1) as first, _InThread(1) as second:
        assert _n_threads()[0] == 1
        both = [first, second]
        both.pop(first_leaves).stop()
        assert _n_threads()[0] == 1
        both.pop().stop()
        # Both threads are still alive.
        assert _n_threads() == (3, 3)


def test_the_largest_of_several_limits_counts():
    with ExitStack() as stack:
        stack.enter_context(_InThread(1))
        larger = stack.enter_context(_InThread(4_000_000))
        assert _n_threads()[0] == 2
        larger.stop()
        assert _n_threads()[0] == 1


def test_limits_inside_those_of_the_user_in_another_thread():
    """Since 3.8, threadpoolctl would listen to the user's thread only."""
    with threadpool_limits(2), _InThread(1) as inner:
        assert _n_threads()[0] == 1
        inner.stop()
        assert _n_threads() == (2, 2)
    assert _n_threads() == (3, 3)


def test_fits_in_several_threads_put_all_threads_back():
    errors = []

    def fit(seed):
        try:
            NumpyMLPClassifier((5,), solver="lbfgs", random_state=seed, tol=1e-2).fit(
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


def test_a_forked_child_has_no_limits():
    with limited_threads(1, limit_scipy=True):
        assert _n_threads() == (1, 1)
        _threads._after_fork()
        assert _n_threads() == (3, 3)


def _threads_around_a_fit():
    watch = Watch()
    before = _n_threads()
    clf = NumpyMLPClassifier((5,), max_iter=2, callbacks=[watch])
    with pytest.warns(ConvergenceWarning):
        clf.fit(X, Y)
    return before, watch.seen, _n_threads()


def test_workers_of_joblib_are_never_given_more_threads():
    results = Parallel(n_jobs=2)(delayed(_threads_around_a_fit)() for _ in range(4))
    for before, during, after in results:
        assert before == after
        assert all(np.less_equal(seen, before).all() for seen in during)
