"""Where scikit-learn goes, these estimators go: one test for each of its tools.

Each runs the real thing with both families, arrays for `NumpyMLP` and a raw frame with
strings and missing values for `TabularMLP`, and compares with what the tool does, done
by hand, or with what chance or doing without would give.
"""

import os
import pickle
import pkgutil
import warnings
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel, SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.inspection import (
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, r2_score
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    LearningCurveDisplay,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

import sknumpy_mlp
from sknumpy_mlp import (
    InvalidParameterError,
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp.activations import LeakyReLU
from sknumpy_mlp.callbacks import EarlyStopping, History

# Runs are as short as the comparisons allow.
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    # An older matplotlib beside a newer pyparsing.
    "ignore::DeprecationWarning:matplotlib",
)

NUMPY = {
    "hidden_layer_sizes": 8,
    "solver": "lbfgs",
    "alpha": 0.3,
    "max_iter": 60,
    "random_state": 0,
}
TABULAR = {
    "hidden_layer_sizes": (16,),
    "max_iter": 40,
    "n_members": 2,
    "random_state": 0,
}
N_ROWS = 160


def _frame(seed=0):
    """Flats, and a number that depends on size and town; missing values in both."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=N_ROWS)
    town = rng.choice(["Ulm", "Bonn", "Kiel"], N_ROWS)
    value = size + 2.0 * (town == "Bonn") + 0.1 * rng.normal(size=N_ROWS)
    X = pd.DataFrame(
        {
            "size": np.where(rng.random(N_ROWS) < 0.05, np.nan, size),
            "noise": rng.normal(size=N_ROWS),
            "town": np.where(rng.random(N_ROWS) < 0.05, None, town),
        }
    )
    return X, value


FRAME, VALUE = _frame()
LEVEL = np.where(VALUE < 0.0, "low", np.where(VALUE < 1.2, "middle", "high"))
# The same without strings and gaps, for estimators that take arrays of numbers.
TABLE = np.column_stack(
    [FRAME["size"].fillna(0.0), FRAME["noise"], FRAME["town"] == "Bonn"]
)
LARGEST_CLASS = np.unique(LEVEL, return_counts=True)[1].max() / N_ROWS

classifiers = pytest.mark.parametrize(
    ("clf", "X"),
    [
        pytest.param(NumpyMLPClassifier(**NUMPY), TABLE, id="numpy"),
        pytest.param(TabularMLPClassifier(**TABULAR), FRAME, id="tabular"),
    ],
)
regressors = pytest.mark.parametrize(
    ("reg", "X"),
    [
        pytest.param(NumpyMLPRegressor(**NUMPY), TABLE, id="numpy"),
        pytest.param(TabularMLPRegressor(**TABULAR), FRAME, id="tabular"),
    ],
)


def _take(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def axes():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


# ---------------------------------------------------------------- pipelines, composing


def test_column_transformer():
    """What the tabular estimators do by themselves, done with scikit-learn's tools."""
    columns = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                ["size", "noise"],
            ),
            ("strings", OneHotEncoder(handle_unknown="ignore"), ["town"]),
        ]
    )
    pipeline = Pipeline([("columns", columns), ("mlp", NumpyMLPClassifier(**NUMPY))])
    score = cross_val_score(pipeline, FRAME, LEVEL).mean()
    assert score > LARGEST_CLASS + 0.3
    # Without the towns there is less to know.
    pipeline.set_params(columns__strings="drop")
    assert cross_val_score(pipeline, FRAME, LEVEL).mean() < score - 0.1


def _with_large(X):
    return X.assign(large=X["size"] > 1.0)


def test_function_transformer_before_a_raw_frame():
    pipeline = make_pipeline(
        FunctionTransformer(_with_large), TabularMLPRegressor(**TABULAR)
    ).fit(FRAME, VALUE)
    by_hand = TabularMLPRegressor(**TABULAR).fit(_with_large(FRAME), VALUE)
    assert list(pipeline[-1].feature_names_in_) == [*FRAME.columns, "large"]
    np.testing.assert_array_equal(
        pipeline.predict(FRAME), by_hand.predict(_with_large(FRAME))
    )


def test_hidden_layer_as_a_transformer():
    """A network's last hidden layer, as the features of another model."""
    clf = NumpyMLPClassifier(**NUMPY).fit(TABLE, LEVEL)
    hidden = make_pipeline(
        FunctionTransformer(clf.hidden_activations), LogisticRegression(C=100.0)
    ).fit(TABLE, LEVEL)
    assert hidden[-1].n_features_in_ == 8
    plain = LogisticRegression(C=100.0).fit(np.square(TABLE), LEVEL)
    assert hidden.score(TABLE, LEVEL) > plain.score(np.square(TABLE), LEVEL) + 0.1


def test_feature_union():
    union = FeatureUnion(
        [("components", PCA(2)), ("all", TabularPreprocessor())]
    ).set_output(transform="pandas")
    table = pd.DataFrame(TABLE, columns=["size", "noise", "bonn"])
    pipeline = make_pipeline(union, NumpyMLPRegressor(**NUMPY)).fit(table, VALUE)
    names = list(pipeline[-1].feature_names_in_)
    assert names[:2] == ["components__pca0", "components__pca1"]
    assert len(names) > 2
    assert pipeline.score(table, VALUE) > 0.8


def test_names_of_columns_through_set_output():
    table = pd.DataFrame(TABLE, columns=["size", "noise", "bonn"])
    pipeline = make_pipeline(StandardScaler(), NumpyMLPRegressor(**NUMPY))
    pipeline.set_output(transform="pandas").fit(table, VALUE)
    assert list(pipeline[-1].feature_names_in_) == list(table.columns)
    with pytest.raises(ValueError, match="feature names"):
        pipeline.predict(table.rename(columns={"noise": "other"}))


TEXTS = [
    f"{greeting} {name}, {rest}"
    for greeting in ("hello", "dear", "good day")
    for name in ("Ann", "Ben", "Cem", "Dora")
    for rest in ("buy cheap pills now", "see you at lunch", "win a prize now")
]
IS_SPAM = np.array(["now" in text.split() for text in TEXTS])


@pytest.mark.parametrize(
    "vectorizer", [TfidfVectorizer(), HashingVectorizer(n_features=2**10)]
)
def test_sparse_strings(vectorizer):
    clf = NumpyMLPClassifier(**NUMPY)
    pipeline = make_pipeline(vectorizer, clf)
    assert scipy.sparse.issparse(vectorizer.fit_transform(TEXTS))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert cross_val_score(pipeline, TEXTS, IS_SPAM, cv=folds).min() > 0.9
    pipeline.fit(TEXTS, IS_SPAM)
    dense = clone(clf).fit(vectorizer.transform(TEXTS).toarray(), IS_SPAM)
    np.testing.assert_allclose(
        pipeline.predict_proba(TEXTS),
        dense.predict_proba(vectorizer.transform(TEXTS).toarray()),
        atol=1e-6,
    )


# -------------------------------------------------------------------------- searching


def test_grid_search_over_nested_parameters():
    """Lists of layers, activations that are objects, callbacks, whole steps."""
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("mlp", NumpyMLPClassifier(**NUMPY))]
    )
    histories = [History(), EarlyStopping("loss", tol=0.5, n_iter_no_change=1)]
    grid = [
        {"mlp": [LogisticRegression(C=0.1)]},
        {
            "scale": ["passthrough", StandardScaler()],
            "mlp__hidden_layer_sizes": [[8], [8, 4]],
            "mlp__activation": [LeakyReLU(0.2), "tanh"],
            "mlp__callbacks": [[histories[0]], histories],
        },
    ]
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise")
    search.fit(TABLE, LEVEL)
    results = search.cv_results_
    assert len(results["params"]) == 1 + 2 * 2 * 2 * 2
    best = search.best_estimator_["mlp"]
    assert search.best_score_ > LARGEST_CLASS + 0.3
    # The callbacks of the best fit are its own; those of the grid saw nothing.
    assert best.callbacks[0]["epoch"][-1] == best.n_iter_
    assert histories[0].records == []
    # Each kind of nested parameter makes a difference, and is scored as by hand.
    scores = results["mean_test_score"]
    assert len(np.unique(scores)) > 4
    for i in (0, 1, len(scores) - 1):
        by_hand = clone(pipeline).set_params(**clone(results["params"][i], safe=False))
        np.testing.assert_array_equal(
            cross_val_score(by_hand, TABLE, LEVEL, cv=3).mean(), scores[i]
        )


@classifiers
def test_halving_grid_search_over_epochs(clf, X):
    """The resource is ``max_iter``: few train for long."""
    search = HalvingGridSearchCV(
        clone(clf).set_params(solver="adam"),
        {"learning_rate_init": [1e-9, 0.001, 0.01, 0.03]},
        resource="max_iter",
        min_resources=10,
        max_resources=40,
        factor=2,
        cv=3,
        random_state=0,
    ).fit(X, LEVEL)
    assert search.n_candidates_ == [4, 2, 1]
    assert search.n_resources_ == [10, 20, 40]
    assert search.best_estimator_.get_params()["max_iter"] == 40
    assert search.best_params_["learning_rate_init"] > 1e-9
    assert search.best_score_ > LARGEST_CLASS + 0.1


@regressors
def test_randomized_search_over_distributions(reg, X):
    search = RandomizedSearchCV(
        clone(reg).set_params(solver="adam"),
        {
            "learning_rate_init": scipy.stats.loguniform(1e-4, 0.1),
            "hidden_layer_sizes": scipy.stats.randint(2, 20),
            "dropout": scipy.stats.uniform(0.0, 0.3),
        },
        n_iter=4,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(X, VALUE)
    results = search.cv_results_
    widths = results["param_hidden_layer_sizes"]
    assert len(set(widths)) > 2
    assert search.best_estimator_.hidden_layer_sizes == widths[search.best_index_]
    assert search.best_score_ == results["mean_test_score"].max()
    assert results["mean_test_score"].max() > results["mean_test_score"].min()


def _accuracy_and_process(clf, X, y):
    return {"accuracy": clf.score(X, y), "process": os.getpid()}


@classifiers
def test_a_search_in_several_processes(clf, X):
    """The same scores as one after the other, from processes that are not this one."""
    scores = {}
    for n_jobs in (1, 2):
        search = GridSearchCV(
            clf,
            {"alpha" if X is TABLE else "weight_decay": [0.01, 0.1, 1.0]},
            scoring=_accuracy_and_process,
            refit="accuracy",
            cv=2,
            n_jobs=n_jobs,
        ).fit(X, LEVEL)
        results = search.cv_results_
        scores[n_jobs] = [results[f"split{i}_test_accuracy"] for i in range(2)]
        processes = {*results["split0_test_process"], *results["split1_test_process"]}
        assert (os.getpid() in processes) == (n_jobs == 1)
    np.testing.assert_array_equal(scores[1], scores[2])


# ----------------------------------------------------------- cross-validation, routing


@classifiers
def test_cross_val_predict(clf, X):
    folds = StratifiedKFold(3)
    probabilities = cross_val_predict(clf, X, LEVEL, cv=folds, method="predict_proba")
    for train, test in folds.split(X, LEVEL):
        by_hand = clone(clf).fit(_take(X, train), LEVEL[train])
        np.testing.assert_array_equal(
            probabilities[test], by_hand.predict_proba(_take(X, test))
        )
    # Those who know nothing say log(3).
    assert log_loss(LEVEL, probabilities) < np.log(3.0) - 0.2


@pytest.mark.usefixtures("routing")
@classifiers
def test_sample_weight_in_a_cross_validation(clf, X):
    """Sliced with the rows; scored with where asked for, and not where not."""
    weight = np.where(LEVEL == "low", 20.0, 1.0)
    clf = clone(clf).set_fit_request(sample_weight=True)
    folds = StratifiedKFold(3)

    def validate(clf):
        return cross_validate(
            clf, X, LEVEL, cv=folds, params={"sample_weight": weight}
        )["test_score"]

    weighted = validate(clf.set_score_request(sample_weight=True))
    unweighted = validate(clf.set_score_request(sample_weight=False))
    for i, (train, test) in enumerate(folds.split(X, LEVEL)):
        by_hand = clone(clf).fit(_take(X, train), LEVEL[train], weight[train])
        part = _take(X, test), LEVEL[test]
        assert weighted[i] == by_hand.score(*part, weight[test])
        assert unweighted[i] == by_hand.score(*part)
    assert not np.array_equal(weighted, unweighted)
    plain = cross_val_score(clf, X, LEVEL, cv=folds)
    assert not np.array_equal(plain, unweighted)


def _validation_scores(est):
    return getattr(est, "estimators_", [est])[0].validation_scores_


@pytest.mark.usefixtures("routing")
@regressors
@pytest.mark.parametrize("n_validation", [40, 120])
def test_validation_data_in_a_cross_validation(reg, X, n_validation):
    """A cross-validation slices what is as long as ``X``, and nothing else.

    So validation data of another length reaches each fold whole; as long as ``X`` by
    chance, it loses the rows that the fold is tested on.
    """
    rows = 120 + np.arange(n_validation) % 40
    X, y, X_val, y_val = _take(X, range(120)), VALUE[:120], _take(X, rows), VALUE[rows]
    if isinstance(reg, NumpyMLPRegressor):
        reg = clone(reg).set_params(solver="adam", early_stopping=True)
    reg = clone(reg).set_fit_request(X_val=True, y_val=True)
    fitted = cross_validate(
        reg,
        X,
        y,
        cv=KFold(3),
        params={"X_val": X_val, "y_val": y_val},
        return_estimator=True,
        error_score="raise",
    )["estimator"]
    for est, (train, _) in zip(fitted, KFold(3).split(X), strict=True):
        part = _take(X, train), y[train]
        whole = clone(reg).fit(*part, X_val=X_val, y_val=y_val)
        is_whole = _validation_scores(est) == _validation_scores(whole)
        assert is_whole == (n_validation != len(X))
        if not is_whole:
            sliced = {"X_val": _take(X_val, train), "y_val": y_val[train]}
            by_hand = clone(reg).fit(*part, **sliced)
            assert _validation_scores(est) == _validation_scores(by_hand)


@pytest.mark.usefixtures("routing")
def test_validation_data_through_a_pipeline_in_a_cross_validation():
    """Each fold scales the validation data with the scale of its own rows."""
    mlp = NumpyMLPRegressor(early_stopping=True, **NUMPY | {"solver": "adam"})
    mlp.set_fit_request(X_val=True, y_val=True)
    X, y, X_val, y_val = TABLE[:120], VALUE[:120], TABLE[120:], VALUE[120:]
    fitted = cross_validate(
        Pipeline(
            [("scale", StandardScaler()), ("mlp", mlp)], transform_input=["X_val"]
        ),
        X,
        y,
        cv=KFold(3),
        params={"X_val": X_val, "y_val": y_val},
        return_estimator=True,
        error_score="raise",
    )["estimator"]
    for pipeline, (train, _) in zip(fitted, KFold(3).split(X), strict=True):
        scale = StandardScaler().fit(X[train])
        by_hand = clone(mlp).fit(
            scale.transform(X[train]),
            y[train],
            X_val=scale.transform(X_val),
            y_val=y_val,
        )
        assert pipeline["mlp"].validation_scores_ == by_hand.validation_scores_
        assert pipeline["mlp"].coefs_[0].tolist() == by_hand.coefs_[0].tolist()


# ------------------------------------------------------------------- calibrating, cuts


@classifiers
def test_calibration_of_what_is_too_sure(clf, X):
    """A tenth of the labels is wrong, which an overfitted network does not say."""
    y = (VALUE > 0.5).astype(int)
    y[::5] = 1 - y[::5]
    if isinstance(clf, NumpyMLPClassifier):
        clf = clone(clf).set_params(alpha=0.0, hidden_layer_sizes=50, max_iter=300)
    half = np.arange(N_ROWS) % 4 < 2
    fit, rest = _take(X, np.flatnonzero(half)), _take(X, np.flatnonzero(~half))
    sure = clone(clf).fit(fit, y[half])
    before = sure.predict_proba(fit)
    calibrated = CalibratedClassifierCV(FrozenEstimator(sure)).fit(rest, y[~half])
    np.testing.assert_array_equal(sure.predict_proba(fit), before)
    folded = CalibratedClassifierCV(clf, cv=3).fit(fit, y[half])
    assert len(folded.calibrated_classifiers_) == 3
    by_hand = np.mean(
        [each.predict_proba(rest) for each in folded.calibrated_classifiers_], axis=0
    )
    np.testing.assert_allclose(folded.predict_proba(rest), by_hand)
    loss, frozen_loss, folded_loss = (
        log_loss(y[~half], each.predict_proba(rest))
        for each in (sure, calibrated, folded)
    )
    if isinstance(clf, NumpyMLPClassifier):
        assert max(frozen_loss, folded_loss) < loss - 0.3
    else:
        # These have calibrated themselves: nothing is left to gain, or to spoil.
        assert max(frozen_loss, folded_loss, loss) < np.log(2.0) - 0.1
        assert frozen_loss == pytest.approx(loss, abs=0.05)


@classifiers
def test_tuned_threshold(clf, X):
    """For a rare class, 0.5 is no threshold for the balanced accuracy."""
    is_rare = np.quantile(VALUE, 0.8) < VALUE
    X = X[["size", "noise"]] if hasattr(X, "iloc") else X[:, :2]  # half of what counts
    tuned = TunedThresholdClassifierCV(
        clf, scoring="balanced_accuracy", cv=3, random_state=0
    ).fit(X, is_rare)
    assert tuned.best_threshold_ < 0.5
    by_hand = tuned.estimator_.predict_proba(X)[:, 1] >= tuned.best_threshold_
    np.testing.assert_array_equal(tuned.predict(X), by_hand)
    fixed = FixedThresholdClassifier(FrozenEstimator(tuned.estimator_)).fit(X, is_rare)
    scores = [
        balanced_accuracy_score(is_rare, each.predict(X)) for each in (tuned, fixed)
    ]
    assert scores[0] > scores[1]


# ----------------------------------------------------------------- several of a kind


@classifiers
def test_bagging(clf, X):
    bagged = BaggingClassifier(
        clf, n_estimators=10, max_samples=0.7, oob_score=True, random_state=0
    ).fit(X, LEVEL)
    assert bagged.oob_score_ > LARGEST_CLASS + 0.2
    votes = []
    for est, rows in zip(bagged.estimators_, bagged.estimators_samples_, strict=True):
        # What takes weights is given the number of times that a row was drawn.
        counts = np.bincount(rows, minlength=N_ROWS)
        by_hand = clone(est).fit(_as_bagged(X), LEVEL, counts)
        proba = by_hand.predict_proba(_as_bagged(X))
        np.testing.assert_array_equal(est.predict_proba(_as_bagged(X)), proba)
        votes.append(proba)
    assert not np.array_equal(votes[0], votes[1])
    np.testing.assert_allclose(
        bagged.predict_proba(X), np.mean(votes, axis=0), atol=1e-6
    )


def _as_bagged(X):
    """Scikit-learn's ensembles make an array of objects of a frame with strings."""
    return np.asarray(X, dtype=object) if hasattr(X, "iloc") else X


@classifiers
def test_boosting(clf, X):
    """The second network learns from the first one's errors: by SAMME's weights.

    AdaBoost takes no missing values.
    """
    X = X.fillna({"size": 0.0, "town": "none"}) if hasattr(X, "iloc") else X
    clf = clone(clf).set_params(max_iter=5)
    boosted = AdaBoostClassifier(clf, n_estimators=3, random_state=0).fit(X, LEVEL)
    first, second, _ = boosted.estimators_
    wrong = first.predict(_as_bagged(X)) != LEVEL
    assert 0.0 < wrong.mean() == pytest.approx(boosted.estimator_errors_[0])
    weight = np.exp(boosted.estimator_weights_[0] * wrong)
    by_hand = clone(second).fit(_as_bagged(X), LEVEL, weight / weight.sum())
    np.testing.assert_allclose(
        second.predict_proba(_as_bagged(X)),
        by_hand.predict_proba(_as_bagged(X)),
        atol=1e-6,
    )
    unweighted = clone(second).fit(_as_bagged(X), LEVEL)
    assert not np.allclose(
        second.predict_proba(_as_bagged(X)),
        unweighted.predict_proba(_as_bagged(X)),
        atol=1e-3,
    )


def test_soft_votes_of_both_families():
    X, y = load_iris(return_X_y=True)
    named = [
        ("numpy", NumpyMLPClassifier(**NUMPY)),
        ("tabular", TabularMLPClassifier(**TABULAR)),
    ]
    vote = VotingClassifier(named, voting="soft", weights=[1, 3])
    assert cross_val_score(vote, X, y, cv=3).min() > 0.8
    vote.fit(X, y)
    one, other = (each.predict_proba(X) for each in vote.estimators_)
    assert not np.allclose(one, other, atol=0.01)
    np.testing.assert_allclose(vote.predict_proba(X), (one + 3 * other) / 4)


def test_stacked_regressors():
    """Arrays and a raw frame in the same stack, and a network that judges them."""
    numbers = ColumnTransformer(
        [("numbers", SimpleImputer(), ["size", "noise"])], remainder="drop"
    )
    stack = StackingRegressor(
        [
            ("numbers", make_pipeline(numbers, NumpyMLPRegressor(**NUMPY))),
            ("all", TabularMLPRegressor(**TABULAR)),
        ],
        final_estimator=NumpyMLPRegressor(
            hidden_layer_sizes=(), solver="lbfgs", random_state=0
        ),
        cv=KFold(3),
    ).fit(FRAME, VALUE)
    inner = [
        cross_val_predict(est, FRAME, VALUE, cv=KFold(3)) for _, est in stack.estimators
    ]
    by_hand = clone(stack.final_estimator_).fit(np.column_stack(inner), VALUE)
    np.testing.assert_allclose(by_hand.coefs_[0], stack.final_estimator_.coefs_[0])
    # The towns count for more than half, and only the frame's network knows them.
    of_numbers, of_all = stack.final_estimator_.coefs_[0].ravel()
    assert of_all > abs(of_numbers)
    assert r2_score(VALUE, inner[0]) < stack.score(FRAME, VALUE)


@classifiers
def test_several_targets(clf, X):
    y = np.column_stack([LEVEL, np.where(VALUE > 0.5, "dear", "cheap")])
    several = MultiOutputClassifier(clf).fit(X, y)
    for i in range(2):
        by_hand = clone(clf).fit(X, y[:, i])
        np.testing.assert_array_equal(
            several.predict_proba(X)[i], by_hand.predict_proba(X)
        )
    assert (several.predict(X) == y).all(axis=1).mean() > LARGEST_CLASS + 0.2


@classifiers
def test_one_versus_rest(clf, X):
    several = OneVsRestClassifier(clf).fit(X, LEVEL)
    probabilities = np.column_stack(
        [
            clone(clf).fit(X, (label == LEVEL).astype(int)).predict_proba(X)[:, 1]
            for label in several.classes_
        ]
    )
    by_hand = probabilities / probabilities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(several.predict_proba(X), by_hand)
    assert several.score(X, LEVEL) > LARGEST_CLASS + 0.2


@pytest.mark.parametrize(
    "clf",
    [
        NumpyMLPClassifier(**NUMPY),
        TabularMLPClassifier(**TABULAR | {"max_iter": 100}),
    ],
)
def test_self_training(clf):
    """Eight labels a class, and what they imply; the tool takes numbers only."""
    X, y = load_iris(return_X_y=True)
    known = np.concatenate([np.flatnonzero(y == label)[:8] for label in range(3)])
    partly = np.full(len(y), -1)
    partly[known] = y[known]
    trained = SelfTrainingClassifier(clf, threshold=0.6, max_iter=5).fit(X, partly)
    own = trained.labeled_iter_ > 0
    assert own.sum() > 50
    assert (trained.transduction_[own] == y[own]).mean() > 0.8
    assert trained.score(X, y) > 0.8


# --------------------------------------------------------------------------- targets


@regressors
def test_transformed_target(reg, X):
    dear = np.exp(5.0 + 2.0 * VALUE)
    logarithmic = TransformedTargetRegressor(reg, func=np.log, inverse_func=np.exp)
    logarithmic.fit(X, dear)
    by_hand = clone(reg).fit(X, np.log(dear))
    np.testing.assert_allclose(logarithmic.predict(X), np.exp(by_hand.predict(X)))
    plain = clone(reg).fit(X, dear)
    errors = [
        np.median(np.abs(np.log(np.maximum(each.predict(X), 1.0) / dear)))
        for each in (logarithmic, plain)
    ]
    assert errors[0] < errors[1]


# ------------------------------------------------------------------- looking into them


@regressors
def test_permutation_importance(reg, X):
    held_out = _take(X, range(100, N_ROWS)), VALUE[100:]
    reg = clone(reg).fit(_take(X, range(100)), VALUE[:100])
    size, noise, town = permutation_importance(
        reg, *held_out, n_repeats=5, random_state=0
    ).importances_mean
    assert min(size, town) > 0.2 > abs(noise)


def test_partial_dependence_of_numbers():
    reg = NumpyMLPRegressor(**NUMPY).fit(TABLE, VALUE)
    result = partial_dependence(reg, TABLE, [0], grid_resolution=5)
    for value, average in zip(
        result["grid_values"][0], result["average"][0], strict=True
    ):
        changed = TABLE.copy()
        changed[:, 0] = value
        assert average == pytest.approx(reg.predict(changed).mean())
    slope = np.polyfit(result["grid_values"][0], result["average"][0], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.2)


def test_partial_dependence_of_a_raw_frame(axes):
    """Of strings, too; scikit-learn cannot sort them beside gaps: these are filled."""
    X = FRAME.fillna({"town": "none"})
    reg = TabularMLPRegressor(**TABULAR).fit(X, VALUE)
    shown = PartialDependenceDisplay.from_estimator(
        reg, X, ["size", "town"], categorical_features=["town"], ax=axes
    )
    of_size, of_town = (result["average"][0] for result in shown.pd_results)
    assert of_size[-1] - of_size[0] > 1.0
    towns = dict(zip(shown.pd_results[1]["grid_values"][0], of_town, strict=True))
    assert towns["Bonn"] > max(towns["Ulm"], towns["Kiel"]) + 0.5


@regressors
def test_learning_curve(reg, X, axes):
    sizes, train_scores, test_scores = learning_curve(
        reg, X, VALUE, train_sizes=[0.1, 1.0], cv=KFold(3), error_score="raise"
    )
    assert sizes.tolist() == [10, 106]
    assert test_scores[1].mean() > test_scores[0].mean() + 0.02
    shown = LearningCurveDisplay.from_estimator(
        reg, X, VALUE, train_sizes=[0.1, 1.0], cv=KFold(3), ax=axes
    )
    np.testing.assert_array_equal(shown.test_scores, test_scores)
    np.testing.assert_array_equal(shown.train_scores, train_scores)


def test_learning_curve_by_partial_fit():
    reg = NumpyMLPRegressor(
        hidden_layer_sizes=8, learning_rate_init=0.1, random_state=0
    )
    folds = KFold(2)
    _, _, test_scores = learning_curve(
        reg,
        TABLE,
        VALUE,
        train_sizes=[20, 50, 80],
        cv=folds,
        exploit_incremental_learning=True,
    )
    for i, (train, test) in enumerate(folds.split(TABLE)):
        by_hand = clone(reg)
        for j, rows in enumerate(np.split(train, [20, 50, 80])[:3]):
            by_hand.partial_fit(TABLE[rows], VALUE[rows])
            assert by_hand.score(TABLE[test], VALUE[test]) == test_scores[j, i]


@regressors
def test_validation_curve(reg, X):
    decays = {"alpha" if X is TABLE else "weight_decay": [1e-4, 1e5]}
    ((name, values),) = decays.items()
    train_scores, test_scores = validation_curve(
        reg, X, VALUE, param_name=name, param_range=values, cv=KFold(3)
    )
    weak, strong = test_scores.mean(axis=1)
    assert weak > strong + 0.3
    assert train_scores[0].mean() > weak


# -------------------------------------------------------------- selection of features


def _strength(mlp):
    """The first layer's weights, by feature."""
    return np.abs(mlp.coefs_[0]).sum(axis=1)


def test_selection_by_the_first_layer_s_weights():
    """Networks have no ``coef_`` of their own, but whoever has a measure may use it."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(N_ROWS, 3)), TABLE[:, [0, 2]]])
    reg = NumpyMLPRegressor(**NUMPY | {"alpha": 5.0})
    with pytest.raises(ValueError, match="importance_getter"):
        RFE(reg, n_features_to_select=2).fit(X, VALUE)
    for selector in (
        RFE(reg, n_features_to_select=2, importance_getter=_strength),
        SelectFromModel(
            reg, max_features=2, threshold=-np.inf, importance_getter=_strength
        ),
    ):
        selector.fit(X, VALUE)
        assert selector.get_support(indices=True).tolist() == [3, 4]


@pytest.mark.parametrize(
    "reg", [NumpyMLPRegressor(**NUMPY), TabularMLPRegressor(**TABULAR)]
)
def test_sequential_selection(reg):
    """By scores alone; the tool takes numbers only."""
    selector = SequentialFeatureSelector(reg, n_features_to_select=2, cv=2)
    assert selector.fit(TABLE, VALUE).get_support().tolist() == [True, False, True]


# --------------------------------------------------------- errors that cross processes


def _classes_of(kind):
    for info in pkgutil.walk_packages(sknumpy_mlp.__path__, "sknumpy_mlp."):
        module = import_module(info.name)
        for name, value in vars(module).items():
            is_own = getattr(value, "__module__", None) == module.__name__
            if is_own and isinstance(value, type) and issubclass(value, kind):
                yield pytest.param(value, id=name)


@pytest.mark.parametrize("Error", _classes_of(BaseException))
def test_errors_survive_a_pickle(Error):
    """Or else one in a worker would be reported as a broken pool."""
    again = pickle.loads(pickle.dumps(Error("what is wrong")))
    assert type(again) is Error
    assert again.args == ("what is wrong",)


def test_which_errors_there_are():
    found = {param.id for param in _classes_of(BaseException)}
    assert found == {"InvalidParameterError", "PartialFitUnavailableError"}


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"alpha": -1.0}, InvalidParameterError, "alpha"),
        ({"solver": "sgd", "learning_rate_init": 1e8}, ValueError, "non-finite"),
    ],
)
def test_errors_come_back_from_worker_processes(params, error, message):
    search = GridSearchCV(
        NumpyMLPRegressor(**NUMPY | params),
        {"batch_size": [20, 40]},
        cv=2,
        n_jobs=2,
        error_score="raise",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(error, match=message) as caught:
            search.fit(TABLE, VALUE)
    assert type(caught.value) is error
