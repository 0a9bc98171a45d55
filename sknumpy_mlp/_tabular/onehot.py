"""One-hot encoding of columns of few categories."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import IntArray


def onehot_categories(categories: list[Any]) -> list[Any]:
    """Return the categories that have a column; of two, only the second one."""
    return categories[1:] if len(categories) == 2 else categories


def onehot(codes: IntArray, n_categories: int) -> NDArray[Any]:
    """One-hot encode category codes, from 1; 0 is for unknown and missing categories.

    Two categories are encoded by a single column with -1 and 1.
    """
    if n_categories == 2:
        signs: NDArray[Any] = np.array([0.0, -1.0, 1.0])[codes]
        return signs[:, np.newaxis]
    is_category: NDArray[Any] = codes[:, np.newaxis] == np.arange(1, n_categories + 1)
    return is_category
