"""Learning rates over the training, step by step."""

import itertools
import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from sknumpy_mlp._estimators.config import make_schedule
from sknumpy_mlp._tabular.networks import find_network, networks_of
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.plotting._common import (
    as_curves,
    check_flags,
    check_strings,
    check_styles,
    import_pyplot,
    single_axes,
    styled,
    use_integer_ticks,
)
from sknumpy_mlp.schedules import Schedule

# Approximate number of points of a curve; each epoch has at least two.
_N_POINTS = 600


class LearningRateDisplay:
    """The learning rate of each training step.

    Parameters
    ----------
    learning_rate_curves : list of array-like of shape (n_points,)
        The learning rates of each network; by default, those of the first step of each
        epoch, as in ``learning_rate_curve_``.
    epochs : list of array-like of shape (n_points,), default=None
        The number of epochs completed before each of these rates, in ascending order,
        for each network; 1.5 is the middle of the second epoch.  None means
        0, 1, 2, ...
    name : str, default=None
        The legend entry, to compare several estimators; None for no legend.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        One line per network.
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
    >>> clf = NumpyMLPClassifier(learning_rate="one_cycle", max_iter=5).fit(X, y)
    >>> display = LearningRateDisplay.from_estimator(clf)
    >>> epochs, rates = display.lines_[0].get_data()
    >>> print(f"{max(rates):.5f}")  # in the middle of the second epoch
    0.00100
    >>> print(f"{rates[0]:.5f}")  # as in clf.learning_rate_curve_
    0.00004
    >>> display.figure_.clear()
    """

    def __init__(
        self,
        *,
        learning_rate_curves: Sequence[Any],
        epochs: Sequence[Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.learning_rate_curves = learning_rate_curves
        self.epochs = epochs
        self.name = name

    def plot(
        self,
        ax: Any = None,
        *,
        log_scale: bool = False,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the learning rates.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the learning rate axis is logarithmic; rates of 0 are not drawn.
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
            If there is no rate to draw, or ``epochs`` does not fit the rates.
        """
        plt = import_pyplot(f"{type(self).__name__}.plot")
        check_flags(log_scale=log_scale)
        check_strings(name=self.name)
        check_styles(line_kw=line_kw)
        curves = as_curves(self.learning_rate_curves, "learning_rate_curves")
        epochs_of_curves = self._check_epochs(curves)
        ax = single_axes(plt, ax)
        self.lines_: list[Any] = []
        for epochs, curve in zip(epochs_of_curves, curves, strict=True):
            first = not self.lines_
            defaults: dict[str, Any] = {"marker": "o"} if len(curve) == 1 else {}
            if not first:
                # One color per estimator, that of its first line.
                defaults["color"] = self.lines_[0].get_color()
            style = styled(
                "line",
                line_kw,
                label=self.name if first and self.name is not None else "_",
                linewidth=2.0 if len(curves) == 1 else 0.8,
                **defaults,
            )
            self.lines_ += ax.plot(epochs, curve, **style)
        if log_scale:
            ax.set_yscale("log", nonpositive="mask")
        use_integer_ticks(ax)
        ax.set(xlabel="Epochs done", ylabel="Learning rate")
        if self.name is not None:
            ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_epochs(self, curves: list[Array]) -> list[Array]:
        """Return the x values of each curve."""
        if self.epochs is None:
            return [np.arange(len(curve), dtype=np.float64) for curve in curves]
        epochs = as_curves(self.epochs, "epochs")
        lengths = [len(curve) for curve in curves]
        if [len(each) for each in epochs] != lengths or not all(
            (np.diff(each) >= 0).all() for each in epochs
        ):
            raise ValueError(
                "epochs must be a list of numbers in ascending order for each network, "
                f"as many as it has rates: {lengths}; got {[len(e) for e in epochs]}."
            )
        return epochs

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

        The schedule is evaluated within each epoch if it agrees with the recorded
        rates in ``learning_rate_curve_``.  Otherwise, the recorded rates are connected
        by straight lines: if training had a time limit, so that the schedule depended
        on the clock, or if parameters were changed since.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of this package, or a pipeline or search that ends with
            one.
        name : str, default=None
            The legend entry; None for no legend.
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.
        log_scale : bool, default=False
            Whether the learning rate axis is logarithmic; rates of 0 are not drawn.
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
            If it neither is nor wraps an estimator of this package.
        ValueError
            If there are no learning rates, as with ``solver='lbfgs'``.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        network = find_network(estimator, caller)
        members = networks_of(network)
        if not any(member.learning_rate_curve_ for member in members):
            if network.solver == "lbfgs":
                raise ValueError(
                    "solver='lbfgs' has no learning rate: it searches for the length "
                    "of each step. There is one with 'adam', 'sgd' and 'rmsprop'."
                )
            if any(member.loss_curve_ for member in members):
                raise ValueError(
                    "The learning rates are not known, because scikit-learn, which "
                    "trained the network, does not record them. Fit again."
                )
        drawn = [_rates_of(member) for member in members]
        display = cls(
            learning_rate_curves=[rates for _, rates in drawn],
            epochs=[epochs for epochs, _ in drawn],
            name=name,
        )
        return display.plot(ax, log_scale=log_scale, line_kw=line_kw)


def _rates_of(network: Any) -> tuple[Array, Array]:
    """Return the epochs completed before each learning rate, and the rates."""
    recorded = np.asarray(network.learning_rate_curve_, np.float64)
    begins = np.arange(len(recorded), dtype=np.float64)
    if network.solver == "lbfgs":  # a warm start with another solver
        return begins, recorded
    # The first epochs have no rate if they were trained by L-BFGS or scikit-learn.
    begins += len(network.loss_curve_) - len(recorded)
    schedule = make_schedule(network)
    if type(schedule).__call__ is Schedule.__call__:
        # Piecewise constant: the rate changes between epochs only.
        return np.ravel(np.column_stack([begins, begins + 1])), recorded.repeat(2)
    within = np.linspace(0.0, 1.0, max(3, math.ceil(_N_POINTS / max(1, len(begins)))))
    epochs: list[Any] = []
    rates: list[Any] = []
    for begin, number, rate in zip(
        begins, _numbers_in_runs(network, schedule, recorded), recorded, strict=True
    ):
        if number is None:
            epochs.append([begin])
            rates.append([rate])
        else:
            epochs.append(begin + within)
            rates.append([_rate(network, schedule, number - 1 + t) for t in within])
    return np.concatenate(epochs), np.concatenate(rates)


def _rate(network: Any, schedule: Schedule, epochs_done: float) -> float:
    """Return the scheduled rate after a (fractional) number of epochs of a run."""
    progress = min(1.0, epochs_done / network.max_iter)
    return float(network.learning_rate_init) * float(schedule(progress))


def _numbers_in_runs(
    network: Any, schedule: Schedule, recorded: Array
) -> list[int | None]:
    """Return the number of each epoch within its run, from 1; None if not known.

    It is known for runs whose recorded rates agree with the schedule: the last run,
    and earlier ones if warm starts restarted the same schedule.
    """
    unit = float(network.learning_rate_init)

    def agrees(number: int, rate: float) -> bool:
        expected = _rate(network, schedule, number - 1)
        same = math.isclose(rate, expected, rel_tol=1e-9, abs_tol=1e-12 * unit)
        return number <= network.max_iter and same

    n_before = len(recorded) - network.n_iter_
    last = range(1, network.n_iter_ + 1)
    if not all(map(agrees, last, recorded[n_before:])):
        return [None] * len(recorded)
    before: list[int] = []
    for rate in recorded[:n_before]:
        next_one = before[-1] + 1 if before else 1
        number = next_one if agrees(next_one, rate) else 1
        if not agrees(number, rate):
            return [None] * n_before + list(last)
        before.append(number)
    # Runs of one epoch are ambiguous: any schedule may start with the same rate.
    if network.max_iter > 1 and (1, 1) in itertools.pairwise([*before, 1]):
        return [None] * n_before + list(last)
    return [*before, *last]
