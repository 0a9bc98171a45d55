"""Results of the tabular benchmark, and their means and ratios.

The ratio of two methods on a table is (a + 0.01) / (b + 0.01), and means of ratios are
geometric: this compares shifted geometric means, as in the RealMLP paper.
"""

import numpy as np
from _measure import RESULTS
from _tabular_data import MEASURES, load_results
from tabular_recipes import SHIFT

# A method with fewer results is left out of ranks and figures.
MIN_TABLES = 8
SECONDS = "fit_seconds"
BAGGED = "_bagged"  # the end of the names of averages of five models
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
