"""Grid search: sequential, with loky and with Dask, in two processes.

    python benchmarks/searching.py            # with Dask, an extra
    python benchmarks/searching.py nested     # searches of a tabular estimator

The second compares ``n_jobs=2`` of the search, of the estimator, and of both: on two
cores, both together must not be slower than one of them alone.
"""

import argparse
import multiprocessing
import statistics
import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import joblib
from sklearn.datasets import load_digits, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sknumpy_mlp import NumpyMLPClassifier, TabularMLPRegressor

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


def _nested_search(n_jobs, n_jobs_of_estimator):
    """Return the seconds of four fits, in a process that has not started others."""
    X, y = make_friedman1(4_000, 20, noise=1.0, random_state=0)
    reg = TabularMLPRegressor(max_iter=12, n_jobs=n_jobs_of_estimator, random_state=0)
    grid = {"dropout": [0.0, 0.1]}
    search = GridSearchCV(reg, grid, cv=2, n_jobs=n_jobs, refit=False)
    began = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - began


def _measure_nested():
    both, seconds = (2, 2), {(2, 1): [], (1, 2): [], (2, 2): [], (2, None): []}
    for _ in range(N_TURNS):
        for n_jobs, values in seconds.items():
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=context) as process:
                values.append(process.submit(_nested_search, *n_jobs).result())
    medians = {n_jobs: statistics.median(each) for n_jobs, each in seconds.items()}
    for (outer, inner), value in medians.items():
        print(f"n_jobs={outer} of the search, {inner} of the estimator: {value:.1f} s")
    alone = min(medians[2, 1], medians[1, 2])
    print(f"both / the better one alone: {medians[both] / alone:.2f}")


def _measure_dask():
    from distributed import Client, LocalCluster

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


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["dask", "nested"], default="dask")
    warnings.simplefilter("ignore", ConvergenceWarning)
    if parser.parse_args().what == "nested":
        _measure_nested()
    else:
        _measure_dask()


if __name__ == "__main__":
    main()
