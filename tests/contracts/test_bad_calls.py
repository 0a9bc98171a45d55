"""Bad calls: the exception's type, and what the message names."""

import copy
import functools
import inspect
import re
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.callbacks import Checkpoint, EarlyStopping, TimeLimit
from sknumpy_mlp.export import onnx_inputs, to_onnx, to_sklearn
from sknumpy_mlp.inspection import (
    ImportanceDisplay,
    input_gradient,
    permutation_importance,
)
from sknumpy_mlp.plotting import (
    LearningRateDisplay,
    LossCurveDisplay,
    PredictionIntervalDisplay,
    WeightsDisplay,
)
from sknumpy_mlp.preprocessing import TabularPreprocessor
from tests.contracts.small_data import X, parameter_names, with_value, y

# ------------------------------------------------------------------- one table of calls

FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
DATES = np.full((20, 3), "2020-01-01", dtype="M8[D]")
DATED = FRAME.assign(b=pd.Timestamp("2020-01-01"))
HALF_DATED = FRAME.assign(b=[pd.Timestamp("2020-01-01"), "soon"] * 10)
COMPLEX = X.astype(complex)
RAGGED = [[1.0, 2.0], [1.0, 2.0, 3.0]]
SPARSE = sp.csr_array(X)

#: What is called, by name; those that are fitted come as copies of one another.
SUBJECTS = {
    "clf": NumpyMLPClassifier((5,), max_iter=2, random_state=0),
    "reg": NumpyMLPRegressor(hidden_layer_sizes=(5,), max_iter=2, random_state=0),
    "tab_clf": TabularMLPClassifier((4,), ensemble=None, max_iter=2, random_state=0),
    "tab_reg": TabularMLPRegressor(
        hidden_layer_sizes=(4,), ensemble=None, max_iter=2, random_state=0
    ),
    "pre": TabularPreprocessor(),
}


@functools.cache
def _fitted(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        table = FRAME if name.startswith(("tab", "pre")) else X
        return clone(SUBJECTS[name]).fit(table, y)


def _subject(name):
    if name.startswith("fitted "):
        return copy.deepcopy(_fitted(name.removeprefix("fitted ")))
    return clone(SUBJECTS[name])


#: Arguments that are as they should be, for all that has them.
GOOD = {
    "X": X,
    "y": y,
    "y_true": y,
    "interval": np.column_stack([y - 1, y + 1]),
    "loss_curves": [[2.0, 1.0]],
    "learning_rate_curves": [[2.0, 1.0]],
    "images": np.ones((1, 2, 2)),
    "names": ["unit 0"],
    "importances": [[1.0]],
    "result": {"importances": [[1.0]]},
}


def _draw(Display):
    """Make a function of a display that is made and drawn."""

    def draw(**arguments):
        own = {n: arguments.pop(n) for n in parameter_names(Display) if n in arguments}
        return Display(**own).plot(**arguments)

    parameters = {
        name: parameter
        for function in (Display, Display.plot)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    }
    kinds = {"kind": inspect.Parameter.KEYWORD_ONLY}
    draw.__signature__ = inspect.Signature(
        [parameter.replace(**kinds) for parameter in parameters.values()]
    )
    return draw


FUNCTIONS = {
    "to_onnx": to_onnx,
    "to_sklearn": to_sklearn,
    "onnx_inputs": onnx_inputs,
    "input_gradient": input_gradient,
    "PredictionIntervalDisplay.from_predictions": (
        PredictionIntervalDisplay.from_predictions
    ),
    "permutation_importance": permutation_importance,
    "ImportanceDisplay.from_importances": ImportanceDisplay.from_importances,
}
DISPLAYS = {
    LossCurveDisplay: "fitted clf",
    LearningRateDisplay: "fitted clf",
    WeightsDisplay: "fitted reg",
    PredictionIntervalDisplay: "fitted tab_reg",
    ImportanceDisplay: "fitted tab_reg",
}
for _Display in DISPLAYS:
    FUNCTIONS[_Display.__name__] = _draw(_Display)
    FUNCTIONS[f"{_Display.__name__}.from_estimator"] = _Display.from_estimator

METHODS = (
    "fit",
    "partial_fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "score",
    "prediction_interval",
    "prediction_set",
    "hidden_activations",
    "transform",
    "fit_transform",
    "get_feature_names_out",
)


def _call(name, method, est, wrong):
    """Call a method or a function with good arguments but for the wrong ones."""
    if method == "assign":
        ((attribute, value),) = wrong.items()
        return setattr(est, attribute, value)
    function = FUNCTIONS.get(method) or getattr(est, method)
    good = GOOD
    if name.split()[-1] in TABLES:
        good = good | {"X": FRAME}
        wrong = {n: FRAME if value is X else value for n, value in wrong.items()}
    if method == "partial_fit" and is_classifier(est):
        good = good | {"classes": [0, 1]}
    if method == "WeightsDisplay.from_estimator":
        good = good | {"image_shape": (3, 1)}
    if method == "PredictionIntervalDisplay.from_estimator":
        good = good | {"coverage": 0.5}
    taken = parameter_names(function)
    arguments = {n: value for n, value in good.items() if n in taken}
    if "estimator" in taken:
        arguments["estimator"] = est
    return function(**arguments | wrong)


NEGATIVE = -np.ones(20)
TABLES = ("tab_clf", "tab_reg", "pre")

#: For arguments that several methods have: a bad value, and what the message must have.
BAD_DATA_OF_ALL = {
    "X": ({"X": DATES}, "X holds dates.*Turn"),
    "y": ({"y": y[:5]}, "inconsistent numbers of samples"),
    "sample_weight": ({"sample_weight": NEGATIVE}, "`sample_weight`.*-1.0.*at least 0"),
    "X_val": ({"X_val": DATES, "y_val": y}, "X_val: X holds dates"),
    "y_val": ({"X_val": X, "y_val": y[:5]}, "^X_val and y_val: .*inconsistent"),
    "sample_weight_val": (
        {"X_val": X, "y_val": y, "sample_weight_val": NEGATIVE},
        "`sample_weight_val`.*-1.0.*at least 0",
    ),
}
# Tables may have dates.
BAD_TABLES_OF_ALL = {
    "X": ({"X": COMPLEX}, "Complex data not supported: X must hold"),
    "X_val": ({"X_val": COMPLEX, "y_val": y}, "X_val: Complex data not supported"),
}

#: The same for permutations and drawings; the message must have the name.
BAD_IMPORTANCES = {
    "scoring": 3,
    "n_repeats": 0,
    "n_jobs": 0,
    "feature_groups": 3,
    "sample_weight": NEGATIVE,
}
BAD_DRAWINGS = {
    "ax": "x",
    "name": 3,
    "validation": None,
    "log_scale": "no",
    "line_kw": 3,
    "validation_line_kw": ["color"],
    "member_line_kw": "red",
    "best_kw": 3,
    "interval_kw": 3,
    "scatter_kw": 3,
    "image_kw": 3,
    "colorbar": 1,
    "n_cols": 0,
    "n_units": 0,
    "image_shape": 3,
    "kind": "x",
    "subsample": 0,
    "coverage": 2,
    "feature": "q",
    "loss_curves": 3,
    "validation_loss_curves": [3],
    "best_epochs": [9],
    "unit": "day",
    "learning_rate_curves": ["a"],
    "epochs": [[0.0]],
    "images": np.ones((2, 2)),
    "names": "ab",
    "y_true": "a",
    "interval": 3,
    "y_pred": "a",
    "x": y[:3],
    "x_name": 3,
    "importances": [1.0],
    "standard_errors": [1.0, 2.0],
    "feature_names": ["a", "b"],
    "score_name": 3,
    "max_features": 0,
    "bar_kw": 3,
    "error_kw": "red",
    "result": 3,
    **BAD_IMPORTANCES,
}


def _rows_of_methods():
    """Rows for each of these arguments of each method."""
    for name, est in SUBJECTS.items():
        for method in METHODS:
            bad = BAD_DATA_OF_ALL | (BAD_TABLES_OF_ALL if name in TABLES else {})
            for argument, (wrong, message) in bad.items():
                # scikit-learn wants the preprocessor to take y, and not to look at it.
                if (
                    hasattr(type(est), method)
                    and argument in parameter_names(getattr(type(est), method))
                    and (name, argument) != ("pre", "y")
                ):
                    whose = name if "fit" in method else f"fitted {name}"
                    yield whose, method, wrong, ValueError, message


#: Of whom, what is called, with which wrong arguments, which exception it is, and what
#: its message must have.
CALLS = [
    *_rows_of_methods(),
    *[
        (name, function, {argument: value}, ValueError, rf"\b{argument}\b")
        for Display, name in DISPLAYS.items()
        for function in FUNCTIONS
        if function.startswith(Display.__name__)
        for argument, value in BAD_DRAWINGS.items()
        if argument in parameter_names(FUNCTIONS[function])
    ],
    *[
        (
            name,
            f"{Display.__name__}.from_estimator",
            {"estimator": 3},
            TypeError,
            "got 3",
        )
        for Display, name in DISPLAYS.items()
    ],
    *[
        ("fitted tab_reg", "permutation_importance", {name: value}, ValueError, name)
        for name, value in BAD_IMPORTANCES.items()
    ],
    *[
        ("fitted tab_reg", method, wrong, error, message)
        for method in ("permutation_importance", "ImportanceDisplay.from_estimator")
        for wrong, error, message in (
            ({"estimator": 3}, TypeError, "got 3"),
            ({"X": FRAME[["a"]]}, ValueError, "yet now missing:\n- b"),
            ({"X": FRAME[::-1]}, ValueError, "not the table that the estimator"),
            ({"y": y[:3]}, ValueError, "inconsistent numbers of samples"),
            ({"random_state": "a"}, ValueError, "'a' cannot be used to seed"),
        )
    ],
    # as methods take them one by one
    ("clf", "fit", {"X": DATES}, ValueError, r"X holds dates.*Turn them into"),
    ("reg", "fit", {"X": DATES - DATES}, ValueError, r"X holds dates.*timedelta"),
    ("clf", "fit", {"X": DATED}, ValueError, r"X holds dates.*'b' \(datetime64"),
    ("clf", "fit", {"X": RAGGED, "y": y[:2]}, ValueError, "inhomogeneous"),
    ("reg", "fit", {"X": [[{}], [{}]], "y": [0, 1]}, TypeError, "not 'dict'"),
    ("clf", "fit", {"X": None}, ValueError, "Expected 2D array, got scalar"),
    ("clf", "fit", {"X": SPARSE * np.nan}, ValueError, "X contains NaN"),
    ("reg", "fit", {"X": X * 1e309}, ValueError, "X contains infinity|NaN"),
    ("tab_clf", "fit", {"X": SPARSE}, TypeError, r"Sparse.*X.*Use '.toarray"),
    ("tab_clf", "fit", {"X": COMPLEX}, ValueError, "Complex data not supported"),
    ("tab_clf", "fit", {"X": HALF_DATED}, ValueError, r"'b'.*'soon'.*leave it out"),
    ("tab_reg", "fit", {"X": FRAME * np.inf}, ValueError, "X contains infinity"),
    ("tab_reg", "fit", {"X": FRAME[:0], "y": []}, ValueError, "0 sample"),
    ("tab_reg", "fit", {"X": FRAME[:1], "y": y[:1]}, ValueError, "minimum of 2"),
    ("tab_reg", "fit", {"X": FRAME[[]]}, ValueError, r"0 feature\(s\)"),
    ("tab_reg", "fit", {"X": X[0]}, ValueError, "Expected 2D array"),
    (
        "tab_clf",
        "fit",
        {"X": pd.concat([FRAME, FRAME], axis=1)},
        ValueError,
        r"several columns of the names \['a', 'b', 'c'\]. Rename them",
    ),
    (
        "tab_clf",
        "fit",
        {"X": FRAME.assign(a=[[1]] * 20)},
        TypeError,
        r"columns 'a' \(object, such as \[1\]\).*Turn them into.*or leave them out",
    ),
    ("pre", "fit", {"X": HALF_DATED}, ValueError, r"'b'.*'soon'.*leave it out"),
    ("pre", "fit", {"X": SPARSE}, TypeError, r"Sparse.*X.*Use '.toarray"),
    ("pre", "fit", {"X": X * np.inf}, ValueError, "X contains infinity"),
    ("reg", "fit", {"y": DATES[:, 0]}, ValueError, "y holds dates.*Turn them"),
    ("reg", "fit", {"y": [None] * 20}, ValueError, "y contains NaN.*Leave those rows"),
    ("reg", "fit", {"y": y * 1j}, ValueError, "Complex data not supported"),
    ("reg", "fit", {"y": y[:, None, None]}, ValueError, "dim 3"),
    ("reg", "fit", {"y": with_value(y, 3, np.inf)}, ValueError, "y contains infinity"),
    ("clf", "fit", {"y": ["a", None] * 10}, ValueError, "y contains NaN.*Leave"),
    ("clf", "fit", {"y": [1, None] * 10}, ValueError, "y contains NaN.*Leave"),
    ("clf", "fit", {"y": [{1}, {2}] * 10}, ValueError, "Unknown label type"),
    ("clf", "fit", {"y": 3}, TypeError, "at least 1 dimension"),
    *[
        (name, "fit", {"groups": groups}, ValueError, message)
        for name in ("tab_clf", "tab_reg")
        for groups, message in (
            (y[:5], "groups and X: Found input variables with inconsistent numbers"),
            (np.zeros(20), "groups has a single group .* Pass at least two groups"),
            ([None] * 20, r"groups\[0\]. Leave those rows"),
            (3, "groups must be one-dimensional, with a value for each of the 20"),
        )
    ],
    ("tab_clf", "fit", {"y": None}, ValueError, "requires y to be passed"),
    ("tab_clf", "fit", {"y": y[:5]}, ValueError, "inconsistent numbers"),
    ("tab_clf", "fit", {"y": y * 0.3}, ValueError, "Unknown label type"),
    ("tab_clf", "fit", {"y": (y + 0.5) * 1e30}, ValueError, "Unknown label type"),
    ("tab_reg", "fit", {"y": DATES[:, 0]}, ValueError, "y holds dates"),
    ("tab_reg", "fit", {"y": [None] * 20}, ValueError, "Leave those rows"),
    ("clf", "fit", {"sample_weight": -1.0}, ValueError, "`sample_weight`.*at least 0"),
    ("clf", "fit", {"sample_weight": np.inf}, ValueError, "sample_weight contains inf"),
    ("clf", "fit", {"sample_weight": "a"}, TypeError, "^sample_weight .*'a'"),
    ("reg", "fit", {"sample_weight": 1j}, TypeError, "^sample_weight .*1j"),
    ("reg", "fit", {"sample_weight": {}}, TypeError, "^sample_weight .*dict"),
    (
        "reg",
        "fit",
        {"sample_weight": DATES[:, 0]},
        ValueError,
        "sample_weight holds dates",
    ),
    (
        "reg",
        "fit",
        {"sample_weight": SPARSE[:, [0]]},
        TypeError,
        "sample_weight.*toarray",
    ),
    ("tab_reg", "fit", {"sample_weight": -y}, ValueError, "`sample_weight`.*at least"),
    ("tab_reg", "fit", {"sample_weight": 0 * y}, ValueError, "sample_weight=0"),
    (
        "tab_reg",
        "fit",
        {"sample_weight": y * 1e308},
        ValueError,
        "sum of sample_weight is too large.*Divide the weights",
    ),
    (
        "tab_clf",
        "fit",
        {"sample_weight": np.eye(20)[0]},
        ValueError,
        r"1 sample\(s\) \(of a weight above zero\)",
    ),
    ("clf", "fit", {"X_val": X[0], "y_val": y}, ValueError, "X_val: Expected 2D"),
    ("clf", "fit", {"X_val": DATES, "y_val": y}, ValueError, "X_val: X holds"),
    (
        "clf",
        "fit",
        {"X_val": X, "y_val": [0, None] * 10},
        ValueError,
        "y_val contains NaN.*Leave those rows out",
    ),
    ("reg", "fit", {"X_val": X, "y_val": DATES[:, 0]}, ValueError, "y_val holds dates"),
    (
        "reg",
        "fit",
        {"X_val": X, "y_val": y[:, None, None]},
        ValueError,
        "y_val: Found array with dim 3",
    ),
    (
        "clf",
        "fit",
        {"X_val": X, "y_val": ["b"] * 20},
        ValueError,
        r"y_val has classes that y has not: \['b'\]",
    ),
    ("tab_clf", "fit", {"X_val": FRAME}, ValueError, "y_val was not"),
    ("tab_clf", "fit", {"y_val": y}, ValueError, "X_val was not"),
    (
        "tab_clf",
        "fit",
        {"X_val": FRAME[["a"]], "y_val": y},
        ValueError,
        "X_val: .*yet now missing:\n- b",
    ),
    (
        "tab_clf",
        "fit",
        {"X_val": FRAME, "y_val": 2 * y},
        ValueError,
        r"y_val has classes that y has not: \[2\]",
    ),
    ("clf", "partial_fit", {"classes": 3}, TypeError, "^classes .* got 3"),
    ("clf", "partial_fit", {"classes": []}, ValueError, "Pass all of them"),
    ("clf", "partial_fit", {"classes": "ab"}, TypeError, "^classes .*'ab'"),
    (
        "clf",
        "partial_fit",
        {"classes": [0, np.nan]},
        ValueError,
        "classes: Input contains NaN",
    ),
    (
        "clf",
        "partial_fit",
        {"classes": [0.5, 1.5]},
        ValueError,
        "classes: Unknown label type",
    ),
    *[
        (name, method, {}, NotFittedError, "not fitted yet. Call 'fit'")
        for name, est in SUBJECTS.items()
        for method in METHODS
        if hasattr(type(est), method) and "fit" not in method
    ],
    *[
        (
            f"fitted {name}",
            "score",
            {"sample_weight": weight},
            ValueError,
            f"{message}.*sample_weight",
        )
        for name in ("clf", "reg", "tab_clf", "tab_reg")
        for weight, message in (
            (0.0, "at least one non-zero"),
            (np.full(20, 1e308), "sum of"),
            (y[:5], ""),
        )
    ],
    # Labels that no int64 holds: scikit-learn casts them to see whether they are ints.
    *[
        (f"fitted {name}", "score", {"y": y + 1e26}, ValueError, "can't handle a mix")
        for name in ("clf", "tab_clf")
    ],
    ("fitted clf", "predict", {"X": X[0]}, ValueError, "Reshape your data"),
    ("fitted clf", "predict", {"X": X[:0]}, ValueError, "0 sample"),
    ("fitted clf", "predict", {"X": X[:, :, None]}, ValueError, "dim 3"),
    ("fitted clf", "predict", {"X": X * np.nan}, ValueError, "X contains NaN"),
    ("fitted clf", "predict", {"X": X * np.inf}, ValueError, "X contains infinity"),
    ("fitted clf", "predict", {"X": COMPLEX}, ValueError, "Complex data"),
    (
        "fitted clf",
        "predict",
        {"X": "abc"},
        ValueError,
        "^X must be a 2D array .* type str",
    ),
    ("fitted clf", "predict", {"X": DATES}, ValueError, "X holds dates"),
    ("fitted reg", "predict", {"X": DATED}, ValueError, r"X holds dates.*'b'"),
    ("fitted reg", "predict", {"X": RAGGED}, ValueError, "inhomogeneous"),
    (
        "fitted reg",
        "predict",
        {"X": {"a": 1}},
        TypeError,
        "^X must be a 2D array .* type dict",
    ),
    ("fitted reg", "predict", {"X": SPARSE[:, :2]}, ValueError, "expecting 3"),
    ("fitted reg", "score", {"y": y[:3]}, ValueError, "inconsistent numbers"),
    ("fitted clf", "predict_proba", {"X": X[:, :1]}, ValueError, "expecting 3"),
    (
        "fitted clf",
        "hidden_activations",
        {"layer": 1},
        ValueError,
        r"layer=1: .*1 hidden layers.* in the range \[-1, 1\)",
    ),
    ("fitted reg", "hidden_activations", {"X": X[:, :1]}, ValueError, "expecting 3"),
    (
        "fitted reg",
        "hidden_activations",
        {"layer": "a"},
        ValueError,
        "layer='a': .*int",
    ),
    ("fitted tab_clf", "predict", {"X": FRAME[["a", "b"]]}, ValueError, "- c"),
    ("fitted tab_clf", "predict", {"X": DATED}, ValueError, r"dates.*'b'"),
    ("fitted tab_clf", "predict", {"X": FRAME["a"]}, ValueError, "2.dimension|2D"),
    ("fitted tab_clf", "predict", {"X": None}, ValueError, "Expected 2D array"),
    ("fitted tab_clf", "predict", {"X": SPARSE}, TypeError, "Sparse.*X.*toarray"),
    ("fitted tab_reg", "predict", {"X": FRAME * np.inf}, ValueError, "infinity"),
    (
        "fitted tab_reg",
        "predict",
        {"X": FRAME.assign(a="x")},
        ValueError,
        "column 'a' .* was to hold numbers.*'x'.*fit again",
    ),
    (
        "fitted tab_reg",
        "predict",
        {"X": FRAME.rename(columns={"a": "z"})},
        ValueError,
        "unseen at fit time:\n- z",
    ),
    (
        "fitted tab_reg",
        "prediction_interval",
        {"X": FRAME[["a"]]},
        ValueError,
        "yet now missing:\n- b",
    ),
    ("fitted pre", "transform", {"X": FRAME[["a"]]}, ValueError, "- b\n- c"),
    ("fitted pre", "transform", {"X": DATED}, ValueError, r"dates.*'b'"),
    (
        "fitted tab_clf",
        "prediction_set",
        {"X": FRAME[["a"]]},
        ValueError,
        "yet now missing:\n- b",
    ),
    *[
        (
            "fitted tab_clf",
            "prediction_set",
            {"coverage": coverage},
            ValueError,
            rf"coverage={re.escape(repr(coverage))} must be a float in the range",
        )
        for coverage in (0, 1, None, "a", np.nan, True)
    ],
    *[
        (
            "fitted tab_reg",
            "prediction_interval",
            {"coverage": coverage},
            ValueError,
            rf"coverage={re.escape(repr(coverage))} must be a float in the range",
        )
        for coverage in (0, 1, -0.5, None, "a", np.nan, [0.5], True, 10**400)
    ],
    *[
        (
            "fitted tab_reg",
            "prediction_interval",
            {"adaptive": adaptive},
            ValueError,
            rf"adaptive={re.escape(repr(adaptive))} must be a bool",
        )
        for adaptive in (None, 1, "yes")
    ],
    *[
        (
            "fitted tab_reg",
            "prediction_interval",
            {"bounds": bounds},
            ValueError,
            rf"bounds={re.escape(repr(bounds))} must be a pair .*such as \(0, None\)",
        )
        for bounds in (None, 0, (1, 0), ("a", None))
    ],
    *[
        (
            "fitted pre",
            "get_feature_names_out",
            {"input_features": names},
            ValueError,
            r"input_features is not equal .*got .*seen \['a', 'b', 'c'\]. Pass these",
        )
        for names in (["a"], ["a", "b", "d"], 3)
    ],
    # weights assigned
    ("clf", "assign", {"coefs_": [X]}, AttributeError, "'coefs_' before fit"),
    *[
        ("fitted clf", "assign", {"coefs_": value}, ValueError, message)
        for value, message in (
            (3, "coefs_=3 must be a list or tuple of arrays"),
            (None, "coefs_=None must be a list or tuple of arrays"),
            ("ab", "coefs_='ab' must be a list or tuple of arrays"),
            ([], r"coefs_ must be 2 arrays.*\(3, 5\).*got \[\]. To change"),
            ([np.zeros((3, 5))], r"coefs_ must be 2 arrays.*got \[\(3, 5\)\]"),
            ([np.zeros((3, 4)), np.zeros((5, 1))], r"got \[\(3, 4\), \(5, 1\)\]"),
            ([np.full((3, 5), "a"), np.zeros((5, 1))], "^coefs_: "),
            ([np.full((3, 5), np.nan), np.zeros((5, 1))], "coefs_ contains NaN"),
            ([np.full((3, 5), 1j), np.zeros((5, 1))], "^coefs_: Complex data"),
        )
    ],
    (
        "fitted reg",
        "assign",
        {"coefs_": [sp.csr_array((3, 5)), np.zeros((5, 1))]},
        TypeError,
        "coefs_.*Use '.toarray",
    ),
    ("fitted reg", "assign", {"intercepts_": [np.zeros(5)]}, ValueError, "2 arr"),
    # parameters by their names
    ("clf", "set_params", {"units": 3}, ValueError, "'units'.*Valid parameters"),
    ("tab_reg", "set_params", {"solvers": 3}, ValueError, "'solvers'.*Valid par"),
    ("pre", "set_params", {"onehot": 3}, ValueError, "'onehot'.*Valid parameters"),
    # export
    *[
        ("clf", method, {}, NotFittedError, "not fitted yet. Call 'fit'")
        for method in ("to_onnx", "to_sklearn", "onnx_inputs")
    ],
    *[
        ("fitted clf", method, {"estimator": estimator}, TypeError, message)
        for method in ("to_onnx", "to_sklearn", "onnx_inputs")
        for estimator, message in (
            (NumpyMLPClassifier, "is a class. Pass an object of it"),
            (3, "int is not an estimator of this package.*[Pp]ass"),
            (None, "NoneType is not an estimator of this package.*[Pp]ass"),
        )
    ],
    ("fitted tab_reg", "to_sklearn", {}, TypeError, "no counterpart.*or use to_onnx"),
    *[
        (
            name,
            method,
            {"dtype": dtype},
            ValueError,
            f"dtype={dtype!r} must be 'float32', 'float64' or None",
        )
        for name in ("fitted clf", "fitted tab_reg")
        for method in ("to_onnx", "onnx_inputs")
        for dtype in ("float16", np.float32, 3)
    ],
    ("fitted clf", "onnx_inputs", {"X": X[:, :2]}, ValueError, "expecting 3"),
    ("fitted tab_clf", "onnx_inputs", {"X": FRAME[["a"]]}, ValueError, "missing:\n- b"),
    # inspection
    *[
        (name, "input_gradient", {}, NotFittedError, "not fitted yet. Call 'fit'")
        for name in ("clf", "reg", "tab_clf", "tab_reg")
    ],
    *[
        ("fitted clf", "input_gradient", {"estimator": estimator}, TypeError, message)
        for estimator, message in (
            (NumpyMLPClassifier, "is a class. Pass an object of it"),
            (3, "int is not an estimator of this package.*Pass a fitted"),
            (TabularPreprocessor(), "TabularPreprocessor is not .*Pass a fitted"),
        )
    ],
    *[
        (f"fitted {name}", "input_gradient", {"X": bad}, error, message)
        for name, bad, error, message in (
            ("clf", X[:, :2], ValueError, "expecting 3"),
            ("clf", X * np.nan, ValueError, "X contains NaN"),
            ("reg", DATES, ValueError, "X holds dates"),
            ("tab_clf", FRAME[["a"]], ValueError, "yet now missing:\n- b"),
            ("tab_clf", SPARSE, TypeError, "Sparse.*X.*toarray"),
            ("tab_reg", DATED, ValueError, r"dates.*'b'"),
            ("tab_reg", FRAME * np.inf, ValueError, "infinity"),
        )
    ],
    # plotting
    ("clf", "LossCurveDisplay.from_estimator", {}, NotFittedError, "not fitted yet"),
    (
        "fitted tab_reg",
        "WeightsDisplay.from_estimator",
        {},
        TypeError,
        "Use NumpyMLPClassif",
    ),
    (
        "fitted reg",
        "WeightsDisplay.from_estimator",
        {"image_shape": None},
        ValueError,
        "no square.*Pass image_s",
    ),
    *[
        ("fitted reg", "WeightsDisplay.from_estimator", wrong, ValueError, message)
        for wrong, message in (
            ({"image_shape": 3}, r"image_shape=3 must be \(height, width\)"),
            ({"image_shape": (2, 2)}, r"image_shape=\(2, 2\) must be .* 3"),
            ({"image_shape": (1.5, 2)}, r"image_shape=\(1.5, 2\) must be"),
            ({"image_shape": (-1, -3)}, r"image_shape=\(-1, -3\) must be"),
            ({"n_units": "a"}, "n_units='a' must be an int"),
            ({"n_cols": 1.5}, "n_cols=1.5 must be an int of at least 1, or None"),
            ({"ax": 3}, "ax must be a matplotlib Axes, an array.*got 3"),
        )
    ],
    *[
        (
            "fitted tab_reg",
            "PredictionIntervalDisplay.from_estimator",
            wrong,
            ValueError,
            message,
        )
        for wrong, message in (
            ({"X": FRAME[["a"]]}, "yet now missing:\n- b"),
            ({"y": y[:3]}, "inconsistent numbers of samples"),
            ({"kind": "x"}, r"kind='x' must be one of \('bars', 'band'\)"),
            ({"feature": 7}, r"feature=7 must be a column.*\[-3, 3\)"),
        )
    ],
]


def test_every_argument_has_a_bad_value_in_the_table():
    found = {
        (name.split()[-1], method, argument)
        for name, method, wrong, _, _ in CALLS
        for argument, value in wrong.items()
        if not any(value is good for good in (X, y, FRAME))
    }
    for name, est in SUBJECTS.items():
        for method in METHODS:
            if not hasattr(type(est), method):
                continue
            for argument in parameter_names(getattr(type(est), method)):
                if (name, argument) != ("pre", "y"):
                    assert (name, method, argument) in found
    for method, function in FUNCTIONS.items():
        for argument in parameter_names(function):
            assert any(row[1:] == (method, argument) for row in found), argument
    assert len(CALLS) > 120


@pytest.mark.parametrize(
    ("name", "method", "wrong", "error", "message"),
    [
        pytest.param(*row, id=f"{i}-{row[0]}-{row[1]}-{','.join(row[2])}")
        for i, row in enumerate(CALLS)
    ],
)
def test_bad_calls(name, method, wrong, error, message):
    """The exception is the right one, says why, and leaves all as it was."""
    est = _subject(name)
    before = vars(est).copy()
    values = joblib.hash(before)
    with pytest.raises(error, match=f"(?s){message}"):
        _call(name, method, est, wrong)
    after = vars(est)
    assert after.keys() == before.keys()
    assert all(after[attribute] is before[attribute] for attribute in before)
    assert joblib.hash(after) == values
    if name == "fitted pre":
        np.testing.assert_array_equal(
            est.transform(FRAME), _fitted("pre").transform(FRAME)
        )
    elif name.startswith("fitted"):
        table = FRAME if "tab" in name else X
        twin = _fitted(name.removeprefix("fitted "))
        np.testing.assert_array_equal(est.predict(table), twin.predict(table))


# --------------------------------------------------------------- dates in disguise


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: EarlyStopping("val_loss"), "you mean 'validation_loss'"),
        (lambda: EarlyStopping("val_acc"), "you mean 'validation_score'"),
        (lambda: EarlyStopping("train_loss"), "you mean 'loss'"),
        (lambda: EarlyStopping(patience=3), "you mean 'n_iter_no_change'"),
        (lambda: EarlyStopping(min_delta=0.1), "you mean 'tol'"),
        (lambda: EarlyStopping(restore_best_weights=True), "you mean 'restore_best'"),
        (lambda: Checkpoint("run", on_error="Warn"), "you mean 'warn'"),
        (lambda: Checkpoint(filepath="run"), "you mean 'path'"),
        (lambda: TimeLimit(second=3), "you mean 'seconds'"),
        (lambda: TabularPreprocessor(cat_features=[0]), "you mean 'categorical_feat"),
        (lambda: to_onnx(_fitted("clf"), dtype="double"), "you mean 'float64'"),
        (lambda: to_onnx(_fitted("clf"), dtype=np.float32), "you mean 'float32'"),
    ],
)
def test_callbacks_and_functions_suggest_too(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
