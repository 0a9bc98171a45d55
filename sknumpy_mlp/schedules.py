r"""Learning-rate schedules: how the rate moves while a network trains.

The rate of an epoch is a base rate, ``learning_rate_init`` at first, times the
schedule's `Schedule.epoch_factor`, a formula.  When the training stalls,
`Schedule.after_plateau` may lower the base rate.  Schedules are frozen dataclasses,
without state: they print, compare and pickle.  To add one, write a subclass and list
it in ``SCHEDULES``.
"""

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["SCHEDULES", "Adaptive", "Constant", "InverseScaling", "Schedule"]


class Schedule:
    """Base class of schedules: a constant rate, and a plateau ends the training.

    Attributes
    ----------
    parameters : dict of str
        For each field the name of the estimators' parameter that it is set from.
    """

    parameters: ClassVar[dict[str, str]] = {}

    def epoch_factor(self, n_samples_seen: int) -> float:
        """Factor on the base rate for an epoch that starts after so many samples."""
        return 1.0

    def after_plateau(self, learning_rate: float) -> float | None:
        """Return the base rate after training stalled at a rate; None ends it."""
        return None


@dataclass(frozen=True)
class Constant(Schedule):
    """The initial rate throughout."""


@dataclass(frozen=True)
class InverseScaling(Schedule):
    r"""A rate that falls as a power of the samples seen.

    .. math:: \eta = \eta_0 / (t + 1)^{power\_t}

    where :math:`t` counts the samples seen before the epoch.

    Parameters
    ----------
    power_t : float, default=0.5
        The exponent.
    """

    parameters: ClassVar[dict[str, str]] = {"power_t": "power_t"}

    power_t: float = 0.5

    def epoch_factor(self, n_samples_seen: int) -> float:
        """Factor on the base rate for an epoch that starts after so many samples."""
        return float((n_samples_seen + 1) ** -self.power_t)


@dataclass(frozen=True)
class Adaptive(Schedule):
    """A constant rate that is divided at each plateau.

    Parameters
    ----------
    divisor : float, default=5.0
        What the rate is divided by when the training stalls.
    min_rate : float, default=1e-6
        A plateau at this rate or a smaller one ends the training.
    """

    divisor: float = 5.0
    min_rate: float = 1e-6

    def after_plateau(self, learning_rate: float) -> float | None:
        """Return the base rate after training stalled at a rate; None ends it."""
        if learning_rate <= self.min_rate:
            return None
        return learning_rate / self.divisor


#: The schedules that the estimators know by name.
SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
}
