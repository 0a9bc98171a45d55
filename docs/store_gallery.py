"""Run long examples at full length, and store their outputs for the site.

    python docs/store_gallery.py            those whose code has changed
    python docs/store_gallery.py mnist      one of them

Writes for each example `stored/<name>.json`, with the printed text of each code block,
and its figures.  The example runs in this process, as its own ``__main__``.  The
thumbnail of the example without a figure is drawn in any case.
"""

import argparse
import importlib.metadata
import io
import json
import os
import platform
import sys
import types
from contextlib import redirect_stdout

import gallery
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

PACKAGES = {"NumPy": "numpy", "SciPy": "scipy", "scikit-learn": "scikit-learn"}
MAX_BYTES = 100_000


class Tee(io.StringIO):
    """Text that is also shown."""

    def write(self, text):
        sys.__stdout__.write(text)
        return super().write(text)

    def flush(self):
        sys.__stdout__.flush()


def save_figures(name, n_saved):
    """Save and close the open figures; return their file names."""
    names = []
    for number in plt.get_fignums():
        path = gallery.figure_path(name, n_saved + len(names) + 1)
        figure = plt.figure(number)
        for dpi in (200, 150, 100):
            buffer = io.BytesIO()
            figure.savefig(buffer, dpi=dpi)
            # A palette of 256 colors makes the file several times smaller.
            image = Image.open(buffer).convert("RGB").quantize(256)
            image.save(path, optimize=True, dpi=(dpi, dpi))
            if path.stat().st_size < MAX_BYTES:
                break
        else:
            raise ValueError(f"{path} is larger than {MAX_BYTES} bytes")
        names.append(path.name)
    plt.close("all")
    return names


def processor_seconds():
    """Return the processor time of this process and those that it has started."""
    return sum(os.times()[:4])


def store(name):
    """Run an example and write its record."""
    path = gallery.EXAMPLES / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    sys.argv = [str(path), *gallery.ARGUMENTS[name]]
    main = types.ModuleType("__main__")
    main.__file__ = str(path)
    sys.modules["__main__"] = main  # for what is pickled by its name
    _, blocks = split_code_and_text_blocks(str(path))
    records, n_figures = [], 0
    began = processor_seconds()
    for kind, code, line in blocks:
        if kind != "code":
            continue
        out = Tee()
        # Blank lines in front keep the line numbers of tracebacks.
        program = compile("\n" * (line - 1) + code, str(path), "exec")
        with redirect_stdout(out):
            exec(program, main.__dict__)
        figures = save_figures(name, n_figures)
        n_figures += len(figures)
        records.append({"text": out.getvalue().splitlines(), "figures": figures})
    record = {
        "code": gallery.code_digest(source),
        "arguments": gallery.ARGUMENTS[name],
        "processor_seconds": round(processor_seconds() - began),
        "versions": {"Python": platform.python_version()}
        | {title: importlib.metadata.version(p) for title, p in PACKAGES.items()},
        "blocks": records,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (gallery.STORED / f"{name}.json").write_text(text, encoding="utf-8")


def draw_thumbnail():
    """Draw the loss curve of `sixty_lines.py`, which draws no figure itself."""
    sys.path.insert(0, str(gallery.EXAMPLES))
    from sixty_lines import fit, load_iris

    settings = {"widths": (4, 20, 3), "n_epochs": 100, "learning_rate": 0.01}
    *_, loss_curve = fit(*load_iris(return_X_y=True), **settings)
    figure, ax = plt.subplots(figsize=(4.0, 2.8), layout="constrained")
    ax.plot(range(1, 101), loss_curve, linewidth=3)
    ax.set(xlabel="epoch", ylabel="cross-entropy", title="Iris, 4-20-3")
    figure.savefig(gallery.THUMBNAIL, dpi=100)
    plt.close(figure)  # else it would be the first figure of the first example


def main():
    parser = argparse.ArgumentParser(description="Store the outputs of long examples")
    parser.add_argument("names", nargs="*", metavar="name")
    names = parser.parse_args().names
    gallery.STORED.mkdir(exist_ok=True)
    draw_thumbnail()
    for name in names or gallery.ARGUMENTS:
        if names or not gallery.is_current(name):
            store(name)


if __name__ == "__main__":
    main()
