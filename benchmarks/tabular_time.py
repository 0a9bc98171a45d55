"""How long the tabular estimators take, and whether they keep to ``max_time``.

    python benchmarks/tabular_time.py --save

Made tables, so that sizes are round; two cores.
"""

import argparse
import time

import numpy as np
from _measure import environment, on_cores, save
from sklearn.datasets import make_classification, make_regression

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

LIMITS = (
    ("regression", 2_000, 10, 5),
    ("regression", 10_000, 20, 10),
    ("regression", 10_000, 20, 30),
    ("classification", 10_000, 20, 30),
    ("classification", 100_000, 20, 30),
    ("classification", 100_000, 20, 120),
)


def fit(task, n_rows, n_features, **params):
    """Return the seconds of a fit, and its score."""
    if task == "regression":
        X, y = make_regression(
            n_rows, n_features, noise=20.0, n_informative=8, random_state=0
        )
        X, y = np.tanh(X), np.sinh(y / y.std())
        model = TabularMLPRegressor(random_state=0, **params)
    else:
        X, y = make_classification(
            n_rows, n_features, n_informative=8, n_classes=3, random_state=0
        )
        model = TabularMLPClassifier(random_state=0, **params)
    began = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - began, model


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    results = []
    print("| task | rows | columns | max_time | seconds | epochs | held-out score |")
    print("|---|---|---|---|---|---|---|")
    cases = [(task, 10_000, 20, None) for task in ("regression", "classification")]
    for task, n_rows, n_features, limit in (*LIMITS, *cases):
        seconds, model = fit(task, n_rows, n_features, max_time=limit)
        results.append(
            {
                "task": task,
                "n_rows": n_rows,
                "n_features": n_features,
                "max_time": limit,
                "seconds": seconds,
                "n_epochs": model.n_iter_,
                "oof_score": model.oof_score_,
            }
        )
        print(
            f"| {task} | {n_rows:,} | {n_features} | {limit or ''} | {seconds:.1f} | "
            f"{model.n_iter_} | {model.oof_score_:.3f} |",
            flush=True,
        )
    if args.save:
        save("tabular_time", {"environment": environment(), "results": results})


if __name__ == "__main__":
    main()
