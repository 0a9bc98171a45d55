"""Conversion of the parameter ``class_weight`` to sample weights."""

import sys
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import builtin, short_repr


def make_class_weights(
    class_weight: Any,
    classes: NDArray[Any],
    y: NDArray[Any],
    sample_weight: Array | None,
    *,
    multilabel: bool,
) -> Callable[[NDArray[Any]], Array] | None:
    """Return a function from an encoded target to sample weights, or None.

    Parameters
    ----------
    class_weight : None, 'balanced', dict or sequence of dict
        The estimator's parameter.
    classes : ndarray of shape (n_classes,)
        The classes, or labels.
    y : ndarray
        The encoded training target, for 'balanced'.
    sample_weight : ndarray of shape (n_samples,) or None
        The sample weights, which 'balanced' takes into account: a weight of k is
        equivalent to k copies.
    multilabel : bool
        Whether the target is an indicator matrix.

    Raises
    ------
    ValueError
        If ``class_weight`` does not fit the classes.
    """
    if class_weight is None:
        return None
    # The values of each column of the target; below, the weights of these values.
    columns = [np.arange(2)] * len(classes) if multilabel else [classes]
    if isinstance(class_weight, str):
        tables = [
            _balance(codes, sample_weight, len(values))
            for codes, values in zip(_codes(y, multilabel), columns, strict=True)
        ]
    else:
        given = [class_weight] if isinstance(class_weight, dict) else class_weight
        if isinstance(class_weight, dict) == multilabel or len(given) != len(columns):
            form = (
                f"a list of {len(columns)} dicts, one {{0: weight, 1: weight}} for "
                "each label"
                if multilabel
                else "one dict with a weight for each class"
            )
            raise ValueError(
                f"class_weight={class_weight!r} does not fit y, for which it must be "
                f"{form} (or 'balanced')."
            )
        tables = [
            _look_up(weights, values)
            for weights, values in zip(given, columns, strict=True)
        ]

    def sample_weights(target: NDArray[Any]) -> Array:
        weight = np.ones(len(target))
        for table, codes in zip(tables, _codes(target, multilabel), strict=True):
            weight *= table[codes]
        return weight

    return sample_weights


def _codes(y: NDArray[Any], multilabel: bool) -> list[IntArray]:
    """Return the class codes of each column of the target."""
    if multilabel:
        return list(y.T.astype(np.intp))
    return [y.reshape(len(y)).astype(np.intp, copy=False)]


def _balance(codes: IntArray, sample_weight: Array | None, n_values: int) -> Array:
    """Return weights that give each value that occurs the same total weight."""
    counts = np.bincount(codes, weights=sample_weight, minlength=n_values)
    occurs = counts > 0
    weights = np.ones(n_values)
    weights[occurs] = counts.sum() / (occurs.sum() * counts[occurs])
    return weights


def _look_up(weights: dict[Any, Any], values: NDArray[Any]) -> Array:
    weights = {builtin(label): weight for label, weight in weights.items()}
    missing = [value for value in values.tolist() if value not in weights]
    if missing:
        raise ValueError(
            f"class_weight={short_repr(weights)} has no weight for {missing}: y has "
            f"the classes {values.tolist()}. Add {missing}, or use "
            "class_weight='balanced'."
        )
    table = [weights[value] for value in values.tolist()]
    for weight in table:
        number = isinstance(weight, Real) and not isinstance(weight, bool)
        if not (number and 0 <= weight <= sys.float_info.max):
            raise ValueError(
                f"class_weight={short_repr(weights)}: each weight must be a finite "
                f"number of at least 0, got {short_repr(weight)}."
            )
    return np.array(table, dtype=np.float64)
