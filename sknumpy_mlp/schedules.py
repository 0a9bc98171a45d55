r"""Learning-rate schedules: how the rate moves while a network trains.

The rate of an epoch is ``learning_rate_init`` times two factors: the schedule's
`Schedule.epoch_factor`, a formula, and a running factor that `Schedule.after_plateau`
lowers when the training stalls.  Schedules are frozen dataclasses, without state: they
print, compare and pickle.  To add one, write a subclass and list it in ``SCHEDULES``.
"""

from dataclasses import dataclass

__all__ = ["SCHEDULES", "Adaptive", "Constant", "InverseScaling", "Schedule"]


class Schedule:
    """Base class of schedules: a constant rate, and a plateau ends the training."""

    def epoch_factor(self, n_samples_seen: int) -> float:
        """Factor on the initial rate for an epoch that starts after so many samples."""
        return 1.0

    def after_plateau(self, learning_rate: float) -> float | None:
        """Factor on the rate when training stalls at it; None ends the training."""
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

    power_t: float = 0.5

    def epoch_factor(self, n_samples_seen: int) -> float:
        """Factor on the initial rate for an epoch that starts after so many samples."""
        return float((n_samples_seen + 1) ** -self.power_t)


@dataclass(frozen=True)
class Adaptive(Schedule):
    """A constant rate that is divided by five at each plateau.

    Parameters
    ----------
    factor : float, default=0.2
        What the rate is multiplied by when the training stalls.
    min_rate : float, default=1e-6
        A plateau at this rate or a smaller one ends the training.
    """

    factor: float = 0.2
    min_rate: float = 1e-6

    def after_plateau(self, learning_rate: float) -> float | None:
        """Factor on the rate when training stalls at it; None ends the training."""
        return None if learning_rate <= self.min_rate else self.factor


#: The schedules that the estimators know by name.
SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
}
