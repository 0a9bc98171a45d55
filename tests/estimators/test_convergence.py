"""Warnings about trainings that have not converged, learned or stayed finite."""

import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp._estimators.target_scale import unusual_scale
from sknumpy_mlp.callbacks import EarlyStopping, TimeLimit
from sknumpy_mlp.losses import Quantile, SquaredError
from tests.conftest import params_of, plain_estimators, unconverged
from tests.estimators.conftest import FEATURES, NOISE, PRICES, SIGNAL, X, y

X_iris, y_iris = load_iris(return_X_y=True)


@plain_estimators
def test_convergence_warnings_point_at_the_caller(Estimator):
    with pytest.warns(ConvergenceWarning, match="Maximum iterations \\(2\\)") as record:
        Estimator(max_iter=2).fit(X, y)
    assert record[0].filename == __file__
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge") as record:
        Estimator(max_iter=2, solver="lbfgs").fit(X, y)
    assert record[0].filename == __file__


def test_divergence_with_early_stopping_keeps_the_best_weights():
    reg = NumpyMLPRegressor(
        solver="sgd",
        activation="identity",
        learning_rate_init=1.0,
        early_stopping=True,
        max_iter=50,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match=r"diverged.*learning_rate_init=1\.0"):
        reg.fit(X_iris, y_iris)
    assert np.isnan(reg.validation_scores_[-1])
    assert np.isfinite(params_of(reg)).all()
    assert np.isfinite(reg.predict(X_iris)).all()
    assert len(reg.validation_scores_) == reg.n_iter_


@unconverged
def test_a_callback_that_restores_does_not_hide_divergence():
    reg = NumpyMLPRegressor(
        solver="sgd",
        activation="identity",
        learning_rate_init=1.0,
        random_state=0,
        callbacks=[EarlyStopping("loss")],
    )
    with pytest.warns(UserWarning, match="The training diverged"):
        reg.fit(X, y)


def test_divergence_from_the_first_epoch_on_is_no_fit():
    reg = NumpyMLPRegressor(early_stopping=True, learning_rate_init=1e150)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        reg.fit(X, y)


ADVICE = (
    r"a mean of .* and a standard deviation of .*TransformedTargetRegressor.*Tabular"
)


@pytest.mark.parametrize("scoring", [None, "r2", "loss", "neg_mean_squared_error"])
@pytest.mark.parametrize("learning_rate", ["constant", "cosine"])
@pytest.mark.parametrize("y", [PRICES, SIGNAL * 1e-4], ids=["large", "tiny"])
def test_early_stopping_that_has_learned_nothing_warns(scoring, learning_rate, y):
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=16,
        early_stopping=True,
        random_state=0,
        scoring=scoring,
        learning_rate=learning_rate,
        max_iter=100,
    )
    with pytest.warns(ConvergenceWarning, match=ADVICE) as given:
        reg.fit(FEATURES, y)
    assert reg.score(FEATURES, y) < 0.0
    assert len(given) == 1
    assert given[0].filename == __file__


@unconverged
def test_what_the_message_advises_works():
    reg = NumpyMLPRegressor(early_stopping=True, random_state=0)
    scaled = TransformedTargetRegressor(reg, transformer=StandardScaler())
    assert scaled.fit(FEATURES, PRICES).score(FEATURES, PRICES) > 0.5


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_training_that_ends_early_on_a_tiny_target_warns(solver):
    """The loss is smaller than ``tol`` from the first epoch on."""
    reg = NumpyMLPRegressor(hidden_layer_sizes=16, solver=solver, random_state=0)
    with pytest.warns(ConvergenceWarning, match=f"has not learned.*{ADVICE}"):
        reg.fit(FEATURES, SIGNAL * 1e-4)
    assert reg.score(FEATURES, SIGNAL * 1e-4) < 0.0


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_usual_warning_names_the_scale(solver):
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=16, solver=solver, max_iter=5, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match=f"(reached|LIMIT).*{ADVICE}"):
        reg.fit(FEATURES, PRICES)
    with pytest.warns(ConvergenceWarning, match="converge") as given:
        reg.fit(FEATURES, SIGNAL)
    assert "TransformedTargetRegressor" not in str(given[0].message)


VALIDATION = {"X_val": FEATURES, "y_val": PRICES}
DIVIDE = "y has a mean of .*divide it by its mean.*Tabular"


@pytest.mark.parametrize(
    ("callback", "given"),
    [
        (EarlyStopping(), VALIDATION),
        (EarlyStopping(restore_best=False), VALIDATION),
        (EarlyStopping("validation_loss", tol=1e12), VALIDATION),
        (EarlyStopping("loss", tol=1e12), {}),
        (TimeLimit(1e-9), {}),
        (TimeLimit(1e-9), VALIDATION),
    ],
)
def test_trainings_that_a_callback_stops_warn(callback, given):
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=8, random_state=0, callbacks=[callback], max_iter=500
    )
    with pytest.warns(ConvergenceWarning, match=f"has not learned.*{ADVICE}") as found:
        reg.fit(FEATURES, PRICES, **given)
    assert len(found) == 1
    assert reg.score(FEATURES, PRICES) < 0.0


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_logarithmic_links_have_a_scale_as_well(loss):
    y, settings = np.exp(SIGNAL), {"random_state": 0, "max_iter": 100}
    reg = NumpyMLPRegressor(loss, early_stopping=True, **settings)
    with pytest.warns(ConvergenceWarning, match=f"has not learned.*{DIVIDE}"):
        reg.fit(FEATURES, y * 1e5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.set_params(learning_rate_init=0.01).fit(FEATURES, y)
    reg = NumpyMLPRegressor(loss, solver="sgd", learning_rate_init=0.1, **settings)
    with pytest.raises(ValueError, match=f"{DIVIDE}.*Lower learning_rate") as info:
        reg.fit(FEATURES, y * 1e5)
    assert "features" not in str(info.value)
    reg = NumpyMLPRegressor(loss, solver="lbfgs", random_state=0, max_iter=3)
    with pytest.warns(ConvergenceWarning, match=f"LIMIT.*{DIVIDE}") as found:
        reg.fit(FEATURES, y * 1e5)
    assert "features" not in str(found[0].message)


@pytest.mark.parametrize(
    "loss", [Quantile(0.1), Quantile(0.05), "absolute_error"], ids=str
)
def test_other_losses_are_not_judged_by_r2(loss):
    """The best low quantile has a negative R2."""
    y = 20 * SIGNAL + 80 * np.maximum(NOISE, -0.5) ** 4
    reg = NumpyMLPRegressor(
        loss,
        hidden_layer_sizes=8,
        early_stopping=True,
        learning_rate_init=0.05,
        max_iter=1000,
        random_state=0,
    )
    assert unusual_scale(y[:, np.newaxis], None, SquaredError())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.fit(FEATURES, y)
    assert reg.score(FEATURES, y) < 0.0


def test_noise_is_no_matter_of_scale():
    """Its R2 may be negative by chance; where it is more so, the message is true."""
    messages = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        reg = NumpyMLPRegressor(
            hidden_layer_sizes=16, early_stopping=True, random_state=seed, max_iter=1000
        )
        with warnings.catch_warnings(record=True) as given:
            warnings.simplefilter("always")
            reg.fit(rng.normal(size=(100, 4)), 15 * rng.normal(size=100))
        messages += [str(warning.message) for warning in given]
    assert len(messages) < 4
    assert not [message for message in messages if "Transformed" in message]


def test_a_negative_score_without_an_unusual_scale_names_the_facts():
    reg = NumpyMLPRegressor(early_stopping=True, random_state=0)
    with pytest.warns(
        ConvergenceWarning,
        match=r"early stopping ended with an R2 of -\d.* say little about y.*epochs\)",
    ) as given:
        reg.fit(FEATURES, SIGNAL, X_val=FEATURES, y_val=-SIGNAL)
    assert "Transformed" not in str(given[0].message)


def test_on_few_validation_rows_a_negative_score_is_chance():
    few = np.array([4, 44])
    target = SIGNAL.copy()
    target[few] = SIGNAL[few].mean() + np.array([0.0, 2.0])
    weight = np.zeros(200)
    weight[few] = 3.0
    reg = NumpyMLPRegressor(early_stopping=True, random_state=0)
    for given in (
        {"X_val": FEATURES[few], "y_val": target[few]},
        {"X_val": FEATURES, "y_val": target, "sample_weight_val": weight},
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reg.fit(FEATURES, SIGNAL, **given)
        assert -1.4 < reg.best_validation_score_ < -0.2


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    ("y", "loss"),
    [
        (NOISE, "squared_error"),
        (NOISE + 3, "absolute_error"),
        (SIGNAL, "huber"),
        (np.exp(3 + SIGNAL), "poisson"),
        (np.full(200, 3.0), "squared_error"),
    ],
    ids=["noise", "noise around 3", "signal", "counts", "constant"],
)
def test_no_scale_is_blamed_for_what_is_noise(early_stopping, y, loss):
    reg = NumpyMLPRegressor(loss, early_stopping=early_stopping, random_state=0)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        reg.set_params(max_iter=60).fit(FEATURES, y)
        reg.partial_fit(FEATURES, y) if not early_stopping else None
    assert not [w for w in given if "TransformedTarget" in str(w.message)]


def test_part_of_a_training_is_no_result():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NumpyMLPRegressor(hidden_layer_sizes=8, random_state=0).partial_fit(
            FEATURES, PRICES
        )
        TabularMLPRegressor(8, max_iter=4, n_members=2, random_state=0).fit(
            FEATURES, PRICES
        )


def test_the_features_are_not_blamed_for_the_target():
    reg = NumpyMLPRegressor(solver="sgd", learning_rate_init=1.0, random_state=0)
    message = f"{ADVICE}.*Lower learning_rate_init=1.0, or set max_grad_norm"
    with pytest.raises(ValueError, match=message) as info:
        reg.fit(FEATURES, PRICES)
    assert "features" not in str(info.value)
    with pytest.raises(ValueError, match=f"{ADVICE}.*Scale the features, for"):
        reg.fit(FEATURES * 1e4, PRICES)
    with pytest.raises(ValueError, match="Scale the features, for") as info:
        reg.fit(FEATURES * 1e20, SIGNAL)
    assert "TransformedTarget" not in str(info.value)
    with pytest.warns(ConvergenceWarning, match=f"diverged.*{message}") as given:
        reg.set_params(early_stopping=True).fit(FEATURES, PRICES)
    assert len(given) == 1
