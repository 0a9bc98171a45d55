"""Changes of the pages between their text and their HTML; `conf.py` connects them.

The pages in Markdown are also read on GitHub, where a role or a style would show as raw
text.  So it is done here: the first mention of a public name on a page becomes a link
to the reference, numbers in tables are not broken but code is, and images are links to
their files.
"""

import re
from collections import Counter
from pathlib import PurePosixPath

import reference
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx_gallery.directives import imgsgnode

# "98.33%", "2e-5, 3e-6", "(0.20 - 0.21)", "68.8 ms", "3,341 x 8"
NUMBERS = re.compile(
    r"[(<≤±~+−–-]*\d[-\d.,:%()\s/×+±^–−]*"
    r"(?:(?:e-?|x |to )\d[-\d.,:%()\s/×+±^–−]*)*"
    r"(?:s|ms|µs|ns|min|h|kB|MB|GB|KiB|MiB|GiB|times)?\)?"
)


# Files that docstrings name, and their pages.
FILES = {
    "benchmarks/README.md": "/benchmarks/README",
    "benchmarks/tabular.md": "/benchmarks/tabular",
}
# In code in a table: where a line can end.
BREAK = re.compile(r"(?<=\w_)(?=\w)|(?<=[(=/{,])(?=[\w\"{])|(?<=[a-z]\.)(?=[a-zA-Z_])")


def _targets(is_markdown):
    """Return the kind and the name of what the text of a literal is a link to."""
    targets = {file: ("std", "doc", page) for file, page in FILES.items()}
    paths = reference.documented_objects().values() if is_markdown else ()
    names = Counter(path.rpartition(".")[2] for path in paths)
    for path in paths:
        name = path.rpartition(".")[2]
        if names[name] == 1:
            targets[name] = ("py", "obj", path)
    return targets


class LinkFirstMentions(SphinxTransform):
    """Link the first mention of a page and, in Markdown, of each public name."""

    default_priority = 500

    def apply(self, **kwargs):
        if self.env.docname == "changelog":
            return
        path = self.env.doc2path(self.env.docname)
        targets = _targets(path.suffix == ".md")
        not_here = (nodes.title, nodes.reference, addnodes.pending_xref)
        for literal in list(self.document.findall(nodes.literal)):
            node = literal.parent
            while node is not None and not isinstance(node, not_here):
                node = node.parent
            target = targets.pop(literal.astext(), None) if node is None else None
            if target:
                link = addnodes.pending_xref("", refexplicit=True, refwarn=True)
                link["refdomain"], link["reftype"], link["reftarget"] = target
                link["refdoc"] = self.env.docname
                literal.replace_self(link)
                link += literal


class KeepNumbersTogether(SphinxTransform):
    """Give numbers in cells, with their units, the class ``number``.

    A line can still be broken between a number and its range in parentheses.
    """

    default_priority = 500

    def apply(self, **kwargs):
        for entry in self.document.findall(nodes.entry):
            if not NUMBERS.fullmatch(entry.astext().strip()):
                continue
            for text in list(entry.findall(nodes.Text)):
                parts = []
                for part in re.split(r"(?<=,) | (?=\()", text.astext()):
                    parts += [nodes.Text(" ")] if parts else []
                    parts += [nodes.inline("", part, classes=["number"])]
                text.parent.replace(text, parts)


def allow_breaks(app, doctree, docname):
    """Let lines end within code in tables, which would be too wide on a phone."""
    for entry in doctree.findall(nodes.entry):
        for literal in entry.findall(nodes.literal):
            if "xref" in literal["classes"]:
                continue
            parts = BREAK.split(literal.astext())
            literal.clear()
            for part in parts:
                if len(literal):
                    literal += nodes.raw("", "<wbr>", format="html")
                literal += nodes.Text(part)


def link_images(app, doctree, docname):
    """Make each image a link to its file, since a figure is small on a phone."""
    figures = [*doctree.findall(nodes.image), *doctree.findall(imgsgnode)]
    for image in figures:
        inside = image.parent
        scaled = {"scale", "width", "height"} & set(image.attributes)
        if scaled or isinstance(inside, nodes.reference) or "://" in image["uri"]:
            continue  # linked already
        if isinstance(image, imgsgnode):
            # The file of the highest resolution.
            name = PurePosixPath(image["srcset"].split(",")[-1].split()[0]).name
        else:
            name = app.env.images[image["uri"]][1]
        up = "../" * docname.count("/")
        begin = f'<a class="image-reference" href="{up}{app.builder.imagedir}/{name}">'
        place = inside.index(image)
        inside.insert(place + 1, nodes.raw("", "</a>", format="html"))
        inside.insert(place, nodes.raw("", begin, format="html"))


def setup(app):
    """Connect the changes to a build; called by `conf.py`."""
    app.add_transform(LinkFirstMentions)
    app.add_transform(KeepNumbersTogether)
    app.connect("doctree-resolved", allow_breaks)
    app.connect("doctree-resolved", link_images)
