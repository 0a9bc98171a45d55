"""What notebooks show of estimators: parameters, attributes, links to documentation."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp._utils.links import DOCUMENTATION
from tests.conftest import ESTIMATORS, unconverged

pytestmark = unconverged


X = np.arange(40.0).reshape(20, 2)
y = np.arange(20) % 2


def _fit(Estimator):
    params = {"hidden_layer_sizes": 3, "max_iter": 2}
    est = Estimator() if Estimator is TabularPreprocessor else Estimator(**params)
    return est.fit(X, y)


def _html(estimator):
    """HTML as a notebook gets it, and the pages of this package that it links to."""
    html = estimator._repr_mimebundle_()["text/html"]
    links = re.findall(r'href="([^"#]*)', html)
    return html, {link for link in links if "scikit-learn.org" not in link} - {""}


def _page(name):
    return f"{DOCUMENTATION}generated/sknumpy_mlp.{name}.html"


def test_the_project_s_addresses_agree():
    toml = Path(__file__).parents[2] / "pyproject.toml"
    urls = tomllib.loads(toml.read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Documentation"] == DOCUMENTATION
    assert DOCUMENTATION.endswith("/")
    assert urls["Homepage"] == urls["Repository"]
    for name in ("Changelog", "Issues"):
        assert urls[name].startswith(urls["Repository"] + "/")


@pytest.mark.parametrize("Estimator", [*ESTIMATORS, TabularPreprocessor])
@pytest.mark.parametrize("is_fitted", [False, True])
def test_estimators_link_to_their_page(Estimator, is_fitted):
    html, links = _html(_fit(Estimator) if is_fitted else Estimator())
    assert links == {_page(Estimator.__name__)}
    # It is the page of a name that can be imported.
    assert getattr(sknumpy_mlp, Estimator.__name__) is Estimator
    assert ("<span>Fitted</span>" in html) == is_fitted
    assert ("<span>Not fitted</span>" in html) != is_fitted


@pytest.mark.parametrize(
    ("Estimator", "Page"),
    [
        (TabularMLPClassifier, NumpyMLPClassifier),
        (TabularMLPRegressor, NumpyMLPRegressor),
    ],
)
def test_members_link_to_what_they_are(Estimator, Page):
    _, links = _html(_fit(Estimator).estimators_[0])
    assert links == {_page(Page.__name__)}


def test_a_class_of_a_user_links_to_nothing():
    class Mine(NumpyMLPClassifier):
        pass

    assert _html(Mine())[1] == set()


def test_pipelines_and_searches():
    pipeline = make_pipeline(StandardScaler(), _fit(NumpyMLPClassifier))
    grid = {"numpymlpclassifier__alpha": [0.1]}
    search = GridSearchCV(pipeline, grid, cv=2)
    for estimator in (pipeline, search, search.fit(X, y)):
        assert _html(estimator)[1] == {_page("NumpyMLPClassifier")}
        assert "NumpyMLPClassifier(hidden_layer_sizes=3" in repr(estimator)


def test_weights_are_not_written_out():
    reg = NumpyMLPRegressor(hidden_layer_sizes=(1000, 1000), max_iter=1)
    unfitted, _ = _html(reg)
    fitted, _ = _html(reg.fit(X, y))
    # The names of the attributes with their documentation, and a line for each.
    assert len(fitted) - len(unfitted) < 30_000


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="scikit-learn shows fitted attributes from 1.9 on",
)
@pytest.mark.parametrize("Estimator", [*ESTIMATORS, TabularPreprocessor])
def test_all_that_is_shown_is_explained(Estimator):
    est = _fit(Estimator)
    html, _ = _html(est)
    fitted = {name for name in dir(est) if re.fullmatch(r"[a-z]\w*_", name)}
    names = set(est.get_params(deep=False)) | fitted
    explained = set(re.findall(r"anchor-name: --doc-link-(\w+);", html))
    assert explained == names
