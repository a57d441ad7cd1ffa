"""The C library's random numbers."""

from __future__ import annotations

import pytest

from pydarknet.inference.glibc_rand import Rand


@pytest.mark.parametrize(
    ("seed", "numbers"),
    [  # recorded from glibc 2.36
        (0, [1804289383, 846930886, 1681692777]),
        (1, [1804289383, 846930886, 1681692777]),
        (7, [1045618677, 1863967299, 1272579899]),
        (-5, [1469203335, 1952330421, 2063378439]),
        (123456789, [1965102536, 1639725855, 706684578]),
    ],
)
def test_numbers_are_the_c_librarys(seed, numbers):
    rand = Rand(seed)

    assert [rand.integer() for _ in numbers] == numbers


def test_a_uniform_number_is_a_part_of_the_largest():
    assert Rand(1).uniform() == pytest.approx(1804289383 / 2147483647, rel=1e-7)


@pytest.mark.parametrize("count", [0, 1, 2, 30, 31, 32, 1000])
def test_skipping_is_drawing_without_looking(count):
    slow, fast = Rand(3), Rand(3)
    for _ in range(count):
        slow.integer()

    fast.skip(count)

    assert [fast.integer() for _ in range(40)] == [slow.integer() for _ in range(40)]
