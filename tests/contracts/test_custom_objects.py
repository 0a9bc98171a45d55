"""What the parameters take: names, objects, and objects of a user's own."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_regression
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV, train_test_split

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
)
from sknumpy_mlp.activations import ACTIVATIONS, Activation, LeakyReLU, Tanh
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.initializers import Glorot, He
from sknumpy_mlp.losses import (
    REGRESSION_LOSSES,
    AbsoluteError,
    BinaryLogLoss,
    ClassificationLoss,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
)
from sknumpy_mlp.optimizers import OPTIMIZERS, SGD, Adam, Optimizer, RMSprop
from sknumpy_mlp.schedules import (
    SCHEDULES,
    Cosine,
    InverseScaling,
    OneCycle,
    Plateau,
    Schedule,
)
from tests.conftest import (
    all_classifiers,
    all_estimators,
    all_regressors,
    digits,
    plain_estimators,
    unconverged,
)

X, y = digits(400)
SETTINGS = {"hidden_layer_sizes": 20, "max_iter": 5, "random_state": 0}


def _params(Estimator, **settings):
    return Estimator(**SETTINGS | settings).fit(X, y)._params


# -------------------------------------------------------------------------- activations


class Sine(Activation):
    """sin(z), with a frequency."""

    from_output = False

    def __init__(self, frequency=1.0):
        self.frequency = frequency

    def forward(self, z, out):
        np.sin(self.frequency * z, out=out)

    def backward(self, z, a, delta):
        delta *= self.frequency * np.cos(self.frequency * z)


@unconverged
@plain_estimators
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_learns_by_name_and_as_an_object(Estimator, name):
    settings = SETTINGS | {"max_iter": 60, "learning_rate_init": 0.02}
    est = Estimator(activation=name, **settings).fit(X, y)
    assert est.loss_curve_[-1] < 0.5 * est.loss_curve_[0]
    np.testing.assert_array_equal(
        _params(Estimator, activation=name),
        _params(Estimator, activation=ACTIVATIONS[name]),
    )


@unconverged
@plain_estimators
def test_an_activation_for_each_hidden_layer(Estimator):
    est = Estimator(
        activation=["tanh", LeakyReLU(0.2), "logistic"],
        **SETTINGS | {"hidden_layer_sizes": (8, 7, 6), "max_iter": 2},
    ).fit(X, y)
    h = X
    for W, b, f in zip(
        est.coefs_,
        est.intercepts_,
        (np.tanh, lambda z: np.maximum(z, 0.2 * z), expit),
        strict=False,
    ):
        h = f(h @ W + b)
    np.testing.assert_allclose(est.hidden_activations(X), h, rtol=1e-12)
    raw = h @ est.coefs_[-1] + est.intercepts_[-1]
    if Estimator is NumpyMLPRegressor:
        np.testing.assert_allclose(est.predict(X), raw[:, 0], rtol=1e-12)
    else:
        np.testing.assert_allclose(est.predict_proba(X), softmax(raw, axis=1))


@unconverged
@plain_estimators
def test_one_activation_for_all_is_the_same_as_one_for_each(Estimator):
    layers = {"hidden_layer_sizes": (9, 8)}
    for activation in ("logistic", Tanh()):
        np.testing.assert_array_equal(
            _params(Estimator, activation=activation, **layers),
            _params(Estimator, activation=[activation, activation], **layers),
        )


@unconverged
def test_each_layer_is_drawn_for_its_own_activation():
    """Logistic units take a third of the variance, scikit-learn's rule."""
    reg = NumpyMLPRegressor(
        activation=("logistic", "relu"),
        hidden_layer_sizes=(300, 300),
        max_iter=1,
        learning_rate_init=1e-12,
        random_state=0,
    ).fit(X, y)
    bounds = [abs(W).max() for W in reg.coefs_]
    expected = np.sqrt(np.array([2 / (64 + 300), 6 / (300 + 300), 6 / (300 + 1)]))
    np.testing.assert_allclose(bounds, expected, rtol=0.02)


@unconverged
@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_activation_of_ones_own(Estimator, solver):
    est = Estimator(activation=Sine(2.0), solver=solver, **SETTINGS).fit(X, y)
    h = np.sin(2 * (X @ est.coefs_[0] + est.intercepts_[0]))
    np.testing.assert_allclose(est.hidden_activations(X), h)
    assert est.loss_curve_[-1] < est.loss_curve_[0]
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(est)).predict(X), est.predict(X)
    )


@unconverged
@plain_estimators
@pytest.mark.parametrize("layer", [0, 1, -1, -2])
def test_hidden_activations(Estimator, layer):
    est = Estimator(**SETTINGS | {"hidden_layer_sizes": (8, 6), "dropout": 0.5})
    est.fit(X, y)
    first = np.maximum(X @ est.coefs_[0] + est.intercepts_[0], 0)
    second = np.maximum(first @ est.coefs_[1] + est.intercepts_[1], 0)
    expected = (first, second)[layer]
    np.testing.assert_allclose(est.hidden_activations(X, layer), expected, rtol=1e-12)
    many = np.tile(X, (10, 1))
    np.testing.assert_allclose(
        est.hidden_activations(many, layer)[-len(X) :], expected, rtol=1e-12
    )


# ------------------------------------------------------------------------------- losses


class LogCosh(Loss):
    """log cosh(raw - y): a user's own, in the fewest lines."""

    def loss_gradient(self, y, raw):
        raw -= y
        losses = (np.logaddexp(raw, -raw) - np.log(2)).sum(axis=1)
        np.tanh(raw, out=raw)
        return losses


class Focal(Loss):
    """The focal loss for two classes, (1 - p)**2 times the log loss."""

    out_activation = "logistic"

    def loss_gradient(self, y, raw):
        sign = 2 * y - 1
        p = expit(sign * raw)  # of the true class
        losses = -((1 - p) ** 2) * np.log(p)
        slope = 2 * (1 - p) * np.log(p) - (1 - p) ** 2 / p
        raw[...] = sign * slope * p * (1 - p)
        return losses[:, 0]

    def predict(self, raw):
        return expit(raw)


class ExactOrFocal(ClassificationLoss):
    def for_target(self, *, multinomial):
        return MultinomialLogLoss() if multinomial else Focal()


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_loss_of_ones_own(solver):
    settings = SETTINGS | {"solver": solver, "max_iter": 100}
    settings |= {"learning_rate_init": 0.02}
    own = NumpyMLPRegressor(LogCosh(), **settings).fit(X, y)
    assert own.loss_curve_[-1] < 0.2 * own.loss_curve_[0]
    assert own.loss_ == pytest.approx(
        np.log(np.cosh(own.predict(X) - y)).mean()
        + 1e-4 * sum((W**2).sum() for W in own.coefs_) / 2 / len(X),
        rel=0.1 if solver == "adam" else 1e-9,
    )
    assert own.out_activation_ == "identity"


@unconverged
@pytest.mark.parametrize("loss", [Focal(), ExactOrFocal()], ids=["Loss", "factory"])
def test_a_loss_of_ones_own_for_classes(loss):
    settings = SETTINGS | {"max_iter": 100, "learning_rate_init": 0.02}
    clf = NumpyMLPClassifier(loss=loss, **settings).fit(X, y % 2)
    assert clf.score(X, y % 2) > 0.95
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clf.classes_[proba.argmax(axis=1)], clf.predict(X))


@unconverged
def test_classes_are_decided_by_probability_not_by_the_raw_output():
    class Shifted(BinaryLogLoss):
        """The same loss with another zero: raw = 3 is one half."""

        def loss_gradient(self, y, raw):
            raw -= 3
            return super().loss_gradient(y, raw)

        def predict(self, raw):
            return super().predict(raw - 3)

    clf = NumpyMLPClassifier(
        loss=Shifted(),
        early_stopping=True,
        learning_rate_init=0.02,
        **SETTINGS | {"max_iter": 100},
    ).fit(X, y % 2)
    assert clf.score(X, y % 2) > 0.9
    assert max(clf.validation_scores_) > 0.9


@unconverged
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_a_loss_by_name_is_the_default_object(name):
    target = np.exp(X[:, 20])
    settings = SETTINGS | {"solver": "lbfgs", "max_iter": 3}
    named = NumpyMLPRegressor(name, **settings).fit(X, target)
    by_object = NumpyMLPRegressor(REGRESSION_LOSSES[name], **settings).fit(X, target)
    np.testing.assert_array_equal(named._params, by_object._params)


class Own(Loss):
    """A custom loss with a link and a gradient, times a factor that is to be one."""

    def __init__(self, loss, factor=1.0):
        self.loss, self.factor = loss, factor
        self.out_activation = loss.out_activation

    def loss_gradient(self, y, raw):
        losses = self.loss.loss_gradient(y, raw)
        raw *= self.factor
        return losses


class OwnForClasses(ClassificationLoss):
    def __init__(self, factor):
        self.factor = factor

    def for_target(self, *, multinomial):
        kind = MultinomialLogLoss() if multinomial else BinaryLogLoss()
        return Own(kind, self.factor)


class OwnActivation(Activation):
    from_output = False

    def __init__(self, factor=1.0):
        self.factor = factor

    def forward(self, z, out):
        np.sin(z, out=out)

    def backward(self, z, a, delta):
        delta *= self.factor * np.cos(z)


SHORT = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
CLASSES = {"two": y % 2, "ten": y, "labels": np.eye(10, dtype=int)[y]}


@unconverged
@pytest.mark.parametrize("target", CLASSES.values(), ids=CLASSES)
@all_classifiers
def test_a_loss_with_nothing_but_a_gradient_predicts_probabilities(Estimator, target):
    """The very ones of the package's own loss."""
    own = Estimator(loss=OwnForClasses(1.0), **SHORT).fit(X, target)
    proba = own.predict_proba(X)
    assert 0 <= proba.min() <= proba.max() <= 1
    if target.ndim == 1:
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    expected = Estimator(**SHORT).fit(X, target).predict_proba(X)
    np.testing.assert_array_equal(proba, expected)


@unconverged
@all_regressors
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_a_loss_with_nothing_but_a_gradient_predicts_by_its_link(Estimator, name):
    own = Estimator(loss=Own(REGRESSION_LOSSES[name]), **SHORT).fit(X, y + 0.5)
    named = Estimator(loss=name, **SHORT).fit(X, y + 0.5)
    np.testing.assert_array_equal(own.predict(X), named.predict(X))


def _fit(est, target):
    est.fit(X, target)


def _partial_fit(est, target):
    if hasattr(est, "partial_fit"):
        classes = {"classes": range(10)} if hasattr(est, "predict_proba") else {}
        est.partial_fit(X, target, **classes)
    else:
        est.fit(X, target, X_val=X, y_val=target)


def _continued(method):
    """Train with what is right, and go on with what is wrong."""

    def go_on(est, target):
        wrong = est.get_params(deep=False)
        right = {"warm_start": True} if "warm_start" in wrong else {}
        right["activation"] = "relu"
        right["loss"] = type(est)().loss
        est.set_params(**right)
        method(est, target)
        est.set_params(loss=wrong["loss"], activation=wrong["activation"])
        method(est, target)

    return go_on


WAYS = {
    "fit": _fit,
    "partial_fit": _partial_fit,
    "warm start": _continued(_fit),
    "partial_fit, later": _continued(_partial_fit),
}


@unconverged
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("part", ["loss", "activation", "one of two activations"])
@all_estimators
def test_a_wrong_gradient_is_an_error_and_changes_nothing(Estimator, part, way):
    is_classifier = hasattr(Estimator, "predict_proba")
    if part == "loss":
        make = OwnForClasses if is_classifier else lambda f: Own(Huber(), f)
        given, call = (
            {"loss": make(-1.0)},
            r"sknumpy_mlp\.losses\.check_loss\(loss, y\)",
        )
        name = r"loss=Own\("
    else:
        given, name = {"activation": OwnActivation(-1.0)}, r"activation=OwnActivation\("
        call = r"sknumpy_mlp\.activations\.check_activation\(activation, n_units=4\)"
        if part != "activation":
            given["activation"] = ["tanh", OwnActivation(-1.0)]
            given["hidden_layer_sizes"] = (4, 4)
    est = Estimator(**SHORT | given)
    with pytest.raises(ValueError, match=rf"^{name}.* about -1\..* call {call}\.$"):
        way(est, y)


@unconverged
@all_estimators
def test_a_gradient_that_is_modified_on_purpose(Estimator):
    class Reversed(Own):
        exact_gradient = False

    class Factory(OwnForClasses):
        def for_target(self, *, multinomial):
            made = super().for_target(multinomial=multinomial)
            return Reversed(made.loss, made.factor)

    class StraightThrough(OwnActivation):
        exact_gradient = False

    is_classifier = hasattr(Estimator, "predict_proba")
    loss = Factory(-1.0) if is_classifier else Reversed(Huber(), -1.0)
    est = Estimator(loss=loss, activation=StraightThrough(0.5), **SHORT)
    assert est.fit(X, y).predict(X).shape == (len(X),)


@unconverged
@all_estimators
def test_the_check_is_made_once_and_on_a_few_rows(Estimator):
    calls = []

    class Counting(Own):
        def loss_gradient(self, y, raw):
            calls.append(len(raw))
            return super().loss_gradient(y, raw)

        def __deepcopy__(self, memo):
            return Counting(self.loss, self.factor)

    class Factory(ClassificationLoss):
        def for_target(self, *, multinomial):
            return Counting(MultinomialLogLoss())

    is_classifier = hasattr(Estimator, "predict_proba")
    est = Estimator(loss=Factory() if is_classifier else Counting(Huber()), **SHORT)
    est.set_params(batch_size=50)
    n_before = len(calls)
    est.fit(X, y)
    small = [n for n in calls[n_before:] if n <= 5]
    assert 0 < len(small) < 100
    if hasattr(est, "partial_fit"):
        classes = {"classes": range(10)} if is_classifier else {}
        est = est.set_params(warm_start=False).partial_fit(X, y, **classes)
        calls.clear()
        est.partial_fit(X, y)
        assert not [n for n in calls if n <= 5]


NO_PROBABILITIES = [
    (Huber(), r"out_activation='identity', but for two classes"),
    (None, r"for_target\(multinomial=False\), got None"),
    (Own(BinaryLogLoss()), None),
]


@unconverged
@pytest.mark.parametrize(("made", "message"), NO_PROBABILITIES)
@all_classifiers
def test_factories_for_classification_make_probabilities(Estimator, made, message):
    class Factory(ClassificationLoss):
        def for_target(self, *, multinomial):
            return made

    est = Estimator(loss=Factory(), **SHORT)
    if message is None:
        est.fit(X, y % 2)
        return
    with pytest.raises(ValueError, match=message):
        est.fit(X, y % 2)


@all_classifiers
def test_links_of_ones_own_predict_probabilities_too(Estimator):
    class Raw(Own):
        def predict(self, raw):
            return raw

    with pytest.raises(ValueError, match=r"predict returns numbers such as -0\.1"):
        Estimator(loss=Raw(BinaryLogLoss()), **SHORT).fit(X, y % 2)

    class Wide(Own):
        def n_outputs(self, n_targets):
            return 2 * n_targets

    with pytest.raises(ValueError, match=r"has 2 outputs, but a classifier needs 1"):
        Estimator(loss=Wide(BinaryLogLoss()), **SHORT).fit(X, y % 2)


def _noisy(n=4000):
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (n, 1))
    noise = (0.2 + 0.4 * np.abs(x[:, 0])) * rng.standard_normal(n)
    return train_test_split(x, np.sin(2 * x[:, 0]) + noise, random_state=0)


def test_quantiles_cover_what_they_say_on_held_out_data():
    X_train, X_test, y_train, y_test = _noisy()
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    reg = NumpyMLPRegressor(
        Quantile(levels),
        hidden_layer_sizes=(50, 50),
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_iter=60,
        random_state=0,
    ).fit(X_train, y_train)
    predicted = reg.predict(X_test)
    assert predicted.shape == (len(y_test), 5)
    assert (np.diff(predicted, axis=1) >= 0).all()
    covered = (y_test[:, np.newaxis] <= predicted).mean(axis=0)
    # Three standard errors of a share among a thousand, and one percent.
    error = 3 * np.sqrt(np.multiply(levels, np.subtract(1, levels)) / len(y_test))
    assert (np.abs(covered - levels) < error + 0.01).all()
    # The spread follows the noise, not only its mean.
    width = predicted[:, 4] - predicted[:, 0]
    inner, outer = (np.abs(X_test[:, 0]) < 0.5), (np.abs(X_test[:, 0]) > 1.5)
    assert width[outer].mean() > 1.8 * width[inner].mean()


def test_one_quantile_is_a_vector_and_beats_other_losses_at_its_own():
    X_train, X_test, y_train, y_test = _noisy()
    settings = {"max_iter": 30, "random_state": 0, "learning_rate": "cosine"}
    settings |= {"learning_rate_init": 0.01}
    pinball = {}
    for loss in (Quantile(0.9), Quantile([0.9]), SquaredError()):
        reg = NumpyMLPRegressor(loss, **settings).fit(X_train, y_train)
        assert reg.predict(X_test).shape == y_test.shape
        pinball[loss] = mean_pinball_loss(y_test, reg.predict(X_test), alpha=0.9)
    assert pinball[Quantile(0.9)] == pinball[Quantile([0.9])]
    assert pinball[Quantile(0.9)] < 0.6 * pinball[SquaredError()]


def test_absolute_error_and_huber_withstand_outliers():
    X_train, X_test, y_train, _ = _noisy()
    spoilt = y_train.copy()
    spoilt[::20] += 100
    errors = {}
    for loss in ("squared_error", AbsoluteError(), Huber(0.5)):
        reg = NumpyMLPRegressor(
            loss,
            max_iter=40,
            learning_rate="cosine",
            learning_rate_init=0.01,
            random_state=0,
        ).fit(X_train, spoilt)
        errors[str(loss)] = np.abs(
            reg.predict(X_test) - np.sin(2 * X_test[:, 0])
        ).mean()
    assert errors["AbsoluteError()"] < 0.2
    assert errors["Huber(delta=0.5)"] < 0.2
    assert errors["squared_error"] > 2


@unconverged
def test_gamma_predicts_positive_means():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 2))
    mean = np.exp(1 + x[:, 0] - 0.5 * x[:, 1])
    target = mean * rng.gamma(4.0, 0.25, size=2000)
    reg = NumpyMLPRegressor(
        "gamma", hidden_layer_sizes=20, solver="lbfgs", alpha=1.0, random_state=0
    ).fit(x, target)
    predicted = reg.predict(x)
    assert (predicted > 0).all()
    assert np.abs(np.log(predicted / mean)).mean() < 0.05
    assert reg.out_activation_ == "exp"
    # The mean is matched: the derivative for the output's bias is zero.
    assert (target / predicted).mean() == pytest.approx(1, abs=1e-3)


@unconverged
@pytest.mark.parametrize(
    "target",
    [y, y % 2, np.eye(10, dtype=int)[y]],
    ids=["ten classes", "two classes", "labels"],
)
def test_label_smoothing_bounds_the_probabilities(target):
    settings = SETTINGS | {"solver": "lbfgs", "max_iter": 500, "alpha": 0.0}
    smoothed = NumpyMLPClassifier(loss=LogLoss(label_smoothing=0.2), **settings)
    proba = smoothed.fit(X, target).predict_proba(X)
    n_classes = 10 if target is y else 2
    of_the_truth = proba[target == 1] if target.ndim == 2 else proba.max(axis=1)
    assert np.median(of_the_truth) == pytest.approx(0.8 + 0.2 / n_classes, abs=0.01)
    assert smoothed.score(X, target) > 0.95


# ------------------------------------------------------------- optimisers and schedules


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
            _params(Estimator, solver=name, **parameters),
            _params(Estimator, solver=optimizer),
        )


class SignDescent(Optimizer):
    """Steps of one length: a user's own, and no dataclass."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale

    @property
    def powers(self):
        return (1,)

    def rule(self, params, grad, moments, rate):
        (mean,) = moments
        mean *= 0.9
        mean += 0.1 * grad
        params -= rate * self.scale * np.sign(mean)


@dataclass
class Counting(SGD):
    """Counts its rules in a field of its own."""

    n_rules: int = 0

    def rule(self, params, grad, moments, rate):
        self.n_rules += 1
        super().rule(params, grad, moments, rate)


class WeightedOutputs(Loss):
    """A loss with an array."""

    def __init__(self, weights):
        self.weights = np.asarray(weights)

    def loss_gradient(self, y, raw):
        raw -= y
        losses = (0.5 * self.weights * raw**2).sum(axis=1)
        raw *= self.weights
        return losses


@unconverged
def test_what_changes_or_holds_arrays_goes_on_too():
    Y = np.column_stack([y, X[:, 20]])
    objects = {"solver": Counting(), "loss": WeightedOutputs([1.0, 2.0])}
    reg = NumpyMLPRegressor(**objects, **SETTINGS)
    for _ in range(5):
        reg.partial_fit(X, Y)
    whole = NumpyMLPRegressor(**objects, **SETTINGS).fit(X, Y)
    np.testing.assert_array_equal(reg._params, whole._params)
    assert reg._training_state.optimizer.n_rules == 10


@unconverged
@plain_estimators
def test_an_optimizer_of_ones_own_goes_on_in_partial_fit(Estimator):
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    est = Estimator(solver=SignDescent(), **SETTINGS)
    for _ in range(5):
        est.partial_fit(X, y, **classes)
    whole = Estimator(solver=SignDescent(), **SETTINGS).fit(X, y)
    np.testing.assert_array_equal(est._params, whole._params)
    assert whole.loss_curve_[-1] < whole.loss_curve_[0]


@plain_estimators
@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("name", ["cosine", "warmup_cosine", "one_cycle"])
def test_a_schedule_s_curve_matches_its_formula_and_ends_without_a_warning(
    Estimator, solver, name
):
    rate = 0.001
    est = Estimator(
        learning_rate=name, learning_rate_init=rate, solver=solver, **SETTINGS
    ).fit(X, y)  # warnings are errors
    schedule = SCHEDULES[name]()
    expected = [rate * schedule(epoch / 5) for epoch in range(5)]
    np.testing.assert_allclose(est.learning_rate_curve_, expected, rtol=1e-12)
    np.testing.assert_array_equal(
        est._params,
        _params(
            Estimator, learning_rate=schedule, learning_rate_init=rate, solver=solver
        ),
    )


@unconverged
@plain_estimators
def test_a_run_with_a_horizon_goes_on_to_its_end(Estimator):
    """A loss that stalls says nothing while the rate has yet to fall."""
    settings = SETTINGS | {"tol": 1e9, "n_iter_no_change": 1, "max_iter": 20}
    assert Estimator(**settings).fit(X, y).n_iter_ == 3
    assert Estimator(learning_rate="cosine", **settings).fit(X, y).n_iter_ == 20
    stopped = Estimator(learning_rate="cosine", early_stopping=True, **settings)
    assert stopped.fit(X, y).n_iter_ == 3


@unconverged
@plain_estimators
def test_scikit_learn_s_schedules_act_for_sgd_only_and_objects_for_all(Estimator):
    for name in ("invscaling", "adaptive"):
        np.testing.assert_array_equal(
            _params(Estimator, learning_rate=name), _params(Estimator)
        )
    falling = Estimator(learning_rate=InverseScaling(0.5), **SETTINGS).fit(X, y)
    np.testing.assert_allclose(
        falling.learning_rate_curve_,
        0.001 / np.sqrt(1 + 400 * np.arange(5)),
    )
    stalling = SETTINGS | {"tol": 1e9, "n_iter_no_change": 1, "max_iter": 7}
    for schedule in ("plateau", Plateau(divisor=5)):
        curve = Estimator(learning_rate=schedule, **stalling).fit(X, y)
        rates = np.array(curve.learning_rate_curve_) / 0.001
        np.testing.assert_allclose(rates, [1, 1, 1, 0.2, 0.2, 0.04, 0.04])


@unconverged
@plain_estimators
def test_rates_are_kept_over_warm_starts(Estimator):
    est = Estimator(warm_start=True, learning_rate=OneCycle(), **SETTINGS)
    once = est.fit(X, y).learning_rate_curve_
    assert est.fit(X, y).learning_rate_curve_ == once + once
    assert Estimator(solver="lbfgs", **SETTINGS).fit(X, y).learning_rate_curve_ == []


class Staircase(Schedule):
    """A formula, and a lower base at each plateau."""

    def epoch_factor(self, n_samples_seen):
        return np.float32(0.1)

    def after_plateau(self, base_rate):
        return np.float32(base_rate / 2)


@unconverged
def test_a_plateau_lowers_the_base_and_not_what_the_formula_makes_of_it():
    settings = SETTINGS | {"tol": 1e9, "n_iter_no_change": 1, "max_iter": 7}
    reg = NumpyMLPRegressor(learning_rate=Staircase(), **settings).fit(X, y)
    factors = np.array(reg.learning_rate_curve_) / 0.001
    np.testing.assert_allclose(
        factors, 0.1 * np.array([1, 1, 1, 0.5, 0.5, 0.25, 0.25]), rtol=1e-6
    )


class Nonsense(Schedule):
    def __call__(self, progress):
        return None


def test_a_schedule_that_returns_no_factor():
    with pytest.raises(ValueError, match=r"Nonsense\(\) must return finite factors"):
        NumpyMLPRegressor(learning_rate=Nonsense()).fit(X, y)


class Halving(Schedule):
    def __call__(self, progress):
        return 0.5 if progress >= 0.5 else 1.0


@plain_estimators
def test_a_schedule_of_ones_own(Estimator):
    est = Estimator(learning_rate=Halving(), **SETTINGS | {"max_iter": 4}).fit(X, y)
    np.testing.assert_allclose(est.learning_rate_curve_, [0.001, 0.001, 0.0005, 0.0005])


# ----------------------------------------------------------------------- regularisation


@unconverged
@plain_estimators
@pytest.mark.parametrize("dropout", [0.4, [0.2, 0.5]], ids=str)
def test_dropout_is_random_in_training_only(Estimator, dropout):
    est = Estimator(dropout=dropout, **SETTINGS).fit(X, y)
    np.testing.assert_array_equal(est.predict(X), est.predict(X))
    np.testing.assert_array_equal(est._params, _params(Estimator, dropout=dropout))
    # Pixels that are always zero move no weights, with or without dropout.
    assert (est._params != _params(Estimator)).mean() > 0.6
    assert est.n_layers_ == 3
    assert est.coefs_[0].shape == (64, 20)


@unconverged
@plain_estimators
def test_dropout_of_zero_draws_nothing(Estimator):
    for dropout in (0, 0.0, [0.0, 0.0], np.zeros(2)):
        np.testing.assert_array_equal(
            _params(Estimator, dropout=dropout), _params(Estimator)
        )


@unconverged
@plain_estimators
def test_the_training_loss_shows_dropout_and_the_validation_loss_does_not(Estimator):
    settings = SETTINGS | {"learning_rate_init": 1e-9, "max_iter": 30}
    plain = Estimator(**settings).fit(X, y, X_val=X, y_val=y)
    dropped = Estimator(dropout=0.5, **settings).fit(X, y, X_val=X, y_val=y)
    assert dropped.validation_loss_curve_[-1] == pytest.approx(
        plain.validation_loss_curve_[-1], rel=1e-4
    )
    assert np.mean(dropped.loss_curve_) > np.mean(plain.loss_curve_)


@unconverged
@plain_estimators
@pytest.mark.parametrize("make_random_state", [int, np.random.RandomState])
@pytest.mark.parametrize("dropout", [0.3, [0.1, 0.5]], ids=str)
def test_warm_fits_with_dropout_are_one_long_fit(Estimator, dropout, make_random_state):
    settings = SETTINGS | {"dropout": dropout, "learning_rate": "plateau"}
    settings |= {"random_state": make_random_state(3)}
    est = Estimator(warm_start=True, **settings)
    for _ in range(3):
        est.fit(X, y)
    settings |= {"random_state": make_random_state(3), "max_iter": 15}
    whole = Estimator(**settings).fit(X, y)
    np.testing.assert_array_equal(est._params, whole._params)
    assert est.loss_curve_ == whole.loss_curve_


@unconverged
@plain_estimators
def test_dropout_of_sparse_inputs_needs_little_memory(Estimator):
    import tracemalloc

    import scipy.sparse as sp

    wide = sp.random(200, 200_000, density=1e-4, random_state=0, format="csr")
    target = np.arange(200) % 2
    est = Estimator(hidden_layer_sizes=2, max_iter=2, dropout=[0.5, 0.0])
    tracemalloc.start()
    est.fit(wide, target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.2 * 200 * 200_000 * 8


@unconverged
@plain_estimators
def test_max_norm_binds_hidden_units_and_only_those(Estimator):
    settings = SETTINGS | {"hidden_layer_sizes": (20, 10), "learning_rate_init": 0.05}
    free = Estimator(**settings).fit(X, y)
    bound = Estimator(max_norm=0.7, **settings).fit(X, y)

    def longest(est):
        return [np.linalg.norm(W, axis=0).max() for W in est.coefs_]

    assert min(longest(free)[:2]) > 0.8
    np.testing.assert_allclose(longest(bound)[:2], 0.7, rtol=1e-9)
    assert longest(bound)[2] > 0.8


@unconverged
@plain_estimators
def test_weight_decay_makes_adam_adamw(Estimator):
    """Decay by hand between epochs of one full batch is the same."""
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    settings = SETTINGS | {"batch_size": len(X), "alpha": 0.0}
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


@unconverged
def test_the_optimiser_goes_on_if_the_best_epoch_was_the_last():
    settings = SETTINGS | {"early_stopping": True, "n_iter_no_change": 1000}
    warm = NumpyMLPClassifier(warm_start=True, **settings).fit(X, y)
    assert int(np.argmax(warm.validation_scores_)) == 4
    whole = NumpyMLPClassifier(**settings | {"max_iter": 10}).fit(X, y)
    assert warm.fit(X, y).loss_curve_ == whole.loss_curve_


@unconverged
def test_max_grad_norm_saves_a_training_that_would_diverge():
    X, y = make_regression(200, 10, random_state=0)
    settings = {"solver": "sgd", "learning_rate_init": 0.01, "random_state": 0}
    with pytest.raises(ValueError, match=r"non-finite.*or set max_grad_norm"):
        NumpyMLPRegressor(**settings).fit(X * 100, y * 100)
    reg = NumpyMLPRegressor(max_grad_norm=1.0, **settings).fit(X * 100, y * 100)
    assert np.isfinite(reg.predict(X * 100)).all()


# ----------------------------------------------------------------------- dtype, copies


@unconverged
@plain_estimators
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_dtype_is_what_is_computed_in(Estimator, solver):
    settings = SETTINGS | {"solver": solver}
    single = Estimator(dtype="float32", **settings).fit(X, y)
    assert single.coefs_[0].dtype == np.float32
    np.testing.assert_array_equal(
        single._params, Estimator(**settings).fit(X.astype(np.float32), y)._params
    )
    double = Estimator(dtype="float64", **settings).fit(X.astype(np.float32), y)
    assert double.coefs_[0].dtype == np.float64
    follows = Estimator(**settings).fit(X, y)
    np.testing.assert_array_equal(
        Estimator(dtype="float64", **settings).fit(X, y)._params, follows._params
    )
    if Estimator is NumpyMLPClassifier:
        assert single.predict_proba(X).dtype == np.float32
    else:
        assert single.predict(X).dtype == np.float32


@unconverged
@plain_estimators
def test_dtype_can_change_in_a_warm_start(Estimator):
    est = Estimator(warm_start=True, **SETTINGS).fit(X, y)
    est.set_params(dtype="float32").fit(X, y)
    assert est._params.dtype == np.float32
    assert len(est.loss_curve_) == 10
    assert est.loss_curve_[5] < est.loss_curve_[0]


def test_dtype_too_small_for_the_data():
    with pytest.raises(ValueError, match=r"too large for dtype\('float32'\)"):
        NumpyMLPRegressor(dtype="float32").fit(X * 1e300, y)


OBJECTS = {
    "activation": Sine(),
    "solver": SignDescent(),
    "learning_rate": Halving(),
    "init": He(),
}


@unconverged
@plain_estimators
def test_objects_are_copied_and_left_as_they_were(Estimator):
    objects = copy.deepcopy(OBJECTS)
    objects["loss"] = LogLoss(0.1) if Estimator is NumpyMLPClassifier else LogCosh()
    before = {name: dict(vars(value)) for name, value in objects.items()}
    est = Estimator(**SETTINGS, **objects)
    first = est.fit(X, y)._params
    for name, value in objects.items():
        assert getattr(est, name) is value
        assert vars(value) == before[name]
    objects["activation"].frequency = 5.0
    np.testing.assert_array_equal(est._network.layers[0].activation.frequency, 1.0)
    objects["activation"].frequency = 1.0
    np.testing.assert_array_equal(est.fit(X, y)._params, first)
    np.testing.assert_array_equal(clone(est).fit(X, y)._params, first)


@unconverged
def test_numbers_of_numpy_in_objects_do_not_change_the_type():
    reg = NumpyMLPRegressor(
        loss=Huber(np.float64(1.0)),
        activation=LeakyReLU(np.float64(0.1)),
        solver=Adam(beta_1=np.float64(0.9)),
        learning_rate=Cosine(np.float64(0.1)),
        dtype="float32",
        **SETTINGS,
    ).fit(X, y)
    plain = NumpyMLPRegressor(
        loss=Huber(1.0),
        activation=LeakyReLU(0.1),
        solver=Adam(),
        learning_rate=Cosine(0.1),
        dtype="float32",
        **SETTINGS,
    ).fit(X, y)
    np.testing.assert_array_equal(reg._params, plain._params)


@unconverged
def test_objects_in_a_grid_search():
    X, y = load_diabetes(return_X_y=True)
    search = GridSearchCV(
        NumpyMLPRegressor(max_iter=5, random_state=0),
        {
            "loss": ["squared_error", Huber(10.0), Quantile(0.5)],
            "activation": ["relu", Sine(0.5), LeakyReLU()],
            "solver": ["adam", SGD(momentum=0.5)],
            "learning_rate_init": [0.001],
        },
        cv=2,
        error_score="raise",
    ).fit(X, y / 100)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert Glorot()  # initialisers are objects as well
