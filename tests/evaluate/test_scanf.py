"""Groups of numbers, as a C program with fscanf printed them."""

from __future__ import annotations

import math

import pytest

from pydarknet.evaluate.scanf import groups, integer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 .5\n1 .25", [[0, 0.5], [1, 0.25]]),
        ("0.5-2\v.5", [[0, 0.5], [-2, 0.5]]),
        ("1 .5e 2 5e+ 3 1e-", [[1, 0.5], [2, 5], [3, 1]]),
        ("1 0x1p-2 0 0x.8p 0 0x. 0 0XAP1", [[1, 0.25], [0, 0.5], [0, 0], [0, 20]]),
        ("1 0.5.5 0 1.", [[1, 0.5]]),
        ("1 -inf 2 infinity 3 infinite", [[1, -math.inf], [2, math.inf]]),
        ("1 1e400 2 -1e400 3 .", [[1, math.inf], [2, -math.inf]]),
        ("1 0x", []),
        ("1 na", []),
        ("1\xa0.5", []),
        ("x", []),
        ("", []),
    ],
)
def test_numbers_are_read_in_a_row(text, expected):
    assert [numbers for _, numbers in groups(text, 1)] == expected


def test_nan_is_a_number_and_a_group_ends_behind_its_last():
    ((end, (first, second)),) = groups("1 nan(2) 3", 1)

    assert end == len("1 nan")
    assert first == 1
    assert math.isnan(second)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("-0", 0),
        ("+0012", 12),
        ("2147483648", -(2**31)),
        ("4294967296", 0),
        ("-9999999999", -1410065407),
        ("9223372036854775808", -1),
        ("9" * 5000, -1),
        ("-" + "9" * 5000, 0),
    ],
)
def test_an_integer_has_the_lower_32_bits_of_a_long(word, expected):
    assert integer(word) == expected
