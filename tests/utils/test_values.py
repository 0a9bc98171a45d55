"""What makes small objects equal, and copies of them."""

import dataclasses
import enum
from typing import Any

import numpy as np
import pytest

from sknumpy_mlp._utils.values import (
    Value,
    builtin,
    check_bool,
    check_number,
    copy_with_python_numbers,
    deep_equal,
    short_repr,
)


class Word(str, enum.Enum):  # noqa: UP042
    ONE = "one"


class Code(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(6), "6"),
        (np.float32(0.5), "0.5"),
        (np.bool_(True), "True"),
        (np.str_("a"), "'a'"),
        (("a", np.int64(2)), "('a', 2)"),
        ([np.float64(0.5), {np.str_("a"): [np.int8(1)]}], "[0.5, {'a': [1]}]"),
        (frozenset([np.int64(1)]), "frozenset({1})"),
        (np.array([1, 2]), "array([1, 2])"),
        (Word.ONE, "<Word.ONE: 'one'>"),
        (None, "None"),
    ],
    ids=str,
)
def test_numpy_s_numbers_are_shown_as_python_s(value, text):
    assert short_repr(value) == text


def test_lists_that_hold_themselves_are_shown():
    loop = [np.int64(1)]
    loop.append(loop)
    assert "[...]" in short_repr(loop)


@pytest.mark.parametrize("value", [Word.ONE, Code.ONE, np.str_("one"), np.int64(1)])
def test_strings_and_integers_of_other_types(value):
    plain = builtin(value)
    assert type(plain) in (str, int)
    assert plain == value
    assert builtin(True) is True


@dataclasses.dataclass
class Settings:
    """A dataclass compares its fields as a tuple, which arrays do not allow."""

    table: Any
    seen: int = dataclasses.field(default=0, compare=False)


class Odd:
    """A user's own, which hands the question on to an array."""

    def __init__(self, table):
        self.table = np.array(table)

    def __eq__(self, other):
        return bool(self.table == other.table)

    __hash__ = None


ALIKE = {
    "numbers": (1, 1.0),
    "arrays": (np.arange(3), np.arange(3)),
    "lists": ([1, [np.ones(2)]], [1, [np.ones(2)]]),
    "tuples": ((1, np.ones(2)), (1, np.ones(2))),
    "dicts": ({"a": np.ones(2), "b": 1}, {"b": 1, "a": np.ones(2)}),
    "dataclasses": (Settings(np.ones(2)), Settings(np.ones(2))),
    "what is not compared": (Settings(np.ones(2), 1), Settings(np.ones(2), 2)),
    "objects": (Odd([1, 2]), Odd([1, 2])),
}
DIFFERENT = {
    "numbers": (1, 2),
    "arrays": (np.arange(3), np.arange(1, 4)),
    "types of arrays": (np.arange(3), np.arange(3.0)),
    "shapes": (np.ones(2), np.ones((2, 1))),
    "an array and a list": (np.arange(3), [0, 1, 2]),
    "a list and a tuple": ([1], (1,)),
    "lengths": ([1, 2], [1, 2, 3]),
    "parts": ([1, [np.ones(2)]], [1, [np.zeros(2)]]),
    "keys": ({"a": 1}, {"b": 1}),
    "values": ({"a": np.ones(2)}, {"a": np.zeros(2)}),
    "more keys": ({"a": 1}, {"a": 1, "b": 1}),
    "dataclasses": (Settings(np.ones(2)), Settings(np.zeros(2))),
    "objects": (Odd([1, 2]), Odd([1, 3])),
}


@pytest.mark.parametrize("name", ALIKE)
def test_alike(name):
    a, b = ALIKE[name]
    assert deep_equal(a, b) is True
    assert deep_equal(b, a) is True


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name):
    a, b = DIFFERENT[name]
    assert deep_equal(a, b) is False
    assert deep_equal(b, a) is False


def test_a_copy_shares_nothing_and_has_python_s_numbers():
    original = Settings([np.ones(2)], np.int64(3))
    copied = copy_with_python_numbers(original)
    assert type(copied.seen) is int
    assert type(original.seen) is np.int64
    original.table[0][:] = 7.0
    np.testing.assert_array_equal(copied.table, [[1.0, 1.0]])


class Constant(Value):
    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(
    ("closed", "inside"),
    [
        ("left", (1, 1.5)),
        ("right", (1.5, 2)),
        ("both", (1, 1.5, 2)),
        ("neither", (1.5,)),
    ],
)
def test_a_number_lies_in_its_range(closed, inside):
    for value in inside:
        constant = Constant(value)
        check_number(constant, "value", 1.0, 2.0, closed=closed)
        assert type(constant.value) is float
    for value in {0.5, 1, 2, 2.5, 10**400, float("nan")} - set(inside):
        with pytest.raises(ValueError, match=r"value must be a number in the range"):
            check_number(Constant(value), "value", 1.0, 2.0, closed=closed)


def test_only_true_and_false_are_either():
    for value in (True, False, np.True_):
        check_bool(Constant(value), "value")
    for value in (1, 0.0, "True", None):
        with pytest.raises(ValueError, match=r"^Constant\(value=.*\): value must be"):
            check_bool(Constant(value), "value")
