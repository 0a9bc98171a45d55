"""Recognition of data frames by their attributes.

pandas and polars are optional: a user's table is recognized without importing them.
"""

from typing import Any


def is_pandas_frame(X: Any) -> bool:
    """Return True if a table is a pandas frame, or has the same interface."""
    return hasattr(X, "iloc") and hasattr(X, "columns")


def is_polars_frame(X: Any) -> bool:
    """Return True if a table is a polars frame whose rows have been computed."""
    return hasattr(X, "get_columns") and hasattr(X, "schema")
