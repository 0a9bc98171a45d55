"""L-BFGS: full-batch training with SciPy."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.network import Workspace
from sknumpy_mlp._training.objective import full_batch_objective
from sknumpy_mlp._training.run import EpochEnd
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.losses import Loss


@dataclass(frozen=True)
class LBFGSResult:
    """The result of L-BFGS.

    Attributes
    ----------
    n_iter : int
        Number of iterations.
    loss : float
        Final value of the objective.
    converged : bool
        Whether a convergence criterion was met before a limit was reached.
    message : str
        SciPy's description of the reason for termination.
    """

    n_iter: int
    loss: float
    converged: bool
    message: str


def minimize_lbfgs(
    workspace: Workspace,
    loss: Loss,
    batches: Batches,
    *,
    alpha: float,
    tol: float,
    max_iter: int,
    max_fun: int,
    on_iteration: Callable[[EpochEnd], bool],
    on_evaluation: Callable[[], None] = lambda: None,
    n_iter_done: int = 0,
) -> LBFGSResult:
    """Minimize the full-batch objective with SciPy's L-BFGS-B.

    After a KeyboardInterrupt, which is re-raised, ``workspace.params`` contains the
    parameters of the last completed iteration.

    Parameters
    ----------
    workspace : Workspace
        Network, parameters (changed in place, float64) and buffers.
    loss : Loss
        The loss.
    batches : Batches
        The data.  The objective is accumulated batch by batch, so that memory is
        bounded; the batch size affects rounding only.
    alpha : float
        Strength of the L2 penalty on the coefficients.
    tol : float
        Stop when no component of the gradient exceeds it.
    max_iter, max_fun : int
        Maximum number of iterations and of evaluations of the objective.
    on_iteration : callable
        Called after each iteration; returns True to stop.
    on_evaluation : callable, default=lambda: None
        Called before each evaluation of the objective.
    n_iter_done : int, default=0
        Number of iterations already done, if an interrupted run is resumed.

    Returns
    -------
    result : LBFGSResult
        Iterations, final objective and the reason for termination.
    """
    began = time.perf_counter()
    params = workspace.params
    accepted = params.copy()
    n_iter = n_iter_done
    handling = np.geterr()

    def value_and_gradient(candidate: Array) -> tuple[float, Array]:
        on_evaluation()
        np.copyto(params, candidate)
        return full_batch_objective(workspace, loss, batches, alpha)

    def report(intermediate_result: scipy.optimize.OptimizeResult) -> None:
        nonlocal n_iter
        n_iter += 1
        np.copyto(accepted, intermediate_result.x)
        seconds = time.perf_counter() - began
        loss = float(intermediate_result.fun)
        event = EpochEnd(n_iter, loss, None, seconds, accepted)
        # Floating-point errors are ignored in the solver, but not in callbacks.
        with np.errstate(**handling):
            is_over = on_iteration(event)
        if is_over:
            raise StopIteration

    try:
        # The caller checks the result for non-finite values.
        with np.errstate(all="ignore"):
            result = scipy.optimize.minimize(
                value_and_gradient,
                accepted.copy(),
                method="L-BFGS-B",
                jac=True,
                callback=report,
                options={
                    "maxiter": max_iter - n_iter_done,
                    "maxfun": max_fun,
                    "gtol": tol,
                },
            )
    except KeyboardInterrupt:
        np.copyto(params, accepted)
        raise
    np.copyto(params, result.x)
    return LBFGSResult(
        n_iter=min(int(result.nit) + n_iter_done, max_iter),
        loss=float(result.fun),
        converged=result.status == 0,
        message=str(result.message),
    )
