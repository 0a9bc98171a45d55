"""
MNIST with regularization: dropout and max-norm
===============================================

Without convolution and data augmentation (permutation-invariant MNIST), the published
test accuracies of single fully connected networks are 98.4 % (Simard, Steinkraus and
Platt, ICDAR 2003), 98.75 % with dropout, and 98.94 % with dropout and a max-norm
constraint (Srivastava et al., JMLR 15, 2014, three layers of 1,024 rectified linear
units).  Here four such networks with two layers form a voting ensemble; the accuracy of
each is printed as well. ::

    python examples/mnist_dropout.py                 three seeds, some 15 minutes each
    python examples/mnist_dropout.py --seeds 0       one of them
    python examples/mnist_dropout.py --choose        how the settings were chosen
    python examples/mnist_dropout.py --quick         a few epochs on a part of the data

The images come from OpenML (once; scikit-learn keeps a copy).  The figures of the run
go to ``output/mnist_dropout.json`` and ``.png`` beside this file.

The documentation shows a run with ``--quick``, far from the published accuracies.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import Progress

# %%
# The settings
# ------------
#
# In every step, dropout sets a random fifth of the inputs and half of the hidden units
# to zero.  This regularization allows wide networks without overfitting, but makes
# gradients noisy; the max-norm constraint keeps the weights from growing at a high
# learning rate.

N_NETWORKS = 4
SETTINGS = {
    "hidden_layer_sizes": (1024, 1024),
    "init": "he",
    "dropout": (0.2, 0.5, 0.5),
    "max_norm": 1.5,
    "alpha": 0.0,
    "batch_size": 128,
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.001,
    "max_iter": 40,
    "dtype": "float32",
}

# %%
# How they were chosen
# --------------------
#
# ``--choose`` trains candidates, given as changes to the settings above, on 50,000
# images of the training set and compares them on the other 10,000.  The test set is not
# used.

CANDIDATES = {
    "dropout alone": {"max_norm": None},
    "max_norm 1.5": {},
    "max_norm 1": {"max_norm": 1.0},
    "weight decay": {"max_norm": None, "weight_decay": 0.3},
    "twice the rate": {"learning_rate_init": 0.002},
    "twice the width": {"hidden_layer_sizes": (2048, 2048), "batch_size": 256},
}


def load():
    print("loading MNIST ...", flush=True)
    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    X = np.ascontiguousarray(X / 255, dtype=np.float32)
    return X[:60_000], y[:60_000], X[60_000:], y[60_000:]


def choose(X, y, quick):
    """Compare single networks on a part of the training set."""
    X_train, X_held_out, y_train, y_held_out = train_test_split(
        X, y, test_size=1 / 6, stratify=y, random_state=0
    )
    for name, changes in CANDIDATES.items():
        settings = SETTINGS | changes | ({"max_iter": 2} if quick else {})
        clf = NumpyMLPClassifier(**settings, random_state=0, callbacks=[Progress()])
        accuracy = clf.fit(X_train, y_train).score(X_held_out, y_held_out)
        print(f"{name:20}{accuracy:8.4f}", flush=True)


# %%
# The voting ensemble
# -------------------
#
# scikit-learn's ``VotingClassifier`` averages the probabilities of the networks, which
# differ only in their seeds: in initial weights, shuffles and dropout masks.


def vote(seed, settings, X_train, y_train, X_test, y_test):
    """Train networks that differ in their seeds; return the figures."""
    began = time.perf_counter()
    networks = [
        NumpyMLPClassifier(
            **settings, random_state=1000 * seed + i, callbacks=[Progress()]
        )
        for i in range(N_NETWORKS)
    ]
    named = [(f"network {i}", network) for i, network in enumerate(networks)]
    clf = VotingClassifier(named, voting="soft").fit(X_train, y_train)
    seconds = time.perf_counter() - began
    codes = clf.le_.transform(y_test)  # what the members were trained with
    return {
        "seed": seed,
        "accuracy": clf.score(X_test, y_test),
        "alone": [network.score(X_test, codes) for network in clf.estimators_],
        "seconds": seconds,
    }


# %%
# The run
# -------


def main():
    parser = argparse.ArgumentParser(description="MNIST with dropout")
    parser.add_argument("--seeds", type=int, nargs="+", metavar="seed")
    parser.add_argument("--choose", action="store_true", help="compare candidates")
    parser.add_argument("--quick", action="store_true", help="few epochs, less data")
    args = parser.parse_args()
    seeds = args.seeds or ([0] if args.quick else [0, 1, 2])
    X_train, y_train, X_test, y_test = load()
    if args.quick:
        X_train, y_train = X_train[::10], y_train[::10]
    if args.choose:
        choose(X_train, y_train, args.quick)
        return
    path = Path(sys.argv[0]).parent / "output" / "mnist_dropout.json"
    path.parent.mkdir(exist_ok=True)
    settings = SETTINGS | ({"max_iter": 2} if args.quick else {})
    results = []
    for seed in seeds:
        result = vote(seed, settings, X_train, y_train, X_test, y_test)
        results.append(result)
        alone = ", ".join(f"{accuracy:.4f}" for accuracy in result["alone"])
        print(
            f"seed {seed}: test accuracy {result['accuracy']:.4f} "
            f"(alone {alone}) in {result['seconds'] / 60:.1f} minutes",
            flush=True,
        )
        path.write_text(json.dumps({"settings": settings, "results": results}))
    mean = np.mean([result["accuracy"] for result in results])
    alone = np.mean([result["alone"] for result in results])
    print(f"mean of {len(results)}: {mean:.4f} (networks alone {alone:.4f})")
    fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
    for result in results:
        place = np.full(N_NETWORKS, result["seed"])
        (dots,) = ax.plot(place, result["alone"], "o", color="C0", alpha=0.6)
        (star,) = ax.plot(result["seed"], result["accuracy"], "C1*", ms=14)
    dots.set_label("one network")
    star.set_label(f"{N_NETWORKS} networks vote")
    ax.set(xlabel="seed", xticks=seeds, ylabel="test accuracy")
    ax.margins(x=0.5)
    ax.legend(loc="center right")
    fig.savefig(path.with_suffix(".png"), dpi=120)
    print("figure: examples/output/mnist_dropout.png")


if __name__ == "__main__":
    main()
