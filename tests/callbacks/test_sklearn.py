"""scikit-learn's own callbacks, which came with its release 1.9."""

import importlib.util
import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import (
    NumpyMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.callbacks import History
from tests.callbacks.conftest import X, y
from tests.conftest import (
    all_estimators,
    plain_estimators,
    tabular_estimators,
    unconverged,
)

pytestmark = unconverged

X, y = X[:200], y[:200]
SETTINGS = {"hidden_layer_sizes": 10, "max_iter": 6, "random_state": 0}

HAVE_CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None
since_1_9 = pytest.mark.skipif(
    not HAVE_CALLBACKS, reason="scikit-learn before 1.9 has no callbacks"
)


@all_estimators
@pytest.mark.skipif(HAVE_CALLBACKS, reason="this scikit-learn has callbacks")
def test_before_1_9_there_is_nothing_to_set(Estimator):
    est = Estimator(**SETTINGS).fit(X, y)
    assert not hasattr(est, "set_callbacks")


class Recorder:
    """A callback that follows scikit-learn's protocol."""

    max_propagation_depth = None

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.log = []

    def setup(self, estimator, context):
        self.log.append("setup")

    def teardown(self, estimator, context):
        self.log.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.log.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        can_score = hasattr(fitted_estimator, "score") and X is not None
        score = fitted_estimator.score(X, y) if can_score else None
        self.log.append(("end", context.task_name, context.task_id, score, metadata))
        return context.task_name != "fit" and context.task_id == self.stop_at


@since_1_9
@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_each_epoch_is_a_task_with_an_estimator_of_its_own(Estimator, solver):
    recorder = Recorder()
    est = Estimator(solver=solver, **SETTINGS).set_callbacks(recorder)
    est.fit(X, y, X_val=X, y_val=y)
    task = "lbfgs-iter" if solver == "lbfgs" else "epoch"
    assert recorder.log[:2] == ["setup", ("begin", "fit", 0)]
    assert recorder.log[-1] == "teardown"
    begins = [e for e in recorder.log if e[:2] == ("begin", task)]
    ends = [e for e in recorder.log if e[:2] == ("end", task)]
    assert [e[2] for e in begins] == [e[2] for e in ends] == list(range(6))
    # The score of each epoch, not of the end, and that of the fit is the last.
    np.testing.assert_allclose([e[3] for e in ends], est.validation_scores_)
    assert recorder.log[-2] == ("end", "fit", 0, est.score(X, y), None)


@since_1_9
@plain_estimators
def test_callbacks_change_nothing_else(Estimator):
    plain = Estimator(**SETTINGS).fit(X, y)
    watched = Estimator(**SETTINGS).set_callbacks(Recorder()).fit(X, y)
    np.testing.assert_array_equal(watched._params, plain._params)
    left = vars(watched).keys() - vars(plain).keys()
    assert left == {"_skl_callbacks"}


@since_1_9
@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_may_stop_the_fit(Estimator, solver):
    recorder = Recorder(stop_at=2)
    est = Estimator(solver=solver, **SETTINGS).set_callbacks(recorder).fit(X, y)
    assert est.n_iter_ == 3
    assert sum(e[0] == "begin" for e in recorder.log) == 4
    assert sum(e[0] == "end" for e in recorder.log) == 4


@since_1_9
@plain_estimators
def test_every_task_that_begins_ends(Estimator):
    """Also that of the epoch which does not come, after the run has converged."""
    recorder = Recorder()
    settings = SETTINGS | {"tol": 1e9, "n_iter_no_change": 1}
    Estimator(**settings).set_callbacks(recorder).fit(X, y)
    begun = [e[1:3] for e in recorder.log if e[0] == "begin"]
    ended = [e[1:3] for e in recorder.log if e[0] == "end"]
    assert sorted(begun) == sorted(ended)
    assert len([e for e in recorder.log if e[0] == "end" and e[3] is None]) == 1


@since_1_9
@plain_estimators
def test_teardown_after_an_error(Estimator):
    recorder = Recorder()
    est = Estimator(**SETTINGS).set_callbacks(recorder)
    with pytest.raises(ValueError, match="NaN"):
        est.fit(np.full_like(X, np.nan), y)
    assert recorder.log[0] == "setup"
    assert recorder.log[-1] == "teardown"
    assert vars(est).keys() == vars(Estimator()).keys() | {"_skl_callbacks"}


@since_1_9
@plain_estimators
def test_sample_weights_reach_callbacks(Estimator):
    recorder = Recorder()
    weight = np.ones(len(y))
    Estimator(**SETTINGS).set_callbacks(recorder).fit(X, y, sample_weight=weight)
    ends = [e for e in recorder.log if e[0] == "end"]
    assert all(e[4]["sample_weight"] is weight for e in ends)


@since_1_9
def test_scoring_monitor():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    clf = NumpyMLPClassifier(scoring="neg_log_loss", **SETTINGS)
    clone(clf.set_callbacks(monitor)).fit(X, y, X_val=X, y_val=y)
    rows = [r for r in monitor.get_logs().data if r["task_name"] == "epoch"]
    clf = NumpyMLPClassifier(scoring="neg_log_loss", **SETTINGS)
    clf.fit(X, y, X_val=X, y_val=y)
    np.testing.assert_allclose(
        [row["neg_log_loss"] for row in rows], clf.validation_scores_
    )


@since_1_9
def test_one_recorder_for_a_whole_search_down_to_the_epochs():
    recorder = Recorder()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NumpyMLPClassifier(**SETTINGS)),
        {"numpymlpclassifier__alpha": [0.1, 1.0]},
        cv=2,
    )
    search.set_callbacks(recorder).fit(X, y)
    epochs = [e for e in recorder.log if e[:2] == ("end", "epoch")]
    assert len(epochs) == (2 * 2 + 1) * 6
    assert recorder.log.count("setup") == recorder.log.count("teardown") == 1


@since_1_9
def test_scikit_learn_s_progress_bar(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    search = GridSearchCV(
        NumpyMLPClassifier(**SETTINGS), {"alpha": [0.1, 1.0]}, cv=2, refit=False
    )
    search.set_callbacks(ProgressBar()).fit(X, y)
    shown = capsys.readouterr().out
    assert "GridSearchCV" in shown
    assert "NumpyMLPClassifier - fit" in shown
    assert "100%" in shown


# -------------------------------------------------------------- the tabular estimators

# Ensembles, and how many networks each trains.
ENSEMBLES = [("kfold", 3), ("seeds", 3), ("refit", 2), (None, 1)]
TABULAR = {
    "hidden_layer_sizes": 4,
    "max_iter": 3,
    "n_members": 3,
    "n_iter_no_change": math.inf,
    "random_state": 0,
}


class TreeRecorder(Recorder):
    """Keeps the names and numbers on the way down to each task."""

    def __init__(self, stop=None):
        super().__init__()
        self.stop = stop

    @staticmethod
    def path(context):
        path = []
        while context is not None:
            path.insert(0, (context.task_name, context.task_id))
            context = context.parent
        return tuple(path)

    def on_fit_task_begin(self, estimator, context):
        self.log.append(("begin", self.path(context)))

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        can_score = fitted_estimator is not None
        score = fitted_estimator.score(X, y) if can_score else None
        self.log.append(("end", self.path(context), score))
        return self.stop is not None and self.path(context)[1:] == self.stop


def _tasks(*n_epochs):
    """Names and numbers of a fit of networks with so many epochs, as they end."""
    tasks = []
    for i, n in enumerate(n_epochs):
        network = (("fit", 0), ("network", i))
        tasks += [(*network, ("epoch", j)) for j in range(n)]
        tasks.append(network)
    return [*tasks, (("fit", 0),)]


@since_1_9
@tabular_estimators
@pytest.mark.parametrize(("ensemble", "n_networks"), ENSEMBLES)
def test_networks_are_tasks_of_a_tabular_fit(Estimator, ensemble, n_networks):
    recorder = TreeRecorder()
    est = Estimator(ensemble=ensemble, **TABULAR).set_callbacks(recorder).fit(X, y)
    ends = {e[1]: e[2] for e in recorder.log if e[0] == "end" and e[2] is not None}
    n_epochs = [3] * n_networks
    if ensemble == "refit":
        n_epochs[1] = est.n_iter_
    assert list(ends) == _tasks(*n_epochs)
    begins = [e[1] for e in recorder.log if e[0] == "begin"]
    assert sorted(begins) == sorted(e[1] for e in recorder.log if e[0] == "end")
    # The whole estimator is scored, with the networks so far.
    assert ends[(("fit", 0),)] == est.score(X, y)
    last = ends[(("fit", 0), ("network", n_networks - 1))]
    assert last == pytest.approx(est.score(X, y))


@since_1_9
@tabular_estimators
def test_callbacks_change_nothing_else_in_a_tabular_fit(Estimator):
    plain = Estimator(n_jobs=2, **TABULAR).fit(X, y)
    watched = Estimator(n_jobs=2, **TABULAR).set_callbacks(TreeRecorder()).fit(X, y)
    np.testing.assert_array_equal(watched.predict(X), plain.predict(X))
    assert vars(watched).keys() - vars(plain).keys() == {"_skl_callbacks"}
    for a, b in zip(watched.estimators_, plain.estimators_, strict=True):
        assert vars(a).keys() == vars(b).keys()
    pickle.dumps(watched)


@since_1_9
@tabular_estimators
@pytest.mark.parametrize(
    ("stop", "n_epochs"),
    [
        ((("network", 1), ("epoch", 0)), (3, 1, 3)),
        ((("network", 1),), (3, 3)),
        ((("network", 0),), (3,)),
    ],
)
def test_a_callback_may_stop_a_network_or_those_after_it(Estimator, stop, n_epochs):
    recorder = TreeRecorder(stop)
    est = Estimator(**TABULAR).set_callbacks(recorder).fit(X, y)
    assert [member.n_iter_ for member in est.estimators_] == list(n_epochs)
    ends = [e[1] for e in recorder.log if e[0] == "end" and e[2] is not None]
    assert ends == _tasks(*n_epochs)


@since_1_9
@tabular_estimators
def test_teardown_after_an_error_in_a_tabular_fit(Estimator):
    recorder = TreeRecorder()
    est = Estimator(**TABULAR).set_callbacks(recorder)
    with pytest.raises(ValueError, match="inf"):
        est.fit(np.full_like(X, np.inf), y)
    assert recorder.log[0] == "setup"
    assert recorder.log[-1] == "teardown"
    assert vars(est).keys() == vars(Estimator()).keys() | {"_skl_callbacks"}


@since_1_9
@tabular_estimators
def test_both_kinds_of_callbacks_at_once(Estimator):
    history, recorder = History(), TreeRecorder()
    est = Estimator(callbacks=[history], **TABULAR).set_callbacks(recorder).fit(X, y)
    assert len(history.records) == 9
    assert est.estimators_[0].callbacks == [history]


@since_1_9
def test_scikit_learn_s_progress_bar_for_a_tabular_fit(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    TabularMLPRegressor(**TABULAR).set_callbacks(ProgressBar()).fit(X, y)
    shown = capsys.readouterr().out
    assert "TabularMLPRegressor - fit" in shown
    for i in range(3):
        assert f"TabularMLPRegressor - network #{i}" in shown
    assert shown.count("100%") >= 4
