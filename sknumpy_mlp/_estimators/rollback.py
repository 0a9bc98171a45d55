"""Rollback of an estimator when fitting fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def rollback_on_error(estimator: Any) -> Iterator[None]:
    """Restore the attributes of an estimator if the ``with`` block raises."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
