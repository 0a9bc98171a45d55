"""Configuration of Sphinx; `CONTRIBUTING.md` has the command.

Some things are done here because no extension does them without a network connection or
a hand-written list: formulas are converted to MathML, which browsers render, the
reference is generated from ``__all__`` of the public modules (`reference`), and names
in the pages become links (`pages`).
"""

import itertools
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

HERE = Path(__file__).parent
# This checkout, not an installed version, and the modules next to this file.
sys.path[:0] = [str(HERE.parent), str(HERE)]

import gallery  # noqa: E402
import pages  # noqa: E402
import reference  # noqa: E402

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
pygments_dark_style = "github-dark"
# Without the blank line that ends doctests in Markdown.
highlight_options = {"python": {"stripnl": True}}
html_math_renderer = "mathml"

myst_enable_extensions = ["attrs_block", "deflist", "dollarmath"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .go"

# ----------------------------------------------------------------------- reference

templates_path = ["_templates"]
autosummary_generate = True
autosummary_context = {"class_members": reference.members_of_classes()}
# The docstrings have the types, with shapes; signatures without them are short enough
# for a phone.
autodoc_typehints = "none"
python_maximum_signature_line_length = 72
# The template for classes has tables of the members.
numpydoc_show_class_members = False

# ------------------------------------------------------------------------ examples

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # Long examples are not run: `gallery` inserts their stored outputs.
    "filename_pattern": gallery.RUN_PATTERN,
    "within_subsection_order": "gallery.TeachingOrder",
    "default_thumb_file": str(gallery.THUMBNAIL),
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


SPACE = '<mspace width="0.1667em"></mspace>'
BEFORE_FUNCTION = re.compile(
    r"((?<=</mi>)|(?<=</mn>)|(?<=</msub>))(?=<mi>(tanh|log|max|min|cos)<)"
)
# Words in a formula, except those in braces of a command such as \text.
WORD = re.compile(
    r"\\(?:text|math\w+|operatorname|begin|end)\{[^}]*\}|\\[a-zA-Z]+"
    r"|([a-zA-Z]{3,}|(?<=_\{)in(?=\}))"
)


def _mathml(tex, as_block=False):
    """Return the MathML of a formula, with spaces and type as in TeX."""
    # A word is a name, upright, not a product of its letters.
    tex = WORD.sub(lambda m: rf"\mathrm{{{m[1]}}}" if m[1] else m[0], tex)
    tex = tex.replace("'", r"^\prime ")
    xml = re.sub(r">\s+<", "><", tex2mathml(tex, as_block))
    xml = xml.replace("<mi>′</mi>", "<mo>′</mo>")
    # Without the attribute, browsers add space on both sides of a bar.
    roles = itertools.cycle(("prefix", "postfix"))
    xml = re.sub(
        r"<mo([^>]*)>\|</mo>",
        lambda bar: f'<mo{bar[1]} form="{next(roles)}">|</mo>',
        xml,
    )
    # A thin space before and after a function, but not before a parenthesis.
    xml = re.sub(r"<mo>(max|min)</mo>", r"<mi>\1</mi><mo>&ApplyFunction;</mo>", xml)
    xml = re.sub(r"<mo>&ApplyFunction;</mo>(?!<mspace|<mo[^>]*>\()", SPACE, xml)
    return BEFORE_FUNCTION.sub(SPACE, xml)


def _visit_inline(translator, node):
    translator.body.append(_mathml(node.astext()))
    raise nodes.SkipNode


def _visit_block(translator, node):
    # A wide formula scrolls in its own box instead of widening the page.
    translator.body.append('<div class="math">')
    translator.body.append(_mathml(node.astext(), as_block=True))
    translator.body.append("</div>")
    raise nodes.SkipNode


def _skip_hidden(app, what, name, obj, skip, options):
    """Skip internal members, and those inherited from other packages."""
    return True if reference.is_hidden(obj) else None


def _keep_public_bases(app, name, obj, options, bases):
    bases[:] = reference.public_bases(obj)


def setup(app):
    gallery.setup(app)
    pages.setup(app)
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("autodoc-skip-member", _skip_hidden)
    app.connect("autodoc-process-bases", _keep_public_bases)
    reference.write(HERE / "generated")
