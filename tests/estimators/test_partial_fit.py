"""partial_fit: one epoch a call, and there only when the parameters allow it."""

import numpy as np

from sknumpy_mlp import NumpyMLPClassifier
from tests.conftest import assert_same_params, params_of, plain_estimators, unconverged
from tests.estimators.conftest import X, y


@unconverged
@plain_estimators
def test_partial_fits_are_one_fit(Estimator):
    fitted = Estimator(batch_size=64, max_iter=4, random_state=0).fit(X, y)
    stepwise = Estimator(batch_size=64, random_state=0)
    kwargs = {"classes": np.unique(y)} if Estimator is NumpyMLPClassifier else {}
    for _ in range(4):
        stepwise.partial_fit(X, y, **kwargs)
        kwargs = {}
    assert_same_params(stepwise, fitted)
    assert stepwise.loss_curve_ == fitted.loss_curve_
    assert stepwise.n_iter_ == 1
    assert stepwise.t_ == 4 * len(X)


@unconverged
@plain_estimators
def test_partial_fit_after_a_plain_fit_goes_on_from_its_weights(Estimator):
    est = Estimator(max_iter=3, random_state=0).fit(X, y)
    before = params_of(est)
    est.set_params(learning_rate_init=1e-12).partial_fit(X, y)
    np.testing.assert_allclose(params_of(est), before, atol=1e-10)
    assert est.t_ == 4 * len(X)
    assert len(est.loss_curve_) == 4


@plain_estimators
def test_partial_fit_is_there_only_when_it_works(Estimator):
    assert hasattr(Estimator(), "partial_fit")
    assert not hasattr(Estimator(solver="lbfgs"), "partial_fit")
    assert not hasattr(Estimator(learning_rate="cosine"), "partial_fit")
    assert not hasattr(NumpyMLPClassifier(class_weight="balanced"), "partial_fit")
    assert hasattr(Estimator(early_stopping=True), "partial_fit")
    assert hasattr(Estimator, "partial_fit")
