"""Module paths in pickles and skops files: a file format, which must not move."""

import importlib
import inspect
import io
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPRegressor,
    activations,
    callbacks,
    embeddings,
    initializers,
    layers,
    losses,
    optimizers,
    schedules,
)
from sknumpy_mlp.callbacks import EarlyStopping, History
from tests.contracts.test_persistence import MAKERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

#: What saved estimators hold.  A class that must move leaves its name behind, in its
#: old module, for as long as files of released versions are to be read.
PATHS = {
    "_estimators.classification_target": ["ClassificationTarget"],
    "_estimators.classifier": ["NumpyMLPClassifier"],
    "_estimators.regression_target": ["RegressionTarget"],
    "_estimators.regressor": ["NumpyMLPRegressor"],
    "_estimators.target_scale": ["TargetScale"],
    "_tabular.architecture": ["MemberConfig"],
    "_tabular.class_sets": ["ClassSets"],
    "_tabular.conformal": ["ConformalIntervals", "ConformalScores"],
    "_tabular.date_columns": ["DateEncoding"],
    "_tabular.difficulty": ["Difficulty"],
    "_tabular.classifier": ["TabularMLPClassifier"],
    "_tabular.member": ["MemberClassifier", "MemberRegressor"],
    "_tabular.preprocessor": ["TabularPreprocessor"],
    "_tabular.regressor": ["TabularMLPRegressor"],
    "_training.network": ["Network"],
    "_training.run": ["TrainingState"],
    "_training.step": ["Regularization"],
}
#: Those that parameters may hold, or layers of a network: every public class.
PUBLIC = {
    "activations": activations,
    "callbacks": callbacks,
    "embeddings": embeddings,
    "initializers": initializers,
    "layers": layers,
    "losses": losses,
    "optimizers": optimizers,
    "schedules": schedules,
}
#: The modules of public classes that do not lie in the public module itself.
ROOMS = {
    "callbacks._base": ["Callback"],
    "callbacks._checkpoint": ["Checkpoint"],
    "callbacks._early_stopping": ["EarlyStopping"],
    "callbacks._history": ["History"],
    "callbacks._progress": ["Progress"],
    "callbacks._time_limit": ["TimeLimit"],
    "layers._base": ["Layer", "TrainingContext"],
    "layers._category_embedding": ["CategoryEmbedding"],
    "layers._concatenate": ["Concatenate"],
    "layers._dense": ["Dense"],
    "layers._dropout": ["Dropout"],
    "layers._parametric": ["Parametric"],
    "layers._passthrough": ["Passthrough"],
    "layers._periodic_embedding": ["PeriodicEmbedding"],
    "layers._scaling": ["Scaling"],
    "_training.run": ["EpochEnd", "Run"],
}


class _Recorder(pickle.Unpickler):
    """Notes the classes of this package that a pickle names."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.found = set()

    def find_class(self, module, name):
        if module.startswith("sknumpy_mlp."):
            self.found.add((module.removeprefix("sknumpy_mlp."), name))
        return super().find_class(module, name)


def _named_in(obj):
    recorder = _Recorder(pickle.dumps(obj))
    recorder.load()
    return recorder.found


def _warm():
    """Estimators that keep the state of their training, for the next call."""
    X, y = load_iris(return_X_y=True)
    params = {"max_iter": 3, "warm_start": True, "random_state": 0}
    for solver in optimizers.OPTIMIZERS:
        for stops in (True, False):
            clf = NumpyMLPClassifier(solver=solver, early_stopping=stops, **params)
            yield clf.fit(X, y)
    reg = NumpyMLPRegressor(
        callbacks=[History(), EarlyStopping("loss")], dropout=0.1, **params
    )
    yield reg.fit(X, y)
    yield NumpyMLPClassifier().partial_fit(X, y, classes=[0, 1, 2])


def _of_many_rows():
    """A regressor with enough rows to learn how large its errors are."""
    X = np.random.default_rng(0).normal(size=(100, 2))
    reg = TabularMLPRegressor((2,), max_iter=1, n_members=2, random_state=0)
    return reg.fit(X, X[:, 0])


def test_saved_estimators_name_these_classes_and_no_others():
    found = set()
    for estimator in (
        *(make()[0] for make in MAKERS.values()),
        *_warm(),
        _of_many_rows(),
    ):
        found |= _named_in(estimator)
    own = {(module, name) for module, names in PATHS.items() for name in names}
    public = {
        (value.__module__.removeprefix("sknumpy_mlp."), name)
        for module in PUBLIC.values()
        for name, value in vars(module).items()
        if inspect.isclass(value)
    }
    assert found - public == own


def test_public_classes_lie_where_they_are_said_to():
    rooms = {}
    for public, module in PUBLIC.items():
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value):
                home = value.__module__.removeprefix("sknumpy_mlp.")
                if home != public:
                    rooms.setdefault(home, set()).add(name)
    assert {home: sorted(names) for home, names in rooms.items()} == ROOMS


@pytest.mark.parametrize("module", [*PATHS, *ROOMS])
def test_every_path_can_be_imported(module):
    home = importlib.import_module(f"sknumpy_mlp.{module}")
    for name in (*PATHS.get(module, ()), *ROOMS.get(module, ())):
        assert getattr(home, name).__qualname__ == name


def test_nothing_but_arrays_and_plain_values_is_pickled_with_them():
    """Other packages' classes may move as well: NumPy's own are the only ones."""

    class Strangers(_Recorder):
        def find_class(self, module, name):
            top = module.partition(".")[0]
            if top not in (
                "sknumpy_mlp",
                "numpy",
                "builtins",
                "collections",
                "copyreg",
            ):
                self.found.add((module, name))
            return pickle.Unpickler.find_class(self, module, name)

    for make in MAKERS.values():
        recorder = Strangers(pickle.dumps(make()[0]))
        recorder.load()
        assert recorder.found == set()
