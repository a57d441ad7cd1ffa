"""What was read of annotations, in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.annotations.source import LeftOut, Source
from pydarknet.dataset.parts import ANY
from pydarknet.errors import DataError
from pydarknet.system.problems import count_problems


def test_the_first_problems_of_a_kind_are_told_and_all_are_failures(capfd):
    left_out = LeftOut()

    with count_problems() as problems:
        for n in range(8):
            left_out.add("outside", f"a.xml:{n}: left out")
        left_out.counts["difficult"] += 2

    assert capfd.readouterr().err == "".join(f"a.xml:{n}: left out\n" for n in range(5))
    assert problems.failed.total() == 8
    assert left_out.summary == "2 difficult, 8 outside"


def test_an_image_that_cannot_be_read_is_left_out(picture, capfd):
    source = Source()
    Path("b.png").write_text("x")

    picture("c\n.png")

    for name in ("b.png", "c\n.png", "none.png"):
        source.add("train", Path(name), (0, 0), (), "x.xml")
    source.add("train", picture("a.png"), (0, 0), (), "x.xml")

    [image] = source.images()
    assert (image.path, image.width, image.height) == (str(Path("a.png").absolute()), 200, 100)
    assert source.left_out.summary == "3 images that cannot be read"
    told = capfd.readouterr().err
    assert "b.png: " in told
    assert "c?.png: its name has two lines: left out\n" in told


def test_a_size_of_other_proportions_is_told_and_kept(picture, capfd):
    source = Source()

    source.add("train", picture("a.png"), (100, 50), (), "a.xml")
    assert capfd.readouterr().err == ""
    source.add("train", picture("b.png"), (100, 200), (), "b.xml")

    assert capfd.readouterr().err == "b.xml: 100 x 200, but b.png has 200 x 100: see its boxes\n"
    assert [(one.width, one.height) for one in source.images()] == [(100, 50), (100, 200)]


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({"train": 3, "valid": 2, "test": 1}, (3, 2, 1)),
        ({"train": 2}, (1, 1, 0)),
        ({"valid": 2}, (1, 1, 0)),
        ({ANY: 2, "test": 4}, (1, 1, 4)),
        ({ANY: 1, "valid": 1}, (1, 1, 0)),
    ],
)
def test_what_has_no_part_is_split(picture, given, sizes):
    source = Source()
    for part, count in given.items():
        for n in range(count):
            source.add(part, picture(f"{part}{n}.png"), (0, 0), (), "")

    source.divide(Path("x"))

    counts = tuple(len(source.parts.get(part, [])) for part in ("train", "valid", "test"))
    assert counts == sizes


def test_one_image_is_too_few(picture):
    source = Source()
    source.add(ANY, picture("a.png"), (0, 0), (), "")

    with pytest.raises(DataError, match="x: has 1 image that can be used: expected two at least"):
        source.divide(Path("x"))
