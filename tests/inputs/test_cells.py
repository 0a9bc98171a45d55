"""Single values of a table: their kinds, and their representation as categories."""

import datetime
import enum
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp._inputs.cells import (
    has_stable_form,
    kind_of_type,
    kinds_of,
    number_string,
    once_per_object,
    parse_number,
    plain_value,
)
from tests.inputs.conftest import Color


class Level(enum.StrEnum):
    LOW = "low"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a", "string"),
        (Level.LOW, "string"),
        (np.str_("a"), "string"),
        (True, "boolean"),
        (np.bool_(True), "boolean"),
        (1, "number"),
        (Decimal(1), "number"),
        (Fraction(1, 2), "number"),
        (np.float32(1), "number"),
        (1j, "complex number"),
        (b"a", "bytes"),
        (Color.RED, "Color"),
        (pd.Interval(0, 1), "Interval"),
    ],
    ids=repr,
)
def test_kinds(value, kind):
    assert kind_of_type(type(value)) == kind
    assert kinds_of([value, None]) == {kind}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ("a", "a"),
        (Level.LOW, "low"),
        (np.bool_(True), True),
        (np.int64(5), 5),
        (5.0, 5.0),
        (np.float32(0.5), 0.5),
        (Decimal("94103.00"), 94103),
        (Decimal("0.25"), 0.25),
        (Fraction(4, 2), 2),
        (Fraction(1, 2), 0.5),
        (b"a", "b'a'"),
        (("a", np.int64(1)), "('a', 1)"),
        (Color.RED, "Color.RED"),
        (pd.Interval(0, 10.0), "(0, 10]"),
        (pd.Interval(0.5, 1, closed="left"), "[0.5, 1)"),
    ],
    ids=repr,
)
def test_plain_values(value, plain):
    found = plain_value(value)
    assert found == plain
    assert type(found) is type(plain)


def test_huge_decimals_do_not_become_ints():
    """An int of so many digits would fill the memory."""
    assert plain_value(Decimal("1e400")) == math.inf


@pytest.mark.parametrize(
    ("value", "is_stable"),
    [
        ("a", True),
        (1, True),
        (datetime.date(2020, 1, 1), True),
        (frozenset("a"), False),
        (("a", frozenset("a")), False),
        (object(), False),
    ],
    ids=["string", "int", "date", "set", "set in a tuple", "address"],
)
def test_values_with_a_stable_form(value, is_stable):
    assert has_stable_form(value) is is_stable


def test_numbers_are_written_alike():
    assert {number_string(each) for each in (10, 10.0, Decimal("10.0"))} == {"10"}


@pytest.mark.parametrize(
    ("string", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("7.0", 7.0),
        (" 1e3 ", 1000.0),
        ("x", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
    ],
)
def test_parsed_numbers(string, number):
    assert parse_number(string) == number
    assert type(parse_number(string)) is type(number)


def test_a_function_is_called_once_for_each_object():
    one, two = object(), object()
    calls = []
    assert once_per_object(lambda x: calls.append(x), [one, two, one]) == [None] * 3
    assert calls == [one, two]
