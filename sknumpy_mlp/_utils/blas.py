"""BLAS routines that NumPy does not call."""

from typing import Any

import numpy as np
from scipy.linalg.blas import daxpy, saxpy

from sknumpy_mlp._utils.typing import Array

_AXPY: dict[Any, Any] = {np.dtype(np.float32): saxpy, np.dtype(np.float64): daxpy}


def add_multiple(y: Array, x: Array, factor: float) -> None:
    """Compute ``y += factor * x`` in place, in a single pass (axpy).

    NumPy makes two passes, with a temporary array: this takes half of the time.

    Parameters
    ----------
    y, x : ndarray of shape (n,)
        Contiguous arrays of the same type, float32 or float64.
    factor : float
        The factor.
    """
    if y.size:  # SciPy's wrapper refuses empty arrays
        _AXPY[y.dtype](x, y, a=factor)
