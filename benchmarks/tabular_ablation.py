"""What each default of the tabular estimators is worth: switch them off, one at a time.

    python benchmarks/tabular_ablation.py DATA --save
    python benchmarks/tabular_ablation.py DATA --only "no dropout"

DATA is as for ``tabular.py``.  Tables are cut to 2,000 training rows, ensembles to
three folds.  Prints the change of each mean, in percent: more is worse, so that a
default that earns its place shows a positive number.
"""

import argparse
import json
import math
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from _ablation import without
from _measure import RESULTS, environment, on_cores
from _tabular_data import MEASURES, evaluate, load_tables, split
from _tabular_results import mean
from threadpoolctl import threadpool_limits

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor

TABLES = (
    "credit_g",
    "vehicle",
    "vowel",
    "segment",
    "spambase",
    "churn",
    "stock",
    "cpu_act",
    "puma32H",
    "california",
    "ailerons",
)
N_ROWS, N_MEMBERS, N_SPLITS = 2_000, 3, 1

# For each change: the piece that is left out, parameters, and for which tasks.
BOTH, CLASSES, NUMBERS = (
    ("classification", "regression"),
    ("classification",),
    ("regression",),
)
CHANGES = {
    "the defaults": (None, {}, BOTH),
    "no embedding of numerical features": ("periodic embedding", {}, BOTH),
    "no normal scores": ("normal scores", {}, BOTH),
    "normal scores only for heavy tails": ("clusters", {}, BOTH),
    "no codes of numbers": ("number codes", {}, BOTH),
    "no learned input scaling": ("input scaling", {}, BOTH),
    "parametric activations": (None, {"parametric_activation": True}, CLASSES),
    "activations without parameters": (None, {"parametric_activation": False}, NUMBERS),
    "no stop at the end of a cycle": (None, {"n_iter_no_change": math.inf}, CLASSES),
    "stop at the end of a cycle": (None, {"n_iter_no_change": "cycle"}, NUMBERS),
    "layers of 256 units": (None, {"hidden_layer_sizes": (256, 256, 256)}, BOTH),
    "ReLU": (None, {"activation": "relu"}, BOTH),
    "inputs not clipped": ("input clipping", {}, BOTH),
    "LeCun initialization, not data-dependent": (None, {"init": "lecun"}, BOTH),
    "no learning-rate multipliers": (
        "learning-rate multipliers",
        "rate / sqrt(128)",
        BOTH,
    ),
    "cosine learning-rate schedule": (None, {"learning_rate": "cosine"}, BOTH),
    "constant learning rate": (None, {"learning_rate": "constant"}, BOTH),
    "beta_2 = 0.999": (None, {"beta_2": 0.999}, BOTH),
    "no dropout": (None, {"dropout": 0.0}, BOTH),
    "no weight decay": (None, {"weight_decay": 0.0}, BOTH),
    "constant dropout and weight decay": ("schedules of dropout and decay", {}, BOTH),
    "batches of 256": (None, {"batch_size": 256}, BOTH),
    "best weights not restored": ("best epoch", {}, BOTH),
    "early stopping by accuracy or R2": (None, {"scoring": None}, BOTH),
    "no label smoothing": (None, {"loss": "log_loss"}, CLASSES),
    "probabilities not corrected for smoothing": ("smoothing correction", {}, CLASSES),
    "no temperature scaling": ("temperature", {}, CLASSES),
    "target not standardized": ("target scaling", {}, NUMBERS),
    "predictions not clipped": ("output clipping", {}, NUMBERS),
    "one network, hold-out": (None, {"ensemble": None}, BOTH),
    "one network, hold-out, three times the epochs": (
        None,
        {"ensemble": None, "max_iter": 288, "n_iter_no_change": math.inf},
        BOTH,
    ),
    "one network, refitted on all rows": (None, {"ensemble": "refit"}, BOTH),
    "three seeds, one hold-out": (None, {"ensemble": "seeds"}, BOTH),
}


def measure(job):
    """Fit one variant to one split of a table."""
    change, _, number, (task, X, y) = job
    piece, params, tasks = CHANGES[change]
    if task not in tasks:
        return None
    cls = TabularMLPClassifier if task == "classification" else TabularMLPRegressor
    if params == "rate / sqrt(128)":  # that of layers of 128 units
        rate = 0.04 if task == "classification" else 0.2
        params = {"learning_rate_init": rate / math.sqrt(128)}
    X_train, X_test, y_train, y_test = split(task, X, y, number, N_ROWS)
    model = cls(random_state=number, n_jobs=1, n_members=N_MEMBERS)
    with warnings.catch_warnings(), without(*filter(None, [piece])):
        warnings.simplefilter("ignore")
        model.set_params(**params).fit(X_train, y_train)
        return evaluate(task, model, X_test, y_test)


def main():
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=[*CHANGES])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    tables = load_tables(args.data)
    path = RESULTS / "tabular_ablation.json"
    results = {}
    if args.save and path.exists():
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
    # A process for each core, each with a single thread.
    with ProcessPoolExecutor(
        args.cores, initializer=threadpool_limits, initargs=(1,)
    ) as pool:
        for change in dict.fromkeys(["the defaults", *args.only]):
            if change not in results:
                jobs = [
                    (change, table, number, tables[table])
                    for number in range(N_SPLITS)
                    for table in TABLES
                ]
                found = {}
                outcomes = pool.map(measure, jobs)
                for (_, table, _, _), outcome in zip(jobs, outcomes, strict=True):
                    if outcome is not None:
                        found.setdefault(table, []).append(outcome)
                results[change] = {
                    table: {k: float(np.mean([o[k] for o in each])) for k in each[0]}
                    for table, each in found.items()
                }
                if args.save:
                    record = {"environment": environment(), "results": results}
                    path.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
            show(change, results)


def show(change, results):
    """Print a row of the table."""
    cells = []
    for measure_name in MEASURES:
        default = {
            t: r[measure_name]
            for t, r in results["the defaults"].items()
            if measure_name in r and t in results[change]
        }
        if not default:
            cells.append("")
            continue
        changed = {t: results[change][t][measure_name] for t in default}
        if change == "the defaults":
            cells.append(f"{mean(list(default.values())):.4f}")
            continue
        ratio = mean(list(changed.values())) / mean(list(default.values()))
        worse = sum(changed[t] > default[t] for t in default)
        cells.append(f"{100 * (ratio - 1):+.1f} ({worse} of {len(default)})")
    print(f"| {change} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
