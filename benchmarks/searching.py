"""Grid search: sequential, with loky and with Dask, in two processes.

Needs the extra ``dask``:  python benchmarks/searching.py
"""

import statistics
import time
import warnings

import joblib
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sknumpy_mlp import NumpyMLPClassifier

N_TURNS = 5
GRID = {"alpha": [1e-4, 1e-2, 1.0, 10.0]}


def _search(n_epochs, n_jobs=None):
    X, y = load_digits(return_X_y=True)
    clf = NumpyMLPClassifier(max_iter=n_epochs, tol=0.0, random_state=0)
    search = GridSearchCV(clf, GRID, cv=5, n_jobs=n_jobs, refit=False)
    began = time.perf_counter()
    search.fit(X / 16, y)
    return time.perf_counter() - began, search.cv_results_["mean_fit_time"].mean()


def _on_dask(n_epochs):
    with joblib.parallel_config(backend="dask"):
        return _search(n_epochs)[0]


def _measure(n_epochs):
    ratios = {"loky": [], "dask": []}
    alone = []
    for _ in range(N_TURNS):
        seconds, seconds_of_fit = _search(n_epochs)
        alone.append((seconds, seconds_of_fit))
        ratios["loky"].append(_search(n_epochs, n_jobs=2)[0] / seconds)
        ratios["dask"].append(_on_dask(n_epochs) / seconds)
    seconds, seconds_of_fit = (
        statistics.median(each) for each in zip(*alone, strict=True)
    )
    print(f"20 fits of {1000 * seconds_of_fit:.0f} ms, {seconds:.2f} s one by one")
    for name, values in ratios.items():
        low, high = min(values), max(values)
        print(f"  {name}: {statistics.median(values):.2f} ({low:.2f} - {high:.2f})")


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    began = time.perf_counter()
    _search(1, n_jobs=2)
    print(f"pool of loky and its first search: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as cluster, Client(cluster):
        print(f"cluster of Dask: {time.perf_counter() - began:.1f} s", end="")
        _on_dask(1)
        print(f", with its first search {time.perf_counter() - began:.1f} s")
        for n_epochs in (1, 10, 100):
            _measure(n_epochs)


if __name__ == "__main__":
    main()
