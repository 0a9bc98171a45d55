"""Draw the results of ``speed.py --save`` and ``scaling.py --save``.

    python benchmarks/plots.py

writes ``results/speed.png`` and ``results/scaling.png``, and prints the results as
Markdown tables.
"""

import json

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from _measure import RESULTS, readable
from matplotlib.ticker import NullLocator

COLORS = {
    "scikit-learn": "#e6862a",
    "torch": "#c8452f",
    "torch, 1 thread": "#e29c8f",
    "skorch": "#8c6bb1",
    "jax": "#3a7d44",
}
OURS, FLOOR = "#22577a", "#9aa5b1"


def load(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def caption(record):
    versions = ", ".join(f"{k} {v}" for k, v in record["versions"].items() if v)
    return f"{record['machine']}, {record['cores']} cores; {versions}"


def draw_speed():
    """Ratio of the time of an epoch to each peer's, with its spread."""
    record = load("speed_step")
    cases = record["results"]
    fig, ax = plt.subplots(figsize=(9, 0.62 * len(cases) + 1.6), layout="constrained")
    height = 0.8 / len(COLORS)
    for k, (peer, color) in enumerate(COLORS.items()):
        rows = [i for i, case in enumerate(cases) if peer in case["result"]]
        values = [cases[i]["result"][peer] for i in rows]
        ratio = np.array([value["ratio"] for value in values])
        spread = [
            ratio - [value["lowest"] for value in values],
            [value["highest"] for value in values] - ratio,
        ]
        ax.errorbar(
            ratio,
            np.array(rows) + (k - (len(COLORS) - 1) / 2) * height,
            xerr=spread,
            fmt="o",
            color=color,
            lw=1.2,
            label=peer,
        )
    floor = [1 / case["result"]["matrix products"]["ratio"] for case in cases]
    for row, share in enumerate(floor):
        ax.annotate(
            f"{share:.0%}",
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color="#333333",
        )
    ax.annotate(
        "matrix\nproducts",
        (1.01, 1.0),
        xycoords="axes fraction",
        va="bottom",
        fontsize=8,
        color="#333333",
    )
    ax.set_xscale("log")
    ticks = (0.05, 0.1, 0.2, 0.5, 1, 2)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.axvline(1.0, color="black", lw=0.8)
    ax.grid(axis="x", alpha=0.3)
    for row in range(1, len(cases)):
        ax.axhline(row - 0.5, color="#dddddd", lw=0.6)
    ax.set_yticks(range(len(cases)), [case["case"] for case in cases], fontsize=8)
    ax.invert_yaxis()
    ax.set_xlabel("time of this package / time of the peer (less is better)")
    ax.set_title("A training epoch, Adam")
    ax.legend(loc="lower left", fontsize=8)
    fig.supxlabel(caption(record), fontsize=6)
    fig.savefig(RESULTS / "speed.png", dpi=120)
    plt.close(fig)


TITLES = {
    "rows": ("rows", "time of an epoch"),
    "features": ("features", "time of a step, 100 hidden units"),
    "width": ("units in each of two hidden layers", "time of a step"),
    "depth": ("hidden layers of 256 units", "time of a step"),
    "batch": ("rows in a batch", "time of a step, 100 hidden units"),
    "density": ("share of numbers that are not zero", "time of a step, CSR"),
}


def draw_scaling():
    """Seconds against each size, on logarithmic axes."""
    record = load("scaling")
    fig, axes = plt.subplots(2, 3, figsize=(12, 7.2), layout="constrained")
    styles = {
        "scikit-learn": (COLORS["scikit-learn"], "s-", "scikit-learn"),
        "ours, dense": (COLORS["skorch"], "d--", "this package, the same data dense"),
        "matrix products": (FLOOR, ".:", "matrix products alone"),
        "ours": (OURS, "o-", "this package"),
    }
    for ax, (name, points) in zip(axes.flat, record["sweeps"].items(), strict=True):
        x = [point["value"] for point in points]
        for key, (color, style, label) in styles.items():
            if key not in points[0]["result"]:
                continue
            y = [_seconds(name, point, key) for point in points]
            ax.loglog(x, y, style, color=color, label=label)
        if name == "depth":
            ax.set_xticks(x, [str(depth) for depth in x])
            ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlabel(TITLES[name][0])
        ax.set_ylabel("seconds")
        ax.set_title(TITLES[name][1], fontsize=10)
        ax.grid(alpha=0.3)
        ax.legend(fontsize=7)
    fig.supxlabel(caption(record), fontsize=6)
    fig.savefig(RESULTS / "scaling.png", dpi=110)
    plt.close(fig)


def _seconds(sweep, point, key):
    seconds = point["result"][key]["median"]
    if sweep == "rows":
        return seconds
    setting = point["setting"]
    return seconds / -(-setting["n_rows"] // setting["batch_size"])


def print_tables():
    """One table for each section: our median, and our share of each peer's time."""
    for path in sorted(RESULTS.glob("speed_*.json")):
        record = load(path.stem)
        print(f"\n{path.stem.removeprefix('speed_')}: {caption(record)}\n")
        peers = []
        for case in record["results"]:
            peers += [p for p in case["result"] if p != "ours" and p not in peers]
        print(f"| | ours | {' | '.join(peers)} |")
        print("|---" * (len(peers) + 2) + "|")
        unit = "B" if path.stem in ("speed_memory", "speed_pickle") else "s"
        for case in record["results"]:
            result = case["result"]
            scale, name = readable(result["ours"]["median"], unit)
            cells = [f"{result['ours']['median'] * scale:.3g} {name}"]
            for peer in peers:
                value = result.get(peer)
                cells.append(
                    ""
                    if value is None
                    else f"{value['ratio']:.2f} "
                    f"({value['lowest']:.2f} - {value['highest']:.2f})"
                )
            print(f"| {case['case']} | {' | '.join(cells)} |")


if __name__ == "__main__":
    print_tables()
    if (RESULTS / "speed_step.json").exists():
        draw_speed()
    if (RESULTS / "scaling.json").exists():
        draw_scaling()
