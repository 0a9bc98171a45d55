"""Digests of parameters and data, for the fingerprint of a run.

A checkpoint stores the fingerprint, so that training is only resumed with the same
parameters and data.
"""

import hashlib
import inspect
from types import CodeType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np

# Values of these types are stored in JSON unchanged.
_JSON_SCALARS = (NoneType, bool, int, float, str)


def describe(value: Any) -> Any:
    """Return a JSON-serializable description of a value, the same in every process."""
    try:
        return _describe(value)
    except RecursionError:  # an object that contains itself
        return type(value).__qualname__


def _describe(value: Any) -> Any:
    if isinstance(value, _JSON_SCALARS):
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
    if isinstance(value, FunctionType):  # the name alone may be <lambda>
        cells = inspect.getclosurevars(value).nonlocals
        bound = {
            name: cell
            for name, cell in cells.items()
            if isinstance(cell, _JSON_SCALARS)
        }
        return _describe(
            [value.__qualname__, value.__code__, value.__defaults__, bound]
        )
    # Addresses and the states of random generators differ between processes.
    opaque = np.random.RandomState | type | ModuleType
    if isinstance(value, opaque) or not hasattr(value, "__dict__"):
        return type(value).__qualname__ if " at 0x" in repr(value) else repr(value)
    attributes = {
        name: item
        for name, item in vars(value).items()
        if name not in ("n_steps", "moments")  # the state of an optimizer
    }
    is_plain = all(isinstance(item, _JSON_SCALARS) for item in attributes.values())
    if is_plain and " at 0x" not in repr(value):
        return repr(value)
    return [type(value).__qualname__, _describe(attributes)]


def digest(*arrays: Any) -> str:
    """Return a hash of arrays and sparse matrices, as a string."""
    sums = hashlib.blake2b(digest_size=16)
    for array in arrays:
        if array is None:
            sums.update(b"None")
        elif isinstance(array, np.ndarray):
            sums.update(f"{array.dtype.str}{array.shape}".encode())
            # In chunks, since a C-contiguous copy may not fit into memory.
            for start in range(0, len(array), 4096):
                sums.update(np.ascontiguousarray(array[start : start + 4096]).data)
        else:
            sums.update(digest(array.data, array.indices, array.indptr).encode())
    return sums.hexdigest()
