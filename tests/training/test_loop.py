"""The training loop, driven by hand."""

import itertools
import types

import numpy as np
import pytest

from sknumpy_mlp._training import loop
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.loop import train
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp._training.run import TrainingState
from sknumpy_mlp._training.step import Regularization, update
from sknumpy_mlp.layers import Dense, Dropout
from sknumpy_mlp.losses import Huber, SquaredError
from sknumpy_mlp.optimizers import SGD
from sknumpy_mlp.schedules import FlatCosine, InverseScaling, Schedule
from tests.training.conftest import epochs_of, problem


def test_epochs_are_numbered_and_the_loss_falls():
    epochs, params, state = epochs_of(max_epochs=50)
    events = list(epochs)
    assert [event.epoch for event in events] == list(range(1, 51))
    assert events[-1].loss < 0.2 * events[0].loss
    assert all(event.params is params for event in events)
    assert np.all(np.diff([event.seconds for event in events]) >= 0)
    assert state.n_samples_seen == 50 * 30
    assert state.optimizer.n_steps == 50 * 4


def test_stopping_is_not_asking_for_more():
    epochs, params, _ = epochs_of()
    next(epochs)
    after_one = params.copy()
    epochs.close()
    epochs, params, _ = epochs_of(max_epochs=1)
    list(epochs)
    np.testing.assert_array_equal(params, after_one)


def test_the_rate_follows_schedule_and_plateaus():
    schedule = InverseScaling(power_t=0.5)
    epochs, _, state = epochs_of(SGD(), schedule=schedule, max_epochs=3)
    rates = []
    for event in epochs:
        rates.append(event.learning_rate)
        if event.epoch == 2:
            state.base_rate = 0.01 / 5
    np.testing.assert_allclose(
        rates, [0.01, 0.01 / np.sqrt(31), 0.2 * 0.01 / np.sqrt(61)]
    )


def test_a_batch_of_zero_weights_is_skipped():
    sample_weight = np.zeros(30)
    sample_weight[3] = 1.0
    epochs, params, state = epochs_of(sample_weight=sample_weight)
    events = list(epochs)
    assert state.optimizer.n_steps == 5  # one batch of four has any weight
    assert np.isfinite(params).all()
    assert np.isfinite([event.loss for event in events]).all()


def test_divergence_ends_the_run_without_numpy_warnings():
    epochs, params, _ = epochs_of(SGD(), learning_rate_init=1e9, max_epochs=100)
    events = list(epochs)
    assert len(events) < 100
    assert not np.isfinite(params).all()


def test_the_rate_follows_a_formula_from_step_to_step():
    class Linear(Schedule):
        def __call__(self, progress):
            return 1 - progress

    rates = []

    class Spy(SGD):
        def step(self, params, grad, learning_rate, **options):
            rates.append(learning_rate)
            super().step(params, grad, learning_rate, **options)

    epochs, *_ = epochs_of(Spy(), schedule=Linear(), max_epochs=4)
    events = list(epochs)
    np.testing.assert_allclose(
        [event.learning_rate for event in events], 0.01 * np.array([1, 0.75, 0.5, 0.25])
    )
    # Of 30 rows, 8 are in each of the first batches.
    share = np.array([0, 8, 16, 24]) / 30
    done = (np.arange(4)[:, np.newaxis] + share) / 4
    np.testing.assert_allclose(rates, 0.01 * (1 - done.ravel()))


def test_the_loss_of_an_epoch_is_the_mean_over_its_rows():
    """While the parameters stand still, batches of 8, 8, 8 and 6 make up the whole."""
    epochs, params, state = epochs_of(
        SGD(), learning_rate_init=0.0, regularization=Regularization(), max_epochs=1
    )
    event = next(epochs)
    X, y, network, _ = problem()
    workspace = Workspace(network, params, len(X))
    expected, _ = objective(workspace, SquaredError(), X, y, None, 0.0)
    assert event.loss == pytest.approx(expected, rel=1e-13)
    assert sorted(state.order) == list(range(30))


def test_an_epoch_of_one_batch_is_a_step_along_the_weighted_gradient():
    X, y, network, params = problem()
    weight = np.random.default_rng(1).uniform(size=len(X))
    workspace = Workspace(network, params.copy(), len(X))
    objective(workspace, SquaredError(), X, y, weight, 0.0)
    expected = params - 0.1 * workspace.grad
    optimizer = SGD(momentum=0.0)
    optimizer.init(params)
    epochs = train(
        Workspace(network, params, len(X)),
        SquaredError(),
        Schedule(),
        Batches(X, y, weight, len(X)),
        TrainingState(optimizer=optimizer),
        np.random.RandomState(0),
        regularization=Regularization(),
        learning_rate_init=0.1,
        max_epochs=1,
    )
    list(epochs)
    np.testing.assert_allclose(params, expected, rtol=1e-12)


class _Recorder(Schedule):
    """The factor one, and the shares of the run that it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, progress):
        self.asked.append(progress)
        return 1.0


def test_weight_decay_follows_its_schedule():
    network = Network((Dense(2, 2),))
    params = np.ones(network.n_params)
    workspace = Workspace(network, params, 1, rng=np.random.default_rng(0))
    regularization = Regularization(weight_decay=0.5, decay_schedule=FlatCosine())
    optimizer = SGD()
    optimizer.init(params)
    for progress, share in ((1.0, 1.0), (0.75, 0.75), (0.0, 0.5)):
        params[...], workspace.grad[...] = 1.0, 0.0
        update(workspace, optimizer, 1.0, 0.0, regularization, progress)
        np.testing.assert_allclose(workspace.coefs, share)


def test_decay_and_dropout_are_told_the_share_of_the_run():
    X, y, network, _ = problem()
    dropout, decay = _Recorder(), _Recorder()
    network = Network((network.layers[0], Dropout(8, 0.5, dropout), network.layers[1]))
    params = network.init(np.random.RandomState(0), np.float64)
    optimizer = SGD()
    optimizer.init(params)
    epochs = train(
        Workspace(network, params, 10, rng=np.random.default_rng(0)),
        SquaredError(),
        Schedule(),
        Batches(X, y, None, 10),
        TrainingState(optimizer=optimizer),
        np.random.RandomState(0),
        regularization=Regularization(weight_decay=0.1, decay_schedule=decay),
        learning_rate_init=0.01,
        max_epochs=2,
    )
    list(epochs)
    np.testing.assert_allclose(dropout.asked, np.arange(6) / 6, atol=1e-15)
    np.testing.assert_allclose(decay.asked, np.arange(6) / 6, atol=1e-15)


@pytest.mark.parametrize(("max_seconds", "n_steps"), [(10.0, 10), (8.0, 8), (0.5, 1)])
def test_a_run_by_the_clock_is_a_whole_one(max_seconds, n_steps, monkeypatch):
    """A clock that each step puts forward by a second, beginning at any time."""
    now = [12345.0]
    clock = types.SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr(loop, "time", clock)
    rates = []

    class Slow(SGD):
        def step(self, params, grad, learning_rate, **options):
            rates.append(learning_rate)
            super().step(params, grad, learning_rate, **options)
            now[0] += 1.0

    class Linear(Schedule):
        def __call__(self, progress):
            return 1 - progress

    X, y, network, params = problem()
    optimizer = Slow()
    optimizer.init(params)
    state = TrainingState(optimizer=optimizer)
    events = list(
        train(
            Workspace(network, params, 8),
            SquaredError(),
            Linear(),
            Batches(X, y, None, 8),
            state,
            np.random.RandomState(0),
            regularization=Regularization(),
            learning_rate_init=0.01,
            max_epochs=100,
            max_seconds=max_seconds,
        )
    )
    np.testing.assert_allclose(
        rates, 0.01 * (1 - np.arange(n_steps) / max_seconds), rtol=1e-12
    )
    ends = [*range(4, n_steps, 4), n_steps]  # of epochs of four batches
    assert [event.seconds for event in events] == ends
    assert all(np.isfinite(event.loss) for event in events)


def test_no_schedule_is_asked_beyond_the_end_of_the_run(monkeypatch):
    """The one step that is done in any case may begin when the time is long over."""
    ticks = itertools.count()
    clock = types.SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr(loop, "time", clock)
    recorder = _Recorder()
    epochs, _, state = epochs_of(schedule=recorder, max_seconds=0.5)
    assert len(list(epochs)) == state.optimizer.n_steps == 1
    assert recorder.asked == [1.0, 1.0]


def test_an_infinite_loss_does_not_end_a_run_whose_parameters_are_finite():
    class Infinite(Huber):
        def loss_gradient(self, y, raw):
            return super().loss_gradient(y, raw) + np.inf

    epochs, params, _ = epochs_of(loss=Infinite(), max_epochs=3)
    assert [event.loss for event in epochs] == [np.inf] * 3
    assert np.isfinite(params).all()
