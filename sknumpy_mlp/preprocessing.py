"""Preprocessing: from a raw table to what a network likes to see."""

from sknumpy_mlp._tabular.preprocessor import (
    TabularPreprocessor,
)

__all__ = [
    "TabularPreprocessor",
]
