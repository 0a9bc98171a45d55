"""Constructors of losses, layers and the like: what they refuse."""

import inspect
import re

import numpy as np
import pytest

from sknumpy_mlp import (
    NumpyMLPRegressor,
    activations,
    callbacks,
    initializers,
    losses,
    optimizers,
    schedules,
)
from sknumpy_mlp.activations import ELU, SELU, LeakyReLU
from sknumpy_mlp.callbacks import (
    Checkpoint,
    EarlyStopping,
    EpochEnd,
    Progress,
    Run,
    TimeLimit,
)
from sknumpy_mlp.initializers import DataDriven, Glorot, Normal
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Quantile,
)
from sknumpy_mlp.optimizers import SGD, Adam, RMSprop
from sknumpy_mlp.schedules import (
    Cosine,
    CosineLog,
    InverseScaling,
    OneCycle,
    Plateau,
    WarmupCosine,
)
from tests.conftest import plain_estimators
from tests.contracts.small_data import X, parameter_names, y


class WrongShape(Loss):
    """A user's loss that forgets that there are rows, or outputs."""

    def __init__(self, what):
        self.what = what

    def loss_gradient(self, y, raw):
        raw -= y
        losses = (raw**2).sum(axis=1)
        return {"rows": losses.sum(), "outputs": raw**2}.get(self.what, losses)

    def predict(self, raw):
        return raw[:, 0] if self.what == "predict" else raw


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("rows", r"a loss for each row .*\(5,\) for 5 rows, got \(\)"),
        ("outputs", r"a loss for each row .*got \(5, 1\)"),
        ("predict", r"from predict, got \(5,\)"),
    ],
)
def test_a_loss_of_ones_own_that_returns_wrong_shapes(what, message):
    with pytest.raises(ValueError, match=message):
        NumpyMLPRegressor(loss=WrongShape(what)).fit(X, y)


class OddBias:
    """An initialiser whose weights are fine and whose biases are not."""

    def __init__(self, bias):
        self._bias = bias

    def __call__(self, rng, fan_in, fan_out):
        return np.zeros((fan_in, fan_out))

    def bias(self, rng, fan_in, fan_out):
        return self._bias


@plain_estimators
@pytest.mark.parametrize(
    ("init", "message"),
    [
        (lambda rng, m, n: np.zeros((m, n), complex), "weights of type complex128"),
        (lambda rng, m, n: np.full((m, n), "a"), "weights of type <U1"),
        (lambda rng, m, n: np.full((m, n), np.nan), "weights that are infinite or NaN"),
        (lambda rng, m, n: np.full((m, n), 1e300), "too large for float32"),
        (OddBias(np.zeros(2)), r"biases of shape \(2,\)"),
        (OddBias(np.full(100, np.nan)), "biases that are infinite or NaN"),
    ],
)
def test_initialisers(Estimator, init, message):
    with pytest.raises(ValueError, match=message):
        Estimator(init=init).fit(X.astype(np.float32), y)


#: Classes, an argument, a bad value for it, and what the message must have.
CONSTRUCTORS = [
    (EarlyStopping, "monitor", "score", "must be one of .*'validation_score'"),
    (EarlyStopping, "monitor", ["loss"], "must be one of"),
    (EarlyStopping, "tol", "a", r"a number in the range \[0, inf\)"),
    (EarlyStopping, "tol", -1, r"a number in the range \[0, inf\)"),
    (EarlyStopping, "n_iter_no_change", 0, r"a number in the range \[1, inf\]"),
    (EarlyStopping, "restore_best", "yes", "must be True or False"),
    *[
        (TimeLimit, "seconds", value, r"a number in the range \(0, inf\]")
        for value in (0, -1.0, "a", None, True, np.nan, [1])
    ],
    (Checkpoint, "path", 3, r"must be a str or a path, such as"),
    (Checkpoint, "path", None, r"must be a str or a path, such as"),
    *[(Checkpoint, "every", v, "int of at least 1") for v in (0, 2.0, True, "a")],
    (Checkpoint, "resume", 1, "must be True or False"),
    (Checkpoint, "on_error", "ignore", "must be 'raise' or 'warn'"),
    (Progress, "file", 3, "a file open for text.*or None"),
    *[(SGD, "momentum", v, r"\[0, 1\]") for v in (2, -0.1, "0.9", None, 10**400)],
    (SGD, "nesterov", "yes", "must be True or False"),
    *[(Adam, "beta_1", value, r"\[0, 1\)") for value in (1.0, -0.1, None)],
    *[(Adam, "beta_2", value, r"\[0, 1\)") for value in (1.0, "a", True)],
    *[(Adam, "epsilon", v, r"\[0, inf\)") for v in (-1, np.inf, "a", 10**400)],
    (RMSprop, "rho", 1.0, r"\[0, 1\)"),
    (RMSprop, "epsilon", -1, r"\[0, inf\)"),
    (RMSprop, "momentum", 1, r"\[0, 1\)"),
    *[(Huber, "delta", v, r"\(0, inf\)") for v in (0, "1", True, np.nan, 1j)],
    *[(Quantile, "quantile", v, r"\(0, 1\)") for v in (0, 1, None, "median", {})],
    *[(Quantile, "quantile", v, "ascending") for v in ([], [0.9, 0.1], [0.5, 0.5])],
    (Quantile, "quantile", b"ab", r"\(0, 1\)"),
    *[
        (cls, "label_smoothing", value, r"\[0, 1\)")
        for cls in (LogLoss, BinaryLogLoss, MultinomialLogLoss)
        for value in (1.0, -0.1, "a")
    ],
    (InverseScaling, "power_t", -1, r"\[0, inf\)"),
    (Plateau, "divisor", 1, r"\(1, inf\)"),
    (Plateau, "min_rate", 0, r"\(0, inf\)"),
    *[(Cosine, "end", value, r"\[0, 1\]") for value in (2, "a", None)],
    *[(CosineLog, "n_cycles", v, r"\[1, 1023\]") for v in (0, 2000, "a")],
    (CosineLog, "n_cycles", 1.5, "must be an integer"),
    (WarmupCosine, "warmup", 1, r"\[0, 1\)"),
    (WarmupCosine, "start", -1, r"\[0, 1\]"),
    (WarmupCosine, "end", 2, r"\[0, 1\]"),
    (OneCycle, "warmup", 1, r"\[0, 1\)"),
    (OneCycle, "start", 5, r"\[0, 1\]"),
    (OneCycle, "end", None, r"\[0, 1\]"),
    *[(LeakyReLU, "negative_slope", v, r"\[0, 1\)") for v in (-0.1, 1.0, "a")],
    (ELU, "alpha", 0, r"\(0, inf\)"),
    (ELU, "scale", np.inf, r"\(0, inf\)"),
    *[(Normal, "std", v, r"\[0, inf\)") for v in (-1, "a", None, True, np.nan)],
    *[(Glorot, "factor", v, r"\(0, inf\)") for v in (0, -2, "a", None, np.nan)],
    *[(SELU, name, v, r"\(0, inf\)") for name in ("alpha", "scale") for v in (0, "a")],
    *[(DataDriven, "n_rows_bias", v, "int of at least 1") for v in (0, 1.5, "a", True)],
]


def test_every_constructor_argument_has_a_bad_value_in_the_table():
    tested = {(cls, name) for cls, name, _, _ in CONSTRUCTORS}
    for module in (activations, callbacks, initializers, losses, optimizers, schedules):
        for public in module.__all__:
            cls = getattr(module, public)
            # The loop makes these two, and hands them to callbacks.
            if not inspect.isclass(cls) or cls in (EpochEnd, Run):
                continue
            for name in parameter_names(cls):
                assert (cls, name) in tested


@pytest.mark.parametrize(("cls", "name", "value", "message"), CONSTRUCTORS)
def test_constructors(cls, name, value, message):
    """The message names the class, the argument and its value, and what is allowed."""
    given = f"{cls.__name__}({name}={value!r})"
    others = {"path": "run.npz"} if cls is Checkpoint else {}
    with pytest.raises(ValueError, match=f"^{re.escape(given)}: .*{message}"):
        cls(**others | {name: value})
