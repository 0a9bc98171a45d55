"""The scale of a target: standardised, divided by its mean, or named in messages."""

import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp._targets import TargetScale, unusual_scale
from sknumpy_mlp.losses import BinaryLogLoss, Gamma, Poisson, SquaredError

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


@pytest.mark.parametrize(
    ("loss", "options"), [(BinaryLogLoss(), {}), (SquaredError(), {"scales": False})]
)
def test_others_stay_as_they_are(loss, options):
    np.testing.assert_array_equal(
        TargetScale.fit(Y, None, loss, **options).transform(Y), Y
    )


def test_weights_count_and_rows_without_weight_do_not():
    weighted = TargetScale.fit(Y, np.array([2.0, 1.0, 0.0]), SquaredError())
    repeated = TargetScale.fit(Y[[0, 0, 1]], None, SquaredError())
    for name in ("location", "factor", "low", "high"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name))
    assert weighted.high[0] == 2.0


def test_predictions_are_clipped_if_they_are_to_be():
    far = np.full((1, 2), 100.0, np.float32)
    clipped = TargetScale.fit(Y, None, SquaredError()).inverse(far)
    np.testing.assert_array_equal(clipped, [[6.0, 5.0]])
    assert clipped.dtype == np.float32
    free = TargetScale.fit(Y, None, SquaredError(), clips=False).inverse(far)
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
def test_scales_that_are_named(y, scale):
    found = unusual_scale(y.reshape(200, -1))
    assert scale in found
    assert bool(found) == bool(scale)


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
