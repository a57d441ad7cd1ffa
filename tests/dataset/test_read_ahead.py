"""Image files read by threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pydarknet.dataset.read_ahead import good_images, good_or_none, read_ahead
from pydarknet.errors import DataError


def refuse(path: str) -> str:
    """Read no image."""
    raise DataError("is no image", where=path)


@pytest.mark.parametrize("depth", [0, 2, 9])
def test_images_are_read_in_order(depth):
    images = [(path, task.result()) for path, task in read_ahead("abc", str.upper, depth)]

    assert images == [("a", "A"), ("b", "B"), ("c", "C")]


@pytest.mark.parametrize(("depth", "count"), [(0, 1), (2, 3)])
def test_no_more_paths_are_taken_than_the_depth(depth, count):
    asked = []

    def paths() -> Iterator[str]:
        for path in "abcdef":
            asked.append(path)
            yield path

    next(read_ahead(paths(), str.upper, depth))

    assert len(asked) == count


def test_a_bad_image_is_reported_and_listed(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)

    assert list(good_images(["a.jpg"], refuse)) == [("a.jpg", None)]

    assert capsys.readouterr().err == "a.jpg: is no image\n"
    assert Path("bad.list").read_text() == "a.jpg\n"


def test_an_error_of_the_program_is_told_by_its_kind(capsys):
    def fail(path: str) -> str:
        raise ZeroDivisionError

    [(path, task)] = read_ahead(["a"], fail, 1)

    assert good_or_none(path, task) is None
    assert capsys.readouterr().err == "a: ZeroDivisionError: no reason given\n"
