"""Warnings that point at the line of the user who gets them."""

import inspect
import warnings


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called into this package."""
    frame, level = inspect.currentframe(), 1
    # scikit-learn wraps fit to look after its callbacks.
    inside = {__package__, "sklearn.callback"}
    while frame is not None and frame.f_globals.get("__package__") in inside:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
