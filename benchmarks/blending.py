"""Networks together with gradient-boosted trees: blending, and stacking.

    python benchmarks/blending.py DATA --save     measure the tables
    python benchmarks/blending.py --show          the saved results

DATA is a folder with a ``manifest.json``, as for ``tabular.py``.

Measured are `TabularMLPClassifier` or `TabularMLPRegressor` alone, scikit-learn's
histogram gradient boosting alone, and four combinations of both:

- "folds of trees": trees on the folds of the networks, averaged;
- "mean": the mean of the predictions of the networks and the folds of trees;
- "blend": their weighted mean, with the weight that minimizes the squared error (for
  classes, the Brier score) of the out-of-fold predictions, corrected for averaging;
- "stacking": scikit-learn's `StackingClassifier` or `StackingRegressor` with its
  defaults, which fits each model six times, and therefore only for tables of at most
  `MAX_ROWS_TO_STACK` rows.

All but "trees" and "stacking" share one fit of the networks.  Seconds are CPU time.

An out-of-fold prediction is that of one network, and averaging improves networks more
than trees: weights that fit out-of-fold predictions alone are too low for the networks.
By the ambiguity decomposition (Krogh and Vedelsby, 1994), the squared error of a mean
of models is that of the models, minus the variance of their predictions for a row,
which takes no target: here, it is that for the rows of the test set.
"""

import time
from statistics import mean, median

import numpy as np
from _measure import RESULTS
from _tabular_data import MEASURES, evaluate, measure_tables, split
from _tabular_peers import hist_gradient_boosting, ours
from sklearn.ensemble import StackingClassifier, StackingRegressor

PATH = RESULTS / "blending.json"
MAX_ROWS_TO_STACK = 4_000
METHODS = ("networks", "trees", "folds of trees", "mean", "blend", "stacking")


class Fixed:
    """Predictions that are given."""

    def __init__(self, task, predicted, classes):
        self._task, self._predicted, self.classes_ = task, predicted, classes

    def predict(self, X):
        """Return labels or numbers."""
        if self._task == "regression":
            return self._predicted
        return self.classes_[self._predicted.argmax(axis=1)]

    def predict_proba(self, X):
        """Return probabilities."""
        return self._predicted


def predictions(task, model, X):
    """Return what is averaged: probabilities, or numbers."""
    if task == "regression":
        return model.predict(X)
    return model.predict_proba(X)


def of_each_network(task, networks, X):
    """Return the predictions of each network of an ensemble."""
    encoded = networks.preprocessor_.transform(X)
    raw = [member.raw(encoded) for member in networks.estimators_]
    each = [networks._predict_from(networks._member_outputs(one)) for one in raw]
    return [networks._format_predictions(one) for one in each]


def folds_of_trees(task, X, y, X_test, folds, number):
    """Return the out-of-fold predictions of trees, and those of each for a test set."""
    classes = np.unique(y)
    shape = (len(y),) if task == "regression" else (len(y), len(classes))
    out_of_fold, for_test = np.zeros(shape), []
    for rows in folds:
        train = np.setdiff1d(np.arange(len(y)), rows)
        trees = hist_gradient_boosting(task, X, number).fit(X.iloc[train], y[train])
        own, new = (predictions(task, trees, part) for part in (X.iloc[rows], X_test))
        if task == "classification" and len(trees.classes_) < len(classes):
            own, new = (with_all_classes(p, trees, classes) for p in (own, new))
        out_of_fold[rows] = own
        for_test.append(new)
    return out_of_fold, for_test


def with_all_classes(y_prob, model, classes):
    """Return probabilities with columns for classes that a model has not seen."""
    whole = np.zeros((len(y_prob), len(classes)))
    whole[:, np.searchsorted(classes, model.classes_)] = y_prob
    return whole


def best_weight(target, networks, trees, *variances):
    """Return the weight of the networks, given out-of-fold predictions.

    ``variances`` are those between the networks and between the trees.
    """
    errors = [np.ravel(target - each) for each in (networks, trees)]
    a, b = (
        error @ error / error.size - variance
        for error, variance in zip(errors, variances, strict=True)
    )
    c = errors[0] @ errors[1] / errors[0].size
    return float(np.clip((b - c) / (a + b - 2.0 * c), 0.0, 1.0))


def measure(task, X, y, number):
    """Fit on one split; return method -> figures and seconds, and the weight."""
    X_train, X_test, y_train, y_test = split(task, X, y, number)
    results, seconds = {}, {}

    def timed(name, function, *args):
        began = time.process_time()
        result = function(*args)
        seconds[name] = time.process_time() - began
        return result

    networks = ours(task, X_train, number, n_jobs=1)
    timed("networks", networks.fit, X_train, y_train)
    trees = hist_gradient_boosting(task, X_train, number)
    timed("trees", trees.fit, X_train, y_train)
    results["networks"] = evaluate(task, networks, X_test, y_test)
    results["trees"] = evaluate(task, trees, X_test, y_test)
    out_of_fold, for_test = timed(
        "folds of trees",
        folds_of_trees,
        task,
        X_train,
        y_train,
        X_test,
        networks.validation_indices_,
        number,
    )
    classes = getattr(networks, "classes_", None)
    target = y_train
    if task == "classification":
        target = y_train[:, np.newaxis] == classes
    both = of_each_network(task, networks, X_test), for_test
    weight = best_weight(
        target,
        networks.oof_predictions_,
        out_of_fold,
        *(np.var(each, axis=0).mean() for each in both),
    )
    of_networks, of_folds = predictions(task, networks, X_test), np.mean(for_test, 0)
    for name, share in (("folds of trees", 0.0), ("mean", 0.5), ("blend", weight)):
        mixed = share * of_networks + (1.0 - share) * of_folds
        results[name] = evaluate(task, Fixed(task, mixed, classes), X_test, y_test)
    for name in ("mean", "blend"):
        seconds[name] = seconds["networks"] + seconds["folds of trees"]
    if len(X) <= MAX_ROWS_TO_STACK:
        both = [
            ("networks", ours(task, X_train, number, n_jobs=1)),
            ("trees", hist_gradient_boosting(task, X_train, number)),
        ]
        is_regression = task == "regression"
        stack = (StackingRegressor if is_regression else StackingClassifier)(both)
        timed("stacking", stack.fit, X_train, y_train)
        results["stacking"] = evaluate(task, stack, X_test, y_test)
    for name, figures in results.items():
        figures["seconds"] = seconds[name]
    return results | {"weight": weight}


def show(results):
    """Print ratios to the networks alone: mean, median, and tables that improve."""
    for measure_name, title in MEASURES.items():
        has_it = {
            table: list(splits.values())
            for table, splits in results.items()
            if measure_name in splits["0"]["networks"]
        }
        print(f"\n{title}, as a ratio to the networks alone ({len(has_it)} tables)")
        print(f"{'':16}{'mean':>8}{'median':>8}{'better':>10}{'time':>8}")
        for method in METHODS[1:]:
            ratios, times = [], []
            for splits in has_it.values():
                if method not in splits[0]:
                    continue
                figures = [
                    mean(s[m][measure_name] for s in splits)
                    for m in (method, "networks")
                ]
                ratios.append(figures[0] / figures[1] if figures[1] else 1.0)
                times += [
                    s[method]["seconds"] / s["networks"]["seconds"] for s in splits
                ]
            better = f"{sum(r < 1.0 for r in ratios)} of {len(ratios)}"
            print(
                f"{method:16}{mean(ratios):8.3f}{median(ratios):8.3f}{better:>10}"
                f"{median(times):8.2f}"
            )
    print(f"\n{'':14}{'weight of the networks':>24}")
    for table, splits in results.items():
        print(f"{table:14}{mean(s['weight'] for s in splits.values()):24.2f}")


def brief(result):
    """Return the first figure of each method."""
    return {
        name: round(next(iter(figures.values())), 4)
        for name, figures in result.items()
        if name != "weight"
    }


if __name__ == "__main__":
    tasks = ("classification", "regression")
    measure_tables(__doc__, tasks, PATH, measure, brief, show)
