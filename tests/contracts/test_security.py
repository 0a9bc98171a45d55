"""What is promised to those who load files and install packages from elsewhere."""

import ast
import pickle
import re
import tomllib
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

import sknumpy_mlp
from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.callbacks import Checkpoint

PACKAGE = Path(sknumpy_mlp.__file__).parent
ROOT = Path(__file__).parents[2]

X, y = load_iris(return_X_y=True)

# What runs code that a file or a text contains, or another program.
RUNS_CODE = {"eval", "exec", "__import__", "system", "popen", "fork", "startfile"}
RUNS_CODE_BEGINNING = ("exec", "spawn", "posix_spawn", "create_subprocess", "fork")

# All that the package imports: nothing that unpickles, connects or starts processes,
# but joblib, whose workers the user asks for, and what tells processes apart.
IMPORTED = {
    *("joblib", "matplotlib", "numpy", "onnx", "pyarrow", "scipy", "sklearn"),
    *("sknumpy_mlp", "skops", "threadpoolctl", "tqdm"),
    *("abc", "collections", "contextlib", "contextvars", "copy", "dataclasses"),
    *("datetime", "decimal", "difflib", "enum", "functools", "hashlib", "inspect"),
    *("importlib", "itertools", "json", "math", "numbers", "operator", "os"),
    *("pathlib", "platform", "re", "reprlib", "sys", "tempfile", "threading", "time"),
    *("types", "typing", "uuid", "warnings", "weakref", "zipfile"),
    "zoneinfo",
}


def _nodes(kind):
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield f"{path.name}, line {node.lineno}", node


def _name(function):
    return getattr(function, "attr", getattr(function, "id", ""))


def _imports():
    for where, node in _nodes(ast.Import):
        yield from ((where, alias.name) for alias in node.names)
    for where, node in _nodes(ast.ImportFrom):
        if not node.module.startswith("multiprocessing"):  # looked at by name, below
            yield where, node.module


def test_nothing_is_imported_that_unpickles_connects_or_starts_programs():
    for where, module in _imports():
        assert {module, module.partition(".")[0]} & IMPORTED, f"{where}: {module}"
    for where, node in _nodes(ast.ImportFrom):
        names = {alias.name for alias in node.names}
        if node.module.startswith("multiprocessing"):
            assert names <= {"current_process", "parent_process", "Finalize"}, where
            continue
        assert not names & RUNS_CODE, where
        assert node.module != "os", where  # whose functions are looked for below


def test_no_code_comes_out_of_a_text_or_a_file():
    for where, call in _nodes(ast.Call):
        called = _name(call.func)
        of_regular_expressions = called == "compile" and _name(call.func.value) == "re"
        if not of_regular_expressions:
            assert called not in RUNS_CODE | {"compile"}, where
        assert not called.startswith(RUNS_CODE_BEGINNING), where
        if called == "import_module":  # the package's own modules, when first used
            assert ast.unparse(call.args[0]) == "f'{__name__}.{name}'", where
        # Arrays of objects are pickles: NumPy is told not to read them.
        options = {option.arg: option.value for option in call.keywords}
        if called in ("load", "read_array") or "allow_pickle" in options:
            assert ast.literal_eval(options["allow_pickle"]) is False, where


class _Trap:
    """Runs code where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["meta", "params", "moment_0", "order", "extra"])
def test_a_checkpoint_with_a_pickle_inside_runs_nothing(name, tmp_path):
    path, sprung = tmp_path / "run.npz", tmp_path / "sprung"
    settings = {"random_state": 0, "hidden_layer_sizes": 3}
    first = NumpyMLPClassifier(max_iter=2, callbacks=[Checkpoint(path)], **settings)
    with pytest.warns(match="Maximum iterations"):
        first.fit(X, y)
    with np.load(path) as archive:
        arrays = dict(archive)
    assert name in arrays or name == "extra"
    trap = np.array([_Trap(sprung)], dtype=object)
    np.savez(path, **arrays | {name: trap})
    pickle.loads(pickle.dumps(trap))
    assert sprung.exists()  # so it would
    sprung.unlink()
    resumed = NumpyMLPClassifier(callbacks=[Checkpoint(path, resume=True)], **settings)
    with pytest.raises(ValueError, match="damaged, or is no checkpoint"):
        resumed.fit(X, y)
    assert not sprung.exists()
    assert not hasattr(resumed, "coefs_")


def _project():
    path = ROOT / "pyproject.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


def test_dependencies_have_a_minimum_and_no_maximum():
    project = _project()
    optional = chain.from_iterable(project["optional-dependencies"].values())
    others = [each for each in optional if not each.startswith("sknumpy-mlp[")]
    for requirement in [*project["dependencies"], *others]:
        assert re.fullmatch(r"[\w-]+(\[[\w,]+\])?>=[\d.]+", requirement), requirement
    assert re.fullmatch(r">=[\d.]+", project["requires-python"])


def test_the_minimum_is_what_the_oldest_run_has():
    pins = ROOT / ".ci" / "oldest.txt"
    if not pins.exists():
        pytest.skip("a source distribution has no .ci")
    oldest = set(pins.read_text(encoding="utf-8").splitlines())
    for requirement in _project()["dependencies"]:
        assert requirement.replace(">=", "==") in oldest
