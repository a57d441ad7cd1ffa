"""The limits of the C's numbers are those of numpy's 32-bit types."""

import numpy as np

from pydarknet.system.limits import FLT_MAX, INT_MAX, INT_MIN


def test_an_int_has_32_bits():
    limits = np.iinfo(np.int32)

    assert (limits.min, limits.max) == (INT_MIN, INT_MAX)


def test_a_float_has_32_bits():
    assert np.float32(FLT_MAX) == np.finfo(np.float32).max
