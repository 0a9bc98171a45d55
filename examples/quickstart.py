"""
Quickstart
==========

From data to a tuned, saved and loaded model, in half a minute, on datasets included in
scikit-learn.  Saves a model and a figure of its loss curve in ``output/`` beside this
file.
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
# Iris: a pipeline, tuned by cross-validation
# -------------------------------------------
#
# Neural networks need standardized inputs, so the network is combined with a scaler in
# a pipeline.  Hyperparameter tuning by grid search tries hidden layer sizes and
# regularization strengths; for each combination, scaler and network are fitted on each
# fold.  On data as small as these, L-BFGS is the fastest solver, and needs no learning
# rate.

print("1. Iris: a pipeline, tuned by cross-validation")
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
# The default solver, Adam, trains in epochs, passes over the data.  With early stopping
# a tenth of the training data is held out for validation; training stops when the
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
print(f"   {clf.n_iter_} epochs, best validation {clf.best_validation_score_:.3f}")
print(f"   test accuracy            {clf.score(X_test, y_test):.3f}")

# %%
# Saved and loaded
# ----------------
#
# A fitted network holds its parameters and little else, so that the file is small.  The
# loaded network predicts the same to the last bit.

print("3. Saved and loaded")
path = output / "digits.joblib"
joblib.dump(clf, path)
loaded = joblib.load(path)
assert (loaded.predict_proba(X_test) == clf.predict_proba(X_test)).all()
print(f"   {path.name} ({path.stat().st_size / 1024:.0f} KB) predicts the same")

# %%
# The loss curve
# --------------
#
# The training loss keeps decreasing, even when the network begins to overfit.  Early
# stopping therefore monitors the accuracy on data that are not used for training.

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
