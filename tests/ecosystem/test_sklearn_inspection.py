"""scikit-learn's inspection on raw tables, with strings and missing values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import (
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

N = 120


@pytest.fixture(scope="module", params=[TabularMLPClassifier, TabularMLPRegressor])
def fitted(request):
    rng = np.random.default_rng(0)
    size, town, kind = rng.normal(size=N), rng.integers(3, size=N), np.arange(N) % 3
    value = 2.0 * size + 3.0 * (town == 1)
    frame = pd.DataFrame(
        {
            "size": np.where(rng.random(N) < 0.1, np.nan, size),
            "town": np.array(["Ulm", "Bonn", "Kiel"])[town],
            # Three, since scikit-learn 1.6 fails with two values for two classes.
            "kind": pd.Categorical(np.array(["a", "b", "c"])[kind]),
            "noise": rng.normal(size=N),
        }
    )
    is_regressor = request.param is TabularMLPRegressor
    y = value if is_regressor else (value > 1.0).astype(int)
    est = request.param((16,), max_iter=30, n_members=2, random_state=0).fit(frame, y)
    return est, frame, y


def _predict(est, frame):
    if isinstance(est, TabularMLPRegressor):
        return est.predict(frame)
    return est.predict_proba(frame)[:, 1]


@pytest.mark.parametrize("column", ["size", "town", "kind"])
def test_partial_dependence(fitted, column):
    est, frame, _ = fitted
    known = frame.dropna()
    result = partial_dependence(
        est,
        known,
        [column],
        categorical_features=["town", "kind"],
        grid_resolution=5,
        kind="average",
    )
    values = result["grid_values"][0]
    expected = []
    for value in values:
        changed = known.copy()
        changed[column] = value
        expected.append(_predict(est, changed.astype(known.dtypes)).mean())
    np.testing.assert_allclose(result["average"][0], expected, rtol=1e-6)
    assert np.ptp(expected) > 0.2 * np.ptp(_predict(est, known)) or column == "kind"


def test_partial_dependence_is_drawn(fitted):
    pytest.importorskip("matplotlib")
    import matplotlib.pyplot as plt

    est, frame, _ = fitted
    display = PartialDependenceDisplay.from_estimator(
        est,
        frame.dropna(),
        ["size", "town", ("size", "noise")],
        categorical_features=["town", "kind"],
        grid_resolution=4,
    )
    assert display.axes_.size == 3
    plt.close(display.figure_)


def test_permutation_importance(fitted):
    est, frame, y = fitted
    result = permutation_importance(est, frame, y, random_state=0)
    size, town, kind, noise = result.importances_mean
    assert min(size, town) > max(abs(kind), abs(noise))
