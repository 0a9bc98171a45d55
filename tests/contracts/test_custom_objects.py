"""Objects of a user's own: activations, losses, optimizers, schedules."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.activations import Activation, LeakyReLU
from sknumpy_mlp.initializers import Glorot, He
from sknumpy_mlp.losses import (
    REGRESSION_LOSSES,
    BinaryLogLoss,
    ClassificationLoss,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Quantile,
)
from sknumpy_mlp.optimizers import SGD, Adam, Optimizer
from sknumpy_mlp.schedules import Cosine, Schedule
from tests.conftest import (
    all_classifiers,
    all_estimators,
    all_regressors,
    plain_estimators,
    unconverged,
)
from tests.estimators.conftest import SHORT, X, y

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
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_activation_of_ones_own(Estimator, solver):
    est = Estimator(activation=Sine(2.0), solver=solver, **SHORT).fit(X, y)
    h = np.sin(2 * (X @ est.coefs_[0] + est.intercepts_[0]))
    np.testing.assert_allclose(est.hidden_activations(X), h)
    assert est.loss_curve_[-1] < est.loss_curve_[0]
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(est)).predict(X), est.predict(X)
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
    settings = SHORT | {"solver": solver, "max_iter": 100}
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
    settings = SHORT | {"max_iter": 100, "learning_rate_init": 0.02}
    clf = NumpyMLPClassifier(loss=loss, **settings).fit(X, y % 2)
    assert clf.score(X, y % 2) > 0.95
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clf.classes_[proba.argmax(axis=1)], clf.predict(X))


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


TINY = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
CLASSES = {"two": y % 2, "ten": y, "labels": np.eye(10, dtype=int)[y]}


@unconverged
@pytest.mark.parametrize("target", CLASSES.values(), ids=CLASSES)
@all_classifiers
def test_a_loss_with_nothing_but_a_gradient_predicts_probabilities(Estimator, target):
    """The very ones of the package's own loss."""
    own = Estimator(loss=OwnForClasses(1.0), **TINY).fit(X, target)
    proba = own.predict_proba(X)
    assert 0 <= proba.min() <= proba.max() <= 1
    if target.ndim == 1:
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    expected = Estimator(loss="log_loss", **TINY).fit(X, target).predict_proba(X)
    np.testing.assert_array_equal(proba, expected)


@unconverged
@all_regressors
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_a_loss_with_nothing_but_a_gradient_predicts_by_its_link(Estimator, name):
    own = Estimator(loss=Own(REGRESSION_LOSSES[name]), **TINY).fit(X, y + 0.5)
    named = Estimator(loss=name, **TINY).fit(X, y + 0.5)
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
    est = Estimator(**TINY | given)
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
    est = Estimator(loss=loss, activation=StraightThrough(0.5), **TINY)
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
    est = Estimator(loss=Factory() if is_classifier else Counting(Huber()), **TINY)
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

    est = Estimator(loss=Factory(), **TINY)
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
        Estimator(loss=Raw(BinaryLogLoss()), **TINY).fit(X, y % 2)

    class Wide(Own):
        def n_outputs(self, n_targets):
            return 2 * n_targets

    with pytest.raises(ValueError, match=r"has 2 outputs, but a classifier needs 1"):
        Estimator(loss=Wide(BinaryLogLoss()), **TINY).fit(X, y % 2)


# ------------------------------------------------------------- optimisers and schedules


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
    reg = NumpyMLPRegressor(**objects, **SHORT)
    for _ in range(5):
        reg.partial_fit(X, Y)
    whole = NumpyMLPRegressor(**objects, **SHORT).fit(X, Y)
    np.testing.assert_array_equal(reg._params, whole._params)
    assert reg._training_state.optimizer.n_rules == 10


@unconverged
@plain_estimators
def test_an_optimizer_of_ones_own_goes_on_in_partial_fit(Estimator):
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}
    est = Estimator(solver=SignDescent(), **SHORT)
    for _ in range(5):
        est.partial_fit(X, y, **classes)
    whole = Estimator(solver=SignDescent(), **SHORT).fit(X, y)
    np.testing.assert_array_equal(est._params, whole._params)
    assert whole.loss_curve_[-1] < whole.loss_curve_[0]


class Staircase(Schedule):
    """A formula, and a lower base at each plateau."""

    def epoch_factor(self, n_samples_seen):
        return np.float32(0.1)

    def after_plateau(self, base_rate):
        return np.float32(base_rate / 2)


@unconverged
def test_a_plateau_lowers_the_base_and_not_what_the_formula_makes_of_it():
    settings = SHORT | {"tol": 1e9, "n_iter_no_change": 1, "max_iter": 7}
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
    est = Estimator(learning_rate=Halving(), **SHORT | {"max_iter": 4}).fit(X, y)
    np.testing.assert_allclose(est.learning_rate_curve_, [0.001, 0.001, 0.0005, 0.0005])


# ----------------------------------------------------------------------- dtype, copies


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
    est = Estimator(**SHORT, **objects)
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
        **SHORT,
    ).fit(X, y)
    plain = NumpyMLPRegressor(
        loss=Huber(1.0),
        activation=LeakyReLU(0.1),
        solver=Adam(),
        learning_rate=Cosine(0.1),
        dtype="float32",
        **SHORT,
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
