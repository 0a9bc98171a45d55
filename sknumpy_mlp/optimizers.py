r"""Optimisers: how a gradient becomes a step.

An optimiser sees one flat parameter vector :math:`\theta` and one flat gradient
:math:`g`, whatever the network's shape, and updates the parameters in place.  It is a
dataclass: the constructor's fields are hyper-parameters, and what it remembers from
step to step (``init=False`` fields) is made by `Optimizer.init`.  To add one, write a
subclass and list it in ``OPTIMIZERS``.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from sknumpy_mlp._typing import Array

__all__ = ["OPTIMIZERS", "SGD", "Adam", "Optimizer"]

# Adam makes nine passes over four vectors.  Once these no longer fit into the cache
# together, doing all passes block by block is half as fast again.
_BLOCK = 32_768
_BLOCKS_FROM = 200_000


class Optimizer(ABC):
    """Base class of optimisers; subclasses are dataclasses."""

    @abstractmethod
    def init(self, params: Array) -> None:
        """Forget everything and make the state for a vector like ``params``."""

    @abstractmethod
    def step(self, params: Array, grad: Array, learning_rate: float) -> None:
        """Update ``params`` in place; ``grad`` may be destroyed.

        Parameters
        ----------
        params, grad : ndarray of shape (n_params,)
            The parameters and the gradient of the objective.
        learning_rate : float
            The rate of this step.
        """

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The constructor's fields, as a dict."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]


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
    >>> params, optimizer = np.array([1.0, -2.0]), SGD(momentum=0.5)
    >>> optimizer.init(params)
    >>> for _ in range(100):
    ...     optimizer.step(params, grad=2 * params, learning_rate=0.1)
    >>> bool(np.abs(params).max() < 1e-9)
    True
    """

    momentum: float = 0.9
    nesterov: bool = True
    velocity: Array | None = field(default=None, init=False, repr=False, compare=False)

    def init(self, params: Array) -> None:
        """Start with no velocity."""
        self.velocity = np.zeros_like(params) if self.momentum else None

    def step(self, params: Array, grad: Array, learning_rate: float) -> None:
        """Update ``params`` in place."""
        grad *= learning_rate
        velocity = self.velocity
        if velocity is None:
            params -= grad
            return
        velocity *= self.momentum
        velocity -= grad
        if self.nesterov:
            params -= grad
            np.multiply(velocity, self.momentum, out=grad)
            params += grad
        else:
            params += velocity


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
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay rates of the two moments, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite.

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
    >>> params  # the first step's length is the learning rate, whatever the gradient
    array([ 0.9, -1.9])
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_steps: int = field(default=0, init=False, repr=False, compare=False)
    # The moments are kept divided by (1 - beta): two multiplications less a step.
    first: Array | None = field(default=None, init=False, repr=False, compare=False)
    second: Array | None = field(default=None, init=False, repr=False, compare=False)

    def init(self, params: Array) -> None:
        """Start with moments of zero."""
        self.n_steps = 0
        self.first = np.zeros_like(params)
        self.second = np.zeros_like(params)

    def step(self, params: Array, grad: Array, learning_rate: float) -> None:
        """Update ``params`` in place."""
        first, second = self.first, self.second
        assert first is not None, "init() comes before step()"
        assert second is not None
        self.n_steps += 1
        root = math.sqrt(1.0 - self.beta_2)
        scale = (
            learning_rate
            * math.sqrt(1.0 - self.beta_2**self.n_steps)
            / (1.0 - self.beta_1**self.n_steps)
            * (1.0 - self.beta_1)
            / root
        )
        epsilon = self.epsilon / root
        if params.size < _BLOCKS_FROM:
            self._step_block(params, grad, first, second, scale, epsilon)
            return
        for start in range(0, params.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            self._step_block(
                params[block], grad[block], first[block], second[block], scale, epsilon
            )

    def _step_block(
        self,
        params: Array,
        grad: Array,
        first: Array,
        second: Array,
        scale: float,
        epsilon: float,
    ) -> None:
        first *= self.beta_1
        first += grad
        np.multiply(grad, grad, out=grad)
        second *= self.beta_2
        second += grad
        np.sqrt(second, out=grad)
        grad += epsilon
        np.divide(first, grad, out=grad)
        grad *= scale
        params -= grad


#: The optimisers that the estimators know by name.
OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam}
