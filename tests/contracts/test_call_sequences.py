"""Sequences of calls, made up: after each one the estimator is what it was to be."""

import copy
import pickle
import time
import warnings

import numpy as np
import pandas as pd
import scipy.sparse as sp
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import KFold

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp.callbacks import Callback, EarlyStopping, History
from sknumpy_mlp.losses import Huber, LogLoss, Quantile
from sknumpy_mlp.optimizers import SGD, Adam
from sknumpy_mlp.schedules import Cosine, Plateau
from tests.contracts.strategies import (
    DOCUMENTED,
    MAYBE_MISSING,
    NIGHTLY,
    NUMBERS,
    TAME,
    assert_finite,
    assert_says_something,
    matrices,
    short_fits,
    tables,
)

pytestmark = short_fits


class PlannedError(Exception):
    """What a callback of the user's raises."""


class Fails(Callback):
    """Raise an error at a moment of the training."""

    def __init__(self, moment, error=PlannedError):
        self.moment = moment
        self.error = error

    def _perhaps(self, moment):
        if moment == self.moment:
            raise self.error("A callback of the user's fails as it was planned to.")

    def on_train_begin(self, run):
        self._perhaps("begin")

    def on_epoch_end(self, event):
        self._perhaps(event.epoch)
        return False

    def on_train_end(self, run):
        self._perhaps("end")


#: For each parameter, values that are allowed and values that are not.
VALUES = {
    "hidden_layer_sizes": ([(3,), 2, (), [2, 2]], [0, "3", (2, -1), None]),
    "activation": (["relu", "tanh", ["relu"], "mish"], ["swish!", None]),
    "solver": (["adam", "sgd", "lbfgs", "rmsprop", Adam(0.5), SGD()], ["newton", Adam]),
    "alpha": ([0.0, 1e-4, 100.0], [-1.0, np.nan, "1"]),
    "batch_size": (["auto", 1, 3, 10**6], [0, 2.0, "all"]),
    "learning_rate": (
        [
            "constant",
            "adaptive",
            "invscaling",
            "plateau",
            "cosine",
            Cosine(),
            Plateau(),
        ],
        ["fast", 0.1],
    ),
    "learning_rate_init": ([1e-3, 0.1, 1e10, 1e300], [0.0, np.inf]),
    "power_t": ([0.5, 0, 100.0], [-1.0]),
    "max_iter": ([2, 1, 5], [0, 1.5, 10**400]),
    "tol": ([0.0, 1e-4, 1e300], [-1.0]),
    "shuffle": ([True, False], ["yes"]),
    "warm_start": ([False, True], [None]),
    "momentum": ([0.0, 0.9, 1.0], [1.1]),
    "nesterovs_momentum": ([True, np.False_], ["no"]),
    "early_stopping": ([False, True], [1]),
    "validation_fraction": ([0.1, 0.5, 0.0], [1.0]),
    "beta_1": ([0.0, 0.9], [1.0]),
    "beta_2": ([0.0, 0.999], [-0.1]),
    "epsilon": ([1e-8, 1e-300], [0.0]),
    "n_iter_no_change": ([1, 10, np.inf], [0]),
    "max_fun": ([1, 15000], [0]),
    "init": (["glorot", "he", "lecun", "data"], ["xavier", dict]),
    "dropout": ([0.0, 0.5, [0.2, 0.2]], [1.0, "half"]),
    "weight_decay": ([0.0, 0.1, 1e10], [-1.0]),
    "max_norm": ([None, 1e-3], [0.0]),
    "max_grad_norm": ([None, 1e-3, 1e300], [-1.0]),
    "scoring": ([None, "loss", "accuracy", "r2", "neg_log_loss"], ["best"]),
    "callbacks": (
        [
            None,
            [],
            [History()],
            [EarlyStopping("loss")],
            [EarlyStopping()],
            [Fails("begin")],
            [Fails(1)],
            [Fails(2)],
            [Fails("end")],
            [Fails(1, KeyboardInterrupt)],
        ],
        [3, [History]],
    ),
    "dtype": ([None, "float32", "float64"], ["float16"]),
    "random_state": ([0, 2**32 - 1, None], [-1, "seed"]),
    "class_weight": ([None, "balanced", {0: 1, 1: 2, 2: 0.5}, {0: 1.0}], ["even"]),
    "verbose": ([False, 0], [-1, "loud"]),
}

LOSSES = {
    NumpyMLPClassifier: (["log_loss", LogLoss(0.1)], [Huber(), "squared_error", None]),
    NumpyMLPRegressor: (
        [
            "squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma",
            Huber(1e-3), Quantile([0.1, 0.9]),
        ],
        [LogLoss(), "log_loss"],
    ),
}  # fmt: skip

SELDOM = st.integers(0, 9).map(lambda number: number == 9)

#: Makes something else of good rows, which every method refuses.
NO_ROWS = {
    "None": lambda X: None,
    "a text": lambda X: "rows",
    "a number": lambda X: 3.0,
    "strings": lambda X: np.full(X.shape, "a"),
    "dates": lambda X: np.full(X.shape, "2020-01-01", "M8[D]"),
    "complex": lambda X: X + 1j,
    "a dict": lambda X: {"a": X},
    "no rows": lambda X: X[:0],
    "no columns": lambda X: X[:, :0],
    "a row": lambda X: X[0],
    "three axes": lambda X: X[:, :, np.newaxis],
    "ragged": lambda X: [[1.0], [1.0, 2.0]],
    "objects": lambda X: np.full(X.shape, {}, dtype=object),
}

NO_TARGETS = [None, "target", 3.0, [], [[]], {}, [None], ["a", 1], [1j], [[1], [2, 3]]]


class Calls(RuleBasedStateMachine):
    """Calls in any order, of which some are refused."""

    # Warnings of the package's own, and of scikit-learn's.
    ignored = (ConvergenceWarning, DataConversionWarning)

    def _call(self, method, *args, **kwargs):
        """Call a method; return its result, or the error that refuses the call.

        Of NumPy's there is no warning, and a refusal leaves all as it was.
        """
        before, params = vars(self.est).copy(), self._params()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for category in self.ignored:
                warnings.simplefilter("ignore", category)
            for message in (
                "Got `batch_size`",
                "[RD].2 score is not well-defined",
                "Training interrupted by user",
            ):
                warnings.filterwarnings("ignore", message)
            try:
                # An attribute may be refused as well: partial_fit with 'lbfgs'.
                return getattr(self.est, method)(*args, **kwargs)
            except (*DOCUMENTED, PlannedError) as error:
                refusal = error
        assert_says_something(refusal)
        assert not (self.is_fitted and isinstance(refusal, NotFittedError))
        after = vars(self.est)
        assert after.keys() == before.keys()
        assert all(after[name] is before[name] for name in before)
        np.testing.assert_array_equal(self._params(), params)
        return refusal

    def _draw_weight(self, data, n_rows):
        if data.draw(st.integers(0, 2)) < 2:
            return None
        sizes = [1.0, 1.0, 3.0, 0.0, 1e-30, 1e30]
        if data.draw(SELDOM):
            sizes += [-1.0, np.nan]
        return data.draw(
            hnp.arrays(np.float64, n_rows, elements=st.sampled_from(sizes))
        )

    def _values(self, name):
        return LOSSES[type(self.est)] if name == "loss" else VALUES[name]

    def _all_allowed(self):
        return all(
            any(value is each for each in self._values(name)[0])
            for name, value in self.est.get_params().items()
        )

    @rule(data=st.data())
    def set_params(self, data):
        if data.draw(SELDOM):
            assert "n_units" in str(self._call("set_params", n_units=3))
        name = data.draw(st.sampled_from(sorted(self.est.get_params())))
        values = self._values(name)[data.draw(SELDOM)]
        self._call("set_params", **{name: data.draw(st.sampled_from(values))})

    @rule()
    def reset_params(self):
        """So that not all that follows is refused."""
        defaults = {name: self._values(name)[0][0] for name in self.est.get_params()}
        self.est.set_params(**defaults)

    @rule(how=st.sampled_from(["pickle", "deepcopy", "clone"]))
    def copy(self, how):
        if how == "clone":
            self.est, self.is_fitted = clone(self.est), False
        elif how == "pickle":
            self.est = pickle.loads(pickle.dumps(self.est))
        else:
            self.est = copy.deepcopy(self.est)
        # Values are known by their identity.
        for name, value in self.est.get_params().items():
            for each in (value for values in self._values(name) for value in values):
                if type(each) is type(value) and repr(each) == repr(value):
                    self.est.set_params(**{name: each})


class Sequences(Calls):
    """Calls of the estimators for arrays."""

    @initialize(
        Estimator=st.sampled_from([NumpyMLPClassifier, NumpyMLPRegressor]),
        n_columns=st.integers(1, 3),
    )
    def begin(self, Estimator, n_columns):
        self.est = Estimator()
        self.reset_params()
        self.n_columns = n_columns
        self.est.fit(np.eye(3, n_columns), np.arange(3))
        self.is_fitted = True

    def _params(self):
        if not self.is_fitted:
            return None
        arrays = (*self.est.coefs_, *self.est.intercepts_)
        return np.concatenate([array.ravel() for array in arrays])

    def _draw_rows(self, data):
        n_columns = self.n_columns + data.draw(SELDOM)
        elements = data.draw(st.sampled_from([TAME, TAME, NUMBERS]))
        if data.draw(SELDOM):
            elements = MAYBE_MISSING
        n_rows = data.draw(st.integers(1, 12))
        X = data.draw(hnp.arrays(np.float64, (n_rows, n_columns), elements=elements))
        form = data.draw(st.sampled_from(["f8", "f4", "sparse", "list"]))
        if form == "list":
            return X.tolist()
        return sp.csr_array(X) if form == "sparse" else X.astype(form)

    def _draw_target(self, data, n_rows):
        if data.draw(SELDOM):
            n_rows += 1
        if data.draw(SELDOM):
            shape = (n_rows, 2)
            return data.draw(hnp.arrays(np.intp, shape, elements=st.integers(0, 1)))
        if is_classifier(self.est) != data.draw(SELDOM):
            return data.draw(hnp.arrays(np.intp, n_rows, elements=st.integers(0, 2)))
        return data.draw(hnp.arrays(np.float64, n_rows, elements=NUMBERS))

    def _train(self, data, method, **kwargs):
        X = self._draw_rows(data)
        n_rows, n_columns = np.shape(X)
        if data.draw(st.integers(0, 3)) == 3:
            X_val = self._draw_rows(data)
            kwargs["X_val"] = X_val
            kwargs["y_val"] = self._draw_target(data, np.shape(X_val)[0])
            kwargs["sample_weight_val"] = self._draw_weight(data, np.shape(X_val)[0])
        y, weight = self._draw_target(data, n_rows), self._draw_weight(data, n_rows)
        allowed = self._all_allowed()
        result = self._call(method, X, y, weight, **kwargs)
        if not isinstance(result, Exception):
            assert result is self.est
            assert allowed
            self.is_fitted = True
            self.n_columns = n_columns

    @rule(data=st.data())
    def fit(self, data):
        self._train(data, "fit")

    @rule(data=st.data())
    def fit_on(self, data):
        self.est.set_params(warm_start=True)
        self._train(data, "fit")

    @rule(data=st.data())
    def partial_fit(self, data):
        classes = {}
        if is_classifier(self.est) and (not self.is_fitted or data.draw(SELDOM)):
            given = st.sampled_from([[0, 1, 2], [0, 1, 2], [0, 1], "ab"])
            classes = {"classes": data.draw(given)}
        self._train(data, "partial_fit", **classes)

    @rule(
        method=st.sampled_from(["fit", "partial_fit", "predict", "score"]),
        what=st.sampled_from(["X", "y"]),
        how=st.sampled_from(sorted(NO_ROWS)),
        number=st.integers(0, len(NO_TARGETS) - 1),
        seldom=SELDOM,
    )
    def rubbish(self, method, what, how, number, seldom):
        if not seldom:
            return
        X, y = np.eye(3, self.n_columns), np.arange(3)
        if method == "predict" or what == "X":
            X = NO_ROWS[how](X)
        else:
            y = NO_TARGETS[number]
        arguments = (X,) if method == "predict" else (X, y)
        assert isinstance(self._call(method, *arguments), Exception)

    @rule(
        method=st.sampled_from(
            ["predict", "predict_proba", "predict_log_proba", "hidden_activations"]
        ),
        data=st.data(),
    )
    def predict(self, method, data):
        X = self._draw_rows(data)
        arguments = (X,)
        if method == "hidden_activations":
            arguments = (X, data.draw(st.sampled_from([0, -1, 7, "first"])))
        elif not hasattr(self.est, method):
            return
        predicted = self._call(method, *arguments)
        if not isinstance(predicted, Exception):
            assert len(predicted) == np.shape(X)[0]
            assert_finite(method, predicted)

    @rule(data=st.data())
    def score(self, data):
        X = self._draw_rows(data)
        n_rows = np.shape(X)[0]
        y, weight = self._draw_target(data, n_rows), self._draw_weight(data, n_rows)
        score = self._call("score", X, y, weight)
        if not isinstance(score, Exception):
            assert isinstance(score, float)
            assert score <= 1.0 or (n_rows == 1 and not is_classifier(self.est))

    @precondition(lambda self: self.is_fitted)
    @rule(
        name=st.sampled_from(["coefs_", "intercepts_"]),
        value=st.sampled_from([0.0, 1.0, 1e30, 1e300, np.nan, np.inf, "a", 1j, None]),
        shapes=st.sampled_from([None, 3, "ab", [], [np.zeros(7)], [np.zeros((9, 9))]]),
    )
    def assign(self, name, value, shapes):
        if shapes is not None:
            assert name in str(self._call("__setattr__", name, shapes))
        arrays = [np.full(array.shape, value) for array in getattr(self.est, name)]
        error = self._call("__setattr__", name, arrays)
        dtype = self.est.coefs_[0].dtype
        if isinstance(value, float) and value <= float(np.finfo(dtype).max):
            assert error is None
            assigned = getattr(self.est, name)
            assert all((array == dtype.type(value)).all() for array in assigned)
        else:
            assert name in str(error)

    @precondition(lambda self: self.is_fitted)
    @invariant()
    def what_is_learnt_is_finite(self):
        assert np.isfinite(self._params()).all()
        assert self.est.n_features_in_ == self.n_columns
        assert np.isfinite(self.est.learning_rate_curve_).all()
        assert self.est.t_ > 0


OF_TABLES = {
    "hidden_layer_sizes": ([(3,), 2, (), [2, 2]], [0, "3", (2, -1), None]),
    "solver": (["adam", "sgd", "rmsprop", Adam(0.5)], ["lbfgs", None]),
    "learning_rate": (["coslog", "constant", "plateau", Cosine()], ["fast", 0.1]),
    "learning_rate_init": ([0.04, 1e-3, 1e10, 1e300], [0.0, "fast"]),
    "validation_fraction": ([0.2, 0.5], [0.0, 1.0]),
    "weight_decay": ([0.02, 0.0, 1e10], [-1.0]),
    "scoring": (["loss", None, "accuracy", "r2"], ["best"]),
    "parametric_activation": ([True, False], ["yes", 1]),
    "max_time": ([None, 1e-9], [0, "1"]),
    "n_jobs": ([None, 1], [0, 1.5]),
    "categorical_features": (["from_dtype", None, [0], [7], ["float 0"]], [3, "all"]),
    "dates": (["encode", "error"], ["guess", None]),
    "ensemble": ([None, "kfold", "seeds", "refit"], ["bag", True]),
    "cv": ([None, 2, KFold(2)], [1, "five"]),
    "n_members": (["auto", 2, 1, 3], [0, 2.0]),
    "preset": (["fast", "default"], ["best", None]),
}

NO_TABLES = {
    name: NO_ROWS[name]
    for name in sorted(NO_ROWS)
    if name not in ("strings", "objects", "dates")  # those are columns
}


class SequencesOfTables(Calls):
    """Calls of the estimators for tables."""

    # Of folds that lack a class, of a time that was over, of columns without names.
    ignored = (UserWarning,)

    @initialize(Estimator=st.sampled_from([TabularMLPClassifier, TabularMLPRegressor]))
    def begin(self, Estimator):
        self.est = Estimator()
        self.reset_params()
        self.table = pd.DataFrame(
            {"float 0": [1.5, np.nan] * 4, "text 1": list("ab") * 4}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self.est.fit(self.table, np.arange(8) % 3)
        self.is_fitted = True

    def _values(self, name):
        if name == "loss":
            kind = NumpyMLPClassifier if is_classifier(self.est) else NumpyMLPRegressor
            return LOSSES[kind]
        return OF_TABLES[name] if name in OF_TABLES else super()._values(name)

    def _params(self):
        if not self.is_fitted:
            return None
        return np.concatenate([member._params for member in self.est.estimators_])

    def _draw_table(self, data):
        """Draw a table; often one that the estimator knows."""
        if self.is_fitted and data.draw(st.integers(0, 3)):
            rows = data.draw(st.lists(st.integers(0, len(self.table) - 1), min_size=1))
            return self.table.iloc[rows]
        if data.draw(SELDOM):
            return data.draw(matrices())
        return data.draw(tables(min_rows=1 + 3 * data.draw(st.booleans())))

    def _draw_target(self, data, n_rows):
        n_rows += data.draw(SELDOM)
        if is_classifier(self.est) != data.draw(SELDOM):
            return data.draw(hnp.arrays(np.intp, n_rows, elements=st.integers(0, 2)))
        return data.draw(hnp.arrays(np.float64, n_rows, elements=NUMBERS))

    @rule(data=st.data())
    def fit(self, data):
        table = self._draw_table(data)
        y = self._draw_target(data, len(table))
        weight = self._draw_weight(data, len(table))
        validation = {}
        if data.draw(st.integers(0, 3)) == 3:
            X_val = table if data.draw(st.booleans()) else self._draw_table(data)
            validation = {
                "X_val": X_val,
                "y_val": self._draw_target(data, len(X_val)),
                "sample_weight_val": self._draw_weight(data, len(X_val)),
            }
        allowed = self._all_allowed()
        result = self._call("fit", table, y, weight, **validation)
        if not isinstance(result, Exception):
            assert result is self.est
            assert allowed
            self.is_fitted = True
            self.table = pd.DataFrame(table)

    @rule(
        method=st.sampled_from(
            [
                "predict",
                "predict_proba",
                "predict_log_proba",
                "prediction_interval",
                "prediction_set",
            ]
        ),
        data=st.data(),
    )
    def predict(self, method, data):
        if not hasattr(self.est, method):
            return
        table = self._draw_table(data)
        predicted = self._call(method, table)
        if not isinstance(predicted, Exception):
            assert len(predicted) == len(table)
            assert_finite(method, predicted)
            if method == "prediction_interval":
                assert (predicted[..., 0] <= predicted[..., 1]).all()

    @rule(data=st.data())
    def score(self, data):
        table = self._draw_table(data)
        y = self._draw_target(data, len(table))
        score = self._call("score", table, y, self._draw_weight(data, len(table)))
        if not isinstance(score, Exception):
            assert score <= 1.0 or (len(table) == 1 and not is_classifier(self.est))

    @rule(
        method=st.sampled_from(["fit", "predict", "score"]),
        how=st.sampled_from(sorted(NO_TABLES)),
        seldom=SELDOM,
    )
    def rubbish(self, method, how, seldom):
        if not seldom:
            return
        X = NO_TABLES[how](np.eye(3))
        arguments = (X,) if method == "predict" else (X, np.arange(3))
        assert isinstance(self._call(method, *arguments), Exception)

    @precondition(lambda self: self.is_fitted)
    @invariant()
    def what_is_learnt_is_finite(self):
        assert np.isfinite(self._params()).all()
        assert self.est.n_features_in_ == self.table.shape[1]


def _run(machine, n_in_ci, seconds):
    """Run a machine so many times, or at night for so many seconds."""
    if not NIGHTLY:
        size = settings(max_examples=n_in_ci, stateful_step_count=20)
        run_state_machine_as_test(machine, settings=size)
        return
    size = settings(max_examples=200, stateful_step_count=50)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run_state_machine_as_test(machine, settings=size)


def test_sequences_of_calls():
    _run(Sequences, 400, 600)


def test_sequences_of_calls_with_tables():
    _run(SequencesOfTables, 150, 300)
