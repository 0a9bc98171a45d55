"""Datasets, splits and metrics of the tabular benchmark."""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from _measure import environment, on_cores
from sklearn.datasets import fetch_california_housing
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import train_test_split

MEASURES = {"error": "error", "log_loss": "log loss", "nrmse": "nRMSE"}
# Small tables have small, noisy test sets, so they get more splits.
_SMALL, _N_SPLITS_SMALL, _N_SPLITS = 2_000, 3, 1


def load_tables(folder):
    """Return name -> (task, X, y) of all tables of a folder with a manifest.

    The manifest is a list of objects with ``name``, ``task`` ("classification" or
    "regression"), ``target`` and ``categorical``, a list of columns; each table is a
    file ``name.csv.gz``.  California housing is added to them.
    """
    folder = Path(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = {}
    for entry in manifest:
        frame = pd.read_csv(
            folder / f"{entry['name']}.csv.gz",
            keep_default_na=False,
            na_values=[""],
            dtype=dict.fromkeys(entry["categorical"], "category"),
        )
        y = frame.pop(entry["target"])
        if entry["task"] == "regression":
            y = y.astype(np.float64)
        missing = int(frame.isna().sum().sum())
        assert missing == entry["missing"], (entry["name"], missing)
        tables[entry["name"]] = (entry["task"], frame, y.to_numpy())
    X, y = fetch_california_housing(return_X_y=True, as_frame=True)
    tables["california"] = ("regression", X, y.to_numpy())
    return tables


def load_results(path):
    """Return the saved results of a file, table -> split -> result."""
    if not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def add_result(path, table, number, result, about):
    """Add a result to those of a file, whose first entries are ``about``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = load_results(path)
    results.setdefault(table, {})[str(number)] = result
    text = json.dumps(about | {"results": results}, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")


def n_splits(X):
    """Return the number of splits of a table."""
    return _N_SPLITS_SMALL if len(X) < _SMALL else _N_SPLITS


def split(task, X, y, number, max_rows=None):
    """Return X_train, X_test, y_train, y_test; four fifths are for training."""
    stratify = y if task == "classification" else None
    parts = train_test_split(
        X, y, test_size=0.2, random_state=number, stratify=stratify
    )
    if max_rows is not None and len(parts[0]) > max_rows:
        parts[0], parts[2] = parts[0].iloc[:max_rows], parts[2][:max_rows]
    return parts


def evaluate(task, model, X_test, y_test):
    """Measure a fitted model on held-out rows."""
    if task == "regression":
        rmse = root_mean_squared_error(y_test, np.ravel(model.predict(X_test)))
        return {"nrmse": float(rmse / y_test.std())}
    classes, proba = model.classes_, np.asarray(model.predict_proba(X_test), float)
    # Probabilities of zero are clipped, so that the log loss is finite.
    proba = np.clip(proba, 1e-7, None)
    proba /= proba.sum(axis=1, keepdims=True)
    return {
        "error": float(np.mean(np.ravel(model.predict(X_test)) != y_test)),
        "log_loss": float(log_loss(y_test, proba, labels=classes)),
        "brier": float(np.mean(np.sum((proba - (y_test[:, None] == classes)) ** 2, 1))),
    }


def measure_tables(description, tasks, path, measure, brief, show):
    """Read the command line, measure the tables of some tasks, and show the results.

    ``measure(task, X, y, number)`` returns the result of a split, which ``--save`` adds
    to the file ``path`` unless it has one.  ``brief(result)`` is what is printed of it
    at once, and ``show(results)`` prints the results of the file.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
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
        names = [name for name, table in tables.items() if table[0] in tasks]
        chosen = args.tables or sorted(names, key=lambda name: len(tables[name][1]))
        for number, name in product(range(args.splits), chosen):
            if args.save and str(number) in load_results(path).get(name, {}):
                continue
            result = measure(*tables[name], number)
            print(name, number, json.dumps(brief(result)), flush=True)
            if args.save:
                about = {"environment": environment("pandas")}
                add_result(path, name, number, result, about)
    if args.show:
        show(load_results(path))
