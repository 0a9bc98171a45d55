"""With MLflow, the extra ``mlflow``, in an environment that has it.

Runs go to a database in a temporary folder.  What the user guide says of MLflow is
tested here as well, with the guide's own code.
"""

import functools
import os
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.callbacks import Callback, History
from sknumpy_mlp.export import trusted_types
from sknumpy_mlp.losses import Huber
from tests.conftest import TABULAR, all_estimators, tabular_estimators

# Without messages about its use to MLflow's authors.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
pytest.importorskip("mlflow")

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

# MLflow and the libraries under it warn of their own affairs: deprecated calls, columns
# of integers, type hints.
pytestmark = pytest.mark.filterwarnings("ignore")

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
SETTINGS = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}

X, y = load_iris(return_X_y=True)
TABLE = pd.DataFrame(
    {
        "size": np.linspace(0.0, 1.0, 120),
        "town": np.tile(["Ulm", "Bonn", "Trier"], 40),
        "heating": pd.Categorical(np.tile(["gas", "oil"], 60)),
        "floor": pd.Categorical(np.tile([0, 1, 2, 3], 30)),
    }
)
TABLE.loc[3, "size"] = TABLE.loc[4, "town"] = TABLE.loc[5, "heating"] = None
CATEGORIES = ["heating", "floor"]
RENT = TABLE["size"].fillna(0.5) + (TABLE["town"] == "Bonn")

infer_pip_requirements = mlflow.models.infer_pip_requirements


@pytest.fixture(scope="module", autouse=True)
def _store(tmp_path_factory):
    """Set up the database, which takes seconds, once."""
    folder = tmp_path_factory.mktemp("mlflow")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{(folder / 'mlflow.db').as_posix()}")
    mlflow.create_experiment("tests", artifact_location=(folder / "files").as_uri())
    mlflow.set_experiment("tests")
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture(autouse=True)
def _no_requirements(monkeypatch):
    """Store models without requirements, for which MLflow would start a process."""
    monkeypatch.setattr(mlflow.models, "infer_pip_requirements", lambda *_, **__: [])


@pytest.fixture
def autolog():
    yield functools.partial(mlflow.sklearn.autolog, silent=True)
    mlflow.sklearn.autolog(disable=True)


def _data(Estimator):
    if Estimator not in TABULAR:
        return X, y
    is_rent = not is_classifier(Estimator())
    return TABLE, RENT if is_rent else np.where(RENT > 1.0, "high", "low")


def _estimator(Estimator, **params):
    members = {"n_members": 2} if Estimator in TABULAR else {}
    return Estimator(**SETTINGS, **members, **params)


@functools.cache
def _fitted(Estimator):
    return _estimator(Estimator).fit(*_data(Estimator))


def _runs():
    return mlflow.search_runs(output_format="list")


def _models(run):
    """Return the models of a run, by name."""
    models = mlflow.search_logged_models(output_format="list")
    return {each.name: each for each in models if each.source_run_id == run.info.run_id}


def _assert_same_predictions(one, other, X):
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    if is_classifier(one):
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


# ------------------------------------------------------------------ saving and loading


@all_estimators
@pytest.mark.parametrize("serialization_format", ["skops", "cloudpickle", "pickle"])
def test_saved_and_loaded(tmp_path, Estimator, serialization_format):
    est = _fitted(Estimator)
    is_skops = serialization_format == "skops"
    mlflow.sklearn.save_model(
        est,
        tmp_path / "model",
        serialization_format=serialization_format,
        skops_trusted_types=trusted_types(est) if is_skops else None,
    )
    assert (tmp_path / "model" / "model.skops").exists() == is_skops
    loaded = mlflow.sklearn.load_model(tmp_path / "model")
    assert type(loaded) is Estimator
    assert loaded.get_params() == est.get_params()
    _assert_same_predictions(loaded, est, _data(Estimator)[0])


@all_estimators
def test_skops_is_the_default_and_needs_the_list(tmp_path, Estimator):
    with pytest.raises(MlflowException, match="'skops_trusted_types'") as caught:
        mlflow.sklearn.save_model(_fitted(Estimator), tmp_path / "model")
    assert all(name in str(caught.value) for name in trusted_types(_fitted(Estimator)))


def test_pipelines_and_searches():
    pipeline = make_pipeline(StandardScaler(), _estimator(NumpyMLPClassifier))
    search = GridSearchCV(pipeline, {"numpymlpclassifier__alpha": [0.0, 1.0]}, cv=2)
    for est in (pipeline.fit(X, y), search.fit(X, y)):
        info = mlflow.sklearn.log_model(
            est,
            name="model",
            skops_trusted_types=trusted_types(est),
            input_example=X[:3],
        )
        assert info.signature.inputs.input_types() == [np.dtype(float)]
        loaded = mlflow.sklearn.load_model(info.model_uri)
        assert type(loaded) is type(est)
        _assert_same_predictions(loaded, est, X)


def test_requirements_name_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(mlflow.models, "infer_pip_requirements", infer_pip_requirements)
    est = _fitted(NumpyMLPRegressor)
    mlflow.sklearn.save_model(
        est, tmp_path / "model", skops_trusted_types=trusted_types(est)
    )
    requirements = (tmp_path / "model" / "requirements.txt").read_text()
    assert re.search("^sknumpy-mlp==", requirements, re.MULTILINE)


# -------------------------------------------------------------- predictions for tables


def _log_with_signature(est, **options):
    return mlflow.sklearn.log_model(
        est,
        name="model",
        skops_trusted_types=trusted_types(est),
        signature=infer_signature(TABLE, est.predict(TABLE)),
        **options,
    )


@tabular_estimators
def test_pyfunc_with_a_signature_takes_categories_as_objects(Estimator):
    est = _fitted(Estimator)
    info = _log_with_signature(est)
    types = [each.name for each in info.signature.inputs.input_types()]
    assert types == ["double", "string", "string", "long"]
    model = mlflow.pyfunc.load_model(info.model_uri)
    with pytest.raises(MlflowException, match="Can not safely convert category"):
        model.predict(TABLE)
    objects = TABLE.astype(dict.fromkeys(CATEGORIES, object))
    np.testing.assert_array_equal(model.predict(objects), est.predict(TABLE))


@tabular_estimators
def test_pyfunc_without_a_signature_takes_the_table_as_it_is(Estimator):
    est = _fitted(Estimator)
    info = mlflow.sklearn.log_model(
        est, name="model", skops_trusted_types=trusted_types(est)
    )
    model = mlflow.pyfunc.load_model(info.model_uri)
    np.testing.assert_array_equal(model.predict(TABLE), est.predict(TABLE))


def test_pyfunc_of_probabilities():
    est = _fitted(TABULAR[0])
    info = _log_with_signature(est, pyfunc_predict_fn="predict_proba")
    predicted = mlflow.pyfunc.load_model(info.model_uri).predict(
        TABLE.astype(dict.fromkeys(CATEGORIES, object))
    )
    np.testing.assert_array_equal(predicted, est.predict_proba(TABLE))


# ------------------------------------------------------------------------- autologging


@all_estimators
def test_autologging_of_a_pipeline(autolog, Estimator):
    """Parameters, training metrics and the model of its last step are logged."""
    data = _data(Estimator)
    autolog()
    pipeline = make_pipeline(_estimator(Estimator, callbacks=[History()]))
    with mlflow.start_run() as active:
        pipeline.fit(*data)
    run = mlflow.get_run(active.info.run_id)
    assert run.info.status == "FINISHED"
    step = Estimator.__name__.lower()
    assert run.data.params[f"{step}__max_iter"] == "5"
    assert run.data.params[f"{step}__callbacks"] == "[History()]"
    assert len(run.data.params) > len(Estimator().get_params())
    metrics = run.data.metrics
    assert metrics["training_score"] == pipeline.score(*data)
    assert "training_log_loss" in metrics or "training_r2_score" in metrics
    (model,) = _models(run).values()
    loaded = mlflow.sklearn.load_model(model.model_uri)
    _assert_same_predictions(loaded, pipeline, data[0])


def test_autologging_of_objects_as_parameters(autolog):
    autolog(log_models=False)
    huber = _estimator(NumpyMLPRegressor, loss=Huber(delta=2.0))
    with mlflow.start_run() as active:
        make_pipeline(huber).fit(X, y)
    params = mlflow.get_run(active.info.run_id).data.params
    assert params["numpymlpregressor__loss"] == "Huber(delta=2.0)"


def test_autologging_of_a_search(autolog):
    """Each combination has a run of its own, and the best one its model."""
    autolog()
    search = GridSearchCV(_estimator(NumpyMLPRegressor), {"alpha": [0.1, 9.0]}, cv=2)
    with mlflow.start_run() as active:
        search.fit(X, y)
    run = mlflow.get_run(active.info.run_id)
    assert run.data.params["best_alpha"] == str(search.best_params_["alpha"])
    assert run.data.metrics["best_cv_score"] == search.best_score_
    parent = "mlflow.parentRunId"
    inner = [each for each in _runs() if each.data.tags.get(parent) == run.info.run_id]
    scores = {
        float(each.data.params["alpha"]): each.data.metrics["mean_test_score"]
        for each in inner
    }
    assert scores == dict(
        zip([0.1, 9.0], search.cv_results_["mean_test_score"], strict=True)
    )
    models = _models(run)
    assert models.keys() == {"model", "best_estimator"}
    best = mlflow.sklearn.load_model(models["best_estimator"].model_uri)
    assert type(best) is NumpyMLPRegressor
    _assert_same_predictions(best, search, X)


@all_estimators
def test_a_fit_by_itself_is_not_logged(autolog, Estimator):
    """Nor are scikit-learn's estimators that it uses."""
    autolog()
    before = len(_runs())
    est = _estimator(Estimator).fit(*_data(Estimator))
    est.score(*_data(Estimator))
    assert len(_runs()) == before


def test_autologging_has_no_trusted_types(autolog):
    """The fit is unharmed, the run is not."""
    autolog(serialization_format="skops")
    pipeline = make_pipeline(_estimator(NumpyMLPRegressor)).fit(X, y)
    run = _runs()[0]
    assert run.info.status == "FAILED"
    assert "training_score" not in run.data.metrics
    _assert_same_predictions(pipeline[-1], _fitted(NumpyMLPRegressor), X)


class ToMLflow(Callback):
    """Logs the loss of each epoch to the active run."""

    def on_epoch_end(self, event):
        mlflow.log_metric("loss", event.loss, step=event.epoch)


def test_a_callback_logs_epochs():
    with mlflow.start_run() as active:
        est = _estimator(NumpyMLPRegressor, callbacks=[ToMLflow()]).fit(X, y)
    history = mlflow.MlflowClient().get_metric_history(active.info.run_id, "loss")
    assert [each.step for each in history] == [1, 2, 3, 4, 5]
    assert [each.value for each in history] == est.loss_curve_


# --------------------------------------------------------------------------- the guide


def test_the_code_of_the_guide(autolog):
    """Word for word, with smaller fits under the names of its session."""
    text = GUIDE.read_text(encoding="utf-8")
    (section,) = re.findall(r"^### MLflow\n(.*?)^#", text, re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    pipeline = make_pipeline(StandardScaler(), _estimator(NumpyMLPClassifier))
    plain = TABLE.drop(columns=CATEGORIES)
    session = {
        "TabularMLPRegressor": functools.partial(TabularMLPRegressor, n_members=2),
        "flats_test": plain[:50],
        "flats_train": plain,
        "make_pipeline": make_pipeline,
        "regressor": _estimator(TabularMLPRegressor).fit(plain, RENT),
        "rent_train": RENT,
        "search": GridSearchCV(pipeline, {}, cv=2).fit(X, y),
        "trusted_types": trusted_types,
    }
    before = {run.info.run_id for run in _runs()}
    for block in blocks:
        exec(block, session)
    _assert_same_predictions(session["loaded"], session["search"], X)
    regressor, logged = session["regressor"], session["logged"]
    np.testing.assert_array_equal(session["predicted"], regressor.predict(plain[:50]))
    runs = [run for run in _runs() if run.info.run_id not in before]
    no_models, autologged, rent, tumor = runs  # the newest first
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert tumor.data.metrics["loss"] == session["tuned"][-1].loss_curve_[-1]
    assert rent.data.metrics["oof_score"] == regressor.oof_score_
    for run in (no_models, autologged):
        assert run.data.metrics["training_score"] == logged.score(plain, RENT)
    for run, name, kind in [
        (no_models, "rent", "skops"),
        (autologged, "model", "cloudpickle"),
    ]:
        (model,) = _models(run).values()
        assert model.name == name
        flavor = mlflow.models.get_model_info(model.model_uri).flavors["sklearn"]
        assert flavor["serialization_format"] == kind
        loaded = mlflow.sklearn.load_model(model.model_uri)
        _assert_same_predictions(loaded, logged, plain)
