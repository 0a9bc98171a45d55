"""Prediction sets of the tabular classifier: coverage and size.

    python benchmarks/prediction_sets.py DATA --save     measure the tables
    python benchmarks/prediction_sets.py --show          the saved results

DATA is a folder with a ``manifest.json``, as for ``tabular.py``.
"""

from operator import itemgetter
from statistics import mean

import numpy as np
from _measure import RESULTS
from _tabular_data import measure_tables, split

from sknumpy_mlp import TabularMLPClassifier

PATH = RESULTS / "prediction_sets.json"
COVERAGES = (0.8, 0.9, 0.95)


def measure(task, X, y, number):
    """Fit on one split and return coverage -> measured coverage, mean size."""
    X_train, X_test, y_train, y_test = split(task, X, y, number)
    clf = TabularMLPClassifier(random_state=number, n_jobs=1).fit(X_train, y_train)
    codes = np.searchsorted(clf.classes_, y_test)
    results = {"accuracy": float(clf.score(X_test, y_test))}
    for coverage in COVERAGES:
        is_in = clf.prediction_set(X_test, coverage)
        results[f"{coverage:g}"] = {
            "coverage": float(is_in[np.arange(len(codes)), codes].mean()),
            "size": float(is_in.sum(axis=1).mean()),
            "empty": float(1.0 - is_in.any(axis=1).mean()),
        }
    return results


def show(results):
    """Print the figures of each table, and their means over the tables."""
    titles = "".join(
        f"{f'coverage {c:g}':>15}{'size':>7}{'empty':>7}" for c in COVERAGES
    )
    print(f"{'':14}{'accuracy':>9}{titles}")
    rows = []
    for table, splits in results.items():
        row = [mean(each["accuracy"] for each in splits.values())]
        for coverage in COVERAGES:
            figures = [each[f"{coverage:g}"] for each in splits.values()]
            row += [
                mean(f[name] for f in figures) for name in ("coverage", "size", "empty")
            ]
        rows.append(row)
        print_row(table, row)
    print_row("mean", np.mean(rows, axis=0))


def print_row(table, row):
    """Print a line of figures."""
    widths = [9, *[15, 7, 7] * len(COVERAGES)]
    print(
        f"{table:14}" + "".join(f"{v:{w}.3f}" for v, w in zip(row, widths, strict=True))
    )


if __name__ == "__main__":
    measure_tables(__doc__, ("classification",), PATH, measure, itemgetter("0.9"), show)
