"""Estimators that are not exported are refused by name."""

import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier, TabularMLPClassifier
from sknumpy_mlp.export import to_onnx, to_sklearn
from tests.conftest import unconverged

pytest.importorskip("onnxruntime")

pytestmark = unconverged


@pytest.mark.parametrize("function", [to_onnx, to_sklearn])
def test_other_estimators_are_refused(function):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="RandomForestClassifier"):
        function(RandomForestClassifier(n_estimators=2).fit(X, y))
    pipeline = make_pipeline(StandardScaler(), NumpyMLPClassifier(max_iter=2))
    with pytest.raises(TypeError, match=r"Pipeline.*pipeline"):
        function(pipeline.fit(X, y))
    with pytest.raises(NotFittedError):
        function(NumpyMLPClassifier())


class _OwnClassifier(NumpyMLPClassifier):
    pass


def test_classes_subclasses_and_members_are_refused():
    X, y = load_iris(return_X_y=True)
    for function in (to_onnx, to_sklearn):
        with pytest.raises(TypeError, match="NumpyMLPClassifier is a class"):
            function(NumpyMLPClassifier)
        with pytest.raises(
            TypeError, match=r"of your own.*of the class that it derives"
        ):
            function(_OwnClassifier(max_iter=2).fit(X, y))
        tabular = TabularMLPClassifier((2,), max_iter=1, n_members=2).fit(X, y)
        with pytest.raises(TypeError, match="one of the networks of a tabular"):
            function(tabular.estimators_[0])
