"""The image of boxes is found again, and no memory is kept for it."""

from __future__ import annotations

import copy
import gc
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet import UsageError
from pydarknet.boxes.origin import Origin

RGB = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write RGB as a PNG file in the working folder."""
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("image.png", RGB[:, :, ::-1])
    return "image.png"


def test_a_file_is_read_again_from_any_folder(file, monkeypatch) -> None:
    origin = Origin.of(file, RGB, "alexeyab", False, True)
    monkeypatch.chdir("/")

    np.testing.assert_array_equal(origin.rgb(), RGB)
    assert origin.size == (4, 2)


def test_the_bytes_of_a_file_are_kept(file) -> None:
    content = bytearray(Path(file).read_bytes())

    assert Origin.of(content, RGB, "alexeyab", False, True).file == bytes(content)


def test_an_array_is_known_while_someone_holds_it() -> None:
    array = RGB.copy()
    origin = Origin.of(array, array, "alexeyab", True, True)

    np.testing.assert_array_equal(origin.rgb(), RGB[:, :, ::-1])
    del array
    gc.collect()
    with pytest.raises(UsageError, match="no longer in memory\n    hint: keep it"):
        origin.rgb()


@pytest.mark.parametrize("again", [copy.copy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies_and_files_know_a_file_but_no_array(file, again) -> None:
    by_path, by_array = (Origin.of(one, RGB, "pjreddie", True, False) for one in (file, RGB))

    np.testing.assert_array_equal(again(by_path).rgb(), RGB)
    assert (again(by_array).lineage, again(by_array).bgr, again(by_array).exif) == (
        "pjreddie",
        True,
        False,
    )
    with pytest.raises(UsageError):
        again(by_array).rgb()


class Slotted:
    """An array of another library that has no weak references."""

    __slots__ = ("__array_interface__",)


def test_what_cannot_be_referred_to_weakly_is_not_known() -> None:
    image = Slotted()
    image.__array_interface__ = RGB.__array_interface__

    with pytest.raises(UsageError, match="no longer in memory"):
        Origin.of(image, RGB, "alexeyab", False, True).rgb()
