"""The target of a classification: classes learned, encoded, decoded and scored."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_sample_weight

from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp.losses import (
    BinaryLogLoss,
    LogLoss,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
)

TWO = np.array(["no", "yes", "yes", "no"])
THREE = np.array([7, 3, 5, 3])
LABELS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]])
ONE = np.array([4, 4, 4, 4])
PREDICTED = {
    "two": np.array([[0.1], [0.9], [0.6], [0.4]]),
    "three": np.array([[0.1, 0.1, 0.8], [0.6, 0.2, 0.2], [0, 1, 0], [1, 0, 0]]),
    "labels": np.where(LABELS, 0.7, 0.2),
    "one": np.full((4, 1), 0.3),
}
TARGETS = {"two": TWO, "three": THREE, "labels": LABELS, "one": ONE}
kinds = pytest.mark.parametrize("kind", TARGETS)


def fit(y, loss="log_loss", **options):
    return ClassificationTarget.fit(y, loss, **options)


@pytest.mark.parametrize(
    ("kind", "classes", "n_outputs", "loss"),
    [
        ("two", ["no", "yes"], 1, BinaryLogLoss()),
        ("three", [3, 5, 7], 3, MultinomialLogLoss()),
        ("labels", [0, 1, 2], 3, BinaryLogLoss()),
        ("one", [4], 1, BinaryLogLoss()),
    ],
)
def test_classes_and_the_loss_that_suits_them(kind, classes, n_outputs, loss):
    target = fit(TARGETS[kind])
    assert target.classes.tolist() == classes
    assert target.attributes["classes_"] is target.classes
    assert (target.n_targets, target.n_outputs) == (n_outputs, n_outputs)
    assert target.loss == loss
    assert target.is_multilabel == (kind == "labels")
    assert target.is_constant == (kind == "one")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_codes(dtype):
    two = fit(TWO).encode(TWO, dtype, "y")
    np.testing.assert_array_equal(two, [[0], [1], [1], [0]])
    assert two.dtype == dtype
    three = fit(THREE).encode(THREE, dtype, "y")
    np.testing.assert_array_equal(three, [2, 0, 1, 0])
    assert three.dtype.kind == "i"
    for container in (np.asarray, sp.csr_array):
        labels = fit(LABELS).encode(container(LABELS), dtype, "y")
        np.testing.assert_array_equal(labels, LABELS)
        assert labels.dtype == dtype


@kinds
def test_predictions_are_decoded_to_what_was_given(kind):
    target = fit(TARGETS[kind])
    decoded = target.decode(PREDICTED[kind])
    np.testing.assert_array_equal(decoded, TARGETS[kind])
    if kind != "labels":
        assert decoded.dtype == TARGETS[kind].dtype


def test_sparse_labels_are_decoded_to_sparse_labels():
    target = fit(sp.csr_matrix(LABELS))
    decoded = target.decode(PREDICTED["labels"])
    assert sp.issparse(decoded)
    np.testing.assert_array_equal(decoded.toarray(), LABELS)
    assert not sp.issparse(target.for_scorers().decode(PREDICTED["labels"]))


@kinds
def test_probabilities_have_a_column_for_each_class(kind):
    target = fit(TARGETS[kind])
    found = target.probabilities(PREDICTED[kind])
    assert found.shape == (4, len(target.classes))
    if kind != "labels":
        np.testing.assert_allclose(found.sum(axis=1), 1)
        best = target.classes[found.argmax(axis=1)]
        np.testing.assert_array_equal(best, TARGETS[kind])


@kinds
@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 3.0, 4.0])])
def test_the_score_is_the_accuracy(kind, weight):
    y = TARGETS[kind]
    target = fit(y)
    codes = target.encode(y, np.float64, "y")
    predicted = PREDICTED[kind][::-1]
    expected = accuracy_score(y, target.decode(predicted), sample_weight=weight)
    assert target.score(predicted, codes, weight) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["two", "three"])
def test_class_weights(kind):
    y = TARGETS[kind]
    target = fit(y)
    codes = target.encode(y, np.float64, "y")
    weigh = target.class_weights("balanced", codes, None)
    np.testing.assert_allclose(weigh(codes), compute_sample_weight("balanced", y))
    assert target.class_weights(None, codes, None) is None


def test_strata():
    for y in (TWO, THREE, LABELS):
        target = fit(y)
        codes = target.encode(y, np.float64, "y")
        folds = target.stratify_folds(codes)
        holdout = target.stratify_holdout(codes)
        if y is LABELS:
            assert folds is None
        else:
            assert len(np.unique(folds)) == len(target.classes)
            assert folds.shape == (4,)
        # For the same split as scikit-learn's, which stratifies no codes.
        assert (holdout is None) == (y is not TWO)


def test_classes_that_data_lacks():
    target = fit(THREE)
    assert target.absent_labels(np.array([0, 2, 2])) == [5]
    assert target.absent_labels(np.array([0, 1, 2])) == []
    # Labels that are all 0, or all 1.
    assert fit(LABELS).absent_labels(np.array([[1, 0, 0], [1, 1, 0]])) == [0, 2]


def test_two_labels_are_not_two_classes_for_scorers():
    target = fit(LABELS[:, :2]).for_scorers()
    assert [each.tolist() for each in target.classes] == [[0, 1], [0, 1]]
    three = fit(LABELS)
    assert three.for_scorers().classes is three.classes


# ------------------------------------------------------------------- going on training


def test_the_classes_of_a_warm_start_are_the_same():
    first = fit(THREE)
    again = fit(np.array([3, 7, 5]), previous=first)
    assert again.classes.tolist() == [3, 5, 7]
    for y in ([3, 7], [3, 5, 7, 9]):
        with pytest.raises(ValueError, match="warm_start can only be used"):
            fit(np.array(y), previous=first)


def test_classes_are_declared_once():
    first = fit(np.array([3]), incremental=True, classes=[7, 3, 5])
    assert first.classes.tolist() == [3, 5, 7]
    for declared in (None, [3, 5, 7]):
        again = fit(THREE, previous=first, incremental=True, classes=declared)
        assert again.classes.tolist() == [3, 5, 7]
    with pytest.raises(ValueError, match="must be passed on the first call"):
        fit(THREE, incremental=True)
    with pytest.raises(ValueError, match="not the same as on last call"):
        fit(THREE, previous=first, incremental=True, classes=[3, 5])
    with pytest.raises(ValueError, match="has classes not in"):
        fit(np.array([9]), previous=first, incremental=True)


def test_labels_and_classes_do_not_take_turns():
    first = fit(LABELS)
    with pytest.raises(ValueError, match=r"y is class labels, but .* a label matrix"):
        fit(THREE, previous=first)
    with pytest.raises(ValueError, match=r"y is a label matrix, but .* class labels"):
        fit(LABELS, previous=fit(THREE))


# ------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("fitted", "y", "message"),
    [
        (TWO, TWO[:, None], r"must be a vector of class labels.*\(4, 1\)"),
        (TWO, np.array(["no", "maybe"]), "has classes that y has not: .*'maybe'"),
        (LABELS, LABELS[:, :2], "has 2 columns, but there are 3 labels"),
        (LABELS, THREE, "has 1 columns"),
        (LABELS, 2 * LABELS, "values must be 0 or 1"),
    ],
)
def test_validation_targets_that_do_not_fit(fitted, y, message):
    with pytest.raises(ValueError, match=f"y_val .*{message}"):
        fit(fitted).encode(y, np.float64, "y_val")


@pytest.mark.parametrize(
    ("y", "loss", "message"),
    [
        (np.array([[1, 2, 3], [3, 2, 1]]), "log_loss", "several columns with more"),
        (np.array([0.5, 1.5]), "log_loss", "[Uu]nknown label type"),
        (TWO, SquaredError(), "needs a loss whose predictions are probabilities"),
        (THREE, BinaryLogLoss(), "out_activation='softmax'"),
        (LABELS, MultinomialLogLoss(), "out_activation='logistic'"),
        (TWO, Quantile(0.5), "needs a loss whose predictions are probabilities"),
    ],
)
def test_targets_and_losses_that_cannot_be_used(y, loss, message):
    with pytest.raises(ValueError, match=message):
        fit(y, loss)


def test_a_loss_keeps_its_settings():
    for y in (TWO, THREE):
        assert fit(y, LogLoss(label_smoothing=0.1)).loss.label_smoothing == 0.1


@kinds
def test_derivatives_are_those_of_the_probabilities(kind):
    target = fit(TARGETS[kind])
    predicted = PREDICTED[kind]
    slopes = np.random.default_rng(0).normal(size=predicted.shape)
    above, below = (target.probabilities(predicted + d * slopes) for d in (0.01, -0.01))
    jacobian = target.public_jacobian(slopes[:, :, np.newaxis])
    np.testing.assert_allclose(jacobian[:, :, 0], (above - below) / 0.02, atol=1e-12)
