"""The docstrings of the estimators name what is there, no more and no less."""

import inspect
import math
import re

import pandas as pd
import pytest

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)

both = pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor])
TABULAR = [TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor]


def _section(Estimator, title):
    """Entries of a numpydoc section: {name: (type, description)}."""
    doc = inspect.getdoc(Estimator)
    body = re.search(rf"\n{title}\n-+\n(.*?)\n\n\w[^\n]*\n---", doc, re.DOTALL).group(1)
    entries = re.split(r"\n(?=\w)", body)
    return {
        entry.split(" : ")[0]: entry.split(" : ", 1)[1].split("\n", 1)
        for entry in entries
    }


@pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor, *TABULAR])
def test_parameters_are_documented_in_order_with_their_defaults(Estimator):
    documented = _section(Estimator, "Parameters")
    signature = inspect.signature(Estimator).parameters
    assert list(documented) == list(signature)
    for name, parameter in signature.items():
        kind = documented[name][0]
        default = kind.split("default=")[1]
        assert eval(default, {"inf": math.inf}) == parameter.default, name


def test_shared_parameters_are_described_alike():
    classifier = _section(NumpyMLPClassifier, "Parameters")
    regressor = _section(NumpyMLPRegressor, "Parameters")
    # What early stopping scores, and what a loss is, differs.
    for name in classifier.keys() - {
        "loss",
        "early_stopping",
        "scoring",
        "class_weight",
    }:
        assert classifier[name] == regressor[name], name


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@both
def test_fitted_attributes_are_documented(Estimator):
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    est = Estimator(max_iter=2).fit(frame, [0, 1, 0])
    fitted = {name for name in vars(est) if name.endswith("_")}
    documented = _section(Estimator, "Attributes").keys()
    assert documented == fitted | {"coefs_", "intercepts_"}


@pytest.mark.parametrize("Estimator", TABULAR)
def test_fitted_attributes_of_tabular_estimators_are_documented(Estimator):
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    short = {"max_iter": 2, "hidden_layer_sizes": 2}
    params = short if hasattr(Estimator, "predict") else {}
    est = Estimator(**params).fit(frame, [0, 1, 0])
    fitted = {name for name in vars(est) if re.fullmatch(r"[a-z]\w*_", name)}
    assert _section(Estimator, "Attributes").keys() == fitted


def test_shared_parameters_of_tabular_estimators_are_described_alike():
    classifier, regressor = (_section(each, "Parameters") for each in TABULAR[:2])
    assert classifier.keys() - regressor.keys() == {"class_weight"}
    for name in regressor.keys() - {"loss", "learning_rate_init"}:
        ours = [text.replace("Classifier", "Regressor") for text in classifier[name]]
        assert ours == regressor[name], name
