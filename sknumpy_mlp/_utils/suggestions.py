"""Suggestions for misspelled names and for names of other libraries.

They are appended to error messages, such as "Did you mean 'silu'?".
"""

import difflib
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Minimum similarity (see difflib) of a misspelled name.
_SIMILARITY = 0.65

# Names of values in Keras, PyTorch and other libraries, as normalized by `_normalize`.
# If there are several translations, the first one that the parameter accepts is used.
_VALUE_SYNONYMS: dict[str, tuple[str, ...]] = {
    # activations
    "swish": ("silu",),
    "sigmoid": ("logistic",),
    "linear": ("identity",),
    "lrelu": ("leaky_relu",),
    "prelu": ("leaky_relu",),
    "rectifier": ("relu",),
    # losses and metrics
    "mse": ("squared_error", "neg_mean_squared_error"),
    "l2": ("squared_error", "neg_mean_squared_error"),
    "l2loss": ("squared_error", "neg_mean_squared_error"),
    "mseloss": ("squared_error", "neg_mean_squared_error"),
    "meansquarederror": ("squared_error", "neg_mean_squared_error"),
    "squaredloss": ("squared_error",),
    "rmse": ("neg_root_mean_squared_error", "squared_error"),
    "mae": ("absolute_error", "neg_mean_absolute_error"),
    "l1": ("absolute_error", "neg_mean_absolute_error"),
    "l1loss": ("absolute_error", "neg_mean_absolute_error"),
    "meanabsoluteerror": ("absolute_error", "neg_mean_absolute_error"),
    "smoothl1": ("huber",),
    "smoothl1loss": ("huber",),
    "pinball": ("quantile",),
    "bce": ("log_loss", "neg_log_loss"),
    "bceloss": ("log_loss", "neg_log_loss"),
    "bcewithlogitsloss": ("log_loss", "neg_log_loss"),
    "nll": ("log_loss", "neg_log_loss"),
    "nllloss": ("log_loss", "neg_log_loss"),
    "logloss": ("log_loss", "neg_log_loss"),
    "crossentropy": ("log_loss", "neg_log_loss"),
    "crossentropyloss": ("log_loss", "neg_log_loss"),
    "binarycrossentropy": ("log_loss", "neg_log_loss"),
    "categoricalcrossentropy": ("log_loss", "neg_log_loss"),
    "sparsecategoricalcrossentropy": ("log_loss", "neg_log_loss"),
    "valloss": ("validation_loss", "loss"),
    "validationloss": ("validation_loss", "loss"),
    "evalloss": ("validation_loss", "loss"),
    "trainloss": ("loss",),
    "trainingloss": ("loss",),
    "score": ("validation_score",),
    "valscore": ("validation_score",),
    "valacc": ("validation_score", "accuracy"),
    "valaccuracy": ("validation_score", "accuracy"),
    "accuracy": ("validation_score",),
    "acc": ("accuracy", "validation_score"),
    "auc": ("roc_auc",),
    "rocaucscore": ("roc_auc",),
    "r2score": ("r2",),
    "f1score": ("f1",),
    # solvers, schedules, initializers
    "adamw": ("adam",),
    "nadam": ("adam",),
    "radam": ("adam",),
    "adamax": ("adam",),
    "amsgrad": ("adam",),
    "bfgs": ("lbfgs",),
    "lbfgsb": ("lbfgs",),
    "momentum": ("sgd",),
    "nesterov": ("sgd",),
    "fixed": ("constant",),
    "cosineannealing": ("cosine",),
    "cosineannealinglr": ("cosine",),
    "cosinedecay": ("cosine",),
    "reducelronplateau": ("plateau",),
    "onecyclelr": ("one_cycle",),
    "xavier": ("glorot",),
    "xavieruniform": ("glorot",),
    "xaviernormal": ("glorot",),
    "glorotuniform": ("glorot",),
    "glorotnormal": ("glorot",),
    "kaiming": ("he",),
    "kaiminguniform": ("he",),
    "kaimingnormal": ("he",),
    "henormal": ("he",),
    "heuniform": ("he",),
    "lecunnormal": ("lecun",),
    "lsuv": ("data",),
    # others
    "cv": ("kfold",),
    "bagging": ("kfold", "seeds"),
    "float": ("float64",),
    "double": ("float64",),
    "fp64": ("float64",),
    "f8": ("float64",),
    "single": ("float32",),
    "half": ("float32",),
    "float16": ("float32",),
    "bfloat16": ("float32",),
    "fp16": ("float32",),
    "f2": ("float32",),
    "fp32": ("float32",),
    "f4": ("float32",),
    "auto": ("from_dtype",),
    "infer": ("from_dtype",),
    "ignore": ("warn",),
}

# Additional settings that make a suggestion equivalent to the given name.
_REMARKS = {
    "adamw": " with weight_decay",
    "momentum": " with momentum",
    "nesterov": " with nesterovs_momentum=True",
    "validationdata": " and 'y_val'",
    "valdata": " and 'y_val'",
    "evalset": " and 'y_val'",
    "validset": " and 'y_val'",
}

# Names of parameters in other libraries.
_PARAMETER_SYNONYMS: dict[str, tuple[str, ...]] = {
    "patience": ("n_iter_no_change",),
    "mindelta": ("tol",),
    "restorebestweights": ("restore_best",),
    "lr": ("learning_rate_init",),
    "eta": ("learning_rate_init",),
    "scheduler": ("learning_rate",),
    "lrscheduler": ("learning_rate",),
    "lrschedule": ("learning_rate",),
    "schedule": ("learning_rate",),
    "epochs": ("max_iter",),
    "nepochs": ("max_iter",),
    "numepochs": ("max_iter",),
    "maxepochs": ("max_iter",),
    "niter": ("max_iter",),
    "hiddenunits": ("hidden_layer_sizes",),
    "hiddenlayers": ("hidden_layer_sizes",),
    "hiddensize": ("hidden_layer_sizes",),
    "hiddensizes": ("hidden_layer_sizes",),
    "hiddendims": ("hidden_layer_sizes",),
    "units": ("hidden_layer_sizes",),
    "layers": ("hidden_layer_sizes",),
    "nhidden": ("hidden_layer_sizes",),
    "optimizer": ("solver",),
    "optimiser": ("solver",),
    "optim": ("solver",),
    "criterion": ("loss",),
    "lossfn": ("loss",),
    "lossfunction": ("loss",),
    "act": ("activation",),
    "nonlinearity": ("activation",),
    "activationfunction": ("activation",),
    "l2": ("alpha",),
    "l2reg": ("alpha",),
    "reg": ("alpha",),
    "regularization": ("alpha",),
    "decay": ("weight_decay",),
    "seed": ("random_state",),
    "randomseed": ("random_state",),
    "dropoutrate": ("dropout",),
    "validationsplit": ("validation_fraction",),
    "valsplit": ("validation_fraction",),
    "valfraction": ("validation_fraction",),
    "metric": ("scoring",),
    "metrics": ("scoring",),
    "evalmetric": ("scoring",),
    "initializer": ("init",),
    "kernelinitializer": ("init",),
    "weightinit": ("init",),
    "clipnorm": ("max_grad_norm",),
    "gradclip": ("max_grad_norm",),
    "gradientclipval": ("max_grad_norm",),
    "maxgradientnorm": ("max_grad_norm",),
    "eps": ("epsilon",),
    "nesterov": ("nesterovs_momentum",),
    "precision": ("dtype",),
    "timelimit": ("max_time",),
    "timebudget": ("max_time",),
    "maxseconds": ("max_time", "seconds"),
    "nestimators": ("n_members",),
    "nmodels": ("n_members",),
    "nfolds": ("n_members",),
    "nworkers": ("n_jobs",),
    "numworkers": ("n_jobs",),
    "nthreads": ("n_jobs",),
    "catfeatures": ("categorical_features",),
    "categoricalcolumns": ("categorical_features",),
    "filepath": ("path",),
    "file": ("path",),
    "savefreq": ("every",),
    # of fit
    "validationdata": ("X_val",),
    "valdata": ("X_val",),
    "evalset": ("X_val",),
    "validset": ("X_val",),
    "xtest": ("X_val",),
    "ytest": ("y_val",),
    "weights": ("sample_weight",),
    "evalsampleweight": ("sample_weight_val",),
}


def suggest_value(given: Any, known: Iterable[Any]) -> str:
    """Return a sentence that suggests a known value for an unknown one.

    Parameters
    ----------
    given : object
        The unknown value: a string, or a function, class or object of another library,
        whose name is used.
    known : iterable
        The known values, not necessarily strings.

    Returns
    -------
    sentence : str
        For example " Did you mean 'silu'?"; empty if no value is similar.
    """
    name = _name_of(given)
    found = None if name is None else _closest(name, known, _VALUE_SYNONYMS)
    if found is None:
        return ""
    return f" Did you mean {found[0]!r}{_REMARKS.get(_normalize(name or ''), '')}?"


def suggest_parameter(given: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests a known parameter for an unknown one.

    Parameters
    ----------
    given : str
        The unknown name.
    known : iterable of str
        The known names.

    Returns
    -------
    sentence : str
        For example " Did you mean 'max_iter'?"; empty if no name is similar.
    """
    found = _closest(given, known, _PARAMETER_SYNONYMS)
    if found is None:
        return ""
    remark = _REMARKS.get(_normalize(given), "") if found[0] == "X_val" else ""
    return f" Did you mean {found[0]!r}{remark}?"


def suggests_parameters(function: _Function) -> _Function:
    """Decorate a method so that errors about unknown arguments suggest known ones.

    The sentence is appended to the message of Python's own TypeError.
    """
    known = list(inspect.signature(function).parameters)[1:]

    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(self, *args, **kwargs)
        except TypeError as error:
            unknown = next((name for name in kwargs if name not in known), None)
            hint = "" if unknown is None else suggest_parameter(unknown, known)
            # Python 3.13 suggests similar names itself, but no synonyms.
            if not hint or hint.strip() in str(error):
                raise
            reason = str(error).partition(". Did you mean")[0]
            raise TypeError(f"{reason}.{hint}") from None

    return wrapper  # type: ignore[return-value]


def _name_of(given: Any) -> str | None:
    """Return the name of a value, if it has one."""
    if isinstance(given, str):
        return given
    if isinstance(given, np.dtype):
        return given.name
    name = getattr(given, "__name__", None)  # of classes and functions
    if isinstance(name, str):
        return name
    return None if type(given).__module__ == "builtins" else type(given).__name__


def _normalize(name: str) -> str:
    """Return a name without its module, in lower case and without punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower().rpartition(".")[2])


def _closest(
    given: str, known: Iterable[Any], synonyms: Mapping[str, tuple[str, ...]]
) -> tuple[Any] | None:
    """Return the closest known value, which may be None, as a tuple of length 1.

    Return None if no known value is similar.
    """
    by_name = {_normalize(str(value)): value for value in known}
    meant = {
        name: by_name[target]
        for name, targets in synonyms.items()
        for target in reversed([_normalize(each) for each in targets])
        if target in by_name
    }
    candidates = meant | by_name
    name = _normalize(given)
    if name not in candidates:
        if name in synonyms:  # known, but with no translation here: not a misspelling
            return None
        close = difflib.get_close_matches(name, candidates, 1, _SIMILARITY)
        if not close:
            return None
        name = close[0]
    return (candidates[name],)
