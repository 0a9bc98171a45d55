"""Class labels and other strings in types that ONNX has."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.values import shown


def check_unicode(what: str, string: str) -> None:
    """Raise ValueError for a string that UTF-8, which ONNX stores, cannot hold."""
    try:
        string.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} {shown(string)}, with half a character (a lone surrogate), which "
            "ONNX cannot hold. Replace it, for example by "
            "string.encode(errors='replace').decode(), and fit again."
        ) from error


def labels_of(classes: NDArray[Any]) -> NDArray[Any]:
    """Return class labels in a type that ONNX has.

    Raises
    ------
    ValueError
        If there is none, since labels are of several types, or no valid Unicode.
    """
    values = [
        value.item() if isinstance(value, np.generic) else value
        for value in classes.tolist()
    ]
    if all(isinstance(value, str) for value in values):
        for value in values:
            check_unicode("There is the class label", value)
        return np.array(values, dtype=object)
    if all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
    if whole and all(-(2**63) <= v < 2**63 for v in values):
        return np.array(values, dtype=np.int64)
    if all(isinstance(value, float) for value in values):
        return np.array(values, dtype=np.float64)
    raise ValueError(
        f"ONNX has no type for the class labels {values[:10]}. Fit with labels that "
        "are all strings, all ints (of 64 bits, with a sign), all floats or all bools."
    )
