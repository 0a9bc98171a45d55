"""Warnings that point at the line of the user who gets them."""

import inspect
import warnings
from types import FrameType


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called into this package."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and _is_inside(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_inside(frame: FrameType) -> bool:
    # scikit-learn wraps fit to look after its callbacks, and context managers run in
    # the standard library.
    module: str = frame.f_globals.get("__name__", "")
    packages = ("sknumpy_mlp", "sklearn.callback")
    return module == "contextlib" or module.startswith(packages)
