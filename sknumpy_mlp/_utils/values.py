"""Value objects: equality, copies, representation and checks of attributes."""

import copy
import dataclasses
import math
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from sknumpy_mlp._utils.intervals import Closed, Interval, is_bool, is_integer


class Value:
    """Base of activations, losses and schedules, with equality by value.

    A training run can be resumed only with equal settings, which may be instances of
    custom classes.  Dataclasses define their own equality; this is for other classes.
    """

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return deep_equal(vars(self), vars(other))

    def __hash__(self) -> int:
        # Attributes may be unhashable; equal objects have the same attribute names.
        return hash((type(self), *sorted(vars(self))))

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({settings})"


def deep_equal(a: Any, b: Any) -> bool:
    """Return True if two values, which may contain arrays, are equal."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if type(a) is not type(b):
        return bool(a == b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(deep_equal(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(deep_equal, a, b))
    try:
        return bool(a == b)
    except ValueError:  # raised by the equality of dataclasses with arrays
        return deep_equal(_compared(a), _compared(b))


def _compared(obj: Any) -> dict[str, Any]:
    """Return the attributes that take part in a comparison."""
    attributes: dict[str, Any] = vars(obj)
    if dataclasses.is_dataclass(obj):
        names = [field.name for field in dataclasses.fields(obj) if field.compare]
        return {name: attributes[name] for name in names}
    return attributes


def copy_with_python_numbers(obj: Any) -> Any:
    """Return a deep copy whose attributes are Python numbers instead of NumPy numbers.

    NumPy numbers would promote results in float32 to float64.
    """
    copied = copy.deepcopy(obj)
    for name, value in vars(copied).items():
        if isinstance(value, np.generic):
            object.__setattr__(copied, name, value.item())
    return copied


def builtin(value: Any) -> Any:
    """Return strings and integers of any type as str and int.

    Members of enumerations can be strings or integers with a different hash.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if is_integer(value):
        return int(value)
    return value


def plain(value: Any) -> Any:
    """Convert NumPy numbers and strings to those of Python, also in containers."""
    if isinstance(value, np.number | np.bool_ | np.str_ | np.bytes_):
        return value.item()
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    return value


# Longer representations are shortened in messages.
_LONGEST = 500


def short_repr(value: Any) -> str:
    """Return the representation of a value for error messages.

    Long representations are shortened, and NumPy's numbers and strings look like
    Python's.  Ints with more digits than Python converts to strings do not raise.
    """
    with suppress(RecursionError):  # a list that contains itself
        value = plain(value)
    try:
        text = repr(value)
    except ValueError:
        return f"<{type(value).__name__} too long to be shown>"
    if len(text) > _LONGEST:
        return f"{text[: _LONGEST // 2]}...{text[-20:]}"
    return text


def check_number(
    obj: Any, name: str, low: float, high: float = math.inf, *, closed: Closed = "left"
) -> None:
    """Convert an attribute to float; raise ValueError unless it is in an interval.

    Parameters
    ----------
    obj : object
        The object, whose class is named in the message.
    name : str
        The attribute.
    low, high : float
        The ends of the interval.
    closed : {'left', 'right', 'both', 'neither'}, default='left'
        The ends that belong to it.
    """
    value, interval = getattr(obj, name), Interval(low, high, closed)
    if value not in interval:
        _refuse(obj, name, f"a number in the range {interval}")
    object.__setattr__(obj, name, float(value))


def check_count(obj: Any, name: str) -> None:
    """Raise ValueError unless an attribute is an integer of at least 1.

    Parameters
    ----------
    obj : object
        The object, whose class is named in the message.
    name : str
        The attribute.
    """
    value = getattr(obj, name)
    if not (is_integer(value) and value >= 1):
        _refuse(obj, name, "an int of at least 1")


def check_bool(obj: Any, name: str) -> None:
    """Raise ValueError unless an attribute is a Boolean.

    Parameters
    ----------
    obj : object
        The object, whose class is named in the message.
    name : str
        The attribute.
    """
    if not is_bool(getattr(obj, name)):
        _refuse(obj, name, "True or False")


def _refuse(obj: Any, name: str, required: str) -> NoReturn:
    value = short_repr(getattr(obj, name))
    raise ValueError(
        f"{type(obj).__name__}({name}={value}): {name} must be {required}."
    )
