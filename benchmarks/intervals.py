"""Prediction intervals of the tabular regressor: coverage and width.

    python benchmarks/intervals.py DATA --save     measure all regression tables
    python benchmarks/intervals.py --show          the saved results

DATA is a folder with a ``manifest.json``, as for ``tabular.py``.  Three kinds of
intervals are compared on the same test rows:

- "constant": of the same width for all rows;
- "adaptive": the default, by the predicted size of the residuals;
- "quantiles": conformalized quantiles of another fit, with the pinball loss.

For each, the coverage, the mean width in standard deviations of the target, and the
lowest coverage among the tenths of the rows by the predicted value, by the predicted
difficulty, and by the column with the highest mutual information with the target.
Small tables have few test rows in a tenth, and the lowest of ten coverages is below the
nominal one by chance alone (``expected``).
"""

import time
from operator import itemgetter
from statistics import mean

import numpy as np
from _measure import RESULTS
from _tabular_data import measure_tables, split
from sklearn.feature_selection import mutual_info_regression

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp.losses import Quantile

PATH = RESULTS / "intervals.json"
COVERAGES = (0.8, 0.9, 0.95)
LEVELS = [0.025, 0.05, 0.1, 0.5, 0.9, 0.95, 0.975]
TENTHS = ("prediction", "difficulty", "column")
KINDS = ("constant", "adaptive", "quantiles")


def lowest_coverage(is_inside, values):
    """Return the lowest coverage among the tenths of rows by some values."""
    order = np.argsort(values, kind="stable")
    return min(float(is_inside[rows].mean()) for rows in np.array_split(order, 10))


def expected_lowest(coverage, n_rows, rng):
    """Return the expected lowest coverage of ten equal groups, by chance alone."""
    sizes = [len(rows) for rows in np.array_split(np.arange(n_rows), 10)]
    draws = rng.binomial(sizes, coverage, size=(2_000, 10)) / sizes
    return float(draws.min(axis=1).mean())


def measure(task, X, y, number):
    """Fit on one split and return kind -> coverage -> figures."""
    X_train, X_test, y_train, y_test = split(task, X, y, number)
    began = time.process_time()
    reg = TabularMLPRegressor(random_state=number, n_jobs=1).fit(X_train, y_train)
    seconds = time.process_time() - began
    began = time.process_time()
    quantiles = TabularMLPRegressor(
        loss=Quantile(LEVELS), random_state=number, n_jobs=1
    )
    quantiles.fit(X_train, y_train)
    seconds_of_quantiles = time.process_time() - began
    predicted = reg.predict(X_test)
    # Tenths by the difficulty that the constant width does not see.
    widths = np.diff(reg.prediction_interval(X_test), axis=1).ravel()
    table = reg.preprocessor_.transform(X_train)
    some = np.random.RandomState(0).permutation(len(table))[:2_000]
    information = mutual_info_regression(table[some], y_train[some], random_state=0)
    column = reg.preprocessor_.transform(X_test)[:, information.argmax()]
    by = dict(zip(TENTHS, (predicted, widths, column), strict=True))
    results = {"seconds": seconds, "seconds_of_quantiles": seconds_of_quantiles}
    rng = np.random.default_rng(0)
    for coverage in COVERAGES:
        intervals = {
            "constant": reg.prediction_interval(X_test, coverage, adaptive=False),
            "adaptive": reg.prediction_interval(X_test, coverage),
            "quantiles": quantiles.prediction_interval(X_test, coverage),
        }
        figures = {"expected": expected_lowest(coverage, len(y_test), rng)}
        for kind, interval in intervals.items():
            low, high = interval.T
            is_inside = (low <= y_test) & (y_test <= high)
            figures[kind] = {
                "coverage": float(is_inside.mean()),
                "width": float((high - low).mean() / y_test.std()),
            } | {name: lowest_coverage(is_inside, by[name]) for name in TENTHS}
        results[f"{coverage:g}"] = figures
    return results


def show(results):
    """Print the figures of each table, and their means over the tables."""
    names = ("coverage", "width", *TENTHS)
    for coverage in map("{:g}".format, COVERAGES):
        print(f"\n{coverage}: coverage, width / constant, lowest coverage by tenths of")
        print(f"{'':14} {'':10}" + "".join(f"{name:>12}" for name in names))
        rows = []
        for table, splits in results.items():
            by_split = [figures[coverage] for figures in splits.values()]
            row = {kind: {} for kind in KINDS}
            for kind in KINDS:
                for name in names:
                    row[kind][name] = mean(each[kind][name] for each in by_split)
                constant = mean(each["constant"]["width"] for each in by_split)
                row[kind]["width"] /= constant
                print_row(table, kind, row[kind], names)
            row["expected"] = mean(each["expected"] for each in by_split)
            rows.append(row)
        for kind in KINDS:
            means = {name: mean(row[kind][name] for row in rows) for name in names}
            print_row("mean", kind, means, names)
        print(f"lowest by chance alone: {mean(row['expected'] for row in rows):.3f}")


def print_row(table, kind, figures, names):
    """Print a line of figures."""
    numbers = "".join(f"{figures[name]:12.3f}" for name in names)
    print(f"{table:14} {kind:10}{numbers}")


if __name__ == "__main__":
    measure_tables(__doc__, ("regression",), PATH, measure, itemgetter("0.9"), show)
