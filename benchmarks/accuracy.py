"""Accuracy on MNIST, iris and California housing, compared with scikit-learn's MLP.

The same settings, seed and folds for both.  Settings were chosen on a hold-out or by
cross-validation.  The data come from scikit-learn's loaders; set
``SCIKIT_LEARN_DATA`` to read them from a copy.

    python benchmarks/accuracy.py [mnist] [best] [iris] [housing]
"""

import argparse
import platform
import time
import warnings

import numpy as np
import sklearn
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import fetch_california_housing, fetch_openml, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknumpy_mlp
from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor


def load_mnist(dtype):
    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    X = np.ascontiguousarray(X / 255, dtype)
    return X[:60_000], y[:60_000], X[60_000:], y[60_000:]


def mnist():
    """MNIST, the default classifier, pixels / 255, float64."""
    X, y, X_test, y_test = load_mnist(np.float64)
    for Estimator in (NumpyMLPClassifier, MLPClassifier):
        began = time.perf_counter()
        clf = Estimator(random_state=0).fit(X, y)
        print(
            f"  {Estimator.__name__:20} test accuracy {clf.score(X_test, y_test):.4f}, "
            f"{clf.n_iter_} epochs in {time.perf_counter() - began:.0f} s",
            flush=True,
        )


def best():
    """MNIST, two layers of 512 rectified linear units, SGD with an adaptive rate."""
    X, y, X_test, y_test = load_mnist(np.float32)
    clf = NumpyMLPClassifier(
        (512, 512),
        init="he",
        solver="sgd",
        learning_rate="adaptive",
        learning_rate_init=0.05,
        alpha=0.02,
        batch_size=100,
        early_stopping=True,
        n_iter_no_change=3,
        random_state=0,
    )
    began = time.perf_counter()
    clf.fit(X, y)
    print(
        f"  {clf}\n  hold-out accuracy {clf.best_validation_score_:.4f}, test accuracy "
        f"{clf.score(X_test, y_test):.4f}, {clf.n_iter_} epochs in "
        f"{time.perf_counter() - began:.0f} s",
        flush=True,
    )


def iris():
    """Iris, ten-fold cross-validation, StandardScaler and L-BFGS."""
    X, y = load_iris(return_X_y=True)
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    for Estimator in (NumpyMLPClassifier, MLPClassifier):
        clf = Estimator((20, 20), solver="lbfgs", alpha=1.0, random_state=0)
        scores = cross_val_score(
            make_pipeline(StandardScaler(), clf.set_params(max_iter=1000)),
            X,
            y,
            cv=folds,
        )
        print(
            f"  {Estimator.__name__:20} accuracy {scores.mean():.4f} "
            f"(standard deviation over folds {scores.std():.3f})",
            flush=True,
        )


def housing():
    """California housing: grid search in five folds, then 20% test data."""
    X, y = fetch_california_housing(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
    for Estimator in (NumpyMLPRegressor, MLPRegressor):
        mlp = Estimator(
            hidden_layer_sizes=(100, 100),
            early_stopping=True,
            n_iter_no_change=15,
            random_state=0,
        )
        prefix = f"regressor__{Estimator.__name__.lower()}__"
        began = time.perf_counter()
        search = GridSearchCV(
            TransformedTargetRegressor(
                make_pipeline(StandardScaler(), mlp), transformer=StandardScaler()
            ),
            {f"{prefix}activation": ["relu", "tanh"], f"{prefix}alpha": [1e-4, 1e-2]},
            cv=KFold(5, shuffle=True, random_state=0),
        ).fit(X, y)
        print(
            f"  {Estimator.__name__:20} R2 in 5 folds {search.best_score_:.4f}, "
            f"test R2 {search.score(X_test, y_test):.4f}, "
            f"{time.perf_counter() - began:.0f} s, {search.best_params_}",
            flush=True,
        )


def main():
    parts = {part.__name__: part for part in (mnist, best, iris, housing)}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[[], *parts], default=[])
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(
        f"sknumpy_mlp {sknumpy_mlp.__version__}, scikit-learn {sklearn.__version__}, "
        f"numpy {np.__version__}, python {platform.python_version()}"
    )
    for name in args.parts or parts:
        print(parts[name].__doc__)
        parts[name]()


if __name__ == "__main__":
    main()
