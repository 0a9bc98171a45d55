"""Prediction sets of the tabular classifier: coverage and size.

    python benchmarks/prediction_sets.py DATA --save     measure the tables
    python benchmarks/prediction_sets.py --show          the saved results

DATA is a folder with a ``manifest.json``, as for ``tabular.py``.
"""

import argparse
import json
from statistics import mean

import numpy as np
from _measure import RESULTS, environment, on_cores
from _tabular_data import add_result, load_results, load_tables, split

from sknumpy_mlp import TabularMLPClassifier

PATH = RESULTS / "prediction_sets.json"
COVERAGES = (0.8, 0.9, 0.95)


def measure(X, y, number):
    """Fit on one split and return coverage -> measured coverage, mean size."""
    X_train, X_test, y_train, y_test = split("classification", X, y, number)
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


def main():
    """Read the command line, measure and show."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA", nargs="?")
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--splits", type=int, default=1)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    if args.data:
        on_cores(args.cores)
        tables = load_tables(args.data)
        names = [name for name, (task, _, _) in tables.items() if task != "regression"]
        chosen = args.tables or sorted(names, key=lambda name: len(tables[name][1]))
        for number in range(args.splits):
            for name in chosen:
                if args.save and str(number) in load_results(PATH).get(name, {}):
                    continue
                results = measure(*tables[name][1:], number)
                print(name, number, json.dumps(results["0.9"]), flush=True)
                if args.save:
                    about = {"environment": environment("pandas")}
                    add_result(PATH, name, number, results, about)
    if args.show:
        show(load_results(PATH))


if __name__ == "__main__":
    main()
