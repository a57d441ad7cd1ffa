"""The fork's augmentation: crops, pixels and boxes as recorded, and what OpenCV's build does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from conftest import HERE, SHARED

from pydarknet.dataset.detector_augment_alexeyab import (
    Crop,
    CropAugment,
    RandomValues,
    blur_background,
    cropped_bytes,
    cropped_floats,
    noisy,
    padded_crop,
    strength,
)
from pydarknet.dataset.hsv import UNCHANGED, Colour, Colours
from pydarknet.dataset.labels import LabelRules, read_labels
from pydarknet.dataset.sample import planes
from pydarknet.dataset.targets import Grid, Rows
from pydarknet.image.files import load_image

CASES = [f"case{case}_seed{seed}" for case in range(4) for seed in range(1, 5)]
# What rand() gives after srand(seed): the shares of resize, then of left, right, top and bottom.
SHARES = {
    1: (
        (0.7830992341041565, 0.7984400391578674),
        (0.911647379398346, 0.19755136966705322, 0.3352227509021759, 0.768229603767395),
    ),
    2: (
        (0.08879545331001282, 0.12147919088602066),
        (0.3483067452907562, 0.4219619929790497, 0.699805498123169, 0.06638433784246445),
    ),
    3: (
        (0.39309176802635193, 0.44393840432167053),
        (0.2850412428379059, 0.14478105306625366, 0.5635545253753662, 0.864678680896759),
    ),
    4: (
        (0.19121089577674866, 0.26008081436157227),
        (0.21428120136260986, 0.36016130447387695, 0.4198029637336731, 0.6540782451629639),
    ),
}
IMAGE = (57, 41)
KEYS = ("pleft", "pright", "ptop", "pbot", "swidth", "sheight")
NO_BOXES = np.zeros((0, 6), np.float32)
SAME = Crop(0, 0, 0, 0, 4, 4)


def generator() -> np.random.Generator:
    """Return a generator."""
    return np.random.default_rng(1)


def recorded(name: str) -> tuple[dict[str, Any], Any]:
    """Return parameters and arrays of a recorded sample; skip where it is not."""
    for folder in (HERE / "reference", SHARED / "golden"):
        file = folder / "train_augment_ab" / f"{name}.npz"
        if file.is_file():
            arrays = np.load(file)
            return json.loads(str(arrays["params"])), arrays
    pytest.skip("needs the recording in ../shared")


def crop_of(params: dict[str, Any]) -> Crop:
    """Return a recorded crop."""
    colour = Colour(params["dhue"], params["dsat"], params["dexp"])
    return Crop(*(params[key] for key in KEYS), bool(params["flip"]), colour)


@pytest.mark.parametrize("name", CASES)
def test_edges_are_the_c_programs_for_its_random_numbers(name):
    params, _ = recorded(name)
    resize, edges = SHARES[int(name[-1])]
    augment = CropAugment(
        params["jitter"], Colours(), resize=params["rs"], letter_box=bool(params["letter"])
    )

    found = augment.crop(
        RandomValues(resize, edges, False, UNCHANGED), IMAGE, (params["w"], params["h"])
    )

    assert (found.left, found.right, found.top, found.bottom, found.width, found.height) == tuple(
        params[key] for key in KEYS
    )


@pytest.mark.parametrize("name", CASES)
def test_pixels_of_a_build_without_opencv_are_the_c_programs(name):
    params, arrays = recorded(name)
    image = load_image(HERE / "reference" / "train_augment_ab" / "img.png")

    found = cropped_floats(
        image, crop_of(params), (params["w"], params["h"]), NO_BOXES, generator()
    )

    np.testing.assert_allclose(planes(found), arrays["X"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_boxes_are_the_c_programs_in_any_order(name):
    params, arrays = recorded(name)
    folder = HERE / "reference" / "train_augment_ab"
    labels = read_labels(str(folder / "img.txt"), LabelRules("alexeyab", 3))

    rows = Rows(200, 6, None).of(
        labels, crop_of(params).view(IMAGE), np.arange(5), (params["w"], params["h"])
    )

    expected = arrays["truth"][arrays["truth"][:, 0] != 0]
    np.testing.assert_allclose(
        sorted(rows[:, :5].tolist()), sorted(expected[:, :5].tolist()), rtol=0, atol=1e-6
    )


# YOLOv1


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("fork", "least"), [("pj", 0.005), ("ab", 0.001)])
def test_samples_of_yolov1_are_the_c_programs(fork, least, seed):
    folder = HERE / "reference" / f"data_v1_{fork}"
    arrays = np.load(folder / f"seed{seed}.npz")
    params = json.loads(str(arrays["params"]))
    random_values = RandomValues(
        (0, 0), params["edges"], bool(params["flip"]), Colour(*params["colour"])
    )
    size = params["w"], params["h"]
    labels = read_labels(str(folder / "img.txt"), LabelRules("pjreddie", 3))

    crop = CropAugment(params["jitter"], Colours()).crop(random_values, IMAGE, size)
    found = cropped_floats(load_image(folder / "img.png"), crop, size, NO_BOXES, generator())
    truth = Grid(7, 3, least).of(labels, crop.view(IMAGE), np.arange(5), size)

    np.testing.assert_allclose(planes(found), arrays["X"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(truth, arrays["y"], rtol=0, atol=1e-6)


# Edges


def edges_of(
    augment: CropAugment, random_values: RandomValues, corner: int | None = None
) -> tuple[int, ...]:
    """Return what a crop of a 100 x 50 image for an input of 50 x 50 takes from its edges."""
    crop = augment.crop(random_values, (100, 50), (50, 50), corner)
    return crop.left, crop.right, crop.top, crop.bottom


def random_values(
    *edges: float, resize: tuple[float, float] = (0, 0), flip: bool = False
) -> RandomValues:
    """Return the random values of a crop."""
    left, right, top, bottom = edges
    return RandomValues(resize, (left, right, top, bottom), flip, UNCHANGED)


def test_jitter_takes_and_gives_a_share_of_each_side():
    # 20 of 100 columns, 10 of 50 rows: 0 gives, .5 leaves, 1 takes
    assert edges_of(CropAugment(0.2, Colours()), random_values(0, 1, 1, 0)) == (-20, 20, 10, -10)
    assert edges_of(CropAugment(0.2, Colours()), random_values(0.5, 0.5, 0.5, 0.5)) == (0, 0, 0, 0)


def test_resize_above_1_takes_and_gives():
    # of 100: 100 * (1 - 2) / 2 = -50 to 100 * (1 - 1/2) / 2 = 25; of 50 half of that
    augment = CropAugment(0, Colours(), resize=2)

    assert edges_of(augment, random_values(0, 0, 0, 0, resize=(0, 1))) == (-50, 25, -25, 12)


def test_resize_below_1_only_gives():
    augment = CropAugment(0, Colours(), resize=0.5)

    assert edges_of(augment, random_values(0, 0, 0, 0, resize=(0, 1))) == (-50, 0, -25, 0)


def test_letter_box_pads_to_the_shape_of_the_input():
    # 100 x 50 for a square: 25 rows above and below
    augment = CropAugment(0, Colours(), letter_box=True)

    assert edges_of(augment, random_values(0, 0, 0, 0)) == (0, 0, -25, -25)


@pytest.mark.parametrize(
    ("corner", "flip", "edges"),
    [
        (0, False, (0, -30, 0, -15)),  # the image touches left and top: all padding is opposite
        (1, False, (-30, 0, 0, -15)),
        (2, False, (0, -30, -15, 0)),
        (3, False, (-30, 0, -15, 0)),
        (0, True, (-30, 0, 0, -15)),  # mirrored later, so left is right
        (1, True, (0, -30, 0, -15)),
        (2, True, (-30, 0, -15, 0)),
        (3, True, (0, -30, -15, 0)),
    ],
)
def test_a_corner_of_a_mosaic_has_its_padding_on_the_inside(corner, flip, edges):
    drawn = random_values(0, 0.25, 0, 0.25, flip=flip)  # -20, -10, -10, -5

    assert edges_of(CropAugment(0.2, Colours()), drawn, corner) == edges


def test_a_crop_that_leaves_nothing_is_the_whole_image():
    crop = CropAugment(0.6, Colours()).crop(random_values(1, 1, 0.5, 0.5), (100, 50), (50, 50))

    assert (crop.left, crop.top, crop.width, crop.height) == (0, 0, 100, 50)


# What is drawn


def test_without_flip_nothing_is_mirrored():
    augment, drawing = CropAugment(0, Colours(), flip=False), generator()

    assert not any(augment.draw(drawing).flip for _ in range(50))


def test_blur_is_none_the_background_or_the_strength_in_thirds():
    augment, drawing = CropAugment(0, Colours(), blur=9), generator()

    drawn = [augment.draw(drawing).blur for _ in range(300)]

    assert set(drawn) == {0, 1, 9}
    assert all(70 < drawn.count(value) < 130 for value in (0, 1, 9))  # 100 and 4 deviations of 8


def test_noise_comes_in_half_of_the_draws():
    augment, drawing = CropAugment(0, Colours(), noise=40), generator()

    drawn = [augment.draw(drawing).noise for _ in range(400)]

    assert set(drawn) == {0, 40}
    assert 160 < drawn.count(40) < 240


# Pixels of the build with OpenCV


def test_padding_has_the_mean_colour_of_the_whole_image():
    image = np.zeros((2, 2, 3), np.uint8)
    image[0] = [200, 100, 3]  # means 100, 50 and 1.5, which rounds to 2

    found = padded_crop(image, Crop(-1, 1, 1, 0, 2, 1))

    assert found.tolist() == [[[100, 50, 2], [0, 0, 0]]]


def test_a_crop_beside_the_image_is_all_padding():
    image = np.full((2, 2, 3), 7, np.uint8)

    assert padded_crop(image, Crop(-4, 3, 0, 0, 3, 2)).tolist() == [[[7] * 3] * 3] * 2


def test_a_crop_is_stretched_with_half_pixel_centres():
    image = np.array([[[0], [100]]], np.uint8).repeat(2, 0)

    found = cropped_bytes(image, Crop(0, 0, 0, 0, 2, 2), (4, 2), NO_BOXES, generator())

    # centres of four lie at -.25, .25, .75 and 1.25 of two
    assert found[0, :, 0].tolist() == [0, 25, 75, 100]


def test_a_crop_is_mirrored():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    crop = Crop(0, 0, 0, 0, 4, 4, flip=True)

    assert (cropped_bytes(image, crop, (4, 4), NO_BOXES, generator()) == image[:, ::-1]).all()


def test_a_crop_without_change_is_the_image():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    assert (cropped_bytes(image, SAME, (4, 4), NO_BOXES, generator()) == image).all()


@pytest.mark.parametrize(
    ("blur", "side", "expected"),
    [
        (9, 200, 9),
        (9, 72, 9),  # 72 / 8 is just enough
        (9, 71, 8),
        (9, 15, 1),
        (9, 7, 0),
        (1, 7, 1),  # the background is blurred whatever the size
        (0, 7, 0),
    ],
)
def test_small_objects_weaken_the_blur(blur, side, expected):
    rows = np.array([[0.5, 0.5, 0.5, side / 400, 0, 0]], np.float32)

    assert strength(blur, rows, (400, 400)) == expected


def test_without_objects_the_whole_image_is_not_blurred():
    assert strength(9, NO_BOXES, (400, 400)) == 0


def test_background_blur_leaves_the_boxes_sharp():
    image = np.zeros((64, 64, 3), np.uint8)
    image[::2] = 200
    rows = np.array([[0.5, 0.5, 0.25, 0.5, 0, 0]], np.float32)  # columns 24..39, rows 16..47

    found = blur_background(image, 1, rows)

    assert (found[16:48, 24:40] == image[16:48, 24:40]).all()
    assert abs(found[10:54:, 10].astype(int) - 100).max() <= 1
    assert abs(found[15, 30].astype(int) - 100).max() <= 1


def test_a_blur_of_a_strength_has_a_kernel_of_the_next_odd_side():
    image = np.zeros((1, 9, 1), np.uint8)
    image[0, 4] = 255

    found = blur_background(image, 2, NO_BOXES)  # 3: a quarter, a half, a quarter

    assert found[0, :, 0].tolist() == [0, 0, 0, 64, 128, 64, 0, 0, 0]


def test_noise_only_brightens_and_ends_at_white():
    image = np.full((100, 100, 1), 200, np.uint8)

    found = noisy(image, 500, generator()).astype(int)

    assert found.min() == 200
    assert 0.4 < (found == 200).mean() < 0.6  # all below 0 is 0
    assert found.max() == 255
    assert 0.31 < (found == 255).mean() < 0.36  # N(0, 127) is above 54.5 in 0.334 of all


def test_noise_of_nothing_changes_nothing():
    image = np.full((4, 4, 3), 200, np.uint8)

    assert noisy(image, 0, generator()) is image


def test_grey_images_are_cropped_too():
    image = np.full((4, 4, 1), 10, np.uint8)
    crop = Crop(-2, -2, 0, 0, 8, 4, flip=True, colour=Colour(0, 1, 2.0), blur=1)

    found = cropped_bytes(image, crop, (6, 6), NO_BOXES, generator())

    assert found.shape == (6, 6, 1)
    assert (found == 20).all()
