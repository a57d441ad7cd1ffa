"""The detections of an image as JSON."""

from __future__ import annotations

import json

import pytest
import torch

from pydarknet.boxes.detections import Detections
from pydarknet.evaluate.dataset_detections import ImageDetections
from pydarknet.evaluate.detections_json import detections_of_json, json_of_detections

BOXES = Detections(torch.rand(2, 4), torch.rand(2), torch.tensor([[0.0, 0.25], [0.5, 0.0]]))
SEEN = ImageDetections(1, "b.png", 8, 6, BOXES)


def test_detections_come_back():
    said = json.loads(json.dumps(json_of_detections(SEEN)))

    again = detections_of_json(said, ["a.png", "b.png"], ("x", "y"))

    assert (again.index, again.path, again.width, again.height) == (1, "b.png", 8, 6)
    assert torch.equal(again.boxes.boxes, BOXES.boxes)
    assert torch.equal(again.boxes.objectness, BOXES.objectness)
    assert torch.equal(again.boxes.probabilities, BOXES.probabilities)
    assert again.boxes.names == ("x", "y")


def test_an_image_that_is_not_in_the_list_is_refused():
    with pytest.raises(IndexError):
        detections_of_json(json_of_detections(SEEN), ["a.png"], None)
