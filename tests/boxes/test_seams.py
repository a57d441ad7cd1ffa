"""Two tiles of 100 x 100 side by side share the columns 80 to 100 of an image of 180 x 100."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.seams import View, boxes_of_image
from pydarknet.image.tiles import Tile, Tiling

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the image
LEFT, RIGHT, ALL = Tile(0, 0, 100, 100), Tile(80, 0, 180, 100), Tile(0, 0, 180, 100)


def view(tile: Tile, *boxes: Box, classes: Sequence[int] = (), score: float = 0.5) -> View:
    """Return a view in which there are boxes, of class 0 unless others are given."""
    left, top, _, _ = tile
    width, height = tile.size
    rows = np.zeros((len(boxes), 4), np.float32)
    for row, (x, y, right, bottom) in zip(rows, boxes, strict=True):
        row[:2] = ((x + right) / 2 - left) / width, ((y + bottom) / 2 - top) / height
        row[2:] = (right - x) / width, (bottom - y) / height
    scores = np.zeros((len(boxes), 3), np.float32)
    for row, kind in zip(scores, classes or [0] * len(boxes), strict=True):
        row[kind] = score
    return View(tile, BoxArrays(rows, scores.max(1), scores))


def found(*views: View, width: int = 180, height: int = 100) -> list[tuple[int, ...]]:
    """Return class and whole pixels of the boxes of an image of these views."""
    boxes = boxes_of_image(views, width, height)
    sides = boxes.xyxy(width, height).round().astype(int)
    return [(kind, *row) for kind, row in zip(boxes.classes.tolist(), sides.tolist(), strict=True)]


def test_boxes_are_moved_into_the_image() -> None:
    assert found(view(LEFT, (10, 20, 30, 40)), view(RIGHT, (110, 5, 150, 95))) == [
        (0, 10, 20, 30, 40),
        (0, 110, 5, 150, 95),
    ]


def test_a_part_goes_where_the_other_tile_has_the_whole() -> None:
    assert found(view(LEFT, (84, 20, 100, 40)), view(RIGHT, (84, 20, 120, 40))) == [
        (0, 84, 20, 120, 40)
    ]


def test_a_part_goes_whatever_it_was_taken_for() -> None:
    part = view(LEFT, (84, 20, 100, 40), classes=[2])

    assert found(part, view(RIGHT, (84, 20, 120, 40))) == [(0, 84, 20, 120, 40)]


def test_a_part_stays_beside_a_whole_one_that_scores_less() -> None:
    part = view(LEFT, (84, 20, 100, 40), classes=[2], score=0.6)

    assert len(found(part, view(RIGHT, (84, 20, 120, 40)))) == 2


def test_a_part_stays_where_nothing_is_whole() -> None:
    assert found(view(LEFT, (84, 20, 99, 40)), view(RIGHT)) == [(0, 84, 20, 99, 40)]


def test_a_part_stays_beside_a_whole_one_that_covers_little_of_it() -> None:
    boxes = found(view(LEFT, (60, 20, 100, 40)), view(RIGHT, (85, 20, 120, 40)))

    assert len(boxes) == 2  # 15 of 40 columns are covered


def test_at_the_border_of_the_image_nothing_is_cut() -> None:
    corner, around = (0, 0, 20, 20), (0, 0, 50, 50)

    assert len(found(view(LEFT, corner, around), view(RIGHT))) == 2


def test_parts_of_what_is_larger_than_tiles_share_become_one_with_the_best_score() -> None:
    left, right = (
        view(LEFT, (40, 20, 100, 60), score=0.5),
        view(RIGHT, (80, 22, 150, 61), score=0.8),
    )

    boxes = boxes_of_image([left, right], 180, 100)

    assert boxes.xyxy(180, 100).round().tolist() == [[40, 20, 150, 61]]
    assert boxes.scores.tolist() == [pytest.approx(0.8)]


@pytest.mark.parametrize(
    ("left", "right", "classes"),
    [
        ((40, 20, 100, 60), (80, 20, 150, 60), [1]),  # another class
        ((40, 20, 100, 60), (80, 55, 150, 95), [0]),  # not side by side
        ((40, 20, 100, 60), (90, 20, 150, 60), [0]),  # the right one is not cut
        ((92, 20, 100, 60), (80, 20, 99, 60), [0]),  # neither reaches through what both show
    ],
)
def test_other_parts_stay_two(left: Box, right: Box, classes: list[int]) -> None:
    assert len(found(view(LEFT, left), view(RIGHT, right, classes=classes))) == 2


def test_four_parts_around_a_corner_become_one() -> None:
    tiles = Tiling(100, 100, 0.2).tiles(180, 180)
    whole = np.array((50, 40, 140, 150))
    cut = [
        tuple(np.concatenate((np.maximum(whole[:2], tile[:2]), np.minimum(whole[2:], tile[2:]))))
        for tile in tiles
    ]

    views = [view(tile, part) for tile, part in zip(tiles, cut, strict=True)]

    assert found(*views, width=180, height=180) == [(0, 50, 40, 140, 150)]


def test_parts_of_what_is_larger_than_a_tile_become_one() -> None:
    tiles = Tiling(100, 100, 0.2).tiles(260, 100)
    parts = [(30, 20, 100, 60), (80, 20, 180, 60), (160, 20, 240, 60)]

    views = [view(tile, part) for tile, part in zip(tiles, parts, strict=True)]

    assert found(*views, width=260) == [(0, 30, 20, 240, 60)]


def test_parts_go_where_the_whole_image_shows_the_whole() -> None:
    left, right = view(LEFT, (40, 20, 100, 60)), view(RIGHT, (80, 20, 150, 60))

    assert found(left, right, view(ALL, (41, 21, 149, 59))) == [(0, 41, 21, 149, 59)]


def test_what_a_tile_shows_whole_is_not_taken_from_the_whole_image() -> None:
    fine, coarse = view(LEFT, (20, 20, 40, 40)), view(ALL, (16, 18, 46, 48))

    assert found(fine, view(RIGHT), coarse) == [(0, 20, 20, 40, 40)]


@pytest.mark.parametrize(("kind", "score"), [(1, 0.5), (0, 0.51)])
def test_a_box_of_the_whole_image_goes_for_none_of_another_class_or_a_lower_score(
    kind: int, score: float
) -> None:
    fine = view(LEFT, (20, 20, 40, 40))
    coarse = view(ALL, (18, 18, 46, 48), classes=[kind], score=score)

    assert len(found(fine, view(RIGHT), coarse)) == 2


@pytest.mark.parametrize(("width", "count"), [(199, 2), (200, 1)])
def test_a_tile_that_shows_it_twice_as_large_tells_the_class(width: int, count: int) -> None:
    fine = view(LEFT, (20, 20, 40, 40))
    coarse = view(Tile(0, 0, width, 200), (16, 18, 46, 48), classes=[1])

    assert len(found(fine, coarse, width=width, height=200)) == count


@pytest.mark.parametrize("seed", range(20))
def test_a_lower_threshold_costs_no_better_box(seed: int) -> None:
    """What a higher threshold finds meets a box of that score at least, when more is found."""
    rng = np.random.default_rng(seed)
    tiles = [*Tiling(100, 100, 0.2).tiles(300, 180), Tile(0, 0, 300, 180)]
    views = [boxes_by_chance(rng, tile) for tile in tiles]

    few = boxes_of_image([above(one, 0.6) for one in views], 300, 180)
    many = boxes_of_image(views, 300, 180)

    assert len(few) > 3
    corners, others = few.xyxy(300, 180), many.xyxy(300, 180)
    for (left, top, right, bottom), score in zip(corners, few.scores, strict=True):
        across = np.minimum(others[:, 2], right) > np.maximum(others[:, 0], left)
        down = np.minimum(others[:, 3], bottom) > np.maximum(others[:, 1], top)
        assert many.scores[across & down].max() >= score


def boxes_by_chance(rng: np.random.Generator, tile: Tile) -> View:
    """Return a view with boxes of all classes and scores, of which some end at its border."""
    corners = rng.uniform(-0.3, 1.3, (12, 2, 2)).clip(0, 1)
    first, last = corners.min(1), corners.max(1)
    rows = np.concatenate(((first + last) / 2, last - first), 1).astype(np.float32)
    rows = rows[rows[:, 2:].min(1) > 0.05]
    scores = np.zeros((len(rows), 3), np.float32)
    scores[np.arange(len(rows)), rng.integers(3, size=len(rows))] = rng.uniform(0.1, 1, len(rows))
    return View(tile, BoxArrays(rows, scores.max(1), scores))


def above(one: View, thresh: float) -> View:
    """Return a view without the boxes that score less."""
    return View(one.tile, one.boxes.take(one.boxes.scores >= thresh))


def test_what_no_tile_finds_is_taken_from_the_whole_image() -> None:
    assert found(view(LEFT), view(RIGHT), view(ALL, (20, 20, 40, 40))) == [(0, 20, 20, 40, 40)]


def test_what_is_in_no_tile_whole_is_taken_from_the_whole_image_beside_what_is() -> None:
    truck, driver = (30, 10, 160, 90), (50, 40, 90, 80)

    boxes = found(view(LEFT, driver, classes=[1]), view(RIGHT), view(ALL, truck))

    assert boxes == [(1, *driver), (0, *truck)]


def test_no_box_is_none() -> None:
    assert found(view(LEFT), view(RIGHT)) == []
