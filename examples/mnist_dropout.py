"""MNIST with dropout: as good as a plain fully connected network gets.

No convolution, no augmentation, no ensemble: pixels in any order, one network.  The
published marks for such networks are 98.4 % (Simard, Steinkraus and Platt, ICDAR
2003), 98.75 % with dropout, and 98.94 % with dropout and a bound on the norms of the
weights (Srivastava et al., JMLR 15, 2014, three layers of 1,024 rectified units).

    python examples/mnist_dropout.py                 three seeds, some 15 minutes each
    python examples/mnist_dropout.py --seeds 0       one of them
    python examples/mnist_dropout.py --choose        how the settings were chosen
    python examples/mnist_dropout.py --quick         a few epochs on a part of the data

``--choose`` trains candidates on 50,000 images and compares them on the other 10,000
of the training set; the test set has no part in it.  The images come from OpenML
(once; scikit-learn keeps a copy).  The figures of the run go to
``output/mnist_dropout.json``.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import Progress

SETTINGS = {
    "hidden_layer_sizes": (1024, 1024),
    "init": "he",
    "dropout": (0.2, 0.5, 0.5),
    "alpha": 0.0,
    "batch_size": 128,
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.001,
    "max_iter": 40,
    "dtype": "float32",
}

# What is tried by --choose, as changes to the settings above.
CANDIDATES = {
    "1024-1024": {},
    "1024-1024, max_norm": {"max_norm": 1.5},
    "1024-1024, weight decay": {"weight_decay": 0.3},
    "1024-1024-1024": {
        "hidden_layer_sizes": (1024, 1024, 1024),
        "dropout": (0.2, 0.5, 0.5, 0.5),
    },
    "2048-2048": {"hidden_layer_sizes": (2048, 2048), "batch_size": 256},
}


def load():
    print("loading MNIST ...", flush=True)
    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    X = np.ascontiguousarray(X / 255, dtype=np.float32)
    return X[:60_000], y[:60_000], X[60_000:], y[60_000:]


def train(settings, X_train, y_train, X_test, y_test):
    """Return the accuracy, and the seconds that the training took."""
    clf = NumpyMLPClassifier(**settings, callbacks=[Progress()])
    began = time.perf_counter()
    clf.fit(X_train, y_train)
    return clf.score(X_test, y_test), time.perf_counter() - began


def choose(X, y, quick):
    """Compare the candidates on a part of the training set."""
    X_train, X_held_out, y_train, y_held_out = train_test_split(
        X, y, test_size=1 / 6, stratify=y, random_state=0
    )
    for name, changes in CANDIDATES.items():
        settings = SETTINGS | changes | {"random_state": 0}
        settings |= {"max_iter": 2} if quick else {}
        accuracy, seconds = train(settings, X_train, y_train, X_held_out, y_held_out)
        print(f"{name:32}{accuracy:8.4f}{seconds:8.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--choose", action="store_true", help="compare candidates")
    parser.add_argument("--quick", action="store_true", help="few epochs, less data")
    args = parser.parse_args()
    X_train, y_train, X_test, y_test = load()
    if args.quick:
        X_train, y_train = X_train[::10], y_train[::10]
    if args.choose:
        choose(X_train, y_train, args.quick)
        return
    results = []
    for seed in args.seeds:
        settings = SETTINGS | {"random_state": seed}
        settings |= {"max_iter": 2} if args.quick else {}
        accuracy, seconds = train(settings, X_train, y_train, X_test, y_test)
        results.append({"seed": seed, "accuracy": accuracy, "seconds": seconds})
        print(f"seed {seed}: test accuracy {accuracy:.4f} in {seconds:.0f} s")
    mean = np.mean([result["accuracy"] for result in results])
    print(f"mean of {len(results)}: {mean:.4f}")
    path = Path(__file__).parent / "output" / "mnist_dropout.json"
    path.parent.mkdir(exist_ok=True)
    settings = {name: str(value) for name, value in SETTINGS.items()}
    path.write_text(json.dumps({"settings": settings, "results": results}, indent=1))


if __name__ == "__main__":
    main()
