"""The objective, mean loss plus L2 penalty, and its gradient."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.network import Workspace
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import Loss


def objective(
    workspace: Workspace,
    loss: Loss,
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[Any] | None,
    alpha: float,
    total_weight: float | None = None,
) -> tuple[float, float]:
    r"""Evaluate the objective on a batch, and write its gradient to ``workspace.grad``.

    .. math::

        J = \frac{1}{S} \sum_i s_i \ell(y_i, raw_i)
            + \frac{\alpha}{2 S} \lVert W \rVert^2,
        \qquad S = \sum_i s_i

    As in scikit-learn, ``alpha`` is divided by the total weight of the *batch*.  The
    gradient does not include that of the penalty, ``l2 * workspace.coefs``: the
    optimizer adds it block by block, while the block is in the cache.

    Parameters
    ----------
    workspace : Workspace
        The network's parameters and buffers.
    loss : Loss
        The loss.
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        Input of the batch.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets of the batch.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights :math:`s_i`, not all zero; None for ones.
    alpha : float
        Strength of the penalty on the coefficients.
    total_weight : float or None, default=None
        The divisor S; None for the sum of the weights of the batch.  With the sum of
        all rows, values and gradients of the batches add up to those of all rows.

    Returns
    -------
    value : float
        The objective, including the penalty.
    l2 : float
        Strength of the penalty on this batch.
    """
    delta = workspace.forward(X)
    losses = loss.loss_gradient(y, delta)
    if sample_weight is None:
        total_weight = total_weight or float(losses.shape[0])
        value = float(losses.sum()) / total_weight
        delta *= 1.0 / total_weight
    else:
        total_weight = total_weight or float(sample_weight.sum())
        value = float(sample_weight @ losses) / total_weight
        delta *= (sample_weight / total_weight)[:, np.newaxis]
    workspace.backward(delta)
    l2 = alpha / total_weight
    if l2:
        value += 0.5 * l2 * float(workspace.coefs @ workspace.coefs)
    return value, l2


def full_batch_objective(
    workspace: Workspace, loss: Loss, batches: Batches, alpha: float
) -> tuple[float, Array]:
    """Evaluate the objective on all rows, accumulated batch by batch.

    Parameters
    ----------
    workspace, loss, alpha
        As in `objective`.
    batches : Batches
        The data.

    Returns
    -------
    value : float
        The objective, including the penalty.
    gradient : ndarray of shape (n_params,)
        The gradient, including the penalty.
    """
    total_weight = batches.total_weight
    value, gradient = 0.0, np.zeros_like(workspace.grad)
    for X, y, sample_weight in batches.in_order():
        # Cast by batch: a copy of all of X may not fit into memory.
        X = X.astype(workspace.params.dtype, copy=False)
        # The penalty is added once, with the first batch.
        batch_value, l2 = objective(
            workspace, loss, X, y, sample_weight, alpha, total_weight
        )
        value += batch_value
        gradient += workspace.grad
        if l2:
            coefs_gradient = gradient[: workspace.network.n_coefs]
            coefs_gradient += l2 * workspace.coefs
        alpha = 0.0
    return value, gradient
