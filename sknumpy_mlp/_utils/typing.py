"""Names for the types that annotations use everywhere."""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A floating-point array; its rank and shape are given where it is used.
Array: TypeAlias = NDArray[np.floating[Any]]

#: An array of row numbers or class codes.
IntArray: TypeAlias = NDArray[np.intp]

#: What draws random numbers: scikit-learn's legacy stream or NumPy's new one.
RandomSource: TypeAlias = np.random.RandomState | np.random.Generator

Shape: TypeAlias = tuple[int, ...]

#: The types that networks compute in.
DtypeName: TypeAlias = Literal["float32", "float64"]
