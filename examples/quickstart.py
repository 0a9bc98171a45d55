"""
Quickstart
==========

``NumpyMLPClassifier`` in a pipeline with hyperparameter tuning, trained with early
stopping, saved and loaded, on two datasets of scikit-learn.

Run ``python examples/quickstart.py``.  The model and a figure of the loss curve are
saved in ``output/`` next to this file.
"""

import sys
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)

# %%
# Iris: pipeline and hyperparameter tuning
# ----------------------------------------
#
# Neural networks need standardized inputs, so the network follows a scaler in a
# pipeline.  A grid search with cross-validation tunes the hidden layer sizes and the
# strength of the L2 regularization, ``alpha``.  The solver is L-BFGS, which is fast on
# small datasets and has no learning rate.

print("1. Iris: pipeline and hyperparameter tuning")
X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
pipeline = make_pipeline(
    StandardScaler(), NumpyMLPClassifier(solver="lbfgs", max_iter=500, random_state=0)
)
search = GridSearchCV(
    pipeline,
    {
        "numpymlpclassifier__hidden_layer_sizes": [(5,), (20,), (10, 10)],
        "numpymlpclassifier__alpha": [0.1, 1.0, 3.0],
    },
).fit(X_train, y_train)
print(f"   best parameters: {search.best_params_}")
print(f"   cross-validated accuracy {search.best_score_:.3f}")
print(f"   test accuracy            {search.score(X_test, y_test):.3f}")

# %%
# Digits: training with early stopping
# ------------------------------------
#
# The default solver, Adam, trains in epochs (passes over the training data).  Early
# stopping holds out a tenth of the data for validation.  Training stops when the
# validation accuracy has not improved for 30 epochs, and the best weights are restored.

print("2. Digits: training with early stopping")
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, stratify=y, random_state=0
)
clf = NumpyMLPClassifier(
    (100,), early_stopping=True, n_iter_no_change=30, random_state=0
)
clf.fit(X_train, y_train)
print(f"   epochs                   {clf.n_iter_}")
print(f"   best validation accuracy {clf.best_validation_score_:.3f}")
print(f"   test accuracy            {clf.score(X_test, y_test):.3f}")

# %%
# Save and load
# -------------
#
# A fitted network is saved with joblib, like any estimator of scikit-learn.

print("3. Save and load")
path = output / "digits.joblib"
joblib.dump(clf, path)
loaded = joblib.load(path)
print(f"   size of {path.name}    {path.stat().st_size / 1024:.0f} KB")
print(f"   test accuracy, loaded    {loaded.score(X_test, y_test):.3f}")

# %%
# Loss curve
# ----------
#
# The training loss keeps decreasing even when the network begins to overfit.  Early
# stopping therefore monitors the accuracy on validation data.

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.semilogy(range(1, clf.n_iter_ + 1), clf.loss_curve_, label="training loss")
ax.set(xlabel="epoch", ylabel="loss", title="Digits, 64-100-10")
right = ax.twinx()
right.plot(
    range(1, clf.n_iter_ + 1), clf.validation_scores_, "C1", label="validation accuracy"
)
right.set(ylabel="accuracy")
fig.legend(loc="outside lower center", ncols=2)
fig.savefig(output / "quickstart_loss_curve.png", dpi=120)
print("4. Loss curve: examples/output/quickstart_loss_curve.png")
print(f"Done: digits test accuracy {clf.score(X_test, y_test):.3f}")
