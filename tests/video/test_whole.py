"""A film's file says how long it is."""

from __future__ import annotations

import pytest
from films import write_film

from pydarknet.video.whole import is_whole

FORMATS = [("a.avi", "MJPG"), ("a.mp4", "mp4v"), ("a.mov", "mp4v"), ("a.mkv", "MJPG")]


@pytest.mark.parametrize(("name", "code"), FORMATS)
def test_a_film_is_whole(tmp_path, name, code):
    path = str(write_film(tmp_path / name, code=code))

    assert is_whole(path)
    assert is_whole(path, finished=True)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
@pytest.mark.parametrize(("name", "code"), FORMATS)
def test_a_film_that_was_cut_off_is_not(tmp_path, name, code, share):
    path = write_film(tmp_path / name, code=code)
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])

    assert not is_whole(str(path))


def boxes(*parts: tuple[bytes, bytes]) -> bytes:
    """Return boxes of an .mp4: their lengths and contents."""
    return b"".join(length + b"ftyp" + content for length, content in parts)


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (boxes((b"\0\0\0\x0c", b"abcd"), (b"\0\0\0\0", b"to the end")), True),
        (boxes((b"\0\0\0\1", b"\0\0\0\0\0\0\0\x14abcd")), True),
        (boxes((b"\0\0\0\1", b"\0\0\0\1\0\0\0\x14abcd")), False),
        (boxes((b"\0\0\0\1", b"\0\0\0\0\0\0\0\0")), True),  # less than its head: no endless loop
        (boxes((b"\0\0\0\x0c", b"abcd"), (b"\0\0\0\2", b"")), True),
        (b"\x1a\x45\xdf\xa3\x81a\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff", True),  # live
        (b"\x1a\x45\xdf\xa3\x81a\x18\x53\x80\x67\x84abc", False),
        (b"\x1a\x45\xdf\xa3\x81a\0", False),
        (b"\x47 a transport stream tells no length", True),
        (b"", True),
    ],
)
def test_lengths_are_read_as_they_are_written(tmp_path, content, whole):
    (tmp_path / "a").write_bytes(content)

    assert is_whole(str(tmp_path / "a")) is whole


def test_a_length_that_is_left_open_is_that_of_a_film_which_is_not_finished(tmp_path):
    (tmp_path / "a.mkv").write_bytes(b"\x1a\x45\xdf\xa3\x81a\x18\x53\x80\x67\xff")

    assert is_whole(str(tmp_path / "a.mkv"))
    assert not is_whole(str(tmp_path / "a.mkv"), finished=True)


@pytest.mark.parametrize("name", ["missing", ".", "a\0b", "http://a/b.mp4"])
def test_what_is_no_file_is_not_whole(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    assert not is_whole(name)
