"""How much two boxes overlap, to the last bit of the C."""

import pytest
import torch
from overlaps import diou_step_by_step, iou_step_by_step
from torch import Tensor

from pydarknet.boxes.box import cxcywh_to_xyxy, diou, iou, xyxy_to_cxcywh


def boxes(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32)


def random_boxes(count: int, seed: int) -> Tensor:
    return torch.rand(count, 4, generator=torch.Generator().manual_seed(seed))


def test_centre_and_size_become_edges():
    assert cxcywh_to_xyxy(boxes((5, 6, 4, 2))).tolist() == [[3, 5, 7, 7]]


def test_edges_become_centre_and_size():
    assert xyxy_to_cxcywh(boxes((3, 5, 7, 7))).tolist() == [[5, 6, 4, 2]]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1),
        ((0, 0, 2, 2), (1, 0, 2, 2), 2 / 6),  # they share 1 x 2 of 4 + 4 - 2
        ((0, 0, 4, 4), (0, 0, 2, 1), 2 / 16),  # one within the other
        ((0, 0, 2, 2), (2, 0, 2, 2), 0),  # edge to edge
        ((0, 0, 2, 2), (9, 9, 2, 2), 0),  # apart both ways: not (-7) * (-7)
        ((1, 1, 0, 0), (1, 1, 0, 0), 0),  # 0 / 0
        ((float("nan"), 0, 1, 1), (0, 0, 1, 1), 0),
        ((0, 0, float("inf"), 1), (0, 0, 1, 1), 0),
    ],
)
def test_iou_is_the_shared_part_of_the_whole(a, b, expected):
    assert iou(boxes(a), boxes(b)).item() == pytest.approx(expected)


def test_iou_pairs_every_box_with_every_other():
    a, b = boxes((0, 0, 2, 2), (1, 0, 2, 2)), boxes((0, 0, 2, 2), (1, 0, 2, 2), (9, 9, 1, 1))

    third = pytest.approx(1 / 3)
    assert iou(a, b).tolist() == [[1, third, 0], [third, 1, 0]]


def test_iou_is_that_of_the_reference_to_the_last_bit():
    a, b = random_boxes(20, seed=1), random_boxes(30, seed=2)

    expected = [[iou_step_by_step(p, q) for q in b.numpy()] for p in a.numpy()]
    assert iou(a, b).tolist() == expected


@pytest.mark.parametrize("beta", [0.6, 1.0, 1.7])
def test_diou_is_that_of_the_reference_to_the_last_bit(beta):
    a, b = random_boxes(20, seed=1), random_boxes(30, seed=2)

    expected = [[diou_step_by_step(p, q, beta).item() for q in b.numpy()] for p in a.numpy()]
    assert diou(a, b, beta).tolist() == expected


@pytest.mark.parametrize(
    ("a", "b", "beta", "expected"),
    [
        # IoU 1/3; the centres are 1 apart, both lie in 3 x 2: c^2 = 9 + 4
        ((0, 0, 2, 2), (1, 0, 2, 2), 1.0, 1 / 3 - 1 / 13),
        ((0, 0, 2, 2), (1, 0, 2, 2), 0.6, 1 / 3 - (1 / 13) ** 0.6),
        # no overlap: 3 apart, both lie in 5 x 2
        ((0, 0, 2, 2), (3, 0, 2, 2), 1.0, -9 / 29),
        ((0, 0, 2, 2), (0, 0, 2, 2), 0.6, 1),
        ((1, 1, 0, 0), (1, 1, 0, 0), 0.6, 0),  # c = 0
    ],
)
def test_diou_takes_off_the_distance_of_the_centres(a, b, beta, expected):
    assert diou(boxes(a), boxes(b), beta).item() == pytest.approx(expected)


def test_diou_pairs_every_box_with_every_other():
    assert diou(random_boxes(3, seed=1), random_boxes(5, seed=2), 0.6).shape == (3, 5)
