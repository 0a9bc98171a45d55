"""Class labels and strings keep their type, or are refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale

from sknumpy_mlp import NumpyMLPClassifier, TabularPreprocessor
from sknumpy_mlp.export import onnx_inputs, to_onnx
from tests.conftest import unconverged
from tests.export.conftest import run_onnx

pytest.importorskip("onnxruntime")

pytestmark = unconverged


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["a", "b", "ä"], dtype=object),
        np.array([False, True]),
        np.array([-1, 7]),
        np.array([3, 1, 2], dtype=np.uint8),
        np.array([0.0, 1.0]),
    ],
    ids=str,
)
def test_labels_keep_their_type(labels):
    X, codes = load_wine(return_X_y=True)
    y = labels[codes % len(labels)]
    clf = NumpyMLPClassifier((5,), max_iter=20, random_state=0).fit(scale(X), y)
    outputs = run_onnx(to_onnx(clf), onnx_inputs(clf, scale(X)))
    assert outputs["label"].tolist() == clf.predict(scale(X)).tolist()
    assert set(map(type, outputs["label"].tolist())) == {type(labels.tolist()[0])}


def test_strings_that_are_no_unicode_are_refused_by_name():
    lone = "a\ud800"
    frame = pd.DataFrame({"kind": pd.Series([lone, "b"] * 10, dtype=object)})
    with pytest.raises(
        ValueError, match=r"'kind' has the category 'a\\ud800'.*errors="
    ):
        to_onnx(TabularPreprocessor().fit(frame))
    named = pd.DataFrame({"x": list("ab") * 10, "y": range(20)})
    named.columns = pd.Index(["x", lone], dtype=object)
    with pytest.raises(ValueError, match=r"the name 'a\\ud800'.*errors="):
        to_onnx(TabularPreprocessor().fit(named))
    X, y = np.eye(4), np.array([lone, "b"] * 2, dtype=object)
    clf = NumpyMLPClassifier((2,), max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match=r"the class label 'a\\ud800'.*errors="):
        to_onnx(clf)
    # Among values to predict it is unknown, as any other string.
    known = pd.DataFrame({"kind": ["a", "b", "c"]})
    preprocessor = TabularPreprocessor().fit(known)
    outputs = run_onnx(to_onnx(preprocessor), onnx_inputs(preprocessor, frame))
    np.testing.assert_allclose(
        outputs["transformed"], preprocessor.transform(frame), atol=1e-6
    )
