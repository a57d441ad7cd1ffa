"""The scores that OpenCV 4's importer leaves."""

from __future__ import annotations

import torch

from pydarknet.boxes.opencv_scores import limit_scores

BOX = [0.5, 0.5, 0.2, 0.2, 0.9]
NEAR = [0.51, 0.5, 0.2, 0.2, 0.8]  # overlaps by 0.19 of 0.21


def test_a_score_must_exceed_the_threshold():
    table = torch.tensor([[[*BOX, 0.25, 0.5]]])

    assert limit_scores(table, 0.25, 0).tolist() == torch.tensor([[[*BOX, 0, 0.5]]]).tolist()


def test_the_better_box_of_a_class_stays():
    table = torch.tensor([[[*BOX, 0.4, 0.5], [*NEAR, 0.6, 0.3]]])

    left = limit_scores(table, 0.2, 0.4)[0, :, 5:]

    torch.testing.assert_close(left, torch.tensor([[0, 0.5], [0.6, 0]]))
    torch.testing.assert_close(limit_scores(table, 0.2, 0.95), table)
