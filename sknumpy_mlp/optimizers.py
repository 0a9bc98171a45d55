r"""Optimisers: how a gradient becomes a step.

An optimiser sees one flat parameter vector :math:`\theta` and one flat gradient
:math:`g`, whatever the network's shape, and updates the parameters in place.  It is a
dataclass: the constructor's fields are hyper-parameters, and what it remembers from
step to step is made by `Optimizer.init`.  To add one, write a subclass and list it in
``OPTIMIZERS``.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import alike, check_bool, check_number

__all__ = ["OPTIMIZERS", "SGD", "Adam", "Optimizer", "OptimizerName", "RMSprop"]

# How many parameters are worked on at a time.  An update makes some ten passes over
# four vectors; block by block (in float32 four times 320 kB) they stay in the second-
# or third-level cache.
_BLOCK = 80_000

# Steps from one removal of vanishing numbers to the next.
_STEPS_TO_FLUSH = 64


@dataclass
class Optimizer(ABC):
    """Base class of optimisers; subclasses are dataclasses.

    A subclass defines its `rule`, an elementwise update, and lists in `powers` what
    the rule remembers.  Counting, the penalty's gradient, weight decay and the
    division into blocks are done here, once for all.

    Attributes
    ----------
    parameters : dict of str
        For each field the name of the estimators' parameter that it is set from.
    n_steps : int
        Steps done since `init`.
    moments : tuple of ndarray of shape (n_params,)
        The vectors that are remembered from step to step.

    Examples
    --------
    An optimiser of one's own, which looks at nothing but the signs:

    >>> import numpy as np
    >>> from sknumpy_mlp.optimizers import Optimizer
    >>> class SignDescent(Optimizer):
    ...     powers = ()  # it remembers nothing
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
        rate: float | Array,
    ) -> None:
        """Update a block of ``params`` and ``moments``; ``grad`` may be destroyed.

        ``n_steps`` counts the step already: it is 1 in the first.

        Parameters
        ----------
        params : ndarray of shape (n_block,)
            A block of the parameters, changed in place.
        grad : ndarray of shape (n_block,)
            The gradient with respect to them, penalty included.
        moments : tuple of ndarray of shape (n_block,)
            The block's part of each moment, in the order of `powers`, changed in place.
        rate : float or ndarray of shape (n_block,)
            The learning rate, one number or one for each parameter.
        """

    def same_settings(self, other: Any) -> bool:
        """Tell whether ``other`` is of this class and has the same constants.

        Parameters
        ----------
        other : object
            What to compare with; what it remembers of its steps does not count.

        Returns
        -------
        same : bool
            True if the two, from the same start, would do the same steps.
        """

        def settings(optimizer: Any) -> dict[str, Any]:
            memory = ("n_steps", "moments")
            return {k: v for k, v in vars(optimizer).items() if k not in memory}

        return type(self) is type(other) and alike(settings(self), settings(other))

    def init(self, params: Array) -> None:
        """Forget everything and make moments of zero for a vector like ``params``.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameters; their length and type are those of the moments.
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
        lr_multipliers: Array | None = None,
    ) -> None:
        """Do one step: update ``params`` in place; ``grad`` may be destroyed.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameters.
        grad : ndarray of shape (n_params,)
            The gradient of the loss with respect to them.
        learning_rate : float
            The rate of this step.
        l2 : float, default=0.0
            Strength of an L2 penalty, whose gradient ``l2 * params`` is added.
        weight_decay : float, default=0.0
            Before the rule, parameters are multiplied by
            ``1 - learning_rate * weight_decay``: the decoupled decay of AdamW [1]_,
            which an optimiser that scales gradients does not scale.
        n_penalized : int, default=0
            Penalty and decay are on this many parameters at the head of the vector.
        lr_multipliers : ndarray of shape (n_params,) or None, default=None
            Factors on the learning rate, for each parameter its own; None for ones.
            The decay goes by ``learning_rate`` alone: factors make up for the scale
            of the weights' gradients, which decay does not have.

        References
        ----------
        .. [1] I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization",
           ICLR 2019, arXiv:1711.05101.  The decay is multiplied by the learning rate,
           as in PyTorch, and not only by the schedule's factor.
        """
        self.n_steps += 1
        for start in range(0, params.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            params_block, grad_block = params[block], grad[block]
            if start < n_penalized and (l2 or weight_decay):
                penalised = slice(0, n_penalized - start)
                # Names for the parts: ``array[part] += x`` would write them twice.
                coefs, coefs_grad = params_block[penalised], grad_block[penalised]
                if l2:
                    coefs_grad += l2 * coefs
                if weight_decay:
                    coefs *= 1.0 - learning_rate * weight_decay
            moments = tuple([moment[block] for moment in self.moments])
            rate: float | Array = learning_rate
            if lr_multipliers is not None:
                rate = learning_rate * lr_multipliers[block]
            self.rule(params_block, grad_block, moments, rate)
        if self.n_steps % _STEPS_TO_FLUSH == 0:
            limits = np.finfo(params.dtype)
            smallest = math.sqrt(limits.tiny)
            # The gradient will be squared, and that of a weight may be its penalty's;
            # but under however weak a penalty a weight that counts is left alone.
            weakest = min(max(l2, float(limits.eps)), 1.0) if l2 else 1.0
            _flush(params, smallest / weakest)
            for moment, power in zip(self.moments, self.powers, strict=True):
                _flush(moment, smallest**power)


def _flush(array: Array, smallest: float) -> None:
    """Set numbers to zero that are too small to matter, but not to cost time.

    The moments of a weight whose gradient is zero decay from step to step, down to
    the subnormal numbers, where rounding holds them for good; a weight without input
    does the same under a penalty.  Arithmetic that meets or makes subnormal numbers
    is up to a hundred times slower, and a few dead inputs or units made a step in
    float32 half as slow again.  Adding and subtracting a number rounds to zero what
    vanishes beside it, at the cost of two passes once in many steps.

    Parameters
    ----------
    array : ndarray
        Changed in place.
    smallest : float
        What is about as small as this, or smaller, becomes zero.
    """
    offset = smallest / float(np.finfo(array.dtype).eps)
    array += offset
    array -= offset


@dataclass
class SGD(Optimizer):
    r"""Stochastic gradient descent with (Nesterov's) momentum.

    .. math::

        v &\leftarrow \mu v - \eta g \\
        \theta &\leftarrow \theta + v
        \qquad\text{or, with Nesterov's momentum,}\qquad
        \theta \leftarrow \theta + \mu v - \eta g

    with the new :math:`v` on the right-hand sides and the learning rate
    :math:`\eta` [1]_.

    Parameters
    ----------
    momentum : float, default=0.9
        :math:`\mu`, between 0 and 1.  0 is plain gradient descent.
    nesterov : bool, default=True
        Whether the momentum is Nesterov's.

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
    >>> params.round(3)  # half the last step of -0.2, and -0.1 * 1.6
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
        """The velocity holds the gradient itself."""
        return (1,) if self.momentum else ()

    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float | Array,
    ) -> None:
        """Update a block of ``params`` and the velocity."""
        grad *= rate
        if not moments:
            params -= grad
            return
        (velocity,) = moments
        velocity *= self.momentum
        velocity -= grad
        if self.nesterov:
            params -= grad
            np.multiply(velocity, self.momentum, out=grad)
            params += grad
        else:
            params += velocity


@dataclass
class RMSprop(Optimizer):
    r"""Steps divided by the root of the running mean square of the gradient.

    .. math::

        v &\leftarrow \rho v + (1 - \rho) g^2 \\
        b &\leftarrow \mu b + \frac{g}{\sqrt{v} + \epsilon} \\
        \theta &\leftarrow \theta - \eta b

    PyTorch's formula; without momentum, :math:`b` is the quotient alone.

    Parameters
    ----------
    rho : float, default=0.9
        Decay rate of the mean square, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite; at least 0.
    momentum : float, default=0.0
        :math:`\mu`, in [0, 1).

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
        """The mean square; under momentum, quotients as well."""
        return (2, 1) if self.momentum else (2,)

    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float | Array,
    ) -> None:
        """Update a block of ``params`` and the moments."""
        # As in Adam, the mean square is kept divided by 1 - rho.
        mean_square = moments[0]
        root = math.sqrt(1.0 - self.rho)
        denominator = grad * grad
        mean_square *= self.rho
        mean_square += denominator
        np.sqrt(mean_square, out=denominator)
        denominator += self.epsilon / root
        grad /= denominator
        grad *= 1.0 / root
        if self.momentum:
            velocity = moments[1]
            velocity *= self.momentum
            velocity += grad
            np.copyto(grad, velocity)
        grad *= rate
        params -= grad


@dataclass
class Adam(Optimizer):
    r"""Adam: steps scaled by running moments of the gradient.

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
        Decay rate of the second moment, that of their squares, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite; at least 0.

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
    >>> params.round(3)  # the first step is as long as the learning rate
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
        """The first moment and the second."""
        return (1, 2)

    def rule(
        self,
        params: Array,
        grad: Array,
        moments: tuple[Array, ...],
        rate: float | Array,
    ) -> None:
        """Update a block of ``params`` and the moments."""
        # The moments are kept divided by 1 - beta, which two factors make up for:
        # two passes less over the vectors.
        first, second = moments
        root = math.sqrt(1.0 - self.beta_2)
        scale = (
            math.sqrt(1.0 - self.beta_2**self.n_steps)
            / (1.0 - self.beta_1**self.n_steps)
            * (1.0 - self.beta_1)
            / root
        )
        first *= self.beta_1
        first += grad
        np.multiply(grad, grad, out=grad)
        second *= self.beta_2
        second += grad
        np.sqrt(second, out=grad)
        grad += self.epsilon / root
        np.divide(first, grad, out=grad)
        if isinstance(rate, np.ndarray):
            grad *= scale
            grad *= rate
        else:
            grad *= rate * scale
        params -= grad


#: The names of `OPTIMIZERS`, to annotate variables with.
OptimizerName: TypeAlias = Literal["sgd", "adam", "rmsprop"]

#: The optimisers that the estimators know by name.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "rmsprop": RMSprop,
}
