"""Profile of a training step: the time of each of its parts.

    python benchmarks/parts.py [--cores 2] [--save]

With ``--save`` the table goes to ``results/parts.json``.
"""

import argparse
import time
import warnings
from collections import Counter
from functools import wraps

import numpy as np
from _measure import environment, on_cores, save
from sklearn.exceptions import ConvergenceWarning

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp.activations import ReLU
from sknumpy_mlp.layers import _dense
from sknumpy_mlp.losses import MultinomialLogLoss
from sknumpy_mlp.optimizers import Adam

PARTS = (
    ("matrix products", _dense, "_matmul"),
    ("rows gathered", Batches, "_take"),
    ("optimizer", Adam, "step"),
    ("activations", ReLU, "forward"),
    ("activations", ReLU, "backward"),
    ("loss", MultinomialLogLoss, "loss_gradient"),
)
# Features, hidden layers, classes, batch size, rows, epochs.
CASES = (
    (20, (100,), 3, 200, 2_000, 400),
    (784, (100,), 10, 32, 20_000, 2),
    (784, (100,), 10, 200, 20_000, 8),
    (784, (256, 128), 10, 200, 20_000, 4),
    (784, (512, 512), 10, 256, 20_000, 2),
)


def with_clock(function, label, spent):
    @wraps(function)
    def timed(*args, **kwargs):
        began = time.perf_counter()
        result = function(*args, **kwargs)
        spent[label] += time.perf_counter() - began
        return result

    return timed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    on_cores(args.cores)
    warnings.simplefilter("ignore", ConvergenceWarning)
    spent = Counter()
    for label, owner, name in PARTS:
        setattr(owner, name, with_clock(getattr(owner, name), label, spent))
    labels = [*dict.fromkeys(label for label, _, _ in PARTS), "all else"]
    results = []
    print("| microseconds a step | total |", " | ".join(labels), "|")
    print("|---" * (len(labels) + 2) + "|")
    for n_features, hidden, n_classes, batch_size, n_rows, n_epochs in CASES:
        rng = np.random.default_rng(0)
        X = rng.random((n_rows, n_features), dtype=np.float32)
        y = np.arange(n_rows) % n_classes
        clf = NumpyMLPClassifier(
            hidden,
            batch_size=batch_size,
            max_iter=n_epochs,
            n_iter_no_change=n_epochs,
            random_state=0,
        )
        clf.fit(X, y)
        spent.clear()
        began = time.perf_counter()
        clf.fit(X, y)
        total = time.perf_counter() - began
        spent["all else"] = total - spent.total()
        n_steps = n_epochs * -(-n_rows // batch_size)
        widths = "-".join(map(str, (n_features, *hidden, n_classes)))
        case = f"{widths}, batch {batch_size}"
        parts = {label: spent[label] / n_steps * 1e6 for label in labels}
        cells = " | ".join(f"{value:.0f}" for value in parts.values())
        print(f"| {case} | {total / n_steps * 1e6:.0f} | {cells} |")
        results.append({"case": case, "microseconds": parts})
    if args.save:
        save("parts", environment() | {"results": results})


if __name__ == "__main__":
    main()
