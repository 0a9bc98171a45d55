"""Dependence of fits on BLAS threads, BLAS kernels, NumPy's loops and versions.

python benchmarks/repeatability.py                  # prints a table
python benchmarks/repeatability.py --other PYTHON   # and another interpreter
python benchmarks/repeatability.py --save           # and writes the results

All fits run in one process for each condition: with 1, 2 and 4 BLAS threads, twice;
with each of OpenBLAS's kernels that this processor can run (OPENBLAS_CORETYPE); with
NumPy's own loops held at the instructions that every processor of the kind has
(NPY_DISABLE_CPU_FEATURES); and with another interpreter, which has other versions.
Each is compared with one thread and the default kernels and loops: the largest
difference of a weight, divided by the largest weight; of a prediction (of a classifier:
a probability) for rows that were held out, divided by the largest prediction; and the
number of those rows that get another label.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from _measure import environment, save
from sklearn.base import is_classifier
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPRegressor,
)

THREADS = (1, 2, 4)
# From old to new; a build of OpenBLAS may lack some of them, which is detected.
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
BASE = "1 thread"


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
    "digits, dropout, early stopping": (
        _digits,
        lambda: NumpyMLPClassifier(dropout=0.2, early_stopping=True, random_state=0),
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


# ------------------------------------------------------------- in a process of its own


def _fit_all(names, n_threads, folder):
    """Fit in this process, and store weights, predictions and where they come from."""
    warnings.simplefilter("ignore")
    with threadpool_limits(n_threads, user_api="blas"):
        for i, name in enumerate(names):
            load, make = FITS[name]
            X, y = load()
            held_out = np.arange(len(X)) % 4 == 0
            est = make().fit(X[~held_out], y[~held_out])
            X = X[held_out]
            members = getattr(est, "estimators_", [est])
            arrays = {
                "weights": np.concatenate([member._params for member in members]),
                "predictions": getattr(est, "predict_proba", est.predict)(X),
                "epochs": np.array([member.n_iter_ for member in members]),
            }
            if is_classifier(est):
                arrays["labels"] = est.predict(X)
            np.savez(folder / f"{i}.npz", **arrays)
    kernels = [pool.get("architecture") for pool in threadpool_info()]
    about = {"environment": environment(), "kernels": kernels, "SIMD": _loops()}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _loops():
    """Instructions that NumPy's own loops use beyond those of its baseline."""
    return np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])


# --------------------------------------------------------------------- all of them


def _run(names, n_threads=1, python=sys.executable, **variables):
    """Return the results of the fits in a new process, and its environment."""
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    # This checkout's package, whatever the other interpreter has installed.
    env["PYTHONPATH"] = str(Path(sknumpy_mlp.__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder:
        command = [python, __file__, *names, "--child", str(n_threads), folder]
        subprocess.run(command, check=True, env=env | variables)
        fits = {}
        for i, name in enumerate(names):
            with np.load(Path(folder, f"{i}.npz")) as archive:
                fits[name] = dict(archive)
        return fits, json.loads(Path(folder, "about.json").read_text(encoding="utf-8"))


def _conditions(other):
    """Return each condition: its name, and the arguments for `_run`."""
    conditions = {}
    for n_threads in THREADS:
        name = "1 thread" if n_threads == 1 else f"{n_threads} threads"
        conditions[name] = {"n_threads": n_threads}
        conditions[f"{name}, again"] = {"n_threads": n_threads}
    for kernel in KERNELS:
        conditions[f"kernels for {kernel}"] = {"OPENBLAS_CORETYPE": kernel}
    if found := _loops():
        conditions["NumPy's plain loops"] = {
            "NPY_DISABLE_CPU_FEATURES": " ".join(found)
        }
    if other is not None:
        conditions["the other interpreter"] = {"python": other}
    return conditions


def _holds(condition, about):
    """Return True if a process used the requested kernels.

    Where the build or the processor has them not, OpenBLAS chooses others.
    """
    prefix, _, kernel = condition.partition("kernels for ")
    return bool(prefix) or kernel.lower() in [str(k).lower() for k in about["kernels"]]


def _compare(one, base):
    """Compare the arrays of two fits."""
    result = {
        "same bits": all(np.array_equal(one[key], array) for key, array in base.items())
    }
    for key in ("weights", "predictions"):
        difference = np.abs(one[key] - base[key]).max() / np.abs(base[key]).max()
        result[key] = float(difference)
    result["epochs"] = [one["epochs"].tolist(), base["epochs"].tolist()]
    if "labels" in base:
        result["other labels"] = int((one["labels"] != base["labels"]).sum())
        result["rows"] = len(base["labels"])
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="fit", help="; ".join(FITS))
    parser.add_argument("--other", metavar="PYTHON", help="another interpreter")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if unknown := set(args.names) - set(FITS):
        parser.error(f"{', '.join(unknown)}: fits are {'; '.join(FITS)}")
    names = args.names or list(FITS)
    if args.child:
        n_threads, folder = args.child
        _fit_all(names, int(n_threads), Path(folder))
        return
    print("| fit | beside one thread | weights | predictions | labels | epochs |")
    print("|---|---|---|---|---|---|")
    conditions = _conditions(args.other)
    base, accounts, results = None, {}, {name: {} for name in names}
    with ThreadPoolExecutor(args.jobs) as pool:
        runs = pool.map(lambda told: _run(names, **told), conditions.values())
    for condition, (fits, about) in zip(conditions, runs, strict=True):
        if not _holds(condition, about):
            continue
        accounts[condition] = about
        if condition == BASE:
            base = fits
            continue
        for name in names:
            each = _compare(fits[name], base[name])
            results[name][condition] = each
            labels = (
                f"{each['other labels']} of {each['rows']}" if "rows" in each else ""
            )
            then, before = each["epochs"]
            epochs = "the same" if then == before else f"{then}, not {before}"
            print(
                f"| {name} | {condition} | {each['weights']:.1e} "
                f"| {each['predictions']:.1e} | {labels} | {epochs} |",
                flush=True,
            )
    if args.save:
        save("repeatability", {"conditions": accounts, "fits": results})


if __name__ == "__main__":
    main()
