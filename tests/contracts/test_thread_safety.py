"""Many threads that share an estimator, or train beside each other."""

import sys
import threading

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from tests.conftest import digits, unconverged

pytestmark = unconverged

X, y = digits(500)

N_THREADS = 8


def _frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(X[:, 20:28].copy(), columns=list("abcdefgh"))
    frame["name"] = rng.choice(["red", "green", "blue"], len(X))
    return frame


PREDICTING = {
    "classifier": lambda: (NumpyMLPClassifier, X, y, 60),
    "regressor": lambda: (NumpyMLPRegressor, X.astype(np.float32), y, 60),
    "sparse": lambda: (NumpyMLPClassifier, sp.csr_matrix(X * (X > 0.5)), y, 60),
    "tabular classifier": lambda: (TabularMLPClassifier, _frame(), y, 6),
    "tabular regressor": lambda: (TabularMLPRegressor, _frame(), y, 6),
}


def _rows(data, rows):
    return data.iloc[rows] if hasattr(data, "iloc") else data[rows]


@pytest.mark.parametrize("kind", PREDICTING)
def test_threads_that_share_an_estimator_get_the_answers_of_one(kind):
    Estimator, data, target, n_rounds = PREDICTING[kind]()
    size = {"hidden_layer_sizes": (32, 16), "max_iter": 4, "random_state": 0}
    est = Estimator(**size).fit(data, target)
    methods = ["predict"]
    methods += [m for m in ("predict_proba", "hidden_activations") if hasattr(est, m)]
    # Of different lengths, so that memory shared by mistake would not even fit.
    parts = [_rows(data, slice(7 * i, 60 + 50 * i)) for i in range(N_THREADS)]
    expected = [[getattr(est, m)(part) for m in methods] for part in parts]
    assert len({tuple(map(len, answers)) for answers in expected}) == N_THREADS
    start = threading.Barrier(N_THREADS)
    wrong, n_right = [], [0] * N_THREADS

    def work(thread):
        try:
            start.wait()
            for i in range(n_rounds):
                which = (thread + i) % N_THREADS
                for method, answer in zip(methods, expected[which], strict=True):
                    np.testing.assert_array_equal(
                        getattr(est, method)(parts[which]), answer
                    )
                    n_right[thread] += 1
        except BaseException as error:
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads interrupt each other wherever they are
    try:
        threads = [threading.Thread(target=work, args=(i,)) for i in range(N_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    assert n_right == [n_rounds * len(methods)] * N_THREADS


def test_predictions_while_other_networks_train():
    """Limits on BLAS threads come and go for the whole process, answers do not."""
    clf = NumpyMLPClassifier((100, 100), max_iter=4, random_state=0).fit(X, y)
    expected = clf.predict_proba(X)
    over, wrong = threading.Event(), []

    def train(seed):
        try:
            while not over.is_set():
                NumpyMLPRegressor(
                    hidden_layer_sizes=(100,), max_iter=2, random_state=seed
                ).fit(X, y)
        except BaseException as error:
            wrong.append(error)

    trainers = [threading.Thread(target=train, args=(seed,)) for seed in range(2)]
    for trainer in trainers:
        trainer.start()
    try:
        for _ in range(50):
            np.testing.assert_allclose(clf.predict_proba(X), expected, rtol=1e-12)
    finally:
        over.set()
        for trainer in trainers:
            trainer.join()
    assert not wrong
