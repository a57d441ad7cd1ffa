"""The original's augmentation is the C program's: sizes, places, pixels and boxes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from conftest import HERE, SHARED

from pydarknet.dataset.detector_augment_pjreddie import (
    PlaceAugment,
    Placement,
    RandomValues,
    place_image,
)
from pydarknet.dataset.hsv import UNCHANGED, Colour, Colours
from pydarknet.dataset.labels import LabelRules, read_labels
from pydarknet.dataset.sample import planes
from pydarknet.dataset.targets import Rows
from pydarknet.image.files import load_image

CASES = [f"case{case}_seed{seed}" for case in range(3) for seed in range(1, 5)]
# What rand() gives after srand(seed) and the choice of a path: the shares of width, height, x, y.
SHARES = {
    1: (0.39438292384147644, 0.7830992341041565, 0.7984400391578674, 0.911647379398346),
    2: (0.8096763491630554, 0.08879545331001282, 0.12147919088602066, 0.3483067452907562),
    3: (0.2249833196401596, 0.39309176802635193, 0.44393840432167053, 0.2850412428379059),
    4: (0.13398197293281555, 0.19121089577674866, 0.26008081436157227, 0.21428120136260986),
}
IMAGE = (57, 41)


def recorded(name: str) -> tuple[dict[str, Any], Any]:
    """Return parameters and arrays of a recorded sample; skip where it is not."""
    for folder in (HERE / "reference", SHARED / "golden"):
        file = folder / "train_augment_pj" / f"{name}.npz"
        if file.is_file():
            arrays = np.load(file)
            return json.loads(str(arrays["params"])), arrays
    pytest.skip("needs the recording in ../shared")


def placement(params: dict[str, Any]) -> Placement:
    """Return a recorded placement."""
    colour = Colour(params["dhue"], params["dsat"], params["dexp"])
    places = (params[key] for key in ("nw", "nh", "dx", "dy"))
    return Placement(*places, colour, bool(params["flip"]))


@pytest.mark.parametrize("name", CASES)
def test_size_and_place_are_the_c_programs_for_its_random_numbers(name):
    params, _ = recorded(name)
    width, height, x, y = SHARES[int(name[-1])]
    random_values = RandomValues((width, height), (x, y), UNCHANGED, False)

    found = PlaceAugment(params["jitter"], Colours()).placement(
        random_values, IMAGE, (params["w"], params["h"])
    )

    assert (found.width, found.height, found.x, found.y) == tuple(
        params[key] for key in ("nw", "nh", "dx", "dy")
    )


@pytest.mark.parametrize("name", CASES)
def test_pixels_are_the_c_programs(name):
    params, arrays = recorded(name)
    image = load_image(HERE / "reference" / "train_augment_pj" / "img.png")

    found = place_image(image, placement(params), (params["w"], params["h"]))

    np.testing.assert_allclose(planes(found), arrays["X"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_boxes_are_the_c_programs_in_any_order(name):
    params, arrays = recorded(name)
    folder, size = HERE / "reference" / "train_augment_pj", (params["w"], params["h"])
    labels = read_labels(str(folder / "img.txt"), LabelRules("pjreddie", 3))

    rows = Rows(90, 5, 0.001).of(labels, placement(params).view(size), np.arange(5), size)

    expected = arrays["truth"][arrays["truth"][:, 0] != 0]
    np.testing.assert_allclose(sorted(rows.tolist()), sorted(expected.tolist()), rtol=0, atol=1e-6)


# The canvas


def test_what_the_image_does_not_cover_is_grey():
    white = np.full((2, 4, 3), 255, np.uint8)

    found = place_image(white, Placement(4, 2, 0, 1.9), (4, 4))

    assert found[0].tolist() == [[0.5] * 3] * 4
    assert found[1, 0].tolist() == [1, 1, 1]  # 1.9 is cut to 1
    assert found[3].tolist() == [[0.5] * 3] * 4


def test_of_an_enlarged_image_the_last_column_and_row_fade_to_black():
    white = np.full((2, 2, 1), 255, np.uint8)

    found = place_image(white, Placement(4, 4, 0, 0), (4, 4))[..., 0]

    # columns lie at 0, .5, 1 and 1.5 of two: the last is half beyond the image
    assert found.tolist() == [[1, 1, 1, 0.5], [1, 1, 1, 0.5], [1, 1, 1, 0.5], [0.5] * 3 + [0.25]]


def test_a_larger_image_than_the_canvas_shows_its_middle():
    image = np.arange(0, 240, 10, dtype=np.uint8).reshape(1, 24, 1)

    found = place_image(image, Placement(24, 1, -10.7, 0), (4, 1))

    np.testing.assert_allclose(found[0, :, 0] * 255, [100, 110, 120, 130], rtol=1e-6)


def test_a_flip_mirrors_the_canvas_and_the_boxes():
    image = np.array([[[0], [255]]], np.uint8)
    put = Placement(2, 1, 1, 0, flip=True)

    assert place_image(image, put, (4, 1))[0, :, 0].tolist() == [0.5, 1, 0, 0.5]
    assert put.view((4, 1)).flip


def test_an_image_of_no_width_leaves_the_canvas_grey():
    image = np.zeros((9, 1, 3), np.uint8)

    assert (place_image(image, Placement(0.9, 9, 0, 0), (9, 9)) == 0.5).all()


def test_a_flip_comes_in_half_of_the_draws():
    augment = PlaceAugment(0.2, Colours(0.1, 1.5, 1.5))
    generator = np.random.default_rng(1)

    flips = sum(augment.draw(generator).flip for _ in range(400))

    assert 160 < flips < 240  # 200 and four deviations of 10
