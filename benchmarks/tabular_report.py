"""Summarize and draw the results of ``tabular.py`` and ``tabular_time.py``.

    python benchmarks/tabular_report.py           print Markdown tables
    python benchmarks/tabular_report.py --write   put them into tabular.md

Both draw ``results/tabular_accuracy_time.png`` (summary) and ``results/tabular.png``
(every table).

Errors, log losses and root mean squared errors (divided by the target's standard
deviation) are averaged over the splits of a table first.  The ratio of two methods on a
table is (a + 0.01) / (b + 0.01), and means of ratios are geometric: this compares
shifted geometric means, as in the RealMLP paper.
"""

import argparse
import json
from pathlib import Path

import matplotlib
import numpy as np
from scipy.stats import rankdata

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from _measure import RESULTS
from _tabular_data import MEASURES, load_results
from PIL import Image
from tabular_recipes import (
    SHIFT,
    table_of_defaults,
    table_of_diversity,
    table_of_recipes,
    table_of_variants,
)

# A method with fewer results is left out of ranks and figures.
MIN_TABLES = 8
# A table is named if the mean ratio without it differs by more than this share.
INFLUENTIAL = 0.05
SECONDS = "fit_seconds"
BAGGED = "_bagged"  # the end of the names of averages of five models
# Tables of several sizes, training rows and columns.
SIZES = {
    "credit_g": "800 x 20",
    "abalone": "3,341 x 8",
    "churn": "8,000 x 10",
    "adult": "16,000 x 14",
}
OURS, OURS_FAST, OURS_SINGLE = "ours", "ours_fast", "ours_single"
VARIANTS = (OURS, OURS_FAST, OURS_SINGLE)
NAMES = {
    OURS: "TabularMLP",
    OURS_FAST: "TabularMLP, fast",
    OURS_SINGLE: "TabularMLP, one network",
    "sklearn_mlp": "scikit-learn's MLP",
    "sklearn_mlp_scaled_target": "scikit-learn's MLP, scaled target",
    "hist_gradient_boosting": "HistGradientBoosting",
    "hist_gradient_boosting_bagged": "HistGradientBoosting ×5",
    "lightgbm": "LightGBM",
    "lightgbm_bagged": "LightGBM ×5",
    "catboost": "CatBoost",
    "catboost_bagged": "CatBoost ×5",
    "realmlp": "RealMLP-TD, one network",
    "realmlp_bagged": "RealMLP-TD ×5",
    "tabm": "TabM",
    "tabm_mini": "TabM-mini, 16 members",
}
COLORS = {
    OURS: "#22577a",
    OURS_FAST: "#22577a",
    OURS_SINGLE: "#22577a",
    "sklearn_mlp": "#c96a10",
    "sklearn_mlp_scaled_target": "#a8791a",
    "hist_gradient_boosting": "#5f6b78",
    "hist_gradient_boosting_bagged": "#5f6b78",
    "lightgbm": "#8c6bb1",
    "lightgbm_bagged": "#8c6bb1",
    "catboost": "#3a7d44",
    "catboost_bagged": "#3a7d44",
    "realmlp": "#c8452f",
    "realmlp_bagged": "#c8452f",
}


def load():
    """Return method -> measure -> table -> split -> value."""
    measured = {}
    folder = RESULTS / "tabular"
    for method in NAMES:
        results = load_results(folder / f"{method}.json")
        if not results:
            continue
        if method.endswith(BAGGED):
            singles = load_results(folder / f"{method.removesuffix(BAGGED)}.json")
            for table, splits in results.items():
                for number, split in splits.items():
                    single = singles[table][number]
                    split[SECONDS] = split[f"{SECONDS}_ratio"] * single[SECONDS]
        measured[method] = {
            measure: {
                table: {number: split[measure] for number, split in splits.items()}
                for table, splits in results.items()
                if all(measure in split for split in splits.values())
            }
            for measure in (*MEASURES, SECONDS)
        }
    return measured


def mean(values):
    """Return the shifted geometric mean."""
    return float(np.exp(np.mean(np.log(np.asarray(values) + SHIFT))))


def averages(splits_of_tables):
    """Return table -> mean over its splits."""
    return {
        table: float(np.mean(list(splits.values())))
        for table, splits in sorted(splits_of_tables.items())
    }


def on_common_splits(ours, theirs):
    """Return table -> means of ours and theirs over the splits that both have."""
    pairs = {}
    for table in sorted(set(ours) & set(theirs)):
        numbers = set(ours[table]) & set(theirs[table])
        if numbers:
            pairs[table] = tuple(
                float(np.mean([each[table][n] for n in numbers]))
                for each in (ours, theirs)
            )
    return pairs


def ratios(ours, theirs):
    """Return table -> shifted ratio ours / theirs."""
    return {
        table: (a + SHIFT) / (b + SHIFT)
        for table, (a, b) in on_common_splits(ours, theirs).items()
    }


def geometric_mean(values):
    """Return the geometric mean."""
    return float(np.exp(np.mean(np.log(list(values)))))


def without_most_influential(ratio_of_tables):
    """Return the table that moves the mean ratio most, and the mean without it."""
    logs = {table: np.log(ratio) for table, ratio in ratio_of_tables.items()}
    center = np.mean(list(logs.values()))
    table = max(logs, key=lambda name: abs(logs[name] - center))
    rest = [ratio for name, ratio in ratio_of_tables.items() if name != table]
    return table, geometric_mean(rest)


def is_complete(measured, method, measure):
    """Return whether a method has the tables and splits that ours has."""
    mine, theirs = measured[OURS][measure], measured.get(method, {}).get(measure, {})
    return mine.keys() == theirs.keys() and all(
        splits.keys() == theirs[table].keys() for table, splits in mine.items()
    )


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


def save_figure(fig, name, dpi):
    """Save a figure with 128 colors, which makes it smaller."""
    path = RESULTS / f"{name}.png"
    fig.savefig(path, dpi=dpi, facecolor="white")
    plt.close(fig)
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


def draw_tables(measured):
    """Each table's ratio to each peer, and the mean, on a logarithmic axis."""
    fig, axes = plt.subplots(
        1, len(MEASURES), figsize=(12, 6.4), layout="constrained", sharex=False
    )
    handles = {}
    for ax, (measure, name) in zip(axes, MEASURES.items(), strict=True):
        ours = measured[OURS][measure]
        tables = sorted(ours, reverse=True)
        rows = ["mean", *tables]
        for method, color in COLORS.items():
            theirs = measured.get(method, {}).get(measure, {})
            values = ratios(ours, theirs)
            if method in VARIANTS or len(values) < MIN_TABLES:
                continue
            face = "none" if method.endswith(BAGGED) else color
            (handles[NAMES[method]],) = ax.plot(
                list(values.values()),
                [tables.index(table) + 1 for table in values],
                "o",
                ms=5,
                color=color,
                mfc=face,
                alpha=0.8,
            )
            ax.plot(
                geometric_mean(values.values()), 0, "D", ms=8, color=color, mfc=face
            )
        ax.axvline(1.0, color=COLORS[OURS], lw=1.2)
        ax.axhline(0.5, color="#cccccc", lw=0.8)
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        ax.set_xlim(max(low, 0.15), min(high, 2.5))
        ticks = [t for t in (0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0) if low < t < high]
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
        ax.set_yticks(range(len(rows)), rows)
        ax.set_title(f"{name}, TabularMLP / peer")
        ax.grid(axis="x", color="#eeeeee")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    fig.legend(
        handles.values(), handles, loc="outside lower center", ncols=4, frameon=False
    )
    fig.suptitle("Left of the line, TabularMLP is better; diamonds are geometric means")
    save_figure(fig, "tabular", dpi=110)


# Method -> its name in the figure, and on which side of its point the name is, in the
# two panels; None if it is not drawn.
LABELS = {
    OURS: ("TabularMLP", "below", "below"),
    OURS_FAST: ("fast", "left", "left"),
    OURS_SINGLE: ("one network", "below", "right"),
    "sklearn_mlp": ("scikit-learn's MLP", "above", None),
    "sklearn_mlp_scaled_target": ("scikit-learn's MLP,\nscaled target", None, "above"),
    "hist_gradient_boosting": ("HistGB", "left", "above"),
    "hist_gradient_boosting_bagged": ("HistGB ×5", "left", "above"),
    "lightgbm": ("LightGBM", "above", "left"),
    "lightgbm_bagged": ("LightGBM ×5", "left", "left"),
    "catboost": ("CatBoost", "right", "left"),
    "catboost_bagged": ("CatBoost ×5", "right", "left"),
    "realmlp": ("RealMLP", "right", "above"),
    "realmlp_bagged": ("RealMLP ×5", "right", "above"),
}
SIDES = {
    "above": ((0, 8), "center", "bottom"),
    "below": ((0, -8), "center", "top"),
    "left": ((-8, 0), "right", "center"),
    "right": ((8, 0), "left", "center"),
}


def draw_accuracy_and_time(measured):
    """Median error relative to ours against fit time, one panel for each task."""
    fig, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained", sharey=True)
    panels = {"error": "Classification: error rate", "nrmse": "Regression: RMSE"}
    for i, (ax, (measure, title)) in enumerate(zip(axes, panels.items(), strict=True)):
        ours = measured[OURS][measure]
        for method, (name, *sides) in LABELS.items():
            if sides[i] is None or not is_complete(measured, method, measure):
                continue
            theirs = measured[method][measure]
            seconds = averages(measured[method][SECONDS])
            x = geometric_mean(seconds[table] for table in ours)
            y = np.median([1 / ratio for ratio in ratios(ours, theirs).values()])
            color = COLORS[method]
            face = "white" if method.endswith(BAGGED) else color
            ax.plot(x, y, "o", ms=8, color=color, mfc=face, mew=1.5)
            offset, ha, va = SIDES[sides[i]]
            ax.annotate(
                name,
                (x, y),
                offset,
                textcoords="offset points",
                ha=ha,
                va=va,
                color=color,
            )
        ax.axhline(1.0, color=COLORS[OURS], lw=0.8, zorder=0)
        ax.set_title(f"{title}, {len(ours)} tables", fontsize=11)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlim(0.006, 900)
        ax.set_ylim(0.95, 1.25)
        ax.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        ticks = [0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.grid(color="#eeeeee")
        ax.set_axisbelow(True)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    axes[0].set_ylabel("divided by TabularMLP's\n(median over tables)")
    fig.supxlabel(
        "seconds to fit on two cores (geometric mean over tables)", fontsize=10
    )
    save_figure(fig, "tabular_accuracy_time", dpi=150)


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
