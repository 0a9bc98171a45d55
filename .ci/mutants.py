"""Mutate the numerical core and print how many mutants its tests notice.

    python .ci/mutants.py --max-children 4

The arguments are those of ``mutmut run``, which is configured in pyproject.toml.  It
starts afresh: mutmut would keep its verdicts on code that did not change, although the
tests may have.  Ends with status 1 if the tests notice too few mutants of a module.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

ENOUGH = 0.9  # of the mutants of each module
# A mutant that never ends is noticed.  One that no test calls is not, nor is one that
# for whatever reason was not tried.
NOTICED = ("killed", "timeout")


def mutmut(*arguments, **options):
    """Run a command of the mutmut that lies beside this Python."""
    program = Path(sys.executable).with_name("mutmut")
    # Mutants are tried side by side: a thread each is enough.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [program, *arguments], check=True, text=True, env=environment, **options
    )


def main():
    """Try all mutants; return 1 if too many of a module survive, else 0."""
    os.chdir(Path(__file__).parents[1])
    shutil.rmtree("mutants", ignore_errors=True)
    mutmut("run", *sys.argv[1:])
    listing = mutmut("results", "--all", "true", capture_output=True).stdout
    verdicts = defaultdict(Counter)
    for line in listing.splitlines():
        mutant, _, verdict = line.strip().partition(": ")
        module = mutant.split(".")[1:-1]
        verdicts[".".join(module)][verdict] += 1
        if verdict not in NOTICED:
            print(line)
    print("\n| module | mutants | killed | survived | share killed |")
    print("|---|---|---|---|---|")
    shares = []
    for module, counts in sorted(verdicts.items()):
        total, killed = counts.total(), sum(counts[name] for name in NOTICED)
        shares.append(killed / total)
        survived = total - killed
        print(f"| `{module}` | {total} | {killed} | {survived} | {shares[-1]:.1%} |")
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    mutated = {
        ".".join(path.with_suffix("").parts[1:])
        for pattern in settings["tool"]["mutmut"]["only_mutate"]
        for path in Path().glob(pattern)
        # `_base.py` of the layers has declarations only, which mutmut leaves alone.
        if path.name not in ("__init__.py", "_base.py")
    }
    if missing := mutated - verdicts.keys():
        print(f"No mutants of {', '.join(sorted(missing))}.")
    return int(bool(missing) or min(shares) < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
