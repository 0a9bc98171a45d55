"""Figures of the tabular benchmark."""

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from _measure import RESULTS
from _tabular_data import MEASURES
from _tabular_results import (
    BAGGED,
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
    ratios,
)
from PIL import Image

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
