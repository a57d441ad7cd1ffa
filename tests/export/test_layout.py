"""What every layout has."""

from __future__ import annotations

import torch

from pydarknet.boxes.detections import Detections
from pydarknet.export.layout import best_class, rows_of


def test_only_the_best_class_has_a_score():
    found = Detections(torch.zeros(1, 4), torch.ones(1), torch.tensor([[0.25, 0.5]]))

    assert best_class(found).probabilities.tolist() == [[0, 0.5]]


def test_rows_have_the_boxes_of_every_image(detector):
    with torch.no_grad():
        [head] = detector.heads(torch.rand(2, 3, 16, 16))

    found = rows_of(head, detector)

    assert found.boxes.shape == (2, 2 * 2 * 2, 4)
    assert torch.equal(found.probabilities.amax(2) <= found.objectness, torch.ones(2, 8).bool())
