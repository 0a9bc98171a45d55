"""Speed, memory and size compared with scikit-learn, PyTorch, skorch and JAX.

Contestants alternate in one process on the same cores; the median of the ratios is
reported.  Sections: step, fit, lbfgs, predict, tables, search, import, memory,
pickle.

    pip install '.[bench]' torch==2.13.0
    python benchmarks/speed.py [section ...] [--repeats 5] [--cores 2] [--save]

MNIST comes from ``fetch_openml``; set ``SCIKIT_LEARN_DATA`` to read it from a copy.
With ``--save`` the sections go to ``results/speed_<section>.json``, which
``plots.py`` draws.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from _measure import (
    compare,
    environment,
    parse_arguments,
    save,
    seconds,
    show,
    take_turns,
)
from _peers import (
    enough_epochs,
    installed_peers,
    matrix_products,
    seconds_per_epoch,
)
from sklearn.compose import make_column_transformer
from sklearn.datasets import fetch_openml, load_digits, load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, RobustScaler, StandardScaler

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor, TabularPreprocessor

CLASSIFIERS = {"ours": NumpyMLPClassifier, "scikit-learn": MLPClassifier}
REGRESSORS = {"ours": NumpyMLPRegressor, "scikit-learn": MLPRegressor}


@cache
def mnist(n_rows=60_000):
    """Pixels / 255 in float32 and the digits, row by row in memory."""
    X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
    X = np.ascontiguousarray(X[:n_rows] / 255, np.float32)
    return X, y[:n_rows].astype(np.int64)


@cache
def random_table(n_rows, n_features, n_classes, dtype="float32"):
    """Normal features, classes at random: time does not depend on the numbers."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features)).astype(dtype)
    return X, np.arange(n_rows) % n_classes


# -------------------------------------------------------------------------------- step

# Data, hidden layers, batch size, type, further peers.
SMALL = ("torch, 1 thread", "skorch")
STEP_CASES = (
    ("table 150 x 4, 2 classes", (100,), 150, "float32", SMALL),
    ("table 2000 x 20, 3 classes", (100,), 200, "float32", SMALL),
    ("table 10000 x 20, 3 classes", (256, 256, 256), 256, "float32", SMALL),
    ("table 10000 x 100, 5 classes", (128, 64), 256, "float32", SMALL),
    ("MNIST", (100,), 200, "float32", ()),
    ("MNIST", (100,), 32, "float32", ("torch, 1 thread",)),
    ("MNIST", (256, 128), 200, "float32", ()),
    ("MNIST", (512, 512), 256, "float32", ()),
    ("MNIST, 10000 rows", (1024, 1024, 1024), 512, "float32", ()),
    ("table 150 x 4, 2 classes", (100,), 150, "float64", ()),
    ("table 2000 x 20, 3 classes", (100,), 200, "float64", ()),
    ("MNIST", (100,), 200, "float64", ()),
    ("MNIST", (256, 128), 200, "float64", ()),
)


def step(n_repeats):
    """Time of an epoch, float32 and float64; JAX's compilation is kept apart."""
    peers = installed_peers()
    if "jax" in peers:  # starts its machinery
        peers["jax"](*random_table(10, 2, 2), (2,), 10).train(1)
    results = []
    for data, hidden, batch_size, dtype, others in STEP_CASES:
        X, y = _step_data(data, dtype)
        n_outputs = 1 if y.max() == 1 else y.max() + 1
        widths = "-".join(map(str, (X.shape[1], *hidden, n_outputs)))
        case = f"{data}: {widths}, batch {batch_size}, {dtype}"
        wanted = ("ours", "scikit-learn", "torch", "jax", *others)
        trainers = {
            name: peer(X, y, hidden, batch_size)
            for name, peer in peers.items()
            if name in wanted
        }
        compilation = None
        if "jax" in trainers:
            first = seconds(partial(trainers["jax"].train, 1))
            compilation = first - seconds(partial(trainers["jax"].train, 1))
        contestants = {
            name: partial(seconds_per_epoch, trainer, enough_epochs(trainer))
            for name, trainer in trainers.items()
        }
        contestants["matrix products"] = partial(
            matrix_products, X, hidden, int(n_outputs), batch_size
        )
        result = compare(take_turns(contestants, n_repeats))
        if compilation is not None:
            result["jax"]["compilation"] = compilation
        show(case, result)
        results.append(
            {"case": case, "batches": -(-len(X) // batch_size), "result": result}
        )
    return results


def _step_data(data, dtype):
    if data.startswith("MNIST"):
        X, y = mnist(10_000 if "10000" in data else 60_000)
        return X.astype(dtype, copy=False), y
    numbers = [int(word) for word in data.replace(",", "").split() if word.isdigit()]
    return random_table(*numbers, dtype=dtype)


# ------------------------------------------------------------------- fits of estimators


def fit(n_repeats):
    """Whole fits with default settings, each until it stops by itself."""
    digits = load_digits(return_X_y=True)
    table = make_classification(5000, 20, n_informative=10, random_state=0)
    housing = _housing_like()
    cases = (
        ("iris, default classifier", CLASSIFIERS, load_iris(return_X_y=True)),
        ("digits, default classifier", CLASSIFIERS, digits),
        ("5000 x 20, default classifier", CLASSIFIERS, table),
        ("5000 x 8, default regressor", REGRESSORS, housing),
    )
    return [
        _compare_fits(case, estimators, data, {"random_state": 0}, n_repeats)
        for case, estimators, data in cases
    ]


def _housing_like():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5000, 8))
    return X, X[:, 0] * X[:, 1] + np.sin(X[:, 2]) + 0.1 * rng.standard_normal(5000)


def lbfgs(n_repeats):
    """L-BFGS, a hundred iterations on digits; float64, as both always are."""
    X, y = load_digits(return_X_y=True)
    settings = {"solver": "lbfgs", "max_iter": 100, "tol": 0.0, "random_state": 0}
    return [_compare_fits("digits, L-BFGS", CLASSIFIERS, (X, y), settings, n_repeats)]


def _compare_fits(case, estimators, data, settings, n_repeats):
    n_iter = {}

    def measure(name):
        estimator = estimators[name](**settings)
        time_taken = seconds(partial(estimator.fit, *data))
        n_iter[name] = estimator.n_iter_
        return time_taken

    result = compare(
        take_turns({name: partial(measure, name) for name in estimators}, n_repeats)
    )
    case = f"{case}, iterations {' and '.join(map(str, n_iter.values()))}"
    show(case, result)
    return {"case": case, "result": result}


def predict(n_repeats):
    """Predictions of 1, 100 and 100,000 rows; a fitted network of default size."""
    results = []
    for n_features, n_classes in ((20, 3), (784, 10)):
        X, y = random_table(100_000, n_features, n_classes)
        fitted = {
            name: Estimator(max_iter=2, random_state=0).fit(X[:1000], y[:1000])
            for name, Estimator in CLASSIFIERS.items()
        }
        for method in ("predict_proba", "predict"):
            for n_rows, n_calls in ((1, 500), (100, 200), (100_000, 1)):
                part = X[:n_rows]

                def measure(estimator, method=method, part=part, n_calls=n_calls):
                    call = getattr(estimator, method)
                    began = time.perf_counter()
                    for _ in range(n_calls):
                        call(part)
                    return (time.perf_counter() - began) / n_calls

                result = compare(
                    take_turns(
                        {name: partial(measure, each) for name, each in fitted.items()},
                        n_repeats,
                    )
                )
                rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
                case = f"{method}, {n_features}-100-{n_classes}, {rows}"
                show(case, result)
                results.append({"case": case, "result": result})
    return results


def tables(n_repeats):
    """Preprocessing of data frames: 500 rows, and a single one, of increasing width.

    scikit-learn's estimators want a column of each category told; they get the same
    columns encoded, imputed and scaled.
    """
    rng = np.random.default_rng(0)
    results = []
    for n_columns in (20, 1_000, 10_000):
        for kind in ("numbers", "half of them strings"):
            values = rng.normal(size=(500, n_columns))
            X = pd.DataFrame(values, columns=[f"c{i}" for i in range(n_columns)])
            n_strings = 0 if kind == "numbers" else n_columns // 2
            towns = rng.choice(["Bonn", "Köln", "Ulm"], (500, n_strings))
            X = pd.concat(
                [X.iloc[:, n_strings:], pd.DataFrame(towns).add_prefix("s")], axis=1
            )
            strings = list(X.columns[n_columns - n_strings :])
            encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
            transformers = {
                "ours": TabularPreprocessor(),
                "scikit-learn": make_column_transformer(
                    (encoder, strings),
                    remainder=make_pipeline(SimpleImputer(), RobustScaler()),
                ),
            }
            for each in transformers.values():
                each.fit(X)
            for method, part in (("fit", X), ("transform", X[:1])):
                n_calls = max(1, 1_000 // n_columns)

                def measure(each, method=method, part=part, n_calls=n_calls):
                    began = time.perf_counter()
                    for _ in range(n_calls):
                        getattr(each, method)(part)
                    return (time.perf_counter() - began) / n_calls

                contestants = {
                    name: partial(measure, each) for name, each in transformers.items()
                }
                result = compare(take_turns(contestants, n_repeats))
                rows = "1 row" if len(part) == 1 else f"{len(part)} rows"
                case = f"{method}, {rows}, {n_columns} columns, {kind}"
                show(case, result)
                results.append({"case": case, "result": result})
    return results


def search(n_repeats):
    """GridSearchCV on iris: 12 candidates in 5 folds."""
    X, y = load_iris(return_X_y=True)
    results, scores = [], {}
    for n_jobs in (1, 2):

        def measure(name, n_jobs=n_jobs):
            Estimator = CLASSIFIERS[name]
            pipeline = make_pipeline(StandardScaler(), Estimator(random_state=0))
            prefix = f"{Estimator.__name__.lower()}__"
            grid = {
                f"{prefix}hidden_layer_sizes": [(20,), (50,), (100,)],
                f"{prefix}alpha": [1e-4, 1e-2],
                f"{prefix}learning_rate_init": [1e-3, 1e-2],
            }
            searcher = GridSearchCV(pipeline, grid, cv=5, n_jobs=n_jobs)
            time_taken = seconds(partial(searcher.fit, X, y))
            scores[name] = searcher.cv_results_["mean_test_score"]
            return time_taken

        with _no_warnings_in_workers():
            result = compare(
                take_turns(
                    {name: partial(measure, name) for name in CLASSIFIERS}, n_repeats
                )
            )
        # Both did the same work.
        np.testing.assert_allclose(scores["ours"], scores["scikit-learn"], atol=0.02)
        case = f"GridSearchCV, iris, 12 candidates x 5 folds, n_jobs={n_jobs}"
        show(case, result)
        results.append({"case": case, "result": result})
    return results


@contextmanager
def _no_warnings_in_workers():
    """Most of these fits do not converge in 200 epochs, and say so."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


# ------------------------------------------------------------------------ other figures


def import_time(n_repeats):
    """Time to start Python and import, in a process of its own."""
    statements = {
        "ours": "import sknumpy_mlp",
        "scikit-learn": "import sklearn.neural_network",
        "numpy alone": "import numpy",
        "torch": "import torch",
        "skorch": "import skorch",
        "jax": "import jax",
    }
    installed = installed_peers()
    contestants = {
        name: partial(
            seconds, partial(subprocess.run, [sys.executable, "-c", code], check=True)
        )
        for name, code in statements.items()
        if name in installed or name == "numpy alone"
    }
    result = compare(take_turns(contestants, n_repeats))
    show("import", result)
    return [{"case": "import", "result": result}]


_MEMORY_PROGRAM = """
import sys, warnings
import numpy as np
from sknumpy_mlp import NumpyMLPClassifier
from sklearn.neural_network import MLPClassifier
warnings.simplefilter("ignore")
folder, name, options = sys.argv[1], sys.argv[2], eval(sys.argv[3])
Estimator = {"ours": NumpyMLPClassifier, "scikit-learn": MLPClassifier}[name]
X, y = np.load(folder + "/X.npy"), np.load(folder + "/y.npy")
Estimator(max_iter=2).fit(X[:500], y[:500])  # libraries' own memory is there

def status(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1]) * 1024

before = status("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # forget the highest mark so far
Estimator(max_iter=2, random_state=0, **options).fit(X, y)
print(status("VmHWM") - before)
"""


def memory(n_repeats):
    """Peak memory that a fit adds to what the data takes (Linux only)."""
    if not Path("/proc/self/clear_refs").exists():
        print("memory: only on Linux")
        return []
    X, y = mnist()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/X.npy", X)
        np.save(f"{folder}/y.npy", y)
        for label, options in (
            ("default", {}),
            ("early stopping", {"early_stopping": True}),
            ("512-512", {"hidden_layer_sizes": (512, 512)}),
        ):

            def measure(name, options=options):
                command = [sys.executable, "-c", _MEMORY_PROGRAM]
                done = subprocess.run(
                    [*command, folder, name, repr(options)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                return int(done.stdout)

            turns = {name: partial(measure, name) for name in CLASSIFIERS}
            result = compare(take_turns(turns, n_repeats))
            case = f"memory added by fit, MNIST float32, {label}"
            show(case, result, "B")
            results.append({"case": case, "result": result})
    return results


def pickle_size(n_repeats):
    """Size of a pickled estimator: no repeats, it is always the same.

    After `fit`, this package keeps the parameters only, scikit-learn's also Adam's
    moments and the best parameters; after `partial_fit` both keep what it takes to go
    on.
    """
    X, y = random_table(2000, 784, 10)
    results = []
    for label, options in (
        ("fit", {}),
        ("fit, early stopping", {"early_stopping": True}),
        ("fit, 512-512", {"hidden_layer_sizes": (512, 512)}),
        ("partial_fit", None),
    ):
        sizes = {}
        for name, Estimator in CLASSIFIERS.items():
            if options is None:
                fitted = Estimator().partial_fit(X, y, classes=np.arange(10))
            else:
                fitted = Estimator(max_iter=2, **options).fit(X, y)
            sizes[name] = [len(pickle.dumps(fitted))]
        result = compare(sizes)
        case = f"pickle, 784 features, after {label}"
        show(case, result, "B")
        results.append({"case": case, "result": result})
    return results


SECTIONS = {
    "step": step,
    "fit": fit,
    "lbfgs": lbfgs,
    "predict": predict,
    "tables": tables,
    "search": search,
    "import": import_time,
    "memory": memory,
    "pickle": pickle_size,
}


def main():
    args = parse_arguments(__doc__, "section", SECTIONS, n_repeats=5)
    warnings.simplefilter("ignore", ConvergenceWarning)
    about = environment("torch", "skorch", "jax")
    print(about)
    for name in args.names:
        print(f"\n{name}: {SECTIONS[name].__doc__.splitlines()[0]}")
        results = SECTIONS[name](args.repeats)
        if args.save:
            save(f"speed_{name}", about | {"results": results})


if __name__ == "__main__":
    main()
