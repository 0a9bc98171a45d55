"""Profile of a training step: the time of each of its parts.

    python benchmarks/parts.py [--cores 2] [--save]

With ``--save`` the table goes to ``results/parts.json``.
"""

import argparse
import math
import time
import warnings
from collections import Counter
from functools import wraps

import numpy as np
from _measure import environment, on_cores, save
from sklearn.exceptions import ConvergenceWarning

from sknumpy_mlp import NumpyMLPClassifier, TabularMLPClassifier
from sknumpy_mlp._estimators.evaluator import Evaluator
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp.activations import Mish, ReLU
from sknumpy_mlp.embeddings import PeriodicEmbedding
from sknumpy_mlp.layers import Dropout, Parametric, Scaling, _dense
from sknumpy_mlp.losses import MultinomialLogLoss
from sknumpy_mlp.optimizers import Adam

# Functions that call each other, such as Parametric and Mish, are timed separately.
PARTS = (
    ("matrix products", _dense, "_matmul"),
    ("rows gathered", Batches, "_take"),
    ("optimizer", Adam, "step"),
    ("activations", ReLU, "forward"),
    ("activations", ReLU, "backward"),
    ("activations", Mish, "forward_with_derivative"),
    ("loss", MultinomialLogLoss, "loss_gradient"),
    ("embedding", PeriodicEmbedding, "forward"),
    ("embedding", PeriodicEmbedding, "backward"),
    ("dropout", Dropout, "forward"),
    ("dropout", Dropout, "backward"),
    ("mixing and scaling", Parametric, "forward"),
    ("mixing and scaling", Parametric, "backward"),
    ("mixing and scaling", Scaling, "forward"),
    ("mixing and scaling", Scaling, "backward"),
    ("validation", Evaluator, "__call__"),
)
# Features, hidden layers, classes, batch size, rows, epochs.
CASES = (
    (20, (100,), 3, 200, 2_000, 400),
    (784, (100,), 10, 32, 20_000, 2),
    (784, (100,), 10, 200, 20_000, 8),
    (784, (256, 128), 10, 200, 20_000, 4),
    (784, (512, 512), 10, 256, 20_000, 2),
)
# A network of a tabular estimator: the same.
TABULAR_CASES = (
    (20, (64, 64, 64), 3, 64, 640, 40),
    (20, (128, 128, 128), 3, 256, 10_240, 8),
)


class Clock:
    """Time of each part, without that of the parts that it calls.

    Attributes
    ----------
    spent : Counter
        Seconds of each part.
    """

    def __init__(self):
        self.spent = Counter()
        self._inner = [0.0]  # seconds of the calls within each open call

    def timed(self, function, label):
        """Return a function with its time added to a part."""

        @wraps(function)
        def timed(*args, **kwargs):
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - began
                self.spent[label] += seconds - self._inner.pop()
                self._inner[-1] += seconds

        return timed


def plain_network(hidden, batch_size, n_epochs):
    """Return a plain classifier."""
    stops = {"max_iter": n_epochs, "n_iter_no_change": n_epochs}
    return NumpyMLPClassifier(hidden, batch_size=batch_size, random_state=0, **stops)


def tabular_network(hidden, batch_size, n_epochs):
    """Return a tabular classifier with a network that has all kinds of layers."""
    return TabularMLPClassifier(
        hidden,
        batch_size=batch_size,
        max_iter=n_epochs,
        n_iter_no_change=math.inf,
        parametric_activation=True,
        ensemble=None,
        n_jobs=1,
        random_state=0,
    )


def measure(clock, make, n_features, hidden, n_classes, batch_size, n_rows, n_epochs):
    """Return the microseconds of each part in a step."""
    rng = np.random.default_rng(0)
    X = rng.random((n_rows, n_features), dtype=np.float32)
    y = np.arange(n_rows) % n_classes
    clf = make(hidden, batch_size, n_epochs)
    clf.fit(X, y)
    clock.spent.clear()
    began = time.perf_counter()
    clf.fit(X, y)
    total = time.perf_counter() - began
    clock.spent["all else"] = total - clock.spent.total()
    if make is tabular_network:
        n_rows *= 1 - clf.validation_fraction
        n_epochs = clf.n_iter_
    n_steps = n_epochs * -(-n_rows // batch_size)
    return {label: seconds / n_steps * 1e6 for label, seconds in clock.spent.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    warnings.simplefilter("ignore", ConvergenceWarning)
    clock = Clock()
    for label, owner, name in PARTS:
        setattr(owner, name, clock.timed(getattr(owner, name), label))
    labels = [*dict.fromkeys(label for label, _, _ in PARTS), "all else"]
    results = []
    print("| microseconds a step | total |", " | ".join(labels), "|")
    print("|---" * (len(labels) + 2) + "|")
    cases = [(plain_network, *case) for case in CASES]
    cases += [(tabular_network, *case) for case in TABULAR_CASES]
    for make, n_features, hidden, n_classes, batch_size, *size in cases:
        parts = measure(clock, make, n_features, hidden, n_classes, batch_size, *size)
        widths = "-".join(map(str, (n_features, *hidden, n_classes)))
        case = f"{widths}, batch {batch_size}"
        if make is tabular_network:
            case = f"tabular, {case}"
        cells = " | ".join(f"{parts.get(label, 0.0):.0f}" for label in labels)
        print(f"| {case} | {sum(parts.values()):.0f} | {cells} |", flush=True)
        results.append({"case": case, "microseconds": parts})
    if args.save:
        save("parts", environment() | {"results": results})


if __name__ == "__main__":
    main()
