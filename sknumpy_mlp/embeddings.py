r"""Embeddings: first layers of networks for tabular data.

Embedding layers map each numerical or categorical column of a table to several columns.
`Concatenate` combines the layers for different kinds of columns; `Passthrough` is for
columns that are not embedded.
"""

from sknumpy_mlp.layers._category_embedding import CategoryEmbedding
from sknumpy_mlp.layers._concatenate import Concatenate
from sknumpy_mlp.layers._passthrough import Passthrough
from sknumpy_mlp.layers._periodic_embedding import PeriodicEmbedding

__all__ = [
    "CategoryEmbedding",
    "Concatenate",
    "Passthrough",
    "PeriodicEmbedding",
]
