"""The switches of the ablation benchmark: each one leaves out what it names."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

PATH = Path(__file__).parents[2] / "benchmarks" / "_ablation.py"
SPEC = importlib.util.spec_from_file_location("_ablation", PATH)
ablation = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ablation)

X, y = load_diabetes(return_X_y=True)
# With a far value, which is clipped, and categories, which are embedded.
TABLE = pd.DataFrame({"a": X[:, 0], "b": np.where(X[:, 1] > 0, "u", "v")})
TABLE["c"] = np.exp(40 * X[:, 3])
# With clusters, and with codes of twelve groups of targets.
TABLE["d"] = X[:, 4] + 5.0 * (X[:, 5] > 0.03)
GROUP = np.argsort(np.argsort(y, kind="stable")) * 12 // len(y)
TABLE["e"] = np.random.default_rng(0).permutation(12)[GROUP] * 1.0


def _fitted(piece):
    """Return a fitted regressor or, for pieces of the calibration, a classifier."""
    is_classifier = piece in ("temperature", "smoothing correction")
    Estimator = TabularMLPClassifier if is_classifier else TabularMLPRegressor
    est = Estimator(
        (8,), n_members=2, max_iter=4, learning_rate_init=0.2, random_state=0
    )
    # Some targets are so far out that early epochs may be better than the last one.
    est.fit(TABLE, y > 200 if is_classifier else y**3)
    return est


@pytest.mark.parametrize("piece", ablation.PIECES)
def test_a_piece_is_left_out_and_comes_back(piece):
    whole = _fitted(piece)
    with ablation.without(piece):
        reduced = _fitted(piece)
    again = _fitted(piece)

    def outputs(est):
        curves = [member.loss_curve_ for member in est.estimators_]
        method = getattr(est, "predict_proba", est.predict)
        early = [member.early_stopping for member in est.estimators_]
        scales = getattr(est._target, "scale", None)
        bounds = None if scales is None else scales.high.tolist()
        return curves, method(TABLE).tolist(), early, bounds

    assert outputs(again) == outputs(whole)
    assert outputs(reduced) != outputs(whole)
