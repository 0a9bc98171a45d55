"""Estimators, data, comparisons and programs that tests of several folders share."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

PLAIN = [NumpyMLPClassifier, NumpyMLPRegressor]
TABULAR = [TabularMLPClassifier, TabularMLPRegressor]
ESTIMATORS = [*PLAIN, *TABULAR]

plain_estimators = pytest.mark.parametrize("Estimator", PLAIN)
tabular_estimators = pytest.mark.parametrize("Estimator", TABULAR)
all_estimators = pytest.mark.parametrize("Estimator", ESTIMATORS)
all_classifiers = pytest.mark.parametrize(
    "Estimator", [NumpyMLPClassifier, TabularMLPClassifier]
)
all_regressors = pytest.mark.parametrize(
    "Estimator", [NumpyMLPRegressor, TabularMLPRegressor]
)

#: For tests whose trainings are short: that they do not converge is no matter.
unconverged = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)

on_posix = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="forks, kills and limits processes as POSIX does"
)
on_linux = pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="measures memory as Linux does"
)

#: Environment of a process whose BLAS has a single thread.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def pytest_collection_modifyitems(items):
    """Refuse names of tests with an address, which no other process has."""
    unstable = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if unstable:
        raise pytest.UsageError(f"give these parameters ids: {unstable}")


def name_of(value):
    """Return a name for a test's id: of functions and classes their own."""
    return getattr(value, "__name__", str(value))


def digits(n_rows):
    """Return the first rows of scikit-learn's digits, scaled to [0, 1], and labels."""
    X, y = load_digits(return_X_y=True)
    return X[:n_rows] / 16, y[:n_rows]


def params_of(estimator):
    """Return all weights and biases of an estimator as one vector."""
    return np.concatenate([a.ravel() for a in estimator.coefs_ + estimator.intercepts_])


def assert_same_params(one, other):
    np.testing.assert_array_equal(params_of(one), params_of(other))


def central_jacobian(function, X, step=1e-6):
    """Return the central differences of a function of rows, for each of its outputs.

    The result has the shape of the outputs plus (n_columns,).
    """
    columns = []
    for shift in step * np.eye(X.shape[1]):
        above, below = (np.array(function(X + sign * shift)) for sign in (1, -1))
        columns.append((above - below) / (2 * step))
    return np.stack(columns, axis=-1)


def polars_frame(data):
    """Return a polars frame; not every Python has polars, free-threaded ones do not."""
    return pytest.importorskip("polars").DataFrame(data)


def run_program(program, *arguments, options=(), check=True, env=None):
    """Run a program in a process of its own.

    Parameters
    ----------
    program : str
        Its source.
    *arguments : object
        What it finds in ``sys.argv[1:]``.
    options : sequence of str
        Options of Python.
    check : bool
        Whether it must end without an error.
    env : dict or None
        Variables of its environment, beside those of this process.

    Returns
    -------
    done : CompletedProcess
        With its output as text in ``stdout`` and ``stderr``.
    """
    done = subprocess.run(
        [sys.executable, *options, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | (env or {}),
    )
    assert not check or done.returncode == 0, done.stderr
    return done


@pytest.fixture
def ctrl_c():
    """Have Ctrl-C raise KeyboardInterrupt: jobs in a shell's background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
