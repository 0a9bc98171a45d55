"""Parameters of the tabular estimators, and their checks."""

import inspect

import numpy as np
import pytest

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._estimators.parameters import InvalidParameterError, check_parameters
from sknumpy_mlp._tabular.parameters import (
    MEMBER_PARAMETERS,
    TABULAR_CHECKS,
    check_ensemble,
)
from sknumpy_mlp.callbacks import Checkpoint, History
from tests.conftest import PLAIN, tabular_estimators


@tabular_estimators
def test_every_parameter_is_checked(Estimator):
    assert Estimator._parameter_checks.keys() == Estimator().get_params().keys()


def test_parameters_of_members_are_those_of_plain_estimators():
    for Estimator in PLAIN:
        assert set(MEMBER_PARAMETERS) <= Estimator().get_params().keys()
    for Estimator in (TabularMLPClassifier, TabularMLPRegressor):
        given = inspect.signature(Estimator).parameters
        assert set(MEMBER_PARAMETERS) <= set(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ensemble", "refit"),
        ("ensemble", None),
        ("n_jobs", -1),
        ("n_jobs", np.int64(2)),
        ("max_time", 0.5),
        ("n_members", 1),
        ("n_members", "auto"),
        ("preset", "fast"),
        ("validation_fraction", 0.5),
    ],
)
def test_values_that_pass(name, value):
    reg = TabularMLPRegressor(**{name: value})
    check_parameters(reg, {name: TABULAR_CHECKS[name]})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ensemble", "bagging", "'kfold', 'seeds', 'refit', None"),
        ("n_jobs", 0, "an int other than 0"),
        ("n_jobs", True, "an int other than 0"),
        ("n_jobs", 1.5, "an int other than 0"),
        ("max_time", 0, r"\(0, inf\)"),
        ("n_members", 0, r"\[1, inf\)"),
        ("validation_fraction", 1.0, r"\(0, 1\)"),
        ("preset", "good", "'fast', 'default'"),
        ("preset", None, "'fast', 'default'"),
        ("solver", "lbfgs", "'adam'"),
    ],
)
def test_values_that_do_not(name, value, message):
    reg = TabularMLPRegressor(**{name: value})
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter.*{message}"):
        check_parameters(reg, {name: TABULAR_CHECKS[name]})


def test_folds_need_two_members():
    with pytest.raises(ValueError, match="needs at least two members, got n_members=1"):
        check_ensemble(TabularMLPRegressor(n_members=1))
    for ensemble in ("seeds", "refit", None):
        check_ensemble(TabularMLPRegressor(n_members=1, ensemble=ensemble))


@pytest.mark.parametrize("state", [None, np.random.RandomState(0)], ids=["None", "rng"])
def test_resuming_needs_a_seed(state, tmp_path):
    resumes = Checkpoint(tmp_path / "run.npz", resume=True)
    reg = TabularMLPRegressor(
        callbacks=[History(), resumes], random_state=state, n_members=2
    )
    with pytest.raises(ValueError, match="Set random_state to an int"):
        check_ensemble(reg)
    check_ensemble(reg.set_params(random_state=np.int64(3)))
    without = Checkpoint(tmp_path / "run.npz")
    check_ensemble(reg.set_params(random_state=state, callbacks=[without]))
