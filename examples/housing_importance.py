"""
Which columns a prediction depends on
=====================================

A tabular regressor predicts house prices in California.  Three questions follow: which
columns matter, in which direction, and how certain is that?

Run ``python examples/housing_importance.py``, with ``--quick`` for a part of the data.
The data are downloaded once; scikit-learn keeps a copy.  The figures are saved as
``output/housing_importance.png`` and ``output/housing_dependence.png`` next to this
file.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn import inspection
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp.inspection import (
    ImportanceDisplay,
    input_gradient,
    permutation_importance,
)

parser = argparse.ArgumentParser(description="Which columns a prediction depends on")
parser.add_argument("--quick", action="store_true", help="shorter training, less data")
quick = parser.parse_args().quick

X, y = fetch_california_housing(return_X_y=True, as_frame=True)
if quick:
    X, y = X[::8], y[::8]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
regressor = TabularMLPRegressor(preset="fast" if quick else "default", random_state=0)
regressor.fit(X_train, y_train)
print(
    f"R2 out of fold {regressor.oof_score_:.3f}, on the test set "
    f"{regressor.score(X_test, y_test):.3f}"
)

# %%
# Which columns matter
# --------------------
#
# The *permutation importance* of a column is the decrease of R2 when its values are
# permuted.  Each network of the ensemble is tested on its own fold, so that the
# training data is enough, and nothing is fitted again.  Importances from the test set,
# by scikit-learn's function of the same name, are those of the ensemble, and a little
# smaller than those of its networks.

settings = {"n_repeats": 5, "random_state": 0}
importance = permutation_importance(regressor, X_train, y_train, **settings)
from_test = inspection.permutation_importance(regressor, X_test, y_test, **settings)
print("column      importance from folds   from the test set")
for name, mean, error, test in zip(
    importance.feature_names,
    importance.importances_mean,
    importance.standard_errors,
    from_test.importances_mean,
    strict=True,
):
    print(f"{name:12}{mean:10.3f} +- {error:.3f}{test:17.3f}")

# %%
# Latitude and longitude belong together: permuting one of them moves a district to a
# place that may be in the sea, and the loss of R2 is larger than without any location.
# The numbers of rooms and of bedrooms are correlated: a network could use one in
# place of the other, and each alone would seem unimportant.  Groups of columns are
# permuted together.

groups = {"location": ["Latitude", "Longitude"], "rooms": ["AveRooms", "AveBedrms"]}
display = ImportanceDisplay.from_estimator(
    regressor, X_train, y_train, feature_groups=groups, **settings
)
display.ax_.set_title("Importance for the price of a house")
output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
display.figure_.savefig(output / "housing_importance.png", dpi=120)

# %%
# In which direction
# ------------------
#
# The derivative of a prediction with respect to a column says how the price changes
# when the value of the column increases a little, for each district.  It is exact:
# backward passes compute it.

slopes = input_gradient(regressor, X_test)
print("column      median slope   districts where the price rises with the column")
for name, slope in zip(X.columns, slopes.T, strict=True):
    print(f"{name:12}{np.median(slope):13.2g}{(slope > 0).mean():12.0%}")

# %%
# A slope is local.  *Partial dependence* is the mean prediction if a column has a given
# value in all districts.  Prices rise with income, fall with the number of persons in a
# household, and are high along the coast.  The southwest corner of the map is the
# Pacific Ocean: predictions are extrapolations there.

few = X_test.sample(min(500, len(X_test)), random_state=0)
fig, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
inspection.PartialDependenceDisplay.from_estimator(
    regressor,
    few,
    ["MedInc", "AveOccup", ("Longitude", "Latitude")],
    grid_resolution=20,
    ax=axes,
)
fig.suptitle("Price ($100,000) by income, persons in a household, and location")
fig.savefig(output / "housing_dependence.png", dpi=120)
print("figures: examples/output/housing_importance.png, housing_dependence.png")
