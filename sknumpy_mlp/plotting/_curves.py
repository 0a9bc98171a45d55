"""Learning curves: training and validation loss of each epoch."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np

from sknumpy_mlp._tabular.networks import find_network, networks_of
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.callbacks import EarlyStopping
from sknumpy_mlp.plotting._common import (
    as_curves,
    check_choice,
    check_flags,
    check_strings,
    check_styles,
    import_pyplot,
    single_axes,
    styled,
    use_integer_ticks,
)


def _restored_epoch(network: Any) -> int | None:
    """Return the epoch, counted from 1 in the curves, whose weights were restored.

    Return None if the weights are those of the last epoch, or if it is not known.
    """
    n_before: int = len(network.loss_curve_) - network.n_iter_
    # A callback may have been used in another fit since, so compare it with the curve.
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
    # A warm start may have restored its initial weights.
    if network.best_validation_score_ not in scores:
        return None
    return n_before + scores.index(network.best_validation_score_) + 1


def _draw_curve(ax: Any, curve: Array, **style: Any) -> Any:
    """Draw one value per epoch, from epoch 1; a single value is drawn as a dot."""
    if len(curve) == 1:
        style = {"marker": "o"} | style
    (line,) = ax.plot(np.arange(1, len(curve) + 1), curve, **style)
    return line


def _finish_epochs(ax: Any, unit: str, ylabel: str) -> None:
    """Label axes whose x-axis counts epochs."""
    use_integer_ticks(ax)
    ax.set(xlabel=unit.capitalize(), ylabel=ylabel)


def _unit(network: Any) -> str:
    return "iteration" if getattr(network, "solver", None) == "lbfgs" else "epoch"


class LossCurveDisplay:
    """Learning curves: the loss of each epoch on training and validation data.

    The training loss is the objective that is minimized: it includes the L2 penalty
    (``alpha``), is computed with active ``dropout``, and is averaged over an epoch, in
    which the weights change.  None of this applies to the validation loss, which can
    therefore be lower.

    Several networks, such as the members of a tabular estimator, are drawn as thin
    lines, and their mean as a thick line up to the epoch in which the first of them
    stopped.

    Parameters
    ----------
    loss_curves : list of array-like of shape (n_epochs,)
        The training loss of each epoch, for each network.
    validation_loss_curves : list of array-like of shape (n_epochs,), default=None
        The validation loss of each epoch, for each network.
    best_epochs : list of (int or None), default=None
        For each network the epoch, counted from 1, whose weights were restored; None
        if it is not known.
    name : str, default=None
        Prefix of the legend entries, to compare several estimators; both lines of the
        estimator then have the same color.
    unit : {'epoch', 'iteration'}, default='epoch'
        Unit of the x-axis: iterations for L-BFGS.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The training loss and, if there is one, the validation loss; for several
        networks, their means.
    member_lines_ : list of matplotlib Line2D
        The thin lines of several networks; empty for a single network.
    best_ : list of matplotlib Line2D
        Markers at the best epochs.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    See Also
    --------
    LearningRateDisplay : The learning rate of each training step.

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
    >>> display.lines_[0].get_ydata()[:3].round(2)  # as in clf.loss_curve_
    array([1.22, 1.15, 1.09])
    >>> display.figure_.clear()
    """

    _UNITS: ClassVar[tuple[str, ...]] = ("epoch", "iteration")

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
            Whether the loss axis is logarithmic.
        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the training loss.
        validation_line_kw : dict, default=None
            Keyword arguments for the validation loss.
        member_line_kw : dict, default=None
            Keyword arguments for the thin lines of several networks.
        best_kw : dict, default=None
            Keyword arguments for the markers at the best epochs.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no epoch to draw, or if ``log_scale`` is set and a loss is not
            positive.
        """
        plt = import_pyplot(f"{type(self).__name__}.plot")
        check_flags(log_scale=log_scale)
        check_strings(name=self.name)
        check_styles(
            line_kw=line_kw,
            validation_line_kw=validation_line_kw,
            member_line_kw=member_line_kw,
            best_kw=best_kw,
        )
        check_choice(self._UNITS, unit=self.unit)
        kinds = {"training": as_curves(self.loss_curves, "loss_curves")}
        if self.validation_loss_curves is not None:
            kinds["validation"] = as_curves(
                self.validation_loss_curves, "validation_loss_curves"
            )
        marked = self._check_best(list(kinds.values())[-1])
        if log_scale:
            smallest = min(c.min() for curves in kinds.values() for c in curves)
            if smallest <= 0:
                raise ValueError(
                    f"log_scale=True needs losses above 0, but there is {smallest:g}. "
                    "Set log_scale=False."
                )
        ax = single_axes(plt, ax)
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
                    # One color per estimator, to compare several of them.
                    defaults["color"] = self.lines_[0].get_color()
            if len(mean) == 1 and kind == "validation":
                defaults["marker"] = "s"  # a dot shows no line style
            style = styled(
                "line",
                given[kind],
                label=label,
                linestyle=dashes[kind],
                linewidth=2.0,
                **defaults,
            )
            self.lines_.append(_draw_curve(ax, mean, **style))
            if several:
                style = styled(
                    "line",
                    member_line_kw,
                    color=self.lines_[-1].get_color(),
                    linestyle=dashes[kind],
                    linewidth=0.8,
                    alpha=0.5,
                )
                self.member_lines_ += [_draw_curve(ax, c, **style) for c in curves]
        self._mark_best(ax, marked, best_kw)
        if log_scale:
            ax.set_yscale("log")
        _finish_epochs(ax, self.unit, "Loss")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_best(self, curves: list[Array]) -> list[tuple[Array, int | None]]:
        """Return curves with their best epochs, checked."""
        given: Any = self.best_epochs
        if given is None:
            return [(curve, None) for curve in curves]
        epochs = list(given) if isinstance(given, Sequence | np.ndarray) else []
        pairs = list(zip(curves, epochs, strict=False))
        if len(epochs) != len(curves) or not all(
            epoch is None
            or (isinstance(epoch, Integral) and 1 <= int(epoch) <= len(curve))
            for curve, epoch in pairs
        ):
            raise ValueError(
                f"best_epochs={short_repr(given)} must be a list with the number of an "
                f"epoch, counted from 1, or None, for each of the {len(curves)} "
                "curves, or None."
            )
        return pairs

    def _mark_best(
        self,
        ax: Any,
        marked: list[tuple[Array, int | None]],
        best_kw: dict[str, Any] | None,
    ) -> None:
        """Mark the epoch whose weights were restored on each curve."""
        known = [(curve, epoch) for curve, epoch in marked if epoch is not None]
        several = len(marked) > 1
        for i, (curve, epoch) in enumerate(known):
            label = f"weights kept ({self.unit} {epoch})"
            if several:
                label = "weights kept"
            if self.name is not None:
                label = f"{self.name}, {label}"
            style = styled(
                "line",
                best_kw,
                label=label if i == 0 else "_",  # a single legend entry
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
        """Draw the learning curves of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of this package, or a pipeline or search that ends with
            one.
        validation : bool, default=True
            Whether to draw the validation loss, if there is one.
        name : str, default=None
            Prefix of the legend entries, to compare several estimators.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the loss axis is logarithmic.
        line_kw : dict, default=None
            Keyword arguments of matplotlib's ``plot`` for the training loss.
        validation_line_kw : dict, default=None
            Keyword arguments for the validation loss.
        member_line_kw : dict, default=None
            Keyword arguments for the thin lines of several networks.
        best_kw : dict, default=None
            Keyword arguments for the markers at the best epochs.

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
            If it neither is nor wraps an estimator of this package.
        ValueError
            If there is no epoch to draw, or if only some calls of `fit` or
            `partial_fit` had validation data, so that the epochs of the validation
            losses are unknown.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        network = find_network(estimator, caller)
        check_flags(validation=validation)
        members = networks_of(network)
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
            best_epochs=[_restored_epoch(member) for member in members],
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
