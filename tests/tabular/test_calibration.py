"""Temperatures and errors, from rows that a network has not seen."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import log_loss

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.calibration import Calibration
from tests.conftest import central_jacobian
from tests.tabular.conftest import classifier


def test_the_temperature_is_better_than_none():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    y = (X[:, 0] + rng.normal(size=300) > 0).astype(int)
    clf = classifier(max_iter=60, dropout=0.0, scoring="accuracy", loss="log_loss").fit(
        X, y
    )
    assert clf.temperature_ > 1.0
    tempered = log_loss(y, clf.oof_predictions_)
    logits = np.log(clf.oof_predictions_[:, 1] / clf.oof_predictions_[:, 0])
    plain = 1 / (1 + np.exp(-logits.astype(float) * clf.temperature_))
    assert tempered < log_loss(y, plain)


def _temperature(logits, y):
    calibration = Calibration(is_multinomial=False)
    return calibration.fitted(logits, Data(None, y, None, None)).temperature


def test_the_temperature_that_made_the_data_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2.0, size=(20_000, 1))
    y = (rng.random((20_000, 1)) < expit(logits)).astype(float)
    assert _temperature(3.0 * logits, y) == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("logit", [2.0, 3.5, 10.0])
def test_a_few_rows_that_happen_to_be_right_give_no_certainty(smoothing, logit):
    logits = np.array([[logit], [-logit]])
    data = Data(None, np.array([[1.0], [0.0]]), None, None)
    calibration = Calibration(label_smoothing=smoothing, is_multinomial=False)
    fitted = calibration.fitted(logits, data)
    assert fitted.temperature > 0.5
    assert abs(fitted(logits)).max() < max(6.0, 1.1 * logit)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_single_row_is_calibrated(smoothing):
    calibration = Calibration(label_smoothing=smoothing)
    raw = np.array([[3.0, -3.0, 0.0]])
    fitted = calibration.fitted(raw, Data(None, np.array([0]), None, None))
    assert np.isfinite(fitted(raw)).all()
    assert fitted(raw).argmax() == 0


def test_few_evaluations_and_rows_are_enough(monkeypatch):
    """A time limit leaves little time for the calibration."""
    rng = np.random.default_rng(0)
    n_rows = []

    def corrected(self, q, n_classes, original=Calibration._log_corrected):
        n_rows.append(len(q))
        return original(self, q, n_classes)

    monkeypatch.setattr(Calibration, "_log_corrected", corrected)
    logits, y = rng.normal(size=(100_000, 5)), rng.integers(0, 5, 100_000)
    Calibration(label_smoothing=0.1).fitted(logits, Data(None, y, None, None))
    assert len(n_rows) < 150
    assert max(n_rows) <= 40_000


def _smoothed_logits(p, smoothing):
    """Return logits of a network that has learned smoothed labels perfectly."""
    q = (1.0 - smoothing) * p + smoothing / p.shape[1]
    return np.log(q)


@pytest.mark.parametrize("smoothing", [0.05, 0.1, 0.5])
def test_probabilities_are_corrected_for_label_smoothing(smoothing):
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.5, 0.5, 0.5], size=200)
    exact = Calibration(1.0, 1e-9, smoothing)
    several = softmax(exact(_smoothed_logits(p, smoothing)), axis=1)
    np.testing.assert_allclose(several, p, atol=1e-6)
    # The logit of a label is the difference of those of two classes.
    pairs = np.stack([1.0 - p, p], axis=-1).reshape(-1, 2)
    logits = _smoothed_logits(pairs, smoothing)
    labels = replace(exact, is_multinomial=False)(logits[:, 1:] - logits[:, :1])
    np.testing.assert_allclose(expit(labels)[:, 0], pairs[:, 1], atol=1e-6)


def test_the_correction_keeps_the_order_and_is_finite():
    calibration = Calibration(0.7, 1e-3, 0.1, is_multinomial=False)
    raw = np.concatenate([np.linspace(-9.0, 9.0, 1001), [-1e4, 1e4]])[:, np.newaxis]
    calibrated = calibration(raw)
    assert (np.diff(calibrated[:-2], axis=0) > 0.0).all()
    np.testing.assert_allclose(calibrated, -calibration(-raw))
    assert np.isfinite(calibrated).all()
    rows = np.random.default_rng(0).normal(scale=3.0, size=(500, 4))
    several = replace(calibration, is_multinomial=True)(rows)
    np.testing.assert_array_equal(several.argmax(axis=1), rows.argmax(axis=1))
    assert np.isfinite(several).all()


@pytest.mark.parametrize("is_multinomial", [False, True])
@pytest.mark.parametrize("floor", [0.0, 1e-3, 0.1])
def test_derivatives_of_calibrated_logits(floor, is_multinomial):
    rng = np.random.default_rng(0)
    calibration = Calibration(0.7, floor, 0.1, is_multinomial)
    X, weights = rng.normal(size=(30, 4)), rng.normal(size=(4, 3))
    raw = X @ weights
    before = raw.copy()
    jacobian = calibration.jacobian(raw, np.tile(weights.T, (30, 1, 1)))
    expected = central_jacobian(lambda x: calibration(x @ weights), X)
    np.testing.assert_allclose(jacobian, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(raw, before)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_calibration_of_smoothed_networks_is_fitted(n_classes):
    """Noise in the logits makes some of the corrected probabilities negative."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(n_classes, 0.2), size=20_000)
    y = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1)
    logits = _smoothed_logits(p, 0.1) + 0.1 * rng.normal(size=p.shape)
    calibration = Calibration(label_smoothing=0.1)
    if n_classes == 2:
        logits, targets = logits[:, 1:] - logits[:, :1], y[:, np.newaxis] * 1.0
        calibration = replace(calibration, is_multinomial=False)
    else:
        targets = y
    fitted = calibration.fitted(logits, Data(None, targets, None, None))
    assert fitted.temperature == pytest.approx(1.0, abs=0.15)
    assert 1e-5 < fitted.floor < 0.05

    def probabilities(raw):
        return softmax(raw, axis=1) if n_classes > 2 else expit(raw)[:, 0]

    corrected = log_loss(y, probabilities(fitted(logits)))
    temperature = replace(calibration, label_smoothing=0.0).fitted(
        logits, Data(None, targets, None, None)
    )
    assert corrected < 0.99 * log_loss(y, probabilities(temperature(logits)))
    assert corrected < 1.05 * log_loss(y, p if n_classes > 2 else p[:, 1])


def test_labels_are_smoothed_by_default_and_probabilities_corrected():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (X[:, 0] > 0).astype(int)
    clf = classifier(max_iter=60).fit(X, y)
    (loss,) = {member._loss for member in clf.estimators_}
    assert loss.label_smoothing == 0.1
    # Without the correction, all would be between 0.05 and 0.95.
    assert clf.predict_proba(X).max() > 0.98
    assert 0.0 < clf.floor_ < 0.1
    plain = classifier(max_iter=60, loss="log_loss").fit(X, y)
    (loss,) = {member._loss for member in plain.estimators_}
    assert loss.label_smoothing == 0.0
    assert plain.floor_ == 0.0
