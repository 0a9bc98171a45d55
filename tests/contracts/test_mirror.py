"""The tests mirror the package: each module has a file of tests, in its folder's."""

from pathlib import Path

import pytest

import sknumpy_mlp

PACKAGE = Path(sknumpy_mlp.__file__).parent
TESTS = Path(__file__).parents[1]

# Modules without tests of their own, and why.
EXCEPTIONS = {
    "_version.py": "a number",
    "_utils/typing.py": "names of types, which mypy checks",
    "embeddings.py": "names of layers, see test_submodules.py",
    "preprocessing.py": "the name of the preprocessor, see test_submodules.py",
}
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
)


def _test_file(module):
    """Return where the tests of a module are, whose names have no underscore."""
    folder, name = Path(module).parent.as_posix(), Path(module).stem
    # Activations, losses and the like, which lie at the top of the package.
    place = "bricks" if folder == "." else folder.removeprefix("_")
    return TESTS / place / f"test_{name.removeprefix('_')}.py"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_tests(module):
    assert _test_file(module).exists() != (module in EXCEPTIONS), _test_file(module)


def test_exceptions_are_modules():
    assert set(EXCEPTIONS) <= set(MODULES)
