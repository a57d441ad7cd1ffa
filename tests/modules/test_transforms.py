"""Images are read, resized and saved as in C."""

import json
import re
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import recording
from torch import Tensor

from pydarknet.image import fit
from pydarknet.modules.transforms import (
    center_crop,
    center_square,
    crop,
    embed,
    letterbox,
    load_image,
    pixels,
    planes,
    resize,
    resize_min,
    save_image,
)

PREPARE = {
    "letterbox": letterbox,
    "plain resize": resize,
    "resize_min + centre crop": lambda x, w, h: center_crop(resize_min(x, w), w, h),
}
PREPARE_BY_NUMPY = {
    "letterbox": partial(fit.network_input, letterboxed=True),
    "plain resize": partial(fit.network_input, letterboxed=False),
    "resize_min + centre crop": partial(fit.classifier_input, cropped=True),
}
PREPARED = [
    "pj_yolov3_a",
    "ab_yolov3_a",
    "pj_yolov3_b",
    "ab_yolov3_b",
    "ab_yolov4_mish_diounms",
    "ab_grayscale",
    "ab_letterbox_cfg:wide",
    "ab_letterbox_cfg:tall",
    "ab_nonsquare_a:wide",
    "ab_nonsquare_a:tall",
    "ab_nonsquare_a:same",
    "pj_nonsquare_a:wide",
    "pj_nonsquare_a:tall",
    "pj_nonsquare_a:same",
    "pj_darknet19_a",
    "ab_darknet19_a",
    "pj_classifier_crop_cost",
    "ab_classifier_crop_cost",
]  # folder infer_NAME, and which of its images


def png(tmp_path: Path, bgr: np.ndarray) -> Path:
    """Write a PNG with OpenCV, which expects blue first."""
    path = tmp_path / "picture.png"
    path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
    return path


def resize_by_loops(im: np.ndarray, w: int, h: int) -> np.ndarray:
    """Resize [C, H, W] as in C: two loops in float32, with an incomplete last row."""
    channels, rows, columns = im.shape
    one = np.float32(1)
    ws = np.float32(columns - 1) / np.float32(max(w - 1, 1))
    hs = np.float32(rows - 1) / np.float32(max(h - 1, 1))
    part = np.zeros((channels, rows, w), np.float32)
    for c in range(w):
        if c == w - 1 or columns == 1:
            part[:, :, c] = im[:, :, columns - 1]
            continue
        sx = np.float32(c) * ws
        ix = int(sx)
        dx = sx - np.float32(ix)
        part[:, :, c] = (one - dx) * im[:, :, ix] + dx * im[:, :, ix + 1]
    out = np.zeros((channels, h, w), np.float32)
    for r in range(h):
        sy = np.float32(r) * hs
        iy = int(sy)
        dy = sy - np.float32(iy)
        out[:, r] = (one - dy) * part[:, iy]
        if r == h - 1 or rows == 1:
            continue
        out[:, r] += dy * part[:, iy + 1]
    return out


def random_planes(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(sum(shape)))


# Loading


def test_load_image_gives_red_first(tmp_path):
    path = png(tmp_path, np.array([[[1, 2, 3]]], np.uint8))

    assert load_image(path).tolist() == [[[3, 2, 1]]]


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 0, 0), 76),  # 77 * 255 // 256
        ((0, 255, 0), 149),  # 150 * 255 // 256
        ((0, 0, 255), 28),  # 29 * 255 // 256
        ((10, 200, 30), 123),  # (770 + 30000 + 870) // 256
        ((9, 9, 9), 9),  # the three weights add up to 256
    ],
)
def test_one_channel_weighs_red_green_and_blue_in_integers(tmp_path, rgb, expected):
    path = png(tmp_path, np.array([[rgb[::-1]]], np.uint8))

    assert load_image(path, channels=1).tolist() == [[[expected]]]


def test_grey_pictures_are_repeated_over_three_channels(tmp_path):
    path = png(tmp_path, np.array([[7, 8]], np.uint8))

    assert load_image(path).tolist() == [[[7, 7, 7], [8, 8, 8]]]


def test_alpha_is_dropped(tmp_path):
    path = png(tmp_path, np.array([[[1, 2, 3, 0], [4, 5, 6, 128]]], np.uint8))

    assert load_image(path).tolist() == [[[3, 2, 1], [6, 5, 4]]]


def test_sixteen_bits_keep_their_high_byte(tmp_path):
    path = png(tmp_path, np.array([[[0x12FF, 0x3480, 0x5600]]], np.uint16))

    assert load_image(path).tolist() == [[[0x56, 0x34, 0x12]]]


def test_paths_may_have_any_letters(tmp_path):
    path = tmp_path / "犬 é.png"
    save_image(np.zeros((2, 3, 3), np.uint8), path)

    assert load_image(path).shape == (2, 3, 3)


# Saving


def test_save_image_writes_png_without_loss(tmp_path):
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)

    save_image(image, tmp_path / "out.png")

    assert load_image(tmp_path / "out.png").tolist() == image.tolist()


def test_save_image_writes_jpeg_of_quality_80(tmp_path):
    image = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)

    save_image(image, tmp_path / "out.JPG")

    quality_80 = [cv2.IMWRITE_JPEG_QUALITY, 80]
    content = cv2.imencode(".jpg", np.ascontiguousarray(image[:, :, ::-1]), quality_80)[1]
    assert (tmp_path / "out.JPG").read_bytes() == content.tobytes()


# Bytes to numbers


def test_pixels_are_bytes_over_255():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)

    expected = torch.tensor([[[(16 * row + i) / 255 for i in range(16)] for row in range(16)]])
    assert torch.equal(pixels(image), expected)


def test_pixels_are_the_same_where_a_gpu_would_make_them():
    image = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)[:, ::-1]

    assert torch.equal(planes(torch.from_numpy(image.copy())), pixels(image))


def test_pixels_puts_channels_first():
    image = np.zeros((2, 3, 3), np.uint8)
    image[1, 2] = (255, 0, 51)

    assert pixels(image)[:, 1, 2].tolist() == [1, 0, pytest.approx(0.2)]  # 51 / 255


def test_pixels_takes_pictures_seen_backwards():
    bgr = np.array([[[1, 2, 3]]], np.uint8)

    assert pixels(bgr[:, :, ::-1]).mul(255).round().flatten().tolist() == [3, 2, 1]


# Resizing


def test_resize_keeps_the_corners():
    x = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])

    # the columns of three rows: 0, half way, 1
    assert resize(x, 3, 2)[0].tolist() == [[0, 0.5, 1], [2, 2.5, 3]]


@pytest.mark.parametrize(
    ("rows", "columns", "height", "width"),
    [
        (7, 9, 13, 20),
        (13, 20, 7, 9),
        (17, 5, 17, 31),
        (31, 40, 8, 40),
        (333, 3, 320, 4),
        (2, 2, 37, 41),
        (1, 1, 5, 6),
        (1, 9, 4, 5),
        (9, 1, 4, 5),
        (9, 9, 5, 1),
    ],
)
def test_resize_is_the_loops_of_the_reference(rows, columns, height, width):
    x = random_planes(2, rows, columns)

    assert torch.equal(
        resize(x, width, height), torch.from_numpy(resize_by_loops(x.numpy(), width, height))
    )


def test_resize_leaves_the_last_row_almost_black():
    white = torch.ones(1, 333, 2)

    small = resize(white, 2, 320)[0]

    # 319 * float32(332 / 319) is 331.99997: the row is 3e-5 of row 331 and nothing of row 332
    assert small[318].tolist() == pytest.approx([1, 1])
    assert small[319].tolist() == pytest.approx([3.05e-5, 3.05e-5], abs=1e-6)


def test_resize_to_one_row_takes_the_first():
    x = torch.tensor([[[1.0], [2.0], [3.0]]])

    assert resize(x, 1, 1).tolist() == [[[1.0]]]


def test_resize_takes_a_batch():
    batch = random_planes(2, 3, 8, 9)

    assert torch.equal(resize(batch, 5, 6)[1], resize(batch[1], 5, 6))


# Letterbox


def test_letterbox_surrounds_the_picture_with_half_grey():
    x = torch.ones(1, 2, 4)

    # 4 x 2 in 4 x 5: rows (5 - 2) // 2 = 1 above, 2 below
    assert letterbox(x, 4, 5)[0, :, 0].tolist() == [0.5, 1, 1, 0.5, 0.5]


def test_embed_takes_a_batch():
    x = torch.zeros(2, 3, 1, 2)

    assert embed(x, 4, 1)[1, 2].tolist() == [[0.5, 0, 0, 0.5]]


# The crops of classifiers


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (64, 80, (48, 60)),  # 80 * 48 // 64
        (70, 50, (67, 48)),  # 70 * 48 // 50 = 67.2
        (9, 9, (48, 48)),
    ],
)
def test_resize_min_stretches_the_shorter_side(rows, columns, expected):
    assert resize_min(torch.zeros(1, rows, columns), 48).shape[1:] == expected


def test_center_crop_cuts_the_middle():
    x = torch.arange(15.0).view(1, 3, 5)

    # from column (5 - 2) / 2 = 1 and row (3 - 1) / 2 = 1
    assert center_crop(x, 2, 1).tolist() == [[[6, 7]]]


def test_center_crop_repeats_the_edge_beyond_it():
    x = torch.tensor([[[1.0, 2.0]]])

    # from column (2 - 5) / 2 = -1, cut off towards zero
    assert center_crop(x, 5, 1).tolist() == [[[1, 1, 2, 2, 2]]]


def test_center_square_has_the_shorter_side():
    x = torch.arange(8.0).view(1, 2, 4)

    assert center_square(x).tolist() == [[[1, 2], [5, 6]]]


# Against the C program


@pytest.mark.parametrize("name", PREPARED)
def test_the_network_gets_what_the_reference_gives_it(name):
    name, _, which = name.partition(":")
    folder, which = recording(f"infer_{name}"), f"_{which}" if which else ""
    meta = json.loads((folder / f"meta{which}.json").read_text())
    expected = np.load(folder / f"expected{which}.npz")
    channels, width, height = input_size((folder / "net.cfg").read_text())
    image = load_image(folder / meta["input_file"], channels)

    prepared = PREPARE[meta["preprocess"]](pixels(image), width, height)
    by_numpy = PREPARE_BY_NUMPY[meta["preprocess"]](image, channels, width, height)

    # some images are recorded as every fifth number
    key, step = ("net_input", 1) if "net_input" in expected else ("net_input_sub5", 5)
    recorded = torch.from_numpy(expected[key].ravel())
    torch.testing.assert_close(prepared.flatten()[::step], recorded, atol=1e-6, rtol=0)
    assert (by_numpy == prepared.numpy()).all()


def input_size(cfg: str) -> list[int]:
    """Return channels, width and height of the [net] section, which comes first."""
    keys = ("channels", "width", "height")
    return [int(re.search(rf"^{key}=(\d+)", cfg, re.MULTILINE)[1]) for key in keys]


def test_a_crop_repeats_the_edge_on_both_sides():
    line = torch.tensor([[[1.0, 2.0, 3.0]]])

    assert crop(line, -2, 0, 7, 1).flatten().tolist() == [1, 1, 1, 2, 3, 3, 3]
