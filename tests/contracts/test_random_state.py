"""The same seed gives the same bits: anew, elsewhere, side by side, after a break."""

import hashlib
import json
import pickle
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.callbacks import Callback, Checkpoint
from tests.conftest import all_classifiers, digits, run_program, unconverged

pytestmark = unconverged

X, y = digits(240)

BASE = {
    "hidden_layer_sizes": (16, 8),
    "max_iter": 6,
    "batch_size": 50,
    "random_state": 7,
}
CASES = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate": "adaptive"},
    "rmsprop": {"solver": "rmsprop", "learning_rate": "cosine"},
    "lbfgs": {"solver": "lbfgs"},
    "dropout": {"dropout": [0.1, 0.3, 0.3], "max_norm": 1.0},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 2},
    "float32": {"dtype": "float32", "dropout": 0.2},
    "initialiser": {"init": "he", "weight_decay": 0.1},
    "one cycle, in order": {"learning_rate": "one_cycle", "shuffle": False},
}
TABULAR = {
    "hidden_layer_sizes": (16,),
    "max_iter": 4,
    "n_members": 2,
    "random_state": 7,
}


def _frame():
    """Numbers, names and categories, with some of them missing."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(X[:, 20:24].copy(), columns=list("abcd"))
    frame["name"] = rng.choice(["red", "green", "blue", "grey"], len(X))
    frame["town"] = pd.Categorical(rng.choice([f"t{i}" for i in range(30)], len(X)))
    frame.loc[::7, "a"] = np.nan
    frame.loc[::5, "name"] = None
    return frame


def _fits():
    """Every fit that is to be repeatable, by name: a function without arguments."""
    fits = {}
    for name, params in CASES.items():
        for Estimator in (NumpyMLPClassifier, NumpyMLPRegressor):
            fits[f"{name}, {Estimator.__name__}"] = lambda E=Estimator, p=params: E(
                **BASE | p
            ).fit(X, y)
    for name, params in {"adam": {}, "lbfgs": {"solver": "lbfgs"}}.items():
        fits[f"{name}, sparse"] = lambda p=params: NumpyMLPClassifier(**BASE | p).fit(
            sp.csr_matrix(X * (X > 0.5)), y
        )

    def in_parts():
        clf = NumpyMLPClassifier(**BASE, dropout=0.1)
        for start in range(0, len(X), 80):
            rows = slice(start, start + 80)
            clf.partial_fit(X[rows], y[rows], classes=np.arange(10))
        return clf

    fits["partial_fit"] = in_parts
    fits["warm start"] = lambda: (
        NumpyMLPClassifier(**BASE, warm_start=True).fit(X, y).fit(X, y)
    )
    names = np.array([f"class {i}" for i in y])
    for ensemble in ("kfold", "seeds", "refit", None):
        fits[f"tabular, {ensemble}"] = lambda e=ensemble: TabularMLPRegressor(
            **TABULAR, ensemble=e
        ).fit(_frame(), y)
    fits["tabular, classes by name"] = lambda: TabularMLPClassifier(
        **TABULAR, class_weight="balanced"
    ).fit(_frame(), names)
    return fits


FITS = _fits()


def _sum(est):
    """A checksum of all that a fit has learnt and will predict."""
    parts = hashlib.sha256()
    for each in getattr(est, "estimators_", [est]):
        parts.update(each._params.tobytes())
        for name in ("loss_curve_", "validation_scores_", "n_iter_", "loss_"):
            parts.update(repr(getattr(each, name)).encode())
    data = _frame() if hasattr(est, "preprocessor_") else X
    parts.update(np.ascontiguousarray(est.predict(data)).astype(str).tobytes())
    if hasattr(est, "predict_proba"):
        parts.update(np.ascontiguousarray(est.predict_proba(data)).tobytes())
    if getattr(est, "oof_predictions_", None) is not None:
        parts.update(est.oof_predictions_.tobytes())
    return parts.hexdigest()


@pytest.fixture(scope="module")
def sums():
    """The checksum of each fit, in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return {name: _sum(fit()) for name, fit in FITS.items()}


def test_checksums_tell_fits_apart(sums):
    assert len(set(sums.values())) == len(FITS)
    other = NumpyMLPClassifier(**BASE | {"random_state": 8}).fit(X, y)
    assert _sum(other) not in sums.values()


@pytest.mark.parametrize("name", FITS)
def test_once_more_in_the_same_process(name, sums):
    np.random.seed(3)  # the global stream has no part in it
    assert _sum(FITS[name]()) == sums[name]


ROOT = str(Path(__file__).parents[2])

ELSEWHERE = """
import json, sys, warnings
sys.path.insert(0, sys.argv[1])
warnings.simplefilter("ignore")
from tests.contracts.test_random_state import FITS, _sum
print(json.dumps({name: _sum(fit()) for name, fit in FITS.items()}))
"""


@pytest.mark.parametrize(
    "hash_seed", ["1", pytest.param("4242", marks=pytest.mark.nightly)]
)
def test_in_another_process_with_another_order_of_hashes(hash_seed, sums):
    done = run_program(ELSEWHERE, ROOT, env={"PYTHONHASHSEED": hash_seed})
    assert json.loads(done.stdout) == sums


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_side_by_side(backend, sums):
    names = ["adam, NumpyMLPClassifier", "dropout, NumpyMLPRegressor"]
    names += ["lbfgs, NumpyMLPClassifier", "early stopping, NumpyMLPRegressor"]
    estimators = []
    for name in names:
        case, _, kind = name.rpartition(", ")
        Estimator = {E.__name__: E for E in (NumpyMLPClassifier, NumpyMLPRegressor)}
        estimators.append(Estimator[kind](**BASE | CASES[case]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with joblib.parallel_config(backend, n_jobs=2):
            fitted = joblib.Parallel()(joblib.delayed(e.fit)(X, y) for e in estimators)
    assert [_sum(each) for each in fitted] == [sums[name] for name in names]


@all_classifiers
def test_a_grid_search_side_by_side(Estimator):
    settings = BASE if Estimator is NumpyMLPClassifier else TABULAR | {"n_jobs": 1}
    data = X if Estimator is NumpyMLPClassifier else _frame()
    grid = {"learning_rate_init": [1e-3, 1e-2], "dropout": [0.0, 0.2]}
    searches = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for n_jobs in (1, 2, 2):
            search = GridSearchCV(Estimator(**settings), grid, cv=2, n_jobs=n_jobs)
            searches.append(search.fit(data, y))
    first, *others = searches
    for other in others:
        for column in ("split0_test_score", "split1_test_score"):
            np.testing.assert_array_equal(
                other.cv_results_[column], first.cv_results_[column]
            )
        assert _sum(other.best_estimator_) == _sum(first.best_estimator_)


def test_a_cross_validation_side_by_side():
    clf = NumpyMLPClassifier(**BASE, dropout=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        one, two = (cross_val_score(clf, X, y, cv=3, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("ensemble", ["kfold", "seeds"])
def test_members_side_by_side(ensemble, sums):
    reg = TabularMLPRegressor(**TABULAR, ensemble=ensemble, n_jobs=2)
    assert _sum(reg.fit(_frame(), y)) == sums[f"tabular, {ensemble}"]


@pytest.mark.parametrize("name", FITS)
def test_after_a_pickle_and_a_clone(name, sums):
    est = FITS[name]()
    assert _sum(pickle.loads(pickle.dumps(est))) == sums[name]
    if name in ("partial_fit", "warm start"):
        return
    data = _frame() if hasattr(est, "preprocessor_") else X
    target = y if not hasattr(est, "classes_") else est.classes_[y]
    if name.endswith("sparse"):
        data = sp.csr_matrix(X * (X > 0.5))
    for twin in (clone(est), pickle.loads(pickle.dumps(clone(est))), est):
        assert _sum(twin.fit(data, target)) == sums[name]


@pytest.mark.parametrize("after", [1, 2])
def test_partial_fit_goes_on_after_a_pickle(after, sums):
    clf = NumpyMLPClassifier(**BASE, dropout=0.1)
    for i, start in enumerate(range(0, len(X), 80)):
        if i == after:
            clf = pickle.loads(pickle.dumps(clf))
        rows = slice(start, start + 80)
        clf.partial_fit(X[rows], y[rows], classes=np.arange(10))
    assert _sum(clf) == sums["partial_fit"]


def test_a_warm_start_goes_on_after_a_pickle(sums):
    clf = NumpyMLPClassifier(**BASE, warm_start=True).fit(X, y)
    clf = pickle.loads(pickle.dumps(clf))
    assert _sum(clf.fit(X, y)) == sums["warm start"]


class _Fail(Callback):
    def on_epoch_end(self, event):
        if event.epoch == 2:
            raise RuntimeError("power cut")


def test_a_resumed_run_on_sparse_data(sums, tmp_path):
    S = sp.csr_matrix(X * (X > 0.5))
    path = tmp_path / "run.npz"
    clf = NumpyMLPClassifier(**BASE, callbacks=[Checkpoint(path), _Fail()])
    with pytest.raises(RuntimeError):
        clf.fit(S, y)
    clf.set_params(callbacks=[Checkpoint(path, resume=True)])
    assert _sum(clf.fit(S, y)) == sums["adam, sparse"]


@pytest.mark.parametrize("ensemble", ["kfold", "seeds", "refit", None])
def test_a_resumed_ensemble(ensemble, sums, tmp_path):
    path = tmp_path / "run.npz"
    reg = TabularMLPRegressor(
        **TABULAR, ensemble=ensemble, callbacks=[Checkpoint(path), _Fail()]
    )
    with pytest.raises(RuntimeError):
        reg.fit(_frame(), y)
    reg.set_params(callbacks=[Checkpoint(path, resume=True)])
    assert _sum(reg.fit(_frame(), y)) == sums[f"tabular, {ensemble}"]


class _FailInSecond(Checkpoint):
    """Fails in the second network after an epoch, which it has saved."""

    def __init__(self, path, epoch):
        super().__init__(path, resume=True)
        self.epoch = epoch

    def on_epoch_end(self, event):
        super().on_epoch_end(event)
        if event.epoch == self.epoch and self.path.name == "run-1.npz":
            raise RuntimeError("power cut")


def test_a_resumed_refit_trains_no_longer_than_it_was_to(tmp_path):
    """Cut off after its last epoch, or complete: there is nothing more to do."""
    path = tmp_path / "run.npz"
    # By this score the best epoch is none of the last ones.
    settings = TABULAR | {"ensemble": "refit", "max_iter": 30, "scoring": "accuracy"}
    whole = TabularMLPClassifier(**settings).fit(X, y)
    assert whole.n_iter_ < 30
    cut_off = _FailInSecond(path, whole.n_iter_)
    clf = TabularMLPClassifier(**settings, callbacks=[cut_off])
    with pytest.raises(RuntimeError, match="power cut"):
        clf.fit(X, y)
    clf.set_params(callbacks=[Checkpoint(path, resume=True)])
    for _ in range(2):
        assert clf.fit(X, y).n_iter_ == whole.n_iter_
        np.testing.assert_array_equal(clf.predict_proba(X), whole.predict_proba(X))


@pytest.mark.parametrize("case", CASES)
def test_layouts_of_the_data_do_not_matter_to_the_random_numbers(case):
    """Column-major data may round otherwise, but the order of rows is the same."""
    one = NumpyMLPClassifier(**BASE | CASES[case]).fit(X, y)
    two = NumpyMLPClassifier(**BASE | CASES[case]).fit(np.asfortranarray(X), y)
    np.testing.assert_allclose(one._params, two._params, rtol=1e-4, atol=1e-5)
