"""The docstrings of the estimators name what is there, no more and no less."""

import inspect
import re

import pytest

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor

both = pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor])


def _section(Estimator, title):
    """Entries of a numpydoc section: {name: (type, description)}."""
    doc = inspect.getdoc(Estimator)
    body = re.search(rf"\n{title}\n-+\n(.*?)\n\n\w[^\n]*\n---", doc, re.DOTALL).group(1)
    entries = re.split(r"\n(?=\w)", body)
    return {
        entry.split(" : ")[0]: entry.split(" : ", 1)[1].split("\n", 1)
        for entry in entries
    }


@both
def test_parameters_are_documented_in_order_with_their_defaults(Estimator):
    documented = _section(Estimator, "Parameters")
    signature = inspect.signature(Estimator).parameters
    assert list(documented) == list(signature)
    for name, parameter in signature.items():
        kind = documented[name][0]
        default = kind.split("default=")[1]
        assert eval(default) == parameter.default, name


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
    import pandas as pd

    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    est = Estimator(max_iter=2).fit(frame, [0, 1, 0])
    fitted = {name for name in vars(est) if name.endswith("_")}
    documented = _section(Estimator, "Attributes").keys()
    assert documented == fitted | {"coefs_", "intercepts_"}
