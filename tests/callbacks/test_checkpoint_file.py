"""Checkpoint files: damaged ones, and those of other runs, are refused."""

import copy
import json

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.digests import describe
from sknumpy_mlp.callbacks import Checkpoint
from sknumpy_mlp.losses import Huber
from tests.callbacks.conftest import SETTINGS, FailAt, StopAt, X, assert_same, y
from tests.conftest import plain_estimators, unconverged

pytestmark = unconverged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.5}, "alpha was 0.0001 and is 0.5"),
        ({"hidden_layer_sizes": 13}, r"layer widths was \[64, 12, 1\]"),
        ({"solver": "sgd"}, "solver was 'adam' and is 'sgd'"),
        ({"loss": Huber(2.0)}, r"is 'Huber\(delta=2.0\)'"),
        ({"random_state": 1}, "random_state was 0 and is 1"),
        ({"dtype": "float32"}, "dtype was None and is 'float32'"),
        ({"dropout": [0.0, 0.1]}, r"dropout was 0.0 and is \[0.0, 0.1\]"),
    ],
)
def test_a_file_of_another_run_is_refused(change, message, tmp_path):
    path = tmp_path / "run.npz"
    NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    before = path.read_bytes()
    other = NumpyMLPRegressor(
        callbacks=[Checkpoint(path, resume=True)], **SETTINGS | change
    )
    with pytest.raises(ValueError, match=f"belongs to another run.*{message}"):
        other.fit(X, y)
    assert path.read_bytes() == before
    assert not hasattr(other, "n_iter_")


def test_a_file_of_other_data_or_another_estimator_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    checkpoint = [Checkpoint(path, resume=True)]
    reg = NumpyMLPRegressor(callbacks=checkpoint, **SETTINGS)
    with pytest.raises(ValueError, match=r"shape of X was \[300, 64\] and is \[200"):
        reg.fit(X[:200], y[:200])
    for other in ((X.astype(np.float32), y), (X[::-1], y), (X, y + 1)):
        with pytest.raises(ValueError, match="digest of the data was"):
            reg.fit(*other)
    with pytest.raises(ValueError, match="digest of the data was"):
        reg.fit(X, y, sample_weight=np.ones(len(y)))
    with pytest.raises(ValueError, match="digest of the validation data was None"):
        reg.fit(X, y, X_val=X, y_val=y)
    clf = NumpyMLPClassifier(callbacks=checkpoint, **SETTINGS)
    with pytest.raises(ValueError, match="estimator was 'NumpyMLPRegressor'"):
        clf.fit(X, y)


def test_a_file_of_other_labels_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    names = np.array(["no", "yes"])
    settings = SETTINGS | {"callbacks": [Checkpoint(path)]}
    clf = NumpyMLPClassifier(**settings).fit(X, names[y % 2])
    clf.set_params(callbacks=[Checkpoint(path, resume=True)])
    with pytest.raises(
        ValueError, match=r"classes was \['no', 'yes'\] and is \[0, 1\]"
    ):
        clf.fit(X, y % 2)


def test_folds_of_a_cross_validation_do_not_resume_one_another(tmp_path):
    """Rows of one fold's test set are in the training set of another's file."""
    est = NumpyMLPRegressor(
        callbacks=[Checkpoint(tmp_path / "run.npz", resume=True)], **SETTINGS
    )
    with pytest.raises(ValueError, match="belongs to another run"):
        cross_val_score(est, X, y, cv=3, error_score="raise")


@plain_estimators
def test_a_warm_start_does_not_resume_the_file_of_the_previous_fit(Estimator, tmp_path):
    path = tmp_path / "run.npz"
    est = Estimator(
        warm_start=True, callbacks=[Checkpoint(path, resume=True)], **SETTINGS
    ).fit(X, y)
    with pytest.raises(ValueError, match="parameters to start from was None"):
        est.fit(X, y)
    # With a file of its own, cut off and resumed, it is one without a break.
    whole = Estimator(warm_start=True, **SETTINGS).fit(X, y).fit(X, y)
    path.unlink()
    start = copy.deepcopy(est)
    est.set_params(callbacks=[Checkpoint(path), FailAt(5)])
    with pytest.raises(RuntimeError):
        est.fit(X, y)
    assert_same(start.fit(X, y), whole)


def _drawn(size):
    return lambda rng, fan_in, fan_out: rng.normal(0, size, (fan_in, fan_out))


def test_functions_and_long_arrays_are_told_apart(tmp_path):
    path = tmp_path / "run.npz"
    reg = NumpyMLPRegressor(
        init=_drawn(0.1), callbacks=[Checkpoint(path)], **SETTINGS
    ).fit(X, y)
    reg.set_params(callbacks=[Checkpoint(path, resume=True)]).fit(X, y)
    with pytest.raises(ValueError, match="init was"):
        reg.set_params(init=_drawn(0.2)).fit(X, y)
    table = np.zeros(5000)
    assert describe(table) != describe(table + (np.arange(5000) == 2500))
    one, two = (lambda x: x + 1), (lambda x: x + 2)
    assert describe(one) == describe(one) != describe(two)
    assert json.dumps(describe({"a": (one, table, np.float32(2), Huber(), None)}))


def _rewrite(path, change):
    """Change a checkpoint's JSON and arrays."""
    with np.load(path) as archive:
        arrays = dict(archive)
    meta = json.loads(arrays.pop("meta").tobytes())
    change(meta, arrays)
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(path, **arrays)


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def _save_array(path, array):
    with path.open("wb") as file:
        np.save(file, array)


def _cut_params(meta, arrays):
    arrays["params"] = arrays["params"][:-1]


DAMAGE = {
    "empty": (lambda path: path.write_bytes(b""), "damaged, or is no checkpoint"),
    "text": (lambda path: path.write_text("hello"), "damaged, or is no checkpoint"),
    "truncated": (_truncate, "damaged, or is no checkpoint"),
    "an array": (
        lambda path: _save_array(path, np.ones(3)),
        "damaged, or is no checkpoint",
    ),
    "a pickle": (
        lambda path: _save_array(path, np.array([{}], dtype=object)),
        "damaged, or is no checkpoint",
    ),
    "another archive": (
        lambda path: np.savez(path, a=np.ones(3)),
        "damaged, or is no checkpoint",
    ),
    "a later format": (
        lambda path: _rewrite(path, lambda meta, _: meta.update(format=99)),
        "written in format 99 by sknumpy_mlp",
    ),
    "fewer parameters": (
        lambda path: _rewrite(path, _cut_params),
        "holds float64 of .* as params, where this fit has",
    ),
    "no moments": (
        lambda path: _rewrite(path, lambda _, arrays: arrays.pop("moment_0")),
        "holds nothing as moment_0",
    ),
    "no versions": (
        lambda path: _rewrite(path, lambda meta, _: meta.pop("versions")),
        "damaged, or is no checkpoint",
    ),
    "no stream": (
        lambda path: _rewrite(path, lambda meta, _: meta.pop("stream")),
        "is damaged: KeyError",
    ),
    "an odd stream": (
        lambda path: _rewrite(path, lambda meta, _: meta.update(stream={"a": 1})),
        "is damaged",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused(damage, tmp_path):
    path = tmp_path / "run.npz"
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path)], **SETTINGS).fit(X, y)
    do, message = DAMAGE[damage]
    do(path)
    est.set_params(callbacks=[Checkpoint(path, resume=True)])
    before = dict(vars(est))
    with pytest.raises(ValueError, match=message):
        est.fit(X, y)
    assert vars(est) == before


def test_other_versions_cause_a_warning(tmp_path):
    path = tmp_path / "run.npz"
    est = NumpyMLPRegressor(callbacks=[Checkpoint(path), StopAt(3)], **SETTINGS)
    est.fit(X, y)
    _rewrite(path, lambda meta, _: meta["versions"].update(numpy="1.0"))
    est.set_params(callbacks=[Checkpoint(path, resume=True)])
    with pytest.warns(UserWarning, match=r"numpy 1.0 -> .*last digits may differ"):
        est.fit(X, y)
    assert est.n_iter_ == 12


def test_a_checkpoint_holds_no_pickle(tmp_path):
    path = tmp_path / "run.npz"
    settings = SETTINGS | {"dropout": 0.2, "early_stopping": True}
    NumpyMLPRegressor(callbacks=[Checkpoint(path)], **settings).fit(X, y)
    with np.load(path, allow_pickle=False) as archive:
        kinds = {archive[name].dtype.kind for name in archive.files}
    assert kinds <= set("fiu")
