"""Accuracy on raw tables: ours, scikit-learn's MLP, boosted trees, RealMLP, TabM.

    python benchmarks/tabular.py DATA                    all methods, all tables
    python benchmarks/tabular.py DATA --methods ours     one of them
    python benchmarks/tabular.py DATA --tables stock     one table

DATA is a folder with a ``manifest.json`` (see ``load_tables``).  All methods see the
same splits.  With ``--save`` each result goes to ``results/tabular/METHOD.json`` at
once, and existing results are not measured again, so that an interrupted run continues.

For a bagged method (``lightgbm_bagged`` and the like), the ratios of its CPU times to
those of the single model are measured, in turn in this run, which do not depend on how
busy the machine is: one core (``--cores 1``) is enough, and several processes may share
the tables.  ``tabular_report.py`` multiplies them by the times of the single model.
"""

import argparse
import statistics
import time
import warnings
from itertools import product

import numpy as np
from _measure import RESULTS, environment, on_cores
from _tabular_data import (
    add_result,
    evaluate,
    load_results,
    load_tables,
    n_splits,
    split,
)
from _tabular_peers import BAGGED, METHODS

FOLDER = RESULTS / "tabular"
# A bagged model and its single model take so many turns, fewer if they are slow.
MAX_TURNS, MAX_SECONDS = 3, 1


def measure(make, task, X, y, number, max_rows, clock=time.perf_counter):
    """Fit one method on one split."""
    X_train, X_test, y_train, y_test = split(task, X, y, number, max_rows)
    model = make(task, X_train, number)
    if model is None:
        return None
    began = clock()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X_train, y_train)
        fitted = clock()
        result = evaluate(task, model, X_test, y_test)
    result["fit_seconds"] = fitted - began
    result["predict_seconds"] = clock() - fitted
    return result


def measure_bagged(method, table):
    """Measure a bagged method, with its times relative to those of a single model."""
    names = ("fit_seconds", "predict_seconds")
    ratios = {name: [] for name in names}
    began = time.process_time()
    for turn in range(MAX_TURNS):
        if turn and time.process_time() - began > MAX_SECONDS:
            break
        alone, result = (
            measure(METHODS[name], *table, clock=time.process_time)
            for name in (BAGGED[method], method)
        )
        for name in names:
            ratios[name].append(result[name] / alone[name])
    for name in names:
        del result[name]
        result[f"{name}_ratio"] = statistics.median(ratios[name])
    return result


def load(method):
    """Return saved results, table -> split -> result."""
    return load_results(FOLDER / f"{method}.json")


def save(method, table, number, result):
    """Add a result to those of a method."""
    packages = ("catboost", "lightgbm", "pytabkit", "torch", "pandas")
    about = {"environment": environment(*packages)}
    add_result(FOLDER / f"{method}.json", table, number, result, about)


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=[*METHODS])
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--splits", type=int, help="splits of each table")
    parser.add_argument("--max-rows", type=int, help="train on at most so many rows")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    tables = load_tables(args.data)
    chosen = args.tables or sorted(tables, key=lambda name: len(tables[name][1]))
    counts = {name: args.splits or n_splits(tables[name][1]) for name in chosen}
    for method in args.methods:
        values = []
        for number, name in product(range(max(counts.values())), chosen):
            done = args.save and str(number) in load(method).get(name, {})
            if number >= counts[name] or done:
                continue
            table = (*tables[name], number, args.max_rows)
            if method in BAGGED:
                result = measure_bagged(method, table)
            else:
                result = measure(METHODS[method], *table)
            if result is None:
                continue
            values.append(next(iter(result.values())))
            numbers = "  ".join(f"{k} {v:.4f}" for k, v in result.items())
            print(f"{method:26} {name:14} {number}  {numbers}", flush=True)
            if args.save:
                save(method, name, number, result)
        if values:
            print(f"{method}: mean {np.mean(values):.4f} of {len(values)}")


if __name__ == "__main__":
    main()
