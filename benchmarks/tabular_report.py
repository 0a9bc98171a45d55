"""Summarize and draw the results of ``tabular.py --save``.

    python benchmarks/tabular_report.py

prints Markdown tables and writes ``results/tabular.png`` (every table) and
``results/tabular_accuracy_time.png`` (the summary).

Errors, log losses and root mean squared errors (divided by the target's standard
deviation) are averaged over the splits of a table first.  The ratio of two methods on a
table is (a + 0.01) / (b + 0.01), and means of ratios are geometric: this compares
shifted geometric means, as in the RealMLP paper.
"""

import json

import matplotlib
import numpy as np
from scipy.stats import rankdata

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from _measure import RESULTS

SHIFT = 0.01
# A method with fewer results is left out of ranks and figures.
MIN_TABLES = 8
# A table is named if the mean ratio without it differs by more than this share.
INFLUENTIAL = 0.05
MEASURES = {"error": "error", "log_loss": "log loss", "nrmse": "nRMSE"}
SECONDS = "fit_seconds"
OURS, OURS_SINGLE = "ours", "ours_single"
NAMES = {
    OURS: "TabularMLP",
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
    "tabm": "TabM",
    "tabm_mini": "TabM-mini, 16 members",
}
COLORS = {
    OURS: "#22577a",
    OURS_SINGLE: "#22577a",
    "sklearn_mlp": "#e6862a",
    "sklearn_mlp_scaled_target": "#f2c14e",
    "hist_gradient_boosting": "#7a8794",
    "hist_gradient_boosting_bagged": "#7a8794",
    "lightgbm": "#8c6bb1",
    "lightgbm_bagged": "#8c6bb1",
    "catboost": "#3a7d44",
    "catboost_bagged": "#3a7d44",
    "realmlp": "#c8452f",
}


def load():
    """Return method -> measure -> table -> split -> value."""
    measured = {}
    for method in NAMES:
        path = RESULTS / "tabular" / f"{method}.json"
        if not path.exists():
            continue
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
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


def mean_ranks(measured, measure):
    """Return method -> mean rank over the tables, of all methods that have them all."""
    values = {m: averages(measured[m][measure]) for m in measured}
    tables = values[OURS].keys()
    methods = [m for m in values if values[m].keys() == tables]
    ranks = [rankdata([values[m][table] for m in methods]) for table in tables]
    return dict(zip(methods, np.mean(ranks, axis=0), strict=True))


def print_row(*cells):
    """Print one row of a table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def print_header(*cells):
    """Print the first two rows of a table."""
    print()
    print_row(*cells)
    print("|---" * len(cells) + "|")


def print_comparison(measured, mine, measure):
    """Compare one of our methods with every peer in one measure."""
    ranks = mean_ranks(measured, measure)
    print_header(
        f"{MEASURES[measure]}, {NAMES[mine]} / peer",
        "mean ratio",
        "median ratio",
        "wins / ties / losses",
        "mean ratio without the most influential table",
        f"mean rank of {len(ranks)}",
    )
    print_row(NAMES[mine], "", "", "", "", f"{ranks[mine]:.1f}")
    for method in measured:
        pairs = on_common_splits(measured[mine][measure], measured[method][measure])
        if method in (OURS, OURS_SINGLE) or not pairs:
            continue
        values = ratios(measured[mine][measure], measured[method][measure])
        average = geometric_mean(values.values())
        note = ""
        if len(values) > 2:
            table, rest = without_most_influential(values)
            if abs(rest / average - 1) > INFLUENTIAL:
                note = f"{rest:.2f} ({table})"
        signs = [np.sign(a - b) for a, b in pairs.values()]
        print_row(
            NAMES[method],
            f"{average:.2f}",
            f"{np.median(list(values.values())):.2f}",
            " / ".join(str(signs.count(sign)) for sign in (-1, 0, 1)),
            note,
            f"{ranks[method]:.1f}" if method in ranks else "",
        )


def print_seconds(measured):
    """Print fit times: the median and the sum over tables."""
    tasks = {
        "classification": measured[OURS]["error"].keys(),
        "regression": measured[OURS]["nrmse"].keys(),
    }
    columns = [
        f"{task}, {statistic}" for task in tasks for statistic in ("median", "total")
    ]
    print_header("seconds to fit", *columns, "TabularMLP / peer, mean ratio")
    for method, results in measured.items():
        seconds = averages(results[SECONDS])
        cells = []
        for tables in tasks.values():
            values = [seconds[table] for table in tables if table in seconds]
            if len(values) == len(tables):
                cells += [f"{np.median(values):.1f}", f"{sum(values):.0f}"]
            else:
                cells += ["", ""]
        if not any(cells):
            continue
        ratio = geometric_mean(
            ratios(measured[OURS][SECONDS], results[SECONDS]).values()
        )
        print_row(NAMES[method], *cells, "" if method == OURS else f"{ratio:.2g}")


def print_results(measured, measure, name, digits):
    """Print the result of every method on every table."""
    methods = [m for m in measured if measured[m][measure]]
    values = {m: averages(measured[m][measure]) for m in methods}
    print_header(name, *(NAMES[m] for m in methods))
    for table in values[OURS]:
        best = min(values[m][table] for m in methods if table in values[m])
        cells = []
        for method in methods:
            value = values[method].get(table)
            text = "" if value is None else f"{value:.{digits}f}"
            cells.append(f"**{text}**" if value == best else text)
        print_row(table, *cells)


def print_tables(measured):
    """Print the comparisons, then every result."""
    for mine in (OURS, OURS_SINGLE):
        for measure in MEASURES:
            print_comparison(measured, mine, measure)
    print_seconds(measured)
    for measure, name in MEASURES.items():
        print_results(measured, measure, name, 4)
    print_results(measured, SECONDS, "seconds to fit", 1)


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
            if method in (OURS, OURS_SINGLE) or len(values) < MIN_TABLES:
                continue
            face = "none" if method.endswith("_bagged") else color
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
    fig.savefig(RESULTS / "tabular.png", dpi=110)
    plt.close(fig)


# Where the name stands beside its point: offset in points, alignment.
LABELS = {
    OURS: ("TabularMLP", (0, -17), "center"),
    OURS_SINGLE: ("TabularMLP,\none network", (0, -30), "center"),
    "sklearn_mlp": ("scikit-learn MLP", (0, 9), "center"),
    "sklearn_mlp_scaled_target": ("scikit-learn MLP", (0, 9), "center"),
    "hist_gradient_boosting": ("HistGB", (0, 9), "center"),
    "hist_gradient_boosting_bagged": ("HistGB ×5", (0, 9), "center"),
    "lightgbm": ("LightGBM", (0, -17), "center"),
    "lightgbm_bagged": ("LightGBM ×5", (0, -17), "center"),
    "catboost": ("CatBoost", (0, 9), "center"),
    "catboost_bagged": ("CatBoost ×5", (0, -17), "center"),
    "realmlp": ("RealMLP", (0, 9), "center"),
}


def draw_accuracy_and_time(measured):
    """Median error relative to ours against fit time, one panel for each task."""
    fig, axes = plt.subplots(1, 2, figsize=(8, 4.4), layout="constrained")
    panels = {"error": "Classification error", "nrmse": "Regression RMSE"}
    for ax, (measure, title) in zip(axes, panels.items(), strict=True):
        ours = measured[OURS][measure]
        for method, (name, offset, align) in LABELS.items():
            theirs = measured.get(method, {}).get(measure, {})
            if theirs.keys() != ours.keys():
                continue
            if measure == "nrmse" and method == "sklearn_mlp":
                continue
            seconds = averages(measured[method][SECONDS])
            x = geometric_mean(seconds[table] for table in ours)
            y = np.median([1 / ratio for ratio in ratios(ours, theirs).values()])
            face = "white" if method.endswith("_bagged") else COLORS[method]
            ax.plot(x, y, "o", ms=8, color=COLORS[method], mfc=face, mew=1.5)
            ax.annotate(
                name,
                (x, y),
                offset,
                textcoords="offset points",
                ha=align,
                color=COLORS[method],
            )
        ax.axhline(1.0, color=COLORS[OURS], lw=0.8, zorder=0)
        ax.set_title(f"{title}, {len(ours)} tables")
        ax.set_xscale("log")
        ax.set_yscale("log")
    fig.savefig(RESULTS / "tabular_accuracy_time.png", dpi=150, facecolor="white")
    plt.close(fig)


if __name__ == "__main__":
    results = load()
    print_tables(results)
    draw_tables(results)
    draw_accuracy_and_time(results)
