"""Summarize and draw the results of ``tabular.py --save``.

    python benchmarks/tabular_report.py

prints tables in Markdown and writes ``results/tabular.png``.  Means over tables are
shifted geometric means, exp(mean(log(x + 0.01))), as in the paper on RealMLP: of
errors, losses and root mean squared errors (divided by the target's standard
deviation), each averaged over the splits first, those that both methods have.
"""

import json

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from _measure import RESULTS

SHIFT = 0.01
# A method with fewer results is in the tables, not in the figure.
MIN_TABLES = 8
MEASURES = {"error": "error", "log_loss": "log loss", "nrmse": "nRMSE"}
NAMES = {
    "ours": "ours",
    "ours_single": "ours, one network",
    "sklearn_mlp": "MLP of scikit-learn",
    "sklearn_mlp_scaled_target": "the same, target scaled",
    "hist_gradient_boosting": "HistGradientBoosting",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "realmlp": "RealMLP-TD",
    "tabm": "TabM",
    "tabm_mini": "TabM-mini, 16 members",
}
COLORS = {
    "sklearn_mlp": "#e6862a",
    "sklearn_mlp_scaled_target": "#f2c14e",
    "hist_gradient_boosting": "#9aa5b1",
    "lightgbm": "#8c6bb1",
    "catboost": "#3a7d44",
    "realmlp": "#c8452f",
    "tabm": "#a0522d",
    "tabm_mini": "#d2a679",
}
OURS = "#22577a"


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
            for measure in (*MEASURES, "fit_seconds")
        }
    return measured


def mean(values):
    """Return the shifted geometric mean."""
    return float(np.exp(np.mean(np.log(np.asarray(values) + SHIFT))))


def compare(ours, theirs):
    """Return ours / theirs of the means, tables ahead, and tables in common."""
    pairs = list(on_common_splits(ours, theirs).values())
    if not pairs:
        return None
    ratio = mean([a for a, _ in pairs]) / mean([b for _, b in pairs])
    ahead = sum(1.0 if a < b else 0.5 * (a == b) for a, b in pairs)
    return ratio, ahead, len(pairs)


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


def print_tables(measured):
    """Print every result, then the comparisons."""
    for measure, name in (*MEASURES.items(), ("fit_seconds", "seconds to fit")):
        methods = [m for m in measured if measured[m][measure]]
        tables = sorted(set().union(*(measured[m][measure] for m in methods)))
        print(f"\n| {name} | " + " | ".join(NAMES[m] for m in methods) + " |")
        print("|---" * (len(methods) + 1) + "|")
        digits = 1 if measure == "fit_seconds" else 4
        for table in tables:
            splits = [measured[m][measure].get(table) for m in methods]
            row = [
                None if each is None else float(np.mean(list(each.values())))
                for each in splits
            ]
            best = min(value for value in row if value is not None)
            cells = [
                ""
                if v is None
                else f"**{v:.{digits}f}**"
                if v == best
                else f"{v:.{digits}f}"
                for v in row
            ]
            print(f"| {table} | " + " | ".join(cells) + " |")
    for mine in ("ours", "ours_single"):
        if mine not in measured:
            continue
        print(f"\n{NAMES[mine]} / theirs: mean (tables ahead)\n")
        print("| | " + " | ".join(MEASURES.values()) + " | seconds to fit |")
        print("|---" * (len(MEASURES) + 2) + "|")
        for method in measured:
            if method in ("ours", "ours_single"):
                continue
            cells = []
            for measure in (*MEASURES, "fit_seconds"):
                result = compare(measured[mine][measure], measured[method][measure])
                if result is None:
                    cells.append("")
                    continue
                ratio, ahead, n = result
                cells.append(f"{ratio:.2f} ({ahead:g} of {n})")
            print(f"| {NAMES[method]} | " + " | ".join(cells) + " |")


def draw(measured):
    """Each table's ratio to each peer, and the mean, on a logarithmic axis."""
    fig, axes = plt.subplots(
        1, len(MEASURES), figsize=(12, 6.2), layout="constrained", sharex=False
    )
    for ax, (measure, name) in zip(axes, MEASURES.items(), strict=True):
        ours = measured["ours"][measure]
        tables = sorted(ours, reverse=True)
        rows = ["mean", *tables]
        for method, color in COLORS.items():
            theirs = measured.get(method, {}).get(measure, {})
            if len(set(theirs) & set(ours)) < MIN_TABLES:
                continue
            if measure != "nrmse" and method == "sklearn_mlp_scaled_target":
                continue
            points = [
                (tables.index(table) + 1, (a + SHIFT) / (b + SHIFT))
                for table, (a, b) in on_common_splits(ours, theirs).items()
            ]
            ax.plot(
                [ratio for _, ratio in points],
                [i for i, _ in points],
                "o",
                ms=5,
                color=color,
                alpha=0.75,
                label=NAMES[method],
            )
            ax.plot(compare(ours, theirs)[0], 0, "D", ms=8, color=color, mec="black")
        ax.axvline(1.0, color=OURS, lw=1.2)
        ax.axhline(0.5, color="#cccccc", lw=0.8)
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        ax.set_xlim(max(low, 0.15), min(high, 2.5))
        ticks = [t for t in (0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0) if low < t < high]
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
        ax.set_yticks(range(len(rows)), rows)
        ax.set_title(f"{name}, ours / theirs")
        ax.grid(axis="x", color="#eeeeee")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    handles, labels = axes[2].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    fig.suptitle("Left of the line, TabularMLP is better; diamonds are means")
    fig.savefig(RESULTS / "tabular.png", dpi=110)


if __name__ == "__main__":
    results = load()
    print_tables(results)
    if "ours" in results:
        draw(results)
