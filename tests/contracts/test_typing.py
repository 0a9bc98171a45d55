"""What editors and type checkers know of the parameters."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

import sknumpy_mlp
from sknumpy_mlp import (
    TabularPreprocessor,
)
from sknumpy_mlp._estimators.parameters import Choice
from sknumpy_mlp.activations import ACTIVATIONS, ActivationName
from sknumpy_mlp.initializers import INITIALIZERS, InitializerName
from sknumpy_mlp.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    ClassificationLossName,
    RegressionLossName,
)
from sknumpy_mlp.optimizers import OPTIMIZERS, OptimizerName
from sknumpy_mlp.schedules import SCHEDULES, ScheduleName
from tests.conftest import ESTIMATORS


@pytest.mark.parametrize(
    ("alias", "table"),
    [
        (ActivationName, ACTIVATIONS),
        (ClassificationLossName, CLASSIFICATION_LOSSES),
        (RegressionLossName, REGRESSION_LOSSES),
        (OptimizerName, OPTIMIZERS),
        (ScheduleName, SCHEDULES),
        (InitializerName, INITIALIZERS),
    ],
    ids=str,
)
def test_types_of_names_have_the_names_of_the_tables(alias, table):
    assert get_args(alias) == tuple(table)


def _literals(annotation):
    """Yield the strings that an annotation takes, also in sequences."""
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield part
        else:
            yield from _literals(part)


def _choices(checks):
    return {
        option
        for check in checks
        if isinstance(check, Choice)
        for option in check.options
        if isinstance(option, str)
    }


@pytest.mark.parametrize("Estimator", [*ESTIMATORS, TabularPreprocessor])
def test_signatures_have_the_names_that_fit_takes(Estimator):
    checks = getattr(Estimator, "_parameter_checks", None) or Estimator._checks
    hints = get_type_hints(Estimator.__init__)
    names = {name: set(_literals(hint)) for name, hint in hints.items()}
    assert names["init" if Estimator in ESTIMATORS else "dtype"]
    for name, alternatives in checks.items():
        assert names[name] == _choices(alternatives), name


SNIPPET = """
import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.activations import ActivationName, LeakyReLU
from sknumpy_mlp.callbacks import (Checkpoint, EarlyStopping)
from sknumpy_mlp.export import (to_onnx)
from sknumpy_mlp.losses import Huber, LogLoss
from sknumpy_mlp.optimizers import Adam
from sknumpy_mlp.schedules import Cosine

# right
name: ActivationName = "relu"
names: list[ActivationName] = ["relu", "tanh"]
for each in names:
    NumpyMLPClassifier(activation=each)
NumpyMLPClassifier(activation=name, loss=LogLoss(), solver="lbfgs", dtype=None)
NumpyMLPRegressor("huber", activation=["relu", LeakyReLU()], learning_rate=Cosine())
NumpyMLPRegressor(Huber(2.0), solver=Adam(), init="he", scoring="any scorer")
TabularMLPClassifier(class_weight="balanced", batch_size="auto", ensemble=None)
TabularMLPRegressor(learning_rate_init="auto").set_params(max_iter=3).predict([[1]])
EarlyStopping("loss")
sknumpy_mlp.plotting.LossCurveDisplay(loss_curves=[[1.0]], unit="iteration")
sknumpy_mlp.export.to_onnx(None, dtype="float32")
sknumpy_mlp.inspection.input_gradient(None, [[1.0]])

# wrong
NumpyMLPClassifier(activation="rellu")
NumpyMLPClassifier(activation=["relu", "swish"])
NumpyMLPClassifier(loss="squared_error")
NumpyMLPRegressor("mse")
NumpyMLPRegressor(solver="adamw")
NumpyMLPRegressor(learning_rate="cosin")
NumpyMLPRegressor(init="xavier")
NumpyMLPRegressor(dtype="float16")
NumpyMLPRegressor(batch_size="all")
NumpyMLPRegressor(patience=3)
TabularMLPClassifier(class_weight="balance")
TabularMLPClassifier(solver="lbfgs")
TabularMLPRegressor(ensemble="k-fold")
TabularMLPRegressor(activation="rellu")
EarlyStopping(monitor="val_loss")
Checkpoint("run", on_error="ignore")
to_onnx(None, dtype="double")
sknumpy_mlp.export.to_onnx(None, dtype="double")
sknumpy_mlp.plotting.LossCurve
sknumpy_mlp.inspection.input_gradients
sknumpy_mlp.plots
"""


def test_mypy_finds_misspelled_names(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "snippet.py").write_text(SNIPPET, encoding="utf-8")
    # Without the types of other packages, of which none matters, it takes a second.
    options = ["--config-file=", "--no-site-packages", "--follow-imports=silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--no-error-summary", "snippet.py"],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(Path(sknumpy_mlp.__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    found = [int(line.split(":")[1]) for line in errors]
    lines = SNIPPET.splitlines()
    wrong = range(lines.index("# wrong") + 2, len(lines) + 1)
    assert found == list(wrong), done.stdout + done.stderr
