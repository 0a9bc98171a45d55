r"""Optimizers for training with mini-batches.

An optimizer updates the vector of all parameters :math:`\theta` in place, given the
gradient :math:`g`.  It is a dataclass: its fields are hyperparameters, and its state is
initialized by `Optimizer.init`.

Estimators accept names of optimizers and objects, such as ``solver=Adam(beta_2=0.98)``.
An optimizer that is given by its name has the hyperparameters of the estimator:

- ``'sgd'``, `SGD`: stochastic gradient descent, with (Nesterov) momentum;
- ``'rmsprop'``, `RMSprop`: gradients divided by a moving root mean square;
- ``'adam'``, `Adam`: momentum divided by a moving root mean square; with
  ``weight_decay``, AdamW.

For a custom optimizer, write a subclass of `Optimizer`; to add it to the package, list
it in `OPTIMIZERS`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from sknumpy_mlp._utils.blas import add_multiple
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import check_bool, check_number, deep_equal

__all__ = ["OPTIMIZERS", "SGD", "Adam", "Optimizer", "OptimizerName", "RMSprop"]

# Number of parameters that are updated at once.  A step makes about ten passes over
# four vectors, whose blocks (320 kB each in float32) stay in the L2 or L3 cache.
_BLOCK = 80_000

# Number of steps between two flushes of tiny numbers to zero.
_STEPS_TO_FLUSH = 64

# Maximum factor by which Adam's stored moments are larger than its moments.
_MAX_GROWTH = 1e4


@dataclass
class Optimizer(ABC):
    """Base class of optimizers; subclasses are dataclasses.

    A subclass defines its `rule`, an elementwise update, and in `powers` the moments of
    the gradient that it needs.  The L2 penalty, weight decay, learning-rate multipliers
    and the division into blocks are common to all optimizers.

    Attributes
    ----------
    parameters : dict of str
        Mapping from fields to the estimator's parameters that they are set from.
    n_steps : int
        Number of steps since `init`.
    moments : tuple of ndarray of shape (n_params,)
        The state: moments of the gradient.

    Examples
    --------
    A custom optimizer that uses only the signs of the gradient:

    >>> import numpy as np
    >>> from sknumpy_mlp.optimizers import Optimizer
    >>> class SignDescent(Optimizer):
    ...     powers = ()  # no state
    ...     def rule(self, params, grad, moments, rate):
    ...         params -= rate * np.sign(grad)
    >>> params, optimizer = np.array([1.0, -2.0]), SignDescent()
    >>> optimizer.init(params)
    >>> optimizer.step(params, grad=2 * params, learning_rate=0.1)
    >>> params
    array([ 0.9, -1.9])
    """

    parameters: ClassVar[dict[str, str]] = {}

    n_steps: int = field(default=0, init=False, repr=False, compare=False)
    moments: tuple[Array, ...] = field(
        default=(), init=False, repr=False, compare=False
    )

    @property
    @abstractmethod
    def powers(self) -> tuple[int, ...]:
        """The power of the gradient in each moment, 1 or 2."""

    @abstractmethod
    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float,
    ) -> None:
        """Update a block of ``params`` and ``moments``; may overwrite ``grad``.

        ``n_steps`` includes the current step: it is 1 in the first step.

        Parameters
        ----------
        params : ndarray of shape (n_block,)
            A block of the parameters, changed in place.
        grad : ndarray of shape (n_block,)
            The gradient with respect to them, including the penalty.
        moments : tuple of ndarray of shape (n_block,)
            The block of each moment, in the order of `powers`, changed in place.
        rate : float
            The learning rate of the block.
        """

    def same_settings(self, other: Any) -> bool:
        """Return True if ``other`` has the same class and hyperparameters.

        Parameters
        ----------
        other : object
            The object to compare with.

        Returns
        -------
        same : bool
            Whether both are equal, apart from their state.
        """

        def settings(optimizer: Any) -> dict[str, Any]:
            state = ("n_steps", "moments")
            return {k: v for k, v in vars(optimizer).items() if k not in state}

        return type(self) is type(other) and deep_equal(settings(self), settings(other))

    def init(self, params: Array) -> None:
        """Reset the state: no steps, and moments of zero.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameters, which determine the length and type of the moments.
        """
        self.n_steps = 0
        self.moments = tuple(np.zeros_like(params) for _ in self.powers)

    def step(
        self,
        params: Array,
        grad: Array,
        learning_rate: float,
        *,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        n_penalized: int = 0,
        lr_multipliers: Sequence[tuple[slice, float]] | None = None,
    ) -> None:
        """Update ``params`` in place by one step; may overwrite ``grad``.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameters.
        grad : ndarray of shape (n_params,)
            The gradient of the loss with respect to them.
        learning_rate : float
            The learning rate of this step.
        l2 : float, default=0.0
            Strength of the L2 penalty, whose gradient ``l2 * params`` is added.
        weight_decay : float, default=0.0
            Decoupled weight decay, as in AdamW [1]_: before the update, parameters are
            multiplied by ``1 - learning_rate * weight_decay``.
        n_penalized : int, default=0
            Number of parameters, the first ones, that penalty and decay apply to.
        lr_multipliers : sequence of (slice, float) pairs or None, default=None
            Consecutive segments of the parameters, with the learning-rate multiplier of
            each; None for a multiplier of 1.  Multipliers do not apply to weight decay:
            they compensate for the scale of gradients, on which weight decay does not
            depend.

        References
        ----------
        .. [1] I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization",
           ICLR 2019, arXiv:1711.05101.  As in PyTorch, weight decay is multiplied by
           the learning rate, and not only by the schedule.
        """
        self.n_steps += 1
        segments = lr_multipliers or [(slice(0, params.size), 1.0)]
        for block, multiplier in _blocks(segments):
            params_block, grad_block = params[block], grad[block]
            if block.start < n_penalized and (l2 or weight_decay):
                penalized = slice(0, n_penalized - block.start)
                # Named views, since ``array[part] *= x`` would write the part twice.
                coefs, coefs_grad = params_block[penalized], grad_block[penalized]
                if l2:
                    add_multiple(coefs_grad, coefs, l2)
                if weight_decay:
                    coefs *= 1.0 - learning_rate * weight_decay
            moments = tuple([moment[block] for moment in self.moments])
            self.rule(params_block, grad_block, moments, learning_rate * multiplier)
        if self.n_steps % _STEPS_TO_FLUSH == 0:
            limits = np.finfo(params.dtype)
            smallest = math.sqrt(limits.tiny)
            # The square of a weight's gradient must not be denormal, even if it is the
            # gradient of the penalty alone.  A very weak penalty must not cause larger
            # weights to be flushed.
            weakest = min(max(l2, float(limits.eps)), 1.0) if l2 else 1.0
            _flush(params, smallest / weakest)
            for moment, power in zip(self.moments, self.powers, strict=True):
                _flush(moment, smallest**power)


def _blocks(
    segments: Sequence[tuple[slice, float]],
) -> Iterator[tuple[slice, float]]:
    """Divide segments of the parameters into blocks of at most ``_BLOCK``."""
    for segment, multiplier in segments:
        for start in range(segment.start, segment.stop, _BLOCK):
            yield slice(start, min(start + _BLOCK, segment.stop)), multiplier


def _flush(array: Array, smallest: float) -> None:
    """Set tiny numbers to zero before they become denormal (flush-to-zero).

    The moments of a weight whose gradient is zero decay exponentially until they are
    denormal, and remain so because of rounding; with a penalty, so do weights of inputs
    that are zero.  Arithmetic with denormal numbers is up to a hundred times slower: a
    few dead units, or inputs of zero, made a step in float32 take 1.5 times as long.
    Adding and subtracting an offset rounds tiny numbers to zero, with two passes over
    the array once in many steps.

    Parameters
    ----------
    array : ndarray
        The array, changed in place.
    smallest : float
        Numbers up to about this absolute value become zero.
    """
    offset = smallest / float(np.finfo(array.dtype).eps)
    array += offset
    array -= offset


@dataclass
class SGD(Optimizer):
    r"""Stochastic gradient descent with (Nesterov) momentum.

    .. math::

        v &\leftarrow \mu v - \eta g \\
        \theta &\leftarrow \theta + v
        \qquad\text{or, with Nesterov momentum,}\qquad
        \theta \leftarrow \theta + \mu v - \eta g

    with the new :math:`v` on the right-hand sides and the learning rate
    :math:`\eta` [1]_.

    Parameters
    ----------
    momentum : float, default=0.9
        The momentum :math:`\mu`, in [0, 1]; 0 means plain gradient descent.
    nesterov : bool, default=True
        Whether to use Nesterov momentum.

    References
    ----------
    .. [1] I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of
       initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.optimizers import SGD
    >>> params, optimizer = np.array([1.0, -2.0]), SGD(momentum=0.5, nesterov=False)
    >>> optimizer.init(params)
    >>> optimizer.step(params, grad=2 * params, learning_rate=0.1)
    >>> params.round(3)
    array([ 0.8, -1.6])
    >>> optimizer.step(params, grad=2 * params, learning_rate=0.1)
    >>> params.round(3)  # half of the last step, -0.2, and -0.1 * 1.6
    array([ 0.54, -1.08])
    """

    parameters: ClassVar[dict[str, str]] = {
        "momentum": "momentum",
        "nesterov": "nesterovs_momentum",
    }

    momentum: float = 0.9
    nesterov: bool = True

    def __post_init__(self) -> None:
        check_number(self, "momentum", 0.0, 1.0, closed="both")
        check_bool(self, "nesterov")

    @property
    def powers(self) -> tuple[int, ...]:
        """Power of the gradient in each moment: 1 for the velocity, if there is one."""
        return (1,) if self.momentum else ()

    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float,
    ) -> None:
        """Update a block of ``params`` and the velocity."""
        if not moments:
            add_multiple(params, grad, -rate)
            return
        (velocity,) = moments
        velocity *= self.momentum
        add_multiple(velocity, grad, -rate)
        if self.nesterov:
            add_multiple(params, grad, -rate)
            add_multiple(params, velocity, self.momentum)
        else:
            params += velocity


@dataclass
class RMSprop(Optimizer):
    r"""RMSprop: gradients divided by the root of their running mean square.

    .. math::

        v &\leftarrow \rho v + (1 - \rho) g^2 \\
        b &\leftarrow \mu b + \frac{g}{\sqrt{v} + \epsilon} \\
        \theta &\leftarrow \theta - \eta b

    This is PyTorch's formula; without momentum, :math:`b` is the quotient alone.

    Parameters
    ----------
    rho : float, default=0.9
        Decay rate of the mean square, in [0, 1).
    epsilon : float, default=1e-8
        Non-negative number added to the denominator for numerical stability.
    momentum : float, default=0.0
        The momentum :math:`\mu`, in [0, 1).

    References
    ----------
    T. Tieleman and G. Hinton, "Lecture 6.5 - RMSProp", Coursera: Neural Networks for
    Machine Learning, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.optimizers import RMSprop
    >>> params, optimizer = np.array([1.0, -2.0]), RMSprop(rho=0.75)
    >>> optimizer.init(params)
    >>> optimizer.step(params, grad=2 * params, learning_rate=0.1)
    >>> params.round(3)  # g / sqrt(g**2 / 4) is 2 or -2
    array([ 0.8, -1.8])
    """

    parameters: ClassVar[dict[str, str]] = {"epsilon": "epsilon"}

    rho: float = 0.9
    epsilon: float = 1e-8
    momentum: float = 0.0

    def __post_init__(self) -> None:
        check_number(self, "rho", 0.0, 1.0)
        check_number(self, "epsilon", 0.0)
        check_number(self, "momentum", 0.0, 1.0)

    @property
    def powers(self) -> tuple[int, ...]:
        """The powers: 2 for the mean square and, with momentum, 1 for the velocity."""
        return (2, 1) if self.momentum else (2,)

    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float,
    ) -> None:
        """Update a block of ``params`` and the moments."""
        # As in Adam, the mean square is stored divided by 1 - rho.
        mean_square = moments[0]
        root = math.sqrt(1.0 - self.rho)
        denominator = grad * grad
        mean_square *= self.rho
        mean_square += denominator
        np.sqrt(mean_square, out=denominator)
        denominator += self.epsilon / root
        grad /= denominator
        if self.momentum:
            velocity = moments[1]
            velocity *= self.momentum
            add_multiple(velocity, grad, 1.0 / root)
            add_multiple(params, velocity, -rate)
        else:
            add_multiple(params, grad, -rate / root)


@dataclass
class Adam(Optimizer):
    r"""Adam: adaptive moment estimation.

    .. math::

        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        \theta &\leftarrow \theta - \eta
        \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m}{\sqrt{v} + \epsilon}

    at step :math:`t` = 1, 2, ... [1]_.  As in scikit-learn (the last formula of the
    paper's section 2), :math:`\epsilon` is added before the bias correction of
    :math:`v`; PyTorch and optax add it after.

    Parameters
    ----------
    beta_1 : float, default=0.9
        Decay rate of the first moment, the running mean of gradients, in [0, 1).
    beta_2 : float, default=0.999
        Decay rate of the second moment, the running mean of their squares, in [0, 1).
    epsilon : float, default=1e-8
        Non-negative number added to the denominator for numerical stability.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization",
       ICLR 2015, arXiv:1412.6980.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.optimizers import Adam
    >>> params, optimizer = np.array([1.0, -2.0]), Adam()
    >>> optimizer.init(params)
    >>> optimizer.step(params, grad=2 * params, learning_rate=0.1)
    >>> params.round(3)  # the first step has the size of the learning rate
    array([ 0.9, -1.9])
    """

    parameters: ClassVar[dict[str, str]] = {
        "beta_1": "beta_1",
        "beta_2": "beta_2",
        "epsilon": "epsilon",
    }

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_number(self, "beta_1", 0.0, 1.0)
        check_number(self, "beta_2", 0.0, 1.0)
        check_number(self, "epsilon", 0.0)

    @property
    def powers(self) -> tuple[int, ...]:
        """The powers: 1 for the first moment, 2 for the second moment."""
        return (1, 2)

    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float,
    ) -> None:
        """Update a block of ``params`` and the moments."""
        # Seven passes over the vectors instead of eleven: moments are stored divided by
        # 1 - beta and, for many steps, without their decay.  Instead of m = beta m + g,
        # the k-th step computes m += g / beta**k.  Scalar factors compensate for both.
        first, second = moments
        growth_1 = self._grow(first, self.beta_1)
        growth_2 = self._grow(second, self.beta_2)
        root = math.sqrt((1.0 - self.beta_2) / growth_2)
        add_multiple(first, grad, growth_1)
        np.multiply(grad, grad, out=grad)
        add_multiple(second, grad, growth_2)
        np.sqrt(second, out=grad)
        grad += self.epsilon / root
        np.divide(first, grad, out=grad)
        scale = (
            math.sqrt(1.0 - self.beta_2**self.n_steps)
            / (1.0 - self.beta_1**self.n_steps)
            * ((1.0 - self.beta_1) / growth_1)
            / root
        )
        add_multiple(params, grad, -rate * scale)

    def _grow(self, moment: Array, beta: float) -> float:
        """Return ``1 / beta**k`` for this step; let the moment decay if k is 0.

        The moment decays before the factor exceeds ``_MAX_GROWTH``, so that stored
        moments are larger than those of the formula by at most this factor.
        """
        period = _steps_to_decay(beta)
        k = (self.n_steps - 1) % period
        if k == 0:
            moment *= beta**period
        return beta**-k if k else 1.0


@lru_cache(maxsize=16)
def _steps_to_decay(beta: float) -> int:
    """Return the number of steps after which Adam's moments decay."""
    if beta <= 1.0 / _MAX_GROWTH:
        return 1
    return max(1, int(math.log(_MAX_GROWTH) / -math.log(beta)))


#: The names of `OPTIMIZERS`, to annotate variables with.
OptimizerName: TypeAlias = Literal["sgd", "adam", "rmsprop"]

#: The optimizers that estimators accept by name.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "rmsprop": RMSprop,
}
