"""The loop driven by hand, and L-BFGS."""

import itertools
import math
import types

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._training import lbfgs, loop
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.lbfgs import minimize_lbfgs
from sknumpy_mlp._training.loop import train
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import full_batch_objective, objective
from sknumpy_mlp._training.run import EpochEnd, Run, TrainingState
from sknumpy_mlp._training.step import Regularization, clip_norm, update
from sknumpy_mlp.activations import Tanh
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.layers import Dense, Dropout
from sknumpy_mlp.losses import Huber, Loss, SquaredError
from sknumpy_mlp.optimizers import SGD, Adam
from sknumpy_mlp.schedules import FlatCosine, InverseScaling, Schedule


def _problem(n_rows=30):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 4))
    y = np.sin(X[:, :1]) + X[:, 1:2]
    network = Network((Dense(4, 8, Tanh()), Dense(8, 1)))
    params = network.init(np.random.RandomState(0), np.float64)
    return X, y, network, params


def _epochs(optimizer=None, *, sample_weight=None, max_epochs=5, **options):
    X, y, network, params = _problem()
    optimizer = optimizer or Adam()
    optimizer.init(params)
    state = TrainingState(optimizer=optimizer)
    epochs = train(
        Workspace(network, params, 8),
        options.pop("loss", SquaredError()),
        options.pop("schedule", Schedule()),
        Batches(X, y, sample_weight, 8),
        state,
        np.random.RandomState(0),
        regularization=options.pop("regularization", Regularization(alpha=0.01)),
        learning_rate_init=options.pop("learning_rate_init", 0.01),
        max_epochs=max_epochs,
        **options,
    )
    return epochs, params, state


def test_epochs_are_numbered_and_the_loss_falls():
    epochs, params, state = _epochs(max_epochs=50)
    events = list(epochs)
    assert [event.epoch for event in events] == list(range(1, 51))
    assert events[-1].loss < 0.2 * events[0].loss
    assert all(event.params is params for event in events)
    assert np.all(np.diff([event.seconds for event in events]) >= 0)
    assert state.n_samples_seen == 50 * 30
    assert state.optimizer.n_steps == 50 * 4


def test_stopping_is_not_asking_for_more():
    epochs, params, _ = _epochs()
    next(epochs)
    after_one = params.copy()
    epochs.close()
    epochs, params, _ = _epochs(max_epochs=1)
    list(epochs)
    np.testing.assert_array_equal(params, after_one)


def test_the_rate_follows_schedule_and_plateaus():
    schedule = InverseScaling(power_t=0.5)
    epochs, _, state = _epochs(SGD(), schedule=schedule, max_epochs=3)
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
    epochs, params, state = _epochs(sample_weight=sample_weight)
    events = list(epochs)
    assert state.optimizer.n_steps == 5  # one batch of four has any weight
    assert np.isfinite(params).all()
    assert np.isfinite([event.loss for event in events]).all()


def test_divergence_ends_the_run_without_numpy_warnings():
    epochs, params, _ = _epochs(SGD(), learning_rate_init=1e9, max_epochs=100)
    events = list(epochs)
    assert len(events) < 100
    assert not np.isfinite(params).all()


def test_lbfgs_reports_iterations_and_finds_a_stationary_point():
    X, y, network, params = _problem()
    workspace = Workspace(network, params, len(X))
    events = []
    result = minimize_lbfgs(
        workspace,
        SquaredError(),
        Batches(X, y, None, len(X), shuffle=False),
        alpha=0.1,
        tol=1e-6,
        max_iter=2000,
        max_fun=5000,
        on_iteration=lambda event: bool(events.append((event.epoch, event.loss))),
    )
    assert result.converged
    assert [epoch for epoch, _ in events] == list(range(1, result.n_iter + 1))
    losses = [loss for _, loss in events]
    assert np.all(np.diff(losses) <= 0)
    assert losses[-1] == result.loss
    value, l2 = objective(workspace, SquaredError(), X, y, None, 0.1)
    gradient = workspace.grad.copy()
    gradient[: network.n_coefs] += l2 * workspace.coefs
    np.testing.assert_allclose(value, result.loss)
    assert abs(gradient).max() < 1e-3


def test_lbfgs_ends_without_numpy_warnings_where_numbers_overflow():
    X, y, _, _ = _problem()
    network = Network((Dense(4, 1),))
    params = network.init(np.random.RandomState(0), np.float64)
    result = minimize_lbfgs(
        Workspace(network, params, len(X)),
        SquaredError(),
        Batches(1e200 * X, y, None, len(X), shuffle=False),
        alpha=0.1,
        tol=1e-6,
        max_iter=20,
        max_fun=50,
        on_iteration=lambda event: False,
    )
    assert not math.isfinite(result.loss)
    assert not result.converged


def test_lbfgs_interrupted_keeps_the_last_finished_iteration():
    X, y, network, params = _problem()
    workspace = Workspace(network, params, len(X))
    seen = []

    def interrupt(event):
        seen.append(event.params.copy())
        if event.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize_lbfgs(
            workspace,
            SquaredError(),
            Batches(X, y, None, len(X), shuffle=False),
            alpha=0.1,
            tol=1e-6,
            max_iter=100,
            max_fun=500,
            on_iteration=interrupt,
        )
    np.testing.assert_array_equal(workspace.params, seen[-1])


def test_the_rate_follows_a_formula_from_step_to_step():
    class Linear(Schedule):
        def __call__(self, progress):
            return 1 - progress

    rates = []

    class Spy(SGD):
        def step(self, params, grad, learning_rate, **options):
            rates.append(learning_rate)
            super().step(params, grad, learning_rate, **options)

    epochs, *_ = _epochs(Spy(), schedule=Linear(), max_epochs=4)
    events = list(epochs)
    np.testing.assert_allclose(
        [event.learning_rate for event in events], 0.01 * np.array([1, 0.75, 0.5, 0.25])
    )
    # Of 30 rows, 8 are in each of the first batches.
    share = np.array([0, 8, 16, 24]) / 30
    done = (np.arange(4)[:, np.newaxis] + share) / 4
    np.testing.assert_allclose(rates, 0.01 * (1 - done.ravel()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_long_vector_is_scaled_back_and_a_short_one_is_not(dtype):
    vector = np.array([3.0, 4.0], dtype)
    clip_norm(vector, 10.0)
    np.testing.assert_array_equal(vector, [3, 4])
    clip_norm(vector, 1.0)
    np.testing.assert_allclose(vector, [0.6, 0.8], rtol=1e-6)
    huge = np.full(4, np.finfo(dtype).max / 2, dtype)
    with np.errstate(over="ignore"):
        clip_norm(huge, 1.0)
    np.testing.assert_allclose(huge, 0.5, rtol=1e-6)
    large = np.full(4, 1e20, dtype)
    with np.errstate(over="ignore"):
        clip_norm(large, 1e25)
    np.testing.assert_allclose(large, 1e20, rtol=1e-6)
    infinite = np.array([np.inf, 1.0], dtype)
    clip_norm(infinite, 1.0)
    np.testing.assert_array_equal(infinite, [np.inf, 1.0])


def test_no_step_is_longer_than_the_bound_on_the_gradient():
    """For plain SGD a step is the rate times the gradient, penalty included."""
    regularization = Regularization(alpha=100.0, max_grad_norm=0.25)
    epochs, params, _ = _epochs(
        SGD(momentum=0.0), regularization=regularization, max_epochs=1
    )
    before = params.copy()
    next(epochs)
    moved = np.linalg.norm(params - before)
    assert 0.9 < moved / (4 * 0.01 * 0.25) <= 1 + 1e-12


def test_weight_decay_is_decoupled_and_spares_biases():
    """Without any gradient, only the weights shrink, by the rate times the decay."""
    X, y, network, params = _problem()

    class Flat(Loss):
        def loss_gradient(self, y, raw):
            raw[...] = 0
            return np.zeros(len(raw))

    optimizer = Adam()
    params[network.n_coefs :] = 1.0
    before = params.copy()
    optimizer.init(params)
    epochs = train(
        Workspace(network, params, 8),
        Flat(),
        Schedule(),
        Batches(X, y, None, 8),
        TrainingState(optimizer=optimizer),
        np.random.RandomState(0),
        regularization=Regularization(weight_decay=0.5),
        learning_rate_init=0.1,
        max_epochs=1,
    )
    next(epochs)
    np.testing.assert_allclose(
        params[: network.n_coefs], before[: network.n_coefs] * 0.95**4
    )
    np.testing.assert_array_equal(params[network.n_coefs :], 1.0)


def test_lbfgs_ends_when_it_is_told_to():
    X, y, network, params = _problem()
    seen = []

    def stop_at_three(event):
        seen.append(event.params.copy())
        return event.epoch == 3

    result = minimize_lbfgs(
        Workspace(network, params, len(X)),
        SquaredError(),
        Batches(X, y, None, len(X), shuffle=False),
        alpha=0.1,
        tol=1e-6,
        max_iter=100,
        max_fun=500,
        on_iteration=stop_at_three,
    )
    assert result.n_iter == 3
    assert not result.converged
    np.testing.assert_array_equal(params, seen[-1])


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_objective_of_all_rows_from_small_batches(container, weighted):
    X, y, network, params = _problem()
    weight = np.random.default_rng(1).uniform(size=len(X)) if weighted else None
    if weighted:
        weight[7:14] = 0.0  # a whole batch without weight

    def evaluate(batch_size):
        workspace = Workspace(network, params, batch_size)
        batches = Batches(container(X), y, weight, batch_size, shuffle=False)
        return full_batch_objective(workspace, SquaredError(), batches, 0.1)

    value, gradient = evaluate(len(X))
    workspace = Workspace(network, params, len(X))
    expected, l2 = objective(workspace, SquaredError(), container(X), y, weight, 0.1)
    workspace.grad[: network.n_coefs] += l2 * workspace.coefs
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, workspace.grad, rtol=0, atol=1e-14)
    for batch_size in (7, 1):
        value, gradient = evaluate(batch_size)
        assert value == pytest.approx(expected, rel=1e-13)
        np.testing.assert_allclose(gradient, workspace.grad, rtol=0, atol=1e-14)


@pytest.mark.parametrize("total_weight", [None, 50.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_objective_is_its_formula(weighted, total_weight):
    X, y, network, params = _problem()
    weight = np.random.default_rng(2).uniform(size=len(X)) if weighted else None
    workspace = Workspace(network, params, len(X))
    value, l2 = objective(workspace, SquaredError(), X, y, weight, 0.3, total_weight)
    s = np.ones(len(X)) if weight is None else weight
    S = s.sum() if total_weight is None else total_weight
    losses = (network.predict_raw(params, X) - y).ravel() ** 2 / 2
    penalty = 0.3 / (2 * S) * (params[: network.n_coefs] ** 2).sum()
    assert value == pytest.approx((s * losses).sum() / S + penalty, rel=1e-13)
    assert l2 == pytest.approx(0.3 / S, rel=1e-15)


def test_data_of_another_type_are_cast_batch_by_batch_and_others_not_copied():
    X, y, _, _ = _problem()
    seen = []

    class Spy(Dense):
        def forward(self, params, x, buffers, context):
            seen.append(x)
            return super().forward(params, x, buffers, context)

    network = Network((Spy(4, 1),))
    for dtype in (np.float32, np.float64):
        params = network.init(np.random.RandomState(0), dtype)
        workspace = Workspace(network, params, 7)
        batches = Batches(X, y.astype(dtype), None, 7, shuffle=False)
        value, gradient = full_batch_objective(workspace, SquaredError(), batches, 0.1)
        assert math.isfinite(value)
        assert gradient.dtype == dtype
        assert {x.dtype for x in seen} == {np.dtype(dtype)}
        assert all(np.shares_memory(x, X) == (dtype == X.dtype) for x in seen)
        seen.clear()


def test_the_loss_of_an_epoch_is_the_mean_over_its_rows():
    """While the parameters stand still, batches of 8, 8, 8 and 6 make up the whole."""
    epochs, params, state = _epochs(
        SGD(), learning_rate_init=0.0, regularization=Regularization(), max_epochs=1
    )
    event = next(epochs)
    X, y, network, _ = _problem()
    workspace = Workspace(network, params, len(X))
    expected, _ = objective(workspace, SquaredError(), X, y, None, 0.0)
    assert event.loss == pytest.approx(expected, rel=1e-13)
    assert sorted(state.order) == list(range(30))


def test_an_epoch_of_one_batch_is_a_step_along_the_weighted_gradient():
    X, y, network, params = _problem()
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


@pytest.mark.parametrize("max_grad_norm", [None, 1e9, 0.5])
def test_an_update_has_penalty_bound_and_factors(max_grad_norm):
    network = Network((Dense(2, 2, lr_multipliers=(2.0, 3.0)),))
    params = np.array([1.0, -2.0, 3.0, 4.0, 5.0, 6.0])
    before = params.copy()
    workspace = Workspace(network, params, 1)
    workspace.grad[...] = [1.0, 2.0, -1.0, 0.5, 0.1, -0.2]
    gradient = workspace.grad + 0.1 * np.array([1.0, -2.0, 3.0, 4.0, 0.0, 0.0])
    if max_grad_norm == 0.5:
        gradient *= 0.5 / np.linalg.norm(gradient)
    optimizer = SGD(momentum=0.0)
    optimizer.init(params)
    regularization = Regularization(max_grad_norm=max_grad_norm)
    update(workspace, optimizer, 0.01, 0.1, regularization)
    factors = np.array([2.0, 2.0, 2.0, 2.0, 3.0, 3.0])
    np.testing.assert_allclose(
        params, before - 0.01 * factors * gradient, rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("max_grad_norm", [None, 0.5])
def test_an_optimizer_that_does_its_own_steps_is_given_a_penalty_to_add(max_grad_norm):
    class Own(SGD):
        def step(self, params, grad, learning_rate, *, l2, n_penalized, **options):
            grad[:n_penalized] += l2 * params[:n_penalized]
            params -= learning_rate * grad

    network = Network((Dense(2, 2),))
    results = []
    for optimizer in (Own(), SGD(momentum=0.0)):
        params = np.arange(1.0, 7.0)
        optimizer.init(params)
        workspace = Workspace(network, params, 1)
        workspace.grad[...] = 1.0
        regularization = Regularization(max_grad_norm=max_grad_norm)
        update(workspace, optimizer, 0.1, 0.5, regularization)
        results.append(params)
    np.testing.assert_allclose(*results, rtol=1e-15)


def test_an_update_is_the_first_of_a_run_unless_it_is_told():
    network = Network((Dense(2, 2),))
    params = np.ones(network.n_params)
    workspace = Workspace(network, params, 1)
    workspace.grad[...] = 0.0
    optimizer = SGD()
    optimizer.init(params)
    regularization = Regularization(weight_decay=0.5, decay_schedule=FlatCosine())
    update(workspace, optimizer, 1.0, 0.0, regularization)
    np.testing.assert_array_equal(workspace.coefs, 0.5)


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
    X, y, network, _ = _problem()
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

    X, y, network, params = _problem()
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
    epochs, _, state = _epochs(schedule=recorder, max_seconds=0.5)
    assert len(list(epochs)) == state.optimizer.n_steps == 1
    assert recorder.asked == [1.0, 1.0]


def test_an_infinite_loss_does_not_end_a_run_whose_parameters_are_finite():
    class Infinite(Huber):
        def loss_gradient(self, y, raw):
            return super().loss_gradient(y, raw) + np.inf

    epochs, params, _ = _epochs(loss=Infinite(), max_epochs=3)
    assert [event.loss for event in epochs] == [np.inf] * 3
    assert np.isfinite(params).all()


def test_lbfgs_goes_on_from_the_iterations_that_were_done(monkeypatch):
    ticks = itertools.count(12345)
    clock = types.SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr(lbfgs, "time", clock)
    X, y, network, params = _problem()
    events = []
    result = minimize_lbfgs(
        Workspace(network, params, len(X)),
        SquaredError(),
        Batches(X, y, None, len(X), shuffle=False),
        alpha=0.1,
        tol=1e-12,
        max_iter=10,
        max_fun=500,
        on_iteration=lambda event: bool(events.append(event)),
        n_iter_done=6,
    )
    assert [event.epoch for event in events] == [7, 8, 9, 10]
    assert (result.n_iter, result.converged) == (10, False)
    assert "ITERATIONS" in result.message.upper()
    assert [event.seconds for event in events] == [1.0, 2.0, 3.0, 4.0]


def test_who_is_told_of_iterations_handles_errors_as_before():
    X, y, network, params = _problem()
    found = []
    with np.errstate(over="raise", under="warn"):
        expected = np.geterr()
        minimize_lbfgs(
            Workspace(network, params, len(X)),
            SquaredError(),
            Batches(X, y, None, len(X), shuffle=False),
            alpha=0.1,
            tol=1e-12,
            max_iter=2,
            max_fun=50,
            on_iteration=lambda event: bool(found.append(np.geterr())),
        )
    assert found == [expected, expected]


def _run(**options):
    return Run(np.zeros(1), TrainingState(), np.random.RandomState(0), 5, **options)


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
    run.early_stopping = EarlyStopping()
    assert run.result is run.params
    run.early_stopping.best_params = np.ones(1)
    assert run.result is run.best_params
    run.kept_params = np.full(1, 2.0)
    assert run.result is run.kept_params


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


def test_an_empty_callback_state_is_not_loaded():
    first, second = callbacks = [_First(), _First()]
    run = _run(callbacks=callbacks)
    run.callback_states = {run.callback_key(first): [{}, {"n": 2}]}
    run.load_callback_states()
    assert first.state is None
    assert second.state == {"n": 2}
