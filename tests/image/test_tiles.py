from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pydarknet.errors import UsageError
from pydarknet.image.tiles import Tile, Tiling


def test_tiles_cover_an_image_evenly_and_have_one_size() -> None:
    # 1000 - 2 * 400 = 200 are missing: three tiles, of which two share 100 pixels, not only 80
    tiles = Tiling(400, 300, 0.2).tiles(1000, 540)

    assert [tile[:2] for tile in tiles] == [
        *((0, 0), (300, 0), (600, 0)),
        *((0, 240), (300, 240), (600, 240)),
    ]
    assert {tile.size for tile in tiles} == {(400, 300)}


@pytest.mark.parametrize("overlap", [0, 0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("length", [64, 65, 100, 639, 640, 641, 4032])
def test_every_pixel_is_in_a_tile_and_neighbours_share_enough(length: int, overlap: float) -> None:
    tiles = Tiling(64, 64, overlap).tiles(length, 64)

    lefts = [tile.left for tile in tiles]
    assert (lefts[0], tiles[-1].right) == (0, length)
    assert all(after - left <= 64 - overlap * 64 for left, after in pairwise(lefts))
    assert {tile.size for tile in tiles} == {(64, 64)}


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (63, 47)])
def test_an_image_that_is_no_larger_than_a_tile_is_one(size: tuple[int, int]) -> None:
    assert Tiling(64, 48).tiles(*size) == [Tile(0, 0, *size)]


def test_an_image_that_is_larger_one_way_is_cut_one_way() -> None:
    assert [tile.size for tile in Tiling(64, 64, 0).tiles(128, 40)] == [(64, 40)] * 2


def test_a_tile_is_a_view_of_its_image() -> None:
    image = np.arange(24).reshape(4, 6, 1)

    assert Tile(2, 1, 4, 3).of(image)[..., 0].tolist() == [[8, 9], [14, 15]]


@pytest.mark.parametrize("text", ["640x480", "640X480"])
def test_a_text_names_width_and_height(text: str) -> None:
    assert Tiling.read(text, 0.1) == Tiling(640, 480, 0.1)


def test_one_number_names_squares() -> None:
    assert Tiling.read("640") == Tiling(640, 640, 0.2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "-tile : expected WIDTHxHEIGHT in pixels, such as 640x480"),
        ("640x", "-tile 640x: expected WIDTHxHEIGHT in pixels, such as 640x480"),
        ("-1x5", "-tile -1x5: expected WIDTHxHEIGHT in pixels, such as 640x480"),
        ("31x640", "tiles of 31 x 640 pixels: expected sides of 32 and more"),
        ("640x0", "tiles of 640 x 0 pixels: expected sides of 32 and more"),
    ],
)
def test_a_text_of_no_size_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as error:
        Tiling.read(text)

    assert str(error.value) == problem


@pytest.mark.parametrize("size", [640, (640,), (640, 480, 3), "64", (64.0, 64.0), (True, 64)])
def test_what_is_no_size_is_an_error(size: object) -> None:
    with pytest.raises(UsageError, match=r"^tile = .*: expected \(width, height\) in pixels$"):
        Tiling.of(size, 0.2)


@pytest.mark.parametrize("overlap", [-0.1, 0.95, 1, float("nan")])
def test_an_overlap_that_makes_no_sense_is_an_error(overlap: float) -> None:
    with pytest.raises(UsageError, match=r": expected 0\.\.0\.9$"):
        Tiling(64, 64, overlap)


def test_a_list_is_a_size_too() -> None:
    assert Tiling.of([64, 48], 0.2) == Tiling(64, 48, 0.2)
