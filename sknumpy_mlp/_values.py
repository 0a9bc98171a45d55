"""Small objects that are what their attributes say."""

import copy
from typing import Any

import numpy as np


class Value:
    """Base of activations, losses and schedules: equal if of one type and alike.

    Whether a training can go on where it stopped depends on whether it is still the
    same training, and users write classes of their own.  Dataclasses bring their own
    methods for this; for all other subclasses these do.
    """

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return vars(self) == vars(other)

    def __hash__(self) -> int:
        # Attributes may be lists or arrays; equal objects at least share their names.
        return hash((type(self), *sorted(vars(self))))

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({settings})"


def copy_of(obj: Any) -> Any:
    """Return a copy that shares nothing, with Python's numbers instead of NumPy's.

    NumPy's would pull arithmetic in float32 up to float64.
    """
    copied = copy.deepcopy(obj)
    for name, value in vars(copied).items():
        if isinstance(value, np.generic):
            object.__setattr__(copied, name, value.item())
    return copied
