"""Training from a memory-mapped file that is larger than the memory allowed."""

import tracemalloc

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sknumpy_mlp import NumpyMLPClassifier
from tests.conftest import (
    ONE_THREAD,
    on_linux,
    params_of,
    plain_estimators,
    run_program,
)

N_FEATURES = 1000
MEGABYTE = 2**20

# RLIMIT_DATA counts what a process allocates, not the pages of a file it has mapped.
# Each thread has buffers of its own: one is enough here.
PROGRAM = """
import resource, sys, warnings
import numpy as np
import sklearn.datasets
from sklearn.exceptions import ConvergenceWarning
from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)
path, allowed = sys.argv[1], int(sys.argv[2])
X = np.load(path, mmap_mode="r")
y = np.arange(len(X)) % 3
# Libraries allocate on first use, threads their stacks and buffers.
for solver in ("adam", "lbfgs"):
    NumpyMLPClassifier((20,), solver=solver, max_iter=2).fit(X[:300], y[:300])
for line in open("/proc/self/status"):
    if line.startswith("VmData"):
        used = int(line.split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + allowed, used + allowed))
%WORK%
print("done")
"""

PARTIAL_FIT = """
clf = NumpyMLPClassifier((20,), random_state=0)
for start in range(0, len(X), 2000):
    rows = slice(start, start + 2000)
    clf.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
assert clf.t_ == len(X)
"""

FIT = """
clf = NumpyMLPClassifier((20,), max_iter=2, random_state=0, {options}).fit(X, y)
assert clf.n_iter_ == 2
assert len(clf.predict(X)) == len(X)
"""

COPY = "np.array(X)"


@pytest.fixture(scope="module", params=[50, 200], ids=lambda size: f"{size}MiB")
def large_file(request, tmp_path_factory):
    """A file of so many MiB, and its rows."""
    n_rows = request.param * MEGABYTE // (4 * N_FEATURES)
    path = tmp_path_factory.mktemp("data") / "X.npy"
    X = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, N_FEATURES))
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, 5000):
        part = X[start : start + 5000]
        part[...] = rng.random(part.shape, dtype=np.float32)
    X.flush()
    yield path
    path.unlink()


@on_linux
@pytest.mark.parametrize(
    "work",
    [
        pytest.param(PARTIAL_FIT, id="partial_fit"),
        pytest.param(FIT.format(options=""), id="adam"),
        pytest.param(FIT.format(options="shuffle=False"), id="in order"),
        pytest.param(FIT.format(options="dropout=[0.1, 0.1]"), id="dropout"),
        pytest.param(FIT.format(options="solver='lbfgs'"), id="lbfgs"),
    ],
)
def test_memory_does_not_grow_with_the_file(large_file, work):
    """The same 40 MiB are enough for 50 and for 200 MiB of data."""
    program = PROGRAM.replace("%WORK%", work)
    done = run_program(program, large_file, 40 * MEGABYTE, env=ONE_THREAD)
    assert done.stdout.strip() == "done"


@on_linux
def test_a_copy_would_be_noticed(large_file):
    program = PROGRAM.replace("%WORK%", COPY)
    done = run_program(program, large_file, 40 * MEGABYTE, check=False, env=ONE_THREAD)
    assert "MemoryError" in done.stderr


@plain_estimators
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_mapped_file_gives_the_same_as_an_array(
    Estimator, order, early_stopping, tmp_path
):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.standard_normal((120, 5)), order=order)
    y = np.arange(120) % 3
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    settings = {
        "hidden_layer_sizes": (8,),
        "batch_size": 32,
        "max_iter": 5,
        "random_state": 0,
        "early_stopping": early_stopping,
    }
    with pytest.warns(UserWarning, match="converged"):
        ours = Estimator(**settings).fit(X, y)
    with pytest.warns(UserWarning, match="converged"):
        theirs = Estimator(**settings).fit(mapped, y)
    np.testing.assert_allclose(params_of(ours), params_of(theirs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", ["C", "F"])
def test_lbfgs_copies_no_array_whole(order):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.standard_normal((5000, 100)), order=order)
    y = np.arange(5000) % 2
    clf = NumpyMLPClassifier((5,), solver="lbfgs", max_iter=2)
    tracemalloc.start()
    with pytest.warns(ConvergenceWarning):
        clf.fit(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes / 2
