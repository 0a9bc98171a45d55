"""The display of prediction intervals beside the truth."""

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length

from sknumpy_mlp._inputs.checks import naming
from sknumpy_mlp._tabular.classifier import TabularMLPRegressor
from sknumpy_mlp._tabular.networks import find_network
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import shown
from sknumpy_mlp.losses import Quantile
from sknumpy_mlp.plotting._common import (
    BLUE,
    SKY_BLUE,
    VERMILION,
    check_styles,
    check_texts,
    count_on_abscissa,
    import_pyplot,
    is_dark,
    single_axes,
    styled,
)
from sknumpy_mlp.plotting._interval_data import (
    check_band,
    check_coverage,
    column_of,
    pick_levels,
    transformed,
    with_nan,
)


class PredictionIntervalDisplay:
    """Prediction intervals, and which of the true values they hold.

    The samples stand in the order of their predictions (or, if there are none, of the
    middles of their intervals), or at the values of a feature.  Those without a value
    there are not drawn; the label of the abscissa says how many they are.  The legend
    compares the share of true values that lie in their intervals, of all samples, with
    the one that was asked for.

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
        Where the samples stand, NaN or None where that is missing; None for the order
        of their predictions.
    x_name : str, default=None
        What ``x`` is.

    Attributes
    ----------
    coverage_ : float
        The share of the true values that lie in their intervals, ends included.
    n_missing_ : int
        The number of samples that are not drawn because ``x`` is missing.
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
            hardly change from one sample to the next.  With ``x`` there is a band only
            if samples at the same value have the same interval.
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
            If the data does not fit together, an interval is infinite, ``x`` has no
            value at all, there is no band, or ``kind`` or ``subsample`` is not allowed.
        """
        plt = import_pyplot(f"{type(self).__name__}.plot")
        check_texts(x_name=self.x_name)
        check_styles(interval_kw=interval_kw, line_kw=line_kw, scatter_kw=scatter_kw)
        check_coverage(self.coverage)
        if kind not in self._KINDS:
            raise ValueError(f"kind={shown(kind)} must be one of {self._KINDS}.")
        is_count = isinstance(subsample, Integral) and not isinstance(subsample, bool)
        if not (subsample is None or (is_count and subsample >= 1)):
            raise ValueError(
                f"subsample={shown(subsample)} must be an int of at least 1, or None."
            )
        y, low, high, predicted, x = self._checked()
        n_samples = len(y)
        is_inside = (low <= y) & (y <= high)
        self.coverage_ = float(is_inside.mean())
        by = x
        if by is None:
            by = predicted if predicted is not None else (low + high) / 2
        self.n_missing_ = 0 if x is None else int(np.isnan(x).sum())
        order = np.argsort(by, kind="stable")[: len(y) - self.n_missing_]  # NaN is last
        if x is not None and kind == "band":
            check_band(x[order], low[order], high[order])
        # Ranks count all samples, also those that are not drawn.
        ranks = np.empty(len(y))
        ranks[order] = np.arange(1, len(order) + 1)
        where = ranks if x is None else x
        if subsample is not None and subsample < len(order):
            order = order[np.linspace(0, len(order) - 1, subsample).astype(np.intp)]
        ax = single_axes(plt, ax)
        where, low, high, y = (each[order] for each in (where, low, high, y))
        self._draw_interval(ax, where, low, high, kind, interval_kw)
        self.line_ = None
        if predicted is not None:
            # In the order of something else, a line would go up and down for nothing.
            is_curve = (x is None or kind == "band") and len(where) > 1
            marks = {"linestyle": "none", "marker": "_", "markersize": 5.0}
            style = styled(
                "line",
                line_kw,
                label="prediction",
                color="white" if is_dark(ax) else plt.rcParams["text.color"],
                linewidth=1.5,
                zorder=2.5,
                **({} if is_curve else marks),
            )
            (self.line_,) = ax.plot(where, predicted[order], **style)
        self._draw_true(ax, where, y, is_inside[order], scatter_kw)
        xlabel = "Samples in the order of their predictions"
        if x is not None:
            xlabel = self.x_name or "x"
            if self.n_missing_:
                xlabel += f" ({self.n_missing_} of {n_samples} samples without a value)"
        ax.set(xlabel=xlabel, ylabel="Target")
        if x is None:
            count_on_abscissa(ax)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _checked(self) -> tuple[Array, Array, Array, Array | None, Array | None]:
        """Return all data as arrays that fit together."""
        with naming("interval"):
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
            with naming(name):
                values = check_array(
                    with_nan(values) if name == "x" else values,
                    ensure_2d=False,
                    ensure_all_finite="allow-nan" if name == "x" else True,
                    input_name=name,
                )
            if values.size != len(values):
                raise ValueError(
                    f"{name} must be of the shape (n_samples,), got {values.shape}. "
                    "Draw one target after the other."
                )
            columns.append(values.ravel())
        y_true, y_pred, x = columns
        assert y_true is not None
        with naming("y_true, interval, y_pred, x"):
            check_consistent_length(y_true, interval, y_pred, x)
        if x is not None and np.isnan(x).all():
            raise ValueError(
                "x has no value in any sample, so there is nothing to draw. Leave it "
                "out, for the order of the predictions."
            )
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
        style = styled("collection", given, label=label)
        if kind == "band":
            alpha = 0.35 if is_dark(ax) else 0.2
            style = {"color": _blue(ax), "alpha": alpha, "linewidth": 0.0} | style
            self.interval_ = ax.fill_between(where, low, high, **style)
        else:
            # Many bars are thin ones, or they would be a block.
            width = min(max(150.0 / len(where), 0.8), 4.0)
            alpha = 0.55 if is_dark(ax) else 0.35
            style = {"color": _blue(ax), "alpha": alpha, "linewidth": width} | style
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
            (is_inside, f"inside, {share:.1f} %", _blue(ax), "o", size),
            (~is_inside, f"outside, {100 - share:.1f} %", VERMILION, "X", size + 2),
        ]
        artists = []
        for rows, label, color, marker, markersize in looks:
            style = styled(
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
            the order of their predictions.  Samples in which it is missing are not
            drawn.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        kind : {'bars', 'band'}, default='bars'
            A vertical bar for each interval, or a band.  A band over ``feature`` is
            drawn only if no other column of ``X`` differs from row to row: intervals
            depend on all of them.
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
            If it predicts no intervals, or none of this coverage, or several targets,
            or if a band over ``feature`` is asked for where other columns vary.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        network = find_network(estimator, caller)
        check_coverage(coverage)
        x, x_name = None, None
        if feature is not None:
            x, x_name = column_of(X, feature, alone=kind == "band")
        loss = getattr(network, "_loss", None)
        levels = loss.levels if isinstance(loss, Quantile) else ()
        Z = transformed(estimator, X, caller)
        y_pred: Array | None
        if len(levels) > 1:
            quantiles = network.predict(Z)
            low, high = pick_levels(levels, coverage)
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


def _blue(ax: Any) -> str:
    return SKY_BLUE if is_dark(ax) else BLUE
