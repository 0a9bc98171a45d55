"""The methods of the tabular benchmark: each makes an unfitted model for a table.

Every model takes the raw data frame and has its default hyperparameters; what a method
does not support (categories, missing numbers, an unscaled target) is preprocessed as
its documentation recommends.
"""

import logging
import os
from functools import partial

import numpy as np
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

_numbers = make_column_selector(dtype_include="number")
_categories = make_column_selector(dtype_exclude="number")


def _prepared(model):
    """Return a model with the usual preprocessing of linear models and networks."""
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), _numbers),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), _categories),
        ),
        model,
    )


def ours(task, X, seed, **params):
    """This package's estimators, no parameter set."""
    if task == "classification":
        return TabularMLPClassifier(random_state=seed, **params)
    return TabularMLPRegressor(random_state=seed, **params)


def ours_single(task, X, seed):
    """A single network with a hold-out."""
    return ours(task, X, seed, ensemble=None)


def ours_fast(task, X, seed):
    """The preset for a first look."""
    return ours(task, X, seed, preset="fast")


def sklearn_mlp(task, X, seed):
    """scikit-learn's MLP, defaults, in the pipeline of its user guide."""
    if task == "classification":
        return _prepared(MLPClassifier(random_state=seed))
    return _prepared(MLPRegressor(random_state=seed))


def sklearn_mlp_scaled_target(task, X, seed):
    """The same with a standardized target."""
    if task == "classification":
        return None
    return TransformedTargetRegressor(
        sklearn_mlp(task, X, seed), transformer=StandardScaler()
    )


def hist_gradient_boosting(task, X, seed):
    """scikit-learn's histogram gradient boosting."""
    if task == "classification":
        return HistGradientBoostingClassifier(random_state=seed)
    return HistGradientBoostingRegressor(random_state=seed)


class _CatBoost:
    """CatBoost needs a list of the categories, and supports no missing ones."""

    def __init__(self, task, seed):
        import catboost

        kind = "Classifier" if task == "classification" else "Regressor"
        self._model = getattr(catboost, f"CatBoost{kind}")(
            random_seed=seed,
            verbose=False,
            allow_writing_files=False,
            thread_count=len(os.sched_getaffinity(0)),
        )

    def _texts(self, X):
        texts = {c: X[c].astype(object).fillna("missing") for c in _categories(X)}
        return X.assign(**texts)

    def fit(self, X, y):
        self._model.fit(self._texts(X), y, cat_features=_categories(X))
        return self

    def predict(self, X):
        return self._model.predict(self._texts(X))

    def predict_proba(self, X):
        return self._model.predict_proba(self._texts(X))

    @property
    def classes_(self):
        return self._model.classes_


def catboost(task, X, seed):
    """CatBoost, defaults."""
    return _CatBoost(task, seed)


def _plain_names(X):
    """LightGBM does not support all characters in the names of columns."""
    return X.set_axis([f"column_{i}" for i in range(X.shape[1])], axis=1)


def lightgbm(task, X, seed):
    """LightGBM, defaults."""
    import lightgbm

    kind = "Classifier" if task == "classification" else "Regressor"
    model = getattr(lightgbm, f"LGBM{kind}")(
        random_state=seed, verbose=-1, n_jobs=len(os.sched_getaffinity(0))
    )
    return make_pipeline(FunctionTransformer(_plain_names), model)


class _WithoutMissingNumbers:
    """pytabkit's networks support no missing numbers: they are replaced by medians."""

    def __init__(self, model):
        self._model = model

    def fit(self, X, y):
        self._medians = X[_numbers(X)].median()
        self._model.fit(X.fillna(self._medians), y)
        return self

    def predict(self, X):
        return np.ravel(self._model.predict(X.fillna(self._medians)))

    def predict_proba(self, X):
        return self._model.predict_proba(X.fillna(self._medians))

    @property
    def classes_(self):
        return self._model.classes_


def _pytabkit(name, task, seed, n_cv=1, **params):
    import pytabkit

    for name_of_log in ("lightning.pytorch", "pytorch_lightning"):
        logging.getLogger(name_of_log).setLevel(logging.ERROR)
    kind = "Classifier" if task == "classification" else "Regressor"
    model = getattr(pytabkit, f"{name}_{kind}")(
        device="cpu",
        random_state=seed,
        n_cv=n_cv,
        n_threads=len(os.sched_getaffinity(0)),
        verbosity=0,
        **params,
    )
    return _WithoutMissingNumbers(model)


def realmlp(task, X, seed):
    """RealMLP with its tuned defaults, one network and a hold-out, from pytabkit."""
    return _pytabkit("RealMLP_TD", task, seed)


def realmlp_bagged(task, X, seed):
    """RealMLP, five networks with folds for validation, as in `_Bagged`."""
    return _pytabkit("RealMLP_TD", task, seed, n_cv=5)


def tabm(task, X, seed):
    """TabM with its defaults, from pytabkit."""
    return _pytabkit("TabM_D", task, seed)


def tabm_mini(task, X, seed):
    """TabM's smaller form with fewer members, which share all but their input."""
    return _pytabkit("TabM_D", task, seed, arch_type="tabm-mini", tabm_k=16)


class _Bagged:
    """Average of five fits, each on four fifths of the training rows."""

    def __init__(self, make, task, seed, n_folds=5):
        self._make = make
        self._task = task
        self._seed = seed
        self._n_folds = n_folds

    def fit(self, X, y):
        kind = StratifiedKFold if self._task == "classification" else KFold
        folds = kind(self._n_folds, shuffle=True, random_state=self._seed)
        self._models = []
        for k, (rows, _) in enumerate(folds.split(X, y)):
            seed = self._n_folds * self._seed + k
            model = self._make(self._task, X, seed).fit(X.iloc[rows], y[rows])
            self._models.append(model)
        if self._task == "classification":
            self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        if self._task == "classification":
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        return np.mean([np.ravel(m.predict(X)) for m in self._models], axis=0)

    def predict_proba(self, X):
        total = np.zeros((len(X), len(self.classes_)))
        for model in self._models:
            # A rare class may be missing from the rows of a fold.
            columns = np.searchsorted(self.classes_, model.classes_)
            total[:, columns] += model.predict_proba(X)
        return total / self._n_folds


def bagged(make, task, X, seed):
    """Five-fold average of another method."""
    return _Bagged(make, task, seed)


# Bagged method -> the method that it averages.
BAGGED = {
    f"{method}_bagged": method
    for method in ("hist_gradient_boosting", "lightgbm", "catboost", "realmlp")
}
METHODS = {
    "ours": ours,
    "ours_fast": ours_fast,
    "ours_single": ours_single,
    "sklearn_mlp": sklearn_mlp,
    "sklearn_mlp_scaled_target": sklearn_mlp_scaled_target,
    "hist_gradient_boosting": hist_gradient_boosting,
    "catboost": catboost,
    "lightgbm": lightgbm,
    "realmlp": realmlp,
    "tabm": tabm,
    "tabm_mini": tabm_mini,
}
METHODS |= {name: partial(bagged, METHODS[single]) for name, single in BAGGED.items()}
METHODS["realmlp_bagged"] = realmlp_bagged
