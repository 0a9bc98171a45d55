"""
MNIST: hyperparameter tuning on a subset
========================================

A grid search on all 60,000 images would take long.  Here the hyperparameters are tuned
on 10,000 images with a small network; a larger network is then trained on all images.

Run ``python examples/mnist.py``, with ``--quick`` for fewer epochs and images.  The
images come from OpenML (once; scikit-learn keeps a copy).  The loss curve and the test
images that are misclassified with the highest confidence are saved as
``output/mnist.png`` next to this file.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sknumpy_mlp import NumpyMLPClassifier

parser = argparse.ArgumentParser(description="MNIST: grid search and refit")
parser.add_argument("--quick", action="store_true", help="fewer epochs and data")
quick = parser.parse_args().quick

print("loading MNIST ...", flush=True)
X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
X_train, X_test, y_train, y_test = X[:60_000], X[60_000:], y[:60_000], y[60_000:]
if quick:
    X_train, y_train = X_train[:10_000], y_train[:10_000]

# %%
# Grid search on a subset
# -----------------------
#
# The first step of the pipeline scales the pixels to the range from 0 to 1 and converts
# them to float32; a network is trained in the precision of its inputs.  The class
# labels are strings, "0" to "9".


def to_unit_range(X):
    return (np.asarray(X) / 255).astype(np.float32)


n_subset = 2_000 if quick else 10_000
print(f"grid search on {n_subset:,} images", flush=True)
pipeline = Pipeline(
    [
        ("scale", FunctionTransformer(to_unit_range)),
        (
            "mlp",
            NumpyMLPClassifier(
                (200,), early_stopping=True, n_iter_no_change=5, random_state=0
            ),
        ),
    ]
)
search = GridSearchCV(
    pipeline,
    {"mlp__learning_rate_init": [0.001, 0.003], "mlp__alpha": [1e-4, 2e-2]},
    cv=3,
    verbose=2,
    refit=False,
).fit(X_train[:n_subset], y_train[:n_subset])
print(f"best parameters: {search.best_params_}")

# %%
# Training on all images
# ----------------------
#
# With more data a larger network pays off.  The adaptive schedule divides the learning
# rate by five whenever the validation accuracy stops improving, until the learning rate
# is negligible.  Then the weights of the best epoch are restored.

sizes = (200,) if quick else (512, 512)
print(f"training on {len(X_train):,} images, hidden layers {sizes}", flush=True)
pipeline.set_params(
    mlp__hidden_layer_sizes=sizes,
    mlp__solver="sgd",
    mlp__init="he",
    mlp__batch_size=100,
    mlp__learning_rate="adaptive",
    mlp__learning_rate_init=0.05,
    mlp__alpha=search.best_params_["mlp__alpha"],
    mlp__max_iter=5 if quick else 60,
    mlp__n_iter_no_change=3,
    mlp__verbose=True,
)
pipeline.fit(X_train, y_train)
mlp = pipeline.named_steps["mlp"]
print(
    f"{mlp.n_iter_} epochs, best validation accuracy {mlp.best_validation_score_:.4f}"
)

# %%
# Misclassified images
# --------------------
#
# These are the ten errors with the highest predicted probability.  Some of the images
# are ambiguous for people, too.

probability = pipeline.predict_proba(X_test)
predicted = mlp.classes_[probability.argmax(axis=1)]
accuracy = (predicted == y_test).mean()
wrong = np.flatnonzero(predicted != y_test)
wrong = wrong[probability[wrong].max(axis=1).argsort()[::-1][:10]]

fig = plt.figure(figsize=(10, 4), layout="constrained")
left, right = fig.subfigures(1, 2)
ax = left.subplots()
epochs = range(1, mlp.n_iter_ + 1)
ax.semilogy(epochs, mlp.loss_curve_, label="training loss")
ax.semilogy(epochs, 1 - np.array(mlp.validation_scores_), label="validation error")
ax.set(xlabel="epoch", title=f"test accuracy {accuracy:.2%}")
ax.legend()
right.suptitle("errors with the highest confidence: label, prediction")
for ax, i in zip(right.subplots(2, 5).flat, wrong, strict=False):
    ax.imshow(X_test[i].reshape(28, 28), cmap="gray_r")
    ax.set_title(f"{y_test[i]}, {predicted[i]}")
    ax.axis("off")

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "mnist.png", dpi=120)
print("figure: examples/output/mnist.png")
print(f"test accuracy {accuracy:.4f}")
