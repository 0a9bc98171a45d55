"""The layers of the package: a module imports only from levels below its own."""

import ast
from pathlib import Path

import sknumpy_mlp

PACKAGE = Path(sknumpy_mlp.__file__).parent

LEVELS = [
    {
        "_console",
        "_links",
        "_names",
        "_typing",
        "_values",
        "_version",
        "_warnings",
    },
    {"_saved", "_categories", "_data", "_gradients"},
    {"activations", "losses", "optimizers", "schedules", "initializers", "_batches"},
    {"layers", "_targets"},
    {"_network", "embeddings"},
    {"_training", "_onnx"},
    {"_checkpoints", "_class_weights", "_evaluation", "_frames", "_splits", "_threads"},
    {"callbacks", "_inputs", "_calibration"},
    {"_parameters", "_sklearn_callbacks", "_progress", "_conductor"},
    {"_convergence"},
    {"_solvers", "_ensemble", "preprocessing"},
    {"_base", "_onnx_tables"},
    {"_classes"},
    {"_members"},
    {"_tabular_base"},
    {"_tabular"},
    {"_displays"},
    {"_display_curves", "_display_rates", "_display_weights", "_display_intervals"},
    {"_exportable"},
    {"_sklearn_twins"},
    {"export", "plotting"},
    {"__init__"},
]
LEVEL = {module: level for level, modules in enumerate(LEVELS) for module in modules}

# The numerical core knows NumPy and SciPy only.
CORE = set().union(*LEVELS[:6]) - {"_onnx"}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield node.module


def test_imports_go_down():
    modules = {path.stem: path for path in PACKAGE.glob("*.py")}
    assert modules.keys() == LEVEL.keys()
    for module, path in modules.items():
        for imported in _imports(path):
            package, _, name = imported.partition(".")
            if package == "sknumpy_mlp":
                assert LEVEL[name] < LEVEL[module], f"{module} imports {name}"
            if package == "sklearn":
                assert module not in CORE, f"{module} imports {imported}"


def test_only_public_names_of_scikit_learn():
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("sklearn"):
                names = [*node.module.split("."), *(a.name for a in node.names)]
                assert not any(name.startswith("_") for name in names), node.module
