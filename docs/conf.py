"""Configuration of Sphinx; `CONTRIBUTING.md` has the command.

Two things are done here because no extension does them without a network connection or
a hand-written list: formulas are converted to MathML, which browsers render, and the
reference is generated from ``__all__`` of the public modules and packages.
"""

import importlib
import inspect
import itertools
import pkgutil
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

HERE = Path(__file__).parent
# This checkout, not an installed version, and `gallery`.
sys.path[:0] = [str(HERE.parent), str(HERE)]

import gallery  # noqa: E402

import sknumpy_mlp  # noqa: E402

project = "sknumpy_mlp"
author = "The sknumpy_mlp developers"
project_copyright = author
version = release = sknumpy_mlp.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [
    # Other packages, whose inventories would have to be downloaded.
    ("py:.*", r"(joblib|matplotlib|numpy|onnx|pandas|scipy|sklearn)\..*"),
    # Parameters, attributes and methods of the documented class.
    ("py:obj", r"[a-z_]\w*"),
]
# In docstrings, names of the package are in single backticks.
default_role = "py:obj"

# --------------------------------------------------------------------------- pages

html_theme = "furo"
html_title = f"sknumpy_mlp {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .go"

# ----------------------------------------------------------------------- reference

templates_path = ["_templates"]
autosummary_generate = True
# The docstrings have the types, with shapes; signatures without them are short enough
# for a phone.
autodoc_typehints = "none"
python_maximum_signature_line_length = 72
# The template for classes lists the members.
numpydoc_show_class_members = False

# ------------------------------------------------------------------------ examples

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # Long examples are not run: `gallery` inserts their stored outputs.
    "filename_pattern": gallery.RUN_PATTERN,
    "within_subsection_order": "gallery.TeachingOrder",
    "image_srcset": ["2x"],
    "show_signature": False,
    "remove_config_comments": True,
    "write_computation_times": False,
    "download_all_examples": False,
    # With -W, an error fails the build, but only after all examples have run.
    "only_warn_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sknumpy_mlp",),
}


# ---------------------------------------------------------------------------- hooks


def _mathml(tex, as_block=False):
    # Without the attribute, browsers add space on both sides of a bar.
    roles = itertools.cycle(("prefix", "postfix"))
    return re.sub(
        r"<mo([^>]*)>\|</mo>",
        lambda bar: f'<mo{bar[1]} form="{next(roles)}">|</mo>',
        tex2mathml(tex, as_block),
    )


def _visit_inline(translator, node):
    translator.body.append(_mathml(node.astext()))
    raise nodes.SkipNode


def _visit_block(translator, node):
    # A wide formula scrolls in its own box instead of widening the page.
    translator.body.append('<div class="math">')
    translator.body.append(_mathml(node.astext(), as_block=True))
    translator.body.append("</div>")
    raise nodes.SkipNode


def _public_modules():
    yield sknumpy_mlp
    for module in pkgutil.iter_modules(sknumpy_mlp.__path__):
        if not module.name.startswith("_"):
            yield importlib.import_module(f"sknumpy_mlp.{module.name}")


def _write_reference():
    """Write the index page of the reference, a section for each public module."""
    documented, lines = {}, ["Reference", "=========", ""]
    for module in _public_modules():
        name = module.__name__
        lines += [name, "-" * len(name), "", f".. automodule:: {name}", ""]
        entries = []
        for public in module.__all__:
            value = getattr(module, public)
            if isinstance(value, dict):
                names = ", ".join(f"``{key}``" for key in value)
                lines += [f".. py:data:: {public}", "", f"   {names}", ""]
            elif isinstance(value, frozenset):
                names = ", ".join(f"``{key}``" for key in sorted(value))
                lines += [f".. py:data:: {public}", "", f"   {names}", ""]
            elif inspect.isroutine(value) or inspect.isclass(value):
                # An object with two public paths has one page, at the first of them.
                path = documented.setdefault(value, f"{name}.{public}")
                if path == f"{name}.{public}":
                    entries.append(f"   {public}")
                else:
                    lines += [f":py:obj:`{path}` is described above.", ""]
        if entries:
            lines += [f".. currentmodule:: {name}", ""]
            lines += [".. autosummary::", "   :toctree: .", "   :nosignatures:", ""]
            lines += [*entries, ""]
    page, text = HERE / "generated" / "index.rst", "\n".join(lines)
    page.parent.mkdir(exist_ok=True)
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _skip_foreign(app, what, name, obj, skip, options):
    """Skip members inherited from other packages, whose links would be dead."""
    home = getattr(getattr(obj, "fget", obj), "__module__", None)
    return True if home and not home.startswith("sknumpy_mlp") else None


def setup(app):
    gallery.setup(app)
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("autodoc-skip-member", _skip_foreign)
    _write_reference()
