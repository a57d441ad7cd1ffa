"""Anchors of maps, and boxes as deltas of them."""

from __future__ import annotations

import math

import pytest
import torch

from pydarknet.boxes.map_anchors import LONGEST, AnchorMap, anchors_of, clip, decode, encode

CPU = torch.device("cpu")
ANCHORS = torch.tensor([[10.0, 20.0, 8.0, 4.0], [30.0, 40.0, 16.0, 32.0]]).T
WEIGHTS = (10.0, 10.0, 5.0, 5.0)


def test_anchors_run_row_by_row_and_a_cells_in_their_order():
    first = AnchorMap(2, 1, (8.0, 8.0), ((4.0, 6.0), (2.0, 2.0)), 0.5)
    second = AnchorMap(1, 2, (16.0, 10.0), ((9.0, 9.0),), 0.0)

    found = anchors_of([first, second], CPU).T.tolist()

    assert found == [
        [4, 4, 4, 6],
        [4, 4, 2, 2],
        [12, 4, 4, 6],
        [12, 4, 2, 2],
        [0, 0, 9, 9],
        [0, 10, 9, 9],
    ]


@pytest.mark.parametrize("weights", [(1.0,) * 4, WEIGHTS])
def test_boxes_are_the_same_after_both_ways(weights):
    boxes = torch.tensor([[12.0, 19.0, 3.0, 9.0], [20.0, 44.0, 30.0, 2.0]]).T

    deltas = encode(boxes, ANCHORS, weights)

    torch.testing.assert_close(decode(deltas, ANCHORS, weights), boxes)


def test_deltas_are_in_sides_of_the_anchor():
    deltas = torch.tensor([[0.5, -0.25, math.log(2), 0.0], [0, 0, 0, 0]]).T

    found = decode(deltas, ANCHORS)

    torch.testing.assert_close(found[:, 0], torch.tensor([14.0, 19.0, 16.0, 4.0]))
    torch.testing.assert_close(found[:, 1], ANCHORS[:, 1])


def test_no_side_grows_beyond_the_limit():
    huge = decode(torch.tensor([0.0, 0.0, 100.0, 5 * LONGEST])[:, None], ANCHORS[:, :1])

    torch.testing.assert_close(huge[2:, 0], torch.tensor([8 * 62.5, 4 * 62.5]))


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((1, 5, 6, 4), (2, 4.5, 4, 3)),
        ((30, 5, 4, 4), (20, 4.5, 0, 3)),
        ((5, 5, 2, 2), (5, 5, 2, 2)),
        ((-9, -9, 2, 2), (0, 0, 0, 0)),
        ((0.25, 3, 1.5, 9), (0.5, 3, 1, 6)),
    ],
)
def test_boxes_are_cut_to_the_image(box, cut):
    assert clip(torch.tensor(box, dtype=torch.float32)[:, None], 20, 6)[:, 0].tolist() == [*cut]


def test_images_are_decoded_and_cut_each_by_itself():
    deltas = torch.tensor([[[0.5, -0.25, 0.1, 0.0], [0, 0, 0, 0]], [[1, 2, -1, 1], [0, 1, 0, 1]]])
    deltas = deltas.transpose(1, 2)  # [2, 4, 2]

    found = clip(decode(deltas, ANCHORS), 20, 40)

    each = [clip(decode(one, ANCHORS), 20, 40) for one in deltas]
    torch.testing.assert_close(found, torch.stack(each))
