"""The type that stands for the C's `float`."""

from pydarknet.dataset.c_float import F


def test_a_float_of_the_c_has_24_bits_of_precision():
    assert F(2**24) + F(1) == F(2**24)
