"""
Prediction intervals by quantiles
=================================

How uncertain is the predicted price of a house?  A single network predicts five
quantiles of the price, which never cross.

Run ``python examples/housing_intervals.py``, with ``--quick`` for a part of the data.
The data come from ``fetch_california_housing`` (once; scikit-learn keeps a copy).
Saves a plot of the intervals and their coverage as ``output/housing_intervals.png``
beside this file.

The documentation shows a run with ``--quick``.
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
# One network, five quantiles
# ---------------------------
#
# The quantile loss (pinball loss) is asymmetric.  For the quantile 0.95, a prediction
# that is too low costs nineteen times as much as one that is too high, so that the
# network learns a value that is exceeded only once in twenty cases.  Each quantile has
# its own output; all share the hidden layers.  The outputs are sorted, in the loss as
# in ``predict``, so that the quantiles never cross.

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
print(f"score (mean D2 of the quantiles): {pipeline.score(X_test, y_test):.3f}")

# %%
# Coverage on test data
# ---------------------
#
# A quarter of the test prices should be below the predicted quantile 0.25, and so on.

print("quantile   share of test prices below")
covered = (y_test[:, np.newaxis] <= predicted).mean(axis=0)
for level, share in zip(levels, covered, strict=True):
    print(f"{level:8.2f}{share:12.3f}")
inside = (y_test >= predicted[:, 0]) & (y_test <= predicted[:, -1])
width = predicted[:, -1] - predicted[:, 0]
print(f"\n90 % intervals hold {inside.mean():.1%} of the test prices;")
print(
    f"their width goes from {np.quantile(width, 0.05):.2f} to "
    f"{np.quantile(width, 0.95):.2f} (x 100,000 $)"
)

# %%
# The left panel shows a sample of houses in the order of their predicted medians.  The
# widths of the intervals differ from house to house, with the predicted uncertainty.

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
left.plot(place[~is_in], y_test[shown][~is_in], "rx", ms=6, label="price outside")
left.set(
    xlabel="120 houses of the test set, by predicted median",
    ylabel="price in 100,000 $",
    title=f"{inside.mean():.1%} of all test prices lie in their 90 % interval",
)
left.legend(loc="upper left")
right.plot([0, 1], [0, 1], color="gray", lw=1)
right.plot(levels, covered, "o-")
right.set(xlabel="quantile", ylabel="share of prices below", title="coverage", aspect=1)

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "housing_intervals.png", dpi=120)
print("figure: examples/output/housing_intervals.png")
