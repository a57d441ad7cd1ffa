from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.settings import Settings
from pydarknet.cfg.dialect import DIALECTS
from pydarknet.errors import DataError, UsageError
from pydarknet.runtime.detector import ImageDetector


class Whole(ImageDetector[BoxArrays]):
    """Finds one box in each image, of all of it, and an empty one; keeps how it was asked."""

    dialect, limits, exif = DIALECTS.pjreddie, None, True
    letter_box, image_channels = False, 3

    def __init__(self) -> None:
        self.asked: list[tuple[int, Settings, bool]] = []

    def images_at_once(self) -> int:
        return 2

    def find_boxes(
        self, images: Sequence[np.ndarray], chosen: Settings, *, many: bool = False
    ) -> list[BoxArrays]:
        self.asked.append((len(images), chosen, many))
        boxes = np.array([[0.5, 0.5, 1, 1], [0, 0, 0, 0]], np.float32)
        scores = np.array([[0.75], [0]], np.float32)
        return [BoxArrays(boxes, scores[:, 0], scores) for _ in images]


IMAGE = np.zeros((2, 4, 3), np.uint8)


def test_an_image_gives_its_boxes_and_several_a_list() -> None:
    network = Whole()

    one, several = network.detect(IMAGE), network.detect([IMAGE] * 5)

    assert len(one) == 1  # the empty box is none
    assert one.origin is not None
    assert one.origin.size == (4, 2)
    assert [len(found) for found in several] == [1] * 5
    assert [(count, many) for count, _, many in network.asked] == [
        (1, False),
        (2, True),
        (2, True),
        (1, True),
    ]


def test_what_is_omitted_is_the_dialects() -> None:
    network = Whole()

    network.detect(IMAGE)
    network.detect(IMAGE, 0.25, 0, False)

    (_, first, _), (_, second, _) = network.asked
    assert (first.decoding.thresh, first.nms, first.letterbox) == (0.5, 0.45, True)
    assert (second.decoding.thresh, second.nms, second.letterbox) == (0.25, 0, False)


def test_a_share_outside_of_one_is_refused() -> None:
    with pytest.raises(UsageError, match="thresh = 50"):
        Whole().detect(IMAGE, 50)


def test_of_several_the_error_says_which() -> None:
    with pytest.raises(DataError, match=r"images\[1\]"):
        Whole().detect([IMAGE, np.zeros((2, 4, 3), np.float32)])
