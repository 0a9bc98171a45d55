"""
A raw table in, predictions with intervals out
==============================================

No scaling, encoding or tuning: ``TabularMLPRegressor()`` takes California housing as a
data frame; then the same table with holes and texts in it.

Run ``python examples/tabular.py``, with ``--quick`` for a part of the data.  The data
come from ``fetch_california_housing`` (once; scikit-learn keeps a copy).  Draws
predictions and the calibration of intervals into ``output/tabular.png`` beside this
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
# Fit, and know how good it is
# ----------------------------
#
# Several networks are trained, each without one fold of the rows.  For every row there
# is thus a network that has not seen it, and what these predict says what to expect of
# new rows, before a test set is touched: that is ``oof_score_``, for out of fold.

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
# What real tables are like
# -------------------------
#
# A tenth of all numbers is missing, and there is a column of texts, with gaps of its
# own.  Nothing has to be done about either.  (A single network and few epochs, for
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
# Intervals
# ---------
#
# The errors on rows that were left out also say how far off a prediction may be.  An
# interval that is asked to hold 80 % of the prices should hold 80 % of those in the
# test set: then the points of the right panel lie on the diagonal.

levels = np.linspace(0.1, 0.9, 9)
shares = []
for level in levels:
    low, high = reg.prediction_interval(X_test, coverage=level).T
    shares.append(np.mean((low <= y_test) & (y_test <= high)))
    print(f"{level:.0%} intervals hold {shares[-1]:.1%} of the test prices")
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
left.plot(y_test, reg.predict(X_test), ".", ms=2, alpha=0.4)
left.plot([0, 5], [0, 5], color="grey", lw=1)
left.set(
    xlabel="price in 100,000 $",
    ylabel="prediction",
    title=f"test set, R2 = {reg.score(X_test, y_test):.3f}",
    aspect=1,
)
right.plot([0, 1], [0, 1], color="grey", lw=1)
right.plot(levels, shares, "o-")
right.set(
    xlabel="coverage asked for",
    ylabel="share of test prices inside",
    title="prediction intervals",
    aspect=1,
)

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "tabular.png", dpi=120)
print("figure: examples/output/tabular.png")
