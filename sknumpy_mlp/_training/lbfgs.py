"""L-BFGS: the objective on all rows, minimized by SciPy."""

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
    """How a run of L-BFGS ended.

    Attributes
    ----------
    n_iter : int
        Iterations done.
    loss : float
        Final value of the objective.
    converged : bool
        Whether a stopping criterion was met before a limit.
    message : str
        SciPy's account of it.
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
    """Minimize the objective on all data with SciPy's L-BFGS-B.

    Parameters
    ----------
    workspace : Workspace
        Network, parameters (changed in place, float64) and memory.
    loss : Loss
        The loss.
    batches : Batches
        The data, in order.  An evaluation of the objective goes through it batch by
        batch, so that memory is bounded; only rounding depends on their size.
    alpha : float
        Strength of the penalty on the coefficients.
    tol : float
        Stop when no component of the gradient exceeds it.
    max_iter, max_fun : int
        Limits on iterations and on evaluations of the objective.
    on_iteration : callable
        Told about the end of each iteration; returns True to end the run.
    on_evaluation : callable, default=lambda: None
        Told about each evaluation of the objective.
    n_iter_done : int, default=0
        Iterations of this run that were done before, if it was cut off.

    Returns
    -------
    result : LBFGSResult
        After KeyboardInterrupt, which is passed on, ``workspace.params`` holds the
        parameters of the last finished iteration.
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
        # Silence is for our arithmetic, not for that of whoever is told.
        with np.errstate(**handling):
            is_over = on_iteration(event)
        if is_over:
            raise StopIteration

    try:
        # Overflow shows in the result, which our caller checks.
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
