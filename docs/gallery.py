"""The examples' gallery: its order, and the stored outputs of long examples.

Short examples run when the site is built.  Long ones, and those that download data, are
not run then: their pages show the output of a full-length run, which `store_gallery.py`
has written to `stored/`.  The build warns if the code of an example has changed since.
"""

import ast
import hashlib
import json
import re
import shutil
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
STORED = HERE / "stored"
# Of examples that draw no figure.
THUMBNAIL = HERE / "_static" / "sixty_lines.png"

# From basic to advanced; examples that are not listed follow by name.
ORDER = [
    "tabular.py",
    "quickstart.py",
    "sixty_lines.py",
    "plot_iris_gridsearch.py",
    "housing.py",
    "housing_intervals.py",
    "housing_importance.py",
    "imbalanced.py",
    "custom_loss.py",
    "classic_networks.py",
    "mnist.py",
    "mnist_dropout.py",
]

# Examples with stored outputs, and the arguments that they were run with.
ARGUMENTS = {
    "classic_networks": [],
    "housing": [],
    "housing_intervals": [],
    "housing_importance": [],
    "mnist": [],
    "mnist_dropout": ["--seeds", "0", "--networks", "1"],
}
# A regular expression for the examples that run when the site is built.
RUN_PATTERN = rf"[\\/](?!(?:{'|'.join(ARGUMENTS)})\.py$)\w+\.py$"


class TeachingOrder:
    """Sort key of the examples."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        place = ORDER.index(filename) if filename in ORDER else len(ORDER)
        return place, filename


# ------------------------------------------------------------------ stored outputs


def code_digest(source):
    """Return a hash of an example's code and its division into blocks.

    The docstring, comments and blank lines may change without a new run.
    """
    docstring = ast.parse(source).body[0]
    lines = source.splitlines()[docstring.end_lineno :]
    code = []
    for line in lines:
        if line.startswith("# %%"):
            code.append("# %%")
        elif line.strip() and not line.lstrip().startswith("#"):
            code.append(line.rstrip())
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


def figure_path(name, number):
    """Return where a stored figure is."""
    return STORED / f"sphx_glr_{name}_{number:03}.png"


def nominal_width(figure):
    """Return the width of a stored figure in pixels, at 100 dots per inch."""
    with Image.open(STORED / figure) as image:
        return round(image.width * 100 / image.info["dpi"][0])


def load_stored(name):
    """Return the record of a stored run, as `store_gallery.py` has written it."""
    return json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))


def is_current(name):
    """Return whether a stored run is there, of the example's code and arguments."""
    if not (STORED / f"{name}.json").exists():
        return False
    stored = load_stored(name)
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    return (stored["code"], stored["arguments"]) == (
        code_digest(source),
        ARGUMENTS[name],
    )


def command(name):
    """Return the command that was run."""
    return " ".join(["python", f"examples/{name}.py", *ARGUMENTS[name]])


def _note(name, stored):
    versions = ", ".join(f"{key} {value}" for key, value in stored["versions"].items())
    minutes, seconds = divmod(round(stored["processor_seconds"]), 60)
    duration = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return (
        f".. note::\n\n   The output is that of ``{command(name)}``, which needed "
        f"{duration} of processor time ({versions}).\n\n"
    )


def _output(block, title):
    lines = []
    for figure in block["figures"]:
        # An image with a width is a link to its file.
        lines += [f".. image:: /auto_examples/images/{figure}", f"   :alt: {title}"]
        lines += [f"   :width: {nominal_width(figure)}px"]
        lines += ["   :class: sphx-glr-single-img", ""]
    if block["text"]:
        lines += [".. rst-class:: sphx-glr-script-out", "", " .. code-block:: none", ""]
        lines += [*(f"    {line}" for line in block["text"]), ""]
    return "\n".join([*lines, ""])


def with_outputs(name, rst):
    """Return an example's page with the stored outputs behind their code blocks."""
    stored = load_stored(name)
    marker = r"(?=^\.\. GENERATED FROM PYTHON SOURCE LINES )"
    # The page ends with links for download.
    body, footer = re.split(r"(?=^\.\. _sphx_glr_download_)", rst, flags=re.M)
    head, *blocks = re.split(marker, body, flags=re.M)
    code = [i for i, block in enumerate(blocks) if "\n.. code-block:: Python" in block]
    title = re.search(r"^(.+)\n=+$", head, flags=re.M)[1]
    for i, output in zip(code, stored["blocks"], strict=True):
        blocks[i] += _output(output, title)
    return "".join([head, _note(name, stored), *blocks, footer])


# The hint at the download is hidden, but would be the excerpt of every search result.
HINT = re.compile(r"^\.\. only:: html\n\n    \.\. note::\n(?:        .*\n|\n)+", re.M)
# sphinx-gallery puts the output of a script of one block above the code.
ONE_BLOCK = re.compile(
    r"^(?P<output>\.\. rst-class:: sphx-glr-script-out\n.*?)^\|\n"
    r"(?P<code>.*?)(?=^\.\. rst-class:: sphx-glr-timing|^\.\. _sphx_glr_download_)",
    re.M | re.S,
)
# Links that a page has in addition to the script's own text.
LINKS = {"sixty_lines": ":doc:`/reading-the-source` explains it."}


def rearranged(rst):
    """Return an example's page without the hint, and with the output below the code."""
    rst = HINT.sub("", rst)
    if rst.count("\n.. GENERATED FROM PYTHON SOURCE LINES ") == 1:
        rst = ONE_BLOCK.sub(r"\g<code>\n\g<output>", rst)
    return rst


def copy_figures(app, config):
    """Copy the stored figures to where sphinx-gallery looks for its thumbnails."""
    images = HERE / "auto_examples" / "images"
    images.mkdir(parents=True, exist_ok=True)
    for figure in STORED.glob("*.png"):
        shutil.copyfile(figure, images / figure.name)


def edit_page(app, docname, source):
    """Edit the page of an example, with its stored outputs, when Sphinx reads it."""
    from sphinx.util import logging

    folder, _, name = docname.rpartition("/")
    if folder != "auto_examples":
        return
    source[0] = rearranged(source[0])
    if name in LINKS:
        marker = "\n.. GENERATED FROM PYTHON SOURCE LINES "
        source[0] = source[0].replace(marker, f"\n{LINKS[name]}\n{marker}", 1)
    if name not in ARGUMENTS:
        return
    # Where the output changes, an incremental build reads the page again.
    app.env.note_dependency(str(STORED / f"{name}.json"), docname=docname)
    if is_current(name):
        source[0] = with_outputs(name, source[0])
    else:
        logging.getLogger(__name__).warning(
            "examples/%s.py has changed since its output was stored; run "
            "`python docs/store_gallery.py %s`",
            name,
            name,
        )


def setup(app):
    """Connect the stored outputs to a build; called by `conf.py`."""
    app.connect("config-inited", copy_figures)
    app.connect("source-read", edit_page)
