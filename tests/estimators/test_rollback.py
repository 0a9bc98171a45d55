"""Restoring an estimator when fitting it fails."""

import pickle

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._estimators.rollback import rollback_on_error
from tests.conftest import plain_estimators, unconverged
from tests.estimators.conftest import X, y


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_attributes_are_restored(error):
    est = NumpyMLPClassifier(alpha=0.5)
    before = dict(vars(est))

    def fail():
        est.alpha, est.coefs = 0.1, []
        del est.verbose
        raise error

    with pytest.raises(error), rollback_on_error(est):
        fail()
    assert vars(est) == before


def test_without_an_error_attributes_are_kept():
    est = NumpyMLPClassifier()
    with rollback_on_error(est):
        est.alpha = 0.1
    assert est.alpha == 0.1


@unconverged
@plain_estimators
@pytest.mark.parametrize("warm_start", [True, False])
def test_a_failed_fit_changes_nothing(Estimator, warm_start):
    est = Estimator(
        solver="sgd",
        learning_rate_init=0.01,
        max_iter=3,
        warm_start=warm_start,
        random_state=0,
        batch_size=50,
    ).fit(X, y)
    est.set_params(learning_rate_init=1e300)
    before = pickle.dumps(est)
    with pytest.raises(ValueError, match="non-finite"):
        est.fit(X, y)
    assert pickle.dumps(est) == before
    with pytest.raises(ValueError, match="non-finite"):
        est.partial_fit(X, y)
    assert pickle.dumps(est) == before
    with pytest.raises(ValueError, match="NaN"):
        est.fit(np.full((5, 2), np.nan), [0, 1, 0, 1, 0])
    assert pickle.dumps(est) == before


@plain_estimators
def test_a_failed_first_fit_leaves_an_unfitted_estimator(Estimator):
    est = Estimator(solver="sgd", learning_rate_init=1e300)
    with pytest.raises(ValueError, match="non-finite"):
        est.fit(X, y)
    assert vars(est) == vars(Estimator(solver="sgd", learning_rate_init=1e300))
