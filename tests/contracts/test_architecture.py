"""The floors of the house: a folder imports only from those below its own."""

import ast
import graphlib
import sys
from pathlib import Path

import pytest

import sknumpy_mlp

PACKAGE = Path(sknumpy_mlp.__file__).parent

# From the ground up; those on one floor know nothing of each other.
FLOORS = [
    {"_version"},
    {"_utils"},
    {"activations", "losses", "schedules", "optimizers", "initializers"},
    {"layers"},
    {"embeddings", "_training"},
    {"callbacks", "_inputs"},
    {"_estimators"},
    {"_tabular"},
    {"preprocessing", "export", "plotting"},
    {"inspection"},
    {"__init__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# The numerical core knows NumPy and SciPy only.
CORE = {room for room in FLOOR if FLOOR[room] <= FLOOR["_training"]}

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}


def _imports(path):
    """Yield what a module imports, wherever in it: module and names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [alias.name for alias in node.names]
            if node.module == "sknumpy_mlp":  # its modules
                yield from ((f"sknumpy_mlp.{name}", []) for name in names)
            else:
                yield node.module, names


def _room(module):
    return module.partition(".")[0]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    room = _room(module)
    for imported, _ in _imports(MODULES[module]):
        package, _, name = imported.partition(".")
        if package != "sknumpy_mlp":
            continue
        is_inside = _room(name) == room
        assert is_inside or FLOOR[_room(name)] < FLOOR[room], f"imports {imported}"


def test_every_folder_and_module_has_its_floor():
    assert {_room(module) for module in MODULES} == FLOOR.keys()


def test_no_module_waits_for_itself():
    """A folder's modules import each other in one direction, too."""
    graph = {
        f"sknumpy_mlp.{module}".removesuffix(".__init__"): {
            imported
            for imported, _ in _imports(path)
            if imported.startswith("sknumpy_mlp")
        }
        for module, path in MODULES.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("module", [m for m in MODULES if _room(m) in CORE])
def test_the_core_needs_numpy_and_scipy_only(module):
    allowed = {"numpy", "scipy", "sknumpy_mlp", *sys.stdlib_module_names}
    for imported, _ in _imports(MODULES[module]):
        assert imported.partition(".")[0] in allowed, imported


@pytest.mark.parametrize("module", MODULES)
def test_only_public_names_of_scikit_learn(module):
    for imported, names in _imports(MODULES[module]):
        if imported.startswith("sklearn"):
            parts = [*imported.split("."), *names]
            assert not any(part.startswith("_") for part in parts), parts


# The bricks, which are lists of small classes, and the estimators, whose constructors
# and docstrings are spelled out.
LONG = FLOORS[FLOOR["losses"]] | {
    f"{room}.{kind}"
    for room in ("_estimators", "_tabular")
    for kind in ("classifier", "regressor")
}


@pytest.mark.parametrize("module", [m for m in MODULES if m not in LONG])
def test_modules_have_one_idea_and_450_lines_at_the_most(module):
    text = MODULES[module].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 450
