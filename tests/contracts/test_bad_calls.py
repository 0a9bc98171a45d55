"""Bad calls: the exception's type, and what the message names."""

import array
import copy
import functools
import inspect
import pickle
import re
import warnings
from collections import deque

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline

from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    activations,
    callbacks,
    initializers,
    losses,
    optimizers,
    schedules,
)
from sknumpy_mlp._estimators.scores import regression_score
from sknumpy_mlp.activations import ELU, SELU, LeakyReLU, ReLU, Tanh
from sknumpy_mlp.callbacks import (
    Checkpoint,
    EarlyStopping,
    EpochEnd,
    History,
    Progress,
    Run,
    TimeLimit,
)
from sknumpy_mlp.export import onnx_inputs, to_onnx, to_sklearn
from sknumpy_mlp.initializers import DataDriven, Glorot, Normal
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
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
from tests.conftest import (
    ESTIMATORS,
    all_estimators,
    plain_estimators,
    tabular_estimators,
    unconverged,
)

CLASSES = [*ESTIMATORS, TabularPreprocessor]
X = np.random.default_rng(0).standard_normal((20, 3))
y = np.arange(20) % 2

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


#: Of those that not all estimators have, or that not all take in the same way.
BAD_TABULAR_PARAMETERS = [
    ("solver", "lbfgs"),
    ("validation_fraction", 0),
    ("max_iter", 10**400),
    ("ensemble", "bag"),
    ("ensemble", True),
    ("n_members", 0),
    ("n_members", 2.0),
    ("max_time", 0),
    ("max_time", "1"),
    ("max_time", np.nan),
    ("n_jobs", 0),
    ("n_jobs", 1.5),
    ("n_jobs", True),
    ("categorical_features", "all"),
    ("categorical_features", 3),
    ("categorical_features", [[0], [1, 2]]),
]
BAD_REGRESSOR_PARAMETERS = [("loss", "log_loss"), ("loss", LogLoss())]
BAD_PREPROCESSOR_PARAMETERS = [
    ("categorical_features", "all"),
    ("categorical_features", 3.5),
    ("categorical_features", [[0]]),
    ("max_onehot", -1),
    ("max_onehot", 1.5),
    ("max_onehot", True),
    ("clip", 0),
    ("clip", np.inf),
    ("clip", "3"),
    ("dtype", "int"),
    ("dtype", None),
]


def _bad_parameters(Estimator):
    """All pairs of a parameter and a bad value that the table has for an estimator."""
    if Estimator is TabularPreprocessor:
        return BAD_PREPROCESSOR_PARAMETERS
    own = BAD_CLASSIFIER_PARAMETERS
    if Estimator in (NumpyMLPRegressor, TabularMLPRegressor):
        own = BAD_REGRESSOR_PARAMETERS
    if Estimator in (TabularMLPClassifier, TabularMLPRegressor):
        own = own + BAD_TABULAR_PARAMETERS
    shared = [row for row in BAD_PARAMETERS if row[0] in Estimator().get_params()]
    return shared + own


@pytest.mark.parametrize(
    ("Estimator", "name", "value"),
    [
        pytest.param(Estimator, name, value, id=f"{Estimator.__name__}-{name}-{i}")
        for Estimator in CLASSES
        for i, (name, value) in enumerate(_bad_parameters(Estimator))
    ],
)
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
    assert len(message) < 1500
    assert vars(est) == vars(Estimator(**{name: value}))


@pytest.mark.parametrize("Estimator", CLASSES)
def test_every_parameter_has_a_bad_value_in_the_table(Estimator):
    names = {name for name, _ in _bad_parameters(Estimator)}
    assert names == Estimator().get_params().keys()


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


class Swish:
    """An object of another library, known by the name of its class."""


#: For parameters, values as other libraries call them, and those that are meant.
SUGGESTIONS = {
    "activation": [
        ("swish", "'silu'"),
        ("sigmoid", "'logistic'"),
        ("leakyrelu", "'leaky_relu'"),
        ("LeakyReLU", "'leaky_relu'"),
        ("rellu", "'relu'"),
        ("Tanh", "'tanh'"),
        (np.tanh, "'tanh'"),
        (Tanh, "'tanh'"),
        (Swish(), "'silu'"),
        (["relu", "swish"], "'silu' instead of 'swish'"),
        (("rellu", Tanh()), "'relu' instead of 'rellu'"),
    ],
    "solver": [
        ("adamw", "'adam' with weight_decay"),
        ("AdamW", "'adam' with weight_decay"),
        ("Adam", "'adam'"),
        ("sdg", "'sgd'"),
        ("RMSProp", "'rmsprop'"),
    ],
    "learning_rate": [
        (0.01, "learning_rate_init=0.01"),
        ("OneCycle", "'one_cycle'"),
        ("ReduceLROnPlateau", "'plateau'"),
    ],
    "init": [("xavier_uniform", "'glorot'"), ("kaiming", "'he'"), ("He", "'he'")],
    "scoring": [
        ("val_loss", "'loss'"),
    ],
    "dtype": [
        (np.float32, "'float32'"),
        (np.dtype("float64"), "'float64'"),
        (float, "'float64'"),
        ("fp32", "'float32'"),
        ("float16", "'float32'"),
        (np.float16, "'float32'"),
        ("half", "'float32'"),
    ],
    "ensemble": [("k-fold", "'kfold'"), ("none", "None"), ("seed", "'seeds'")],
    "class_weight": [("balance", "'balanced'")],
    "categorical_features": [("auto", "'from_dtype'")],
    "batch_size": [("Auto", "'auto'")],
    "early_stopping": [("True", "True")],
    "shuffle": [("false", "False")],
}
LOSSES = {
    "Classifier": [
        ("bce", "'log_loss'"),
        ("cross_entropy", "'log_loss'"),
        ("CrossEntropyLoss", "'log_loss'"),
        ("nll", "'log_loss'"),
        ("logloss", "'log_loss'"),
    ],
    "Regressor": [
        ("mae", "'absolute_error'"),
        ("mse", "'squared_error'"),
        ("MSELoss", "'squared_error'"),
        ("mean_absolute_error", "'absolute_error'"),
        ("Huber", "'huber'"),
        ("poison", "'poisson'"),
    ],
}


METRICS = {
    "Classifier": [
        ("acc", "'accuracy'"),
        ("auc", "'roc_auc'"),
        ("roc_auk", "'roc_auc'"),
        ("log_loss", "'neg_log_loss'"),
    ],
    "Regressor": [
        ("mse", "'neg_mean_squared_error'"),
        ("mean_squared_error", "'neg_mean_squared_error'"),
        ("R2", "'r2'"),
    ],
}


def _suggestions(Estimator):
    parameters = Estimator().get_params()
    for name in SUGGESTIONS.keys() & parameters.keys():
        yield from ((name, *each) for each in SUGGESTIONS[name])
    for name, kinds in (("loss", LOSSES), ("scoring", METRICS)):
        for kind, cases in kinds.items():
            if Estimator.__name__.endswith(kind) and name in parameters:
                yield from ((name, *each) for each in cases)


@pytest.mark.parametrize("Estimator", CLASSES)
def test_names_of_other_libraries_are_understood(Estimator):
    for name, value, meant in sorted(_suggestions(Estimator), key=repr):
        est = Estimator(**{name: value})
        with pytest.raises(InvalidParameterError) as info:
            est.fit(X, y)
        message = str(info.value)
        assert message.endswith(f" instead. Did you mean {meant}?"), message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("activation", "xyz"),
        ("activation", 3),
        ("activation", {"relu"}),
        ("loss", None),
        ("solver", "newton"),
        ("solver", ["adam"]),
        ("scoring", 0.5),
        ("learning_rate", True),
        ("dtype", int),
        ("hidden_layer_sizes", "relu"),
        ("alpha", "auto"),
    ],
)
def test_nothing_is_suggested_where_nothing_is_close(name, value):
    with pytest.raises(InvalidParameterError, match=r"instead\.$"):
        NumpyMLPClassifier(**{name: value}).fit(X, y)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Regressor", "acc"),
        ("Regressor", "auc"),
        ("Regressor", "log_loss"),
        ("Classifier", "mse"),
        ("Classifier", "neg_mean_squared_err"),
        ("Classifier", "R2"),
    ],
)
def test_no_metrics_for_another_kind_of_target_are_suggested(kind, value):
    for Estimator in CLASSES:
        if Estimator.__name__.endswith(kind) and "scoring" in Estimator().get_params():
            with pytest.raises(InvalidParameterError, match=r"instead\.$"):
                Estimator(scoring=value).fit(X, y)


#: Arguments of fit as other libraries call them.
ARGUMENTS_OF_FIT = {
    "validation_data": "'X_val' and 'y_val'",
    "eval_set": "'X_val' and 'y_val'",
    "x_val": "'X_val'",
    "sample_weights": "'sample_weight'",
}


@all_estimators
@pytest.mark.parametrize("name", ARGUMENTS_OF_FIT)
def test_unknown_arguments_of_fit_suggest_one(Estimator, name):
    message = rf"fit\(\) got an unexpected keyword argument '{name}'\. Did you mean "
    with pytest.raises(TypeError, match=f"{message}{ARGUMENTS_OF_FIT[name]}\\?$"):
        Estimator().fit(X, y, **{name: (X, y)})
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'xyzzy'$"):
        Estimator().fit(X, y, xyzzy=3)


PARAMETER_NAMES = {
    "patience": "n_iter_no_change",
    "lr": "learning_rate_init",
    "epochs": "max_iter",
    "max_iters": "max_iter",
    "hidden_units": "hidden_layer_sizes",
    "hidden_layers_sizes": "hidden_layer_sizes",
    "optimizer": "solver",
    "criterion": "loss",
    "seed": "random_state",
    "dropout_rate": "dropout",
    "l2": "alpha",
    "Alpha": "alpha",
    "metric": "scoring",
}


@all_estimators
@pytest.mark.parametrize("name", PARAMETER_NAMES)
def test_unknown_parameters_suggest_one(Estimator, name):
    """The errors are Python's and scikit-learn's own, and a sentence more."""
    hint = rf"Did you mean '{PARAMETER_NAMES[name]}'\?$"
    message = rf"__init__\(\) got an unexpected keyword argument '{name}'\. {hint}"
    with pytest.raises(TypeError, match=rf"^{Estimator.__name__}\.{message}"):
        Estimator(**{"alpha": 1.0, name: 3})
    message = rf"^Invalid parameter {name!r} for estimator .*\n?.*\]\. {hint}"
    with pytest.raises(ValueError, match=f"(?s){message}"):
        Estimator().set_params(**{name: 3})
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make_pipeline(Estimator()).set_params(
            **{f"{Estimator.__name__.lower()}__{name}": 3}
        )


def test_other_errors_of_constructors_and_set_params_stay_as_they_are():
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'xyzzy'$"):
        NumpyMLPClassifier(xyzzy=1)
    with pytest.raises(TypeError, match="takes from 1 to 3 positional arguments but 4"):
        NumpyMLPClassifier(1, 2, 3)
    with pytest.raises(ValueError, match=r"(?s)Invalid parameter 'xyzzy' .*\]\.$"):
        NumpyMLPClassifier().set_params(xyzzy=1)
    clf = NumpyMLPClassifier()
    assert clf.set_params(alpha=2.0, max_iter=3) is clf
    assert (clf.alpha, clf.max_iter) == (2.0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: EarlyStopping("val_loss"), "you mean 'validation_loss'"),
        (lambda: EarlyStopping("val_acc"), "you mean 'validation_score'"),
        (lambda: EarlyStopping("train_loss"), "you mean 'loss'"),
        (lambda: EarlyStopping(patience=3), "you mean 'n_iter_no_change'"),
        (lambda: EarlyStopping(min_delta=0.1), "you mean 'tol'"),
        (lambda: EarlyStopping(restore_best_weights=True), "you mean 'restore_best'"),
        (lambda: Checkpoint("run", on_error="Warn"), "you mean 'warn'"),
        (lambda: Checkpoint(filepath="run"), "you mean 'path'"),
        (lambda: TimeLimit(second=3), "you mean 'seconds'"),
        (lambda: TabularPreprocessor(cat_features=[0]), "you mean 'categorical_feat"),
        (lambda: to_onnx(_fitted("clf"), dtype="double"), "you mean 'float64'"),
        (lambda: to_onnx(_fitted("clf"), dtype=np.float32), "you mean 'float32'"),
    ],
)
def test_callbacks_and_functions_suggest_too(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_the_constructor_is_as_it_was_written():
    """A decorator suggests names; nobody who looks at the constructor sees it."""

    class Mine(NumpyMLPClassifier):
        pass

    expected = list(NumpyMLPClassifier().get_params())
    for cls in (NumpyMLPClassifier, Mine):
        assert sorted(inspect.signature(cls).parameters) == expected
    source = inspect.getsource(NumpyMLPClassifier.__init__)
    assert "self.alpha = alpha" in source
    copied = clone(Mine(alpha=2.0))
    assert (type(copied), copied.alpha) == (Mine, 2.0)
    assert pickle.loads(pickle.dumps(NumpyMLPRegressor(alpha=2.0))).alpha == 2.0


SIZES = [5, 6]
NO_SIZES = [
    {5, 6},
    frozenset(SIZES),
    {5: 1, 6: 2},
    {5: 1, 6: 2}.keys(),
    {1: 5, 2: 6}.values(),
    {5: 6}.items(),
    (size for size in SIZES),
    iter(SIZES),
    map(int, SIZES),
    "56",
    b"56",
    np.array(5.5),
    np.array([SIZES]),
]
GOOD_SIZES = [
    SIZES,
    tuple(SIZES),
    np.array(SIZES),
    range(5, 7),
    deque(SIZES),
    array.array("i", SIZES),
    pd.Series(SIZES, index=[7, 8]),
    pl.Series(SIZES),
]


@pytest.mark.parametrize("sizes", NO_SIZES, ids=lambda sizes: type(sizes).__name__)
@all_estimators
def test_sizes_of_layers_have_an_order(Estimator, sizes):
    """In a set {50, 20} the first layer has 50 units, or 20, as it happens."""
    with pytest.raises(InvalidParameterError, match="a list, tuple or array of such"):
        Estimator(hidden_layer_sizes=sizes).fit(X, y)


@unconverged
@pytest.mark.parametrize("sizes", GOOD_SIZES, ids=lambda sizes: type(sizes).__name__)
def test_sequences_of_all_kinds_are_sizes(sizes):
    clf = NumpyMLPClassifier(hidden_layer_sizes=sizes, max_iter=1).fit(X, y)
    assert [W.shape[1] for W in clf.coefs_] == [5, 6, 1]


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


@plain_estimators
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


@plain_estimators
@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (np.ones(5), ValueError, "^sample_weight and X: .*inconsistent numbers"),
        (np.ones((20, 2)), ValueError, "must be 1D .* got 2D.*as sample_weight"),
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


@plain_estimators
@pytest.mark.parametrize(
    ("fraction", "n_samples", "message"),
    [
        (0.1, 9, "The validation set is too small.*validation_fraction=0.1 of 9"),
        (0.0, 20, "validation_fraction=0.0 of 20 samples aside.*Change val"),
        (0.1, 1, "validation_fraction=0.1 of 1 samples aside"),
    ],
)
def test_hold_outs(Estimator, fraction, n_samples, message):
    est = Estimator(early_stopping=True, validation_fraction=fraction)
    target = np.zeros(n_samples)  # one class: nothing to stratify by
    with pytest.raises(ValueError, match=message):
        est.fit(X[:n_samples], target)


@unconverged
@plain_estimators
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


@plain_estimators
def test_before_fit(Estimator):
    est = Estimator()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        est.predict(X)
    if Estimator is NumpyMLPClassifier:
        for method in (est.predict_proba, est.predict_log_proba):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                method(X)


@plain_estimators
def test_another_number_of_features_than_in_fit(Estimator):
    est = Estimator(tol=1e9, n_iter_no_change=1).fit(X, y)
    for call in (est.predict, lambda Z: est.partial_fit(Z, y)):
        with pytest.raises(ValueError, match=r"2 features, but .* expecting 3"):
            call(X[:, :2])


@plain_estimators
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
    with pytest.raises(
        ValueError, match=r"classes must be passed on the first call.*Pass all classes"
    ):
        clf.partial_fit(X, y)
    assert not hasattr(clf, "classes_")
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        clf.partial_fit(X, y, classes=[0, 2])
    clf.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"is not the same as on last call.*Leave"):
        clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"'y' has \[0 3\]"):
        clf.partial_fit(X, y * 3)
    np.testing.assert_array_equal(clf.classes_, [0, 1, 2])
    clf.partial_fit(X, y * 2)
    with pytest.raises(
        ValueError, match=r"a label matrix, but .* class labels. Pass y in"
    ):
        clf.partial_fit(X, np.column_stack([y, 1 - y, y]))


def test_label_columns_of_partial_fit():
    Y = np.column_stack([y, 1 - y])
    clf = NumpyMLPClassifier()
    with pytest.raises(
        ValueError, match=r"y has 2 columns, but there are 3 labels.*Pass a"
    ):
        clf.partial_fit(X, Y, classes=[0, 1, 2])
    clf.partial_fit(X, Y, classes=[0, 1])


@unconverged
@plain_estimators
def test_warm_start_with_another_shape(Estimator):
    est = Estimator(hidden_layer_sizes=(5,), warm_start=True, max_iter=2).fit(X, y)
    est.set_params(hidden_layer_sizes=(6,))
    with pytest.raises(ValueError, match=r"layers of \[5, 1\] units.*\(6,\).*\[6, 1\]"):
        est.fit(X, y)


@unconverged
def test_warm_start_with_another_number_of_outputs():
    reg = NumpyMLPRegressor(warm_start=True, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"number of outputs"):
        reg.fit(X, np.column_stack([y, y]))


@unconverged
@plain_estimators
def test_batch_size_larger_than_the_data_is_clipped(Estimator):
    with pytest.warns(UserWarning, match="clipped from 50 to 20") as record:
        est = Estimator(batch_size=50, max_iter=2).fit(X, y)
    assert record[0].filename == __file__
    assert est.t_ == 40


@unconverged
@plain_estimators
def test_coefs_that_are_no_numbers(Estimator):
    est = Estimator(max_iter=2).fit(X, y)
    before = est.coefs_[0].copy()
    for value in (np.nan, np.inf, 1j, "a"):
        with pytest.raises(ValueError, match=r"NaN|infinity|Complex|numeric"):
            est.coefs_ = [np.full(W.shape, value) for W in est.coefs_]
    np.testing.assert_array_equal(est.coefs_[0], before)


@plain_estimators
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


@plain_estimators
@pytest.mark.parametrize(("params", "message"), PAIRS, ids=repr)
def test_parameters_that_do_not_go_together(Estimator, params, message):
    est = Estimator(**params)
    with pytest.raises(ValueError, match=message):
        est.fit(X, y)
    assert vars(est) == vars(Estimator(**params))


@plain_estimators
@pytest.mark.parametrize("rate", ["cosine", "warmup_cosine", "one_cycle", Cosine()])
def test_partial_fit_knows_no_horizon(Estimator, rate):
    with pytest.raises(
        ValueError, match=r"partial_fit does not know how long.*plateau"
    ):
        Estimator(learning_rate=rate).partial_fit(X, y)


@plain_estimators
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
        ("rows", r"a loss for each row .*\(5,\) for 5 rows, got \(\)"),
        ("outputs", r"a loss for each row .*got \(5, 1\)"),
        ("predict", r"from predict, got \(5,\)"),
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


@plain_estimators
def test_scorers_that_take_no_weights(Estimator):
    def scoring(estimator, X, y):
        return 0.0

    est = Estimator(scoring=scoring)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        est.fit(X, y, X_val=X, y_val=y, sample_weight_val=np.ones(20))


@plain_estimators
def test_scorers_that_return_no_number(Estimator):
    est = Estimator(scoring=lambda estimator, X, y: {"a": 1.0})
    with pytest.raises(ValueError, match=r"must return a number, got {'a': 1.0}"):
        est.fit(X, y, X_val=X, y_val=y)


@unconverged
@plain_estimators
def test_hidden_layers_that_are_not_there(Estimator):
    est = Estimator(hidden_layer_sizes=(5, 4), max_iter=1).fit(X, y)
    for layer in (2, -3, 0.0, True, None):
        with pytest.raises(ValueError, match=rf"layer={layer}.* range \[-2, 2\)"):
            est.hidden_activations(X, layer)
    linear = Estimator(hidden_layer_sizes=(), max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=r"has 0 hidden layers, .*Use predict"):
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


@plain_estimators
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


#: Arguments that are as they should be, for all that has them.
GOOD = {
    "X": X,
    "y": y,
    "y_true": y,
    "interval": np.column_stack([y - 1, y + 1]),
    "loss_curves": [[2.0, 1.0]],
    "learning_rate_curves": [[2.0, 1.0]],
    "images": np.ones((1, 2, 2)),
    "names": ["unit 0"],
}


def _parameters(function):
    names = inspect.signature(function).parameters
    return [name for name in names if name != "self"]


def _draw(Display):
    """Make a function of a display that is made and drawn."""

    def draw(**arguments):
        own = {n: arguments.pop(n) for n in _parameters(Display) if n in arguments}
        return Display(**own).plot(**arguments)

    parameters = {
        name: parameter
        for function in (Display, Display.plot)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    }
    kinds = {"kind": inspect.Parameter.KEYWORD_ONLY}
    draw.__signature__ = inspect.Signature(
        [parameter.replace(**kinds) for parameter in parameters.values()]
    )
    return draw


FUNCTIONS = {
    "to_onnx": to_onnx,
    "to_sklearn": to_sklearn,
    "onnx_inputs": onnx_inputs,
    "PredictionIntervalDisplay.from_predictions": (
        PredictionIntervalDisplay.from_predictions
    ),
}
DISPLAYS = {
    LossCurveDisplay: "fitted clf",
    LearningRateDisplay: "fitted clf",
    WeightsDisplay: "fitted reg",
    PredictionIntervalDisplay: "fitted tab_reg",
}
for _Display in DISPLAYS:
    FUNCTIONS[_Display.__name__] = _draw(_Display)
    FUNCTIONS[f"{_Display.__name__}.from_estimator"] = _Display.from_estimator

METHODS = (
    "fit",
    "partial_fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "score",
    "prediction_interval",
    "hidden_activations",
    "transform",
    "fit_transform",
    "get_feature_names_out",
)


def _call(name, method, est, wrong):
    """Call a method or a function with good arguments but for the wrong ones."""
    if method == "assign":
        ((attribute, value),) = wrong.items()
        return setattr(est, attribute, value)
    function = FUNCTIONS.get(method) or getattr(est, method)
    good = GOOD
    if name.split()[-1] in TABLES:
        good = good | {"X": FRAME}
        wrong = {n: FRAME if value is X else value for n, value in wrong.items()}
    if method == "partial_fit" and is_classifier(est):
        good = good | {"classes": [0, 1]}
    if method == "WeightsDisplay.from_estimator":
        good = good | {"image_shape": (3, 1)}
    if method == "PredictionIntervalDisplay.from_estimator":
        good = good | {"coverage": 0.5}
    taken = _parameters(function)
    arguments = {n: value for n, value in good.items() if n in taken}
    if "estimator" in taken:
        arguments["estimator"] = est
    return function(**arguments | wrong)


NEGATIVE = -np.ones(20)
TABLES = ("tab_clf", "tab_reg", "pre")

#: For arguments that several methods have: a bad value, and what the message must have.
BAD_DATA_OF_ALL = {
    "X": ({"X": DATES}, "X (holds|has columns of) dates.*[Tt]urn|X .*Encode them"),
    "y": ({"y": y[:5]}, "inconsistent numbers of samples"),
    "sample_weight": ({"sample_weight": NEGATIVE}, "`sample_weight`.*-1.0.*at least 0"),
    "X_val": ({"X_val": DATES, "y_val": y}, "X_val: X (holds|has columns of) dates"),
    "y_val": ({"X_val": X, "y_val": y[:5]}, "^X_val and y_val: .*inconsistent"),
    "sample_weight_val": (
        {"X_val": X, "y_val": y, "sample_weight_val": NEGATIVE},
        "`sample_weight_val`.*-1.0.*at least 0",
    ),
}

#: The same for drawings; the message must have the name.
BAD_DRAWINGS = {
    "ax": "x",
    "name": 3,
    "validation": None,
    "log_scale": "no",
    "line_kw": 3,
    "validation_line_kw": ["color"],
    "member_line_kw": "red",
    "best_kw": 3,
    "interval_kw": 3,
    "scatter_kw": 3,
    "image_kw": 3,
    "colorbar": 1,
    "n_cols": 0,
    "n_units": 0,
    "image_shape": 3,
    "kind": "x",
    "subsample": 0,
    "coverage": 2,
    "feature": "q",
    "loss_curves": 3,
    "validation_loss_curves": [3],
    "best_epochs": [9],
    "unit": "day",
    "learning_rate_curves": ["a"],
    "epochs": [[0.0]],
    "images": np.ones((2, 2)),
    "names": "ab",
    "y_true": "a",
    "interval": 3,
    "y_pred": "a",
    "x": y[:3],
    "x_name": 3,
}


def _rows_of_methods():
    """Rows for each of these arguments of each method."""
    for name, est in SUBJECTS.items():
        for method in METHODS:
            for argument, (wrong, message) in BAD_DATA_OF_ALL.items():
                # scikit-learn wants the preprocessor to take y, and not to look at it.
                if (
                    hasattr(type(est), method)
                    and argument in _parameters(getattr(type(est), method))
                    and (name, argument) != ("pre", "y")
                ):
                    whose = name if "fit" in method else f"fitted {name}"
                    yield whose, method, wrong, ValueError, message


#: Of whom, what is called, with which wrong arguments, which exception it is, and what
#: its message must have.
CALLS = [
    *_rows_of_methods(),
    *[
        (name, function, {argument: value}, ValueError, rf"\b{argument}\b")
        for Display, name in DISPLAYS.items()
        for function in FUNCTIONS
        if function.startswith(Display.__name__)
        for argument, value in BAD_DRAWINGS.items()
        if argument in _parameters(FUNCTIONS[function])
    ],
    *[
        (
            name,
            f"{Display.__name__}.from_estimator",
            {"estimator": 3},
            TypeError,
            "got 3",
        )
        for Display, name in DISPLAYS.items()
    ],
    # as methods take them one by one
    ("clf", "fit", {"X": DATES}, ValueError, r"X holds dates.*Turn them into"),
    ("reg", "fit", {"X": DATES - DATES}, ValueError, r"X holds dates.*timedelta"),
    ("clf", "fit", {"X": DATED}, ValueError, r"X holds dates.*'b' \(datetime64"),
    ("clf", "fit", {"X": RAGGED, "y": y[:2]}, ValueError, "inhomogeneous"),
    ("reg", "fit", {"X": [[{}], [{}]], "y": [0, 1]}, TypeError, "not 'dict'"),
    ("clf", "fit", {"X": None}, ValueError, "Expected 2D array, got scalar"),
    ("clf", "fit", {"X": SPARSE * np.nan}, ValueError, "X contains NaN"),
    ("reg", "fit", {"X": X * 1e309}, ValueError, "X contains infinity|NaN"),
    ("tab_clf", "fit", {"X": SPARSE}, TypeError, r"Sparse.*X.*Use '.toarray"),
    ("tab_clf", "fit", {"X": COMPLEX}, ValueError, "Complex data not supported"),
    ("tab_clf", "fit", {"X": DATED}, ValueError, r"dates.*'b'.*leave them out"),
    ("tab_reg", "fit", {"X": FRAME * np.inf}, ValueError, "X contains infinity"),
    ("tab_reg", "fit", {"X": FRAME[:0], "y": []}, ValueError, "0 sample"),
    ("tab_reg", "fit", {"X": FRAME[:1], "y": y[:1]}, ValueError, "minimum of 2"),
    ("tab_reg", "fit", {"X": FRAME[[]]}, ValueError, r"0 feature\(s\)"),
    ("tab_reg", "fit", {"X": X[0]}, ValueError, "Expected 2D array"),
    (
        "tab_clf",
        "fit",
        {"X": pd.concat([FRAME, FRAME], axis=1)},
        ValueError,
        r"several columns of the names \['a', 'b', 'c'\]. Rename them",
    ),
    (
        "tab_clf",
        "fit",
        {"X": FRAME.assign(a=[[1]] * 20)},
        TypeError,
        r"columns 'a' \(object, such as \[1\]\).*Turn them into.*or leave them out",
    ),
    ("pre", "fit", {"X": DATED}, ValueError, r"dates.*'b'.*leave them out"),
    ("pre", "fit", {"X": SPARSE}, TypeError, r"Sparse.*X.*Use '.toarray"),
    ("pre", "fit", {"X": X * np.inf}, ValueError, "X contains infinity"),
    ("reg", "fit", {"y": DATES[:, 0]}, ValueError, "y holds dates.*Turn them"),
    ("reg", "fit", {"y": [None] * 20}, ValueError, "y contains NaN.*Leave those rows"),
    ("reg", "fit", {"y": y * 1j}, ValueError, "Complex data not supported"),
    ("reg", "fit", {"y": y[:, None, None]}, ValueError, "dim 3"),
    ("reg", "fit", {"y": _with(y, 3, np.inf)}, ValueError, "y contains infinity"),
    ("clf", "fit", {"y": ["a", None] * 10}, ValueError, "y contains NaN.*Leave"),
    ("clf", "fit", {"y": [1, None] * 10}, ValueError, "y contains NaN.*Leave"),
    ("clf", "fit", {"y": [{1}, {2}] * 10}, ValueError, "Unknown label type"),
    ("clf", "fit", {"y": 3}, TypeError, "at least 1 dimension"),
    ("tab_clf", "fit", {"y": None}, ValueError, "requires y to be passed"),
    ("tab_clf", "fit", {"y": y[:5]}, ValueError, "inconsistent numbers"),
    ("tab_clf", "fit", {"y": y * 0.3}, ValueError, "Unknown label type"),
    ("tab_clf", "fit", {"y": (y + 0.5) * 1e30}, ValueError, "Unknown label type"),
    ("tab_reg", "fit", {"y": DATES[:, 0]}, ValueError, "y holds dates"),
    ("tab_reg", "fit", {"y": [None] * 20}, ValueError, "Leave those rows"),
    ("clf", "fit", {"sample_weight": -1.0}, ValueError, "`sample_weight`.*at least 0"),
    ("clf", "fit", {"sample_weight": np.inf}, ValueError, "sample_weight contains inf"),
    ("clf", "fit", {"sample_weight": "a"}, TypeError, "^sample_weight .*'a'"),
    ("reg", "fit", {"sample_weight": 1j}, TypeError, "^sample_weight .*1j"),
    ("reg", "fit", {"sample_weight": {}}, TypeError, "^sample_weight .*dict"),
    (
        "reg",
        "fit",
        {"sample_weight": DATES[:, 0]},
        ValueError,
        "sample_weight holds dates",
    ),
    (
        "reg",
        "fit",
        {"sample_weight": SPARSE[:, [0]]},
        TypeError,
        "sample_weight.*toarray",
    ),
    ("tab_reg", "fit", {"sample_weight": -y}, ValueError, "`sample_weight`.*at least"),
    ("tab_reg", "fit", {"sample_weight": 0 * y}, ValueError, "sample_weight=0"),
    (
        "tab_reg",
        "fit",
        {"sample_weight": y * 1e308},
        ValueError,
        "sum of sample_weight is too large.*Divide the weights",
    ),
    (
        "tab_clf",
        "fit",
        {"sample_weight": np.eye(20)[0]},
        ValueError,
        r"1 sample\(s\) \(of a weight above zero\)",
    ),
    ("clf", "fit", {"X_val": X[0], "y_val": y}, ValueError, "X_val: Expected 2D"),
    ("clf", "fit", {"X_val": DATES, "y_val": y}, ValueError, "X_val: X holds"),
    (
        "clf",
        "fit",
        {"X_val": X, "y_val": [0, None] * 10},
        ValueError,
        "y_val contains NaN.*Leave those rows out",
    ),
    ("reg", "fit", {"X_val": X, "y_val": DATES[:, 0]}, ValueError, "y_val holds dates"),
    (
        "reg",
        "fit",
        {"X_val": X, "y_val": y[:, None, None]},
        ValueError,
        "y_val: Found array with dim 3",
    ),
    (
        "clf",
        "fit",
        {"X_val": X, "y_val": ["b"] * 20},
        ValueError,
        r"y_val has classes that y has not: \['b'\]",
    ),
    ("tab_clf", "fit", {"X_val": FRAME}, ValueError, "y_val was not"),
    ("tab_clf", "fit", {"y_val": y}, ValueError, "X_val was not"),
    (
        "tab_clf",
        "fit",
        {"X_val": FRAME[["a"]], "y_val": y},
        ValueError,
        "X_val: .*yet now missing:\n- b",
    ),
    (
        "tab_clf",
        "fit",
        {"X_val": FRAME, "y_val": 2 * y},
        ValueError,
        r"y_val has classes that y has not: \[2\]",
    ),
    ("clf", "partial_fit", {"classes": 3}, TypeError, "^classes .* got 3"),
    ("clf", "partial_fit", {"classes": []}, ValueError, "Pass all of them"),
    ("clf", "partial_fit", {"classes": "ab"}, TypeError, "^classes .*'ab'"),
    (
        "clf",
        "partial_fit",
        {"classes": [0, np.nan]},
        ValueError,
        "classes: Input contains NaN",
    ),
    (
        "clf",
        "partial_fit",
        {"classes": [0.5, 1.5]},
        ValueError,
        "classes: Unknown label type",
    ),
    *[
        (name, method, {}, NotFittedError, "not fitted yet. Call 'fit'")
        for name, est in SUBJECTS.items()
        for method in METHODS
        if hasattr(type(est), method) and "fit" not in method
    ],
    *[
        (
            f"fitted {name}",
            "score",
            {"sample_weight": weight},
            ValueError,
            f"{message}.*sample_weight",
        )
        for name in ("clf", "reg", "tab_clf", "tab_reg")
        for weight, message in (
            (0.0, "at least one non-zero"),
            (np.full(20, 1e308), "sum of"),
            (y[:5], ""),
        )
    ],
    # Labels that no int64 holds: scikit-learn casts them to see whether they are ints.
    *[
        (f"fitted {name}", "score", {"y": y + 1e26}, ValueError, "can't handle a mix")
        for name in ("clf", "tab_clf")
    ],
    ("fitted clf", "predict", {"X": X[0]}, ValueError, "Reshape your data"),
    ("fitted clf", "predict", {"X": X[:0]}, ValueError, "0 sample"),
    ("fitted clf", "predict", {"X": X[:, :, None]}, ValueError, "dim 3"),
    ("fitted clf", "predict", {"X": X * np.nan}, ValueError, "X contains NaN"),
    ("fitted clf", "predict", {"X": X * np.inf}, ValueError, "X contains infinity"),
    ("fitted clf", "predict", {"X": COMPLEX}, ValueError, "Complex data"),
    (
        "fitted clf",
        "predict",
        {"X": "abc"},
        ValueError,
        "^X must be a 2D array .* type str",
    ),
    ("fitted clf", "predict", {"X": DATES}, ValueError, "X holds dates"),
    ("fitted reg", "predict", {"X": DATED}, ValueError, r"X holds dates.*'b'"),
    ("fitted reg", "predict", {"X": RAGGED}, ValueError, "inhomogeneous"),
    (
        "fitted reg",
        "predict",
        {"X": {"a": 1}},
        TypeError,
        "^X must be a 2D array .* type dict",
    ),
    ("fitted reg", "predict", {"X": SPARSE[:, :2]}, ValueError, "expecting 3"),
    ("fitted reg", "score", {"y": y[:3]}, ValueError, "inconsistent numbers"),
    ("fitted clf", "predict_proba", {"X": X[:, :1]}, ValueError, "expecting 3"),
    (
        "fitted clf",
        "hidden_activations",
        {"layer": 1},
        ValueError,
        r"layer=1: .*1 hidden layers.* in the range \[-1, 1\)",
    ),
    ("fitted reg", "hidden_activations", {"X": X[:, :1]}, ValueError, "expecting 3"),
    (
        "fitted reg",
        "hidden_activations",
        {"layer": "a"},
        ValueError,
        "layer='a': .*int",
    ),
    ("fitted tab_clf", "predict", {"X": FRAME[["a", "b"]]}, ValueError, "- c"),
    ("fitted tab_clf", "predict", {"X": DATED}, ValueError, r"dates.*'b'"),
    ("fitted tab_clf", "predict", {"X": FRAME["a"]}, ValueError, "2.dimension|2D"),
    ("fitted tab_clf", "predict", {"X": None}, ValueError, "Expected 2D array"),
    ("fitted tab_clf", "predict", {"X": SPARSE}, TypeError, "Sparse.*X.*toarray"),
    ("fitted tab_reg", "predict", {"X": FRAME * np.inf}, ValueError, "infinity"),
    (
        "fitted tab_reg",
        "predict",
        {"X": FRAME.assign(a="x")},
        ValueError,
        "column 'a' .* was to hold numbers.*'x'.*fit again",
    ),
    (
        "fitted tab_reg",
        "predict",
        {"X": FRAME.rename(columns={"a": "z"})},
        ValueError,
        "unseen at fit time:\n- z",
    ),
    (
        "fitted tab_reg",
        "prediction_interval",
        {"X": FRAME[["a"]]},
        ValueError,
        "yet now missing:\n- b",
    ),
    ("fitted pre", "transform", {"X": FRAME[["a"]]}, ValueError, "- b\n- c"),
    ("fitted pre", "transform", {"X": DATED}, ValueError, r"dates.*'b'"),
    *[
        (
            "fitted tab_reg",
            "prediction_interval",
            {"coverage": coverage},
            ValueError,
            rf"coverage={re.escape(repr(coverage))} must be a float in the range",
        )
        for coverage in (0, 1, -0.5, None, "a", np.nan, [0.5], True)
    ],
    *[
        (
            "fitted pre",
            "get_feature_names_out",
            {"input_features": names},
            ValueError,
            r"input_features is not equal .*got .*seen \['a', 'b', 'c'\]. Pass these",
        )
        for names in (["a"], ["a", "b", "d"], 3)
    ],
    # weights assigned
    ("clf", "assign", {"coefs_": [X]}, AttributeError, "'coefs_' before fit"),
    *[
        ("fitted clf", "assign", {"coefs_": value}, ValueError, message)
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
        "assign",
        {"coefs_": [sp.csr_array((3, 5)), np.zeros((5, 1))]},
        TypeError,
        "coefs_.*Use '.toarray",
    ),
    ("fitted reg", "assign", {"intercepts_": [np.zeros(5)]}, ValueError, "2 arr"),
    # parameters by their names
    ("clf", "set_params", {"units": 3}, ValueError, "'units'.*Valid parameters"),
    ("tab_reg", "set_params", {"solvers": 3}, ValueError, "'solvers'.*Valid par"),
    ("pre", "set_params", {"onehot": 3}, ValueError, "'onehot'.*Valid parameters"),
    # export
    *[
        ("clf", method, {}, NotFittedError, "not fitted yet. Call 'fit'")
        for method in ("to_onnx", "to_sklearn", "onnx_inputs")
    ],
    *[
        ("fitted clf", method, {"estimator": estimator}, TypeError, message)
        for method in ("to_onnx", "to_sklearn", "onnx_inputs")
        for estimator, message in (
            (NumpyMLPClassifier, "is a class. Pass an object of it"),
            (3, "int is not an estimator of this package.*[Pp]ass"),
            (None, "NoneType is not an estimator of this package.*[Pp]ass"),
        )
    ],
    ("fitted tab_reg", "to_sklearn", {}, TypeError, "no counterpart.*or use to_onnx"),
    *[
        (
            name,
            method,
            {"dtype": dtype},
            ValueError,
            f"dtype={dtype!r} must be 'float32', 'float64' or None",
        )
        for name in ("fitted clf", "fitted tab_reg")
        for method in ("to_onnx", "onnx_inputs")
        for dtype in ("float16", np.float32, 3)
    ],
    ("fitted clf", "onnx_inputs", {"X": X[:, :2]}, ValueError, "expecting 3"),
    ("fitted tab_clf", "onnx_inputs", {"X": FRAME[["a"]]}, ValueError, "missing:\n- b"),
    # plotting
    ("clf", "LossCurveDisplay.from_estimator", {}, NotFittedError, "not fitted yet"),
    (
        "fitted tab_reg",
        "WeightsDisplay.from_estimator",
        {},
        TypeError,
        "Use NumpyMLPClassif",
    ),
    (
        "fitted reg",
        "WeightsDisplay.from_estimator",
        {"image_shape": None},
        ValueError,
        "no square.*Pass image_s",
    ),
    *[
        ("fitted reg", "WeightsDisplay.from_estimator", wrong, ValueError, message)
        for wrong, message in (
            ({"image_shape": 3}, r"image_shape=3 must be \(height, width\)"),
            ({"image_shape": (2, 2)}, r"image_shape=\(2, 2\) must be .* 3"),
            ({"image_shape": (1.5, 2)}, r"image_shape=\(1.5, 2\) must be"),
            ({"image_shape": (-1, -3)}, r"image_shape=\(-1, -3\) must be"),
            ({"n_units": "a"}, "n_units='a' must be an int"),
            ({"n_cols": 1.5}, "n_cols=1.5 must be an int of at least 1, or None"),
            ({"ax": 3}, "ax must be a matplotlib Axes, an array.*got 3"),
        )
    ],
    *[
        (
            "fitted tab_reg",
            "PredictionIntervalDisplay.from_estimator",
            wrong,
            ValueError,
            message,
        )
        for wrong, message in (
            ({"X": FRAME[["a"]]}, "yet now missing:\n- b"),
            ({"y": y[:3]}, "inconsistent numbers of samples"),
            ({"kind": "x"}, r"kind='x' must be one of \('bars', 'band'\)"),
            ({"feature": 7}, r"feature=7 must be a column.*\[-3, 3\)"),
        )
    ],
]


def test_every_argument_has_a_bad_value_in_the_table():
    found = {
        (name.split()[-1], method, argument)
        for name, method, wrong, _, _ in CALLS
        for argument, value in wrong.items()
        if not any(value is good for good in (X, y, FRAME))
    }
    for name, est in SUBJECTS.items():
        for method in METHODS:
            if not hasattr(type(est), method):
                continue
            for argument in _parameters(getattr(type(est), method)):
                if (name, argument) != ("pre", "y"):
                    assert (name, method, argument) in found
    for method, function in FUNCTIONS.items():
        for argument in _parameters(function):
            assert any(row[1:] == (method, argument) for row in found), argument
    assert len(CALLS) > 120


@pytest.mark.parametrize(
    ("name", "method", "wrong", "error", "message"),
    [
        pytest.param(*row, id=f"{i}-{row[0]}-{row[1]}-{','.join(row[2])}")
        for i, row in enumerate(CALLS)
    ],
)
def test_bad_calls(name, method, wrong, error, message):
    """The exception is the right one, says why, and leaves all as it was."""
    est = _subject(name)
    before = vars(est).copy()
    values = joblib.hash(before)
    with pytest.raises(error, match=f"(?s){message}"):
        _call(name, method, est, wrong)
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


@tabular_estimators
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"categorical_features": ["q"]}, r"no columns \['q'\]. Pass"),
        ({"categorical_features": [-1]}, r"\[-1\]: indices.*\[0, 3\). Pass"),
        ({"categorical_features": [True]}, r"\[True\]: a mask.* 3 items. Pass"),
        ({"ensemble": "kfold", "n_members": 1}, "n_members=1. Use ensemble=None"),
        (
            {"hidden_layer_sizes": (4,), "dropout": [0.1, 0.1, 0.1]},
            "dropout=.*3 items.*needs 2",
        ),
        (
            {"callbacks": [Checkpoint("run.npz", resume=True)]},
            "random_state=None stopped.*Set random_state to an int",
        ),
    ],
)
def test_parameters_of_tables_that_do_not_go_together(Estimator, params, message):
    est = Estimator(**params)
    with pytest.raises(ValueError, match=message):
        est.fit(FRAME, y)
    assert vars(est) == vars(Estimator(**params))


@pytest.mark.parametrize("n_digits", [400, 5000])
def test_ints_beyond_every_float(n_digits):
    """Python writes down no int of more than 4300 digits."""
    number = 10**n_digits
    for call, message in (
        (lambda: NumpyMLPClassifier(alpha=number).fit(X, y), "'alpha' .*range"),
        (lambda: SGD(momentum=number), "momentum must be a number in the range"),
        (
            lambda: NumpyMLPClassifier(class_weight={0: number, 1: 1}).fit(X, y),
            "^class_weight=.*each weight must be a finite number of at least 0, got",
        ),
    ):
        with pytest.raises(ValueError, match=message) as info:
            call()
        assert ("too long to be shown" in str(info.value)) == (n_digits > 4300)


def test_long_values_are_cut():
    for call in (
        lambda: NumpyMLPClassifier([1] * 10_000 + [0]).fit(X, y),
        lambda: NumpyMLPClassifier(activation=["relu"] * 10_000).fit(X, y),
        lambda: Quantile([0.5] * 10_000),
    ):
        with pytest.raises(ValueError, match=r"1, 1|'relu', 'relu'|0.5, 0.5") as info:
            call()
        assert len(str(info.value)) < 1000


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
            for name in _parameters(cls):
                assert (cls, name) in tested


@pytest.mark.parametrize(("cls", "name", "value", "message"), CONSTRUCTORS)
def test_constructors(cls, name, value, message):
    """The message names the class, the argument and its value, and what is allowed."""
    given = f"{cls.__name__}({name}={value!r})"
    others = {"path": "run.npz"} if cls is Checkpoint else {}
    with pytest.raises(ValueError, match=f"^{re.escape(given)}: .*{message}"):
        cls(**others | {name: value})


@unconverged
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


# --------------------------------------------------------------- dates in disguise

DAYS = np.array(["2026-01-01", "2026-01-02", "2026-01-04"], dtype="M8[D]")
HOURS = np.array([1, 2, 5], dtype="m8[h]")
ROWS, NUMBERS = np.arange(3.0)[:, np.newaxis], np.arange(3.0)

DISGUISED = {
    "rows in a list": ([[day] for day in DAYS], NUMBERS, None),
    "an array of objects": (
        np.array([[day] for day in DAYS], dtype=object),
        NUMBERS,
        None,
    ),
    "categories": (pd.DataFrame({"day": pd.Categorical(DAYS)}), NUMBERS, None),
    "targets in a list": (ROWS, list(DAYS), None),
    "targets of categories": (ROWS, pd.Series(pd.Categorical(DAYS)), None),
    "targets in a series of objects": (ROWS, pd.Series(list(DAYS), dtype=object), None),
    "weights in a list": (ROWS, NUMBERS, list(HOURS)),
}


@pytest.mark.parametrize("case", DISGUISED)
def test_dates_are_found_in_any_disguise(case):
    X, y, sample_weight = DISGUISED[case]
    with pytest.raises((ValueError, TypeError), match=r"dates or times|Timestamp"):
        NumpyMLPRegressor().fit(X, y, sample_weight)


@pytest.mark.parametrize(
    "missing", [np.datetime64("NaT", "D"), np.timedelta64("NaT", "h")]
)
def test_no_time_is_no_class(missing):
    labels = (DAYS if missing.dtype.kind == "M" else HOURS).copy()
    labels[1] = missing
    with pytest.raises(ValueError, match="Input y contains NaN or other missing"):
        NumpyMLPClassifier().fit(ROWS, labels)


@pytest.mark.parametrize("factor", [1e-200, 1e155, 1e200, 1e300])
@pytest.mark.parametrize("loss", ["squared_error", Quantile([0.1, 0.9])])
def test_scores_do_not_depend_on_the_unit_of_the_target(factor, loss):
    """And no NumPy warning that squares overflow: warnings are errors here."""
    y, y_pred = (
        np.array([1.0, 2.0, 4.0]),
        np.array([[1.5, 2.5, 3.0], [2.0, 3.0, 4.0]]).T,
    )
    y_pred = y_pred if isinstance(loss, Quantile) else y_pred[:, 0]
    loss = loss if isinstance(loss, Quantile) else SquaredError()
    expected = regression_score(loss, y, y_pred, None)
    found = regression_score(loss, factor * y, factor * y_pred, None)
    if factor > 1:  # tiny squares vanish in scikit-learn's
        assert found == pytest.approx(expected, rel=1e-12)
    assert not np.isnan(found)
