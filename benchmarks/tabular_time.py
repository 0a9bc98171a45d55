"""Fit times of the tabular estimators and of their peers, with and without a limit.

    python benchmarks/tabular_time.py [section ...] [--repeats 3] [--cores 2] [--save]

sizes: default fits on synthetic tables of round sizes, beside the peers (extra:
bench-tabular).  limits: fits with ``max_time``.  readme: the README's code blocks.
Each fit is the first of its own process, so that one-time costs such as starting worker
processes are included; imports are not, except in the README's blocks.  Run it on an
otherwise idle machine: these are absolute times.  With ``--save`` the sections go to
``results/tabular_time_<section>.json``, which ``tabular_report.py`` reads.
"""

import doctest
import multiprocessing
import re
import statistics
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from _measure import environment, on_cores, parse_arguments, save
from sklearn.datasets import make_classification, make_regression

SIZES = [
    (task, n_rows, 20)
    for n_rows in (500, 10_000)
    for task in ("regression", "classification")
]
# ``import _tabular_peers`` is slow: the processes that fit do it.
PEERS = ("ours", "hist_gradient_boosting", "lightgbm", "catboost", "realmlp")
LIMITS = (
    ("regression", 2_000, 10, 2),
    ("regression", 2_000, 10, 3),
    ("classification", 2_000, 10, 3),
    ("regression", 10_000, 20, 5),
    ("classification", 10_000, 20, 5),
    ("regression", 10_000, 20, 10),
    ("regression", 100_000, 20, 30),
    ("classification", 100_000, 20, 30),
    ("regression", 100_000, 20, 60),
    ("regression", 1_000_000, 20, 60),
)
# Fits that take longer are not repeated.
MAX_SECONDS = 30


def make_table(task, n_rows, n_features):
    """Return a frame of numbers and its target."""
    if task == "regression":
        X, y = make_regression(
            n_rows, n_features, noise=20.0, n_informative=8, random_state=0
        )
        X, y = np.tanh(X), np.sinh(y / y.std())
    else:
        X, y = make_classification(
            n_rows, n_features, n_informative=8, n_classes=3, random_state=0
        )
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(n_features)]), y


def fit(method, task, n_rows, n_features, n_cores, **params):
    """Return the seconds of a fit, and the fitted model."""
    on_cores(n_cores)
    from _tabular_peers import METHODS

    X, y = make_table(task, n_rows, n_features)
    model = METHODS[method](task, X, 0, **params)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    return time.perf_counter() - began, model


def fit_seconds(*args):
    """Return the seconds of a fit."""
    return fit(*args)[0]


def fit_within(limit, *args):
    """Return the seconds of a fit with a limit, its epochs, and its held-out score."""
    seconds, model = fit("ours", *args, max_time=limit)
    n_epochs = [member.n_iter_ for member in model.estimators_]
    return seconds, [min(n_epochs), max(n_epochs)], model.oof_score_


def run_block(source):
    """Return the seconds of a block of doctests."""
    began = time.perf_counter()
    examples = doctest.DocTestParser().get_examples(source)
    exec("".join(example.source for example in examples), {})
    return time.perf_counter() - began


def in_a_new_process(function, *args):
    """Call a function in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(function, *args).result()


def several_seconds(n_repeats, function, *args):
    """Call a function that returns seconds, repeatedly if it is fast."""
    seconds = []
    while len(seconds) < n_repeats and sum(seconds) < MAX_SECONDS:
        seconds.append(in_a_new_process(function, *args))
    print(f"{statistics.median(seconds):8.2f} s", flush=True)
    return {"median": statistics.median(seconds), "values": seconds}


def measure_sizes(args):
    """Measure default fits, ours and the peers'."""
    results = []
    for table in SIZES:
        seconds = {}
        for method in PEERS:
            print(*table, method, end="")
            seconds[method] = several_seconds(
                args.repeats, fit_seconds, method, *table, args.cores
            )
        names = ("task", "n_rows", "n_features")
        results.append(dict(zip(names, table, strict=True)) | {"seconds": seconds})
    return results


def measure_limits(args):
    """Measure fits with ``max_time``."""
    results = []
    for *table, limit in LIMITS:
        seconds, n_epochs, score = in_a_new_process(
            fit_within, limit, *table, args.cores
        )
        print(f"{seconds:8.2f} s of {limit}  {table}  {n_epochs}  {score:.3f}")
        names = ("task", "n_rows", "n_features", "max_time")
        results.append(
            dict(zip(names, (*table, limit), strict=True))
            | {"seconds": seconds, "n_epochs": n_epochs, "oof_score": score}
        )
    return results


def measure_readme(args):
    """Measure the README's code blocks."""
    page = Path(__file__).parents[1] / "README.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [
        {
            "first_line": block.splitlines()[0].removeprefix(">>> "),
            "seconds": several_seconds(args.repeats, run_block, block),
        }
        for block in blocks
    ]


SECTIONS = {
    "sizes": measure_sizes,
    "limits": measure_limits,
    "readme": measure_readme,
}


def main():
    """Read the command line and measure."""
    args = parse_arguments(__doc__, "section", SECTIONS, n_repeats=3)
    for name in args.names:
        print(name)
        results = SECTIONS[name](args)
        if args.save:
            about = environment("lightgbm", "catboost", "pytabkit", "torch")
            save(f"tabular_time_{name}", {"environment": about, "results": results})


if __name__ == "__main__":
    main()
