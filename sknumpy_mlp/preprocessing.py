"""Preprocessing of tables for neural networks."""

from sknumpy_mlp._tabular.preprocessor import (
    TabularPreprocessor,
)

__all__ = [
    "TabularPreprocessor",
]
