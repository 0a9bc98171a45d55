"""Validation scores: by any metric, on data that lacks classes, of several labels."""

import threading

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.metrics import (
    get_scorer_names,
    log_loss,
    make_scorer,
    mean_absolute_error,
    roc_auc_score,
    top_k_accuracy_score,
)

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPClassifier
from tests.conftest import all_classifiers, plain_estimators, unconverged
from tests.estimators.conftest import (
    SETTINGS,
    TWO_EPOCHS,
    VALIDATION,
    X_VAL,
    Y_VAL,
    X,
    y,
)

pytestmark = unconverged


def test_scorers_see_labels_as_they_were_given():
    names = np.array(["zero", "one"] + ["more"] * 8, dtype=object)
    seen = []

    def scoring(estimator, X, y):
        seen.append((set(y), set(estimator.predict(X))))
        return 0.0

    clf = NumpyMLPClassifier(scoring=scoring, max_iter=2, **SETTINGS)
    clf.fit(X, names[y], X_val=X_VAL, y_val=names[Y_VAL])
    assert seen[0][0] == {"zero", "one", "more"}
    assert seen[0][1] <= {"zero", "one", "more"}
    clf.set_params(early_stopping=True).fit(X, names[y])
    assert seen[-1][0] <= {"zero", "one", "more"}


def test_a_scorer_on_a_data_frame_gives_no_warning_of_names():
    columns = [f"pixel {i}" for i in range(X.shape[1])]
    clf = NumpyMLPClassifier(scoring="neg_log_loss", max_iter=2, **SETTINGS)
    clf.fit(
        pd.DataFrame(X, columns=columns),
        y,
        X_val=pd.DataFrame(X_VAL, columns=columns),
        y_val=Y_VAL,
    )
    assert len(clf.validation_scores_) == 2
    assert hasattr(clf, "feature_names_in_")


def test_the_score_is_nan_where_the_network_diverged():
    reg = NumpyMLPRegressor(
        scoring="neg_mean_absolute_error",
        activation="identity",
        early_stopping=True,
        solver="sgd",
        learning_rate_init=1.0,
        **SETTINGS,
    )
    with pytest.warns(UserWarning, match="The training diverged"):
        reg.fit(X, y, **VALIDATION)
    assert np.isnan(reg.validation_scores_).any()
    assert np.isfinite(reg._params).all()
    mean_absolute_error(Y_VAL, reg.predict(X_VAL))  # finite, or this would raise


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_score_that_has_no_value_is_not_taken_for_divergence():
    reg = NumpyMLPRegressor(early_stopping=True, **SETTINGS)
    with pytest.raises(ValueError, match="not defined on y_val: it is nan, alth"):
        reg.fit(X, y, X_val=X_VAL[:1], y_val=Y_VAL[:1])
    # Where nothing depends on it, it is recorded.
    reg.set_params(early_stopping=False, max_iter=2)
    assert np.isnan(
        reg.fit(X, y, X_val=X_VAL[:1], y_val=Y_VAL[:1]).validation_scores_
    ).all()


@plain_estimators
def test_a_scorer_goes_on_like_its_name(Estimator):
    """An object could not be told from its copy, and need not be copied."""
    classes = {"classes": range(10)} if Estimator is NumpyMLPClassifier else {}

    class Scorer:
        lock = threading.Lock()  # cannot be copied

        def __init__(self):
            self.own_lock = threading.Lock()

        def __call__(self, estimator, X, y):
            return 0.0

    rates = []
    for scoring in ("r2", Scorer()):
        est = Estimator(
            scoring=scoring, learning_rate="plateau", n_iter_no_change=2, tol=1e9
        )
        for _ in range(9):
            est.partial_fit(X, y, **classes, **VALIDATION)
        rates.append(est.learning_rate_curve_)
    assert rates[0] == rates[1]
    assert rates[0][-1] < 0.001


def test_a_metric_that_takes_no_weights():
    clf = NumpyMLPClassifier(
        scoring=make_scorer(lambda a, b: float((a == b).mean())), **SETTINGS
    )
    with pytest.raises(ValueError, match="takes no sample_weight"):
        clf.fit(X, y, **VALIDATION, sample_weight_val=np.ones(len(Y_VAL)))
    with pytest.raises(ValueError, match="takes no sample_weight"):
        clf.set_params(scoring=max).fit(
            X, y, **VALIDATION, sample_weight_val=np.ones(len(Y_VAL))
        )


# -------------------------------------------------- validation data that lacks a class

CLASSES = np.arange(10)
#: Rows of the validation data without the classes 0 and 7.
LACKING = np.flatnonzero(~np.isin(Y_VAL, (0, 7)))
X_LACKING, Y_LACKING = X_VAL[LACKING], Y_VAL[LACKING]


def log_loss_of(estimator, X, y):
    """A callable of the user's that knows nothing of labels."""
    return -log_loss(y, estimator.predict_proba(X))


#: Metrics of probabilities that can be told the classes.
TOLD = {
    "neg_log_loss": lambda y, p: -log_loss(y, p, labels=CLASSES),
    "top_k_accuracy": lambda y, p: top_k_accuracy_score(y, p, labels=CLASSES),
    "roc_auc_ovo": lambda y, p: roc_auc_score(y, p, labels=CLASSES, multi_class="ovo"),
    "roc_auc_ovo_weighted": lambda y, p: roc_auc_score(
        y, p, labels=CLASSES, multi_class="ovo", average="weighted"
    ),
    "roc_auc_ovr_weighted": lambda y, p: roc_auc_score(
        y, p, labels=CLASSES, multi_class="ovr", average="weighted"
    ),
    make_scorer(
        log_loss, response_method="predict_proba", greater_is_better=False
    ): lambda y, p: -log_loss(y, p, labels=CLASSES),
}
NOT_DEFINED = [
    "roc_auc_ovr",
    "average_precision",
    pytest.param(log_loss_of, id="callable"),
]


# scikit-learn warns of a class that roc_auc_ovr_weighted gives no weight.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("scoring", TOLD, ids=str)
@pytest.mark.parametrize("labels", ["digits", "names"])
def test_metrics_are_told_of_classes_that_validation_data_lacks(scoring, labels):
    names = CLASSES if labels == "digits" else np.array(list("abcdefghij"))
    settings = SETTINGS | {"scoring": scoring}
    for method, given in (
        ("fit", {}),
        ("fit", {"early_stopping": True}),
        ("fit", {"early_stopping": True, "solver": "lbfgs"}),
        ("partial_fit", {}),
    ):
        clf = NumpyMLPClassifier(**settings, **given)
        classes = {"classes": names} if method == "partial_fit" else {}
        clf.set_params(max_iter=2)
        getattr(clf, method)(
            X, names[y], X_val=X_LACKING, y_val=names[Y_LACKING], **classes
        )
        score = TOLD[scoring](Y_LACKING, clf.predict_proba(X_LACKING))
        last_or_best = max(clf.validation_scores_)
        if not given:
            last_or_best = clf.validation_scores_[-1]
        assert last_or_best == pytest.approx(score)


@pytest.mark.parametrize("scoring", ["neg_brier_score", "d2_log_loss_score"])
def test_metrics_of_newer_versions_are_told_as_well(scoring):
    if scoring not in get_scorer_names():
        pytest.skip("this scikit-learn does not have it")
    settings = TWO_EPOCHS | {"scoring": scoring}
    try:
        NumpyMLPClassifier(**settings).fit(X, y, **VALIDATION)
    except ValueError:
        pytest.skip("this scikit-learn has it for two classes only")
    clf = NumpyMLPClassifier(**settings).fit(X, y, X_val=X_LACKING, y_val=Y_LACKING)
    assert np.isfinite(clf.validation_scores_).all()


@pytest.mark.parametrize("scoring", [*TOLD, "accuracy", "f1_macro"], ids=str)
def test_where_all_classes_are_there_the_score_is_the_scorer_s(scoring):
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring=scoring).fit(X, y, **VALIDATION)
    scorer = sklearn.metrics.get_scorer(scoring)
    assert clf.validation_scores_[-1] == scorer(clf, X_VAL, Y_VAL)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("scoring", NOT_DEFINED)
@pytest.mark.parametrize("method", ["fit", "early stopping", "partial_fit"])
def test_metrics_that_are_not_defined_without_a_class(scoring, method):
    clf = NumpyMLPClassifier(
        **TWO_EPOCHS, scoring=scoring, early_stopping=method == "early stopping"
    )
    before = vars(clf).copy()
    call = clf.fit
    if method == "partial_fit":
        call = lambda *args, **kwargs: clf.partial_fit(  # noqa: E731
            *args, classes=CLASSES, **kwargs
        )
    with pytest.raises(
        ValueError,
        match=r"scoring=.* is not defined on y_val, which has no sample of the classes "
        r"\[0, 7\]: .*Use scoring='loss'.*or pass X_val and y_val with samples of all",
    ):
        call(X, y, X_val=X_LACKING, y_val=Y_LACKING)
    assert vars(clf) == before


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize(
    ("params", "split"),
    [
        ({"n_members": 4}, "fold [1-4], which validates network [1-4]"),
        ({"n_members": 4, "n_jobs": 2}, "fold [1-4], which validates network [1-4]"),
        ({"ensemble": None}, r"the hold-out \(validation_fraction=0.2\)"),
        ({"ensemble": "seeds", "n_members": 2}, "the hold-out"),
        ({"ensemble": "refit"}, "the hold-out"),
    ],
    ids=str,
)
def test_folds_that_lack_a_class(params, split):
    """A class of one row is in one fold, or in no hold-out."""
    rare = np.where(np.arange(len(y)) == 3, 10, y)
    clf = TabularMLPClassifier(8, max_iter=2, random_state=1, **params)
    clf.set_params(scoring="neg_log_loss").fit(X, rare)
    with pytest.raises(
        ValueError,
        match=rf"'roc_auc_ovr' is not defined on {split}.* classes \[.*10\]: ",
    ):
        clf.set_params(scoring="roc_auc_ovr").fit(X, rare)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("scoring", ["roc_auc", "d2_brier_score"])
def test_two_classes_of_which_one_is_lacking(scoring):
    """The metric is NaN or minus infinity, and not the weights."""
    if scoring not in get_scorer_names():
        pytest.skip("this scikit-learn does not have it")
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring=scoring, early_stopping=True)
    even = Y_VAL % 2 == 0
    with pytest.raises(ValueError, match=r"no sample of the classes \[1\]: it is"):
        clf.fit(X, y % 2, X_val=X_VAL[even], y_val=Y_VAL[even] % 2)


FOR_TWO_CLASSES = {
    "roc_auc": "roc_auc_ovr",
    "f1": "f1_macro",
    "precision": "precision_macro",
    "recall": "recall_macro",
    "jaccard": "jaccard_macro",
}
ALL_OR_NOT = pytest.mark.parametrize(
    "rows", [np.arange(len(Y_VAL)), LACKING], ids=["all classes", "lacking"]
)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@ALL_OR_NOT
@pytest.mark.parametrize("scoring", FOR_TWO_CLASSES)
@pytest.mark.parametrize("labels", [CLASSES, np.array(list("abcdefghij"), object)])
def test_metrics_for_two_classes_lead_to_those_for_several(scoring, rows, labels):
    """No split is to blame: with all classes they fail as well."""
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring=scoring, early_stopping=True)
    with pytest.raises(ValueError, match="does not go with this target") as info:
        clf.fit(X, labels[y], X_val=X_VAL[rows], y_val=labels[Y_VAL[rows]])
    assert str(info.value).endswith(f". Use scoring='{FOR_TWO_CLASSES[scoring]}'.")
    clf.set_params(scoring=FOR_TWO_CLASSES[scoring])
    clf.fit(X, labels[y], X_val=X_VAL, y_val=labels[Y_VAL])


def test_other_targets_of_metrics_for_two_classes():
    settings = TWO_EPOCHS | {"scoring": "f1", "early_stopping": True}
    for target in (np.column_stack([y > 4, y > 7]), np.where(y > 4, "high", "low")):
        with pytest.raises(ValueError, match=r"this target: .*'f1_macro'\.$"):
            NumpyMLPClassifier(**settings).fit(X, target)
    with pytest.raises(ValueError, match="continuous is not supported") as info:
        NumpyMLPRegressor(**settings).fit(X, y + 0.5)
    assert "f1_macro" not in str(info.value)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_folds_are_not_to_blame_for_metrics_of_two_classes(n_jobs):
    rare = np.where(np.arange(len(y)) == 3, 10, y)
    clf = TabularMLPClassifier(
        8, max_iter=2, random_state=1, n_members=4, n_jobs=n_jobs
    )
    with pytest.raises(ValueError, match=r"go with this target: .*'roc_auc_ovr'\.$"):
        clf.set_params(scoring="roc_auc").fit(X, rare)


def comma(estimator, X, y):
    return float("0,5")


def too_few_features(estimator, X, y):
    return estimator.predict(X[:, :2]).mean()


def too_far(estimator, X, y):
    return estimator.predict(X)[len(y)]


@ALL_OR_NOT
@pytest.mark.parametrize(
    ("scoring", "error", "message"),
    [
        (comma, ValueError, r"^could not convert string to float: '0,5'$"),
        (too_few_features, ValueError, r"^X has 2 features, but .* expecting 64"),
        (too_far, IndexError, "^index .* is out of bounds"),
    ],
)
def test_errors_of_a_scorer_of_the_user_s_are_raised_as_they_are(
    scoring, error, message, rows
):
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring=scoring, early_stopping=True)
    with pytest.raises(error, match=message):
        clf.fit(X, y, X_val=X_VAL[rows], y_val=Y_VAL[rows])
    labels = np.column_stack([y > 4, y > 7]).astype(int)
    labels_val = np.column_stack([Y_VAL > 4, np.zeros(len(Y_VAL))])[rows].astype(int)
    with pytest.raises(error, match=message):
        clf.fit(X, labels, X_val=X_VAL[rows], y_val=labels_val)


def test_a_score_that_is_always_nan_is_no_fault_of_the_split():
    clf = NumpyMLPClassifier(
        **TWO_EPOCHS, scoring=lambda *_: np.nan, early_stopping=True
    )
    with pytest.raises(ValueError, match="is not defined on y_val: it is nan"):
        clf.fit(X, y, X_val=X_LACKING, y_val=Y_LACKING)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_weighted_data_that_lacks_a_class():
    """Copies of samples that count say whether the split is to blame."""
    weight = np.zeros(len(LACKING))
    weight[-80:] = 1.5
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring="roc_auc_ovr", early_stopping=True)
    given = {"X_val": X_LACKING, "y_val": Y_LACKING, "sample_weight_val": weight}
    with pytest.raises(ValueError, match=r"no sample of the classes \[0, 7\] \("):
        clf.fit(X, y, **given)
    with pytest.raises(ValueError, match="Use scoring='roc_auc_ovr'"):
        clf.set_params(scoring="roc_auc").fit(X, y, **given)
    given = {"X_val": X_VAL, "y_val": Y_VAL % 2, "sample_weight_val": Y_VAL % 2}
    with pytest.raises(
        ValueError, match=r"classes \[0\] \(samples of weight zero do not count\): it"
    ):
        clf.fit(X, y % 2, **given)


# --------------------------------------------------------------- several labels at once

LABELS, LABELS_VAL = (
    np.column_stack([d % 2, d % 3 == 0, d > 4]).astype(int) for d in (y, Y_VAL)
)


@pytest.mark.parametrize("n_labels", [2, 3])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_scorers_of_labels(n_labels, container):
    """Two labels are not two classes, and scorers take sparse ones."""
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring="roc_auc")
    target, held_out = LABELS[:, :n_labels], LABELS_VAL[:, :n_labels]
    clf.fit(X, container(target), X_val=X_VAL, y_val=container(held_out))
    score = roc_auc_score(held_out, clf.predict_proba(X_VAL))
    assert clf.validation_scores_[-1] == pytest.approx(score)
    assert clf.classes_.tolist() == list(range(n_labels))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_labels_that_are_constant():
    clf = NumpyMLPClassifier(**TWO_EPOCHS, scoring="roc_auc", early_stopping=True)
    rows = LABELS_VAL[:, 1] == 1
    with pytest.raises(
        ValueError, match=r"on y_val, where the labels \[1\] are all 0 or all 1: it is"
    ):
        clf.fit(X, LABELS, X_val=X_VAL[rows], y_val=LABELS_VAL[rows])


@all_classifiers
@pytest.mark.parametrize(
    "scoring",
    ["neg_log_loss", make_scorer(log_loss, response_method="predict_proba")],
    ids=str,
)
def test_the_log_loss_of_scikit_learn_is_for_exclusive_classes(Estimator, scoring):
    """Of labels it counts those that are there, and is best where all are predicted."""
    clf = Estimator(8, max_iter=2, scoring=scoring)
    with pytest.raises(ValueError, match=r"multilabel.*scoring='loss'"):
        clf.fit(X, LABELS, X_val=X_VAL, y_val=LABELS_VAL)
