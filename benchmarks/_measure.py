"""Measurements of the benchmarks: alternating repeats, medians of ratios, JSON.

Absolute times drift with the machine's temperature and with its load, so times of
different runs are not compared.  Contestants alternate within a repeat, A B C, B C A;
each repeat gives one ratio, and the median of the ratios is reported.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import threading
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

RESULTS = Path(__file__).parent / "results"

# Thread pools spin for some ten milliseconds after their last task.  The next
# contestant should not have to share the cores with them.
_PAUSE = 0.1


def parse_arguments(description, kind, names, n_repeats):
    """Parse the command line of scripts with several sections; select the cores."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar=kind)
    parser.add_argument("--repeats", type=int, default=n_repeats)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    if unknown := set(args.names) - set(names):
        parser.error(f"{', '.join(unknown)}: {kind}s are {', '.join(names)}")
    on_cores(args.cores)
    args.names = args.names or list(names)
    return args


def on_cores(n_cores):
    """Restart the program on `n_cores` cores, which libraries count when imported."""
    if not hasattr(os, "sched_setaffinity"):
        print(f"This system pins no process: not confined to {n_cores} cores.")
        return
    available = sorted(os.sched_getaffinity(0))
    if len(available) < n_cores:
        print(f"There are only {len(available)} cores.")
    # Variables that limit some of the contestants would not limit all of them.
    limits = [name for name in os.environ if name.endswith("_NUM_THREADS")]
    for name in limits:
        del os.environ[name]
    if limits or len(available) > n_cores:
        os.sched_setaffinity(0, available[:n_cores])
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.argv])


def environment(*packages):
    """Versions of everything that was measured, and the machine."""
    found = {}
    for package in ("sknumpy-mlp", "scikit-learn", "numpy", "scipy", *packages):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    cores = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return {
        "versions": found | {"python": platform.python_version()},
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "cores": len(cores(0)),
        "BLAS": [
            f"{pool['prefix']} {pool['version']} {pool.get('architecture')}, "
            f"{pool['num_threads']} threads"
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        ],
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


def seconds(action):
    """Time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


class PeakMemory:
    """Peak memory of a process and its descendants, in bytes, while a block runs.

    It is the sum of their proportional set sizes (PSS), in which memory that processes
    share counts once, sampled several times a second.  Linux only: 0 elsewhere.
    """

    _PAUSE = 0.2

    def __init__(self, pid):
        self._pid = pid
        self.peak = 0

    def __enter__(self):
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._is_over.set()
        self._thread.join()

    def _watch(self):
        while not self._is_over.wait(self._PAUSE):
            self.peak = max(self.peak, sum(map(pss, _descendants(self._pid))))


def _descendants(pid):
    """Yield a process and its descendants."""
    yield pid
    for tasks in Path("/proc").glob(f"{pid}/task/*/children"):
        try:
            children = tasks.read_text(encoding="utf-8").split()
        except OSError:  # it has just ended
            continue
        for child in children:
            yield from _descendants(int(child))


def pss(pid):
    """Return the proportional set size of a process, in bytes."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0
    (line,) = (line for line in text.splitlines() if line.startswith("Pss:"))
    return 1024 * int(line.split()[1])


def take_turns(contestants, n_repeats):
    """Measure contestants in turn.

    ``contestants`` maps names to functions that return what they measured, a number;
    one unmeasured turn of each comes first.  The result maps names to lists.
    """
    measured = {name: [] for name in contestants}
    turns = list(contestants.items())
    for repeat in range(n_repeats + 1):
        turns.append(turns.pop(0))  # nobody always follows the same other
        for name, measure in turns:
            time.sleep(_PAUSE)
            value = measure()
            if repeat:
                measured[name].append(value)
    return measured


def compare(measured, ours="ours"):
    """Ratios of ours to each of the others, repeat by repeat: median and spread."""
    result = {
        name: {"median": statistics.median(values), "values": values}
        for name, values in measured.items()
    }
    for name, values in measured.items():
        if name == ours:
            continue
        ratios = sorted(a / b for a, b in zip(measured[ours], values, strict=True))
        result[name] |= {
            "ratio": statistics.median(ratios),
            "lowest": ratios[0],
            "highest": ratios[-1],
        }
    return result


def show(case, result, unit="s"):
    """Print one line of a table."""
    scale, unit = readable(result["ours"]["median"], unit)
    parts = [f"{case:42} ours {result['ours']['median'] * scale:8.1f} {unit}"]
    for name, value in result.items():
        if "ratio" in value:
            spread = f"{value['lowest']:.2f}-{value['highest']:.2f}"
            parts.append(f"{name} {value['ratio']:.2f} ({spread})")
    print("  ".join(parts), flush=True)


def readable(value, unit):
    if unit == "s":
        for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
            if value * factor >= 1:
                return factor, name
        return 1e6, "µs"
    if unit == "B":
        return (1 / 2**20, "MiB") if value > 2**20 else (1 / 2**10, "KiB")
    return 1, unit


def save(name, record):
    """Write a record to the results."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    with path.open("w", encoding="utf-8") as file:
        json.dump(record, file, indent=1)
        file.write("\n")
    print(f"wrote {path}")
