"""Docstrings: complete, in agreement with the signatures, with plain summaries."""

import ast
import dataclasses
import functools
import importlib
import inspect
import math
import pkgutil
import re
from pathlib import Path

import pandas as pd
import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import ERROR_MSGS, Validator, validate

import sknumpy_mlp
from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TabularPreprocessor,
)
from sknumpy_mlp.activations import ACTIVATIONS
from sknumpy_mlp.callbacks import EpochEnd, Run
from sknumpy_mlp.initializers import INITIALIZERS
from sknumpy_mlp.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from sknumpy_mlp.optimizers import OPTIMIZERS
from sknumpy_mlp.schedules import SCHEDULES
from tests.conftest import plain_estimators, unconverged

TABULAR = [TabularMLPClassifier, TabularMLPRegressor, TabularPreprocessor]


def _section(Estimator, title):
    """Entries of a numpydoc section: {name: (type, description)}."""
    doc = inspect.getdoc(Estimator)
    body = re.search(rf"\n{title}\n-+\n(.*?)\n\n\w[^\n]*\n---", doc, re.DOTALL).group(1)
    entries = re.split(r"\n(?=\w)", body)
    return {
        entry.split(" : ")[0]: entry.split(" : ", 1)[1].split("\n", 1)
        for entry in entries
    }


@pytest.mark.parametrize("Estimator", [NumpyMLPClassifier, NumpyMLPRegressor, *TABULAR])
def test_parameters_are_documented_in_order_with_their_defaults(Estimator):
    documented = _section(Estimator, "Parameters")
    signature = inspect.signature(Estimator).parameters
    assert list(documented) == list(signature)
    for name, parameter in signature.items():
        kind = documented[name][0]
        default = kind.split("default=")[1]
        assert eval(default, {"inf": math.inf}) == parameter.default, name


def test_shared_parameters_are_described_alike():
    classifier = _section(NumpyMLPClassifier, "Parameters")
    regressor = _section(NumpyMLPRegressor, "Parameters")
    # Losses and validation scores differ between classification and regression.
    for name in classifier.keys() - {
        "loss",
        "early_stopping",
        "scoring",
        "class_weight",
    }:
        assert classifier[name] == regressor[name], name


@unconverged
@plain_estimators
def test_fitted_attributes_are_documented(Estimator):
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    est = Estimator(max_iter=2).fit(frame, [0, 1, 0])
    fitted = {name for name in vars(est) if name.endswith("_")}
    documented = _section(Estimator, "Attributes").keys()
    assert documented == fitted | {"coefs_", "intercepts_"}


@pytest.mark.parametrize("Estimator", TABULAR)
def test_fitted_attributes_of_tabular_estimators_are_documented(Estimator):
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    short = {"max_iter": 2, "hidden_layer_sizes": 2}
    params = short if hasattr(Estimator, "predict") else {}
    est = Estimator(**params).fit(frame, [0, 1, 0])
    fitted = {name for name in vars(est) if re.fullmatch(r"[a-z]\w*_", name)}
    assert _section(Estimator, "Attributes").keys() == fitted


def test_shared_parameters_of_tabular_estimators_are_described_alike():
    classifier, regressor = (_section(each, "Parameters") for each in TABULAR[:2])
    assert classifier.keys() - regressor.keys() == {"class_weight"}
    for name in regressor.keys() - {"loss", "learning_rate_init"}:
        ours, theirs = (
            [re.sub(", default=.*", "", kind), text.replace("Classifier", "Regressor")]
            for kind, text in (classifier[name], regressor[name])
        )
        assert ours == theirs, name


# Checks of numpydoc that are not applied.
IGNORED = {
    "ES01",  # an extended summary: often the summary is sufficient
    "SA01",  # a See Also section: sentences link to related objects
    "GL01",  # older releases refuse a summary on the line of the opening quotes
    "RT02",  # returned values have names, like parameters
}
# The parameters of a method that overrides a documented one are described there.
OF_SECTIONS = {code for code in ERROR_MSGS if code[:2] in ("PR", "RT")}
# Users read the attributes of these objects, but do not construct them;
# test_records_document_their_fields checks them.
RECORDS = (EpochEnd, Run)


class _Validator(Validator):
    """Numpydoc's checks of a given object, instead of one to import."""

    def __init__(self, obj_name, obj):
        super().__init__(get_doc_object(obj))

    @property
    def source_file_def_line(self):
        # Only used for comments that disable checks, which this package does not have,
        # and undefined for modules without definitions.
        return None


def _is_ours(module):
    return module.partition(".")[0] == sknumpy_mlp.__name__


def _parameters(obj):
    try:
        return inspect.signature(obj).parameters
    except ValueError:  # the constructor of an exception has no signature
        return {}


def _members(cls):
    """Public methods and properties that the class or a private base defines."""
    for owner in cls.__mro__:
        if not _is_ours(owner.__module__) or (owner is not cls and owner in PUBLIC):
            continue
        for name in vars(owner):
            if name.startswith("_"):
                continue
            obj = getattr(cls, name)
            if isinstance(obj, functools.cached_property):
                obj = property(obj.func)  # numpydoc would consider it a function
            # Excludes scikit-learn's methods for metadata routing.
            is_method = inspect.isroutine(obj) and _is_ours(obj.__module__)
            if isinstance(obj, property) or is_method:
                yield name, obj


def _is_public(path):
    return not path.rpartition(".")[2].startswith("_")


def _public_modules():
    found = pkgutil.iter_modules(sknumpy_mlp.__path__, f"{sknumpy_mlp.__name__}.")
    names = [sknumpy_mlp.__name__, *(each.name for each in found)]
    return {name: importlib.import_module(name) for name in filter(_is_public, names)}


MODULES = _public_modules()
# Classes and functions, each with the shortest of its public names.
PUBLIC = {}
for _path, _module in MODULES.items():
    for _name in _module.__all__:
        _obj = getattr(_module, _name)
        if inspect.isclass(_obj) or inspect.isfunction(_obj):
            PUBLIC.setdefault(_obj, f"{_path}.{_name}")
# The object with each name, and the class of a method or a property.
DOCUMENTED = {path: (module, None) for path, module in MODULES.items()}
for _obj, _path in PUBLIC.items():
    DOCUMENTED[_path] = (_obj, None)
    if inspect.isclass(_obj):
        for _name, _member in _members(_obj):
            DOCUMENTED.setdefault(f"{_path}.{_name}", (_member, _obj))


def _overridden(name, obj, owner):
    """Return the method of a public base class whose parameters ``obj`` takes over."""
    if owner is None or not inspect.isroutine(obj):
        return None
    for base in owner.__mro__[1:]:
        method = getattr(base, name, None) if base in PUBLIC else None
        if method is not None:
            same = inspect.signature(method).parameters.keys()
            return method if same == inspect.signature(obj).parameters.keys() else None
    return None


def _errors(path, obj):
    return dict(validate(path, _Validator, obj=obj)["errors"])


@pytest.mark.parametrize("path", DOCUMENTED)
def test_docstring_is_complete(path):
    obj, owner = DOCUMENTED[path]
    errors = _errors(path, obj)
    ignored = set(IGNORED)
    base = _overridden(path.rpartition(".")[2], obj, owner)
    if base is not None:
        ignored |= OF_SECTIONS
    if obj in RECORDS:
        ignored.add("PR01")
    if owner is not None or inspect.ismodule(obj):
        ignored.add("EX01")  # the examples are in the class
    assert not {code: errors[code] for code in errors.keys() - ignored}
    assert "EX01" in ignored or ">>> " in obj.__doc__, "an example that runs"
    if inspect.isroutine(obj) and base is None:
        # numpydoc looks for ``return`` in the body, and abstract methods have none.
        returns = inspect.signature(obj).return_annotation not in (None, "None")
        sections = get_doc_object(obj)
        assert bool(sections["Returns"] or sections["Yields"]) == returns


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_public_constants_have_a_comment(module):
    folder = getattr(module, "__path__", None)
    paths = [Path(module.__file__)] if folder is None else Path(folder[0]).glob("*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in paths)
    for name in module.__all__:
        obj = getattr(module, name)
        if not (inspect.isclass(obj) or inspect.isfunction(obj) or name[:2] == "__"):
            assert re.search(rf"\n#: .+\n{name}\b", source), name


@pytest.mark.parametrize(
    ("module", "table"),
    [
        ("activations", ACTIVATIONS),
        ("initializers", INITIALIZERS),
        ("losses", CLASSIFICATION_LOSSES | REGRESSION_LOSSES),
        ("optimizers", OPTIMIZERS),
        ("schedules", SCHEDULES),
    ],
)
def test_docstring_of_a_module_lists_its_names_and_their_classes(module, table):
    doc = MODULES[f"sknumpy_mlp.{module}"].__doc__
    listed = dict(re.findall(r"^- ``'(\w+)'``, `(\w+)`: ", doc, re.MULTILINE))
    classes = {
        name: entry if inspect.isclass(entry) else type(entry)
        for name, entry in table.items()
    }
    assert listed == {name: cls.__name__ for name, cls in classes.items()}
    public = set(MODULES[f"sknumpy_mlp.{module}"].__all__)
    assert {cls.__name__ for cls in classes.values()} <= public


# A summary states what an object is or does; it is not an indirect question.
QUESTION_WORDS = {"How", "Say", "Says", "What", "When", "Where", "Which", "Who", "Why"}
FILES = sorted(Path(sknumpy_mlp.__file__).parent.rglob("*.py"))


def _summaries(source):
    """Yield the line and the summary of all docstrings, public and private."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        doc = ast.get_docstring(node) if isinstance(node, documented) else None
        if doc is not None:
            yield node.body[0].lineno, doc.partition("\n\n")[0]


def _opens_with_question(summary):
    return re.match(r"\W*(\w*)", summary).group(1) in QUESTION_WORDS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_summaries_are_single_statements(path):
    for line, summary in _summaries(path.read_text(encoding="utf-8")):
        assert not _opens_with_question(summary), f"line {line}: {summary}"
        assert re.fullmatch(r".+\.", summary), f"line {line}: {summary}"


def test_questions_are_found():
    source = '"""What is here."""\nclass A:\n    def f(self):\n        """`How` to."""'
    assert [line for line, _ in _summaries(source)] == [1, 4]
    assert all(_opens_with_question(summary) for _, summary in _summaries(source))


def test_public_names_are_found():
    # One of each kind: without any, the tests above would pass.
    assert {
        "sknumpy_mlp",
        "sknumpy_mlp.losses",
        "sknumpy_mlp.losses.Huber",
        "sknumpy_mlp.layers.Layer.coef_shapes",
        "sknumpy_mlp.layers.Layer.forward",
        "sknumpy_mlp.callbacks.Run.fingerprint",
        "sknumpy_mlp.NumpyMLPClassifier.fit",
        "sknumpy_mlp.NumpyMLPClassifier.partial_fit",
        "sknumpy_mlp.TabularPreprocessor.transform",
    } <= DOCUMENTED.keys()


def _defaults():
    """Yield each public parameter's path, documented type and default value."""
    for path, (obj, owner) in DOCUMENTED.items():
        documented = get_doc_object(obj)["Parameters"]
        if not documented or _overridden(path.rpartition(".")[2], obj, owner):
            continue
        signature = _parameters(obj)
        for names, kind, _ in documented:
            for name in names.split(", "):
                yield f"{path}({name})", kind, signature[name.lstrip("*")].default


def test_documented_defaults_are_those_of_the_signature():
    values = {path.rpartition(".")[2]: obj for obj, path in PUBLIC.items()}
    values["inf"] = math.inf
    for path, kind, default in _defaults():
        if kind == "None":  # scikit-learn's y that is ignored
            kind = "default=None"
        _, is_there, documented = kind.partition("default=")
        assert bool(is_there) == (default is not inspect.Parameter.empty), path
        if is_there:
            assert eval(documented, values) == default, path


@pytest.mark.parametrize("Record", RECORDS)
def test_records_document_their_fields(Record):
    documented = [
        name
        for names, _, _ in get_doc_object(Record)["Attributes"]
        for name in names.split(", ")
    ]
    assert documented == [field.name for field in dataclasses.fields(Record)]
