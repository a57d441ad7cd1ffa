"""Images that several processes look at, a part each."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from together import together

from pydarknet.boxes.detections import Detections
from pydarknet.evaluate import spread
from pydarknet.evaluate.dataset_detections import ImageDetections
from pydarknet.evaluate.spread import detect_together, share
from pydarknet.ranks.ranks import ALONE, Ranks

PATHS = [f"{index}.png" for index in range(11)]


class Detector:
    """Finds as many boxes in an image as its name says, less the first."""

    network = None

    def detect(self, paths):
        for place, path in enumerate(paths):
            number = int(path.removesuffix(".png"))
            boxes = torch.arange(number * 4.0).view(number, 4)
            found = Detections(boxes, boxes[:, 0] + number, boxes[:, :2])
            yield ImageDetections(place, path, number + 100, number, found)


@pytest.fixture(autouse=True)
def _batches_of_two(monkeypatch):
    monkeypatch.setattr(spread, "batch_size", lambda network: 2)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_first_process_gets_what_all_find_in_the_order_of_the_list(size):
    expected = list(detect_together(Detector(), PATHS, ALONE))

    first, *others = together(size, lambda ranks: list(detect_together(Detector(), PATHS, ranks)))

    assert others == [[]] * (size - 1)
    for ours, theirs in zip(first, expected, strict=True):
        assert (ours.index, ours.path, ours.width) == (theirs.index, theirs.path, theirs.width)
        for name in ("boxes", "objectness", "probabilities"):
            np.testing.assert_array_equal(vars(ours.boxes)[name], vars(theirs.boxes)[name])


@pytest.mark.parametrize("size", [2, 3, 9])
def test_no_image_is_lost_or_doubled_and_batches_stay_whole(size):
    shares = [share(11, 2, Ranks(rank, size)) for rank in range(size)]

    assert sorted(itertools.chain(*shares)) == [*range(11)]
    assert all(
        index + 1 in part for part in shares for index in part if index % 2 == 0 and index < 10
    )


def test_a_process_without_images_is_heard_too():
    first, second = together(2, lambda ranks: list(detect_together(Detector(), PATHS[:2], ranks)))

    assert [one.path for one in first] == PATHS[:2]
    assert second == []
