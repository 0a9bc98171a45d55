"""Recipes for the tabular estimators: what they cost, and how accurate they are.

    python benchmarks/tabular_recipes.py DATA --recipes before "w 128, e 64" --save
    python benchmarks/tabular_recipes.py DATA --show

DATA is as for ``tabular.py``.  ``before`` is the recipe with which all others are
compared: three layers of 256 units with parametric activations, 128 epochs, five
members.  The name of another one lists what differs: w (units of a layer), e (epochs),
b (batch size), m (members), c (cycles of the learning rate), "stop" (at the end of a
cycle that brought no improvement), "plain" (activations without parameters), "columns"
(frequencies by the rows for each column instead of all rows).  "e auto" are epochs by
the number of rows.

Each fit has one core and one thread, and the cost is CPU seconds: several processes,
each with some of the recipes, may run at the same time.  With ``--save`` each result
goes to ``results/recipes/RECIPE.json`` at once, and is not measured again.
"""

import argparse
import json
import math
import statistics
import time
import warnings
from contextlib import nullcontext
from itertools import product
from unittest.mock import patch

from _measure import RESULTS, environment
from _tabular_data import add_result, evaluate, load_results, load_tables, split
from tabular_report import MEASURES
from threadpoolctl import threadpool_limits

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular import architecture
from sknumpy_mlp.schedules import CosineLog

FOLDER = RESULTS / "recipes"
BEFORE = {
    "hidden_layer_sizes": (256, 256, 256),
    "max_iter": 128,
    "n_members": 5,
    "n_iter_no_change": math.inf,
    "parametric_activation": True,
}
# Tables below this size have three splits, others two.
MAX_ROWS_FOR_THREE = 5_000


def parameters(recipe):
    """Return the parameters of a recipe."""
    params = dict(BEFORE)
    for part in recipe.split(", ") if recipe != "before" else ():
        name, _, value = part.partition(" ")
        match name:
            case "w":
                params["hidden_layer_sizes"] = (int(value),) * 3
            case "e":
                params["max_iter"] = value if value == "auto" else int(value)
            case "b":
                params["batch_size"] = int(value)
            case "m":
                params["n_members"] = int(value)
            case "c":
                params["learning_rate"] = CosineLog(n_cycles=int(value))
            case "stop":
                params["n_iter_no_change"] = "cycle"
            case "plain":
                params["parametric_activation"] = False
            case "columns":
                pass  # not a parameter, see `by_columns`
            case _:
                raise SystemExit(f"{part!r} of {recipe!r} is not known")
    return params


def by_columns(recipe, n_columns):
    """Patch the frequencies of embeddings, if the recipe asks for it.

    The usual rule is that of eight columns.
    """
    if "columns" not in recipe.split(", "):
        return nullcontext()
    of_rows = architecture._highest_frequency
    return patch.object(
        architecture, "_highest_frequency", lambda n: of_rows(n * 8 / n_columns)
    )


def measure(recipe, table, number):
    """Fit a recipe to a split of a table."""
    task, X, y = table
    X_train, X_test, y_train, y_test = split(task, X, y, number)
    make = TabularMLPClassifier if task == "classification" else TabularMLPRegressor
    model = make(random_state=number, n_jobs=1, **parameters(recipe))
    frequencies = by_columns(recipe, X.shape[1])
    with warnings.catch_warnings(), threadpool_limits(1), frequencies:
        warnings.simplefilter("ignore")
        began = time.process_time()
        model.fit(X_train, y_train)
        seconds = time.process_time() - began
        result = evaluate(task, model, X_test, y_test)
    return result | {
        "cpu_seconds": seconds,
        "epochs": [member.n_iter_ for member in model.estimators_],
    }


def path_of(recipe):
    """Return the file with the results of a recipe."""
    return FOLDER / (recipe.replace(", ", "_").replace(" ", "") + ".json")


def save(recipe, table, number, result):
    """Add a result to those of a recipe."""
    about = {"recipe": recipe, "environment": environment()}
    add_result(path_of(recipe), table, number, result, about)


def n_splits(X):
    """Return the number of splits of a table."""
    return 3 if len(X) < MAX_ROWS_FOR_THREE else 2


def show():
    """Print a row for each table of each recipe, and one for their means."""
    before = load_results(path_of("before"))
    print("| recipe | table | splits | " + " | ".join(MEASURES) + " | CPU time |")
    print("|---" * (4 + len(MEASURES)) + "|")
    for path in sorted(FOLDER.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        rows = []
        for table, results in record["results"].items():
            numbers = sorted(results.keys() & before.get(table, {}).keys())
            if not numbers:
                continue
            row = {"splits": len(numbers)}
            for name in (*MEASURES, "cpu_seconds"):
                pairs = [
                    (results[n][name], before[table][n][name])
                    for n in numbers
                    if name in results[n] and name in before[table][n]
                ]
                if pairs:
                    row[name] = tuple(map(statistics.fmean, zip(*pairs, strict=True)))
            rows.append(row)
            _print_row(record["recipe"], table, row)
        if rows:
            total = {"splits": sum(row["splits"] for row in rows)}
            for name in (*MEASURES, "cpu_seconds"):
                pairs = [row[name] for row in rows if name in row]
                if pairs:
                    total[name] = tuple(map(statistics.fmean, zip(*pairs, strict=True)))
            _print_row(record["recipe"], f"mean of {len(rows)}", total)


def _print_row(recipe, table, row):
    cells = [recipe, table, str(row["splits"])]
    for name in MEASURES:
        ours, theirs = row.get(name, (0.0, 0.0))
        cells.append(f"{ours:.4f} / {theirs:.4f}" if name in row else "")
    ours, theirs = row.get("cpu_seconds", (0.0, 0.0))
    cells.append(f"{ours / theirs:.2f}" if theirs else "")
    print("| " + " | ".join(cells) + " |")


def main():
    """Read the command line, measure, or print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--recipes", nargs="+", default=["before"])
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--splits", nargs="+", type=int)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    if args.show:
        show()
        return
    tables = load_tables(args.data)
    chosen = args.tables or sorted(tables, key=lambda name: len(tables[name][1]))
    for recipe, number, name in product(args.recipes, range(3), chosen):
        is_wanted = number in (args.splits or range(n_splits(tables[name][1])))
        if not is_wanted or (
            args.save and str(number) in load_results(path_of(recipe)).get(name, {})
        ):
            continue
        result = measure(recipe, tables[name], number)
        numbers = "  ".join(
            f"{k} {v:.4f}" for k, v in result.items() if isinstance(v, float)
        )
        print(f"{recipe:24} {name:14} {number}  {numbers}", flush=True)
        if args.save:
            save(recipe, name, number, result)


if __name__ == "__main__":
    main()
