"""Images that cannot be read, and which are taken instead."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pydarknet.dataset.image_list import ImageList
from pydarknet.dataset.labels import labels_of
from pydarknet.errors import DataError
from pydarknet.image.files import save_image


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Return the path of a white image of 64 x 32 with a box of class 3."""
    save_image(np.full((32, 64, 3), 255, np.uint8), tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("3 0.5 0.5 0.25 0.5\n")
    return str(tmp_path / "a.png")


def test_an_image_that_cannot_be_read_is_told_and_another_one_taken(tmp_path, image):
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    images = ImageList((str(tmp_path / "bad.jpg"), str(tmp_path / "none.jpg"), image), 3)

    found = images.read(0, seed=1, batch=1)

    assert (found.path, found.index) == (image, 2)
    assert f'Cannot load image "{tmp_path}/bad.jpg"' in found.problems[0].text
    assert (found.problems[0].file, found.problems[0].entry) == (
        "bad.list",
        str(tmp_path / "bad.jpg"),
    )
    assert [one.counted for one in found.problems] == ["images that cannot be read"] * 2


def test_a_warning_of_the_decoder_is_a_problem_that_names_the_image(tmp_path, capfd):
    save_image(np.full((32, 64, 3), 255, np.uint8), tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[:-2] + b"\1" * 99 + content[-2:])

    found = ImageList((str(tmp_path / "a.jpg"),), 3).read(0, seed=1, batch=1)

    [problem] = found.problems
    told = r".*/a\.jpg: Corrupt JPEG data: \d+ extraneous bytes before marker 0xd9"
    assert re.fullmatch(told, problem.text)
    assert problem.counted == "images that their decoder warns of"
    assert capfd.readouterr().err == ""


def test_what_is_taken_instead_depends_on_the_batch_alone(tmp_path, image):
    bad = str(tmp_path / "bad.jpg")
    images = ImageList((bad, *(image,) * 20), 3)

    taken = [images.read(0, 1, batch).index for batch in range(10)]

    assert taken == [images.read(0, 1, batch).index for batch in range(10)]
    assert len(set(taken)) > 3


def test_a_list_in_which_nothing_can_be_read_is_an_error(tmp_path):
    images = ImageList((str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")), 3)

    with pytest.raises(DataError, match=r"no image of 2 can be read: Cannot load image"):
        images.read(1, 1, 1)
