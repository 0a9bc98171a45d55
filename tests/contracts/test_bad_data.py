"""Data, targets and weights that cannot be used, and what the message names."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.scores import regression_score
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    Huber,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
)
from tests.conftest import plain_estimators, unconverged
from tests.contracts.small_data import X, with_value, y

BAD_DATA = [
    (with_value(X, (0, 0), np.nan), y, "Input X contains NaN"),
    (with_value(X, (0, 0), np.inf), y, "Input X contains infinity"),
    (X.astype(complex), y, "Complex data not supported"),
    (X[0], y, "Expected 2D array, got 1D array"),
    (X[:, :, None], y, "Found array with dim 3"),
    (X[:0], y[:0], "0 sample"),
    (X[:, :0], y, "0 feature"),
    (np.full((20, 3), "a"), y, "could not convert string to float"),
    (X, y[:5], "inconsistent numbers of samples"),
    (X, None, "requires y to be passed"),
    (X, with_value(y, 0, np.nan), "Input y contains NaN"),
    (sp.csr_array(with_value(X, (0, 0), np.nan)), y, "Input X contains NaN"),
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
        (with_value(np.ones(20), 3, -1.0), ValueError, "Negative values.*-1.0"),
        (with_value(np.ones(20), 3, np.nan), ValueError, "sample_weight contains NaN"),
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
            {"X_val": with_value(X, (0, 0), np.nan), "y_val": y},
            "X_val: Input X contains NaN",
        ),
        ({"X_val": X, "y_val": with_value(y, 0, np.nan)}, "Input y_val contains NaN"),
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
