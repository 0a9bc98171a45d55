"""TabularMLPClassifier and TabularMLPRegressor: what they learn, give and refuse."""

import itertools
import math
import pickle
import signal
import tempfile
import threading
import time
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, load_linnerud
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from threadpoolctl import threadpool_limits

from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._estimators.target_scale import TargetScale
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular import ensemble as _ensemble
from sknumpy_mlp._tabular import progress as _progress
from sknumpy_mlp._tabular.calibration import ConformalResiduals, best_temperature
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.activations import Mish
from sknumpy_mlp.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    TimeLimit,
)
from sknumpy_mlp.losses import BinaryLogLoss, Huber, Poisson, Quantile, SquaredError
from sknumpy_mlp.schedules import FlatCosine

SHORT = {
    "hidden_layer_sizes": (32, 32),
    "max_iter": 12,
    "n_members": 3,
    "random_state": 0,
}
ENSEMBLES = ["kfold", "seeds", "refit", None]


def _table(n_rows=120, seed=0):
    """A frame with every kind of column, and what depends on it."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n_rows)
    colour = rng.choice(["red", "green", "blue"], n_rows)
    town = rng.choice([f"town {i}" for i in range(12)], n_rows)
    X = pd.DataFrame(
        {
            "size": np.where(rng.random(n_rows) < 0.1, np.nan, size),
            "colour": np.where(rng.random(n_rows) < 0.1, None, colour),
            "town": pd.Categorical(town),
            "new": rng.random(n_rows) < 0.5,
            "nothing": 1.0,
        }
    )
    value = size + (colour == "red") + X["new"]
    return X, value.to_numpy()


def _classes(value):
    return np.where(value > 0.8, "high", "low")


def _regressor(**params):
    return TabularMLPRegressor(**(SHORT | params))


def _classifier(**params):
    return TabularMLPClassifier(**(SHORT | params))


# ---------------------------------------------------------------------- what they give


def _polars(data):
    """A polars frame; not every Python has polars, free-threaded ones do not."""
    return pytest.importorskip("polars").from_pandas(data)


@pytest.mark.parametrize("as_polars", [False, True])
def test_a_raw_frame_goes_in_as_it_is(as_polars):
    X, value = _table(400)
    X_new, value_new = _table(200, seed=1)
    if as_polars:
        X, X_new = _polars(X), _polars(X_new)
    clf = _classifier(max_iter=40).fit(X, _classes(value))
    assert clf.score(X_new, _classes(value_new)) > 0.85
    reg = _regressor(max_iter=40).fit(X, value)
    assert reg.score(X_new, value_new) > 0.8


def test_pandas_and_polars_give_the_same_numbers():
    X, value = _table()
    a = _regressor().fit(X, value).predict(X)
    b = _regressor().fit(_polars(X), value).predict(_polars(X))
    np.testing.assert_allclose(a, b)


def test_categorical_features_of_an_array():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 30, 300), rng.normal(size=300)])
    reg = _regressor(categorical_features=[0]).fit(X, X[:, 1])
    assert reg.preprocessor_.cardinalities_ == (31,)
    by_mask = _regressor(categorical_features=[True, False]).fit(X, X[:, 1])
    np.testing.assert_array_equal(reg.predict(X), by_mask.predict(X))


def test_probabilities_are_some_and_sum_to_one():
    X, y = load_iris(return_X_y=True)
    clf = _classifier().fit(X, y)
    y_prob = clf.predict_proba(X)
    assert y_prob.dtype == np.float64
    assert y_prob.shape == (150, 3)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[y_prob.argmax(axis=1)])
    np.testing.assert_allclose(clf.predict_log_proba(X), np.log(y_prob))


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_every_ensemble_learns(ensemble):
    X, y = load_iris(return_X_y=True)
    clf = _classifier(ensemble=ensemble, max_iter=30).fit(X, y)
    assert clf.score(X, y) > 0.9
    assert len(clf.estimators_) == (3 if ensemble in ("kfold", "seeds") else 1)
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(ensemble=ensemble, max_iter=30).fit(X, y)
    assert reg.score(X, y) > 0.2


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_predictions_for_rows_not_trained_on(ensemble):
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(ensemble=ensemble).fit(X, y)
    seen = ~np.isnan(reg.oof_predictions_)
    n_expected = len(y) if ensemble == "kfold" else round(0.2 * len(y))
    assert seen.sum() == n_expected
    assert reg.oof_predictions_.shape == y.shape
    assert reg.oof_score_ == pytest.approx(
        r2_score(y[seen], reg.oof_predictions_[seen])
    )


def test_each_row_is_predicted_by_the_network_that_has_not_seen_it():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor().fit(X, y)
    table = reg.preprocessor_.transform(X)
    each = np.column_stack([m.predict(table) for m in reg.estimators_])
    close = np.isclose(each, reg.oof_predictions_[:, None])
    assert close.any(axis=1).all()
    counts = np.bincount(close.argmax(axis=1))
    assert counts.min() > 140  # thirds of 442
    np.testing.assert_allclose(reg.predict(X), each.mean(axis=1), rtol=1e-5)


def test_classifiers_predictions_for_rows_not_trained_on():
    X, y = load_iris(return_X_y=True)
    labels = np.array(["a", "b", "c"])[y]
    clf = _classifier(max_iter=30).fit(X, labels)
    assert clf.oof_predictions_.shape == (150, 3)
    predicted = clf.classes_[clf.oof_predictions_.argmax(axis=1)]
    assert clf.oof_score_ == accuracy_score(labels, predicted)


def test_the_temperature_is_better_than_none():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    y = (X[:, 0] + rng.normal(size=300) > 0).astype(int)
    clf = _classifier(max_iter=60, dropout=0.0, scoring="accuracy").fit(X, y)
    assert clf.temperature_ > 1.0
    tempered = log_loss(y, clf.oof_predictions_)
    logits = np.log(clf.oof_predictions_[:, 1] / clf.oof_predictions_[:, 0])
    plain = 1 / (1 + np.exp(-logits.astype(float) * clf.temperature_))
    assert tempered < log_loss(y, plain)


def test_best_temperature_finds_the_one_that_made_the_data():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2.0, size=(20_000, 1))
    y = (rng.random((20_000, 1)) < 1 / (1 + np.exp(-logits))).astype(float)
    found = best_temperature(3.0 * logits, Data(None, y, None, None))
    assert found == pytest.approx(3.0, rel=0.05)


def test_a_few_rows_that_happen_to_be_right_give_no_certainty():
    logits = np.array([[2.0], [-2.0]])
    y = np.array([[1.0], [0.0]])
    assert best_temperature(logits, Data(None, y, None, None)) > 0.5


# ------------------------------------------------------------------------- intervals


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_hold_as_much_as_they_say(coverage):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 3))
    y = X[:, 0] + rng.exponential(size=1200)
    reg = _regressor(max_iter=20).fit(X[:600], y[:600])
    low, high = reg.prediction_interval(X[600:], coverage=coverage).T
    share = np.mean((low <= y[600:]) & (y[600:] <= high))
    # Three standard errors of the test rows and of the quantiles.
    assert abs(share - coverage) < 3 * math.sqrt(2 * coverage * (1 - coverage) / 600)


def test_quantiles_of_errors_count_a_new_one():
    errors = np.random.default_rng(0).permutation(np.arange(1.0, 10.0))[:, None]
    plain = ConformalResiduals.of(errors, None)
    np.testing.assert_array_equal(plain.quantiles(0.8), [[1.0, 9.0]])
    np.testing.assert_array_equal(plain.quantiles(0.6), [[2.0, 8.0]])
    assert plain.quantiles(0.9).tolist() == [[-math.inf, math.inf]]


def test_weights_of_errors_count():
    # Of the weights and a new one of their mean, 5, the errors have the shares
    # 1: 10/20, 2: 4/20, 3: 1/20.
    errors = ConformalResiduals.of(
        np.array([[3.0], [1.0], [2.0]]), np.array([1.0, 10.0, 4.0])
    )
    upper = [errors.quantiles(c)[0, 1] for c in (0.0001, 0.2, 0.4, 0.5, 0.6)]
    assert upper == [2.0, 2.0, 2.0, 3.0, math.inf]
    lower = [errors.quantiles(c)[0, 0] for c in (0.2, 0.5, 0.6)]
    assert lower == [1.0, 1.0, -math.inf]


def test_intervals_of_several_targets_and_of_positive_ones():
    X, Y = load_linnerud(return_X_y=True)
    reg = _regressor().fit(X, Y)
    assert reg.predict(X).shape == (20, 3)
    assert reg.prediction_interval(X, coverage=0.5).shape == (20, 3, 2)
    shares = _regressor(loss=BinaryLogLoss()).fit(X, Y / Y.max(axis=0))
    interval = shares.prediction_interval(X, coverage=0.8)
    assert interval.min() >= 0
    assert interval.max() <= 1
    counts = _regressor(loss="poisson").fit(X, Y)
    assert (counts.prediction_interval(X, coverage=0.8) >= 0).all()


@pytest.mark.parametrize("coverage", [0, 1, 1.5, "0.9", True, math.nan])
def test_wrong_coverage(coverage):
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="coverage"):
        reg.prediction_interval(X, coverage=coverage)


def test_several_quantiles_are_intervals_themselves():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(loss=Quantile([0.1, 0.5, 0.9]), max_iter=30).fit(X, y)
    quantiles = reg.predict(X)
    assert quantiles.shape == (len(y), 3)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert 0.6 < np.mean((quantiles[:, 0] <= y) & (y <= quantiles[:, 2])) < 0.95
    with pytest.raises(ValueError, match="several quantiles"):
        reg.prediction_interval(X)


# --------------------------------------------------------------------------- targets


@pytest.mark.parametrize(
    "loss",
    ["squared_error", "absolute_error", Huber(0.5), "quantile", "poisson", "gamma"],
)
def test_every_loss(loss):
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(loss=loss, max_iter=30).fit(X, y)
    assert reg.score(X, y) > 0.3


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_the_unit_of_the_target_does_not_matter(scale):
    X, y = load_diabetes(return_X_y=True)
    expected = _regressor().fit(X, y).predict(X)
    found = _regressor().fit(X, y * scale).predict(X)
    np.testing.assert_allclose(found / scale, expected, rtol=1e-3)


def test_a_target_far_from_zero_keeps_its_digits():
    X, y = load_diabetes(return_X_y=True)
    far = _regressor(max_iter=30).fit(X, y / 1e3 + 1e9)
    assert far.score(X, y / 1e3 + 1e9) > 0.3


def test_predictions_stay_in_the_range_of_the_target():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor().fit(X, y)
    predicted = reg.predict(X * 1e6)
    assert predicted.min() >= y.min()
    assert predicted.max() <= y.max()


def test_target_scale():
    y = np.array([[1.0, 5.0], [3.0, 5.0]])
    scale = TargetScale.fit(y, None, SquaredError())
    np.testing.assert_allclose(scale.transform(y), [[-1, 0], [1, 0]])
    np.testing.assert_allclose(scale.inverse(scale.transform(y)), y)
    log = TargetScale.fit(y, None, Poisson())
    np.testing.assert_allclose(log.transform(y), [[0.5, 1], [1.5, 1]])
    weighted = TargetScale.fit(y, np.array([1.0, 0.0]), SquaredError())
    assert weighted.high.tolist() == [1.0, 5.0]


def test_a_constant_target():
    X, _ = load_diabetes(return_X_y=True)
    reg = _regressor(max_iter=2).fit(X, np.full(len(X), 0.1))
    np.testing.assert_allclose(reg.predict(X), 0.1)


def test_one_class_is_always_predicted():
    X, _ = load_iris(return_X_y=True)
    clf = _classifier(max_iter=2).fit(X, np.full(150, "only"))
    assert set(clf.predict(X)) == {"only"}
    np.testing.assert_array_equal(clf.predict_proba(X), np.ones((150, 1)))
    assert clf.oof_score_ == 1.0


def test_several_labels_at_once():
    X, y = load_iris(return_X_y=True)
    Y = np.column_stack([y == 0, y > 0]).astype(int)
    clf = _classifier(max_iter=30).fit(X, Y)
    assert clf.predict(X).shape == (150, 2)
    assert clf.score(X, Y) > 0.9
    assert clf.oof_predictions_.shape == (150, 2)


def test_a_class_of_one_row_is_known_to_all_networks():
    X, y = load_iris(return_X_y=True)
    y = y.copy()
    y[0] = 7
    clf = _classifier().fit(X, y)
    assert clf.classes_.tolist() == [0, 1, 2, 7]
    assert clf.predict_proba(X).shape == (150, 4)


# --------------------------------------------------------------------------- weights


@pytest.mark.parametrize("as_frame", [False, True])
def test_rows_of_weight_zero_are_not_there(as_frame):
    X, y = load_diabetes(return_X_y=True, as_frame=as_frame)
    weight = np.ones(len(y))
    weight[:50] = 0
    strange_X, strange_y = X.copy(), y.copy()
    strange_X[:50] += 1e3
    strange_y[:50] = 1e9
    reg = _regressor().fit(strange_X, strange_y, sample_weight=weight)
    without = _regressor().fit(X[50:], y[50:], sample_weight=weight[50:])
    np.testing.assert_array_equal(reg.predict(X), without.predict(X))
    assert np.isnan(reg.oof_predictions_[:50]).all()
    assert not np.isnan(reg.oof_predictions_[50:]).any()


def test_weights_count():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    y = np.arange(300) % 2
    heavy = np.where(y == 1, 9.0, 1.0)
    clf = _classifier(max_iter=20).fit(X, y, sample_weight=heavy)
    assert clf.predict_proba(X)[:, 1].mean() == pytest.approx(0.9, abs=0.05)
    by_class = _classifier(max_iter=20, class_weight={0: 1.0, 1: 9.0}).fit(X, y)
    np.testing.assert_allclose(
        by_class.predict_proba(X), clf.predict_proba(X), atol=1e-6
    )
    balanced = _classifier(max_iter=20, class_weight="balanced").fit(
        X, (np.arange(300) % 10 == 0)
    )
    assert balanced.predict_proba(X)[:, 1].mean() == pytest.approx(0.5, abs=0.05)


# ------------------------------------------------------------------- validation data


def test_own_validation_data():
    X, y = load_diabetes(return_X_y=True)
    X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    reg = _regressor().fit(X, y, X_val=X_val, y_val=y_val)
    assert reg.oof_predictions_ is None
    assert reg.oof_score_ == pytest.approx(reg.score(X_val, y_val))
    assert len(reg.estimators_) == 3
    assert all(len(m.validation_scores_) == 12 for m in reg.estimators_)
    # No row is held out: all networks have seen the same rows, with other seeds.
    first, second, _ = (m.loss_curve_[0] for m in reg.estimators_)
    assert first != second


def test_validation_data_is_checked():
    X, value = _table()
    with pytest.raises(ValueError, match="y_val was not provided"):
        _regressor().fit(X, value, X_val=X)
    with pytest.raises(ValueError, match=r"X_val: .*feature names"):
        _regressor().fit(X, value, X_val=X.drop(columns="size"), y_val=value)
    with pytest.raises(ValueError, match="y_val has classes that y has not"):
        _classifier().fit(X, _classes(value), X_val=X, y_val=np.full(len(X), "other"))


# --------------------------------------------------------------------- who sees what


@pytest.mark.parametrize("n_rows", [2, 3, 4])
def test_fewer_rows_than_folds_are_fewer_folds(n_rows):
    X = np.arange(n_rows, dtype=float)[:, None]
    reg = _regressor(n_members=5, max_iter=2).fit(X, X.ravel())
    assert len(reg.estimators_) == n_rows
    clf = _classifier(n_members=5, max_iter=2).fit(X, np.arange(n_rows) % 2)
    assert len(clf.estimators_) == n_rows


def test_one_row_is_too_few():
    with pytest.raises(ValueError, match=r"1 sample\(s\).*minimum of 2"):
        _regressor().fit([[1.0]], [1.0])


# ---------------------------------------------------------------- time, threads, ends


def test_results_do_not_depend_on_the_number_of_jobs():
    X, value = _table()
    a, b = (_regressor(n_jobs=n).fit(X, value).predict(X) for n in (1, 3))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    again = _regressor(n_jobs=1).fit(X, value).predict(X)
    np.testing.assert_array_equal(a, again)


def test_inside_a_process_with_one_thread_networks_take_turns():
    X, value = _table(40)
    threads = set()

    class Ask(Callback):
        def on_epoch_end(self, event):
            threads.add(threading.get_ident())

    with threadpool_limits(1):
        _regressor(callbacks=[Ask()]).fit(X, value)
    assert threads == {threading.get_ident()}


def test_a_time_limit_ends_the_training_with_its_whole_schedule(monkeypatch):
    # A clock that each look at puts on by a second: no test should depend on the time.
    seconds = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(seconds)))
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(max_iter=10**6, max_time=2000.0, n_members=2, n_jobs=1)
    reg.fit(X, y)
    assert reg.score(X, y) > 0.2
    for member in reg.estimators_:
        assert 10 < member.n_iter_ < 1000
        # The rate has come down from its peak: the schedule went with the clock.
        rates = member.learning_rate_curve_
        assert rates[-1] < 0.1 * max(rates)


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_the_shortest_time_still_gives_a_model(ensemble):
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(max_time=1e-6, ensemble=ensemble)
    with pytest.warns(UserWarning, match="max_time=1e-06 was over"):
        reg.fit(X, y)
    assert np.isfinite(reg.predict(X)).all()
    assert all(m.n_iter_ == 1 for m in reg.estimators_)


def test_verbose_says_how_long_it_will_take(capsys, monkeypatch):
    X, y = load_diabetes(return_X_y=True)
    monkeypatch.setattr(_progress, "_PAUSE", 0.05)
    monkeypatch.setattr(_ensemble.MemberMonitor, "_PAUSE", 0.01)
    _regressor(verbose=True, max_iter=100).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert any("epoch" in line and line.endswith("left") for line in lines)
    assert lines[-1].startswith("3 of 3 networks done, after 0:")


class _Interrupt(Callback):
    """Presses Ctrl-C in a given epoch."""

    def __init__(self, epoch):
        self.epoch = epoch
        self.n_runs = 0

    def on_train_begin(self, run):
        self.n_runs += 1

    def on_epoch_end(self, event):
        if self.n_runs == 2 and event.epoch == self.epoch:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def ctrl_c():
    """Have Ctrl-C raise KeyboardInterrupt: jobs in a shell's background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_keeps_what_has_been_learnt():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(callbacks=[_Interrupt(3)])
    with pytest.warns(UserWarning, match="interrupted by user"):
        reg.fit(X, y)
    assert [m.n_iter_ for m in reg.estimators_] == [12, 3]
    assert np.isnan(reg.oof_predictions_).sum() == len(y) // 3
    assert np.isfinite(reg.predict(X)).all()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("epoch", [3, 12])
def test_ctrl_c_in_a_refit_keeps_the_network_that_chose_the_epoch(epoch):
    X, y = load_diabetes(return_X_y=True)
    interrupt = _Interrupt(epoch)
    interrupt.n_runs = 1 if epoch == 3 else 0  # in the first run, or in the refit
    if epoch == 12:
        interrupt.epoch = 1
    reg = _regressor(ensemble="refit", callbacks=[interrupt])
    with pytest.warns(UserWarning, match="interrupted by user"):
        reg.fit(X, y)
    (member,) = reg.estimators_
    assert member.validation_scores_ is not None
    assert member.n_iter_ == epoch


def test_resuming_needs_a_seed(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(
        random_state=None, callbacks=[Checkpoint(tmp_path / "run.npz", resume=True)]
    )
    with pytest.raises(ValueError, match="Set random_state to an int"):
        reg.fit(X, y)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_networks_train_side_by_side(tmp_path, monkeypatch):
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(n_jobs=3, max_iter=10**6)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt():
        deadline = time.monotonic() + 120
        while len(list(tmp_path.glob("*/[012]"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.warns(UserWarning, match="interrupted by user"):
        reg.fit(X, y)
    assert len(reg.estimators_) == 3
    assert np.isfinite(reg.predict(X)).all()


def test_a_fit_that_fails_leaves_everything_as_it_was():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor().fit(X, y)
    before = reg.predict(X)
    with pytest.raises(ValueError, match="non-finite"):
        reg.set_params(learning_rate_init=1e30, learning_rate="constant").fit(X, y)
    np.testing.assert_array_equal(reg.predict(X), before)
    with pytest.raises(ValueError, match="NaN"):
        reg.set_params(**SHORT).fit(X[:3, :2], [1.0, np.nan, 2.0])
    assert reg.n_features_in_ == 10


# -------------------------------------------------------------------------- callbacks


def _columns(history):
    """The records of a history, a dict of columns for each network."""
    members = sorted(set(history["member"]))
    return [
        {
            name: [r[name] for r in history.records if r["member"] == member]
            for name in ("epoch", "loss", "validation_loss", "validation_score")
        }
        for member in members
    ]


def _curves(network):
    return {
        "epoch": list(range(1, network.n_iter_ + 1)),
        "loss": network.loss_curve_,
        "validation_loss": network.validation_loss_curve_,
        "validation_score": network.validation_scores_,
    }


@pytest.mark.parametrize("make", [_regressor, _classifier])
@pytest.mark.parametrize("ensemble", ["kfold", "seeds", None])
def test_a_history_has_the_epochs_of_all_networks(make, ensemble):
    X, y = load_diabetes(return_X_y=True)
    y = y if make is _regressor else y > 140
    history = History()
    est = make(ensemble=ensemble, callbacks=[history, TimeLimit(3600)])
    for _ in range(2):  # a second fit begins anew
        est.fit(X, y)
        assert _columns(history) == [_curves(each) for each in est.estimators_]
    assert clone(est).callbacks[0].records == history.records
    assert pickle.loads(pickle.dumps(est)).callbacks[0].records == history.records
    # The same object will do for a single network, and again for several.
    single = NumpyMLPRegressor(callbacks=[history], max_iter=3, learning_rate="cosine")
    single.fit(X, 20.0 * X[:, 0])
    assert history["member"] == [None] * 3
    assert history["loss"] == single.loss_curve_
    assert _columns(est.fit(X, y).callbacks[0])[0]["epoch"][0] == 1


def test_the_history_of_a_refit_has_both_networks():
    X, y = load_diabetes(return_X_y=True)
    history = History()
    reg = _regressor(ensemble="refit", callbacks=[history]).fit(X, y)
    chooses, predicts = _columns(history)
    assert len(chooses["epoch"]) == SHORT["max_iter"]
    assert predicts["loss"] == reg.estimators_[0].loss_curve_
    assert predicts["validation_loss"] == [None] * reg.n_iter_


@pytest.mark.parametrize("make", [_regressor, _classifier])
def test_early_stopping_tells_of_each_network(make):
    X, y = load_diabetes(return_X_y=True)
    y = y if make is _regressor else y > 140
    stopping = EarlyStopping("validation_loss", n_iter_no_change=1)
    est = make(callbacks=[stopping]).fit(X, y)
    names = ("best_score", "best_epoch", "n_epochs_no_change")
    assert len(stopping.members) == len(est.estimators_) > 1
    for twin, network in zip(stopping.members, est.estimators_, strict=True):
        assert network.callbacks == [twin]
        losses = network.validation_loss_curve_
        assert twin.best_score == -min(losses)
        assert twin.best_epoch == losses.index(min(losses)) + 1
    for name in names:
        assert getattr(stopping, name) == getattr(stopping.members[-1], name)
    loaded = pickle.loads(pickle.dumps(est)).callbacks[0]
    assert [twin.best_epoch for twin in loaded.members] == [
        twin.best_epoch for twin in stopping.members
    ]
    reg = NumpyMLPRegressor(callbacks=[stopping], max_iter=2, learning_rate="cosine")
    target = 20.0 * X[:, 0]
    reg.fit(X, target, X_val=X, y_val=target)
    assert stopping.members == []
    assert stopping.best_epoch == 2


@pytest.mark.parametrize("monitor", ["loss", "validation_score"])
def test_early_stopping_of_a_refit(monitor):
    X, y = load_diabetes(return_X_y=True)
    stopping = EarlyStopping(monitor)
    _regressor(ensemble="refit", callbacks=[stopping]).fit(X, y)
    # The second network has no validation data to watch.
    assert len(stopping.members) == (2 if monitor == "loss" else 1)
    assert stopping.best_epoch is not None


def test_a_callback_of_one_s_own_is_told_whose_epoch_it_is():
    X, y = load_diabetes(return_X_y=True)

    class Spy(Callback):
        def __init__(self):
            self.seen = []

        def on_train_begin(self, run):
            self.seen.append(("begin", run.member))

        def on_epoch_end(self, event):
            self.seen.append((event.epoch, event.member))

        def on_train_end(self, run):
            self.seen.append(("end", run.member))

    spy = Spy()
    reg = _regressor(callbacks=[spy], n_members=2, max_iter=2).fit(X, y)
    assert reg.estimators_[1].callbacks == [spy]
    assert spy.seen == [
        (what, member) for member in (0, 1) for what in ("begin", 1, 2, "end")
    ]


def test_callbacks_can_be_copied_in_the_middle_of_a_fit():
    X, y = load_diabetes(return_X_y=True)
    given = [History(), EarlyStopping("loss")]

    class Copy(Callback):
        def on_epoch_end(self, event):
            reg.__getstate__()
            copies.append(pickle.loads(pickle.dumps(given)))

    copies = []
    reg = _regressor(callbacks=[*given, Copy()], n_members=2, max_iter=2)
    reg.fit(X, y)
    assert len(copies) == 4
    history, stopping = copies[-1]
    assert history["member"] == [0, 0, 1, 1]
    assert [twin.best_epoch is not None for twin in stopping.members] == [True, True]


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_checkpoints_bring_a_broken_training_to_the_same_end(ensemble, tmp_path):
    X, y = load_diabetes(return_X_y=True)
    path = tmp_path / "run.npz"
    histories = History(), History()
    whole = _regressor(ensemble=ensemble, callbacks=[histories[0]]).fit(X, y)
    break_in = 17 if ensemble in ("kfold", "seeds") else 8

    class Break(Callback):
        n_epochs = 0

        def on_epoch_end(self, event):
            self.n_epochs += 1
            if self.n_epochs == break_in:
                raise RuntimeError

    callbacks = [History(), Checkpoint(path), Break()]
    with pytest.raises(RuntimeError):
        _regressor(ensemble=ensemble, callbacks=callbacks).fit(X, y)
    n_begun = 1 + break_in // 12
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [f"run-{i}.npz" for i in range(n_begun)]
    callbacks = [Checkpoint(path, resume=True), EarlyStopping(), histories[1]]
    resumed = _regressor(ensemble=ensemble, callbacks=callbacks).fit(X, y)
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))
    for name in ("member", "epoch", "loss", "validation_loss"):
        assert histories[1][name] == histories[0][name]


# ------------------------------------------------------------------- in the ecosystem


def test_pickles_predict_the_same_and_carry_no_data(tmp_path):
    X, value = _table(2000)
    reg = _regressor(hidden_layer_sizes=(8,), max_iter=2).fit(X, value)
    joblib.dump(reg, tmp_path / "reg.joblib")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "reg.joblib").predict(X), reg.predict(X)
    )
    # Out-of-fold predictions and errors are kept; the table is not.
    assert len(pickle.dumps(reg)) < 2000 * 8 * 2 + 60_000


def test_pickles_do_not_give_the_target_away():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(max_iter=2).fit(X, y)
    errors = reg._residuals.values
    assert (np.diff(errors) >= 0).all()


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_a_global_wish_for_frames_does_not_reach_inside(output):
    pytest.importorskip(output)
    X, value = _table()
    with config_context(transform_output=output):
        reg = _regressor(max_iter=2).fit(X, value)
        assert isinstance(reg.predict(X), np.ndarray)


def test_a_member_can_be_cloned_and_looked_into():
    X, y = load_diabetes(return_X_y=True)
    reg = _regressor(max_iter=2).fit(X, y)
    member = reg.estimators_[0]
    table = reg.preprocessor_.transform(X)
    # What the units are, not what their activation, a layer of its own, is given.
    assert -1.0 < member.hidden_activations(table, layer=0).min() < 0.0
    assert clone(member).fit(table, y).n_iter_ > 0


def test_the_network_is_what_it_is_said_to_be():
    X, value = _table()
    reg = _regressor(hidden_layer_sizes=(16, 9), max_iter=2).fit(X, value)
    member = reg.estimators_[0]
    kinds = [type(layer).__name__ for layer in member._network.layers]
    assert kinds == [
        "Concatenate",
        "Scaling",
        "Dense",
        "Parametric",
        "Dropout",
        "Dense",
        "Parametric",
        "Dropout",
        "Dense",
    ]
    layers = member._network.layers
    assert layers[1].lr_multiplier == 6.0
    assert layers[5].lr_multipliers == (1 / 4, 0.1)
    assert layers[8].lr_multipliers == (1 / 3, 0.1)
    assert isinstance(layers[4].schedule, FlatCosine)
    assert isinstance(member._make_config().regularization.decay_schedule, FlatCosine)


@pytest.mark.parametrize(
    ("n_rows", "shortest"), [(100, 0.1), (4_800, 0.8), (30_000, 2.0)]
)
def test_frequencies_are_higher_with_more_rows(n_rows, shortest):
    X = np.random.default_rng(0).normal(size=(n_rows, 1))
    reg = _regressor(hidden_layer_sizes=2, max_iter=1).fit(X, X[:, 0])
    embedding = reg.estimators_[0]._network.layers[0]
    assert embedding.scales == pytest.approx((0.1, shortest))


@pytest.mark.filterwarnings("ignore:.*a category for nearly every row")
def test_categories_that_a_network_has_not_seen_are_zeros_for_it():
    rng = np.random.default_rng(0)
    towns = [f"town {i}" for i in range(40)]
    X = pd.DataFrame({"town": towns, "x": rng.normal(size=40)})
    reg = _regressor(max_iter=2).fit(X, X["x"])
    for member in reg.estimators_:
        (table, *_), *_ = member._network.views(member._params)
        # Each town is there once; each network has seen two thirds of them.
        unseen = ~table.any(axis=1)
        assert 1 + 13 <= unseen.sum() <= 1 + 14


def test_networks_side_by_side_in_a_thread_that_is_not_the_main_one():
    X, value = _table()
    fitted = []
    thread = threading.Thread(
        target=lambda: fitted.append(_regressor(n_jobs=2).fit(X, value))
    )
    thread.start()
    thread.join()
    here = _regressor(n_jobs=1).fit(X, value)
    np.testing.assert_allclose(fitted[0].predict(X), here.predict(X), rtol=1e-6)


MEETING, MET = threading.Condition(), []


class Meet(Mish):
    """Two networks that train in threads meet here, and then one of them is late."""

    def __init__(self, late):
        self.late = late

    def forward(self, z, out):
        super().forward(z, out)
        thread = threading.current_thread()
        with MEETING:
            if thread in MET or len(MET) == 2:
                return
            MET.append(thread)
            MEETING.notify_all()
            MEETING.wait_for(lambda: len(MET) == 2, timeout=10)
        warn("met")
        if MET.index(thread) == self.late:
            time.sleep(0.5)


@pytest.mark.parametrize("late", [0, 1])
def test_warnings_of_networks_in_threads_that_overlap(late):
    """They arrive, and nothing stays in force of what it took to collect them."""
    MET.clear()
    X, value = _table()
    reg = _regressor(max_iter=2, n_members=2, n_jobs=2, activation=Meet(late))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        with joblib.parallel_config("threading"):
            reg.fit(X, value)
        assert warnings.filters == filters
        warnings.warn("later", stacklevel=1)
    assert [str(each.message) for each in caught] == ["met", "met", "later"]
    assert {each.filename for each in caught} == {__file__}


def test_in_a_grid_search():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(
        _classifier(), {"ensemble": ["kfold", None]}, cv=2, n_jobs=2
    ).fit(X, y)
    assert search.best_score_ > 0.8


def test_scorers_see_the_target_as_it_is():
    X, y = load_diabetes(return_X_y=True)
    seen = []

    def score(estimator, X, y):
        seen.append((y.max(), estimator.predict(X).mean()))
        return -float(np.abs(estimator.predict(X) - y).mean())

    _regressor(scoring=score, max_iter=2).fit(X, y)
    # On the scale of the data, not standardised.
    assert all(high > 200 and mean > 25 for high, mean in seen)
    assert len(seen) == 3 * 2


# ------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "params",
    [
        {"ensemble": "bagging"},
        {"n_members": 0},
        {"max_time": 0},
        {"n_jobs": 0},
        {"validation_fraction": 0.0},
        {"solver": "lbfgs"},
        {"categorical_features": "colour"},
        {"hidden_layer_sizes": -1},
    ],
)
@pytest.mark.parametrize("Estimator", [TabularMLPClassifier, TabularMLPRegressor])
def test_parameters_are_checked(Estimator, params):
    with pytest.raises(InvalidParameterError, match=next(iter(params))):
        Estimator(**params).fit([[0.0], [1.0]], [0, 1])


def test_folds_need_two_networks():
    with pytest.raises(ValueError, match="ensemble=None"):
        _regressor(n_members=1).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[0.0], [1.0]], [1.0, math.nan], "NaN"),
        ([[0.0], [1.0]], [1.0, math.inf], "infinity"),
        ([[0.0], [math.inf]], [1.0, 2.0], "infinity"),
        ([[0.0], [1.0]], [1.0, 2.0, 3.0], "inconsistent"),
        ([[0.0], [1.0]], None, "y"),
        (pd.DataFrame({"d": pd.date_range("2020", periods=2)}), [1.0, 2.0], "weekday"),
        ([[0.0], [1.0]], pd.Series(pd.date_range("2020", periods=2)), "y holds dates"),
        ([[0.0], [1.0]], pd.Series([pd.NaT, pd.NaT]), "y holds dates"),
        (pd.DataFrame({"a": [None, None]}, dtype=object), [1.0, 2.0], "nothing to le"),
    ],
)
def test_data_that_cannot_be_used(X, y, message):
    with pytest.raises(ValueError, match=message):
        _regressor().fit(X, y)


def test_other_columns_than_in_fit():
    X, value = _table()
    reg = _regressor(max_iter=1).fit(X, value)
    with pytest.raises(ValueError, match="feature names should match"):
        reg.predict(X.rename(columns={"size": "length"}))
    reg = _regressor(max_iter=1).fit(X.to_numpy(), value)
    with pytest.raises(ValueError, match="TabularMLPRegressor is expecting 5"):
        reg.predict(X.to_numpy()[:, :3])


@pytest.mark.parametrize(
    "y",
    [
        np.array(["a", None], dtype=object),
        pd.Series(["a", pd.NA], dtype="string"),
        lambda: _polars(pd.Series(["a", None])),
        np.array(["a", np.nan], dtype=object),
    ],
)
def test_labels_that_are_missing(y):
    y = y() if callable(y) else y
    with pytest.raises(ValueError, match=r"y contains.*NaN"):
        _classifier().fit([[0.0], [1.0]], y)


@pytest.mark.parametrize("method", ["predict", "score", "prediction_interval"])
def test_before_fit(method):
    args = ([[0.0]], [1.0]) if method == "score" else ([[0.0]],)
    with pytest.raises(NotFittedError):
        getattr(_regressor(), method)(*args)


def test_class_weights_do_not_weigh_the_score():
    X, y = load_iris(return_X_y=True)
    clf = _classifier(class_weight={0: 1.0, 1: 100.0, 2: 1.0}).fit(X, y)
    labels = clf.oof_predictions_.argmax(axis=1)
    assert clf.oof_score_ == accuracy_score(y, labels)


def test_validation_targets_keep_their_digits():
    X, y = load_diabetes(return_X_y=True)
    far = y / 1e3 + 1e9
    reg = _regressor().fit(X[:300], far[:300], X_val=X[300:], y_val=far[300:])
    low, high = reg.prediction_interval(X[300:], coverage=0.8).T
    assert np.mean((low <= far[300:]) & (far[300:] <= high)) > 0.75


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson", "gamma"])
def test_every_loss_learns_with_the_default_network(loss):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = np.exp(1 + 0.8 * X[:, 0]) * rng.gamma(20, 1 / 20, 300)
    reg = TabularMLPRegressor(loss=loss, max_iter=32, n_members=2, random_state=0)
    assert reg.fit(X, y).oof_score_ > 0.5
    assert reg.learning_rate_init == "auto"


def test_an_epoch_that_predicts_infinities_is_a_bad_one():
    X, y = load_diabetes(return_X_y=True)
    reg = TabularMLPRegressor(
        loss="gamma", learning_rate_init=0.2, max_iter=16, n_members=2, random_state=0
    ).fit(X, y)
    assert np.isfinite(reg.predict(X)).all()


def test_targets_outside_the_domain_of_the_loss():
    with pytest.raises(ValueError, match="poisson"):
        _regressor(loss="poisson").fit([[0.0], [1.0]], [-1.0, 1.0])
