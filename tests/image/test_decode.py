"""Pixels of a content; what is no image, too large or damaged is told before memory is taken."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from contextlib import nullcontext

import cv2
import numpy as np
import pytest
from conftest import HERE
from image_bombs import FILES, SMALLER, png
from photos import corners, png_chunk

from pydarknet.errors import DataError
from pydarknet.image.decode import decode, ends_early, opencv_log, silent_opencv

STB = dict(np.load(HERE / "reference" / "stb_image" / "files.npz"))
BOMBS = {name: make(30_000, 30_000) for name, make in FILES.items()}
BOMBS |= {name: make(16_383, 16_383) for name, make in SMALLER.items()}
LIMITED = """
import resource, sys, time
from pathlib import Path
from pydarknet.errors import DataError
from pydarknet.image.files import load_image

taken = 1024 * int(open("/proc/self/statm").read().split()[0]) * 4
resource.setrlimit(resource.RLIMIT_AS, (taken + 100_000_000,) * 2)
for path in sorted(Path().iterdir()):
    start = time.perf_counter()
    try:
        load_image(path)
        print(path, "was read")
    except DataError as error:
        print(str(error), int(time.perf_counter() - start))
"""


def test_every_bomb_is_refused_at_once_and_without_memory(tmp_path):
    for name, content in BOMBS.items():
        (tmp_path / name).write_bytes(content)

    lines = subprocess.run(
        [sys.executable, "-c", LIMITED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    ).stdout.splitlines()

    assert len(lines) == len(BOMBS)
    for name, line in zip(sorted(BOMBS), lines, strict=True):
        side = 16_383 if name in SMALLER else 30_000
        assert line == (
            f'Cannot load image "{name}": too large: {side} x {side} pixels: expected at most'
            " 178956970; OPENCV_IO_MAX_IMAGE_PIXELS changes that 0"
        )


def test_the_limit_of_pixels_is_that_of_the_environment(monkeypatch):
    content = cv2.imencode(".png", np.zeros((10, 11, 3), np.uint8))[1].tobytes()

    monkeypatch.setenv("OPENCV_IO_MAX_IMAGE_PIXELS", "110")
    assert decode(content).shape == (10, 11, 3)

    monkeypatch.setenv("OPENCV_IO_MAX_IMAGE_PIXELS", "109")
    with pytest.raises(DataError, match=r"^too large: 11 x 10 pixels: expected at most 109; "):
        decode(content)


def test_a_side_may_be_as_long_as_opencv_takes_it():
    with pytest.raises(DataError, match=r"^too large: 1048577 x 1 pixels: expected at most"):
        decode(png(1048577, 1))


@pytest.mark.parametrize("size", [(0, 8), (8, 0)])
def test_an_image_without_pixels_is_damaged(size):
    with pytest.raises(DataError, match=f"^damaged: {size[0]} x {size[1]} pixels"):
        decode(png(*size))


def test_a_directory_may_not_lie_beyond_what_can_be_counted():
    content = b"II\x2b\0" + struct.pack("<HHQ", 8, 0, 2**64 - 1) + bytes(64)

    with pytest.raises(DataError, match=r"^damaged: the header of this TIFF names no size"):
        decode(content)


def test_a_chunk_may_not_claim_more_than_there_is():
    content = png(8, 8, png_chunk(b"tEXt", b"x" * 300))
    at = content.index(b"tEXt")
    claims = content[: at - 4] + b"\x7f\xff\xff\xff" + content[at:]

    assert decode(content).shape == (8, 8, 3)
    with pytest.raises(DataError, match=r"^damaged: a chunk tEXt of 2147483647 bytes, 340 of them"):
        decode(claims)
    with pytest.raises(DataError, match=r"^damaged: a chunk t\?\?t of 2147483647 bytes, 340 of"):
        decode(claims.replace(b"tEXt", b"t\n\x1bt"))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
def test_a_chunk_that_unpacks_to_much_is_not_unpacked(kind):
    packed = zlib.compress(bytes(20_000_000), 9)
    body = (b"k\0\1\0\0\0" if kind == b"iTXt" else b"k\0\0") + packed

    assert decode(png(8, 8, png_chunk(kind, body))).shape == (8, 8, 3)


@pytest.mark.parametrize("ending", [".png", ".bmp", ".gif", ".webp", ".tif", ".ppm", ".avif"])
def test_a_cut_image_is_damaged(ending):
    content = cv2.imencode(ending, corners(64, 48))[1].tobytes()

    with pytest.raises(DataError, match=r"^damaged"):
        decode(content[: len(content) // 2])


@pytest.mark.parametrize("name", [*FILES, *SMALLER])
def test_a_header_that_is_cut_is_damaged_or_no_image(name):
    content = (FILES | SMALLER)[name](321, 123)

    for end in range(min(len(content), 40)):
        with pytest.raises(DataError, match=r"^(damaged|not an image)"):
            decode(content[:end])


# JPEG files that end early


def noise() -> np.ndarray:
    """Return an image that fills several kilobytes."""
    small = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    return cv2.resize(small, (160, 120))


@pytest.mark.parametrize("progressive", [0, 1])
def test_a_jpeg_that_ends_early_is_what_opencv_reads_from_the_file(tmp_path, progressive, capfd):
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    whole = cv2.imencode(".jpg", noise(), options)[1].tobytes()
    scan = whole.index(b"\xff\xda")
    path = tmp_path / "cut.jpg"

    for end in [*range(scan + 20, len(whole), len(whole) // 9), len(whole) - 2, len(whole) - 1]:
        path.write_bytes(whole[:end])
        expected = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)

        assert ends_early(whole[:end])
        assert np.array_equal(decode(whole[:end]), expected[:, :, ::-1])
    assert not ends_early(whole)
    capfd.readouterr()  # libjpeg warns of it


def test_a_jpeg_without_its_end_marker_lacks_nothing():
    whole = cv2.imencode(".jpg", noise())[1].tobytes()

    assert np.array_equal(decode(whole[:-2]), decode(whole))


def test_a_jpeg_that_has_no_scan_is_damaged():
    whole = cv2.imencode(".jpg", noise())[1].tobytes()

    with pytest.raises(DataError, match=r"^damaged, or a kind of JPEG that OpenCV does not decode"):
        decode(whole[: whole.index(b"\xff\xda")])


@pytest.mark.parametrize(("scans", "fails"), [(500, False), (501, True)])
def test_a_jpeg_may_have_500_scans(scans, fails):
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    whole = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8), options)[1].tobytes()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    content = whole[:-2] + last * (scans - whole.count(b"\xff\xda")) + b"\xff\xd9"

    with pytest.raises(DataError, match="501 scans in a JPEG") if fails else nullcontext():
        assert decode(content).shape == (16, 16, 3)


# Channels


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("name", sorted(name for name in STB if name.endswith(".png")))
def test_channels_are_those_that_stb_image_gives(name, channels):
    expected = STB[f"{name}.{channels}"].astype(int)

    found = decode(STB[name].tobytes(), channels)

    # of 16 bits stb_image makes grey first and bytes then
    rounding = int("deep" in name and "rgb" in name and channels < 3)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= rounding


def test_a_tiff_of_four_bands_is_what_opencv_reads(tmp_path):
    bands = np.random.default_rng(0).integers(0, 255, (6, 5, 4), np.uint8)
    path = tmp_path / "bands.tif"
    cv2.imwrite(str(path), bands)

    expected = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[:, :, [2, 1, 0, 3]]
    assert np.array_equal(decode(path.read_bytes(), 4), expected)


def test_no_file_has_more_than_four_channels():
    with pytest.raises(DataError, match=r"^a file has at most 4 channels: expected 7, as the net"):
        decode(STB["rgba.png"].tobytes(), 7)


def test_opencv_is_silent_until_the_last_thread_has_decoded():
    before = opencv_log.getLogLevel()

    with silent_opencv():
        with silent_opencv():
            pass
        within = opencv_log.getLogLevel()

    assert (within, opencv_log.getLogLevel()) == (0, before)


def test_threads_that_overlap_leave_the_log_as_it_was():
    before = opencv_log.getLogLevel()
    first, second = silent_opencv(), silent_opencv()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # it had switched off what the second found off
    within = opencv_log.getLogLevel()
    second.__exit__(None, None, None)

    assert (within, opencv_log.getLogLevel()) == (0, before)


def test_an_image_beyond_the_memory_of_the_process_is_refused(monkeypatch):
    # a container of 100 MiB would be killed: 5000 x 5000 pixels take 3 bytes, and 3 again
    monkeypatch.setattr("pydarknet.image.decode.usable_memory", lambda: 100 << 20)

    with pytest.raises(DataError, match="too large for the memory of this process: 5000 x 5000"):
        decode(png(5000, 5000))
