"""Warm starts: what a fit keeps of the one before, and what it does not."""

import pickle

import numpy as np
import pytest

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.schedules import OneCycle
from tests.conftest import assert_same_params, params_of, plain_estimators, unconverged
from tests.estimators.conftest import SHORT, X, y


@unconverged
@plain_estimators
@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "adam"},
        {"solver": "sgd", "learning_rate_init": 0.01},
        {"solver": "sgd", "learning_rate_init": 0.01, "learning_rate": "invscaling"},
        {
            "solver": "sgd",
            "learning_rate_init": 0.01,
            "learning_rate": "adaptive",
            "tol": 0.1,
            "n_iter_no_change": 1,
        },
    ],
    ids=lambda s: "-".join(map(str, s.values())),
)
@pytest.mark.parametrize("make_random_state", [int, np.random.RandomState])
def test_warm_fits_are_one_long_fit(Estimator, settings, make_random_state):
    settings = settings | {"batch_size": 64, "hidden_layer_sizes": (10,)}
    long = Estimator(max_iter=9, random_state=make_random_state(3), **settings).fit(
        X, y
    )
    warm = Estimator(
        max_iter=3, random_state=make_random_state(3), warm_start=True, **settings
    )
    for _ in range(3):
        warm.fit(X, y)
    assert_same_params(warm, long)
    assert warm.loss_curve_ == long.loss_curve_
    assert warm.best_loss_ == long.best_loss_
    assert warm.t_ == long.t_ == 9 * len(X)
    assert (warm.n_iter_, long.n_iter_) == (3, 9)


@unconverged
def test_the_random_stream_goes_on():
    """No epoch repeats the shuffle of the one before, whatever the seed."""
    clf = NumpyMLPClassifier(batch_size=50, random_state=0)
    clf.partial_fit(X, y, classes=np.unique(y))
    first = clf._training_state.order.copy()
    state = clf._training_state.stream.get_state()[1].copy()
    clf.partial_fit(X, y)
    assert not np.array_equal(first, clf._training_state.order)
    assert not np.array_equal(state, clf._training_state.stream.get_state()[1])


@unconverged
@plain_estimators
def test_best_weights_are_not_trained_further(Estimator):
    """scikit-learn's next warm fit trains the very arrays it calls the best."""
    est = Estimator(
        hidden_layer_sizes=(10,),
        early_stopping=True,
        warm_start=True,
        validation_fraction=0.2,
        max_iter=30,
        random_state=0,
    )
    est.fit(X, y)
    best, best_params = est.best_validation_score_, params_of(est)
    # A second fit that can only get worse.
    est.set_params(solver="sgd", learning_rate_init=30.0, max_iter=5)
    est.fit(X, y)
    assert est.best_validation_score_ == best
    np.testing.assert_array_equal(params_of(est), best_params)


@unconverged
def test_the_optimizer_starts_afresh_after_best_weights_were_put_back():
    clf = NumpyMLPClassifier(
        early_stopping=True,
        warm_start=True,
        max_iter=30,
        learning_rate_init=0.1,
        random_state=0,
    ).fit(X, y)
    assert np.argmax(clf.validation_scores_) < clf.n_iter_ - 1
    assert clf._training_state.optimizer is None
    assert clf._training_state.early_stopping is None
    plain = NumpyMLPClassifier(warm_start=True, max_iter=3, random_state=0).fit(X, y)
    assert plain._training_state.optimizer.n_steps > 0


@unconverged
def test_a_warm_fit_on_other_data_is_measured_by_them():
    """The best score of other data is no bar: the new data's is."""
    rng = np.random.default_rng(0)
    X_other = rng.standard_normal((200, 4))
    easy, hard = 2 * X_other[:, 0], 5 - X_other[:, 1] + rng.standard_normal(200)
    reg = NumpyMLPRegressor(
        early_stopping=True,
        warm_start=True,
        max_iter=200,
        learning_rate_init=0.01,
        random_state=0,
    ).fit(X_other, easy)
    assert reg.best_validation_score_ > 0.95
    reg.fit(X_other, hard)
    assert 0.3 < reg.best_validation_score_ < 0.9
    assert reg.score(X_other, hard) > 0.3


@unconverged
def test_changed_settings_start_with_the_full_rate_and_patience():
    settings = {"warm_start": True, "random_state": 0, "n_iter_no_change": 1}
    reg = NumpyMLPRegressor(
        solver="sgd", learning_rate="adaptive", tol=1.0, **settings
    ).fit(X, y)
    assert reg._training_state.base_rate < 1e-5
    reg.set_params(tol=0, n_iter_no_change=50, max_iter=50)
    for change in ({"learning_rate_init": 0.01}, {"solver": "adam"}, {"alpha": 0.1}):
        before = len(reg.loss_curve_)
        reg.set_params(**change).fit(X, y)
        assert reg._training_state.base_rate is None
        assert len(reg.loss_curve_) > before + 10


@unconverged
@plain_estimators
def test_lbfgs_then_adam(Estimator):
    """What L-BFGS reached is no bar for a training on other targets."""
    est = Estimator(solver="lbfgs", warm_start=True, random_state=0, max_iter=50)
    est.fit(X, y % 2).set_params(solver="adam", max_iter=60, learning_rate_init=0.01)
    est.fit(X, 1 - y % 2)
    assert est.n_iter_ == 60
    assert est.score(X, 1 - y % 2) > 0.9


@unconverged
@plain_estimators
def test_only_what_goes_on_keeps_its_state(Estimator):
    plain = Estimator(max_iter=2, random_state=0).fit(X, y)
    n_bytes = params_of(plain).nbytes
    assert len(pickle.dumps(plain)) < n_bytes + 5000
    kept = Estimator(max_iter=2, random_state=0, warm_start=True).fit(X, y)
    assert len(pickle.dumps(kept)) > 3 * n_bytes
    kept.set_params(warm_start=False).fit(X, y)
    assert len(pickle.dumps(kept)) < n_bytes + 5000


@unconverged
@plain_estimators
def test_going_on_after_pickling(Estimator):
    est = Estimator(batch_size=50, max_iter=3, random_state=0, warm_start=True)
    est.fit(X, y)
    copy = pickle.loads(pickle.dumps(est))
    assert_same_params(est.fit(X, y), copy.fit(X, y))


@unconverged
def test_a_changed_optimizer_starts_without_the_old_moments():
    clf = NumpyMLPClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, y)
    clf.set_params(beta_1=0.5).fit(X, y)
    assert clf._training_state.optimizer.beta_1 == 0.5
    assert clf._training_state.optimizer.n_steps == 2 * 2
    clf.set_params(solver="sgd").fit(X, y)
    assert clf._training_state.optimizer.n_steps == 2 * 2


@unconverged
@plain_estimators
def test_warm_start_with_lbfgs(Estimator):
    est = Estimator(solver="lbfgs", max_iter=5, warm_start=True, random_state=0)
    first = est.fit(X, y).loss_
    assert est.fit(X, y).loss_ < first
    assert est.n_iter_ == 5
    assert len(est.loss_curve_) == 10
    assert est.loss_ == est.loss_curve_[-1] == est.best_loss_


@unconverged
@plain_estimators
def test_rates_are_kept_over_warm_starts(Estimator):
    est = Estimator(warm_start=True, learning_rate=OneCycle(), **SHORT)
    once = est.fit(X, y).learning_rate_curve_
    assert est.fit(X, y).learning_rate_curve_ == once + once
    assert Estimator(solver="lbfgs", **SHORT).fit(X, y).learning_rate_curve_ == []


@unconverged
@plain_estimators
@pytest.mark.parametrize("make_random_state", [int, np.random.RandomState])
@pytest.mark.parametrize("dropout", [0.3, [0.1, 0.5]], ids=str)
def test_warm_fits_with_dropout_are_one_long_fit(Estimator, dropout, make_random_state):
    settings = SHORT | {"dropout": dropout, "learning_rate": "plateau"}
    settings |= {"random_state": make_random_state(3)}
    est = Estimator(warm_start=True, **settings)
    for _ in range(3):
        est.fit(X, y)
    settings |= {"random_state": make_random_state(3), "max_iter": 15}
    whole = Estimator(**settings).fit(X, y)
    np.testing.assert_array_equal(est._params, whole._params)
    assert est.loss_curve_ == whole.loss_curve_


@unconverged
def test_the_optimiser_goes_on_if_the_best_epoch_was_the_last():
    settings = SHORT | {"early_stopping": True, "n_iter_no_change": 1000}
    settings |= {"learning_rate_init": 0.01}
    warm = NumpyMLPClassifier(warm_start=True, **settings).fit(X, y)
    assert int(np.argmax(warm.validation_scores_)) == 4
    whole = NumpyMLPClassifier(**settings | {"max_iter": 10}).fit(X, y)
    assert warm.fit(X, y).loss_curve_ == whole.loss_curve_


@unconverged
@plain_estimators
def test_dtype_can_change_in_a_warm_start(Estimator):
    est = Estimator(warm_start=True, **SHORT).fit(X, y)
    est.set_params(dtype="float32").fit(X, y)
    assert est._params.dtype == np.float32
    assert len(est.loss_curve_) == 10
    assert est.loss_curve_[5] < est.loss_curve_[0]
