"""Bad calls: the exception's type, and what the message names."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError

from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
)
from sknumpy_mlp.activations import ReLU
from sknumpy_mlp.callbacks import EarlyStopping, History
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Huber,
    LogLoss,
    Loss,
    MultinomialLogLoss,
    Quantile,
)
from sknumpy_mlp.optimizers import Adam
from sknumpy_mlp.schedules import Cosine

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
