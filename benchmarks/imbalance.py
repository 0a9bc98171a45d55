"""Probabilities of rare classes: log loss and Brier score for shares from 1 to 1000.

    python benchmarks/imbalance.py
    python benchmarks/imbalance.py --save

The tables are made: ten normal columns, of which four determine the probability of the
positive class, and 100,000 new rows to predict, whose true probabilities are known.
Their score is the best that a method can reach, but for chance.  Means over splits;
with ``--save``, they go to ``results/imbalance.json``.
"""

import argparse
import statistics
import warnings

import numpy as np
import pandas as pd
from _measure import environment, save
from _tabular_peers import METHODS
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

# Share of the positive class, and number of training rows.
SHARES = ((0.001, 20_000), (0.01, 10_000), (0.05, 4_000))
N_NEW, N_SPLITS = 100_000, 2
PEERS = ("hist_gradient_boosting", "lightgbm", "catboost")


def make_table(share, n_rows, seed):
    """Return a table, labels and the probabilities of the positive class."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 10))
    z = 2.0 * X[:, 0] + 1.5 * np.sin(2.0 * X[:, 1]) + X[:, 2] * X[:, 3]
    shift = brentq(lambda b: expit(z + b).mean() - share, -30.0, 10.0)
    p = expit(z + shift)
    X = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return X, (rng.random(n_rows) < p).astype(int), p


def scores(y, p):
    """Return the scores of predicted probabilities."""
    return {
        "log_loss": float(log_loss(y, p)),
        "brier": float(brier_score_loss(y, p)),
        "auc": float(roc_auc_score(y, p)),
    }


def models(X, seed):
    """Yield names and unfitted models."""
    yield "ours", METHODS["ours"]("classification", X, seed)
    plain = METHODS["ours"]("classification", X, seed, loss="log_loss")
    yield "ours, without label smoothing", plain
    for name in PEERS:
        yield name, METHODS[name]("classification", X, seed)


def measure(share, n_rows, seed):
    """Return name -> scores for one table."""
    X, y, p = make_table(share, n_rows + N_NEW, seed)
    results = {"true probabilities": scores(y[n_rows:], p[n_rows:])}
    for name, model in models(X, seed):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X[:n_rows], y[:n_rows])
            predicted = model.predict_proba(X[n_rows:])[:, 1]
        results[name] = scores(y[n_rows:], predicted)
    return results


def main():
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    results = {}
    for share, n_rows in SHARES:
        found = [measure(share, n_rows, seed) for seed in range(N_SPLITS)]
        results[str(share)] = {
            name: {
                key: statistics.fmean(each[name][key] for each in found)
                for key in found[0][name]
            }
            for name in found[0]
        }
        for name, means in results[str(share)].items():
            numbers = "  ".join(f"{key} {value:.5f}" for key, value in means.items())
            print(f"{share:<6} {name:30} {numbers}", flush=True)
    if args.save:
        about = {"environment": environment("catboost", "lightgbm")}
        save("imbalance", about | {"results": results})


if __name__ == "__main__":
    main()
