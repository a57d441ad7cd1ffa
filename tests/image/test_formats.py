"""Formats: known by how they begin, with the size that their headers name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from image_bombs import FILES, SMALLER
from photos import corners

from pydarknet.image.formats import ENDINGS, format_of, other_format


@pytest.mark.parametrize("name", [*FILES, *SMALLER])
def test_a_header_names_the_size(name):
    content = (FILES | SMALLER)[name](321, 123)

    found = format_of(content)

    assert found is not None
    assert f".{name.rpartition('.')[2]}" in found.endings
    assert found.size(content) == (321, 123)


@pytest.mark.parametrize(
    "ending", [".jpg", ".png", ".gif", ".bmp", ".tif", ".webp", ".ppm", ".pfm", ".avif", ".ras"]
)
def test_an_image_that_opencv_writes_has_the_size_that_it_reads(ending):
    image = corners(72, 40)
    image = image.astype(np.float32) if ending == ".pfm" else image
    content = cv2.imencode(ending, image)[1].tobytes()

    found = format_of(content)

    assert found is not None
    assert ending in found.endings
    assert found.size(content) == (72, 40)


def test_every_kind_that_opencv_reads_has_its_ending():
    written = ".bmp .dib .gif .jpeg .jpg .jpe .jp2 .png .apng .webp .avif .tif .tiff .hdr .ras .sr"
    maps = ".ppm .pgm .pbm .pnm .pxm .pam .pfm"

    assert {*written.split(), *maps.split(), ".tga", ".jfif"} <= ENDINGS


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"8BPS\0\1", "a Photoshop file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC photograph"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a HEIC photograph"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="">', "an SVG drawing"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a file of Git LFS"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\0\0\1\0\1\0", "an icon"),
        (b"\0\0\0\x20ftypisom", "a video"),
        (b"v/1\1", "an OpenEXR image"),
    ],
)
def test_what_is_often_taken_for_an_image_is_known(content, name):
    assert format_of(content) is None
    assert other_format(content).startswith(name)


def test_an_avif_is_known_by_any_of_its_kinds():
    found = format_of(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf")

    assert found is not None
    assert found.name == "AVIF"


def test_a_text_is_of_no_format():
    assert format_of(b"dog.jpg\n") is None
    assert format_of(b"") is None
    assert other_format(b"dog.jpg\n") == ""
