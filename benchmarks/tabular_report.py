"""Summarize and draw the results of ``tabular.py`` and ``tabular_time.py``.

    python benchmarks/tabular_report.py           print Markdown tables
    python benchmarks/tabular_report.py --write   put them into tabular.md

Both draw ``results/tabular_accuracy_time.png`` (summary) and ``results/tabular.png``
(every table).

Errors, log losses and root mean squared errors (divided by the target's standard
deviation) are averaged over the splits of a table first.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from _measure import RESULTS
from _tabular_data import MEASURES
from _tabular_figures import draw_accuracy_and_time, draw_tables
from _tabular_results import (
    MIN_TABLES,
    NAMES,
    OURS,
    OURS_FAST,
    OURS_SINGLE,
    SECONDS,
    VARIANTS,
    averages,
    geometric_mean,
    is_complete,
    load,
    on_common_splits,
    ratios,
    without_most_influential,
)
from scipy.stats import rankdata
from tabular_recipes import (
    table_of_defaults,
    table_of_diversity,
    table_of_recipes,
    table_of_variants,
)

# A table is named if the mean ratio without it differs by more than this share.
INFLUENTIAL = 0.05
# Tables of several sizes, training rows and columns.
SIZES = {
    "credit_g": "800 x 20",
    "abalone": "3,341 x 8",
    "churn": "8,000 x 10",
    "adult": "16,000 x 14",
}


def ranks_of(measured, measure):
    """Return method -> rank on each table, of all methods that have all tables."""
    methods = [m for m in measured if is_complete(measured, m, measure)]
    values = {m: averages(measured[m][measure]) for m in methods}
    tables = values[OURS].keys()
    ranks = [rankdata([values[m][table] for m in methods]) for table in tables]
    return dict(zip(methods, np.transpose(ranks), strict=True))


def markdown(header, rows):
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def readable(seconds):
    """Return seconds with two digits."""
    return f"{seconds:,.{2 if seconds < 1 else 1 if seconds < 10 else 0}f}"


def _mean_and_median(ranks):
    return f"{np.mean(ranks):.1f} ({np.median(ranks):g})"


def comparison(measured, mine, measure):
    """Compare one of our methods with every peer in one measure."""
    ranks = {m: _mean_and_median(r) for m, r in ranks_of(measured, measure).items()}
    header = [
        f"{MEASURES[measure]}, {NAMES[mine]} / peer",
        "mean ratio",
        "median ratio",
        "wins, ties, losses",
        "mean ratio without one table",
        f"mean rank of {len(ranks)} (median)",
    ]
    rows = [[NAMES[mine], "", "", "", "", ranks[mine]]]
    for method in measured:
        pairs = on_common_splits(measured[mine][measure], measured[method][measure])
        if method in VARIANTS or not pairs:
            continue
        values = ratios(measured[mine][measure], measured[method][measure])
        average = geometric_mean(values.values())
        influential = ""
        if len(values) >= MIN_TABLES:
            table, rest = without_most_influential(values)
            if abs(rest / average - 1) > INFLUENTIAL:
                influential = f"{rest:.2f} ({table})"
        signs = [np.sign(a - b) for a, b in pairs.values()]
        rows.append(
            [
                NAMES[method],
                f"{average:.2f}",
                f"{np.median(list(values.values())):.2f}",
                ", ".join(str(signs.count(sign)) for sign in (-1, 0, 1)),
                influential,
                ranks.get(method, ""),
            ]
        )
    return markdown(header, rows)


def fit_times(measured):
    """Return the median and the sum of the fit times over tables."""
    tasks = {
        "classification": measured[OURS]["error"].keys(),
        "regression": measured[OURS]["nrmse"].keys(),
    }
    header = ["seconds to fit"]
    for task, tables in tasks.items():
        header += [f"{task}, median", f"sum of {len(tables)} tables"]
    rows = []
    for method, results in measured.items():
        seconds = averages(results[SECONDS])
        cells = []
        for tables in tasks.values():
            values = [seconds[table] for table in tables if table in seconds]
            if len(values) == len(tables):
                cells += [readable(np.median(values)), readable(sum(values))]
            else:
                cells += ["", ""]
        if any(cells):
            rows.append([NAMES[method], *cells])
    return markdown([*header], rows)


def fit_times_by_size(measured):
    """Return the fit times on tables of several sizes."""
    methods = [m for m in measured if SIZES.keys() <= measured[m][SECONDS].keys()]
    seconds = {m: averages(measured[m][SECONDS]) for m in methods}
    rows = [
        [table, size, *(readable(seconds[m][table]) for m in methods)]
        for table, size in SIZES.items()
    ]
    header = ["seconds to fit", "training rows x columns", *(NAMES[m] for m in methods)]
    return markdown(header, rows)


def read(name):
    """Return the saved results of a section of tabular_time.py."""
    path = RESULTS / f"tabular_time_{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def default_fits():
    """Return the fit times of synthetic tables, ours and the peers'."""
    results = read("sizes")
    header = ["seconds to fit", "rows x columns"]
    rows = [
        [
            result["task"],
            f"{result['n_rows']:,} x {result['n_features']}",
            *(readable(seconds["median"]) for seconds in result["seconds"].values()),
        ]
        for result in results
    ]
    return markdown([*header, *(NAMES[m] for m in results[0]["seconds"])], rows)


def limited_fits():
    """Return the fit times with ``max_time``."""
    header = ["task", "rows", "columns", "max_time", "seconds", "epochs", "score"]
    rows = []
    for result in read("limits"):
        first, last = result["n_epochs"]
        rows.append(
            [
                result["task"],
                f"{result['n_rows']:,}",
                str(result["n_features"]),
                str(result["max_time"]),
                f"{result['seconds']:.2f}",
                str(first) if first == last else f"{first} to {last}",
                f"{result['oof_score']:.3f}",
            ]
        )
    return markdown(header, rows)


def rare_classes():
    """Return the scores of probabilities of rare classes."""
    path = RESULTS / "imbalance.json"
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    header = ["share of the class", "method", "log loss", "Brier score", "ROC AUC"]
    rows = [
        [
            share,
            NAMES.get(name, name.replace("ours", NAMES[OURS])),
            *(f"{scores[key]:.5f}" for key in ("log_loss", "brier")),
            f"{scores['auc']:.3f}",
        ]
        for share, methods in results.items()
        for name, scores in methods.items()
    ]
    return markdown(header, rows)


def results_per_table(measured, measure, name, form):
    """Return the result of every method on every table."""
    methods = [m for m in measured if measured[m][measure]]
    values = {m: averages(measured[m][measure]) for m in methods}
    rows = []
    for table in values[OURS]:
        best = min(values[m][table] for m in methods if table in values[m])
        cells = []
        for method in methods:
            value = values[method].get(table)
            text = "" if value is None else form(value)
            cells.append(f"**{text}**" if value == best else text)
        rows.append([table, *cells])
    return markdown([name, *(NAMES[m] for m in methods)], rows)


def sections(measured):
    """Return name -> Markdown of each part of tabular.md that is made here."""
    values = [(measure, name, "{:.4f}".format) for measure, name in MEASURES.items()]
    values.append((SECONDS, "seconds to fit", readable))
    return {
        "comparison": [comparison(measured, OURS, m) for m in MEASURES],
        "comparison of the fast preset": [
            comparison(measured, OURS_FAST, m) for m in MEASURES
        ],
        "comparison of one network": [
            comparison(measured, OURS_SINGLE, m) for m in MEASURES
        ],
        "seconds": [fit_times(measured)],
        "seconds by size": [fit_times_by_size(measured)],
        "seconds of synthetic tables": [default_fits()],
        "seconds with limits": [limited_fits()],
        "defaults beside earlier ones": [table_of_defaults()],
        "recipes": [table_of_recipes()],
        "variants of the defaults": [table_of_variants()],
        "diversity": [table_of_diversity()],
        "rare classes": [rare_classes()],
        "results": [results_per_table(measured, *each) for each in values],
    }


def write(path, texts):
    """Replace what lies between the comments "begin NAME" and "end NAME" of a page."""
    page = path.read_text(encoding="utf-8")
    for name, tables in texts.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, rest = page.split(begin)
        page = before + begin + "\n" + "\n".join(tables) + "\n" + end
        page += rest.split(end, 1)[1]
    path.write_text(page, encoding="utf-8")


def main():
    """Read the command line, print or write the tables, draw the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    measured = load()
    texts = sections(measured)
    if args.write:
        write(Path(__file__).with_name("tabular.md"), texts)
    else:
        print("\n".join(table for tables in texts.values() for table in tables))
    draw_tables(measured)
    draw_accuracy_and_time(measured)


if __name__ == "__main__":
    main()
