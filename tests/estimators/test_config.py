"""The training configuration: optimizers, schedules and regularization."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn.datasets import make_regression

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.config import TrainingConfig, make_schedule
from sknumpy_mlp._training.step import Regularization
from sknumpy_mlp.optimizers import OPTIMIZERS, SGD, Adam, RMSprop
from sknumpy_mlp.schedules import (
    SCHEDULES,
    SGD_SCHEDULES,
    Constant,
    Cosine,
    FlatCosine,
    InverseScaling,
    Plateau,
)
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import SHORT, X, trained_params, y


@unconverged
@plain_estimators
def test_every_solver_by_name_is_the_object_made_from_the_parameters(Estimator):
    own = {
        "sgd": SGD(momentum=0.8, nesterov=False),
        "adam": Adam(beta_1=0.7, beta_2=0.9, epsilon=1e-4),
        "rmsprop": RMSprop(epsilon=1e-4),
    }
    assert own.keys() == OPTIMIZERS.keys()
    parameters = {
        "momentum": 0.8,
        "nesterovs_momentum": False,
        "beta_1": 0.7,
        "beta_2": 0.9,
        "epsilon": 1e-4,
    }
    for name, optimizer in own.items():
        np.testing.assert_array_equal(
            trained_params(Estimator, solver=name, **parameters),
            trained_params(Estimator, solver=optimizer),
        )


@plain_estimators
@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("name", ["cosine", "warmup_cosine", "one_cycle"])
def test_a_schedule_s_curve_matches_its_formula_and_ends_without_a_warning(
    Estimator, solver, name
):
    rate = 0.001
    est = Estimator(
        learning_rate=name, learning_rate_init=rate, solver=solver, **SHORT
    ).fit(X, y)  # warnings are errors
    schedule = SCHEDULES[name]()
    expected = [rate * schedule(epoch / 5) for epoch in range(5)]
    np.testing.assert_allclose(est.learning_rate_curve_, expected, rtol=1e-12)
    np.testing.assert_array_equal(
        est._params,
        trained_params(
            Estimator, learning_rate=schedule, learning_rate_init=rate, solver=solver
        ),
    )


@unconverged
@plain_estimators
def test_a_run_with_a_horizon_goes_on_to_its_end(Estimator):
    """A loss that stalls says nothing while the rate has yet to fall."""
    settings = SHORT | {"tol": 1e9, "n_iter_no_change": 1, "max_iter": 20}
    assert Estimator(**settings).fit(X, y).n_iter_ == 3
    assert Estimator(learning_rate="cosine", **settings).fit(X, y).n_iter_ == 20
    stopped = Estimator(learning_rate="cosine", early_stopping=True, **settings)
    assert stopped.fit(X, y).n_iter_ == 3


@unconverged
@plain_estimators
def test_scikit_learn_s_schedules_act_for_sgd_only_and_objects_for_all(Estimator):
    for name in ("invscaling", "adaptive"):
        np.testing.assert_array_equal(
            trained_params(Estimator, learning_rate=name), trained_params(Estimator)
        )
    falling = Estimator(learning_rate=InverseScaling(0.5), **SHORT).fit(X, y)
    np.testing.assert_allclose(
        falling.learning_rate_curve_,
        0.001 / np.sqrt(1 + len(X) * np.arange(5)),
    )
    stalling = SHORT | {"tol": 1e9, "n_iter_no_change": 1, "max_iter": 7}
    for schedule in ("plateau", Plateau(divisor=5)):
        curve = Estimator(learning_rate=schedule, **stalling).fit(X, y)
        rates = np.array(curve.learning_rate_curve_) / 0.001
        np.testing.assert_allclose(rates, [1, 1, 1, 0.2, 0.2, 0.04, 0.04])


@unconverged
@plain_estimators
def test_weight_decay_makes_adam_adamw(Estimator):
    """Decay by hand between epochs of one full batch is the same."""
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    settings = SHORT | {"batch_size": len(X), "alpha": 0.0}
    decaying = Estimator(weight_decay=2.0, learning_rate_init=0.01, **settings)
    by_hand = Estimator(learning_rate_init=0.01, **settings)
    decaying.partial_fit(X, y, **classes)
    by_hand.partial_fit(X, y, **classes)
    # The first steps differ by the decay of the weights they started from alone.
    for W in by_hand.coefs_:
        W *= 1
    shrunk = decaying._params - by_hand._params
    n_coefs = decaying._network.n_coefs
    start = Estimator(learning_rate_init=1e-300, **settings)
    start.partial_fit(X, y, **classes)
    np.testing.assert_allclose(
        shrunk[:n_coefs], -0.02 * start._params[:n_coefs], atol=1e-12
    )
    np.testing.assert_allclose(shrunk[n_coefs:], 0, atol=1e-15)


@unconverged
def test_max_grad_norm_saves_a_training_that_would_diverge():
    X, y = make_regression(200, 10, random_state=0)
    settings = {"solver": "sgd", "learning_rate_init": 0.01, "random_state": 0}
    with pytest.raises(ValueError, match=r"non-finite.*or set max_grad_norm"):
        NumpyMLPRegressor(**settings).fit(X * 100, y * 100)
    reg = NumpyMLPRegressor(max_grad_norm=1.0, **settings).fit(X * 100, y * 100)
    assert np.isfinite(reg.predict(X * 100)).all()


# ------------------------------------------------------------------- the object itself


def test_parameters_are_read_once_with_python_s_types():
    config = TrainingConfig.of(
        NumpyMLPClassifier(
            alpha=np.float32(0.5),
            batch_size=np.int64(32),
            max_iter=np.int64(7),
            random_state=np.int64(3),
            max_grad_norm=np.float64(2.0),
            n_iter_no_change=np.inf,
            verbose=2,
            scoring="f1",
        )
    )
    assert config.estimator == "NumpyMLPClassifier"
    assert config.regularization == Regularization(
        alpha=0.5, max_grad_norm=2.0, decay_schedule=Constant()
    )
    assert (config.batch_size, config.max_iter, config.seed) == (32, 7, 3)
    for name in ("batch_size", "max_iter", "seed"):
        assert type(getattr(config, name)) is int, name
    assert type(config.regularization.alpha) is float
    assert (config.n_iter_no_change, config.scoring) == (np.inf, "f1")
    assert config.verbose is True


def test_what_stands_for_nothing_is_none():
    config = TrainingConfig.of(NumpyMLPRegressor(solver="lbfgs"))
    assert config.optimizer is None
    assert config.batch_size is None  # 'auto'
    assert config.seed is None
    assert config.regularization.max_grad_norm is None
    rng = np.random.RandomState(0)
    assert TrainingConfig.of(NumpyMLPRegressor(random_state=rng)).seed is None


def test_it_cannot_be_changed():
    config = TrainingConfig.of(NumpyMLPRegressor())
    with pytest.raises(FrozenInstanceError):
        config.max_iter = 3


def test_objects_are_copied():
    solver, schedule = Adam(), Cosine()
    config = TrainingConfig.of(NumpyMLPRegressor(solver=solver, learning_rate=schedule))
    assert config.optimizer is not solver
    assert config.schedule == schedule
    assert config.schedule is not schedule


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("solver", ["sgd", "adam", SGD()], ids=str)
def test_a_schedule_by_name(solver, name):
    """scikit-learn's apply to SGD alone."""
    schedule = make_schedule(NumpyMLPRegressor(solver=solver, learning_rate=name))
    applies = solver != "adam" or name not in SGD_SCHEDULES
    assert type(schedule) is (SCHEDULES[name] if applies else Constant)


def test_the_power_of_inverse_scaling_is_a_parameter():
    reg = NumpyMLPRegressor(solver="sgd", learning_rate="invscaling", power_t=0.75)
    assert make_schedule(reg) == InverseScaling(0.75)


def test_weight_decay_may_have_a_schedule():
    config = TrainingConfig.of(NumpyMLPRegressor(), decay_schedule=FlatCosine())
    assert config.regularization.decay_schedule == FlatCosine()


def _scorer(estimator, X, y):
    return 0.0


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"learning_rate_init": 0.1}, False),
        ({"learning_rate": "plateau"}, False),
        ({"alpha": 0.5}, False),
        ({"early_stopping": True}, False),
        ({"scoring": "loss"}, False),
        ({"scoring": _scorer}, False),
        ({"max_iter": 5}, True),
        ({"solver": "sgd"}, True),
        ({"tol": 1.0}, True),
    ],
    ids=range(9),
)
def test_settings_under_which_patience_goes_on(changed, expected):
    same = TrainingConfig.of(NumpyMLPRegressor()).plateau_settings
    other = TrainingConfig.of(NumpyMLPRegressor(**changed)).plateau_settings
    assert (same == other) is expected
