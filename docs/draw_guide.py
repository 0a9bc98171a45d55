"""Draw the figures of the user guide, from the code that the guide shows.

    python docs/draw_guide.py           # docs/_static/guide/*.svg
    python docs/draw_guide.py --times   # seconds of each block of code, in addition

The blocks of ``guide.md`` are run one after the other.  Where the page has an image
``_static/guide/<name>.svg``, the figure that the code above it has drawn last is saved
under this name.  ``python -m pytest docs/guide.md`` compares what the blocks print with
what the page says; this script does not.

``--times`` prints CPU time, which does not depend on other jobs on the machine.  Run it
with ``OPENBLAS_NUM_THREADS=1``: waiting threads would be counted as well.

The figures adapt to the color scheme of the page that shows them, by a style sheet in
the SVG file.  A viewer that does not support it shows dark lines on white.
"""

import argparse
import contextlib
import doctest
import io
import os
import re
import tempfile
import time
import warnings
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

DOCS = Path(__file__).resolve().parent
IMAGE = re.compile(r"^!\[[^\]]*\]\(_static/guide/([\w-]+\.svg)\)$", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)

# What matplotlib writes for text, lines and backgrounds, and what replaces it.
INK, PAPER = "#1b1b1c", "#fefefd"
STYLE = f"""<style>
:root {{ --ink: {INK}; --paper: #ffffff; }}
@media (prefers-color-scheme: dark) {{
:root {{ --ink: #cfd0d0; --paper: #131416; }}
[style*="stroke-opacity"] {{ stroke-opacity: 0.75 !important; }}
[style*="fill-opacity"] {{ fill-opacity: 0.4 !important; }}
}}
</style>"""
SETTINGS = {
    **dict.fromkeys(
        (
            "axes.edgecolor",
            "axes.labelcolor",
            "legend.edgecolor",
            "text.color",
            "xtick.color",
            "ytick.color",
        ),
        INK,
    ),
    **dict.fromkeys(("axes.facecolor", "figure.facecolor", "savefig.facecolor"), PAPER),
    "figure.dpi": 100,
    "figure.figsize": (6.4, 3.6),
    "figure.constrained_layout.use": True,
    "legend.frameon": False,
    # The same file for the same figure.
    "svg.hashsalt": "sknumpy_mlp",
}


def write(figure, path):
    """Save a figure as SVG whose colors adapt to the color scheme."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue().replace(PAPER, "var(--paper)")
    for color in (INK, "#000000"):
        svg = svg.replace(color, "var(--ink)")
    svg = re.sub(r"(<svg [^>]*>)", lambda tag: f"{tag[1]}\n{STYLE}", svg, count=1)
    svg = re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
    path.write_text(svg, encoding="utf-8")
    print(f"{path.relative_to(DOCS.parent)}: {path.stat().st_size / 1000:.0f} kB")


def main():
    parser = argparse.ArgumentParser(description="Draw the figures of the user guide")
    parser.add_argument("--times", action="store_true", help="seconds of each block")
    args = parser.parse_args()
    folder = DOCS / "_static" / "guide"
    folder.mkdir(exist_ok=True)
    page = (DOCS / "guide.md").read_text(encoding="utf-8")
    namespace = {"__name__": "guide"}
    heading, total = "", 0.0
    with tempfile.TemporaryDirectory() as scratch, mpl.rc_context(SETTINGS):
        os.chdir(scratch)
        # Text, code, text, code, ...
        parts = BLOCK.split(page)
        for i, part in enumerate(parts):
            if i % 2 == 0:
                heading = [heading, *HEADING.findall(part)][-1]
                for name in IMAGE.findall(part):
                    write(plt.gcf(), folder / name)
                    plt.close("all")
                continue
            began = time.process_time()
            for example in doctest.DocTestParser().get_examples(part):
                # The examples print what the page says already.
                code = compile(example.source, "guide.md", "single")
                with (
                    contextlib.redirect_stdout(io.StringIO()),
                    contextlib.redirect_stderr(io.StringIO()),
                    warnings.catch_warnings(action="ignore"),
                ):
                    try:
                        exec(code, namespace)
                    except Exception:
                        if example.exc_msg is None:
                            raise
            seconds = time.process_time() - began
            total += seconds
            if args.times:
                print(f"{seconds:5.1f} s  {heading}")
        os.chdir(DOCS)
    if args.times:
        print(f"{total:5.1f} s  in total")


if __name__ == "__main__":
    main()
