"""Training of a tabular ensemble's members: sequentially, in processes, in threads.

    python benchmarks/workers.py [--save]

Each fit is in a process of its own.  Time is that of ``fit``; memory is the peak of the
process and its workers during it, and includes the libraries and the table.  Fits with
the joblib backends alternate.  The results of a Python without a global interpreter
lock go to a file of their own.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
import warnings

from _large_tables import make_table
from _measure import PeakMemory, environment, save

from sknumpy_mlp import TabularMLPRegressor

BACKENDS = ("sequential", "loky", "threading")
# Rows, batch size, epochs; None is the default.
CASES = (
    (3_000, None, None),
    (100_000, 512, 4),
    (100_000, 1024, 4),
    (100_000, 4096, 4),
    (1_000_000, None, 1),
)


def measure(backend, case):
    """Return seconds and peak memory, in bytes, of a fit."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_fit, args=(there, backend, *case))
    process.start()
    there.close()  # so that the end of the process ends the wait for it
    here.recv()
    with PeakMemory(process.pid) as memory:
        here.send("go")
        seconds = here.recv()
    process.join()
    return seconds, memory.peak


def _fit(connection, backend, n_rows, batch_size, max_iter):
    from joblib import parallel_config

    X, y = make_table("regression", n_rows)
    params = {"batch_size": batch_size, "max_iter": max_iter}
    model = TabularMLPRegressor(random_state=0)
    model.set_params(**{k: v for k, v in params.items() if v is not None})
    connection.send("ready")
    connection.recv()
    began = time.perf_counter()
    with warnings.catch_warnings(), parallel_config(backend, n_jobs=2):
        warnings.simplefilter("ignore")
        model.fit(X, y)
    connection.send(time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"interpreter lock: {has_lock}")
    print("| rows | batch size | epochs |", " | ".join(BACKENDS), "|")
    print("|---" * (3 + len(BACKENDS)) + "|")
    results = []
    for case in CASES:
        measured = {backend: [] for backend in BACKENDS}
        for _ in range(args.repeats):
            for backend in BACKENDS:
                measured[backend].append(measure(backend, case))
        result = {}
        for backend, pairs in measured.items():
            seconds, memory = map(statistics.median, zip(*pairs, strict=True))
            result[backend] = {"seconds": seconds, "peak_memory": memory}
        cells = " | ".join(
            f"{each['seconds']:.0f} s, {each['peak_memory'] / 2**20:.0f} MB"
            for each in result.values()
        )
        n_rows, batch_size, max_iter = case
        sizes = f"{n_rows:,} | {batch_size or 'auto'} | {max_iter or 'auto'}"
        print(f"| {sizes} | {cells} |", flush=True)
        about = {"n_rows": n_rows, "batch_size": batch_size, "max_iter": max_iter}
        results.append(about | {"result": result})
    if args.save:
        name = "workers" if has_lock else "workers_without_lock"
        about = environment("joblib", "pandas") | {"interpreter_lock": has_lock}
        save(name, about | {"results": results})


if __name__ == "__main__":
    main()
