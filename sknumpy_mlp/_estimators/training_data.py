"""The training data of a fit: an encoded target, and weights of rows and classes."""

from collections.abc import Callable
from typing import Any, TypeAlias

from numpy.typing import NDArray

from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.sample_weights import apply_class_weights
from sknumpy_mlp._utils.typing import Array

#: A function from encoded targets to the weights of their classes, or None.
ClassWeights: TypeAlias = Callable[[NDArray[Any]], Array] | None


def encode_training_data(
    target: Target, X: Any, y: Any, sample_weight: Array | None, class_weight: Any
) -> tuple[Data, ClassWeights]:
    """Encode a target, and multiply sample weights by class weights.

    Parameters
    ----------
    target : Target
        The fitted target.
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        The features, whose data type is also that of the encoded target.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        The target, validated.
    sample_weight : ndarray of shape (n_samples,) or None
        The weights of the rows.
    class_weight : object
        The estimator's parameter; None for regressors.

    Returns
    -------
    data : Data
        The training data.
    class_weights : callable or None
        The weights of the classes, for validation data.

    Raises
    ------
    ValueError
        If the target is outside the domain of the loss, or ``class_weight`` does not
        match the classes.
    """
    encoded = target.encode(y, X.dtype, "y")
    target.loss.check_target(encoded)
    class_weights = target.class_weights(class_weight, encoded, sample_weight)
    data = apply_class_weights(Data(X, encoded, sample_weight, y), class_weights)
    return data, class_weights
