"""Compare predictions and speed of ONNX models with those of the estimators.

For every table of a folder (see `_tabular_data.load_tables`), and for MNIST, train the
estimator briefly, export it, and run the model in ONNX Runtime on the test rows::

    python benchmarks/onnx_agreement.py FOLDER [--tables stock churn] [--epochs 16]

It prints the largest difference (of probabilities; of predictions, divided by the
largest of them), the fraction of equal labels, and the times to predict all test rows
and a single one: ONNX Runtime's divided by ours, both on one thread.
"""

import argparse
import time

import numpy as np
import onnxruntime
from _tabular_data import load_tables, split
from sklearn.datasets import fetch_openml
from threadpoolctl import threadpool_limits

from sknumpy_mlp import NumpyMLPClassifier, TabularMLPClassifier, TabularMLPRegressor
from sknumpy_mlp.export import onnx_inputs, to_onnx


def make_session(estimator):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        to_onnx(estimator).SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
    )


def best_time(function, repeats=5):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)


def compare(name, estimator, X):
    """Print a line; return the largest difference."""
    session = make_session(estimator)
    inputs = onnx_inputs(estimator, X)
    one = {key: value[:1] for key, value in inputs.items()}
    first = X.iloc[:1] if hasattr(X, "iloc") else X[:1]
    outputs = session.run(None, inputs)
    is_classifier = hasattr(estimator, "classes_")
    predict = estimator.predict_proba if is_classifier else estimator.predict
    expected = predict(X)
    scale = 1.0 if is_classifier else np.abs(expected).max()
    difference = float(np.abs(outputs[-1] - expected).max() / scale)
    same = np.mean(outputs[0] == estimator.predict(X)) if is_classifier else np.nan
    many = best_time(lambda: session.run(None, inputs)) / best_time(lambda: predict(X))
    single = best_time(lambda: session.run(None, one)) / best_time(
        lambda: predict(first)
    )
    figures = f"{difference:10.1e} {same:8.4f} {many:8.2f} {single:8.3f}"
    print(f"{name:20} {len(X):6} {figures}", flush=True)
    return difference


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--tables", nargs="*")
    parser.add_argument("--epochs", type=int, default=16)
    args = parser.parse_args()
    print(
        f"{'data':20} {'rows':>6} {'difference':>10} {'labels':>8} {'all':>8} "
        f"{'one row':>8}"
    )
    differences = []
    with threadpool_limits(1, "blas"):
        for name, (task, X, y) in load_tables(args.folder).items():
            if args.tables and name not in args.tables:
                continue
            X_train, X_test, y_train, _ = split(task, X, y, 0)
            make = (
                TabularMLPClassifier
                if task == "classification"
                else TabularMLPRegressor
            )
            estimator = make(max_iter=args.epochs, random_state=0, n_jobs=1)
            differences.append(compare(name, estimator.fit(X_train, y_train), X_test))
        if not args.tables or "mnist" in args.tables:
            X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
            X = (X / 255.0).astype(np.float32)
            clf = NumpyMLPClassifier(
                max_iter=args.epochs,
                n_iter_no_change=args.epochs,
                tol=0.0,
                early_stopping=True,
                random_state=0,
            )
            differences.append(
                compare("mnist", clf.fit(X[:60_000], y[:60_000]), X[60_000:])
            )
    print(f"largest difference: {max(differences):.1e}")


if __name__ == "__main__":
    main()
