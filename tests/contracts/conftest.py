"""Data and short fits of the tests about failures, and what must be left of them."""

import pytest
from sklearn.datasets import load_diabetes
from threadpoolctl import threadpool_info, threadpool_limits

from tests.conftest import ONE_THREAD, digits, run_program

X, y = digits(300)


X_small, y_small = load_diabetes(return_X_y=True)
X_small, y_small = X_small[:120], y_small[:120] / 100


SETTINGS = {
    "hidden_layer_sizes": (12,),
    "max_iter": 12,
    "batch_size": 64,
    "random_state": 0,
}


def n_blas_threads():
    return [
        pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"
    ]


@pytest.fixture
def two_threads():
    """Two threads for BLAS, whatever the machine, so that a limit left would show."""
    with threadpool_limits(2, user_api="blas"):
        before = n_blas_threads()
        yield
        assert n_blas_threads() == before


def is_as_before(est, before):
    now = vars(est)
    return now.keys() == before.keys() and all(now[k] is v for k, v in before.items())


TABULAR = {"hidden_layer_sizes": (8,), "n_members": 2, "random_state": 0}


def output_of(program, *arguments):
    """Run a program, which must not complain; return what it printed."""
    done = run_program(program, *arguments, env=ONE_THREAD)
    assert not done.stderr, done.stderr
    return done.stdout
