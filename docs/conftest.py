"""Selection of the pages whose code pytest runs."""

from importlib.util import find_spec
from pathlib import Path

import pytest

# Scripts, and generated pages.
collect_ignore_glob = ["*.py", "auto_examples/*", "generated/*", "_build/*"]

# Packages that a page needs in addition to those of the tests.
NEEDS = {"scaling.md": "dask_ml"}
collect_ignore = [page for page, package in NEEDS.items() if not find_spec(package)]


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path, monkeypatch):
    """Run each page in a temporary folder, to which it writes its files."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _examples(monkeypatch):
    """Let the pages import examples."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "examples")
