"""The types that skops must trust to load an estimator."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import TabularPreprocessor
from sknumpy_mlp.activations import Activation
from sknumpy_mlp.export import trusted_types
from tests.conftest import all_estimators, unconverged

pytestmark = unconverged
X, y = load_iris(return_X_y=True)


class Doubled(Activation):
    """A custom activation."""

    def forward(self, z, out):
        np.multiply(z, 2.0, out=out)

    def backward(self, z, a, delta):
        delta *= 2.0


@all_estimators
def test_they_suffice_to_load(Estimator):
    sio = pytest.importorskip("skops.io")
    est = Estimator(hidden_layer_sizes=(4,), max_iter=1, random_state=0).fit(X, y)
    types = trusted_types(est)
    assert types == sorted(types)
    assert all(name.startswith("sknumpy_mlp.") for name in types)
    loaded = sio.loads(sio.dumps(est), trusted=types)
    np.testing.assert_array_equal(loaded.predict(X), est.predict(X))


@all_estimators
def test_estimators_around_it_and_objects_within(Estimator):
    sio = pytest.importorskip("skops.io")
    network = Estimator(
        hidden_layer_sizes=(4,), activation=Doubled(), max_iter=1, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), network)
    search = GridSearchCV(
        pipeline, {f"{Estimator.__name__.lower()}__alpha": [0.0, 0.1]}, cv=2
    )
    for est in (pipeline.fit(X, y), search.fit(X, y)):
        types = trusted_types(est)
        assert f"{__name__}.Doubled" in types
        loaded = sio.loads(sio.dumps(est), trusted=types)
        np.testing.assert_array_equal(loaded.predict(X), est.predict(X))


def test_preprocessor_and_estimators_that_are_not_fitted():
    pytest.importorskip("skops.io")
    assert "sknumpy_mlp" in trusted_types(TabularPreprocessor().fit(X))[0]
    assert trusted_types(StandardScaler()) == []


def test_without_skops_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    with pytest.raises(ImportError, match=r"needs the package skops: run pip install"):
        trusted_types(StandardScaler())
