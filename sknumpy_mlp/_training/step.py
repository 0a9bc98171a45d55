"""A training step: gradient clipping, the optimizer's update and constraints."""

import math
from dataclasses import dataclass

import numpy as np

from sknumpy_mlp._training.network import Workspace
from sknumpy_mlp._utils.blas import add_multiple
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.optimizers import Optimizer
from sknumpy_mlp.schedules import Constant, Schedule

_CONSTANT = Constant()


@dataclass(frozen=True)
class Regularization:
    r"""L2 penalty, weight decay and gradient clipping.

    Dropout and max-norm constraints belong to the layers.

    Attributes
    ----------
    alpha : float, default=0.0
        Strength of the L2 penalty on the coefficients, part of the objective.
    weight_decay : float, default=0.0
        Decoupled decay of the coefficients, see
        :meth:`sknumpy_mlp.optimizers.Optimizer.step`.
    decay_schedule : Schedule, default=Constant()
        Factor on ``weight_decay`` as a function of the training progress.
    max_grad_norm : float or None, default=None
        Gradient clipping: upper bound on the global Euclidean norm of the gradient,
        including that of the penalty [1]_.

    References
    ----------
    .. [1] R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training
       Recurrent Neural Networks", ICML 2013, arXiv:1211.5063.
    """

    alpha: float = 0.0
    weight_decay: float = 0.0
    decay_schedule: Schedule = _CONSTANT
    max_grad_norm: float | None = None


def update(
    workspace: Workspace,
    optimizer: Optimizer,
    learning_rate: float,
    l2: float,
    regularization: Regularization,
    progress: float = 0.0,
) -> None:
    """Update the parameters by the gradient from `objective`, which is overwritten.

    Parameters
    ----------
    workspace : Workspace
        Parameters (changed in place) and gradient.
    optimizer : Optimizer
        The optimizer.
    learning_rate : float
        The learning rate of this step.
    l2 : float
        Strength of the penalty on this batch.
    regularization : Regularization
        Weight decay and gradient clipping.
    progress : float, default=0.0
        The training progress before this step, from 0 to 1.
    """
    grad, n_coefs = workspace.grad, workspace.network.n_coefs
    if regularization.max_grad_norm is not None:
        add_multiple(grad[:n_coefs], workspace.coefs, l2)
        l2 = 0.0
        clip_norm(grad, regularization.max_grad_norm)
    optimizer.step(
        workspace.params,
        grad,
        learning_rate,
        l2=l2,
        weight_decay=regularization.weight_decay
        * regularization.decay_schedule(progress),
        n_penalized=n_coefs,
        lr_multipliers=workspace.network.lr_multipliers,
    )
    workspace.constrain()


def clip_norm(vector: Array, max_norm: float) -> None:
    """Scale a vector in place so that its Euclidean norm is at most ``max_norm``."""
    norm = math.sqrt(float(vector @ vector))
    if norm == math.inf:
        # The squares overflow: divide by the largest component first.
        largest = float(np.abs(vector).max())
        if not math.isfinite(largest):
            return  # a non-finite vector has no direction
        vector /= largest
        norm = math.sqrt(float(vector @ vector))
        vector *= min(max_norm / norm, largest)
    elif norm > max_norm:
        vector *= max_norm / norm
