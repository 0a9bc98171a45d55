"""Prediction intervals compared with the true values."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._tabular.networks import find_network
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.plotting._common import (
    BLUE,
    SKY_BLUE,
    VERMILION,
    check_choice,
    check_positive_int,
    check_strings,
    check_styles,
    import_pyplot,
    is_dark,
    single_axes,
    styled,
    use_integer_ticks,
)
from sknumpy_mlp.plotting._interval_data import (
    check_band,
    check_coverage,
    check_interval_data,
    feature_values,
    predict_intervals,
)


class PredictionIntervalDisplay:
    """Prediction intervals and the true values they cover.

    Samples are ordered by their predictions (or by the midpoints of their intervals, if
    there are no predictions), or placed at the values of a feature.  Samples without a
    value of that feature are not drawn; the label of the x-axis gives their number.
    The legend compares the empirical coverage, over all samples, with the nominal one.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true values.
    interval : array-like of shape (n_samples, 2)
        Lower and upper bounds.
    y_pred : array-like of shape (n_samples,), default=None
        The predictions.
    coverage : float, default=None
        The nominal coverage: the probability that an interval contains the true value.
    x : array-like of shape (n_samples,), default=None
        Positions of the samples on the x-axis, with NaN or None for missing ones.  If
        None, samples are ordered by their predictions.
    x_name : str, default=None
        Label of the x-axis.

    Attributes
    ----------
    coverage_ : float
        The empirical coverage: the fraction of true values in their intervals, bounds
        included.
    n_missing_ : int
        Number of samples that are not drawn because ``x`` is missing.
    interval_ : matplotlib PolyCollection or LineCollection
        The band, or the bars.
    line_ : matplotlib Line2D or None
        The predictions.
    covered_, missed_ : matplotlib Line2D
        The true values inside and outside their intervals.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : Predictions and true values.

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
    >>> print(f"{display.coverage_:.1f}")
    0.8
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
            change little from one sample to the next.  With ``x``, a band requires
            that samples at the same value have the same interval.
        subsample : int or None, default=200
            Maximum number of samples to draw, evenly spaced in their order; None draws
            all of them.  The empirical coverage always includes all samples.
        interval_kw : dict, default=None
            Keyword arguments of matplotlib's ``vlines`` or ``fill_between``.
        line_kw : dict, default=None
            Keyword arguments of ``plot`` for the predictions.
        scatter_kw : dict, default=None
            Keyword arguments of ``plot`` for the true values.

        Returns
        -------
        display : PredictionIntervalDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If shapes are inconsistent, an interval is infinite, ``x`` has no value at
            all, a band is not possible, or ``kind`` or ``subsample`` is invalid.
        """
        plt = import_pyplot(f"{type(self).__name__}.plot")
        check_strings(x_name=self.x_name)
        check_styles(interval_kw=interval_kw, line_kw=line_kw, scatter_kw=scatter_kw)
        check_coverage(self.coverage)
        check_choice(self._KINDS, kind=kind)
        check_positive_int(subsample=subsample, optional=True)
        data = check_interval_data(self.y_true, self.interval, self.y_pred, self.x)
        y, low, high, x = data.y_true, data.low, data.high, data.x
        n_samples = len(y)
        is_inside = (low <= y) & (y <= high)
        self.coverage_ = float(is_inside.mean())
        self.n_missing_ = 0 if x is None else int(np.isnan(x).sum())
        order = np.argsort(data.sort_key, kind="stable")
        order = order[: n_samples - self.n_missing_]  # NaN is sorted to the end
        if x is not None and kind == "band":
            check_band(x[order], low[order], high[order])
        # Ranks count all samples, including those that subsampling leaves out.
        ranks = np.empty(n_samples)
        ranks[order] = np.arange(1, len(order) + 1)
        where = ranks if x is None else x
        if subsample is not None and subsample < len(order):
            order = order[np.linspace(0, len(order) - 1, subsample).astype(np.intp)]
        ax = single_axes(plt, ax)
        where, low, high, y = (each[order] for each in (where, low, high, y))
        self._draw_interval(ax, where, low, high, kind, interval_kw)
        self.line_ = None
        if data.y_pred is not None:
            # Bars need not be ordered by prediction, and a line would zigzag.
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
            (self.line_,) = ax.plot(where, data.y_pred[order], **style)
        self._draw_true(ax, where, y, is_inside[order], scatter_kw)
        xlabel = "Samples in the order of their predictions"
        if x is not None:
            xlabel = self.x_name or "x"
            if self.n_missing_:
                xlabel += f" ({self.n_missing_} of {n_samples} samples without a value)"
        ax.set(xlabel=xlabel, ylabel="Target")
        if x is None:
            use_integer_ticks(ax)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

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
            label = f"interval for {100 * self.coverage:.3g}%"
        style = styled("collection", given, label=label)
        if kind == "band":
            alpha = 0.35 if is_dark(ax) else 0.2
            style = {"color": _blue(ax), "alpha": alpha, "linewidth": 0.0} | style
            self.interval_ = ax.fill_between(where, low, high, **style)
        else:
            # Many bars are drawn thinner, so that they do not merge into a block.
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
            (is_inside, f"inside, {share:.1f}%", _blue(ax), "o", size),
            (~is_inside, f"outside, {100 - share:.1f}%", VERMILION, "X", size + 2),
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
        """Draw the prediction intervals of a fitted regressor.

        Parameters
        ----------
        estimator : estimator
            A fitted ``TabularMLPRegressor``, whose
            :meth:`~sknumpy_mlp.TabularMLPRegressor.prediction_interval` is drawn, or
            either regressor with ``loss=Quantile([...])``, or a ``Pipeline`` or search
            that ends with one.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples, preferably ones that the estimator was not trained on.
        y : array-like of shape (n_samples,)
            The true values.
        coverage : float, default=None
            The nominal coverage: the probability that an interval contains the target.
            None means 0.9 or, for quantiles, the interval from the lowest to the
            highest one.  With quantiles, two of them must bound a central interval of
            the given coverage.
        feature : int or str, default=None
            Index or name of the column of ``X`` that is the x-axis; samples in which it
            is missing are not drawn.  If None, samples are ordered by their
            predictions.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        kind : {'bars', 'band'}, default='bars'
            A vertical bar for each interval, or a band.  A band over ``feature``
            requires that all other columns of ``X`` are constant, because intervals
            depend on all of them.
        subsample : int or None, default=200
            Maximum number of samples to draw; None draws all of them.
        interval_kw : dict, default=None
            Keyword arguments of matplotlib's ``vlines`` or ``fill_between``.
        line_kw : dict, default=None
            Keyword arguments of ``plot`` for the predictions.
        scatter_kw : dict, default=None
            Keyword arguments of ``plot`` for the true values.

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
            If it neither is nor wraps an estimator of this package.
        ValueError
            If it predicts no intervals, none of this coverage, or several targets; or,
            for a band over ``feature``, if other columns are not constant.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        network = find_network(estimator, caller)
        check_coverage(coverage)
        x, x_name = None, None
        if feature is not None:
            x, x_name = feature_values(X, feature, alone=kind == "band")
        interval, y_pred, coverage = predict_intervals(
            estimator, network, X, coverage, cls.__name__
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
        """Draw given prediction intervals, of any model.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The true values.
        interval : array-like of shape (n_samples, 2)
            Lower and upper bounds.
        y_pred : array-like of shape (n_samples,), default=None
            The predictions.
        coverage : float, default=None
            The nominal coverage of the intervals.
        x : array-like of shape (n_samples,), default=None
            Positions of the samples on the x-axis.  If None, samples are ordered by
            their predictions.
        x_name : str, default=None
            Label of the x-axis.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        kind : {'bars', 'band'}, default='bars'
            A vertical bar for each interval, or a band.
        subsample : int or None, default=200
            Maximum number of samples to draw; None draws all of them.
        interval_kw : dict, default=None
            Keyword arguments of matplotlib's ``vlines`` or ``fill_between``.
        line_kw : dict, default=None
            Keyword arguments of ``plot`` for the predictions.
        scatter_kw : dict, default=None
            Keyword arguments of ``plot`` for the true values.

        Returns
        -------
        display : PredictionIntervalDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If shapes are inconsistent, or an interval is infinite.
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
