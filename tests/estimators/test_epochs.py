"""The epoch controller: validation, early stopping, printing, callbacks."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.neural_network import MLPClassifier

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import Callback, EarlyStopping
from tests.conftest import name_of, plain_estimators, unconverged
from tests.estimators.conftest import SETTINGS, VALIDATION, X_VAL, Y_VAL, X, y


@unconverged
def test_verbose_prints_a_line_for_each_epoch(capsys):
    NumpyMLPClassifier(max_iter=3, verbose=True, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"Iteration {i}" for i in (1, 2, 3)
    ]
    NumpyMLPClassifier(max_iter=3, verbose=1, early_stopping=True, random_state=0).fit(
        X, y
    )
    assert capsys.readouterr().out.count("validation score = ") == 3
    NumpyMLPClassifier(max_iter=3, verbose=1, solver="lbfgs").fit(X, y)
    assert capsys.readouterr().out.count("Iteration") == 3
    NumpyMLPClassifier(max_iter=3).fit(X, y)
    assert capsys.readouterr().out == ""


def _numbers(out):
    return [int(line.split(",")[0].split()[-1]) for line in out.splitlines()]


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_shows_what_the_validation_data_says(solver, capsys):
    clf = NumpyMLPClassifier(solver=solver, max_iter=2, verbose=True, random_state=0)
    clf.fit(X, y, X_val=X, y_val=y)
    curves = zip(
        clf.loss_curve_,
        clf.validation_loss_curve_,
        clf.validation_scores_,
        strict=True,
    )
    assert capsys.readouterr().out.splitlines() == [
        f"Iteration {i}, loss = {loss:.8f}, validation loss = {validation_loss:.8f}, "
        f"validation score = {score:.6f}"
        for i, (loss, validation_loss, score) in enumerate(curves, start=1)
    ]


@unconverged
def test_verbose_counts_the_epochs_of_a_fit_and_the_calls_of_partial_fit(capsys):
    clf = NumpyMLPClassifier(max_iter=2, verbose=True, warm_start=True, random_state=0)
    for solver in ("adam", "adam", "lbfgs"):
        clf.set_params(solver=solver).fit(X, y)
        assert _numbers(capsys.readouterr().out) == [1, 2]
    clf = NumpyMLPClassifier(verbose=True, random_state=0)
    for _ in range(3):
        clf.partial_fit(X, y, classes=np.unique(y))
    assert _numbers(capsys.readouterr().out) == [1, 2, 3]


@unconverged
def test_verbose_begins_lines_like_scikit_learn(capsys):
    outs = []
    for Estimator in (NumpyMLPClassifier, MLPClassifier):
        Estimator(max_iter=3, verbose=True, random_state=0).fit(X, y)
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_verbose_says_why_it_stops(capsys):
    NumpyMLPClassifier(tol=1e9, n_iter_no_change=1, verbose=1).fit(X, y)
    assert "Training loss did not improve more than tol" in capsys.readouterr().out
    NumpyMLPClassifier(
        tol=1e9,
        n_iter_no_change=1,
        verbose=1,
        early_stopping=True,
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=1e-5,
    ).fit(X, y)
    out = capsys.readouterr().out
    assert "Setting learning rate to 2e-06." in out
    assert out.endswith("Stopping.\n")


pytestmark = unconverged


class Snapshots(Callback):
    """A copy of the parameters after each epoch."""

    def on_train_begin(self, run):
        self.params = []

    def on_epoch_end(self, event):
        self.params.append(event.params.copy())


def _neg_log_loss(estimator, X, y):
    return -log_loss(y, estimator.predict_proba(X), labels=estimator.classes_)


@pytest.mark.parametrize(
    "scoring",
    ["neg_log_loss", "loss", _neg_log_loss, make_scorer(accuracy_score), None],
    ids=name_of,
)
def test_early_stopping_puts_the_best_epoch_back(scoring):
    """By whatever metric, on data of one's own; and the best one is not the last."""
    snapshots = Snapshots()
    clf = NumpyMLPClassifier(
        hidden_layer_sizes=50,
        early_stopping=True,
        scoring=scoring,
        learning_rate_init=0.05,
        n_iter_no_change=5,
        tol=0.0,
        random_state=0,
        callbacks=[snapshots],
    ).fit(X, y, **VALIDATION)
    scores = []
    for params in snapshots.params:
        at_epoch = clf._as_fitted(clf._network, clf._target, params)
        if scoring in ("neg_log_loss", "loss", _neg_log_loss):
            scores.append(_neg_log_loss(at_epoch, X_VAL, Y_VAL))
        else:
            scores.append(at_epoch.score(X_VAL, Y_VAL))
    np.testing.assert_allclose(clf.validation_scores_, scores, rtol=1e-9)
    best = int(np.argmax(scores))
    assert best < len(scores) - 1
    np.testing.assert_array_equal(clf._params, snapshots.params[best])
    assert clf.best_validation_score_ == pytest.approx(max(scores))
    assert clf.best_loss_ is None


@plain_estimators
def test_the_best_weights_are_nobody_else_s(Estimator):
    est = Estimator(early_stopping=True, warm_start=True, max_iter=4, **SETTINGS)
    best = est.fit(X, y, **VALIDATION).coefs_[0]
    before = best.copy()
    est.fit(X, y, **VALIDATION)
    est.partial_fit(X, y, **VALIDATION)
    np.testing.assert_array_equal(best, before)


def test_early_stopping_of_lbfgs_by_validation_data():
    snapshots = Snapshots()
    clf = NumpyMLPClassifier(
        solver="lbfgs",
        early_stopping=True,
        scoring="loss",
        alpha=0.0,
        n_iter_no_change=5,
        callbacks=[snapshots],
        **SETTINGS,
    ).fit(X, y, **VALIDATION)
    assert clf.n_iter_ == len(snapshots.params) < 200
    best = int(np.argmax(clf.validation_scores_))
    assert best < clf.n_iter_ - 1
    np.testing.assert_array_equal(clf._params, snapshots.params[best])
    # Without validation data it is not used, as in scikit-learn.
    plain = NumpyMLPClassifier(solver="lbfgs", max_iter=3, **SETTINGS)
    ignored = NumpyMLPClassifier(
        solver="lbfgs", early_stopping=True, max_iter=3, **SETTINGS
    )
    np.testing.assert_array_equal(plain.fit(X, y)._params, ignored.fit(X, y)._params)
    assert ignored.validation_scores_ is None


@plain_estimators
def test_early_stopping_as_a_callback(Estimator):
    """The same as the parameter, but for what it watches."""
    settings = SETTINGS | {"learning_rate_init": 0.05, "max_iter": 400}
    by_parameter = Estimator(
        early_stopping=True, scoring="loss", n_iter_no_change=3, **settings
    ).fit(X, y, **VALIDATION)
    stopping = EarlyStopping("validation_loss", n_iter_no_change=3)
    # The estimator's own patience with the training loss is not to end it before.
    by_callback = Estimator(
        callbacks=[stopping], n_iter_no_change=1000, **settings
    ).fit(X, y, **VALIDATION)
    assert by_callback.n_iter_ == by_parameter.n_iter_ < 400
    np.testing.assert_array_equal(by_callback._params, by_parameter._params)
    assert stopping.best_score == by_parameter.best_validation_score_
    assert by_callback.best_validation_score_ is None


def test_a_start_that_is_good_enough_needs_no_iteration():
    clf = NumpyMLPClassifier(
        solver="lbfgs", early_stopping=True, alpha=0.0, tol=1e6, **SETTINGS
    ).fit(X, y, **VALIDATION)
    assert clf.n_iter_ == 0
    assert clf.validation_scores_ == []
