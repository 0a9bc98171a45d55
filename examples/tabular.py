"""
Raw tables and conformal prediction intervals
=============================================

Without scaling, encoding or hyperparameter tuning, ``TabularMLPRegressor()`` is fitted
to California housing as a data frame; then to the same table with missing values and a
column of strings.

Run ``python examples/tabular.py``, with ``--quick`` for a part of the data.  The data
come from ``fetch_california_housing`` (once; scikit-learn keeps a copy).  Saves a plot
of predictions and of the coverage of intervals as ``output/tabular.png`` beside this
file.

The documentation shows a run with ``--quick``.
"""

import argparse
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split

from sknumpy_mlp import TabularMLPRegressor

parser = argparse.ArgumentParser(description="A raw table in, predictions out")
parser.add_argument("--quick", action="store_true", help="fewer epochs and data")
quick = parser.parse_args().quick

# %%
# Fit with an out-of-fold score
# -----------------------------
#
# The estimator is a k-fold ensemble: each network is trained without one fold of the
# rows.  For every row there is thus a network that was not trained on it.  The score of
# these out-of-fold predictions, ``oof_score_``, estimates the score on new rows without
# a test set.

X, y = fetch_california_housing(return_X_y=True, as_frame=True)
if quick:
    X, y = X[::10], y[::10]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
reg = TabularMLPRegressor(random_state=0, verbose=True)
if quick:
    reg.set_params(max_iter=24)
began = time.perf_counter()
reg.fit(X_train, y_train)
print(f"fitted {len(X_train)} rows in {time.perf_counter() - began:.0f} s")
print(f"R2 on the test set:            {reg.score(X_test, y_test):.3f}")
print(f"R2 expected from the training: {reg.oof_score_:.3f}")

# %%
# Missing values and strings
# --------------------------
#
# A tenth of all numbers is missing, and there is a column of strings, with missing
# values as well.  Neither needs preprocessing.  (A single network and few epochs, for
# speed.)

rng = np.random.default_rng(0)
messy = X.mask(rng.random(X.shape) < 0.1)
coast = np.where(X["Longitude"] < -121, "north coast", "elsewhere")
messy["region"] = np.where(rng.random(len(X)) < 0.1, None, coast)
print(messy.head(4).to_string())
short = TabularMLPRegressor(random_state=0, ensemble=None, max_iter=32)
short.fit(messy.loc[X_train.index], y_train)
score = short.score(messy.loc[X_test.index], y_test)
print(f"R2 of a short fit with a tenth of all values missing: {score:.3f}")

# %%
# Conformal prediction intervals
# ------------------------------
#
# The out-of-fold errors also give conformal prediction intervals.  Intervals with a
# coverage of 80 % should contain 80 % of the prices in the test set: then the points of
# the right panel are on the diagonal.

levels = np.linspace(0.1, 0.9, 9)
shares = []
for level in levels:
    low, high = reg.prediction_interval(X_test, coverage=level).T
    shares.append(np.mean((low <= y_test) & (y_test <= high)))
    print(f"{level:.0%} intervals hold {shares[-1]:.1%} of the test prices")
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
left.plot(y_test, reg.predict(X_test), ".", ms=2, alpha=0.4)
left.plot([0, 5], [0, 5], color="gray", lw=1)
left.set(
    xlabel="price in 100,000 $",
    ylabel="prediction",
    title=f"test set, R2 = {reg.score(X_test, y_test):.3f}",
    aspect=1,
)
right.plot([0, 1], [0, 1], color="gray", lw=1)
right.plot(levels, shares, "o-")
right.set(
    xlabel="nominal coverage",
    ylabel="share of test prices inside",
    title="prediction intervals",
    aspect=1,
)

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "tabular.png", dpi=120)
print("figure: examples/output/tabular.png")
