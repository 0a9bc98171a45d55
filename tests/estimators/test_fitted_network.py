"""The fitted network: its weights from outside, and hidden activations."""

import numpy as np
import pytest

from tests.conftest import params_of, plain_estimators, unconverged
from tests.estimators.conftest import SHORT, X, y


@unconverged
@plain_estimators
def test_coefs_are_views_that_can_be_changed_in_place(Estimator):
    est = Estimator(max_iter=2, random_state=0).fit(X, y)
    assert isinstance(est.coefs_, tuple)
    assert isinstance(est.intercepts_, tuple)
    before = est.predict(X)
    est.coefs_[-1][:] = 0
    assert not est.coefs_[-1].any()
    assert len(np.unique(est.predict(X))) == 1
    assert len(np.unique(before)) > 1
    with pytest.raises(TypeError):
        est.coefs_[0] = np.zeros((64, 100))


@unconverged
@plain_estimators
def test_assigning_coefs_copies_after_a_check(Estimator):
    est = Estimator(max_iter=2, random_state=0).fit(X, y)
    new = [np.full(W.shape, 0.25) for W in est.coefs_]
    est.coefs_ = new
    new[0][:] = 7
    assert (est.coefs_[0] == 0.25).all()
    est.intercepts_ = [b * 0 for b in est.intercepts_]
    assert not any(b.any() for b in est.intercepts_)
    before = params_of(est)
    with pytest.raises(ValueError, match=r"coefs_ must be 2 arrays of the shapes"):
        est.coefs_ = [est.coefs_[0]]
    with pytest.raises(ValueError, match=r"intercepts_ must be .* got \[\(3,\)"):
        est.intercepts_ = [np.zeros(3), est.intercepts_[1]]
    np.testing.assert_array_equal(params_of(est), before)


@plain_estimators
def test_no_coefs_before_fit(Estimator):
    est = Estimator()
    for name in ("coefs_", "intercepts_"):
        assert not hasattr(est, name)
        with pytest.raises(AttributeError, match="before fit"):
            setattr(est, name, [])


@unconverged
@plain_estimators
@pytest.mark.parametrize("layer", [0, 1, -1, -2])
def test_hidden_activations(Estimator, layer):
    est = Estimator(**SHORT | {"hidden_layer_sizes": (8, 6), "dropout": 0.5})
    est.fit(X, y)
    first = np.maximum(X @ est.coefs_[0] + est.intercepts_[0], 0)
    second = np.maximum(first @ est.coefs_[1] + est.intercepts_[1], 0)
    expected = (first, second)[layer]
    np.testing.assert_allclose(est.hidden_activations(X, layer), expected, rtol=1e-12)
    many = np.tile(X, (10, 1))
    np.testing.assert_allclose(
        est.hidden_activations(many, layer)[-len(X) :], expected, rtol=1e-12
    )
