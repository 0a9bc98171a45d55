"""With skrub, the extra ``skrub``, in an environment that has it."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sknumpy_mlp import (
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from tests.conftest import tabular_estimators, unconverged

skrub = pytest.importorskip("skrub")
pd = pytest.importorskip("pandas")

# `tabular_pipeline` is the newer name of `tabular_learner`.
tabular_pipeline = getattr(skrub, "tabular_pipeline", None) or skrub.tabular_learner

pytestmark = unconverged

SHORT = {"hidden_layer_sizes": (8,), "max_iter": 60, "n_members": 2, "random_state": 0}


def _orders(n_rows=200):
    """Raw orders, as they come from a file: with dates as strings."""
    rng = np.random.default_rng(0)
    days = pd.to_timedelta(rng.integers(0, 300, n_rows), "D")
    X = pd.DataFrame(
        {
            "when": (pd.Timestamp("2024-01-01") + days).strftime("%Y-%m-%d"),
            "amount": rng.lognormal(3, 1, n_rows).round(2),
            "town": rng.choice(["Ulm", "Bonn", None], n_rows),
            "code": [f"item {i}" for i in rng.integers(0, 60, n_rows)],
        }
    )
    return X, X["amount"].to_numpy() + 10.0 * (X["town"] == "Ulm")


@tabular_estimators
def test_a_pipeline_of_skrub_with_a_tabular_estimator(Estimator):
    X, y = _orders()
    if Estimator is TabularMLPClassifier:
        y = np.where(y > np.median(y), "dear", "cheap")
    model = tabular_pipeline(Estimator(**SHORT)).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.1
    new = X[:3].assign(when="2026-01-01")
    assert len(model.predict(new)) == 3


def test_a_pipeline_of_skrub_with_a_plain_estimator():
    X, y = _orders()
    model = tabular_pipeline(NumpyMLPRegressor(max_iter=30, random_state=0)).fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_a_vectorizer_that_leaves_dates_and_categories_to_the_estimator():
    """It parses dates, and the estimator encodes them."""
    X, y = _orders()
    vectorizer = skrub.TableVectorizer(
        low_cardinality="passthrough",
        high_cardinality="passthrough",
        datetime="passthrough",
    )
    model = make_pipeline(vectorizer, TabularMLPRegressor(**SHORT)).fit(X, y)
    preprocessor = model[-1].preprocessor_
    assert list(preprocessor.date_encodings_) == [0]
    assert preprocessor.is_categorical_.tolist() == [False, False, True, True]
    assert model.predict(X[:5]).shape == (5,)


def test_a_cleaner_before_a_tabular_estimator():
    X, y = _orders()
    cleaner = getattr(skrub, "Cleaner", None)
    if cleaner is None:
        pytest.skip("this version of skrub has no Cleaner")
    model = make_pipeline(cleaner(), TabularMLPRegressor(**SHORT)).fit(X, y)
    assert "when_days" in model[-1].preprocessor_.get_feature_names_out()
