"""With Dask, the extra ``dask``, in an environment that has it.

Workers are processes of their own, as they would be on another machine.  dask-ml
2025.1.0, the newest, works with scikit-learn 1.6.1 and 1.9.1.
"""

import os
import threading
import time
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
)
from sknumpy_mlp.callbacks import Callback, History

pytest.importorskip("distributed")
pytest.importorskip("dask_ml")

import dask.array as da
import distributed
from dask_ml.wrappers import Incremental

from tests.conftest import digits, plain_estimators, unconverged

pytestmark = unconverged

X, y = digits(400)
SETTINGS = {"hidden_layer_sizes": 16, "learning_rate_init": 0.01, "random_state": 0}
LOCAL = {
    "processes": True,
    "threads_per_worker": 1,
    "dashboard_address": ":0",
}


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, **LOCAL) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def _on_dask(fit, *args):
    with joblib.parallel_config(backend="dask"):
        return fit(*args)


# -------------------------------------------------------------------------- searching


def _accuracy_and_process(clf, X, y):
    return {"accuracy": clf.score(X, y), "process": os.getpid()}


def _scores(search, name="accuracy"):
    return np.array([search.cv_results_[f"split{i}_test_{name}"] for i in range(2)])


def test_a_search_on_workers(client):
    """The same scores and the same best network as without Dask, by other processes."""
    search = GridSearchCV(
        NumpyMLPClassifier(max_iter=10, callbacks=[History()], **SETTINGS),
        {"alpha": [1e-4, 10.0], "activation": ["relu", "tanh"]},
        scoring=_accuracy_and_process,
        refit="accuracy",
        cv=2,
    )
    here = clone(search).fit(X, y)
    there = _on_dask(clone(search).fit, X, y)
    np.testing.assert_array_equal(_scores(there), _scores(here))
    assert _scores(there).max() > 0.5 > _scores(there).min()
    assert set(_scores(here, "process").ravel()) == {os.getpid()}
    processes = set(_scores(there, "process").ravel())
    assert processes <= set(client.run(os.getpid).values())
    assert os.getpid() not in processes
    best = there.best_estimator_
    np.testing.assert_array_equal(best.coefs_[0], here.best_estimator_.coefs_[0])
    assert best.callbacks[0]["loss"] == best.loss_curve_


def _within_a_minute(work):
    """Return what it returns, rather than wait for ever."""
    results = []
    # joblib's settings belong to a thread, so the work sets its own.
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(60.0)
    assert results, "it hangs, or there was an error"
    return results[0]


def test_an_ensemble_on_workers(client):
    """The networks of an ensemble are what Dask distributes."""
    clf = TabularMLPClassifier(
        (16,), max_iter=16, n_members=3, n_jobs=2, random_state=0
    )
    there = _on_dask(clone(clf).fit, X, y)
    here = clone(clf).fit(X, y)
    np.testing.assert_allclose(
        there.predict_proba(X), here.predict_proba(X), rtol=0, atol=1e-6
    )
    assert there.oof_score_ > 0.5


def test_ensembles_in_a_search_on_workers(client):
    """Workers that wait for the networks of an ensemble let others train them."""
    search = GridSearchCV(
        TabularMLPClassifier((16,), max_iter=4, n_members=2, n_jobs=2, random_state=0),
        {"learning_rate_init": [1e-9, 0.05]},
        cv=2,
        error_score="raise",
    )
    there = _within_a_minute(lambda: _on_dask(clone(search).fit, X, y))
    here = clone(search).fit(X, y)
    np.testing.assert_allclose(_scores(there, "score"), _scores(here, "score"))
    assert there.best_params_ == {"learning_rate_init": 0.05}


# ----------------------------------------------------------------------- partial_fit


@plain_estimators
@pytest.mark.parametrize("chunks", [100, (150, 50, 200)])
def test_chunks_of_a_dask_array(client, Estimator, chunks):
    """Epochs of ``partial_fit`` on chunks in workers, and the same chunks by hand."""
    X_chunks = da.from_array(X, chunks=(chunks, -1))
    y_chunks = da.from_array(y, chunks=chunks)
    is_classifier = Estimator is NumpyMLPClassifier
    declared = {"classes": np.arange(10)} if is_classifier else {}
    stream = Incremental(Estimator(**SETTINGS), shuffle_blocks=False)
    by_hand = Estimator(**SETTINGS)
    scores = []
    for _ in range(5):
        stream.partial_fit(X_chunks, y_chunks, **declared)
        for i in range(X_chunks.numblocks[0]):
            by_hand.partial_fit(
                X_chunks.blocks[i].compute(), y_chunks.blocks[i].compute(), **declared
            )
        scores.append(stream.estimator_.score(X, y))
    fitted = stream.estimator_
    assert fitted.t_ == 5 * len(X)
    np.testing.assert_array_equal(fitted.coefs_[0], by_hand.coefs_[0])
    np.testing.assert_array_equal(fitted.coefs_[1], by_hand.coefs_[1])
    assert fitted.loss_curve_ == by_hand.loss_curve_
    assert scores[-1] > scores[0] + 0.2
    predicted = stream.predict(X_chunks)
    assert isinstance(predicted, da.Array)
    np.testing.assert_allclose(predicted.compute(), by_hand.predict(X), rtol=1e-6)


# ------------------------------------------------------- what the user hears of workers


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"alpha": [-1.0]}, InvalidParameterError, r"'alpha' .* Got -1.0"),
        ({"learning_rate_init": [1e8]}, ValueError, "non-finite .*=100000000.0"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_errors_arrive_as_what_they_are(client, params, error, message):
    search = GridSearchCV(
        NumpyMLPRegressor(solver="sgd"), params, cv=2, error_score="raise"
    )
    with pytest.raises(error, match=message) as caught:
        _on_dask(search.fit, X, y)
    assert type(caught.value) is error


class Reports(Callback):
    """Sends the epochs of a fit in a worker to those who subscribed to a topic.

    Parameters
    ----------
    topic : str
        The topic.
    """

    def __init__(self, topic):
        self.topic = topic

    def on_epoch_end(self, event):
        try:
            worker = distributed.get_worker()
        except ValueError:
            return  # in the user's own process, as the last fit of a search is
        worker.log_event(
            self.topic,
            {"epoch": event.epoch, "loss": event.loss, "process": os.getpid()},
        )


def test_progress_by_a_callback(client):
    """Each epoch arrives, and once."""
    arrived = []
    client.subscribe_topic("epochs", lambda event: arrived.append(event[1]))
    search = GridSearchCV(
        NumpyMLPRegressor(max_iter=5, callbacks=[Reports("epochs")], **SETTINGS),
        {"alpha": [0.1, 1.0, 10.0]},
        cv=2,
    )
    _on_dask(search.fit, X, y)
    patience = time.monotonic() + 30.0
    while len(arrived) < 3 * 2 * 5 and time.monotonic() < patience:
        time.sleep(0.01)
    client.unsubscribe_topic("epochs")
    assert sorted(each["epoch"] for each in arrived) == sorted([1, 2, 3, 4, 5] * 6)
    assert len({each["loss"] for each in arrived}) == 30
    assert os.getpid() not in {each["process"] for each in arrived}


def test_what_is_printed_in_a_worker_is_in_its_own_output(capfd):
    """Which of a worker on this machine is the user's, but of no other."""
    search = GridSearchCV(
        NumpyMLPRegressor(max_iter=2, verbose=True, **SETTINGS),
        {"alpha": [0.1]},
        cv=2,
        refit=False,
        verbose=2,
    )
    with (
        distributed.LocalCluster(n_workers=1, **LOCAL) as cluster,
        distributed.Client(cluster),
    ):
        _on_dask(search.fit, X, y)
    printed = capfd.readouterr().out
    assert printed.count("Iteration 2, loss = ") == 2
    assert printed.count("[CV] END") == 2


def _caught(search):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _on_dask(search.fit, X, y)
    return [each for each in caught if each.category is ConvergenceWarning]


def test_warnings_stay_in_the_worker(client):
    """Only that of the last fit, in the user's own process, is raised there."""
    settings = SETTINGS | {"max_iter": 2}
    search = GridSearchCV(NumpyMLPRegressor(**settings), {"alpha": [0.1]}, cv=2)
    assert len(_caught(search)) == 1
    assert len(_caught(search.set_params(refit=False))) == 0


@pytest.mark.skipif(
    sklearn.__version__.startswith("1.6."), reason="1.6 does not send its filters"
)
def test_warnings_that_are_errors_arrive(client):
    search = GridSearchCV(
        NumpyMLPRegressor(max_iter=2, **SETTINGS),
        {"alpha": [0.1]},
        cv=2,
        refit=False,
        error_score="raise",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        with pytest.raises(ConvergenceWarning, match="hasn't converged yet"):
            _on_dask(search.fit, X, y)
