"""Parameters: what is allowed, what messages say, what they suggest."""

import array
import inspect
import pickle
from collections import deque

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline

from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.activations import ReLU, Tanh
from sknumpy_mlp.callbacks import Checkpoint, EarlyStopping, History
from sknumpy_mlp.losses import LogLoss, Loss, Quantile
from sknumpy_mlp.optimizers import SGD, Adam
from sknumpy_mlp.preprocessing import TabularPreprocessor
from sknumpy_mlp.schedules import Cosine
from tests.conftest import (
    ESTIMATORS,
    all_estimators,
    plain_estimators,
    tabular_estimators,
    unconverged,
)
from tests.contracts.small_data import X, y

CLASSES = [*ESTIMATORS, TabularPreprocessor]
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
    ("parametric_activation", "yes"),
    ("hidden_layer_sizes", "automatic"),
    ("max_iter", 10**400),
    ("ensemble", "bag"),
    ("ensemble", True),
    ("cv", 1),
    ("cv", True),
    ("cv", 2.5),
    ("cv", "kfold"),
    ("cv", KFold),
    ("cv", {0: 1}),
    ("n_members", 0),
    ("n_members", 2.0),
    ("preset", "slow"),
    ("preset", None),
    ("max_time", 0),
    ("max_time", "1"),
    ("max_time", np.nan),
    ("n_jobs", 0),
    ("n_jobs", 1.5),
    ("n_jobs", True),
    ("categorical_features", "all"),
    ("categorical_features", 3),
    ("categorical_features", [[0], [1, 2]]),
    ("dates", "ignore"),
    ("dates", None),
    ("dates", True),
]

BAD_REGRESSOR_PARAMETERS = [("loss", "log_loss"), ("loss", LogLoss())]

BAD_PREPROCESSOR_PARAMETERS = [
    ("categorical_features", "all"),
    ("categorical_features", 3.5),
    ("categorical_features", [[0]]),
    ("dates", "encoded"),
    ("dates", False),
    ("max_onehot", -1),
    ("max_onehot", 1.5),
    ("max_onehot", True),
    ("normal_scores", "heavy"),
    ("normal_scores", None),
    ("normal_scores", 1),
    ("number_codes", "auto"),
    ("number_codes", None),
    ("number_codes", 1),
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


FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


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
