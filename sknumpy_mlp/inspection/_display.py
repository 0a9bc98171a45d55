"""Importances of columns as bars."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.utils import check_array

from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.inspection._permutation import permutation_importance
from sknumpy_mlp.losses import Quantile
from sknumpy_mlp.plotting._common import (
    BLUE,
    SKY_BLUE,
    check_positive_int,
    check_strings,
    check_styles,
    import_pyplot,
    is_dark,
    single_axes,
)

# Longest name of a column that is drawn as a whole.
_MAX_LENGTH = 40

# The height of a figure, in inches: that of a bar, and of everything else.
_BAR_HEIGHT, _OTHER_HEIGHT = 0.3, 1.0


class ImportanceDisplay:
    """Importances of columns, as horizontal bars with error bars.

    The most important column is on top.  Error bars extend by one standard error in
    each direction: an importance within two or three of them from zero may be due to
    chance.

    Parameters
    ----------
    importances : array-like of shape (n_features, n_repeats)
        The importances of each column, one for each permutation; bars are their means.
    standard_errors : array-like of shape (n_features,), default=None
        The standard errors of the means, as the lengths of the error bars; None means
        the standard deviations over the permutations, which say nothing about new data.
    feature_names : list of str, default=None
        The names of the columns; None means x0, x1 and so on.
    score_name : str, default=None
        The name of the score, for the label of the x-axis.

    Attributes
    ----------
    bars_ : matplotlib BarContainer
        The bars, with the error bars as its attribute ``errorbar``.
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    See Also
    --------
    permutation_importance : Computes the importances.
    sklearn.inspection.PartialDependenceDisplay : How predictions depend on a column.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp import TabularMLPRegressor
    >>> from sknumpy_mlp.inspection import ImportanceDisplay
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> reg = TabularMLPRegressor((32,), max_iter=40, random_state=0)
    >>> reg = reg.fit(X, X[:, 1] - 2.0 * X[:, 2])
    >>> display = ImportanceDisplay.from_estimator(
    ...     reg, X, X[:, 1] - 2.0 * X[:, 2], random_state=0)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['x2', 'x1', 'x0']
    >>> display.figure_.clear()
    """

    def __init__(
        self,
        *,
        importances: Any,
        standard_errors: Any = None,
        feature_names: Any = None,
        score_name: str | None = None,
    ) -> None:
        self.importances = importances
        self.standard_errors = standard_errors
        self.feature_names = feature_names
        self.score_name = score_name

    def plot(
        self,
        ax: Any = None,
        *,
        max_features: int | None = 20,
        bar_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the importances.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure, whose height depends on the
            number of bars.
        max_features : int or None, default=20
            Maximum number of bars, those of the most important columns; None draws all
            of them.
        bar_kw : dict, default=None
            Keyword arguments of matplotlib's ``barh``.
        error_kw : dict, default=None
            Keyword arguments of matplotlib's ``errorbar``.

        Returns
        -------
        display : ImportanceDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If shapes are inconsistent, or an argument is invalid.
        """
        plt = import_pyplot(f"{type(self).__name__}.plot")
        check_strings(score_name=self.score_name)
        check_styles(bar_kw=bar_kw, error_kw=error_kw)
        check_positive_int(max_features=max_features, optional=True)
        importances, errors, names = self._read()
        mean = importances.mean(axis=1)
        order = np.argsort(-mean, kind="stable")[:max_features]
        if ax is None:
            height = _OTHER_HEIGHT + _BAR_HEIGHT * len(order)
            _, ax = plt.subplots(layout="constrained", figsize=(6.4, height))
        ax = single_axes(plt, ax)
        dark = is_dark(ax)
        text_color = "white" if dark else plt.rcParams["text.color"]
        given = error_kw or {}
        error_style = {"ecolor": text_color, "capsize": 2.0} | given
        if not {"elinewidth", "linewidth", "lw"} & given.keys():
            error_style["elinewidth"] = 1.0
        style = {"color": SKY_BLUE if dark else BLUE, "height": 0.7} | (bar_kw or {})
        where = np.arange(len(order))
        self.bars_ = ax.barh(
            where,
            mean[order],
            xerr=errors[order],
            error_kw=error_style,
            **style,
        )
        ax.axvline(0.0, color=text_color, linewidth=0.8)
        ax.set_yticks(where, [_shortened(names[i]) for i in order])
        ax.set_ylim(len(order) - 0.5, -0.5)  # the most important one on top
        ax.set_xlabel(f"Decrease of {self.score_name or 'the score'} when permuted")
        if len(order) < len(mean):
            ax.set_ylabel(f"{len(order)} of {len(mean)} features")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _read(self) -> tuple[Array, Array, list[str]]:
        """Return importances, standard errors and names, checked."""
        with error_prefix("importances"):
            importances: Array = check_array(
                self.importances, input_name="importances", dtype=np.float64
            )
        n_features = len(importances)
        errors: Array = importances.std(axis=1)
        if self.standard_errors is not None:
            with error_prefix("standard_errors"):
                errors = check_array(
                    self.standard_errors,
                    ensure_2d=False,
                    ensure_all_finite="allow-nan",
                    dtype=np.float64,
                    input_name="standard_errors",
                )
            if errors.shape != (n_features,):
                raise ValueError(
                    "standard_errors must have a value for each of the "
                    f"{n_features} rows of importances, got the shape {errors.shape}."
                )
            if (errors < 0.0).any():
                raise ValueError("standard_errors must not be negative.")
        names = self.feature_names
        if names is None:
            return importances, errors, [f"x{i}" for i in range(n_features)]
        if isinstance(names, str) or np.ndim(names) != 1 or len(names) != n_features:
            raise ValueError(
                f"feature_names={short_repr(names)} must be a list with a name for "
                f"each of the {n_features} rows of importances."
            )
        return importances, errors, list(map(str, names))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        scoring: Any = None,
        n_repeats: int = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
        sample_weight: Any = None,
        feature_groups: Any = None,
        ax: Any = None,
        max_features: int | None = 20,
        bar_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Compute and draw the importances of a tabular estimator's columns.

        Parameters
        ----------
        estimator : TabularMLPClassifier or TabularMLPRegressor
            The fitted estimator.
        X : frame or array-like of shape (n_samples, n_features)
            The table that it was fitted to.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target that it was fitted to.
        scoring : str or callable, default=None
            The score; None is that of ``estimator.score``.
        n_repeats : int, default=5
            Number of permutations of each column.
        n_jobs : int or None, default=None
            Number of threads of joblib.
        random_state : int, RandomState instance or None, default=None
            Determines the permutations.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights for the score.
        feature_groups : float, list or dict, default=None
            Columns that are permuted together, as in `permutation_importance`.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        max_features : int or None, default=20
            Maximum number of bars; None draws all of them.
        bar_kw : dict, default=None
            Keyword arguments of matplotlib's ``barh``.
        error_kw : dict, default=None
            Keyword arguments of matplotlib's ``errorbar``.

        Returns
        -------
        display : ImportanceDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, NotFittedError
            Those of `permutation_importance`.
        """
        import_pyplot(f"{cls.__name__}.from_estimator")
        if isinstance(scoring, list | tuple | set | Mapping):
            raise ValueError(
                f"scoring={short_repr(scoring)} must be one score. For several, call "
                "permutation_importance, and from_importances for one of its results."
            )
        result = permutation_importance(
            estimator,
            X,
            y,
            scoring=scoring,
            n_repeats=n_repeats,
            n_jobs=n_jobs,
            random_state=random_state,
            sample_weight=sample_weight,
            feature_groups=feature_groups,
        )
        score_name: Any = _default_score(estimator)
        if scoring is not None:
            is_name = isinstance(scoring, str)
            score_name = scoring if is_name else getattr(scoring, "__name__", None)
        return cls.from_importances(
            result,
            score_name=score_name,
            ax=ax,
            max_features=max_features,
            bar_kw=bar_kw,
            error_kw=error_kw,
        )

    @classmethod
    def from_importances(
        cls,
        result: Any,
        *,
        feature_names: Any = None,
        score_name: str | None = None,
        ax: Any = None,
        max_features: int | None = 20,
        bar_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw given importances.

        Parameters
        ----------
        result : :class:`~sklearn.utils.Bunch` or dict
            The result of `permutation_importance`, or that of
            :func:`sklearn.inspection.permutation_importance`, for one score.
        feature_names : list of str, default=None
            The names of the columns; None means those in ``result``, if there are any.
        score_name : str, default=None
            The name of the score.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        max_features : int or None, default=20
            Maximum number of bars; None draws all of them.
        bar_kw : dict, default=None
            Keyword arguments of matplotlib's ``barh``.
        error_kw : dict, default=None
            Keyword arguments of matplotlib's ``errorbar``.

        Returns
        -------
        display : ImportanceDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there are no importances, or those of several scores.
        """
        if not isinstance(result, Mapping) or "importances" not in result:
            several = ""
            if isinstance(result, Mapping) and result:
                several = f" For several scores, pass one of {list(result)}."
            raise ValueError(
                f"result={short_repr(result)} must be what permutation_importance has "
                f"returned.{several}"
            )
        names = result.get("feature_names") if feature_names is None else feature_names
        display = cls(
            importances=result["importances"],
            standard_errors=result.get("standard_errors"),
            feature_names=names,
            score_name=score_name,
        )
        return display.plot(
            ax, max_features=max_features, bar_kw=bar_kw, error_kw=error_kw
        )


def _default_score(estimator: Any) -> str:
    """Return the name of the score of ``estimator.score``."""
    if not estimator._target_type.is_numeric:
        return "accuracy"
    loss = estimator._target.loss
    is_several = isinstance(loss, Quantile) and len(loss.levels) > 1
    return "D2 (pinball loss)" if is_several else "R2"


def _shortened(name: str) -> str:
    return name if len(name) <= _MAX_LENGTH else name[: _MAX_LENGTH - 1] + "…"
