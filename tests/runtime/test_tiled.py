from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.rule import USUAL
from pydarknet.boxes.settings import Decoding, Settings
from pydarknet.errors import UsageError
from pydarknet.image.tiles import Tiling
from pydarknet.runtime.tiled import find_in_tiles

CHOSEN = Settings(Decoding(thresh=0.5), letterbox=False, nms=0.45)


class Blobs:
    """Finds what is bright, exactly, unless it is smaller than a tenth of an image's height."""

    suppression = USUAL
    keeps_state = False

    def __init__(self) -> None:
        self.asked: list[tuple[int, float, bool]] = []

    def tiles_at_once(self) -> int:
        return 3

    def find_boxes(
        self, images: Sequence[np.ndarray], chosen: Settings, *, many: bool = False
    ) -> list[BoxArrays]:
        assert chosen.tiling is None
        self.asked.append((len(images), chosen.nms, many))
        return [self.blobs(image) for image in images]

    def blobs(self, image: np.ndarray) -> BoxArrays:
        high, wide = image.shape[:2]
        _, _, table, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(image[..., 0]))
        rows = np.array([row[:4] for row in table[1:] if row[3] * 10 >= high], np.float32)
        rows = rows.reshape(-1, 4)
        boxes = np.concatenate((rows[:, :2] + rows[:, 2:] / 2, rows[:, 2:]), 1)
        boxes = np.concatenate((boxes, np.zeros((1, 4)))) / (wide, high, wide, high)  # one is none
        scores = np.array([[0.9]] * len(rows) + [[0]], np.float32)
        return BoxArrays(boxes.astype(np.float32), scores[:, 0], scores)


def blobs(seed: int, heights: tuple[int, int]) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Return an image of 500 x 400 with rectangles that do not touch, and where they are."""
    rng = np.random.default_rng(seed)
    image, placed = np.zeros((400, 500, 3), np.uint8), []
    for _ in range(200):
        width, height = rng.integers(*heights, 2)
        x, y = rng.integers(0, (500 - width, 400 - height))
        if not image[max(y - 2, 0) : y + height + 2, max(x - 2, 0) : x + width + 2].any():
            image[y : y + height, x : x + width] = 255
            placed.append((int(x), int(y), int(x + width), int(y + height)))
    return image, sorted(placed)


def sides(boxes: BoxArrays) -> list[tuple[int, ...]]:
    """Return the sides of boxes in an image of 500 x 400, in whole pixels."""
    return sorted(map(tuple, boxes.kept().xyxy(500, 400).round().astype(int).tolist()))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("heights", [(11, 20), (11, 60), (60, 200)])
@pytest.mark.parametrize("size", [(100, 100), (130, 90)])
def test_everything_is_found_once(
    seed: int, heights: tuple[int, int], size: tuple[int, int]
) -> None:
    image, placed = blobs(seed, heights)

    [found] = find_in_tiles(Blobs(), [image], CHOSEN, Tiling(*size, 0.2))

    assert len(placed) > 2
    assert sides(found) == placed


def test_without_tiles_the_same_finds_less() -> None:
    image, placed = blobs(0, (11, 60))

    assert len(sides(Blobs().blobs(image))) < len(placed)


def test_tiles_of_several_images_go_through_the_network_together_and_are_not_suppressed() -> None:
    image, _ = blobs(0, (11, 20))
    network = Blobs()

    found = find_in_tiles(network, [image, image[:90, :90], image], CHOSEN, Tiling(300, 300, 0))

    assert len(found) == 3
    assert network.asked[0] == (1, 0.45, False)  # the small one, as ever
    assert network.asked[1:] == [(3, 0, True)] * 3 + [(1, 0, True)]  # twice four tiles and all
    assert sides(found[0]) == sides(found[2])


def test_an_image_that_is_one_tile_gives_what_it_gives_without() -> None:
    image, _ = blobs(0, (60, 200))

    [found] = find_in_tiles(Blobs(), [image], CHOSEN, Tiling(500, 400))

    assert np.array_equal(found.boxes, Blobs().blobs(image).boxes)  # the empty one too


def test_without_suppression_what_two_tiles_show_is_there_twice() -> None:
    image = np.zeros((100, 190, 3), np.uint8)
    image[40:60, 94:97] = 255  # in both tiles of 100 x 100, which share 10 columns

    [found] = find_in_tiles(Blobs(), [image], replace(CHOSEN, nms=0), Tiling(100, 100, 0.1))

    assert len(found) == 2  # and all of it, which tiles show better


def test_a_network_that_keeps_a_state_has_no_tiles() -> None:
    network = Blobs()
    network.keeps_state = True

    with pytest.raises(UsageError, match="keeps a state from image to image: expected no tiles"):
        find_in_tiles(network, [np.zeros((9, 9, 3), np.uint8)], CHOSEN, Tiling(64, 64))
