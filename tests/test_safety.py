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
ROOT = Path(__file__).parents[1]

X, y = load_iris(return_X_y=True)

# What runs code that a file or a text contains.
RUNS_CODE = {"eval", "exec", "compile", "__import__", "system", "popen"}
MODULES_THAT_DO = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "subprocess"}


def _nodes(kind):
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path.name, node


def _name(function):
    return getattr(function, "attr", getattr(function, "id", None))


def test_no_code_comes_out_of_a_text_or_a_file():
    for path, call in _nodes(ast.Call):
        called, where = _name(call.func), f"{path}, line {call.lineno}"
        if called == "compile" and _name(call.func.value) == "re":
            continue
        assert called not in RUNS_CODE, where
        # Arrays of objects are pickles: NumPy is told not to read them.
        if called == "load":
            options = {option.arg: option.value for option in call.keywords}
            assert ast.literal_eval(options["allow_pickle"]) is False, where
    for path, node in _nodes(ast.Import | ast.ImportFrom):
        names = [node.module] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names]
        assert not {name.partition(".")[0] for name in names} & MODULES_THAT_DO, path


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
