"""
Class imbalance: class weights
==============================

One sample in forty belongs to the positive class.  A network that minimizes the
unweighted log loss has a high accuracy, but misses most of these samples.  Class
weights increase their weight in the loss.

Run ``python examples/imbalanced.py``.  The precision-recall curves are saved as
``output/imbalanced.png`` next to this file.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.metrics import (
    PrecisionRecallDisplay,
    balanced_accuracy_score,
    precision_score,
    recall_score,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpy_mlp import NumpyMLPClassifier

X, y = make_classification(
    n_samples=20_000,
    n_features=20,
    n_informative=6,
    n_clusters_per_class=3,
    weights=[0.98],
    class_sep=0.9,
    flip_y=0.01,
    random_state=0,
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"{y_train.mean():.1%} of {len(y_train):,} training samples are positive")

# %%
# Training with class weights
# ---------------------------
#
# ``class_weight`` is None, a dict with the weight of each class, or "balanced", which
# gives all classes the same total weight.  Accuracy is not a useful metric here: a
# classifier that never predicts the positive class has an accuracy of more than 97%.
# Class weights increase recall (the fraction of positive samples that are found) at the
# expense of precision (the fraction of positive predictions that are right).

class_weights = {
    "none": None,
    "{0: 1, 1: 10}": {0: 1, 1: 10},
    "balanced": "balanced",
}
fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
print(f"{'class_weight':22}{'accuracy':>10}{'balanced':>10}", end="")
print(f"{'recall':>10}{'precision':>10}")
for name, class_weight in class_weights.items():
    pipeline = make_pipeline(
        StandardScaler(),
        NumpyMLPClassifier(
            (50, 50),
            class_weight=class_weight,
            learning_rate="cosine",
            max_iter=40,
            alpha=1.0,
            random_state=0,
        ),
    ).fit(X_train, y_train)
    predicted = pipeline.predict(X_test)
    recall = recall_score(y_test, predicted)
    precision = precision_score(y_test, predicted)
    print(
        f"{name:22}{(predicted == y_test).mean():10.3f}"
        f"{balanced_accuracy_score(y_test, predicted):10.3f}"
        f"{recall:10.3f}{precision:10.3f}",
        flush=True,
    )
    display = PrecisionRecallDisplay.from_estimator(
        pipeline, X_test, y_test, ax=ax, name=name
    )
    ax.plot(recall, precision, "o", color=display.line_.get_color())
ax.set_title("Precision-recall curves (dots: threshold 0.5, as in predict)")
ax.legend(loc="upper right", title="class_weight")

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "imbalanced.png", dpi=120)
print("figure: examples/output/imbalanced.png")

# %%
# The curves are close to each other: the three networks rank the samples similarly.
# Class weights mainly move the operating point of ``predict`` along the curve.  An
# alternative is to train without class weights and to tune the decision threshold,
# with scikit-learn's ``TunedThresholdClassifierCV``.
