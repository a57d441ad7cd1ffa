"""Boxes that are sorted first leave those that all pairs leave, to the last bit."""

import numpy as np
import pytest

from pydarknet.boxes import sweep as module
from pydarknet.boxes.suppression import crowds, survivors_among
from pydarknet.boxes.sweep import Sweep

ODD = [
    (float("nan"), 0.5, 0.1, 0.1),
    (0.5, 0.5, float("nan"), 0.1),
    (0.5, 0.5, float("inf"), 0.1),
    (float("inf"), 0.5, 0.1, 0.1),
    (0.5, 0.5, float("inf"), float("inf")),
    (0.5, 0.5, -0.2, 0.1),
    (0.5, 0.5, -0.2, -0.2),
    (0.5, 0.5, 0.0, 0.0),
    (1e8, 0.5, 1.0, 0.1),  # its edges are rounded: it shares more than it has
    (0.5, 0.5, 1e-30, 1e-30),  # its area is 0 in single precision
]


def random_boxes(count: int, seed: int, side: float) -> np.ndarray:
    """Return boxes in 0..1, with the odd ones among them, all twice."""
    numbers = np.random.default_rng(seed)
    boxes = numbers.random((count, 4), np.float32) * np.float32([1, 1, side, side])
    return numbers.permutation(np.concatenate((boxes, np.float32(ODD)) * 2))


@pytest.mark.parametrize("beta", [None, 0.6, 1.7])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.45, 0.99])
@pytest.mark.parametrize("side", [0.05, 1.0])
def test_a_sweep_leaves_the_boxes_that_all_pairs_leave(side, threshold, beta):
    boxes = random_boxes(150, seed=1, side=side)
    line = np.random.default_rng(2).permutation(len(boxes)).tolist()

    left = Sweep(boxes, threshold, beta).survivors(line)

    assert left == survivors_among(line, crowds(boxes, threshold, beta))


def test_neighbours_that_no_longer_fit_into_memory_are_found_again(monkeypatch):
    boxes, line = random_boxes(100, seed=3, side=0.5), list(range(220))
    expected = Sweep(boxes, 0.3, None).survivors(line)
    monkeypatch.setattr(module, "MOST_KEPT", 3)

    forgetful = Sweep(boxes, 0.3, None)

    assert [forgetful.survivors(line) for _ in range(2)] == [expected, expected]
