"""
Prediction intervals by quantile regression
===========================================

One network predicts five quantiles of the price of a house.  The intervals between them
are wide where the price is uncertain, and narrow elsewhere.  The quantiles never cross.

Run ``python examples/housing_intervals.py``, with ``--quick`` for a part of the data.
The data are downloaded once; scikit-learn keeps a copy.  The figure is saved as
``output/housing_intervals.png`` next to this file.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.losses import Quantile

parser = argparse.ArgumentParser(description="Prediction intervals by quantiles")
parser.add_argument("--quick", action="store_true", help="fewer epochs and data")
quick = parser.parse_args().quick

X, y = fetch_california_housing(return_X_y=True)
if quick:
    X, y = X[::4], y[::4]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# Quantile loss
# -------------
#
# The quantile loss (pinball loss) is asymmetric: for the 0.95 quantile, an error costs
# 19 times as much if the prediction is too low than if it is too high.  It is minimized
# by a value that the price exceeds with a probability of 5%.  The network has an
# output for each quantile.  The outputs are sorted, both in the loss and in
# ``predict``, so that the quantiles do not cross.

levels = (0.05, 0.25, 0.5, 0.75, 0.95)
pipeline = make_pipeline(
    QuantileTransformer(output_distribution="normal", random_state=0),
    NumpyMLPRegressor(
        Quantile(levels),
        hidden_layer_sizes=(128, 128),
        activation="silu",
        dropout=0.1,
        learning_rate="one_cycle",
        learning_rate_init=0.005,
        weight_decay=0.02,
        max_iter=15 if quick else 60,
        dtype="float32",
        random_state=0,
    ),
).fit(X_train, y_train)
predicted = pipeline.predict(X_test)
assert (np.diff(predicted, axis=1) >= 0).all()
print(f"mean D2 pinball score of the test set: {pipeline.score(X_test, y_test):.3f}")

# %%
# Coverage
# --------
#
# The quantiles are calibrated if a fraction of 0.25 of the test prices is below the
# predicted 0.25 quantile, and so on.

print("quantile   fraction of test prices below it")
covered = (y_test[:, np.newaxis] <= predicted).mean(axis=0)
for level, share in zip(levels, covered, strict=True):
    print(f"{level:8.2f}{share:12.3f}")
inside = (y_test >= predicted[:, 0]) & (y_test <= predicted[:, -1])
width = predicted[:, -1] - predicted[:, 0]
print(f"\ncoverage of the 90 % intervals: {inside.mean():.1%}")
narrow, wide = np.quantile(width, [0.05, 0.95])
print(f"90 % of their widths are between {narrow:.2f} and {wide:.2f} (100,000 $)")

# %%
# The left panel shows 120 districts of the test set, sorted by their predicted median.
# The widths of their intervals differ, since the network predicts them.  The right
# panel shows the calibration of the quantiles.

shown = np.random.default_rng(0).choice(len(y_test), 120, replace=False)
shown = shown[predicted[shown, 2].argsort()]
low, quarter, median, three_quarters, high = predicted[shown].T
place = np.arange(len(shown))
fig, (left, right) = plt.subplots(
    1, 2, figsize=(11, 4.5), width_ratios=[2.2, 1], layout="constrained"
)
left.fill_between(place, low, high, alpha=0.2, color="C0", label="90 % interval")
left.fill_between(
    place, quarter, three_quarters, alpha=0.4, color="C0", label="50 % interval"
)
left.plot(place, median, color="C0", label="median")
is_in = inside[shown]
left.plot(place[is_in], y_test[shown][is_in], "k.", ms=5, label="price")
left.plot(
    place[~is_in],
    y_test[shown][~is_in],
    "rx",
    ms=6,
    label="price outside of 90 % interval",
)
left.set(
    xlabel="120 districts of the test set, by predicted median",
    ylabel="price (100,000 $)",
    title=f"coverage of the 90 % intervals on the test set: {inside.mean():.1%}",
)
left.legend(loc="upper left")
right.plot([0, 1], [0, 1], color="gray", lw=1)
right.plot(levels, covered, "o-")
right.set(
    xlabel="quantile",
    ylabel="fraction of test prices below it",
    title="calibration",
    aspect=1,
)

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "housing_intervals.png", dpi=120)
print("figure: examples/output/housing_intervals.png")
