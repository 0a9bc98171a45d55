"""What the estimators are given, and give: targets, weights, losses, predictions."""

import hashlib
import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from numbers import Real
from types import CodeType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from sknumpy_mlp._evaluation import Data
from sknumpy_mlp._frames import refuse_dates
from sknumpy_mlp._typing import Array
from sknumpy_mlp.losses import Loss

_ATOMS = (NoneType, bool, int, float, str)


def one_or_several_columns(y: Any, *, dense: bool, warn: bool) -> Any:
    """Return a target of one column as a vector."""
    if dense and hasattr(y, "toarray"):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=warn)
    return y


def describe(value: Any) -> Any:
    """Return what JSON can hold of a parameter, the same in every process."""
    try:
        return _describe(value)
    except RecursionError:  # an object that holds itself
        return type(value).__qualname__


def _describe(value: Any) -> Any:
    if isinstance(value, _ATOMS):
        return value
    if isinstance(value, np.generic):
        return _describe(value.item())
    if isinstance(value, np.ndarray):
        long_and_numeric = value.size > 1000 and value.dtype.kind in "biufc"
        return digest(value) if long_and_numeric else _describe(value.tolist())
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    if isinstance(value, dict):
        pairs = [[_describe(key), _describe(item)] for key, item in value.items()]
        return sorted(pairs, key=repr)
    if isinstance(value, CodeType):
        return _describe([value.co_code.hex(), value.co_names, value.co_consts])
    if isinstance(value, FunctionType):  # its name may be <lambda>
        cells = inspect.getclosurevars(value).nonlocals
        bound = {name: cell for name, cell in cells.items() if isinstance(cell, _ATOMS)}
        return _describe(
            [value.__qualname__, value.__code__, value.__defaults__, bound]
        )
    # An address differs from process to process, and so may what a stream has drawn.
    opaque = np.random.RandomState | type | ModuleType
    if isinstance(value, opaque) or not hasattr(value, "__dict__"):
        return type(value).__qualname__ if " at 0x" in repr(value) else repr(value)
    attributes = {
        name: item
        for name, item in vars(value).items()
        if name not in ("n_steps", "moments")  # an optimiser's memory
    }
    is_plain = all(isinstance(item, _ATOMS) for item in attributes.values())
    if is_plain and " at 0x" not in repr(value):
        return repr(value)
    return [type(value).__qualname__, _describe(attributes)]


def digest(*arrays: Any) -> str:
    """Return a short text that no other data has, in practice."""
    sums = hashlib.blake2b(digest_size=16)
    for array in arrays:
        if array is None:
            sums.update(b"None")
        elif isinstance(array, np.ndarray):
            sums.update(f"{array.dtype.str}{array.shape}".encode())
            # In parts: a copy in row-major order may not fit into memory.
            for start in range(0, len(array), 4096):
                sums.update(np.ascontiguousarray(array[start : start + 4096]).data)
        else:
            sums.update(digest(array.data, array.indices, array.indptr).encode())
    return sums.hexdigest()


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Begin messages of errors with the name of what they are about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from error


def check_loss(loss: Loss, y: NDArray[Any], n_outputs: int, dtype: Any) -> None:
    """Try a loss out, since it may be the user's own, and a wrong shape is no error."""
    raw = np.zeros((min(2, len(y)), n_outputs), dtype)
    losses = loss.loss_gradient(y[: len(raw)], raw)
    if not isinstance(losses, np.ndarray) or losses.shape != (len(raw),):
        found = getattr(losses, "shape", type(losses).__name__)
        raise ValueError(
            f"loss={loss!r} must return an array with a loss for each row from "
            f"loss_gradient: shape {(len(raw),)} for {len(raw)} rows, got {found}."
        )
    predicted = loss.predict(np.zeros_like(raw))
    if np.shape(predicted) != raw.shape:
        raise ValueError(
            f"loss={loss!r} must return an array of the shape of raw, {raw.shape}, "
            f"from predict, got {np.shape(predicted)}."
        )


def weigh(data: Data, class_weights: Callable[[NDArray[Any]], Array] | None) -> Data:
    """Multiply the rows' weights by those of their classes."""
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


def check_sample_weight(
    sample_weight: Any, X: Any, name: str = "sample_weight"
) -> Array | None:
    """Return the weights in the type of ``X``, or None for None."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(X.shape[0], sample_weight)
    refuse_dates(sample_weight, name)
    with naming(name):
        weight: Array = check_array(
            sample_weight, ensure_2d=False, dtype=X.dtype, input_name=name
        )
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array of "
            f"the shape {weight.shape} as {name}. Expected a number or an array of "
            f"length {X.shape[0]}."
        )
    with naming(f"{name} and X"):
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
    return weight


def refuse_overflow(predicted: Array) -> Array:
    """Return predictions, or raise ValueError if one is infinite or NaN.

    Weights that have nearly diverged are finite, and what they make of an ordinary row
    may not be; nor what any weights make of a row like no other.
    """
    # A sum takes no memory, and is not finite if one of its terms is not.
    if math.isfinite(np.add.reduce(predicted, axis=None)):
        return predicted
    is_finite = np.isfinite(predicted)
    if is_finite.all():
        return predicted
    rows = np.flatnonzero(~is_finite.reshape(len(predicted), -1).all(axis=1))
    raise ValueError(
        f"The outputs of the network for {len(rows)} of {len(predicted)} samples, the "
        f"first of them X[{rows[0]}], are infinite or NaN: values of X, or the weights "
        f"in coefs_, are so large that {predicted.dtype} does not hold the results. If "
        "these samples are unlike those of the training, correct them or leave them "
        "out. If not, the training has nearly diverged: scale the features, for "
        "example with StandardScaler in a Pipeline, lower learning_rate_init, or set "
        "max_grad_norm, and fit again."
    )


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Give the estimator its attributes back if the block raises."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
