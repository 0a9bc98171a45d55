"""Displays: a training, its weights and its prediction intervals, as figures.

They work like those of scikit-learn: ``from_estimator`` asks a fitted estimator for
what is to be drawn and draws it, ``plot`` draws it again on other axes, and what was
drawn is found in attributes like ``ax_`` and ``lines_``.  An estimator may be one of
this package, or a ``Pipeline``, a search or a ``TransformedTargetRegressor`` that holds
one at its end.

Drawing needs matplotlib, ``pip install 'sknumpy-mlp[plot]'``; importing this module
does not.

>>> from sklearn.datasets import load_iris
>>> from sknumpy_mlp import NumpyMLPClassifier
>>> from sknumpy_mlp.plotting import LossCurveDisplay
>>> X, y = load_iris(return_X_y=True)
>>> clf = NumpyMLPClassifier(early_stopping=True, random_state=0).fit(X, y)
>>> display = LossCurveDisplay.from_estimator(clf)
>>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
('Epoch', 'Loss')
>>> display.figure_.clear()
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._base import _BaseMLP
from sknumpy_mlp._frames import Table
from sknumpy_mlp._tabular import TabularMLPRegressor, _BaseTabularMLP
from sknumpy_mlp._typing import Array
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.losses import Quantile

__all__ = [
    "LearningRateDisplay",
    "LossCurveDisplay",
    "PredictionIntervalDisplay",
    "WeightsDisplay",
]

# Blue and vermilion of the palette of Okabe and Ito, which all eyes tell apart.
_BLUE, _VERMILION = "#0072B2", "#D55E00"


# ------------------------------------------------------------- what all displays need


def _import_pyplot(caller: str) -> Any:
    """Return matplotlib.pyplot; ``caller`` is what the message says needs it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which is not installed: run "
            "pip install 'sknumpy-mlp[plot]'."
        ) from error
    return plt


def _single_axes(plt: Any, ax: Any) -> Any:
    """Return the axes to draw on, in a figure of their own if ``ax`` is None."""
    if ax is None:
        # The layout makes room for long labels of ticks.
        _, ax = plt.subplots(layout="constrained")
    if not hasattr(ax, "plot"):
        raise ValueError(f"ax must be a matplotlib Axes or None, got {ax!r}.")
    return ax


def _styled(artist: str, given: dict[str, Any] | None, **defaults: Any) -> Any:
    """Return keyword arguments for an artist, the user's before the defaults.

    Names like ``lw`` are spelled out first: matplotlib refuses both at once.
    """
    from matplotlib import cbook, collections, lines

    artist_class = {"line": lines.Line2D, "collection": collections.Collection}[artist]
    return defaults | cbook.normalize_kwargs(given or {}, artist_class)


def _find_network(estimator: Any, caller: str) -> Any:
    """Return the fitted estimator of this package that an estimator is or holds.

    Raises
    ------
    NotFittedError
        If there is one that is not fitted.
    TypeError
        If there is none.
    """
    inner = estimator
    while not isinstance(inner, _BaseMLP | _BaseTabularMLP):
        if isinstance(inner, Pipeline):
            inner = inner.steps[-1][1]
        elif hasattr(inner, "best_estimator_"):
            inner = inner.best_estimator_
        elif hasattr(inner, "regressor_"):
            inner = inner.regressor_
        else:
            # Searches and the regressor hold a network only after their fit.
            if hasattr(inner, "refit") or isinstance(inner, TransformedTargetRegressor):
                check_is_fitted(inner)
            raise TypeError(
                f"{caller} needs a fitted estimator of sknumpy_mlp, or a Pipeline, a "
                "search (with refit=True) or a TransformedTargetRegressor with one at "
                f"its end, got {estimator!r}."
            )
    check_is_fitted(inner)
    return inner


def _networks_of(estimator: Any) -> list[Any]:
    """Return the networks whose training is to be drawn, one or several."""
    if isinstance(estimator, _BaseTabularMLP):
        return list(estimator.estimators_)
    return [estimator]


def _kept_epoch(network: Any) -> int | None:
    """Return the number in the curves, from 1, of the epoch whose weights were kept.

    None, if those of the last epoch were, or if nothing tells.
    """
    n_before: int = len(network.loss_curve_) - network.n_iter_
    # A callback can have seen another fit since: the curve must agree with it.
    curves = {
        "loss": network.loss_curve_,
        "validation_loss": network.validation_loss_curve_,
        "validation_score": network.validation_scores_,
    }
    for callback in reversed(network.callbacks or []):
        if isinstance(callback, EarlyStopping) and callback.restore_best:
            epoch, curve = callback.best_epoch, curves[callback.monitor]
            sign = 1 if callback.monitor == "validation_score" else -1
            if epoch is None or not curve or epoch > network.n_iter_:
                return None
            value = curve[len(curve) - network.n_iter_ + epoch - 1]
            return n_before + epoch if sign * value == callback.best_score else None
    if network.best_validation_score_ is None:
        return None
    scores: list[float] = network.validation_scores_[-network.n_iter_ :]
    # A warm start may have kept the weights it began with.
    if network.best_validation_score_ not in scores:
        return None
    return n_before + scores.index(network.best_validation_score_) + 1


def _draw_curve(ax: Any, curve: Array, **style: Any) -> Any:
    """Draw a value for each epoch, from 1; a single one as a dot."""
    if len(curve) == 1:
        style = {"marker": "o"} | style
    (line,) = ax.plot(np.arange(1, len(curve) + 1), curve, **style)
    return line


def _count(ax: Any) -> None:
    """Have the abscissa count: there is no half an epoch, even if there is but one."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(
        MaxNLocator("auto", integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
    )


def _finish_epochs(ax: Any, unit: str, ylabel: str) -> None:
    """Label axes whose abscissa counts epochs."""
    _count(ax)
    ax.set(xlabel=unit.capitalize(), ylabel=ylabel)


def _as_curves(curves: Iterable[Any], name: str) -> list[Array]:
    arrays: list[Array] = [np.asarray(curve, np.float64) for curve in curves]
    if not arrays or any(curve.ndim != 1 for curve in arrays):
        raise ValueError(
            f"{name} must be a list with a curve for each network, each of them a "
            "list of numbers."
        )
    if not all(map(len, arrays)):
        raise ValueError(
            f"{name} has a curve without an epoch: the training was ended before its "
            "first one was over. Fit again."
        )
    return arrays


def _unit(network: Any) -> str:
    return "iteration" if getattr(network, "solver", None) == "lbfgs" else "epoch"


# ------------------------------------------------------------------------------- curves


class LossCurveDisplay:
    """The loss after each epoch, on the training and on the validation data.

    The training loss is what is minimised: with the penalty of ``alpha``, measured
    while the weights still change, and with ``dropout`` while values are dropped.  The
    validation loss has none of this, so it may well be the lower one.

    Several networks, such as those of the tabular estimators, are drawn as thin lines
    and their mean as a thick one, as far as all of them were trained.

    Parameters
    ----------
    loss_curves : list of array-like of shape (n_epochs,)
        For each network the training loss after each epoch.
    validation_loss_curves : list of array-like of shape (n_epochs,), default=None
        For each network the validation loss after each epoch.
    best_epochs : list of (int or None), default=None
        For each network the number, from 1, of the epoch whose weights were kept; None
        where it is not known.
    name : str, default=None
        Begins the entries of the legend, to tell several estimators apart; both lines
        of this one then have the same colour.
    unit : {'epoch', 'iteration'}, default='epoch'
        What the abscissa counts: iterations for L-BFGS.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The line of the training loss and, if there is one, of the validation loss.
        For several networks those of their means.
    member_lines_ : list of matplotlib Line2D
        The thin lines of several networks; empty for a single one.
    best_ : list of matplotlib Line2D
        The dots at the best epochs.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    See Also
    --------
    LearningRateDisplay : The learning rate of each epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.plotting import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = NumpyMLPClassifier(early_stopping=True, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(clf)
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation']
    >>> display.lines_[0].get_ydata().tolist() == clf.loss_curve_
    True
    >>> display.figure_.clear()
    """

    def __init__(
        self,
        *,
        loss_curves: Sequence[Any],
        validation_loss_curves: Sequence[Any] | None = None,
        best_epochs: Sequence[int | None] | None = None,
        name: str | None = None,
        unit: str = "epoch",
    ) -> None:
        self.loss_curves = loss_curves
        self.validation_loss_curves = validation_loss_curves
        self.best_epochs = best_epochs
        self.name = name
        self.unit = unit

    def plot(
        self,
        ax: Any = None,
        *,
        log_scale: bool = False,
        line_kw: dict[str, Any] | None = None,
        validation_line_kw: dict[str, Any] | None = None,
        member_line_kw: dict[str, Any] | None = None,
        best_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the scale of the loss is logarithmic.
        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the training loss.
        validation_line_kw : dict, default=None
            Those for the validation loss.
        member_line_kw : dict, default=None
            Those for the thin lines of several networks.
        best_kw : dict, default=None
            Those for the dots at the best epochs.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no epoch to draw, or if a loss is not above 0 with
            ``log_scale``.
        """
        plt = _import_pyplot(f"{type(self).__name__}.plot")
        kinds = {"training": _as_curves(self.loss_curves, "loss_curves")}
        if self.validation_loss_curves is not None:
            kinds["validation"] = _as_curves(
                self.validation_loss_curves, "validation_loss_curves"
            )
        if log_scale:
            smallest = min(c.min() for curves in kinds.values() for c in curves)
            if smallest <= 0:
                raise ValueError(
                    f"log_scale=True needs losses above 0, but there is {smallest:g}. "
                    "Set log_scale=False."
                )
        ax = _single_axes(plt, ax)
        given = {"training": line_kw, "validation": validation_line_kw}
        dashes = {"training": "-", "validation": "--"}
        several = len(kinds["training"]) > 1
        self.lines_: list[Any] = []
        self.member_lines_: list[Any] = []
        self.best_: list[Any] = []
        for kind, curves in kinds.items():
            n_epochs = min(map(len, curves))
            mean = np.mean([curve[:n_epochs] for curve in curves], axis=0)
            label = f"{kind}, mean of {len(curves)}" if several else kind
            defaults: dict[str, Any] = {}
            if self.name is not None:
                label = f"{self.name}, {label}"
                if self.lines_:
                    # Beside other estimators, each has one colour.
                    defaults["color"] = self.lines_[0].get_color()
            if len(mean) == 1 and kind == "validation":
                defaults["marker"] = "s"  # dots have no dashes to tell them apart
            style = _styled(
                "line",
                given[kind],
                label=label,
                linestyle=dashes[kind],
                linewidth=2.0,
                **defaults,
            )
            self.lines_.append(_draw_curve(ax, mean, **style))
            if several:
                style = _styled(
                    "line",
                    member_line_kw,
                    color=self.lines_[-1].get_color(),
                    linestyle=dashes[kind],
                    linewidth=0.8,
                    alpha=0.5,
                )
                self.member_lines_ += [_draw_curve(ax, c, **style) for c in curves]
        self._mark_best(ax, list(kinds.values())[-1], best_kw)
        if log_scale:
            ax.set_yscale("log")
        _finish_epochs(ax, self.unit, "Loss")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _mark_best(
        self, ax: Any, curves: list[Array], best_kw: dict[str, Any] | None
    ) -> None:
        """Put a dot on the last kind of curves at each epoch that was kept."""
        known = [
            (curve, epoch)
            for curve, epoch in zip(curves, self.best_epochs or [], strict=False)
            if epoch is not None
        ]
        several = len(curves) > 1
        for i, (curve, epoch) in enumerate(known):
            label = f"weights kept ({self.unit} {epoch})"
            if several:
                label = "weights kept"
            if self.name is not None:
                label = f"{self.name}, {label}"
            style = _styled(
                "line",
                best_kw,
                label=label if i == 0 else "_",  # one entry for all of them
                color=self.lines_[-1].get_color(),
                marker="o",
                markersize=5.0 if several else 8.0,
                markeredgecolor="black",
                linestyle="none",
                zorder=3.0,
            )
            self.best_ += ax.plot([epoch], [curve[epoch - 1]], **style)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        validation: bool = True,
        name: str | None = None,
        ax: Any = None,
        log_scale: bool = False,
        line_kw: dict[str, Any] | None = None,
        validation_line_kw: dict[str, Any] | None = None,
        member_line_kw: dict[str, Any] | None = None,
        best_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the losses of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of this package, or one that holds one at its end.
        validation : bool, default=True
            Whether to draw the validation loss, if there is one.
        name : str, default=None
            Begins the entries of the legend, to tell several estimators apart.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the scale of the loss is logarithmic.
        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the training loss.
        validation_line_kw : dict, default=None
            Those for the validation loss.
        member_line_kw : dict, default=None
            Those for the thin lines of several networks.
        best_kw : dict, default=None
            Those for the dots at the best epochs.

        Returns
        -------
        display : LossCurveDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is, and holds, none of this package.
        ValueError
            If there is no epoch to draw, or validation data in some calls of `fit` or
            `partial_fit` only, so that nobody knows which epochs its losses belong to.
        """
        caller = f"{cls.__name__}.from_estimator"
        _import_pyplot(caller)
        network = _find_network(estimator, caller)
        members = _networks_of(network)
        loss_curves = [list(member.loss_curve_) for member in members]
        validation_losses = None
        if validation and all(member.validation_loss_curve_ for member in members):
            validation_losses = [list(m.validation_loss_curve_) for m in members]
            for losses, all_losses in zip(validation_losses, loss_curves, strict=True):
                if len(losses) != len(all_losses):
                    raise ValueError(
                        f"There are validation losses of {len(losses)} out of "
                        f"{len(all_losses)} epochs, because some calls had no "
                        "validation data, and it is not known which. Set "
                        "validation=False."
                    )
        display = cls(
            loss_curves=loss_curves,
            validation_loss_curves=validation_losses,
            best_epochs=[_kept_epoch(member) for member in members],
            name=name,
            unit=_unit(network),
        )
        return display.plot(
            ax,
            log_scale=log_scale,
            line_kw=line_kw,
            validation_line_kw=validation_line_kw,
            member_line_kw=member_line_kw,
            best_kw=best_kw,
        )


class LearningRateDisplay:
    """The learning rate at the beginning of each epoch.

    Parameters
    ----------
    learning_rate_curves : list of array-like of shape (n_epochs,)
        For each network the learning rate of each epoch.
    name : str, default=None
        The entry of the legend, to tell several estimators apart; None for no legend.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        A line for each network.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    See Also
    --------
    LossCurveDisplay : The loss of each epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.plotting import LearningRateDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = NumpyMLPClassifier(learning_rate="one_cycle", max_iter=20).fit(X, y)
    >>> display = LearningRateDisplay.from_estimator(clf)
    >>> display.lines_[0].get_ydata().tolist() == clf.learning_rate_curve_
    True
    >>> display.figure_.clear()
    """

    def __init__(
        self, *, learning_rate_curves: Sequence[Any], name: str | None = None
    ) -> None:
        self.learning_rate_curves = learning_rate_curves
        self.name = name

    def plot(
        self,
        ax: Any = None,
        *,
        log_scale: bool = False,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the rates.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the scale of the rate is logarithmic; rates of 0 are left out.
        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot``.

        Returns
        -------
        display : LearningRateDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no epoch to draw.
        """
        plt = _import_pyplot(f"{type(self).__name__}.plot")
        curves = _as_curves(self.learning_rate_curves, "learning_rate_curves")
        ax = _single_axes(plt, ax)
        self.lines_: list[Any] = []
        for curve in curves:
            first = not self.lines_
            style = _styled(
                "line",
                line_kw,
                label=self.name if first and self.name is not None else "_",
                linewidth=2.0 if len(curves) == 1 else 0.8,
                # All of one estimator have one colour, the first one's.
                **({} if first else {"color": self.lines_[0].get_color()}),
            )
            self.lines_.append(_draw_curve(ax, curve, **style))
        if log_scale:
            ax.set_yscale("log", nonpositive="mask")
        _finish_epochs(ax, "epoch", "Learning rate")
        if self.name is not None:
            ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        ax: Any = None,
        log_scale: bool = False,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the learning rates of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of this package, or one that holds one at its end.
        name : str, default=None
            The entry of the legend; None for no legend.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the scale of the rate is logarithmic; rates of 0 are left out.
        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot``.

        Returns
        -------
        display : LearningRateDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is, and holds, none of this package.
        ValueError
            If there are no rates, as with ``solver='lbfgs'``.
        """
        caller = f"{cls.__name__}.from_estimator"
        _import_pyplot(caller)
        network = _find_network(estimator, caller)
        curves = [list(each.learning_rate_curve_) for each in _networks_of(network)]
        if not any(curves) and network.solver == "lbfgs":
            raise ValueError(
                "solver='lbfgs' has no learning rate: it searches for the length of "
                "each step. There is one with 'adam', 'sgd' and 'rmsprop'."
            )
        display = cls(learning_rate_curves=curves, name=name)
        return display.plot(ax, log_scale=log_scale, line_kw=line_kw)


# ------------------------------------------------------------------------------ weights


class WeightsDisplay:
    """The incoming weights of units of the first layer, as images.

    For networks that look at pixels.  All images have one scale of colours: white is
    zero, red above and blue below, as strong as the largest weight of all.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width)
        The weights of each unit.
    names : list of str
        What stands above each image.

    Attributes
    ----------
    images_ : ndarray of shape (n_rows, n_cols) of matplotlib AxesImage or None
        The images; None where the last row has no more.
    axes_ : ndarray of shape (n_rows, n_cols) of matplotlib Axes or None
        Their axes.
    bounding_ax_ : matplotlib Axes or None
        The axes that were divided; None if an array of axes was given.
    colorbar_ : matplotlib Colorbar or None
        The scale of colours.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.plotting import WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = NumpyMLPClassifier(20, max_iter=20, tol=1, random_state=0).fit(X / 16, y)
    >>> display = WeightsDisplay.from_estimator(clf, n_units=6)
    >>> display.axes_.shape, display.images_[0, 0].get_array().shape
    ((2, 3), (8, 8))
    >>> display.figure_.clear()
    """

    def __init__(self, *, images: Any, names: Sequence[str]) -> None:
        self.images = images
        self.names = names

    def plot(
        self,
        ax: Any = None,
        *,
        n_cols: int | None = None,
        colorbar: bool = True,
        image_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to be divided into a grid, or as many axes as there are images; None
            makes a new figure.
        n_cols : int, default=None
            Number of columns of the grid; None makes it about square.
        colorbar : bool, default=True
            Whether to draw the scale of colours.
        image_kw : dict, default=None
            Keyword arguments of matplotlib's ``imshow``.

        Returns
        -------
        display : WeightsDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are more or fewer axes than images, or the axes cannot be divided.
        """
        plt = _import_pyplot(f"{type(self).__name__}.plot")
        images = check_array(
            self.images, ensure_2d=False, allow_nd=True, input_name="images"
        )
        if images.ndim != 3 or len(self.names) != len(images):
            raise ValueError(
                "images must be of the shape (n_images, height, width), with a name "
                f"for each, got the shape {images.shape} and {len(self.names)} names."
            )
        self.bounding_ax_: Any = None
        self.figure_: Any = None
        bar_ax = None
        if ax is None or not np.ndim(ax):
            axes, bar_ax = self._make_grid(plt, ax, images, n_cols, colorbar)
        else:
            axes = np.asarray(ax, dtype=object)
            self.figure_ = axes.ravel()[0].figure
        self.axes_ = axes
        # Those of an earlier drawing may have gaps.
        used = [i for i, each in enumerate(axes.ravel()) if each is not None]
        if len(used) != len(images):
            raise ValueError(
                f"ax has {len(used)} axes for {len(images)} images. Pass one for each, "
                "a single one to be divided, or None."
            )
        # A network of zeros is white throughout.
        limit = float(np.abs(images).max()) or 1.0
        style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} | (image_kw or {})
        self.images_ = np.full(axes.shape, None, dtype=object)
        for i, image, name in zip(used, images, self.names, strict=True):
            each = axes.ravel()[i]
            self.images_.ravel()[i] = each.imshow(image, **style)
            each.set(xticks=[], yticks=[])
            each.set_title(name, fontsize="medium" if ax is None else "small")
        self.colorbar_ = None
        if colorbar:
            # In a grid of our own it has a column, which every layout respects.
            where: dict[str, Any] = {"cax": bar_ax}
            if bar_ax is None:
                where = {"ax": [axes.ravel()[i] for i in used], "shrink": 0.8}
            self.colorbar_ = self.figure_.colorbar(
                self.images_.ravel()[used[0]], label="Weight", **where
            )
        return self

    def _make_grid(
        self, plt: Any, ax: Any, images: Array, n_cols: int | None, colorbar: bool
    ) -> tuple[Any, Any]:
        """Return axes in a grid, on the given axes or on a figure of its own.

        The second result is the axes for the colour bar, or None.
        """
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        is_own = ax is None
        n_images, height, width = images.shape
        if n_cols is None:
            n_cols = math.ceil(math.sqrt(n_images))
        n_cols = min(n_cols, n_images)
        n_rows = math.ceil(n_images / n_cols)
        if ax is None:
            # About an inch and a quarter for the longer side of an image, and enough
            # for its name.
            scale = 1.25 / max(height, width)
            size = (
                n_cols * max(scale * width + 0.15, 0.7) + 1.1,
                max(n_rows * (max(scale * height, 0.3) + 0.35) + 0.1, 2.0),
            )
            # Not the constrained layout, from which a colour bar bars plt.tight_layout.
            figure = plt.figure(figsize=size, layout="tight")
            ax = figure.add_subplot()
        elif not ax.axison:
            raise ValueError(
                "ax was divided before. Pass display.axes_ to draw on the same axes "
                "again."
            )
        spec = ax.get_subplotspec()
        if spec is None:
            raise ValueError(
                "ax cannot be divided, because it belongs to no grid. Make it with "
                "plt.subplots or Figure.add_subplot, or pass an axes for each image."
            )
        ax.set_axis_off()
        self.bounding_ax_, self.figure_ = ax, ax.figure
        engine = ax.figure.get_layout_engine()
        # Room for the names, unless the layout makes it.
        room = {"hspace": 0.3 if is_own else 0.5, "wspace": 0.1}
        if isinstance(engine, ConstrainedLayoutEngine):
            room = {}
        widths = [1.0] * n_cols
        if colorbar:
            # The bar, and without any layout room for its label.
            widths += [0.12] if engine else [0.12, 1.1]
        grid = spec.subgridspec(n_rows, len(widths), width_ratios=widths, **room)
        axes = np.full((n_rows, n_cols), None, dtype=object)
        for i in range(n_images):
            axes.ravel()[i] = ax.figure.add_subplot(grid[divmod(i, n_cols)])
        return axes, ax.figure.add_subplot(grid[:, n_cols]) if colorbar else None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: tuple[int, int] | None = None,
        n_units: int = 16,
        ax: Any = None,
        n_cols: int | None = None,
        colorbar: bool = True,
        image_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw weights of a fitted estimator.

        The units are those with the longest vectors of weights (Euclidean norm), in
        the order that they have in the layer.  A unit that has hardly been trained, or
        that weight decay has emptied, does not take the place of one that says
        something.  In a network without a hidden layer the units are the outputs: for
        more than two classes there is an image for each of them.

        Parameters
        ----------
        estimator : estimator
            A fitted ``NumpyMLPClassifier`` or ``NumpyMLPRegressor``, or one that holds
            one at its end.
        image_shape : tuple of (int, int), default=None
            Height and width of the images that the features are the pixels of, row by
            row; None for squares.
        n_units : int, default=16
            The most units to draw.
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to be divided into a grid, or as many axes as there are images; None
            makes a new figure.
        n_cols : int, default=None
            Number of columns of the grid; None makes it about square.
        colorbar : bool, default=True
            Whether to draw the scale of colours.
        image_kw : dict, default=None
            Keyword arguments of matplotlib's ``imshow``.

        Returns
        -------
        display : WeightsDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is, and holds, none of this package, or a tabular one.
        ValueError
            If ``image_shape`` does not fit the number of features, or is missing where
            that is no square.
        """
        caller = f"{cls.__name__}.from_estimator"
        _import_pyplot(caller)
        network = _find_network(estimator, caller)
        first = None if isinstance(network, _BaseTabularMLP) else network.coefs_[0]
        if first is None or len(first) != network.n_features_in_:
            raise TypeError(
                f"{caller} cannot draw {type(network).__name__}: its first weights "
                "belong to embeddings of numbers and categories, not to pixels. Use "
                "NumpyMLPClassifier or NumpyMLPRegressor for images."
            )
        shape = _check_image_shape(image_shape, len(first))
        is_count = isinstance(n_units, Integral) and not isinstance(n_units, bool)
        if not (is_count and n_units >= 1):
            raise ValueError(f"n_units={n_units!r} must be an int of at least 1.")
        norms = np.linalg.norm(first, axis=0)
        # Of units alike the first are taken.
        units = np.sort(np.argsort(-norms, kind="stable")[:n_units])
        display = cls(
            images=first.T[units].reshape(-1, *shape),
            names=[_name_of_unit(network, int(unit)) for unit in units],
        )
        return display.plot(ax, n_cols=n_cols, colorbar=colorbar, image_kw=image_kw)


def _check_image_shape(image_shape: Any, n_features: int) -> tuple[int, int]:
    if image_shape is None:
        side = math.isqrt(n_features)
        if side * side != n_features:
            raise ValueError(
                f"The {n_features} features are no square image. Pass image_shape="
                "(height, width)."
            )
        return side, side
    shape = tuple(image_shape)
    if len(shape) != 2 or math.prod(shape) != n_features or min(shape) < 1:
        raise ValueError(
            f"image_shape={image_shape!r} must be (height, width) with as many pixels "
            f"as there are features, {n_features}."
        )
    return shape


def _name_of_unit(network: Any, unit: int) -> str:
    classes = getattr(network, "classes_", None)
    if len(network.coefs_) > 1:
        return f"unit {unit}"
    if classes is not None and len(classes) == network.n_outputs_:
        return f"class {classes[unit]}"
    return f"output {unit}"


# ---------------------------------------------------------------------------- intervals


class PredictionIntervalDisplay:
    """Prediction intervals, and which of the true values they hold.

    The samples stand in the order of their predictions (or, if there are none, of the
    middles of their intervals), or at the values of a feature.  The legend compares the
    share of true values that lie in their intervals with the one that was asked for.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true values.
    interval : array-like of shape (n_samples, 2)
        Lower and upper ends.
    y_pred : array-like of shape (n_samples,), default=None
        The predictions.
    coverage : float, default=None
        The probability with which the intervals are to hold the true value.
    x : array-like of shape (n_samples,), default=None
        Where the samples stand; None for the order of their predictions.
    x_name : str, default=None
        What ``x`` is.

    Attributes
    ----------
    coverage_ : float
        The share of the true values that lie in their intervals, ends included.
    interval_ : matplotlib PolyCollection or LineCollection
        The band, or the bars.
    line_ : matplotlib Line2D or None
        The predictions.
    covered_, missed_ : matplotlib Line2D
        The true values inside and outside of their intervals.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : Predictions beside true values.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp import NumpyMLPRegressor
    >>> from sknumpy_mlp.losses import Quantile
    >>> from sknumpy_mlp.plotting import PredictionIntervalDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (200, 1))
    >>> y = X[:, 0] + 0.1 * rng.standard_normal(200)
    >>> quantiles = Quantile([0.05, 0.5, 0.95])
    >>> reg = NumpyMLPRegressor(loss=quantiles, solver="lbfgs", random_state=0)
    >>> reg = reg.set_params(tol=0.01).fit(X, y)
    >>> display = PredictionIntervalDisplay.from_estimator(reg, X, y, feature=0)
    >>> bool(0.8 < display.coverage_ < 1)
    True
    >>> display.figure_.clear()
    """

    _KINDS: ClassVar[tuple[str, ...]] = ("bars", "band")

    def __init__(
        self,
        *,
        y_true: Any,
        interval: Any,
        y_pred: Any = None,
        coverage: float | None = None,
        x: Any = None,
        x_name: str | None = None,
    ) -> None:
        self.y_true = y_true
        self.interval = interval
        self.y_pred = y_pred
        self.coverage = coverage
        self.x = x
        self.x_name = x_name

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "bars",
        subsample: int | None = 200,
        interval_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        kind : {'bars', 'band'}, default='bars'
            A vertical bar for each interval, or a band, which suits intervals that
            hardly change from one sample to the next.
        subsample : int or None, default=200
            The most samples to draw, taken evenly in their order from left to right;
            None draws all of them.  The share in the legend is that of all samples.
        interval_kw : dict, default=None
            Keyword arguments of matplotlib's ``vlines`` or ``fill_between``.
        line_kw : dict, default=None
            Those of ``plot`` for the predictions.
        scatter_kw : dict, default=None
            Those of ``plot`` for the true values.

        Returns
        -------
        display : PredictionIntervalDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the data does not fit together, an interval is infinite, or ``kind`` or
            ``subsample`` is not allowed.
        """
        plt = _import_pyplot(f"{type(self).__name__}.plot")
        if kind not in self._KINDS:
            raise ValueError(f"kind={kind!r} must be one of {self._KINDS}.")
        is_count = isinstance(subsample, Integral) and not isinstance(subsample, bool)
        if not (subsample is None or (is_count and subsample >= 1)):
            raise ValueError(
                f"subsample={subsample!r} must be an int of at least 1, or None."
            )
        y, low, high, predicted, x = self._checked()
        is_inside = (low <= y) & (y <= high)
        self.coverage_ = float(is_inside.mean())
        by = x
        if by is None:
            by = predicted if predicted is not None else (low + high) / 2
        order = np.argsort(by, kind="stable")
        # Ranks count all samples, also those that are not drawn.
        ranks = np.empty(len(y))
        ranks[order] = np.arange(1, len(y) + 1)
        where = ranks if x is None else x
        if subsample is not None and subsample < len(order):
            order = order[np.linspace(0, len(order) - 1, subsample).astype(np.intp)]
        ax = _single_axes(plt, ax)
        where, low, high, y = (each[order] for each in (where, low, high, y))
        self._draw_interval(ax, where, low, high, kind, interval_kw)
        self.line_ = None
        if predicted is not None:
            # In the order of something else, a line would go up and down for nothing.
            is_curve = (x is None or kind == "band") and len(where) > 1
            marks = {"linestyle": "none", "marker": "_", "markersize": 5.0}
            style = _styled(
                "line",
                line_kw,
                label="prediction",
                color=plt.rcParams["text.color"],  # white in a dark style
                linewidth=1.5,
                zorder=2.5,
                **({} if is_curve else marks),
            )
            (self.line_,) = ax.plot(where, predicted[order], **style)
        self._draw_true(ax, where, y, is_inside[order], scatter_kw)
        xlabel = "Samples in the order of their predictions"
        if x is not None:
            xlabel = self.x_name or "x"
        ax.set(xlabel=xlabel, ylabel="Target")
        if x is None:
            _count(ax)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _checked(self) -> tuple[Array, Array, Array, Array | None, Array | None]:
        """Return all data as arrays that fit together."""
        interval = check_array(
            self.interval, ensure_all_finite=False, input_name="interval"
        )
        columns: list[Array | None] = []
        for name in ("y_true", "y_pred", "x"):
            values = getattr(self, name)
            if values is None and name == "y_true":
                raise ValueError("y_true=None: pass the true value of each sample.")
            if values is None:
                columns.append(None)
                continue
            values = check_array(values, ensure_2d=False, input_name=name)
            if values.size != len(values):
                raise ValueError(
                    f"{name} must be of the shape (n_samples,), got {values.shape}. "
                    "Draw one target after the other."
                )
            columns.append(values.ravel())
        y_true, y_pred, x = columns
        assert y_true is not None
        check_consistent_length(y_true, interval, y_pred, x)
        if interval.shape[1] != 2 or (interval[:, 0] > interval[:, 1]).any():
            raise ValueError(
                "interval must be of the shape (n_samples, 2), with the lower ends "
                f"first, got the shape {interval.shape}."
            )
        if not np.isfinite(interval).all():
            raise ValueError(
                "interval has infinite ends, which cannot be drawn: there were too few "
                "held-out samples for this coverage. Lower coverage."
            )
        return y_true, interval[:, 0], interval[:, 1], y_pred, x

    def _draw_interval(
        self,
        ax: Any,
        where: Array,
        low: Array,
        high: Array,
        kind: str,
        given: dict[str, Any] | None,
    ) -> None:
        label = "interval"
        if self.coverage is not None:
            label = f"interval for {100 * self.coverage:.3g} %"
        style = _styled("collection", given, label=label)
        if kind == "band":
            style = {"color": _BLUE, "alpha": 0.2, "linewidth": 0.0} | style
            self.interval_ = ax.fill_between(where, low, high, **style)
        else:
            # Many bars are thin ones, or they would be a block.
            width = min(max(150.0 / len(where), 0.8), 4.0)
            style = {"color": _BLUE, "alpha": 0.35, "linewidth": width} | style
            self.interval_ = ax.vlines(where, low, high, **style)

    def _draw_true(
        self,
        ax: Any,
        where: Array,
        y: Array,
        is_inside: NDArray[np.bool_],
        given: dict[str, Any] | None,
    ) -> None:
        size = 3.0 if len(y) > 100 else 5.0
        share = 100 * self.coverage_
        looks: list[Any] = [
            (is_inside, f"inside, {share:.1f} %", _BLUE, "o", size),
            (~is_inside, f"outside, {100 - share:.1f} %", _VERMILION, "X", size + 2),
        ]
        artists = []
        for rows, label, color, marker, markersize in looks:
            style = _styled(
                "line",
                given,
                label=label,
                color=color,
                marker=marker,
                markersize=markersize,
                markeredgewidth=0.0,
                linestyle="none",
                zorder=3.0,
            )
            artists += ax.plot(where[rows], y[rows], **style)
        self.covered_, self.missed_ = artists

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        coverage: float | None = None,
        feature: int | str | None = None,
        ax: Any = None,
        kind: str = "bars",
        subsample: int | None = 200,
        interval_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the intervals that a fitted regressor predicts.

        Parameters
        ----------
        estimator : estimator
            A fitted ``TabularMLPRegressor``, whose
            :meth:`~sknumpy_mlp.TabularMLPRegressor.prediction_interval` is drawn, or
            either regressor with ``loss=Quantile([...])``, or a ``Pipeline`` or search
            that holds one at its end.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples, best those that the estimator has not seen.
        y : array-like of shape (n_samples,)
            Their targets.
        coverage : float, default=None
            The probability with which an interval is to hold the target.  None is 0.9,
            or for quantiles that between the lowest and the highest.  Two of the
            quantiles must leave as much below as above.
        feature : int or str, default=None
            The column of ``X``, by number or name, that the samples stand at; None for
            the order of their predictions.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        kind : {'bars', 'band'}, default='bars'
            A vertical bar for each interval, or a band.
        subsample : int or None, default=200
            The most samples to draw; None draws all of them.
        interval_kw : dict, default=None
            Keyword arguments of matplotlib's ``vlines`` or ``fill_between``.
        line_kw : dict, default=None
            Those of ``plot`` for the predictions.
        scatter_kw : dict, default=None
            Those of ``plot`` for the true values.

        Returns
        -------
        display : PredictionIntervalDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is, and holds, none of this package.
        ValueError
            If it predicts no intervals, or none of this coverage, or several targets.
        """
        caller = f"{cls.__name__}.from_estimator"
        _import_pyplot(caller)
        network = _find_network(estimator, caller)
        is_number = isinstance(coverage, Real) and not isinstance(coverage, bool)
        if coverage is not None and not (is_number and 0 < coverage < 1):
            raise ValueError(
                f"coverage={coverage!r} must be a float in the range (0, 1)."
            )
        x, x_name = (None, None) if feature is None else _column(X, feature)
        loss = getattr(network, "_loss", None)
        levels = loss.levels if isinstance(loss, Quantile) else ()
        Z = _transformed(estimator, X, caller)
        y_pred: Array | None
        if len(levels) > 1:
            quantiles = network.predict(Z)
            low, high = _pick_levels(levels, coverage)
            coverage = levels[high] - levels[low]
            interval = quantiles[:, [low, high]]
            y_pred = quantiles[:, levels.index(0.5)] if 0.5 in levels else None
        elif isinstance(network, TabularMLPRegressor):
            coverage = 0.9 if coverage is None else float(coverage)
            y_pred = network.predict(Z)
            if y_pred.ndim != 1:
                raise ValueError(
                    f"The estimator predicts {y_pred.shape[1]} targets. Draw one after "
                    f"the other with {cls.__name__}.from_predictions."
                )
            interval = network.prediction_interval(Z, coverage)
        else:
            raise ValueError(
                f"{type(network).__name__} predicts no intervals. Use "
                "TabularMLPRegressor, or fit several quantiles with "
                "NumpyMLPRegressor(loss=Quantile([0.05, 0.5, 0.95]))."
            )
        return cls.from_predictions(
            y,
            interval,
            y_pred,
            coverage=coverage,
            x=x,
            x_name=x_name,
            ax=ax,
            kind=kind,
            subsample=subsample,
            interval_kw=interval_kw,
            line_kw=line_kw,
            scatter_kw=scatter_kw,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        interval: Any,
        y_pred: Any = None,
        *,
        coverage: float | None = None,
        x: Any = None,
        x_name: str | None = None,
        ax: Any = None,
        kind: str = "bars",
        subsample: int | None = 200,
        interval_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw given intervals, whoever has predicted them.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The true values.
        interval : array-like of shape (n_samples, 2)
            Lower and upper ends.
        y_pred : array-like of shape (n_samples,), default=None
            The predictions.
        coverage : float, default=None
            The probability with which the intervals are to hold the true value.
        x : array-like of shape (n_samples,), default=None
            Where the samples stand; None for the order of their predictions.
        x_name : str, default=None
            What ``x`` is.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        kind : {'bars', 'band'}, default='bars'
            A vertical bar for each interval, or a band.
        subsample : int or None, default=200
            The most samples to draw; None draws all of them.
        interval_kw : dict, default=None
            Keyword arguments of matplotlib's ``vlines`` or ``fill_between``.
        line_kw : dict, default=None
            Those of ``plot`` for the predictions.
        scatter_kw : dict, default=None
            Those of ``plot`` for the true values.

        Returns
        -------
        display : PredictionIntervalDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the data does not fit together, or an interval is infinite.
        """
        display = cls(
            y_true=y_true,
            interval=interval,
            y_pred=y_pred,
            coverage=coverage,
            x=x,
            x_name=x_name,
        )
        return display.plot(
            ax,
            kind=kind,
            subsample=subsample,
            interval_kw=interval_kw,
            line_kw=line_kw,
            scatter_kw=scatter_kw,
        )


def _transformed(estimator: Any, X: Any, caller: str) -> Any:
    """Return what the network at the end of an estimator is given for ``X``."""
    while not isinstance(estimator, _BaseMLP | _BaseTabularMLP):
        if isinstance(estimator, Pipeline):
            if len(estimator) > 1:
                X = estimator[:-1].transform(X)
            estimator = estimator[-1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            raise TypeError(
                f"{caller} cannot draw {type(estimator).__name__}, which predicts no "
                "intervals on the scale of its target. Pass the intervals to "
                "from_predictions."
            )
    return X


def _pick_levels(levels: Sequence[float], coverage: float | None) -> tuple[int, int]:
    """Return which two levels make an interval of this coverage."""
    if coverage is None:
        return 0, len(levels) - 1
    offered = {}
    for i, low in enumerate(levels):
        for j, high in enumerate(levels[i + 1 :], start=i + 1):
            if math.isclose(low, 1.0 - high, abs_tol=1e-9):
                offered[high - low] = (i, j)
    for share, pair in offered.items():
        if math.isclose(share, coverage, abs_tol=1e-9):
            return pair
    possible = ", ".join(f"{share:g}" for share in sorted(offered)) or "none"
    raise ValueError(
        f"coverage={coverage}: the quantiles {list(levels)} have no such interval "
        f"around the median (possible: {possible}). Set coverage=None for the widest."
    )


def _column(X: Any, feature: Any) -> tuple[Array, str]:
    """Return a column of a table as numbers, and its name."""
    is_sparse = hasattr(X, "toarray")
    table = None if is_sparse else Table(X)
    names = [str(name) for name in getattr(X, "columns", [])]
    n_columns = X.shape[1] if table is None else table.shape[1]
    is_index = isinstance(feature, Integral) and not isinstance(feature, bool)
    if is_index and -n_columns <= feature < n_columns:
        i = int(feature) % n_columns
    elif feature in names:
        i = names.index(feature)
    else:
        raise ValueError(
            f"feature={feature!r} must be a column of X: an int in the range "
            f"[{-n_columns}, {n_columns})" + (f", or one of {names}." if names else ".")
        )
    if table is None:
        values: Array = X.tocsc()[:, [i]].toarray()[:, 0]
    else:
        if table.columns[i].kind not in ("number", "boolean"):
            raise ValueError(
                f"feature={feature!r} must be a column of numbers, for samples to "
                f"stand at, but it has the type {table.columns[i].dtype}. Use "
                "feature=None."
            )
        values = table.numbers([i])[:, 0]
    return values, names[i] if names else f"Feature {i}"
