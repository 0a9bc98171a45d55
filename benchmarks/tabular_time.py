"""Fit times of the tabular estimators, with and without ``max_time``.

    python benchmarks/tabular_time.py --save
    python benchmarks/tabular_time.py --save --longest 10   # the short limits alone

Synthetic tables of round sizes; two cores.  Each fit is the first of its own process,
so that one-time costs are included.
"""

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from _measure import environment, on_cores, save
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


def fit(task, n_rows, n_features, n_cores, limit):
    """Measure a fit."""
    on_cores(n_cores)
    params = {"random_state": 0, "max_time": limit}
    if task == "regression":
        X, y = make_regression(
            n_rows, n_features, noise=20.0, n_informative=8, random_state=0
        )
        X, y = np.tanh(X), np.sinh(y / y.std())
        model = TabularMLPRegressor(**params)
    else:
        X, y = make_classification(
            n_rows, n_features, n_informative=8, n_classes=3, random_state=0
        )
        model = TabularMLPClassifier(**params)
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


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--longest", type=float, metavar="SECONDS")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    results = []
    print("| task | rows | columns | max_time | seconds | epochs | held-out score |")
    print("|---|---|---|---|---|---|---|")
    cases = [(task, 10_000, 20, None) for task in ("regression", "classification")]
    cases = [*LIMITS, *cases]
    if args.longest is not None:
        cases = [case for case in LIMITS if case[-1] <= args.longest]
    for task, n_rows, n_features, limit in cases:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as process:
            result = process.submit(
                fit, task, n_rows, n_features, args.cores, limit
            ).result()
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
