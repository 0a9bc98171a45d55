"""Intervals, and which values are numbers."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from sknumpy_mlp._utils.intervals import Interval, is_bool, is_integer, is_real


@pytest.mark.parametrize(
    ("closed", "low", "high", "text"),
    [
        ("left", True, False, "[1, 2)"),
        ("right", False, True, "(1, 2]"),
        ("both", True, True, "[1, 2]"),
        ("neither", False, False, "(1, 2)"),
    ],
)
def test_ends(closed, low, high, text):
    interval = Interval(1, 2, closed)
    assert str(interval) == text
    assert (1 in interval, 2 in interval) == (low, high)
    assert 1.5 in interval
    assert 0.999 not in interval
    assert 2.001 not in interval


def test_the_notation_is_short():
    assert str(Interval(0.0)) == "[0, inf)"
    assert str(Interval(1.0, 1023.0, "both")) == "[1, 1023]"


@pytest.mark.parametrize(
    "value", [1, 1.0, np.int8(1), np.float32(1), np.float16(1), Fraction(1)], ids=repr
)
def test_real_numbers_of_all_types(value):
    assert is_real(value)
    assert value in Interval(0.5, 1.5)
    assert value not in Interval(2)


@pytest.mark.parametrize(
    "value",
    [True, np.True_, "1", None, 1j, [1], np.array(1.0), np.array([1.0]), Decimal(1)],
    ids=repr,
)
def test_other_values_are_in_no_interval(value):
    assert not is_real(value)
    assert value not in Interval(-math.inf, math.inf, "both")


def test_numbers_that_no_interval_contains():
    for value in (math.nan, np.float32("nan"), 10**400, -(10**400)):
        assert value not in Interval(-math.inf, math.inf, "both")
    assert math.inf in Interval(0, closed="both")
    assert math.inf not in Interval(0)


def test_integers_and_booleans():
    for value in (1, np.uint8(1), 10**400):
        assert is_integer(value)
        assert not is_bool(value)
    for value in (True, np.False_):
        assert is_bool(value)
        assert not is_integer(value)
    for value in (1.0, np.float64(1), "1", None):
        assert not is_integer(value)
        assert not is_bool(value)
