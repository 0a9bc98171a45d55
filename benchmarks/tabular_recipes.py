"""Recipes for the tabular estimators: what they cost, and how accurate they are.

    python benchmarks/tabular_recipes.py DATA --recipes before "w 128, e 64" --save
    python benchmarks/tabular_recipes.py DATA --show

DATA is as for ``tabular.py``.  ``before`` is the recipe with which all others are
compared: three layers of 256 units with parametric activations, 128 epochs, five
members, dropout 0.15.  The name of another one lists what differs: w (units of a
layer), e (epochs), b (batch size), m (members), c (cycles of the learning rate), d
(dropout), lr (learning rate), "stop" (at the end of a cycle that brought no
improvement), "plain" (activations without parameters), "rows" (frequencies by the
number of rows, as in ``before``, instead of that of rows for each numeric column).
"e auto" are epochs by the number of rows.

"default" are the defaults of the package, and "default, fast" is another preset.
"default, without X" leaves out a piece X of ``_ablation.py``, and "default, log_loss"
label smoothing.

``before`` was measured with the version that had these defaults, on whose parameters
the script relies: those that it lacks are left out.

Each fit has one core and one thread, and the cost is CPU seconds: several processes,
each with some of the recipes, may run at the same time.  With ``--save`` each result
goes to ``results/recipes/RECIPE.json`` at once, and is not measured again.
"""

import argparse
import inspect
import json
import math
import statistics
import time
import warnings
from contextlib import ExitStack, nullcontext
from itertools import combinations, product
from unittest.mock import patch

import numpy as np
from _ablation import without
from _measure import RESULTS, environment
from _tabular_data import (
    MEASURES,
    add_result,
    evaluate,
    load_results,
    load_tables,
    split,
)
from threadpoolctl import threadpool_limits

from sknumpy_mlp import TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp._tabular import architecture
from sknumpy_mlp.schedules import CosineLog

FOLDER = RESULTS / "recipes"
BEFORE = {
    "hidden_layer_sizes": (256, 256, 256),
    "max_iter": 128,
    "n_members": 5,
    "dropout": 0.15,
    "n_iter_no_change": math.inf,
    "parametric_activation": True,
}
# Added to errors before ratios, as in ``tabular_report.py``.
SHIFT = 0.01
# Tables below this size have three splits, others two.
MAX_ROWS_FOR_THREE = 5_000


def parameters(recipe):
    """Return the parameters of a recipe."""
    start, *parts = recipe.split(", ")
    params = {} if start == "default" else dict(BEFORE)
    if start not in ("default", "before"):
        parts.insert(0, start)
    for part in parts:
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
            case "d":
                params["dropout"] = float(value)
            case "lr":
                params["learning_rate_init"] = float(value)
            case "stop":
                params["n_iter_no_change"] = "cycle"
            case "plain":
                params["parametric_activation"] = False
            case "rows" | "without":
                pass  # not a parameter, see `frequencies` and `pieces`
            case "fast":
                params["preset"] = name
            case "log_loss":
                params["loss"] = name
            case _:
                raise SystemExit(f"{part!r} of {recipe!r} is not known")
    return params


def frequencies(recipe):
    """Patch the rule for the frequencies of embeddings, if the recipe asks for it.

    With eight numeric columns, both rules are the same.
    """
    rule = architecture._highest_frequency
    has_both_numbers = len(inspect.signature(rule).parameters) == 2
    if not has_both_numbers or not {"rows", "before"} & {*recipe.split(", ")}:
        return nullcontext()
    return patch.object(
        architecture, "_highest_frequency", lambda n_rows, n_numbers: rule(n_rows, 8)
    )


def pieces(recipe):
    """Return the pieces that a recipe leaves out."""
    parts = recipe.split(", ")
    return [p.removeprefix("without ") for p in parts if p.startswith("without ")]


def measure(recipe, table, number):
    """Fit a recipe to a split of a table."""
    task, X, y = table
    X_train, X_test, y_train, y_test = split(task, X, y, number)
    make = TabularMLPClassifier if task == "classification" else TabularMLPRegressor
    params = parameters(recipe)
    if recipe == "before":
        params = {k: v for k, v in params.items() if k in make().get_params()}
    model = make(random_state=number, n_jobs=1, **params)
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(threadpool_limits(1))
        stack.enter_context(frequencies(recipe))
        stack.enter_context(without(*pieces(recipe)))
        warnings.simplefilter("ignore")
        began = time.process_time()
        model.fit(X_train, y_train)
        seconds = time.process_time() - began
        result = evaluate(task, model, X_test, y_test)
    return (
        result
        | diversity(task, model, X_test, y_test)
        | {
            "cpu_seconds": seconds,
            "epochs": [member.n_iter_ for member in model.estimators_],
        }
    )


def diversity(task, model, X_test, y_test):
    """Measure the members of an ensemble.

    ``member_error`` or ``member_nrmse`` is that of the average member.
    ``disagreement`` is the share of rows for which two members predict different
    classes or, in regression, the root mean squared deviation of the members from their
    mean, divided by the standard deviation of the target.
    """
    table = model.preprocessor_.transform(X_test)
    predicted = np.array([member.predict(table) for member in model.estimators_])
    if task == "regression":
        rmse = np.sqrt(np.mean((predicted - y_test) ** 2, axis=1)).mean()
        spread = math.sqrt(np.mean((predicted - predicted.mean(axis=0)) ** 2))
        return {
            "member_nrmse": float(rmse / y_test.std()),
            "disagreement": float(spread / y_test.std()),
        }
    pairs = [a != b for a, b in combinations(predicted, 2)]
    return {
        "member_error": float(np.mean(predicted != y_test)),
        "disagreement": float(np.mean(pairs)),
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


def table_of_defaults():
    """Return a Markdown table of the defaults: a row for each table of data."""
    rows = {name: [row] for name, row in compared("default").items()}
    return _markdown("table", rows)


def table_of_recipes():
    """Return a Markdown table with a row for each recipe: means over tables."""
    rows = {}
    for recipe in measured_recipes():
        is_variant = recipe.startswith("default, ")
        if recipe != "before" and not is_variant and (found := compared(recipe)):
            rows[recipe] = list(found.values())
    return _markdown("recipe", rows)


def table_of_variants():
    """Return a Markdown table of variants of the defaults, compared with these."""
    rows = {
        recipe.removeprefix("default, "): list(compared(recipe, "default").values())
        for recipe in measured_recipes()
        if recipe.startswith("default, ")
    }
    return _markdown("variant", rows)


def table_of_diversity():
    """Return a Markdown table of the average members and of their ensembles."""
    head = ["table", "members", "ensemble", "ratio", "disagreement"]
    lines = [head, ["---"] * len(head)]
    for table, splits in load_results(path_of("default")).items():
        results = list(splits.values())
        name = "nrmse" if "nrmse" in results[0] else "error"
        members, ensemble, disagreement = (
            statistics.fmean(each[key] for each in results)
            for key in (f"member_{name}", name, "disagreement")
        )
        ratio = f"{ensemble / members:.2f}" if members else ""
        numbers = [f"{members:.4f}", f"{ensemble:.4f}", ratio, f"{disagreement:.3f}"]
        lines.append([f"{table} ({MEASURES[name]})", *numbers])
    return _as_text(lines)


def measured_recipes():
    """Return the names of all recipes with results."""
    paths = sorted(FOLDER.glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8"))["recipe"] for path in paths]


def compared(recipe, base="before"):
    """Return a recipe's results and those of another one on the same splits.

    Returns a dict table -> {"splits": number, measure: (mean, mean of the other)}.
    """
    before, results = (load_results(path_of(name)) for name in (base, recipe))
    tables = {}
    for table, ours in results.items():
        theirs = before.get(table, {})
        numbers = sorted(ours.keys() & theirs.keys())
        if not numbers:
            continue
        tables[table] = {"splits": len(numbers)} | {
            name: tuple(
                statistics.fmean(each[n][name] for n in numbers)
                for each in (ours, theirs)
            )
            for name in (*MEASURES, "cpu_seconds")
            if name in ours[numbers[0]]
        }
    return tables


def _markdown(title, rows):
    """Return a Markdown table of means over tables; rows are name -> [comparison]."""
    head = [title, "splits", *MEASURES.values(), "CPU time"]
    if title != "table":
        head += ["largest", "tables"]
    lines = [head, ["---"] * len(head)]
    for name, tables in rows.items():
        cells = [name, str(sum(each["splits"] for each in tables))]
        for measure in MEASURES:
            pairs = [each[measure] for each in tables if measure in each]
            means = map(statistics.fmean, zip(*pairs, strict=True))
            cell = " / ".join(f"{mean:.4f}" for mean in means)
            if title == "variant" and pairs:
                logs = [math.log((a + SHIFT) / (b + SHIFT)) for a, b in pairs]
                cell += f" ({math.exp(statistics.fmean(logs)):.2f})"
            cells.append(cell)
        share = largest = ""
        # Times of a recipe that was measured under other conditions are not saved.
        if all("cpu_seconds" in each for each in tables):
            ours, theirs = zip(*(each["cpu_seconds"] for each in tables), strict=True)
            share = f"{sum(ours) / sum(theirs):.2f}"
            largest = f"{max(a / b for a, b in zip(ours, theirs, strict=True)):.2f}"
        cells.append(share)
        if title != "table":
            cells += [largest, str(len(tables))]
        lines.append(cells)
    return _as_text(lines)


def _as_text(lines):
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


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
        parts = (
            table_of_defaults,
            table_of_variants,
            table_of_diversity,
            table_of_recipes,
        )
        print(*(part() for part in parts), sep="\n")
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
