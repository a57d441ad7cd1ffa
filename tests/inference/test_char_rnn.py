"""What a network over text draws, and how well it foretells."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.inference.char_rnn import Perplexity, drawn_index
from pydarknet.inference.glibc_rand import Rand


def test_what_is_improbable_is_never_drawn():
    output = np.array([0.00009, 0.5, 0.00009, 0.49982], np.float32)

    symbols = {drawn_index(output, Rand(seed)) for seed in range(200)}

    assert symbols == {1, 3}


def test_perplexity_is_two_to_the_bits():
    so_far = Perplexity()
    so_far.words = 2
    so_far.add(np.float32(0.25))
    so_far.add(np.float32(0.0625))

    assert so_far.bits == pytest.approx(3)  # (2 + 4) / 2
    assert so_far.per_symbol == pytest.approx(8)
    assert so_far.per_word == pytest.approx(8)


def test_what_cannot_be_is_infinitely_unexpected():
    so_far = Perplexity()

    so_far.add(np.float32(0))

    assert so_far.per_symbol == float("inf")
