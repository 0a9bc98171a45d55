"""Saved estimators: small, readable by later versions, usable as a mapped file.

``tests/data/models`` has a folder for each released version, with an estimator of each
kind as that version saved it and what it predicted.  With a release, add its own, which
are not replaced any more (while it is not out, remove its folder first)::

    python -m tests.contracts.test_persistence
"""

import copy
import io
import pickle
import tracemalloc
import uuid
import warnings
from decimal import Decimal
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp._utils.saved import FORMAT_VERSION
from sknumpy_mlp.export import to_sklearn
from sknumpy_mlp.losses import Quantile
from tests.conftest import tabular_estimators, unconverged

MODELS = Path(__file__).parents[1] / "data" / "models"

pytestmark = unconverged


def _frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.lognormal(4, 0.4, 60),
            "town": rng.choice(["Ulm", "Bonn", None], 60),
            "kind": rng.choice(list("abcdefghijkl"), 60),
            "flag": rng.random(60) < 0.3,
        }
    )
    frame.loc[::9, "size"] = np.nan
    return frame


def _frame_target():
    return _frame()["size"].fillna(50).to_numpy() + 10


def _classify():
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = np.array(["x", "y", "z"])[y]
    return NumpyMLPClassifier((5,), max_iter=5, random_state=0).fit(X, y), X


def _classify_warm():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier(
        (5, 4), dropout=0.1, early_stopping=True, max_iter=5, warm_start=True
    )
    return clf.set_params(random_state=0).fit(X, y), X


def _classify_labels():
    X, y = load_iris(return_X_y=True)
    several = np.column_stack([y == 0, y > 0]).astype(int)
    clf = NumpyMLPClassifier((5,), activation="mish", dtype="float32", random_state=0)
    return clf.partial_fit(X, several, classes=[0, 1]), X


def _quantiles():
    X, y = load_diabetes(return_X_y=True)
    reg = NumpyMLPRegressor(
        loss=Quantile([0.1, 0.9]), solver="lbfgs", max_iter=5, random_state=0
    )
    return reg.set_params(hidden_layer_sizes=(4,)).fit(X, y), X


_SHORT = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_members": 2, "random_state": 0}


def _tabular_classify():
    labels = np.digitize(_frame_target(), [55, 70])
    return TabularMLPClassifier(**_SHORT).fit(_frame(), labels), _frame()


def _tabular_regress():
    reg = TabularMLPRegressor(**_SHORT, loss="gamma")
    return reg.fit(_frame(), _frame_target()), _frame()


def _preprocess():
    return TabularPreprocessor().fit(_frame()), _frame()


def _preprocess_dates():
    # Of microseconds, as Python's dates are: pandas' resolutions differ by version.
    start = np.datetime64("2024-03-30T20:00", "us")
    when = pd.Series(start + np.arange(60) * np.timedelta64(5, "h"))
    X = pd.DataFrame(
        {
            "when": when,
            "there": when.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
            "waited": when - when[7],
        }
    )
    return TabularPreprocessor().fit(X), X


#: Each makes a fitted estimator, and data for it.
MAKERS = {
    "classifier": _classify,
    "classifier_warm": _classify_warm,
    "classifier_labels": _classify_labels,
    "regressor_quantiles": _quantiles,
    "tabular_classifier": _tabular_classify,
    "tabular_regressor": _tabular_regress,
    "preprocessor": _preprocess,
    "preprocessor_dates": _preprocess_dates,
}

every = pytest.mark.parametrize("name", MAKERS)


def _outputs(estimator, X):
    """All that an estimator makes of data."""
    names = ("predict", "predict_proba", "prediction_interval", "transform")
    outputs = {}
    for name in names:
        if name == "prediction_interval" and not hasattr(estimator, "_intervals"):
            continue
        if hasattr(estimator, name):
            outputs[name] = getattr(estimator, name)(X)
    return outputs


def _assert_same(estimator, other, X):
    expected, found = _outputs(estimator, X), _outputs(other, X)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    assert vars(other).keys() == vars(estimator).keys()


# ------------------------------------------------------------------------ round trips


@every
def test_pickle_and_copy(name):
    estimator, X = MAKERS[name]()
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        saved = pickle.dumps(estimator, protocol)
        _assert_same(estimator, pickle.loads(saved), X)
    _assert_same(estimator, copy.deepcopy(estimator), X)


@every
@pytest.mark.parametrize("compress", [0, 3])
def test_joblib(name, compress, tmp_path):
    estimator, X = MAKERS[name]()
    joblib.dump(estimator, tmp_path / "model.joblib", compress=compress)
    _assert_same(estimator, joblib.load(tmp_path / "model.joblib"), X)


@every
def test_skops_needs_trust_in_nothing_but_this_package(name):
    sio = pytest.importorskip("skops.io")
    estimator, X = MAKERS[name]()
    saved = sio.dumps(make_pipeline(StandardScaler(), estimator)[-1])
    untrusted = sio.get_untrusted_types(data=saved)
    assert untrusted
    assert all(each.startswith("sknumpy_mlp.") for each in untrusted)
    _assert_same(estimator, sio.loads(saved, trusted=untrusted), X)


@tabular_estimators
def test_skops_needs_no_trust_in_the_classes_of_categories(Estimator):
    sio = pytest.importorskip("skops.io")
    numbers = np.arange(60.0)
    X = pd.DataFrame(
        {
            "cut": pd.cut(numbers, [-1, 5, 20, 60]),
            "price": [Decimal(i % 3) for i in range(60)],
            "key": [uuid.UUID(int=i % 3) for i in range(60)],
            "x": numbers,
        }
    ).astype({"price": "category"})
    est = Estimator((4,), max_iter=2, n_members=2, random_state=0)
    saved = sio.dumps(est.fit(X, numbers % 2))
    untrusted = sio.get_untrusted_types(data=saved)
    assert all(each.startswith("sknumpy_mlp.") for each in untrusted)
    _assert_same(est, sio.loads(saved, trusted=untrusted), X)


def test_skops_pipeline_goes_on_training():
    sio = pytest.importorskip("skops.io")
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((5,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    saved = sio.dumps(clf)
    loaded = sio.loads(saved, trusted=sio.get_untrusted_types(data=saved))
    loaded.partial_fit(X, y)
    np.testing.assert_array_equal(loaded._params, clf.partial_fit(X, y)._params)


@pytest.mark.parametrize("name", ["classifier_warm", "classifier_labels"])
def test_training_goes_on_after_loading(name):
    estimator, X = MAKERS[name]()
    y = load_iris().target
    if name == "classifier_labels":
        y = np.column_stack([y == 0, y > 0]).astype(int)
    loaded = pickle.loads(pickle.dumps(estimator))
    method = "fit" if estimator.warm_start else "partial_fit"
    for each in (estimator, loaded):
        getattr(each, method)(X, y)
    np.testing.assert_array_equal(loaded._params, estimator._params)


# ------------------------------------------------------------------------ mapped files


@every
def test_mapped_files_are_used_as_they_are(name, tmp_path):
    estimator, X = MAKERS[name]()
    joblib.dump(estimator, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    networks = getattr(loaded, "estimators_", [loaded])
    if hasattr(loaded, "estimators_") or hasattr(loaded, "_params"):
        for network in networks:
            assert isinstance(network._params, np.memmap)
            assert np.shares_memory(network.coefs_[0], network._params)
    _assert_same(estimator, loaded, X)


def test_mapped_models_are_saved_and_trained_like_others(tmp_path):
    sio = pytest.importorskip("skops.io")
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((5,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    joblib.dump(clf, tmp_path / "model.joblib")

    def load():
        return joblib.load(tmp_path / "model.joblib", mmap_mode="r")

    for mapped in (load(), load().partial_fit(X, y), copy.deepcopy(load())):
        saved = sio.dumps(mapped)
        untrusted = sio.get_untrusted_types(data=saved)
        assert all(each.startswith("sknumpy_mlp.") for each in untrusted)
        loaded = sio.loads(saved, trusted=untrusted)
        np.testing.assert_array_equal(loaded.predict_proba(X), mapped.predict_proba(X))
        assert type(to_sklearn(mapped).coefs_[0]) is np.ndarray
    changed = load()
    changed.coefs_ = [0 * W for W in changed.coefs_]
    assert type(changed._params) is np.ndarray
    np.testing.assert_array_equal(load().predict(X), clf.predict(X))


@pytest.mark.parametrize(
    ("Estimator", "dtype"),
    [
        (NumpyMLPClassifier, "float64"),
        (NumpyMLPRegressor, "float32"),
        (TabularMLPClassifier, None),
        (TabularMLPRegressor, None),
    ],
)
def test_predicting_from_a_mapped_file_copies_no_parameters(Estimator, dtype, tmp_path):
    X, y = load_iris(return_X_y=True)
    clf = Estimator(hidden_layer_sizes=(500, 500), max_iter=1, random_state=0)
    settings = {"dtype": dtype} if dtype else {"ensemble": None}
    joblib.dump(clf.set_params(**settings).fit(X, y), tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    network = loaded if dtype else loaded.estimators_[0]
    loaded.predict(X[:1])
    tracemalloc.start()
    try:
        loaded.predict(X[:1])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < network._params.nbytes / 8


# ------------------------------------------------------------------------ what is saved


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"solver": "lbfgs"},
        {"early_stopping": True},
        {"dropout": 0.2, "learning_rate": "cosine", "weight_decay": 0.01},
        {"solver": "sgd", "learning_rate": "adaptive"},
    ],
    ids=str,
)
def test_fitted_estimator_carries_its_parameters_and_little_else(settings):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 50)), rng.integers(0, 3, 3000)
    clf = NumpyMLPClassifier((60,), max_iter=3, random_state=0, **settings).fit(X, y)
    assert len(pickle.dumps(clf)) < clf._params.nbytes + 4_000
    on_validation = clf.fit(X, y, X_val=X, y_val=y)
    assert len(pickle.dumps(on_validation)) < clf._params.nbytes + 4_000


def test_optimiser_state_is_carried_while_it_is_needed_and_then_dropped():
    X, y = load_iris(return_X_y=True)
    clf = NumpyMLPClassifier((200,), max_iter=3, warm_start=True, random_state=0)
    n_bytes = clf.fit(X, y)._params.nbytes
    assert len(pickle.dumps(clf)) > 3 * n_bytes  # with two moments
    clf.set_params(warm_start=False).fit(X, y)
    assert len(pickle.dumps(clf)) < n_bytes + 4_000


@tabular_estimators
def test_tabular_estimator_carries_no_table(Estimator):
    rng = np.random.default_rng(0)
    sizes = []
    for n_rows in (200, 2000):
        X = rng.normal(size=(n_rows, 30))
        y = (X[:, 0] > 0).astype(int)
        est = Estimator((8,), max_iter=1, n_members=2, random_state=0).fit(X, y)
        # Documented results, with something for each row.
        own = sum(
            each.nbytes for each in [est.oof_predictions_, *est.validation_indices_]
        )
        for name in ("_intervals", "_sets"):
            own += len(pickle.dumps(getattr(est, name, None)))
        sizes.append(len(pickle.dumps(est)) - own)
    assert abs(sizes[1] - sizes[0]) < 2_000


# ----------------------------------------------------------------------------- versions


def test_state_says_form_and_version():
    clf, _ = _classify()
    state = clf.__getstate__()
    assert state["_form"] == FORMAT_VERSION
    assert state["_saved_by"] == sknumpy_mlp.__version__
    restored = pickle.loads(pickle.dumps(clf))
    assert not {"_form", "_saved_by"} & vars(restored).keys()


@every
def test_models_of_unknown_forms_are_refused(name):
    estimator, _ = MAKERS[name]()
    state = estimator.__getstate__()
    blank = type(estimator).__new__(type(estimator))
    newer = state | {"_form": FORMAT_VERSION + 1, "_saved_by": "99.1"}
    with pytest.raises(ValueError, match=r"was saved by sknumpy_mlp 99\.1, in a form"):
        blank.__setstate__(newer)
    del state["_form"]
    with pytest.raises(ValueError, match=r"before its first release.*Fit it again"):
        blank.__setstate__(state)
    for form in ("x", 0, None):
        with pytest.raises(ValueError, match="before its first release"):
            blank.__setstate__(state | {"_form": form})
    with pytest.raises(ValueError, match=r"is no state of a"):
        blank.__setstate__("abc")
    assert vars(blank) == {}


def _stored():
    return [
        pytest.param(path, id=f"{path.parent.name}-{path.stem}")
        for path in sorted(MODELS.glob("*/*.joblib"))
    ]


def test_every_kind_is_stored():
    folders = list(MODELS.iterdir())
    assert folders
    for folder in folders:
        kinds = {path.stem for path in folder.glob("*.joblib")}
        # Later versions may have kinds that earlier ones did not.
        assert kinds <= MAKERS.keys()
        assert kinds == MAKERS.keys() or folder.name != sknumpy_mlp.__version__


@pytest.mark.parametrize("path", _stored())
def test_models_of_released_versions_load_and_predict_as_they_did(path):
    estimator = joblib.load(path)
    _, X = MAKERS[path.stem]()
    with np.load(path.with_suffix(".npz")) as expected:
        outputs = _outputs(estimator, X)
        assert outputs.keys() == set(expected.files)
        for name, value in outputs.items():
            if value.dtype.kind == "f":
                np.testing.assert_allclose(
                    value, expected[name], rtol=1e-5, atol=1e-6, err_msg=name
                )
            else:
                np.testing.assert_array_equal(value, expected[name], err_msg=name)


def _store():
    """Save an estimator of each kind, and what it predicts."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    folder = MODELS / sknumpy_mlp.__version__
    folder.mkdir(parents=True)  # and fail, if this version's are there
    for name, make in MAKERS.items():
        estimator, X = make()
        buffer = io.BytesIO()
        joblib.dump(estimator, buffer, compress=3)
        (folder / f"{name}.joblib").write_bytes(buffer.getvalue())
        np.savez_compressed(folder / f"{name}.npz", **_outputs(estimator, X))


if __name__ == "__main__":
    _store()
