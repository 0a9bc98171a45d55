r"""Embeddings: layers that turn single columns of a table into several.

They are the first layer of a network for tables.  A table has columns of numbers,
columns that go on as they are, and columns of category codes; `SideBySide` gives each
kind its own layer.
"""

from sknumpy_mlp.layers._category_embedding import CategoryEmbedding
from sknumpy_mlp.layers._passed import Passed
from sknumpy_mlp.layers._periodic_embedding import PeriodicEmbedding
from sknumpy_mlp.layers._side_by_side import SideBySide

__all__ = [
    "CategoryEmbedding",
    "Passed",
    "PeriodicEmbedding",
    "SideBySide",
]
