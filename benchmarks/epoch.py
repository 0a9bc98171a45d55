"""Time of one training epoch beside scikit-learn's MLP, in one process.

The two are run in turn, A B A B, on the same data with the same settings and seed, so
that the ratio holds where absolute times do not.  An epoch is the difference between
a longer and a shorter fit: validation of the input and other fixed costs cancel.

MNIST comes from ``fetch_openml``; set ``SCIKIT_LEARN_DATA`` to read it from a copy.

    python benchmarks/epoch.py [--repeats 7] [--json FILE]
"""

import argparse
import json
import platform
import statistics
import time
import warnings

import numpy as np
import sklearn
from sklearn.datasets import fetch_openml
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import sknumpy_mlp
from sknumpy_mlp import NumpyMLPClassifier

SHORT = 1


def seconds_per_epoch(Estimator, X, y, n_epochs, settings):
    """Time of an epoch: a fit of SHORT + n_epochs epochs less one of SHORT."""

    def fit(max_iter):
        estimator = Estimator(
            max_iter=max_iter, tol=0.0, n_iter_no_change=max_iter, **settings
        )
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(X, y)
        assert estimator.n_iter_ == max_iter
        return time.perf_counter() - began

    return (fit(SHORT + n_epochs) - fit(SHORT)) / n_epochs


def cases():
    """Name, data, epochs, settings of each comparison."""
    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    # The loader's array is column-major; neither of the two should suffer from that.
    X, y = np.ascontiguousarray(X[:60_000] / 255, np.float32), y[:60_000]
    adam = {"solver": "adam", "random_state": 0}
    for sizes, batch_size in (
        ((100,), 200),
        ((100,), 32),
        ((256, 128), 200),
        ((512, 512), 256),
    ):
        name = "-".join(map(str, (784, *sizes, 10)))
        n_epochs = 20 if sizes == (100,) and batch_size == 200 else 4
        settings = adam | {"hidden_layer_sizes": sizes, "batch_size": batch_size}
        yield f"MNIST {name}, batch {batch_size}", X, y, n_epochs, settings
    rng = np.random.default_rng(0)
    for n, n_features, n_classes, batch_size in ((150, 4, 2, 150), (2000, 20, 3, 200)):
        X = rng.standard_normal((n, n_features)).astype(np.float32)
        y = rng.integers(n_classes, size=n)
        settings = adam | {"hidden_layer_sizes": (100,), "batch_size": batch_size}
        name = f"{n_features}-100-{n_classes}, {n} rows, batch {batch_size}"
        yield name, X, y, 300 * batch_size // n, settings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", help="file for the results")
    args = parser.parse_args()
    versions = {
        "sknumpy_mlp": sknumpy_mlp.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()}",
    }
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    print(f"{'Adam, float32':36}{'ours':>10}{'theirs':>10}{'ratio':>8}   spread")
    results = []
    for name, X, y, n_epochs, settings in cases():
        pairs = [
            [
                seconds_per_epoch(Estimator, X, y, n_epochs, settings)
                for Estimator in (NumpyMLPClassifier, MLPClassifier)
            ]
            for _ in range(args.repeats)
        ]
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        ours, theirs = (
            statistics.median(column) for column in zip(*pairs, strict=True)
        )
        ratio = statistics.median(ratios)
        print(
            f"{name:36}{ours * 1e3:7.1f} ms{theirs * 1e3:7.1f} ms{ratio:8.2f}"
            f"   {ratios[0]:.2f} - {ratios[-1]:.2f}",
            flush=True,
        )
        results.append({"case": name, "ratio": ratio, "ratios": ratios, "pairs": pairs})
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"versions": versions, "results": results}, file, indent=1)


if __name__ == "__main__":
    main()
