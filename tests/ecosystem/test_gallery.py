"""The stored outputs of the examples' gallery: they are those of the current code."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "docs" / "gallery.py"
if not PATH.exists():
    pytest.skip("the tests run without the documentation", allow_module_level=True)

_spec = importlib.util.spec_from_file_location("gallery", PATH)
gallery = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(gallery)

SOURCE = '"""\nTitle\n=====\n"""\n\n# %%\n# Text.\n\nprint(1)\n'
PAGE = """
Title
=====

.. GENERATED FROM PYTHON SOURCE LINES 5-6

.. code-block:: Python


    import numpy

.. GENERATED FROM PYTHON SOURCE LINES 7-8

Text.

.. GENERATED FROM PYTHON SOURCE LINES 9-10

.. code-block:: Python


    print(1)

.. _sphx_glr_download_auto_examples_a.py:
"""
RECORD = {
    "processor_seconds": 61,
    "versions": {"NumPy": "2.0"},
    "blocks": [
        {"text": [], "figures": []},
        {"text": ["printed"], "figures": ["a_001.png"]},
    ],
}


@pytest.mark.parametrize("name", gallery.ARGUMENTS)
def test_stored_outputs_are_of_the_current_code(name):
    # After a change: python docs/store_gallery.py
    assert gallery.is_current(name)


@pytest.mark.parametrize("name", gallery.ARGUMENTS)
def test_stored_figures(name):
    blocks = gallery.load_stored(name)["blocks"]
    figures = [figure for block in blocks for figure in block["figures"]]
    assert figures
    for figure in figures:
        assert 0 < (gallery.STORED / figure).stat().st_size < 100_000
        assert 400 <= gallery.nominal_width(figure) <= 1200


def test_nothing_is_stored_in_vain():
    stored = {path.stem for path in gallery.STORED.glob("*.json")}
    assert stored <= set(gallery.ARGUMENTS)
    named = {
        figure
        for name in stored
        for block in gallery.load_stored(name)["blocks"]
        for figure in block["figures"]
    }
    assert {path.name for path in gallery.STORED.glob("*.png")} == named


def test_every_example_has_its_place():
    examples = {path.name for path in gallery.EXAMPLES.glob("*.py")}
    assert examples <= set(gallery.ORDER)
    assert {f"{name}.py" for name in gallery.ARGUMENTS} <= examples


@pytest.mark.parametrize(
    ("old", "new", "is_equal"),
    [
        ("Title", "Another title", True),
        ("# Text.", "# Other text,\n# in two lines.", True),
        ("print(1)", "# Comment.\nprint(1)", True),
        ("print(1)", "print(2)", False),
        ("# %%", "# A comment", False),
    ],
)
def test_digest(old, new, is_equal):
    changed = SOURCE.replace(old, new)
    assert changed != SOURCE
    is_same = gallery.code_digest(changed) == gallery.code_digest(SOURCE)
    assert is_same == is_equal


def test_outputs_follow_their_code(monkeypatch):
    monkeypatch.setattr(gallery, "load_stored", lambda name: RECORD)
    monkeypatch.setattr(gallery, "nominal_width", lambda figure: 700)
    monkeypatch.setitem(gallery.ARGUMENTS, "a", ["--fast"])
    page = gallery.with_outputs("a", PAGE)
    parts = [
        "=====",
        "``python examples/a.py --fast``",
        "1 min 1 s",
        "NumPy 2.0",
        "import numpy",
        "Text.",
        "print(1)",
        "/auto_examples/images/a_001.png",
        ":alt: Title",
        ":width: 700px",
        "printed",
        "_sphx_glr_download",
    ]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert page.count("sphx-glr-script-out") == 1


ONE_BLOCK = """
.. only:: html

    .. note::
        :class: sphx-glr-download-link-note

        Go to the end

Title
=====

.. GENERATED FROM PYTHON SOURCE LINES 5-6

.. rst-class:: sphx-glr-script-out

 .. code-block:: none

    printed


|

.. code-block:: Python


    import numpy

.. rst-class:: sphx-glr-timing

   **Total running time of the script:** (0 minutes 0.119 seconds)

.. _sphx_glr_download_auto_examples_a.py:
"""


def test_output_of_one_block_follows_its_code():
    page = gallery.rearranged(ONE_BLOCK)
    assert "Go to" not in page
    parts = ["Title", "GENERATED", "import numpy", "script-out", "printed", "timing"]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    # The outputs of several blocks are where they belong.
    assert gallery.rearranged(PAGE) == PAGE


def test_outputs_of_another_number_of_blocks(monkeypatch):
    monkeypatch.setattr(gallery, "load_stored", lambda name: RECORD)
    monkeypatch.setitem(gallery.ARGUMENTS, "a", [])
    with pytest.raises(ValueError, match="zip"):
        gallery.with_outputs(
            "a",
            PAGE.replace("    print(1)", "").replace(
                "9-10\n\n.. code-block:: Python", ""
            ),
        )
