"""Accuracy on raw tables: ours, scikit-learn's, boosted trees, RealMLP, TabM.

    python benchmarks/tabular.py DATA                    all methods, all tables
    python benchmarks/tabular.py DATA --methods ours     one of them
    python benchmarks/tabular.py DATA --tables stock     one table

DATA is a folder with a ``manifest.json`` (see ``load_tables``).  All methods see the
same splits.  With ``--save`` each result goes to ``results/tabular/METHOD.json`` at
once, and existing results are not measured again, so that an interrupted run continues.
"""

import argparse
import json
import time
import warnings

import numpy as np
from _measure import RESULTS, environment, on_cores
from _tabular_data import evaluate, load_tables, n_splits, split
from _tabular_peers import METHODS

FOLDER = RESULTS / "tabular"


def measure(make, task, X, y, number, max_rows):
    """Fit one method on one split."""
    X_train, X_test, y_train, y_test = split(task, X, y, number, max_rows)
    model = make(task, X_train, number)
    if model is None:
        return None
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X_train, y_train)
        fitted = time.perf_counter()
        result = evaluate(task, model, X_test, y_test)
    result["fit_seconds"] = fitted - began
    result["predict_seconds"] = time.perf_counter() - fitted
    return result


def load(method):
    """Return earlier results, table -> split -> result."""
    path = FOLDER / f"{method}.json"
    if not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def save(method, results):
    """Write all results of a method."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    packages = ("catboost", "lightgbm", "pytabkit", "torch", "pandas")
    record = {"environment": environment(*packages), "results": results}
    text = json.dumps(record, indent=1) + "\n"
    (FOLDER / f"{method}.json").write_text(text, encoding="utf-8")


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
        results = load(method) if args.save else {}
        for number in range(max(counts.values())):
            for name in chosen:
                if number >= counts[name] or str(number) in results.get(name, {}):
                    continue
                result = measure(METHODS[method], *tables[name], number, args.max_rows)
                if result is None:
                    continue
                results.setdefault(name, {})[str(number)] = result
                numbers = "  ".join(f"{k} {v:.4f}" for k, v in result.items())
                print(f"{method:26} {name:14} {number}  {numbers}", flush=True)
                if args.save:
                    save(method, results)
        values = [
            next(iter(result.values()))
            for splits in results.values()
            for result in splits.values()
        ]
        if values:
            print(f"{method}: mean {np.mean(values):.4f} of {len(values)}")


if __name__ == "__main__":
    main()
