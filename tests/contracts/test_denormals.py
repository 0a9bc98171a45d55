"""No denormal numbers at the end of a fit that has converged: they make it slow."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from sknumpy_mlp import NumpyMLPClassifier, TabularMLPClassifier
from sknumpy_mlp._training import step
from sknumpy_mlp.losses import BinaryLogLoss, MultinomialLogLoss
from tests.conftest import unconverged

CLASSIFIERS = {
    "plain": NumpyMLPClassifier(
        (64,), max_iter=300, learning_rate_init=0.1, n_iter_no_change=300, tol=0.0
    ),
    # With smoothed labels, gradients do not vanish.
    "tabular": TabularMLPClassifier((64, 64), loss="log_loss", ensemble=None, n_jobs=1),
}
# Number of steps at the end that are looked at.
N_STEPS = 50


def _n_denormal(array):
    tiny = np.finfo(array.dtype).tiny
    return int(((array != 0.0) & (np.abs(array) < tiny)).sum())


@pytest.fixture
def steps(monkeypatch):
    """Return the largest gradient of an output, and the denormal numbers, of steps."""
    deltas, updates = [], []
    for Loss in (BinaryLogLoss, MultinomialLogLoss):

        def loss_gradient(self, y, raw, original=Loss.loss_gradient):
            losses = original(self, y, raw)
            deltas.append((float(np.abs(raw).max()), _n_denormal(raw)))
            return losses

        monkeypatch.setattr(Loss, "loss_gradient", loss_gradient)

    def update(workspace, optimizer, *args, original=step.update):
        n_denormal = _n_denormal(workspace.grad)
        original(workspace, optimizer, *args)
        updates.append(n_denormal + sum(map(_n_denormal, optimizer.moments)))

    monkeypatch.setattr("sknumpy_mlp._training.loop.update", update)
    return deltas, updates


@unconverged
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_converged_fit_has_no_denormal_numbers(name, n_classes, dtype, steps):
    """Neither in gradients of the outputs, nor of parameters, nor in moments."""
    X, y = make_blobs(400, 5, centers=n_classes, cluster_std=0.5, random_state=0)
    CLASSIFIERS[name].set_params(random_state=0).fit(X.astype(dtype), y)
    deltas, updates = steps
    largest, n_denormal = zip(*deltas[-N_STEPS:], strict=True)
    assert np.median(largest) < 1e-3  # it has converged
    assert sum(n_denormal) == 0
    assert sum(updates[-N_STEPS:]) == 0
