"""Default fits on large tables: time, peak memory and score, beside boosted trees.

The tables are made of numbers, some with heavy tails, and categories; the target has
interactions of two and three columns, and noise.
"""

import multiprocessing
import time
import warnings

import numpy as np
import pandas as pd
from _measure import PeakMemory, pss
from sklearn.metrics import accuracy_score, r2_score

N_NUMBERS, LEVELS = 16, (3, 8, 30, 200)
N_COLUMNS = N_NUMBERS + len(LEVELS)
N_TEST = 50_000
SIZES = (100_000, 1_000_000)
TASKS = ("regression", "classification")
METHODS = ("ours", "hist_gradient_boosting")
N_CLASSES = 3


def make_table(task, n_rows, seed=0):
    """Return a frame with float32 numbers and categories, and its target."""
    rng = np.random.default_rng(seed)
    fixed = np.random.default_rng(12345)  # the function is the same for all rows
    x = rng.standard_normal((n_rows, N_NUMBERS), dtype=np.float32)
    codes = [rng.integers(0, n, n_rows) for n in LEVELS]
    n_outputs = 1 if task == "regression" else N_CLASSES
    signal = np.empty((n_rows, n_outputs))
    for k in range(n_outputs):
        order = fixed.permutation(N_NUMBERS)
        a, b, c, d, e, f, g, h, i = x[:, order[:9]].T
        slopes, shifts, steps, rare = (fixed.standard_normal(n) for n in LEVELS)
        value = a * b + np.sin(3.0 * c) + np.abs(d) + slopes[codes[0]] * e
        value += np.where(shifts[codes[1]] > 0.0, f, 0.0) + steps[codes[2]]
        value += 0.5 * rare[codes[3]] + 0.5 * g * h * i
        signal[:, k] = value / 2.5
    if task == "regression":
        y = signal[:, 0] + 0.5 * rng.standard_normal(n_rows)
    else:
        y = np.argmax(3.0 * signal + rng.gumbel(size=signal.shape), axis=1)
    x[:, ::4] = np.exp(x[:, ::4])  # heavy tails
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(N_NUMBERS)])
    for i, column in enumerate(codes):
        values = pd.Categorical.from_codes(column, [f"c{j}" for j in range(LEVELS[i])])
        frame[f"c{i}"] = values
    return frame, y


def measure(method, task, n_rows):
    """Fit in a process of its own.

    Returns a dict with seconds, score, the peak memory of the process and its
    descendants during the fit, and the memory before it, in bytes.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_fit, args=(there, method, task, n_rows))
    process.start()
    there.close()  # so that the end of the process ends the wait for it
    before = here.recv()
    with PeakMemory(process.pid) as memory:
        here.send("go")
        seconds = here.recv()
    result = {"seconds": seconds, "peak_memory": memory.peak, "memory_before": before}
    result["score"] = here.recv()
    process.join()
    return result


def _fit(connection, method, task, n_rows):
    from _tabular_peers import METHODS as MAKERS

    X, y = make_table(task, n_rows)
    model = MAKERS[method](task, X, 0)
    connection.send(pss("self"))
    connection.recv()
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    connection.send(time.perf_counter() - began)
    X_test, y_test = make_table(task, N_TEST, seed=1)
    score = r2_score if task == "regression" else accuracy_score
    connection.send(float(score(y_test, model.predict(X_test))))


def measure_all():
    """Measure all methods on all tables; print and return the results."""
    results = []
    for n_rows in SIZES:
        for task in TASKS:
            for method in METHODS:
                result = measure(method, task, n_rows)
                megabytes = result["peak_memory"] / 2**20
                print(
                    f"{n_rows:9,} x {N_COLUMNS} {task:15} {method:24} "
                    f"{result['seconds']:8.1f} s  {megabytes:6.0f} MB  "
                    f"{result['score']:.4f}",
                    flush=True,
                )
                names = {"n_rows": n_rows, "task": task, "method": method}
                results.append(names | result)
    return results
