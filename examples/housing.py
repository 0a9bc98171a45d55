"""
California housing: a pipeline and a grid search
================================================

Standardized features, a standardized target, and hyperparameter tuning by grid search;
then scikit-learn's MLP with the same hyperparameters on the same folds.

Run ``python examples/housing.py``, with ``--quick`` for a part of the data.  The data
are fetched once; scikit-learn keeps a copy.  Saves a plot of predictions against true
prices as ``output/housing.png`` beside this file.

The documentation shows a run with ``--quick``.
"""

import argparse
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_score,
    train_test_split,
)
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPRegressor

parser = argparse.ArgumentParser(description="California housing by grid search")
parser.add_argument("--quick", action="store_true", help="a part of the data")
quick = parser.parse_args().quick

X, y = fetch_california_housing(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
if quick:
    X_train, y_train = X_train[:2_000], y_train[:2_000]
X_train, X_test = X_train.astype(np.float32), X_test.astype(np.float32)

# %%
# The model
# ---------
#
# The pipeline standardizes the features with the statistics of the training part of
# each fold.  ``TransformedTargetRegressor`` standardizes the target, so that the
# initial errors are of order one, and transforms the predictions back.


def make_model(mlp):
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), mlp), transformer=StandardScaler()
    )


settings = {
    "hidden_layer_sizes": (100, 100),
    "early_stopping": True,
    "n_iter_no_change": 15,
    "random_state": 0,
}

# %%
# The search
# ----------
#
# The names of the hyperparameters have a prefix for each of the two wrappers.

prefix = "regressor__numpymlpregressor__"
folds = KFold(3 if quick else 5, shuffle=True, random_state=0)
print(f"grid search on {len(X_train):,} districts", flush=True)
began = time.perf_counter()
search = GridSearchCV(
    make_model(NumpyMLPRegressor(**settings)),
    {
        f"{prefix}activation": ["relu", "tanh"],
        f"{prefix}alpha": [1e-4, 1e-2],
    },
    cv=folds,
    verbose=2,
).fit(X_train, y_train)
print(f"... in {time.perf_counter() - began:.0f} s")
best = {name.removeprefix(prefix): v for name, v in search.best_params_.items()}
print(f"best parameters: {best}")

# %%
# Comparison with scikit-learn
# ----------------------------
#
# ``NumpyMLPRegressor`` and ``MLPRegressor`` are interchangeable.  With the same
# ``random_state`` both have the same initial weights and the same shuffles.

print(f"R2 in {folds.get_n_splits()} folds:        ours {search.best_score_:.4f}")
theirs = cross_val_score(
    make_model(MLPRegressor(**settings, **best)), X_train, y_train, cv=folds
)
print(f"               scikit-learn's {theirs.mean():.4f}, the same parameters")

# %%
# Predicted and true prices
# -------------------------
#
# The census capped prices at 500,000 $, which explains the column of districts on the
# right.

score = search.score(X_test, y_test)
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
image = ax.hexbin(y_test, search.predict(X_test), gridsize=50, bins="log", mincnt=1)
ax.plot([0, 5], [0, 5], "C1--", lw=1, label="perfect")
ax.set(xlabel="true price (100,000 $)", ylabel="predicted price", xlim=(0, 5.2))
ax.set_title(f"California housing, test R2 {score:.3f}")
ax.legend(loc="upper left")
fig.colorbar(image, label="districts")

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "housing.png", dpi=120)
print("figure: examples/output/housing.png")
print(f"test R2 {score:.4f}")
