"""Changes of the pages between their text and their HTML; `conf.py` connects them.

The pages in Markdown are also read on GitHub, where a role or a style would show as raw
text.  So it is done here: the first mention of a public name on a page becomes a link
to the reference, numbers in tables are not broken, and images are links to
their files.
"""

import re
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


def _names():
    """Return the path of each public class and function by its name, if it is unique."""
    paths = {}
    for path in reference.documented_objects().values():
        paths.setdefault(path.rpartition(".")[2], []).append(path)
    return {name: found[0] for name, found in paths.items() if len(found) == 1}


class LinkFirstMentions(SphinxTransform):
    """Link the first mention of each public name on a page in Markdown."""

    default_priority = 500

    def apply(self, **kwargs):
        if not str(self.document["source"]).endswith(".md"):
            return
        if self.env.docname == "changelog":
            return
        names = _names()
        for literal in list(self.document.findall(nodes.literal)):
            ancestors, node = [], literal.parent
            while node is not None:
                ancestors.append(node)
                node = node.parent
            linked = (nodes.title, nodes.reference, addnodes.pending_xref)
            is_free = not any(isinstance(node, linked) for node in ancestors)
            path = names.pop(literal.astext(), None) if is_free else None
            if path:
                link = addnodes.pending_xref(
                    "",
                    refdomain="py",
                    reftype="obj",
                    reftarget=path,
                    refexplicit=True,
                    refwarn=True,
                    refdoc=self.env.docname,
                )
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
                parts = re.split(r"((?<=,) | (?=\())", text.astext())
                inlines = [nodes.inline("", part, classes=["number"]) for part in parts]
                text.parent.replace(text, inlines)


def link_images(app, doctree, docname):
    """Make each image a link to its file, since a figure is small on a phone."""
    for image in list(doctree.findall(lambda n: isinstance(n, nodes.image | imgsgnode))):
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
    app.connect("doctree-resolved", link_images)
