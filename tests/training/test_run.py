"""A run: its records, its result, and what callbacks get back."""

import itertools

import numpy as np
import pytest

from sknumpy_mlp._training.run import EpochEnd, Run, TrainingState
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.optimizers import Adam


def _run(state=None, **options):
    state = TrainingState() if state is None else state
    return Run(np.zeros(1), state, np.random.RandomState(0), 5, **options)


def test_a_run_records_what_there_is():
    run = _run()
    run.record(EpochEnd(1, 0.5, None, 0.0, run.params))
    run.record(EpochEnd(2, 0.4, 0.1, 0.0, run.params, validation_score=0.9))
    assert run.losses == [0.5, 0.4]
    assert run.learning_rates == [0.1]
    assert (run.validation_losses, run.validation_scores) == ([], [0.9])
    assert run.n_epochs == 2


def test_a_run_keeps_what_a_callback_wants_or_else_the_best_or_the_last():
    run = _run()
    assert run.result is run.params
    run.state.early_stopping = EarlyStopping()
    assert run.result is run.params
    run.early_stopping.best_params = np.ones(1)
    assert run.result is run.best_params
    run.kept_params = np.full(1, 2.0)
    assert run.result is run.kept_params


def test_the_state_to_keep_is_that_of_the_last_epoch():
    stopping, optimizer = EarlyStopping(), Adam()
    state = TrainingState(optimizer=optimizer, base_rate=0.1, early_stopping=stopping)
    run = _run(state=state)
    stopping.best_score, stopping.best_params = 0.5, run.params.copy()
    kept = run.state_to_keep()
    assert (kept.optimizer, kept.base_rate) == (optimizer, 0.1)
    assert kept.early_stopping.best_score == 0.5
    assert kept.early_stopping.best_params is None
    # Parameters of an earlier epoch are restored, and nothing else of it is known.
    stopping.best_params = run.params + 1.0
    kept = run.state_to_keep()
    assert (kept.optimizer, kept.base_rate, kept.early_stopping) == (None, None, None)
    # Whoever has the run sees it as it was.
    assert run.best_params is stopping.best_params
    assert run.state.optimizer is optimizer


def test_the_fingerprint_is_computed_once():
    calls = itertools.count()
    run = _run(compute_fingerprint=lambda: {"call": next(calls)})
    assert run.fingerprint == run.fingerprint == {"call": 0}
    assert _run().fingerprint == {}


@pytest.mark.parametrize("n_done", [0, 1, 2])
def test_an_epoch_torn_by_an_interrupt_is_forgotten(n_done):
    """The loss is noted last: without it, what is there of the epoch goes."""
    run = _run()
    event = EpochEnd(1, 0.5, 0.1, 0.0, run.params, 0.7, 0.9)
    for _ in range(n_done):
        run.record(event)
    curves = (
        run.losses,
        run.learning_rates,
        run.validation_losses,
        run.validation_scores,
    )
    run.drop_partial_epoch()
    assert [len(curve) for curve in curves] == [n_done] * 4
    run.learning_rates.append(0.2)
    run.validation_losses.append(0.8)
    run.drop_partial_epoch()
    assert curves == tuple(n_done * [value] for value in (0.5, 0.1, 0.7, 0.9))


def test_a_forgotten_plateau_is_as_none_had_been():
    state = TrainingState(base_rate=0.1, early_stopping=EarlyStopping())
    state.reset_plateau()
    assert state == TrainingState()


class _First:
    state = None

    def load_state_dict(self, state):
        self.state = state


class _Second(_First):
    pass


def test_callback_states_are_handed_out_by_class_and_order():
    first, second, third, new = _First(), _Second(), _First(), _First()
    callbacks = [first, second, third, new]
    run = _run(callbacks=callbacks)
    run.load_callback_states()
    assert [each.state for each in callbacks] == [None] * 4
    run.callback_states = {
        run.callback_key(first): [{"n": 1}, {"n": 3}],
        run.callback_key(second): [{"n": 2}],
        "of a callback that is no longer there": [{"n": 4}],
    }
    run.load_callback_states()
    assert [each.state for each in callbacks] == [{"n": 1}, {"n": 2}, {"n": 3}, None]


def test_callbacks_are_known_by_module_and_class():
    assert Run.callback_key(EarlyStopping()) == (
        "sknumpy_mlp.callbacks._early_stopping.EarlyStopping"
    )


def test_an_empty_callback_state_is_not_loaded():
    first, second = callbacks = [_First(), _First()]
    run = _run(callbacks=callbacks)
    run.callback_states = {run.callback_key(first): [{}, {"n": 2}]}
    run.load_callback_states()
    assert first.state is None
    assert second.state == {"n": 2}
