"""The networks of an estimator are found in wrappers and in ensembles."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp._tabular.networks import find_network, networks_of, unwrap
from tests.conftest import unconverged

pytestmark = unconverged

X = np.random.default_rng(0).normal(size=(30, 2))
y = X[:, 0]


def _regressor():
    return NumpyMLPRegressor(hidden_layer_sizes=2, max_iter=1, random_state=0)


def test_wrappers_are_opened_from_the_outside_in():
    pipeline = make_pipeline(StandardScaler(), _regressor())
    search = GridSearchCV(pipeline, {"numpymlpregressor__alpha": [0.1]}, cv=2)
    outer = Pipeline([("search", search)]).fit(X, y)
    chain = unwrap(outer)
    assert chain[0] is outer
    assert chain[1] is outer[-1]
    assert chain[2] is outer[-1].best_estimator_
    assert chain[3] is outer[-1].best_estimator_[-1]
    assert len(chain) == 4
    assert find_network(outer, "caller") is chain[-1]


def test_the_regressor_of_a_transformed_target_is_found():
    outer = TransformedTargetRegressor(_regressor()).fit(X, y)
    assert find_network(outer, "caller") is outer.regressor_


def test_a_plain_estimator_is_its_own_network():
    reg = _regressor().fit(X, y)
    assert unwrap(reg) == [reg]
    assert find_network(reg, "caller") is reg
    assert networks_of(reg) == [reg]


def test_members_are_the_networks_of_a_tabular_estimator():
    reg = TabularMLPRegressor(2, max_iter=1, n_members=2, random_state=0).fit(X, y)
    assert find_network(make_pipeline(reg), "caller") is reg
    assert networks_of(reg) == reg.estimators_
    assert networks_of(reg) is not reg.estimators_
    member = reg.estimators_[0]
    assert find_network(member, "caller") is member
    assert networks_of(member) == [member]


@pytest.mark.parametrize(
    "estimator",
    [
        _regressor(),
        TabularMLPRegressor(),
        make_pipeline(StandardScaler(), _regressor()),
        GridSearchCV(_regressor(), {"alpha": [0.1]}),
        TransformedTargetRegressor(_regressor()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_that_are_not_fitted(estimator):
    with pytest.raises(NotFittedError):
        find_network(estimator, "caller")


def _without_refit():
    return GridSearchCV(_regressor(), {"alpha": [0.1]}, refit=False, cv=2).fit(X, y)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearRegression().fit(X, y),
        lambda: make_pipeline(StandardScaler(), LinearRegression()),
        _without_refit,
        lambda: 42,
    ],
    ids=["model", "pipeline", "search", "number"],
)
def test_estimators_without_a_network(make):
    estimator = make()
    assert unwrap(estimator)[0] is estimator
    with pytest.raises(TypeError, match=r"^caller needs a fitted estimator of sknumpy"):
        find_network(estimator, "caller")
