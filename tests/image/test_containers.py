"""The pieces of image files, whatever lengths they claim."""

from __future__ import annotations

import cv2
from photos import corners, exif_block, jpeg_with, png_with, webp_with

from pydarknet.image.containers import jpeg_segments, png_chunks, riff_chunks


def test_the_segments_of_a_jpeg_end_at_its_scan():
    content = jpeg_with(corners(), exif_block(6))

    kinds = [segment.kind for segment in jpeg_segments(content)]

    assert kinds[0] == b"\xe1"
    assert kinds[-1] == b"\xda"
    assert kinds.count(b"\xc0") == 1


def test_bytes_that_fill_the_space_between_segments_are_skipped():
    content = cv2.imencode(".jpg", corners())[1].tobytes()
    filled = content[:2] + b"\xff\xff\x00\x01" + content[2:]

    assert [s.kind for s in jpeg_segments(filled)] == [s.kind for s in jpeg_segments(content)]


def test_a_cut_jpeg_has_the_segments_that_are_there():
    content = jpeg_with(corners(), exif_block(6))

    assert [s.kind for s in jpeg_segments(content[:6])] == [b"\xe1"]
    assert list(jpeg_segments(content[:3])) == []


def test_a_segment_whose_length_is_less_than_nothing_does_not_stop_the_walk():
    assert [s.length for s in jpeg_segments(b"\xff\xd8\xff\xe0\x00\x00\xff\xe1\x00\x02")] == [-2, 0]


def test_the_chunks_of_a_png():
    content = png_with(corners(), exif_block(6))

    chunks = list(png_chunks(content))

    assert [chunk.kind for chunk in chunks] == [b"IHDR", b"eXIf", b"IDAT", b"IEND"]
    assert content[chunks[1].start : chunks[1].end] == exif_block(6)


def test_a_chunk_may_claim_more_than_there_is():
    content = b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xf0tEXt"

    assert [chunk.length for chunk in png_chunks(content)] == [0xFFFFFFF0]


def test_the_chunks_of_a_webp():
    content = webp_with(corners(), exif_block(6))

    assert [chunk.kind for chunk in riff_chunks(content)] == [b"VP8X", b"VP8L", b"EXIF"]
