"""Warnings that point at the user's code, not at this package."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

# Warnings collected in this thread; None if they are issued immediately.
_collected: ContextVar[list[tuple[str, type[Warning]]] | None] = ContextVar(
    "_collected", default=None
)


@contextmanager
def collected_warnings() -> Iterator[list[tuple[str, type[Warning]]]]:
    """Collect this package's warnings in this thread instead of issuing them.

    `warnings.catch_warnings` is not thread-safe: it would catch warnings of all
    threads, and overlapping blocks may leave the filters changed.

    Yields
    ------
    collected : list of (str, type)
        Message and category of each warning, filled while the block runs.
    """
    collected: list[tuple[str, type[Warning]]] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the line that called into this package."""
    collected = _collected.get()
    if collected is not None:
        collected.append((message, category))
        return
    frame, level = inspect.currentframe(), 1
    while frame is not None and _is_inside(frame):
        frame, level = frame.f_back, level + 1
    try:
        warnings.warn(message, category, stacklevel=level)
    except Warning:  # a filter turned it into an error
        raise
    except Exception:  # standard error is closed, or cannot encode the message
        return


def warn_of_interrupt() -> None:
    """Warn that training was interrupted, and that its result so far is kept."""
    warn(
        "Training interrupted by user. The estimator keeps what it has learned so far."
    )


def _is_inside(frame: FrameType) -> bool:
    # Frames of scikit-learn's callback support and of context managers lie between
    # those of this package.
    module: str = frame.f_globals.get("__name__", "")
    packages = ("sknumpy_mlp", "sklearn.callback")
    return module == "contextlib" or module.startswith(packages)
