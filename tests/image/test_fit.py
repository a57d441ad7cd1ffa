"""Images become the inputs of networks without torch, with the bits that torch has."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pydarknet.errors import DataError
from pydarknet.image.any_image import check_image
from pydarknet.image.decode import with_channels
from pydarknet.image.fit import classifier_input, network_input, network_inputs, planes_input, taps
from pydarknet.modules.transforms import center_crop, letterbox, pixels, resize, resize_min

SIZES = [  # width and height of an image, and of the network's input
    ((1, 1), (5, 6)),
    ((9, 1), (5, 4)),
    ((1, 9), (5, 4)),
    ((9, 9), (1, 5)),
    ((9, 7), (9, 7)),
    ((9, 7), (9, 20)),
    ((9, 7), (20, 7)),
    ((5, 333), (5, 320)),  # whose last row is almost black
    ((333, 5), (320, 5)),
    ((31, 17), (130, 200)),  # several blocks
    ((200, 150), (64, 64)),
    ((90, 400), (70, 65)),  # rows that no other needs
    ((3000, 2), (41, 43)),
]


def image_of(size: tuple[int, int], channels: int = 3) -> np.ndarray:
    """Return an image of random bytes."""
    width, height = size
    return np.random.default_rng(width * height).integers(
        0, 256, (height, width, channels), np.uint8
    )


def by_torch(image: np.ndarray, channels: int) -> torch.Tensor:
    """Return an image as the tensor that torch's transforms take."""
    return pixels(with_channels(check_image(image, channels), channels))


@pytest.mark.parametrize(("image", "size"), SIZES)
def test_numpy_has_the_bits_of_torch(image, size):
    given = image_of(image)
    x = by_torch(given, 3)

    stretched = network_input(given, 3, *size, letterboxed=False)
    boxed = network_input(given, 3, *size, letterboxed=True)
    cropped = classifier_input(given, 3, *size, cropped=True)
    [side_by_side] = network_inputs([given], 3, *size, letterboxed=True, channels_last=True)

    assert (stretched == resize(x, *size).numpy()).all()
    assert (boxed == side_by_side).all()
    assert side_by_side.transpose(1, 2, 0).flags.c_contiguous
    assert (boxed == letterbox(x, *size).numpy()).all()
    assert (cropped == center_crop(resize_min(x, size[0]), *size).numpy()).all()
    assert {one.dtype for one in (stretched, boxed, cropped)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("channels", [1, 3, 6])
@pytest.mark.parametrize(("image", "size"), SIZES)
def test_floats_are_fitted_with_the_bits_of_torch(image, size, channels):
    planes = np.random.default_rng(0).random((channels, *image[::-1]), np.float32)
    planes.flags.writeable = False
    x = torch.from_numpy(planes.copy())

    stretched = planes_input(planes, *size, letterboxed=False)
    boxed = planes_input(planes, *size, letterboxed=True)

    assert (stretched == resize(x, *size).numpy()).all()
    assert (boxed == letterbox(x, *size).numpy()).all()


@pytest.mark.parametrize(("has", "channels"), [(1, 3), (3, 1), (4, 4), (3, 4), (2, 2), (6, 6)])
@pytest.mark.parametrize("letterboxed", [False, True])
def test_images_of_other_channels_have_the_bits_of_torch(has, channels, letterboxed):
    given = image_of((80, 70), has)

    found = network_input(given, channels, 33, 100, letterboxed=letterboxed)

    expected = (letterbox if letterboxed else resize)(by_torch(given, channels), 33, 100)
    assert (found == expected.numpy()).all()


def test_images_seen_backwards_are_taken():
    given = image_of((80, 70))

    found = network_input(given[:, ::-1, ::-1], 3, 33, 100, letterboxed=True)

    assert (found == network_input(given[:, ::-1, ::-1].copy(), 3, 33, 100, letterboxed=True)).all()


def test_a_letterbox_is_half_grey_around_the_image():
    white = np.full((2, 4, 3), 255, np.uint8)

    # 4 x 2 in 4 x 5: rows (5 - 2) // 2 = 1 above, 2 below
    assert network_input(white, 3, 4, 5, letterboxed=True)[0, :, 0].tolist() == [
        0.5,
        1,
        1,
        0.5,
        0.5,
    ]


def test_the_last_row_may_be_almost_black():
    white = np.full((333, 2, 3), 255, np.uint8)

    small = network_input(white, 3, 2, 320, letterboxed=False)[0]

    # 319 * float32(332 / 319) is 331.99997: the row is 3e-5 of row 331 and nothing of row 332
    assert small[318].tolist() == pytest.approx([1, 1])
    assert small[319].tolist() == pytest.approx([3.05e-5, 3.05e-5], abs=1e-6)


def test_the_fork_crops_the_centre_of_a_classifiers_image():
    row = np.repeat(np.array([[51, 102, 153, 204]], np.uint8)[:, :, None], 3, 2)

    cropped = classifier_input(row, 3, 2, 2, cropped=True)
    boxed = classifier_input(row, 3, 2, 2, cropped=False)

    # stretched to 8 x 2, whose columns 3 and 4 are 0.2 + 0.6 * 3 / 7 and 0.2 + 0.6 * 4 / 7
    assert cropped[0, 0].tolist() == pytest.approx([0.45714, 0.54286], abs=1e-5)
    assert boxed[0].tolist() == [pytest.approx([0.2, 0.8]), [0.5, 0.5]]


def test_what_is_no_image_is_refused():
    for given in (np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)):
        with pytest.raises(DataError, match=r"^an image is uint8 \["):
            network_input(given, 3, 4, 4, letterboxed=True)
        with pytest.raises(DataError, match=r"^an image is uint8 \["):
            classifier_input(given, 3, 4, 4, cropped=True)


def test_points_lie_between_two_neighbours():
    index, after, near, far = taps(3, 5, True)

    assert (index.tolist(), after.tolist()) == ([0, 0, 1, 1, 2], [1, 1, 2, 2, 2])
    assert (near.tolist(), far.tolist()) == ([1, 0.5, 1, 0.5, 1], [0, 0.5, 0, 0.5, 0])
