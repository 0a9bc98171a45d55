"""
Overfitting: network size and regularization
============================================

A network with too many units for its data is prone to overfitting: it fits the noise of
the training data.  Two remedies are fewer units and regularization, here the L2 penalty
``alpha``.  A grid search over both, with ten-fold cross-validation on iris, compares
them.

Run ``python examples/plot_iris_gridsearch.py``.  A heat map of the mean accuracies is
saved as ``output/iris_gridsearch.png`` next to this file.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier

# %%
# Grid search
# -----------
#
# The first network size, ``()``, has no hidden layer: it is a logistic regression.  In
# a pipeline, the name of a hyperparameter is prefixed with the name of its step.

X, y = load_iris(return_X_y=True)
sizes = [(), (5,), (20,), (100,), (20, 20)]
alphas = [0.01, 0.1, 1.0, 3.0, 10.0]
folds = StratifiedKFold(10, shuffle=True, random_state=0)

search = GridSearchCV(
    make_pipeline(
        StandardScaler(),
        NumpyMLPClassifier(solver="lbfgs", max_iter=1000, random_state=0),
    ),
    {
        "numpymlpclassifier__hidden_layer_sizes": sizes,
        "numpymlpclassifier__alpha": alphas,
    },
    cv=folds,
    verbose=1,
).fit(X, y)
print(f"best parameters: {search.best_params_}")
print(f"mean accuracy of the best: {search.best_score_:.3f}")

# %%
# Heat map
# --------
#
# Each row is a network size.  The logistic regression in the first row has few
# parameters, and strong regularization reduces its accuracy.  The networks with hidden
# layers reach their best accuracy with ``alpha=1``; with the smallest ``alpha``, the
# widest network overfits.  One sample is 0.007 of the accuracy, so that differences of
# one or two samples are not significant.

accuracy = np.empty((len(sizes), len(alphas)))
for params, mean in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    row = sizes.index(params["numpymlpclassifier__hidden_layer_sizes"])
    column = alphas.index(params["numpymlpclassifier__alpha"])
    accuracy[row, column] = mean

fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
image = ax.imshow(accuracy, cmap="viridis", aspect="auto")
ax.set_xticks(range(len(alphas)), alphas)
ax.set_yticks(range(len(sizes)), [str(size) for size in sizes])
ax.set(xlabel="alpha", ylabel="hidden_layer_sizes")
ax.set_title("Iris: accuracy in ten-fold cross-validation")
middle = (accuracy.min() + accuracy.max()) / 2
for (row, column), value in np.ndenumerate(accuracy):
    color = "black" if value > middle else "white"
    ax.text(column, row, f"{value:.3f}", ha="center", va="center", color=color)
fig.colorbar(image, label="accuracy")

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "iris_gridsearch.png", dpi=120)
print("figure: examples/output/iris_gridsearch.png")
