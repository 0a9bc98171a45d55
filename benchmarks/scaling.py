"""Scaling of the training time: rows, features, width, depth, density.

Each sweep changes one size of a common setting and times an epoch of this package, of
scikit-learn's MLP and of the bare matrix products, in turn.

    python benchmarks/scaling.py [sweep ...] [--repeats 3] [--cores 2] [--save]

With ``--save`` the sweeps go to ``results/scaling.json``, which ``plots.py`` draws.

The sweep ``tables`` is another one: default fits of the tabular estimators and of
histogram gradient boosting on large tables, each in a process of its own, with time,
peak memory and score.  It takes an hour, runs only if named, and goes to
``results/scaling_tables.json``.
"""

import warnings
from functools import partial

import numpy as np
import scipy.sparse as sp
from _large_tables import measure_all
from _measure import compare, environment, parse_arguments, save, show, take_turns
from _peers import Ours, Sklearn, enough_epochs, matrix_products, seconds_per_epoch
from sklearn.exceptions import ConvergenceWarning

# One size changes, the others stay.  An epoch has ten steps or more.
COMMON = {"n_rows": 4000, "n_features": 100, "hidden": (100,), "batch_size": 200}
SWEEPS = {
    "rows": [COMMON | {"n_rows": n} for n in (1_000, 10_000, 100_000, 1_000_000)],
    "features": [
        COMMON | {"n_features": n} for n in (10, 30, 100, 300, 1_000, 2_000, 5_000)
    ],
    "width": [
        COMMON | {"hidden": (n, n), "n_rows": 2000}
        for n in (32, 64, 128, 256, 512, 1024, 2048, 4096)
    ],
    "depth": [COMMON | {"hidden": (256,) * n} for n in (1, 2, 4, 6, 8)],
    "batch": [
        COMMON | {"batch_size": n, "n_rows": 8000} for n in (8, 32, 128, 512, 2048)
    ],
    "density": [
        COMMON | {"n_features": 10_000, "density": share}
        for share in (0.001, 0.003, 0.01, 0.03, 0.1)
    ],
}


def data(n_rows, n_features, density):
    rng = np.random.default_rng(0)
    if density is None:
        X = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    else:
        X = sp.random_array(
            (n_rows, n_features),
            density=density,
            format="csr",
            dtype=np.float32,
            rng=rng,
        )
    return X, np.arange(n_rows) % 10


def measure(n_repeats, *, n_rows, n_features, hidden, batch_size, density=None):
    X, y = data(n_rows, n_features, density)
    trainers = {
        "ours": Ours(X, y, hidden, batch_size),
        "scikit-learn": Sklearn(X, y, hidden, batch_size),
    }
    if density is not None:  # the same numbers with their zeros
        trainers["ours, dense"] = Ours(X.toarray(), y, hidden, batch_size)
    contestants = {
        name: partial(seconds_per_epoch, trainer, enough_epochs(trainer))
        for name, trainer in trainers.items()
    }
    if density is None:
        contestants["matrix products"] = partial(
            matrix_products, X, hidden, 10, batch_size
        )
    return compare(take_turns(contestants, n_repeats))


def main():
    everything = [*SWEEPS, "tables"]
    args = parse_arguments(__doc__, "sweep", everything, n_repeats=3)
    if args.names == everything:  # none was named
        args.names.remove("tables")
    if "tables" in args.names:
        tables = measure_all()
        if args.save:
            save("scaling_tables", environment() | {"tables": tables})
        args.names.remove("tables")
        if not args.names:
            return
    if args.save and len(args.names) < len(SWEEPS):
        raise SystemExit("--save wants all sweeps: they go to one file")
    warnings.simplefilter("ignore", ConvergenceWarning)
    about = environment()
    print(about)
    sweeps = {}
    for name in args.names:
        print(f"\n{name}")
        sweeps[name] = []
        for setting in SWEEPS[name]:
            result = measure(args.repeats, **setting)
            value = {
                "rows": setting["n_rows"],
                "features": setting["n_features"],
                "width": setting["hidden"][0],
                "depth": len(setting["hidden"]),
                "batch": setting["batch_size"],
                "density": setting.get("density"),
            }[name]
            show(f"{name} {value}", result)
            sweeps[name].append({"value": value, "setting": setting, "result": result})
    if args.save:
        save("scaling", about | {"sweeps": sweeps})


if __name__ == "__main__":
    main()
