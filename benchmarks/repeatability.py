"""What of a fit depends on the number of BLAS threads, and on the process.

python benchmarks/repeatability.py           # prints the table
python benchmarks/repeatability.py --save    # and writes results/repeatability.json

Each fit runs in processes of its own, limited by threadpoolctl to 1, 2 and 4 threads,
and in two processes with each number.  Printed is the largest difference of a weight,
divided by the largest weight, and of a prediction, divided by the largest prediction
(of a classifier: of a probability).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from _measure import environment, save
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPRegressor,
)

THREADS = (1, 2, 4)


def _iris():
    return load_iris(return_X_y=True)


def _digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def _diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y / 100


FITS = {
    "iris, default": (_iris, lambda: NumpyMLPClassifier(random_state=0)),
    "digits, default": (_digits, lambda: NumpyMLPClassifier(random_state=0)),
    "digits, L-BFGS": (
        _digits,
        lambda: NumpyMLPClassifier(solver="lbfgs", random_state=0),
    ),
    "digits, float32": (
        _digits,
        lambda: NumpyMLPClassifier(dtype="float32", random_state=0),
    ),
    "digits, 3 x 512 units, 5 epochs": (
        _digits,
        lambda: NumpyMLPClassifier((512, 512, 512), max_iter=5, random_state=0),
    ),
    "diabetes, default": (_diabetes, lambda: NumpyMLPRegressor(random_state=0)),
    "diabetes, tabular, 10 epochs": (
        _diabetes,
        lambda: TabularMLPRegressor(max_iter=10, n_jobs=1, random_state=0),
    ),
}


def _fit(name, n_threads, path):
    """Fit in this process, and store weights and predictions."""
    load, make = FITS[name]
    X, y = load()
    warnings.simplefilter("ignore")
    with threadpool_limits(n_threads, user_api="blas"):
        est = make().fit(X, y)
        predict = getattr(est, "predict_proba", est.predict)
        predicted = predict(X)
    members = getattr(est, "estimators_", [est])
    weights = np.concatenate([member._params for member in members])
    np.savez(path, weights=weights, predicted=predicted, labels=est.predict(X))


def _in_a_process(name, n_threads):
    """Return what a fit in a process of its own has stored."""
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fit.npz")
        command = [sys.executable, __file__, "--child", name, str(n_threads), str(path)]
        subprocess.run(command, check=True, env=env)
        with np.load(path) as archive:
            return dict(archive)


def _difference(a, b):
    """Return the largest difference of two arrays, relative to the largest number."""
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max() / np.abs(b).max())


def _compare(name):
    one = _in_a_process(name, 1)
    result = {}
    for n_threads in THREADS:
        runs = [_in_a_process(name, n_threads) for _ in range(2)]
        result[n_threads] = {
            "same bits again": all(
                np.array_equal(a, runs[1][key]) for key, a in runs[0].items()
            ),
            "weights": _difference(runs[0]["weights"], one["weights"]),
            "predictions": _difference(runs[0]["predicted"], one["predicted"]),
            "other labels": int((runs[0]["labels"] != one["labels"]).sum()),
        }
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="fit", help="; ".join(FITS))
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        name, n_threads, path = args.child
        _fit(name, int(n_threads), path)
        return
    if unknown := set(args.names) - set(FITS):
        parser.error(f"{', '.join(unknown)}: fits are {'; '.join(FITS)}")
    print("| fit | threads | weights | predictions | twice the same bits |")
    print("|---|---|---|---|---|")
    results = {}
    for name in args.names or FITS:
        results[name] = _compare(name)
        for n_threads, each in results[name].items():
            print(
                f"| {name} | {n_threads} | {each['weights']:.1e} "
                f"| {each['predictions']:.1e} "
                f"| {'yes' if each['same bits again'] else 'no'} |",
                flush=True,
            )
    if args.save:
        save("repeatability", {"environment": environment(), "fits": results})


if __name__ == "__main__":
    main()
