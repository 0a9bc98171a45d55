"""The reference: a page for each public module, made from its ``__all__``.

`write` makes the pages of the modules and the index above them.  autosummary makes the
page of each class and function, from the templates in ``_templates``, which read the
members of the classes in the result of `members_of_classes`.
"""

import importlib
import inspect
import pkgutil

import sknumpy_mlp

# Methods for other modules of the package, which take its internal `Table`.
INTERNAL = {
    "TabularPreprocessor.encode",
    "TabularPreprocessor.transform_table",
}


def public_modules():
    """Yield the package and its public modules."""
    yield sknumpy_mlp
    for module in pkgutil.iter_modules(sknumpy_mlp.__path__):
        if not module.name.startswith("_"):
            yield importlib.import_module(f"sknumpy_mlp.{module.name}")


def is_hidden(member):
    """Whether a member of a class has no entry in the reference.

    These are internal methods, and those that another package defines, because their
    links would be dead.
    """
    if getattr(member, "__qualname__", None) in INTERNAL:
        return True
    home = getattr(getattr(member, "fget", member), "__module__", None)
    return bool(home) and not home.startswith("sknumpy_mlp")


def _public_names(module):
    """Yield names and values of ``__all__``, in alphabetical order."""
    for name in sorted(module.__all__, key=str.lower):
        yield name, getattr(module, name)


def documented_objects():
    """Return the first public path of each class and function.

    An object with two public paths has one page, at the first of them.
    """
    paths = {}
    for module in public_modules():
        for name, value in _public_names(module):
            if inspect.isroutine(value) or inspect.isclass(value):
                paths.setdefault(value, f"{module.__name__}.{name}")
    return paths


def public_bases(value):
    """Return the bases of a class; those of an internal base stand for itself."""
    public, bases = documented_objects(), []
    for base in value.__bases__:
        if base in public or base.__module__.startswith("sklearn"):
            bases.append(base)
        elif base.__module__.startswith("sknumpy_mlp"):
            bases += public_bases(base)
    return list(dict.fromkeys(bases))


def members_of_classes():
    """Return, for each class, the names of its methods, properties and foreign methods.

    Foreign methods are those inherited from scikit-learn.  The templates also ask
    whether it has bases.
    """
    members = {}
    for value, path in documented_objects().items():
        if not inspect.isclass(value):
            continue
        found = {"methods": [], "properties": [], "foreign": []}
        found["has_bases"] = bool(public_bases(value))
        for name in dir(value):
            private = name.startswith("_") and name != "__call__"
            private |= f"{value.__name__}.{name}" in INTERNAL
            if private or name in getattr(value, "__dataclass_fields__", {}):
                continue
            member = inspect.getattr_static(value, name)
            if isinstance(member, property):
                found["properties"] += [] if is_hidden(member) else [name]
            elif callable(getattr(value, name)):
                home = getattr(getattr(value, name), "__module__", None) or ""
                if home.startswith("sknumpy_mlp"):
                    found["methods"].append(name)
                elif home.startswith("sklearn"):
                    found["foreign"].append(name)
        members[path] = found
    return members


def _module_page(module, paths):
    """Return the page of a module: its docstring, and a table of its objects."""
    name = module.__name__
    lines = [name, "=" * len(name), "", f".. automodule:: {name}", ""]
    entries = {"Classes": [], "Functions": [], "Exceptions": []}
    elsewhere = []
    for public, value in _public_names(module):
        if isinstance(value, (dict, frozenset)):
            keys = value if isinstance(value, dict) else sorted(value)
            names = ", ".join(f"``{key}``" for key in keys)
            lines += [f".. py:data:: {public}", "", f"   {names}", ""]
        elif value in paths:
            if paths[value] != f"{name}.{public}":
                elsewhere.append(paths[value])
            elif inspect.isroutine(value):
                entries["Functions"].append(public)
            elif issubclass(value, BaseException):
                entries["Exceptions"].append(public)
            else:
                entries["Classes"].append(public)
    lines += [f".. currentmodule:: {name}", ""]
    for title, names in entries.items():
        if names:
            lines += [f".. rubric:: {title}", "", ".. autosummary::"]
            lines += ["   :toctree: .", "   :nosignatures:", ""]
            lines += [*(f"   {public}" for public in names), ""]
    if elsewhere:
        lines += [".. autosummary::", "   :nosignatures:", ""]
        lines += [*(f"   ~{path}" for path in elsewhere), ""]
    return "\n".join(lines)


def _index_page(paths):
    """Return the index: modules, their summaries and their objects."""
    lines = ["Reference", "=========", ""]
    lines += [
        "Public modules, classes and functions.  Each page links to the source.",
        "",
    ]
    for module in public_modules():
        name = module.__name__
        summary = inspect.getdoc(module).split("\n")[0]
        links = ", ".join(
            f":py:obj:`~{paths[value]}`"
            for _, value in _public_names(module)
            if not isinstance(value, (dict, frozenset)) and value in paths
        )
        lines += [f":doc:`{name}`", f"   {summary}", "", f"   {links}", ""]
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {module.__name__}" for module in public_modules()]
    return "\n".join([*lines, ""])


def write(folder):
    """Write the pages, where they are new, to a folder."""
    paths = documented_objects()
    pages = {"index": _index_page(paths)}
    for module in public_modules():
        pages[module.__name__] = _module_page(module, paths)
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        page = folder / f"{name}.rst"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
