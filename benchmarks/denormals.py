"""Denormal numbers: a fit that has converged beside one that has not.

    python benchmarks/denormals.py [--repeats 5] [--save]

Some processors take many times as long for arithmetic with denormal numbers.  Each fit
takes turns with the same fit while the processor flushes denormal numbers to zero
(PyTorch sets the flag, extra: bench).  The ratio of their processor times is above 1 if
denormal numbers slow the fit down.  One thread, since the flag belongs to a thread.
"""

import math
import time
import warnings
from functools import partial

import numpy as np
import torch
from _measure import compare, environment, parse_arguments, save, show, take_turns
from sklearn.datasets import load_breast_cancer
from threadpoolctl import threadpool_limits

from sknumpy_mlp import NumpyMLPClassifier, TabularMLPClassifier


def data(share_of_noise):
    """Return standardized data in float32; some labels are flipped."""
    X, y = load_breast_cancer(return_X_y=True)
    flipped = np.random.default_rng(0).random(len(y)) < share_of_noise
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X.astype(np.float32), np.where(flipped, 1 - y, y)


def tabular():
    """Return a single tabular network, which trains for all of its epochs."""
    return TabularMLPClassifier(
        (256, 256, 256),
        max_iter=128,
        n_iter_no_change=math.inf,
        parametric_activation=True,
        ensemble=None,
        n_jobs=1,
        random_state=0,
    )


def plain():
    """Return a plain network that trains long enough to converge."""
    return NumpyMLPClassifier(
        (256, 256), max_iter=200, n_iter_no_change=200, tol=0.0, random_state=0
    )


def seconds(make, X, y, *, flush):
    """Return the processor time of a fit."""
    torch.set_flush_denormal(flush)
    began = time.process_time()
    make().fit(X, y)
    elapsed = time.process_time() - began
    torch.set_flush_denormal(False)
    return elapsed


CASES = {
    f"{make.__name__}, {name}": (make, noise)
    for make in (tabular, plain)
    for name, noise in {"converged": 0.0, "a third of the labels flipped": 0.33}.items()
}


def main():
    """Read the command line and measure."""
    args = parse_arguments(__doc__, "case", CASES, n_repeats=5)
    assert torch.set_flush_denormal(False), "the processor cannot flush to zero"
    warnings.simplefilter("ignore")
    results = {}
    with threadpool_limits(1):
        for case in args.names:
            make, noise = CASES[case]
            X, y = data(noise)
            contestants = {
                name: partial(seconds, make, X, y, flush=flush)
                for name, flush in {"ours": False, "flush-to-zero": True}.items()
            }
            results[case] = compare(take_turns(contestants, args.repeats))
            show(case, results[case])
    if args.save:
        save("denormals", environment("torch") | {"results": results})


if __name__ == "__main__":
    main()
