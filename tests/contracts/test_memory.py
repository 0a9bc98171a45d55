"""Many fits and many rows: memory does not grow."""

import numpy as np
import pytest

from tests.conftest import ONE_THREAD, digits, on_linux, run_program, unconverged

pytestmark = unconverged

MEGABYTE = 2**20

X, y = digits(500)


def _run(program, *arguments):
    """Run a program in a process of its own; it must print "done"."""
    done = run_program(program, *arguments, env=ONE_THREAD)
    assert done.stdout.strip() == "done"


# ---------------------------------------------------------------------------- many fits

# Fits one after the other; then the same with arrays that are kept, to see that what is
# measured would notice them.
LEAKS = """
import ctypes, gc, resource, sys, warnings
import numpy as np
import scipy.sparse as sp
from sknumpy_mlp import *
from sknumpy_mlp.callbacks import (Callback, History)

warnings.simplefilter("ignore")
kind, n_fits, n_allowed = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 30))
y = rng.integers(0, 3, 200)
S = sp.csr_matrix(X * (X > 1))
small = {"hidden_layer_sizes": (64,), "max_iter": 3, "batch_size": 50}


class Fail(Callback):
    def on_epoch_end(self, event):
        raise RuntimeError


def fail():
    try:
        NumpyMLPClassifier(**small, callbacks=[Fail()]).fit(X, y)
    except RuntimeError:
        pass


makers = {
    "adam": lambda: NumpyMLPClassifier(**small, dropout=0.1).fit(X, y),
    "early stopping": lambda: NumpyMLPClassifier(
        **small, early_stopping=True, callbacks=[History()]).fit(X, y),
    "lbfgs": lambda: NumpyMLPRegressor(**small, solver="lbfgs").fit(X, y),
    "sparse": lambda: NumpyMLPClassifier(**small).fit(S, y),
    "failures": fail,
    "tabular": lambda: TabularMLPClassifier(
        hidden_layer_sizes=(16,), max_iter=2, n_members=2).fit(X, y),
}


# Returns free memory to the system (glibc): kept arrays might fit into it.
trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)


def resident():
    gc.collect()
    trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


kinds = list(makers) if kind == "all in turn" else [kind]


def grown_after(n, kept=None):
    # Mebibytes more than before so many fits.
    before = resident()
    for i in range(n):
        each = kinds[i % len(kinds)]
        est = makers[each]()
        if est is not None:
            est.predict(S if each == "sparse" else X)
        if kept is not None:
            kept.append(np.ones(2000))  # as large as the network's parameters
    return (resident() - before) / 2**20


grown_after(60)
grown = grown_after(n_fits)
assert grown < n_allowed, f"{grown:.2f} MiB more after {n_fits} fits"
with_leak = grown_after(n_fits, [])
assert with_leak > n_allowed, f"only {with_leak:.2f} MiB although arrays were kept"
print("done")
"""
KINDS = ["adam", "early stopping", "lbfgs", "sparse", "failures", "tabular"]


@on_linux
def test_fits_of_all_kinds_leave_nothing_behind():
    _run(LEAKS, "all in turn", 150, 1.5)


@on_linux
@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_fits_leave_nothing_behind(kind):
    _run(LEAKS, kind, 1000, 5)


# ---------------------------------------------------------------------------- many rows

# RLIMIT_DATA counts what a process allocates, not the pages of a file it has mapped.
# Each case has a process of its own, a fork of one that has imported everything, and
# another one that makes a copy too many and must not get through.
LIMITED = """
import os, resource, sys, warnings
import numpy as np
from sknumpy_mlp import *

warnings.simplefilter("ignore")


def needs_at_most(n_bytes, case, action, too_much):
    assert passes(n_bytes, action), f"{case}: not with {n_bytes / 2**20:.1f} MiB"
    assert not passes(n_bytes, lambda: (too_much(), action())), f"{case}: unnoticed"


def passes(n_bytes, action):
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 3), "the child has failed"
        return code == 0
    code = 1
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmData"):
                    used = int(line.split()[1]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (used + int(n_bytes),) * 2)
        kept = action()
        code = 0
    except MemoryError:
        code = 3
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(code)
"""

PREDICT = (
    LIMITED
    + """
X = np.load(sys.argv[1], mmap_mode="r")
# The rows differ in the last part of the file only; the others are holes on the disk.
first = np.array(X[-5000:])
# How many times its answer a prediction may need: for two classes it makes two columns
# of one, and for labels it has the probabilities of all rows.
for Estimator, method, n_classes, times in (
    (NumpyMLPRegressor, "predict", 2, 1.1),
    (NumpyMLPClassifier, "predict_proba", 5, 1.1),
    (NumpyMLPClassifier, "predict_log_proba", 5, 1.1),
    (NumpyMLPClassifier, "predict_proba", 2, 2.2),
    (NumpyMLPClassifier, "predict", 5, 4.7),
):
    y = np.arange(5000) % n_classes
    est = Estimator(hidden_layer_sizes=(50,), max_iter=2).fit(first, y)
    predict = getattr(est, method)
    expected = predict(first)
    few = predict(X[:1])

    def act():
        answer = predict(X)
        assert len(answer) == len(X)
        np.testing.assert_allclose(answer[-5000:], expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(answer[:1], few, rtol=1e-5)

    answer_size = len(X) * (expected.nbytes // len(expected))
    needs_at_most(
        times * answer_size + 2 * 2**20,
        f"{Estimator.__name__}.{method}, {n_classes} classes",
        act,
        lambda: globals().update(copy=np.array(X)),
    )
print("done")
"""
)


def _many_rows(path, n_rows, n_features=50):
    """A file of so many rows, of which only the last are written to the disk."""
    X = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, n_features))
    X[-5000:] = np.random.default_rng(0).normal(size=(5000, n_features))
    X.flush()


@on_linux
@pytest.mark.parametrize(
    "n_rows", [200_000, pytest.param(10_000_000, marks=pytest.mark.nightly)]
)
def test_predictions_for_many_rows_in_bounded_memory(n_rows, tmp_path):
    _many_rows(tmp_path / "X.npy", n_rows)
    _run(PREDICT, tmp_path / "X.npy")


TRAIN = (
    LIMITED
    + """
n_rows = int(sys.argv[1])
rng = np.random.default_rng(0)
X = rng.random((n_rows, 100), dtype=np.float32)
y = rng.integers(0, 3, n_rows)
# Libraries allocate on first use.
for solver in ("adam", "lbfgs"):
    NumpyMLPClassifier((50,), solver=solver, max_iter=2).fit(X[:300], y[:300])


def train(options):
    clf = NumpyMLPClassifier((50,), max_iter=2, random_state=0, **options).fit(X, y)
    assert clf.n_iter_ == 2


for options in (
    {"early_stopping": True, "dropout": 0.1}, {"solver": "lbfgs"}, {"solver": "sgd"}
):
    needs_at_most(
        0.99 * X.nbytes,
        options,
        lambda: train(options),
        lambda: globals().update(copy=X.copy()),
    )
print("done")
"""
)


@on_linux
@pytest.mark.parametrize(
    "n_rows", [100_000, pytest.param(1_000_000, marks=pytest.mark.nightly)]
)
def test_training_needs_less_than_the_data_once_more(n_rows):
    _run(TRAIN, n_rows)
