"""
Five classic teaching networks
==============================

Logic gates, XOR, iris, MNIST in four variants, and house prices: well-known networks
from courses and textbooks, defined here by hyperparameters only.  Loss and accuracy are
printed during training.  A table at the end compares the results with the published
ones.

Run ``python examples/classic_networks.py``, with ``--quick`` for fewer epochs and less
data, or with the names of the networks to run.  MNIST and the Boston data come from
OpenML (once; scikit-learn keeps a copy).  The figure is saved as
``output/house_price.png`` next to this file.
"""

import argparse
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_openml, load_iris
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp.initializers import Normal

NAMES = (
    "logic_gates",
    "xor",
    "iris",
    "mnist_three_layers",
    "mnist_sigmoid",
    "mnist_full_batch",
    "mnist_batch_size_1",
    "house_price",
)
parser = argparse.ArgumentParser(description="Five classic teaching networks")
parser.add_argument("--quick", action="store_true", help="fewer epochs and data")
parser.add_argument("networks", nargs="*", metavar="network", help=", ".join(NAMES))
args = parser.parse_args()
if unknown := set(args.networks) - set(NAMES):
    parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(NAMES)}")
quick = args.quick
results = []


def run(network):
    """Run a network if it is selected on the command line."""
    if not args.networks or network.__name__ in args.networks:
        print(f"{network.__name__}: {network.__doc__.splitlines()[0]}")
        results.append((network.__name__, *network()))


# %%
# Training epoch by epoch
# -----------------------
#
# Each call of ``partial_fit`` trains for one epoch, so that loss and accuracy can be
# printed in between.

# Plain gradient descent, as in the originals: no momentum, no regularization.
PLAIN = {"solver": "sgd", "momentum": 0.0, "alpha": 0.0}


def train(model, X, y, n_epochs, n_reports=5):
    """Train epoch by epoch; print loss and accuracy; return the best accuracy."""
    report_every = max(1, n_epochs // n_reports)
    classes, best = np.unique(y), 0.0
    for epoch in range(1, n_epochs + 1):
        model.partial_fit(X, y, classes=classes)
        accuracy = model.score(X, y)
        best = max(best, accuracy)
        if epoch == 1 or epoch % report_every == 0 or epoch == n_epochs:
            print(
                f"  epoch {epoch:4d}: loss {model.loss_:9.5f}, "
                f"training accuracy {accuracy:7.2%}",
                flush=True,
            )
    return best


def load_mnist():
    print("  loading MNIST ...", flush=True)
    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    X, y = (X / 255).astype(np.float32), y.astype(int)
    n_train, n_test = (6_000, 2_000) if quick else (60_000, 10_000)
    return X[:n_train], y[:n_train], X[-n_test:], y[-n_test:]


# %%
# Logic gates
# -----------
#
# AND, OR and NOT are linearly separable, so a single logistic unit can learn each of
# them.  A network without a hidden layer is a logistic regression.


def logic_gates():
    """One logistic unit learns AND, OR and NOT."""
    pairs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    gates = {
        "AND": (pairs, [0, 0, 0, 1]),
        "OR": (pairs, [0, 1, 1, 1]),
        "NOT": (np.array([[0], [1]]), [1, 0]),
    }
    accuracies = {}
    for gate, (X, y) in gates.items():
        print(f" {gate}")
        unit = NumpyMLPClassifier(
            (), learning_rate_init=1.0, batch_size=len(X), random_state=0, **PLAIN
        )
        accuracies[gate] = train(unit, X, y, n_epochs=500)
    worst = min(accuracies.values())
    return "100 % each", f"{worst:.0%} each" if worst == 1 else f"{accuracies}"


run(logic_gates)

# %%
# XOR
# ---
#
# Exclusive or is not linearly separable.  A hidden layer maps the inputs to features in
# which the classes are.


def xor():
    """A hidden layer of eight ReLU units learns XOR, which a single unit cannot."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
    # One logistic output is the same model as two softmax outputs.
    net = NumpyMLPClassifier(
        (8,), init="he", learning_rate_init=0.5, batch_size=4, random_state=0, **PLAIN
    )
    return "100 %", f"{train(net, X, y, n_epochs=500):.0%}"


run(xor)

# %%
# Iris
# ----
#
# Two hidden layers, three classes.  The published result is the best training accuracy
# of all epochs, so the same is computed here.


def iris():
    """Two hidden layers of ReLU units and a softmax output on iris."""
    X, y = load_iris(return_X_y=True)
    X, _, y, _ = train_test_split(X, y, test_size=30, stratify=y, random_state=2)
    net = NumpyMLPClassifier(
        (20, 20),
        init="he",
        learning_rate_init=0.05,
        batch_size=16,
        random_state=0,
        **PLAIN,
    )
    best = train(net, X, y, n_epochs=300)
    return "98.33 % best training accuracy", f"{best:.2%}"


run(iris)

# %%
# MNIST: four variants
# --------------------
#
# Images of handwritten digits, 784 pixels each.  The first network has two hidden
# layers of rectified linear units, which learn fast with He initialization.


def mnist_three_layers():
    """Two hidden layers of ReLU units and a softmax output on MNIST."""
    X, y, X_test, y_test = load_mnist()
    net = NumpyMLPClassifier(
        (256, 128),
        init="he",
        learning_rate_init=0.1,
        batch_size=100,
        random_state=0,
        **PLAIN,
    )
    train(net, X, y, n_epochs=3 if quick else 20, n_reports=20)
    return "97.92 % test", f"{net.score(X_test, y_test):.2%} test"


run(mnist_three_layers)

# %%
# Sigmoid units with small initial weights have small gradients at first: the loss
# hardly changes during the first epochs.


def mnist_sigmoid():
    """784-100-10 with sigmoid units and small weights, mini-batches of 100."""
    X, y, X_test, y_test = load_mnist()
    net = NumpyMLPClassifier(
        (100,),
        activation="logistic",
        init=Normal(0.01),
        learning_rate_init=0.1,
        batch_size=100,
        random_state=0,
        **PLAIN,
    )
    train(net, X, y, n_epochs=5 if quick else 17)
    return (
        "94.6 % test after 17 epochs",
        f"{net.score(X_test, y_test):.1%} test after {len(net.loss_curve_)}",
    )


run(mnist_sigmoid)

# %%
# Full-batch gradient descent makes one step per epoch, and needs many more epochs than
# mini-batches do.  The original sums the gradients of the 60,000 images, with a
# learning rate of 1e-5; for their mean, as here, that is a learning rate of 0.6.


def mnist_full_batch():
    """784-100-10 with ReLU units, N(0, 1) weights, full-batch gradient descent."""
    X, y, X_test, y_test = load_mnist()
    net = NumpyMLPClassifier(
        (100,),
        init=Normal(1.0),
        learning_rate_init=0.6,
        batch_size=len(X),
        random_state=0,
        **PLAIN,
    )
    train(net, X, y, n_epochs=20 if quick else 50)
    return (
        "50 epochs, no accuracy given",
        f"{net.score(X_test, y_test):.1%} test, loss {net.loss_:.2f}",
    )


run(mnist_full_batch)

# %%
# The opposite is a step per image (batch size 1).  A step is cheap, but an epoch has
# 60,000 of them, and no large matrix products to make them efficient.


def mnist_batch_size_1():
    """784-100-10 with sigmoid units, N(0, 1) weights, batch size 1."""
    X, y, _, _ = load_mnist()
    net = NumpyMLPClassifier(
        (100,),
        activation="logistic",
        init=Normal(1.0),
        learning_rate_init=1e-4,
        batch_size=1,
        random_state=0,
        **PLAIN,
    )
    n_epochs = 2 if quick else 10
    chunks = np.array_split(np.arange(len(X)), len(X) // 500)
    began, n_seen = time.perf_counter(), 0
    for epoch in range(1, n_epochs + 1):
        losses = []
        for rows in chunks:
            net.partial_fit(X[rows], y[rows], classes=np.arange(10))
            losses.append(net.loss_)
            n_seen += len(rows)
        rate = n_seen / (time.perf_counter() - began)
        print(
            f"  epoch {epoch:2d}: loss {np.mean(losses):7.4f}, training accuracy "
            f"{net.score(X, y):6.2%}, {rate:6,.0f} samples/s",
            flush=True,
        )
    return (
        "loss 1.095 after 10 epochs",
        f"loss {np.mean(losses):.3f} after {n_epochs}",
    )


run(mnist_batch_size_1)

# %%
# House prices
# ------------
#
# Two hidden layers of 100 units predict the price from the number of rooms, with batch
# size 1.  Weights from N(0, 1) suit the sigmoid units, but are far too large for the
# rectified linear units, whose network is therefore initialized by He's method.


def house_price():
    """Two hidden layers of 100 units predict prices from the number of rooms."""
    print("  loading the Boston data ...", flush=True)
    boston = fetch_openml("boston", version=1, as_frame=False)
    X = boston.data[:, [list(boston.feature_names).index("RM")]].astype(float)
    y = boston.target.astype(float)
    grid = np.linspace(X.min(), X.max(), 200)[:, np.newaxis]
    fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    ax.plot(X, y, ".", color="0.7", label="houses")
    # The original has a learning rate of 1e-3 for the squared error; the loss here is
    # half the squared error.
    networks = {
        "sigmoid": {"activation": "logistic", "init": Normal(1.0), "rate": 2e-3},
        "ReLU": {"activation": "relu", "init": "he", "rate": 1e-5},
    }
    results = []
    for name, options in networks.items():
        print(f" {name}")
        net = NumpyMLPRegressor(
            hidden_layer_sizes=(100, 100),
            activation=options["activation"],
            init=options["init"],
            learning_rate_init=options["rate"],
            batch_size=1,
            random_state=0,
            **PLAIN,
        )
        rng = np.random.default_rng(0)
        for epoch in range(1, 101):
            rows = rng.integers(len(X), size=100)
            net.partial_fit(X[rows], y[rows])
            if epoch % 20 == 0:
                print(
                    f"  epoch {epoch:3d}: loss {net.loss_:8.3f}, training R2 "
                    f"{net.score(X, y):.3f}",
                    flush=True,
                )
        ax.plot(grid, net.predict(grid), lw=2, label=f"100-100 {name} units")
        results.append(f"{name} R2 {net.score(X, y):.2f}")
    ax.set(xlabel="average number of rooms", ylabel="median price (1000 $)")
    ax.set_title("Batch size 1, 100 epochs of 100 steps")
    ax.legend(loc="lower right")
    output = Path(sys.argv[0]).parent / "output"
    output.mkdir(exist_ok=True)
    fig.savefig(output / "house_price.png", dpi=120)
    print("  figure: examples/output/house_price.png")
    return "a figure only", ", ".join(results)


run(house_price)

# %%
# Comparison with the published results
# -------------------------------------

print(f"{'network':24}{'published':32}here")
for name, published, ours in results:
    print(f"{name:24}{published:32}{ours}")
