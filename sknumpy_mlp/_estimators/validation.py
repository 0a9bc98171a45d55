"""User-supplied validation data, which is validated like the training data."""

from collections.abc import Callable
from typing import Any, TypeAlias

from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length

from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.dates import refuse_dates
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.sample_weights import apply_class_weights, check_sample_weight
from sknumpy_mlp._inputs.targets import read_target, squeeze_single_column
from sknumpy_mlp._utils.typing import Array

#: ``X_val``, ``y_val`` and ``sample_weight_val``, not validated.
Validation: TypeAlias = tuple[Any, Any, Any]


def read_validation(
    validation: Validation,
    read_X: Callable[[Any], Any],
    target: Target,
    y_train: NDArray[Any],
    class_weights: Callable[[NDArray[Any]], Array] | None,
) -> Data | None:
    """Validate and encode validation data; return None if there is none.

    Parameters
    ----------
    validation : tuple
        ``X_val``, ``y_val`` and ``sample_weight_val``.
    read_X : callable
        Returns ``X_val`` as an array.
    target : Target
        The fitted target.
    y_train : ndarray
        The encoded training target, with the data type and the number of columns for
        ``y_val``.
    class_weights : callable or None
        A function from an encoded target to sample weights.

    Raises
    ------
    ValueError
        If ``X_val`` or ``y_val`` is missing, or does not match the training data.
    """
    X, y, sample_weight = validation
    for name, value in (("y_val", y), ("sample_weight_val", sample_weight)):
        if X is None and value is not None:
            raise ValueError(
                f"{name} is provided, but X_val was not provided. Pass both, or "
                "neither."
            )
    if X is None:
        return None
    if y is None:
        raise ValueError(
            "X_val is provided, but y_val was not provided. Pass both, or neither."
        )
    X = read_X(X)
    refuse_dates(y, "y_val")
    y = read_target(y, "y_val", numeric=target.is_numeric)
    with error_prefix("y_val"):
        y = check_array(
            y,
            accept_sparse="csr",
            ensure_2d=False,
            dtype="numeric" if target.is_numeric else None,
            input_name="y_val",
        )
    y = squeeze_single_column(y, dense=target.is_numeric, warn=False)
    with error_prefix("X_val and y_val"):
        check_consistent_length(X, y)
    weight = check_sample_weight(sample_weight, X, "sample_weight_val")
    encoded = target.encode(y, y_train.dtype, "y_val")
    if encoded.ndim != y_train.ndim or encoded.shape[1:] != y_train.shape[1:]:
        columns = [1 if a.ndim == 1 else a.shape[1] for a in (encoded, y_train)]
        raise ValueError(
            f"y_val has {columns[0]} columns, but y has {columns[1]}. Pass the "
            "same targets for both."
        )
    with error_prefix("y_val"):
        target.loss.check_target(encoded)
    return apply_class_weights(Data(X, encoded, weight, y), class_weights)
