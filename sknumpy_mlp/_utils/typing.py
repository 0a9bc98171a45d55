"""Type aliases for annotations throughout the package."""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A floating-point array; docstrings state its shape.
Array: TypeAlias = NDArray[np.floating[Any]]

#: An array of row numbers or class codes.
IntArray: TypeAlias = NDArray[np.signedinteger[Any]]

#: A random number generator: the legacy one of scikit-learn, or NumPy's new one.
RandomSource: TypeAlias = np.random.RandomState | np.random.Generator

Shape: TypeAlias = tuple[int, ...]

#: The data types of networks.
DtypeName: TypeAlias = Literal["float32", "float64"]
