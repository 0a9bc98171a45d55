"""Suggestions for misspelled names and for those of other libraries."""

import inspect

import numpy as np
import pytest

from sknumpy_mlp._utils import suggestions
from sknumpy_mlp._utils.suggestions import (
    suggest_parameter,
    suggest_value,
    suggests_parameters,
)
from tests.conftest import name_of

ACTIVATIONS = ("relu", "silu", "leaky_relu", "logistic", "identity")


class Swish:
    """An activation of another library, by its name."""


def sigmoid(z):
    return z


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("rellu", "relu"),
        ("ReLU", "relu"),
        ("torch.nn.ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("swish", "silu"),
        (Swish, "silu"),
        pytest.param(Swish(), "silu", id="Swish()-silu"),
        (sigmoid, "logistic"),
    ],
    ids=name_of,
)
def test_values_by_spelling_and_synonym(given, meant):
    assert suggest_value(given, ACTIVATIONS) == f" Did you mean {meant!r}?"


@pytest.mark.parametrize("given", ["xyz", "", 3, None, ["relu"], {"relu"}, object()])
def test_nothing_is_suggested_for_what_is_not_close(given):
    assert suggest_value(given, ACTIVATIONS) == ""


@pytest.mark.parametrize(
    ("known", "meant"),
    [
        (["squared_error", "huber"], "squared_error"),
        (["r2", "neg_mean_squared_error"], "neg_mean_squared_error"),
    ],
)
def test_the_translation_is_one_that_the_parameter_accepts(known, meant):
    assert suggest_value("mse", known) == f" Did you mean {meant!r}?"


def test_synonyms_without_a_translation_are_no_misspellings():
    # Both are close in spelling, and mean something else.
    assert suggest_value("mse", ["mae_", "r2"]) == ""
    assert suggest_parameter("epochs", ["epoch_"]) == ""


@pytest.mark.parametrize("dtype", [np.dtype("float32"), np.float32, "fp32", "half"])
def test_types_of_numbers(dtype):
    assert suggest_value(dtype, ["float64", "float32"]) == " Did you mean 'float32'?"


def test_known_values_need_not_be_strings():
    assert suggest_value("none", [None, "kfold"]) == " Did you mean None?"


def test_remarks_complete_a_suggestion():
    solvers = ["adam", "sgd", "lbfgs"]
    assert suggest_value("AdamW", solvers) == " Did you mean 'adam' with weight_decay?"
    hint = " Did you mean 'sgd' with nesterovs_momentum=True?"
    assert suggest_value("nesterov", solvers) == hint
    known = ["X_val", "y_val"]
    assert suggest_parameter("eval_set", known) == " Did you mean 'X_val' and 'y_val'?"
    assert suggest_parameter("X_vall", known) == " Did you mean 'X_val'?"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("lr", "learning_rate_init"), ("max_iters", "max_iter"), ("MAX_ITER", "max_iter")],
)
def test_parameters_by_spelling_and_synonym(given, meant):
    known = ["max_iter", "learning_rate", "learning_rate_init"]
    assert suggest_parameter(given, known) == f" Did you mean {meant!r}?"
    assert suggest_parameter("xyzzy", known) == ""


@pytest.mark.parametrize("name", ["_VALUE_SYNONYMS", "_PARAMETER_SYNONYMS"])
def test_synonyms_are_normalized_and_are_not_their_own(name):
    for synonym, targets in getattr(suggestions, name).items():
        assert suggestions._normalize(synonym) == synonym
        assert targets
        assert synonym not in targets


class _Fitted:
    @suggests_parameters
    def fit(self, X, max_iter=1):
        """Docstring of fit."""
        if max_iter == 0:
            raise TypeError("max_iter must not be 0")
        return X, max_iter


def test_decorated_methods_suggest_arguments():
    fit = _Fitted().fit
    assert fit(3, max_iter=2) == (3, 2)
    # Of Python's own suggestions, if it has any, none is repeated.
    message = r"unexpected keyword argument 'epochs'\. Did you mean 'max_iter'\?$"
    with pytest.raises(TypeError, match=message):
        fit(3, epochs=2)
    message = r"unexpected keyword argument 'max_iters'\. Did you mean 'max_iter'\?$"
    with pytest.raises(TypeError, match=message):
        fit(3, max_iters=2)


def test_other_errors_of_decorated_methods_stay_as_they_are():
    fit = _Fitted().fit
    with pytest.raises(TypeError, match=r"argument 'xyzzy'$"):
        fit(3, xyzzy=2)
    with pytest.raises(TypeError, match=r"^max_iter must not be 0$"):
        fit(3, max_iter=0)
    with pytest.raises(TypeError, match="missing 1 required"):
        fit()


def test_decorated_methods_keep_signature_and_docstring():
    assert list(inspect.signature(_Fitted.fit).parameters) == ["self", "X", "max_iter"]
    assert _Fitted.fit.__doc__ == "Docstring of fit."
