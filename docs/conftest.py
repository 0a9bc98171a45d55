"""Which pages pytest runs: those whose packages are here."""

from importlib.util import find_spec

import pytest

# Programs of the site, and pages that it generates.
collect_ignore_glob = ["*.py", "auto_examples/*", "generated/*", "_build/*"]

# What the code of a page needs beside the package and its tests.
NEEDS = {"scaling.md": "dask_ml"}
collect_ignore = [page for page, package in NEEDS.items() if not find_spec(package)]


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path, monkeypatch):
    """Have pages write their files where they are in nobody's way."""
    monkeypatch.chdir(tmp_path)
