"""Bad calls: the exception's type, and what the message names."""

import copy
import functools
import re
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.activations import ELU, LeakyReLU, ReLU
from sknumpy_mlp.callbacks import (
    Checkpoint,
    EarlyStopping,
    History,
    Progress,
    TimeLimit,
)
from sknumpy_mlp.export import onnx_inputs, to_onnx, to_sklearn
from sknumpy_mlp.initializers import Glorot, Normal
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Quantile,
)
from sknumpy_mlp.optimizers import SGD, Adam, RMSprop
from sknumpy_mlp.plotting import (
    LearningRateDisplay,
    LossCurveDisplay,
    PredictionIntervalDisplay,
    WeightsDisplay,
)
from sknumpy_mlp.preprocessing import TabularPreprocessor
from sknumpy_mlp.schedules import (
    Cosine,
    CosineLog,
    InverseScaling,
    OneCycle,
    Plateau,
    WarmupCosine,
)

X = np.random.default_rng(0).standard_normal((20, 3))
y = np.arange(20) % 2
both = pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor])

BAD_PARAMETERS = [
    ("hidden_layer_sizes", 0),
    ("hidden_layer_sizes", -3),
    ("hidden_layer_sizes", 2.5),
    ("hidden_layer_sizes", (10, 0)),
    ("hidden_layer_sizes", (10, 2.5)),
    ("hidden_layer_sizes", [[10]]),
    ("hidden_layer_sizes", np.ones((2, 2), int)),
    ("hidden_layer_sizes", "100"),
    ("hidden_layer_sizes", None),
    ("hidden_layer_sizes", True),
    ("hidden_layer_sizes", {10: 2}),
    ("activation", "swish!"),
    ("activation", None),
    ("activation", 3),
    ("solver", "rmsprop!"),
    ("solver", None),
    ("alpha", -1e-9),
    ("alpha", np.nan),
    ("alpha", np.inf),
    ("alpha", "1"),
    ("alpha", 10**400),
    ("alpha", None),
    ("batch_size", 0),
    ("batch_size", 2.0),
    ("batch_size", "full"),
    ("learning_rate", "cosine!"),
    ("learning_rate", 0.1),
    ("learning_rate_init", 0),
    ("learning_rate_init", -0.1),
    ("learning_rate_init", np.nan),
    ("power_t", -0.5),
    ("max_iter", 0),
    ("max_iter", 2.5),
    ("max_iter", np.inf),
    ("loss", "hinge"),
    ("loss", None),
    ("shuffle", 1),
    ("shuffle", "yes"),
    ("random_state", -1),
    ("random_state", "seed"),
    ("random_state", 2**32),
    ("random_state", 0.5),
    ("random_state", np.random.default_rng(0)),
    ("tol", -1e-4),
    ("tol", None),
    ("verbose", -1),
    ("verbose", "loud"),
    ("warm_start", None),
    ("momentum", -0.1),
    ("momentum", 1.1),
    ("nesterovs_momentum", "no"),
    ("early_stopping", 1),
    ("validation_fraction", 1.0),
    ("validation_fraction", -0.1),
    ("beta_1", 1.0),
    ("beta_1", -0.1),
    ("beta_2", 1.0),
    ("beta_2", True),
    ("epsilon", 0),
    ("n_iter_no_change", 0),
    ("n_iter_no_change", 2.5),
    ("n_iter_no_change", -np.inf),
    ("max_fun", 0),
    ("init", "xavier"),
    ("init", None),
    ("init", dict),
    ("activation", ReLU),
    ("activation", ["relu", "swish!"]),
    ("activation", {"relu": 1}),
    ("solver", Adam),
    ("learning_rate", Cosine),
    ("loss", Loss),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("dropout", np.nan),
    ("dropout", "0.5"),
    ("dropout", None),
    ("dropout", [0.2, 1.0]),
    ("dropout", [[0.2, 0.5]]),
    ("weight_decay", -0.1),
    ("weight_decay", None),
    ("max_norm", 0),
    ("max_norm", -1.0),
    ("max_norm", np.inf),
    ("max_grad_norm", 0.0),
    ("max_grad_norm", "1"),
    ("scoring", "accuracy!"),
    ("scoring", 1),
    ("scoring", ["accuracy", "neg_log_loss"]),
    ("scoring", float),
    ("callbacks", History()),
    ("callbacks", [print]),
    ("callbacks", [History]),
    ("callbacks", "history"),
    ("dtype", "float16"),
    ("dtype", float),
    ("dtype", np.dtype("float32")),
]
BAD_CLASSIFIER_PARAMETERS = [
    ("class_weight", "balance"),
    ("class_weight", 2.0),
    ("class_weight", [1.0, 2.0]),
    ("loss", "squared_error"),
]


@both
@pytest.mark.parametrize(("name", "value"), BAD_PARAMETERS, ids=repr)
def test_parameters(Estimator, name, value):
    """The message names the parameter, the value, and what is allowed."""
    est = Estimator(**{name: value})
    with pytest.raises(InvalidParameterError) as info:
        est.fit(X, y)
    assert isinstance(info.value, ValueError)
    assert isinstance(info.value, TypeError)
    message = str(info.value)
    assert f"The {name!r} parameter of {Estimator.__name__} must be" in message
    assert f"Got {value!r} instead" in message
    assert vars(est) == vars(Estimator(**{name: value}))


@pytest.mark.parametrize(("name", "value"), BAD_CLASSIFIER_PARAMETERS, ids=repr)
def test_parameters_of_the_classifier(name, value):
    test_parameters(NumpyMLPClassifier, name, value)


@pytest.mark.parametrize("value", ["log_loss", LogLoss()], ids=repr)
def test_a_loss_for_classification_in_a_regressor(value):
    test_parameters(NumpyMLPRegressor, "loss", value)


def test_every_parameter_is_checked():
    for Estimator in (NumpyMLPClassifier, NumpyMLPRegressor):
        assert Estimator._parameter_checks.keys() == Estimator().get_params().keys()
    tested = {name for name, _ in BAD_PARAMETERS + BAD_CLASSIFIER_PARAMETERS}
    assert tested == NumpyMLPClassifier().get_params().keys()


def test_the_message_lists_what_is_allowed():
    with pytest.raises(
        ValueError,
        match=r"'alpha' parameter of NumpyMLPClassifier must be a float in the range "
        r"\[0, inf\). Got -1 instead.",
    ):
        NumpyMLPClassifier(alpha=-1).fit(X, y)
    with pytest.raises(
        ValueError,
        match=r"one of {'lbfgs', 'sgd', 'adam', 'rmsprop'} or an Optimizer object. ",
    ):
        NumpyMLPClassifier(solver="x").fit(X, y)
    with pytest.raises(ValueError, match=r"an int in the range \[1, inf\) or inf"):
        NumpyMLPClassifier(n_iter_no_change=-1).fit(X, y)


def _with(array, position, value):
    array = array.astype(float)
    array[position] = value
    return array


BAD_DATA = [
    (_with(X, (0, 0), np.nan), y, "Input X contains NaN"),
    (_with(X, (0, 0), np.inf), y, "Input X contains infinity"),
    (X.astype(complex), y, "Complex data not supported"),
    (X[0], y, "Expected 2D array, got 1D array"),
    (X[:, :, None], y, "Found array with dim 3"),
    (X[:0], y[:0], "0 sample"),
    (X[:, :0], y, "0 feature"),
    (np.full((20, 3), "a"), y, "could not convert string to float"),
    (X, y[:5], "inconsistent numbers of samples"),
    (X, None, "requires y to be passed"),
    (X, _with(y, 0, np.nan), "Input y contains NaN"),
    (sp.csr_array(_with(X, (0, 0), np.nan)), y, "Input X contains NaN"),
]


@both
@pytest.mark.parametrize(("bad_X", "bad_y", "message"), BAD_DATA)
def test_data(Estimator, bad_X, bad_y, message):
    est = Estimator()
    with pytest.raises(ValueError, match=message):
        est.fit(bad_X, bad_y)
    assert not hasattr(est, "n_features_in_")


@pytest.mark.parametrize(
    ("bad_y", "message"),
    [
        (np.linspace(0, 1, 20), "Unknown label type"),
        (np.arange(40).reshape(20, 2) % 5, "MultiOutputClassifier"),
        (np.array([1, "a"] * 10, dtype=object), "Unknown label type|Mix of label"),
    ],
)
def test_targets_of_a_classifier(bad_y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        NumpyMLPClassifier().fit(X, bad_y)


@pytest.mark.parametrize(
    ("Xy", "params", "message"),
    [
        ((X, np.full(20, "a")), {}, "could not convert string|dtype"),
        ((X, y - 0.5), {"loss": "poisson"}, "loss='poisson': got -0.5.*at least 0"),
        ((X.astype("f4"), y * 1e300), {}, "too large for float32"),
    ],
)
def test_targets_of_a_regressor(Xy, params, message):
    with pytest.raises(ValueError, match=message):
        NumpyMLPRegressor(**params).fit(*Xy)


@both
@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (np.ones(5), ValueError, "inconsistent numbers of samples"),
        (np.ones((20, 2)), ValueError, "must be 1D array or scalar, got 2D"),
        (np.zeros(20), ValueError, "at least one non-zero"),
        (0, ValueError, "at least one non-zero"),
        (_with(np.ones(20), 3, -1.0), ValueError, "Negative values.*-1.0"),
        (_with(np.ones(20), 3, np.nan), ValueError, "sample_weight contains NaN"),
        (["a"] * 20, ValueError, "could not convert string"),
        (np.full(20, 1e308), ValueError, "sum of sample_weight is too large"),
    ],
)
def test_sample_weights(Estimator, weight, error, message):
    with pytest.raises(error, match=message):
        Estimator().fit(X, y, sample_weight=weight)


@both
@pytest.mark.parametrize(
    ("fraction", "n_samples", "message"),
    [
        (0.1, 9, "The validation set is too small.*validation_fraction=0.1 of 9"),
        (0.0, 20, "validation_fraction=0.0 of 20 samples aside"),
        (0.1, 1, "validation_fraction=0.1 of 1 samples aside"),
    ],
)
def test_hold_outs(Estimator, fraction, n_samples, message):
    est = Estimator(early_stopping=True, validation_fraction=fraction)
    target = np.zeros(n_samples)  # one class: nothing to stratify by
    with pytest.raises(ValueError, match=message):
        est.fit(X[:n_samples], target)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@both
def test_hold_out_without_weight(Estimator):
    est = Estimator(
        early_stopping=True,
        validation_fraction=0.3,
        random_state=0,
        warm_start=True,
        max_iter=2,
    ).fit(X, y)
    parts = dict(
        zip(("training", "validation"), est._training_state.holdout, strict=True)
    )
    for name, rows in parts.items():  # the hold-out that is used again is checked again
        weight = np.ones(20)
        weight[rows] = 0
        with pytest.raises(
            ValueError, match=f"{name} part of the early_stopping split"
        ):
            est.fit(X, y, sample_weight=weight)


@both
def test_before_fit(Estimator):
    est = Estimator()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        est.predict(X)
    if Estimator is NumpyMLPClassifier:
        for method in (est.predict_proba, est.predict_log_proba):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                method(X)


@both
def test_another_number_of_features_than_in_fit(Estimator):
    est = Estimator(tol=1e9, n_iter_no_change=1).fit(X, y)
    for call in (est.predict, lambda Z: est.partial_fit(Z, y)):
        with pytest.raises(ValueError, match=r"2 features, but .* expecting 3"):
            call(X[:, :2])


@both
def test_other_features_than_in_fit(Estimator):
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    est = Estimator(solver="sgd", max_iter=1, tol=1e9, n_iter_no_change=1)
    est.partial_fit(frame, y, **({"classes": [0, 1]} if "Cl" in str(Estimator) else {}))
    for call in (est.predict, lambda Z: est.partial_fit(Z, y)):
        with pytest.raises(ValueError, match=r"yet now missing:\n- c"):
            call(frame[["a", "b"]])
        with pytest.raises(ValueError, match="feature names should match"):
            call(frame.rename(columns={"a": "z"}))


def test_labels_of_partial_fit():
    clf = NumpyMLPClassifier()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        clf.partial_fit(X, y)
    assert not hasattr(clf, "classes_")
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        clf.partial_fit(X, y, classes=[0, 2])
    clf.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"is not the same as on last call"):
        clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"'y' has \[0 3\]"):
        clf.partial_fit(X, y * 3)
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    clf.partial_fit(X, y * 2)
    with pytest.raises(ValueError, match=r"a label matrix, but .* class labels"):
        clf.partial_fit(X, np.column_stack([y, 1 - y, y]))


def test_label_columns_of_partial_fit():
    Y = np.column_stack([y, 1 - y])
    clf = NumpyMLPClassifier()
    with pytest.raises(ValueError, match="y has 2 columns, but there are 3 labels"):
        clf.partial_fit(X, Y, classes=[0, 1, 2])
    clf.partial_fit(X, Y, classes=[0, 1])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@both
def test_warm_start_with_another_shape(Estimator):
    est = Estimator(hidden_layer_sizes=(5,), warm_start=True, max_iter=2).fit(X, y)
    est.set_params(hidden_layer_sizes=(6,))
    with pytest.raises(ValueError, match=r"layers of \[5, 1\] units.*\(6,\).*\[6, 1\]"):
        est.fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_warm_start_with_another_number_of_outputs():
    reg = NumpyMLPRegressor(warm_start=True, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"number of outputs"):
        reg.fit(X, np.column_stack([y, y]))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@both
def test_batch_size_larger_than_the_data_is_clipped(Estimator):
    with pytest.warns(UserWarning, match="clipped from 50 to 20") as record:
        est = Estimator(batch_size=50, max_iter=2).fit(X, y)
    assert record[0].filename == __file__
    assert est.t_ == 40


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@both
def test_coefs_that_are_no_numbers(Estimator):
    est = Estimator(max_iter=2).fit(X, y)
    before = est.coefs_[0].copy()
    for value in (np.nan, np.inf, 1j, "a"):
        with pytest.raises(ValueError, match=r"NaN|infinity|Complex|numeric"):
            est.coefs_ = [np.full(W.shape, value) for W in est.coefs_]
    np.testing.assert_array_equal(est.coefs_[0], before)


@both
@pytest.mark.parametrize("early_stopping", [True, np.True_])
def test_partial_fit_with_early_stopping(Estimator, early_stopping):
    with pytest.raises(
        ValueError,
        match=r"does not support early_stopping=True without X_val.*Pass X_val",
    ):
        Estimator(early_stopping=early_stopping).partial_fit(X, y)


PAIRS = [
    ({"solver": "lbfgs", "dropout": 0.2}, r"dropout=0.2 .*'lbfgs'.*solver='adam'"),
    ({"solver": "lbfgs", "dropout": [0.2, 0.0]}, r"dropout=\[0.2, 0.0\].*'lbfgs'"),
    ({"solver": "lbfgs", "weight_decay": 0.1}, r"weight_decay=0.1 .*'lbfgs'"),
    ({"solver": "lbfgs", "max_norm": 1.0}, r"max_norm=1.0 .*'lbfgs'"),
    ({"solver": "lbfgs", "max_grad_norm": 1.0}, r"max_grad_norm=1.0 .*'lbfgs'"),
    ({"solver": "lbfgs", "learning_rate": "cosine"}, r"'cosine' .*'lbfgs'"),
    ({"solver": "lbfgs", "learning_rate": Cosine()}, r"Cosine\(end=0.0\) .*'lbfgs'"),
    ({"dropout": [0.2, 0.5, 0.5]}, r"has 3 items.*\(100,\) needs 2: .* the inputs"),
    ({"dropout": [0.2]}, r"has 1 items.*needs 2"),
    ({"activation": ["relu", "tanh"]}, r"activation=.* has 2 items.*needs 1: one for"),
    (
        {"activation": [], "hidden_layer_sizes": 5},
        r"activation=\[\] has 0 items.*=5 needs 1",
    ),
    (
        {"callbacks": [EarlyStopping()]},
        r"EarlyStopping\(monitor='validation_score'\) needs validation data",
    ),
]


@both
@pytest.mark.parametrize(("params", "message"), PAIRS, ids=repr)
def test_parameters_that_do_not_go_together(Estimator, params, message):
    est = Estimator(**params)
    with pytest.raises(ValueError, match=message):
        est.fit(X, y)
    assert vars(est) == vars(Estimator(**params))


@both
@pytest.mark.parametrize("rate", ["cosine", "warmup_cosine", "one_cycle", Cosine()])
def test_partial_fit_knows_no_horizon(Estimator, rate):
    with pytest.raises(
        ValueError, match=r"partial_fit does not know how long.*plateau"
    ):
        Estimator(learning_rate=rate).partial_fit(X, y)


@both
@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"X_val": X}, "X_val is provided, but y_val was not"),
        ({"y_val": y}, "y_val is provided, but X_val was not"),
        ({"sample_weight_val": y}, "sample_weight_val is provided, but X_val was not"),
        ({"X_val": X[:, :2], "y_val": y}, r"2 features, but .* expecting 3"),
        ({"X_val": X, "y_val": y[:5]}, "inconsistent numbers of samples"),
        (
            {"X_val": _with(X, (0, 0), np.nan), "y_val": y},
            "X_val: Input X contains NaN",
        ),
        ({"X_val": X, "y_val": _with(y, 0, np.nan)}, "Input y_val contains NaN"),
        (
            {"X_val": X, "y_val": y, "sample_weight_val": -np.ones(20)},
            "`sample_weight_val`: the smallest is -1",
        ),
        (
            {"X_val": X, "y_val": y, "sample_weight_val": np.zeros(20)},
            "sample_weight_val=0",
        ),
    ],
)
def test_validation_data(Estimator, validation, message):
    est = Estimator(max_iter=2)
    for method in (est.fit, est.partial_fit):
        classes = {}
        if method == est.partial_fit and Estimator is NumpyMLPClassifier:
            classes = {"classes": [0, 1]}
        with pytest.raises(ValueError, match=message):
            method(X, y, **validation, **classes)
        assert vars(est) == vars(Estimator(max_iter=2))


def test_validation_targets_of_a_classifier():
    clf = NumpyMLPClassifier()
    with pytest.raises(ValueError, match=r"y_val has classes that y has not: \[2\]"):
        clf.fit(X, y, X_val=X, y_val=y * 2)
    with pytest.raises(ValueError, match="y_val must be a vector of class labels"):
        clf.fit(X, y, X_val=X, y_val=np.column_stack([y, y]))
    Y = np.column_stack([y, y, y])
    with pytest.raises(ValueError, match="y_val has 2 columns, but there are 3 labels"):
        clf.fit(X, Y, X_val=X, y_val=Y[:, :2])
    with pytest.raises(ValueError, match="y_val has 1 columns, but there are 3 labels"):
        clf.fit(X, Y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match=r"y_val is a matrix of labels.*got \[-3  4\]"):
        clf.fit(X, Y, X_val=X, y_val=7 * Y - 3)
    with pytest.raises(ValueError, match="y_val: Unknown label type: continuous"):
        clf.fit(X, y, X_val=X, y_val=y + 0.5)


def test_validation_targets_of_a_regressor():
    with pytest.raises(ValueError, match=r"y_val: .*loss='poisson': got -1"):
        NumpyMLPRegressor("poisson").fit(X, y, X_val=X, y_val=y - 1.0)
    with pytest.raises(ValueError, match="y_val contains values too large for float32"):
        NumpyMLPRegressor(dtype="float32").fit(X, y, X_val=X, y_val=y * 1e300)
    with pytest.raises(ValueError, match=r"y_val has 2 columns, but y has 1"):
        NumpyMLPRegressor().fit(X, y, X_val=X, y_val=np.column_stack([y, y]))


@pytest.mark.parametrize(
    ("loss", "target", "message"),
    [
        ("gamma", y, r"loss='gamma': got 0.0.*more than 0"),
        (BinaryLogLoss(), y + 1, r"BinaryLogLoss.*from 1.0 to 2.0.*between 0 and 1"),
        (MultinomialLogLoss(), y, "needs class codes"),
        (Quantile([0.1, 0.9]), np.column_stack([y, y]), "Several quantiles need one"),
    ],
)
def test_targets_outside_the_domain_of_the_loss(loss, target, message):
    with pytest.raises(ValueError, match=message):
        NumpyMLPRegressor(loss).fit(X, target)


def test_losses_that_do_not_fit_the_classes():
    with pytest.raises(ValueError, match=r"Huber.*'identity'.*'logistic'"):
        NumpyMLPClassifier(loss=Huber()).fit(X, y)
    with pytest.raises(ValueError, match=r"'logistic', but for several.*'softmax'"):
        NumpyMLPClassifier(loss=BinaryLogLoss()).fit(X, np.arange(20) % 3)


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
        ("rows", r"a loss for each row .*\(2,\) for 2 rows, got \(\)"),
        ("outputs", r"a loss for each row .*got \(2, 1\)"),
        ("predict", r"from predict, got \(2,\)"),
    ],
)
def test_a_loss_of_ones_own_that_returns_wrong_shapes(what, message):
    with pytest.raises(ValueError, match=message):
        NumpyMLPRegressor(loss=WrongShape(what)).fit(X, y)


LABELS = np.column_stack([y, 1 - y])
CLASS_WEIGHTS = [
    ({0: 1.0}, y, r"no weight for \[1\].*Add \[1\]"),
    ({"0": 1.0, "1": 2.0}, y, r"no weight for \[0, 1\]"),
    ({0: -1.0, 1: 1.0}, y, r"at least 0, got -1.0"),
    ({0: np.nan, 1: 1.0}, y, "got nan"),
    ({0: "1", 1: 1.0}, y, "got '1'"),
    ({0: 0, 1: 0}, y, "must not all be zero"),
    ([{0: 1, 1: 2}], y, "must be one dict with a weight for each class"),
    ({0: 1, 1: 2}, LABELS, "must be a list of 2 dicts"),
    ([{0: 1, 1: 2}], LABELS, "must be a list of 2 dicts"),
    ([{0: 1, 1: 2}, {1: 2}], LABELS, r"no weight for \[0\]"),
]


@pytest.mark.parametrize(("class_weight", "target", "message"), CLASS_WEIGHTS)
def test_class_weights(class_weight, target, message):
    with pytest.raises(ValueError, match=message):
        NumpyMLPClassifier(class_weight=class_weight).fit(X, target)


def test_partial_fit_cannot_balance():
    with pytest.raises(ValueError, match=r"'balanced' is not supported by partial_fit"):
        NumpyMLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1])


@both
def test_scorers_that_take_no_weights(Estimator):
    def scoring(estimator, X, y):
        return 0.0

    est = Estimator(scoring=scoring)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        est.fit(X, y, X_val=X, y_val=y, sample_weight_val=np.ones(20))


@both
def test_scorers_that_return_no_number(Estimator):
    est = Estimator(scoring=lambda estimator, X, y: {"a": 1.0})
    with pytest.raises(ValueError, match=r"must return a number, got {'a': 1.0}"):
        est.fit(X, y, X_val=X, y_val=y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@both
def test_hidden_layers_that_are_not_there(Estimator):
    est = Estimator(hidden_layer_sizes=(5, 4), max_iter=1).fit(X, y)
    for layer in (2, -3, 0.0, True, None):
        with pytest.raises(ValueError, match=rf"layer={layer}.* range \[-2, 2\)"):
            est.hidden_activations(X, layer)
    linear = Estimator(hidden_layer_sizes=(), max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="has 0 hidden layers"):
        linear.hidden_activations(X)
    with pytest.raises(NotFittedError):
        Estimator().hidden_activations(X)


class OddBias:
    """An initialiser whose weights are fine and whose biases are not."""

    def __init__(self, bias):
        self._bias = bias

    def __call__(self, rng, fan_in, fan_out):
        return np.zeros((fan_in, fan_out))

    def bias(self, rng, fan_in, fan_out):
        return self._bias


@both
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


@both
@pytest.mark.parametrize(
    ("solver", "scale"), [("sgd", 1e10), ("adam", 1e10), ("lbfgs", 1e300)]
)
def test_divergence_names_its_likely_cause(Estimator, solver, scale):
    est = Estimator(solver=solver, learning_rate_init=1e300)
    with pytest.raises(
        ValueError, match=r"^Solver produced non-finite parameter"
    ) as info:
        est.fit(X * scale, y)
    assert "Scale the features" in str(info.value)
    if solver != "lbfgs":
        assert "learning_rate_init=1e+300" in str(info.value)


# ------------------------------------------------------------------- one table of calls

FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
DATES = np.full((20, 3), "2020-01-01", dtype="M8[D]")
DATED = FRAME.assign(b=pd.Timestamp("2020-01-01"))
COMPLEX = X.astype(complex)
RAGGED = [[1.0, 2.0], [1.0, 2.0, 3.0]]
SPARSE = sp.csr_array(X)

#: What is called, by name; those that are fitted come as copies of one another.
SUBJECTS = {
    "clf": NumpyMLPClassifier((5,), max_iter=2, random_state=0),
    "reg": NumpyMLPRegressor(hidden_layer_sizes=(5,), max_iter=2, random_state=0),
    "tab_clf": TabularMLPClassifier((4,), ensemble=None, max_iter=2, random_state=0),
    "tab_reg": TabularMLPRegressor(
        hidden_layer_sizes=(4,), ensemble=None, max_iter=2, random_state=0
    ),
    "pre": TabularPreprocessor(),
}


@functools.cache
def _fitted(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        table = FRAME if name.startswith(("tab", "pre")) else X
        return clone(SUBJECTS[name]).fit(table, y)


def _subject(name):
    if name.startswith("fitted "):
        return copy.deepcopy(_fitted(name.removeprefix("fitted ")))
    return clone(SUBJECTS[name])


def _set(est, **params):
    """A call of fit on good data with other parameters, which are put back."""
    return clone(est).set_params(**params).fit(FRAME, y)


def _assign(est, **attributes):
    for name, value in attributes.items():
        setattr(est, name, value)


#: Of whom, what, which exception, and what its message must have.
CALLS = [
    # X, in training
    ("clf", lambda e: e.fit(DATES, y), ValueError, r"X holds dates.*Turn them into"),
    ("reg", lambda e: e.fit(DATES - DATES, y), ValueError, r"X holds dates.*timedelta"),
    ("clf", lambda e: e.fit(DATED, y), ValueError, r"X holds dates.*'b' \(datetime64"),
    ("clf", lambda e: e.fit(RAGGED, y[:2]), ValueError, "inhomogeneous"),
    ("reg", lambda e: e.fit([[{}], [{}]], [0, 1]), TypeError, "not 'dict'"),
    ("clf", lambda e: e.fit(None, y), ValueError, "Expected 2D array, got scalar"),
    ("clf", lambda e: e.fit(SPARSE * np.nan, y), ValueError, "X contains NaN"),
    ("reg", lambda e: e.fit(X * 1e400, y), ValueError, "X contains infinity|NaN"),
    ("tab_clf", lambda e: e.fit(SPARSE, y), TypeError, r"Sparse.*X.*Use '.toarray"),
    ("tab_clf", lambda e: e.fit(COMPLEX, y), ValueError, "Complex data not supported"),
    ("tab_clf", lambda e: e.fit(DATED, y), ValueError, r"dates.*'b'.*leave them out"),
    ("tab_reg", lambda e: e.fit(FRAME * np.inf, y), ValueError, "X contains infinity"),
    ("tab_reg", lambda e: e.fit(FRAME[:0], []), ValueError, "0 sample"),
    ("tab_reg", lambda e: e.fit(FRAME[:1], y[:1]), ValueError, "minimum of 2"),
    ("tab_reg", lambda e: e.fit(FRAME[[]], y), ValueError, r"0 feature\(s\)"),
    ("tab_reg", lambda e: e.fit(X[0], y), ValueError, "Expected 2D array"),
    (
        "tab_clf",
        lambda e: e.fit(pd.concat([FRAME, FRAME], axis=1), y),
        ValueError,
        r"several columns of the names \['a', 'b', 'c'\]. Rename them",
    ),
    (
        "tab_clf",
        lambda e: e.fit(FRAME.assign(a=[[1]] * 20), y),
        TypeError,
        r"columns 'a' \(object\).*Turn them into.*or leave them out",
    ),
    ("pre", lambda e: e.fit(DATED), ValueError, r"dates.*'b'.*leave them out"),
    ("pre", lambda e: e.fit(SPARSE), TypeError, r"Sparse.*X.*Use '.toarray"),
    ("pre", lambda e: e.fit(X * np.inf), ValueError, "X contains infinity"),
    # y, in training
    ("reg", lambda e: e.fit(X, DATES[:, 0]), ValueError, "y holds dates.*Turn them"),
    ("reg", lambda e: e.fit(X, [None] * 20), ValueError, "y contains NaN or None. L"),
    ("reg", lambda e: e.fit(X, y * 1j), ValueError, "Complex data not supported"),
    ("reg", lambda e: e.fit(X, y[:, None, None]), ValueError, "dim 3"),
    ("reg", lambda e: e.fit(X, _with(y, 3, np.inf)), ValueError, "y contains infinity"),
    ("clf", lambda e: e.fit(X, ["a", None] * 10), ValueError, "y contains NaN.*Leave"),
    ("clf", lambda e: e.fit(X, [1, None] * 10), ValueError, "y contains NaN.*Leave"),
    ("clf", lambda e: e.fit(X, [{1}, {2}] * 10), ValueError, "Unknown label type"),
    ("clf", lambda e: e.fit(X, 3), TypeError, "at least 1 dimension"),
    ("tab_clf", lambda e: e.fit(FRAME, None), ValueError, "requires y to be passed"),
    ("tab_clf", lambda e: e.fit(FRAME, y[:5]), ValueError, "inconsistent numbers"),
    ("tab_clf", lambda e: e.fit(FRAME, y * 0.3), ValueError, "Unknown label type"),
    ("tab_reg", lambda e: e.fit(FRAME, DATES[:, 0]), ValueError, "y holds dates"),
    ("tab_reg", lambda e: e.fit(FRAME, [None] * 20), ValueError, "Leave those rows"),
    # sample_weight
    ("clf", lambda e: e.fit(X, y, -1.0), ValueError, "`sample_weight`.*at least 0"),
    ("clf", lambda e: e.fit(X, y, np.inf), ValueError, "sample_weight contains inf"),
    ("clf", lambda e: e.fit(X, y, "a"), ValueError, "sample_weight: could not"),
    ("reg", lambda e: e.fit(X, y, 1j), TypeError, "sample_weight: .*complex"),
    ("reg", lambda e: e.fit(X, y, {}), TypeError, "sample_weight: .*'dict'"),
    (
        "reg",
        lambda e: e.fit(X, y, DATES[:, 0]),
        ValueError,
        "sample_weight holds dates",
    ),
    ("reg", lambda e: e.fit(X, y, SPARSE[:, [0]]), TypeError, "sample_weight.*toarray"),
    ("tab_reg", lambda e: e.fit(FRAME, y, -y), ValueError, "`sample_weight`.*at least"),
    ("tab_reg", lambda e: e.fit(FRAME, y, 0 * y), ValueError, "sample_weight=0"),
    (
        "tab_reg",
        lambda e: e.fit(FRAME, y, y * 1e308),
        ValueError,
        "sum of sample_weight is too large.*Divide the weights",
    ),
    (
        "tab_clf",
        lambda e: e.fit(FRAME, y, np.eye(20)[0]),
        ValueError,
        r"1 sample\(s\) \(of a weight above zero\)",
    ),
    # validation data
    (
        "clf",
        lambda e: e.fit(X, y, X_val=X[0], y_val=y),
        ValueError,
        "X_val: Expected 2D",
    ),
    ("clf", lambda e: e.fit(X, y, X_val=DATES, y_val=y), ValueError, "X_val: X holds"),
    (
        "clf",
        lambda e: e.fit(X, y, X_val=X, y_val=[0, None] * 10),
        ValueError,
        "y_val contains NaN.*Leave those rows out",
    ),
    (
        "reg",
        lambda e: e.fit(X, y, X_val=X, y_val=DATES[:, 0]),
        ValueError,
        "y_val holds dates",
    ),
    (
        "reg",
        lambda e: e.fit(X, y, X_val=X, y_val=y[:, None, None]),
        ValueError,
        "y_val: Found array with dim 3",
    ),
    (
        "clf",
        lambda e: e.fit(X, y, X_val=X, y_val=["b"] * 20),
        ValueError,
        r"y_val has classes that y has not: \['b'\]",
    ),
    ("tab_clf", lambda e: e.fit(FRAME, y, X_val=FRAME), ValueError, "y_val was not"),
    ("tab_clf", lambda e: e.fit(FRAME, y, y_val=y), ValueError, "X_val was not"),
    (
        "tab_clf",
        lambda e: e.fit(FRAME, y, X_val=FRAME[["a"]], y_val=y),
        ValueError,
        "X_val: .*yet now missing:\n- b",
    ),
    (
        "tab_clf",
        lambda e: e.fit(FRAME, y, X_val=FRAME, y_val=2 * y),
        ValueError,
        r"y_val has classes that y has not: \[2\]",
    ),
    # classes
    ("clf", lambda e: e.partial_fit(X, y, classes=3), ValueError, "classes: .* got 3"),
    ("clf", lambda e: e.partial_fit(X, y, classes=[]), ValueError, "Pass all of them"),
    ("clf", lambda e: e.partial_fit(X, y, classes="ab"), ValueError, "classes: .*'ab'"),
    (
        "clf",
        lambda e: e.partial_fit(X, y, classes=[0, np.nan]),
        ValueError,
        "classes: Input contains NaN",
    ),
    (
        "clf",
        lambda e: e.partial_fit(X, y, classes=[0.5, 1.5]),
        ValueError,
        "classes: Unknown label type",
    ),
    (
        "clf",
        lambda e: _set(e, class_weight={0: 10**400, 1: 1}),
        ValueError,
        "finite number of at least 0, got 1000",
    ),
    # predictions
    ("clf", lambda e: e.predict(X), NotFittedError, "not fitted yet. Call 'fit'"),
    ("tab_clf", lambda e: e.predict(X), NotFittedError, "not fitted yet. Call 'fit'"),
    ("tab_reg", lambda e: e.prediction_interval(X), NotFittedError, "not fitted yet"),
    ("pre", lambda e: e.transform(X), NotFittedError, "not fitted yet. Call 'fit'"),
    ("fitted clf", lambda e: e.predict(X[0]), ValueError, "Reshape your data"),
    ("fitted clf", lambda e: e.predict(X[:0]), ValueError, "0 sample"),
    ("fitted clf", lambda e: e.predict(X[:, :, None]), ValueError, "dim 3"),
    ("fitted clf", lambda e: e.predict(X * np.nan), ValueError, "X contains NaN"),
    ("fitted clf", lambda e: e.predict(X * np.inf), ValueError, "X contains infinity"),
    ("fitted clf", lambda e: e.predict(COMPLEX), ValueError, "Complex data"),
    ("fitted clf", lambda e: e.predict("abc"), ValueError, "could not convert.*'abc'"),
    ("fitted clf", lambda e: e.predict(DATES), ValueError, "X holds dates"),
    ("fitted reg", lambda e: e.predict(DATED), ValueError, r"X holds dates.*'b'"),
    ("fitted reg", lambda e: e.predict(RAGGED), ValueError, "inhomogeneous"),
    ("fitted reg", lambda e: e.predict({"a": 1}), TypeError, "not 'dict'"),
    ("fitted reg", lambda e: e.predict(SPARSE[:, :2]), ValueError, "expecting 3"),
    ("fitted reg", lambda e: e.score(X, y[:3]), ValueError, "inconsistent numbers"),
    ("fitted clf", lambda e: e.predict_proba(X[:, :1]), ValueError, "expecting 3"),
    (
        "fitted clf",
        lambda e: e.hidden_activations(X, 1),
        ValueError,
        r"layer=1: .*1 hidden layers.* in the range \[-1, 1\)",
    ),
    ("fitted reg", lambda e: e.hidden_activations(X[:, :1]), ValueError, "expecting 3"),
    ("fitted tab_clf", lambda e: e.predict(FRAME[["a", "b"]]), ValueError, "- c"),
    ("fitted tab_clf", lambda e: e.predict(DATED), ValueError, r"dates.*'b'"),
    ("fitted tab_clf", lambda e: e.predict(FRAME["a"]), ValueError, "2.dimension|2D"),
    ("fitted tab_clf", lambda e: e.predict(None), ValueError, "Expected 2D array"),
    ("fitted tab_clf", lambda e: e.predict(SPARSE), TypeError, "Sparse.*X.*toarray"),
    ("fitted tab_reg", lambda e: e.predict(FRAME * np.inf), ValueError, "infinity"),
    (
        "fitted tab_reg",
        lambda e: e.predict(FRAME.assign(a="x")),
        ValueError,
        "column 'a' .* was to hold numbers.*'x'.*fit again",
    ),
    (
        "fitted tab_reg",
        lambda e: e.predict(FRAME.rename(columns={"a": "z"})),
        ValueError,
        "unseen at fit time:\n- z",
    ),
    *[
        (
            "fitted tab_reg",
            lambda e, coverage=coverage: e.prediction_interval(FRAME, coverage),
            ValueError,
            rf"coverage={re.escape(repr(coverage))} must be a float in the range",
        )
        for coverage in (0, 1, -0.5, None, "a", np.nan, [0.5], True)
    ],
    (
        "fitted tab_reg",
        lambda e: e.prediction_interval(FRAME[["a"]]),
        ValueError,
        "yet now missing:\n- b",
    ),
    ("fitted pre", lambda e: e.transform(FRAME[["a"]]), ValueError, "- b\n- c"),
    ("fitted pre", lambda e: e.transform(DATED), ValueError, r"dates.*'b'"),
    *[
        (
            "fitted pre",
            lambda e, names=names: e.get_feature_names_out(names),
            ValueError,
            r"input_features is not equal .*got .*seen \['a', 'b', 'c'\]. Pass these",
        )
        for names in (["a"], ["a", "b", "d"], 3)
    ],
    # weights assigned
    ("clf", lambda e: _assign(e, coefs_=[X]), AttributeError, "'coefs_' before fit"),
    *[
        (
            "fitted clf",
            lambda e, value=value: _assign(e, coefs_=value),
            ValueError,
            message,
        )
        for value, message in (
            (3, "coefs_=3 must be a list or tuple of arrays"),
            (None, "coefs_=None must be a list or tuple of arrays"),
            ("ab", "coefs_='ab' must be a list or tuple of arrays"),
            ([], r"coefs_ must be 2 arrays.*\(3, 5\).*got \[\]. To change"),
            ([np.zeros((3, 5))], r"coefs_ must be 2 arrays.*got \[\(3, 5\)\]"),
            ([np.zeros((3, 4)), np.zeros((5, 1))], r"got \[\(3, 4\), \(5, 1\)\]"),
            ([np.full((3, 5), "a"), np.zeros((5, 1))], "^coefs_: "),
            ([np.full((3, 5), np.nan), np.zeros((5, 1))], "coefs_ contains NaN"),
            ([np.full((3, 5), 1j), np.zeros((5, 1))], "^coefs_: Complex data"),
        )
    ],
    (
        "fitted reg",
        lambda e: _assign(e, coefs_=[sp.csr_array((3, 5)), np.zeros((5, 1))]),
        TypeError,
        "coefs_.*Use '.toarray",
    ),
    (
        "fitted reg",
        lambda e: _assign(e, intercepts_=[np.zeros(5)]),
        ValueError,
        "2 arr",
    ),
    # parameters by their names
    ("clf", lambda e: e.set_params(units=3), ValueError, "'units'.*Valid parameters"),
    ("tab_reg", lambda e: e.set_params(solvers=3), ValueError, "'solvers'.*Valid par"),
    ("pre", lambda e: e.set_params(onehot=3), ValueError, "'onehot'.*Valid parameters"),
    # parameters that only tabular estimators have, or take otherwise
    *[
        (
            name,
            lambda e, params=params: _set(e, **params),
            ValueError,
            message,
        )
        for name in ("tab_clf", "tab_reg")
        for params, message in (
            ({"ensemble": "bag"}, r"'ensemble' .*'kfold', 'seeds'.*Got 'bag'"),
            ({"n_members": 0}, r"'n_members' .*\[1, inf\). Got 0"),
            ({"n_members": 2.0}, r"'n_members' .*an int.* Got 2.0"),
            ({"max_time": 0}, r"'max_time' .*None or.*\(0, inf\). Got 0"),
            ({"max_time": "1"}, r"'max_time' .*Got '1'"),
            ({"n_jobs": 0}, r"'n_jobs' .*an int other than 0. Got 0"),
            ({"n_jobs": 1.5}, r"'n_jobs' .*Got 1.5"),
            ({"validation_fraction": 0}, r"'validation_fraction' .*\(0, 1\). Got 0"),
            ({"validation_fraction": 1}, r"'validation_fraction' .*Got 1"),
            ({"solver": "lbfgs"}, r"'solver' .*'adam'.*Got 'lbfgs'"),
            ({"max_iter": 10**400}, r"'max_iter' .*Got 1000"),
            ({"categorical_features": "all"}, r"'from_dtype'.*Got 'all'"),
            ({"categorical_features": 3}, "'categorical_features' .*Got 3"),
            ({"categorical_features": [[0], [1, 2]]}, "'categorical_features' .*Got"),
            ({"categorical_features": ["q"]}, r"no columns \['q'\]. Pass"),
            ({"categorical_features": [-1]}, r"\[-1\]: indices.*\[0, 3\). Pass"),
            ({"categorical_features": [True]}, r"\[True\]: a mask.* 3 items. Pass"),
            ({"ensemble": "kfold", "n_members": 1}, "n_members=1. Use ensemble=None"),
            ({"dropout": [0.1, 0.1, 0.1]}, "dropout=.*3 items.*needs 2"),
            (
                {
                    "callbacks": [Checkpoint("run.npz", resume=True)],
                    "random_state": None,
                },
                "random_state=None stopped.*Set random_state to an int",
            ),
        )
    ],
    *[
        ("pre", lambda e, params=params: _set(e, **params), ValueError, message)
        for params, message in (
            ({"categorical_features": "all"}, "'from_dtype'.*Got 'all'"),
            ({"categorical_features": 3.5}, "'categorical_features' .*Got 3.5"),
            (
                {"categorical_features": [[0]]},
                r"'categorical_features' .*Got \[\[0\]\]",
            ),
            ({"categorical_features": ["q"]}, r"no columns \['q'\]. Pass"),
            ({"max_onehot": -1}, r"'max_onehot' .*\[0, inf\). Got -1"),
            ({"max_onehot": 1.5}, "'max_onehot' .*an int.*Got 1.5"),
            ({"clip": 0}, "'clip' .*Got 0"),
            ({"clip": np.inf}, "'clip' .*Got inf"),
            ({"dtype": "int"}, "'dtype' .*'float32', 'float64'.*Got 'int'"),
        )
    ],
    # export
    ("clf", to_onnx, NotFittedError, "not fitted yet. Call 'fit'"),
    ("clf", to_sklearn, NotFittedError, "not fitted yet. Call 'fit'"),
    ("clf", lambda e: to_onnx(type(e)), TypeError, "is a class. Pass an object of it"),
    (
        "clf",
        lambda e: to_onnx(3),
        TypeError,
        "int is not an estimator.*pass the network",
    ),
    ("clf", lambda e: onnx_inputs(3, X), TypeError, "int is not an estimator"),
    ("clf", lambda e: to_sklearn(None), TypeError, "NoneType is not.*Pass a Numpy"),
    ("fitted tab_reg", to_sklearn, TypeError, "no counterpart.*or use to_onnx"),
    (
        "fitted clf",
        lambda e: to_onnx(e, dtype="float16"),
        ValueError,
        "dtype='float16' must be 'float32', 'float64' or None",
    ),
    (
        "fitted tab_clf",
        lambda e: onnx_inputs(e, FRAME[["a"]]),
        ValueError,
        "yet now missing:\n- b",
    ),
    # plotting
    ("clf", LossCurveDisplay.from_estimator, NotFittedError, "not fitted yet"),
    ("clf", lambda e: LossCurveDisplay.from_estimator(3), TypeError, "Pipeline.*got 3"),
    (
        "fitted clf",
        lambda e: LearningRateDisplay.from_estimator(e, ax="x"),
        ValueError,
        "ax must be a matplotlib Axes or None, got 'x'",
    ),
    ("fitted tab_reg", WeightsDisplay.from_estimator, TypeError, "Use NumpyMLPClassif"),
    (
        "fitted reg",
        WeightsDisplay.from_estimator,
        ValueError,
        "no square.*Pass image_s",
    ),
    *[
        (
            "fitted reg",
            lambda e, wrong=wrong: WeightsDisplay.from_estimator(
                e, **{"image_shape": (3, 1)} | wrong
            ),
            ValueError,
            message,
        )
        for wrong, message in (
            ({"image_shape": 3}, r"image_shape=3 must be \(height, width\)"),
            ({"image_shape": (2, 2)}, r"image_shape=\(2, 2\) must be .* 3"),
            ({"image_shape": (1.5, 2)}, r"image_shape=\(1.5, 2\) must be"),
            ({"image_shape": (-1, -3)}, r"image_shape=\(-1, -3\) must be"),
            ({"n_units": 0}, "n_units=0 must be an int of at least 1"),
            ({"n_units": "a"}, "n_units='a' must be an int"),
            ({"n_cols": 0}, "n_cols=0 must be an int of at least 1, or None"),
            ({"n_cols": 1.5}, "n_cols=1.5 must be an int of at least 1, or None"),
            ({"ax": 3}, "ax must be a matplotlib Axes, an array.*got 3"),
        )
    ],
    *[
        (
            "fitted tab_reg",
            lambda e, wrong=wrong: PredictionIntervalDisplay.from_estimator(
                e, FRAME, y, **{"coverage": 0.5} | wrong
            ),
            ValueError,
            message,
        )
        for wrong, message in (
            ({"coverage": 2}, r"coverage=2 must be a float in the range \(0, 1\)"),
            ({"kind": "x"}, r"kind='x' must be one of \('bars', 'band'\)"),
            ({"feature": "q"}, r"feature='q' must be a column.*'a', 'b', 'c'"),
            ({"feature": 7}, r"feature=7 must be a column.*\[-3, 3\)"),
            ({"subsample": 0}, "subsample=0 must be an int of at least 1, or None"),
        )
    ],
]


@pytest.mark.parametrize(
    ("name", "call", "error", "message"),
    [
        pytest.param(*row, id=f"{i}-{row[0]}-{row[3][:30]}")
        for i, row in enumerate(CALLS)
    ],
)
def test_bad_calls(name, call, error, message):
    """The exception is the right one, says why, and leaves all as it was."""
    est = _subject(name)
    before = vars(est).copy()
    values = joblib.hash(before)
    with pytest.raises(error, match=f"(?s){message}"):
        call(est)
    after = vars(est)
    assert after.keys() == before.keys()
    assert all(after[attribute] is before[attribute] for attribute in before)
    assert joblib.hash(after) == values
    if name == "fitted pre":
        np.testing.assert_array_equal(
            est.transform(FRAME), _fitted("pre").transform(FRAME)
        )
    elif name.startswith("fitted"):
        table = FRAME if "tab" in name else X
        twin = _fitted(name.removeprefix("fitted "))
        np.testing.assert_array_equal(est.predict(table), twin.predict(table))


@pytest.mark.parametrize(
    ("cls", "name", "value", "message"),
    [
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
        (CosineLog, "n_cycles", 1.5, "must be a whole number"),
        (WarmupCosine, "warmup", 1, r"\[0, 1\)"),
        (WarmupCosine, "start", -1, r"\[0, 1\]"),
        (WarmupCosine, "end", 2, r"\[0, 1\]"),
        (OneCycle, "rise", 1, r"\[0, 1\)"),
        (OneCycle, "start", 5, r"\[0, 1\]"),
        (OneCycle, "end", None, r"\[0, 1\]"),
        *[(LeakyReLU, "negative_slope", v, r"\[0, 1\)") for v in (-0.1, 1.0, "a")],
        (ELU, "alpha", 0, r"\(0, inf\)"),
        (ELU, "scale", np.inf, r"\(0, inf\)"),
        *[(Normal, "std", v, r"\[0, inf\)") for v in (-1, "a", None, True, np.nan)],
        *[(Glorot, "factor", v, r"\(0, inf\)") for v in (0, -2, "a", None, np.nan)],
    ],
)
def test_constructors(cls, name, value, message):
    """The message names the class, the argument and its value, and what is allowed."""
    given = f"{cls.__name__}({name}={value!r})"
    others = {"path": "run.npz"} if cls is Checkpoint else {}
    with pytest.raises(ValueError, match=f"^{re.escape(given)}: .*{message}"):
        cls(**others | {name: value})


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_too_large_for_the_type_of_the_network():
    clf = NumpyMLPClassifier((5,), max_iter=2, dtype="float32").fit(X, y)
    before = clf.predict_proba(X)
    with pytest.raises(ValueError, match=r"coefs_ .*too large for float32.*dtype='flo"):
        clf.coefs_ = [np.full(W.shape, 1e300) for W in clf.coefs_]
    np.testing.assert_array_equal(clf.predict_proba(X), before)


def test_scorers_for_another_kind_of_target():
    reg = NumpyMLPRegressor(scoring="neg_log_loss")
    with pytest.raises(
        ValueError, match=r"'neg_log_loss' does not go with NumpyMLPReg"
    ):
        reg.fit(X, y, X_val=X, y_val=y)
