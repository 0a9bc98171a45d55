"""Class labels and strings in types that ONNX supports."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.values import short_repr


def check_unicode(subject: str, string: str) -> None:
    """Raise ValueError for a string that cannot be encoded in UTF-8, as ONNX requires.

    ``subject`` is the beginning of the message, which introduces the string.
    """
    try:
        string.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{subject} {short_repr(string)}, with half a character (a lone "
            "surrogate), which ONNX cannot hold. Replace it, for example by "
            "string.encode(errors='replace').decode(), and fit again."
        ) from error


def labels_of(classes: NDArray[Any]) -> NDArray[Any]:
    """Return class labels in a type that ONNX supports.

    Raises
    ------
    ValueError
        If labels are of mixed types, or are not valid Unicode.
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
    are_ints = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
    if are_ints and all(-(2**63) <= v < 2**63 for v in values):
        return np.array(values, dtype=np.int64)
    if all(isinstance(value, float) for value in values):
        return np.array(values, dtype=np.float64)
    raise ValueError(
        f"ONNX has no type for the class labels {values[:10]}. Fit with labels that "
        "are all strings, all ints (of 64 bits, with a sign), all floats or all bools."
    )
