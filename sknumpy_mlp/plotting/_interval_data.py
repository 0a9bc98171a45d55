"""Data of prediction intervals: validated arrays, predictions, feature columns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length

from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.networks import unwrap
from sknumpy_mlp._tabular.regressor import TabularMLPRegressor
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.losses import Quantile


def check_coverage(coverage: Any) -> None:
    """Raise ValueError for a coverage that is neither in (0, 1) nor None."""
    is_number = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if coverage is not None and not (is_number and 0 < coverage < 1):
        raise ValueError(
            f"coverage={short_repr(coverage)} must be a float in the range (0, 1), or "
            "None."
        )


# ------------------------------------------------------------------------------ arrays


@dataclass(frozen=True)
class IntervalData:
    """Validated arrays of true values, intervals and predictions.

    Attributes
    ----------
    y_true : ndarray of shape (n_samples,)
        The true values.
    low, high : ndarray of shape (n_samples,)
        Bounds of the intervals.
    y_pred : ndarray of shape (n_samples,) or None
        The predictions.
    x : ndarray of shape (n_samples,) or None
        Positions of the samples on the x-axis, with NaN for missing ones.  If None,
        samples are ordered by their predictions.
    """

    y_true: Array
    low: Array
    high: Array
    y_pred: Array | None
    x: Array | None

    @property
    def sort_key(self) -> Array:
        """The values by which samples are ordered, from left to right."""
        if self.x is not None:
            return self.x
        return (self.low + self.high) / 2 if self.y_pred is None else self.y_pred


def check_interval_data(
    y_true: Any, interval: Any, y_pred: Any, x: Any
) -> IntervalData:
    """Return all data as arrays of consistent lengths.

    Raises
    ------
    ValueError
        If shapes are wrong or inconsistent, bounds are infinite or in the wrong order,
        or ``x`` has no value at all.
    """
    with error_prefix("interval"):
        interval = check_array(interval, ensure_all_finite=False, input_name="interval")
    if y_true is None:
        raise ValueError("y_true=None: pass the true value of each sample.")
    y_true = _check_vector("y_true", y_true)
    y_pred = None if y_pred is None else _check_vector("y_pred", y_pred)
    x = None if x is None else _check_vector("x", _with_nan(x), allow_nan=True)
    with error_prefix("y_true, interval, y_pred, x"):
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
    return IntervalData(y_true, interval[:, 0], interval[:, 1], y_pred, x)


def _check_vector(name: str, values: Any, *, allow_nan: bool = False) -> Array:
    with error_prefix(name):
        checked: Array = check_array(
            values,
            ensure_2d=False,
            ensure_all_finite="allow-nan" if allow_nan else True,
            input_name=name,
        )
    if checked.size != len(checked):
        raise ValueError(
            f"{name} must be of the shape (n_samples,), got {checked.shape}. "
            "Draw one target after the other."
        )
    return checked.ravel()


def _with_nan(x: Any) -> Any:
    """Return ``x`` with NaN in place of None and other missing values."""
    if np.ma.isMaskedArray(x):
        return np.ma.filled(x.astype(np.float64), np.nan)
    values = np.asarray(x)
    if values.dtype.kind != "O" or values.ndim != 1:
        return x
    present = Table(values[:, np.newaxis]).categories(0)
    return [np.nan if value is None else value for value in present]


def check_band(x: Array, low: Array, high: Array) -> None:
    """Raise ValueError if samples at the same ``x`` differ in their interval.

    All arrays are sorted by ``x``.
    """
    same = np.diff(x) == 0.0
    if (same & ((np.diff(low) != 0.0) | (np.diff(high) != 0.0))).any():
        raise ValueError(
            "kind='band' needs one interval for each value of x, but there are "
            "samples at the same value with different ones. Use kind='bars'."
        )


# -------------------------------------------------------------------------- predictions


def predict_intervals(
    estimator: Any, network: Any, X: Any, coverage: float | None, display: str
) -> tuple[Array, Array | None, float]:
    """Return the prediction intervals of a fitted regressor.

    Parameters
    ----------
    estimator : estimator
        The fitted estimator.
    network : estimator
        The estimator of this package that it is or wraps.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples, as ``estimator`` takes them.
    coverage : float or None
        The nominal coverage; None for the default.
    display : str
        Name of the display, for error messages.

    Returns
    -------
    interval : ndarray of shape (n_samples, 2)
        Lower and upper bounds.
    y_pred : ndarray of shape (n_samples,) or None
        Predictions; None if the quantiles have no median.
    coverage : float
        The nominal coverage.
    """
    loss = getattr(network, "_loss", None)
    levels = loss.levels if isinstance(loss, Quantile) else ()
    Z = _transform(estimator, X, f"{display}.from_estimator")
    if len(levels) > 1:
        quantiles = network.predict(Z)
        low, high = _pick_levels(levels, coverage)
        median = quantiles[:, levels.index(0.5)] if 0.5 in levels else None
        return quantiles[:, [low, high]], median, levels[high] - levels[low]
    if not isinstance(network, TabularMLPRegressor):
        raise ValueError(
            f"{type(network).__name__} predicts no intervals. Use "
            "TabularMLPRegressor, or fit several quantiles with "
            "NumpyMLPRegressor(loss=Quantile([0.05, 0.5, 0.95]))."
        )
    coverage = 0.9 if coverage is None else float(coverage)
    y_pred = network.predict(Z)
    if y_pred.ndim != 1:
        raise ValueError(
            f"The estimator predicts {y_pred.shape[1]} targets. Draw one after "
            f"the other with {display}.from_predictions."
        )
    return network.prediction_interval(Z, coverage), y_pred, coverage


def _transform(estimator: Any, X: Any, caller: str) -> Any:
    """Return ``X`` transformed for the network that an estimator wraps.

    Raise TypeError for a wrapper that changes the scale of the target.
    """
    for wrapper in unwrap(estimator)[:-1]:
        if isinstance(wrapper, Pipeline):
            X = wrapper[:-1].transform(X) if len(wrapper) > 1 else X
        elif not hasattr(wrapper, "best_estimator_"):
            raise TypeError(
                f"{caller} cannot draw {type(wrapper).__name__}, which predicts no "
                "intervals on the scale of its target. Pass the intervals to "
                "from_predictions."
            )
    return X


def _pick_levels(levels: Sequence[float], coverage: float | None) -> tuple[int, int]:
    """Return the indices of the two quantile levels that bound the interval."""
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


# ----------------------------------------------------------------------------- features


def feature_values(X: Any, feature: Any, *, alone: bool) -> tuple[Array, str]:
    """Return a feature as numbers, and its name.

    Parameters
    ----------
    X : frame, array-like or sparse matrix of shape (n_samples, n_features)
        Samples.
    feature : int or str
        Index or name of the feature.
    alone : bool
        Whether to raise ValueError if another feature is not constant.

    Returns
    -------
    values : ndarray of shape (n_samples,)
        The values, NaN where missing.
    name : str
        The name.
    """
    # Sparse matrices are sliced by column; everything else is read as a table.
    source = X.tocsc() if hasattr(X, "toarray") else Table(X)
    names = [str(name) for name in getattr(X, "columns", [])]
    n_features = source.shape[1]
    i = _feature_index(feature, names, n_features)
    others = (j for j in range(n_features) if j != i)
    if alone and any(_varies(source, j) for j in others):
        raise ValueError(
            f"kind='band' shows intervals that depend on feature={short_repr(feature)} "
            "alone, but they depend on all columns of X, of which others vary as well: "
            "a band would go up and down from one sample to the next. Use kind='bars', "
            "or an X in which the other columns are the same in all rows."
        )
    if isinstance(source, Table):
        column = source.columns[i]
        if column.kind not in ("number", "boolean"):
            raise ValueError(
                f"feature={short_repr(feature)} must be a column of numbers, for "
                f"samples to stand at, but it has the type {column.dtype}. Use "
                "feature=None."
            )
        values = source.numbers([i])[:, 0]
    else:
        values = source[:, [i]].toarray()[:, 0]
    if np.isnan(values).all():
        raise ValueError(
            f"feature={short_repr(feature)} has no value in any sample, so there is "
            "nothing to draw. Use feature=None, for the order of the predictions."
        )
    return values, names[i] if names else f"Feature {i}"


def _feature_index(feature: Any, names: list[str], n_features: int) -> int:
    is_index = isinstance(feature, Integral) and not isinstance(feature, bool)
    if is_index and -n_features <= feature < n_features:
        return int(feature) % n_features
    if feature in names:
        return names.index(feature)
    raise ValueError(
        f"feature={short_repr(feature)} must be a column of X: an int in the range "
        f"[{-n_features}, {n_features})" + (f", or one of {names}." if names else ".")
    )


def _varies(source: Any, i: int) -> bool:
    """Return whether a column of a table or of a sparse matrix is not constant."""
    if isinstance(source, Table):
        first, *rest = source.categories(i)
        return any(value != first for value in rest)
    values = source[:, [i]].toarray()
    return bool((values != values[0]).any())
