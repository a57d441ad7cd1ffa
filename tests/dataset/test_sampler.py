"""What is drawn for a sample depends on seed, batch and index alone; pairs and videos share it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pydarknet.dataset.detector_augment_alexeyab import CropAugment
from pydarknet.dataset.hsv import Colours
from pydarknet.dataset.rng import generator_of
from pydarknet.dataset.sample import Request
from pydarknet.dataset.sampler import Pairs, Plan, Planner, Track

FIRST = Request(seed=1, batch=1, index=0, size=(100, 200))
AUGMENT = CropAugment(0.2, Colours(0.1, 1.5, 1.5), blur=9, noise=9)


def plan(planner: Planner, **changes: int) -> Plan:
    """Draw the plan of a request that differs from the first in this."""
    request = replace(FIRST, **changes)
    return planner.plan(request, generator_of(request.seed, request.batch, request.index))


def plans(planner: Planner, count: int) -> list[Plan]:
    """Draw the plans of the first samples of a batch."""
    return [plan(planner, index=index) for index in range(count)]


# Random numbers


# One image or several


def test_images_are_drawn_uniformly_and_may_come_again():
    drawn = [plan.parts[0].index for plan in plans(Planner(4, AUGMENT), 400)]

    assert all(65 < drawn.count(index) < 135 for index in range(4))  # 100, 4 deviations of 8.7


@pytest.mark.parametrize("parts", [2, 4])
def test_half_of_the_samples_are_of_several_images(parts):
    drawn = [len(plan.parts) for plan in plans(Planner(4, AUGMENT, parts), 400)]

    assert set(drawn) == {1, parts}
    assert 160 < drawn.count(parts) < 240


def test_a_mosaic_is_cut_between_a_fifth_and_four_of_each_side():
    cuts = np.array([plan.cut for plan in plans(Planner(4, AUGMENT, 4), 400)])

    assert cuts.min(0).tolist() == [20, 40]
    assert cuts.max(0).tolist() == [80, 160]


def test_every_seed_and_batch_and_index_has_a_plan_of_its_own():
    planner = Planner(1000, AUGMENT, 4)

    found = [plan(planner), plan(planner, seed=2), plan(planner, batch=2), plan(planner, index=1)]

    assert len(set(found)) == 4
    assert plan(planner) == found[0]


# Pairs


def test_the_second_of_a_pair_shows_the_first_ones_image_alike():
    planner = Planner(1000, AUGMENT, pairs=Pairs(edges=False, colour=False))

    [one], [two] = (plan(planner, index=index).parts for index in (4, 5))

    assert two.index == one.index
    assert two.values.edges == one.values.edges
    assert two.values.flip == one.values.flip
    assert two.values.colour == one.values.colour
    assert two.values.resize != one.values.resize


@pytest.mark.parametrize(("edges", "colour"), [(True, False), (False, True), (True, True)])
def test_the_second_of_a_pair_may_have_edges_and_colours_of_its_own(edges, colour):
    planner = Planner(1000, AUGMENT, pairs=Pairs(edges, colour))

    [one], [two] = (plan(planner, index=index).parts for index in (4, 5))

    assert two.index == one.index
    assert (two.values.edges != one.values.edges) is edges
    assert (two.values.colour != one.values.colour) is colour


def test_both_of_a_pair_are_of_as_many_images():
    planner = Planner(1000, AUGMENT, 4, pairs=Pairs(edges=False, colour=False))

    drawn = [len(found.parts) for found in plans(planner, 40)]

    assert drawn[0::2] == drawn[1::2]


# Films


def test_films_run_through_the_list_at_one_speed_in_a_request():
    planner = Planner(1000, AUGMENT, track=Track(videos=3, request=12, speed=2))

    drawn = np.array([found.parts[0].index for found in plans(planner, 24)]).reshape(2, 4, 3)

    steps = np.diff(drawn, axis=1) % 1000
    assert (steps[0] == steps[0, 0, 0]).all()
    assert (steps[1] == steps[1, 0, 0]).all()
    assert set(steps.flatten()) <= {1, 2}
    assert len(set(drawn[:, 0].flatten())) == 6  # a start per video


def test_all_frames_of_a_request_are_changed_alike():
    planner = Planner(1000, AUGMENT, track=Track(videos=3, request=12, speed=2))

    found = [found.parts[0].values for found in plans(planner, 24)]

    assert len(set(found[:12])) == 1
    assert len(set(found[12:])) == 1
    assert found[0] != found[12]


def test_a_film_begins_again_at_the_end_of_the_list():
    planner = Planner(3, AUGMENT, track=Track(videos=1, request=6, speed=1))

    drawn = [found.parts[0].index for found in plans(planner, 6)]

    assert drawn[:3] == drawn[3:]
    assert sorted(drawn[:3]) == [0, 1, 2]


def test_paired_films_begin_together():
    planner = Planner(
        1000, AUGMENT, pairs=Pairs(False, False), track=Track(videos=4, request=4, speed=1)
    )

    drawn = [found.parts[0].index for found in plans(planner, 4)]

    assert drawn[0] == drawn[1]
    assert drawn[2] == drawn[3]
