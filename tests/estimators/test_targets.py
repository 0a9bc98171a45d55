"""The scale of a target: standardised, divided by its mean, or named in messages."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp._estimators.target_scale import (
    TargetScale,
    loss_of_constant,
    unusual_scale,
)
from sknumpy_mlp.callbacks import EarlyStopping, TimeLimit
from sknumpy_mlp.losses import (
    AbsoluteError,
    BinaryLogLoss,
    Gamma,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)

Y = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_targets_of_real_numbers_are_standardised(size):
    scale = TargetScale.fit(size * Y, None, SquaredError())
    scaled = scale.transform(size * Y)
    np.testing.assert_allclose(scaled[:, 0].mean(), 0, atol=1e-14)
    np.testing.assert_allclose(scaled[:, 0].std(), 1)
    np.testing.assert_allclose(scaled[:, 1], 0, atol=1e-12)  # a constant
    np.testing.assert_allclose(scale.inverse(scaled), size * Y)


@pytest.mark.parametrize("loss", [Poisson(), Gamma()])
def test_positive_targets_are_divided_by_their_mean(loss):
    scale = TargetScale.fit(Y, None, loss)
    np.testing.assert_allclose(scale.transform(Y), Y / [3.0, 5.0])


def test_others_stay_as_they_are():
    scale = TargetScale.fit(Y, None, BinaryLogLoss())
    np.testing.assert_array_equal(scale.transform(Y), Y)


def test_weights_count_and_rows_without_weight_do_not():
    weighted = TargetScale.fit(Y, np.array([2.0, 1.0, 0.0]), SquaredError())
    repeated = TargetScale.fit(Y[[0, 0, 1]], None, SquaredError())
    for name in ("location", "factor", "low", "high"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name))
    assert weighted.high[0] == 2.0


def test_predictions_are_clipped_to_the_range_of_the_targets():
    far = np.full((1, 2), 100.0, np.float32)
    scale = TargetScale.fit(Y, None, SquaredError())
    clipped = scale.inverse(far)
    np.testing.assert_array_equal(clipped, [[6.0, 5.0]])
    assert clipped.dtype == np.float32
    unbounded = replace(scale, low=np.full(2, -np.inf), high=np.full(2, np.inf))
    free = unbounded.inverse(far)
    np.testing.assert_allclose(free, [[3 + 100 * Y[:, 0].std(), 105.0]], rtol=1e-6)


# ---------------------------------------------------- targets that networks learn badly

X = np.random.default_rng(0).standard_normal((200, 4))
SIGNAL = X[:, 0] + 0.5 * X[:, 1] ** 2
NOISE = np.random.default_rng(1).standard_normal(200)
PRICES = 150_000 + 40_000 * SIGNAL
ADVICE = (
    r"a mean of .* and a standard deviation of .*TransformedTargetRegressor.*Tabular"
)


@pytest.mark.parametrize(
    ("y", "scale"),
    [
        (SIGNAL, ""),
        (5 * SIGNAL - 10, ""),
        (np.full(200, 1e6), ""),
        (np.zeros(200), ""),
        (PRICES, "y has a mean of 1.7e+05 and a standard deviation of"),
        (-PRICES, "y has a mean of -1.7e+05"),
        (SIGNAL * 1e-3, "standard deviation of 0.00"),
        (SIGNAL + 1e3, "y has a mean of 1e+03"),
        (SIGNAL * 1e300, "standard deviation of 1"),
        (np.column_stack([SIGNAL, PRICES]), "Column 1 of y has a mean of 1.7e+05"),
    ],
)
@pytest.mark.parametrize("loss", [SquaredError(), Quantile(0.9)], ids=str)
def test_scales_that_are_named(y, scale, loss):
    found = unusual_scale(y.reshape(200, -1), None, loss)
    assert scale in found
    assert bool(found) == bool(scale)


@pytest.mark.parametrize(
    ("y", "scale"),
    [
        (np.exp(SIGNAL), ""),
        (np.full(200, 1e6), ""),
        (np.exp(SIGNAL) * 1e5, "y has a mean of 3.1e+05"),
        (np.exp(SIGNAL) * 1e-3, "y has a mean of 0.0031"),
        (np.exp(np.column_stack([SIGNAL, SIGNAL + 9])), "Column 1 of y has a mean of"),
    ],
)
@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=str)
def test_means_that_are_far_from_one(y, scale, loss):
    found = unusual_scale(y.reshape(200, -1), None, loss)
    assert found.startswith(scale)
    assert bool(found) == bool(scale)
    assert "deviation" not in found


def test_shares_have_no_scale():
    assert unusual_scale(np.full((9, 1), 1e-9), None, BinaryLogLoss()) == ""


def test_scales_are_weighted():
    y = np.append(SIGNAL, 1e9).reshape(-1, 1)
    weight = np.append(np.ones(200), 0.0)
    assert unusual_scale(y, weight, SquaredError()) == ""
    weighted = unusual_scale(np.array([[0.0], [800.0]]), np.array([3.0, 1.0]), Huber())
    repeated = unusual_scale(np.array([[0.0]] * 3 + [[800.0]]), None, Huber())
    assert (
        weighted
        == repeated
        == "y has a mean of 2e+02 and a standard deviation of 3.5e+02"
    )


@pytest.mark.parametrize(
    ("loss", "constant"),
    [
        (SquaredError(), np.mean),
        (AbsoluteError(), np.median),
        (Huber(1e-6), np.median),
        (Huber(1e6), np.mean),
        (Poisson(), lambda y: np.log(y.mean())),
        (Gamma(), lambda y: np.log(y.mean())),
        (Quantile(0.1), lambda y: np.quantile(y, 0.1)),
        (Quantile([0.1, 0.5, 0.9]), lambda y: np.quantile(y, [0.1, 0.5, 0.9])),
    ],
    ids=str,
)
def test_the_best_constant(loss, constant):
    y = np.exp(NOISE)[:, np.newaxis]
    raw = np.tile(constant(y), (200, 1))
    n_outputs = raw.shape[1]
    found = loss_of_constant(y, None, loss, n_outputs)
    assert found == pytest.approx(loss.loss_gradient(y, raw).mean(), rel=1e-2)
    # Rows of weight 2 count twice, and rows of weight 0 do not count.
    repeated = loss_of_constant(np.vstack([y, y[:50]]), None, loss, n_outputs)
    weighted = loss_of_constant(
        np.vstack([y, [[1e9]]]),
        np.r_[np.full(50, 2.0), np.ones(150), 0],
        loss,
        n_outputs,
    )
    assert weighted == pytest.approx(repeated)


def test_no_constant_for_outputs_of_another_kind():
    assert np.isnan(loss_of_constant(np.ones((9, 1)), None, SquaredError(), 2))


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
        reg.fit(X, y)
    assert reg.score(X, y) < 0.0
    assert len(given) == 1
    assert given[0].filename == __file__


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_the_message_advises_works():
    reg = NumpyMLPRegressor(early_stopping=True, random_state=0)
    scaled = TransformedTargetRegressor(reg, transformer=StandardScaler())
    assert scaled.fit(X, PRICES).score(X, PRICES) > 0.5


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_training_that_ends_early_on_a_tiny_target_warns(solver):
    """The loss is smaller than ``tol`` from the first epoch on."""
    reg = NumpyMLPRegressor(hidden_layer_sizes=16, solver=solver, random_state=0)
    with pytest.warns(ConvergenceWarning, match=f"has not learned.*{ADVICE}"):
        reg.fit(X, SIGNAL * 1e-4)
    assert reg.score(X, SIGNAL * 1e-4) < 0.0


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_usual_warning_names_the_scale(solver):
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=16, solver=solver, max_iter=5, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match=f"(reached|LIMIT).*{ADVICE}"):
        reg.fit(X, PRICES)
    with pytest.warns(ConvergenceWarning, match="converge") as given:
        reg.fit(X, SIGNAL)
    assert "TransformedTargetRegressor" not in str(given[0].message)


VALIDATION = {"X_val": X, "y_val": PRICES}
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
        reg.fit(X, PRICES, **given)
    assert len(found) == 1
    assert reg.score(X, PRICES) < 0.0


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_logarithmic_links_have_a_scale_as_well(loss):
    y, settings = np.exp(SIGNAL), {"random_state": 0, "max_iter": 100}
    reg = NumpyMLPRegressor(loss, early_stopping=True, **settings)
    with pytest.warns(ConvergenceWarning, match=f"has not learned.*{DIVIDE}"):
        reg.fit(X, y * 1e5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.set_params(learning_rate_init=0.01).fit(X, y)
    reg = NumpyMLPRegressor(loss, solver="sgd", learning_rate_init=0.1, **settings)
    with pytest.raises(ValueError, match=f"{DIVIDE}.*Lower learning_rate") as info:
        reg.fit(X, y * 1e5)
    assert "features" not in str(info.value)
    reg = NumpyMLPRegressor(loss, solver="lbfgs", random_state=0, max_iter=3)
    with pytest.warns(ConvergenceWarning, match=f"LIMIT.*{DIVIDE}") as found:
        reg.fit(X, y * 1e5)
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
        reg.fit(X, y)
    assert reg.score(X, y) < 0.0


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
        reg.fit(X, SIGNAL, X_val=X, y_val=-SIGNAL)
    assert "Transformed" not in str(given[0].message)


def test_on_few_validation_rows_a_negative_score_is_chance():
    few = np.array([4, 44])
    target = SIGNAL.copy()
    target[few] = SIGNAL[few].mean() + np.array([0.0, 2.0])
    weight = np.zeros(200)
    weight[few] = 3.0
    reg = NumpyMLPRegressor(early_stopping=True, random_state=0)
    for given in (
        {"X_val": X[few], "y_val": target[few]},
        {"X_val": X, "y_val": target, "sample_weight_val": weight},
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reg.fit(X, SIGNAL, **given)
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
        reg.set_params(max_iter=60).fit(X, y)
        reg.partial_fit(X, y) if not early_stopping else None
    assert not [w for w in given if "TransformedTarget" in str(w.message)]


def test_part_of_a_training_is_no_result():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NumpyMLPRegressor(hidden_layer_sizes=8, random_state=0).partial_fit(X, PRICES)
        TabularMLPRegressor(8, max_iter=4, n_members=2, random_state=0).fit(X, PRICES)


def test_the_features_are_not_blamed_for_the_target():
    reg = NumpyMLPRegressor(solver="sgd", learning_rate_init=1.0, random_state=0)
    message = f"{ADVICE}.*Lower learning_rate_init=1.0, or set max_grad_norm"
    with pytest.raises(ValueError, match=message) as info:
        reg.fit(X, PRICES)
    assert "features" not in str(info.value)
    with pytest.raises(ValueError, match=f"{ADVICE}.*Scale the features, for"):
        reg.fit(X * 1e4, PRICES)
    with pytest.raises(ValueError, match="Scale the features, for") as info:
        reg.fit(X * 1e20, SIGNAL)
    assert "TransformedTarget" not in str(info.value)
    with pytest.warns(ConvergenceWarning, match=f"diverged.*{message}") as given:
        reg.set_params(early_stopping=True).fit(X, PRICES)
    assert len(given) == 1
