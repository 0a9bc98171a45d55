import math

import numpy as np
import pytest

from sknumpy_mlp._training import EpochEnd
from sknumpy_mlp.callbacks import Callback, EarlyStopping


def _event(epoch, loss=0.0, params=None):
    params = np.full(2, float(epoch)) if params is None else params
    return EpochEnd(epoch, loss, 0.1, 0.0, params)


def _feed(stopping, scores):
    """Number of the epoch in which it stops, or None."""
    for epoch, _ in enumerate(scores, start=1):
        if stopping.on_epoch_end(_event(epoch)):
            return epoch
    return None


def _scored(scores, **options):
    """Parameters are full of the epoch's number, see `_event`."""
    return EarlyStopping(score=lambda params: scores[int(params[0]) - 1], **options)


def test_the_base_class_never_stops():
    assert not Callback().on_epoch_end(_event(1))


def test_stops_after_more_than_n_epochs_without_improvement():
    scores = [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]
    stopping = _scored(scores, tol=0.01, n_iter_no_change=2)
    assert _feed(stopping, scores) == 5
    assert stopping.best_score == 0.2
    assert stopping.n_epochs_no_change == 3
    assert stopping.scores == scores[:5]


def test_a_smaller_improvement_than_tol_does_not_count_but_is_remembered():
    scores = [0.5, 0.505, 0.506, 0.507]
    stopping = _scored(scores, tol=0.1, n_iter_no_change=2)
    assert _feed(stopping, scores) == 4
    assert stopping.best_score == 0.507
    np.testing.assert_array_equal(stopping.best_params, 4.0)


def test_keeps_the_best_parameters_by_value():
    scores = [0.1, 0.9, 0.3]
    stopping = _scored(scores, tol=0.0, n_iter_no_change=10)
    live = np.zeros(2)
    for epoch in (1, 2, 3):
        live += 1
        stopping.on_epoch_end(_event(epoch, params=live))
    np.testing.assert_array_equal(stopping.best_params, 2.0)


def test_nan_is_never_an_improvement():
    scores = [0.5, math.nan, math.nan, math.nan]
    stopping = _scored(scores, tol=0.0, n_iter_no_change=2)
    assert _feed(stopping, scores) == 4
    assert stopping.best_score == 0.5
    np.testing.assert_array_equal(stopping.best_params, 1.0)


def test_without_a_score_the_training_loss_decides():
    stopping = EarlyStopping(tol=0.1, n_iter_no_change=1)
    losses = [1.0, 0.8, 0.79, 0.78]
    stops = [
        stopping.on_epoch_end(_event(epoch, loss))
        for epoch, loss in enumerate(losses, start=1)
    ]
    assert stops == [False, False, False, True]
    assert stopping.best_score == -0.78
    assert stopping.best_params is None


def test_infinite_patience():
    scores = [0.0] * 50
    stopping = _scored(scores, tol=1e9, n_iter_no_change=math.inf)
    assert _feed(stopping, scores) is None
    assert stopping.n_epochs_no_change == 49


@pytest.mark.parametrize("n_before", [0, 2])
def test_goes_on_from_an_earlier_run(n_before):
    scores = [0.5, 0.5, 0.5, 0.5]
    stopping = _scored(
        scores,
        tol=0.0,
        n_iter_no_change=2,
        best_score=0.6,
        n_epochs_no_change=n_before,
    )
    assert _feed(stopping, scores) == 3 - n_before
    assert stopping.best_params is None
