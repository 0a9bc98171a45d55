"""Rules that end the training of a member before its last epoch."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp._tabular.stopping import StopAtCycleEnd
from sknumpy_mlp.callbacks import Callback, Checkpoint, EpochEnd
from tests.conftest import tabular_estimators

SMALL = {"hidden_layer_sizes": (32,), "n_members": 3, "random_state": 0}


def _epochs_until_stopped(scores, cycle_ends=(1 / 7, 3 / 7, 1.0)):
    """Return the number of epochs after which the rule stops, given the scores."""
    rule = StopAtCycleEnd(cycle_ends)
    for epoch, score in enumerate(scores, start=1):
        progress = epoch / len(scores)
        event = EpochEnd(epoch, 0.0, 0.1, 0.0, np.zeros(1), progress=progress)
        if rule.on_epoch_end(replace(event, validation_score=score)):
            return epoch
    return None


def test_a_cycle_without_an_improvement_is_the_last():
    nan = math.nan
    assert _epochs_until_stopped([1, 2, 3, 4, 5, 6, 7]) is None
    # The first cycle is one epoch, the second one two, the third one four.
    assert _epochs_until_stopped([5, 4, 5, 9, 9, 9, 9]) == 3
    assert _epochs_until_stopped([5, 6, 4, 1, 1, 1, 1]) == 7
    # What counts is the best score of a cycle, which may be undefined.
    assert _epochs_until_stopped([nan, nan, nan, 1, 1, 1, 1]) == 3
    assert _epochs_until_stopped([nan, 1, nan, 1, 2, nan, nan]) is None
    assert _epochs_until_stopped([5] * 7, cycle_ends=(1.0,)) is None
    # Several cycles may end in an epoch.
    assert _epochs_until_stopped([5, 5], cycle_ends=(0.1, 0.2, 1.0)) == 2


def test_without_validation_or_progress_nothing_stops():
    rule = StopAtCycleEnd([0.5, 1.0])
    event = EpochEnd(1, 0.0, 0.1, 0.0, np.zeros(1))
    assert not rule.on_epoch_end(replace(event, progress=1.0))
    assert not rule.on_epoch_end(replace(event, validation_score=1.0))


def test_the_state_of_the_rule_goes_on():
    whole, resumed = StopAtCycleEnd([0.5, 1.0]), StopAtCycleEnd([0.5, 1.0])
    event = EpochEnd(1, 0.0, 0.1, 0.0, np.zeros(1), validation_score=1.0, progress=0.5)
    assert not whole.on_epoch_end(event)
    resumed.load_state_dict(json.loads(json.dumps(whole.state_dict())))
    last = replace(event, epoch=2, progress=1.0)
    assert resumed.on_epoch_end(last)
    assert whole.on_epoch_end(last)
    run = SimpleNamespace(status="running")
    resumed.on_train_begin(run)
    assert not resumed.on_epoch_end(last)
    assert run.status == "running"
    resumed.load_state_dict(whole.state_dict())
    assert run.status == "stopped"


@tabular_estimators
def test_noise_is_not_trained_on_to_the_end(Estimator):
    """Of noise, nothing can be learnt: the second cycle ends after 12 of 60 epochs."""
    rng = np.random.default_rng(0)
    noise, y = rng.normal(size=(100, 5)), rng.integers(0, 2, 100)
    params = SMALL | {"max_iter": 60}
    whole = Estimator(**params, n_iter_no_change=np.inf).fit(noise, y)
    cut = Estimator(**params, n_iter_no_change="cycle").fit(noise, y)
    assert {member.n_iter_ for member in whole.estimators_} == {60}
    n_epochs = [member.n_iter_ for member in cut.estimators_]
    assert set(n_epochs) <= {12, 28, 60}
    assert min(n_epochs) == 12
    for one, other in zip(whole.estimators_, cut.estimators_, strict=True):
        n = other.n_iter_
        assert one.validation_scores_[:n] == other.validation_scores_


def test_a_resumed_run_stops_in_the_same_cycle(tmp_path):
    """The checkpoint has the state of the rule."""
    rng = np.random.default_rng(0)
    noise, y = rng.normal(size=(100, 5)), rng.normal(size=100)
    params = SMALL | {"max_iter": 60, "n_members": 2, "n_iter_no_change": "cycle"}
    expected = TabularMLPRegressor(**params).fit(noise, y)
    path = tmp_path / "run.npz"
    for _ in range(40):
        checkpoint = Checkpoint(path, resume=True)
        interrupted = [checkpoint, _StopAfter(4)]
        resumed = TabularMLPRegressor(**params, callbacks=interrupted).fit(noise, y)
    n_epochs = [member.n_iter_ for member in expected.estimators_]
    assert min(n_epochs) < 60
    assert [member.n_iter_ for member in resumed.estimators_] == n_epochs
    np.testing.assert_array_equal(resumed.predict(noise), expected.predict(noise))


class _StopAfter(Callback):
    """Stops a run after some epochs of its own."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_train_begin(self, run):
        self._last = run.n_epochs + self.n_epochs

    def on_epoch_end(self, event):
        return event.epoch >= self._last
