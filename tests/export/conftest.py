"""Data and comparisons that the tests of exported models share."""

import numpy as np
import pytest

from sknumpy_mlp.export import onnx_inputs, to_onnx

TOLERANCE = 1e-5  # of predictions, relative to the largest of them


def run_onnx(model, inputs):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def assert_agrees(estimator, X, tolerance=TOLERANCE, dtype=None):
    """The ONNX model of a fitted estimator returns what its methods return."""
    inputs = onnx_inputs(estimator, X, dtype=dtype)
    outputs = run_onnx(to_onnx(estimator, dtype=dtype), inputs)
    if hasattr(estimator, "classes_"):
        assert outputs.keys() == {"label", "probabilities"}
        np.testing.assert_allclose(
            outputs["probabilities"], estimator.predict_proba(X), rtol=0, atol=tolerance
        )
        labels = estimator.predict(X)
        sure = _is_sure(estimator.predict_proba(X), labels, 2 * tolerance)
        assert sure.mean() > 0.9
        assert outputs["label"][sure].tolist() == labels[sure].tolist()
    else:
        predicted = estimator.predict(X)
        assert outputs["prediction"].shape == predicted.shape
        np.testing.assert_allclose(
            outputs["prediction"],
            predicted,
            rtol=0,
            atol=tolerance * np.abs(predicted).max(),
        )


def _is_sure(probabilities, labels, margin):
    """Whether a decision is not so close that rounding makes it."""
    if labels.ndim == 2:
        return (np.abs(probabilities - 0.5) > margin).all(axis=1)
    if probabilities.shape[1] == 1:
        return np.ones(len(labels), dtype=bool)
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    return first - second > margin


def mixed_table(n_rows=300, seed=0):
    """A frame with every kind of column."""
    # Not above: the environment of the converters has no pandas.
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.lognormal(4, 0.4, n_rows),
            "year": rng.integers(1900, 2020, n_rows),
            "huge": rng.normal(size=n_rows) * 1e30 + 5e30,
            "constant": 3.0,
            "town": rng.choice(["Ulm", "Bonn", None], n_rows),
            "kind": rng.choice(list("abcdefghijklmnop"), n_rows),
            "sole": "always",
            "empty": rng.choice(["", "?", "x"], n_rows),
            "flag": rng.random(n_rows) < 0.3,
            "label": pd.Categorical(rng.integers(0, 4, n_rows)),
            "zip": pd.Categorical(rng.integers(10_000, 10_030, n_rows)),
            "half": pd.Categorical(rng.choice([0.5, 1.5, 2.5], n_rows)),
        }
    )
    frame.loc[::10, "size"] = np.nan
    frame.loc[::7, "kind"] = None
    frame["never"] = np.nan
    y = frame["size"].fillna(40) * (1 + (frame["town"] == "Bonn"))
    return frame, y.to_numpy()


def with_unseen_values(frame):
    """The table with categories and gaps that it does not have."""
    changed = frame.copy()
    changed.loc[:5, "town"] = "Paris"
    changed.loc[6:9, "kind"] = None
    changed["zip"] = changed["zip"].astype(int).where(changed.index > 20, 7)
    changed.loc[10:20, "year"] = 1e9
    changed.loc[30:40, "constant"] = -1.0
    return changed
