"""Numbers are read as by C's atoi and atof: the longest prefix that is a number counts."""

from __future__ import annotations

import math
import time

import pytest

from pydarknet.cfg.numbers import Range, integer, misreading, number, real


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        ("3.9", 3),
        ("1e3", 1),
        ("5e5", 5),
        ("0x10", 0),
        ("416#x", 416),
        ("1;semi", 1),
        ("3,4", 3),
        ("64x64", 64),
    ],
)
def test_an_integer_is_the_digits_a_text_begins_with(text, expected):
    assert integer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".5", 0.5),
        ("1.", 1),
        ("1e-4", 0.0001),
        ("1E2", 100),
        ("-.25", -0.25),
        ("+2", 2),
        ("1e", 1),
        ("1e+", 1),
        ("1.5.2", 1.5),
        ("0.1#x", 0.1),
        ("7,5", 7),
    ],
)
def test_a_real_is_the_number_a_text_begins_with(text, expected):
    assert real(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0x10", 16), ("0X1p-1", 0.5), ("-0x1.8", -1.5), ("0x.8", 0.5), ("0x", 0), ("0xg", 0)],
)
def test_a_real_may_be_hexadecimal(text, expected):
    assert real(text) == expected


@pytest.mark.parametrize("text", ["inf", "INF", "infinity", "+inf", "1e999", "0x1p4000"])
def test_a_real_may_be_infinite(text):
    assert real(text) == math.inf


@pytest.mark.parametrize("text", ["-inf", "-Infinity", "-1e999", "-0x1p4000"])
def test_a_real_may_be_infinite_below_zero(text):
    assert real(text) == -math.inf


@pytest.mark.parametrize("text", ["nan", "NaN", "nan(3)"])
def test_a_real_may_be_no_number(text):
    assert math.isnan(real(text))


@pytest.mark.parametrize("text", ["abc", "-", "x1", ".5", "\u0663"])
def test_an_integer_needs_a_digit_in_front(text):
    with pytest.raises(ValueError, match="expected an integer"):
        integer(text)


@pytest.mark.parametrize("text", ["abc", ".", "-", "e5", "\u0663"])
def test_a_real_needs_a_number_in_front(text):
    with pytest.raises(ValueError, match="expected a number"):
        real(text)


@pytest.mark.parametrize("text", ["abc", "-", "\u0663", ""])
def test_no_number_is_zero_where_reading_is_lenient(text):
    assert (integer(text, strict=False), real(text, strict=False)) == (0, 0)


@pytest.mark.parametrize("value", [2147483647, -2147483648])
def test_an_integer_has_32_bits(value):
    assert integer(str(value)) == value


@pytest.mark.parametrize("text", ["2147483648", "-2147483649", "9" * 5000])
@pytest.mark.parametrize("strict", [True, False])
def test_a_larger_integer_is_refused(text, strict):
    with pytest.raises(ValueError, match="within 32 bits, -2147483648 to 2147483647"):
        integer(text, strict)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("0,001", float, "read as 0, did you mean 0.001?"),
        ("5e5", int, "read as 5, did you mean 500000?"),
        ("5e5#x", int, "read as 5, did you mean 500000?"),
        ("1,000,000", int, "read as 1, did you mean 1000000?"),
        ("2,5", int, "read as 2"),
        ("1,0", float, "read as 1"),
        ("1e0", int, "read as 1"),
        (
            "1e12",
            int,
            "read as 1, did you mean 1000000000000? 32 bits hold at most 2147483647",
        ),
        ("1e300", int, "read as 1"),
        ("1e-3", int, "read as 1"),
        ("64x64", int, "read as 64"),
        ("1.5.2", float, "read as 1.5"),
        ("1e-3", float, ""),
        ("64", int, ""),
        ("64#x", int, ""),
        ("64.0", int, ""),
        ("7,", float, ""),
    ],
)
def test_a_number_that_is_cut_is_told_with_what_was_meant(text, kind, told):
    assert misreading(text, kind) == told


def test_a_range_names_the_bound_that_is_broken():
    bounds = Range(above=0, least=0.1, most=10)

    assert [number(text, float, bounds) for text in (".1", "10")] == [0.1, 10]
    with pytest.raises(ValueError, match=r"^expected more than 0$"):
        bounds.check(0)
    with pytest.raises(ValueError, match=r"^expected at least 0\.1$"):
        bounds.check(0.01)
    with pytest.raises(ValueError, match=r"^expected at most 10$"):
        bounds.check(11)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3.5e38])
def test_a_number_is_finite_in_single_precision(value):
    with pytest.raises(ValueError, match="expected a finite number"):
        Range().check(value)


@pytest.mark.parametrize("digits", ["0", "0.", "0x", "0x1.", "1e"])
def test_a_number_of_many_digits_is_read_at_once(digits):
    text = digits + 50_000 * "0" + "z"

    start = time.process_time()
    read = misreading(text, float)

    assert read.startswith(f"read as {digits[:1]}")
    assert time.process_time() - start < 1  # half a minute where each split of digits was tried
