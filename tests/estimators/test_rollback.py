"""Restoring an estimator when fitting it fails."""

import pytest

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._estimators.rollback import rollback_on_error


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
