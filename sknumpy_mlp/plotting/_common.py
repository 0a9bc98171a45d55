"""What all displays need: matplotlib, the network to draw, styles."""

import reprlib
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import shown

# Of the palette of Okabe and Ito, which all eyes tell apart; sky blue takes the place
# of blue on a dark background.
BLUE, VERMILION, SKY_BLUE = "#0072B2", "#D55E00", "#56B4E9"


def import_pyplot(caller: str) -> Any:
    """Return matplotlib.pyplot; ``caller`` is what the message says needs it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which is not installed: run "
            "pip install 'sknumpy-mlp[plot]'."
        ) from error
    return plt


def single_axes(plt: Any, ax: Any) -> Any:
    """Return the axes to draw on, in a figure of their own if ``ax`` is None."""
    if ax is None:
        # The layout makes room for long labels of ticks.
        _, ax = plt.subplots(layout="constrained")
    if not hasattr(ax, "plot"):
        raise ValueError(f"ax must be a matplotlib Axes or None, got {ax!r}.")
    return ax


def is_dark(ax: Any) -> bool:
    """Whether the background of axes is dark."""
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
            raise ValueError(f"{name}={shown(value)} must be True or False.")


def check_texts(**texts: Any) -> None:
    """Raise ValueError for the first argument that is neither a text nor None."""
    for name, value in texts.items():
        if not (value is None or isinstance(value, str)):
            raise ValueError(f"{name}={shown(value)} must be a str or None.")


def check_styles(**styles: Any) -> None:
    """Raise ValueError for the first argument that is neither a dict nor None."""
    for name, value in styles.items():
        if not (value is None or isinstance(value, dict)):
            raise ValueError(
                f"{name}={shown(value)} must be a dict with keyword arguments of "
                "matplotlib's, such as {'color': 'black'}, or None."
            )


def styled(artist: str, given: dict[str, Any] | None, **defaults: Any) -> Any:
    """Return keyword arguments for an artist, the user's before the defaults.

    Names like ``lw`` are spelled out first: matplotlib refuses both at once.
    """
    from matplotlib import cbook, collections, lines

    artist_class = {"line": lines.Line2D, "collection": collections.Collection}[artist]
    return defaults | cbook.normalize_kwargs(given or {}, artist_class)


def as_curves(curves: Any, name: str) -> list[Array]:
    """Return curves as arrays; ``name`` is what messages call them."""
    try:
        arrays: list[Array] = [np.asarray(curve, np.float64) for curve in curves]
    except (TypeError, ValueError):  # no list, or not of numbers
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


def count_on_abscissa(ax: Any) -> None:
    """Have the abscissa count: there is no half an epoch, even if there is but one."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(
        MaxNLocator("auto", integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
    )
