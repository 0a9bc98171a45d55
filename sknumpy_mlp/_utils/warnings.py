"""Warnings that point at the line of the user who gets them."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

# What is collected in this thread, or None where warnings are given at once.
_collected: ContextVar[list[tuple[str, type[Warning]]] | None] = ContextVar(
    "_collected", default=None
)


@contextmanager
def collected_warnings() -> Iterator[list[tuple[str, type[Warning]]]]:
    """Collect this package's warnings in this thread, for somebody else to give.

    `warnings.catch_warnings` would catch those of all threads; and where two of its
    blocks overlap, one of them stays in force for good.
    """
    collected: list[tuple[str, type[Warning]]] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called into this package."""
    collected = _collected.get()
    if collected is not None:
        collected.append((message, category))
        return
    frame, level = inspect.currentframe(), 1
    while frame is not None and _is_inside(frame):
        frame, level = frame.f_back, level + 1
    try:
        warnings.warn(message, category, stacklevel=level)
    except Warning:  # which a filter has turned into an error
        raise
    except Exception:  # standard error is closed, or cannot encode it
        return


def warn_of_interrupt() -> None:
    """Warn that Ctrl-C has ended a training, and of what is left of it."""
    warn("Training interrupted by user. The estimator keeps what it has learnt so far.")


def _is_inside(frame: FrameType) -> bool:
    # scikit-learn wraps fit to look after its callbacks, and context managers run in
    # the standard library.
    module: str = frame.f_globals.get("__name__", "")
    packages = ("sknumpy_mlp", "sklearn.callback")
    return module == "contextlib" or module.startswith(packages)
