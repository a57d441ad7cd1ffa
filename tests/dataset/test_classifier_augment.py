"""How a classifier's image is turned, cut and mirrored."""

from __future__ import annotations

import numpy as np

from pydarknet.dataset.classifier_augment import ClassifierAugment, RandomValues
from pydarknet.dataset.hsv import Colour, Colours

NEVER = ClassifierAugment(8, 8, False, True, 0, 1, False, Colours())


def test_the_side_is_a_share_of_the_inputs_width_or_a_length():
    generator = np.random.default_rng(1)
    shares = ClassifierAugment(0.5, 2, True, False, 0, 1, True, Colours())
    lengths = ClassifierAugment(20, 24, False, True, 0, 1, True, Colours())

    drawn = [shares.draw(generator, 64).side for _ in range(400)]
    fixed = {lengths.draw(generator, 64).side for _ in range(100)}

    assert min(drawn) >= 32
    assert max(drawn) <= 128
    assert max(drawn) - min(drawn) > 80
    assert fixed == {20, 21, 22, 23, 24}


def test_angle_and_aspect_are_drawn_within_their_most():
    generator = np.random.default_rng(1)
    augment = ClassifierAugment(8, 8, False, True, 7, 0.75, True, Colours())

    drawn = [augment.draw(generator, 8) for _ in range(400)]

    assert -7 <= min(one.angle for one in drawn) < -6.5
    assert 6.5 < max(one.angle for one in drawn) <= 7
    assert 0.75 <= min(one.aspect for one in drawn) < 0.78
    assert 1.28 < max(one.aspect for one in drawn) < 1.334
    assert 160 < sum(one.flip for one in drawn) < 240


def test_without_flip_nothing_is_mirrored():
    generator = np.random.default_rng(1)

    assert not any(NEVER.draw(generator, 8).flip for _ in range(50))


def test_the_crop_stays_inside_of_the_image_in_the_fork_alone():
    # 16 x 8 at half its size is 8 x 4: in a square of 8 no column is free, and -2 to 2 rows are
    inside = ClassifierAugment(0, 0, False, True, 0, 1, True, Colours())
    free = ClassifierAugment(0, 0, False, False, 0, 1, True, Colours())
    random_values = RandomValues(1, 4, 0, (0, 1), False, Colour())

    found = [augment.transform(random_values, (16, 8), 8) for augment in (inside, free)]

    assert [(one.scale, one.x, one.y) for one in found] == [
        (0.5, 0, 0),
        (0.5, 0, 2),
    ]
