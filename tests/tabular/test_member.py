"""The single networks of an ensemble."""

from sklearn.base import clone
from sklearn.datasets import load_diabetes

from tests.tabular.conftest import regressor


def test_a_member_can_be_cloned_and_looked_into():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=2).fit(X, y)
    member = reg.estimators_[0]
    table = reg.preprocessor_.transform(X)
    # What the units are, not what their activation, a layer of its own, is given.
    assert -1.0 < member.hidden_activations(table, layer=0).min() < 0.0
    assert clone(member).fit(table, y).n_iter_ > 0
