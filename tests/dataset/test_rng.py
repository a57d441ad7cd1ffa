"""Random numbers that depend on seed, batch and index alone."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.dataset.rng import generator_of, generator_of_size, scale, uniform, whole, within


def test_a_generator_is_made_of_seed_batch_and_index():
    numbers = {generator_of(*key).random() for key in np.ndindex(4, 4, 4)}

    assert len(numbers) == 64
    assert generator_of(1, 2, 3).random() in numbers


def test_a_generator_is_numpys_philox_of_the_three_numbers():
    philox = np.random.Philox(np.random.SeedSequence([7, 8, 9]))

    assert generator_of(7, 8, 9).random() == np.random.Generator(philox).random()


def test_sizes_have_generators_of_their_own():
    assert generator_of_size(1, 2).random() != generator_of(1, 2, 0).random()


@pytest.mark.parametrize(("low", "high"), [(2, 6), (6, 2)])
def test_a_share_lies_between_two_ends_whichever_is_lower(low, high):
    assert within(low, high, 0.25) == 3


def test_a_number_is_drawn_between_two_ends():
    drawn = [uniform(np.random.default_rng(seed), -1, 3) for seed in range(50)]

    assert -1 <= min(drawn) < 0
    assert 2 < max(drawn) <= 3


def test_a_factor_is_drawn_from_1_to_the_most_or_one_over_that():
    drawn = [scale(np.random.default_rng(seed), 2) for seed in range(50)]

    assert 0.5 <= min(drawn) < 0.7
    assert 1.6 < max(drawn) <= 2


def test_a_whole_number_is_drawn_with_both_its_ends():
    assert {whole(np.random.default_rng(seed), 5, 3) for seed in range(50)} == {3, 4, 5}
