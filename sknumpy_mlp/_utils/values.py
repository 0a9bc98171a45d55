"""Small objects that are what their attributes say."""

import copy
import dataclasses
import math
from contextlib import suppress
from numbers import Integral, Real
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
        return alike(vars(self), vars(other))

    def __hash__(self) -> int:
        # Attributes may be lists or arrays; equal objects at least share their names.
        return hash((type(self), *sorted(vars(self))))

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({settings})"


def alike(a: Any, b: Any) -> bool:
    """Whether two values are equal, where they or parts of them may be arrays."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if type(a) is not type(b):
        return bool(a == b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    try:
        return bool(a == b)
    except ValueError:  # a dataclass with an array compares it like a number
        return alike(_compared(a), _compared(b))


def _compared(obj: Any) -> dict[str, Any]:
    """Return the attributes that matter when a dataclass is compared."""
    attributes: dict[str, Any] = vars(obj)
    if dataclasses.is_dataclass(obj):
        names = [field.name for field in dataclasses.fields(obj) if field.compare]
        return {name: attributes[name] for name in names}
    return attributes


def copy_of(obj: Any) -> Any:
    """Return a copy that shares nothing, with Python's numbers instead of NumPy's.

    NumPy's would pull arithmetic in float32 up to float64.
    """
    copied = copy.deepcopy(obj)
    for name, value in vars(copied).items():
        if isinstance(value, np.generic):
            object.__setattr__(copied, name, value.item())
    return copied


def builtin(value: Any) -> Any:
    """Return strings and integers of any type as str and int.

    Members of an enumeration may be strings or integers, but their hash is another.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Integral) and not isinstance(value, bool | np.bool_):
        return int(value)
    return value


def plain(value: Any) -> Any:
    """Return Python's numbers and strings instead of NumPy's, also in containers."""
    if isinstance(value, np.number | np.bool_ | np.str_ | np.bytes_):
        return value.item()
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    return value


# Longer values are cut in messages.
_LONGEST = 500


def shown(value: Any) -> str:
    """Return a value as messages of errors show it.

    A list of a million numbers would drown what is to be said of it, and Python refuses
    to write down an int of more than some thousand digits.  NumPy's numbers and strings
    are written as Python's.
    """
    with suppress(RecursionError):  # a list that holds itself
        value = plain(value)
    try:
        text = repr(value)
    except ValueError:
        return f"<{type(value).__name__} too long to be shown>"
    if len(text) > _LONGEST:
        return f"{text[: _LONGEST // 2]}...{text[-20:]}"
    return text


def check_number(
    obj: Any, name: str, low: float, high: float = math.inf, *, closed: str = "left"
) -> None:
    """Raise ValueError if an attribute is no number in a range; make it a float.

    Parameters
    ----------
    obj : object
        Its class and the attribute are named in the message.
    name : str
        The attribute.
    low, high : float
        The ends of the range.
    closed : {'left', 'right', 'both', 'neither'}, default='left'
        Which ends belong to it.
    """
    value = getattr(obj, name)
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool | np.bool_):
        with suppress(OverflowError):  # an int beyond every float
            number = float(value)
    # Written so that NaN fails.
    above = number >= low if closed in ("left", "both") else number > low
    below = number <= high if closed in ("right", "both") else number < high
    if not (above and below):
        left = "[" if closed in ("left", "both") else "("
        right = "]" if closed in ("right", "both") else ")"
        raise ValueError(
            f"{type(obj).__name__}({name}={shown(value)}): {name} must be a number in "
            f"the range {left}{low:g}, {high:g}{right}."
        )
    object.__setattr__(obj, name, number)


def check_count(obj: Any, name: str) -> None:
    """Raise ValueError if an attribute is no int of at least 1.

    Parameters
    ----------
    obj : object
        Its class and the attribute are named in the message.
    name : str
        The attribute.
    """
    value = getattr(obj, name)
    is_int = isinstance(value, Integral) and not isinstance(value, bool)
    if not (is_int and value >= 1):
        raise ValueError(
            f"{type(obj).__name__}({name}={shown(value)}): {name} must be an int of at "
            "least 1."
        )


def check_bool(obj: Any, name: str) -> None:
    """Raise ValueError if an attribute is neither True nor False.

    Parameters
    ----------
    obj : object
        Its class and the attribute are named in the message.
    name : str
        The attribute.
    """
    value = getattr(obj, name)
    if not isinstance(value, bool | np.bool_):
        raise ValueError(
            f"{type(obj).__name__}({name}={shown(value)}): {name} must be True or "
            "False."
        )
