"""How much two boxes overlap, to the last bit of the C."""

import numpy as np
import pytest
from overlaps import diou_step_by_step, iou_step_by_step

from pydarknet.boxes.box import cxcywh_to_xyxy, exceed, iou, outlines


def boxes(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def random_boxes(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 4), np.float32)


def over(a: np.ndarray, b: np.ndarray, threshold: float, beta: float | None) -> np.ndarray:
    """Return which of every pair overlap by more than a threshold, bool [N, M]."""
    return exceed(outlines(a)[:, :, None], outlines(b)[:, None], threshold, beta)


def test_centre_and_size_become_edges():
    assert cxcywh_to_xyxy(boxes((5, 6, 4, 2))).tolist() == [[3, 5, 7, 7]]


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
        ((0, 0, 1e30, 1e30), (0, 0, 1e30, 1e30), 0),  # whose area is infinite
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

    expected = [[iou_step_by_step(p, q) for q in b] for p in a]
    assert iou(a, b).tolist() == expected


def test_nothing_overlaps_nothing():
    assert iou(np.zeros((0, 4), np.float32), boxes((0, 0, 2, 2))).shape == (0, 1)


@pytest.mark.parametrize("beta", [None, 0.6, 1.0, 1.7])
def test_a_pair_exceeds_all_that_is_less_than_its_overlap_in_the_reference(beta):
    a, b = random_boxes(20, seed=1), random_boxes(30, seed=2)

    for p in a:
        for q in b:
            overlap = iou_step_by_step(p, q)
            if beta is not None:
                overlap = diou_step_by_step(p, q, beta)
            limits = np.float32(overlap), np.nextafter(np.float32(overlap), np.float32(-2))
            found = [over(p[None], q[None], float(limit), beta).item() for limit in limits]
            assert found == [False, True], (p, q)


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
def test_an_exponent_takes_off_the_distance_of_the_centres(a, b, beta, expected):
    assert over(boxes(a), boxes(b), expected - 1e-6, beta).item()
    assert not over(boxes(a), boxes(b), expected + 1e-6, beta).item()


@pytest.mark.parametrize("beta", [None, 0.6])
def test_every_pair_is_compared_as_by_itself(beta):
    a, b = random_boxes(17, seed=3), random_boxes(19, seed=4)

    expected = [[over(p[None], q[None], 0.1, beta).item() for q in b] for p in a]
    assert over(a, b, 0.1, beta).tolist() == expected
    assert {True, False} == set(over(a, b, 0.1, beta).ravel().tolist())
