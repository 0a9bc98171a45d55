"""Fit times of the tabular estimators, with and without ``max_time``.

    python benchmarks/tabular_time.py --save
    python benchmarks/tabular_time.py --save --longest 10   # short limits only
    python benchmarks/tabular_time.py --save --peers        # beside boosted trees

Synthetic tables of round sizes; two cores.  Each fit is the first of its own process,
so that one-time costs are included.
"""

import argparse
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
from _measure import environment, on_cores, save
from _tabular_peers import METHODS
from sklearn.datasets import make_classification, make_regression

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

LIMITS = (
    ("regression", 2_000, 10, 2),
    ("regression", 2_000, 10, 3),
    ("classification", 2_000, 10, 3),
    ("regression", 2_000, 10, 5),
    ("regression", 10_000, 20, 10),
    ("regression", 10_000, 20, 30),
    ("classification", 10_000, 20, 30),
    ("classification", 100_000, 20, 30),
    ("classification", 100_000, 20, 120),
)
PEERS = ("ours", "ours_single", "hist_gradient_boosting", "lightgbm", "catboost")
TASKS = ("regression", "classification")
SIZES = ((500, 20), (10_000, 20))


def make_data(task, n_rows, n_features):
    """Return a synthetic table and its target."""
    if task == "regression":
        X, y = make_regression(
            n_rows, n_features, noise=20.0, n_informative=8, random_state=0
        )
        return np.tanh(X), np.sinh(y / y.std())
    return make_classification(
        n_rows, n_features, n_informative=8, n_classes=3, random_state=0
    )


def fit_peer(method, task, n_rows, n_features, n_cores):
    """Measure a fit of one method with its defaults; return seconds."""
    on_cores(n_cores)
    X, y = make_data(task, n_rows, n_features)
    X = pd.DataFrame(X).rename(columns=str)
    model = METHODS[method](task, X, 0)
    began = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - began


def fit(task, n_rows, n_features, n_cores, limit):
    """Measure a fit."""
    on_cores(n_cores)
    X, y = make_data(task, n_rows, n_features)
    if task == "regression":
        model = TabularMLPRegressor(random_state=0, max_time=limit)
    else:
        model = TabularMLPClassifier(random_state=0, max_time=limit)
    began = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - began
    return {
        "task": task,
        "n_rows": n_rows,
        "n_features": n_features,
        "max_time": limit,
        "seconds": seconds,
        "n_epochs": [member.n_iter_ for member in model.estimators_],
        "oof_score": model.oof_score_,
    }


def in_own_process(function, *args):
    """Call a function in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(function, *args).result()


def measure_peers(n_cores, n_repeats):
    """Measure default fits of ours and of boosted trees in turn, print medians."""
    results = []
    for task, (n_rows, n_features) in product(TASKS, SIZES):
        seconds = {method: [] for method in PEERS}
        for _ in range(n_repeats):
            for method in PEERS:
                seconds[method].append(
                    in_own_process(fit_peer, method, task, n_rows, n_features, n_cores)
                )
        results.append(
            {
                "task": task,
                "n_rows": n_rows,
                "n_features": n_features,
                "seconds": seconds,
            }
        )
        medians = [f"{statistics.median(each):.1f}" for each in seconds.values()]
        print(
            f"| {task} | {n_rows:,} x {n_features} | {' | '.join(medians)} |",
            flush=True,
        )
    return results


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--longest", type=float, metavar="SECONDS")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--repeats", type=int, default=3, help="of --peers")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    if args.peers:
        results = measure_peers(args.cores, args.repeats)
        if args.save:
            versions = environment("catboost", "lightgbm", "pandas")
            save("tabular_time_peers", {"environment": versions, "results": results})
        return
    results = []
    print("| task | rows | columns | max_time | seconds | epochs | held-out score |")
    print("|---|---|---|---|---|---|---|")
    cases = [(task, 10_000, 20, None) for task in TASKS]
    cases = [*LIMITS, *cases]
    if args.longest is not None:
        cases = [case for case in LIMITS if case[-1] <= args.longest]
    for task, n_rows, n_features, limit in cases:
        result = in_own_process(fit, task, n_rows, n_features, args.cores, limit)
        results.append(result)
        epochs = sorted({min(result["n_epochs"]), max(result["n_epochs"])})
        print(
            f"| {task} | {n_rows:,} | {n_features} | {limit or ''} | "
            f"{result['seconds']:.2f} | {' to '.join(map(str, epochs))} | "
            f"{result['oof_score']:.3f} |",
            flush=True,
        )
    if args.save:
        name = "tabular_time" if args.longest is None else "tabular_time_short"
        save(name, {"environment": environment(), "results": results})


if __name__ == "__main__":
    main()
