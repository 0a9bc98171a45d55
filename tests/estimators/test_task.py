"""A fit task: what follows from the configuration and the data."""

import numpy as np
import pytest

from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.task import FitContext
from tests.estimators.conftest import make_data, make_run, make_task


def test_a_call_of_partial_fit_is_one_epoch():
    assert make_task(max_iter=7).max_epochs == 7
    assert make_task(max_iter=7, is_incremental=True).max_epochs == 1


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, False),
        ({"early_stopping": True}, True),
        ({"early_stopping": True, "solver": "lbfgs"}, False),
        ({"early_stopping": True, "validation": make_data()}, False),
    ],
)
def test_rows_are_held_out_where_early_stopping_has_no_other_data(params, expected):
    assert make_task(**params).has_holdout is expected


def test_rows_of_training_and_validation():
    task = make_task(early_stopping=True)
    run = make_run(task)
    run.state.holdout = np.arange(30), np.arange(30, 40)
    np.testing.assert_array_equal(task.training_rows(run), np.arange(30))
    np.testing.assert_array_equal(task.validation_data(run).X, task.data.X[30:])
    given = make_data(5)
    task = make_task(early_stopping=True, validation=given)
    np.testing.assert_array_equal(task.training_rows(make_run(task)), np.arange(40))
    assert task.validation_data(make_run(task)) is given
    chosen = np.array([7, 3, 5])
    context = FitContext(rows=chosen)
    task = make_task(early_stopping=True, validation=given, context=context)
    np.testing.assert_array_equal(task.training_rows(make_run(task)), chosen)


def test_nothing_has_to_converge_if_nobody_expects_it_or_there_is_one_class():
    assert make_task().expects_convergence
    context = FitContext(expects_convergence=False)
    assert not make_task(context=context).expects_convergence
    one = ClassificationTarget.fit(np.array(["a", "a"]), "log_loss")
    assert not make_task(target=one).expects_convergence
