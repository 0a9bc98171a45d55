"""
House prices: pipeline and hyperparameter tuning
================================================

A network for California housing in a pipeline that standardizes features and target,
tuned by grid search with cross-validation; then scikit-learn's ``MLPRegressor`` with
the same hyperparameters on the same folds.

Run ``python examples/housing.py``, with ``--quick`` for a part of the data.  The data
are downloaded once; scikit-learn keeps a copy.  The figure is saved as
``output/housing.png`` next to this file.
"""

import argparse
import sys
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
# Pipeline
# --------
#
# Within the pipeline, the scaler is fitted to the training part of each fold only.
# ``TransformedTargetRegressor`` standardizes the target, and transforms the predictions
# back.


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
# Hyperparameter tuning
# ---------------------
#
# The prefix of the hyperparameters names the steps in which the network is nested.

prefix = "regressor__numpymlpregressor__"
folds = KFold(3 if quick else 5, shuffle=True, random_state=0)
print(f"grid search on {len(X_train):,} districts", flush=True)
search = GridSearchCV(
    make_model(NumpyMLPRegressor(**settings)),
    {
        f"{prefix}activation": ["relu", "tanh"],
        f"{prefix}alpha": [1e-4, 1e-2],
    },
    cv=folds,
    verbose=2,
).fit(X_train, y_train)
best = {name.removeprefix(prefix): v for name, v in search.best_params_.items()}
print(f"best parameters: {best}")

# %%
# Comparison with scikit-learn
# ----------------------------
#
# ``MLPRegressor`` can be replaced by ``NumpyMLPRegressor`` without other changes.  With
# the same ``random_state`` both have the same initial weights, the same hold-out for
# early stopping and the same order of samples.

print(f"R2, mean of {folds.get_n_splits()} folds")
print(f"NumpyMLPRegressor     {search.best_score_:.4f}")
theirs = cross_val_score(
    make_model(MLPRegressor(**settings, **best)), X_train, y_train, cv=folds
)
print(f"MLPRegressor          {theirs.mean():.4f}")

# %%
# Predicted and true prices
# -------------------------
#
# Each cell of the figure counts districts of the test set.  Prices above 500,000 $ were
# recorded as 500,001 $ in the census, hence the column of districts on the right.

score = search.score(X_test, y_test)
fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
image = ax.hexbin(y_test, search.predict(X_test), gridsize=50, bins="log", mincnt=1)
ax.plot([0, 5], [0, 5], "C1--", lw=1, label="prediction = price")
ax.set(xlabel="true price (100,000 $)", ylabel="predicted price", xlim=(0, 5.2))
ax.set_title(f"California housing, test R2 {score:.3f}")
ax.legend(loc="upper left")
fig.colorbar(image, label="districts")

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "housing.png", dpi=120)
print("figure: examples/output/housing.png")
print(f"test R2 {score:.4f}")
