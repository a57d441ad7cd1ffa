"""Labels stand inside the image, over no other label and over no small box, where there is room."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pydarknet.boxes.placement import MOST, Memory, Placement, place_labels

WIDTH, HEIGHT = 1000, 700


def tags(boxes: list[tuple[int, ...]], sizes: list[tuple[int, int]], image=(WIDTH, HEIGHT)):
    """Return the edges of labels, left, top, right, bottom, [N, 4]; the last two are exclusive."""
    size = np.array(sizes)
    places = place_labels(np.array(boxes), size, *image)
    return np.concatenate((places, places + size), 1)


def shared(one: np.ndarray, other: np.ndarray) -> int:
    """Return the pixels that two rectangles have in common."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return int(np.prod(np.maximum(sides, 0)))


def crowd(count: int, largest: int = 60, seed: int = 0) -> tuple[list, list]:
    """Return boxes of up to `largest` pixels and the sizes of their labels."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, (WIDTH - largest, HEIGHT - largest), (count, 2))
    ends = corners + rng.integers(6, largest, (count, 2))
    boxes = np.concatenate((corners, ends), 1)
    return boxes.tolist(), [(int(w), 18) for w in rng.integers(40, 110, count)]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((300, 300, 500, 500), (300, 280)),  # above
        ((300, 5, 900, 600), (300, 0)),  # no room above: over the top, if the box is large,
        ((300, 5, 380, 45), (300, 45)),  # below, if it is small
        ((980, 300, 1000, 320), (920, 280)),  # no room on the right: moved to the left
        ((0, 0, 1000, 700), (0, 0)),  # all of the image
    ],
)
def test_a_label_alone_stands_above_its_box_or_as_near_as_can_be(box, expected):
    assert tags([box], [(80, 20)])[0, :2].tolist() == list(expected)


def test_a_label_stands_beside_a_small_box_that_lies_above_its_own():
    small = (310, 282, 330, 298)

    placed = tags([(300, 300, 500, 500), small], [(80, 20), (80, 20)])

    assert [shared(tag, np.array(small)) for tag in placed] == [0, 0]


def test_a_label_may_cover_a_part_of_a_large_box():
    placed = tags([(0, 0, 1000, 700), (300, 300, 500, 500)], [(80, 20), (80, 20)])

    assert placed[1, :2].tolist() == [300, 280]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_labels_of_equal_boxes_do_not_cover_each_other(count):
    placed = tags([(300, 300, 420, 400)] * count, [(80, 20)] * count)

    assert [shared(a, b) for a, b in combinations(placed, 2)] == [0] * (count * (count - 1) // 2)


def test_a_pixel_is_left_between_labels():
    above, below = sorted(tags([(300, 300, 420, 400)] * 2, [(200, 20)] * 2).tolist())[:2]

    assert max(below[0] - above[2], below[1] - above[3], above[1] - below[3]) >= 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [20, 60, 100])
def test_no_labels_of_a_crowd_cover_each_other_while_there_is_room(count, seed):
    placed = tags(*crowd(count, seed=seed))

    assert [(a, b) for a, b in combinations(placed, 2) if shared(a, b)] == []


@pytest.mark.parametrize("seed", range(5))
def test_labels_cover_few_of_60_small_boxes(seed):
    boxes, sizes = crowd(60, largest=40, seed=seed)

    placed = tags(boxes, sizes)

    edges = np.array(boxes)
    areas = np.prod(edges[:, 2:] - edges[:, :2], 1)
    hidden = [sum(shared(tag, box) for tag in placed) for box in edges] / areas
    above = np.stack((edges[:, 0], edges[:, 1] - 18), 1)
    naive = np.concatenate((above, above + np.array(sizes)), 1)
    hidden_by_naive = [sum(shared(tag, box) for tag in naive) for box in edges] / areas
    assert (hidden > 0.5).sum() == 0
    assert hidden.sum() < 0.15 * hidden_by_naive.sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("count", "image"), [(40, (160, 120)), (300, (1000, 700)), (9, (50, 9))])
def test_labels_are_inside_the_image_however_many_there_are(count, image, seed):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, image, (count, 2))
    boxes = np.concatenate((corners, np.minimum(corners + 9, image)), 1)
    sizes = [(min(int(w), image[0]), 9) for w in rng.integers(20, 90, count)]

    placed = tags(boxes.tolist(), sizes, image)

    assert (placed[:, :2] >= 0).all()
    assert (placed[:, 2:] <= image).all()


def test_a_label_as_large_as_the_image_covers_it():
    assert tags([(0, 0, 1, 1)], [(1, 1)], (1, 1)).tolist() == [[0, 0, 1, 1]]


def test_the_same_boxes_have_the_same_labels():
    boxes, sizes = crowd(80)

    assert (tags(boxes, sizes) == tags(boxes, sizes)).all()


def test_the_work_is_cut_into_parts_without_a_difference(monkeypatch):
    boxes, sizes = crowd(50)
    whole = tags(boxes, sizes)

    monkeypatch.setattr("pydarknet.boxes.placement.CELLS", 1)

    assert (tags(boxes, sizes) == whole).all()


# The frames of a film


def jumps(boxes: np.ndarray, memory: Memory | None, frames: int = 30) -> int:
    """Return how often labels change their side of boxes that tremble by a pixel."""
    rng = np.random.default_rng(0)
    sizes, before, count = np.tile([80, 18], (len(boxes), 1)), None, 0
    for _ in range(frames):
        moved = boxes + rng.integers(-1, 2, boxes.shape)
        offsets = place_labels(moved, sizes, WIDTH, HEIGHT, memory) - moved[:, :2]
        count += 0 if before is None else int((np.abs(offsets - before).max(1) > 9).sum())
        before = offsets
    return count


def test_labels_of_a_film_stay_on_their_side():
    boxes = np.array(crowd(40, seed=2)[0]) + 5

    without, kept = jumps(boxes, None), jumps(boxes, Memory())

    assert without > 20
    assert kept <= without // 10


def test_a_label_goes_back_to_its_box_when_there_is_room_again():
    memory, size = Memory(), np.tile([80, 18], (12, 1))
    place_labels(np.tile([500, 300, 520, 320], (12, 1)), size, WIDTH, HEIGHT, memory)

    for _ in range(2):
        alone = place_labels(np.array([(500, 300, 520, 320)]), size[:1], WIDTH, HEIGHT, memory)

    assert np.abs(alone[0] - [500, 300]).max() <= 100


def test_a_label_gives_way_in_spite_of_its_habit():
    memory = Memory()
    one = np.array([(300, 300, 500, 500)])
    place_labels(one, np.array([(80, 20)]), WIDTH, HEIGHT, memory)
    small = (310, 282, 330, 298)

    both = place_labels(np.array([*one, small]), np.tile([80, 20], (2, 1)), WIDTH, HEIGHT, memory)

    assert shared(np.array([*both[0], *(both[0] + [80, 20])]), np.array(small)) == 0


def test_another_box_takes_over_no_habit():
    memory = Memory()
    place_labels(np.array([(300, 5, 380, 45)]), np.array([(80, 20)]), WIDTH, HEIGHT, memory)

    assert memory.habits(np.array([(600, 300, 700, 400)], np.float32)).tolist() == [-1]
    assert (
        memory.habits(np.array([(301, 5, 381, 45)], np.float32)).tolist() == memory.last[1].tolist()
    )


def test_more_labels_than_places_are_sought_for_stand_above_their_boxes(monkeypatch):
    boxes, sizes = crowd(MOST + 1)
    searched: list[int] = []
    monkeypatch.setattr(Placement, "place", lambda self, index: searched.append(index))

    edges = tags(boxes, sizes)

    assert searched == []
    left, top = np.array(boxes).T[:2]
    assert edges[:, 0].tolist() == np.minimum(left, WIDTH - np.array(sizes)[:, 0]).tolist()
    assert edges[:, 1].tolist() == np.maximum(top - 18, 0).tolist()
