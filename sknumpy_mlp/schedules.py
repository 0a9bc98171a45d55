r"""Learning-rate schedules.

The learning rate of a step is a product of three factors,

.. math:: \eta = \eta_{base} \cdot factor(samples\ seen) \cdot schedule(progress),

of which a schedule defines one:

- most schedules are functions of the training progress, `Schedule.__call__`;
- `InverseScaling` depends on the number of samples seen before the epoch,
  `Schedule.epoch_factor`;
- `Plateau` reduces the base rate, initially ``learning_rate_init``, whenever training
  stops improving, `Schedule.after_plateau`.

Estimators accept names of schedules and objects, such as
``learning_rate=WarmupCosine(warmup=0.2)``:

- ``'constant'``, `Constant`: ``learning_rate_init`` throughout;
- ``'invscaling'``, `InverseScaling`: ``learning_rate_init / (t + 1)**power_t`` for t
  samples seen before the epoch; only with SGD, as in scikit-learn;
- ``'adaptive'``, `Plateau`: divided by five whenever the training loss (with
  ``early_stopping``, the validation score) has not improved by ``tol`` for
  ``n_iter_no_change`` epochs, until a plateau at 1e-6 or less ends training; only with
  SGD, as in scikit-learn;
- ``'plateau'``, `Plateau`: the same for every optimizer;
- ``'cosine'``, `Cosine`: cosine annealing to zero;
- ``'warmup_cosine'``, `WarmupCosine`: linear warmup over a tenth of training, then
  cosine annealing;
- ``'one_cycle'``, `OneCycle`: cosine warmup over three tenths of training, then cosine
  annealing to 4e-6 of the maximum;
- ``'flat_cosine'``, `FlatCosine`: constant for half of training, then cosine annealing
  to zero;
- ``'coslog'``, `CosineLog`: four cosine cycles between zero and the maximum, each twice
  as long as the previous one.

Schedules are immutable and have no state.  For a custom schedule, write a subclass of
`Schedule`; to add it to the package, list it in `SCHEDULES`.

Throughout, ``progress`` is the training progress before a step, from 0 to 1: with 10
epochs, it is 0.1 at the start and 0.15 in the middle of the second epoch.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from sknumpy_mlp._utils.values import Value, check_number

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "CosineLog",
    "FlatCosine",
    "InverseScaling",
    "OneCycle",
    "Plateau",
    "Schedule",
    "ScheduleName",
    "WarmupCosine",
]


class Schedule(Value):
    """Base class of schedules; by default, the rate is constant.

    Attributes
    ----------
    parameters : dict of str
        Mapping from fields to the estimator's parameters that they are set from.

    Examples
    --------
    A custom schedule that is a function of the training progress:

    >>> from sknumpy_mlp.schedules import Schedule
    >>> class Linear(Schedule):
    ...     def __call__(self, progress):
    ...         return 1.0 - progress
    >>> Linear()(0.25)
    0.75
    >>> Linear().needs_horizon
    True
    """

    parameters: ClassVar[dict[str, str]] = {}

    @property
    def needs_horizon(self) -> bool:
        """Whether the rate depends on the training progress.

        If so, training does not end early on a plateau of the loss, which may improve
        again when the rate decreases.
        """
        return type(self).__call__ is not Schedule.__call__

    @property
    def cycle_ends(self) -> tuple[float, ...]:
        """The training progress at the end of each cycle; 1 for a single cycle."""
        return (1.0,)

    def __call__(self, progress: float) -> float:
        """Return the factor that multiplies the base rate for a step.

        Parameters
        ----------
        progress : float
            Training progress before the step, from 0 to 1.

        Returns
        -------
        factor : float
            The factor, which is non-negative.
        """
        return 1.0

    def epoch_factor(self, n_samples_seen: int) -> float:
        """Return the factor that multiplies the base rate for an epoch.

        Parameters
        ----------
        n_samples_seen : int
            Number of samples seen in all preceding epochs.

        Returns
        -------
        factor : float
            The factor, which is non-negative.
        """
        return 1.0

    def after_plateau(self, learning_rate: float) -> float | None:
        """Return the new base rate after a plateau.

        Parameters
        ----------
        learning_rate : float
            The current base rate.

        Returns
        -------
        base_rate : float or None
            The new base rate; None ends the training.
        """
        return None


@dataclass(frozen=True)
class Constant(Schedule):
    """A constant learning rate.

    Examples
    --------
    >>> from sknumpy_mlp.schedules import Constant
    >>> Constant()(progress=0.9), Constant().epoch_factor(n_samples_seen=60_000)
    (1.0, 1.0)
    """


@dataclass(frozen=True)
class InverseScaling(Schedule):
    r"""Power-law decay in the number of samples seen.

    .. math:: \eta = \eta_0 / (t + 1)^{power\_t}

    where :math:`t` counts the samples seen before the epoch.  The rate is constant
    within an epoch.

    Parameters
    ----------
    power_t : float, default=0.5
        The exponent, which must be non-negative.

    References
    ----------
    H. Robbins and S. Monro, "A Stochastic Approximation Method", Annals of
    Mathematical Statistics 22, 1951, doi:10.1214/aoms/1177729586: for exponents in
    (1/2, 1] the sum of the rates diverges while that of their squares converges.  The
    formula in terms of samples is scikit-learn's.

    Examples
    --------
    >>> from sknumpy_mlp.schedules import InverseScaling
    >>> [InverseScaling().epoch_factor(n_samples_seen=t) for t in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """

    parameters: ClassVar[dict[str, str]] = {"power_t": "power_t"}

    power_t: float = 0.5

    def __post_init__(self) -> None:
        check_number(self, "power_t", 0.0)

    def epoch_factor(self, n_samples_seen: int) -> float:
        """Return the factor that multiplies the base rate for an epoch."""
        return float((n_samples_seen + 1) ** -self.power_t)


@dataclass(frozen=True)
class Plateau(Schedule):
    r"""A constant rate that is divided at each plateau.

    .. math:: \eta \leftarrow \eta / divisor

    A plateau is reached when the loss or, with early stopping, the validation score has
    not improved by ``tol`` for ``n_iter_no_change`` epochs.  With the defaults, it is
    scikit-learn's ``learning_rate="adaptive"``.

    Parameters
    ----------
    divisor : float, default=5.0
        The divisor, which must be greater than 1.
    min_rate : float, default=1e-6
        The minimum rate, which must be positive.  A plateau at this rate or a lower one
        ends training.

    Examples
    --------
    >>> from sknumpy_mlp.schedules import Plateau
    >>> schedule = Plateau(divisor=2.0, min_rate=0.3)
    >>> schedule.after_plateau(1.0), schedule.after_plateau(0.5)
    (0.5, 0.25)
    >>> print(schedule.after_plateau(0.25))  # the end
    None
    """

    divisor: float = 5.0
    min_rate: float = 1e-6

    def __post_init__(self) -> None:
        check_number(self, "divisor", 1.0, closed="neither")
        check_number(self, "min_rate", 0.0, closed="neither")

    def after_plateau(self, learning_rate: float) -> float | None:
        """Return the new base rate after a plateau; None ends the training."""
        if learning_rate <= self.min_rate:
            return None
        return learning_rate / self.divisor


@dataclass(frozen=True)
class Cosine(Schedule):
    r"""Cosine annealing from the initial rate to a fraction of it.

    .. math:: f(p) = e + (1 - e)\, \tfrac{1}{2} (1 + \cos \pi p)

    Parameters
    ----------
    end : float, default=0.0
        The final rate e as a fraction of the initial rate, in [0, 1].

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
    Restarts", ICLR 2017, arXiv:1608.03983 (here without the restarts).

    Examples
    --------
    >>> from sknumpy_mlp.schedules import Cosine
    >>> [round(Cosine()(progress), 3) for progress in (0, 0.25, 0.5, 1)]
    [1.0, 0.854, 0.5, 0.0]
    """

    end: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "end", 0.0, 1.0, closed="both")

    def __call__(self, progress: float) -> float:
        """Return the factor that multiplies the base rate for a step."""
        return _half_cosine(1.0, self.end, progress)


@dataclass(frozen=True)
class FlatCosine(Schedule):
    r"""Constant for the first half of training, then cosine annealing to zero.

    .. math::

        f(p) = \begin{cases} 1 & p < 1 / 2 \\
        \tfrac{1}{2} (1 + \cos \pi (2 p - 1)) & p \ge 1 / 2 \end{cases}

    Proposed for the strength of regularization, dropout and weight decay.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    >>> from sknumpy_mlp.schedules import FlatCosine
    >>> [round(FlatCosine()(progress), 3) for progress in (0, 0.5, 0.75, 1)]
    [1.0, 1.0, 0.5, 0.0]
    """

    def __call__(self, progress: float) -> float:
        """Return the factor for a step."""
        return _half_cosine(1.0, 0.0, max(0.0, 2.0 * progress - 1.0))


@dataclass(frozen=True)
class CosineLog(Schedule):
    r"""Cosine cycles of increasing length, between zero and the maximum rate.

    .. math:: f(p) = \tfrac{1}{2}
              \left(1 - \cos(2 \pi \log_2(1 + (2^n - 1)\, p))\right)

    Each of the n cycles is twice as long as the previous one.  The weights at the end
    of an early cycle, where the rate is low, are already good, in case the validation
    loss increases afterwards.

    ``learning_rate_init`` is the *maximum* rate.

    Parameters
    ----------
    n_cycles : int, default=4
        The number n of cycles, at least 1.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    >>> from sknumpy_mlp.schedules import CosineLog
    >>> [abs(round(CosineLog()(i / 15), 3)) for i in (0, 1, 3, 7, 15)]  # cycle ends
    [0.0, 0.0, 0.0, 0.0, 0.0]
    >>> round(CosineLog(n_cycles=1)(2**0.5 - 1), 3)  # log2 of the root of 2 is a half
    1.0
    """

    n_cycles: int = 4

    def __post_init__(self) -> None:
        # 2**1024 is not a finite float.
        check_number(self, "n_cycles", 1.0, 1023.0, closed="both")
        if self.n_cycles != int(self.n_cycles):
            raise ValueError(
                f"CosineLog(n_cycles={self.n_cycles!r}): n_cycles must be an "
                "integer, or the rate would not end at zero."
            )

    @property
    def cycle_ends(self) -> tuple[float, ...]:
        """The training progress at the end of each cycle, where the rate is zero."""
        n = int(self.n_cycles)
        return tuple((2.0**k - 1.0) / (2.0**n - 1.0) for k in range(1, n + 1))

    def __call__(self, progress: float) -> float:
        """Return the factor that multiplies the base rate for a step."""
        cycles = math.log2(1.0 + (2.0**self.n_cycles - 1.0) * progress)
        return 0.5 * (1.0 - math.cos(2.0 * math.pi * cycles))


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    r"""Linear warmup to the initial rate, then cosine annealing.

    .. math::

        f(p) = \begin{cases}
        s + (1 - s)\, p / w & p < w \\
        e + (1 - e)\, \tfrac{1}{2}
        \left(1 + \cos \pi \frac{p - w}{1 - w}\right) & p \ge w
        \end{cases}

    Parameters
    ----------
    warmup : float, default=0.1
        The fraction w of training in which the rate rises, in [0, 1).
    start : float, default=0.01
        The rate s at the start as a fraction of the initial rate, in [0, 1].
    end : float, default=0.0
        The rate e at the end as a fraction of the initial rate, in [0, 1].

    References
    ----------
    P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour",
    2017, arXiv:1706.02677 (section 2.2, gradual warmup).

    Examples
    --------
    >>> from sknumpy_mlp.schedules import WarmupCosine
    >>> schedule = WarmupCosine(warmup=0.2)
    >>> [round(schedule(progress), 3) for progress in (0, 0.1, 0.2, 0.6, 1)]
    [0.01, 0.505, 1.0, 0.5, 0.0]
    """

    warmup: float = 0.1
    start: float = 0.01
    end: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "warmup", 0.0, 1.0)
        check_number(self, "start", 0.0, 1.0, closed="both")
        check_number(self, "end", 0.0, 1.0, closed="both")

    def __call__(self, progress: float) -> float:
        """Return the factor that multiplies the base rate for a step."""
        if progress < self.warmup:
            return self.start + (1.0 - self.start) * progress / self.warmup
        return _half_cosine(1.0, self.end, (progress - self.warmup) / (1 - self.warmup))


@dataclass(frozen=True)
class OneCycle(Schedule):
    r"""One-cycle learning rate: cosine warmup, then cosine annealing to a low rate.

    With :math:`c(a, b, x) = b + (a - b)\, \tfrac{1}{2} (1 + \cos \pi x)`,

    .. math::

        f(p) = \begin{cases}
        c(s, 1, p / w) & p < w \\
        c(1, e, (p - w) / (1 - w)) & p \ge w
        \end{cases}

    ``learning_rate_init`` is the *maximum* rate, which can be several times as large as
    a suitable constant rate.

    Parameters
    ----------
    warmup : float, default=0.3
        The fraction w of training in which the rate rises, in [0, 1).
    start : float, default=0.04
        The rate s at the start as a fraction of the maximum rate, in [0, 1].
    end : float, default=4e-6
        The rate e at the end as a fraction of the maximum rate, in [0, 1].

    References
    ----------
    L. N. Smith and N. Topin, "Super-Convergence: Very Fast Training of Neural Networks
    Using Large Learning Rates", 2018, arXiv:1708.07120.  The defaults are those of
    PyTorch's ``OneCycleLR``; the momentum is not cycled.

    Examples
    --------
    >>> from sknumpy_mlp.schedules import OneCycle
    >>> [round(OneCycle()(progress), 3) for progress in (0, 0.15, 0.3, 0.65, 1)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """

    warmup: float = 0.3
    start: float = 0.04
    end: float = 4e-6

    def __post_init__(self) -> None:
        check_number(self, "warmup", 0.0, 1.0)
        check_number(self, "start", 0.0, 1.0, closed="both")
        check_number(self, "end", 0.0, 1.0, closed="both")

    def __call__(self, progress: float) -> float:
        """Return the factor that multiplies the base rate for a step."""
        if progress < self.warmup:
            return _half_cosine(self.start, 1.0, progress / self.warmup)
        return _half_cosine(1.0, self.end, (progress - self.warmup) / (1 - self.warmup))


def _half_cosine(first: float, last: float, share: float) -> float:
    """Interpolate between ``first`` and ``last`` by half a cosine."""
    return last + (first - last) * 0.5 * (1.0 + math.cos(math.pi * share))


#: The names of `SCHEDULES`, to annotate variables with.
ScheduleName: TypeAlias = Literal[
    "constant",
    "invscaling",
    "adaptive",
    "plateau",
    "cosine",
    "warmup_cosine",
    "one_cycle",
    "flat_cosine",
    "coslog",
]

#: The schedules that estimators accept by name.
SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Plateau,
    "plateau": Plateau,
    "cosine": Cosine,
    "warmup_cosine": WarmupCosine,
    "one_cycle": OneCycle,
    "flat_cosine": FlatCosine,
    "coslog": CosineLog,
}

#: The names of scikit-learn's schedules; as there, they have an effect with SGD only.
SGD_SCHEDULES = frozenset({"constant", "invscaling", "adaptive"})
