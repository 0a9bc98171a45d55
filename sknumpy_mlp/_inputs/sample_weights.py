"""Sample weights and class weights."""

from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length

from sknumpy_mlp._inputs.arrays import as_array, not_array_error, to_array, to_numbers
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.dates import refuse_dates
from sknumpy_mlp._inputs.errors import error_prefix, item_name
from sknumpy_mlp._inputs.missing import refuse_masked
from sknumpy_mlp._utils.typing import Array


def check_sample_weight(
    sample_weight: Any, X: Any, name: str = "sample_weight"
) -> Array | None:
    """Validate sample weights and convert them to the data type of ``X``.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), float or None
        The weights.
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        The validated features.
    name : str, default='sample_weight'
        The name of the argument.

    Returns
    -------
    sample_weight : ndarray of shape (n_samples,) or None
        The weights; None for None.

    Raises
    ------
    ValueError, TypeError
        If they are not finite and non-negative, or if all of them are zero.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(X.shape[0], sample_weight)
    refuse_dates(sample_weight, name)
    refuse_masked(sample_weight, name)
    weight: Any = as_array(sample_weight, name)
    if not hasattr(weight, "toarray"):  # check_array refuses sparse weights
        weight = to_array(weight, name)
    if weight.ndim == 0:
        raise not_array_error(sample_weight, name, "a number or an array-like")
    if weight.dtype.kind in "OSTU":
        weight = to_numbers(weight, name)
    if weight.dtype.kind == "c":
        raise ValueError(
            f"{name}: Complex data not supported. Weights must be real numbers."
        )
    with error_prefix(name), np.errstate(over="ignore"):
        weight = check_array(
            weight, ensure_2d=False, dtype=X.dtype, ensure_all_finite=False
        )
    _refuse_infinite_weights(weight, name)
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array of "
            f"the shape {weight.shape} as {name}. Expected a number or an array of "
            f"length {X.shape[0]}."
        )
    with error_prefix(f"{name} and X"):
        check_consistent_length(weight, X)
    if weight.min() < 0:
        raise ValueError(
            f"Negative values in data passed to `{name}`: the smallest is "
            f"{weight.min()}. Weights must be at least 0."
        )
    if not weight.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: with "
            f"{name}=0 (in {weight.dtype}) for every sample none of them counts. Give "
            f"some a weight above 0, or leave {name} out."
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError(
                f"The sum of {name} is too large for {weight.dtype}, the type "
                "of X. Divide the weights by their mean."
            )
    checked: Array = weight
    return checked


def _refuse_infinite_weights(weight: Array, name: str) -> None:
    """Raise ValueError for infinite and NaN weights; the message names the first."""
    bad = ~np.isfinite(weight)
    if bad.any():
        index = tuple(np.argwhere(bad)[0].tolist())
        what = "NaN"
        if not np.isnan(weight[index]):
            what = f"infinity or a value too large for {weight.dtype!r}"
        raise ValueError(
            f"Input {name} contains {what}: the first is {item_name(name, index)}. "
            "Weights must be finite numbers: correct it, or leave the row out."
        )


def apply_class_weights(
    data: Data, class_weights: Callable[[NDArray[Any]], Array] | None
) -> Data:
    """Multiply the sample weights by the class weights.

    Parameters
    ----------
    data : Data
        The data.
    class_weights : callable or None
        A function that returns the class weight of each row of an encoded target.

    Raises
    ------
    ValueError
        If all of the products are zero, or their sum is infinite.
    """
    if class_weights is None:
        return data
    weight = class_weights(data.y).astype(data.X.dtype, copy=False)
    if data.sample_weight is not None:
        weight = weight * data.sample_weight
    if not weight.any() or not np.isfinite(weight.sum()):
        raise ValueError(
            "The class weights, times sample_weight, must not all be zero, and their "
            f"sum must be finite in {weight.dtype}, the type of X: the sum is "
            f"{weight.sum()}. Change class_weight."
        )
    return replace(data, sample_weight=weight)
