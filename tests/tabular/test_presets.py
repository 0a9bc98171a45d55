"""Presets of the tabular estimators."""

import numpy as np
import pytest

from sknumpy_mlp._tabular.recipe import parameters_for
from tests.conftest import tabular_estimators


@tabular_estimators
@pytest.mark.parametrize(
    ("preset", "n_members", "epochs"),
    [("fast", 4, 48), ("default", 8, 96)],
)
def test_presets_set_what_is_auto(Estimator, preset, n_members, epochs):
    params = parameters_for(Estimator(preset=preset), 2_000)
    assert (params.n_members, params.max_iter) == (n_members, epochs)
    assert parameters_for(Estimator(preset=preset), 10_000).max_iter == epochs // 2
    given = Estimator(preset=preset, n_members=3, max_iter=7)
    params = parameters_for(given, 2_000)
    assert (params.n_members, params.max_iter) == (3, 7)


@tabular_estimators
def test_a_preset_is_trained(Estimator):
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = Estimator((8,), preset="fast", random_state=0).fit(X, X[:, 0] > 0)
    assert len(model.estimators_) == 4
    assert {member.max_iter for member in model.estimators_} == {48}
