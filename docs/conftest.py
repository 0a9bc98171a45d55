"""Which pages pytest runs: those whose packages are here."""

from importlib.util import find_spec

# Programs of the site, and pages that it generates.
collect_ignore_glob = ["*.py", "auto_examples/*", "generated/*", "_build/*"]

# What the code of a page needs beside the package and its tests.
NEEDS = {"scaling.md": "dask"}
collect_ignore = [page for page, package in NEEDS.items() if not find_spec(package)]
