"""All public modules are attributes of the package, imported at their first use."""

import pkgutil

import pytest

import sknumpy_mlp
from tests.conftest import run_program

PUBLIC = {
    module.name
    for module in pkgutil.iter_modules(sknumpy_mlp.__path__)
    if not module.name.startswith("_")
}

_LAZY = """
import sys
import sknumpy_mlp

def loaded():
    lazy = ("export", "inspection", "plotting")
    lazy = [f"sknumpy_mlp.{name}" for name in lazy] + ["matplotlib", "onnx"]
    return [name for name in lazy if name in sys.modules]

print(loaded())
dir(sknumpy_mlp), hasattr(sknumpy_mlp, "no_such_module")
print(loaded())
sknumpy_mlp.plotting.LossCurveDisplay
print(loaded())
sknumpy_mlp.export.to_onnx
print(loaded())
sknumpy_mlp.inspection.input_gradient
print(loaded()[1])
"""

_REACHED = """
import importlib
import sys

for name in sys.argv[1:]:
    # As in a new process: nothing of the package has been imported.
    for module in [each for each in sys.modules if each.startswith("sknumpy_mlp")]:
        del sys.modules[module]
    package = importlib.import_module("sknumpy_mlp")
    module = getattr(package, name)
    assert module is sys.modules[f"sknumpy_mlp.{name}"], name
    assert module is getattr(package, name), name
    assert all(hasattr(module, each) for each in module.__all__), name
print("done")
"""


def test_plotting_export_and_inspection_are_imported_when_they_are_used():
    assert run_program(_LAZY).stdout.splitlines() == [
        "[]",
        "[]",
        "['sknumpy_mlp.plotting']",
        "['sknumpy_mlp.export', 'sknumpy_mlp.plotting']",
        "sknumpy_mlp.inspection",
    ]


def test_every_public_module_is_an_attribute():
    assert run_program(_REACHED, *sorted(PUBLIC)).stdout == "done\n"


def test_dir_lists_public_names_and_modules():
    assert set(dir(sknumpy_mlp)) == {*sknumpy_mlp.__all__, *PUBLIC}


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="'sknumpy_mlp' has no attribute 'plots'"):
        _ = sknumpy_mlp.plots
    with pytest.raises(ImportError, match="plots"):
        exec("from sknumpy_mlp import plots")
