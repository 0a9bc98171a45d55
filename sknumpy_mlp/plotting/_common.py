"""Axes, styles and checks of arguments, shared by all displays."""

import reprlib
from collections.abc import Collection
from numbers import Integral
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr

# From the color-blind-safe palette of Okabe and Ito; on a dark background, sky blue
# replaces blue.
BLUE, VERMILION, SKY_BLUE = "#0072B2", "#D55E00", "#56B4E9"


def import_pyplot(caller: str) -> Any:
    """Return matplotlib.pyplot, or raise an ImportError that names ``caller``."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which is not installed: run "
            "pip install matplotlib."
        ) from error
    return plt


def single_axes(plt: Any, ax: Any) -> Any:
    """Return the axes to draw on, in a new figure if ``ax`` is None."""
    if ax is None:
        # The constrained layout makes room for long tick labels.
        _, ax = plt.subplots(layout="constrained")
    if not hasattr(ax, "plot"):
        raise ValueError(f"ax must be a matplotlib Axes or None, got {ax!r}.")
    return ax


def is_dark(ax: Any) -> bool:
    """Return whether the background of axes is dark."""
    from matplotlib.colors import to_rgba

    for background in (ax, ax.figure):
        red, green, blue, alpha = to_rgba(background.get_facecolor())
        if alpha > 0.0:
            return bool(0.299 * red + 0.587 * green + 0.114 * blue < 0.5)
    return False


def check_flags(**flags: Any) -> None:
    """Raise ValueError for the first argument that is neither True nor False."""
    for name, value in flags.items():
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name}={short_repr(value)} must be True or False.")


def check_strings(**strings: Any) -> None:
    """Raise ValueError for the first argument that is neither a str nor None."""
    for name, value in strings.items():
        if not (value is None or isinstance(value, str)):
            raise ValueError(f"{name}={short_repr(value)} must be a str or None.")


def check_choice(choices: Collection[str], **values: Any) -> None:
    """Raise ValueError for the first argument that is none of the choices."""
    for name, value in values.items():
        if value not in choices:
            raise ValueError(f"{name}={short_repr(value)} must be one of {choices}.")


def check_positive_int(*, optional: bool = False, **values: Any) -> None:
    """Raise ValueError for the first argument that is not an int of at least 1.

    With ``optional``, None is accepted as well.
    """
    for name, value in values.items():
        is_int = isinstance(value, Integral) and not isinstance(value, bool)
        if not (optional and value is None) and not (is_int and value >= 1):
            or_none = ", or None" if optional else ""
            raise ValueError(
                f"{name}={short_repr(value)} must be an int of at least 1{or_none}."
            )


def check_styles(**styles: Any) -> None:
    """Raise ValueError for the first argument that is neither a dict nor None."""
    for name, value in styles.items():
        if not (value is None or isinstance(value, dict)):
            raise ValueError(
                f"{name}={short_repr(value)} must be a dict with keyword arguments of "
                "matplotlib's, such as {'color': 'black'}, or None."
            )


def styled(artist: str, given: dict[str, Any] | None, **defaults: Any) -> Any:
    """Return keyword arguments for an artist: the defaults, overridden by the user's.

    Aliases such as ``lw`` are expanded first: matplotlib raises if it gets both names.
    """
    from matplotlib import cbook, collections, lines

    artist_class = {"line": lines.Line2D, "collection": collections.Collection}[artist]
    return defaults | cbook.normalize_kwargs(given or {}, artist_class)


def as_curves(curves: Any, name: str) -> list[Array]:
    """Return curves as arrays; error messages call them ``name``."""
    try:
        arrays: list[Array] = [np.asarray(curve, np.float64) for curve in curves]
    except (TypeError, ValueError):  # not a list, or not of numbers
        arrays = []
    if not arrays or any(curve.ndim != 1 for curve in arrays):
        raise ValueError(
            f"{name}={reprlib.repr(curves)} must be a list with a curve for each "
            "network, each of them a list of numbers."
        )
    if not all(map(len, arrays)):
        raise ValueError(
            f"{name} has a curve without an epoch: the training was ended before its "
            "first one was over, or kept no record, as scikit-learn's L-BFGS. Fit "
            "again."
        )
    return arrays


def use_integer_ticks(ax: Any) -> None:
    """Restrict the ticks of the x-axis to integers, even if only one is in view."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(
        MaxNLocator("auto", integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
    )
